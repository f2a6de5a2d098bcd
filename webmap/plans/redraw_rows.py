"""`/plans/redraws/…/rows`: every row of a draft in a table to search, sort and edit, beside its map."""

from collections.abc import Mapping
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from geo.models import Redraw
from geo.redraw_drafts import OPEN
from geo.redraw_models import DraftArea, RedrawFinding
from geo.redraw_rows import RowOrder, RowsAsked, count_rows, find_rows, page_of, parents_in
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.redraw_access import visible
from webmap.plans.redraw_maps import draft_board
from webmap.plans.redraw_standing import standing_of
from webmap.plans.telling import again, domain_name
from webmap.plans.titles import TITLES

PAGE = 100

LARGEST_ROW = 2**31 - 1

MOST_PARENTS = 500
"""More names of areas above are no help in choosing one: then it is typed."""

ORDERS: dict[RowOrder, LazyString] = {
    RowOrder.ROW: _l("Row"),
    RowOrder.CODE: _l("Code"),
    RowOrder.NAME: _l("Area name"),
    RowOrder.PARENT: _l("Lies in"),
    RowOrder.HOUSEHOLDS: _l("Households"),
    RowOrder.AREA: _l("Size"),
    RowOrder.FINDINGS: _l("Findings"),
}
"""The columns of the table, in their order."""


ByField = Mapping[str, str]
"""Something about each field of a row."""


@bp.get("/plans/redraws/<int:redraw_id>/rows")
@requires(Permission.REDRAW)
def redraw_rows(redraw_id: int) -> ResponseReturnValue:
    """The table; with `row` in the address, the page of it on which that row stands."""
    return rows_page(visible(redraw_id))


def asked_again(redraw_id: int) -> dict[str, Any]:
    """What the address of the table says: whoever edits a row comes back to the same part of it."""
    kept = ("q", "finding", "troubled", "by", "down", "page")
    return {"redraw_id": redraw_id} | {name: request.args[name] for name in kept if request.args.get(name)}


def rows_page(redraw: Redraw, *, typed: ByField | None = None, problems: ByField | None = None) -> str:
    """The page; where an edit could not be taken, with what was typed and what is wrong with it."""
    asked, now = _asked(), utcnow()
    moment = redraw.comes_at or now
    total = g.db.scalar(select(func.count()).where(DraftArea.redraw_id == redraw.id)) or 0
    found = count_rows(g.db, redraw, asked, moment) if asked.some else total
    pages = max(-(-found // PAGE), 1)
    page = min(max(_page(redraw, asked), 1), pages)
    standing = standing_of(redraw, now)
    may_change = redraw.state in OPEN and not standing.reading

    def url(page: int | None = None, **changes: Any) -> str:
        return url_for("plans.redraw_rows", **(asked_again(redraw.id) | {"page": page} | changes))

    return render_template(
        "plans/redraw_rows.html",
        redraw=redraw, standing=standing, asked=asked, total=total, found=found, page=page, pages=pages, url=url,
        rows=find_rows(g.db, redraw, asked, moment, limit=PAGE, offset=(page - 1) * PAGE),
        finding=_finding(redraw, asked), orders=ORDERS, titles=TITLES, domain_name=domain_name,
        may_change=may_change, chosen=request.args.get("row", type=_number),
        parents=parents_in(g.db, redraw, moment, most=MOST_PARENTS) if may_change else {},
        typed=typed or {}, problems=problems or {},
        action=url_for("plans.edit_row_of_table", **asked_again(redraw.id)),
        map=draft_board(redraw, total, findings=False),
    )  # fmt: skip


def _asked() -> RowsAsked:
    given = request.args
    return RowsAsked(
        text=given.get("q", "").strip()[:100],
        finding=given.get("finding", type=_number),
        troubled=bool(given.get("troubled")),
        order=RowOrder(given["by"]) if given.get("by") in set(RowOrder) else RowOrder.ROW,
        descending=bool(given.get("down")),
    )


def _number(text: str) -> int:
    """A number in an address. Raises ValueError for one that no row has: the database would refuse it."""
    if (number := int(text)) > LARGEST_ROW:
        raise ValueError(text)
    return number


def _page(redraw: Redraw, asked: RowsAsked) -> int:
    """The page asked for; that of a row only where the table is whole and in the order of the file."""
    row = request.args.get("row", type=_number)
    if row is not None and asked == RowsAsked():
        return page_of(g.db, redraw, row, size=PAGE)
    return request.args.get("page", 1, type=int)


def _finding(redraw: Redraw, asked: RowsAsked) -> str | None:
    """The finding whose rows are shown, in words; "" where it is no longer there, None where none was asked for."""
    if asked.finding is None:
        return None
    found = select(RedrawFinding.message).where(RedrawFinding.id == asked.finding, RedrawFinding.redraw_id == redraw.id)
    told = g.db.scalar(found)
    return "" if told is None else again(told)
