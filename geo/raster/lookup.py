"""Many points looked up in a raster at a time; see `geo.raster.layout` for the numbers."""

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled
from geo.raster.drawing import Ints, longer
from geo.raster.layout import AHEAD, COUNT, HEAD, MORE, NEAR, ON_BORDER, UNSURE, WORDS, Frame
from geo.raster.sides import Floats, centre, side, upward

_BLOCK = 2048  # points
_DOUBT = np.float32(UNSURE)
_LOWEST = np.array([0] + [(mask & -mask).bit_length() - 1 for mask in range(1, 64)], np.int32)
_U1, _U2, _U3, _U4, _UW = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4), np.uint64(WORDS)

Cells = tuple[Ints, Ints, Floats, Floats, Frame]
"""Table, records, x and y of the coordinates, frame."""


@compiled
def _masks(records: Ints, words: NDArray[np.float32], p: int, u: float, v: float) -> tuple[np.int32, bool]:
    """Which outlines of a record cover a point, and whether float32 leaves a doubt; (u, v): parts from the centre."""
    at = np.uint64(p)  # numba would ask of every signed index whether it counts from the end
    inside, pu, pv = records[at + _U2], np.float32(u), np.float32(v)
    zero, unsure = np.float32(0.0), False
    q = at + _U3 + np.uint64(records[at] & COUNT)
    end = q + np.uint64(records[at + _U1]) * _UW
    while q < end:
        ax, ay, bx, by = words[q], words[q + _U1], words[q + _U2], words[q + _U3]
        # Twice the areas of the triangles that the edge's ends, the centre and the point make.
        a, b, c = pu * ay - pv * ax, pu * by - pv * bx, ax * by - ay * bx
        d = a - b + c
        unsure |= (abs(a) < _DOUBT) | (abs(b) < _DOUBT) | (abs(c) < _DOUBT) | (abs(d) < _DOUBT)
        crossed = ((a > zero) ^ (b > zero)) & ((c > zero) ^ (d > zero))
        inside ^= records[q + _U4] * np.int32(crossed)
        q += _UW
    return inside, unsure


@compiled
def _surely(cells: Cells, p: int, x: float, y: float) -> tuple[np.int32, np.int32]:
    """Which outlines of a record cover a point, border included, and on whose border it lies: without rounding."""
    table, records, xs, ys, (x0, y0, w, h, nx, _) = cells
    u, v = (x - x0) * (1.0 / w), (y - y0) * (1.0 / h)
    column, row = int(u), int(v)
    k = records[-2 - table[row * nx + column]]
    part_column, part_row = min(int((u - column) * k), k - 1), min(int((v - row) * k), k - 1)
    mx, my = centre(x0 + column * w, part_column, w / k), centre(y0 + row * h, part_row, h / k)
    inside, on = records[p + 2], np.int32(0)
    q = p + HEAD + (records[p] & COUNT)
    for _edge in range(records[p + 1]):
        x1, y1, x2, y2 = upward(xs[records[q + 5]], ys[records[q + 5]], xs[records[q + 5] + 1], ys[records[q + 5] + 1])
        mask = records[q + 4]
        left = side(x1, y1, x2, y2, mx, y) >= 0.0
        if y1 <= y <= y2:
            where = side(x1, y1, x2, y2, x, y)
            if where == 0.0 and min(x1, x2) <= x <= max(x1, x2):
                on |= mask
            if y < y2 and left != (where >= 0.0):
                inside ^= mask
        if (x1 < mx) != (x2 < mx) and (side(x1, y1, x2, y2, mx, my) >= 0.0) != left:
            inside ^= mask
        q += WORDS
    return inside | on, on


@compiled
def _lowest(mask: np.int32) -> int:
    """The place of the lowest bit of a mask that has one."""
    if mask < 64:
        return int(_LOWEST[mask])
    slot = 6
    while not mask >> slot & 1:
        slot += 1
    return slot if mask & 63 == 0 else int(_LOWEST[mask & 63])


@compiled
def _first_of(
    cells: Cells, words: NDArray[np.float32], p: int, x: float, y: float, u: float, v: float
) -> tuple[int, int]:
    """The first outline of a record, and of those that follow it, that covers a point; and the point's flags."""
    records, found, flags, more = cells[1], -1, 0, True
    while more:
        covering, unsure = _masks(records, words, p, u, v)
        if unsure:
            covering, on = _surely(cells, p, x, y)
            if on:
                flags = ON_BORDER
        if covering and found < 0:
            found = records[p + HEAD + _lowest(covering)]
        more = (records[p] & MORE) != 0
        p += HEAD + (records[p] & COUNT) + WORDS * records[p + 1]
    return found, flags if found >= 0 else NEAR


@compiled
def look_up(cells: Cells, lon: Floats, lat: Floats, first: Ints, flags: NDArray[np.uint8]) -> int:
    """Write the first outline that covers each point, or -1, and its flags. The number returned means nothing.

    In blocks and in stages, so that the memory is asked for many points at a time: the codes of the cells, where these
    lead, the codes of the parts, the first lines of their records, and at last what is in them.
    """
    table, records, _, _, (x0, y0, w, h, nx, ny) = cells
    words = records.view(np.float32)
    todo, us, vs, seen = np.empty(_BLOCK, np.int64), np.empty(_BLOCK), np.empty(_BLOCK), 0
    per_w, per_h = 1.0 / w, 1.0 / h
    for start in range(0, lon.shape[0], _BLOCK):
        stop, listed, n = min(start + _BLOCK, lon.shape[0]), 0, 0
        for i in range(start, stop):
            u, v = (lon[i] - x0) * per_w, (lat[i] - y0) * per_h
            if u >= 0.0 and v >= 0.0 and u < nx and v < ny:  # not so for what is no number
                first[i] = table[int(v) * nx + int(u)]
            else:
                first[i] = -1
        for i in range(start, stop):
            flags[i] = 0
            todo[listed] = i
            listed += first[i] < -1
        for at in range(listed):
            seen += records[-2 - first[todo[at]]]
        for at in range(listed):
            i = todo[at]
            u, v, p = (lon[i] - x0) * per_w, (lat[i] - y0) * per_h, -2 - first[i]
            k = records[p]
            u, v = (u - int(u)) * k, (v - int(v)) * k
            column, row = min(int(u), k - 1), min(int(v), k - 1)
            code = records[p + 1 + row * k + column]
            first[i], flags[i] = code, NEAR * (code == -1)
            us[n], vs[n], todo[n] = u - column - 0.5, v - row - 0.5, i
            n += code < -1
        for at in range(n):
            p = -2 - first[todo[at]]
            seen += records[p] + records[p + AHEAD // 2] + records[p + AHEAD]
        for at in range(n):
            i = todo[at]
            p = -2 - first[i]
            covering, unsure = _masks(records, words, p, us[at], vs[at])
            if unsure or covering == 0 or records[p] & MORE:
                first[i], flags[i] = _first_of(cells, words, p, lon[i], lat[i], us[at], vs[at])
            else:
                first[i] = records[p + HEAD + _lowest(covering)]
    return seen


@compiled
def look_up_all(cells: Cells, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], Ints]:
    """Return all outlines that cover each point, ascending: how many each point has, and the outlines in a row."""
    table, records, _, _, (x0, y0, w, h, nx, ny) = cells
    words = records.view(np.float32)
    counts, found, n = np.zeros(lon.shape[0], np.int64), np.empty(1024, np.int32), 0
    for i in range(lon.shape[0]):
        u, v = (lon[i] - x0) * (1.0 / w), (lat[i] - y0) * (1.0 / h)
        if not (u >= 0.0 and v >= 0.0 and u < nx and v < ny):
            continue
        code, before = table[int(v) * nx + int(u)], n
        if code < -1:
            p = -2 - code
            k = records[p]
            u, v = (u - int(u)) * k, (v - int(v)) * k
            column, row = min(int(u), k - 1), min(int(v), k - 1)
            code = records[p + 1 + row * k + column]
            u, v = u - column - 0.5, v - row - 0.5
        if code >= 0:
            found = longer(found, n, n + 1)
            found[n] = code
            n += 1
        p, more = -2 - code, code < -1
        while more:
            covering, unsure = _masks(records, words, p, u, v)
            if unsure:
                covering, _on = _surely(cells, p, lon[i], lat[i])
            outlines = records[p] & COUNT
            found = longer(found, n, n + outlines)
            for slot in range(outlines):
                if covering >> slot & 1:
                    found[n] = records[p + HEAD + slot]
                    n += 1
            more = (records[p] & MORE) != 0
            p += HEAD + outlines + WORDS * records[p + 1]
        counts[i] = n - before
    return counts, found[:n].copy()
