"""Layers of areas as offices send them."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from geo.coverage import mend_outline
from importers.errors import (
    CrsImplausible,
    CrsUnknown,
    CrsUnusable,
    DatumConflict,
    FileDamaged,
    FileEmpty,
    FileMissing,
    LayerMissing,
    NoLayer,
    NoOutlines,
    NotAreas,
    PartMissing,
    SeveralLayers,
    TextUndecodable,
    UnknownFormat,
    UnsupportedFormat,
)
from importers.layers import Layer, read_layer
from importers.report import ImportReport
from importers.systems import identify
from tests.importers.shapefiles import FIELDS, prj, square, write_shapefile, zipped

COUNTY = (119.0, 32.0, 120.0, 33.0)
HERE = square(119.5, 32.5)
THERE = square(119.51, 32.5)
OWN_MERIDIAN = prj(4549).replace("120.0", "119.5").replace("CGCS2000_3_Degree_GK_CM_120E", "County_own")
"""Gauss-Krüger around a county's own central meridian: in no register."""


def in_metres(ring, epsg: int | str, shift: float = 0.0):
    project = pyproj.Transformer.from_crs(4326, epsg, always_xy=True)
    return [(x + shift, y) for x, y in (project.transform(*corner) for corner in ring)]


def codes(layer: Layer) -> list[str]:
    return [problem.code for problem in layer.problems]


def near(layer: Layer, row: int, ring) -> bool:
    return bool(shapely.hausdorff_distance(layer.outlines[row - 1], Polygon(ring)) < 1e-7)


def write_geo(
    path: Path, shapes: list[object], columns: dict[str, list[object]], *, crs: str | None, **how: object
) -> Path:
    fields = {name: np.array(values, dtype=object) for name, values in columns.items()}
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        list(fields.values()),
        list(fields),
        crs=crs,
        geometry_type="Unknown",
        **how,
    )
    return path


# --- shapefiles: text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "language_byte", "cpg", "read_as"),
    [
        ("gbk", 0, None, "GB18030"),
        ("gbk", 0x57, None, "GB18030"),
        ("gbk", 0x4D, None, "GB18030"),
        ("gbk", 0, "UTF-8", "GB18030"),
        ("gbk", 0x57, "ISO-8859-1", "GB18030"),
        ("utf-8", 0, "UTF-8", "UTF-8"),
        ("utf-8", 0, None, "UTF-8"),
        ("utf-8", 0x4D, "936", "UTF-8"),
        ("big5", 0, "Big5", "CP950"),
    ],
)
def test_chinese_attributes_and_headings_are_read_whatever_the_parts_say(
    tmp_path, encoding, language_byte, cpg, read_as
):
    path = write_shapefile(
        tmp_path / "grids",
        [[HERE], [THERE]],
        [("A-01", "城北里", "300"), ("A-02", "中正路", "301")],
        fields=[("編碼", "C", 20), ("名稱", "C", 20), ("戶數", "N", 8)]
        if encoding == "big5"
        else [("编码", "C", 20), ("名称", "C", 20), ("户数", "N", 8)],
        encoding=encoding,
        language_byte=language_byte,
        cpg=cpg,
    )
    layer = read_layer(zipped(path))
    assert layer.detected.encoding == read_as
    assert layer.columns in {("编码", "名称", "户数"), ("編碼", "名稱", "戶數")}
    assert [list(row.values()) for row in layer.rows] == [["A-01", "城北里", 300], ["A-02", "中正路", 301]]
    assert any(note.startswith(f"encoding {read_as}") for note in layer.detected.notes)


def test_a_told_encoding_is_obeyed(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[HERE]], encoding="gbk")
    assert read_layer(path, encoding="gb2312").rows[0]["WGMC"] == "第1网格"
    with pytest.raises(TextUndecodable, match="row 1, WGMC"):
        read_layer(path, encoding="utf-8")


def test_a_name_cut_off_by_its_field_keeps_its_whole_characters_and_is_reported(tmp_path):
    name = "A东风路社区第一综合网格区".encode("gbk")[:20]
    path = write_shapefile(tmp_path / "grids", [[HERE]], [("A", name, "1")])
    layer = read_layer(path)
    assert layer.rows[0]["WGMC"] == name.decode("gbk", "ignore")
    assert [(problem.row, problem.field) for problem in layer.problems if problem.code == "text-cut"] == [(1, "WGMC")]


def test_a_heading_cut_off_at_ten_bytes_is_read(tmp_path):
    fields = [("综合网格编码".encode()[:10], "C", 20), *FIELDS[1:]]
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE]], fields=fields, encoding="utf-8"))
    assert layer.columns == ("综合网", "WGMC", "HS")


def test_attributes_keep_their_digits_and_types(tmp_path):
    fields = [
        ("CODE", "N", 20),
        ("AREA", "N", 12),
        ("SINCE", "D", 8),
        ("FIT", "L", 1),
        ("LONG", "N", 22),
        ("NIL", "N", 5),
    ]
    values = ("320684101001001", "12.50", "20260301", "T", "320684101001001001", "*****")
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE]], [values], fields=fields))
    assert list(layer.rows[0].values()) == [320684101001001, 12.5, date(2026, 3, 1), True, 320684101001001001, None]


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("N", "", None), ("N", "3.5E+02", 350.0), ("N", "3.20684E+14", "3.20684E+14"), ("N", "1,5", 1.5),
        ("N", "abc", "abc"), ("N", "7.000", 7), ("D", "00000000", None), ("D", "20261399", "20261399"),
        ("L", "?", None), ("L", "n", False),
        ("C", "  x  ", "x"), ("C", b"ab\0zz", "ab"), ("X", "网格", "网格"), ("M", "0000001", None),
    ],
)  # fmt: skip
def test_cells_no_program_should_have_written_are_read_for_what_they_are(tmp_path, kind, written, read):
    path = write_shapefile(tmp_path / "grids", [[HERE]], [(written,)], fields=[("F", kind, 12)])
    assert read_layer(path).rows[0]["F"] == read


def test_repeated_and_nameless_columns_are_told_apart(tmp_path):
    fields = [("NAME", "C", 4), ("NAME", "C", 4), ("", "C", 4)]
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE]], [("a", "b", "c")], fields=fields))
    assert layer.rows == [{"NAME": "a", "NAME (2)": "b", "(column 3)": "c"}]


# --- shapefiles: parts ------------------------------------------------------------------------------------------


def test_rows_stand_in_the_order_of_the_file_with_null_and_empty_outlines_in_place(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE], None, [THERE]]))
    assert [row["HS"] for row in layer.rows] == [301, 302, 303]
    assert layer.outlines[1] is None
    assert near(layer, 1, HERE)
    assert near(layer, 3, THERE)


def test_deleted_records_go_with_their_outlines(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE], [THERE], [HERE]], deleted=[1]))
    assert [row["HS"] for row in layer.rows] == [302, 303]
    assert near(layer, 1, THERE)
    assert any("1 records are marked as deleted" in note for note in layer.detected.notes)


def test_parts_that_do_not_belong_together_block(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[HERE], [THERE]], [("A", "甲", "1")])
    layer = read_layer(path)
    assert len(layer) == 2
    assert layer.rows[1] == {"WGBM": None, "WGMC": None, "HS": None}
    assert [problem.code for problem in layer.problems if problem.blocks] == ["parts-disagree"]


def test_a_table_whose_end_is_missing_blocks(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[HERE], [THERE]], promised=5)
    assert "dbf-cut-off" in codes(read_layer(path))


def test_a_missing_index_is_rebuilt_without_touching_the_clerks_folder(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[HERE], [THERE]], without=[".shx"])
    before = sorted(tmp_path.iterdir())
    layer = read_layer(path)
    assert near(layer, 2, THERE)
    assert any(".shx" in note for note in layer.detected.notes)
    assert sorted(tmp_path.iterdir()) == before


def test_a_missing_table_leaves_outlines_without_columns(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE]], without=[".dbf"]))
    assert (layer.columns, layer.rows) == ((), [{}])
    assert codes(layer) == ["dbf-missing"]


def test_parts_are_found_in_any_case(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[HERE]])
    for part in list(tmp_path.iterdir()):
        part.rename(part.with_suffix(part.suffix.upper()))
    assert read_layer(path.with_suffix(".SHP")).columns == ("WGBM", "WGMC", "HS")


def test_a_table_without_outlines_is_refused(tmp_path):
    write_shapefile(tmp_path / "grids", [[HERE]], without=[".shp"])
    for suffix in (".shp", ".dbf"):
        with pytest.raises((PartMissing, FileMissing)) as refused:
            read_layer(tmp_path / f"grids{suffix}")
        assert refused.value.code in {"part-missing", "file-missing"}


@pytest.mark.parametrize(
    ("kind", "said"),
    [(1, "points"), (3, "lines"), (8, "groups of points"), (31, "multipatches"), (99, "unknown kind 99")],
)
def test_what_is_drawn_as_anything_but_polygons_is_refused(tmp_path, kind, said):
    path = write_shapefile(tmp_path / "grids", [[HERE]], kind=kind)
    with pytest.raises((NotAreas, FileDamaged), match=said):
        read_layer(path)


def test_a_layer_without_a_single_outline_is_refused(tmp_path):
    with pytest.raises(NoOutlines, match="2 rows and not one outline"):
        read_layer(write_shapefile(tmp_path / "grids", [None, None], kind=0))
    with pytest.raises(NoLayer, match="no rows"):
        read_layer(write_shapefile(tmp_path / "grids", []))


# --- shapefiles: shapes -----------------------------------------------------------------------------------------


def test_holes_and_parts_are_kept_apart_and_heights_dropped(tmp_path):
    hole = list(reversed(square(119.503, 32.503, 0.002)))
    flat = read_layer(write_shapefile(tmp_path / "grids", [[HERE, hole, square(119.6, 32.6)]]))
    high = read_layer(write_shapefile(tmp_path / "high", [[HERE, hole, square(119.6, 32.6)]], kind=15))
    assert flat.outlines[0].geom_type == "MultiPolygon"
    assert sorted(len(part.interiors) for part in flat.outlines[0].geoms) == [0, 1]
    assert high.outlines[0].equals(flat.outlines[0])
    assert not high.outlines[0].has_z


def test_a_ring_that_is_not_closed_is_closed_and_reported(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[THERE], [HERE[:-1]]]))
    assert near(layer, 2, HERE)
    assert [(problem.row, problem.code, problem.severity) for problem in layer.problems] == [
        (2, "ring-not-closed", "warn")
    ]


def test_a_ring_of_two_corners_is_no_outline(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[THERE], [HERE[:2]]]))
    assert layer.outlines[1] is None
    assert [(problem.row, problem.code, problem.blocks) for problem in layer.problems] == [
        (2, "outline-unreadable", True)
    ]


def test_a_corner_that_is_no_coordinate_neither_hides_the_others_nor_passes(tmp_path):
    broken = [(-1.7e308, 32.5), *HERE[:2], (float("nan"), 32.5), *HERE[2:-1], (-1.7e308, 32.5)]
    layer = read_layer(write_shapefile(tmp_path / "grids", [[THERE], [broken]]), county_box=COUNTY)
    assert near(layer, 1, THERE)
    assert np.isinf(shapely.get_coordinates(layer.outlines[1])).any(axis=1).sum() == 3
    assert mend_outline(layer.outlines[1]).why == "not-finite"


def test_an_outline_is_not_mended_here(tmp_path):
    bow_tie = [HERE[0], HERE[2], HERE[1], HERE[3], HERE[0]]
    assert not read_layer(write_shapefile(tmp_path / "grids", [[bow_tie]])).outlines[0].is_valid


# --- coordinates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [4490, 4326, 4548, 4549, 4527, 4528, 4508, 32650, 3857])
def test_a_prj_that_tells_the_truth_is_believed(tmp_path, epsg):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, epsg)]], crs=epsg)
    layer = read_layer(path, county_box=COUNTY)
    assert shapely.hausdorff_distance(layer.outlines[0], Polygon(HERE)) < 1e-6
    assert layer.detected.crs in {f"EPSG:{epsg}", "EPSG:4546" if epsg == 4508 else ""}
    assert layer.problems == []


def test_a_prj_with_another_meridian_is_found_out_and_the_right_one_named(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=4547)
    with pytest.raises(CrsImplausible, match=r"0% of the corners lie in the county.*EPSG:4549") as refused:
        read_layer(path, county_box=COUNTY)
    assert refused.value.candidates == ("EPSG:4549",)
    assert near(read_layer(path, crs="EPSG:4549", county_box=COUNTY), 1, HERE)


def test_a_prj_that_says_degrees_over_metres_is_found_out(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=4490)
    with pytest.raises(CrsImplausible, match="the numbers are no degrees"):
        read_layer(path)


def test_a_system_that_cannot_describe_the_numbers_is_found_out(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[square(5e8, 5e8, 100)]], crs=4549)
    with pytest.raises(CrsImplausible, match="0% of the corners lie on the earth"):
        read_layer(path)


def test_a_told_system_is_tested_like_any(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=None)
    with pytest.raises(CrsImplausible, match=r"read as EPSG:4548 \(as told\).*EPSG:4549"):
        read_layer(path, crs="EPSG:4548", county_box=COUNTY)


def test_metres_without_a_prj_are_read_where_only_one_meridian_fits_the_county(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=None)
    layer = read_layer(path, county_box=COUNTY)
    assert near(layer, 1, HERE)
    assert layer.detected.crs == "EPSG:4549"
    assert codes(layer) == ["crs-guessed"]
    assert "--crs EPSG:4549" in layer.problems[0].message


def test_metres_without_a_prj_or_a_county_are_asked_about(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=None)
    with pytest.raises(CrsUnknown, match=r"If .* CGCS2000, 21 .* could be meant.*--crs EPSG:4549") as refused:
        read_layer(path)
    assert "EPSG:4548" in refused.value.candidates


def test_metres_that_name_their_zone_need_no_county(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4528)]], crs=None)
    layer = read_layer(path)
    assert (layer.detected.crs, codes(layer)) == ("EPSG:4528", ["crs-guessed"])
    assert near(layer, 1, HERE)


def test_metres_with_north_before_east_are_exchanged_and_it_is_said(tmp_path):
    ring = [(y, x) for x, y in in_metres(HERE, 4549)]
    layer = read_layer(write_shapefile(tmp_path / "grids", [[ring]], crs=None), county_box=COUNTY)
    assert near(layer, 1, HERE)
    assert "North is written before east" in layer.problems[0].message


def test_latitude_before_longitude_is_exchanged_or_refused_where_the_prj_says_otherwise(tmp_path):
    ring = [(lat, lon) for lon, lat in HERE]
    layer = read_layer(write_shapefile(tmp_path / "grids", [[ring]], crs=None), county_box=COUNTY)
    assert near(layer, 1, HERE)
    assert codes(layer) == ["crs-guessed"]
    with pytest.raises(CrsImplausible, match="North seems to be written before east"):
        read_layer(write_shapefile(tmp_path / "told", [[ring]], crs=4490), county_box=COUNTY)


def test_reading_leaves_gdals_options_as_they_were(tmp_path):
    read_layer(write_shapefile(tmp_path / "grids", [[HERE]], without=[".shx"]))
    assert pyogrio.get_gdal_config_option("SHAPE_RESTORE_SHX") is None


def test_metres_of_nowhere_are_refused_with_their_range(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[square(5_000, 7_000, 100)]], crs=None)
    with pytest.raises(CrsUnknown, match=r"East runs from 5,000 to 5,100, north from 7,000 to 7,100; none"):
        read_layer(path)


def test_metres_that_no_meridian_puts_into_the_county_are_offered_none(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=None)
    elsewhere = (119.0, 25.0, 119.6, 25.6)
    with pytest.raises(CrsUnknown, match="none of the usual systems would put them in the county") as refused:
        read_layer(path, county_box=elsewhere)
    assert refused.value.candidates == ()


@pytest.mark.parametrize("told", [{}, {"crs": "EPSG:4547"}])
def test_a_cpg_that_is_no_encoding_is_told_with_the_first_refusal(tmp_path, told):
    """Not only once the coordinate system is settled."""
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=None, cpg="<!DOCTYPE html>")
    with pytest.raises((CrsUnknown, CrsImplausible)) as refused:
        read_layer(path, **told, county_box=COUNTY if told else None)
    report = ImportReport.refused(path, refused.value)
    assert [problem.code for problem in report.problems][1:] == ["encoding-declared-wrongly"]
    assert "<!DOCTYPE html>" in report.problems[1].message


def test_a_cpg_that_is_no_encoding_is_told_with_a_text_that_fits_none(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[HERE]], [("A-01", b"\xff\xff\xff", "1")], cpg="?!")
    with pytest.raises(TextUndecodable) as refused:
        read_layer(path)
    assert [problem.code for problem in refused.value.found] == ["encoding-declared-wrongly"]


def test_degrees_without_a_prj_are_taken_for_wgs84_and_it_is_said(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE]], crs=None))
    assert (layer.detected.crs, layer.detected.datum) == ("EPSG:4326", "wgs84")
    assert codes(layer) == ["crs-assumed"]


def test_cgcs2000_degrees_are_called_so(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[HERE]], crs=4490))
    assert (layer.detected.crs, layer.detected.datum) == ("EPSG:4490", "cgcs2000")


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_declared_shift_is_taken_back(tmp_path, datum):
    path = write_shapefile(tmp_path / "grids", [[HERE]], crs=4326)
    shifted = read_layer(path, datum=datum)
    assert shifted.detected.datum == datum
    moved_m = shapely.distance(shapely.centroid(shifted.outlines[0]), Polygon(HERE).centroid) * 111_000
    assert 300 < moved_m < 1_500
    assert read_layer(path, datum="wgs84").detected.datum == "wgs84"


def test_a_shift_cannot_be_declared_for_metres(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=4549)
    with pytest.raises(DatumConflict, match="EPSG:4549"):
        read_layer(path, datum="gcj02")
    assert near(read_layer(path, datum="wgs84"), 1, HERE)


def test_a_prj_that_is_a_web_page_is_left_aside_and_said(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[HERE]], crs="<!DOCTYPE html><html><head>")
    assert codes(read_layer(path)) == ["prj-unreadable", "crs-assumed"]


def test_a_county_with_a_central_meridian_of_its_own_is_read_as_its_prj_describes_it(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, OWN_MERIDIAN)]], crs=OWN_MERIDIAN)
    layer = read_layer(path, county_box=COUNTY)
    assert near(layer, 1, HERE)
    assert (layer.detected.crs, layer.detected.datum, codes(layer)) == ("County_own", "cgcs2000", [])
    assert "“County_own”: .prj describes it, with the central meridian 119.5°; it is in no register" in str(
        layer.detected.notes
    )


def test_a_meridian_of_its_own_that_puts_the_layer_elsewhere_is_found_out(tmp_path):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=OWN_MERIDIAN.replace("119.5", "116.5"))
    with pytest.raises(CrsImplausible, match=r"read as “County_own” .*EPSG:4549"):
        read_layer(path, county_box=COUNTY)


@pytest.mark.parametrize(
    "description",
    [
        'LOCAL_CS["County_own",UNIT["metre",1]]',  # a building site's own axes
        OWN_MERIDIAN.replace("Gauss_Kruger", "Nonsense"),
    ],
)
def test_a_system_that_cannot_be_turned_is_refused_until_told(tmp_path, description):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, 4549)]], crs=description)
    with pytest.raises(CrsUnusable, match=r"County_own.*cannot be turned into WGS-84"):
        read_layer(path)
    with pytest.raises(CrsUnusable, match="EPSG"):
        read_layer(path, crs="Beijing 54")
    assert near(read_layer(path, crs="EPSG:4549"), 1, HERE)


@pytest.mark.parametrize(
    ("epsg", "said"),
    [(2437, "within 15 m here"), (2384, "is not known: outlines may lie tens of metres off")],  # Beijing, Xian
)
def test_a_survey_on_an_old_datum_is_warned_of_with_what_is_known(tmp_path, epsg, said):
    path = write_shapefile(tmp_path / "grids", [[in_metres(HERE, epsg)]], crs=epsg)
    [problem] = read_layer(path).problems
    assert (problem.code, said in problem.message) == ("datum-imprecise", True)


@pytest.mark.parametrize(("west", "north", "epsg", "metres"), [(-79.4, 43.1, 4269, 4), (150, -33, 4283, 3)])
def test_a_foreign_datum_with_parameters_for_its_place_is_no_trouble(tmp_path, west, north, epsg, metres):
    """NAD83 and GDA94 have several sets of them, and PROJ takes the one for Ontario, or for Australia."""
    layer = read_layer(write_shapefile(tmp_path / "grids", [[square(west, north, 0.01)]], crs=epsg))
    assert codes(layer) == []
    assert layer.detected.notes[-1] == f"EPSG:{epsg} turns into WGS-84 within {metres} m"


def test_a_foreign_datum_far_from_its_country_is_warned_of(tmp_path):
    layer = read_layer(write_shapefile(tmp_path / "grids", [[square(20, 43)]], crs=4269))
    assert codes(layer) == ["datum-imprecise"]


def test_one_stray_outline_in_a_hundred_does_not_condemn_the_system(tmp_path):
    outlines = [[square(119.1 + n / 200, 32.5, 0.005)] for n in range(150)] + [[square(10, 50)]]
    assert len(read_layer(write_shapefile(tmp_path / "grids", outlines), county_box=COUNTY)) == 151


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (prj(4549), "EPSG:4549"),
        (prj(4527), "EPSG:4527"),
        (prj(4549).replace("CGCS2000_3_Degree_GK_CM_120E", "自定义"), "EPSG:4549"),
        (
            prj(4528).replace("CGCS2000_3_Degree_GK_Zone_40", "User_Defined").replace("China_2000", "Unknown"),
            "EPSG:4528",
        ),
        (prj(4326).replace("GCS_WGS_1984", "WGS84(DD)").replace("D_WGS_1984", "WGS84"), "EPSG:4326"),
        (prj(4549).replace("500000.0", "550000.0"), None),
    ],
)
def test_systems_are_recognised_by_their_parameters_where_their_name_says_nothing(text, code):
    assert identify(text) == code


# --- other formats ----------------------------------------------------------------------------------------------


def test_a_geopackage_is_read_with_its_types_and_system(tmp_path):
    ring = Polygon(in_metres(HERE, 4549))
    path = write_geo(tmp_path / "a.gpkg", [ring, None], {"编码": ["A", None]}, crs="EPSG:4549", layer="网格")
    layer = read_layer(path)
    assert layer.rows == [{"编码": "A"}, {"编码": None}]
    assert near(layer, 1, HERE)
    assert layer.outlines[1] is None
    assert (layer.detected.layer, layer.detected.crs, layer.detected.encoding) == ("网格", "EPSG:4549", "UTF-8")


def test_a_geopackage_of_several_layers_asks_which(tmp_path):
    for name in ("grids", "towns"):
        write_geo(
            tmp_path / "a.gpkg",
            [box(119.5, 32.5, 119.6, 32.6)],
            {"n": [name]},
            crs="EPSG:4490",
            layer=name,
            append=True,
        )
    with pytest.raises(SeveralLayers, match="grids, towns"):
        read_layer(tmp_path / "a.gpkg")
    assert read_layer(tmp_path / "a.gpkg", layer="towns").rows == [{"n": "towns"}]
    with pytest.raises(LayerMissing, match="It holds: grids, towns"):
        read_layer(tmp_path / "a.gpkg", layer="villages")


def test_a_line_among_polygons_keeps_its_row_and_a_layer_of_lines_is_refused(tmp_path):
    line, area = LineString([(119.5, 32.5), (119.6, 32.6)]), box(119.5, 32.5, 119.6, 32.6)
    mixed = read_layer(write_geo(tmp_path / "a.gpkg", [area, line], {"n": ["1", "2"]}, crs="EPSG:4490"))
    assert [shape.geom_type for shape in mixed.outlines] == ["Polygon", "LineString"]
    with pytest.raises(NotAreas, match="lines and points"):
        read_layer(write_geo(tmp_path / "b.gpkg", [line, Point(119, 32)], {"n": ["1", "2"]}, crs="EPSG:4490"))


def feature(ring, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def geojson(path: Path, *features: dict[str, object], encoding: str = "utf-8", **more: object) -> Path:
    collection = {"type": "FeatureCollection", **more, "features": list(features)}
    path.write_text(json.dumps(collection, ensure_ascii=False), encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_geojson_is_read_with_texts_left_as_texts(tmp_path, encoding):
    path = geojson(
        tmp_path / "a.geojson",
        feature(HERE, 编码="007", 起="2026/03/01", 户数=300, 长=320684101001001, 表=["a", 1]),
        {"type": "Feature", "properties": {"编码": "第八网格"}, "geometry": None},
        encoding=encoding,
    )
    layer = read_layer(path)
    assert layer.rows[0] == {"编码": "007", "起": "2026/03/01", "户数": 300, "长": 320684101001001, "表": '[ "a", 1 ]'}
    assert type(layer.rows[0]["长"]) is int
    assert layer.rows[1]["编码"] == "第八网格"
    assert layer.outlines[1] is None
    assert layer.detected.crs == "EPSG:4326"
    assert codes(layer) == (["geojson-not-utf8"] if encoding == "gb18030" else [])


def test_whole_numbers_too_long_beside_empty_cells_are_warned_of(tmp_path):
    path = geojson(tmp_path / "a.json", feature(HERE, n=320684101001001001), feature(THERE, n=None))
    assert [(problem.row, problem.field, problem.code) for problem in read_layer(path).problems] == [
        (1, "n", "digits-lost")
    ]


def test_geojson_in_metres_is_not_taken_for_degrees(tmp_path):
    path = geojson(tmp_path / "a.json", feature(in_metres(HERE, 4549), n=1))
    with pytest.raises(CrsUnknown):
        read_layer(path)
    assert near(read_layer(path, county_box=COUNTY), 1, HERE)


def test_geojson_that_names_its_system_is_believed(tmp_path):
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    path = geojson(tmp_path / "a.json", feature(in_metres(HERE, 4549), n=1), crs=named)
    assert near(read_layer(path), 1, HERE)


@pytest.mark.parametrize(
    ("name", "content", "refusal", "said"),
    [
        ("a.geojson", '{"type": "FeatureCollection", "features": [', FileDamaged, "line 1, column"),
        ("a.json", '{"type": "Something"}', FileDamaged, "of the kind “Something”"),
        ("a.json", "[1, 2]", FileDamaged, "holds no features"),
        ("a.geojson", '{"type": "FeatureCollection", "features": []}', NoLayer, "no rows"),
        ("a.geojson", "", FileEmpty, "is empty"),
        ("a.gpkg", "nonsense" * 9, FileDamaged, "does not begin as one"),
        ("a.gpkg", "SQLite format 3\0" + "x" * 999, FileDamaged, "GeoPackage"),
        ("a.shp", "nonsense" * 99, FileDamaged, "does not begin as one"),
        ("a.kml", "<kml/>", UnsupportedFormat, "Google Earth"),
        ("a.csv", "a,b", UnsupportedFormat, "without outlines"),
        ("a.docx", "x", UnknownFormat, r"Send one of: \.shp"),
        ("a.7z", "7z", UnsupportedFormat, "ordinary zip"),
    ],
)
def test_what_is_no_layer_is_refused_with_a_sentence(tmp_path, name, content, refusal, said):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(refusal, match=said) as refused:
        read_layer(tmp_path / name)
    assert str(tmp_path) not in str(refused.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileMissing, match=r"no file none\.shp"):
        read_layer(tmp_path / "none.shp")


def test_a_thousand_grids_of_seven_hundred_corners_take_seconds(tmp_path):
    around = np.linspace(0, -2 * np.pi, 700)
    outlines = [
        [list(zip(119.1 + n % 30 / 40 + np.cos(around) / 99, 32.1 + n // 30 / 40 + np.sin(around) / 99, strict=True))]
        for n in range(900)
    ]
    for outline in outlines:
        outline[0][-1] = outline[0][0]
    layer = read_layer(zipped(write_shapefile(tmp_path / "grids", outlines)), county_box=COUNTY)
    assert len(layer) == 900
    assert shapely.is_valid(layer.outlines).all()
