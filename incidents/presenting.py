"""An incident as plain JSON: a line of a list, and the whole case with its history.

Place names are those the incident was judged by, kept in its explanation: a grid renamed since still shows
the name it had. The reporter is always masked here; incidents.reporters opens the data on request.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from database.sealing import Seal
from geo.sentences import retold
from incidents.actors import Actor
from incidents.handling import may
from incidents.intake import point_of
from incidents.models import Incident, IncidentEvent, Matter, Photo
from incidents.reporters import masked, may_reveal, reporter_of
from incidents.words import EventKind
from incidents.workflow import OPEN, Right, moves_from
from staffing.models import Staff, Unit

LATEST_REPEATS = 50

_OF_A_PLACING = ("status", "rule", "method", "queue_reason", "grid", "township")
"""What the history tells of a placing; all of it is in the incident's explanation."""


def summary(incident: Incident, *, now: datetime) -> dict[str, Any]:
    """One line of a list."""
    lon, lat = point_of(incident) or (None, None)
    return {
        "id": incident.id,
        "number": incident.number,
        "external_number": incident.external_number,
        "channel": incident.channel,
        "state": incident.state,
        "queue_reason": incident.queue_reason,
        "text": incident.text,
        "address": incident.address,
        "reported_at": _time(incident.reported_at),
        "due_at": _time(incident.due_at),
        "overdue": overdue(incident, now),
        "handled_at": _time(incident.handled_at),
        "closed_at": _time(incident.closed_at),
        "lon": lon,
        "lat": lat,
        "placement": incident.placement,
        **places(incident.explanation),
        "matter": _matter(incident.matter),
        "staff": _staff(incident.staff),
        "unit": _unit(incident.unit),
        "lead": _unit(incident.lead_unit),
        "repeats_id": incident.repeats_id,
        "contradicted": incident.contradiction is not None,
    }


def detail(db: Session, incident: Incident, *, by: Actor, now: datetime, seal: Seal) -> dict[str, Any]:
    """The whole case as `by` may see it, with what `by` could do next. Raises SealBroken."""
    reporter = masked(reporter_of(incident, seal))
    return summary(incident, now=now) | {
        "received_at": _time(incident.received_at),
        "raw": _raw(incident),
        "placed_by_hand": incident.placed_by_hand,
        "place": _place(incident),
        "contradiction": _contradiction(incident.contradiction),
        "explanation": incident.explanation,
        "reporter": {"name": reporter.name, "phone": reporter.phone},
        "history": [_event(event) for event in incident.events],
        "photos": [_photo(photo) for photo in incident.photos],
        "repeats": _named(incident.repeats),
        "repeated_by": _repeats_of(db, incident),
        "moves": allowed_moves(incident, by),
        "may_place": incident.state in OPEN and Right.FILE in by.rights,
        "may_reveal": may_reveal(incident, by) and (reporter.name or reporter.phone) is not None,
    }


def places(explanation: dict[str, Any]) -> dict[str, Any]:
    """The areas of an explanation by level, each as code and name or None."""
    named: dict[str, Any] = {level: _area(explanation.get(level)) for level in ("township", "village", "grid")}
    return named | {"specialised": [_area(area) for area in explanation.get("specialised", ())]}


def allowed_moves(incident: Incident, by: Actor) -> list[dict[str, Any]]:
    """The steps that `by` could take now, and what each asks for."""
    return [
        {"move": move, "to": rule.to, "needs_note": rule.needs_note, "needs_lead": rule.needs_lead}
        for move, rule in moves_from(incident.state).items()
        if may(incident, rule, by)
    ]


def overdue(incident: Incident, now: datetime) -> bool:
    """Whether it is still open though its time has run out."""
    return incident.state in OPEN and incident.due_at is not None and incident.due_at < now


def _place(incident: Incident) -> dict[str, Any]:
    """How it came to its place, and where else its words may mean."""
    answer = incident.address_answer or {"asked": None, "rule": None, "candidates": []}
    return {
        "method": incident.place_method,
        "accuracy": incident.address_accuracy,
        "confidence": incident.address_confidence,
        "asked": answer["asked"],
        "rule": answer["rule"],
        "candidates": [_candidate(candidate) for candidate in answer["candidates"]],
    }


def _candidate(candidate: dict[str, Any]) -> dict[str, Any]:
    """One of the places that the words may mean, with its reasons in English."""
    reasons = [retold(reason, str) for reason in candidate["reasons"]]
    return candidate | {"grid": _area(candidate["grid"]), "area": _area(candidate["area"]), "reasons": reasons}


def _contradiction(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return found and {"named": _area(found["named"]), "located": _area(found["located"])}


def _raw(incident: Incident) -> dict[str, Any] | None:
    """The position as it came; the datum says what its numbers mean."""
    if incident.raw_x is None:
        return None
    return {
        "x": incident.raw_x,
        "y": incident.raw_y,
        "datum": incident.raw_datum,
        "accuracy_m": incident.accuracy_m,
    }


def _event(event: IncidentEvent) -> dict[str, Any]:
    details = event.details
    if event.kind is EventKind.PLACED:
        details = {name: details[name] for name in _OF_A_PLACING if details.get(name) is not None}
    return {
        "at": _time(event.at),
        "kind": event.kind,
        "move": event.move,
        "from": event.from_state,
        "to": event.to_state,
        "by": event.by_name,
        "note": event.note,
        "details": details,
    }


def _photo(photo: Photo) -> dict[str, Any]:
    return {
        "id": photo.id,
        "width": photo.width,
        "height": photo.height,
        "added_at": _time(photo.added_at),
        "by": photo.by_name,
    }


def _repeats_of(db: Session, incident: Incident) -> list[dict[str, Any]]:
    """The latest reports of the same thing. They lie in the same grid, for which there is an index."""
    rows = db.execute(
        select(Incident.id, Incident.number)
        .where(Incident.grid_id == incident.grid_id, Incident.repeats_id == incident.id)
        .order_by(Incident.id.desc())
        .limit(LATEST_REPEATS)
    )
    return [{"id": id_, "number": number} for id_, number in rows]


def _named(incident: Incident | None) -> dict[str, Any] | None:
    return None if incident is None else {"id": incident.id, "number": incident.number}


def _area(area: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if area is None else {"code": area["code"], "name": area["name"]}


def _matter(matter: Matter | None) -> dict[str, Any] | None:
    return None if matter is None else {"code": matter.code, "name": matter.name, "field": matter.field}


def _staff(staff: Staff | None) -> dict[str, Any] | None:
    return None if staff is None else {"staff_no": staff.staff_no, "name": staff.name, "phone": staff.phone}


def _unit(unit: Unit | None) -> dict[str, Any] | None:
    return None if unit is None else {"code": unit.code, "name": unit.name}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
