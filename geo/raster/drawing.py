"""Drawing outlines into a table of cells: which cells each one's border crosses, and which it covers whole."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled
from geo.raster.layout import EMPTY, LISTED, NOBODY, Frame
from geo.raster.sides import Floats, centre, first_right, touched, touched_columns, upward

Ints = NDArray[np.int32]
Lists = NDArray[np.int64]
Array = TypeVar("Array", bound=NDArray[Any])
Listing = tuple[Ints, Ints, Ints]

_CROSSED, _TURNS = np.uint8(1), np.uint8(2)  # an edge is here; inside begins or ends at this cell's centre


@compiled
def longer(array: Array, used: int, wanted: int) -> Array:
    """Return an array with room for as many as wanted, the used part copied."""
    if wanted <= array.shape[0]:
        return array
    grown: Array = np.empty(max(2 * array.shape[0], wanted), array.dtype)  # type: ignore[assignment]
    grown[:used] = array[:used]
    return grown


@compiled
def _listings(xs: Floats, ys: Floats, ring_first: Lists, frame: Frame) -> int:
    """How often edges will be listed in cells."""
    x0, y0, w, h, nx, ny = frame
    n = 0
    for ring in range(ring_first.shape[0] - 1):
        for edge in range(ring_first[ring], ring_first[ring + 1] - 1):
            x1, y1, x2, y2 = upward(xs[edge], ys[edge], xs[edge + 1], ys[edge + 1])
            u1, v1, u2, v2 = (x1 - x0) / w, (y1 - y0) / h, (x2 - x0) / w, (y2 - y0) / h
            south, north = touched(v1, v2, ny)
            for row in range(south, north + 1):
                first, last = touched_columns(u1, v1, u2, v2, row, nx)
                n += last - first + 1
    return n


@compiled
def _draw(
    xs: Floats, ys: Floats, edges: tuple[int, int], frame: Frame, box: tuple[int, int, int],
    drawn: NDArray[np.uint8], cells: Ints, listed: Ints, n: int,
) -> int:  # fmt: skip
    """Draw a ring into its outline's box of cells and list its edges by cell; return how many are listed then."""
    x0, y0, w, h, nx, ny = frame
    left, low, width = box
    for edge in range(edges[0], edges[1]):
        line = upward(xs[edge], ys[edge], xs[edge + 1], ys[edge + 1])
        x1, y1, x2, y2 = line
        if x1 == x2 and y1 == y2:
            continue
        u1, v1, u2, v2 = (x1 - x0) / w, (y1 - y0) / h, (x2 - x0) / w, (y2 - y0) / h
        south, north = touched(v1, v2, ny)
        for row in range(south, north + 1):
            first, last = touched_columns(u1, v1, u2, v2, row, nx)
            at = (row - low) * width - left
            for column in range(first, last + 1):
                drawn[at + column] |= _CROSSED
                cells[n], listed[n] = row * nx + column, edge
                n += 1
            middle = centre(y0, row, h)
            if y1 <= middle < y2:
                k = first_right(line, middle, x0, w, nx)
                if k < left + width:
                    drawn[at + k] ^= _TURNS
    return n


@compiled
def _settle(
    table: Ints, drawn: NDArray[np.uint8], box: tuple[int, int, int, int], nx: int, owner: int,
    cell_of: Ints, owner_of: Ints, inside_of: NDArray[np.uint8], n: int,
) -> int:  # fmt: skip
    """Put an outline that was drawn into the table, list it where it is not alone, and wipe the drawing."""
    left, low, width, high = box
    for row in range(low, high + 1):
        inside = np.uint8(0)
        for column in range(width):
            at = (row - low) * width + column
            here = drawn[at]
            drawn[at] = 0
            inside ^= here >> 1
            if not (here & _CROSSED or inside):
                continue
            cell = row * nx + left + column
            known = table[cell]
            if known == NOBODY and not here & _CROSSED:
                table[cell] = owner
                continue
            if known >= 0:  # who was thought to have the cell alone
                cell_of[n], owner_of[n], inside_of[n] = cell, known, 1
                n += 1
            table[cell] = LISTED
            cell_of[n], owner_of[n], inside_of[n] = cell, owner, inside
            n += 1
    return n


@compiled
def sweep(
    xs: Floats, ys: Floats, ring_first: Lists, ring_owner: Ints, frame: Frame
) -> tuple[Ints, Listing, tuple[Ints, Ints, NDArray[np.uint8]]]:
    """Draw outlines one by one; `ring_owner` ascends.

    Returns the table (a position, NOBODY or LISTED), the edges by cell (cell, edge, owner) and the owners by cell
    (cell, owner, 1 where the cell's centre counts as inside), both in the order of the owners.
    """
    x0, y0, w, h, nx, ny = frame
    table = np.full(nx * ny, NOBODY, np.int32)
    room = _listings(xs, ys, ring_first, frame)
    edge_cell, edge_at, edge_owner = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    cell_of, owner_of, inside_of = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.uint8)
    drawn = np.zeros(1024, np.uint8)
    n_edges, n, start = 0, 0, 0
    while start < ring_owner.shape[0]:
        owner, stop = ring_owner[start], start
        while stop < ring_owner.shape[0] and ring_owner[stop] == owner:
            stop += 1
        x, y = xs[ring_first[start] : ring_first[stop]], ys[ring_first[start] : ring_first[stop]]
        left, right = touched((x.min() - x0) / w, (x.max() - x0) / w, nx)
        low, high = touched((y.min() - y0) / h, (y.max() - y0) / h, ny)
        width, before = right - left + 1, n_edges
        size = width * (high - low + 1)
        if drawn.shape[0] < size:
            drawn = np.zeros(size, np.uint8)
        for ring in range(start, stop):
            edges = ring_first[ring], ring_first[ring + 1] - 1
            n_edges = _draw(xs, ys, edges, frame, (left, low, width), drawn, edge_cell, edge_at, n_edges)
        edge_owner[before:n_edges] = owner
        cell_of, owner_of = longer(cell_of, n, n + 2 * size), longer(owner_of, n, n + 2 * size)
        inside_of = longer(inside_of, n, n + 2 * size)
        n = _settle(table, drawn, (left, low, width, high), nx, owner, cell_of, owner_of, inside_of, n)
        start = stop
    edges_by_cell = edge_cell[:n_edges], edge_at[:n_edges], edge_owner[:n_edges]
    return table, edges_by_cell, (cell_of[:n], owner_of[:n], inside_of[:n])


@compiled
def surround(table: Ints, frame: Frame, columns: int, rows: int) -> None:
    """Mark what nobody covers as EMPTY where a listed cell is at most so many columns and rows away."""
    nx, ny = frame[4], frame[5]
    for cell in np.flatnonzero(table == LISTED):
        at_row, at_column = int(cell) // nx, int(cell) % nx
        for row in range(max(at_row - rows, 0), min(at_row + rows + 1, ny)):
            for column in range(max(at_column - columns, 0), min(at_column + columns + 1, nx)):
                if table[row * nx + column] == NOBODY:
                    table[row * nx + column] = EMPTY
