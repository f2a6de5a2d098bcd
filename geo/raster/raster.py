"""The raster: drawn once from outlines, then asked for one point in plain Python or for many in compiled loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.raster.layout import (
    BORDER_FROM,
    CORNER,
    DOUBT,
    EMPTY,
    HEAD,
    LONGEST,
    MORE,
    NOBODY,
    RUN,
    RUNS_FROM,
    SLOTS,
    TINY,
    UNSURE,
    Frame,
)
from geo.sphere import M_PER_DEG

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Flags = NDArray[np.uint8]

CELLS_PER_CORNER = 4.0
"""Of the table. More make answers by the table alone likelier, until the table no longer fits the processor's cache:
past _ENOUGH cells (8 MB) it has fewer, but one per corner."""

_FEWEST, _ENOUGH, _MOST = 1 << 8, 1 << 21, 1 << 26
_SMALLEST_DEG = 1e-5  # a metre; float64 then still tells ten million places in a cell apart


class Arrays(NamedTuple):
    """All that a raster is made of. `ring_first` and `ring_owner` say which coordinates are whose."""

    table: Ints
    records: Ints
    xy: Floats
    ring_first: NDArray[np.int64]
    ring_owner: Ints

    @property
    def xs(self) -> Floats:
        """Longitudes of the coordinates."""
        return self.xy[::2]

    @property
    def ys(self) -> Floats:
        """Latitudes of the coordinates."""
        return self.xy[1::2]


class Raster:
    """Which of many outlines cover a point, border included, without rounding. Safe to share between threads."""

    def __init__(self, arrays: Arrays, frame: Frame, *, count: int, reach: tuple[int, int]) -> None:
        """`count` outlines; `reach`: how many columns and rows away a border may be that a point is near to."""
        self.arrays, self.frame, self.count, self.reach = arrays, frame, count, reach
        # Through a memoryview one number comes out three times as fast as out of an array.
        self._table, self._records = arrays.table.data, arrays.records.data
        self._words, self._xy = arrays.records.view(np.float32).data, arrays.xy.data
        self._per_w, self._per_h = 1.0 / frame.w, 1.0 / frame.h

    @classmethod
    def draw(
        cls, outlines: Sequence[BaseGeometry], *, near_m: float = 0.0,
        cells_per_corner: float = CELLS_PER_CORNER,
    ) -> Raster:  # fmt: skip
        """Draw outlines (polygons and collections of them, lon/lat; an empty one covers nothing).

        Points within `near_m` metres of a border, but in no outline, will be told from those further off.
        """
        from geo.raster import bands
        from geo.raster.rings import rings_of

        rings = rings_of(outlines)
        frame, reach = _frame(rings.boxes, len(rings.xy) // 2, near_m / M_PER_DEG, cells_per_corner)
        table, records = bands.draw(rings, frame, reach if near_m else None)
        ring_owner = np.repeat(np.arange(len(outlines), dtype=np.int32), np.diff(rings.of))
        arrays = Arrays(table, records, rings.xy, rings.first, ring_owner)
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
        records, frame, column, row, p = self._records, self.frame, int(u), int(v), EMPTY - code
        u, v, k, part_column, part_row = u - column, v - row, -records[p], 0, 0
        if k > 0:
            part_column, part_row = min(int(u * k), k - 1), min(int(v * k), k - 1)
            code = records[p + 1 + part_row * k + part_column]
            if code >= NOBODY:
                if code >= 0:
                    yield code, False
                return
            u, v, p = u * k - part_column, v * k - part_row, p + EMPTY - code
        more, k = True, max(k, 1)
        while more:
            outlines, on = records[p] & SLOTS, 0
            covering, end = self._masks(p, u - 0.5, v - 0.5)
            if covering is None:
                mx = _centre(frame.x0 + column * frame.w, part_column, frame.w / k)
                my = _centre(frame.y0 + row * frame.h, part_row, frame.h / k)
                covering, on = self._surely(p, mx, my, lon, lat)
            for slot in range(outlines):
                if covering >> slot & 1:
                    yield records[p + HEAD + slot], bool(on >> slot & 1)
            more, p = bool(records[p] & MORE), end

    def _masks(self, p: int, u: float, v: float) -> tuple[int | None, int]:
        """`lookup._masks` for one point; None where it leaves a doubt."""
        records, words, sure = self._records, self._words, True
        inside, q = records[p + 1], p + HEAD + (records[p] & SLOTS)
        for _run in range(records[p] >> RUNS_FROM):
            border, bx, by = records[q + 1], words[q + 2], words[q + 3]
            b, q = u * by - v * bx, q + RUN + CORNER
            for at in range(q, q + CORNER * (border & LONGEST), CORNER):
                ax, ay, a = bx, by, b
                bx, by = words[at], words[at + 1]
                b, c = u * by - v * bx, ax * by - ay * bx
                d = a - b + c
                sure &= min(abs(a), abs(b), abs(c), abs(d)) >= UNSURE
                if (a > 0.0) != (b > 0.0) and (c > 0.0) != (d > 0.0):
                    inside ^= border >> BORDER_FROM
            q += CORNER * (border & LONGEST)
        return inside if sure else None, q

    def _surely(self, p: int, mx: float, my: float, x: float, y: float) -> tuple[int, int]:
        """`lookup._surely` for one point."""
        records, xy, on = self._records, self._xy, 0
        inside, q = records[p + 1], p + HEAD + (records[p] & SLOTS)
        for _run in range(records[p] >> RUNS_FROM):
            mask, edges = records[q + 1] >> BORDER_FROM, records[q + 1] & LONGEST
            for at in range(2 * records[q], 2 * (records[q] + edges), 2):
                (y1, x1), (y2, x2) = sorted([(xy[at + 1], xy[at]), (xy[at + 3], xy[at + 2])])
                left = side(x1, y1, x2, y2, mx, y) >= 0
                if y1 <= y <= y2:
                    where = side(x1, y1, x2, y2, x, y)
                    if where == 0 and min(x1, x2) <= x <= max(x1, x2):
                        on |= mask
                    if y < y2 and left != (where >= 0):
                        inside ^= mask
                if (x1 < mx) != (x2 < mx) and (side(x1, y1, x2, y2, mx, my) >= 0) != left:
                    inside ^= mask
            q += RUN + CORNER * (1 + edges)
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
            arrays.xy, begins, ends, boxes, of, lon, lat, owner, M_PER_DEG
        )  # fmt: skip

    @property
    def _cells(self) -> tuple[Ints, Ints, Floats, Frame]:
        return self.arrays.table, self.arrays.records, self.arrays.xy, self.frame

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
        boxes = measuring.boxes_of_stretches(self.arrays.xy, ring_first, first)
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


def _frame(boxes: Floats, corners: int, near_deg: float, per_corner: float) -> tuple[Frame, tuple[int, int]]:
    """Cells about as wide as high on the ground, over all outlines and what is near them."""
    if not corners:
        return Frame(0.0, 0.0, 1.0, 1.0, 1, 1), (0, 0)
    near_deg *= 1.01
    least, most = boxes.min(axis=0), boxes.max(axis=0)
    south, north = float(least[1]) - near_deg, float(most[3]) + near_deg
    squeeze = math.cos(math.radians(min(max(abs(south), abs(north)), 89.0)))
    west, east = float(least[0]) - near_deg / squeeze, float(most[2]) + near_deg / squeeze
    cells = min(max(min(per_corner * corners, max(_ENOUGH, corners)), _FEWEST), _MOST)
    h = max(math.sqrt((east - west) * squeeze * (north - south) / cells), _SMALLEST_DEG)
    w = h / squeeze
    x0, y0 = west - w / 2, south - h / 2
    frame = Frame(x0, y0, w, h, int((east - x0) / w) + 2, int((north - y0) / h) + 2)
    return frame, (int(near_deg / squeeze / w) + 1, int(near_deg / h) + 1)
