"""The raster: drawn once from outlines, then asked for one point in plain Python or for many in compiled loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.raster.layout import COUNT, DOUBT, HEAD, MORE, NOBODY, TINY, UNSURE, WORDS, Frame
from geo.sphere import M_PER_DEG

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.uint8]

CELLS_PER_CORNER = 2.0
"""Of the table. More make answers by the table alone likelier, until the table no longer fits the processor's cache:
past _ENOUGH cells (8 MB) it has fewer, but one per corner."""

_FEWEST, _ENOUGH, _MOST = 1 << 8, 1 << 21, 1 << 26
_SMALLEST_DEG = 1e-5  # a metre; float64 then still tells ten million places in a cell apart


class Arrays(NamedTuple):
    """All that a raster is made of. `ring_first` and `ring_owner` say which coordinates are whose."""

    table: Ints
    records: Ints
    xs: Floats
    ys: Floats
    ring_first: NDArray[np.int64]
    ring_owner: Ints


class Raster:
    """Which of many outlines cover a point, border included, without rounding. Safe to share between threads."""

    def __init__(self, arrays: Arrays, frame: Frame, *, count: int, reach: tuple[int, int]) -> None:
        """`count` outlines; `reach`: how many columns and rows away a border may be that a point is near to."""
        self.arrays, self.frame, self.count, self.reach = arrays, frame, count, reach
        # Through a memoryview one number comes out three times as fast as out of an array.
        self._table, self._records = arrays.table.data, arrays.records.data
        self._words = arrays.records.view(np.float32).data
        self._per_w, self._per_h = 1.0 / frame.w, 1.0 / frame.h

    @classmethod
    def draw(
        cls, outlines: Sequence[BaseGeometry], *, near_m: float = 0.0,
        cells_per_corner: float = CELLS_PER_CORNER,
    ) -> Raster:  # fmt: skip
        """Draw outlines (polygons and collections of them, lon/lat; an empty one covers nothing).

        Points within `near_m` metres of a border, but in no outline, will be told from those further off.
        """
        from geo.raster import drawing, packing

        xs, ys, ring_first, ring_owner = _coordinates(np.array(outlines, dtype=object))
        frame, reach = _frame(xs, ys, near_m / M_PER_DEG, cells_per_corner)
        table, edges, owners = drawing.sweep(xs, ys, ring_first, ring_owner, frame)
        if near_m:
            drawing.surround(table, frame, *reach)
        records = packing.pack(table, edges, owners, xs, ys, frame)
        arrays = Arrays(table, records, xs, ys, ring_first, ring_owner)
        return cls(arrays, frame, count=len(outlines), reach=reach)

    # one point

    def first(self, lon: float, lat: float) -> int:
        """Return the first outline that covers a point, or -1."""
        frame = self.frame
        u, v = (lon - frame.x0) * self._per_w, (lat - frame.y0) * self._per_h
        if not (0.0 <= u < frame.nx and 0.0 <= v < frame.ny):
            return NOBODY
        code = self._table[int(v) * frame.nx + int(u)]
        if code >= NOBODY:
            return code
        return next(self._covering(code, lon, lat, u, v), (NOBODY, False))[0]

    def covering(self, lon: float, lat: float) -> list[tuple[int, bool]]:
        """Return all outlines that cover a point, ascending, each with whether the point lies on its border."""
        frame = self.frame
        u, v = (lon - frame.x0) * self._per_w, (lat - frame.y0) * self._per_h
        if not (0.0 <= u < frame.nx and 0.0 <= v < frame.ny):
            return []
        code = self._table[int(v) * frame.nx + int(u)]
        if code >= NOBODY:
            return [(code, False)] if code >= 0 else []
        return list(self._covering(code, lon, lat, u, v))

    def near(self, lon: float, lat: float) -> bool:
        """Tell whether a border may be within `near_m` of a point that no outline covers."""
        frame = self.frame
        u, v = (lon - frame.x0) * self._per_w, (lat - frame.y0) * self._per_h
        return 0.0 <= u < frame.nx and 0.0 <= v < frame.ny and self._table[int(v) * frame.nx + int(u)] < NOBODY

    def _covering(self, code: int, lon: float, lat: float, u: float, v: float) -> Iterator[tuple[int, bool]]:
        """Follow a cell's code to its part and on to its records."""
        records, frame, column, row = self._records, self.frame, int(u), int(v)
        k = records[-2 - code]
        u, v = (u - column) * k, (v - row) * k
        part_column, part_row = min(int(u), k - 1), min(int(v), k - 1)
        code = records[-1 - code + part_row * k + part_column]
        if code >= NOBODY:
            if code >= 0:
                yield code, False
            return
        u, v, p, more = u - part_column - 0.5, v - part_row - 0.5, -2 - code, True
        while more:
            outlines, on = records[p] & COUNT, 0
            covering = self._masks(p, u, v)
            if covering is None:
                mx = _centre(frame.x0 + column * frame.w, part_column, frame.w / k)
                my = _centre(frame.y0 + row * frame.h, part_row, frame.h / k)
                covering, on = self._surely(p, mx, my, lon, lat)
            for slot in range(outlines):
                if covering >> slot & 1:
                    yield records[p + HEAD + slot], bool(on >> slot & 1)
            more = bool(records[p] & MORE)
            p += HEAD + outlines + WORDS * records[p + 1]

    def _masks(self, p: int, u: float, v: float) -> int | None:
        """`lookup._masks` for one point; None where it leaves a doubt."""
        records, words = self._records, self._words
        inside, q = records[p + 2], p + HEAD + (records[p] & COUNT)
        for _ in range(records[p + 1]):
            ax, ay, bx, by = words[q : q + 4]
            a, b, c = u * ay - v * ax, u * by - v * bx, ax * by - ay * bx
            d = a - b + c
            if min(abs(a), abs(b), abs(c), abs(d)) < UNSURE:
                return None
            if (a > 0.0) != (b > 0.0) and (c > 0.0) != (d > 0.0):
                inside ^= records[q + 4]
            q += WORDS
        return inside

    def _surely(self, p: int, mx: float, my: float, x: float, y: float) -> tuple[int, int]:
        """`lookup._surely` for one point."""
        records, xs, ys, on = self._records, self.arrays.xs, self.arrays.ys, 0
        inside, q = records[p + 2], p + HEAD + (records[p] & COUNT)
        for _ in range(records[p + 1]):
            mask, edge = records[q + 4], records[q + 5]
            low, high = sorted([(ys.item(edge), xs.item(edge)), (ys.item(edge + 1), xs.item(edge + 1))])
            (y1, x1), (y2, x2) = low, high
            left = side(x1, y1, x2, y2, mx, y) >= 0
            if y1 <= y <= y2:
                where = side(x1, y1, x2, y2, x, y)
                if where == 0 and min(x1, x2) <= x <= max(x1, x2):
                    on |= mask
                if y < y2 and left != (where >= 0):
                    inside ^= mask
            if (x1 < mx) != (x2 < mx) and (side(x1, y1, x2, y2, mx, my) >= 0) != left:
                inside ^= mask
            q += WORDS
        return inside | on, on

    # many points

    def look_up(self, lon: Floats, lat: Floats, *, threads: int = 1) -> tuple[Ints, Flags]:
        """Return the first outline that covers each point, or -1 (int32), and the flags of `layout` (uint8)."""
        from geo.raster import lookup

        first, flags = np.empty(lon.shape, np.int32), np.empty(lon.shape, np.uint8)
        cells = self._cells

        def some(begin: int, end: int) -> None:
            lookup.look_up(cells, lon[begin:end], lat[begin:end], first[begin:end], flags[begin:end])

        _in_turn_or_at_once(some, len(lon), threads)
        return first, flags

    def look_up_all(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], Ints]:
        """Return how many outlines cover each point (int64) and these, ascending, point after point (int32)."""
        from geo.raster import lookup

        return lookup.look_up_all(self._cells, lon, lat)

    def nearest_within(self, lon: Floats, lat: Floats, metres: float) -> Ints:
        """Return for each point the outline whose border is nearest, or -1 where none is within `metres`.

        In whole millimetres, the first of equals; `metres` is at most the `near_m` that the raster was drawn for.
        """
        from geo.raster import metres as measuring

        return measuring.nearest_within(self._cells, lon, lat, *self.reach, metres, M_PER_DEG)

    def border_m(self, lon: Floats, lat: Floats, owner: Ints) -> Floats:
        """Return the metres from each point to the border of one outline each, NaN where that is -1."""
        from geo.raster import metres as measuring

        begins, ends, boxes, of = self._stretches
        arrays = self.arrays
        return measuring.metres_to_border(
            arrays.xs, arrays.ys, begins, ends, boxes, of, lon, lat, owner, M_PER_DEG
        )  # fmt: skip

    @property
    def _cells(self) -> tuple[Ints, Ints, Floats, Floats, Frame]:
        arrays = self.arrays
        return arrays.table, arrays.records, arrays.xs, arrays.ys, self.frame

    @cached_property
    def _stretches(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64]]:
        """Rings cut into stretches of edges: where each begins and ends, its box, and where each outline's begin."""
        from geo.raster import metres as measuring

        ring_first, ring_owner = self.arrays.ring_first, self.arrays.ring_owner
        edges = np.maximum(np.diff(ring_first) - 1, 0)
        counts = -(-edges // measuring.STRETCH)
        first = np.concatenate(([0], np.cumsum(counts)))
        ring = np.repeat(np.arange(len(counts)), counts)
        begins = ring_first[:-1][ring] + (np.arange(first[-1]) - first[:-1][ring]) * measuring.STRETCH
        ends = np.minimum(begins + measuring.STRETCH, ring_first[1:][ring] - 1)
        boxes = measuring.boxes_of_stretches(self.arrays.xs, self.arrays.ys, ring_first, first)
        return begins, ends, boxes, np.searchsorted(ring_owner[ring], np.arange(self.count + 1))


def side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float | Fraction:
    """Return a number > 0 where (x, y) is left of the line from a to b, < 0 where right, exactly 0 where on it."""
    left = (ax - x) * (by - y)
    right = (ay - y) * (bx - x)
    if abs(left - right) > DOUBT * (abs(left) + abs(right)) + TINY:
        return left - right
    fx, fy = Fraction(x), Fraction(y)
    return (Fraction(ax) - fx) * (Fraction(by) - fy) - (Fraction(ay) - fy) * (Fraction(bx) - fx)


def _centre(start: float, k: int, width: float) -> float:
    """`sides.centre`, to the same last bit."""
    return (start + k * width) + 0.5 * width


def _in_turn_or_at_once(some: Callable[[int, int], Any], n: int, threads: int) -> None:
    if threads == 1:
        some(0, n)
        return
    cuts = np.linspace(0, n, threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, cuts[:-1], cuts[1:]))


def _coordinates(outlines: NDArray[np.object_]) -> tuple[Floats, Floats, NDArray[np.int64], Ints]:
    """All rings in a row: x, y, where each ring begins (and the last ends), and whose it is."""
    parts, owner = shapely.get_parts(outlines, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy = shapely.get_coordinates(rings)
    first = np.concatenate(([0], np.cumsum(shapely.get_num_coordinates(rings), dtype=np.int64)))
    return xy[:, 0].copy(), xy[:, 1].copy(), first.astype(np.int64), owner[part].astype(np.int32)


def _frame(xs: Floats, ys: Floats, near_deg: float, per_corner: float) -> tuple[Frame, tuple[int, int]]:
    """Cells about as wide as high on the ground, over all outlines and what is near them."""
    if not len(xs):
        return Frame(0.0, 0.0, 1.0, 1.0, 1, 1), (0, 0)
    near_deg *= 1.01
    south, north = float(ys.min()) - near_deg, float(ys.max()) + near_deg
    squeeze = math.cos(math.radians(min(max(abs(south), abs(north)), 89.0)))
    west, east = float(xs.min()) - near_deg / squeeze, float(xs.max()) + near_deg / squeeze
    cells = min(max(min(per_corner * len(xs), max(_ENOUGH, len(xs))), _FEWEST), _MOST)
    h = max(math.sqrt((east - west) * squeeze * (north - south) / cells), _SMALLEST_DEG)
    w = h / squeeze
    x0, y0 = west - w / 2, south - h / 2
    frame = Frame(x0, y0, w, h, int((east - x0) / w) + 2, int((north - y0) / h) + 2)
    return frame, (int(near_deg / squeeze / w) + 1, int(near_deg / h) + 1)
