"""What a planner decides on a redraw's page: how its file is read, what is mended or accepted, who has looked at it."""

from dataclasses import replace
from datetime import datetime

from flask import flash, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from geo.models import Redraw
from geo.redraw_deciding import Wanted, accept, mend
from geo.redraw_drafts import OPEN, append, as_read, doubt, locked
from geo.redraw_ground import above_of
from geo.redraw_moments import intend, intended, refuse_too_far, standpoint
from geo.redraws.errors import MomentPassed, StillWorking
from geo.redraws.words import RedrawState, RedrawStep
from importers.definitions import definition_of
from webmap import jobs
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.orders import read_order
from webmap.plans.redraw_access import back_to, planner, told_on_its_page, visible, writing
from webmap.plans.redraw_answers import OwnReview
from webmap.plans.redraw_orders import chosen_columns, moment_chosen, reading_of_order, scope_codes
from webmap.plans.redraw_standing import standing_of
from webmap.redraw_work import refuse_while_working


@bp.post("/plans/redraws/<int:redraw_id>/reading")
@requires(Permission.REDRAW)
@told_on_its_page
def read_redraw_again(redraw_id: int) -> ResponseReturnValue:
    """Read the file again in another way. What was mended or edited since goes: the rows come from the file anew."""
    seen, now = visible(redraw_id), utcnow()
    form = request.form.copy()
    form["kind"], form["columns"] = seen.kind.value, ""
    order, problems = read_order(form, seen.source_name or "", account_id=g.account.id, now=now)
    if problems:
        flash(" ".join(problems), "error")
        return back_to(redraw_id, "reading")
    with writing() as db:
        redraw = _changing(db, redraw_id, now)
        columns = chosen_columns(request.form, redraw.kind)
        reading = replace(reading_of_order(order), columns=columns or None, layer=redraw.definition.get("layer"))
        moment = intended(redraw)
        redraw.definition = definition_of(reading) | {"scope": scope_codes(form.get("scope", ""))}
        intend(redraw, moment, now)
        append(db, redraw, RedrawStep.EDITED, by=planner(), now=now, definition=redraw.definition)
        jobs.order(db, jobs.read_redraw, redraw_id=redraw.id)
    return back_to(redraw_id)


@bp.post("/plans/redraws/<int:redraw_id>/check")
@requires(Permission.REDRAW)
@told_on_its_page
def check_redraw(redraw_id: int) -> ResponseReturnValue:
    """Have it checked against the map as it stands now, or as it will stand at the moment chosen.

    Its file names areas above that may be other ones then: unless rows were changed by hand, it is read anew.
    """
    visible(redraw_id)
    moment, now = moment_chosen(request.form), utcnow()
    with writing() as db:
        redraw = locked(db, redraw_id, *OPEN)
        if moment is not None and moment <= now:
            raise MomentPassed(moment)
        refuse_too_far(moment, now)
        if moment != intended(redraw):
            intend(redraw, moment, now)
            doubt(redraw)  # what was checked was another map
            if redraw.source_kept and as_read(db, redraw):
                jobs.order(db, jobs.read_redraw, redraw_id=redraw.id)
                return back_to(redraw_id)
        order_check(db, redraw_id)
    return back_to(redraw_id)


@bp.post("/plans/redraws/<int:redraw_id>/mend")
@requires(Permission.REDRAW)
@told_on_its_page
def mend_redraw(redraw_id: int) -> ResponseReturnValue:
    """Make the changes that findings propose, and have it checked again at once."""
    visible(redraw_id)
    wanted, now = _wanted(), utcnow()
    with writing() as db:
        redraw = deciding(db, redraw_id, now)
        ground = above_of(db, redraw.kind, standpoint(redraw, now))
        done = mend(db, redraw_id, wanted, ground, by=planner(), now=now)
        if done:
            order_check(db, redraw_id)
    if done:
        flash(ngettext("%(num)s finding mended.", "%(num)s findings mended.", done), "done")
    else:
        flash(_("Nothing could be mended: the mend would leave nothing of an area."), "warning")
    return back_to(redraw_id, "findings")


@bp.post("/plans/redraws/<int:redraw_id>/accept")
@requires(Permission.REDRAW)
@told_on_its_page
def accept_findings(redraw_id: int) -> ResponseReturnValue:
    """Take findings as they are."""
    visible(redraw_id)
    wanted, note = _wanted(), request.form.get("note", "").strip()[:2000]
    with writing() as db:
        done = accept(db, redraw_id, wanted, by=planner(), now=utcnow(), note=note)
    if done:
        flash(ngettext("%(num)s finding accepted.", "%(num)s findings accepted.", done), "done")
    else:
        flash(_("None of these can be accepted: correct them, or have them mended."), "warning")
    return back_to(redraw_id, "findings")


@bp.post("/plans/redraws/<int:redraw_id>/review")
@requires(Permission.REDRAW)
@told_on_its_page
def review_redraw(redraw_id: int) -> ResponseReturnValue:
    """Say that one has looked at it; somebody else than its author does."""
    visible(redraw_id)
    note = request.form.get("note", "").strip()[:2000]
    with writing() as db:
        redraw = locked(db, redraw_id, RedrawState.CHECKED)
        if redraw.author_account_id == g.account.id:
            raise OwnReview
        redraw.reviewer = planner().name
        append(db, redraw, RedrawStep.REVIEWED, by=planner(), now=utcnow(), note=note)
    flash(_("You are named as its reviewer."), "done")
    return back_to(redraw_id)


@bp.post("/plans/redraws/<int:redraw_id>/discard")
@requires(Permission.REDRAW)
@told_on_its_page
def discard_redraw(redraw_id: int) -> ResponseReturnValue:
    """Give a draft up. It stays on record."""
    visible(redraw_id)
    note = request.form.get("note", "").strip()[:2000]
    with writing() as db:
        redraw = locked(db, redraw_id, *OPEN)
        redraw.state = RedrawState.DISCARDED
        append(db, redraw, RedrawStep.DISCARDED, by=planner(), now=utcnow(), note=note)
    flash(_("The redraw was discarded. It stays on record."), "done")
    return back_to(redraw_id)


def _changing(db: Session, redraw_id: int, now: datetime) -> Redraw:
    """The redraw, locked and a draft again, while nothing is being done with it. Raises what `deciding` does."""
    redraw = locked(db, redraw_id, *OPEN)
    refuse_while_working(redraw, now)
    doubt(redraw)
    return redraw


def deciding(db: Session, redraw_id: int, now: datetime) -> Redraw:
    """The redraw, locked, unless its rows are about to be replaced; a check that is under way begins again.

    Raises UnknownRedraw, WrongState or StillWorking.
    """
    redraw = locked(db, redraw_id, *OPEN)
    if standing_of(redraw, now).reading:
        raise StillWorking
    return redraw


def order_check(db: Session, redraw_id: int) -> None:
    """Have the redraw checked soon; ordered twice before that, it is checked once."""
    jobs.order(db, jobs.check_redraw, once=f"check-redraw-{redraw_id}", redraw_id=redraw_id)


def _wanted() -> Wanted:
    """The finding, or the kind of findings, whose button was pressed."""
    ids = [int(value) for value in request.form.getlist("finding") if value.isdecimal() and len(value) < 19]
    return Wanted(ids[:1000], () if ids else request.form.getlist("findings")[:100])
