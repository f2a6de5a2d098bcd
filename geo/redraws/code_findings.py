"""What is wrong with the codes of a draft: missing, given twice, used before, or of another village.

Where the national profile tells how codes are made, each finding proposes the code that the row should bear. Of
several findings about one row all propose the same, so that it matters neither which is accepted nor in what order.
Codes that break the rules of their profile are found when the file is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import shapely

from geo.codes import DIGITS, GB, AreaKind, Profile
from geo.coverage import Finding, Outline
from geo.crs import area_m2
from geo.redraws.lying import lies_in
from geo.redraws.mends import Change, DraftGrid, Mend
from geo.redraws.numbering import NumberingFails, next_codes
from geo.sentences import Sentence, say

SAME_GROUND = 0.5
"""Of all the ground that a row or an area of today has: with so much in common they are the same place."""


def examine_codes(
    grids: Sequence[DraftGrid],
    *,
    kind: AreaKind,
    profile: Profile,
    used: Mapping[str, str],
    in_force: Collection[str],
    parents: Mapping[str, Outline],
    standing: Mapping[str, Outline] | None = None,
) -> list[Finding]:
    """Report `code-missing`, `code-repeated`, `code-reused` and `parent-mismatch`, all of which block; by row.

    `used` is every code that an area of this kind ever bore → the name of the latest that did. `in_force` are the
    codes that the draft may go on using: those in force in its scope. `parents` are the areas of the nearest level
    above, by code, as they will stand. `standing` are the outlines of the areas in force in the scope, by code.

    A code that several rows bear stays with the one that lies where the code says and has most of the ground that it
    stands for today, of equal ones the first; each other row is a finding. A row that needs another code is offered
    the one that its ground bears today, where no row has it, else the next free one.

    An area lies in the parent that has half of its ground or more; where none has, nothing is said. The parents of
    specialised grids are not judged: they may lie across villages.
    """
    draft = _Draft(grids, kind, profile, used, in_force, parents, standing or {})
    found = [*_missing(draft), *_repeated(draft), *_reused(draft), *_mismatched(draft)]
    return sorted(found, key=lambda finding: (finding.rows[-1], finding.code))


@dataclass(frozen=True)
class _Draft:
    """The rows with what several findings ask about them. All mappings are by position among the rows."""

    grids: Sequence[DraftGrid]
    kind: AreaKind
    profile: Profile
    used: Mapping[str, str]
    in_force: Collection[str]
    parents: Mapping[str, Outline]
    standing: Mapping[str, Outline]

    @cached_property
    def lies_in(self) -> list[str | None]:
        return lies_in([grid.outline for grid in self.grids], self.parents)

    @cached_property
    def strays(self) -> dict[int, tuple[str, str]]:
        """Rows that lie in another parent than they name → the one they lie in, and the one they name."""
        if self.kind is AreaKind.SPECIALISED:
            return {}
        named = ((at, parent, self._contradiction(at, parent)) for at, parent in enumerate(self.lies_in) if parent)
        return {at: (parent, code) for at, parent, code in named if code is not None}

    def _contradiction(self, at: int, parent: str) -> str | None:
        grid = self.grids[at]
        if grid.parent is not None and grid.parent != parent:
            return grid.parent
        by_code = self.profile.parent_code(grid.code, self.kind)
        return None if by_code is None or self.under(grid.code, parent) else by_code

    def under(self, code: str, parent: str) -> bool:
        """Whether an area with that code may lie under that parent."""
        return self.profile.check_parent(code, self.kind, parent) is None

    @cached_property
    def repeats(self) -> dict[int, int]:
        """Rows whose code belongs to another row → that row."""
        bearers: dict[str, list[int]] = defaultdict(list)
        for at, grid in enumerate(self.grids):
            if grid.code:
                bearers[grid.code].append(at)
        keepers = {code: self._keeper(rows) for code, rows in bearers.items() if len(rows) > 1}
        return {at: keeper for code, keeper in keepers.items() for at in bearers[code] if at != keeper}

    def _keeper(self, rows: Sequence[int]) -> int:
        """Which of several rows of one code keeps it."""
        stood = {at: self._as_stood(at, self.grids[at].code) for at in rows}
        return min(rows, key=lambda at: (at in self.strays, -round(stood[at], 3), at))

    def _as_stood(self, at: int, code: str) -> float:
        """How much a row and the area that bears a code today are the same ground: shared by all that either has."""
        outline, stood = self.grids[at].outline, self.standing.get(code)
        if stood is None or not shapely.intersects(outline, stood):
            return 0.0
        return float(shapely.intersection(outline, stood).area / shapely.union(outline, stood).area)

    @cached_property
    def missing(self) -> set[int]:
        return {at for at, grid in enumerate(self.grids) if not grid.code}

    @cached_property
    def reused(self) -> set[int]:
        codes = [grid.code for grid in self.grids]
        return {at for at, code in enumerate(codes) if code in self.used and code not in self.in_force}

    @cached_property
    def recoded(self) -> set[int]:
        """Rows that cannot keep the code they have."""
        displaced = {at for at, (parent, _) in self.strays.items() if not self.under(self.grids[at].code, parent)}
        return self.missing | self.repeats.keys() | self.reused | displaced

    @cached_property
    def proposed(self) -> dict[int, str]:
        """Rows that need another code → the one they should bear, where that can be said."""
        needed: dict[str, list[int]] = defaultdict(list)
        own = self._own_codes()
        for at in sorted(self.recoded - own.keys()):
            if (parent := self._parent_meant(at)) is not None:
                needed[parent].append(at)
        return own | {at: code for parent, rows in needed.items() for at, code in self._numbered(parent, rows)}

    def _own_codes(self) -> dict[int, str]:
        """Rows that need another code → the code that mostly the same ground bears today, where no row has it."""
        if not self.recoded or not self.standing:
            return {}
        borne = {grid.code for grid in self.grids}
        free = [code for code in self.standing if code not in borne]
        tree = shapely.STRtree([self.standing[code] for code in free])
        own: dict[int, str] = {}
        for at in sorted(self.recoded):
            near = [free[one] for one in tree.query(self.grids[at].outline, predicate="intersects").tolist()]
            alike = {code: self._as_stood(at, code) for code in near if code not in own.values()}
            best = max(alike, key=lambda code: (alike[code], code), default=None)
            if best is not None and alike[best] >= SAME_GROUND and self._fits(at, best):
                own[at] = best
        return own

    def _fits(self, at: int, code: str) -> bool:
        parent = self._parent_meant(at)
        return parent is None or self.under(code, parent)

    def _parent_meant(self, at: int) -> str | None:
        """Return the parent in which a row lies, else the one that it or its code names, where there is such a one."""
        grid = self.grids[at]
        named = self.lies_in[at], grid.parent, self.profile.parent_code(grid.code, self.kind)
        return next((code for code in named if code in self.parents), None)

    def _numbered(self, parent: str, rows: Sequence[int]) -> Iterator[tuple[int, str]]:
        if self.profile is not GB or DIGITS.get(self.kind) != len(parent) + 3:
            return
        taken = {*self.used, *self.in_force, *(grid.code for grid in self.grids)}
        try:
            codes = next_codes(parent, taken, [self.grids[at].outline for at in rows])
        except NumberingFails:
            return
        yield from zip(rows, codes, strict=True)

    def finding(self, code: str, at: int, message: Sentence, *, others: Sequence[int] = ()) -> Finding:
        """Put a finding about a row together, with what would mend it."""
        grid = self.grids[at]
        rows = tuple(self.grids[other].row for other in others)
        codes = (grid.code,) if grid.code else ()
        size_m2 = area_m2(grid.outline)
        return Finding(code, codes, (*rows, grid.row), size_m2, grid.outline, message, mend=self.mend(at))

    def mend(self, at: int) -> Mend | None:
        """Return the change that gives a row its proper code and parent; None where there is none to be said."""
        row, code = self.grids[at].row, self.proposed.get(at)
        parent = self.strays[at][0] if at in self.strays else None
        if code is None and (parent is None or at in self.recoded):
            return None
        return Mend((Change(row, code=code, parent=parent),), _mending(row, code, parent))


def _mending(row: int, code: str | None, parent: str | None) -> Sentence:
    if parent is None:
        return say("Row {row} gets the code {code}.", row=row, code=code or "")
    if code is None:
        return say("Row {row} goes to {parent}.", row=row, parent=parent)
    return say("Row {row} goes to {parent} and gets the code {code}.", row=row, parent=parent, code=code)


def _missing(draft: _Draft) -> Iterator[Finding]:
    for at in sorted(draft.missing):
        yield draft.finding("code-missing", at, say("Row {row} has no code.", row=draft.grids[at].row))


def _repeated(draft: _Draft) -> Iterator[Finding]:
    for at, keeper in draft.repeats.items():
        grid = draft.grids[at]
        said = say(
            "Row {row} has the code “{code}”, which is the code of row {keeper}.",
            row=grid.row, code=grid.code, keeper=draft.grids[keeper].row,
        )  # fmt: skip
        yield draft.finding("code-repeated", at, said, others=[keeper])


def _reused(draft: _Draft) -> Iterator[Finding]:
    for at in sorted(draft.reused):
        grid = draft.grids[at]
        said = say(
            "Row {row} has the code “{code}”, which was given to “{name}” before: no code is given twice.",
            row=grid.row, code=grid.code, name=draft.used[grid.code],
        )  # fmt: skip
        yield draft.finding("code-reused", at, said)


def _mismatched(draft: _Draft) -> Iterator[Finding]:
    for at, (parent, named) in draft.strays.items():
        grid = draft.grids[at]
        said = say(
            "Most of row {row} (“{code}”) lies in {parent}, yet it is put under {named}.",
            row=grid.row, code=grid.code, parent=parent, named=named,
        )  # fmt: skip
        yield draft.finding("parent-mismatch", at, said)
