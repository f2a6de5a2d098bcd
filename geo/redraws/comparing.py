"""What a redraw changes: the areas in force beside the rows of a draft, matched by code and by the ground they share.

`geo.redraws.lineages` says which areas became which, `geo.redraws.differences` what is told about it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely

from geo.coverage import polygons
from geo.crs import Floats
from geo.redraws.differences import Comparison, Difference, DifferenceKind, Shared, Trade
from geo.redraws.lineages import Lineage, Pair, Passing, find_lineages, settle
from geo.redraws.mends import DraftGrid
from geo.redraws.shared_ground import SAME_DEGREES, Outlines, areas_m2, gathered, shared_ground, united

SLIVER_M2 = 1.0
"""Ground that no surveyor would argue about: it ties nothing together and counts as traded with nobody."""

SAME_GROUND = 0.95
"""An area under another code is the same one renamed when each lies to so much in the other."""

_UNMEASURED = math.nan
"""The size of a lineage before it is worked out."""

_FIELDS = ("name", "parent", "households", "domain")
_ORDER = {kind: position for position, kind in enumerate(DifferenceKind)}


def compare(
    before: Sequence[DraftGrid],
    after: Sequence[DraftGrid],
    *,
    sliver_m2: float = SLIVER_M2,
    same_ground: float = SAME_GROUND,
    same_degrees: float = SAME_DEGREES,
) -> Comparison:
    """Return what becomes of the areas in force in a scope (`before`) when a draft (`after`) is published.

    Both are areas of one kind, and every one of them is in exactly one difference. Codes may repeat in a draft that
    is not mended yet. One area that became one under another code is `renamed` when each lies to `same_ground` in
    the other, else `rearranged`: what goes on under a new code has changed its ground as well. Outlines that stray
    from each other by no more than `same_degrees` are the same: a file that was rounded to seven decimals needs 1e-7.

    Of areas whose outline did not change only those that others were drawn upon are looked at again: mostly
    unchanged, 10,000 areas take a second or two. When all have moved, it is half a minute and more.
    """
    sides = _Sides(before, after, sliver_m2, same_degrees)
    lineages = find_lineages(before, after, sides.settled, sides.passing)
    found = _measured([_difference(sides, lineage, same_ground) for lineage in lineages])
    found = _with_trades(sides, lineages, found)
    return Comparison(tuple(sorted(found, key=lambda each: (_ORDER[each.kind], each.codes_before, each.codes_after))))


@dataclass(frozen=True)
class _Sides:
    """Both sides with what is worked out once: sizes, what stands still, who shares ground with whom."""

    before: Sequence[DraftGrid]
    after: Sequence[DraftGrid]
    sliver_m2: float
    same_degrees: float

    @cached_property
    def settled(self) -> list[Pair]:
        return settle(self.before, self.after, self.same_degrees)

    @cached_property
    def outlines(self) -> tuple[Outlines, Outlines]:
        return gathered([grid.outline for grid in self.before]), gathered([grid.outline for grid in self.after])

    @cached_property
    def sizes_m2(self) -> tuple[Floats, Floats]:
        return areas_m2(self.outlines[0]), areas_m2(self.outlines[1])

    @cached_property
    def passing(self) -> Passing:
        still = np.zeros(len(self.before), dtype=bool), np.zeros(len(self.after), dtype=bool)
        still[0][[i for i, _ in self.settled]] = True
        still[1][[j for _, j in self.settled]] = True
        ground = shared_ground(*self.outlines, *still)
        return Passing.of(ground.more_than(self.sliver_m2), *self.sizes_m2)

    @cached_property
    def shared(self) -> dict[Pair, Shared]:
        """Each pair that shares more than slivers, as it is told."""
        passing = self.passing
        sizes = zip(passing.shared_m2.tolist(), passing.of_before.tolist(), passing.of_after.tolist(), strict=True)
        return {(i, j): self._shared(i, j, *size) for (i, j), size in zip(passing.pairs(), sizes, strict=True)}

    def whole(self, i: int, j: int) -> Shared:
        """What two areas of one outline share."""
        return self._shared(i, j, float(self.sizes_m2[0][i]), 1.0, 1.0)

    def _shared(self, i: int, j: int, shared_m2: float, of_before: float, of_after: float) -> Shared:
        one, other = self.before[i], self.after[j]
        return Shared(one.code, other.code, one.row, other.row, shared_m2, of_before, of_after)


# --- one lineage ------------------------------------------------------------------------------------------------


def _difference(sides: _Sides, lineage: Lineage, same_ground: float) -> Difference:
    """Say what became of a lineage. Only of what stands still are the sizes known yet."""
    before = tuple(sides.before[i] for i in lineage.before)
    after = tuple(sides.after[j] for j in lineage.after)
    changed = _changed(before[0], after[0]) if len(before) == len(after) == 1 else ()
    if lineage.settled:
        (i,), (j,) = lineage.before, lineage.after
        sizes = float(sides.sizes_m2[0][i]), float(sides.sizes_m2[1][j])
        kind, whole = _kind_settled(before[0], after[0]), sides.whole(i, j)
        return Difference(kind, before, after, *sizes, shared=(whole,), changed=changed)
    pairs = ((i, j) for i in lineage.before for j in lineage.after)
    shared = tuple(sides.shared[pair] for pair in pairs if pair in sides.shared)
    kind = _kind(before, after, shared, same_ground)
    return Difference(kind, before, after, _UNMEASURED, _UNMEASURED, shared=shared, changed=changed)


def _changed(one: DraftGrid, other: DraftGrid) -> tuple[str, ...]:
    return tuple(field for field in _FIELDS if getattr(one, field) != getattr(other, field))


def _kind_settled(one: DraftGrid, other: DraftGrid) -> DifferenceKind:
    if one.code != other.code:
        return DifferenceKind.RENAMED
    return DifferenceKind.ATTRIBUTES if _changed(one, other) else DifferenceKind.UNCHANGED


def _kind(
    before: Sequence[DraftGrid], after: Sequence[DraftGrid], shared: Sequence[Shared], same_ground: float
) -> DifferenceKind:
    match len(before), len(after):
        case 0, _:
            return DifferenceKind.NEW
        case _, 0:
            return DifferenceKind.ENDED
        case 1, 1 if before[0].code == after[0].code:
            return DifferenceKind.MOVED
        case 1, 1:
            (pair,) = shared
            same = min(pair.of_before, pair.of_after) >= same_ground
            return DifferenceKind.RENAMED if same else DifferenceKind.REARRANGED
        case 1, _:
            return DifferenceKind.SPLIT
        case _, 1:
            return DifferenceKind.MERGED
        case _:
            return DifferenceKind.REARRANGED


def _measured(found: Sequence[Difference]) -> list[Difference]:
    """Lay the ground of before and after over each other, where that is not done yet; all at once, which is faster.

    Ground that a faulty draft claims twice counts once.
    """
    waiting = [at for at, each in enumerate(found) if math.isnan(each.before_m2)]
    before = gathered([united([grid.outline for grid in found[at].before]) for at in waiting])
    after = gathered([united([grid.outline for grid in found[at].after]) for at in waiting])
    gained, lost = shapely.difference(after, before), shapely.difference(before, after)
    sizes_m2 = np.stack([areas_m2(shapes) for shapes in (before, after, gained, lost)], axis=1).tolist()
    measured = list(found)
    for at, size_m2, more, less in zip(waiting, sizes_m2, gained.tolist(), lost.tolist(), strict=True):
        before_m2, after_m2, gained_m2, lost_m2 = size_m2
        measured[at] = replace(
            found[at], before_m2=before_m2, after_m2=after_m2, gained_m2=gained_m2, lost_m2=lost_m2,
            gained=polygons(more), lost=polygons(less),
        )  # fmt: skip
    return measured


# --- between lineages -------------------------------------------------------------------------------------------


def _with_trades(sides: _Sides, lineages: Sequence[Lineage], found: Sequence[Difference]) -> list[Difference]:
    """Name for each difference the areas of others that it has ground from, or gave ground to."""
    traded: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for which, at, code, size_m2 in _trading(sides, _across(sides, lineages), found):
        if size_m2 > sides.sliver_m2:
            traded[at][code][which] += size_m2
    return [replace(each, traded_with=_trades(traded[at])) if at in traded else each for at, each in enumerate(found)]


def _across(sides: _Sides, lineages: Sequence[Lineage]) -> Iterator[tuple[int, int, int, int]]:
    """Yield two lineages and the positions of two of their areas, one before and one after, that share ground.

    A school does not trade with the industrial park it lies in: only areas of one domain do.
    """
    of_before = {i: at for at, lineage in enumerate(lineages) for i in lineage.before}
    of_after = {j: at for at, lineage in enumerate(lineages) for j in lineage.after}
    for i, j in sides.shared:
        if of_before[i] != of_after[j] and sides.before[i].domain == sides.after[j].domain:
            yield of_before[i], of_after[j], i, j


_GAINED, _LOST = 0, 1


def _trading(
    sides: _Sides, across: Iterable[tuple[int, int, int, int]], found: Sequence[Difference]
) -> Iterator[tuple[int, int, str, float]]:
    """Yield what was gained or lost, by which difference, from or to which code, and how many square metres.

    Not the ground that two areas share, but what of it was gained or lost: a draft that is not mended yet may lie on
    an area that stays as it is, which loses nothing by that. Each area of the other side counts once, however many
    of this one share ground with it.
    """
    pairs = list(across)
    gone = {(_LOST, loser, j): (found[loser].lost, sides.after[j]) for loser, _, _, j in pairs}
    come = {(_GAINED, gainer, i): (found[gainer].gained, sides.before[i]) for _, gainer, i, _ in pairs}
    facts, ones, others = [], [], []
    for (which, at, _), (shape, grid) in (gone | come).items():
        if shape is not None:
            facts.append((which, at, grid.code))
            ones.append(shape)
            others.append(grid.outline)
    sizes_m2 = areas_m2(shapely.intersection(gathered(ones), gathered(others))).tolist()
    return ((*fact, size_m2) for fact, size_m2 in zip(facts, sizes_m2, strict=True))


def _trades(traded: dict[str, list[float]]) -> tuple[Trade, ...]:
    trades = [Trade(code, sizes_m2[_GAINED], sizes_m2[_LOST]) for code, sizes_m2 in traded.items()]
    return tuple(sorted(trades, key=lambda trade: (-trade.gained_m2 - trade.lost_m2, trade.code)))
