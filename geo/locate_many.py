"""Where many points fall: the bulk half of `geo.locate`, by the same rule and on the same rasters.

A million points over 874 grids of 500 vertices take some hundredths of a second on one core; the levels, the
specialised grids and the distances to borders are found when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.codes import AreaKind
from geo.crs import Floats
from geo.raster.layout import NEAR, ON_BORDER
from geo.raster.raster import Raster

Indices = NDArray[np.int32]
Flags = NDArray[np.bool_]


class Coded(Protocol):
    """What is asked of an area here."""

    @property
    def code(self) -> str: ...
    @property
    def outline(self) -> BaseGeometry: ...


class Net:
    """The areas of one moment, ready to be asked.

    `spans` says which positions each kind takes; comprehensive grids come first. `above` holds, per level and per
    comprehensive grid, the position of the village, township or county that its chain of parents names, or -1.
    """

    def __init__(
        self,
        areas: Sequence[Coded],
        spans: Mapping[AreaKind, range],
        above: Mapping[AreaKind, Indices],
        snap_m: float,
        draw: Callable[[Sequence[BaseGeometry], float], Raster],
    ) -> None:
        """`draw` makes the raster of some outlines, given the metres within which a border is near."""
        self.areas, self.spans, self.above, self.snap_m = areas, spans, above, snap_m
        self._draw = draw
        self._rasters: dict[AreaKind, Raster] = {}

    def span(self, kind: AreaKind) -> range:
        """The positions of a kind."""
        return self.spans.get(kind, range(0))

    @property
    def grids(self) -> range:
        """The positions of the comprehensive grids."""
        return self.span(AreaKind.COMPREHENSIVE)

    def raster(self, kind: AreaKind) -> Raster:
        """The raster of a kind: its positions are counted from the first of the kind. Drawn when first asked for."""
        if kind not in self._rasters:  # two threads may both draw: the same, and either may stay
            near_m = self.snap_m if kind is AreaKind.COMPREHENSIVE else 0.0
            self._rasters[kind] = self._draw([self.areas[i].outline for i in self.span(kind)], near_m)
        return self._rasters[kind]


class LocatedMany:
    """Where n points fall. Areas are given as positions in the locator's `areas`, -1 for none.

    grid, village, township, county: int32 (n,). on_border, snapped, invalid: bool (n,). The specialised grids of
    point i are specialised_values[specialised_offsets[i]:specialised_offsets[i + 1]], in code order; offsets are
    int64 (n + 1,), values int32. All but grid and the flags are found when first asked for.
    """

    def __init__(
        self, net: Net, lon: Floats, lat: Floats, grid: Indices, on_border: Flags, snapped: Flags, invalid: Flags
    ) -> None:
        self.net, self.lon, self.lat = net, lon, lat
        self.grid, self.on_border, self.snapped, self.invalid = grid, on_border, snapped, invalid

    def __len__(self) -> int:
        return len(self.lon)

    @cached_property
    def village(self) -> Indices:
        """The village of each point, by its grid's parents, else the first whose outline covers the point."""
        return self._level(AreaKind.VILLAGE)

    @cached_property
    def township(self) -> Indices:
        """The township, found like the village."""
        return self._level(AreaKind.TOWNSHIP)

    @cached_property
    def county(self) -> Indices:
        """The county, found like the village."""
        return self._level(AreaKind.COUNTY)

    @property
    def specialised_offsets(self) -> NDArray[np.int64]:
        """Where the specialised grids of each point begin."""
        return self._specialised[0]

    @property
    def specialised_values(self) -> Indices:
        """The specialised grids of all points in a row."""
        return self._specialised[1]

    def status(self) -> NDArray[np.str_]:
        """Return `located`, `snapped`, `unlocated` or `invalid` for each point."""
        found = np.where(self.grid >= 0, np.where(self.snapped, "snapped", "located"), "unlocated")
        return np.where(self.invalid, "invalid", found)

    def codes(self, positions: Indices) -> NDArray[np.object_]:
        """Return the code of each area in an array of positions (such as `grid`), "" for none."""
        codes = np.array([*(area.code for area in self.net.areas), ""], dtype=object)
        return codes[positions]

    def specialised_codes(self, separator: str = ";") -> NDArray[np.object_]:
        """Return for each point the codes of its specialised grids, joined; "" for none."""
        joined = np.full(len(self), "", dtype=object)
        codes, first = self.codes(self.specialised_values), self.specialised_offsets
        for i in np.flatnonzero(np.diff(first)):
            joined[i] = separator.join(codes[first[i] : first[i + 1]])
        return joined

    def border_m(self) -> Floats:
        """Return the metres from each point to the nearest border of its grid, NaN without one, as `Location` does."""
        return self.net.raster(AreaKind.COMPREHENSIVE).border_m(self.lon, self.lat, self.grid)

    @cached_property
    def _specialised(self) -> tuple[NDArray[np.int64], Indices]:
        counts, values = self.net.raster(AreaKind.SPECIALISED).look_up_all(self.lon, self.lat)
        first = self.net.span(AreaKind.SPECIALISED).start
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), values + np.int32(first)

    def _level(self, kind: AreaKind) -> Indices:
        level = np.full(len(self), -1, dtype=np.int32)
        placed = self.grid >= 0
        level[placed] = self.net.above[kind][self.grid[placed]]
        missing = np.flatnonzero((level < 0) & ~self.invalid)
        if missing.size and self.net.span(kind):
            found, _ = self.net.raster(kind).look_up(self.lon[missing], self.lat[missing])
            level[missing] = np.where(found >= 0, found + self.net.span(kind).start, -1)
        return level


def locate_many(net: Net, lon: Floats, lat: Floats, *, threads: int = 1) -> LocatedMany:
    """Locate points; see `Locator.locate_many`."""
    lon, lat = np.ascontiguousarray(lon, dtype=np.float64), np.ascontiguousarray(lat, dtype=np.float64)
    if lon.ndim != 1 or lon.shape != lat.shape:
        raise ValueError(f"lon and lat must be two rows of numbers of one length, not {lon.shape} and {lat.shape}")
    raster = net.raster(AreaKind.COMPREHENSIVE)
    grid, flags = raster.look_up(lon, lat, threads=threads)
    invalid = ~(np.isfinite(lon) & np.isfinite(lat))
    snapped = np.zeros(len(lon), dtype=np.bool_)
    near = np.flatnonzero(flags == NEAR)
    if near.size:
        grid[near] = raster.nearest_within(lon[near], lat[near], net.snap_m)
        snapped[near] = grid[near] >= 0
    return LocatedMany(net, lon, lat, grid, flags == ON_BORDER, snapped, invalid)
