"""What a redraw does to cases that are open: each stays with who answers for it, or goes to who answers from now on.

The planner chooses for each class of case; what was chosen, from whom and to whom, stands in the case's history.
Closed cases keep the area version that they were judged by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.locate import Location, Locator
from geo.models import AreaVersion, Redraw
from incidents.actors import SYSTEM, Actor
from incidents.explaining import explain
from incidents.handling import append_event
from incidents.intake import areas_of, place_columns
from incidents.models import Incident
from incidents.presenting import places
from incidents.routing import Responsibility, route
from incidents.words import EventKind
from incidents.workflow import OPEN, State
from staffing.rosters import load_roster


class Choice(StrEnum):
    """What becomes of the open cases of a class."""

    STAY = "stay"
    MOVE = "move"


Policy = Mapping[State, Choice]

USUAL: Policy = {
    State.REPORTED: Choice.MOVE, State.FILED: Choice.MOVE, State.DISPATCHED: Choice.STAY, State.HANDLED: Choice.STAY,
}  # fmt: skip
"""Unless the planner says otherwise: what nobody has begun goes to who answers now, what is under way is finished."""


def policy_of(kept: Mapping[str, str]) -> Policy:
    """Read the choices kept with a redraw, and the usual one where none was made. Raises ValueError for other words."""
    return dict(USUAL) | {State(state): Choice(choice) for state, choice in kept.items()}


HOW_PLACED = ("method", "lon", "lat", "address")
"""What an explanation says of how a case came to its point, which a redraw does not change."""


@dataclass(frozen=True)
class HandedOver:
    """How many cases went to another answerer, and how many that lie in another grid now stayed."""

    moved: int
    stayed: int


def hand_over(db: Session, redraw: Redraw, *, now: datetime, by: Actor = SYSTEM) -> HandedOver:
    """Look at every open case that lies in another grid since the redraw, and move it or let it stay.

    Cases under way are locked one by one. A second call finds nothing left to do. Flushes; the caller commits.
    """
    locator = Locator(areas_valid_at(db, now))
    policy = policy_of(redraw.handover)
    moved = stayed = 0
    for incident, location in _elsewhere(db, locator, _touched(db, redraw)):
        responsibility = route(location, load_roster(db, areas_of([location])), now)
        choice = policy[incident.state] if responsibility is not None else Choice.STAY
        if choice is Choice.STAY and _told_before(incident, redraw):
            continue
        before = _holder(incident)
        if choice is Choice.MOVE:
            _move(incident, location, responsibility, now)
            moved += 1
        else:
            stayed += 1
        details = {"redraw": {"id": redraw.id, "name": redraw.name}, "choice": choice, "before": before}
        after = places(explain(location, responsibility, at=now)) | {"answerer": _answerer(responsibility)}
        append_event(db, incident, EventKind.REDRAWN, by=by, now=now, details=details | {"after": after})
    redraw.handed_over_at = now
    db.flush()
    return HandedOver(moved, stayed)


def _touched(db: Session, redraw: Redraw) -> frozenset[int]:
    """The areas of which the redraw has ended or begun a version."""
    theirs = (AreaVersion.begun_by_id == redraw.id) | (AreaVersion.ended_by_id == redraw.id)
    return frozenset(db.scalars(select(AreaVersion.area_id).where(theirs)))


def _elsewhere(db: Session, locator: Locator, touched: frozenset[int]) -> Iterator[tuple[Incident, Location]]:
    """Every open case that lies in other grids now, of which the redraw has touched one; locked, in order of id."""
    lon, lat = func.ST_X(Incident.point), func.ST_Y(Incident.point)
    rows = db.execute(
        select(Incident.id, lon, lat, Incident.grid_id, Incident.specialised_ids)
        .where(Incident.state.in_(OPEN), Incident.point.is_not(None))
        .order_by(Incident.id)
    ).all()
    if not rows:
        return
    found = locator.locate_many(np.array([row[1] for row in rows]), np.array([row[2] for row in rows]))
    first, values = found.specialised_offsets, found.specialised_values
    for at, row in enumerate(rows):
        grid = int(found.grid[at])
        specialised = [locator.areas[i].area_id for i in values[first[at] : first[at + 1]].tolist()]
        grid_id = locator.areas[grid].area_id if grid >= 0 else None
        if touched & ({grid_id, *specialised} ^ {row.grid_id, *row.specialised_ids}):
            incident = db.scalar(select(Incident).where(Incident.id == row.id).with_for_update(of=Incident))
            if incident is not None and incident.state in OPEN:
                yield incident, locator.locate(row[1], row[2])


def _told_before(incident: Incident, redraw: Redraw) -> bool:
    """Whether its history says already that it stayed through this redraw."""
    told = (event.details.get("redraw", {}).get("id") for event in incident.events if event.kind is EventKind.REDRAWN)
    return redraw.id in told


def _move(incident: Incident, location: Location, responsibility: Responsibility | None, now: datetime) -> None:
    for column, value in place_columns(location, responsibility).items():
        setattr(incident, column, value)
    how = {name: incident.explanation[name] for name in HOW_PLACED if name in incident.explanation}
    incident.explanation = explain(location, responsibility, at=now) | how


def _holder(incident: Incident) -> dict[str, Any]:
    """Where the case was and who answered for it, as its history shall say."""
    answerer = {
        "person": {"staff_no": incident.staff.staff_no, "name": incident.staff.name} if incident.staff else None,
        "unit": {"code": incident.unit.code, "name": incident.unit.name} if incident.unit else None,
    }
    return places(incident.explanation) | {"answerer": answerer}


def _answerer(responsibility: Responsibility | None) -> dict[str, Any]:
    lead = responsibility.lead if responsibility else None
    person, desk = (lead.person, lead.desk) if lead else (None, None)
    return {
        "person": {"staff_no": person.staff_no, "name": person.name} if person else None,
        "unit": {"code": desk.code, "name": desk.name} if desk else None,
    }
