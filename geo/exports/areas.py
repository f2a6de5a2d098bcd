"""The areas of one moment as they are written to files."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import shapely
from geoalchemy2.functions import ST_AsBinary
from shapely.geometry import MultiPolygon
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from geo.codes import AreaKind
from geo.models import Area, AreaVersion

AT_ONCE = 1_000
"""How many areas are fetched at a time."""


@dataclass(frozen=True, slots=True)
class ExportedArea:
    """One area as a file says it. The outline is in WGS-84; `parent` is a code, `valid_from` None for since ever."""

    kind: AreaKind
    code: str
    name: str
    outline: MultiPolygon
    parent: str | None
    households: int | None
    domain: str | None
    area_m2: float
    valid_from: datetime | None


def areas_for_export(db: Session, kinds: Collection[AreaKind], at: datetime) -> Iterator[ExportedArea]:
    """Yield the areas of the given kinds that are in force at `at`, kind by kind from the county down, in code order.

    They are fetched as they are asked for and by one statement, so what is published meanwhile does not show.
    `valid_from` is told in the time zone of `at`.
    """
    parent = aliased(Area)
    query = (
        select(Area.kind, Area.code, AreaVersion.name, ST_AsBinary(AreaVersion.outline), parent.code,
               AreaVersion.households, Area.domain, AreaVersion.area_m2, func.lower(AreaVersion.valid))
        .join(Area, Area.id == AreaVersion.area_id)
        .outerjoin(parent, parent.id == AreaVersion.parent_id)
        .where(Area.kind.in_(list(kinds)), AreaVersion.valid.contains(at))
        .order_by(case({kind: place for place, kind in enumerate(AreaKind)}, value=Area.kind), Area.code)
    )  # fmt: skip
    for rows in db.execute(query.execution_options(yield_per=AT_ONCE)).partitions():
        outlines = shapely.from_wkb([bytes(row[3]) for row in rows])
        for row, outline in zip(rows, outlines, strict=True):
            begins = None if row[8] is None else row[8].astimezone(at.tzinfo)
            yield ExportedArea(AreaKind(row[0]), row[1], row[2], outline, row[4], row[5], row[6], row[7], begins)
