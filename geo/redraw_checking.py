"""Checking a redraw: every trouble of its rows, its codes and its ground, compared with the map of a moment.

Each check takes the place of the one before. What a person accepted stays accepted where the same trouble is found
again: the same kind, between the same rows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

import shapely
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, defer

from database.base import WGS84
from geo.codes import GB, PROFILES, AreaKind
from geo.coverage import AreaOutline, Finding, Outline, as_multi
from geo.crs import area_m2
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_drafts import Planner, append, rows_of
from geo.redraw_ground import Ground
from geo.redraw_models import DraftArea, RedrawFinding
from geo.redraws.code_findings import examine_codes
from geo.redraws.crossing import find_crossing
from geo.redraws.ground import examine_ground
from geo.redraws.mends import DraftGrid
from geo.redraws.shapes import examine_shapes
from geo.redraws.words import Decision, RedrawState, RedrawStep
from geo.sentences import Sentence, say, told

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

TILES = frozenset({AreaKind.COMPREHENSIVE, AreaKind.VILLAGE, AreaKind.TOWNSHIP})
"""The kinds that leave no gap and share no ground."""

OF_PARTS = frozenset(AreaKind) - {AreaKind.COMPREHENSIVE}
"""The kinds that may lie in several parts: a village has an island, a company two yards. A worker walks one grid."""


def nobody(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody looks at."""


def examine(
    db: Session, redraw: Redraw, ground: Ground, progress: Progress = nobody, *, rows: Sequence[DraftGrid] | None = None
) -> list[Finding]:
    """Everything wrong with the rows of a redraw on that ground; with `rows` they need not be read. Writes nothing."""
    rows = rows_of(db, redraw) if rows is None else rows
    parents = {code: cast(Outline, area.outline) for code, area in ground.fill.items()}
    steps: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("codes", lambda: _codes(db, redraw, rows, ground, parents)),
        ("shapes", lambda: examine_shapes(rows, kind=redraw.kind, may_be_multi_part=redraw.kind in OF_PARTS)),
    ]
    steps.append(("children", lambda: _children_left(rows, ground)))
    if redraw.kind in TILES:
        standing = [AreaOutline(one.code, one.outline) for one in ground.outside]
        steps.append(("ground", lambda: examine_ground(rows, parents, standing=standing)))
    if redraw.kind is AreaKind.SPECIALISED:
        steps.append(("crossing", lambda: find_crossing(rows, _tiles(ground))))
    found: list[Finding] = []
    for number, (stage, step) in enumerate(steps):
        progress(stage, number, len(steps))
        found += step()
    return found


def _codes(
    db: Session, redraw: Redraw, rows: Sequence[DraftGrid], ground: Ground, parents: Mapping[str, Any]
) -> list[Finding]:
    profile = PROFILES.get(str(redraw.definition.get("codes") or GB.name), GB)
    used = _ever_used(db, redraw.kind)
    standing = {one.code: one.outline for one in ground.inside}
    return examine_codes(
        rows, kind=redraw.kind, profile=profile, used=used, in_force=_going_on(rows, ground), parents=parents,
        standing=standing,
    )  # fmt: skip


def codes_of_others(db: Session, rows: Sequence[DraftGrid], ground: Ground) -> list[str]:
    """The codes of rows that were given to another area, by whatever was published or imported until now; in order."""
    return sorted(({row.code for row in rows} & _ever_used(db, ground.kind).keys()) - _going_on(rows, ground))


def _going_on(rows: Sequence[DraftGrid], ground: Ground) -> set[str]:
    """The codes that the rows may go on using: those of what they replace, where it has no other domain.

    A market with the code of a school is another area, however much of the ground they have in common: history, and
    whoever answers for the school, would be mixed up with it.
    """
    domains = {one.code: one.domain for one in ground.inside}
    return domains.keys() - {row.code for row in rows if row.domain != domains.get(row.code)}


def _ever_used(db: Session, kind: AreaKind) -> dict[str, str]:
    """Every code that an area of the kind ever bore, and the name of the latest that did.

    What was withdrawn before it came into force never bore one: its file may be sent again.
    """
    names = (
        select(Area.code, AreaVersion.name)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.kind == kind, ~func.isempty(AreaVersion.valid))
        .order_by(Area.code, func.lower(AreaVersion.valid).nulls_first())
    )
    return {row[0]: row[1] for row in db.execute(names)}


def _children_left(rows: Sequence[DraftGrid], ground: Ground) -> list[Finding]:
    """Areas that would end while others lie under them: those would belong to nobody."""
    kept = {row.code for row in rows}
    children = Counter(area.parent_id for area in ground.areas if area.parent_id is not None)
    return [
        Finding(
            "children-left", (one.code,), (), float(area_m2(one.outline)), one.outline,
            say("{code} would end, and {count} areas lie under it: redraw those first.",
                code=one.code, count=children[one.area_id]),
        )
        for one in ground.inside
        if one.code not in kept and children[one.area_id]
    ]  # fmt: skip


def _tiles(ground: Ground) -> list[AreaOutline]:
    return [
        AreaOutline(area.code, area.outline)  # type: ignore[arg-type]  # areas are polygons
        for area in ground.areas
        if area.kind is AreaKind.COMPREHENSIVE
    ]


# --- keeping what was found ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    """What a check counted: findings that block, findings that warn, and those of either that were accepted."""

    blocking: int
    warning: int
    accepted: int


def keep(
    db: Session, redraw: Redraw, found: Sequence[Finding], ground: Ground, *, by: Planner, now: datetime
) -> Checked:
    """Let these be the findings of the redraw, which is now checked against `ground`. Flushes."""
    accepted = _accepted(db, redraw)
    _forget(db, redraw)
    _settle_read_problems(db, redraw)
    rows = list(_rows(redraw, found, accepted))
    for start in range(0, len(rows), 1000):
        db.execute(insert(RedrawFinding), rows[start : start + 1000])
    base = ground.base
    if base != redraw.base:
        redraw.reviewer = None  # who has looked at it compared it with another map
    redraw.state, redraw.base, redraw.checked_at = RedrawState.CHECKED, base, now
    counted = count(db, redraw)
    redraw.summary = {"blocking": counted.blocking, "warning": counted.warning, "accepted": counted.accepted}
    append(db, redraw, RedrawStep.CHECKED, by=by, now=now, **redraw.summary)
    return counted


def count(db: Session, redraw: Redraw) -> Checked:
    """How many findings are open, by weight, and how many were accepted."""
    rows = db.execute(
        select(RedrawFinding.severity, RedrawFinding.decision, func.count())
        .where(RedrawFinding.redraw_id == redraw.id)
        .group_by(RedrawFinding.severity, RedrawFinding.decision)
    ).all()

    def those(severity: str, decision: Decision | None) -> int:
        return sum(row[2] for row in rows if row[0] == severity and row[1] == decision)

    accepted = those("block", Decision.ACCEPTED) + those("warn", Decision.ACCEPTED)
    return Checked(those("block", None), those("warn", None), accepted)


MOST_TOLD = 1000
"""Of one kind of warning that proposes nothing so many are kept one by one: nobody reads on, nor looks at so many."""


def _rows(redraw: Redraw, found: Sequence[Finding], accepted: Mapping["Same", str | None]) -> Iterator[dict[str, Any]]:
    """A row for each finding; where a warning is told a hundred thousand times, one for all but the first of them."""
    seen: Counter[str] = Counter()
    for finding in found:
        if finding.severity == "warn" and finding.mend is None:
            seen[finding.code] += 1
        if seen[finding.code] <= MOST_TOLD:
            yield _row(redraw, finding, accepted)
    for code, count in seen.items():
        if count > MOST_TOLD:
            said = say("The same is true of {count} more, which are not listed one by one.", count=count - MOST_TOLD)
            yield _untold(redraw, code, said, accepted)


Same = tuple[str, tuple[int, ...], tuple[str, ...]]
"""What makes a trouble the same as one found before: its kind, its rows, its codes."""


def _accepted(db: Session, redraw: Redraw) -> dict[Same, str | None]:
    rows = db.execute(
        select(RedrawFinding.code, RedrawFinding.rows, RedrawFinding.codes, RedrawFinding.decided_by).where(
            RedrawFinding.redraw_id == redraw.id, RedrawFinding.decision == Decision.ACCEPTED
        )
    )
    return {(code, tuple(numbers), tuple(codes)): by for code, numbers, codes, by in rows}


def _forget(db: Session, redraw: Redraw) -> None:
    """Remove what earlier checks found; what was found when the file was read stays: nobody reads it again."""
    db.execute(delete(RedrawFinding).where(RedrawFinding.redraw_id == redraw.id, RedrawFinding.of_file.is_(False)))


class RowProblem(Protocol):
    """What the reading of a file says of a row, or of the file as a whole (`row` None)."""

    @property
    def row(self) -> int | None: ...
    @property
    def field(self) -> str | None: ...
    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def severity(self) -> str: ...


def keep_read(db: Session, redraw: Redraw, problems: Sequence[RowProblem]) -> None:
    """Let these be what was found when the file of the redraw was read; a row's outline shows where. Flushes."""
    db.execute(delete(RedrawFinding).where(RedrawFinding.redraw_id == redraw.id))
    rows = [
        {
            "redraw_id": redraw.id, "of_file": True, "code": problem.code, "severity": problem.severity,
            "codes": [], "rows": [problem.row] if problem.row else [], "field": told(problem.field),
            "message": told(problem.message),
        }
        for problem in problems
    ]  # fmt: skip
    if rows:
        db.execute(insert(RedrawFinding), rows)
    db.execute(
        update(RedrawFinding)
        .where(
            RedrawFinding.redraw_id == redraw.id,
            DraftArea.redraw_id == redraw.id,
            DraftArea.row == RedrawFinding.rows[1],
        )
        .values(shape=DraftArea.outline, codes=func.array_remove(postgresql.array([DraftArea.code]), ""))
        .execution_options(synchronize_session=False)
    )


def _settle_read_problems(db: Session, redraw: Redraw) -> None:
    """Problems of a row's code are over once the row has another one."""
    problems = db.scalars(
        select(RedrawFinding)
        .where(RedrawFinding.redraw_id == redraw.id, RedrawFinding.of_file.is_(True), RedrawFinding.code.in_(OF_CODES))
        .options(defer(RedrawFinding.shape))
    ).all()
    if not problems:
        return
    coded = select(DraftArea.row).where(DraftArea.redraw_id == redraw.id, DraftArea.code != "")
    with_code = set(db.scalars(coded))
    for problem in problems:
        if set(problem.rows) <= with_code:
            problem.decision = Decision.MENDED
    db.flush()


OF_CODES = frozenset({"code-malformed"})


def _row(redraw: Redraw, finding: Finding, accepted: Mapping[Same, str | None]) -> dict[str, Any]:
    same = (finding.code, finding.rows, finding.codes)
    return {
        "redraw_id": redraw.id, "code": finding.code, "severity": finding.severity, "codes": list(finding.codes),
        "rows": list(finding.rows), "field": None, "size_m2": finding.size_m2, "of_file": False,
        "shape": shapely.to_wkb(shapely.set_srid(as_multi(finding.shape), WGS84), hex=True, include_srid=True),
        "message": told(finding.message), "mend": finding.mend.to_json() if finding.mend else None,
        "decision": Decision.ACCEPTED if same in accepted else None, "decided_by": accepted.get(same),
    }  # fmt: skip


def _untold(redraw: Redraw, code: str, said: Sentence, accepted: Mapping[Same, str | None]) -> dict[str, Any]:
    """The row that stands for all further findings of a kind."""
    same = (code, (), ())
    return {
        "redraw_id": redraw.id, "code": code, "severity": "warn", "codes": [], "rows": [], "field": None,
        "size_m2": None, "of_file": False, "shape": None, "message": told(said), "mend": None,
        "decision": Decision.ACCEPTED if same in accepted else None, "decided_by": accepted.get(same),
    }  # fmt: skip
