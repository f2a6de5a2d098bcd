"""The lie of the land before anyone divided it: an outline, a seat, towns, a lake, waters and roads.

Plane coordinates in metres of EPSG:4549 (CGCS2000, central meridian 120°E), easting first.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from shapely import LineString

from shapefiles.chance import Rng, stream
from shapefiles.mesh import Points

CENTRE = (462_600.0, 3_680_700.0)
HALF_WIDTH_M = 26_500.0
SEAT_TOWNS = 3
"""Streets (街道) that share the county seat; they come first among the towns."""

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Divide:
    """A line that people take for a border: a water, a road or a street."""

    line: LineString
    dear: float
    """How many times dearer than open ground it is to cross."""
    water: bool = False


@dataclass(frozen=True)
class Landscape:
    """Where there is county, where people are many, and along what its parts are likely to end."""

    towns: Points
    lobes: Points
    """Rows of order, size and turn of the waves by which the outline departs from a circle."""
    lake: tuple[float, float, float, float]
    """Middle easting and northing, half width, half height."""
    patches: Points
    """Rows of easting, northing and height: hamlets and wastes that make the country uneven."""
    divides: tuple[Divide, ...] = ()

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The square in which the county lies, with a margin all round."""
        half = HALF_WIDTH_M * 1.1
        return CENTRE[0] - half, CENTRE[1] - half, CENTRE[0] + half, CENTRE[1] + half

    @property
    def seat(self) -> Points:
        """The middle of the county seat."""
        return np.asarray(self.towns[:SEAT_TOWNS].mean(axis=0))

    def inside(self, points: Points) -> Flags:
        """Tell which points lie in the county."""
        away = points - CENTRE
        angle = np.arctan2(away[:, 1], away[:, 0])
        reach = 0.78 + np.sum([size * np.cos(order * angle + turn) for order, size, turn in self.lobes], axis=0)
        reach = reach + 0.05 * self.unevenness(points)
        return np.asarray(np.hypot(*away.T) < HALF_WIDTH_M * reach)

    def urbanity(self, points: Points) -> Values:
        """Return 0 for open country to 1 for the middle of the county seat."""
        seat = np.exp(-_squared(points, self.seat) / (2 * 2_100.0**2))
        towns = [np.exp(-_squared(points, middle) / (2 * 620.0**2)) for middle in self.towns[SEAT_TOWNS:]]
        return np.maximum(seat, 0.8 * np.max([seat * 0, *towns], axis=0))

    def density(self, points: Points) -> Values:
        """Return how densely to put cells here, between 0 and 1: where people are many, grids are small."""
        country = 0.05 * np.exp(self.unevenness(points)) * np.where(self.in_lake(points), 0.3, 1.0)
        return np.minimum(1.0, country + 0.95 * self.urbanity(points) ** 1.15)

    def unevenness(self, points: Points) -> Values:
        """Return a slowly changing value around 0, by chance alone."""
        bumps = [height * np.exp(-_squared(points, at) / (2 * 2_600.0**2)) for *at, height in self.patches]
        return np.asarray(np.sum(bumps, axis=0))

    def in_lake(self, points: Points) -> Flags:
        """Tell which points lie in the lake."""
        x, y, half_width, half_height = self.lake
        return np.asarray(((points[:, 0] - x) / half_width) ** 2 + ((points[:, 1] - y) / half_height) ** 2 < 1)


def lay_out(seed: int, towns: int) -> Landscape:
    """Return the land of a county with `towns` towns, the first three of them sharing its seat."""
    rng = stream(seed, "landscape")
    turns = [(order, rng.uniform(0.4, 1.0), rng.uniform(0, 2 * np.pi)) for order in range(2, 16)]
    lobes = np.array([(order, size * 0.14 / order, turn) for order, size, turn in turns])
    seat = np.array([CENTRE[0] - 2_600.0, CENTRE[1] + 1_500.0])
    around_seat = [seat + 1_500 * np.array([np.cos(turn), np.sin(turn)]) for turn in (0.4, 2.6, 4.6)]
    patches = np.column_stack([rng.uniform(-1, 1, (70, 2)) * HALF_WIDTH_M + CENTRE, rng.normal(0, 0.5, 70)])
    lake = (seat[0] + 9_500.0, seat[1] - 7_500.0, 4_300.0, 2_700.0)
    land = Landscape(np.array(around_seat), lobes, lake, patches)
    land = replace(land, towns=_add_towns(land, towns, rng))
    return replace(land, divides=(*_waters(land, rng), *_roads(land, rng), *_streets(land, rng)))


def _add_towns(land: Landscape, count: int, rng: Rng) -> Points:
    """Place the country towns one by one, each the best of many tries at being far from the others."""
    towns = list(land.towns)
    tries = rng.uniform(land.box[:2], land.box[2:], size=(4_000, 2))
    stretched = (tries - CENTRE) * 1.3 + CENTRE  # a town keeps away from the county's border
    tries = tries[land.inside(stretched) & ~land.in_lake(tries)]
    while len(towns) < count:
        some = tries[rng.integers(0, len(tries), 60)]
        away = np.min([np.hypot(*(some - town).T) for town in towns], axis=0)
        near_seat = np.hypot(*(some - land.seat).T) < 8_500
        towns.append(some[int((away * np.where(near_seat, 0.3, 1.0)).argmax())])
    return np.array(towns)


def _waters(land: Landscape, rng: Rng) -> list[Divide]:
    """Return a winding river and a brook, and a canal that men dug."""
    west, south, east, north = land.box
    x, y = land.seat
    river = _meander((west, y + 6_500), (east, y - 3_500), 2_100.0, 40, rng)
    brook = _meander((west, y - 13_000), (x + 5_500, y - 7_000), 1_500.0, 40, rng)
    canal = _meander((x + 4_200, north), (x + 2_200, south), 600.0, 6, rng)
    return [Divide(river, 6.0, water=True), Divide(brook, 4.0, water=True), Divide(canal, 5.0, water=True)]


def _roads(land: Landscape, rng: Rng) -> list[Divide]:
    """Return nearly straight country roads, each town joined to the nearest others."""
    spots = [land.seat, *land.towns[SEAT_TOWNS:]]
    pairs = sorted(combinations(spots, 2), key=lambda pair: float(np.hypot(*(pair[0] - pair[1]))))
    chosen = pairs[: 2 * len(spots) - 4]
    ends = [((one[0], one[1]), (two[0], two[1])) for one, two in chosen]
    return [Divide(_meander(start, end, 260.0, 5, rng), 2.2) for start, end in ends]


def _streets(land: Landscape, rng: Rng) -> list[Divide]:
    """Return straight streets: a skewed net over the county seat, and a few in each town."""
    streets = _net(land.seat, 3_300.0, 460.0, rng)
    for town in land.towns[SEAT_TOWNS:]:
        streets += _net(town, 900.0, 430.0, rng)
    return [Divide(street, 3.5) for street in streets]


def _net(middle: Points, half_m: float, apart_m: float, rng: Rng) -> list[LineString]:
    turn = rng.uniform(-0.5, 0.5)
    streets = []
    for lean in (turn, turn + np.pi / 2 + rng.normal(0, 0.05)):
        along, across = np.array([np.cos(lean), np.sin(lean)]), np.array([-np.sin(lean), np.cos(lean)])
        for offset in np.arange(-half_m + apart_m / 2, half_m, apart_m):
            reach = np.sqrt(max(half_m**2 - offset**2, 0)) * rng.uniform(0.7, 1.0, 2)
            root = middle + across * (offset + rng.normal(0, apart_m / 9))
            streets.append(LineString([root - along * reach[0], root + along * reach[1]]))
    return streets


def _meander(start: tuple[float, float], end: tuple[float, float], swing_m: float, waves: int, rng: Rng) -> LineString:
    """Return a line from `start` to `end` that strays up to about `swing_m` from the straight way in `waves` waves."""
    way = np.linspace(0, 1, 30 + 8 * waves)
    straight = np.outer(1 - way, start) + np.outer(way, end)
    across = np.array([start[1] - end[1], end[0] - start[0]])
    across = across / np.hypot(*across)
    stray = np.sum([rng.normal(0, 1.3 / order) * np.sin(np.pi * order * way) for order in range(1, waves + 1)], axis=0)
    return LineString(straight + np.outer(swing_m * stray, across))


def _squared(points: Points, middle: Points | list[float]) -> Values:
    return np.asarray(((points - np.asarray(middle)) ** 2).sum(axis=1))
