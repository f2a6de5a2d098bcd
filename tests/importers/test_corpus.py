"""Every shapefile of the corpus is read for what it is, or refused with a sentence that says why.

The corpus is the test suites of five shapefile libraries and the wards of eighteen towns; DIAGNOSTICS.csv says what
GDAL makes of each. Loading one wrongly without a word is the failure that counts here.
"""

import csv
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from importers import errors
from importers.archives import unpacked_layer
from importers.dbf import read_dbf
from importers.encodings import choose_encoding, declared_by_cpg, declared_by_language_byte
from importers.errors import ReadError
from importers.layers import Layer, read_layer
from importers.shapefile import parts_beside
from importers.values import as_text
from tests.conftest import SHARED_DATA

FILES = sorted((SHARED_DATA / "shapefiles").glob("*.zip"))
WARDS = sorted((SHARED_DATA / "wards").glob("*.zip"))
POLYGONS = {5, 15, 25, 0}

REFUSED_POLYGONS = {
    "mapshaper__166_c_utm": errors.CrsUnknown,
    "mapshaper__shapefile_two_states_merc_copy": errors.CrsUnknown,
    "mapshaper__shplib_anno": errors.CrsUnknown,
    "mapshaper__shplib_polygon": errors.CrsUnknown,
    "pyshp__shapefiles_latin1": errors.TextUndecodable,
    "pyshp__zip_blockgroups_multishapefile": errors.ArchiveHoldsSeveral,
    "rgeo-shapefile__invalid_cpg_encoding_test": errors.CrsUnknown,
    "rgeo-shapefile__missing_dbf_attributes_test": errors.TextImplausible,
    "rgeo-shapefile__missing_dbf_columns_test": errors.CrsUnknown,
    "rgeo-shapefile__ring_self_intersection_test": errors.CrsImplausible,
    "rgeo-shapefile__shapelib_testcases_test": errors.CrsUnknown,
    "rgeo-shapefile__shapelib_testcases_test0": errors.NoOutlines,
    "rgeo-shapefile__shapelib_testcases_test10": errors.CrsUnknown,
    "rgeo-shapefile__shapelib_testcases_test11": errors.CrsUnknown,
    "rgeo-shapefile__shapelib_testcases_test12": errors.CrsUnknown,
    "rgeo-shapefile__utf8_shapefile_utf8": errors.CrsUnknown,
    "shapefile-js__data_bad": errors.FileDamaged,
    "shapefile-js__zip_badzip": errors.ArchiveDamaged,
    "ca__csd_3526003_TOFE-WARDS-_2014-POLY": errors.CrsUnknown,
}

ENCODINGS = {
    "mapshaper__cpg_big5": "CP950",
    "mapshaper__ldid_chinese": "GB18030",
    "mapshaper__shapefile_geo_lines": "CP1252",
    "mapshaper__shapefile_latin1-property": "CP1252",
    "shapefile-js__data_codepage": "CP1250",
    "shapefile-js__zip_codepage": "CP1250",
    "shapefile-js__files_TM_WORLD_BORDERS_SIMPL-0.3": "CP1252",
    "shapefile-js__zip_TM_WORLD_BORDERS_SIMPL-0.3": "CP1252",
}
"""Of the files whose text is not UTF-8; each was looked at."""


def diagnosed() -> dict[str, dict[str, str]]:
    with (SHARED_DATA / "shapefiles" / "DIAGNOSTICS.csv").open(encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def read(path: Path) -> Layer | ReadError:
    try:
        return read_layer(path)
    except ReadError as refusal:
        return refusal


def by_name(path: Path) -> str:
    return path.stem[:60]


@contextmanager
def unpacked(path: Path) -> Iterator[dict[str, Path]]:
    with unpacked_layer(path) as shp:
        yield parts_beside(shp)


def records_in(parts: Mapping[str, Path]) -> tuple[int, int]:
    """Count the records of a .shp and the null shapes among them, by its index or by walking through it."""
    content = parts[".shp"].read_bytes()
    if ".shx" in parts:
        index = parts[".shx"].read_bytes()[100:]
        starts = [2 * struct.unpack_from(">i", index, at)[0] for at in range(0, len(index), 8)]
    else:
        starts = [100]
        while (after := starts[-1] + 8 + 2 * struct.unpack_from(">i", content, starts[-1] + 4)[0]) < len(content):
            starts.append(after)
    return len(starts), sum(struct.unpack_from("<i", content, start + 8)[0] == 0 for start in starts)


def names_in(path: Path) -> list[str]:
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def unpack_table(path: Path, folder: Path) -> Path | None:
    """Unpack the .dbf and .cpg of a zip, under one name."""
    for name in names_in(path):
        if name.casefold().endswith((".dbf", ".cpg")) and "blockgroups2" not in name:
            with zipfile.ZipFile(path) as archive:
                (folder / f"table{name[-4:].casefold()}").write_bytes(archive.read(name))
    return folder / "table.dbf" if (folder / "table.dbf").exists() else None


def alike(ours: str, gdals: object) -> bool:
    """Whether two readings of a cell are the same, numbers by value."""
    theirs = as_text(gdals)
    if ours.strip() == theirs.strip():
        return True
    try:
        return bool(np.isclose(float(ours), float(theirs), rtol=1e-12))
    except ValueError:
        return False


@pytest.mark.timeout(60)
@pytest.mark.parametrize("path", FILES + WARDS, ids=by_name)
def test_each_file_is_read_as_it_is_or_refused_with_a_sentence(path, shared_data):
    found = read(path)
    known = diagnosed().get(path.name, {})
    if isinstance(found, ReadError):
        if known.get("shptype") and int(known["shptype"]) not in POLYGONS:
            assert type(found) is errors.NotAreas
        else:
            assert type(found) is REFUSED_POLYGONS[path.stem]
        assert len(str(found)) > 40
        assert "wangge-" not in str(found)
        return
    assert path.stem not in REFUSED_POLYGONS
    with unpacked(path) as parts:
        rows, null = records_in(parts)
    assert len(found) == len(found.rows) == len(found.outlines) == rows
    assert sum(outline is None for outline in found.outlines) == null
    assert {outline.geom_type for outline in found.outlines if outline is not None} <= {"Polygon", "MultiPolygon"}
    assert found.detected.crs is not None
    assert any("coordinates read as" in note for note in found.detected.notes)
    assert shapely.total_bounds(found.outlines)[0] >= -180.000001
    if known.get("status") == "ok":
        assert rows == int(known["n"])
        assert null == int(known["null"])
        assert {outline.geom_type for outline in found.outlines if outline is not None} == set(
            known["types"].split("|")
        )
        assert sum(not shapely.is_valid(outline) for outline in found.outlines if outline is not None) == int(
            known["invalid"]
        )
    if known.get("epsg"):
        assert found.detected.crs == f"EPSG:{known['epsg']}"


@pytest.mark.parametrize("path", WARDS, ids=by_name)
def test_wards_lie_where_gdal_puts_them(path, shared_data):
    """Read by GDAL and transformed by pyproj from what the .prj says, the boxes are the same."""
    found = read(path)
    if isinstance(found, ReadError):
        assert path.stem in REFUSED_POLYGONS
        return
    with unpacked(path) as parts:
        frame = pyogrio.read_dataframe(parts[".shp"], encoding="utf-8")
    expected = frame.to_crs(4326).total_bounds
    assert np.abs(shapely.total_bounds(found.outlines) - expected).max() < 1e-5


@pytest.mark.timeout(60)
@pytest.mark.parametrize("path", FILES + WARDS, ids=by_name)
def test_each_table_says_the_same_as_gdal_reads_in_the_encoding_decided(path, shared_data):
    """The .dbf of points and lines counts too: what is decided about text does not hang on the shapes."""
    with tempfile.TemporaryDirectory() as folder:
        part = unpack_table(path, Path(folder))
        if part is None:
            assert not any(".dbf" in name.casefold() for name in names_in(path))
            return
        if path.stem == "shapefile-js__data_bad":
            with pytest.raises(errors.FileDamaged):
                read_dbf(part)
            return
        dbf, _ = read_dbf(part)
        declared = declared_by_language_byte(dbf.language_byte)
        if (cpg := part.with_suffix(".cpg")).exists():
            declared = declared_by_cpg(cpg.read_bytes())
        try:
            decided = choose_encoding(list(dbf.texts()), file=part, declared=declared).encoding
        except ReadError as refusal:
            assert path.stem in REFUSED_POLYGONS, refusal
            return
        assert decided == ENCODINGS.get(path.stem, "UTF-8")
        cpg.unlink(missing_ok=True)
        meta, _, _, cells = pyogrio.raw.read(part, encoding=decided, read_geometry=False, datetime_as_string=True)
        theirs = list(zip(*(column.tolist() for column in cells), strict=True))
        ours = [[as_text(value) for value in dbf.row(index, decided)] for index in dbf.kept()]
        assert list(dbf.columns(decided)) == list(meta["fields"])
        assert len(ours) == len(theirs) or not dbf.fields
        for mine, gdals in zip(ours, theirs, strict=False):
            assert [cell for cell in zip(mine, gdals, strict=True) if not alike(*cell)] == []
