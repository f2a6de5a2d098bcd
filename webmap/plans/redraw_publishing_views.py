"""Publishing a redraw for a moment and undoing it, on its page."""

from collections.abc import Mapping
from datetime import datetime

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from geo.redraw_drafts import locked
from importers.values import BadValue, parse_time
from incidents.clock import LOCAL
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
from webmap.plans.redraw_answers import MomentMissing
from webmap.redraw_publishing import publish_redraw, revert_redraw
from webmap.redraw_work import refuse_while_working
from webmap.words import when


@bp.post("/plans/redraws/<int:redraw_id>/publish")
@requires(Permission.REDRAW)
@told_on_its_page
def publish(redraw_id: int) -> ResponseReturnValue:
    """Let a checked redraw come into force, now or at the moment chosen."""
    refuse_outside(visible(redraw_id))
    at, now = _moment(request.form), utcnow()
    with writing() as db:
        refuse_while_working(locked(db, redraw_id), now)
        done = publish_redraw(
            db, redraw_id, at=at, cases=_choices(request.form), by=planner(), now=now, note=_note(request.form)
        )
        note_down(db, Action.REDRAW_PUBLISHED, redraw_id, at=done.at.isoformat(), ended=done.ended, begun=done.begun)
    flash(_("Published: in force from %(at)s.", at=when(done.at)), "done")
    return back_to(redraw_id)


@bp.post("/plans/redraws/<int:redraw_id>/revert")
@requires(Permission.REDRAW)
@told_on_its_page
def revert(redraw_id: int) -> ResponseReturnValue:
    """Restore what a published redraw changed."""
    refuse_outside(visible(redraw_id))
    with writing() as db:
        restoring = revert_redraw(db, redraw_id, by=planner(), now=utcnow(), note=_note(request.form)).id
        note_down(db, Action.REDRAW_REVERTED, redraw_id, by_redraw=restoring)
    flash(_("Reverted: the areas are again as they were before."), "done")
    return back_to(redraw_id)


def _moment(form: MultiDict[str, str]) -> datetime | None:
    """From when on; None means now. Raises MomentMissing."""
    if form.get("when") != "later":
        return None
    try:
        moment = parse_time(form.get("at", "").strip()[:40], LOCAL)
    except BadValue:
        moment = None
    if moment is None:
        raise MomentMissing
    return moment


def _choices(form: MultiDict[str, str]) -> Mapping[str, str]:
    """For each class of open case whether it stays or moves; what the form does not say is left to the usual rule."""
    chosen = {state.value: form.get(f"case-{state}", "") for state in USUAL}
    return {state: choice for state, choice in chosen.items() if choice in set(Choice)}


def _note(form: MultiDict[str, str]) -> str:
    return form.get("note", "").strip()[:2000]
