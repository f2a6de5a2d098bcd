"""Loading files of areas: all of a file or nothing, and every trouble with its row."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPolygon, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.areas import areas_epoch, areas_valid_at
from geo.codes import AreaKind
from geo.crs import area_m2
from geo.models import Area, AreaImport, AreaVersion
from importers.areas import import_areas
from importers.report import ImportReport
from tests.factories import NOW, make_area
from tests.importers.shapefiles import write_shapefile

TOWN, VILLAGE = "329901001", "329901001001"
WEST, EAST = box(119, 33, 119.01, 33.01), box(119.01, 33, 119.02, 33.01)
WHOLE = box(119, 33, 119.02, 33.01)
BOW_TIE = Polygon([(119, 33), (119.01, 33.01), (119.01, 33), (119, 33.01)])

Row = Mapping[str, Any]


def grid(code: str, outline: BaseGeometry | None, **cells: Any) -> Row:
    return {"网格编码": code, "网格名称": f"网格 {code}", **cells, "outline": outline}


def write(folder: Path, *rows: Row, name: str = "areas.geojson") -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {heading: cell for heading, cell in row.items() if heading != "outline"},
            "geometry": mapping(row["outline"]) if row["outline"] is not None else None,
        }
        for row in rows
    ]
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def load(db: Session, path: Path, kind: AreaKind = AreaKind.COMPREHENSIVE, **given: Any) -> ImportReport:
    return import_areas(db, path, kind=kind, by="tester", **{"profile": "free", **given})


def said(report: ImportReport) -> list[tuple[int | None, str, str]]:
    return [(problem.row, problem.code, problem.severity) for problem in report.problems if problem.row is not None]


def found(report: ImportReport) -> list[tuple[str, tuple[str, ...], str]]:
    return [(finding.code, finding.codes, finding.severity) for finding in report.findings]


def stored(db: Session, *, kind: AreaKind = AreaKind.COMPREHENSIVE, at: datetime = NOW) -> list[str]:
    return [area.code for area in areas_valid_at(db, at, kinds=[kind])]


def version(db: Session, code: str) -> AreaVersion:
    return db.scalars(select(AreaVersion).join(AreaVersion.area).where(Area.code == code)).one()


@pytest.fixture
def village(db: Session) -> Area:
    """A village and its township, both over both grids."""
    town = make_area(db, TOWN, AreaKind.TOWNSHIP, WHOLE)
    return make_area(db, VILLAGE, AreaKind.VILLAGE, WHOLE, parent=town)


# --- what is loaded ---------------------------------------------------------------------------------------------


def test_a_clean_file_is_loaded_whole(db: Session, village: Area, tmp_path: Path):
    path = write(tmp_path, grid(f"{VILLAGE}001", WEST, 户数=350), grid(f"{VILLAGE}002", EAST, 户数=None))
    report = load(db, path, profile="gb")
    assert not report.problems and not report.findings
    assert (report.rows, report.loaded, report.counts) == (2, 2, {"new": 2, "unchanged": 0})
    west, east = version(db, f"{VILLAGE}001"), version(db, f"{VILLAGE}002")
    assert (west.name, west.parent_id, west.households, east.households) == (
        f"网格 {VILLAGE}001",
        village.id,
        350,
        None,
    )
    assert west.area_m2 == pytest.approx(area_m2(WEST), rel=1e-9)
    assert shapely.from_wkb(bytes(west.outline.data)) == MultiPolygon([WEST])
    assert (west.valid.lower, west.valid.upper) == (None, None)


def test_what_was_detected_is_recorded_with_the_import(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, grid("1", WEST)), now=NOW)
    batch = db.scalars(select(AreaImport)).one()
    assert (batch.file_name, batch.kind, batch.loaded_by) == ("areas.geojson", AreaKind.COMPREHENSIVE, "tester")
    assert batch.loaded_at == NOW
    assert batch.detected == report.detected.to_json()
    assert batch.detected["columns"] == {"code": "网格编码", "name": "网格名称"}
    assert version(db, "1").import_id == batch.id


def test_an_area_is_in_force_from_the_day_that_is_given(db: Session, tmp_path: Path):
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    load(db, write(tmp_path, grid("1", WEST)), valid_from=begins)
    assert stored(db, at=begins) == ["1"]
    assert stored(db, at=begins - timedelta(seconds=1)) == []


def test_every_process_learns_of_a_load_once(db: Session, tmp_path: Path):
    before = areas_epoch(db)
    load(db, write(tmp_path, grid("1", WEST), grid("2", EAST)))
    assert areas_epoch(db) == before + 1


def test_metres_in_a_shapefile_of_gbk_come_to_lie_in_the_county(db: Session, tmp_path: Path):
    make_area(db, "329901", AreaKind.COUNTY, box(118.9, 32.9, 119.3, 33.3))
    project = Transformer.from_crs(4326, 4549, always_xy=True)
    ring = [project.transform(lon, lat) for lon, lat in WEST.exterior.coords]
    record = (f"{VILLAGE}001", "城南网格", "350")
    path = write_shapefile(tmp_path / "wg.shp", [[ring]], [record], encoding="gbk", crs=None)
    report = load(db, path, profile="gb")
    assert (report.detected.encoding, report.detected.crs, report.loaded) == ("GB18030", "EPSG:4549", 1)
    loaded = version(db, f"{VILLAGE}001")
    assert (loaded.name, loaded.households) == ("城南网格", 350)
    assert loaded.area_m2 == pytest.approx(area_m2(WEST), rel=1e-5)


def test_nothing_is_committed(db: Session, tmp_path: Path):
    load(db, write(tmp_path, grid("1", WEST)))
    db.rollback()
    assert stored(db) == []


# --- a second run -----------------------------------------------------------------------------------------------


def test_a_second_run_finds_everything_unchanged_and_loads_nothing(db: Session, village: Area, tmp_path: Path):
    path = write(tmp_path, grid("1", WEST, 户数=300), grid("2", EAST, 户数=310))
    load(db, path)
    before = areas_epoch(db)
    report = load(db, path)
    assert (report.blocks, report.loaded, report.counts) == (False, 0, {"new": 0, "unchanged": 2})
    assert areas_epoch(db) == before
    assert db.scalar(select(func.count()).select_from(AreaImport)) == 1


def test_a_second_run_needs_no_second_consent(db: Session, tmp_path: Path):
    path = write(tmp_path, grid("1", WEST), grid("2", box(119.0099, 33, 119.02, 33.01)), grid("3", _bow(0.03)))
    accept = {"overlap", "geometry-invalid"}
    assert not load(db, path, accept=accept).blocks
    assert load(db, path).counts == {"new": 0, "unchanged": 3}
    assert not load(db, path).blocks


def test_new_areas_in_a_file_with_known_ones_are_added(db: Session, tmp_path: Path):
    load(db, write(tmp_path, grid("1", WEST)))
    report = load(db, write(tmp_path, grid("1", WEST), grid("2", EAST)))
    assert (report.loaded, report.counts) == (1, {"new": 1, "unchanged": 1})
    assert stored(db) == ["1", "2"]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (grid("1", EAST), "outline"),
        (grid("1", WEST) | {"网格名称": "another"}, "name"),
        (grid("1", WEST, 户数=301), "number of households"),
    ],
)
def test_an_area_in_force_is_not_changed_by_an_import(db: Session, tmp_path: Path, changed: Row, what: str):
    load(db, write(tmp_path, grid("1", WEST, 户数=300)))
    report = load(db, write(tmp_path, changed, grid("2", box(119.05, 33, 119.06, 33.01), 户数=1)))
    assert said(report) == [(1, "code-taken", "block")]
    assert f"another {what};" in report.problems[0].message
    assert stored(db) == ["1"], "all or nothing"


def test_an_area_that_ended_may_begin_again_with_another_outline(db: Session, tmp_path: Path):
    make_area(db, "1", AreaKind.COMPREHENSIVE, WEST, valid=_until(NOW))
    report = load(db, write(tmp_path, grid("1", EAST)), valid_from=NOW)
    assert report.loaded == 1
    assert db.scalar(select(func.count()).select_from(Area)) == 1, "it is the same area"


def test_an_area_that_begins_later_is_not_thereby_known_for_earlier(db: Session, tmp_path: Path):
    path = write(tmp_path, grid("1", WEST))
    load(db, path, valid_from=NOW)
    report = load(db, path)
    assert said(report) == [(1, "code-taken", "block")]
    assert "another beginning" in report.problems[0].message


# --- rows -------------------------------------------------------------------------------------------------------


def test_every_trouble_of_every_row_is_told_at_once_and_nothing_is_loaded(db: Session, tmp_path: Path):
    path = write(
        tmp_path,
        grid("329901001001001", WEST),
        grid("", EAST),
        grid("329901001001001", EAST),
        grid("32990100100100", EAST),
        grid("329901001001005", EAST) | {"网格名称": " "},
        grid("329901001001006", None),
        grid("329901001001007", Polygon()),
        grid("329901001001008", BOW_TIE),
        grid("3.29901E+14", EAST, 户数="many"),
    )
    report = load(db, path, profile="gb")
    assert said(report) == [
        (2, "code-missing", "block"),
        (3, "code-repeated", "block"),
        (4, "code-malformed", "block"),
        (5, "name-empty", "block"),
        (6, "geometry-null", "block"),
        (7, "geometry-empty", "block"),
        (8, "geometry-invalid", "block"),
        (9, "code-malformed", "block"),
        (9, "not-a-number", "warn"),
    ]
    assert report.problems[1].message == "“329901001001001” is the code of row 1 too"
    assert report.problems[0].field == "网格编码"
    assert (report.loaded, stored(db)) == (0, [])


def test_a_slightly_broken_outline_is_mended_and_the_mending_told(db: Session, tmp_path: Path):
    notch = [(119.005, 33.00999), (119.00501, 33.01), (119.004, 33.01), (119.00501, 33.009995)]
    crossing = Polygon([(119, 33), (119.01, 33), (119.01, 33.01), *notch, (119, 33.01)])
    assert not crossing.is_valid
    report = load(db, write(tmp_path, grid("1", crossing)))
    assert said(report) == [(1, "geometry-invalid", "warn")]
    assert "crosses itself near 119.00" in report.problems[0].message
    assert "the mended copy is used" in report.problems[0].message
    assert shapely.from_wkb(bytes(version(db, "1").outline.data)).is_valid


def test_a_badly_broken_outline_is_used_only_when_somebody_accepts_it(db: Session, tmp_path: Path):
    path = write(tmp_path, grid("1", _lopsided()))
    refused = load(db, path)
    assert said(refused) == [(1, "geometry-invalid", "block")]
    assert "only used when accepted" in refused.problems[0].message and "m²" in refused.problems[0].message
    accepted = load(db, path, accept={"geometry-invalid"})
    assert (said(accepted), accepted.loaded) == ([(1, "geometry-invalid", "warn")], 1)
    recorded = db.scalars(select(AreaImport)).one().accepted
    assert recorded["kinds"] == ["geometry-invalid"]
    assert [(one["row"], one["code"]) for one in recorded["problems"]] == [(1, "geometry-invalid")]


def test_rows_without_an_outline_can_be_left_out(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, grid("1", None), grid("2", EAST)), accept={"geometry-null"})
    assert (report.loaded, stored(db)) == (1, ["2"])


def test_rows_without_a_name_can_be_called_by_their_code(db: Session, tmp_path: Path):
    load(db, write(tmp_path, grid("1", WEST) | {"网格名称": None}), accept={"name-empty"})
    assert version(db, "1").name == "1"


def test_what_cannot_be_accepted_is_said_and_nothing_loaded(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, grid("1", WEST)), accept={"code-repeated"})
    assert report.blocks and report.problems[0].code == "cannot-accept"
    assert "overlap, outside-parent" in report.problems[0].message


def test_a_file_without_the_columns_says_what_it_has(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, {"x1": "1", "x2": "2", "outline": WEST}))
    assert [(problem.field, problem.code) for problem in report.problems] == [
        ("code", "missing-column"), ("name", "missing-column"),
    ]  # fmt: skip
    named = load(db, write(tmp_path, {"x1": "1", "x2": "2", "outline": WEST}), columns={"code": "x1", "name": "x2"})
    assert named.loaded == 1


def test_a_file_that_is_none_is_refused_with_a_sentence(db: Session, tmp_path: Path):
    path = tmp_path / "areas.geojson"
    path.write_text("not json")
    report = load(db, path)
    assert report.blocks and report.rows == 0


# --- parents ----------------------------------------------------------------------------------------------------


def test_the_code_names_the_parent(db: Session, village: Area, tmp_path: Path):
    load(db, write(tmp_path, grid(f"{VILLAGE}001", WEST)), profile="gb")
    assert version(db, f"{VILLAGE}001").parent_id == village.id


def test_where_no_villages_are_loaded_the_township_is_the_parent(db: Session, tmp_path: Path):
    town = make_area(db, TOWN, AreaKind.TOWNSHIP, WHOLE)
    load(db, write(tmp_path, grid(f"{VILLAGE}001", WEST)), profile="gb")
    assert version(db, f"{VILLAGE}001").parent_id == town.id


def test_where_nothing_above_is_loaded_there_is_no_parent_and_no_complaint(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, grid(f"{VILLAGE}001", WEST)), profile="gb")
    assert (report.loaded, report.problems) == (1, [])
    assert version(db, f"{VILLAGE}001").parent_id is None


def test_a_code_that_names_a_village_its_township_does_not_have_is_told(db: Session, village: Area, tmp_path: Path):
    report = load(db, write(tmp_path, grid(f"{TOWN}099001", WEST)), profile="gb")
    assert said(report) == [(1, "parent-unknown", "block")]
    assert "“329901001099”" in report.problems[0].message


def test_a_parent_that_the_file_names_must_be_there(db: Session, village: Area, tmp_path: Path):
    path = write(tmp_path, grid("1", WEST, 上级编码=VILLAGE), grid("2", EAST, 上级编码="329901001009"))
    report = load(db, path)
    assert said(report) == [(2, "parent-unknown", "block")]
    assert load(db, path, accept={"parent-unknown"}).loaded == 2
    assert version(db, "2").parent_id == village.id, "by the ground, instead"


def test_a_parent_must_agree_with_a_code_that_names_another(db: Session, village: Area, tmp_path: Path):
    make_area(db, "329901001002", AreaKind.VILLAGE, WHOLE)
    report = load(db, write(tmp_path, grid(f"{VILLAGE}001", WEST, 上级编码="329901001002")), profile="gb")
    assert said(report) == [(1, "parent-mismatch", "block")]


def test_without_a_name_the_parent_is_whoever_covers_most(db: Session, tmp_path: Path):
    make_area(db, "A", AreaKind.VILLAGE, box(119, 33, 119.006, 33.01))
    most = make_area(db, "B", AreaKind.VILLAGE, box(119.003, 33, 119.01, 33.01))
    load(db, write(tmp_path, grid("1", WEST)), accept={"outside-parent"})
    assert version(db, "1").parent_id == most.id


def test_ground_that_no_village_covers_belongs_to_the_township(db: Session, tmp_path: Path):
    town = make_area(db, "T", AreaKind.TOWNSHIP, WHOLE)
    village = make_area(db, "V", AreaKind.VILLAGE, WEST, parent=town)
    load(db, write(tmp_path, grid("1", WEST), grid("2", EAST)))
    assert [version(db, code).parent_id for code in ("1", "2")] == [village.id, town.id]


def test_parents_are_those_in_force_when_the_areas_begin(db: Session, tmp_path: Path):
    make_area(db, "old", AreaKind.TOWNSHIP, WHOLE, valid=_until(NOW))
    load(db, write(tmp_path, grid("1", WEST)), valid_from=NOW)
    assert version(db, "1").parent_id is None


def test_a_township_lies_under_a_county(db: Session, tmp_path: Path):
    county = make_area(db, "329901", AreaKind.COUNTY, WHOLE)
    path = write(tmp_path, {"镇街编码": TOWN, "镇街名称": "望湖街道", "outline": WHOLE})
    load(db, path, AreaKind.TOWNSHIP, profile="gb")
    assert version(db, TOWN).parent_id == county.id


# --- ground -----------------------------------------------------------------------------------------------------


def test_grids_that_share_ground_block_with_the_shape_of_it(db: Session, tmp_path: Path):
    path = write(tmp_path, grid("1", WEST), grid("2", box(119.0099, 33, 119.02, 33.01)))
    report = load(db, path)
    assert found(report) == [("overlap", ("1", "2"), "block")]
    assert report.findings[0].rows == (1, 2)
    assert report.findings[0].shape.bounds == pytest.approx((119.0099, 33, 119.01, 33.01))
    assert stored(db) == []


def test_an_accepted_overlap_is_loaded_and_recorded(db: Session, tmp_path: Path):
    path = write(tmp_path, grid("1", WEST), grid("2", box(119.0099, 33, 119.02, 33.01)))
    report = load(db, path, accept={"overlap"})
    assert (found(report), report.loaded) == ([("overlap", ("1", "2"), "warn")], 2)
    recorded = db.scalars(select(AreaImport)).one().accepted
    assert [(one["codes"], one["rows"]) for one in recorded["findings"]] == [(["1", "2"], [1, 2])]


def test_a_sliver_that_no_surveyor_would_argue_about_is_not_mentioned(db: Session, tmp_path: Path):
    hair = 5e-10  # along a kilometre: 0.05 m²
    report = load(db, write(tmp_path, grid("1", WEST), grid("2", box(119.01 - hair, 33, 119.02, 33.01))))
    assert (report.findings, report.loaded) == ([], 2)


def test_a_new_grid_on_the_ground_of_one_in_force_blocks(db: Session, tmp_path: Path):
    load(db, write(tmp_path, grid("1", WEST)))
    report = load(db, write(tmp_path, grid("2", box(119.005, 33, 119.02, 33.01))))
    assert found(report) == [("overlap", ("1", "2"), "block")]
    assert report.findings[0].rows == (1,), "only the file's own row has a number"


def test_a_grid_that_ended_claims_no_ground(db: Session, tmp_path: Path):
    make_area(db, "1", AreaKind.COMPREHENSIVE, WEST, valid=_until(NOW))
    assert load(db, write(tmp_path, grid("2", WEST)), valid_from=NOW).loaded == 1


def test_a_child_that_sticks_out_of_its_parent_blocks(db: Session, village: Area, tmp_path: Path):
    report = load(db, write(tmp_path, grid("1", box(119, 33, 119.01, 33.011))))
    assert found(report) == [("outside-parent", ("1", VILLAGE), "block")]
    assert load(db, write(tmp_path, grid("1", box(119, 33, 119.01, 33.011))), accept={"outside-parent"}).loaded == 1


def test_villages_may_share_ground_with_nobody_asking(db: Session, tmp_path: Path):
    rows = [{"村社区编码": code, "村社区名称": code, "outline": WEST} for code in ("1", "2")]
    assert load(db, write(tmp_path, *rows), AreaKind.VILLAGE).loaded == 2


# --- specialised grids ------------------------------------------------------------------------------------------


def specialised(code: str, outline: BaseGeometry, **cells: Any) -> Row:
    return {"网格编码": code, "网格名称": f"专属 {code}", **cells, "outline": outline}


def test_specialised_grids_lie_on_top_and_know_what_they_are_for(db: Session, village: Area, tmp_path: Path):
    load(db, write(tmp_path, grid("1", WEST)))
    path = write(tmp_path, specialised("s1", WEST, 领域="学校"), specialised("s2", WEST, 领域="food safety"))
    assert load(db, path, AreaKind.SPECIALISED).loaded == 2
    assert [version(db, code).area.domain for code in ("s1", "s2")] == ["school", "food safety"]
    assert version(db, "s1").parent_id == village.id


def test_a_domain_for_the_whole_file_serves_rows_without_one(db: Session, tmp_path: Path):
    load(db, write(tmp_path, specialised("s1", WEST)), AreaKind.SPECIALISED, domain="market")
    assert version(db, "s1").area.domain == "market"


def test_specialised_grids_without_a_domain_are_refused(db: Session, tmp_path: Path):
    assert said(load(db, write(tmp_path, specialised("s1", WEST)), AreaKind.SPECIALISED)) == [
        (1, "domain-missing", "block")
    ]


def test_other_grids_have_no_domain(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, grid("1", WEST)), domain="school")
    assert [problem.code for problem in report.problems] == ["domain-unwanted"]


def test_a_specialised_grid_across_two_villages_belongs_to_the_township(db: Session, tmp_path: Path):
    town = make_area(db, "T", AreaKind.TOWNSHIP, WHOLE)
    make_area(db, "V1", AreaKind.VILLAGE, WEST, parent=town)
    make_area(db, "V2", AreaKind.VILLAGE, EAST, parent=town)
    report = load(
        db, write(tmp_path, specialised("s", box(119.002, 33, 119.012, 33.01))), AreaKind.SPECIALISED, domain="park"
    )
    assert (report.findings, version(db, "s").parent_id) == ([], town.id)


def test_a_specialised_grid_may_reach_over_its_parent_but_not_lie_elsewhere(db: Session, village: Area, tmp_path: Path):
    over = specialised("s1", box(119.005, 33, 119.021, 33.01), 上级编码=VILLAGE)
    away = specialised("s2", box(119.019, 33, 119.05, 33.01), 上级编码=VILLAGE)
    report = load(db, write(tmp_path, over, away), AreaKind.SPECIALISED, domain="park")
    assert found(report) == [
        ("outside-parent", ("s2", VILLAGE), "block"), ("outside-parent", ("s1", VILLAGE), "warn"),
    ]  # fmt: skip


# --- small helpers ----------------------------------------------------------------------------------------------


def _until(moment: datetime) -> Range[datetime]:
    return Range(None, moment)


def _bow(shift: float) -> Polygon:
    return shapely.transform(_lopsided(), lambda at: at + np.array([shift, 0.0]))


def _lopsided() -> Polygon:
    """Crosses itself so that half a percent of it turns over."""
    return Polygon([(119, 33), (119.01, 33), (119.01, 33.01), (119.005, 32.9995), (119, 33.01)])
