"""Which area each row of a file lies under.

Named in the file, the parent must exist. Otherwise the code names it, where the profile's codes do; otherwise it
is the area of the nearest level that covers most of the row's ground. A level that is not loaded is passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from geo.codes import LADDER, SPOKEN, AreaKind, Profile, levels_above
from geo.coverage import AreaOutline, Covering, covering_parents
from geo.locate import LocatableArea
from geo.sentences import Sentence, join, say
from importers.area_rows import AreaRow, AreaRows

MOST = 0.5
ALL = 0.99
"""A level is the right one when one of its areas covers more than this share of the row: most of it for what tiles,
(nearly) all of it for a specialised grid, which may lie across villages and then belongs to the township."""


@dataclass
class Above:
    """The areas that may be parents, as they stand where the rows begin."""

    kind: AreaKind
    areas: Sequence[LocatableArea]
    by_code: dict[AreaKind, dict[str, LocatableArea]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for level in levels_above(self.kind):
            self.by_code[level] = {area.code: area for area in self.areas if area.kind is level}

    def named(self, code: str) -> LocatableArea | None:
        """The area of the nearest level with this code."""
        return next((areas[code] for areas in self.by_code.values() if code in areas), None)


def find_parents(found: AreaRows, above: Above, profile: Profile) -> Mapping[int, LocatableArea]:
    """Return row number → parent for every row that has one; say what is wrong with the others."""
    parents: dict[int, LocatableArea] = {}
    silent: list[AreaRow] = []
    for row in found.rows:
        parent = _named_parent(found, row, above, profile) if row.parent else _coded_parent(found, row, above, profile)
        if parent is not None:
            parents[row.number] = parent
        else:
            silent.append(row)
    return parents | _covering(silent, above)


def _named_parent(found: AreaRows, row: AreaRow, above: Above, profile: Profile) -> LocatableArea | None:
    """The parent that the file names."""
    parent = above.named(row.parent or "")
    if parent is None:
        found.object(row.number, "parent", "parent-unknown", _no_such_parent(row.parent or "", above.kind))
    elif row.code and (problem := profile.check_parent(row.code, above.kind, parent.code)):
        found.object(row.number, "parent", "parent-mismatch", problem.message)
    return parent


def _no_such_parent(code: str, kind: AreaKind) -> Sentence:
    levels = [SPOKEN[level] for level in levels_above(kind)]
    if not levels:
        return say("nothing lies above a {kind}, yet “{code}” is named", kind=SPOKEN[kind], code=code)
    return say("there is no {levels} with the code “{code}”", levels=join("{one} or {other}", levels), code=code)


def _coded_parent(found: AreaRows, row: AreaRow, above: Above, profile: Profile) -> LocatableArea | None:
    """The parent that the row's own code names.

    A level above may be missing as a whole. But where the township has villages and this one is not among
    them, the code is wrong or the village was forgotten.
    """
    named = profile.parent_codes(row.code, above.kind)
    for at, (level, code) in enumerate(named):
        if parent := above.by_code[level].get(code):
            return parent
        higher = named[at + 1][1] if at + 1 < len(named) else ""
        if above.kind in LADDER and any(other.startswith(higher) for other in above.by_code[level]):
            said = say(
                "its code names the {level} “{code}”, and there is none of that code", level=SPOKEN[level], code=code
            )
            found.object(row.number, "code", "parent-unknown", said)
            return None
    return None


def _covering(rows: Sequence[AreaRow], above: Above) -> dict[int, LocatableArea]:
    """For rows that name nobody: who covers them. Without a level that covers enough, the nearest that covers any."""
    enough = MOST if above.kind in LADDER else ALL
    chosen: dict[int, LocatableArea] = {}
    second_best: dict[int, LocatableArea] = {}
    left = list(rows)
    for areas in above.by_code.values():
        outlines = [AreaOutline(area.code, area.outline) for area in areas.values()]  # type: ignore[arg-type]
        for row, covering in zip(left, _cover(left, outlines), strict=True):
            if covering is None:
                continue
            parent = areas[covering.parent.code]
            (chosen if covering.share > enough else second_best).setdefault(row.number, parent)
        left = [row for row in left if row.number not in chosen]
    return second_best | chosen


def _cover(rows: Sequence[AreaRow], outlines: Sequence[AreaOutline]) -> list[Covering | None]:
    if not rows or not outlines:
        return [None] * len(rows)
    return covering_parents([AreaOutline(row.code, row.outline) for row in rows], outlines)
