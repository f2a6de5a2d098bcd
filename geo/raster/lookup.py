"""Many points looked up in a raster at a time; see `geo.raster.layout` for the numbers."""

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled, inlined
from geo.raster.drawing import Ints, longer
from geo.raster.layout import (
    AHEAD,
    BORDER_FROM,
    CORNER,
    EMPTY,
    HEAD,
    LONGEST,
    MORE,
    NEAR,
    NOBODY,
    ON_BORDER,
    RUN,
    RUNS_FROM,
    SLOTS,
    UNSURE,
    Frame,
)
from geo.raster.sides import Floats, centre, side, upward

_BLOCK = 1024  # points
_DOUBT = np.float32(UNSURE)
_LOWEST = np.array([0] + [(mask & -mask).bit_length() - 1 for mask in range(1, 64)], np.int32)
_U1, _HEAD, _RUN, _CORNER = np.uint64(1), np.uint64(HEAD), np.uint64(RUN), np.uint64(CORNER)

Cells = tuple[Ints, Ints, Floats, Frame]
"""Table, records, coordinates, frame."""


@inlined
def _masks(records: Ints, words: NDArray[np.float32], p: int, u: float, v: float) -> tuple[np.int32, bool, np.int64]:
    """Which outlines of a record cover a point, whether float32 leaves a doubt, and where the record ends.

    (u, v): parts from the centre.
    """
    at = np.uint64(p)  # numba would ask of every signed index whether it counts from the end
    inside, pu, pv = records[at + _U1], np.float32(u), np.float32(v)
    zero, unsure = np.float32(0.0), False
    q = at + _HEAD + np.uint64(records[at] & SLOTS)
    for _run in range(records[at] >> RUNS_FROM):
        border = records[q + _U1]
        q += _RUN
        bx, by = words[q], words[q + _U1]
        b = pu * by - pv * bx
        unsure |= abs(b) < _DOUBT
        q += _CORNER
        last = q + np.uint64(border & LONGEST) * _CORNER
        border >>= BORDER_FROM
        while q < last:
            ax, ay, a = bx, by, b
            bx, by = words[q], words[q + _U1]
            # Twice the areas of the triangles that the edge's ends, the centre and the point make.
            b, c = pu * by - pv * bx, ax * by - ay * bx
            d = a - b + c
            unsure |= (abs(b) < _DOUBT) | (abs(c) < _DOUBT) | (abs(d) < _DOUBT)
            crossed = ((a > zero) ^ (b > zero)) & ((c > zero) ^ (d > zero))
            inside ^= border * np.int32(crossed)
            q += _CORNER
    return inside, unsure, np.int64(q)


@compiled
def _surely(cells: Cells, p: int, x: float, y: float) -> tuple[np.int32, np.int32]:
    """Which outlines of a record cover a point, border included, and on whose border it lies: without rounding."""
    table, records, xy, (x0, y0, w, h, nx, _) = cells
    u, v = (x - x0) * (1.0 / w), (y - y0) * (1.0 / h)
    column, row = int(u), int(v)
    k = max(-records[EMPTY - table[row * nx + column]], 1)
    part_column, part_row = min(int((u - column) * k), k - 1), min(int((v - row) * k), k - 1)
    mx, my = centre(x0 + column * w, part_column, w / k), centre(y0 + row * h, part_row, h / k)
    inside, on = records[p + 1], np.int32(0)
    q = p + HEAD + (records[p] & SLOTS)
    for _run in range(records[p] >> RUNS_FROM):
        mask, edges = records[q + 1] >> BORDER_FROM, records[q + 1] & LONGEST
        for edge in range(records[q], records[q] + edges):
            x1, y1, x2, y2 = upward(xy[2 * edge], xy[2 * edge + 1], xy[2 * edge + 2], xy[2 * edge + 3])
            left = side(x1, y1, x2, y2, mx, y) >= 0.0
            if y1 <= y <= y2:
                where = side(x1, y1, x2, y2, x, y)
                if where == 0.0 and min(x1, x2) <= x <= max(x1, x2):
                    on |= mask
                if y < y2 and left != (where >= 0.0):
                    inside ^= mask
            if (x1 < mx) != (x2 < mx) and (side(x1, y1, x2, y2, mx, my) >= 0.0) != left:
                inside ^= mask
        q += RUN + CORNER * (1 + edges)
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
        covering, unsure, end = _masks(records, words, p, u, v)
        if unsure:
            covering, on = _surely(cells, p, x, y)
            if on:
                flags = ON_BORDER
        if covering and found < 0:
            found = records[p + HEAD + _lowest(covering)]
        more, p = (records[p] & MORE) != 0, int(end)
    return found, flags if found >= 0 else NEAR


@compiled
def _settle(
    cells: Cells, words: NDArray[np.float32], lon: Floats, lat: Floats, first: Ints, flags: NDArray[np.uint8],
    todo: Ints, us: Floats, vs: Floats,
) -> None:  # fmt: skip
    """Write the answers for the few points that one look at their record left open.

    Apart from the many: a call within their loop would have numba count references for each of them.
    """
    for at in range(todo.shape[0]):
        i = todo[at]
        first[i], flags[i] = _first_of(cells, words, EMPTY - first[i], lon[i], lat[i], us[at], vs[at])


@compiled
def look_up(cells: Cells, lon: Floats, lat: Floats, first: Ints, flags: NDArray[np.uint8]) -> int:
    """Write the first outline that covers each point, or -1, and its flags. The number returned means nothing.

    In blocks and in stages, so that the memory is asked for many points at a time: the codes of the cells, where these
    lead, the codes of the parts and their records, and at last what is in them.
    """
    table, records, _, (x0, y0, w, h, nx, ny) = cells
    words = records.view(np.float32)
    cell, todo, us, vs = np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.int32), np.empty(_BLOCK), np.empty(_BLOCK)
    per_w, per_h, seen = 1.0 / w, 1.0 / h, 0
    for start in range(0, lon.shape[0], _BLOCK):
        stop, listed, n = min(start + _BLOCK, lon.shape[0]), 0, 0
        for i in range(start, stop):
            u, v = (lon[i] - x0) * per_w, (lat[i] - y0) * per_h
            within = (u >= 0.0) & (v >= 0.0) & (u < nx) & (v < ny)  # not so for what is no number
            cell[i - start] = np.int32(v) * np.int32(nx) + np.int32(u) if within else -1
        for i in range(start, stop):
            code = NOBODY if cell[i - start] < 0 else table[cell[i - start]]
            first[i], todo[listed] = code, i
            listed += code < NOBODY
        flags[start:stop] = 0
        for at in range(listed):
            p = EMPTY - first[todo[at]]
            seen += records[p] + records[p + AHEAD]
        for at in range(listed):
            i = todo[at]
            u, v, p = (lon[i] - x0) * per_w, (lat[i] - y0) * per_h, EMPTY - first[i]
            u, v, k = u - int(u), v - int(v), -records[p]
            if k > 0:
                u, v = u * k, v * k
                column, row = min(int(u), k - 1), min(int(v), k - 1)
                code = records[p + 1 + row * k + column]
                first[i], flags[i] = code if code >= NOBODY else code - p, NEAR * (code == NOBODY)
                u, v = u - column, v - row
            us[n], vs[n], todo[n] = u - 0.5, v - 0.5, i
            n += first[i] < NOBODY
        for at in range(n):
            p = EMPTY - first[todo[at]]
            seen += records[p] + records[p + AHEAD]
        doubtful = 0
        for at in range(n):
            i = todo[at]
            p = EMPTY - first[i]
            covering, unsure, _end = _masks(records, words, p, us[at], vs[at])
            if unsure or covering == 0 or records[p] & MORE:
                todo[doubtful], us[doubtful], vs[doubtful] = i, us[at], vs[at]
                doubtful += 1
            else:
                first[i] = records[p + HEAD + _lowest(covering)]
        _settle(cells, words, lon, lat, first, flags, todo[:doubtful], us, vs)
    return seen


@compiled
def look_up_all(cells: Cells, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], Ints]:
    """Return all outlines that cover each point, ascending: how many each point has, and the outlines in a row."""
    table, records, _, (x0, y0, w, h, nx, ny) = cells
    words = records.view(np.float32)
    counts, found, n = np.zeros(lon.shape[0], np.int64), np.empty(1024, np.int32), 0
    for i in range(lon.shape[0]):
        u, v = (lon[i] - x0) * (1.0 / w), (lat[i] - y0) * (1.0 / h)
        if not (u >= 0.0 and v >= 0.0 and u < nx and v < ny):
            continue
        code, before = table[int(v) * nx + int(u)], n
        u, v = u - int(u), v - int(v)
        if code < NOBODY and records[EMPTY - code] < 0:
            p = EMPTY - code
            k = -records[p]
            column, row = min(int(u * k), k - 1), min(int(v * k), k - 1)
            u, v = u * k - column, v * k - row
            code = records[p + 1 + row * k + column]
            code = code if code >= NOBODY else code - p
        if code >= 0:
            found = longer(found, n, n + 1)
            found[n] = code
            n += 1
        p, more = EMPTY - code, code < NOBODY
        while more:
            covering, unsure, end = _masks(records, words, p, u - 0.5, v - 0.5)
            if unsure:
                covering, _on = _surely(cells, p, lon[i], lat[i])
            outlines = records[p] & SLOTS
            found = longer(found, n, n + outlines)
            for slot in range(outlines):
                if covering >> slot & 1:
                    found[n] = records[p + HEAD + slot]
                    n += 1
            more, p = (records[p] & MORE) != 0, int(end)
        counts[i] = n - before
    return counts, found[:n].copy()
