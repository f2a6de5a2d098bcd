"""Vector tiles made by PostGIS, in web Mercator, 4096 units to the side."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, cast, func, literal_column, select
from sqlalchemy.orm import Session

from database.base import WGS84
from geo.codes import AreaKind
from geo.models import Area, AreaVersion
from incidents.finding import IncidentFilter, conditions
from incidents.models import Incident

MERCATOR = 3857
BUFFER = 64
"""Units drawn beyond the edge, so that borders and symbols meet their other halves in the next tile."""

MOST_INCIDENTS = 20_000
"""Per tile; the newest. A map that shows more in one tile shows nothing."""

Address = tuple[int, int, int]
"""z, x, y as web maps count them: y from the north."""


def areas(db: Session, kind: AreaKind, at: datetime, tile: Address) -> bytes:
    """The areas of one kind valid at `at`; no bytes where there are none."""
    shown = (
        select(
            Area.id,
            Area.code,
            AreaVersion.name,
            Area.domain,
            AreaVersion.households,
            _within(AreaVersion.outline, tile).label("shape"),
        )
        .join(Area, Area.id == AreaVersion.area_id)
        .where(Area.kind == kind, AreaVersion.valid.contains(at), _meets(AreaVersion.outline, tile))
        .order_by(Area.code)
        .subquery("shown")
    )
    return _tile(db, shown, str(kind))


def incidents(db: Session, wanted: IncidentFilter, tile: Address) -> bytes:
    """The incidents meant that the session may see; no bytes where there are none."""
    shown = (
        select(
            Incident.id,
            Incident.number,
            Incident.state,
            Incident.queue_reason,
            cast(Incident.due_at, Text).label("due_at"),
            _within(Incident.point, tile).label("shape"),
        )
        .where(_meets(Incident.point, tile), *conditions(wanted))
        .order_by(Incident.reported_at.desc(), Incident.id.desc())
        .limit(MOST_INCIDENTS)
        .subquery("shown")
    )
    return _tile(db, shown, "incidents")


def _tile(db: Session, shown: FromClause, layer: str) -> bytes:
    """The rows of `shown` as one layer; those whose shape vanishes at this scale are left out."""
    drawn = func.ST_AsMVT(literal_column("shown"), layer, 4096, "shape", "id")
    made = db.scalar(select(drawn).select_from(shown).where(shown.c.shape.is_not(None)))
    return bytes(made or b"")


def _within(shape: Any, tile: Address) -> ColumnElement[Any]:
    """The shape in the tile's own units."""
    return func.ST_AsMVTGeom(func.ST_Transform(shape, MERCATOR), func.ST_TileEnvelope(*tile), 4096, BUFFER, True)


def _meets(shape: Any, tile: Address) -> ColumnElement[bool]:
    """Whether the shape's box meets the tile and its buffer. Transforms the tile, not the shapes: the index is used."""
    envelope = func.ST_TileEnvelope(*tile, func.ST_TileEnvelope(0, 0, 0), BUFFER / 4096)
    return shape.op("&&")(func.ST_Transform(envelope, WGS84))
