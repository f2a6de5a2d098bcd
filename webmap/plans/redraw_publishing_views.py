"""Publishing a redraw for a moment and undoing it, on its page."""

from collections.abc import Mapping
from datetime import datetime

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from geo.models import Redraw
from geo.redraw_drafts import locked
from geo.redraws.errors import StillWorking
from incidents.handover import USUAL, Choice
from webmap.audit import Action
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.redraw_access import (
    back_to,
    note_down,
    planner,
    refuse_outside,
    told_on_its_page,
    visible,
    writing,
)
from webmap.plans.redraw_orders import moment_chosen
from webmap.plans.redraw_standing import standing_of
from webmap.redraw_carrying_out import Order, is_large, order
from webmap.redraw_publishing import publish_redraw, revert_redraw
from webmap.words import when


@bp.post("/plans/redraws/<int:redraw_id>/publish")
@requires(Permission.REDRAW)
@told_on_its_page
def publish(redraw_id: int) -> ResponseReturnValue:
    """Let a checked redraw come into force, now or at the moment chosen."""
    refuse_outside(visible(redraw_id))
    at, now = moment_chosen(request.form), utcnow()
    cases, note = _choices(request.form), _note(request.form)
    with writing() as db:
        redraw = _idle(db, redraw_id, now)
        if is_large(db, redraw):
            wanted = Order("publish", planner(), at.isoformat() if at else None, cases, note, request.remote_addr)
            order(db, redraw, wanted, now)
            return back_to(redraw_id)
        done = publish_redraw(db, redraw_id, at=at, cases=cases, by=planner(), now=now, note=note)
        note_down(db, Action.REDRAW_PUBLISHED, redraw_id, at=done.at.isoformat(), ended=done.ended, begun=done.begun)
    flash(_("Published: in force from %(at)s.", at=when(done.at)), "done")
    return back_to(redraw_id)


@bp.post("/plans/redraws/<int:redraw_id>/revert")
@requires(Permission.REDRAW)
@told_on_its_page
def revert(redraw_id: int) -> ResponseReturnValue:
    """Restore what a published redraw changed."""
    refuse_outside(visible(redraw_id))
    now = utcnow()
    with writing() as db:
        redraw = _idle(db, redraw_id, now)
        if is_large(db, redraw):
            wanted = Order("revert", planner(), note=_note(request.form), address=request.remote_addr)
            order(db, redraw, wanted, now)
            return back_to(redraw_id)
        restoring = revert_redraw(db, redraw_id, by=planner(), now=now, note=_note(request.form)).id
        note_down(db, Action.REDRAW_REVERTED, redraw_id, by_redraw=restoring)
    flash(_("Reverted: the areas are again as they were before."), "done")
    return back_to(redraw_id)


def _idle(db: Session, redraw_id: int, now: datetime) -> Redraw:
    """The redraw, locked, while nothing is being done with it. Raises UnknownRedraw or StillWorking."""
    redraw = db.get(Redraw, redraw_id)
    if redraw is not None and standing_of(redraw, now).busy:  # asked first: who publishes it keeps it locked
        raise StillWorking
    return locked(db, redraw_id)


def _choices(form: MultiDict[str, str]) -> Mapping[str, str]:
    """For each class of open case whether it stays or moves; what the form does not say is left to the usual rule."""
    chosen = {state.value: form.get(f"case-{state}", "") for state in USUAL}
    return {state: choice for state, choice in chosen.items() if choice in set(Choice)}


def _note(form: MultiDict[str, str]) -> str:
    return form.get("note", "").strip()[:2000]
