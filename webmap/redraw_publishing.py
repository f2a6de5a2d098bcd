"""Publishing and reverting with all that follows: open cases are given over when the redraw comes into force.

What comes into force at once is handed over in the same transaction; for what is to come, the moment's job is
ordered in it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from geo.models import Redraw
from geo.redraw_drafts import Planner, append, locked
from geo.redraw_moments import refuse_too_far
from geo.redraw_publishing import Published, publish, revert
from geo.redraws.words import RedrawStep
from incidents.handover import hand_over
from webmap import jobs


def publish_redraw(
    db: Session, redraw_id: int, *, at: datetime | None, cases: Mapping[str, str], by: Planner, now: datetime,
    note: str = "",
) -> Published:  # fmt: skip
    """Publish a checked redraw; `cases` says of some states of open cases whether they stay or move.

    Raises MomentTooFar and what geo.redraw_publishing.publish does. Flushes; the caller commits.
    """
    refuse_too_far(at, now)
    done = publish(db, redraw_id, at=at, by=by, now=now, note=note)
    redraw = locked(db, redraw_id)
    redraw.handover = dict(cases)
    _give_over(db, redraw, by=by, now=now)
    return done


def revert_redraw(db: Session, redraw_id: int, *, by: Planner, now: datetime, note: str = "") -> Redraw:
    """Restore what a published redraw changed; returns the redraw that does so. Flushes; the caller commits."""
    restoring = revert(db, redraw_id, by=by, now=now, note=note)
    _give_over(db, restoring, by=by, now=now)
    return restoring


def _give_over(db: Session, redraw: Redraw, *, by: Planner, now: datetime) -> None:
    if redraw.comes_at is not None and redraw.comes_at > now:
        jobs.order(db, jobs.hand_over, at=redraw.comes_at, redraw_id=redraw.id)
        return
    done = hand_over(db, redraw, now=now)
    append(db, redraw, RedrawStep.HANDED_OVER, by=by, now=now, moved=done.moved, stayed=done.stayed)
