"""Figures of many incidents, counted in the database: by month and area, and what waits now.

The rule of the rates is that of incidents.indicators; tests/incidents/test_figures.py holds the two together. What a
session may see is decided by row-level security: the same count gives a township its own figures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from geo.codes import AreaKind
from incidents.clock import LOCAL
from incidents.finding import IncidentFilter, conditions
from incidents.indicators import Indicators, Share
from incidents.models import Incident
from incidents.workflow import OPEN, State

AREA_OF: Mapping[AreaKind, InstrumentedAttribute[int | None]] = {
    AreaKind.COUNTY: Incident.county_id,
    AreaKind.TOWNSHIP: Incident.township_id,
    AreaKind.VILLAGE: Incident.village_id,
    AreaKind.COMPREHENSIVE: Incident.grid_id,
}
"""Where an incident says in which area of a level it lies."""

MonthlyFigures = Mapping[tuple[date, int | None], Indicators]
"""By the first day of the month of the report, and the area's id; None where it lies in none."""


@dataclass(frozen=True)
class Standing:
    """What there is to do at one moment."""

    today: int
    yesterday: int
    open: int
    overdue: int
    queued: int


def by_month(db: Session, wanted: IncidentFilter, *, by: AreaKind, now: datetime) -> MonthlyFigures:
    """The indicators of the incidents meant, of each month in which they were reported, as they stand at `now`."""
    month, area = _month(), AREA_OF[by]
    rows = db.execute(select(month, area, *_counted(now)).where(*conditions(wanted)).group_by(month, area))
    return {(row[0].date(), row[1]): _indicators(row[2:]) for row in rows}


def by_area(db: Session, wanted: IncidentFilter, *, by: AreaKind, now: datetime) -> dict[int | None, Indicators]:
    """The indicators of the incidents meant in each area, as they stand at `now`."""
    area = AREA_OF[by]
    rows = db.execute(select(area, *_counted(now)).where(*conditions(wanted)).group_by(area))
    return {row[0]: _indicators(row[1:]) for row in rows}


def standing(db: Session, wanted: IncidentFilter, *, now: datetime) -> Standing:
    """What came in today and yesterday (days of the county), what is open, what is late and what waits for a place."""
    midnight = datetime.combine(now.astimezone(LOCAL), time(), LOCAL)
    is_open, reported = Incident.state.in_(OPEN), Incident.reported_at
    row = db.execute(
        select(
            func.count().filter(reported >= midnight),
            func.count().filter(and_(reported >= midnight - timedelta(days=1), reported < midnight)),
            func.count().filter(is_open),
            func.count().filter(and_(is_open, Incident.due_at < now)),
            func.count().filter(and_(is_open, Incident.queue_reason.is_not(None))),
        ).where(*conditions(wanted))
    ).one()
    return Standing(*row)


def first_month(db: Session) -> date | None:
    """The first day of the month of the earliest report that the session sees; None without any."""
    earliest = db.scalar(select(func.min(Incident.reported_at)))
    return None if earliest is None else earliest.astimezone(LOCAL).date().replace(day=1)


def together(parts: Iterable[Indicators]) -> Indicators:
    """The figures of sets of incidents that have none in common, as one."""
    found = list(parts)
    return Indicators(
        sum(each.filed for each in found),
        _sum([each.closing for each in found]),
        _sum([each.on_time for each in found]),
    )


def _sum(shares: list[Share]) -> Share:
    return Share(sum(each.numerator for each in shares), sum(each.denominator for each in shares))


def _month() -> ColumnElement[datetime]:
    """The month of the report by the calendar of the county, as its first day."""
    return func.date_trunc("month", func.timezone(str(LOCAL), Incident.reported_at))


def _counted(now: datetime) -> tuple[ColumnElement[Any], ...]:
    """Filed, closed, closed on time, and late and open: the rule of incidents.indicators in SQL."""
    counts = Incident.state != State.VOID
    closed = and_(counts, Incident.closed_at <= now)
    not_yet = or_(Incident.closed_at.is_(None), Incident.closed_at > now)
    return (
        func.count().filter(counts),
        func.count().filter(closed),
        func.count().filter(and_(closed, or_(Incident.due_at.is_(None), Incident.closed_at <= Incident.due_at))),
        func.count().filter(and_(counts, not_yet, Incident.due_at <= now)),
    )


def _indicators(counts: Any) -> Indicators:
    filed, closed, on_time, late = counts
    due = closed + late
    return Indicators(filed, Share(closed, due), Share(on_time, due))
