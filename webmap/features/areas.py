"""Layers of areas: a feature is one version of an area, and keeps its id for good."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, aliased

from geo.codes import AreaKind
from geo.models import Area, AreaVersion
from webmap.features.asking import AreasAsked
from webmap.features.layers import DECIMALS, Extent, Page, box_around, extent_of, meets, page_of

_above = aliased(Area)


def page(db: Session, kind: AreaKind, asked: AreasAsked) -> Page:
    """The areas asked for, by id. Without a period there is no moment: whoever calls says which is meant."""
    wanted = [Area.kind == kind, *_conditions(asked)]
    matched = db.scalar(_joined(select(func.count())).where(*wanted)) or 0
    after = _features().where(*wanted, AreaVersion.id > asked.after).order_by(AreaVersion.id).limit(asked.limit + 1)
    return page_of([_feature(row) for row in db.execute(after)], asked.limit, matched)


def one(db: Session, kind: AreaKind, version_id: int) -> dict[str, Any] | None:
    """The feature of one version, whenever it was valid; None where this layer has none of that id."""
    row = db.execute(_features().where(Area.kind == kind, AreaVersion.id == version_id)).one_or_none()
    return None if row is None else _feature(row)


def extents(db: Session) -> dict[AreaKind, Extent]:
    """How far the versions of each kind reach, past and future ones too; kinds without any are absent."""
    lower, upper = func.lower(AreaVersion.valid), func.upper(AreaVersion.valid)
    open_ends = (func.bool_or(lower.is_(None)), func.min(lower), func.bool_or(upper.is_(None)), func.max(upper))
    rows = db.execute(
        select(*box_around(AreaVersion.outline), Area.kind, *open_ends)
        .join(Area, Area.id == AreaVersion.area_id)
        .group_by(Area.kind)
    )
    return {AreaKind(row[4]): extent_of(row[:4], _unless(row[5], row[6]), _unless(row[7], row[8])) for row in rows}


def _unless(is_open: bool, moment: Any) -> Any:
    return None if is_open else moment


def _conditions(asked: AreasAsked) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.datetime:
        found.append(AreaVersion.valid.overlaps(Range(*asked.datetime, bounds="[]")))
    if asked.bbox:
        found.append(meets(AreaVersion.outline, asked.bbox))
    if asked.code:
        found.append(Area.code == asked.code)
    if asked.parent:
        found.append(_above.code == asked.parent)
    if asked.name:
        found.append(AreaVersion.name == asked.name)
    return found


def _joined(columns: Select[Any]) -> Select[Any]:
    return (
        columns.select_from(AreaVersion)
        .join(Area, Area.id == AreaVersion.area_id)
        .outerjoin(_above, _above.id == AreaVersion.parent_id)
    )


def _features() -> Select[Any]:
    return _joined(
        select(
            AreaVersion.id,
            # GeoJSON winds outer rings against the clock.
            func.ST_AsGeoJSON(func.ST_ForcePolygonCCW(AreaVersion.outline), DECIMALS).label("outline"),
            Area.code,
            AreaVersion.name,
            Area.kind,
            _above.code.label("parent"),
            Area.domain,
            AreaVersion.households,
            AreaVersion.area_m2,
            func.lower(AreaVersion.valid).label("valid_from"),
            func.upper(AreaVersion.valid).label("valid_until"),
        )
    )


def _feature(row: Row[Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.id,
        "geometry": orjson.Fragment(row.outline),
        "properties": {
            "code": row.code,
            "name": row.name,
            "kind": row.kind,
            "parent": row.parent,
            "domain": row.domain,
            "households": row.households,
            "area_m2": round(row.area_m2, 1),
            "valid_from": row.valid_from,
            "valid_until": row.valid_until,
        },
    }
