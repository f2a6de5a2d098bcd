"""Reading areas from the database: the versions valid at a moment, and when that changes."""

from collections.abc import Collection, Sequence
from datetime import datetime

import shapely
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.crs import Bounds
from geo.locate import LocatableArea
from geo.models import Area, AreaVersion


def areas_valid_at(
    db: Session, moment: datetime, *, kinds: Collection[AreaKind] = tuple(AreaKind)
) -> list[LocatableArea]:
    """Every area of the given kinds as it stood at `moment`, in code order."""
    rows = db.execute(
        select(
            AreaVersion.id,
            Area.id,
            Area.code,
            Area.kind,
            AreaVersion.name,
            func.ST_AsBinary(AreaVersion.outline),
            AreaVersion.parent_id,
            Area.domain,
        )
        .join(Area, Area.id == AreaVersion.area_id)
        .where(AreaVersion.valid.contains(moment), Area.kind.in_(list(kinds)))
        .order_by(Area.kind, Area.code)
    ).all()
    outlines = shapely.from_wkb([bytes(row[5]) for row in rows])
    return [
        LocatableArea(
            version_id=row[0], area_id=row[1], code=row[2], kind=AreaKind(row[3]), name=row[4],
            outline=outline, parent_id=row[6], domain=row[7],
        )
        for row, outline in zip(rows, outlines, strict=True)
    ]  # fmt: skip


def turning_points(db: Session) -> list[datetime]:
    """Every moment at which some area version begins or ends, in order: between two of them nothing changes."""
    edges = select(func.lower(AreaVersion.valid).label("at")).union(select(func.upper(AreaVersion.valid)))
    return sorted(at for at in db.scalars(edges) if at is not None)


def areas_epoch(db: Session) -> int:
    """The number that rises with every change to any area version."""
    return int(db.execute(text("SELECT epoch FROM areas_epoch")).scalar_one())


def find_area(db: Session, kind: AreaKind, code: str) -> Area | None:
    """The area with this code, whether or not any version of it is valid today."""
    return db.scalar(select(Area).where(Area.kind == kind, Area.code == code))


def names_of(db: Session, area_ids: Sequence[int], moment: datetime) -> dict[int, str]:
    """The name each area bore at `moment`; its latest name where it had no version then."""
    rows = db.execute(
        select(AreaVersion.area_id, AreaVersion.name)
        .where(AreaVersion.area_id.in_(set(area_ids)))
        .order_by(AreaVersion.valid.contains(moment), func.lower(AreaVersion.valid).nulls_first())
    )
    return {row.area_id: row.name for row in rows}


def listed(db: Session, kind: AreaKind, moment: datetime) -> list[tuple[str, str]]:
    """Code and name of every area of a kind valid at `moment`, in code order: what people choose from."""
    rows = db.execute(
        select(Area.code, AreaVersion.name)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.kind == kind, AreaVersion.valid.contains(moment))
        .order_by(Area.code)
    )
    return [(code, name) for code, name in rows]


def bounds_of(db: Session, moment: datetime, area_ids: Sequence[int] | None = None) -> Bounds | None:
    """The box around the given areas (around everything when None) as they stood at `moment`; None when empty."""
    wanted = select(
        func.min(func.ST_XMin(AreaVersion.outline)),
        func.min(func.ST_YMin(AreaVersion.outline)),
        func.max(func.ST_XMax(AreaVersion.outline)),
        func.max(func.ST_YMax(AreaVersion.outline)),
    ).where(AreaVersion.valid.contains(moment))
    if area_ids is not None:
        wanted = wanted.where(AreaVersion.area_id.in_(area_ids))
    west, south, east, north = db.execute(wanted).one()
    return None if west is None else (west, south, east, north)
