"""`/desk`: list, map and case side by side.

Everything works without script: the list is links, a step is a form that posts and leads back to the same
view. The page's script asks for the same pieces and puts them in place (`fragment=` in the address).
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geo.areas import bounds_of, find_area, listed
from geo.codes import AreaKind
from geo.crs import Bounds
from incidents import finding, handling, presenting, remembering, reporters
from incidents.cursors import BadCursor, Position, cursor_after, read_cursor
from incidents.errors import IncidentError, UnknownIncident
from incidents.matters import standing
from incidents.models import Incident
from incidents.words import Channel
from incidents.workflow import Move, State
from staffing.models import Unit
from webmap import wording
from webmap.api.acting import actor
from webmap.api.errors import BeyondYourArea
from webmap.audit import Action, record
from webmap.desk.filtering import TABS, DeskFilter, Tab, read_filter
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, IncidentLayer, new_map
from webmap.permissions import Permission, requires
from webmap.problems import answer_for
from webmap.words import word

bp = Blueprint("desk", __name__, template_folder="templates")

PAGE = 40
COUNTED_TABS = (Tab.QUEUE, Tab.FILED, Tab.DISPATCHED, Tab.HANDLED, Tab.LATE)


@bp.get("/desk")
@requires(Permission.SEE_INCIDENTS)
def index() -> ResponseReturnValue:
    """The desk, or with `fragment=list` only the list as it is now."""
    wanted, now = read_filter(request.args), utcnow()
    page = _list(wanted, now)
    if request.args.get("fragment") == "list":
        return render_template("desk/list.html", **page)
    chosen = request.args.get("case", type=int)
    return render_template(
        "desk/index.html",
        **(page | (_case(chosen, wanted, now) if chosen else {})),
        **_choices(now),
        counts=_counts(wanted, now),
        map=_board(wanted, now),
    )


@bp.get("/desk/counts")
@requires(Permission.SEE_INCIDENTS)
def counts() -> ResponseReturnValue:
    """How many wait in each heap, for the page to refresh its tabs."""
    wanted = read_filter(request.args)
    return {tab.value: number for tab, number in _counts(wanted, utcnow()).items()}


@bp.get("/desk/<int:incident_id>")
@requires(Permission.SEE_INCIDENTS)
def show(incident_id: int) -> ResponseReturnValue:
    """One case as a page of its own, or with `fragment=case` as the panel beside the list."""
    wanted, now = read_filter(request.args), utcnow()
    case = _case(incident_id, wanted, now)
    if request.args.get("fragment") == "case":
        return render_template("desk/case.html", **case)
    return render_template("desk/alone.html", **case, map=_case_board(case["incident"], now))


@bp.post(f"/desk/<int:incident_id>/<any({', '.join(Move)}):move>")
@requires(Permission.SEE_INCIDENTS)
def take_step(incident_id: int, move: str) -> ResponseReturnValue:
    """Take one step with one case."""
    lead = _unit(g.db, request.form.get("lead", ""))
    note = request.form.get("note", "")
    try:
        done = handling.make_move(g.db, incident_id, Move(move), by=actor(), now=utcnow(), note=note, lead=lead)
    except IncidentError as refused:
        return _told(incident_id, refused)
    g.db.commit()
    sentence = _("%(number)s: %(state)s", number=done.number, state=word(done.state))
    return _after(incident_id, sentence)


@bp.post("/desk/<int:incident_id>/place")
@requires(Permission.PLACE)
def place(incident_id: int) -> ResponseReturnValue:
    """Put a case where a person says it is (WGS-84)."""
    lon, lat = (request.form.get(name, type=float) for name in ("lon", "lat"))
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return _refused(incident_id, _("Choose a point on the map first."))
    return _put(incident_id, partial(handling.place_by_hand, g.db, incident_id, lon, lat))


def _put(incident_id: int, put: Callable[..., Incident]) -> ResponseReturnValue:
    """Place a case and say where it lies now, or why that cannot be."""
    try:
        placed = put(by=actor(), now=utcnow(), index=installation().areas)
    except IncidentError as refused:
        return _told(incident_id, refused)
    except ProgrammingError as refused:
        if isinstance(refused.orig, InsufficientPrivilege):  # row-level security: the new place is somebody else's
            return _told(incident_id, BeyondYourArea())
        raise
    g.db.commit()
    grid = placed.explanation["grid"]["name"]
    return _after(incident_id, _("%(number)s now lies in %(grid)s.", number=placed.number, grid=grid))


@bp.post("/desk/<int:incident_id>/choose")
@requires(Permission.PLACE)
def choose(incident_id: int) -> ResponseReturnValue:
    """Put a case where one of the candidates of its words lies; `candidate` counts from 0."""
    nth, matched = request.form.get("candidate", -1, type=int), request.form.get("matched", "")
    put = partial(handling.place_by_candidate, g.db, incident_id, nth, matched)
    return _put(incident_id, put)


@bp.post("/desk/<int:incident_id>/look-again")
@requires(Permission.PLACE)
def look_again(incident_id: int) -> ResponseReturnValue:
    """Look the words of a case up in the list of addresses as it is now."""
    here = installation()
    try:
        found = remembering.ask_again(
            g.db, incident_id, by=actor(), index=here.areas, geocoding=here.reception.geocoding
        )  # fmt: skip
    except IncidentError as refused:
        return _told(incident_id, refused)
    g.db.commit()
    count = len((found.address_answer or {}).get("candidates", ()))
    return _after(incident_id, ngettext("%(num)s place found.", "%(num)s places found.", count))


@bp.post("/desk/<int:incident_id>/remember")
@requires(Permission.PLACE)
def remember(incident_id: int) -> ResponseReturnValue:
    """Keep the place of a case for its words, so that the next report with them is found there."""
    try:
        alias = remembering.remember(g.db, incident_id, request.form.get("words", ""), by=actor(), now=utcnow())
    except IncidentError as refused:
        return _told(incident_id, refused)
    g.db.commit()
    return _after(incident_id, _("From now on “%(words)s” is found here.", words=alias.text))


@bp.post("/desk/<int:incident_id>/reveal")
@requires(Permission.REVEAL_REPORTER)
def reveal(incident_id: int) -> ResponseReturnValue:
    """Show the reporter's name and phone once; the trace is committed before the answer leaves."""
    now = utcnow()
    opened = reporters.reveal(g.db, incident_id, by=actor(), now=now, seal=installation().seal)
    record(g.db, Action.REPORTER_REVEALED, f"incident:{incident_id}", by=g.account, address=request.remote_addr)
    g.db.commit()
    case = _case(incident_id, read_filter(request.args), now) | {"opened": opened}
    if request.args.get("fragment") == "case":
        return render_template("desk/case.html", **case)
    return render_template("desk/alone.html", **case, map=_case_board(case["incident"], now))


def _told(incident_id: int, error: IncidentError | BeyondYourArea) -> ResponseReturnValue:
    """A step that cannot be taken: say why, and show the case as it is now."""
    told = answer_for(error)
    if told is None or isinstance(error, UnknownIncident):
        raise error
    return _refused(incident_id, f"{told.title} {told.advice}", int(told.status))


def _after(incident_id: int, sentence: str) -> ResponseReturnValue:
    """Back to the view the step was taken from; a script gets the case as it is now."""
    if request.args.get("fragment") == "case":
        case = _case(incident_id, read_filter(request.args), utcnow())
        return render_template("desk/case.html", **case, said=("done", sentence))
    flash(sentence, "done")
    return redirect(_back(incident_id), code=303)


def _refused(incident_id: int, sentence: str, status: int = 422) -> ResponseReturnValue:
    g.db.rollback()
    if request.args.get("fragment") == "case":
        case = _case(incident_id, read_filter(request.args), utcnow())
        return render_template("desk/case.html", **case, said=("error", sentence)), status
    flash(sentence, "error")
    return redirect(_back(incident_id), code=303)


def _back(incident_id: int) -> str:
    params: dict[str, Any] = read_filter(request.args).params
    if request.args.get("alone"):
        return url_for("desk.show", incident_id=incident_id, **params)
    return url_for("desk.index", **params, case=incident_id)


def _list(wanted: DeskFilter, now: datetime) -> dict[str, Any]:
    """One page of the list, and where the next begins."""
    meant = wanted.of(wanted.tab, now)
    found = finding.find(g.db, meant, limit=PAGE + 1, before=_position(request.args.get("after")))
    shown = found[:PAGE]
    more = cursor_after(shown[-1]) if len(found) > PAGE else None
    lines = [presenting.summary(incident, now=now) | {"when": incident.reported_at} for incident in shown]
    chosen = request.args.get("case", type=int)
    return {"wanted": wanted, "lines": lines, "more": more, "chosen": chosen, "tabs": TABS, "now": now}


def _case(incident_id: int, wanted: DeskFilter, now: datetime) -> dict[str, Any]:
    """Everything the case panel shows."""
    incident = finding.one(g.db, incident_id)
    by = actor()
    case = presenting.detail(g.db, incident, by=by, now=now, seal=installation().seal)
    return {
        "incident": incident,
        "case": case,
        "why": case["explanation"],
        "wording": wording,
        "wanted": wanted,
        "now": now,
        "answer": incident.address_answer or {"asked": None, "candidates": []},
        "words_to_keep": _words_to_keep(incident),
        "suggested": _suggested_lead(incident),
        "units": _units(g.db) if any(move["needs_lead"] for move in case["moves"]) else [],
        "may_place": case["may_place"] and g.account.may(Permission.PLACE),
        "may_reveal": case["may_reveal"] and g.account.may(Permission.REVEAL_REPORTER),
        "step_url": partial(_step_url, wanted, incident_id),
    }


def _step_url(wanted: DeskFilter, incident_id: int, endpoint: str, move: str | None = None) -> str:
    """Where a step of this case is sent, keeping the view it is taken from."""
    step: dict[str, Any] = {"move": move} if move else {}
    return url_for(endpoint, incident_id=incident_id, **step, **wanted.address())


def _counts(wanted: DeskFilter, now: datetime) -> dict[Tab, int]:
    return {tab: finding.count(g.db, wanted.of(tab, now)) for tab in COUNTED_TABS}


def _choices(now: datetime) -> dict[str, Any]:
    """What the filter's pickers offer."""
    return {
        "townships": listed(g.db, AreaKind.TOWNSHIP, now),
        "channels": [(channel.value, word(channel)) for channel in Channel],
        "matters": [(matter.code, matter.name, matter.field) for matter in standing(g.db, now)],
    }


def _words_to_keep(incident: Incident) -> str | None:
    """Which words may be kept for the place that a person chose; None where there is nothing to keep."""
    kept = incident.place_method in remembering.CHOSEN and "remembered" not in incident.explanation
    return remembering.words_to_keep(incident) if kept else None


def _units(db: Session) -> list[tuple[str, str, str]]:
    """Code, name and kind of every unit that a case can be given to."""
    rows = db.execute(select(Unit.code, Unit.name, Unit.kind).order_by(Unit.kind, Unit.code))
    return [(code, name, word(kind)) for code, name, kind in rows]


def _unit(db: Session, given: str) -> Unit | None:
    """The unit that was chosen: its code, which a picker's entry begins with."""
    code = given.strip().split(" ")[0]
    return db.scalar(select(Unit).where(Unit.code == code)) if code else None


def _suggested_lead(incident: Incident) -> Unit | None:
    """To whom the case most likely goes: who leads on its matter, else the desk it lies on."""
    return (incident.matter.lead_unit if incident.matter else None) or incident.unit


def _board(wanted: DeskFilter, now: datetime) -> Board:
    """The desk's map: areas below, the heap's cases above."""
    meant = wanted.of(wanted.tab, now).model_dump(mode="json", exclude_defaults=True)
    board = new_map(_bounds(wanted, now), label=_("Map of the cases"))
    _add_areas(board)
    board.add(
        IncidentLayer(
            "incidents",
            url_for("api.incident_map", **meant),
            _("Cases"),
            words={state: word(state) for state in State},
        )
    )
    return board


def _bounds(wanted: DeskFilter, now: datetime) -> Bounds | None:
    """The smallest area that the filter names, else the jurisdiction."""
    for kind in (AreaKind.SPECIALISED, AreaKind.COMPREHENSIVE, AreaKind.VILLAGE, AreaKind.TOWNSHIP):
        code = getattr(wanted.base, NAMED_BY[kind])
        if code and (area := find_area(g.db, kind, code)):
            return bounds_of(g.db, now, [area.id])
    return bounds_of(g.db, now, g.scope.area_ids or None)


NAMED_BY = {
    AreaKind.SPECIALISED: "grid", AreaKind.COMPREHENSIVE: "grid", AreaKind.VILLAGE: "village",
    AreaKind.TOWNSHIP: "township",
}  # fmt: skip


def _add_areas(board: Board) -> None:
    def url(kind: AreaKind) -> str:
        return url_for("api.areas", kind=kind.value)

    board.add(AreaLayer("grids", url(AreaKind.COMPREHENSIVE), _("Comprehensive grids"), look="grid", labels=True,
                        labels_from_zoom=15, min_zoom=11, selectable=False))  # fmt: skip
    board.add(AreaLayer("specialised", url(AreaKind.SPECIALISED), _("Specialised grids"), look="specialised",
                        labels=True, labels_from_zoom=15, min_zoom=11, selectable=False))  # fmt: skip
    board.add(AreaLayer("townships", url(AreaKind.TOWNSHIP), _("Townships"), look="township", labels=True, whole=True,
                        selectable=False))  # fmt: skip


def _case_board(incident: Incident, now: datetime) -> Board:
    """The map of a case that stands alone."""
    area_id = incident.grid_id or incident.township_id
    board = new_map(bounds_of(g.db, now, [area_id] if area_id else None), label=_("Where it is"), height="short")
    _add_areas(board)
    return board


def _position(cursor: str | None) -> Position | None:
    """Where the list goes on; a cursor that no page gave begins anew."""
    try:
        return read_cursor(cursor) if cursor else None
    except BadCursor:
        return None
