"""What lies before somebody now: the open cases of the jurisdiction, the most pressing first, and today's closed ones.

Whose they are is decided by row-level security: the same call shows a grid worker his grids and a village all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from incidents.clock import LOCAL
from incidents.finding import MOST_LISTED, IncidentFilter, find
from incidents.models import Incident, Matter
from incidents.words import Level, Procedure
from incidents.workflow import State

HABIT = timedelta(days=365)
"""How far back it is asked which matters are frequent."""

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Worklist:
    """Cases to look at. `reported_again` counts, by incident, the later reports of the same thing."""

    open: Sequence[Incident]
    closed_today: Sequence[Incident]
    reported_again: Mapping[int, int]


def worklist(db: Session, *, now: datetime) -> Worklist:
    """The cases of the session's jurisdiction; the late ones are first because they were due first."""
    still_open = sorted(find(db, IncidentFilter(open=True), limit=MOST_LISTED), key=_pressing)
    closed = _closed_since(db, datetime.combine(now.astimezone(LOCAL).date(), time(), LOCAL))
    return Worklist(still_open, closed, _reported_again(db, [*still_open, *closed]))


def frequent_matters(db: Session, *, now: datetime, limit: int, at_once: bool = False) -> Sequence[Matter]:
    """The entries of today's catalogue that the jurisdiction met most in a year.

    Where too few were met, what a village may settle by the simple procedure comes next; with `at_once` it comes
    first of all.
    """
    met = (
        select(Matter.code, func.count().label("times"))
        .join(Incident, Incident.matter_id == Matter.id)
        .where(Incident.reported_at >= now - HABIT)
        .group_by(Matter.code)
        .subquery("met")
    )
    times = func.coalesce(met.c.times, 0)
    simple = (Matter.level == Level.VILLAGE) & (Matter.procedure == Procedure.SIMPLE)
    return db.scalars(
        select(Matter)
        .outerjoin(met, met.c.code == Matter.code)
        .where(Matter.valid.contains(now))
        .order_by(*((simple.desc(), times.desc()) if at_once else (times.desc(), simple.desc())), Matter.code)
        .limit(limit)
    ).all()


def _pressing(incident: Incident) -> tuple[datetime, float]:
    """What is due first comes first; of what has no deadline, the newest."""
    return incident.due_at or _NEVER, -incident.reported_at.timestamp()


def _closed_since(db: Session, moment: datetime) -> Sequence[Incident]:
    names = (Incident.staff, Incident.unit, Incident.lead_unit, Incident.matter)
    return db.scalars(
        select(Incident)
        .where(Incident.state == State.CLOSED, Incident.closed_at >= moment)
        .order_by(Incident.closed_at.desc())
        .limit(MOST_LISTED)
        .options(*(joinedload(name) for name in names))
    ).all()


def _reported_again(db: Session, incidents: Sequence[Incident]) -> dict[int, int]:
    """How often each was reported again. Repeats lie in the same grid, for which there is an index."""
    grids = {incident.grid_id for incident in incidents if incident.grid_id is not None}
    rows = db.execute(
        select(Incident.repeats_id, func.count())
        .where(Incident.grid_id.in_(grids), Incident.repeats_id.in_([incident.id for incident in incidents]))
        .group_by(Incident.repeats_id)
    )
    return {first: times for first, times in rows if first is not None}
