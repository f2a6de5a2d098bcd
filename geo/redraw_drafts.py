"""Redraws on their way: begun, filled with rows, mended and accepted row by row. Nothing official is touched here.

Functions take the session first and flush; the caller commits. `by` is who does it, as history names them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from geoalchemy2.functions import ST_AsBinary
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.copying import copy_outlined, ewkb
from geo.coverage import as_simple
from geo.models import Area, Redraw
from geo.redraw_models import DraftArea, RedrawEvent
from geo.redraws.errors import NameTaken, UnknownRedraw, WrongState
from geo.redraws.mends import DraftGrid
from geo.redraws.words import RedrawState, RedrawStep

OPEN = frozenset({RedrawState.DRAFT, RedrawState.CHECKED})
"""The states in which a redraw may still be changed."""


@dataclass(frozen=True)
class Planner:
    """Who does something to a redraw."""

    name: str
    account_id: int | None = None


@dataclass(frozen=True)
class Source:
    """The file that a redraw was sent as: its own name, where it is kept, and who sends such files."""

    name: str
    kept: str | None = None
    sender: str | None = None


def begin(
    db: Session, name: str, kind: AreaKind, *, by: Planner, now: datetime, note: str = "",
    source: Source | None = None, definition: Mapping[str, Any] | None = None,
) -> Redraw:  # fmt: skip
    """Make an empty draft. Raises NameTaken, also where somebody takes the name at the same instant."""
    if db.scalar(select(Redraw.id).where(Redraw.name == name)) is not None:
        raise NameTaken
    redraw = Redraw(
        name=name, kind=kind, state=RedrawState.DRAFT, author=by.name, author_account_id=by.account_id, note=note,
        source_name=source.name if source else None, source_kept=source.kept if source else None,
        sender=source.sender if source else None, definition=dict(definition or {}), created_at=now,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(redraw)
    except IntegrityError as error:
        if "uq_redraw_name" in str(error.orig):
            raise NameTaken from error
        raise
    append(db, redraw, RedrawStep.BEGUN, by=by, now=now, note=note)
    return redraw


def locked(db: Session, redraw_id: int, *states: RedrawState) -> Redraw:
    """The redraw, locked until the transaction ends. Raises UnknownRedraw, and WrongState unless in one of `states`."""
    redraw = db.scalar(select(Redraw).where(Redraw.id == redraw_id).with_for_update())
    if redraw is None:
        raise UnknownRedraw
    if states and redraw.state not in states:
        raise WrongState(redraw.state)
    return redraw


def append(
    db: Session, redraw: Redraw, step: RedrawStep, *, by: Planner, now: datetime, note: str = "", **details: Any
) -> None:
    """Add a line to the redraw's history."""
    line = RedrawEvent(
        redraw_id=redraw.id, at=now, step=step, by_name=by.name, by_account_id=by.account_id, note=note, details=details
    )
    db.add(line)
    db.flush()


_COLUMNS = {
    "redraw_id": "int8", "row": "int4", "code": "text", "name": "text", "domain": "text", "parent_id": "int8",
    "households": "int4",
}  # fmt: skip


def put_rows(db: Session, redraw: Redraw, rows: Iterable[DraftGrid], parents: Mapping[str, int]) -> int:
    """Let the draft consist of these rows and no others; `parents` is code → area id. Returns how many there are."""
    db.execute(delete(DraftArea).where(DraftArea.redraw_id == redraw.id))
    redraw_id = redraw.id

    def values(row: DraftGrid) -> tuple[Any, ...]:
        parent_id = parents.get(row.parent) if row.parent is not None else None
        return redraw_id, row.row, row.code, row.name, row.domain, parent_id, row.households

    return copy_outlined(db, "draft_area", _COLUMNS, ((row.outline, values(row)) for row in rows))


def change_row(db: Session, redraw: Redraw, row: DraftGrid, parents: Mapping[str, int]) -> None:
    """Write one row anew, as a mend or the planner's hand left it."""
    draft = db.scalar(select(DraftArea).where(DraftArea.redraw_id == redraw.id, DraftArea.row == row.row))
    if draft is None:
        raise UnknownRedraw
    draft.code, draft.name, draft.households, draft.domain = row.code, row.name, row.households, row.domain
    draft.parent_id = parents.get(row.parent) if row.parent is not None else None
    draft.outline = ewkb([row.outline])[0].hex()  # type: ignore[assignment]  # GeoAlchemy2 takes hexadecimal EWKB
    db.flush()


def rows_of(db: Session, redraw: Redraw, rows: Sequence[int] | None = None) -> list[DraftGrid]:
    """The rows of a draft in order; only the given ones, where given."""
    wanted = (
        select(DraftArea.row, DraftArea.code, DraftArea.name, ST_AsBinary(DraftArea.outline), Area.code,
               DraftArea.households, DraftArea.domain)
        .outerjoin(Area, Area.id == DraftArea.parent_id)
        .where(DraftArea.redraw_id == redraw.id)
        .order_by(DraftArea.row)
    )  # fmt: skip
    if rows is not None:
        wanted = wanted.where(DraftArea.row == func.any(list(rows)))  # one parameter, however many
    found = db.execute(wanted).all()
    outlines = shapely.from_wkb([bytes(row[3]) for row in found])
    return [
        DraftGrid(row[0], row[1], row[2], as_simple(outline), row[4], row[5], row[6])
        for row, outline in zip(found, outlines, strict=True)
    ]


def as_read(db: Session, redraw: Redraw) -> bool:
    """Tell whether the rows are still as they came from the file: nothing was mended or edited since."""
    steps = select(RedrawEvent.step).where(
        RedrawEvent.redraw_id == redraw.id,
        RedrawEvent.step.in_((RedrawStep.READ, RedrawStep.MENDED, RedrawStep.EDITED)),
    )
    return db.scalar(steps.order_by(RedrawEvent.id.desc()).limit(1)) == RedrawStep.READ


def doubt(redraw: Redraw) -> None:
    """What was checked, and reviewed, has been changed: it is a draft again, that nobody has looked at."""
    redraw.state = RedrawState.DRAFT
    redraw.base, redraw.checked_at, redraw.comparison, redraw.reviewer = None, None, None, None
