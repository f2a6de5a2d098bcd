"""Slivers between two grids; and where there is a chain of them, the one border that was drawn twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from geo.coverage import Finding, spoken_m2
from geo.redraws.faces import Net, outlines_of
from geo.redraws.gaps import Empty, gap_mend, gift, may_have, named, told
from geo.redraws.giving import Takes, parts_of_one, together
from geo.redraws.mends import Change, Mend
from geo.redraws.overlaps import Shared, in_code_order, loser_of, overlap_mend, settled
from geo.redraws.sizes import Outlines, Tolerances, perimeters_m
from geo.sentences import say

CHAIN = 3
"""So many slivers between the same two grids are one border drawn twice. Two may be a vertex moved by mistake."""


@dataclass
class Seam:
    """All slivers between two grids: what they share, and what neither has."""

    shared: Shared | None = None
    empty: list[Empty] = field(default_factory=list)

    @property
    def pieces(self) -> Outlines:
        """All the slivers' shapes."""
        both = self.shared.pieces[self.shared.thin].tolist() if self.shared else []
        return outlines_of([*both, *(empty.shape for empty in self.empty)])

    @property
    def sizes_m2(self) -> list[float]:
        """All the slivers' sizes."""
        both = self.shared.sizes_m2[self.shared.thin].tolist() if self.shared else []
        return [*both, *(empty.size_m2 for empty in self.empty)]

    def is_chain(self, tolerances: Tolerances) -> bool:
        """Tell whether one border was drawn twice, by more than anybody would overlook."""
        sizes_m2 = self.sizes_m2
        return len(sizes_m2) >= CHAIN and sum(sizes_m2) > tolerances.silent_m2


@dataclass(frozen=True)
class Slivers:
    """All slivers of a redraw: chains between the same two grids, what else two share, and what else nobody has."""

    chains: dict[tuple[int, int], Seam]
    shared: list[Shared]
    empty: list[Empty]


def slivers_of(
    net: Net, shared: Sequence[Shared], empty: Sequence[Empty], tolerances: Tolerances
) -> Slivers:  # fmt: skip
    """Bring slivers together by the two grids they lie between."""
    seams: dict[tuple[int, int], Seam] = defaultdict(Seam)
    alone = []
    for each in shared:
        if each.thin.any():
            seams[each.pair].shared = each
    for one in empty:
        if one.thin and (pair := one.between) is not None and net.is_draft(pair[0]):
            seams[pair].empty.append(one)
        elif one.thin:
            alone.append(one)
    single = [seam for seam in seams.values() if not seam.is_chain(tolerances)]
    return Slivers(
        {pair: seam for pair, seam in seams.items() if seam.is_chain(tolerances)},
        [seam.shared for seam in single if seam.shared is not None],
        [*alone, *(one for seam in single for one in seam.empty)],
    )


def near_borders(net: Net, slivers: Slivers, takes: Takes, tolerances: Tolerances) -> Iterator[Finding]:
    """Yield one finding for each chain."""
    for pair, seam in slivers.chains.items():
        yield _near_border(net, pair, seam, takes, tolerances)


def shared_slivers(net: Net, slivers: Slivers, takes: Takes, tolerances: Tolerances) -> Iterator[Finding]:
    """Yield one finding for each pair that shares slivers, but not in a chain."""
    for shared in slivers.shared:
        if (finding := _sliver(net, shared, takes, tolerances)) is not None:
            yield finding


def empty_slivers(net: Net, slivers: Slivers, takes: Takes, tolerances: Tolerances) -> Iterator[Finding]:
    """Yield one finding for each sliver that nobody has, but those of chains."""
    for one in slivers.empty:
        if one.is_told(tolerances):
            codes, rows = named(net, one)
            said = say("A sliver: {said}", said=told(net, one))
            yield Finding("sliver", codes, rows, one.size_m2, one.shape, said, "warn", gap_mend(net, one, takes))


def _sliver(net: Net, shared: Shared, takes: Takes, tolerances: Tolerances) -> Finding | None:
    shape, size_m2 = parts_of_one(shared.pieces[shared.thin].tolist()), float(shared.sizes_m2[shared.thin].sum())
    if shape is None or size_m2 <= tolerances.silent_m2:
        return None
    one, other = in_code_order(net, shared.pair)
    codes = net.code(one), net.code(other)
    message = say("{one} and {other} share a sliver of {size}.", one=codes[0], other=codes[1], size=spoken_m2(size_m2))
    mend = overlap_mend(net, shared, settled(net, shared, shared.thin, takes, tolerances))
    return Finding("sliver", codes, net.rows([one, other]), size_m2, shape, message, "warn", mend)


def _near_border(
    net: Net, pair: tuple[int, int], seam: Seam, takes: Takes, tolerances: Tolerances
) -> Finding:  # fmt: skip
    pieces, sizes_m2 = seam.pieces, seam.sizes_m2
    length_m = float(perimeters_m(pieces).sum()) / 2
    one, other = in_code_order(net, pair)
    codes = net.code(one), net.code(other)
    message = say(
        "{one} and {other} have a border of {length} m that was drawn twice, nearly alike: {count} slivers, {size}.",
        one=codes[0], other=codes[1], length=f"{length_m:,.0f}", count=len(sizes_m2), size=spoken_m2(sum(sizes_m2)),
    )  # fmt: skip
    shape = together(pieces.tolist())
    if shape is None:
        raise ValueError("a seam has no slivers")
    mend = _one_border(net, pair, seam, takes, tolerances)
    return Finding("near-border", codes, net.rows([one, other]), sum(sizes_m2), shape, message, "warn", mend)


def _one_border(
    net: Net, pair: tuple[int, int], seam: Seam, takes: Takes, tolerances: Tolerances
) -> Mend | None:  # fmt: skip
    """Propose that one of the two, which loses what they share and gets what neither has, follows the other's line.

    Where they have different parents, each keeps and gets what lies in its own.
    """
    cuts = settled(net, seam.shared, seam.shared.thin, takes, tolerances) if seam.shared is not None else ()
    if seam.shared is not None and not cuts:
        return None
    drafts = [grid for grid in pair if net.is_draft(grid)]
    follower = max(drafts, key=lambda grid: net.grids[grid].outline.area)
    if len(cuts) == 1:
        follower = loser_of(net, pair, cuts[0])
    gifts = []
    for empty in seam.empty:
        takers = [grid for grid in drafts if may_have(net, empty, grid)]
        if takers:
            gifts.append(gift(net, empty, follower if follower in takers else takers[0], takes))
    changes = _by_row([*cuts, *(change for change in gifts if change is not None)])
    if not changes:
        return None
    if len(changes) > 1:
        return Mend(changes, say("Each keeps and gets what lies in its own parent, and loses the rest."))
    follower = loser_of(net, pair, changes[0])
    said = say("{one} follows the border of {other}.", one=net.code(follower), other=net.code(sum(pair) - follower))
    return Mend(changes, said)


def _by_row(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Several changes of one row as one."""
    rows = sorted({change.row for change in changes})
    return tuple(
        Change(
            row,
            add=together([change.add for change in changes if change.row == row and change.add is not None]),
            take=together([change.take for change in changes if change.row == row and change.take is not None]),
        )
        for row in rows
    )
