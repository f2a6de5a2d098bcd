"""Writing many areas and versions at once: what an import of a file puts into the database.

The caller has checked everything; the constraints of the tables are the last word. Functions flush by nature
(they speak SQL) and never commit.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import shapely
from geoalchemy2.functions import ST_AsBinary
from psycopg.types.range import TimestamptzRange
from shapely.geometry import MultiPolygon
from sqlalchemy import Table, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as insert_or_change
from sqlalchemy.orm import Session, aliased

from geo.codes import AreaKind
from geo.copying import copy_outlined
from geo.models import Area, AreaVersion

ONE_AT_A_TIME = 5_201_314_012_346
"""The advisory lock that whoever changes areas holds. Any number would do, as long as it stays."""

Period = Range[datetime]
"""[from, to) as `AreaVersion.valid` keeps it; None is unbounded."""


@dataclass(frozen=True)
class StoredVersion:
    """A version as the database holds it."""

    area_id: int
    code: str
    kind: AreaKind
    domain: str | None
    valid: Period
    name: str
    outline: MultiPolygon
    parent_code: str | None
    households: int | None
    id: int = 0


@dataclass(frozen=True)
class NewVersion:
    """A version to be written. The outline is in WGS-84."""

    area_id: int
    valid: Period
    name: str
    outline: MultiPolygon
    parent_id: int | None
    households: int | None
    area_m2: float


def lock_areas(db: Session) -> None:
    """Wait until nobody else changes areas; until the end of this transaction nobody else does."""
    db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})


def versions_during(
    db: Session, period: Period, kinds: Collection[AreaKind], *, codes: Collection[str] | None = None
) -> list[StoredVersion]:
    """The versions that stand at any time of `period`, oldest first; of the given codes only, where given."""
    parent = aliased(Area)
    query = (
        select(Area.id, Area.code, Area.kind, Area.domain, AreaVersion.valid, AreaVersion.name,
               ST_AsBinary(AreaVersion.outline), parent.code, AreaVersion.households, AreaVersion.id)
        .join(Area, Area.id == AreaVersion.area_id)
        .outerjoin(parent, parent.id == AreaVersion.parent_id)
        .where(Area.kind.in_(list(kinds)), AreaVersion.valid.overlaps(period))
        .order_by(Area.kind, Area.code, func.lower(AreaVersion.valid).nulls_first())
    )  # fmt: skip
    if codes is not None:
        query = query.where(Area.code == func.any(list(codes)))
    rows = db.execute(query).all()
    outlines = shapely.from_wkb([bytes(row[6]) for row in rows])
    return [
        StoredVersion(row[0], row[1], row[2], row[3], row[4], row[5], outline, row[7], row[8], row[9])
        for row, outline in zip(rows, outlines, strict=True)
    ]


def add_areas(db: Session, kind: AreaKind, domains: Mapping[str, str | None]) -> dict[str, int]:
    """Make the areas that are not there yet (code → domain, None unless specialised); return code → id of all.

    An area keeps the domain it has, unless it was never in force: that of a withdrawn redraw is whatever is meant now.
    """
    rows = [{"kind": kind, "code": code, "domain": domain} for code, domain in domains.items()]
    if rows:
        adding = insert_or_change(cast(Table, Area.__table__))
        in_force = select(AreaVersion.area_id).where(~func.isempty(AreaVersion.valid))
        meant = adding.excluded.domain
        db.execute(
            adding.on_conflict_do_update(
                index_elements=["kind", "code"], set_={"domain": meant},
                where=Area.domain.is_distinct_from(meant) & Area.id.not_in(in_force),
            ),
            rows,
        )  # fmt: skip
    of_kind = select(Area.code, Area.id).where(Area.kind == kind, Area.code == func.any(list(domains)))
    return {row.code: row.id for row in db.execute(of_kind)}


_COLUMNS = {
    "area_id": "int8", "valid": "tstzrange", "name": "text", "parent_id": "int8", "households": "int4",
    "area_m2": "float8", "import_id": "int8", "begun_by_id": "int8",
}  # fmt: skip


def add_versions(
    db: Session, versions: Iterable[NewVersion], *, import_id: int | None = None, begun_by_id: int | None = None
) -> None:
    """Write the versions with one COPY, thousands a second; the areas' epoch rises once.

    They come from a file (`import_id`) or from a redraw (`begun_by_id`).

    The tables are analysed at once: without statistics the planner places points hundreds of times slower.
    """

    def values(one: NewVersion) -> tuple[Any, ...]:
        valid = TimestamptzRange(one.valid.lower, one.valid.upper)
        return one.area_id, valid, one.name, one.parent_id, one.households, one.area_m2, import_id, begun_by_id

    copy_outlined(db, "area_version", _COLUMNS, ((one.outline, values(one)) for one in versions))
    db.execute(text("ANALYZE area, area_version"))
