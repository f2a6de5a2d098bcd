"""What lies around a point, from the rows of the list near it."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import metres_to
from geo.addresses.indexing import ground_key

VOTES = 4
"""Rows that are asked; with more of them, what lies farther outvotes what is near."""
NEAR_M, NEAR_STEP, HINT_M = 60.0, 20.0, 300.0
"""How far off half of a vote is lost, in metres and in numbers along the road; how far off a hint counts as lying.
Chosen on splits of real addresses other than those reported: borders often follow roads, so that the next numbers of
the own side tell a township better (95.3 % against 94.5 %) than what lies near on both sides."""


class Neighbours:
    """Asks the rows of one gazetteer by place."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        columns = gazetteer.columns
        self.key, self.first, self.row = columns["ground_key"], columns["ground_first"], columns["ground_row"]
        self.lon, self.lat = columns["row_lon"], columns["row_lat"]
        self.townships = columns["row_township"]

    def township(
        self, lon: float, lat: float, hint: int = -1, beside: Sequence[tuple[int, int]] = ()
    ) -> tuple[int, float]:
        """Return the township that most of the nearest rows lie in, near ones counting more, and its share of votes.

        `hint` has a vote too, and is returned where no row is near; (-1, 0) for neither. So have the numbers beside it
        on its side of the road: the township of each, and how many numbers it is away.
        """
        rows = self._around(lon, lat)
        labels = self.townships[rows]
        rows, labels = rows[labels >= 0], labels[labels >= 0]
        if not len(rows):
            return hint, float(hint >= 0)
        away = metres_to(lon, lat, self.lon[rows], self.lat[rows])
        nearest = np.argsort(away)[:VOTES]
        votes: defaultdict[int, float] = defaultdict(float)
        for label, metres in zip(labels[nearest].tolist(), away[nearest].tolist(), strict=True):
            votes[label] += 1 / (metres + NEAR_M)
        for label, step in beside:
            if label >= 0:
                votes[label] += 1 / (step + NEAR_STEP)
        if hint >= 0:
            votes[hint] += 1 / HINT_M
        most = min(votes, key=lambda label: (-votes[label], label))
        return most, votes[most] / sum(votes.values())

    def _around(self, lon: float, lat: float) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """Return the rows of the nine cells around a point."""
        if not len(self.key):
            return self.row[:0]
        here = int(ground_key(np.float64(lon), np.float64(lat)))
        bounds = [here + (across << 32) + up for across in (-1, 0, 1) for up in (-1, 2)]
        first = self.first[self.key.searchsorted(bounds)].tolist()  # the cells of one column are numbered in a row
        return np.concatenate([self.row[begin:end] for begin, end in zip(first[::2], first[1::2], strict=True)])
