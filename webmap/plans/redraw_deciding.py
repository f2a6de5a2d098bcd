"""What a planner decides on a redraw's page: how its file is read, what is mended or accepted, what a row shall be."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import flash, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models import Redraw
from geo.redraw_deciding import Wanted, accept, mend
from geo.redraw_drafts import OPEN, append, change_row, doubt, locked, rows_of
from geo.redraw_ground import ground_of
from geo.redraw_models import DraftArea
from geo.redraws.errors import StillWorking, UnknownRedraw
from geo.redraws.mends import DraftGrid
from geo.redraws.words import RedrawState, RedrawStep
from importers.definitions import definition_of
from webmap import jobs
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.orders import read_order
from webmap.plans.redraw_access import back_to, planner, told_on_its_page, visible, writing
from webmap.plans.redraw_answers import OwnReview
from webmap.plans.redraw_orders import chosen_columns, reading_of_order, scope_codes
from webmap.plans.redraw_standing import standing_of
from webmap.redraw_work import refuse_while_working

LONGEST_CODE, LONGEST_NAME = 64, 200
MOST_HOUSEHOLDS = 2**31 - 1


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
        redraw.definition = definition_of(reading) | {"scope": scope_codes(form.get("scope", ""))}
        append(db, redraw, RedrawStep.EDITED, by=planner(), now=now, definition=redraw.definition)
        jobs.order(db, jobs.read_redraw, redraw_id=redraw.id)
    return back_to(redraw_id)


@bp.post("/plans/redraws/<int:redraw_id>/check")
@requires(Permission.REDRAW)
@told_on_its_page
def check_redraw(redraw_id: int) -> ResponseReturnValue:
    """Have it checked against the map as it stands now."""
    visible(redraw_id)
    with writing() as db:
        locked(db, redraw_id, *OPEN)
        _order_check(db, redraw_id)
    return back_to(redraw_id)


@bp.post("/plans/redraws/<int:redraw_id>/mend")
@requires(Permission.REDRAW)
@told_on_its_page
def mend_redraw(redraw_id: int) -> ResponseReturnValue:
    """Make the changes that findings propose, and have it checked again at once."""
    visible(redraw_id)
    wanted, now = _wanted(), utcnow()
    with writing() as db:
        redraw = _deciding(db, redraw_id, now)
        ground = ground_of(db, redraw.kind, redraw.scope_ids, now)
        done = mend(db, redraw_id, wanted, ground, by=planner(), now=now)
        if done:
            redraw.reviewer = None
            _order_check(db, redraw_id)
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


@bp.post("/plans/redraws/<int:redraw_id>/row")
@requires(Permission.REDRAW)
@told_on_its_page
def edit_row(redraw_id: int) -> ResponseReturnValue:
    """Give one row another code, name or number of households, and have it checked again."""
    visible(redraw_id)
    number, now = request.form.get("row", 0, type=int), utcnow()
    typed, problems = _typed()
    if problems:
        flash(" ".join(problems), "error")
        return back_to(redraw_id, "findings")
    with writing() as db:
        redraw = _deciding(db, redraw_id, now)
        before, parents = _row(db, redraw, number)
        after = replace(before, **typed)
        changed = {
            name: [getattr(before, name), value] for name, value in typed.items() if value != getattr(before, name)
        }
        if changed:
            change_row(db, redraw, after, parents)
            doubt(redraw)
            redraw.reviewer = None
            append(db, redraw, RedrawStep.EDITED, by=planner(), now=now, row=number, changed=changed)
            _order_check(db, redraw_id)
    flash(_("Row %(row)s was changed.", row=number) if changed else _("Nothing was changed."), "done")
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
    """The redraw, locked and a draft again, while nothing is being done with it. Raises what `_deciding` does."""
    redraw = locked(db, redraw_id, *OPEN)
    refuse_while_working(redraw, now)
    doubt(redraw)
    redraw.reviewer = None
    return redraw


def _deciding(db: Session, redraw_id: int, now: datetime) -> Redraw:
    """The redraw, locked, unless its rows are about to be replaced; a check that is under way begins again.

    Raises UnknownRedraw, WrongState or StillWorking.
    """
    redraw = locked(db, redraw_id, *OPEN)
    if standing_of(redraw, now).reading:
        raise StillWorking
    return redraw


def _order_check(db: Session, redraw_id: int) -> None:
    jobs.order(db, jobs.check_redraw, once=f"check-redraw-{redraw_id}", redraw_id=redraw_id)


def _wanted() -> Wanted:
    """The finding, or the kind of findings, whose button was pressed."""
    ids = [int(value) for value in request.form.getlist("finding") if value.isdecimal()]
    return Wanted(ids[:1000], () if ids else request.form.getlist("findings")[:100])


def _typed() -> tuple[dict[str, Any], list[str]]:
    """The fields of a row as they were typed, and every problem in them."""
    code, name = (request.form.get(field, "").strip() for field in ("code", "name"))
    households = request.form.get("households", "").strip()
    problems = []
    if not code or len(code) > LONGEST_CODE or any(character.isspace() for character in code):
        problems.append(_("A code has no spaces and at most %(most)s characters.", most=LONGEST_CODE))
    if not name or len(name) > LONGEST_NAME:
        problems.append(_("An area has a name of at most %(most)s characters.", most=LONGEST_NAME))
    if households and not (households.isdecimal() and int(households) <= MOST_HOUSEHOLDS):
        problems.append(_("Households are a whole number, or blank where they were not counted."))
    counted = int(households) if households and not problems else None
    return {"code": code, "name": name, "households": counted}, problems


def _row(db: Session, redraw: Redraw, number: int) -> tuple[DraftGrid, Mapping[str, int]]:
    """A row as it is, and the id of the area above it by its code. Raises UnknownRedraw where there is no such row."""
    found = rows_of(db, redraw, [number])
    parent = select(DraftArea.parent_id).where(DraftArea.redraw_id == redraw.id, DraftArea.row == number)
    if not found:
        raise UnknownRedraw
    above, parent_id = found[0].parent, db.scalar(parent)
    return found[0], {above: parent_id} if above is not None and parent_id is not None else {}
