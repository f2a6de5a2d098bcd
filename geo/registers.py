"""The areas of a date as a register that people read: how many there are of each kind, and a list to search."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from geo.codes import AreaKind
from geo.crs import Bounds
from geo.models import Area, AreaVersion


@dataclass(frozen=True)
class KindSum:
    """All areas of one kind together. `households` counts those of the `counted` areas that have a number."""

    areas: int
    households: int
    counted: int
    area_m2: float


@dataclass(frozen=True)
class Entry:
    """One area as it stood on the date. `since` None: for as long as is known."""

    area_id: int
    version_id: int
    code: str
    name: str
    domain: str | None
    parent_code: str | None
    parent_name: str | None
    households: int | None
    area_m2: float
    since: datetime | None
    bounds: Bounds


def sums(db: Session, moment: datetime) -> dict[AreaKind, KindSum]:
    """What there was of each kind at `moment`; kinds of which there was none are absent."""
    rows = db.execute(
        select(
            Area.kind,
            func.count(),
            func.coalesce(func.sum(AreaVersion.households), 0),
            func.count(AreaVersion.households),
            func.sum(AreaVersion.area_m2),
        )
        .join(Area, Area.id == AreaVersion.area_id)
        .where(AreaVersion.valid.contains(moment))
        .group_by(Area.kind)
    )
    return {AreaKind(row[0]): KindSum(row[1], int(row[2] or 0), row[3], row[4]) for row in rows}


def count(db: Session, kind: AreaKind, moment: datetime, text: str = "") -> int:
    """How many areas `search` would find."""
    found = select(func.count()).select_from(AreaVersion).join(Area, Area.id == AreaVersion.area_id)
    return db.scalar(found.where(_meant(kind, moment, text))) or 0


def search(
    db: Session, kind: AreaKind, moment: datetime, text: str = "", *, limit: int, offset: int = 0
) -> list[Entry]:
    """The areas of a kind at `moment` whose code or name has `text` in it, in code order."""
    above, above_version = aliased(Area), aliased(AreaVersion)
    outline = AreaVersion.outline
    rows = db.execute(
        select(
            Area.id, AreaVersion.id, Area.code, AreaVersion.name, Area.domain, above.code, above_version.name,
            AreaVersion.households, AreaVersion.area_m2, func.lower(AreaVersion.valid),
            func.ST_XMin(outline), func.ST_YMin(outline), func.ST_XMax(outline), func.ST_YMax(outline),
        )
        .join(Area, Area.id == AreaVersion.area_id)
        .outerjoin(above, above.id == AreaVersion.parent_id)
        .outerjoin(
            above_version, and_(above_version.area_id == AreaVersion.parent_id, above_version.valid.contains(moment))
        )
        .where(_meant(kind, moment, text))
        .order_by(Area.code)
        .limit(limit)
        .offset(offset)
    )  # fmt: skip
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    id_, version, code, name, domain, parent_code, parent_name, households, area_m2, since, *box = row
    west, south, east, north = box
    bounds = (west, south, east, north)
    return Entry(id_, version, code, name, domain, parent_code, parent_name, households, area_m2, since, bounds)


def _meant(kind: AreaKind, moment: datetime, text: str) -> ColumnElement[bool]:
    meant = and_(Area.kind == kind, AreaVersion.valid.contains(moment))
    if not text:
        return meant
    return and_(meant, or_(*(word.icontains(text, autoescape=True) for word in (Area.code, AreaVersion.name))))
