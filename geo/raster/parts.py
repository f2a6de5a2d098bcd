"""A cell of many edges divided into parts: which edges each part lists, and what counts as inside at its centre."""

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled
from geo.raster.drawing import Ints, Lists
from geo.raster.sides import Floats, centre, first_right, side, touched, touched_columns, upward

Box = tuple[float, float, float, float]
"""A cell: its south-west corner, its width and height."""

CALM = 6  # edges that a cell may hold without being divided
_EACH = 1.0  # edges of a cell per part
_FINEST = 64  # into so many rows and columns at most


@compiled
def parted(edges: int) -> int:
    """Into how many rows and columns a cell of so many edges is divided."""
    return 1 if edges <= CALM else min(int(np.ceil(np.sqrt(edges / _EACH))), _FINEST)


@compiled
def inside_parts(
    k: int, inside: NDArray[np.int32], edge: Ints, group: Ints, mask: Ints, n: int, xy: Floats, cell: Box
) -> None:
    """Find which outlines count as inside at the centres of the k × k parts of a cell: k × k × groups of outlines.

    inside[0, 0] comes as that of the cell's own centre. Followed from there up or down and then west, and from there
    east, changing sides with every edge that is crossed.
    """
    x, y, w, h = cell[0], cell[1], cell[2] / k, cell[3] / k
    mx, my, west = centre(x, 0, cell[2]), centre(y, 0, cell[3]), centre(x, 0, w)
    for row in range(1, k):
        inside[row, 0] = inside[0, 0]
    for row in range(k):
        middle = centre(y, row, h)
        for at in range(n):
            begin = 2 * edge[at]
            line = upward(xy[begin], xy[begin + 1], xy[begin + 2], xy[begin + 3])
            x1, y1, x2, y2 = line
            left = side(x1, y1, x2, y2, mx, middle) >= 0.0
            if (x1 < mx) != (x2 < mx) and (side(x1, y1, x2, y2, mx, my) >= 0.0) != left:
                inside[row, 0, group[at]] ^= mask[at]
            if y1 <= middle < y2:
                if left != (side(x1, y1, x2, y2, west, middle) >= 0.0):
                    inside[row, 0, group[at]] ^= mask[at]
                turn = first_right(line, middle, x, w, k)
                if 0 < turn < k:
                    inside[row, turn, group[at]] ^= mask[at]
        for column in range(1, k):
            inside[row, column] ^= inside[row, column - 1]


@compiled
def edges_of_parts(k: int, edge: Ints, n: int, xy: Floats, cell: Box) -> tuple[Lists, Ints]:
    """Which of n edges each part of a cell lists: where each part's begin, and the edges."""
    x, y, w, h = cell[0], cell[1], cell[2] / k, cell[3] / k
    first, listed = np.zeros(k * k + 1, np.int64), np.empty(0, np.int32)
    for filling in range(2):
        if filling:
            first = np.cumsum(first)
            listed = np.empty(first[-1], np.int32)
        place = first.copy()
        for at in range(n):
            start = 2 * edge[at]
            x1, y1, x2, y2 = upward(xy[start], xy[start + 1], xy[start + 2], xy[start + 3])
            u1, v1, u2, v2 = (x1 - x) / w, (y1 - y) / h, (x2 - x) / w, (y2 - y) / h
            south, north = touched(v1, v2, k)
            for row in range(south, north + 1):
                begin, end = touched_columns(u1, v1, u2, v2, row, k)
                for part in range(row * k + begin, row * k + end + 1):
                    if filling:
                        listed[place[part]] = at
                        place[part] += 1
                    else:
                        first[part + 1] += 1
    return first, listed
