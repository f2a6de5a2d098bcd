"""Moving an incident along the closed loop, and placing by hand what could not be placed.

`_set_state` is the only place where the state of a stored incident changes, and it always appends
an event. Every function locks the incident first: of two people pressing at once, the second is
told what has happened meanwhile.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from database.base import WGS84
from geo.addresses.answers import Accuracy
from geo.placing import AreaIndex
from incidents.actors import SYSTEM, Actor
from incidents.addressing import placed_by
from incidents.errors import (
    CandidateGone,
    CandidateTooWide,
    HandlerMayNotConfirm,
    LeadMissing,
    MoveNotAllowed,
    NoteMissing,
    NotYours,
    PointUnusable,
    UnknownIncident,
)
from incidents.explaining import explain
from incidents.intake import areas_of, place_columns
from incidents.models import Incident, IncidentEvent
from incidents.repeats import link_repeats
from incidents.routing import route
from incidents.words import EventKind, PlaceMethod
from incidents.workflow import MOVES, OPEN, Move, Right, Rule, State
from staffing.models import Unit
from staffing.rosters import load_roster


def make_move(
    db: Session, incident_id: int, move: Move, *, by: Actor, now: datetime, note: str = "", lead: Unit | None = None
) -> Incident:
    """Take one step of the closed loop. Flushes; the caller commits.

    Raises UnknownIncident, MoveNotAllowed, NotYours, HandlerMayNotConfirm, NoteMissing or LeadMissing.
    """
    incident = locked(db, incident_id)
    rule = MOVES.get((incident.state, move))
    if rule is None:
        raise MoveNotAllowed(incident.state, move)
    _check(incident, rule, by, note.strip(), lead)
    if lead is not None and rule.needs_lead:
        incident.lead_unit_id = lead.id
    if rule.to in {State.HANDLED, State.CLOSED} and incident.handled_at is None:
        incident.handled_at, incident.handler_account_id = now, by.account_id
    if rule.to is State.DISPATCHED:
        incident.handled_at = incident.handler_account_id = None
    if rule.to is State.CLOSED:
        incident.closed_at = now
    if rule.to is not State.REPORTED:
        incident.queue_reason = None
    details = {"lead": {"code": lead.code, "name": lead.name}} if lead is not None and rule.needs_lead else {}
    _set_state(db, incident, rule.to, move=move, by=by, now=now, note=note.strip(), details=details)
    return incident


def place_by_hand(
    db: Session, incident_id: int, lon: float, lat: float, *, by: Actor, now: datetime, index: AreaIndex, note: str = ""
) -> Incident:
    """Give an incident the WGS-84 position that a person chose on the map, and route it from there.

    The coordinates as they came are kept. A queued incident is filed once it is placed and somebody
    answers for it. Raises UnknownIncident, NotYours, MoveNotAllowed when it is finished, and
    PointUnusable outside every grid. Flushes; the caller commits.
    """
    incident = locked_to_place(db, incident_id, by)
    incident.address_accuracy = incident.address_confidence = None
    how = {"method": PlaceMethod.BY_HAND, "lon": lon, "lat": lat}
    return _put(db, incident, lon, lat, how, by=by, now=now, index=index, note=note)


def place_by_candidate(
    db: Session, incident_id: int, nth: int, matched: str, *, by: Actor, now: datetime, index: AreaIndex, note: str = ""
) -> Incident:
    """Place an incident where one of the candidates of its words lies, which a person chose; the first is number 0.

    `matched` is the name that the person saw there. Raises what `place_by_hand` does; CandidateGone where that is no
    longer the nth, and CandidateTooWide for an area of which several grids have a part: its middle is no place.
    Flushes; the caller commits.
    """
    incident = locked_to_place(db, incident_id, by)
    answer = incident.address_answer or {"candidates": []}
    candidate = dict(enumerate(answer["candidates"])).get(nth)
    if candidate is None or candidate["matched"] != matched:
        raise CandidateGone
    if not Accuracy(candidate["accuracy"]).is_point and candidate["grids"] != 1:
        raise CandidateTooWide
    incident.address_accuracy, incident.address_confidence = candidate["accuracy"], candidate["confidence"]
    how = {"method": PlaceMethod.CANDIDATE, "address": placed_by(candidate, asked=answer["asked"], rule=None)}
    return _put(db, incident, candidate["lon"], candidate["lat"], how, by=by, now=now, index=index, note=note)


def locked_to_place(db: Session, incident_id: int, by: Actor) -> Incident:
    """The incident, locked, for somebody who may say where it is. Raises UnknownIncident, NotYours, MoveNotAllowed."""
    incident = locked(db, incident_id)
    if Right.FILE not in by.rights:
        raise NotYours
    if incident.state not in OPEN:
        raise MoveNotAllowed(incident.state, Move.FILE)
    return incident


def _put(
    db: Session, incident: Incident, lon: float, lat: float, how: dict[str, Any], *, by: Actor, now: datetime,
    index: AreaIndex, note: str,
) -> Incident:  # fmt: skip
    """Place and route. What contradicted the earlier position is settled: a person has looked."""
    location = index.at(incident.reported_at).locate(lon, lat)
    if location.grid is None:
        raise PointUnusable
    responsibility = route(location, load_roster(db, areas_of([location])), now)
    explanation = explain(location, responsibility, at=now) | how
    for column, value in place_columns(location, responsibility).items():
        setattr(incident, column, value)
    incident.point = f"SRID={WGS84};POINT({lon!r} {lat!r})"  # type: ignore[assignment]  # GeoAlchemy2 takes EWKT
    incident.place_method, incident.contradiction = how["method"], None
    incident.placed_by_hand, incident.explanation = True, explanation
    incident.queue_reason = responsibility.queue_reason if responsibility else None
    append_event(db, incident, EventKind.PLACED, by=by, now=now, note=note, details=explanation)
    if incident.state is State.REPORTED and incident.queue_reason is None:
        _set_state(db, incident, State.FILED, move=Move.FILE, by=SYSTEM, now=now)
    db.flush()
    link_repeats(db, [incident.id])
    db.refresh(incident)
    return incident


def locked(db: Session, incident_id: int) -> Incident:
    """The incident, locked until the transaction ends. Raises UnknownIncident."""
    incident = db.scalar(select(Incident).where(Incident.id == incident_id).with_for_update(of=Incident))
    if incident is None:
        raise UnknownIncident
    return incident


def append_event(
    db: Session, incident: Incident, kind: EventKind, *, by: Actor, now: datetime, note: str = "", **columns: Any
) -> None:
    """Add a line to the incident's history."""
    event = IncidentEvent(
        incident_id=incident.id, at=now, kind=kind, by_name=by.name, by_account_id=by.account_id, note=note,
        **({"details": {}} | columns),
    )  # fmt: skip
    db.add(event)
    db.flush()


def may(incident: Incident, rule: Rule, by: Actor) -> bool:
    """Whether this person could take the step that `rule` describes; screens offer no other."""
    if rule.by not in by.rights:
        return False
    if rule.needs_handler and not answers_for(incident, by):
        return False
    return not (rule.not_the_handler and _handled_it(incident, by))


def answers_for(incident: Incident, by: Actor) -> bool:
    """Whether the incident is this person's to handle: by name, by grid or village, or by unit.

    Once dispatched, the unit that leads answers; before, the unit whose desk it is on.
    """
    areas = [incident.grid_id or 0, *incident.specialised_ids, incident.village_id or 0]
    units = [incident.lead_unit_id or incident.unit_id or 0]
    return by.answers_for(staff_id=incident.staff_id, area_ids=areas, unit_ids=units)


def _check(incident: Incident, rule: Rule, by: Actor, note: str, lead: Unit | None) -> None:
    if rule.not_the_handler and _handled_it(incident, by):
        raise HandlerMayNotConfirm
    if not may(incident, rule, by):
        raise NotYours
    if rule.needs_note and not note:
        raise NoteMissing
    if rule.needs_lead and lead is None:
        raise LeadMissing


def _handled_it(incident: Incident, by: Actor) -> bool:
    return by.account_id is not None and incident.handler_account_id == by.account_id


def _set_state(
    db: Session, incident: Incident, state: State, *, move: Move, by: Actor, now: datetime, note: str = "",
    details: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    before, incident.state = incident.state, state
    append_event(
        db, incident, EventKind.MOVED, by=by, now=now, note=note,
        move=move, from_state=before, to_state=state, details=details or {},
    )  # fmt: skip
