"""Which grid, village, township and county a point falls in, answered in memory.

A point on the edge of a grid is in it. On a shared edge the grid with the smallest code wins, so that the same
report never lands in two places; where a county's grids overlap, too. A point outside every comprehensive grid but
within `snap_m` metres of one goes to the nearest, flagged. `geo.queries` answers the same in PostGIS, and
tests/geo/test_locate_agrees.py holds the two together. The constants of the metres are in `geo.outlines`.

Codes are compared by code point (see `geo.codes`). Longitudes are not wrapped at 180 degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.codes import AreaKind
from geo.crs import Floats
from geo.locate_many import LocatedMany, Net, locate_many
from geo.outlines import M_PER_DEG, Outlines

__all__ = [
    "M_PER_DEG", "SNAP_M", "AreaRef", "LocatableArea", "LocatedMany", "Location", "Locator", "NotFiniteError", "Rule",
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
    covers it. `border_m`: metres to the nearest border of the grid, from inside or, when snapped, from outside;
    None without a grid. `neighbour` is the nearest other comprehensive grid, at 0 m when it covers the point too;
    without a grid it is the nearest of all, however far.
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
    border_m: float | None
    neighbour: AreaRef | None
    neighbour_m: float | None


_LEVELS = (AreaKind.VILLAGE, AreaKind.TOWNSHIP, AreaKind.COUNTY)
_ORDER = (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED, *_LEVELS)


class Locator:
    """Finds the areas of one moment in time. Build once, ask many times; safe to share between threads.

    `areas` holds every area: comprehensive grids first, then specialised ones, then the levels, each in code order
    (equal codes, which only a file without checks can bring, in the order of area_id). Bulk answers are positions
    in it. Building copies the outlines and takes about as long as reading them: 0.1 s for 874 grids of 700 vertices.
    """

    def __init__(self, areas: Iterable[LocatableArea], *, snap_m: float = SNAP_M) -> None:
        self.areas = tuple(sorted(areas, key=lambda area: (_ORDER.index(area.kind), area.code, area.area_id)))
        self.snap_m = snap_m
        self.by_area_id: Mapping[int, LocatableArea] = MappingProxyType({area.area_id: area for area in self.areas})
        if len(self.by_area_id) != len(self.areas):
            raise ValueError("an area is given twice: a locator is of one moment, when each area has one version")
        self._by_code = {(area.kind, area.code): area for area in reversed(self.areas)}
        self._refs = tuple(area.ref for area in self.areas)
        self._net = self._weave()

    def _weave(self) -> Net:
        """Prepare outlines and chains of parents for asking."""
        kinds = [area.kind for area in self.areas]
        spans = {kind: range(kinds.index(kind), kinds.index(kind) + kinds.count(kind)) for kind in set(kinds)}
        grids = spans.get(AreaKind.COMPREHENSIVE, range(0))
        outlines = Outlines([area.outline for area in self.areas], measured=len(grids))
        position = {area.area_id: i for i, area in enumerate(self.areas)}
        above = {kind: np.full(len(grids), -1, dtype=np.int32) for kind in _LEVELS}
        for grid in grids:
            for ancestor in reversed(self._ancestors(self.areas[grid])):
                if ancestor.kind in above:
                    above[ancestor.kind][grid] = position[ancestor.area_id]
        return Net(self.areas, outlines, spans, above, self.snap_m)

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
        grids = self._net.grids
        at = next((i for i in grids if self.areas[i].area_id == area_id), None)
        if at is None:
            return ()
        west, south, east, north = self._net.outlines.boxes[at]
        boxes = self._net.outlines.boxes[: len(grids)].T
        near = (boxes[0] <= east) & (boxes[2] >= west) & (boxes[1] <= north) & (boxes[3] >= south)
        outline = self.areas[at].outline
        touching = (i for i in np.flatnonzero(near) if i != at and shapely.intersects(outline, self.areas[i].outline))
        return tuple(self._refs[i] for i in touching)

    # one point

    def locate(self, lon: float, lat: float) -> Location:
        """Return where a WGS-84 point falls. Raises NotFiniteError for NaN and infinity, and nothing else."""
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise NotFiniteError(f"{lon}, {lat} is not a place")
        covering = self._net.outlines.covering(lon, lat)
        grids = [i for i in covering if i in self._net.grids]
        if grids:
            return self._covered(lon, lat, covering, grids)
        nearest = self._net.outlines.nearest(lon, lat)
        if nearest is not None and round(nearest[1] * 1000.0) <= round(self.snap_m * 1000.0):
            return self._snapped(lon, lat, covering, nearest)
        return self._answer(
            Status.UNLOCATED, Rule.OUTSIDE, None, covering, on_border=False, border_m=None, neighbour=nearest
        )

    def _covered(self, lon: float, lat: float, covering: list[int], grids: list[int]) -> Location:
        grid = grids[0]
        on_border = any(self._net.outlines.on_border(i, lon, lat) for i in grids)
        rule = Rule.COVERS
        if len(grids) > 1:
            rule = Rule.SMALLEST_ON_BORDER if on_border else Rule.SMALLEST_IN_OVERLAP
        return self._answer(
            Status.LOCATED,
            rule,
            grid,
            covering,
            on_border=on_border,
            border_m=self._net.outlines.border_m(grid, lon, lat),
            neighbour=(grids[1], 0.0) if len(grids) > 1 else self._net.outlines.nearest(lon, lat, but=grid),
        )

    def _snapped(self, lon: float, lat: float, covering: list[int], nearest: tuple[int, float]) -> Location:
        grid, metres = nearest
        neighbour = self._net.outlines.nearest(lon, lat, but=grid)
        return self._answer(
            Status.SNAPPED, Rule.NEAREST, grid, covering, on_border=False, border_m=metres, neighbour=neighbour
        )

    def _answer(
        self,
        status: Status,
        rule: Rule,
        grid: int | None,
        covering: list[int],
        *,
        on_border: bool,
        border_m: float | None,
        neighbour: tuple[int, float] | None,
    ) -> Location:
        levels = [self._level(kind, grid, covering) for kind in _LEVELS]
        return Location(
            status=status,
            rule=rule,
            grid=None if grid is None else self._refs[grid],
            specialised=tuple(self._refs[i] for i in covering if i in self._net.span(AreaKind.SPECIALISED)),
            village=levels[0],
            township=levels[1],
            county=levels[2],
            on_border=on_border,
            snapped=status is Status.SNAPPED,
            border_m=border_m,
            neighbour=None if neighbour is None else self._refs[neighbour[0]],
            neighbour_m=None if neighbour is None else neighbour[1],
        )

    def _level(self, kind: AreaKind, grid: int | None, covering: list[int]) -> AreaRef | None:
        """The grid's own village (township, county) by its parents; else the first of that kind over the point."""
        if grid is not None and (above := int(self._net.above[kind][grid])) >= 0:
            return self._refs[above]
        return next((self._refs[i] for i in covering if i in self._net.span(kind)), None)

    # many points

    def locate_many(self, lon: Floats, lat: Floats) -> LocatedMany:
        """Return where many WGS-84 points fall: for each the same answer as `locate`, as arrays.

        lon and lat are 1-dimensional and equally long, else ValueError. Points that are not numbers are `invalid`.
        """
        return locate_many(self._net, lon, lat)
