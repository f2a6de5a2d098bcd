"""The rows of a draft as a table that people read: searched, sorted, a page at a time, with what was found in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import shapely
from geoalchemy2.functions import ST_AsBinary
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from geo.areas import names_of
from geo.codes import levels_above
from geo.crs import area_m2
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_models import DraftArea, RedrawFinding


class RowOrder(StrEnum):
    """What the table is sorted by. Rows that are alike in it stay in the order of the file."""

    ROW = "row"
    CODE = "code"
    NAME = "name"
    PARENT = "parent"
    HOUSEHOLDS = "households"
    AREA = "area"
    FINDINGS = "findings"


@dataclass(frozen=True)
class RowsAsked:
    """Which rows are meant: those that have `text` in their code, name or the area above; those of one finding."""

    text: str = ""
    finding: int | None = None
    troubled: bool = False
    order: RowOrder = RowOrder.ROW
    descending: bool = False

    @property
    def some(self) -> bool:
        """Whether not all rows are meant."""
        return bool(self.text or self.troubled or self.finding is not None)


@dataclass(frozen=True)
class DraftRow:
    """One row. `findings` counts the open ones by kind; `bounds` is west, south, east and north."""

    row: int
    code: str
    name: str
    domain: str | None
    parent: str | None
    parent_name: str | None
    households: int | None
    area_m2: float
    bounds: tuple[float, float, float, float]
    findings: Mapping[str, int]


def count_rows(db: Session, redraw: Redraw, asked: RowsAsked, moment: datetime) -> int:
    """How many rows `find_rows` would find."""
    found = select(func.count()).select_from(DraftArea).outerjoin(Area, Area.id == DraftArea.parent_id)
    return db.scalar(found.where(_meant(redraw, asked, moment))) or 0


def find_rows(
    db: Session, redraw: Redraw, asked: RowsAsked, moment: datetime, *, limit: int, offset: int = 0
) -> list[DraftRow]:
    """The rows meant, sorted. Areas above are called as they were at `moment`.

    Sorting is done among all rows, the outlines of which are looked at only where it is by area.
    """
    chosen = (
        select(DraftArea.id)
        .outerjoin(Area, Area.id == DraftArea.parent_id)
        .where(_meant(redraw, asked, moment))
        .limit(limit)
        .offset(offset)
    )
    ids = db.scalars(_sorted(chosen, redraw, asked)).all()
    rows = db.execute(
        select(
            DraftArea.id, DraftArea.row, DraftArea.code, DraftArea.name, DraftArea.domain, DraftArea.households,
            DraftArea.parent_id, Area.code, ST_AsBinary(DraftArea.outline),
        )
        .outerjoin(Area, Area.id == DraftArea.parent_id)
        .where(DraftArea.id.in_(ids))
    ).all()  # fmt: skip
    by_id = {row[0]: row for row in rows}
    return _told(db, redraw, [by_id[row_id] for row_id in ids], moment)


def page_of(db: Session, redraw: Redraw, number: int, *, size: int) -> int:
    """On which page (from 1) a row stands while the table is in the order of the file."""
    before = select(func.count()).where(DraftArea.redraw_id == redraw.id, DraftArea.row < number)
    return (db.scalar(before) or 0) // size + 1


def parents_in(db: Session, redraw: Redraw, moment: datetime, *, most: int) -> dict[str, str]:
    """Code → name of the areas above that the rows have, in code order: what people choose from."""
    ids = select(DraftArea.parent_id).where(DraftArea.redraw_id == redraw.id).distinct()
    rows = db.execute(select(Area.code, Area.id).where(Area.id.in_(ids)).order_by(Area.code).limit(most)).all()
    names = names_of(db, [row[1] for row in rows], moment)
    return {code: names.get(area_id, "") for code, area_id in rows}


# --- which ------------------------------------------------------------------------------------------------------------


def _meant(redraw: Redraw, asked: RowsAsked, moment: datetime) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [DraftArea.redraw_id == redraw.id]
    if asked.text:
        words = (DraftArea.code, DraftArea.name, Area.code)
        found = [word.icontains(asked.text, autoescape=True) for word in words]
        conditions.append(or_(*found, DraftArea.parent_id.in_(_called(redraw, asked.text, moment))))
    if asked.finding is not None:
        rows = select(func.unnest(RedrawFinding.rows)).where(RedrawFinding.id == asked.finding)
        conditions.append(DraftArea.row.in_(rows.where(RedrawFinding.redraw_id == redraw.id)))
    if asked.troubled:
        conditions.append(DraftArea.row.in_(select(_troubles(redraw).c.row)))
    return and_(*conditions)


def _called(redraw: Redraw, text: str, moment: datetime) -> Select[Any]:
    """The areas above that have the text in their name."""
    return (
        select(AreaVersion.area_id)
        .join(Area, Area.id == AreaVersion.area_id)
        .where(Area.kind.in_(levels_above(redraw.kind)), AreaVersion.valid.contains(moment))
        .where(AreaVersion.name.icontains(text, autoescape=True))
    )


def _troubles(redraw: Redraw) -> Any:
    """Row → how many open findings name it."""
    named = _named(redraw)
    return select(named.c.row, func.count().label("findings")).group_by(named.c.row).subquery()


def _named(redraw: Redraw) -> Any:
    """Each row that an open finding names, with the kind of the finding."""
    return (
        select(func.unnest(RedrawFinding.rows).label("row"), RedrawFinding.code)
        .where(RedrawFinding.redraw_id == redraw.id, RedrawFinding.decision.is_(None))
        .subquery()
    )


# --- in which order ---------------------------------------------------------------------------------------------------

_E2 = 0.0066943799901413165  # of WGS-84


def _sorted(chosen: Select[Any], redraw: Redraw, asked: RowsAsked) -> Select[Any]:
    if asked.order is RowOrder.FINDINGS:
        troubles = _troubles(redraw)
        chosen = chosen.outerjoin(troubles, troubles.c.row == DraftArea.row)
        column: Any = func.coalesce(troubles.c.findings, 0)
    else:
        column = {
            RowOrder.ROW: DraftArea.row, RowOrder.CODE: DraftArea.code, RowOrder.NAME: DraftArea.name,
            RowOrder.PARENT: Area.code, RowOrder.HOUSEHOLDS: DraftArea.households, RowOrder.AREA: _about_m2(),
        }[asked.order]  # fmt: skip
    return chosen.order_by((column.desc() if asked.descending else column.asc()).nulls_last(), DraftArea.row)


def _about_m2() -> Any:
    """The ground of a row, to compare by: its square degrees, each as large as in the middle of its box.

    True to some hundred-thousandths. PostGIS measures on the ellipsoid, too, but takes many seconds for a hundred
    thousand rows, and so does it to find the centroid. The size of a degree is the product of the ellipsoid's two radii
    of curvature with the cosine (Snyder 1987, pp. 24-25), less its constant part.
    """
    outline = DraftArea.outline
    lat = func.radians((func.ST_YMin(outline) + func.ST_YMax(outline)) / 2)
    return func.ST_Area(outline) * func.cos(lat) / func.power(1 - _E2 * func.power(func.sin(lat), 2), 2)


# --- what is told -----------------------------------------------------------------------------------------------------


def _told(db: Session, redraw: Redraw, rows: Sequence[Any], moment: datetime) -> list[DraftRow]:
    outlines = shapely.from_wkb([bytes(row[-1]) for row in rows])
    sizes_m2 = area_m2(outlines).tolist() if rows else []
    names = names_of(db, [row[6] for row in rows if row[6] is not None], moment)
    findings = _findings(db, redraw, [row[1] for row in rows])
    return [
        DraftRow(
            row[1], row[2], row[3], row[4], row[7], names.get(row[6]), row[5], size_m2, tuple(bounds),
            findings.get(row[1], {}),
        )
        for row, size_m2, bounds in zip(rows, sizes_m2, shapely.bounds(outlines).tolist(), strict=True)
    ]  # fmt: skip


def _findings(db: Session, redraw: Redraw, numbers: Sequence[int]) -> dict[int, dict[str, int]]:
    """Row → kind → how many open findings of the kind name the row."""
    named = _named(redraw)
    counted = db.execute(
        select(named.c.row, named.c.code, func.count())
        .where(named.c.row.in_(numbers))
        .group_by(named.c.row, named.c.code)
        .order_by(named.c.code)
    )
    found: dict[int, dict[str, int]] = {}
    for number, code, count in counted:
        found.setdefault(number, {})[code] = count
    return found
