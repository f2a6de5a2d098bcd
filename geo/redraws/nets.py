"""Many nets into one (多网合一): how the grids that a department drew for itself lie on the comprehensive grids.

Everything is told by the *inside* of a comprehensive grid: its points farther than the tolerance from its border,
measured in the metres of a local plane. What a departmental grid does within the tolerance of a border is the pen's
width; what it does inside is meant. A departmental grid *reaches into* a comprehensive one when it has some of its
inside, *holds* it when it has all of it, and *cuts* it when it has some but not all. Where a grid is so narrow that
it has no inside, whoever has at least half of its ground holds it.

Shares are measured on the ellipsoid, in the coordinates that the outlines came in. `geo.redraws.net_words` says in
sentences what is found here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage import AreaOutline, polygons
from geo.crs import Floats, LocalPlane, area_m2, local_metres, project_local
from geo.redraws.mends import DraftGrid

Outlines = NDArray[np.object_]

TOLERANCE_M = 10.0
SMALLEST_M2 = 1.0
"""Shared ground below this is not told: neighbours in two files differ by as much along a border of 2 km."""

MOSTLY_OUTSIDE = 0.5
HAIR_M = 0.001
"""Added to the tolerance, so that a border drawn exactly at it is within it however the last digits fall."""

CORNERS = 16
"""Of a quarter circle. Insides come out up to a thousandth of the tolerance too large: 1 cm at 10 m."""

LONGEST_SIDE_DEG = 0.01
"""Sides are straight in degrees. Cut at 1 km they are so in the plane too, to 2 cm; one of 10 km is 1.3 m off."""


class Verdict(StrEnum):
    """What a departmental grid is to the comprehensive grids, in the order in which somebody must decide."""

    CUTS = "cuts"  # it has parts of several, or ground beyond them: redraw it, or redraw them
    OUTSIDE = "outside"  # more than half of its ground lies in none
    WITHIN = "within"  # it lies inside one, up to the tolerance: an overlay, a specialised grid
    FOLLOWS = "follows"  # it holds whole ones and reaches into no other: it can be dissolved into them


class Relation(StrEnum):
    """What a departmental grid has of one comprehensive grid."""

    WHOLE = "whole"  # it holds it
    PART = "part"  # it cuts it
    SLIVER = "sliver"  # only ground within the tolerance of the border


@dataclass(frozen=True)
class Shared:
    """The ground that a departmental grid shares with one comprehensive grid.

    `reports` of the last year lie on the shared ground, `tile_reports` in the whole comprehensive grid; None where
    no reports were given.
    """

    tile: str
    relation: Relation
    area_m2: float
    tile_m2: float
    reports: int | None = None
    tile_reports: int | None = None

    @property
    def cut_m2(self) -> float:
        """The smaller of the two pieces where it is cut: what would change hands for the cut to go. Else 0."""
        return min(self.area_m2, max(self.tile_m2 - self.area_m2, 0.0)) if self.relation is Relation.PART else 0.0

    @property
    def share_of_tile(self) -> float:
        """The shared ground as a share of the comprehensive grid."""
        return self.area_m2 / self.tile_m2


@dataclass(frozen=True)
class NetGrid:
    """A departmental grid as it lies: what it shares with which comprehensive grids, the most first.

    `beyond_m2` is its ground in no comprehensive grid; `juts` whether some of that is farther than the tolerance from
    every comprehensive grid.
    """

    grid: DraftGrid
    verdict: Verdict
    area_m2: float
    beyond_m2: float
    juts: bool
    shared: tuple[Shared, ...]
    reports: int | None = None

    @property
    def cut_m2(self) -> float:
        """The ground that would change hands if it followed the borders of the comprehensive grids."""
        return sum(one.cut_m2 for one in self.shared)

    @property
    def sliver_m2(self) -> float:
        """By how much it differs from the comprehensive grids it holds, apart from those it cuts."""
        missing = sum(max(one.tile_m2 - one.area_m2, 0.0) for one in self.shared if one.relation is Relation.WHOLE)
        return missing + sum(one.area_m2 for one in self.shared if one.relation is Relation.SLIVER) + self.beyond_m2

    def share(self, one: Shared) -> float:
        """Ground shared with one comprehensive grid as a share of the departmental one."""
        return one.area_m2 / self.area_m2

    def tiles(self, relation: Relation) -> list[str]:
        """The codes of the comprehensive grids it has so much of, those it shares most with first."""
        return [one.tile for one in self.shared if one.relation is relation]


@dataclass(frozen=True)
class Crosswalk:
    """A net laid over the comprehensive grids, in the order of its rows."""

    tolerance_m: float
    grids: tuple[NetGrid, ...]

    def to_decide(self) -> list[NetGrid]:
        """What needs a decision first: what cuts, then what lies outside, within, follows; the most ground first."""
        order = list(Verdict)
        return sorted(
            self.grids, key=lambda one: (order.index(one.verdict), -one.cut_m2 - one.beyond_m2, one.grid.code)
        )

    def counts(self) -> dict[Verdict, int]:
        """How many grids there are of each verdict."""
        return {verdict: sum(one.verdict is verdict for one in self.grids) for verdict in Verdict}


def crosswalk(
    net: Sequence[DraftGrid],
    tiles: Sequence[AreaOutline],
    *,
    points: tuple[Floats, Floats] | None = None,
    tolerance_m: float = TOLERANCE_M,
) -> Crosswalk:
    """Lay a net over the comprehensive grids in force.

    `points` are the longitudes and latitudes of last year's reports, in two arrays; None leaves reports uncounted.
    A report on the edge of a departmental grid is in it; of comprehensive grids that with the smallest code has it.
    Grids of the net may overlap, each is judged by itself. A few seconds for 500 grids over 874.
    """
    ground = _Ground(tiles, net, tolerance_m)
    shared: dict[int, list[Shared]] = {at: [] for at in range(len(net))}
    reports = _count(ground, points) if points is not None else None
    for row, tile, relation, size_m2 in ground.pairs():
        counted = (reports.shared(row, tile), reports.of_tile(tile)) if reports else (None, None)
        shared[row].append(Shared(ground.codes[tile], relation, size_m2, ground.tile_m2[tile], *counted))
    found = []
    for row, grid in enumerate(net):
        beyond_m2, juts = ground.beyond(row)
        of_row = sorted(shared[row], key=lambda one: (-one.area_m2, one.tile))
        verdict = _verdict(ground, row, of_row, beyond_m2, juts=juts)
        told = tuple(_told(of_row, verdict))
        counted_in = reports.of_grid(row) if reports else None
        found.append(NetGrid(grid, verdict, ground.grid_m2[row], beyond_m2, juts, told, counted_in))
    return Crosswalk(tolerance_m, tuple(found))


def _verdict(ground: _Ground, row: int, shared: Sequence[Shared], beyond_m2: float, *, juts: bool) -> Verdict:
    relations = {one.relation for one in shared}
    if not shared or beyond_m2 > MOSTLY_OUTSIDE * ground.grid_m2[row]:
        return Verdict.OUTSIDE
    if Relation.WHOLE in relations and Relation.PART not in relations and not juts:
        return Verdict.FOLLOWS
    return Verdict.WITHIN if ground.lies_in(row, shared[0].tile) else Verdict.CUTS


def _told(shared: Sequence[Shared], verdict: Verdict) -> list[Shared]:
    """What is worth telling. Of a grid that reaches into none all shares are slivers, and yet it has them."""
    if shared and all(one.relation is Relation.SLIVER for one in shared):
        parts = len(shared) if verdict is Verdict.CUTS else 1
        shared = [*(_part(one) for one in shared[:parts]), *shared[parts:]]
    return [one for at, one in enumerate(shared) if at == 0 or one.area_m2 >= SMALLEST_M2]


def _part(one: Shared) -> Shared:
    return Shared(one.tile, Relation.PART, one.area_m2, one.tile_m2, one.reports, one.tile_reports)


class _Ground:
    """Both layers, in degrees for shares and in metres for what lies inside; comprehensive grids in code order."""

    def __init__(self, tiles: Sequence[AreaOutline], net: Sequence[DraftGrid], tolerance_m: float) -> None:
        in_order = sorted(tiles, key=lambda tile: tile.code)
        self.codes = [tile.code for tile in in_order]
        self.tiles, self.grids = _array([tile.outline for tile in in_order]), _array([grid.outline for grid in net])
        self.tile_m2: list[float] = np.atleast_1d(area_m2(self.tiles)).tolist()
        self.grid_m2: list[float] = np.atleast_1d(area_m2(self.grids)).tolist()
        self.reach_m = tolerance_m + HAIR_M
        self.tree = shapely.STRtree(self.tiles)
        self._plane = _plane(self.tiles if len(self.tiles) else self.grids)
        self._grids_m = self._metres(self.grids)
        self._tiles_m = self._metres(self.tiles)
        self._tree_m = shapely.STRtree(self._tiles_m)
        self._insides = shapely.buffer(self._tiles_m, -self.reach_m, quad_segs=CORNERS)
        self._at = {code: at for at, code in enumerate(self.codes)}
        self._whole = shapely.union_all(self.tiles)
        for geometries in (self.grids, self._grids_m, self._whole):
            shapely.prepare(geometries)

    def pairs(self) -> list[tuple[int, int, Relation, float]]:
        """Row, tile, relation and size in m² of every pair that shares ground."""
        rows, tiles = self.tree.query(self.grids, predicate="intersects")
        sizes = np.atleast_1d(area_m2(shapely.intersection(self.grids[rows], self.tiles[tiles])))
        inside, grid = self._insides[tiles], self._grids_m[rows]
        holds = shapely.covers(grid, inside)
        reaches = shapely.intersects(grid, inside) & ~shapely.touches(grid, inside)
        narrow = shapely.is_empty(inside)
        holds[narrow] = (sizes >= np.array(self.tile_m2)[tiles] / 2)[narrow]
        relation = np.where(holds, 2, np.where(reaches, 1, 0))
        words = (Relation.SLIVER, Relation.PART, Relation.WHOLE)
        found = zip(rows.tolist(), tiles.tolist(), relation.tolist(), sizes.tolist(), strict=True)
        return [(row, tile, words[which], size) for row, tile, which, size in found if size > 0]

    def beyond(self, row: int) -> tuple[float, bool]:
        """The m² of a grid's ground in no tile, and whether any of it is farther than the tolerance from all tiles."""
        if shapely.covers(self._whole, self.grids[row]):
            return 0.0, False
        west, south, east, north = shapely.bounds(self._grids_m[row]).tolist()
        reach = self.reach_m
        near = self._tree_m.query(shapely.box(west - reach, south - reach, east + reach, north + reach))
        left = polygons(shapely.difference(self.grids[row], shapely.union_all(self.tiles[near])))
        size_m2 = float(area_m2(left)) if left is not None else 0.0
        if left is None or size_m2 < SMALLEST_M2:
            return size_m2, False
        reached = self._grown(shapely.union_all(self._tiles_m[near]))
        return size_m2, not shapely.covers(reached, self._metres(_array([left]))[0])

    def lies_in(self, row: int, code: str) -> bool:
        """Whether a grid lies in a tile and what is within the tolerance of it."""
        at = self._at[code]
        if shapely.covers(self.tiles[at], self.grids[row]):
            return True
        return bool(shapely.covers(self._grown(self._tiles_m[at]), self._grids_m[row]))

    def _grown(self, outline_m: BaseGeometry) -> BaseGeometry:
        return shapely.buffer(outline_m, self.reach_m, quad_segs=CORNERS)

    def _metres(self, outlines: Outlines) -> Outlines:
        """In the plane's metres; what the last digits make invalid there is made valid."""
        metres = project_local(shapely.segmentize(outlines, LONGEST_SIDE_DEG), self._plane)
        broken = ~shapely.is_valid(metres)
        metres[broken] = shapely.make_valid(metres[broken])
        return metres


class _Counts:
    """Reports by departmental grid, by comprehensive grid, and by both."""

    def __init__(self, of_grids: NDArray[np.intp], of_tiles: NDArray[np.intp], both: NDArray[np.intp]) -> None:
        self._of_grids, self._of_tiles, self._both = of_grids, of_tiles, both

    def of_grid(self, row: int) -> int:
        return int(self._of_grids[row])

    def of_tile(self, tile: int) -> int:
        return int(self._of_tiles[tile])

    def shared(self, row: int, tile: int) -> int:
        return int(self._both[row, tile])


def _count(ground: _Ground, points: tuple[Floats, Floats]) -> _Counts:
    grids, tiles = len(ground.grids), len(ground.codes)
    pairs = np.column_stack(points)
    at = np.asarray(shapely.points(pairs[np.isfinite(pairs).all(axis=1)]), dtype=object)
    tree = shapely.STRtree(at)
    tile, point = tree.query(ground.tiles, predicate="covers")
    tile_of = np.full(len(at), tiles)
    np.minimum.at(tile_of, point, tile)  # tiles are in code order: the smallest code has what several cover
    row, point = tree.query(ground.grids, predicate="covers")
    both = np.zeros((grids, tiles + 1), dtype=np.intp)
    np.add.at(both, (row, tile_of[point]), 1)
    return _Counts(both.sum(axis=1), np.bincount(tile_of, minlength=tiles + 1), both)


def _plane(outlines: Outlines) -> LocalPlane:
    """The plane around the middle of the outlines; any at all where there are none."""
    if not len(outlines):
        return local_metres(0.0, 0.0)
    west, south, east, north = shapely.total_bounds(outlines).tolist()
    return local_metres((west + east) / 2, (south + north) / 2)


def _array(outlines: Sequence[object]) -> Outlines:
    found = np.empty(len(outlines), dtype=object)
    found[:] = outlines
    return found
