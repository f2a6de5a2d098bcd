"""What makes a GeoPackage look right when QGIS opens it: layers described, and a style for each."""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from sqlite3 import connect
from xml.etree import ElementTree

import pytest
from shapely.geometry import MultiPolygon, box

from geo.codes import AreaKind
from geo.exports.areas import ExportedArea
from geo.exports.columns import columns_of
from geo.exports.styles import style_of
from geo.exports.writing import write_areas
from tests.factories import NOW


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A GeoPackage with one area of each kind."""
    outline, since = MultiPolygon([box(119, 33, 119.01, 33.01)]), datetime(2026, 1, 1, tzinfo=NOW.tzinfo)
    domains = {AreaKind.SPECIALISED: "school"}
    areas = [ExportedArea(kind, "1", "甲", outline, None, 300, domains.get(kind), 1.0, since) for kind in AreaKind]
    write_areas(tmp_path / "out.gpkg", areas, kinds=list(AreaKind), at=NOW)
    return tmp_path / "out.gpkg"


def test_the_description_of_a_layer_says_the_moment(package: Path):
    described = "SELECT identifier, description FROM gpkg_contents WHERE table_name = 'comprehensive'"
    with closing(connect(package)) as file:
        assert file.execute(described).fetchone() == (
            "综合网格 comprehensive grids", "2026-03-16T02:00:00+00:00 时有效 in force then",
        )  # fmt: skip


def test_the_version_is_one_that_older_programs_know(package: Path):
    with closing(connect(package)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (10200,)


def test_each_layer_has_one_default_style_in_the_table_that_qgis_looks_in(package: Path):
    wanted = (
        "SELECT styleQML, useAsDefault FROM layer_styles"
        " WHERE f_table_catalog = '' AND f_table_schema = '' AND f_table_name = ? AND f_geometry_column = 'geom'"
    )
    with closing(connect(package)) as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(layer_styles)")]
        styles = {kind: file.execute(wanted, (kind.value,)).fetchall() for kind in AreaKind}
        registered = file.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'").fetchall()
    assert columns == [
        "id", "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML",
        "styleSLD", "useAsDefault", "description", "owner", "ui", "update_time",
    ]  # fmt: skip
    assert registered == [("attributes",)]
    for kind, found in styles.items():
        assert found == [(style_of(kind, ["school"] if kind is AreaKind.SPECIALISED else []), 1)]


@pytest.mark.parametrize("kind", list(AreaKind))
def test_every_style_has_symbols_labels_and_chinese_headings(kind: AreaKind):
    root = ElementTree.fromstring(style_of(kind, ["school"]))
    symbols = {symbol.get("name") for symbol in root.iter("symbol")}
    assert symbols == ({"0", "1"} if kind is AreaKind.SPECIALISED else {"0"})
    label = root.find("labeling/settings/text-style").get("fieldName")
    assert ('"name"' in label, '"code"' in label) == (True, kind is AreaKind.COMPREHENSIVE)
    aliases = {one.get("field"): one.get("name") for one in root.iter("alias")}
    assert aliases == {column.name: column.heading for column in columns_of(kind)}
    filled = {one.get("value") for one in root.iter("Option") if one.get("name") == "style"}
    assert filled == ({"solid"} if kind in (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED) else {"no"})


def test_specialised_grids_have_a_category_for_each_domain_and_one_for_the_rest():
    root = ElementTree.fromstring(style_of(AreaKind.SPECIALISED, ["school", 'a "b" & <c>']))
    assert root.find("renderer-v2").get("attr") == "domain"
    categories = [(one.get("value"), one.get("label"), one.get("symbol")) for one in root.iter("category")]
    assert categories == [
        ("school", "学校 school", "0"), ('a "b" & <c>', 'a "b" & <c>', "1"), ("", "其他 other", "2"),
    ]  # fmt: skip
    fills = [one.get("value") for one in root.iter("Option") if one.get("name") == "color"]
    assert len(fills) == 3 and fills[0] != fills[1] == fills[2]
