"""Where in the county things happen, and how people say where that is.

Points are metres of EPSG:4549. In the country people live in hamlets, in town everywhere; roads have house
numbers that run along them, so an address in a report agrees with its point.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, STRtree

from shapefiles.chance import Rng, stream
from shapefiles.county import County, Grid, Village
from shapefiles.mesh import Points
from shapefiles.names import COUNTY, numeral, road_names
from shapefiles.overlays import SpecialisedGrid

Point = tuple[float, float]
PER_NUMBER_M = 12.0
"""Frontage that one house number takes along its road."""


class Road(NamedTuple):
    """A road of a community: house number 1 stands at `start`, the others follow in direction `along`."""

    name: str
    start: Points
    along: Points


class Places:
    """Draws points where matters of a kind happen, and names them. Give each use its own random stream."""

    def __init__(self, county: County, specialised: Sequence[SpecialisedGrid], seed: int) -> None:
        self.county, self.specialised = county, specialised
        rng = stream(seed, "places")
        self._hamlets = {grid.code: _hamlets(grid, rng) for grid in county.grids}
        self._roads = {village.code: _roads(village, rng) for village in county.villages if village.urban}
        self._villages = {village.code: village for village in county.villages}
        self._townships = {township.code: township.name for township in county.townships}
        self._found: dict[Point, Grid] = {}
        self._tree = STRtree([grid.outline for grid in county.grids])

    def draw(self, where: str, rng: Rng) -> Point:
        """Return a point in the county where a matter of this kind (see `Matter.where`) may happen."""
        domain = {"site": "building-site", "market": "market", "school": "school"}.get(where)
        if domain is not None:
            grounds = [grid.outline for grid in self.specialised if grid.domain == domain]
            ground = grounds[int(rng.integers(len(grounds)))]
            return self._inside(lambda: _near(ground.centroid.coords[0], np.sqrt(ground.area) * 0.45, rng))
        if where == "water":
            line = self._waters[int(rng.integers(len(self._waters)))]
            return self._inside(lambda: along(line, 18.0, rng))
        grid = self.county.grids[int(rng.choice(len(self.county.grids), p=self._likely[where]))]
        return self._in_grid(grid, rng)

    def beside(self, point: Point, off_m: float, rng: Rng) -> Point:
        """Return another point of the county, about `off_m` metres off."""
        return self._inside(lambda: _near(point, off_m, rng))

    def address(self, point: Point) -> str:
        """Return how a person on the spot would give the address, county and township included."""
        village = self.village(point)
        return f"{COUNTY}{self._townships[village.parent]}{village.name}{self._doorstep(village, point)}"

    def township(self, point: Point) -> str:
        """Return the code of the township in which the point lies or to which it is nearest."""
        return self.village(point).parent

    def village(self, point: Point) -> Village:
        """Return the village in which the point lies or to which it is nearest."""
        return self._villages[self._grid(point).parent]

    def is_inside(self, point: Point) -> bool:
        """Tell whether the county covers the point."""
        return bool(len(self._tree.query(shapely.Point(point), predicate="intersects")))

    def groups(self, grid: Grid) -> list[tuple[str, Points]]:
        """Return the hamlets of a grid in the country, as its people number them, with their middles."""
        first = int(grid.code[-3:]) * 3 - 2
        return [(f"{numeral(first + nth)}组", middle) for nth, middle in enumerate(self._hamlets[grid.code])]

    def roads(self, village: Village) -> list[Road]:
        """Return the roads of a community."""
        return self._roads[village.code]

    def numbered(self, village: Village, points: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which of a community's roads is nearest to each of (n, 2) points, and the house number there.

        It says what `address` says, of many points at once.
        """
        roads = self._roads[village.code]
        away = points[:, None] - np.array([road.start for road in roads])
        way = np.array([road.along for road in roads])
        off = way[:, 0] * away[..., 1] - way[:, 1] * away[..., 0]
        nearest = np.abs(off).argmin(axis=1)
        rows = np.arange(len(points))
        frontage = np.maximum(0.0, (away * way).sum(axis=2)[rows, nearest])
        numbers = 1 + (frontage / PER_NUMBER_M).astype(np.int64) * 2 + (off[rows, nearest] > 0)
        return nearest.astype(np.int64), numbers.astype(np.int64)

    def _grid(self, point: Point) -> Grid:
        if point not in self._found:
            spot = shapely.Point(point)
            covering = self._tree.query(spot, predicate="intersects")
            number = min(covering.tolist()) if len(covering) else int(self._tree.nearest(spot))
            self._found[point] = self.county.grids[number]
        return self._found[point]

    def _doorstep(self, village: Village, point: Point) -> str:
        if not village.urban:
            hamlets = self._hamlets[self._grid(point).code]
            nearest = int(np.hypot(*(hamlets - point).T).argmin())
            return f"{numeral(int(self._grid(point).code[-3:]) * 3 - 2 + nearest)}组"
        road = min(self._roads[village.code], key=lambda road: abs(_off(road, point)))
        frontage = max(0.0, float(np.dot(np.subtract(point, road.start), road.along)))
        number = 1 + int(frontage / PER_NUMBER_M) * 2 + (_off(road, point) > 0)
        return f"{road.name}{number}号"

    def _in_grid(self, grid: Grid, rng: Rng) -> Point:
        """Return a point in the grid: near one of its hamlets in the country, anywhere in town."""
        shapely.prepare(grid.outline)
        west, south, east, north = grid.outline.bounds
        hamlets = self._hamlets[grid.code]
        for _ in range(200):
            scattered = rng.uniform((west, south), (east, north))
            clustered = _near(hamlets[int(rng.integers(len(hamlets)))], 140.0, rng)
            point = scattered if rng.random() < 0.15 + 0.85 * (grid.urbanity > 0.3) else clustered
            if shapely.contains_xy(grid.outline, *point):
                return float(point[0]), float(point[1])
        inner = grid.outline.representative_point()
        return inner.x, inner.y

    def _inside(self, draw: Callable[[], Points]) -> Point:
        while True:
            x, y = draw()
            if self.is_inside((float(x), float(y))):
                return float(x), float(y)

    @cached_property
    def _waters(self) -> list[LineString]:
        return [divide.line for divide in self.county.land.divides if divide.water]

    @cached_property
    def _likely(self) -> dict[str, NDArray[np.float64]]:
        """Return how likely each grid is, by kind of place."""
        people = np.array([grid.households for grid in self.county.grids], dtype=float)
        urban = np.array([grid.urbanity for grid in self.county.grids])
        weights = {
            "street": people * (0.12 + urban),
            "home": people * (0.3 + urban),
            "rural": people * (1 - urban) ** 3,
            "any": people,
        }
        return {where: weight / weight.sum() for where, weight in weights.items()}


def along(line: LineString, off_m: float, rng: Rng) -> Points:
    """Return a point about `off_m` metres off a place by chance on the line."""
    return _near(line.interpolate(rng.random(), normalized=True).coords[0], off_m, rng)


def _near(middle: Points | Sequence[float], spread_m: float, rng: Rng) -> Points:
    return np.asarray(middle) + rng.normal(0, spread_m, 2)


def _hamlets(grid: Grid, rng: Rng) -> Points:
    """Return the middles of three hamlets in the grid."""
    west, south, east, north = grid.outline.bounds
    tries = rng.uniform((west, south), (east, north), size=(60, 2))
    inside = tries[shapely.contains_xy(grid.outline, tries)]
    spare = np.array(grid.outline.representative_point().coords)
    return np.concatenate([inside, spare, spare, spare])[:3]


def _roads(village: Village, rng: Rng) -> list[Road]:
    """Return a net of six roads over a community, whose names no other community need respect."""
    middle = np.array(village.outline.centroid.coords[0])
    reach = np.sqrt(village.outline.area)
    lean = rng.uniform(0, np.pi / 2)
    roads = []
    for number, name in enumerate(road_names(6, rng)):
        turn = lean + (number % 2) * np.pi / 2
        direction = np.array([np.cos(turn), np.sin(turn)])
        across = np.array([-direction[1], direction[0]])
        start = middle - direction * reach * 1.6 + across * reach * 0.33 * (number // 2 - 1)
        roads.append(Road(name, start, direction))
    return roads


def _off(road: Road, point: Point) -> float:
    """Return how far to the left of the road the point lies, in metres."""
    away = np.subtract(point, road.start)
    return float(road.along[0] * away[1] - road.along[1] * away[0])
