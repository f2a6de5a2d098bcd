"""`/plans`: the areas of each kind on a date, on the map and as a list to search."""

from datetime import UTC, date, datetime, time
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geo import registers
from geo.areas import bounds_of
from geo.codes import AreaKind
from geo.locate import LocatableArea
from geo.registers import Entry
from incidents.clock import LOCAL
from staffing.answering import Answer
from staffing.rosters import load_roster
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, Field, Look, new_map
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.telling import domain_name, kind_names

PAGE = 50
KINDS = (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED, AreaKind.VILLAGE, AreaKind.TOWNSHIP, AreaKind.COUNTY)
"""In the order of the tabs: what a planner works with most comes first."""

LOOKS: dict[AreaKind, Look] = {
    AreaKind.COMPREHENSIVE: "grid", AreaKind.SPECIALISED: "specialised", AreaKind.VILLAGE: "village",
    AreaKind.TOWNSHIP: "township", AreaKind.COUNTY: "county",
}  # fmt: skip
LABELS_FROM = {AreaKind.COMPREHENSIVE: 14, AreaKind.SPECIALISED: 14, AreaKind.VILLAGE: 12}


@bp.get("/plans")
@requires(Permission.SEE_PLANS)
def index() -> ResponseReturnValue:
    """The areas of a date."""
    on = _date(request.args.get("on"))
    moment = _moment(on)
    there = registers.sums(g.db, moment)
    kind = _kind(request.args.get("kind"), there)
    text = request.args.get("q", "").strip()[:100]
    found = registers.count(g.db, kind, moment, text)
    pages = max(-(-found // PAGE), 1)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    entries = registers.search(g.db, kind, moment, text, limit=PAGE, offset=(page - 1) * PAGE)
    return render_template(
        "plans/index.html",
        on=on,
        today=_today(),
        kinds=[(each, there[each]) for each in KINDS if each in there],
        kind=kind,
        text=text,
        found=found,
        entries=entries,
        answers=_answers(entries, moment),
        page=page,
        pages=pages,
        url=_url(on, kind, text),
        map=_board(there, kind, on, moment),
        domain_name=domain_name,
        may_check=g.account.may(Permission.CHECK_PLANS),
        may_redraw=g.account.may(Permission.REDRAW),
    )


def _today() -> date:
    return utcnow().astimezone(LOCAL).date()


def _date(given: str | None) -> date:
    """The day asked for; today where it is none."""
    try:
        day = date.fromisoformat(given or "")
    except ValueError:
        return _today()
    return day if 1900 <= day.year <= 2199 else _today()


def _moment(on: date) -> datetime:
    """The moment that stands for a day: now for today, else the day's beginning, when changes come into force."""
    return utcnow() if on == _today() else datetime.combine(on, time(), LOCAL).astimezone(UTC)


def _kind(given: str | None, there: dict[AreaKind, registers.KindSum]) -> AreaKind:
    if given in set(AreaKind):
        return AreaKind(given)
    return next((kind for kind in KINDS if kind in there), AreaKind.COMPREHENSIVE)


def _url(on: date, kind: AreaKind, text: str) -> Any:
    """Addresses of this view with something changed."""

    def address(page: int | None = None, **changes: Any) -> str:
        params: dict[str, Any] = {"on": on if on != _today() else None, "kind": kind, "q": text or None, "page": page}
        return url_for("plans.index", **(params | changes))

    return address


def _answers(entries: list[Entry], moment: datetime) -> dict[int, Answer]:
    """Who answered for each of the areas then."""
    locator = installation().areas.at(moment)
    above = {entry.area_id: _ladder(locator.by_area_id, entry.area_id) for entry in entries}
    wanted = {area_id for ladder in above.values() for area_id in ladder.values()}
    roster = load_roster(g.db, wanted | above.keys())
    return {
        area_id: roster.who_answers(
            area_id,
            village_id=ladder.get(AreaKind.VILLAGE),
            township_id=ladder.get(AreaKind.TOWNSHIP),
            county_id=ladder.get(AreaKind.COUNTY),
            at=moment,
        )
        for area_id, ladder in above.items()
    }


def _ladder(known: Any, area_id: int) -> dict[AreaKind, int]:
    """The area and those above it, by kind; a circle of parents is walked once."""
    ladder: dict[AreaKind, int] = {}
    area: LocatableArea | None = known.get(area_id)
    while area is not None and area.kind not in ladder:
        ladder[area.kind] = area.area_id
        area = known.get(area.parent_id) if area.parent_id is not None else None
    return ladder


def _board(there: dict[AreaKind, registers.KindSum], kind: AreaKind, on: date, moment: datetime) -> Board:
    """Every kind as a layer; the one listed can be clicked."""
    board = new_map(bounds_of(g.db, moment), label=_("Map of the areas"))
    at = None if on == _today() else moment.isoformat()
    for each in KINDS:
        if each in there:
            _add_kind(board, each, at, listed=each is kind)
    return board


def _add_kind(board: Board, kind: AreaKind, at: str | None, *, listed: bool) -> None:
    few = kind in (AreaKind.TOWNSHIP, AreaKind.COUNTY)
    fields = [Field("code", _("Code")), Field("households", _("Households")), Field("parent", _("Lies in"))]
    address = url_for("api.areas", kind=kind.value, at=at, zoom=13 if few else None)
    labels = listed or kind is AreaKind.TOWNSHIP
    board.add(
        AreaLayer(kind.value, address, kind_names()[kind], look=LOOKS[kind], labels=labels, whole=few,
                  labels_from_zoom=LABELS_FROM.get(kind, 0), fields=fields if listed else (), selectable=listed,
                  show=listed or few or kind is AreaKind.COMPREHENSIVE)
    )  # fmt: skip
