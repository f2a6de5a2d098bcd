"""What a planner decides about findings: to accept one as it is, or to have it mended.

Functions lock the redraw and flush; the caller commits, and has the redraw checked again after a mend.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models import Redraw
from geo.redraw_checking import count
from geo.redraw_drafts import OPEN, Planner, append, change_row, doubt, locked, rows_of
from geo.redraw_ground import Ground
from geo.redraw_models import RedrawEvent, RedrawFinding
from geo.redraws.errors import UnknownFinding
from geo.redraws.mends import Change, DraftGrid, MendFails, apply, changes_of
from geo.redraws.words import Decision, RedrawStep

NEVER_ACCEPTED = frozenset(
    {"code-repeated", "code-missing", "code-malformed", "code-reused", "domain-missing", "scope-unknown",
     "children-left"}
)  # fmt: skip
"""What cannot be published whatever anybody says: two areas of one code or an area without any, or a specialised one of
which nobody says what it is for."""


@dataclass(frozen=True)
class Wanted:
    """Which open findings are meant: these ids, or all of these kinds."""

    ids: Collection[int] = ()
    kinds: Collection[str] = ()


def accept(db: Session, redraw_id: int, wanted: Wanted, *, by: Planner, now: datetime, note: str = "") -> int:
    """Take open findings as they are; returns how many. What can never be published is passed over.

    Raises UnknownRedraw, WrongState, and UnknownFinding where a single one that was named is gone.
    """
    redraw = locked(db, redraw_id, *OPEN)
    chosen = [finding for finding in _open(db, redraw, wanted) if finding.code not in NEVER_ACCEPTED]
    for finding in chosen:
        finding.decision, finding.decided_by = Decision.ACCEPTED, by.name
    db.flush()
    counted = count(db, redraw)
    redraw.summary = redraw.summary | {
        "blocking": counted.blocking, "warning": counted.warning, "accepted": counted.accepted,
    }  # fmt: skip
    if chosen:
        kinds = sorted({finding.code for finding in chosen})
        append(db, redraw, RedrawStep.ACCEPTED, by=by, now=now, note=note, count=len(chosen), kinds=kinds)
    return len(chosen)


def mend(db: Session, redraw_id: int, wanted: Wanted, ground: Ground, *, by: Planner, now: datetime) -> int:
    """Make the proposed changes of open findings, one finding after the other; returns how many were mended.

    A mend that would leave nothing of a grid is not made, and its finding stays open; nor does a whole kind take back
    what was moved on purpose, which is done by its own id. The redraw is a draft again until it is checked. Raises
    what `accept` does.
    """
    redraw = locked(db, redraw_id, *OPEN)
    chosen = [finding for finding in _open(db, redraw, wanted) if finding.mend is not None]
    if not wanted.ids:
        moved = moved_rows(db, redraw)
        chosen = [finding for finding in chosen if not undoes_move(finding, moved)]
    proposed = {finding.id: changes_of(finding.mend) for finding in chosen if finding.mend is not None}
    rows = sorted({change.row for changes in proposed.values() for change in changes})
    drafts = {row.row: row for row in rows_of(db, redraw, rows)}
    mended: list[RedrawFinding] = []
    for finding in chosen:
        after = _changed(drafts, proposed[finding.id])
        if after is not None:
            drafts |= after
            finding.decision, finding.decided_by = Decision.MENDED, by.name
            mended.append(finding)
    parents = {code: area.area_id for code, area in ground.above.items()}
    for number in sorted({change.row for finding in mended for change in proposed[finding.id]}):
        change_row(db, redraw, drafts[number], parents)
    if mended:
        doubt(redraw)
        what = [{"code": one.code, "codes": one.codes, "rows": one.rows, "size_m2": one.size_m2} for one in mended]
        append(db, redraw, RedrawStep.MENDED, by=by, now=now, count=len(mended), findings=what)
    return len(mended)


def moved_rows(db: Session, redraw: Redraw) -> frozenset[int]:
    """The rows that somebody put under another village since the file was read, if it was."""
    told = select(RedrawEvent.step, RedrawEvent.details).where(
        RedrawEvent.redraw_id == redraw.id, RedrawEvent.step.in_((RedrawStep.READ, RedrawStep.EDITED))
    )
    moved: set[int] = set()
    for step, details in db.execute(told.order_by(RedrawEvent.id)):
        if step == RedrawStep.READ:
            moved.clear()
        elif details.get("what") == "move":
            moved.update(details["rows"])
    return frozenset(moved)


OF_MOVES = frozenset({"parent-mismatch", "outside-parent", "outside-scope"})
"""What is found of a grid that was moved, until the borders of the villages are redrawn too."""


def undoes_move(finding: RedrawFinding, moved: Collection[int]) -> bool:
    """Tell whether the mend of a finding would take back what was moved on purpose."""
    return finding.code in OF_MOVES and not set(finding.rows).isdisjoint(moved)


def _changed(drafts: dict[int, DraftGrid], changes: Sequence[Change]) -> dict[int, DraftGrid] | None:
    """The rows as all changes of one mend leave them, or None where one of them cannot be made."""
    after: dict[int, DraftGrid] = {}
    try:
        for change in changes:
            after[change.row] = apply(after.get(change.row) or drafts[change.row], change)
    except (MendFails, KeyError):
        return None
    return after


def _open(db: Session, redraw: Redraw, wanted: Wanted) -> list[RedrawFinding]:
    """The findings meant that nobody has decided about, in the order in which they were found."""
    query = select(RedrawFinding).where(RedrawFinding.redraw_id == redraw.id, RedrawFinding.decision.is_(None))
    if wanted.ids:
        found = list(db.scalars(query.where(RedrawFinding.id.in_(list(wanted.ids))).order_by(RedrawFinding.id)))
        if len(found) < len(set(wanted.ids)):
            raise UnknownFinding
        return found
    return list(db.scalars(query.where(RedrawFinding.code.in_(list(wanted.kinds))).order_by(RedrawFinding.id)))
