"""From lists of edges by cell to the records of `geo.raster.layout`; cells of many edges are divided into parts."""

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled
from geo.raster.drawing import Array, Ints, Listing, Lists, longer
from geo.raster.layout import AHEAD, HEAD, LISTED, MORE, NOBODY, SLOTS, WORDS, Frame
from geo.raster.sides import Floats, Line, centre, first_right, side, touched, touched_columns, upward

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


@compiled
def _distinct(xs: Floats, ys: Floats, edges: Ints, owners: Ints, here: Ints, scratch: Listing) -> Listing:
    """The edges of one cell, each that outlines share only once: edge, group of outlines, which of the group."""
    n, slot = 0, 0
    edge, group, mask = scratch
    for at in range(edges.shape[0]):
        while here[slot] != owners[at]:
            slot += 1
        line, of = upward(xs, ys, edges[at]), slot // SLOTS
        same = max(n - _LOOK_BACK, 0)
        while same < n and not (group[same] == of and upward(xs, ys, edge[same]) == line):
            same += 1
        if same == n:
            edge[n], group[n], mask[n] = edges[at], of, 0
            n += 1
        mask[same] ^= np.int32(1 << slot % SLOTS)  # twice in one outline: it lies within it
    return edge[:n], group[:n], mask[:n]


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
def _write_edge(words: NDArray[np.float32], at: int, line: Line, mx: float, my: float, w: float, h: float) -> None:
    """Write what of a line matters to a part, in parts from its centre."""
    ax, ay, bx, by = (line[0] - mx) / w, (line[1] - my) / h, (line[2] - mx) / w, (line[3] - my) / h
    dx, dy, begin, end = bx - ax, by - ay, 0.0, 1.0
    for d, a in ((dx, ax), (dy, ay)):
        if d != 0.0:
            one, two = (-_CLIP - a) / d, (_CLIP - a) / d
            begin, end = max(begin, min(one, two)), min(end, max(one, two))
    end = max(begin, end)
    if end < 1.0:
        bx, by = ax + end * dx, ay + end * dy
    if begin > 0.0:
        ax, ay = ax + begin * dx, ay + begin * dy
    words[at], words[at + 1], words[at + 2], words[at + 3] = ax, ay, bx, by


@compiled
def _alone(here: Ints, base: Ints) -> tuple[int, int]:
    """How many outlines have the bit of a part, and the last of them."""
    covering, one = 0, NOBODY
    for slot in range(here.shape[0]):
        if base[slot // SLOTS] >> slot % SLOTS & 1:
            covering, one = covering + 1, here[slot]
    return covering, one


@compiled
def _write_group(
    records: Ints, words: NDArray[np.float32], q: int, here: Ints, used: int, base: int, of: int, among: Ints,
    edges: Listing, xs: Floats, ys: Floats, part: tuple[float, float, float, float],
) -> int:  # fmt: skip
    """Write the record of one group of outlines, of which `used` are told apart; return where it ends."""
    edge, group, mask = edges
    head, n = q, 0
    q += HEAD
    for slot in range(of * SLOTS, min((of + 1) * SLOTS, here.shape[0])):
        if used >> slot % SLOTS & 1:
            records[q] = here[slot]
            q += 1
    records[head], records[head + 2] = q - head - HEAD, _squeezed(base, used)
    for at in among:
        if group[at] == of and mask[at]:
            _write_edge(words, q, upward(xs, ys, edge[at]), part[0], part[1], part[2], part[3])
            records[q + 4], records[q + 5] = _squeezed(mask[at], used), edge[at]
            q, n = q + WORDS, n + 1
    records[head + 1] = n
    return q


@compiled
def _write(
    records: Ints, q: int, here: Ints, base: Ints, among: Ints, edges: Listing, xs: Floats, ys: Floats,
    part: tuple[float, float, float, float],
) -> tuple[Ints, int, int]:  # fmt: skip
    """Write the record of one part where it needs one. Return the records, the part's code and where they now end.

    base: which outlines count as inside at its centre; among: which of the edges it lists; part: centre, size.
    """
    _, group, mask = edges
    covering, one = _alone(here, base)
    if among.shape[0] == 0 and covering <= 1:
        return records, one, q
    records = longer(records, q, q + here.shape[0] + HEAD * base.shape[0] + WORDS * among.shape[0])
    words, start, before = records.view(np.float32), q, -1
    for of in range(base.shape[0]):
        used = base[of]
        for at in among:
            used |= mask[at] if group[at] == of else 0
        if used:
            if before >= 0:
                records[before] |= MORE
            before = q
            q = _write_group(records, words, q, here, used, base[of], of, among, edges, xs, ys, part)
    return records, -2 - start if before >= 0 else NOBODY, q


@compiled
def _inside_parts(
    k: int, base: Ints, edges: Listing, xs: Floats, ys: Floats, cell: tuple[float, float, float, float],
) -> NDArray[np.int32]:  # fmt: skip
    """Which outlines count as inside at the centres of the k × k parts of a cell: k × k × groups of outlines.

    cell: its south-west corner and size. Followed from the cell's centre up or down and then west, and from there
    east, changing sides with every edge that is crossed.
    """
    edge, group, mask = edges
    x, y, w, h = cell[0], cell[1], cell[2] / k, cell[3] / k
    mx, my, west = centre(x, 0, cell[2]), centre(y, 0, cell[3]), centre(x, 0, w)
    inside = np.zeros((k, k, base.shape[0]), np.int32)
    for row in range(k):
        inside[row, 0] = base
        middle = centre(y, row, h)
        for at in range(edge.shape[0]):
            line = upward(xs, ys, edge[at])
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
    return inside


@compiled
def _edges_of_parts(
    k: int, edge: Ints, xs: Floats, ys: Floats, cell: tuple[float, float, float, float]
) -> tuple[Lists, Ints]:
    """Which edges each part of a cell lists: where each part's begin, and the edges."""
    x, y, w, h = cell[0], cell[1], cell[2] / k, cell[3] / k
    first, listed = np.zeros(k * k + 1, np.int64), np.empty(0, np.int32)
    for filling in range(2):
        if filling:
            first = np.cumsum(first)
            listed = np.empty(first[-1], np.int32)
        place = first.copy()
        for at in range(edge.shape[0]):
            x1, y1, x2, y2 = upward(xs, ys, edge[at])
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
def pack(
    table: Ints, edges: Listing, owners: tuple[Ints, Ints, NDArray[np.uint8]], xs: Floats, ys: Floats, frame: Frame
) -> Ints:
    """Write the records of all listed cells and put their codes into the table."""
    x0, y0, w, h, nx, _ = frame
    cells = np.flatnonzero(table == LISTED)
    table[cells] = LISTED - np.arange(cells.shape[0]).astype(np.int32)
    edge_first, edge_at, edge_owner = _by_cell(table, edges[0], edges[1], edges[2], cells.shape[0])
    owner_first, owner_of, inside_of = _by_cell(table, owners[0], owners[1], owners[2], cells.shape[0])
    records, q = np.zeros(4096, np.int32), 2
    records[0], records[1] = 1, NOBODY
    most = np.diff(edge_first).max() if cells.shape[0] else 0
    all_of_them = np.arange(most).astype(np.int32)
    scratch = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    groups = np.zeros(np.diff(owner_first).max() // SLOTS + 1 if cells.shape[0] else 0, np.int32)
    for number in range(cells.shape[0]):
        begin, end = owner_first[number], owner_first[number + 1]
        here, base = owner_of[begin:end], groups[: (end - begin + SLOTS - 1) // SLOTS]
        base[:] = 0
        for slot in range(end - begin):
            base[slot // SLOTS] |= inside_of[begin + slot] << slot % SLOTS
        begin, end = edge_first[number], edge_first[number + 1]
        distinct = _distinct(xs, ys, edge_at[begin:end], edge_owner[begin:end], here, scratch)
        crowd = distinct[0].shape[0]
        k = 1 if crowd <= _CALM else min(int(np.ceil(np.sqrt(crowd))), _FINEST)
        cell = x0 + (cells[number] % nx) * w, y0 + (cells[number] // nx) * h, w, h
        records = longer(records, q, q + 1 + k * k)
        records[q], table[cells[number]] = k, -2 - q
        codes = q + 1
        q = codes + k * k
        if k == 1:
            middle = centre(cell[0], 0, w), centre(cell[1], 0, h), w, h
            among = all_of_them[:crowd]
            records, code, q = _write(records, q, here, base, among, distinct, xs, ys, middle)
            records[codes] = code
            continue
        inside = _inside_parts(k, base, distinct, xs, ys, cell)
        first, listed = _edges_of_parts(k, distinct[0], xs, ys, cell)
        for part in range(k * k):
            row, column = part // k, part % k
            among = listed[first[part] : first[part + 1]]
            middle = centre(cell[0], column, w / k), centre(cell[1], row, h / k), w / k, h / k
            records, code, q = _write(records, q, here, inside[row, column], among, distinct, xs, ys, middle)
            records[codes + part] = code
    return np.append(records[:q], np.zeros(AHEAD, np.int32))
