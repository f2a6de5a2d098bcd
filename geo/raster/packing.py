"""From the lists of cells to the records of `geo.raster.layout`."""

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled, inlined
from geo.raster.drawing import COUNT, ENTRY, NEXT, OWNER, START, Ints, longer
from geo.raster.layout import (
    BORDER_FROM,
    CLIP,
    CORNER,
    EMPTY,
    HEAD,
    LISTED,
    LONGEST,
    MORE,
    NOBODY,
    RUN,
    RUNS_FROM,
    SLOTS,
    Frame,
)
from geo.raster.parts import edges_of_parts, inside_parts, parted
from geo.raster.sides import Floats, Line, centre

Scratch = tuple[Ints, Ints, Ints, Ints, Ints, Ints]
"""What one cell is read into, with room for the longest list: its outlines, whether each covers the centre; its edges,
the group of SLOTS outlines that each bounds, which of these; and 0, 1, 2 … for as many edges as a part may hold."""

_LOOK_BACK = 64  # edges of a cell among which a shared one is looked for


@compiled
def _alike(x1: float, y1: float, x2: float, y2: float, u1: float, v1: float, u2: float, v2: float) -> bool:
    """Tell whether two edges are one, in whichever direction."""
    return (x1 == u2 and y1 == v2 and x2 == u1 and y2 == v1) or (x1 == u1 and y1 == v1 and x2 == u2 and y2 == v2)


@inlined
def _distinct(
    entries: Ints, entry: int, xy: Floats, here: Ints, covered: Ints, edge: Ints, group: Ints, mask: Ints
) -> tuple[int, int]:
    """Read a cell's list: its outlines, ascending, and whether its centre is in them; and its edges, each that
    outlines share only once, with the group of outlines and which of the group. Return how many of both there are.
    """
    outlines, n, last = 0, 0, -1
    while entry >= 0:
        at = ENTRY * entry
        owner = entries[at + OWNER]
        if owner != last:
            here[outlines], covered[outlines] = owner >> 1, owner & 1
            outlines, last = outlines + 1, owner
        of, same = (outlines - 1) // SLOTS, 0
        bit = np.int32(1 << outlines - 1 - of * SLOTS)
        for one in range(entries[at + START], entries[at + START] + entries[at + COUNT]):
            x1, y1, x2, y2 = xy[2 * one], xy[2 * one + 1], xy[2 * one + 2], xy[2 * one + 3]
            same, known = same - 1, False  # neighbours go round the other way
            if same >= 0:
                j = 2 * edge[same]
                known = group[same] == of and _alike(x1, y1, x2, y2, xy[j], xy[j + 1], xy[j + 2], xy[j + 3])
            if not known:
                same = max(n - _LOOK_BACK, 0)
            while not known and same < n:
                j = 2 * edge[same]
                known = group[same] == of and _alike(x1, y1, x2, y2, xy[j], xy[j + 1], xy[j + 2], xy[j + 3])
                same += not known
            if same == n:
                edge[n], group[n], mask[n] = one, of, 0
                n += 1
            mask[same] ^= bit  # twice in one outline: it lies within it
        entry = entries[at + NEXT]
    return outlines, n


@compiled
def _squeezed(mask: int, used: int) -> int:
    """The bits of a mask at the places where `used` has bits, moved together."""
    if used & (used + 1) == 0:  # no gaps
        return mask
    moved, to = 0, 0
    for bit in range(SLOTS):
        if used >> bit & 1:
            moved |= (mask >> bit & 1) << to
            to += 1
    return moved


@compiled
def _clipped(ax: float, ay: float, bx: float, by: float) -> Line:
    """What of an edge matters to a part, in parts from its centre."""
    dx, dy, begin, end = bx - ax, by - ay, 0.0, 1.0
    if dx != 0.0:
        one, two = (-CLIP - ax) / dx, (CLIP - ax) / dx
        begin, end = max(begin, min(one, two)), min(end, max(one, two))
    if dy != 0.0:
        one, two = (-CLIP - ay) / dy, (CLIP - ay) / dy
        begin, end = max(begin, min(one, two)), min(end, max(one, two))
    end = max(begin, end)
    if end < 1.0:
        bx, by = ax + end * dx, ay + end * dy
    if begin > 0.0:
        ax, ay = ax + begin * dx, ay + begin * dy
    return ax, ay, bx, by


@inlined
def _write(
    records: Ints, words: NDArray[np.float32], q: int, here: Ints, first: int, last: int, base: int, of: int, used: int,
    edge: Ints, group: Ints, mask: Ints, among: Ints, begin: int, end: int,
    xy: Floats, mx: float, my: float, w: float, h: float,
) -> int:  # fmt: skip
    """Write the record of one group of outlines, here[first:last]; return where it ends."""
    head, runs, following, border, counted, bx, by, far = q, 0, -1, 0, q, 0.0, 0.0, False
    per_w, per_h = 1.0 / w, 1.0 / h
    q += HEAD
    for slot in range(last - first):
        if used >> slot & 1:
            records[q] = here[first + slot]
            q += 1
    outlines = q - head - HEAD
    for i in range(begin, end):
        at = among[i]
        if group[at] != of or mask[at] == 0:
            continue
        one = 2 * edge[at]
        ax, ay, bx, by = bx, by, (xy[one + 2] - mx) * per_w, (xy[one + 3] - my) * per_h
        if edge[at] != following or mask[at] != border or far or records[counted] & LONGEST == LONGEST:
            ax, ay, border, counted = (xy[one] - mx) * per_w, (xy[one + 1] - my) * per_h, mask[at], q + 1
            records[q], records[counted] = edge[at], _squeezed(border, used) << BORDER_FROM
            q, runs = q + RUN + CORNER, runs + 1
            words[q - 2], words[q - 1] = ax, ay
            far = max(abs(ax), abs(ay)) > CLIP
        far |= max(abs(bx), abs(by)) > CLIP
        if far:
            words[q - 2], words[q - 1], words[q], words[q + 1] = _clipped(ax, ay, bx, by)
        else:
            words[q], words[q + 1] = bx, by
        records[counted] += 1
        q, following = q + CORNER, edge[at] + 1
    records[head], records[head + 1] = outlines + (runs << RUNS_FROM), _squeezed(base, used)
    return q


def room(entries: int, edges: int) -> int:
    """Words enough for the records of undivided cells with so many entries that list so many edges."""
    return (1 + HEAD) * entries + (RUN + 2 * CORNER) * edges


@compiled
def pack(
    table: Ints, entries: Ints, xy: Floats, frame: Frame, begin: int, end: int, records: Ints, lists: Scratch,
    divided: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Write the records of cells begin to end that hold few edges and outlines, and put their codes into the table.

    The others are noted in `divided`. Returns where the records end and how many were noted. Nothing in this loop makes
    an array or names one anew: numba would count references for every cell, which takes as long as all else.
    """
    here, covered, edge, group, mask, every = lists
    words = records.view(np.float32)
    x0, y0, w, h, nx, _ = frame
    q, noted = 0, 0
    for cell in range(begin, end):
        if table[cell] > LISTED:
            continue
        outlines, n = _distinct(entries, LISTED - table[cell], xy, here, covered, edge, group, mask)
        if parted(n) > 1 or outlines > SLOTS:
            divided[noted] = cell
            noted += 1
            continue
        base = 0
        for slot in range(outlines):
            base |= covered[slot] << slot
        table[cell] = EMPTY - q
        mx, my = centre(x0 + (cell % nx) * w, 0, w), centre(y0 + (cell // nx) * h, 0, h)
        q = _write(
            records, words, q, here, 0, outlines, base, 0, (1 << outlines) - 1,
            edge, group, mask, every, 0, n, xy, mx, my, w, h,
        )  # fmt: skip
    return q, noted


@compiled
def pack_divided(
    table: Ints, entries: Ints, xy: Floats, frame: Frame, cells: Ints, records: Ints, q: int, lists: Scratch
) -> Ints:
    """Write the records of cells that are divided behind those that end at q; return all, with what room they have."""
    here, covered, edge, group, mask, every = lists
    x0, y0, w, h, nx, _ = frame
    for cell in cells:
        outlines, n = _distinct(entries, LISTED - table[cell], xy, here, covered, edge, group, mask)
        k, groups = parted(n), (outlines + SLOTS - 1) // SLOTS
        inside = np.zeros((k, k, groups), np.int32)
        for slot in range(outlines):
            inside[0, 0, slot // SLOTS] |= covered[slot] << slot % SLOTS
        x, y = x0 + (cell % nx) * w, y0 + (cell // nx) * h
        first, listed = np.array([0, n]), every
        if k > 1:
            inside_parts(k, inside, edge, group, mask, n, xy, (x, y, w, h))
            first, listed = edges_of_parts(k, edge, n, xy, (x, y, w, h))
        most = 1 + k * k * (1 + outlines + HEAD * groups) + (RUN + 2 * CORNER) * first[-1]
        records = longer(records, q, q + most)
        words, p = records.view(np.float32), q
        records[p], table[cell], q = -k, EMPTY - p, q + 1 + k * k
        for part in range(k * k):
            row, column, code, before = part // k, part % k, NOBODY, -1
            for of in range(groups):
                base = used = inside[row, column, of]
                for i in range(first[part], first[part + 1]):
                    used |= mask[listed[i]] if group[listed[i]] == of else 0
                if used == 0:
                    continue
                if before >= 0:
                    records[before] |= MORE
                else:
                    code = EMPTY - (q - p)
                before = q
                q = _write(
                    records, words, q, here, of * SLOTS, min((of + 1) * SLOTS, outlines), base, of, used,
                    edge, group, mask, listed, first[part], first[part + 1],
                    xy, centre(x, column, w / k), centre(y, row, h / k), w / k, h / k,
                )  # fmt: skip
            if code == EMPTY - (before - p) and q == before + HEAD + 1:  # one outline, and no edge
                code, q = records[before + HEAD], before
            records[p + 1 + part] = code
    return records[:q]


@compiled
def move(table: Ints, begin: int, end: int, by: int) -> None:
    """Let the records of cells begin to end stand further on."""
    for cell in range(begin, end):
        if table[cell] <= EMPTY:
            table[cell] -= by
