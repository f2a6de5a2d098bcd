"""The layer of incidents, as points: those that the session may see and that have a position.

A feature carries what a symbol and a short label need. Nobody's words and nobody's name are among it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from geo.models import Area
from incidents.models import Incident, Matter
from webmap.features.asking import IncidentsAsked, Period
from webmap.features.layers import DECIMALS, Extent, Page, box_around, extent_of, meets, page_of

_PLACED = Incident.point.is_not(None)


def page(db: Session, asked: IncidentsAsked) -> Page:
    """The incidents asked for, by id. What comes in while somebody reads page by page is on the last."""
    wanted = [_PLACED, *_conditions(asked)]
    matched = db.scalar(_joined(select(func.count())).where(*wanted)) or 0
    after = _features().where(*wanted, Incident.id > asked.after).order_by(Incident.id).limit(asked.limit + 1)
    return page_of([_feature(row) for row in db.execute(after)], asked.limit, matched)


def one(db: Session, incident_id: int) -> dict[str, Any] | None:
    """The feature of one incident; None where the session may see no such point."""
    row = db.execute(_features().where(_PLACED, Incident.id == incident_id)).one_or_none()
    return None if row is None else _feature(row)


def extent(db: Session) -> Extent | None:
    """How far the incidents reach that the session may see; None where it sees none."""
    when = (func.min(Incident.reported_at), func.max(Incident.reported_at))
    row = db.execute(select(*box_around(Incident.point), *when).where(_PLACED)).one()
    return None if row[0] is None else extent_of(row[:4], row[4], row[5])


def _conditions(asked: IncidentsAsked) -> Sequence[ColumnElement[bool]]:
    found = _within(asked.datetime) if asked.datetime else []
    if asked.bbox:
        found.append(meets(Incident.point, asked.bbox))
    if asked.number:
        found.append(Incident.number == asked.number)
    if asked.state:
        found.append(Incident.state == asked.state)
    if asked.grid:
        found.append(Area.code == asked.grid)
    return found


def _within(period: Period) -> list[ColumnElement[bool]]:
    begins, ends = period
    since = [Incident.reported_at >= begins] if begins else []
    return since + ([Incident.reported_at <= ends] if ends else [])


def _joined(columns: Select[Any]) -> Select[Any]:
    return (
        columns.select_from(Incident)
        .outerjoin(Matter, Matter.id == Incident.matter_id)
        .outerjoin(Area, Area.id == Incident.grid_id)
    )


def _features() -> Select[Any]:
    return _joined(
        select(
            Incident.id,
            func.ST_X(Incident.point).label("lon"),
            func.ST_Y(Incident.point).label("lat"),
            Incident.number,
            Incident.state,
            Matter.name.label("matter"),
            Area.code.label("grid"),
            Incident.reported_at,
            Incident.due_at,
        )
    )


def _feature(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.id,
        "geometry": {"type": "Point", "coordinates": [round(row.lon, DECIMALS), round(row.lat, DECIMALS)]},
        "properties": {
            "number": row.number,
            "state": row.state,
            "matter": row.matter,
            "grid": row.grid,
            "reported_at": row.reported_at,
            "due_at": row.due_at,
        },
    }
