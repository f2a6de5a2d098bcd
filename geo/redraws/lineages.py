"""Which areas became which: areas before and after a redraw, grouped by the ground that they pass on.

The rules, in the order in which they are tried. Areas are paired by code and outline together, then by outline alone:
such a pair is settled and takes no part in what follows. Of the others, two are tied when one of them lies to half or
more in the other, or when they share both code and ground. What is still alone although half of its ground comes from
others (three strips drawn across three strips) is tied to all that hold a tenth of it. At last, what is alone on
either side is paired by code, though it shares no ground at all. Areas that are tied, at whatever distance, are one
lineage.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo.crs import Floats
from geo.redraws.mends import DraftGrid
from geo.redraws.shared_ground import Flags, Positions, SharedGround, gathered, same_outlines

MEANINGFUL = 0.01
"""What two areas share is a sliver when it is less than this share of both: it ties nothing together."""

MOST = 0.5
"""An area descends from the one that gave it so much of its ground."""

A_PART = 0.1
"""Of an area that no other gave most, those who gave it so much are its forebears."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Lineage:
    """Positions of the areas before and of those they became. `settled`: one area whose outline has not changed."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    settled: bool = False


@dataclass(frozen=True)
class Passing:
    """Who shares ground with whom: positions, square metres, and the share that is of either's own ground."""

    before: Positions
    after: Positions
    shared_m2: Floats
    of_before: Floats
    of_after: Floats

    @classmethod
    def of(cls, ground: SharedGround, before_m2: Floats, after_m2: Floats) -> Passing:
        """Work out the shares from the sizes of the areas."""
        rows, columns, shared_m2 = ground.before, ground.after, ground.shared_m2
        return cls(rows, columns, shared_m2, shared_m2 / before_m2[rows], shared_m2 / after_m2[columns])

    def where(self, kept: Flags) -> Passing:
        """Return the pairs for which that is true."""
        rest = self.shared_m2[kept], self.of_before[kept], self.of_after[kept]
        return Passing(self.before[kept], self.after[kept], *rest)

    def pairs(self) -> Iterator[Pair]:
        """Yield the positions of each pair."""
        return zip(self.before.tolist(), self.after.tolist(), strict=True)


# --- what stands still ------------------------------------------------------------------------------------------


def settle(before: Sequence[DraftGrid], after: Sequence[DraftGrid], same_degrees: float) -> list[Pair]:
    """Pair areas of one outline: those of one code, then those that bear another code in the same domain."""
    settled = _free(_of_one_code(before, after, same_degrees))
    done = {i for i, _ in settled}, {j for _, j in settled}
    return settled + _of_one_outline(before, after, done)


def _of_one_code(before: Sequence[DraftGrid], after: Sequence[DraftGrid], same_degrees: float) -> list[Pair]:
    by_code: dict[str, list[int]] = defaultdict(list)
    for j, grid in enumerate(after):
        by_code[grid.code].append(j)
    alike = [(i, j) for i, grid in enumerate(before) for j in by_code.get(grid.code, ())]
    ones, others = [before[i].outline for i, _ in alike], [after[j].outline for _, j in alike]
    same = same_outlines(gathered(ones), gathered(others), same_degrees).tolist()
    return [pair for pair, is_same in zip(alike, same, strict=True) if is_same]


def _of_one_outline(
    before: Sequence[DraftGrid], after: Sequence[DraftGrid], done: tuple[set[int], set[int]]
) -> list[Pair]:
    waiting: dict[tuple[bytes, str | None], list[int]] = defaultdict(list)
    for j, grid in enumerate(after):
        if j not in done[1]:
            waiting[_key(grid)].append(j)
    rest = [i for i in range(len(before)) if i not in done[0]]
    return _free((i, j) for i in rest for j in waiting.get(_key(before[i]), ()))


def _key(grid: DraftGrid) -> tuple[bytes, str | None]:
    return shapely.to_wkb(shapely.normalize(grid.outline)), grid.domain


def _free(pairs: Iterable[Pair]) -> list[Pair]:
    """Take pairs in their order as long as neither of the two is taken: codes and outlines may be there twice."""
    rows: set[int] = set()
    columns: set[int] = set()
    kept = []
    for i, j in pairs:
        if i not in rows and j not in columns:
            rows.add(i)
            columns.add(j)
            kept.append((i, j))
    return kept


# --- what moved -------------------------------------------------------------------------------------------------


def find_lineages(
    before: Sequence[DraftGrid], after: Sequence[DraftGrid], settled: Sequence[Pair], passing: Passing
) -> list[Lineage]:
    """Group all areas; each is in exactly one lineage. `passing` holds what is more than the tolerance of slivers."""
    done = {i for i, _ in settled}, {j for _, j in settled}
    moving = _moving(before, after, done, passing)
    alone = [i for i in range(len(before)) if i not in done[0]], [j for j in range(len(after)) if j not in done[1]]
    groups = _grouped(alone, _ties(before, after, moving))
    groups = [part for group in groups for part in _apart(group, before, after, moving)]
    return [Lineage((i,), (j,), True) for i, j in settled] + _by_code_at_last(groups, before, after)


def _moving(
    before: Sequence[DraftGrid], after: Sequence[DraftGrid], done: tuple[set[int], set[int]], passing: Passing
) -> Passing:
    """Keep what can tie: no slivers, nothing that is settled, no school that lies in an industrial park."""
    kept = np.maximum(passing.of_before, passing.of_after) >= MEANINGFUL
    for at, (i, j) in enumerate(passing.pairs()):
        related = before[i].domain == after[j].domain or before[i].code == after[j].code
        if i in done[0] or j in done[1] or not related:
            kept[at] = False
    return passing.where(kept)


def _ties(before: Sequence[DraftGrid], after: Sequence[DraftGrid], moving: Passing) -> list[Pair]:
    same_code = np.array([before[i].code == after[j].code for i, j in moving.pairs()], dtype=bool)
    tied = (moving.of_before >= MOST) | (moving.of_after >= MOST) | same_code
    pieced = _pieced(moving.before, moving.of_before, tied) | _pieced(moving.after, moving.of_after, tied)
    return list(moving.where(tied | pieced).pairs())


def _pieced(positions: Positions, shares: Floats, tied: Flags) -> Flags:
    """Mark the pairs of those that nobody is tied to, though most of their ground is somebody's."""
    size = int(positions.max(initial=-1)) + 1
    owned = np.bincount(positions, shares, size)
    largest = np.zeros(size)
    np.maximum.at(largest, positions, shares)
    has_tie = np.bincount(positions[tied], minlength=size) > 0
    pieced = (owned >= MOST) & ~has_tie
    return pieced[positions] & (shares >= np.minimum(A_PART, largest)[positions])


Group = tuple[list[int], list[int]]


def _grouped(alone: Group, ties: Iterable[Pair]) -> list[Group]:
    """Join what is tied, at whatever distance; what is tied to nothing is a group of one."""
    to_after: dict[int, list[int]] = {i: [] for i in alone[0]}
    to_before: dict[int, list[int]] = {j: [] for j in alone[1]}
    for i, j in ties:
        to_after[i].append(j)
        to_before[j].append(i)
    groups, seen = [], set[int]()
    for first in alone[0]:
        if first not in seen:
            groups.append(_reached(first, to_after, to_before))
            seen.update(groups[-1][0])
    return groups + [([], [j]) for j in alone[1] if not to_before[j]]


def _reached(first: int, to_after: dict[int, list[int]], to_before: dict[int, list[int]]) -> Group:
    rows, columns, waiting = {first}, set[int](), [first]
    while waiting:
        new = set(to_after[waiting.pop()]) - columns
        columns |= new
        further = {i for j in new for i in to_before[j]} - rows
        rows |= further
        waiting += sorted(further)
    return sorted(rows), sorted(columns)


def _apart(group: Group, before: Sequence[DraftGrid], after: Sequence[DraftGrid], moving: Passing) -> list[Group]:
    """Take apart a group in which every area keeps its code and half of its ground: only borders have moved."""
    own = {before[i].code: i for i in group[0]}, {after[j].code: j for j in group[1]}
    several = min(len(group[0]), len(group[1])) > 1
    if not several or own[0].keys() != own[1].keys() or len(own[0]) != len(group[0]) or len(own[1]) != len(group[1]):
        return [group]
    mine = {(own[0][code], own[1][code]) for code in own[0]}
    here = np.isin(moving.before, group[0])
    held = moving.where(here & (np.maximum(moving.of_before, moving.of_after) >= MOST))
    return [([i], [j]) for i, j in sorted(mine)] if mine <= set(held.pairs()) else [group]


def _by_code_at_last(groups: list[Group], before: Sequence[DraftGrid], after: Sequence[DraftGrid]) -> list[Lineage]:
    """Pair by code what has nobody: the area is where it never was, and still the same one."""
    lost = {before[rows[0]].code: rows[0] for rows, columns in groups if not columns}
    found = {after[columns[0]].code: columns[0] for rows, columns in reversed(groups) if not rows}
    both = {code: (lost[code], found[code]) for code in lost.keys() & found.keys()}
    rows_done, columns_done = {i for i, _ in both.values()}, {j for _, j in both.values()}
    kept = [
        Lineage(tuple(rows), tuple(columns))
        for rows, columns in groups
        if not (not columns and rows[0] in rows_done) and not (not rows and columns[0] in columns_done)
    ]
    return kept + [Lineage((i,), (j,)) for i, j in sorted(both.values())]
