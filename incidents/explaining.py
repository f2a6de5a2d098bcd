"""The whole answer to “where is this, and whose is it?” as plain JSON, for people to trust or overrule."""

from datetime import datetime
from typing import Any

from geo.locate import AreaRef, Location
from incidents.routing import Responsibility
from staffing.answering import Answer, Desk, HeldDuty, Person


def explain(location: Location | None, responsibility: Responsibility | None, *, at: datetime) -> dict[str, Any]:
    """Say where a point fell, by which rule and versions, who answers and why. Without a location: only that."""
    if location is None:
        return {"status": "unlocated", "at": at.isoformat(), "rule": "no-usable-position"}
    return {
        "status": location.status,
        "rule": location.rule,
        "at": at.isoformat(),
        "grid": _area(location.grid),
        "specialised": [_area(area) for area in location.specialised],
        "village": _area(location.village),
        "township": _area(location.township),
        "county": _area(location.county),
        "on_border": location.on_border,
        "snapped": location.snapped,
        "border_m": _metres(location.border_m),
        "neighbour": _area(location.neighbour),
        "neighbour_m": _metres(location.neighbour_m),
        **_people(responsibility),
    }


def _people(responsibility: Responsibility | None) -> dict[str, Any]:
    if responsibility is None:
        return {"answerer": None, "landlord": None, "staff": []}
    return {
        "answerer": _answer(responsibility.lead, responsibility.lead_area),
        "landlord": _answer(responsibility.landlord, None) if responsibility.landlord else None,
        "staff": [_member(duty) for duty in responsibility.team],
    }


def _area(area: AreaRef | None) -> dict[str, Any] | None:
    if area is None:
        return None
    return {"id": area.area_id, "code": area.code, "name": area.name, "version": area.version_id}


def _answer(answer: Answer, area: AreaRef | None) -> dict[str, Any]:
    return {
        "rule": answer.rule,
        "why": answer.why,
        "for": _area(area),
        "person": _person(answer.person),
        "role": answer.role,
        "unit": _desk(answer.desk),
        "away": _person(answer.away),
        "away_until": answer.away_until.isoformat() if answer.away_until else None,
    }


def _member(duty: HeldDuty) -> dict[str, Any]:
    return {**(_person(duty.person) or {}), "role": duty.role, "unit": _desk(duty.person.works_at)}


def _person(person: Person | None) -> dict[str, Any] | None:
    return None if person is None else {"staff_no": person.staff_no, "name": person.name, "phone": person.phone}


def _desk(desk: Desk | None) -> dict[str, Any] | None:
    return None if desk is None else {"code": desk.code, "name": desk.name}


def _metres(distance_m: float | None) -> float | None:
    return None if distance_m is None else round(distance_m, 2)
