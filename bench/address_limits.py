"""How much of Shanghai's addresses can be placed at all: what even a matcher that reads every name right could reach.

Two things limit it. Labels and points come from a commercial geocoder, so that neighbours do not always agree; and
where an address has no number, all there is to go by is what the list says of the same village.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from bench.address_real import REPORTED_SEEDS, split
from geo.addresses.answers import AddressRow

PLACED = 0.8
"""The share of texts that are to be placed."""

_ROAD = re.compile(r"^(?:\D{1,4}?(?:镇|街道))?(\D+?(?:路|街|大道|公路|道))\D{0,3}\d")
_VILLAGE = re.compile(r"^(?:\D{1,5}?镇)?(\D{1,6}?村)")


@dataclass(frozen=True)
class Limits:
    """Shares of all that were asked, but for the last three.

    on_road: a number on a road that the list knows; in_village: no number, but a village that the list knows.
    village_town: of the latter, the township that most of the village's known rows bear is the label. road_town: of the
    former, the label of the known point nearest to where it really is is the label; neighbours: the same of all asked.
    """

    on_road: float
    in_village: float
    village_town: float
    road_town: float
    neighbours: float

    @property
    def best(self) -> float:
        """The most of PLACED placed that can be in the labelled township, if only known roads and villages are placed.

        A bound for whoever takes a village's commonest township and a number's nearest label: with hindsight, the texts
        that this tells wrongly are the first to be left out. Texts of neither kind are no part of it.
        """
        return min(1.0, (self.on_road * self.road_town + self.in_village * self.village_town) / PLACED)


def limits(seeds: Sequence[int] = REPORTED_SEEDS) -> Limits:
    """Work out the limits on the splits that are reported."""
    on_road, village, alike = list[bool](), list[bool | None](), list[bool]()
    for seed in seeds:
        known, asked = split(seed)
        roads = {found[1] for row in known if (found := _ROAD.match(row.name))}
        towns = _towns_of_villages(known)
        for row in asked:
            road, named = _ROAD.match(row.name), _VILLAGE.match(row.name)
            on_road.append(road is not None and road[1] in roads)
            in_known = not any(sign.isdigit() for sign in row.name) and named is not None and named[1] in towns
            village.append(towns[named[1]] == row.township if named is not None and in_known else None)
        alike += _neighbours_agree(known, asked)
    told = [right for right in village if right is not None]
    of_roads = [right for right, road in zip(alike, on_road, strict=True) if road]
    return Limits(float(np.mean(on_road)), len(told) / len(village), float(np.mean(told)), float(np.mean(of_roads)),
                  float(np.mean(alike)))  # fmt: skip


def _towns_of_villages(known: Sequence[AddressRow]) -> dict[str, str]:
    """The township that most known rows of a village bear."""
    towns = defaultdict[str, Counter[str]](Counter)
    for row in known:
        if named := _VILLAGE.match(row.name):
            towns[named[1]][row.township] += 1
    return {name: count.most_common(1)[0][0] for name, count in towns.items()}


def _neighbours_agree(known: Sequence[AddressRow], asked: Sequence[AddressRow]) -> list[bool]:
    """Whether the known address nearest to where each asked one really is has the same label."""
    squeeze = np.cos(np.radians(31.2))
    points = shapely.points([(row.lon * squeeze, row.lat) for row in known])
    nearest = shapely.STRtree(points).nearest(shapely.points([(row.lon * squeeze, row.lat) for row in asked]))
    return [known[at].township == row.township for at, row in zip(nearest.tolist(), asked, strict=True)]
