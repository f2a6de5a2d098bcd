"""The rule of `geo.locate` in SQL: for joins in the database, and as the referee of the index in memory.

tests/geo/test_locate_agrees.py holds the two together. Three things must not be “simplified”:

ST_Covers and ST_Intersects answer for a point and a polygon by a short cut of PostGIS that rounds, and disagrees
with GEOS about points on an edge. ST_Relate has no such short cut: of its matrix the 7th sign is F when the point
is not outside, and the 4th is not F when it is on the border.

Codes are ordered byte by byte, as Python orders them: the column's collation is "C", and says so again here.

Metres are those of `geo.outlines`: moved to the point and stretched, never a geography. Distances are compared in
whole millimetres.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.locate import SNAP_M, Status
from geo.sphere import M_PER_DEG


@dataclass(frozen=True)
class SqlLocation:
    """What SQL says of one point. Areas are given as ids of their versions; `specialised` in code order."""

    status: Status
    grid: int | None
    specialised: tuple[int, ...]
    village: int | None
    township: int | None
    county: int | None
    on_border: bool
    snapped: bool
    border_m: float | None


def locate_in_sql(
    db: Session, lon: Sequence[float], lat: Sequence[float], at: datetime, *, snap_m: float = SNAP_M
) -> list[SqlLocation]:
    """Where WGS-84 points fall among the areas valid at `at`, one answer per point, in order.

    Some 50 µs a point where the tables are analysed (see `geo.loading`); `geo.locate` is faster, and looks for the
    neighbour too.
    """
    asked = {"lon": list(lon), "lat": list(lat), "at": at, "snap_m": snap_m, "m_per_deg": M_PER_DEG}
    rows = db.execute(text(LOCATE), asked)
    return [
        SqlLocation(Status(row.status), row.grid, tuple(row.specialised), row.village, row.township, row.county,
                    row.on_border, row.snapped, row.border_m)
        for row in rows
    ]  # fmt: skip


_BY_CODE = 'a.code COLLATE "C", a.area_id'

_POINTS = """
    SELECT asked.lon, asked.lat, asked.place, ST_SetSRID(ST_Point(asked.lon, asked.lat), 4326) AS point,
           :m_per_deg * cos(radians(asked.lat)) AS per_lon, :m_per_deg * 1.0 AS per_lat,
           (:snap_m + 0.001) / :m_per_deg AS reach
    FROM unnest(CAST(:lon AS float8[]), CAST(:lat AS float8[])) WITH ORDINALITY AS asked (lon, lat, place)
    WHERE asked.lon NOT IN ('NaN', 'Infinity', '-Infinity') AND asked.lat NOT IN ('NaN', 'Infinity', '-Infinity')
"""

_NEAR = """
    SELECT v.id, v.area_id, v.outline FROM area_version AS v
    WHERE v.outline && {box} AND v.valid @> CAST(:at AS timestamptz) OFFSET 0
"""
"""OFFSET 0 keeps the planner from asking the outlines before their boxes, which it does while it has no statistics."""


def _covering(kind: str) -> str:
    """The versions of one kind that cover point p, each with whether the point is on its border."""
    return f"""
        SELECT a.id AS area_id, a.code, near.id, substr(matrix, 4, 1) <> 'F' AS on_border
        FROM ({_NEAR.format(box="p.point")}) AS near JOIN area AS a ON a.id = near.area_id AND a.kind = '{kind}',
             ST_Relate(near.outline, p.point) AS matrix
        WHERE substr(matrix, 7, 1) = 'F'
    """  # noqa: S608 - all words are of this module


def _level(kind: str) -> str:
    """The grid's own village (township, county) by its parents; else the first of that kind over the point."""
    return f"""
        SELECT coalesce(
            CASE '{kind}' WHEN up1.kind THEN up1.id WHEN up2.kind THEN up2.id WHEN up3.kind THEN up3.id END,
            (SELECT a.id FROM ({_covering(kind)}) AS a ORDER BY {_BY_CODE} LIMIT 1))
    """  # noqa: S608


_COVERED = f"""
    SELECT array_agg(a.id ORDER BY {_BY_CODE}) AS versions, bool_or(a.on_border) AS on_border
    FROM ({_covering("comprehensive")}) AS a
"""  # noqa: S608

_METRES = """
    ST_Distance(ST_TransScale(ST_Boundary({of}.outline), -p.lon, -p.lat, p.per_lon, p.per_lat),
                ST_SetSRID(ST_Point(0, 0), 4326))
"""

_GROWN = "ST_Expand(p.point, p.reach / cos(radians(least(abs(p.lat) + p.reach, 89.9))), p.reach)"

_NEAREST = f"""
    SELECT near.id
    FROM ({_NEAR.format(box=_GROWN)}) AS near JOIN area AS a ON a.id = near.area_id AND a.kind = 'comprehensive',
         LATERAL (SELECT {_METRES.format(of="near")} AS metres) AS far
    WHERE covered.versions IS NULL AND round(far.metres * 1000) <= round(CAST(:snap_m AS float8) * 1000)
    ORDER BY round(far.metres * 1000), a.code COLLATE "C", a.id LIMIT 1
"""  # noqa: S608


def _parent(of: str) -> str:
    """The area above, as it stood at the moment; no row where it had no version then."""
    return f"""
        SELECT above.id, above.parent_id, a.kind FROM area_version AS above JOIN area AS a ON a.id = above.area_id
        WHERE above.area_id = {of}.parent_id AND above.valid @> CAST(:at AS timestamptz)
    """  # noqa: S608


LOCATE = f"""
    SELECT CASE WHEN p.place IS NULL THEN 'invalid' WHEN covered.versions IS NOT NULL THEN 'located'
                WHEN nearest.id IS NOT NULL THEN 'snapped' ELSE 'unlocated' END AS status,
           v.id AS grid, coalesce(covered.on_border, false) AS on_border, nearest.id IS NOT NULL AS snapped,
           {_METRES.format(of="v")} AS border_m,
           ARRAY(SELECT a.id FROM ({_covering("specialised")}) AS a ORDER BY {_BY_CODE}) AS specialised,
           ({_level("village")}) AS village, ({_level("township")}) AS township, ({_level("county")}) AS county
    FROM generate_series(1, cardinality(CAST(:lon AS float8[]))) AS every (place)
    LEFT JOIN ({_POINTS}) AS p ON p.place = every.place
    LEFT JOIN LATERAL ({_COVERED}) AS covered ON p.place IS NOT NULL
    LEFT JOIN LATERAL ({_NEAREST}) AS nearest ON true
    LEFT JOIN area_version AS v ON v.id = coalesce(covered.versions[1], nearest.id)
    LEFT JOIN LATERAL ({_parent("v")}) AS up1 ON true
    LEFT JOIN LATERAL ({_parent("up1")}) AS up2 ON true
    LEFT JOIN LATERAL ({_parent("up2")}) AS up3 ON true
    ORDER BY every.place
"""  # noqa: S608
"""One row per point of the arrays :lon and :lat. In a join, put the rows to be placed where _POINTS stands."""
