"""Areas out again: what is written, and that an import of it finds nothing new."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.exports.areas import AT_ONCE, ExportedArea, areas_for_export
from geo.exports.columns import all_columns
from geo.exports.dbf import Encoding, shortened
from geo.exports.errors import EncodingUnwanted, ExportError, NothingInForce, OneKindOnly, TextTooLong, UnknownEnding
from geo.exports.geojson import write_geojson
from geo.exports.shapefile import LEGEND
from geo.exports.writing import Counts, check_wanted, write_areas
from geo.models import Area, AreaVersion
from importers.areas import import_areas
from importers.layers import read_layer
from importers.report import ImportReport
from tests.factories import NOW, make_area
from tests.geo.tessellations import tessellation

COUNTY, TOWN = "329901", "329901001"
BEGINS, TURN = NOW - timedelta(days=400), NOW - timedelta(days=100)
SINCE: Range[datetime] = Range(BEGINS, None)
GRIDS = AreaKind.COMPREHENSIVE
WEST, EAST = box(119, 33, 119.01, 33.01), box(119.01, 33, 119.02, 33.01)
ISLANDS = MultiPolygon(
    [box(119, 33, 119.01, 33.01).difference(box(119.004, 33.004, 119.006, 33.006)), box(120, 33, 121, 34)]
)

FORMATS = [("gpkg", "utf-8"), ("geojson", "utf-8"), ("zip", "utf-8"), ("zip", "gb18030")]
each_format = pytest.mark.parametrize(("ending", "encoding"), FORMATS)


@pytest.fixture
def county(db: Session) -> None:
    """A county of one township, two villages and 36 grids: one is in two parts, one has another inside."""
    outlines = np.array(tessellation(6, 6, seed=5), dtype=object)
    top = make_area(db, COUNTY, AreaKind.COUNTY, merged(outlines), name="清河县", valid=SINCE)
    town = make_area(db, TOWN, AreaKind.TOWNSHIP, merged(outlines), parent=top, name="安丰镇", valid=SINCE)
    for number, some in enumerate(np.array_split(outlines, 2), 1):
        code = f"{TOWN}{number:03d}"
        village = make_area(db, code, AreaKind.VILLAGE, merged(some), parent=town, name=f"第{number}村", valid=SINCE)
        for at, outline in enumerate(some, 1):
            make_area(db, f"{code}{at:03d}", GRIDS, outline, parent=village, name=f"第{at}网格", valid=SINCE,
                      households=300 + at if at % 5 else None)  # fmt: skip
    for number, domain in enumerate(("school", "market", "food safety"), 1):
        campus = box(119 + 0.01 * number, 33.01, 119 + 0.01 * number + 0.002, 33.012)
        make_area(db, f"{TOWN}ZS{number:02d}", AreaKind.SPECIALISED, campus, parent=town, domain=domain, valid=SINCE)


def merged(outlines: np.ndarray) -> Polygon | MultiPolygon:
    return shapely.union_all(outlines)


def area(code: str = "A", outline: Polygon | MultiPolygon = WEST, **other: object) -> ExportedArea:
    many = outline if isinstance(outline, MultiPolygon) else MultiPolygon([outline])
    return replace(ExportedArea(GRIDS, code, f"网格{code}", many, "V", 300, None, 1e6, None), **other)


def write(out: Path, *areas: ExportedArea, encoding: Encoding = "utf-8", at: datetime = NOW) -> Counts:
    return write_areas(out, areas, kinds={one.kind for one in areas}, at=at, encoding=encoding)


def export(db: Session, out: Path, *kinds: AreaKind, at: datetime = NOW, encoding: Encoding = "utf-8") -> Counts:
    wanted = kinds or tuple(AreaKind)
    return write_areas(out, areas_for_export(db, wanted, at), kinds=wanted, at=at, encoding=encoding)


def imported_again(db: Session, path: Path, kind: AreaKind, *, at: datetime = NOW, **how: object) -> ImportReport:
    return import_areas(db, path, kind=kind, by="tester", valid_from=at, **how)


def unpacked(archive: Path) -> Path:
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder


def alike(one: object, other: object) -> bool:
    """Whether outlines have bit for bit the same corners, in whatever order rings and parts are written."""
    return bool(shapely.equals_identical(*(shapely.normalize(shapely.multipolygons(shapely.get_parts(each)))
                                           for each in (one, other))))  # fmt: skip


# --- what is exported -------------------------------------------------------------------------------------------


def test_the_areas_in_force_are_yielded_from_the_county_down_in_code_order(db: Session, county: None):
    found = list(areas_for_export(db, list(AreaKind), NOW))
    order = list(AreaKind)
    assert [(order.index(one.kind), one.code) for one in found] == sorted((order.index(o.kind), o.code) for o in found)
    assert len(found) == 1 + 1 + 2 + 36 + 3
    grid = next(one for one in found if one.code == f"{TOWN}001001")
    assert (grid.name, grid.parent, grid.households, grid.domain) == ("第1网格", f"{TOWN}001", 301, None)
    assert found[-1].domain == "food safety"


def test_the_beginning_is_told_in_the_zone_of_the_moment(db: Session):
    make_area(db, "A", GRIDS, WEST, valid=SINCE)
    make_area(db, "B", GRIDS, EAST)
    a, b = areas_for_export(db, [GRIDS], NOW.astimezone(ZoneInfo("Asia/Shanghai")))
    assert a.valid_from == BEGINS
    assert (a.valid_from.isoformat(), b.valid_from) == ("2025-02-09T10:00:00+08:00", None)


def test_only_the_kinds_wanted_and_the_versions_of_the_moment_are_exported(db: Session, county: None):
    assert {one.kind for one in areas_for_export(db, [GRIDS], NOW)} == {GRIDS}
    assert list(areas_for_export(db, [GRIDS], BEGINS - timedelta(seconds=1))) == []
    assert len(list(areas_for_export(db, [GRIDS], BEGINS))) == 36


# --- there and back ---------------------------------------------------------------------------------------------


@each_format
@pytest.mark.parametrize("kind", list(AreaKind))
def test_a_file_imported_again_changes_nothing_and_nothing_is_wrong_with_it(
    db: Session, county: None, tmp_path: Path, ending: str, encoding: Encoding, kind: AreaKind
):
    counts = export(db, tmp_path / f"out.{ending}", kind, encoding=encoding)
    report = imported_again(db, tmp_path / f"out.{ending}", kind)
    assert (report.problems, report.findings) == ([], [])
    assert report.counts == {"new": 0, "unchanged": counts[kind]}
    assert report.detected.crs == "EPSG:4326"


@each_format
def test_every_coordinate_comes_back_to_the_last_bit(
    db: Session, county: None, tmp_path: Path, ending: str, encoding: Encoding
):
    export(db, tmp_path / f"out.{ending}", GRIDS, encoding=encoding)
    drawn = [one.outline for one in areas_for_export(db, [GRIDS], NOW)]
    read = read_layer(tmp_path / f"out.{ending}").outlines
    assert len(read) == len(drawn) == 36
    assert all(alike(one, other) for one, other in zip(read, drawn, strict=True))


@each_format
def test_every_cell_comes_back(db: Session, county: None, tmp_path: Path, ending: str, encoding: Encoding):
    export(db, tmp_path / f"out.{ending}", GRIDS, encoding=encoding)
    layer = read_layer(tmp_path / f"out.{ending}")
    first, fifth = list(layer.rows[0].values()), list(layer.rows[4].values())
    assert first[:4] == [f"{TOWN}001001", "第1网格", f"{TOWN}001", 301]
    assert first[5] == "2025-02-09T02:00:00+00:00"
    assert fifth[3] is None
    assert first[4] == pytest.approx(next(areas_for_export(db, [GRIDS], NOW)).area_m2, abs=0.006)


@each_format
def test_a_file_of_an_earlier_date_is_the_map_of_that_date(
    db: Session, county: None, tmp_path: Path, ending: str, encoding: Encoding
):
    code, before = f"{TOWN}002999", TURN - timedelta(days=1)
    village = db.scalars(select(Area).where(Area.code == f"{TOWN}002")).one()
    made = make_area(db, code, GRIDS, WEST, parent=village, name="旧网格", valid=Range(BEGINS, TURN))
    db.add(AreaVersion(area_id=made.id, valid=Range(TURN, None), name="新网格", area_m2=1.0, parent_id=village.id,
                       outline=f"SRID=4326;{MultiPolygon([EAST]).wkt}"))  # fmt: skip
    db.flush()
    out = tmp_path / f"out.{ending}"
    export(db, out, GRIDS, at=before, encoding=encoding)
    layer = read_layer(out)
    assert alike(layer.outlines[-1], WEST)
    assert list(layer.rows[-1].values())[:2] == [code, "旧网格"]
    changed = imported_again(db, out, GRIDS, at=before, accept=["overlap", "outside-parent"])
    assert [problem.code for problem in changed.problems] == ["code-taken"]  # today it is another
    db.execute(delete(AreaVersion).where(func.lower(AreaVersion.valid) == TURN))
    again = imported_again(db, out, GRIDS, at=before)
    assert (again.problems, again.counts) == ([], {"new": 0, "unchanged": 37})


@each_format
def test_the_towns_of_taiwan_come_back_unchanged(
    db: Session, shared_data: Path, tmp_path: Path, ending: str, encoding: Encoding
):
    source = shared_data / "taiwan" / "taiwan_towns.gpkg"
    columns = {"code": "TOWNCODE", "name": "TOWNNAME"}
    first = import_areas(db, source, kind=AreaKind.TOWNSHIP, by="tester", profile="free", columns=columns,
                         valid_from=BEGINS, accept=["overlap", "outside-parent"])  # fmt: skip
    assert first.loaded == 368
    out = tmp_path / f"out.{ending}"
    export(db, out, AreaKind.TOWNSHIP, encoding=encoding)
    again = imported_again(db, out, AreaKind.TOWNSHIP, profile="free")
    assert (again.problems, again.findings) == ([], [])
    assert again.counts == {"new": 0, "unchanged": 368}
    assert all(alike(one, other) for one, other in zip(
        read_layer(out).outlines, (one.outline for one in areas_for_export(db, [AreaKind.TOWNSHIP], NOW)), strict=True
    ))  # fmt: skip


# --- GeoJSON ----------------------------------------------------------------------------------------------------


def test_rings_turn_as_rfc_7946_wants_and_one_part_is_a_polygon(tmp_path: Path):
    write(tmp_path / "out.geojson", area("A", ISLANDS), area("B", box(1, 1, 2, 2, ccw=False)))
    told = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))
    many, one = (shapely.geometry.shape(feature["geometry"]) for feature in told["features"])
    assert (many.geom_type, one.geom_type) == ("MultiPolygon", "Polygon")
    assert one.exterior.is_ccw
    assert [part.exterior.is_ccw for part in many.geoms] == [True, True]
    assert not many.geoms[0].interiors[0].is_ccw
    assert "crs" not in told
    assert told["in_force_at"] == "2026-03-16T02:00:00+00:00"


def test_geojson_is_written_while_areas_are_still_being_fetched(tmp_path: Path):
    out, sizes = tmp_path / "out.geojson", []

    def many() -> Iterator[ExportedArea]:
        for number in range(3 * AT_ONCE):
            if number % AT_ONCE == AT_ONCE - 1:
                sizes.append(out.stat().st_size)
            yield area(str(number))

    assert write_geojson(out, GRIDS, many(), at=NOW) == 3 * AT_ONCE
    assert sizes[0] < sizes[1] < sizes[2]
    assert len(json.loads(out.read_bytes())["features"]) == 3 * AT_ONCE


# --- shapefiles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "headings"), [
    ("utf-8", ["编码", "名称", "上级编", "户数", "领域", "面积", "生效时"]),
    ("gb18030", ["编码", "名称", "上级编码", "户数", "领域", "面积", "生效时间"]),
])  # fmt: skip
def test_field_names_are_whole_characters_of_at_most_ten_bytes(encoding: Encoding, headings: list[str]):
    short = [shortened(column.heading, encoding) for column in all_columns()]
    assert short == headings
    assert max(len(one.encode(encoding)) for one in short) <= 10
    assert len(set(short)) == len(short)


@pytest.mark.parametrize(("name", "encoding", "cpg"), [
    ("安丰镇第一网格", "utf-8", "UTF-8"),
    ("安丰镇第一网格", "gb18030", "936"),
    ("䶮村𬮟家网格", "utf-8", "UTF-8"),
    ("䶮村𬮟家网格", "gb18030", "GB18030"),
])  # fmt: skip
def test_text_is_read_alike_by_us_and_by_gdal_whatever_its_characters(
    tmp_path: Path, name: str, encoding: Encoding, cpg: str
):
    write(tmp_path / "out.zip", area(name=name), encoding=encoding)
    assert read_layer(tmp_path / "out.zip").rows[0]["名称"] == name
    folder = unpacked(tmp_path / "out.zip")
    assert (folder / "comprehensive.cpg").read_text() == cpg
    meta, _, _, cells = pyogrio.raw.read(folder / "comprehensive.shp")
    assert list(meta["fields"])[:2] == ["编码", "名称"]
    assert cells[1].tolist() == [name]


def test_nothing_is_warned_of_when_the_two_encodings_are_read(tmp_path: Path):
    for encoding in ("utf-8", "gb18030"):
        write(tmp_path / "out.zip", area(), encoding=encoding)
        layer = read_layer(tmp_path / "out.zip")
        assert (layer.problems, layer.detected.encoding) == ([], encoding.upper())


def test_a_text_too_long_for_a_dbf_is_refused_by_name_and_never_cut(tmp_path: Path):
    fits, long = "网" * 84, "网" * 85  # 252 and 255 bytes in UTF-8, 168 and 170 in GB18030
    write(tmp_path / "out.zip", area(name=fits))
    before = (tmp_path / "out.zip").read_bytes()
    assert read_layer(tmp_path / "out.zip").rows[0]["名称"] == fits
    with pytest.raises(TextTooLong, match=r"longer in UTF-8: 名称 of “B7” \(255 bytes\)\. Write a GeoPackage"):
        write(tmp_path / "out.zip", area(), area("B7", name=long))
    assert (tmp_path / "out.zip").read_bytes() == before
    write(tmp_path / "out.zip", area(name=long), encoding="gb18030")
    assert read_layer(tmp_path / "out.zip").rows[0]["名称"] == long


def test_columns_have_room_for_what_somebody_will_write_into_them(tmp_path: Path):
    write(tmp_path / "out.zip", area("1", name="短", households=None, parent=None))
    content = (unpacked(tmp_path / "out.zip") / "comprehensive.dbf").read_bytes()
    widths = [content[at + 16] for at in range(32, 32 + 6 * 32, 32)]
    assert widths == [80, 80, 80, 10, 18, 80]


def test_each_kind_has_its_shapefile_and_the_legend_says_what_is_what(db: Session, county: None, tmp_path: Path):
    counts = export(db, tmp_path / "out.zip", encoding="gb18030", at=NOW.astimezone(ZoneInfo("Asia/Shanghai")))
    folder = unpacked(tmp_path / "out.zip")
    assert {path.stem for path in folder.glob("*.shp")} == {kind.value for kind in AreaKind}
    assert {path.name for path in folder.glob("comprehensive.*")} == {
        f"comprehensive{part}" for part in (".shp", ".shx", ".dbf", ".prj", ".cpg")
    }
    legend = (folder / LEGEND).read_text(encoding="utf-8-sig")
    assert "2026-03-16T10:00:00+08:00" in legend and "GB18030" in legend and "EPSG:4326" in legend
    for column in all_columns():
        assert f"{shortened(column.heading, 'gb18030')}\t{column.heading}\t{column.meaning[0]}\t{column.name}" in legend
    for kind, count in counts.items():
        assert f"{kind.value}.shp" in legend and f"\t{count}\t936" in legend
        report = imported_again(db, folder / f"{kind.value}.shp", kind)
        assert (report.problems, report.counts) == ([], {"new": 0, "unchanged": count})


# --- GeoPackage -------------------------------------------------------------------------------------------------


def test_a_geopackage_has_a_layer_for_each_kind_and_each_comes_back(db: Session, county: None, tmp_path: Path):
    counts = export(db, tmp_path / "out.gpkg")
    layers = [(name, kind) for name, kind in pyogrio.list_layers(tmp_path / "out.gpkg") if kind is not None]
    assert layers == [("county", "Polygon"), ("township", "Polygon"), ("village", "MultiPolygon"),
                      ("comprehensive", "MultiPolygon"), ("specialised", "Polygon")]  # fmt: skip
    for kind, count in counts.items():
        report = imported_again(db, tmp_path / "out.gpkg", kind, layer=kind.value)
        assert (report.problems, report.counts) == ([], {"new": 0, "unchanged": count})


# --- the whole file, or none ------------------------------------------------------------------------------------


@each_format
def test_an_export_that_breaks_off_leaves_what_was_there(tmp_path: Path, ending: str, encoding: Encoding):
    out = tmp_path / f"out.{ending}"
    write(out, area(), encoding=encoding)
    before = out.read_bytes()

    def broken_off() -> Iterator[ExportedArea]:
        for number in range(AT_ONCE + 10):
            yield area(str(number))
        raise ConnectionError

    with pytest.raises(ConnectionError):
        write_areas(out, broken_off(), kinds=[GRIDS], at=NOW, encoding=encoding)
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


@each_format
def test_what_was_there_is_replaced_whole(tmp_path: Path, ending: str, encoding: Encoding):
    out = tmp_path / f"out.{ending}"
    write(out, area("A"), area("B", EAST), encoding=encoding)
    write(out, area("C"), encoding=encoding)
    assert [next(iter(row.values())) for row in read_layer(out).rows] == ["C"]
    assert list(tmp_path.iterdir()) == [out]


@each_format
def test_where_nothing_was_in_force_nothing_is_written(
    db: Session, county: None, tmp_path: Path, ending: str, encoding: Encoding
):
    with pytest.raises(NothingInForce, match=r"No village was in force at 2020-01-01 00:00\."):
        export(db, tmp_path / f"out.{ending}", AreaKind.VILLAGE, at=datetime(2020, 1, 1, tzinfo=UTC), encoding=encoding)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "kinds", "encoding", "error", "said"), [
    ("out.kml", [GRIDS], "utf-8", UnknownEnding, "“out.kml” must end in .gpkg, .geojson, .zip."),
    ("out", [GRIDS], "utf-8", UnknownEnding, "“out” must end in .gpkg, .geojson, .zip."),
    ("out.shp", [GRIDS], "utf-8", UnknownEnding, "“out.shp” must end in .gpkg, .geojson, .zip."),
    ("out.geojson", list(AreaKind), "utf-8", OneKindOnly,
     "A GeoJSON holds areas of one kind: say which, or write a GeoPackage (.gpkg)."),
    ("out.gpkg", [GRIDS], "gb18030", EncodingUnwanted, "A .gpkg file is always UTF-8: only a shapefile has a choice."),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_read(
    name: str, kinds: list[AreaKind], encoding: Encoding, error: type[ExportError], said: str
):
    with pytest.raises(error) as refused:
        check_wanted(Path(name), kinds, encoding)
    assert refused.value.sentence == said


def test_an_ending_may_be_written_in_capitals(tmp_path: Path):
    write(tmp_path / "OUT.GPKG", area())
    assert [path.name for path in tmp_path.iterdir()] == ["OUT.GPKG"]
    assert len(read_layer(tmp_path / "OUT.GPKG")) == 1
