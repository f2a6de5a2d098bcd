"""Finding incidents: one filter for the desk, the API, the map and the figures.

What a session may see is decided by row-level security, not here: the same query shows a township
its own incidents and the county all of them.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from sqlalchemy import ColumnElement, Select, and_, any_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from geo.addresses.answers import Accuracy
from geo.codes import AreaKind
from geo.crs import Bounds, Floats
from geo.models import Area, AreaVersion
from incidents.clock import LOCAL
from incidents.cursors import BIGGEST_ID, Position
from incidents.errors import UnknownIncident
from incidents.indicators import Course
from incidents.models import Incident, Matter
from incidents.words import Channel, QueueReason
from incidents.workflow import OPEN, State

MOST_LISTED = 500

LONGEST_CODE = 64


def _split(value: Any) -> Any:
    """A box may come as one word, `west,south,east,north`."""
    return value.split(",") if isinstance(value, str) else value


def _is_box(box: Bounds) -> Bounds:
    west, south, east, north = box
    if not (west < east and south < north):
        raise ValueError("a box is west,south,east,north, each once and in this order")
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise ValueError("a box is in WGS-84 degrees")
    return box


Box = Annotated[Bounds, BeforeValidator(_split), AfterValidator(_is_box)]
"""West, south, east, north in WGS-84 degrees; in a query string separated by commas."""


def _is_plain(value: str) -> str:
    if not value.isprintable():
        raise ValueError("has characters that no code or word has")
    return value


Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_is_plain)]
Code = Annotated[Word, StringConstraints(max_length=LONGEST_CODE)]


YEARS = range(1900, 2200)
"""Beyond them a date is a slip of the hand, and near the ends of the calendar changing its zone is impossible."""


def _is_sensible(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError("is no time at which anything could be reported")
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)


Moment = Annotated[datetime, AfterValidator(_is_sensible)]
"""A moment; local time of the county where no zone is given."""


class IncidentFilter(BaseModel):
    """Which incidents are meant. Empty: all. Several values of one field widen, several fields narrow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: tuple[State, ...] = ()
    channel: tuple[Channel, ...] = ()
    township: Code | None = Field(default=None, description="code of a township")
    village: Code | None = Field(default=None, description="code of a village")
    grid: Code | None = Field(default=None, description="code of a comprehensive or specialised grid")
    matter: Code | None = Field(default=None, description="code of an entry of the catalogue")
    field: Word | None = Field(default=None, description="field of the catalogue")
    since: Moment | None = Field(default=None, description="reported at or after")
    until: Moment | None = Field(default=None, description="reported before")
    queued: bool = Field(default=False, description="only what waits for a person to place or route it")
    open: bool = Field(default=False, description="only what is neither closed nor void")
    overdue_at: Moment | None = Field(default=None, description="only what is open and was due before")
    text: Word | None = Field(default=None, description="words, or a part of a number")
    staff_id: int | None = Field(default=None, ge=1, le=BIGGEST_ID)
    bbox: Box | None = Field(default=None, description="west,south,east,north in WGS-84 degrees")


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
                specialised == any_(Incident.specialised_ids),
            )
        )
    if wanted.matter:
        found.append(Incident.matter_id.in_(select(Matter.id).where(Matter.code == wanted.matter)))
    if wanted.field:
        found.append(Incident.matter_id.in_(select(Matter.id).where(Matter.field == wanted.field)))
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


def find(db: Session, wanted: IncidentFilter, *, limit: int = 50, before: Position | None = None) -> Sequence[Incident]:
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


def coordinates(db: Session, wanted: IncidentFilter) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of the incidents meant.

    Somebody's default point is no place, nor is the middle of an area that words named: they are left out.
    """
    # As two arrays: a year of reports takes a tenth of the time that it takes row by row.
    pairs = select(func.array_agg(func.ST_X(Incident.point)), func.array_agg(func.ST_Y(Incident.point)))
    lon, lat = db.execute(
        pairs.where(Incident.point.is_not(None), _no_default(), _no_middle(), *conditions(wanted))
    ).one()
    return np.array(lon or [], dtype=np.float64), np.array(lat or [], dtype=np.float64)


def count_by_grid(db: Session, wanted: IncidentFilter) -> dict[int, int]:
    """How many of the incidents meant lie in each comprehensive grid, without those on somebody's default point."""
    rows = db.execute(
        select(Incident.grid_id, func.count())
        .where(Incident.grid_id.is_not(None), _no_default(), *conditions(wanted))
        .group_by(Incident.grid_id)
    )
    return {grid_id: number for grid_id, number in rows if grid_id is not None}


def _no_default() -> ColumnElement[bool]:
    return Incident.queue_reason.is_distinct_from(QueueReason.PLACEHOLDER_POINT)


def _no_middle() -> ColumnElement[bool]:
    areas = [accuracy for accuracy in Accuracy if not accuracy.is_point]
    return or_(Incident.address_accuracy.is_(None), Incident.address_accuracy.not_in(areas))


def count_placed(db: Session, wanted: IncidentFilter) -> int:
    """How many of the incidents meant have a point."""
    placed = select(func.count()).select_from(Incident).where(Incident.point.is_not(None), *conditions(wanted))
    return db.scalar(placed) or 0


def count_by_state(db: Session, wanted: IncidentFilter) -> dict[State, int]:
    """How many incidents of each state are meant; states without any are absent."""
    rows = db.execute(select(Incident.state, func.count()).where(*conditions(wanted)).group_by(Incident.state))
    return {State(state): number for state, number in rows}


def points(db: Session, wanted: IncidentFilter, *, limit: int) -> Sequence[Any]:
    """Rows for a map, newest first: id, number, state, lon, lat, queue_reason, reported_at, due_at, matter, grid."""
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


def courses(db: Session, wanted: IncidentFilter, *, by: AreaKind) -> Iterator[tuple[int | None, Course]]:
    """How each incident went, with the id of its area at the level `by`; None where it lies in none."""
    area = {
        AreaKind.COUNTY: Incident.county_id,
        AreaKind.TOWNSHIP: Incident.township_id,
        AreaKind.VILLAGE: Incident.village_id,
        AreaKind.COMPREHENSIVE: Incident.grid_id,
    }[by]
    columns = (Incident.state, Incident.reported_at, Incident.due_at, Incident.closed_at)
    rows = db.execute(select(area, *columns).where(*conditions(wanted)))
    return ((row[0], Course(row[1], row[2], row[3], row[4])) for row in rows)


def area_labels(db: Session, area_ids: Sequence[int], moment: datetime) -> dict[int, tuple[str, str]]:
    """The code of each area, and the name it bore at `moment`; its latest where it had none then."""
    rows = db.execute(
        select(Area.id, Area.code, AreaVersion.name)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.id.in_(set(area_ids)))
        .order_by(AreaVersion.valid.contains(moment), func.lower(AreaVersion.valid).nulls_first())
    )
    return {id_: (code, name) for id_, code, name in rows}


def one(db: Session, incident_id: int) -> Incident:
    """The incident with its history and photos. Raises UnknownIncident, also for one the session may not see."""
    incident = db.scalar(_with_names(select(Incident).where(Incident.id == incident_id)))
    if incident is None:
        raise UnknownIncident
    return incident


def _with_names(query: Select[Incident]) -> Select[Incident]:
    return query.options(
        joinedload(Incident.grid),
        joinedload(Incident.village),
        joinedload(Incident.township),
        joinedload(Incident.staff),
        joinedload(Incident.unit),
        joinedload(Incident.lead_unit),
        joinedload(Incident.matter),
    )
