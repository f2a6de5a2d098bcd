"""From lists of edges by cell to the records of `geo.raster.layout`; cells of many edges are divided into parts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled, inlined
from geo.raster.drawing import Array, Ints, Listing, Lists, longer
from geo.raster.layout import AHEAD, HEAD, LISTED, MORE, NOBODY, SLOTS, WORDS, Frame
from geo.raster.sides import Floats, Line, centre, first_right, side, touched, touched_columns, upward

Sorted = tuple[Lists, Ints, NDArray[Any]]
"""Where each cell's begin, and two things that are listed by cell."""

_CALM = 4  # edges that a cell may hold without being divided
_FINEST = 64  # into so many rows and columns at most
_LOOK_BACK = 64  # edges of a cell among which a shared one is looked for
_CLIP = 0.75  # of a part, from its centre


@compiled
def _by_cell(table: Ints, cells: Ints, one: Ints, other: Array, n: int) -> tuple[Lists, Ints, Array]:
    """Sort two things that are listed by cell, keeping their order there; and say where each cell's begin."""
    first = np.zeros(n + 1, np.int64)
    for cell in cells:
        first[LISTED - table[cell] + 1] += 1
    first = np.cumsum(first)
    place, sorted_one, sorted_other = first.copy(), np.empty_like(one), np.empty_like(other)
    for at in range(cells.shape[0]):
        number = LISTED - table[cells[at]]
        sorted_one[place[number]], sorted_other[place[number]] = one[at], other[at]
        place[number] += 1
    return first, sorted_one, sorted_other


@inlined
def _distinct(
    xs: Floats, ys: Floats, edges: Ints, owners: Ints, begin: int, end: int, here: Ints, first: int,
    edge: Ints, group: Ints, mask: Ints,
) -> int:  # fmt: skip
    """Write the edges of one cell, each that outlines share only once: edge, group of outlines, which of the group.

    The cell's are edges[begin:end], with their owners, and its outlines begin at here[first]. Returns how many there
    are.
    """
    n, slot = 0, 0
    for at in range(begin, end):
        while here[first + slot] != owners[at]:
            slot += 1
        x1, y1, x2, y2 = upward(xs[edges[at]], ys[edges[at]], xs[edges[at] + 1], ys[edges[at] + 1])
        of = slot // SLOTS
        same = max(n - _LOOK_BACK, 0)
        while same < n:
            u1, v1, u2, v2 = upward(xs[edge[same]], ys[edge[same]], xs[edge[same] + 1], ys[edge[same] + 1])
            if group[same] == of and u1 == x1 and v1 == y1 and u2 == x2 and v2 == y2:
                break
            same += 1
        if same == n:
            edge[n], group[n], mask[n] = edges[at], of, 0
            n += 1
        mask[same] ^= np.int32(1 << slot % SLOTS)  # twice in one outline: it lies within it
    return n


@compiled
def _squeezed(mask: int, used: int) -> np.int32:
    """The bits of a mask at the places where `used` has bits, moved together."""
    if used & (used + 1) == 0:  # no gaps
        return np.int32(mask)
    moved, to = 0, 0
    for bit in range(SLOTS):
        if used >> bit & 1:
            moved |= (mask >> bit & 1) << to
            to += 1
    return np.int32(moved)


@compiled
def _clipped(line: Line, mx: float, my: float, w: float, h: float) -> Line:
    """What of a line matters to a part, in parts from its centre."""
    ax, ay, bx, by = (line[0] - mx) / w, (line[1] - my) / h, (line[2] - mx) / w, (line[3] - my) / h
    dx, dy, begin, end = bx - ax, by - ay, 0.0, 1.0
    if dx != 0.0:
        one, two = (-_CLIP - ax) / dx, (_CLIP - ax) / dx
        begin, end = max(begin, min(one, two)), min(end, max(one, two))
    if dy != 0.0:
        one, two = (-_CLIP - ay) / dy, (_CLIP - ay) / dy
        begin, end = max(begin, min(one, two)), min(end, max(one, two))
    end = max(begin, end)
    if end < 1.0:
        bx, by = ax + end * dx, ay + end * dy
    if begin > 0.0:
        ax, ay = ax + begin * dx, ay + begin * dy
    return ax, ay, bx, by


@inlined
def _write_group(
    records: Ints, words: NDArray[np.float32], q: int, here: Ints, first: int, last: int, base: int, of: int,
    edge: Ints, group: Ints, mask: Ints, among: Ints, begin: int, end: int, xs: Floats, ys: Floats,
    mx: float, my: float, w: float, h: float,
) -> int:  # fmt: skip
    """Write the record of one group of outlines, here[first:last], where it needs one; return where it ends."""
    used, head, n = base, q, 0
    for i in range(begin, end):
        used |= mask[among[i]] if group[among[i]] == of else 0
    if used == 0:
        return q
    q += HEAD
    for slot in range(last - first):
        if used >> slot & 1:
            records[q] = here[first + slot]
            q += 1
    records[head], records[head + 2] = q - head - HEAD, _squeezed(base, used)
    for i in range(begin, end):
        at = among[i]
        if group[at] == of and mask[at]:
            words[q], words[q + 1], words[q + 2], words[q + 3] = _clipped(
                upward(xs[edge[at]], ys[edge[at]], xs[edge[at] + 1], ys[edge[at] + 1]), mx, my, w, h
            )
            records[q + 4], records[q + 5] = _squeezed(mask[at], used), edge[at]
            q, n = q + WORDS, n + 1
    records[head + 1] = n
    return q


@inlined
def _write(
    records: Ints, words: NDArray[np.float32], q: int, here: Ints, first: int, last: int,
    inside: NDArray[np.int32], row: int, column: int,
    edge: Ints, group: Ints, mask: Ints, among: Ints, begin: int, end: int, xs: Floats, ys: Floats,
    mx: float, my: float, w: float, h: float,
) -> tuple[int, int]:  # fmt: skip
    """Write the record of one part where it needs one. Return the part's code and where the records now end.

    inside[row, column]: which outlines count as inside at its centre; among[begin:end]: which of the cell's edges it
    lists; mx … h: its centre and size. Arrays are handed on whole, with their bounds: numba counts references, and a
    slice per part would cost more than what is done with it.
    """
    if begin == end:
        covering, one = 0, NOBODY
        for slot in range(last - first):
            if inside[row, column, slot // SLOTS] >> slot % SLOTS & 1:
                covering, one = covering + 1, here[first + slot]
        if covering <= 1:
            return one, q
    start, before = q, -1
    for of in range(inside.shape[2]):
        head, beginning = q, first + of * SLOTS
        q = _write_group(
            records, words, q, here, beginning, min(beginning + SLOTS, last), inside[row, column, of], of,
            edge, group, mask, among, begin, end, xs, ys, mx, my, w, h,
        )  # fmt: skip
        if q > head:
            if before >= 0:
                records[before] |= MORE
            before = head
    return -2 - start if before >= 0 else NOBODY, q


@compiled
def _inside_parts(
    k: int, inside: NDArray[np.int32], edges: Listing, n: int, xs: Floats, ys: Floats,
    cell: tuple[float, float, float, float],
) -> None:  # fmt: skip
    """Find which outlines count as inside at the centres of the k × k parts of a cell: k × k × groups of outlines.

    inside[0, 0] comes as that of the cell's own centre; cell: its south-west corner and size. Followed from the
    cell's centre up or down and then west, and from there east, changing sides with every edge that is crossed.
    """
    edge, group, mask = edges
    x, y, w, h = cell[0], cell[1], cell[2] / k, cell[3] / k
    mx, my, west = centre(x, 0, cell[2]), centre(y, 0, cell[3]), centre(x, 0, w)
    for row in range(1, k):
        inside[row, 0] = inside[0, 0]
    for row in range(k):
        middle = centre(y, row, h)
        for at in range(n):
            line = upward(xs[edge[at]], ys[edge[at]], xs[edge[at] + 1], ys[edge[at] + 1])
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
def _edges_of_parts(
    k: int, edge: Ints, n: int, xs: Floats, ys: Floats, cell: tuple[float, float, float, float]
) -> tuple[Lists, Ints]:
    """Which of n edges each part of a cell lists: where each part's begin, and the edges."""
    x, y, w, h = cell[0], cell[1], cell[2] / k, cell[3] / k
    first, listed = np.zeros(k * k + 1, np.int64), np.empty(0, np.int32)
    for filling in range(2):
        if filling:
            first = np.cumsum(first)
            listed = np.empty(first[-1], np.int32)
        place = first.copy()
        for at in range(n):
            x1, y1, x2, y2 = upward(xs[edge[at]], ys[edge[at]], xs[edge[at] + 1], ys[edge[at] + 1])
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


@compiled
def _parted(edges: int) -> int:
    """Into how many rows and columns a cell of so many edges is divided."""
    return 1 if edges <= _CALM else min(int(np.ceil(np.sqrt(edges))), _FINEST)


@compiled
def _pack_some(
    table: Ints, cells: Lists, begin: int, end: int, base: int, edges: Sorted, owners: Sorted,
    xs: Floats, ys: Floats, frame: Frame,
) -> Ints:  # fmt: skip
    """Write the records of cells[begin:end], which are to stand at `base`, and put their codes into the table."""
    x0, y0, w, h, nx, _ = frame
    edge_first, edge_at, edge_owner = edges
    owner_first, owner_of, inside_of = owners
    most = np.diff(edge_first[begin : end + 1]).max() if begin < end else 0
    edge, group, mask = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    whole = np.array([0, 0]), np.arange(most).astype(np.int32)
    records, q = np.empty(20 * (end - begin) + 4096, np.int32), 0
    words = records.view(np.float32)
    inside = np.zeros((1, 1, 1), np.int32)
    for number in range(begin, end):
        first, last = owner_first[number], owner_first[number + 1]
        n = _distinct(
            xs, ys, edge_at, edge_owner, edge_first[number], edge_first[number + 1], owner_of, first, edge, group, mask
        )
        k, groups = _parted(n), (last - first + SLOTS - 1) // SLOTS
        if k > 1 or groups != inside.shape[2] or inside.shape[0] > 1:
            inside = np.zeros((k, k, groups), np.int32)
        inside[0, 0] = 0
        for slot in range(last - first):
            inside[0, 0, slot // SLOTS] |= inside_of[first + slot] << slot % SLOTS
        x, y = x0 + (cells[number] % nx) * w, y0 + (cells[number] // nx) * h
        part_first, listed = whole
        part_first[1] = n
        if k > 1:
            _inside_parts(k, inside, (edge, group, mask), n, xs, ys, (x, y, w, h))
            part_first, listed = _edges_of_parts(k, edge, n, xs, ys, (x, y, w, h))
        room = q + 1 + k * k * (1 + last - first + HEAD * groups) + WORDS * part_first[-1]
        if room > records.shape[0]:
            records = longer(records, q, room)
            words = records.view(np.float32)
        records[q], table[cells[number]] = k, -2 - q - base
        codes, q = q + 1, q + 1 + k * k
        for part in range(k * k):
            row, column = part // k, part % k
            code, q = _write(
                records, words, q, owner_of, first, last, inside, row, column,
                edge, group, mask, listed, part_first[part], part_first[part + 1], xs, ys,
                centre(x, column, w / k), centre(y, row, h / k), w / k, h / k,
            )  # fmt: skip
            records[codes + part] = code if code >= NOBODY else code - base
    return records[:q]


@compiled
def _move(table: Ints, cells: Lists, records: Ints, by: int) -> None:
    """Let records that were written to stand at 0 stand further on: in the codes of their cells and of the parts."""
    for cell in cells:
        p = -2 - table[cell]
        for part in range(p + 1, p + 1 + records[p] ** 2):
            if records[part] < NOBODY:
                records[part] -= by
        table[cell] -= by


def pack(
    table: Ints, edges: Listing, owners: tuple[Ints, Ints, NDArray[np.uint8]], xs: Floats, ys: Floats, frame: Frame
) -> Ints:
    """Write the records of all listed cells and put their codes into the table. Two threads take half each."""
    cells = np.flatnonzero(table == LISTED)
    table[cells] = LISTED - np.arange(len(cells), dtype=np.int32)
    head = np.array([1, NOBODY], np.int32)
    with ThreadPoolExecutor(2) as two:
        by_cell = two.submit(_by_cell, table, edges[0], edges[1], edges[2], len(cells))
        owners_by_cell = _by_cell(table, owners[0], owners[1], owners[2], len(cells))
        edges_by_cell = by_cell.result()
        half = int(np.searchsorted(edges_by_cell[0], edges_by_cell[0][-1] // 2))
        half = min(half, len(cells))
        rest = two.submit(_pack_some, table, cells, half, len(cells), 0, edges_by_cell, owners_by_cell, xs, ys, frame)
        first = _pack_some(table, cells, 0, half, len(head), edges_by_cell, owners_by_cell, xs, ys, frame)
        second = rest.result()
    _move(table, cells[half:], second, len(head) + len(first))
    return np.concatenate((head, first, second, np.zeros(AHEAD, np.int32)))
