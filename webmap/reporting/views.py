"""`/report`, for citizens without an account and for staff, and the photos of incidents.

Works without script: the form posts, and what has no position waits in the queue. With it, the page sends the form
itself, so that neither a problem nor a lost network takes anything away that was typed (static/js/reporting.js).
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import BaseModel, Field, ValidationError

from database.session import open_session
from geo.areas import bounds_of
from geo.codes import AreaKind
from incidents.drafts import ReportDraft
from incidents.finding import Box
from incidents.matters import standing
from incidents.models import Incident, Photo
from incidents.photos import PhotoUnusable, Picture
from incidents.words import Channel
from incidents.worklist import frequent_matters
from webmap.api.acting import actor
from webmap.api.errors import TooManyReports
from webmap.api.operations import GEOJSON, answer, revalidated
from webmap.api.parsing import read_query
from webmap.api.places import sheets
from webmap.identity import may
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, PinPicker, new_map
from webmap.permissions import Permission, public, requires
from webmap.problems import NotFound, answer_for
from webmap.reporting.form import FIELDS, draft_of, problems_of
from webmap.reporting.pictures import FIELD as PHOTOS
from webmap.reporting.pictures import sent_pictures, uploads
from webmap.reporting.receiving import refuse_flood, take_in
from webmap.words import word

bp = Blueprint("reporting", __name__, template_folder="templates")

OFFERED_MATTERS = 6
PUBLIC_KINDS = (AreaKind.TOWNSHIP, AreaKind.VILLAGE)
"""What a citizen finds his way by. Where townships and villages lie is no secret; the grids are the staff's affair."""


class OutlinesWanted(BaseModel):
    """The part of the map in view."""

    bbox: Box | None = None
    zoom: int = Field(default=14, ge=0, le=24)


@bp.get("/report")
@public
def index() -> ResponseReturnValue:
    """An empty form, with the number under which it will be one report however often it is sent."""
    return _form({"key": str(uuid4())}, {})


@bp.post("/report")
@public
def send() -> ResponseReturnValue:
    """Take the report in, or say everything that is wrong with it beside its field."""
    problems: dict[str, str] = {}
    draft, pictures = None, []
    try:
        refuse_flood(utcnow())
    except TooManyReports as flood:
        return _too_many(flood)
    try:
        draft = draft_of(request.form, _channel())
    except ValidationError as error:
        problems |= problems_of(error)
    try:
        pictures = sent_pictures()
    except PhotoUnusable as unusable:
        problems[PHOTOS] = _sentence(unusable)
    if draft is None or problems:
        return _refused(problems)
    incident, created = _take_in(draft, pictures)
    session["reported"] = _told(incident, created=created)
    return _received()


@bp.get("/report/received")
@public
def received() -> ResponseReturnValue:
    """The number, and what happens next."""
    told = session.get("reported")
    if not told:
        return redirect(url_for("reporting.index"), code=303)
    return render_template("reporting/received.html", told=told)


@bp.get(f"/report/<any({', '.join(PUBLIC_KINDS)}):kind>.geojson")
@public
def outlines(kind: str) -> ResponseReturnValue:
    """Townships and villages, to find one's way by without an account."""
    wanted = read_query(OutlinesWanted, request.args)
    sheet = sheets().sheet(AreaKind(kind), utcnow(), wanted.zoom)
    return revalidated(answer(sheet.within(wanted.bbox), media_type=GEOJSON), sheet.tag)


@bp.get("/photos/<int:photo_id>.jpg")
@requires(Permission.SEE_INCIDENTS)
def photo(photo_id: int) -> ResponseReturnValue:
    """One photo, to whoever may read its incident."""
    found = g.db.get(Photo, photo_id)
    if found is None or not (path := uploads() / found.file_name).is_file():
        raise NotFound
    response = Response(path.read_bytes(), mimetype="image/jpeg")
    response.set_etag(path.stem)
    response.headers["Cache-Control"] = "private, no-cache"  # whoever may no longer read the case asks in vain
    return response.make_conditional(request)


def _channel() -> Channel:
    """A citizen's without an account; a desk says whose report it takes in; everybody else reports as staff."""
    if g.account is None:
        return Channel.CITIZEN
    if may(Permission.INTAKE):
        asked = request.form.get("channel")
        return Channel(asked) if asked in set(Channel) else Channel.HOTLINE
    return Channel.WORKER


def _take_in(draft: ReportDraft, pictures: list[Picture]) -> tuple[Incident, bool]:
    """Unrestricted, because whether a report is known already does not depend on who may see it."""
    with open_session(installation().engine) as db:
        taken = take_in(db, draft, pictures, by=actor(), now=utcnow())
        db.commit()
        return taken


def _told(incident: Incident, *, created: bool) -> dict[str, Any]:
    """What the sender is told. Where it fell and who answers are the staff's affair, and only of a report just made."""
    told: dict[str, Any] = {"number": incident.number, "created": created, "placed": incident.grid_id is not None}
    if g.account is None or not created:
        return told
    explanation = incident.explanation
    answerer = explanation.get("answerer") or {}
    return told | {
        "staff": True,
        "id": incident.id,
        "grid": (explanation.get("grid") or {}).get("name"),
        "answerer": (answerer.get("person") or answerer.get("unit") or {}).get("name"),
        "waits": word(incident.queue_reason) if incident.queue_reason else None,
    }


def _received() -> ResponseReturnValue:
    if _by_script():
        return {"received": url_for("reporting.received")}, 201
    return redirect(url_for("reporting.received"), code=303)


def _refused(problems: dict[str, str], status: int = 422) -> ResponseReturnValue:
    """Every problem beside its field. Browsers never send a chosen file back, so photos must be chosen again."""
    if _by_script():
        return {"problems": problems}, status
    typed = {name: request.form.get(name, "") for name in (*FIELDS, "channel")}
    photos_lost = any(file.filename for file in request.files.getlist(PHOTOS))
    return _form(typed, problems, photos_lost=photos_lost), status


def _too_many(flood: TooManyReports) -> ResponseReturnValue:
    body = _refused({"form": _sentence(flood)}, 429)
    return (*body, {"Retry-After": str(flood.minutes * 60)}) if isinstance(body, tuple) else body


def _sentence(error: Exception) -> str:
    """What the table of failures says of it, with its facts."""
    told = answer_for(error)
    return f"{told.title} {told.advice}" % vars(error) if told else ""


def _by_script() -> bool:
    """Whether the page's own script sent the form and will show the answer in place."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _form(values: dict[str, str], problems: dict[str, str], *, photos_lost: bool = False) -> str:
    now = utcnow()
    takes_in = may(Permission.INTAKE)
    return render_template(
        "reporting/index.html",
        values=values,
        problems=problems,
        photos_lost=photos_lost,
        channels=[(channel.value, word(channel)) for channel in Channel] if takes_in else [],
        matters=[(matter.name, matter.field) for matter in standing(g.db, now)],
        frequent=[matter.name for matter in frequent_matters(g.db, now=now, limit=OFFERED_MATTERS)]
        if g.account
        else [],
        map=_board(now),
    )


def _board(now: datetime) -> Board:
    """The map to put the pin on: one's own areas first, all of the county for a citizen."""
    area_ids = g.scope.area_ids or None
    board = new_map(
        bounds_of(g.db, now, area_ids) or bounds_of(g.db, now), label=_("Map to put the pin on"), height="tall"
    )
    if may(Permission.SEE_AREAS):
        url = url_for("api.areas", kind=AreaKind.COMPREHENSIVE.value)
        board.add(AreaLayer("grids", url, _("Grids"), look="grid", labels=True, labels_from_zoom=14, min_zoom=12,
                            selectable=False))  # fmt: skip
    board.add(AreaLayer("villages", url_for("reporting.outlines", kind=AreaKind.VILLAGE.value), _("Villages"),
                        look="village", labels=True, labels_from_zoom=12, min_zoom=11, selectable=False))  # fmt: skip
    board.add(AreaLayer("townships", url_for("reporting.outlines", kind=AreaKind.TOWNSHIP.value), _("Townships"),
                        look="township", labels=True, whole=True, selectable=False))  # fmt: skip
    return board.add(PinPicker("pin", accuracy="accuracy_m"))
