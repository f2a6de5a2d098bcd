"""`/map`: the map of one's own grids, for a telephone in the street.

Everything but the map works without script: a case is a <details>, a step is a form that posts. The page's script
sends the same forms and puts the list as it is afterwards in place (`fragment=list` in the address).
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import ValidationError

from database.session import open_session
from geo.areas import bounds_of
from geo.codes import AreaKind
from incidents import handling
from incidents.errors import IncidentError
from incidents.matters import MatterFinder
from incidents.photos import add_photos
from incidents.words import Channel
from incidents.workflow import Move, State
from incidents.worklist import frequent_matters, worklist
from staffing.words import DutyRole
from webmap.api.acting import actor
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, Field, IncidentLayer, new_map
from webmap.mine.fixing import Fixed, fix_at_once
from webmap.mine.lines import Lines, lines_of
from webmap.mine.places import own_areas, own_grids
from webmap.permissions import Permission, requires
from webmap.problems import ANSWERS, answer_for
from webmap.reporting.form import draft_of, problems_of
from webmap.reporting.pictures import sent_pictures, uploads
from webmap.words import word

bp = Blueprint("mine", __name__, template_folder="templates")

OFFERED_MATTERS = 8


@bp.get("/map")
@requires(Permission.SEE_MY_MAP)
def index() -> ResponseReturnValue:
    """The map and the list, or with `fragment=list` only the list as it is now."""
    if request.args.get("fragment") == "list":
        return _list_alone()
    now = utcnow()
    areas = own_areas(_jurisdiction(), now)
    return render_template(
        "mine/index.html",
        lines=_lines(now),
        grids=own_grids(g.db, areas, now),
        matters=frequent_matters(g.db, now=now, limit=OFFERED_MATTERS, at_once=True),
        key=uuid4(),
        worker_role=DutyRole.WORKER,
        map=_board(now),
    )


@bp.get("/map/grids.geojson")
@requires(Permission.SEE_MY_MAP)
def grids() -> ResponseReturnValue:
    """The outlines of one's own grids."""
    found = own_areas(_jurisdiction(), utcnow())
    features = b",".join(area.feature for areas in found.values() for area in areas)
    body = b'{"type":"FeatureCollection","features":[' + features + b"]}"
    return body, {"Content-Type": "application/geo+json"}


@bp.post(f"/map/<int:incident_id>/<any({', '.join(Move)}):move>")
@requires(Permission.SEE_MY_MAP)
def take_step(incident_id: int, move: str) -> ResponseReturnValue:
    """Take one step with one case: found and fixed, handled."""
    pictures = sent_pictures()
    by, now = actor(), utcnow()
    done = handling.make_move(g.db, incident_id, Move(move), by=by, now=now, note=request.form.get("note", ""))
    add_photos(g.db, done, pictures, folder=uploads(), by=by, now=now)
    g.db.commit()
    return _after(_("%(number)s: %(state)s", number=done.number, state=word(done.state)))


@bp.post("/map/fixed")
@requires(Permission.HANDLE)
def fix_now() -> ResponseReturnValue:
    """Report something and say at once that it is fixed: a small problem seen and settled in passing."""
    lon, lat = (request.form.get(name, type=float) for name in ("lon", "lat"))
    if lon is None or lat is None:
        return _after(_("Your position is not known yet, so nothing was sent."), "error", 422)
    now, note = utcnow(), request.form.get("note", "").strip()
    matter = MatterFinder(g.db).find(request.form.get("matter"), now)
    try:
        draft = draft_of(request.form, Channel.WORKER, text=note or (matter.name if matter else word(Move.FIX)))
    except ValidationError as error:
        return _after(" ".join(problems_of(error).values()), "error", 422)
    pictures = sent_pictures()
    with open_session(installation().engine) as db:
        by = replace(actor(), area_ids=tuple(_own_ids(now)), unit_id=None)
        fixed = fix_at_once(db, draft, pictures, by=by, now=now, note=note)
        db.commit()
    return _after(*_told(fixed))


@bp.errorhandler(IncidentError)
def step_refused(error: Exception) -> ResponseReturnValue:
    """A step that cannot be taken: say why, and show the list as it is now."""
    told = answer_for(error) or ANSWERS[IncidentError]
    g.db.rollback()
    return _after(f"{told.title} {told.advice}", "error", int(told.status))


def _told(fixed: Fixed) -> tuple[str, str]:
    """What became of a problem fixed at once, and how good that is."""
    if fixed.state is State.CLOSED:
        return _("%(number)s: fixed on the spot", number=fixed.number), "done"
    if fixed.grid is None:
        return _("%(number)s was reported, but lies outside every grid: a dispatcher will place it.",
                 number=fixed.number), "warning"  # fmt: skip
    return _("%(number)s lies in %(grid)s, which is not yours: it was reported to whoever answers there.",
             number=fixed.number, grid=fixed.grid), "warning"  # fmt: skip


def _after(sentence: str, kind: str = "done", status: int = 200) -> ResponseReturnValue:
    """The list as it is now for a script, else back to the page."""
    if request.args.get("fragment") == "list":
        return _list_alone(said=(kind, sentence)), status
    flash(sentence, kind)
    return redirect(url_for("mine.index"), code=303)


def _list_alone(**context: Any) -> str:
    return render_template("mine/list.html", lines=_lines(utcnow()), **context)


def _lines(now: datetime) -> Lines:
    return lines_of(worklist(g.db, now=now), own=_own_ids(now), by=actor(), now=now)


def _own_ids(now: datetime) -> set[int]:
    """The ids of one's own grids."""
    return {area.id for areas in own_areas(_jurisdiction(), now).values() for area in areas}


def _jurisdiction() -> tuple[int, ...]:
    """The ids of the areas that the account answers for."""
    areas: tuple[int, ...] = g.scope.area_ids
    return areas


def _board(now: datetime) -> Board:
    """My grids above their paler neighbours, specialised grids, and the open cases."""
    board = new_map(bounds_of(g.db, now, _jurisdiction()) or bounds_of(g.db, now), label=_("Map of my grids"))
    facts = (Field("code", _("Code")), Field("households", _("Households")))
    board.add(AreaLayer("neighbours", url_for("api.areas", kind=AreaKind.COMPREHENSIVE.value), _("Neighbouring grids"),
                        look="neighbour", labels=True, labels_from_zoom=13, min_zoom=11, fields=facts))  # fmt: skip
    board.add(AreaLayer("specialised", url_for("api.areas", kind=AreaKind.SPECIALISED.value), _("Specialised grids"),
                        look="specialised", labels=True, labels_from_zoom=14, min_zoom=11, fields=facts))  # fmt: skip
    board.add(AreaLayer("mine", url_for("mine.grids"), _("My grids"), look="mine", labels=True, whole=True,
                        selectable=False))  # fmt: skip
    board.add(IncidentLayer("incidents", url_for("api.incident_map", open="true"), _("Cases"),
                            words={state: word(state) for state in State}))  # fmt: skip
    return board
