"""What a planner tries on the page of balance: a grid is split by a drawn line, or moved to another village.

It becomes a draft, or goes into one of the planner's own; the draft is checked at once and leads on as any redraw does.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from shapely.geometry import LineString
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from geo.codes import AreaKind
from geo.models import Redraw
from geo.redraw_drafts import begin
from geo.redraw_editing import move_grid, split_grid
from geo.redraws.errors import RedrawError
from geo.redraws.numbering import NumberingFails
from webmap.audit import Action
from webmap.drawn_lines import LineUnreadable, read_line
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.plans.balance import balance_of, balance_page
from webmap.plans.balance_answers import sentence_of
from webmap.plans.balance_looking import Look, own_drafts, read_look
from webmap.plans.blueprint import bp
from webmap.plans.redraw_access import note_down, planner, writing
from webmap.plans.redraw_deciding import deciding, order_check
from webmap.problems import NotFound

LONGEST_NAME = 100
SPLIT, MOVE = "split", "move"


@dataclass(frozen=True)
class Trial:
    """What is to be tried. `draft` None: a new one of this name is begun."""

    what: str
    grid: str
    draft: int | None
    name: str
    line: LineString | None = None
    code: str | None = None
    to: str = ""
    borders: bool = False


def read_trial(form: MultiDict[str, str]) -> tuple[Trial, list[str]]:
    """What the form says, and what is wrong with it."""
    given = {name: value.strip() for name, value in form.items()}
    draft = given.get("into", "")
    what = MOVE if given.get("what") == MOVE else SPLIT
    line, problems = None, []
    if not given.get("grid"):
        problems.append(_("Choose a grid: click it on the map or in the table."))
    if not draft and not given.get("name"):
        problems.append(_("Give the draft a name."))
    if what == SPLIT:
        try:
            line = read_line(given.get("line", ""))
        except LineUnreadable:
            problems.append(_("Draw the line on the map, or write its points as “lon lat, lon lat”."))
    elif not given.get("to"):
        problems.append(_("Choose the village that the grid goes to."))
    trial = Trial(
        what, given.get("grid", ""), int(draft) if draft.isdecimal() and len(draft) < 10 else None,
        given.get("name", "")[:LONGEST_NAME], line, given.get("code", "")[:64] or None, given.get("to", ""),
        given.get("borders") == "1",
    )  # fmt: skip
    return trial, problems


@bp.post("/plans/balance")
@requires(Permission.REDRAW)
def try_out() -> ResponseReturnValue:
    """Put what is tried into a draft, have it checked, and lead to its page."""
    now = utcnow()
    look = read_look(request.args, now)
    trial, problems = read_trial(request.form)
    if problems:
        return balance_page(look, now, problems=problems, given=request.form), 422
    _refuse_foreign(look, trial, now)
    try:
        with writing() as db:
            redraw = _put(db, trial, now)
            redraw_id = redraw.id
    except (RedrawError, NumberingFails) as error:
        return balance_page(look, now, problems=[sentence_of(error)], given=request.form), 409
    return redirect(url_for("plans.redraw", redraw_id=redraw_id), code=303)


def _refuse_foreign(look: Look, trial: Trial, now: datetime) -> None:
    """Raise NotFound for a grid or village that is not on the page, and for a draft that is not one's own."""
    if trial.draft is not None and trial.draft not in {draft.id for draft in own_drafts()}:
        raise NotFound
    if trial.grid not in {row.grid.code for row in balance_of(look, now).rows}:
        raise NotFound
    if trial.what == MOVE and trial.to not in {village.code for village in look.villages}:
        raise NotFound


def _put(db: Session, trial: Trial, now: datetime) -> Redraw:
    """Make the change in its draft, and order that this is checked. Raises what `deciding` does, too."""
    redraw = _draft(db, trial, now)
    if trial.what == MOVE:
        name = _("%(draft)s: village borders", draft=redraw.name) if trial.borders else None
        moved = move_grid(db, redraw.id, trial.grid, trial.to, by=planner(), now=now, borders=name)
        order_check(db, redraw.id)
        if moved.borders is not None:
            order_check(db, moved.borders.id)
        _say_moved(moved.borders)
    elif trial.line is not None:
        split_grid(db, redraw.id, trial.grid, trial.line, by=planner(), now=now, new_code=trial.code)
        order_check(db, redraw.id)
        flash(_("The households of the two pieces are an estimate by area: count them before you publish."), "info")
    return redraw


def _draft(db: Session, trial: Trial, now: datetime) -> Redraw:
    if trial.draft is None:
        redraw = begin(db, trial.name, AreaKind.COMPREHENSIVE, by=planner(), now=now)
        note_down(db, Action.REDRAW_BEGUN, redraw.id, kind=redraw.kind.value, tried=trial.what)
        return redraw
    return deciding(db, trial.draft, now)


def _say_moved(borders: Redraw | None) -> None:
    if borders is None:
        flash(_("The border between the two villages was left as it is: the check will find the grid outside."), "info")
        return
    said = _(
        "The border between the two villages is redrawn in “%(name)s”. Publish that first, then check this draft for "
        "the same moment. Until then the grid is found outside its village: do not have that mended, it would go back.",
        name=borders.name,
    )  # fmt: skip
    flash(said, "info")
