"""Rows with outlines written by binary COPY come back as they were."""

from datetime import timedelta

import pytest
import shapely
from shapely import MultiPolygon, Polygon, box
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from geo import copying
from geo.codes import AreaKind
from geo.copying import ewkb
from geo.coverage import as_multi
from geo.loading import NewVersion, add_areas, add_versions
from geo.models import AreaVersion
from geo.redraw_drafts import begin, put_rows, rows_of
from geo.redraws.mends import DraftGrid
from tests.factories import NOW, make_ladder
from tests.geo.drafting import PLANNER, VILLAGE

HOLED = box(0, 0, 3, 3) - box(1, 1, 2, 2)
SHAPES = [
    box(0, 0, 1, 1),
    HOLED,
    MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]),
    Polygon([(0, 0), (1e-9, 0), (0, 1)]),
]


def test_outlines_are_the_bytes_that_postgis_keeps(db):
    for outline, written in zip(SHAPES, ewkb(SHAPES), strict=True):
        kept = db.scalar(
            text("SELECT ST_AsEWKB(ST_GeomFromText(:wkt, 4326))"), {"wkt": shapely.to_wkt(as_multi(outline), -1)}
        )
        assert bytes(kept) == written


def test_no_outlines_are_no_bytes():
    assert ewkb([]) == []


@pytest.mark.parametrize("at_once", [1, 2, 4, 5])
def test_a_draft_is_kept_row_for_row_however_many_go_at_once(db, monkeypatch, at_once):
    monkeypatch.setattr(copying, "AT_ONCE", at_once)
    ladder = make_ladder(db)
    redraw = begin(db, "2027", AreaKind.SPECIALISED, by=PLANNER, now=NOW)
    rows = [
        DraftGrid(1, "", "无编码", SHAPES[0]),
        DraftGrid(2, "A\u3000", "制表\t“符”", SHAPES[1], VILLAGE, 2**31 - 1, "学校"),
        DraftGrid(3, "A", "\\N", SHAPES[2], "nobody", 0),
        DraftGrid(4, "𠮷", "null", SHAPES[3], None, 350),
    ]
    assert put_rows(db, redraw, rows, {VILLAGE: ladder["village"].id}) == 4
    rows[2] = DraftGrid(3, "A", "\\N", SHAPES[2], None, 0)  # a parent that is not among those given is none
    assert rows_of(db, redraw) == rows


def test_a_version_keeps_its_period_its_size_and_where_it_came_from(db):
    ladder = make_ladder(db)
    ids = add_areas(db, AreaKind.VILLAGE, {"V1": None, "V2": None, "V3": None})
    redraw = begin(db, "2027", AreaKind.VILLAGE, by=PLANNER, now=NOW)
    periods = [Range(None, None), Range(NOW, None), Range(NOW, NOW + timedelta(days=1))]
    parents = [ladder["township"].id, None, None]
    add_versions(
        db,
        (
            NewVersion(ids[code], period, code, as_multi(HOLED), parent_id, None, 0.1)
            for code, period, parent_id in zip(ids, periods, parents, strict=True)
        ),
        begun_by_id=redraw.id,
    )
    kept = db.scalars(select(AreaVersion).where(AreaVersion.begun_by_id == redraw.id).order_by(AreaVersion.name)).all()
    assert [one.valid for one in kept] == periods
    assert [one.parent_id for one in kept] == parents
    assert {(one.area_m2, one.households, one.import_id) for one in kept} == {(0.1, None, None)}
