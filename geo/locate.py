"""Which grid, village, township and county a point falls in, answered in memory.

A point on the edge of a grid is in it. On a shared edge the grid with the smallest code wins, so that the same
report never lands in two places; where a county's grids overlap, too. A point outside every comprehensive grid but
within `snap_m` metres of one goes to the nearest, flagged. `geo.queries` answers the same in PostGIS, and
tests/geo/test_locate_agrees.py holds the two together. What metres are here says `geo.sphere`.

Codes are compared by code point (see `geo.codes`). Longitudes are not wrapped at 180 degrees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.borders import Borders
from geo.codes import AreaKind
from geo.crs import Floats
from geo.locate_many import LocatedMany, Net, locate_many
from geo.raster.raster import Raster

__all__ = [
    "SNAP_M", "AreaRef", "Distances", "LocatableArea", "LocatedMany", "Location", "Locator", "NotFiniteError", "Rule",
    "Status",
]  # fmt: skip

SNAP_M = 30.0
"""How far outside every comprehensive grid a point may lie and still go to the nearest one."""


class Status(StrEnum):
    """What became of a point. `invalid` is for coordinates that are not numbers: only bulk answers bear it."""

    LOCATED = "located"
    SNAPPED = "snapped"
    UNLOCATED = "unlocated"
    INVALID = "invalid"


class Rule(StrEnum):
    """Why a point belongs to its grid."""

    COVERS = "covers"
    SMALLEST_ON_BORDER = "smallest-code-on-border"
    SMALLEST_IN_OVERLAP = "smallest-code-in-overlap"
    NEAREST = "nearest-within-snap"
    OUTSIDE = "outside"


class NotFiniteError(ValueError):
    """A coordinate is NaN or infinite: not a place. Check what comes from outside with `geo.crs` first."""


@dataclass(frozen=True)
class LocatableArea:
    """One area as it stood at the locator's moment. The outline is in WGS-84; `parent_id` is an area_id."""

    version_id: int
    area_id: int
    code: str
    kind: AreaKind
    name: str
    outline: BaseGeometry
    parent_id: int | None = None
    domain: str | None = None

    @property
    def ref(self) -> AreaRef:
        """The area without its outline."""
        return AreaRef(self.version_id, self.area_id, self.code, self.name)


@dataclass(frozen=True, slots=True)
class AreaRef:
    """Which area, in which version."""

    version_id: int
    area_id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Location:
    """Where a point falls, and why.

    `specialised` is in code order. `on_border`: the point lies exactly on the border of a comprehensive grid that
    covers it. How far the borders are is measured when it is first asked for.
    """

    status: Status
    rule: Rule
    grid: AreaRef | None
    specialised: tuple[AreaRef, ...]
    village: AreaRef | None
    township: AreaRef | None
    county: AreaRef | None
    on_border: bool
    snapped: bool
    distances: Distances | None = None
    """None where nobody will ask: distances are then None, too."""

    @property
    def border_m(self) -> float | None:
        """Metres to the nearest border of the grid, from inside or, when snapped, from outside; None without a grid."""
        return None if self.distances is None else self.distances.border_m

    @property
    def neighbour(self) -> AreaRef | None:
        """The nearest other comprehensive grid; without a grid the nearest of all, however far."""
        return None if self.distances is None else self.distances.neighbour

    @property
    def neighbour_m(self) -> float | None:
        """Metres to that: 0 when it covers the point too."""
        return None if self.distances is None else self.distances.neighbour_m


class Distances:
    """How far it is from a point to the border of its grid and to the neighbour, measured when first asked for."""

    __slots__ = ("_at", "_borders", "_grid", "_metres", "_neighbour", "_refs")

    def __init__(
        self, borders: Borders, refs: Sequence[AreaRef], at: tuple[float, float], grid: int | None,
        *, metres: float | None = None, neighbour: tuple[int, float] | None = None,
    ) -> None:  # fmt: skip
        """metres: to the border of the grid, neighbour: position and metres, where these are known already."""
        self._borders, self._refs, self._at, self._grid = borders, refs, at, grid
        self._metres = metres
        self._neighbour: tuple[int, float] | bool | None = neighbour or False  # False: not looked for yet

    @property
    def border_m(self) -> float | None:
        if self._grid is None:
            return None
        if self._metres is None:
            self._metres = self._borders.metres(self._grid, *self._at)
        return self._metres

    @property
    def neighbour(self) -> AreaRef | None:
        return None if (found := self._found()) is None else self._refs[found[0]]

    @property
    def neighbour_m(self) -> float | None:
        return None if (found := self._found()) is None else found[1]

    def _found(self) -> tuple[int, float] | None:
        if isinstance(self._neighbour, bool):
            self._neighbour = self._borders.nearest(*self._at, but=-1 if self._grid is None else self._grid)
        return self._neighbour

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Distances) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._at)

    def _told(self) -> tuple[object, ...]:
        return self.border_m, self.neighbour, self.neighbour_m


Draw = Callable[[Sequence[BaseGeometry], float], Raster]


def _draw(outlines: Sequence[BaseGeometry], near_m: float) -> Raster:
    return Raster.draw(outlines, near_m=near_m)


_LEVELS = (AreaKind.VILLAGE, AreaKind.TOWNSHIP, AreaKind.COUNTY)
_ORDER = (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED, *_LEVELS)


class Locator:
    """Finds the areas of one moment in time. Build once, ask many times; safe to share between threads.

    `areas` holds every area: comprehensive grids first, then specialised ones, then the levels, each in code order
    (equal codes, which only a file without checks can bring, in the order of area_id). Bulk answers are positions
    in it. The outlines handed in are neither changed nor prepared.
    """

    def __init__(self, areas: Iterable[LocatableArea], *, snap_m: float = SNAP_M, draw: Draw | None = None) -> None:
        """`draw` makes or finds the raster of some outlines, given the metres within which a border counts as near."""
        self.areas = tuple(sorted(areas, key=lambda area: (_ORDER.index(area.kind), area.code, area.area_id)))
        self.snap_m = snap_m
        self.by_area_id: Mapping[int, LocatableArea] = MappingProxyType({area.area_id: area for area in self.areas})
        if len(self.by_area_id) != len(self.areas):
            raise ValueError("an area is given twice: a locator is of one moment, when each area has one version")
        self._by_code = {(area.kind, area.code): area for area in reversed(self.areas)}
        self._refs = tuple(area.ref for area in self.areas)
        self._net = self._weave(draw or _draw)
        self._grids = self._net.raster(AreaKind.COMPREHENSIVE)
        self._overlay = self._net.raster(AreaKind.SPECIALISED)
        self._borders = Borders(self._grids)
        self._above = {kind: above.tolist() for kind, above in self._net.above.items()}

    def _weave(self, draw: Draw) -> Net:
        """Find the chains of parents."""
        kinds = [area.kind for area in self.areas]
        spans = {kind: range(kinds.index(kind), kinds.index(kind) + kinds.count(kind)) for kind in set(kinds)}
        grids = spans.get(AreaKind.COMPREHENSIVE, range(0))
        position = {area.area_id: i for i, area in enumerate(self.areas)}
        above = {kind: np.full(len(grids), -1, dtype=np.int32) for kind in _LEVELS}
        for grid in grids:
            for ancestor in reversed(self._ancestors(self.areas[grid])):
                if ancestor.kind in above:
                    above[ancestor.kind][grid] = position[ancestor.area_id]
        return Net(self.areas, spans, above, self.snap_m, draw)

    def _ancestors(self, area: LocatableArea) -> list[LocatableArea]:
        """The known areas above one, nearest first; a circle of parents is walked once."""
        found: dict[int, LocatableArea] = {}
        while area.parent_id is not None and area.parent_id in self.by_area_id and area.parent_id not in found:
            area = self.by_area_id[area.parent_id]
            found[area.area_id] = area
        return list(found.values())

    def by_code(self, kind: AreaKind, code: str) -> LocatableArea | None:
        """Return the area of a kind with this code."""
        return self._by_code.get((kind, code))

    def neighbours(self, area_id: int) -> tuple[AreaRef, ...]:
        """Return the comprehensive grids that touch or overlap a comprehensive grid, in code order."""
        area = self.by_area_id.get(area_id)
        if area is None or area.kind is not AreaKind.COMPREHENSIVE:
            return ()
        grids = self.areas[: len(self._net.grids)]
        touching = shapely.STRtree([grid.outline for grid in grids]).query(area.outline, predicate="intersects")
        return tuple(self._refs[i] for i in sorted(touching) if grids[i] is not area)

    # one point

    def locate(self, lon: float, lat: float) -> Location:
        """Return where a WGS-84 point falls. Raises NotFiniteError for NaN and infinity, and nothing else."""
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise NotFiniteError(f"{lon}, {lat} is not a place")
        grids, at = self._grids.covering(lon, lat), (lon, lat)
        if grids:
            grid, second = grids[0][0], grids[1][0] if len(grids) > 1 else None
            on_border = any(on for _, on in grids)
            rule = Rule.COVERS
            if second is not None:
                rule = Rule.SMALLEST_ON_BORDER if on_border else Rule.SMALLEST_IN_OVERLAP
            beside = None if second is None else (second, 0.0)
            distances = Distances(self._borders, self._refs, at, grid, neighbour=beside)
            return self._answer(Status.LOCATED, rule, grid, at, distances, on_border=on_border)
        if self._grids.near(lon, lat):
            nearest = self._borders.nearest(lon, lat)
            if nearest is not None and round(nearest[1] * 1000.0) <= round(self.snap_m * 1000.0):
                distances = Distances(self._borders, self._refs, at, nearest[0], metres=nearest[1])
                return self._answer(Status.SNAPPED, Rule.NEAREST, nearest[0], at, distances)
        distances = Distances(self._borders, self._refs, at, None)
        return self._answer(Status.UNLOCATED, Rule.OUTSIDE, None, at, distances)

    def _answer(
        self, status: Status, rule: Rule, grid: int | None, at: tuple[float, float], distances: Distances,
        *, on_border: bool = False,
    ) -> Location:  # fmt: skip
        over, overlay = self._overlay.covering(*at), self._net.span(AreaKind.SPECIALISED)
        return Location(
            status=status,
            rule=rule,
            grid=None if grid is None else self._refs[grid],
            specialised=tuple(self._refs[overlay[i]] for i, _ in over) if over else (),
            village=self._level(AreaKind.VILLAGE, grid, at),
            township=self._level(AreaKind.TOWNSHIP, grid, at),
            county=self._level(AreaKind.COUNTY, grid, at),
            on_border=on_border,
            snapped=status is Status.SNAPPED,
            distances=distances,
        )

    def _level(self, kind: AreaKind, grid: int | None, at: tuple[float, float]) -> AreaRef | None:
        """The grid's own village (township, county) by its parents; else the first of that kind over the point."""
        above: int = -1 if grid is None else self._above[kind][grid]
        if above >= 0:
            return self._refs[above]
        if not (span := self._net.span(kind)):
            return None
        found = self._net.raster(kind).first(*at)
        return self._refs[span[found]] if found >= 0 else None

    # many points

    def locate_many(self, lon: Floats, lat: Floats, *, threads: int = 1) -> LocatedMany:
        """Return where many WGS-84 points fall: for each the same answer as `locate`, as arrays.

        lon and lat are 1-dimensional and equally long, else ValueError. Points that are not numbers are `invalid`.
        """
        return locate_many(self._net, lon, lat, threads=threads)
