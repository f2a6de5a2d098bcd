"""Publishing and reverting what is too large for a request: ordered on the page, carried out by the worker.

All of it is still one transaction: until it ends everybody sees the map as it was, and a worker that is killed in the
middle leaves it so; the next one begins again. What cannot be done is a line of the history, and the page tells it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from database.session import session_for
from geo.models import AreaVersion, Redraw
from geo.redraw_checking import count
from geo.redraw_drafts import Planner, append, locked
from geo.redraw_models import DraftArea
from geo.redraw_moments import refuse_too_far
from geo.redraws.errors import MomentPassed, RedrawError, StillBlocked, WrongState
from geo.redraws.words import RedrawState, RedrawStep
from webmap import jobs
from webmap.accounts import Account
from webmap.audit import Action, record
from webmap.installation import Installation
from webmap.redraw_publishing import publish_redraw, revert_redraw

LARGE = 5_000
"""Areas: so many are published in some seconds. Whoever presses the button waits no longer than that."""


@dataclass(frozen=True)
class Order:
    """What somebody wants done with a redraw: to publish it from `at` on (ISO 8601; None: at once), or to revert it."""

    what: str
    by: Planner
    at: str | None = None
    cases: Mapping[str, str] | None = None
    note: str = ""
    address: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a job keeps it."""
        return vars(self) | {"by": vars(self.by), "cases": dict(self.cases or {})}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Order":
        """Read what `to_json` wrote."""
        return cls(**(dict(told) | {"by": Planner(**told["by"])}))

    @property
    def moment(self) -> datetime | None:
        """From when on; None: at once."""
        return datetime.fromisoformat(self.at) if self.at else None


def is_large(db: Session, redraw: Redraw) -> bool:
    """Whether more areas begin or end with it than a request may wait for."""
    theirs = or_(AreaVersion.begun_by_id == redraw.id, AreaVersion.ended_by_id == redraw.id)
    drafts = select(func.count()).where(DraftArea.redraw_id == redraw.id)
    versions = select(func.count()).select_from(AreaVersion).where(theirs)
    return max(db.scalar(drafts) or 0, db.scalar(versions) or 0) > LARGE


def order(db: Session, redraw: Redraw, wanted: Order, now: datetime) -> None:
    """Have the worker do it. What can be seen at once to be impossible is refused now; the caller commits.

    Raises WrongState, MomentPassed, MomentTooFar or StillBlocked.
    """
    if wanted.what == "revert":
        if redraw.state is not RedrawState.PUBLISHED:
            raise WrongState(redraw.state)
        jobs.order(db, jobs.revert_redraw, once=f"revert-redraw-{redraw.id}", redraw_id=redraw.id,
                   order=wanted.to_json())  # fmt: skip
        return
    if redraw.state is not RedrawState.CHECKED:
        raise WrongState(redraw.state)
    if wanted.moment is not None and wanted.moment < now:
        raise MomentPassed(wanted.moment)
    refuse_too_far(wanted.moment, now)
    if blocking := count(db, redraw).blocking:
        raise StillBlocked(blocking)
    jobs.order(db, jobs.publish_redraw, once=f"publish-redraw-{redraw.id}", redraw_id=redraw.id,
               order=wanted.to_json())  # fmt: skip


def carry_out(here: Installation, redraw_id: int, wanted: Order, now: datetime) -> None:
    """Do what was ordered, and write down why it could not be done. Commits.

    Nothing happens where it is done already: a worker was ended between doing it and saying so.
    """
    do: Callable[[Session, int, Order, datetime], None] = _revert if wanted.what == "revert" else _publish
    done = RedrawState.REVERTED if wanted.what == "revert" else RedrawState.PUBLISHED
    try:
        with session_for(here.engine) as db:
            if locked(db, redraw_id).state is done:
                return
            do(db, redraw_id, wanted, now)
            db.commit()
    except RedrawError as error:
        facts = {name: value for name, value in vars(error).items() if isinstance(value, str | int)}
        with session_for(here.engine) as db:
            redraw, refused = locked(db, redraw_id), type(error).__name__
            append(db, redraw, RedrawStep.FAILED, by=wanted.by, now=now, refused=refused, facts=facts)
            db.commit()


def _publish(db: Session, redraw_id: int, wanted: Order, now: datetime) -> None:
    done = publish_redraw(
        db, redraw_id, at=wanted.moment, cases=wanted.cases or {}, by=wanted.by, now=now, note=wanted.note
    )
    facts = {"at": done.at.isoformat(), "ended": done.ended, "begun": done.begun}
    _note_down(db, Action.REDRAW_PUBLISHED, redraw_id, wanted, **facts)


def _revert(db: Session, redraw_id: int, wanted: Order, now: datetime) -> None:
    restoring = revert_redraw(db, redraw_id, by=wanted.by, now=now, note=wanted.note)
    _note_down(db, Action.REDRAW_REVERTED, redraw_id, wanted, by_redraw=restoring.id)


def _note_down(db: Session, action: Action, redraw_id: int, wanted: Order, **facts: Any) -> None:
    account = db.get(Account, wanted.by.account_id) if wanted.by.account_id else None
    record(db, action, f"redraw:{redraw_id}", by=account, address=wanted.address, **facts)
