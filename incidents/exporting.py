"""Incidents as rows of a table for other programs: what came, where it falls, who answers and how far it has come.

The rows come through a cursor on the server, a thousand at a time, so that years of reports need no more memory than a
day of them. Who reported is left out: names and phones stay sealed and are not even read. The columns that an import
of reports understands bear the names that it knows (`importers.report_rows.FIELDS`); a test holds the two together.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from geo.codes import AreaKind
from geo.models import Area
from incidents.clock import LOCAL
from incidents.finding import IncidentFilter, conditions
from incidents.models import Incident, Matter
from staffing.models import Staff, Unit

AT_ONCE = 1000
"""Rows fetched in one go."""

Value = str | float | datetime | None
Row = tuple[Value, ...]

_township, _village, _grid, _specialised = (aliased(Area, name=name) for name in ("tw", "vi", "gr", "sp"))
_lead = aliased(Unit, name="lead")
_repeated = aliased(Incident, name="repeated")

_SPECIALISED_CODES = (
    select(func.string_agg(_specialised.code, aggregate_order_by(literal(";"), _specialised.code)))
    .where(_specialised.id == any_(Incident.specialised_ids))
    .correlate(Incident)
    .scalar_subquery()
)

_COLUMNS: Mapping[str, ColumnElement[Any] | Any] = {
    "number": Incident.number,
    "channel": Incident.channel,
    "external_number": Incident.external_number,
    "reported_at": Incident.reported_at,
    "matter": Matter.code,
    "matter_name": Matter.name,
    "field": Matter.field,
    "state": Incident.state,
    "text": Incident.text,
    "address": Incident.address,
    "lon": func.ST_X(Incident.point),
    "lat": func.ST_Y(Incident.point),
    "placement": Incident.placement,
    "place_method": Incident.place_method,
    "queue_reason": Incident.queue_reason,
    "grid": _grid.code,
    "specialised": _SPECIALISED_CODES,
    "village": _village.code,
    "township": _township.code,
    "staff": Staff.staff_no,
    "staff_name": Staff.name,
    "unit": Unit.code,
    "unit_name": Unit.name,
    "lead": _lead.code,
    "lead_name": _lead.name,
    "due_at": Incident.due_at,
    "handled_at": Incident.handled_at,
    "closed_at": Incident.closed_at,
    "repeats": _repeated.number,
}

COLUMNS = tuple(_COLUMNS)
"""What the columns are called. docs/files.md says what each holds."""


def report_rows(db: Session, wanted: IncidentFilter, *, townships: Collection[int] = ()) -> Iterator[Row]:
    """Yield the incidents meant in the order in which they were reported, each as `COLUMNS` says.

    `townships` are ids of areas; without any all are meant. Longitude and latitude are WGS-84, moments are in the
    county's zone, to the second. All rows are of the moment at which the first is asked for.
    """
    query = _with_names(select(*_COLUMNS.values())).where(*_meant(wanted, townships))
    in_order = query.order_by(Incident.reported_at, Incident.id).execution_options(yield_per=AT_ONCE)
    with db.execute(in_order) as rows:
        for row in rows:
            yield tuple(_local(value) if isinstance(value, datetime) else value for value in row)


def count_reports(db: Session, wanted: IncidentFilter, *, townships: Collection[int] = ()) -> int:
    """How many rows `report_rows` would yield now."""
    return db.scalar(select(func.count()).select_from(Incident).where(*_meant(wanted, townships))) or 0


def township_ids(db: Session) -> dict[str, int]:
    """The id of every township that there is or was, by its code."""
    rows = db.execute(select(Area.code, Area.id).where(Area.kind == AreaKind.TOWNSHIP))
    return {row.code: row.id for row in rows}


def _meant(wanted: IncidentFilter, townships: Collection[int]) -> list[ColumnElement[bool]]:
    return conditions(wanted) + ([Incident.township_id.in_(townships)] if townships else [])


def _with_names(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(Incident)
        .outerjoin(Matter, Matter.id == Incident.matter_id)
        .outerjoin(_grid, _grid.id == Incident.grid_id)
        .outerjoin(_village, _village.id == Incident.village_id)
        .outerjoin(_township, _township.id == Incident.township_id)
        .outerjoin(Staff, Staff.id == Incident.staff_id)
        .outerjoin(Unit, Unit.id == Incident.unit_id)
        .outerjoin(_lead, _lead.id == Incident.lead_unit_id)
        .outerjoin(_repeated, _repeated.id == Incident.repeats_id)
    )


def _local(moment: datetime) -> datetime:
    return moment.astimezone(LOCAL).replace(microsecond=0)
