"""The ground that changes hands in a redraw, piece by piece: from which area, to which, how large, and its shape.

A piece goes from one area before to one area after. What a lineage gained is cut by the areas of others that it came
from, what it lost by those that it goes to; what is left was nobody's, or becomes nobody's. Within a lineage that is
split, merged or rearranged, ground passes from each area before to each one after of another code. Where one area
became one, nothing passes within: it is the same area, whatever it is called.

Of ground that two areas claim, the one with the smallest code has it. So no two pieces gained share ground, and all of
them together are what `geo.redraws.comparing` says was gained; the same holds for what was lost. Outlines are WGS-84
and valid.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import Outline, polygons
from geo.redraws.differences import in_code_order
from geo.redraws.mends import DraftGrid
from geo.redraws.shared_ground import areas_m2, gathered, united

GRAIN = 1e-11
"""In degrees, a thousandth of a millimetre: what coordinates of pieces are rounded to.

Pieces are cut along lines that already run along each other, hairs apart. There shapely's overlay of unrounded
coordinates may give a whole area where two only touch (GEOS 3.14.1); that of rounded ones is proof against it.
"""


class Handing(StrEnum):
    """How a piece of ground changes hands, seen from the lineage that is asked about."""

    GAINED = "gained"
    LOST = "lost"
    WITHIN = "within"


@dataclass(frozen=True)
class Piece:
    """Ground that goes from one area to another. `before` None: it was nobody's; `after` None: it will be nobody's."""

    handing: Handing
    before: DraftGrid | None
    after: DraftGrid | None
    shape: Outline
    size_m2: float


_Cut = tuple[Handing, DraftGrid | None, DraftGrid | None, Outline]


def handed_ground(
    before: Sequence[DraftGrid],
    after: Sequence[DraftGrid],
    *,
    others_before: Sequence[DraftGrid] = (),
    others_after: Sequence[DraftGrid] = (),
    handings: Collection[Handing] = frozenset(Handing),
    ignore_below_m2: float = 0.0,
) -> list[Piece]:
    """Return the pieces of ground that a lineage gained, lost and passed within itself, the largest first.

    `before` and `after` are all areas of one difference. Of others only those are asked that are given: what came from
    any other area is told as nobody's. Areas of another domain exchange nothing, as in `geo.redraws.comparing.compare`.
    What is not among `handings`, and pieces of up to `ignore_below_m2`, are left out: some milliseconds for each of
    what was gained and what was lost, where outlines have hundreds of corners.
    """
    cuts: list[_Cut] = []
    if Handing.WITHIN in handings:
        cuts += [(Handing.WITHIN, *cut) for cut in _within(before, after)]
    if Handing.GAINED in handings:
        cuts += [(Handing.GAINED, old, new, shape) for new, old, shape in _cut(after, before, others_before)]
    if Handing.LOST in handings:
        cuts += [(Handing.LOST, old, new, shape) for old, new, shape in _cut(before, after, others_after)]
    sizes_m2 = areas_m2(gathered([cut[-1] for cut in cuts])).tolist()
    pieces = [Piece(*cut, size_m2) for cut, size_m2 in zip(cuts, sizes_m2, strict=True) if size_m2 > ignore_below_m2]
    return sorted(pieces, key=_largest_first)


def _largest_first(piece: Piece) -> tuple[float, str, str]:
    return -piece.size_m2, piece.before.code if piece.before else "", piece.after.code if piece.after else ""


def _within(before: Sequence[DraftGrid], after: Sequence[DraftGrid]) -> Iterator[tuple[DraftGrid, DraftGrid, Outline]]:
    if len(before) == len(after) == 1:
        return
    for one in before:
        for other in after:
            shape = _common(one.outline, other.outline) if one.code != other.code else None
            if shape is not None:
                yield one, other, shape


def _cut(
    own: Sequence[DraftGrid], without: Sequence[DraftGrid], others: Sequence[DraftGrid]
) -> Iterator[tuple[DraftGrid, DraftGrid | None, Outline]]:
    """Cut the ground that its own areas have and not `without` by which of them has it, then by who else shares it."""
    ground = _less(united([grid.outline for grid in own]), united([grid.outline for grid in without]))
    for mine, part in _dealt_out(ground, own):
        if mine is None:  # a hair that all its own areas together have, and none of them
            continue
        for theirs, shape in _dealt_out(part, [other for other in others if other.domain == mine.domain]):
            yield mine, theirs, shape


def _dealt_out(ground: BaseGeometry, areas: Iterable[DraftGrid]) -> Iterator[tuple[DraftGrid | None, Outline]]:
    """Yield the part of the ground that each area has, the smallest code first, and last what nobody has."""
    candidates = in_code_order(areas)
    touching = shapely.intersects(ground, gathered([area.outline for area in candidates]))
    for at in np.flatnonzero(touching).tolist():
        part = _common(ground, candidates[at].outline)
        if part is not None:
            yield candidates[at], part
            ground = _less(ground, candidates[at].outline)
    rest = polygons(ground)
    if rest is not None:
        yield None, rest


def _common(one: BaseGeometry, other: BaseGeometry) -> Outline | None:
    return polygons(shapely.intersection(one, other, grid_size=GRAIN))


def _less(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return shapely.difference(one, other, grid_size=GRAIN)
