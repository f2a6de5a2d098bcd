"""Finding incidents: one filter for the desk, the API, the map and the figures.

What a session may see is decided by row-level security, not here: the same query shows a township
its own incidents and the county all of them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from geo.codes import AreaKind
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from geo.models import Area
from incidents.errors import UnknownIncident
from incidents.models import Incident, Matter
from incidents.words import Channel
from incidents.workflow import OPEN, State

MOST_LISTED = 500


class IncidentFilter(BaseModel):
    """Which incidents are meant. Empty: all. Several values of one field widen, several fields narrow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: tuple[State, ...] = ()
    channel: tuple[Channel, ...] = ()
    township: str | None = Field(default=None, description="code of a township")
    village: str | None = Field(default=None, description="code of a village")
    grid: str | None = Field(default=None, description="code of a comprehensive or specialised grid")
    matter: str | None = Field(default=None, description="code of an entry of the catalogue")
    since: datetime | None = Field(default=None, description="reported at or after")
    until: datetime | None = Field(default=None, description="reported before")
    queued: bool = Field(default=False, description="only what waits for a person to place or route it")
    open: bool = Field(default=False, description="only what is neither closed nor void")
    overdue_at: datetime | None = Field(default=None, description="only what is open and was due before")
    text: str | None = Field(default=None, max_length=100, description="words, or a part of a number")
    staff_id: int | None = None
    bbox: tuple[float, float, float, float] | None = Field(
        default=None, description="west, south, east, north in WGS-84 degrees"
    )


def conditions(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    """The filter as SQL conditions on `Incident`."""
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(Incident.state.in_(wanted.state))
    if wanted.channel:
        found.append(Incident.channel.in_(wanted.channel))
    if wanted.township:
        found.append(Incident.township_id == _area_id(AreaKind.TOWNSHIP, wanted.township))
    if wanted.village:
        found.append(Incident.village_id == _area_id(AreaKind.VILLAGE, wanted.village))
    if wanted.grid:
        specialised = _area_id(AreaKind.SPECIALISED, wanted.grid)
        found.append(
            or_(
                Incident.grid_id == _area_id(AreaKind.COMPREHENSIVE, wanted.grid),
                Incident.specialised_ids.any(specialised),  # type: ignore[arg-type]
            )
        )
    if wanted.matter:
        found.append(Incident.matter_id.in_(select(Matter.id).where(Matter.code == wanted.matter)))
    return found + _when(wanted) + _how_far(wanted) + _about(wanted)


def _when(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    since = [Incident.reported_at >= wanted.since] if wanted.since else []
    return since + ([Incident.reported_at < wanted.until] if wanted.until else [])


def _how_far(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.queued:
        found.append(and_(Incident.queue_reason.is_not(None), Incident.state.in_(OPEN)))
    if wanted.open:
        found.append(Incident.state.in_(OPEN))
    if wanted.overdue_at:
        found.append(and_(Incident.state.in_(OPEN), Incident.due_at < wanted.overdue_at))
    return found


def _about(wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        columns = (Incident.text, Incident.address, Incident.number, Incident.external_number)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    if wanted.staff_id is not None:
        found.append(Incident.staff_id == wanted.staff_id)
    if wanted.bbox:
        found.append(Incident.point.op("&&")(func.ST_MakeEnvelope(*wanted.bbox, 4326)))
    return found


def _area_id(kind: AreaKind, code: str) -> Any:
    return select(Area.id).where(Area.kind == kind, Area.code == code).scalar_subquery()


def find(
    db: Session, wanted: IncidentFilter, *, limit: int = 50, before: tuple[datetime, int] | None = None
) -> Sequence[Incident]:
    """The incidents meant, newest first, with the areas, staff, unit and matter they name already loaded.

    `before` continues after the last one shown: its (reported_at, id). Pages by position would repeat
    or skip incidents while new ones arrive.
    """
    query = _with_names(select(Incident).where(*conditions(wanted)))
    if before is not None:
        at, last_id = before
        query = query.where(or_(Incident.reported_at < at, and_(Incident.reported_at == at, Incident.id < last_id)))
    newest_first = query.order_by(Incident.reported_at.desc(), Incident.id.desc())
    return db.scalars(newest_first.limit(min(limit, MOST_LISTED))).all()


def count(db: Session, wanted: IncidentFilter) -> int:
    """How many incidents are meant."""
    return db.scalar(select(func.count()).select_from(Incident).where(*conditions(wanted))) or 0


def count_by_state(db: Session, wanted: IncidentFilter) -> dict[State, int]:
    """How many incidents of each state are meant; states without any are absent."""
    rows = db.execute(select(Incident.state, func.count()).where(*conditions(wanted)).group_by(Incident.state))
    return {State(state): number for state, number in rows}


def points(db: Session, wanted: IncidentFilter, *, limit: int) -> Sequence[Any]:
    """Rows for a map, newest first: id, number, state, lon, lat, queue_reason, reported_at, matter, external grid code."""
    grid = aliased(Area)
    return db.execute(
        select(
            Incident.id,
            Incident.number,
            Incident.state,
            func.ST_X(Incident.point).label("lon"),
            func.ST_Y(Incident.point).label("lat"),
            Incident.queue_reason,
            Incident.reported_at,
            Incident.due_at,
            Matter.name.label("matter"),
            grid.code.label("grid"),
        )
        .outerjoin(Matter, Matter.id == Incident.matter_id)
        .outerjoin(grid, grid.id == Incident.grid_id)
        .where(Incident.point.is_not(None), *conditions(wanted))
        .order_by(Incident.reported_at.desc(), Incident.id.desc())
        .limit(limit)
    ).all()


def one(db: Session, incident_id: int) -> Incident:
    """The incident with its history and photos. Raises UnknownIncident, also for one the session may not see."""
    incident = db.scalar(_with_names(select(Incident).where(Incident.id == incident_id)))
    if incident is None:
        raise UnknownIncident
    return incident


def _with_names(query: Select[tuple[Incident]]) -> Select[tuple[Incident]]:
    return query.options(
        joinedload(Incident.grid),
        joinedload(Incident.village),
        joinedload(Incident.township),
        joinedload(Incident.staff),
        joinedload(Incident.unit),
        joinedload(Incident.lead_unit),
        joinedload(Incident.matter),
    )
