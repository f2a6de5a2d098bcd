"""Editing the words of a row, from a finding, from the map or from the table of rows: what was typed, and what of it.

Each edit is a line of the redraw's history, and has the redraw checked again.
"""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from geo.redraw_editing import RowWords, UnknownParent, UnknownRow, edit_row
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.redraw_access import back_to, planner, told_on_its_page, visible, writing
from webmap.plans.redraw_deciding import deciding, order_check
from webmap.plans.redraw_rows import asked_again, rows_page
from webmap.problems import ANSWERS, Answer

LONGEST_CODE, LONGEST_NAME = 64, 200
MOST_HOUSEHOLDS = 2**31 - 1

NO_SUCH_PARENT = _l("There is no such area above, neither on the map of today nor on one to come.")

ANSWERS |= {
    UnknownParent: Answer(HTTPStatus.CONFLICT, NO_SUCH_PARENT, _l("Nothing was changed.")),
    UnknownRow: Answer(
        HTTPStatus.NOT_FOUND,
        _l("The draft has no such row."),
        _l("Its file may have been read again since: look at the table of its rows."),
    ),
}


@bp.post("/plans/redraws/<int:redraw_id>/row", endpoint="edit_row")
@requires(Permission.REDRAW)
@told_on_its_page
def edit_row_of_finding(redraw_id: int) -> ResponseReturnValue:
    """Edit a row from the redraw's page, and come back to what was found."""
    visible(redraw_id)
    words, problems = typed_words(request.form)
    if problems:
        flash(" ".join(problems.values()), "error")
    else:
        _edit(redraw_id, words)
    return back_to(redraw_id, "findings")


@bp.post("/plans/redraws/<int:redraw_id>/rows")
@requires(Permission.REDRAW)
@told_on_its_page
def edit_row_of_table(redraw_id: int) -> ResponseReturnValue:
    """Edit a row from the table, and come back to it; what cannot be taken is told beside each field."""
    redraw = visible(redraw_id)
    words, problems = typed_words(request.form)
    if not problems:
        try:
            _edit(redraw_id, words)
        except UnknownParent:
            problems = {"parent": str(NO_SUCH_PARENT)}
    if problems:
        return rows_page(redraw, typed=request.form, problems=problems), 422
    number = request.form.get("row", 0, type=int)
    return redirect(url_for("plans.redraw_rows", **asked_again(redraw_id), _anchor=f"row-{number}"), code=303)


def _edit(redraw_id: int, words: RowWords) -> None:
    """Make the change, have the redraw checked, and say so. Raises what `deciding` and `edit_row` do."""
    number, now = request.form.get("row", 0, type=int), utcnow()
    with writing() as db:
        deciding(db, redraw_id, now)
        changed = edit_row(db, redraw_id, number, words, by=planner(), now=now)
        if changed:
            order_check(db, redraw_id)
    flash(_("Row %(row)s was changed.", row=number) if changed else _("Nothing was changed."), "done")


def typed_words(form: MultiDict[str, str]) -> tuple[RowWords, dict[str, str]]:
    """The words of a row as they were typed, and what is wrong with them, by field.

    A form that does not ask for the area above leaves it as it is; blank, there is none.
    """
    typed = {field: form.get(field, "").strip() for field in ("code", "name", "parent", "households")}
    problems = dict(_problems(typed))
    counted = int(typed["households"]) if typed["households"] and "households" not in problems else None
    words = RowWords(code=typed["code"], name=typed["name"], households=counted)
    if "parent" in form:
        words["parent"] = typed["parent"] or None
    return words, problems


def _problems(typed: dict[str, str]) -> Any:
    code, name, households = typed["code"], typed["name"], typed["households"]
    if not code or len(code) > LONGEST_CODE or any(character.isspace() for character in code):
        yield "code", _("A code has no spaces and at most %(most)s characters.", most=LONGEST_CODE)
    if not name or len(name) > LONGEST_NAME:
        yield "name", _("An area has a name of at most %(most)s characters.", most=LONGEST_NAME)
    if households and not (households.isdecimal() and len(households) < 11 and int(households) <= MOST_HOUSEHOLDS):
        yield "households", _("Households are a whole number, or blank where they were not counted.")
