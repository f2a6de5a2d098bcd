"""Ground that two grids share, and which of the two might give it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import Finding, polygons, spoken_m2
from geo.crs import area_m2
from geo.redraws.faces import Faces, Net, outlines_of
from geo.redraws.giving import Takes, cut, parts_of_one, taken
from geo.redraws.mends import Change, Mend
from geo.redraws.sizes import DUST_M2, Outlines, Tolerances, slivers
from geo.sentences import Sentence, say

Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Shared:
    """The pieces of ground that two grids share, the one with the smaller index first; which pieces are slivers.

    `portions` are the pieces cut where they cross from one grid's parent into the other's, with the index of the
    piece, and the grid that should rather give it up. `firm` says that a third grid has a part of the ground too:
    then it must be as `losers` says, or all of them might give it up.
    """

    pair: tuple[int, int]
    pieces: Outlines
    sizes_m2: NDArray[np.float64]
    thin: Chosen
    portions: Outlines
    portion_of: NDArray[np.int64]
    losers: NDArray[np.int64]
    firm: bool


def shared_ground(net: Net, faces: Faces, tolerances: Tolerances) -> list[Shared]:
    """Return what each pair with one of the draft shares, largest first; also what is too small to be told."""
    chosen = np.unique(net.tree.query(faces.shapes[faces.shared], predicate="intersects")[1])
    outlines = net.outlines[chosen]
    one, other = shapely.STRtree(outlines).query(outlines)
    one, other = chosen[one], chosen[other]
    pairs = (one < other) & (one < len(net.grids))
    one, other = one[pairs], other[pairs]
    sharing = shapely.relate_pattern(net.outlines[one], net.outlines[other], "T********")
    crowded = shapely.union_all(faces.shapes[faces.grids > 2])
    found = (
        _shared(net, pair, crowded, tolerances)
        for pair in zip(one[sharing].tolist(), other[sharing].tolist(), strict=True)
    )
    return sorted((each for each in found if each is not None), key=lambda each: (-each.sizes_m2.sum(), each.pair))


def _shared(net: Net, pair: tuple[int, int], crowded: BaseGeometry, tolerances: Tolerances) -> Shared | None:
    shape = polygons(shapely.intersection(*net.outlines[list(pair)]))
    pieces = shapely.get_parts(shape) if shape is not None else np.empty(0, dtype=object)
    sizes_m2 = area_m2(pieces)
    pieces, sizes_m2 = pieces[sizes_m2 > DUST_M2], sizes_m2[sizes_m2 > DUST_M2]
    if shape is None or not len(pieces):
        return None
    portions = [(portion, at) for at, piece in enumerate(pieces) for portion in _portions(net, pair, piece)]
    losers = [min(pair, key=lambda grid, at=portion: _clings(net, grid, at)) for portion, _ in portions]  # type: ignore[misc]
    return Shared(
        pair,
        pieces,
        sizes_m2,
        slivers(pieces, sizes_m2, tolerances),
        outlines_of([portion for portion, _ in portions]),
        np.array([at for _, at in portions]),
        np.array(losers),
        bool(shapely.intersects(crowded, shape)),
    )


def _portions(net: Net, pair: tuple[int, int], piece: Polygon) -> list[Polygon]:
    """Cut a piece by the parents of two grids, where these differ, for each has more right to what lies in its own."""
    homes = {int(net.homes[grid]) for grid in pair} - {-1}
    if len(homes) < 2:
        return [piece]
    rest: BaseGeometry = piece
    portions: list[Polygon] = []
    for home in sorted(homes):
        inside = polygons(shapely.intersection(rest, net.parent_outlines[home]))
        rest = shapely.difference(rest, net.parent_outlines[home])
        portions += shapely.get_parts(inside).tolist() if inside is not None else []
    left = polygons(rest)
    portions += shapely.get_parts(left).tolist() if left is not None else []
    return [portion for portion in portions if area_m2(portion) > DUST_M2]


def _clings(net: Net, grid: int, piece: Polygon) -> tuple[bool, bool, float, int]:
    """Order grids by how little they can do without a piece of ground: the last keeps it.

    What stands cannot be changed; whose parent has most of the piece is at home there; the smaller one would lose
    more of itself; of twins the earlier row stays. Any number of grids with the same ground are in one order.
    """
    home = int(net.homes[grid])
    inside = home >= 0 and shapely.area(shapely.intersection(piece, net.parent_outlines[home])) > piece.area / 2
    return not net.is_draft(grid), inside, -float(net.grids[grid].outline.area) if net.is_draft(grid) else 0.0, -grid


def settled(net: Net, shared: Shared, chosen: Chosen, takes: Takes, tolerances: Tolerances) -> tuple[Change, ...]:
    """Return what to take from whom so that the two no longer share the chosen pieces; nothing if that cannot be.

    Where the grid that should lose a piece would be left in bits, the other is tried.
    """
    wanted = chosen[shared.portion_of]
    either = [shared.losers, *(np.full(len(shared.portions), grid) for grid in shared.pair)]
    for losers in either[:1] if shared.firm else either:
        cuts = [
            _cut(net, shared, grid, wanted & (losers == grid), takes, tolerances)
            for grid in sorted(set(losers[wanted].tolist()))
        ]
        if cuts and None not in cuts:
            return tuple(each for each in cuts if each is not None)
    return ()


def _cut(
    net: Net, shared: Shared, loser: int, chosen: Chosen, takes: Takes, tolerances: Tolerances
) -> Change | None:  # fmt: skip
    if not net.is_draft(loser):
        return None
    keeps = net.outlines[sum(shared.pair) - loser]
    return cut(net.grids[loser], taken(shared.portions[chosen], keeps), takes, tolerances)


def overlap(net: Net, shared: Shared, takes: Takes, tolerances: Tolerances) -> Finding | None:
    """Return the finding of what two grids share but slivers."""
    wide = ~shared.thin
    shape, size_m2 = parts_of_one(shared.pieces[wide].tolist()), float(shared.sizes_m2[wide].sum())
    if shape is None or size_m2 <= tolerances.silent_m2:
        return None
    smaller_m2 = float(area_m2(net.outlines[list(shared.pair)]).min())
    size: str | Sentence = spoken_m2(size_m2)
    if size_m2 > 0.01 * smaller_m2:
        size = say("{size} ({share} of the smaller one)", size=size, share=f"{size_m2 / smaller_m2:.0%}")
    one, other = in_code_order(net, shared.pair)
    message = say("{one} and {other} share {size}.", one=net.code(one), other=net.code(other), size=size)
    mend = overlap_mend(net, shared, settled(net, shared, wide, takes, tolerances))
    return Finding(
        "overlap", (net.code(one), net.code(other)), net.rows([one, other]), size_m2, shape, message, mend=mend
    )


def in_code_order(net: Net, grids: Sequence[int]) -> list[int]:
    """Grids by code, those of one code by where they stand."""
    return sorted(grids, key=lambda grid: (net.code(grid), grid))


def overlap_mend(net: Net, shared: Shared, changes: tuple[Change, ...]) -> Mend | None:
    """Say what changes of one of the two, or of both, do."""
    if len(changes) > 1:
        return Mend(changes, say("Each keeps what lies in its own parent, and loses the rest."))
    if not changes:
        return None
    loser = loser_of(net, shared.pair, changes[0])
    keeper = sum(shared.pair) - loser
    said = say("{other} keeps the ground, it is taken from {one}.", other=net.code(keeper), one=net.code(loser))
    return Mend(changes, said)


def loser_of(net: Net, pair: tuple[int, int], change: Change) -> int:
    """Return which of two grids a change is of."""
    return next(grid for grid in pair if net.is_draft(grid) and net.grids[grid].row == change.row)
