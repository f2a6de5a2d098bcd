"""What would put a finding right: changes to rows of a draft, made only when the planner accepts them.

A change says what is added to an outline and what is taken from it rather than what it becomes, so that the mends of
several findings at one grid can be accepted one after another, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo.coverage import Outline, mend_outline, polygons
from geo.crs import area_m2
from geo.sentences import Sentence


@dataclass(frozen=True)
class DraftGrid:
    """One row of a draft: an area as it is meant to be. `row` tells rows apart, codes may repeat or be empty.

    The outline is WGS-84 and valid. `parent` is the code of the area above, None where none is recorded.
    """

    row: int
    code: str
    name: str
    outline: Outline
    parent: str | None = None
    households: int | None = None
    domain: str | None = None


@dataclass(frozen=True)
class Change:
    """What becomes of one row: ground added, ground taken, vertices left out, another code, another parent.

    None leaves things as they are. `add` and `take` are ground given and taken; `thin_out` leaves out vertices that are
    no farther than so many degrees from the one before. None of them says what the outline becomes: each is made to the
    outline as it then is.
    """

    row: int
    add: Outline | None = None
    take: Outline | None = None
    thin_out: float | None = None
    code: str | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Mend:
    """All changes that put one finding right, and a sentence saying what is done."""

    changes: tuple[Change, ...]
    message: Sentence

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON; outlines as hexadecimal WKB, which keeps every digit."""
        return {"message": self.message.told(), "changes": [_to_json(change) for change in self.changes]}


_PLAIN = ("row", "thin_out", "code", "parent")
_SHAPES = ("add", "take")


def _to_json(change: Change) -> dict[str, Any]:
    known = {name: value for name in _PLAIN if (value := getattr(change, name)) is not None}
    shapes = {name: shapely.to_wkb(value, hex=True) for name in _SHAPES if (value := getattr(change, name)) is not None}
    return known | shapes


def changes_of(told: Mapping[str, Any]) -> tuple[Change, ...]:
    """Read the changes of a mend that `to_json` wrote."""
    return tuple(
        Change(**{name: shapely.from_wkb(value) if name in _SHAPES else value for name, value in each.items()})
        for each in told["changes"]
    )


class MendFails(Exception):
    """The mend would leave nothing of an outline, or nothing that can be drawn."""


def apply(grid: DraftGrid, change: Change) -> DraftGrid:
    """Return the row as the change leaves it. Raises MendFails where nothing would be left that can be drawn."""
    outline: BaseGeometry = grid.outline
    if change.take is not None:
        outline = shapely.difference(outline, change.take)
    if change.add is not None:
        outline = shapely.union(outline, change.add)
    left = polygons(outline)
    mended = mend_outline(left).outline if left is not None else None
    if mended is not None and change.thin_out is not None:
        mended = thinned_out(mended, change.thin_out)
    if mended is None:
        raise MendFails
    return replace(
        grid,
        outline=mended,
        code=grid.code if change.code is None else change.code,
        parent=grid.parent if change.parent is None else change.parent,
    )


def thinned_out(outline: Outline, nearest: float) -> Outline | None:
    """Return the outline without vertices up to so many degrees from the one before; None where that breaks it."""
    try:
        thinner = polygons(shapely.remove_repeated_points(outline, nearest))
    except shapely.GEOSException:  # a ring of two places is left
        return None
    return thinner if thinner is not None and thinner.is_valid else None


def changed_m2(grids: Mapping[int, DraftGrid], changes: Iterable[Change]) -> dict[int, float]:
    """Return row → by how many square metres the changes make it larger (smaller: negative), for the planner to see."""
    found: dict[int, float] = {}
    for change in changes:
        before = grids[change.row].outline
        try:
            after = apply(grids[change.row], change).outline
        except MendFails:
            continue
        found[change.row] = found.get(change.row, 0.0) + float(area_m2(after)) - float(area_m2(before))
    return found
