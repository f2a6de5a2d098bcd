"""Reading incidents, and moving them along: /incidents and what is below it.

Reading sees what the request's jurisdiction shows; somebody else's incident is answered like one that does not exist.
"""

from typing import Annotated, Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from psycopg.errors import InsufficientPrivilege
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.exc import ProgrammingError

from geo.crs import check_coordinates, to_wgs84
from incidents import finding, handling, presenting, reporters
from incidents.cursors import BIGGEST_ID, cursor_after, read_cursor
from incidents.drafts import LONGEST_TEXT, Words
from incidents.finding import Code, IncidentFilter
from incidents.workflow import Move
from staffing.models import Unit
from webmap.api.acting import actor
from webmap.api.answers import IncidentDetail, IncidentList, RevealedReporter
from webmap.api.errors import BeyondYourArea
from webmap.api.operations import Answered, answer, bp, operation
from webmap.api.parsing import DatumName
from webmap.api.units import unit_by_code
from webmap.audit import Action, record
from webmap.installation import installation, utcnow
from webmap.permissions import Permission, requires
from webmap.problems import InputProblem

ID = f"<int(min=1, max={BIGGEST_ID}):incident_id>"
MOVE = f"<any({', '.join(Move)}):move>"

Note = Annotated[Words, StringConstraints(max_length=LONGEST_TEXT)]


def _continues(cursor: str) -> str:
    """Refuse a cursor that no page gave."""
    read_cursor(cursor)
    return cursor


class IncidentPage(IncidentFilter):
    """Which incidents, and which page of them."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Annotated[str, AfterValidator(_continues)] | None = Field(
        default=None, max_length=100, description="`next` of the page before"
    )
    counts: bool = Field(default=False, description="also say how many there are in all, and of each state")


class MoveBody(BaseModel):
    """What a move may need beside its name."""

    model_config = ConfigDict(extra="forbid")

    note: Note = Field(default="", description="the reason, or what was done")
    lead: Code | None = Field(default=None, description="code of the unit it is dispatched to")


class PlaceBody(BaseModel):
    """The position that a person chose."""

    model_config = ConfigDict(extra="forbid")

    lon: float = Field(allow_inf_nan=False)
    lat: float = Field(allow_inf_nan=False)
    datum: DatumName = "wgs84"
    note: Note = ""


@bp.get("/incidents")
@requires(Permission.SEE_INCIDENTS)
@operation(
    "The incidents of one's jurisdiction, newest first",
    query=IncidentPage,
    answers={200: Answered("one page", IncidentList)},
)
def incidents(query: IncidentPage) -> ResponseReturnValue:
    """One page of the incidents meant."""
    before = read_cursor(query.cursor) if query.cursor else None
    found = finding.find(g.db, query, limit=query.limit + 1, before=before)
    shown, now = found[: query.limit], utcnow()
    return answer(
        {
            "incidents": [presenting.summary(incident, now=now) for incident in shown],
            "next": cursor_after(shown[-1]) if len(found) > query.limit else None,
            "counts": _counts(query) if query.counts else None,
        }
    )


@bp.get(f"/incidents/{ID}")
@requires(Permission.SEE_INCIDENTS)
@operation("The whole case", answers={200: Answered("the case", IncidentDetail)}, problems=(404,))
def incident(incident_id: int) -> ResponseReturnValue:
    """One incident with its history."""
    return _shown(incident_id)


@bp.post(f"/incidents/{ID}/{MOVE}")
@requires(Permission.SEE_INCIDENTS)
@operation(
    "Take one step of the closed loop",
    body=MoveBody,
    answers={200: Answered("the case after the step", IncidentDetail)},
    problems=(400, 404, 409, 415, 422),
)
def move_incident(incident_id: int, move: str, body: MoveBody) -> ResponseReturnValue:
    """File, dispatch, handle, fix, send back, close or void."""
    lead = _lead(body.lead)
    handling.make_move(g.db, incident_id, Move(move), by=actor(), now=utcnow(), note=body.note, lead=lead)
    g.db.commit()
    return _shown(incident_id)


@bp.post(f"/incidents/{ID}/place")
@requires(Permission.PLACE)
@operation(
    "Put an incident where a person says it is",
    body=PlaceBody,
    answers={200: Answered("the case, placed and routed", IncidentDetail)},
    problems=(400, 404, 409, 415, 422),
)
def place_incident(incident_id: int, body: PlaceBody) -> ResponseReturnValue:
    """Place by hand what could not be placed, or was placed wrongly."""
    unusable = check_coordinates(body.lon, body.lat, body.datum)
    if unusable:
        raise InputProblem([{"field": None, "code": unusable.code, "message": unusable.message}])
    lon, lat = to_wgs84(body.lon, body.lat, body.datum)
    try:
        handling.place_by_hand(
            g.db, incident_id, lon, lat, by=actor(), now=utcnow(), index=installation().areas, note=body.note
        )
    except ProgrammingError as refused:
        if isinstance(refused.orig, InsufficientPrivilege):  # row-level security: the new place is somebody else's
            raise BeyondYourArea from refused
        raise
    g.db.commit()
    return _shown(incident_id)


@bp.post(f"/incidents/{ID}/reveal")
@requires(Permission.REVEAL_REPORTER)
@operation(
    "The reporter's name and telephone in clear, for whoever handles the case. Leaves a line in the audit trail",
    answers={200: Answered("the reporter", RevealedReporter)},
    problems=(404,),
)
def reveal_reporter(incident_id: int) -> ResponseReturnValue:
    """Open the reporter's data; the trace is committed before the answer leaves."""
    found = reporters.reveal(g.db, incident_id, by=actor(), now=utcnow(), seal=installation().seal)
    record(g.db, Action.REPORTER_REVEALED, f"incident:{incident_id}", by=g.account, address=request.remote_addr)
    g.db.commit()
    return answer({"name": found.name, "phone": found.phone})


def _shown(incident_id: int) -> ResponseReturnValue:
    """The case as it is now, with the addresses of its photos."""
    found = finding.one(g.db, incident_id)
    case = presenting.detail(g.db, found, by=actor(), now=utcnow(), seal=installation().seal)
    for photo in case["photos"]:
        photo["url"] = url_for("reporting.photo", photo_id=photo["id"])
    return answer(case)


def _lead(code: str | None) -> Unit | None:
    if not code:
        return None
    unit = unit_by_code(g.db, code)
    if unit is None:
        raise InputProblem([{"field": "lead", "code": "unknown-unit", "message": f"there is no unit “{code}”"}])
    return unit


def _counts(wanted: IncidentFilter) -> dict[str, Any]:
    by_state = finding.count_by_state(g.db, wanted)
    return {"total": sum(by_state.values()), "by_state": {state.value: number for state, number in by_state.items()}}
