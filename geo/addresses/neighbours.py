"""What lies around a point, from the rows of the list near it."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import PER_LAT, metres_to, per_lon
from geo.addresses.indexing import GROUND_CELL

Cells = tuple[int, int, int, int]
VOTES = 4
"""Rows that are asked; with more of them, what lies farther outvotes what is near."""
NEAR_M, NEAR_STEP, HINT_M = 60.0, 20.0, 300.0
"""How far off half of a vote is lost, in metres and in numbers along the road; how far off a hint counts as lying.
Chosen on splits of real addresses other than those reported: borders often follow roads, so that the next numbers of
the own side tell a township better (95.3 % against 94.5 %) than what lies near on both sides."""


class Neighbours:
    """Asks the rows of one gazetteer by place."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        columns, values = gazetteer.columns, gazetteer.values
        self.key, self.first, self.row = values["ground_key"], values["ground_first"], columns["ground_row"]
        self.lon, self.lat = columns["row_lon"], columns["row_lat"]
        self.townships = values["row_township"]

    def township(
        self, lon: float, lat: float, hint: int = -1, beside: Sequence[tuple[int, int]] = ()
    ) -> tuple[int, float]:
        """Return the township that most of the nearest rows lie in, near ones counting more, and its share of votes.

        `hint` has a vote too, and is returned where no row is near; (-1, 0) for neither. So have the numbers beside it
        on its side of the road: the township of each, and how many numbers it is away.
        """
        own = _cells(lon, lat, 0.0)
        labels, away = self._nearest(lon, lat, own)
        cells = _cells(lon, lat, away[-1] if len(away) == VOTES else math.inf)
        if cells != own:  # a row of another cell may be nearer
            labels, away = self._nearest(lon, lat, cells)
        if not labels:
            return hint, float(hint >= 0)
        votes: defaultdict[int, float] = defaultdict(float)
        for label, metres in zip(labels, away, strict=True):
            votes[label] += 1 / (metres + NEAR_M)
        for label, step in beside:
            if label >= 0:
                votes[label] += 1 / (step + NEAR_STEP)
        if hint >= 0:
            votes[hint] += 1 / HINT_M
        most = min(votes, key=lambda label: (-votes[label], label))
        return most, votes[most] / sum(votes.values())

    def _nearest(self, lon: float, lat: float, cells: Cells) -> tuple[list[int], list[float]]:
        """Return the townships of the nearest of the cells' rows that have one, and their metres from the point."""
        rows = self._rows(*cells)
        away = metres_to(lon, lat, self.lon[rows], self.lat[rows])
        labelled = (place for place in away.argsort().tolist() if self.townships[rows[place]] >= 0)
        nearest = list(islice(labelled, VOTES))
        return [self.townships[rows[place]] for place in nearest], away[nearest].tolist()

    def _rows(self, west: int, east: int, south: int, north: int) -> NDArray[np.int32]:
        """Return the rows in the cells; those of one column are numbered in a row."""
        bounds = [[bisect_left(self.key, (column << 32) + line) for line in (south, north + 1)]
                  for column in range(west, east + 1)]  # fmt: skip
        return np.concatenate([self.row[self.first[begin] : self.first[end]] for begin, end in bounds])


def _cells(lon: float, lat: float, reach_m: float) -> Cells:
    """Return the first and last column and line of the cells that lie so near, of the nine around a point."""
    across, up = lon / GROUND_CELL, lat / GROUND_CELL
    wide, high = (min(1.0, reach_m / (GROUND_CELL * per_degree)) for per_degree in (per_lon(lat), PER_LAT))
    return math.floor(across - wide), math.floor(across + wide), math.floor(up - high), math.floor(up + high)
