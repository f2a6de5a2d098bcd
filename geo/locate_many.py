"""Where many points fall: the bulk half of `geo.locate`, by the same rule and on the same index.

A million points over 874 grids of 700 vertices take about a second, and the distances to their borders three more.
Work goes in blocks of points, so memory grows with the answer alone: some 30 bytes per point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.codes import AreaKind
from geo.crs import Floats
from geo.outlines import M_PER_DEG, Outlines, Positions, Sorted, border_of

Indices = NDArray[np.int32]
Flags = NDArray[np.bool_]

BLOCK = 1 << 19
"""Points worked on together."""

_BAND_DEG = 0.01


class Coded(Protocol):
    """What is asked of an area here."""

    @property
    def code(self) -> str: ...
    @property
    def outline(self) -> BaseGeometry: ...


@dataclass(frozen=True)
class Net:
    """The areas of one moment, ready to be asked.

    `spans` says which positions each kind takes; comprehensive grids come first. `above` holds, per level and per
    comprehensive grid, the position of the village, township or county that its chain of parents names, or -1.
    """

    areas: Sequence[Coded]
    outlines: Outlines
    spans: Mapping[AreaKind, range]
    above: Mapping[AreaKind, Indices]
    snap_m: float

    def span(self, kind: AreaKind) -> range:
        """The positions of a kind."""
        return self.spans.get(kind, range(0))

    @property
    def grids(self) -> range:
        """The positions of the comprehensive grids."""
        return self.span(AreaKind.COMPREHENSIVE)


@dataclass(frozen=True)
class LocatedMany:
    """Where n points fall. Areas are given as positions in the locator's `areas`, -1 for none.

    grid, village, township, county: int32 (n,). on_border, snapped, invalid: bool (n,). The specialised grids of
    point i are specialised_values[specialised_offsets[i]:specialised_offsets[i + 1]], in code order; offsets are
    int64 (n + 1,), values int32.
    """

    net: Net
    lon: Floats
    lat: Floats
    grid: Indices
    village: Indices
    township: Indices
    county: Indices
    on_border: Flags
    snapped: Flags
    invalid: Flags
    specialised_offsets: NDArray[np.int64]
    specialised_values: Indices

    def __len__(self) -> int:
        return len(self.lon)

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
        """Return the metres from each point to the nearest border of its grid, NaN without one. Computed when asked.

        GEOS finds the nearest place of the border on a plane true to within 0.01° of the point's latitude, and it is
        measured as `Location.border_m` is: the two differ by less than 0.05 % at latitudes below 54°, and nearly always
        by nothing.
        """
        metres = np.full(len(self), np.nan)
        placed = np.flatnonzero(self.grid >= 0)
        order = placed[np.lexsort((self.lat[placed], self.grid[placed]))]
        for group in _split_where_changes(self.grid[order], order):
            border = border_of(self.net.areas[self.grid[group[0]]].outline)
            bands = np.floor(self.lat[group] / _BAND_DEG)
            for band in _split_where_changes(bands, group):
                metres[band] = _metres_to(border, self.lon[band], self.lat[band])
        return metres


def _split_where_changes(keys: NDArray[np.generic], values: Positions) -> list[Positions]:
    """Cut `values` wherever two neighbours' keys differ; none for nothing."""
    return np.split(values, np.flatnonzero(keys[1:] != keys[:-1]) + 1) if values.size else []


def _metres_to(border: BaseGeometry, lon: Floats, lat: Floats) -> Floats:
    """Metres from points in one narrow band of latitude to a border in degrees."""
    squeeze = float(np.cos(np.radians(lat.mean())))
    plane = shapely.transform(border, lambda at: at * (squeeze, 1.0))
    shapely.prepare(plane)
    metres = np.empty_like(lon)
    for start in range(0, len(lon), 1 << 16):
        some = slice(start, start + (1 << 16))
        lines = shapely.shortest_line(plane, shapely.points(lon[some] * squeeze, lat[some]))
        nearest = shapely.get_coordinates(lines)[::2]
        x = (nearest[:, 0] / squeeze - lon[some]) * np.cos(np.radians(lat[some]))
        metres[some] = np.hypot(x, nearest[:, 1] - lat[some]) * M_PER_DEG
    return metres


# --- locating ---------------------------------------------------------------------------------------------------


def locate_many(net: Net, lon: Floats, lat: Floats) -> LocatedMany:
    """Locate points block by block; see `Locator.locate_many`."""
    lon, lat = np.ascontiguousarray(lon, dtype=np.float64), np.ascontiguousarray(lat, dtype=np.float64)
    if lon.ndim != 1 or lon.shape != lat.shape:
        raise ValueError(f"lon and lat must be two rows of numbers of one length, not {lon.shape} and {lat.shape}")
    blocks = [_locate_block(net, lon[i : i + BLOCK], lat[i : i + BLOCK]) for i in range(0, max(len(lon), 1), BLOCK)]
    values = np.concatenate([block.specialised_values for block in blocks])
    counts = np.concatenate([np.diff(block.specialised_offsets) for block in blocks])
    return LocatedMany(
        net, lon, lat,
        grid=np.concatenate([block.grid for block in blocks]),
        village=np.concatenate([block.village for block in blocks]),
        township=np.concatenate([block.township for block in blocks]),
        county=np.concatenate([block.county for block in blocks]),
        on_border=np.concatenate([block.on_border for block in blocks]),
        snapped=np.concatenate([block.snapped for block in blocks]),
        invalid=np.concatenate([block.invalid for block in blocks]),
        specialised_offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        specialised_values=values,
    )  # fmt: skip


def _locate_block(net: Net, lon: Floats, lat: Floats) -> LocatedMany:
    invalid = ~(np.isfinite(lon) & np.isfinite(lat))
    points = Sorted.of(lon, lat, np.flatnonzero(~invalid))
    grid, on_border = _covering_grids(net, points, len(lon))
    snapped = _snap(net, lon, lat, grid, invalid)
    offsets, values = _specialised(net, points, len(lon))
    village, township, county = (
        _level(net, kind, lon, lat, grid, invalid) for kind in (AreaKind.VILLAGE, AreaKind.TOWNSHIP, AreaKind.COUNTY)
    )
    return LocatedMany(
        net, lon, lat, grid, village, township, county, on_border, snapped, invalid, offsets, values
    )  # fmt: skip


def _covering_grids(net: Net, points: Sorted, n: int) -> tuple[Indices, Flags]:
    """The first comprehensive grid that covers each point, and whether the point is on a border."""
    grid, on_border = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.bool_)
    for position, covered in net.outlines.sweep(points, net.grids):
        at = points.at[covered]
        on_border[at] |= ~net.outlines.off_border(position, points, covered)
        grid[at[grid[at] < 0]] = position
    return grid, on_border


def _snap(net: Net, lon: Floats, lat: Floats, grid: Indices, invalid: Flags) -> Flags:
    """Give points outside every grid to the nearest within reach, in place, and return which they were."""
    snapped = np.zeros(len(lon), dtype=np.bool_)
    outside = np.flatnonzero((grid < 0) & ~invalid)
    if outside.size:
        points = Sorted.of(lon, lat, outside)
        grid[points.at] = net.outlines.nearest_within(points, net.snap_m)
        snapped[outside] = grid[outside] >= 0
    return snapped


def _specialised(net: Net, points: Sorted, n: int) -> tuple[NDArray[np.int64], Indices]:
    """All specialised grids over each point, as offsets and values."""
    at: list[Positions] = [np.empty(0, dtype=np.intp)]
    values: list[Indices] = [np.empty(0, dtype=np.int32)]
    for position, covered in net.outlines.sweep(points, net.span(AreaKind.SPECIALISED)):
        at.append(points.at[covered])
        values.append(np.full(covered.size, position, dtype=np.int32))
    of = np.concatenate(at)
    counts = np.bincount(of, minlength=n)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return offsets, np.concatenate(values)[np.argsort(of, kind="stable")]  # stable: values stay in code order


def _level(net: Net, kind: AreaKind, lon: Floats, lat: Floats, grid: Indices, invalid: Flags) -> Indices:
    """Each point's village (township, county): by its grid's parents, else the first of that kind that covers it."""
    level = np.full(len(lon), -1, dtype=np.int32)
    placed = grid >= 0
    level[placed] = net.above[kind][grid[placed]]
    missing = np.flatnonzero((level < 0) & ~invalid)
    if missing.size and net.span(kind):
        points = Sorted.of(lon, lat, missing)
        for position, covered in net.outlines.sweep(points, net.span(kind)):
            at = points.at[covered]
            level[at[level[at] < 0]] = position
    return level
