"""Drawing outlines into a band of rows of the table: which cells their borders cross, and which they cover whole."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled
from geo.raster.layout import EMPTY, LISTED, NOBODY, Frame
from geo.raster.rings import Rings
from geo.raster.sides import Floats, centre, first_right, touched, touched_columns, upward

Ints = NDArray[np.int32]
Lists = NDArray[np.int64]
Array = TypeVar("Array", bound=NDArray[Any])

OWNER, START, COUNT, NEXT, ENTRY = 0, 1, 2, 3, 4
"""Words of an entry of a cell's list: twice the outline, plus 1 where the cell's centre counts as inside; a run of its
edges there, the first and how many, perhaps none; and the next entry or -1."""


@compiled
def longer(array: Array, used: int, wanted: int) -> Array:
    """Return an array with room for as many as wanted, the used part copied."""
    if wanted <= array.shape[0]:
        return array
    grown: Array = np.empty(max(2 * array.shape[0], wanted), array.dtype)  # type: ignore[assignment]
    grown[:used] = array[:used]
    return grown


@compiled
def _most(xy: Floats, begin: int, end: int, w: float, h: float) -> int:
    """How many entries a ring can have: an edge has at most 2 for a column it goes along and 3 for a row."""
    across, up = 0.0, 0.0
    for edge in range(begin, end):
        across += abs(xy[2 * edge + 2] - xy[2 * edge])
        up += abs(xy[2 * edge + 3] - xy[2 * edge + 1])
    return int(2.0 * across / w + 3.0 * up / h) + 12 * (end - begin)


@compiled
def _walk(
    xy: Floats, begin: int, end: int, frame: Frame, box: tuple[int, int, int, int],
    drawn: Ints, entries: Ints, n: int,
) -> tuple[int, int]:  # fmt: skip
    """Draw a ring into its outline's box of cells (left, low, width, high), and list its edges there as runs.

    drawn: of each cell of the box, twice one more than its latest entry, plus 1 where inside begins or ends at its
    centre. Returns how many entries there are then, and in how many cells an edge was listed.
    """
    x0, y0, w, h, nx, ny = frame
    left, low, width, high = box
    per_w, per_h, listed = 1.0 / w, 1.0 / h, 0
    u2, v2 = (xy[2 * begin] - x0) * per_w, (xy[2 * begin + 1] - y0) * per_h
    for edge in range(begin, end):
        u1, v1 = u2, v2
        u2, v2 = (xy[2 * edge + 2] - x0) * per_w, (xy[2 * edge + 3] - y0) * per_h
        south, north = touched(min(v1, v2), max(v1, v2), ny)
        if south > high or north < low:
            continue
        line = upward(xy[2 * edge], xy[2 * edge + 1], xy[2 * edge + 2], xy[2 * edge + 3])
        x1, y1, x2, y2 = line
        if x1 == x2 and y1 == y2:
            continue
        turned = x1 != xy[2 * edge] or y1 != xy[2 * edge + 1]
        ua, va, ub, vb = (u2, v2, u1, v1) if turned else (u1, v1, u2, v2)
        for row in range(max(south, low), min(north, high) + 1):
            if south == north:
                first, last = touched(min(u1, u2), max(u1, u2), nx)
            else:
                first, last = touched_columns(ua, va, ub, vb, row, nx)
            at = (row - low) * width - left
            listed += last - first + 1
            for cell in range(at + first, at + last + 1):
                latest = (drawn[cell] >> 1) - 1
                run = ENTRY * latest
                if latest >= 0 and entries[run + START] + entries[run + COUNT] == edge:  # it goes on
                    entries[run + COUNT] += 1
                    continue
                new = ENTRY * n
                entries[new + START], entries[new + COUNT], entries[new + NEXT] = edge, 1, latest
                n += 1
                drawn[cell] = (n << 1) | (drawn[cell] & 1)
            middle = centre(y0, row, h)
            if y1 <= middle < y2:
                k = first_right(line, middle, x0, w, nx)
                if k < left + width:
                    drawn[at + k] ^= 1
    return n, listed


@compiled
def _settle(
    table: Ints, drawn: Ints, box: tuple[int, int, int, int], nx: int, owner: int, entries: Ints, n: int
) -> int:
    """Put an outline that was drawn into the table, list it where it is not alone, and wipe the drawing."""
    left, low, width, high = box
    for row in range(low, high + 1):
        inside = 0
        for column in range(width):
            at = (row - low) * width + column
            here = drawn[at]
            drawn[at] = 0
            inside ^= here & 1
            if here < 2 and not inside:
                continue
            cell = row * nx + left + column
            known = table[cell]
            if known == NOBODY and here < 2:
                table[cell] = owner
                continue
            rest = LISTED - known if known <= LISTED else -1  # the first entry of the cell
            if known >= 0:  # who was thought to have the cell alone
                new = ENTRY * n
                entries[new + OWNER], entries[new + COUNT], entries[new + NEXT] = 2 * known + 1, 0, -1
                rest, n = n, n + 1
            latest = (here >> 1) - 1
            if latest < 0:
                entries[ENTRY * n + COUNT], entries[ENTRY * n + NEXT] = 0, -1
                latest, n = n, n + 1
            table[cell] = LISTED - latest
            while True:
                entries[ENTRY * latest + OWNER] = 2 * owner + inside
                if entries[ENTRY * latest + NEXT] < 0:
                    break
                latest = entries[ENTRY * latest + NEXT]
            entries[ENTRY * latest + NEXT] = rest
    return n


@compiled
def draw(rings: Rings, frame: Frame, low: int, high: int, table: Ints, entries: Ints) -> tuple[Ints, int, int]:
    """Draw outlines one by one into rows low to high of the table, which are NOBODY's.

    Returns the entries, how many there are, and how many edges they list.

    The last comes first: so a cell's list, which every outline is put in front of, ascends.
    """
    xy, first, of, boxes = rings
    x0, y0, w, h, nx, ny = frame
    per_w, per_h = 1.0 / w, 1.0 / h  # to the last bit as in _walk, or an edge could leave its outline's box
    drawn, n, listed = np.zeros(1024, np.int32), 0, 0
    for outline in range(boxes.shape[0] - 1, -1, -1):
        if of[outline] == of[outline + 1]:
            continue
        south, north = touched((boxes[outline, 1] - y0) * per_h, (boxes[outline, 3] - y0) * per_h, ny)
        south, north = max(south, low), min(north, high)
        if south > north:
            continue
        left, right = touched((boxes[outline, 0] - x0) * per_w, (boxes[outline, 2] - x0) * per_w, nx)
        box = left, south, right - left + 1, north
        size = (right - left + 1) * (north - south + 1)
        if drawn.shape[0] < size:
            drawn = np.zeros(size, np.int32)
        for ring in range(of[outline], of[outline + 1]):
            begin, end = first[ring], first[ring + 1] - 1
            entries = longer(entries, ENTRY * n, ENTRY * (n + _most(xy, begin, end, w, h)))
            n, more = _walk(xy, begin, end, frame, box, drawn, entries, n)
            listed += more
        entries = longer(entries, ENTRY * n, ENTRY * (n + 2 * size))
        n = _settle(table, drawn, box, nx, outline, entries, n)
    return entries, n, listed


@compiled
def surround(table: Ints, frame: Frame, columns: int, rows: int) -> None:
    """Mark what nobody covers as EMPTY where a cell with a record is at most so many columns and rows away."""
    nx, ny = frame[4], frame[5]
    for cell in np.flatnonzero(table < EMPTY):
        at_row, at_column = int(cell) // nx, int(cell) % nx
        for row in range(max(at_row - rows, 0), min(at_row + rows + 1, ny)):
            for column in range(max(at_column - columns, 0), min(at_column + columns + 1, nx)):
                if table[row * nx + column] == NOBODY:
                    table[row * nx + column] = EMPTY
