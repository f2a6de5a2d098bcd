"""Files of areas with one trouble each, for a county of which one township is known (`make_county`)."""

import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pandas
import pyogrio
import shapely
from shapely.geometry import LineString, Point, Polygon, box
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.crs import from_wgs84
from tests.factories import make_area, make_ladder
from tests.importers.shapefiles import Ring, square, write_shapefile, zipped

Make = Callable[[Path], Path]

NEW = "3299010010010"
ABROAD = square(10.0, 50.0)
NAMED = "code=网格编码,name=网格名称"
AND_PARENT = f"{NAMED},parent=上级编码"
FREE = box(119.02, 33, 119.03, 33.01)
GRID = square(119.021, 33.001, 0.008)
OPEN_RING = GRID[:-1]
BOW_TIE = Polygon([(119.042, 33.001), (119.048, 33.005), (119.048, 33.001), (119.042, 33.005)])
_TOP, _NOTCH = (119.045, 33.01), (119.04500001, 32.9999999)
SLIP = Polygon([(119.04, 33), (119.05, 33), (119.05, 33.01), _NOTCH, _TOP, (119.04, 33.01)])


def make_county(db: Session) -> None:
    """The county, and the township, village and two grids of `make_ladder`."""
    make_area(db, "329901", AreaKind.COUNTY, box(118.9, 32.9, 119.2, 33.1))
    make_ladder(db)


def shp(*outlines: Any, **parts: Any) -> Make:
    """A zip with a shapefile; its codes and names are right unless `records` says otherwise."""
    rings = outlines or ([GRID],)
    parts = {"records": [(f"{NEW}{at:02d}", f"第{at}网格", "300") for at in range(11, 11 + len(rings))]} | parts
    return lambda folder: zipped(write_shapefile(folder / "网格", rings, **parts))


def geojson(*rows: dict[str, Any], encoding: str = "utf-8", without: str = "") -> Make:
    """Rows of properties, with `outline` among them; what a row does not say is right."""
    features = []
    for at, row in enumerate(rows, 11):
        cells = {"网格编码": f"{NEW}{at}", "网格名称": "新网格", "outline": FREE} | row
        outline = cells.pop("outline")
        geometry = json.loads(shapely.to_geojson(outline)) if outline is not None else None
        cells.pop(without, None)
        numbered = {"id": cells.pop("id")} if "id" in cells else {}
        features.append({"type": "Feature", "properties": cells, "geometry": geometry} | numbered)
    content = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    return written("网格.geojson", content.encode(encoding))


def written(name: str, content: bytes) -> Make:
    """A file with this content."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def archive(*names: str, content: bytes = b"") -> Make:
    """A zip with members of these names."""

    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "网格.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for name in names:
                packed.writestr(name, content)
        return folder / "网格.zip"

    return make


def geopackage(*layers: str, shapes: tuple[Any, ...] = (FREE,), rows: int = 1) -> Make:
    """A GeoPackage with these layers."""

    def make(folder: Path) -> Path:
        cells = {"网格编码": [f"{NEW}{at}" for at in range(11, 11 + len(shapes))], "网格名称": "一"}
        table = geopandas.GeoDataFrame(cells, geometry=list(shapes), crs="EPSG:4326")
        for layer in layers:
            table[:rows].to_file(folder / "网格.gpkg", layer=layer, engine="pyogrio")
        return folder / "网格.gpkg"

    return make


def metres(epsg: int, ring: Ring = GRID) -> Ring:
    """A ring in a projected system."""
    return [from_wgs84(lon, lat, f"EPSG:{epsg}") for lon, lat in ring]


def encrypted(folder: Path) -> Path:
    """A zip whose members say that they have a password."""
    path = shp()(folder)
    content = bytearray(path.read_bytes())
    for found in re.finditer(rb"PK\x01\x02", bytes(content)):
        content[found.start() + 8] |= 1
    path.write_bytes(bytes(content))
    return path


def without_outlines(folder: Path) -> Path:
    """A GeoPackage with a table of names and nothing drawn."""
    pyogrio.write_dataframe(pandas.DataFrame({"名称": ["一"]}), folder / "网格.gpkg", layer="名册")
    return folder / "网格.gpkg"


_OWN = 'LOCAL_CS["County_own",UNIT["metre",1]]'

FAULTY: dict[str, list[tuple[Make, dict[str, Any]]]] = {
    "overlap": [(geojson({"outline": box(119.001, 33.001, 119.009, 33.009)}), {})],
    "outside-parent": [(geojson({"outline": box(119.015, 33, 119.03, 33.01)}), {})],
    "geometry-invalid": [
        (geojson({"outline": BOW_TIE}, {"outline": SLIP}, {"outline": Point(119, 33)}), {}),
        (geojson({"outline": BOW_TIE}), {"accept": ("geometry-invalid",)}),
    ],
    "geometry-null": [(geojson({}, {"outline": None}), {})],
    "geometry-empty": [(geojson({}, {"outline": Polygon()}), {})],
    "outline-unreadable": [(shp([GRID], [GRID[:2]]), {})],
    "ring-not-closed": [(shp([OPEN_RING]), {})],
    "code-missing": [(geojson({"网格编码": ""}), {})],
    "code-malformed": [
        (geojson(*({"网格编码": code} for code in (
            "32990100100101", f"{NEW}11000", "3.29901E+14", "A29901001001011", "3299 01", "3299;01", "3" * 70,
            "32990\u200e1", "329901.00",
        ))), {}),
        (geojson({"网格编码": "短"}), {"kind": "specialised", "domain": "school"}),
        (geojson({"网格编码": "短"}), {"kind": "village", "columns": NAMED}),
        (geojson({"网格编码": "短"}), {"kind": "township", "columns": NAMED}),
        (geojson({"网格编码": "短"}), {"kind": "county", "columns": NAMED}),
    ],
    "code-repeated": [(geojson({}, {"网格编码": f"{NEW}11"}), {})],
    "code-taken": [(geojson({"网格编码": f"{NEW}01", "户数": 7}), {"valid_from": "2026-01-01"})],
    "name-empty": [(geojson({"网格名称": " "}), {})],
    "parent-unknown": [
        (geojson({"上级编码": "329901001009"}, {"上级编码": "3.3E+12"}), {}),
        (geojson({"网格编码": "329901001009011"}), {}),
        (geojson({"网格编码": "329902", "上级编码": "32"}), {"kind": "county", "columns": AND_PARENT}),
    ],
    "parent-mismatch": [(geojson({"网格编码": "329902001001011", "上级编码": "329901001001"}), {})],
    "domain-missing": [(geojson({}), {"kind": "specialised"})],
    "domain-unwanted": [(geojson({}), {"domain": "school"})],
    "cannot-accept": [(geojson({}), {"accept": ("everything",)})],
    "not-a-number": [(geojson({"户数": "很多"}), {})],
    "not-a-whole-number": [(geojson({"户数": "3.5"}), {})],
    "ambiguous-number": [(geojson({"户数": "1,234"}), {})],
    "not-a-count": [(geojson({"户数": "-3"}), {})],
    "missing-column": [(geojson({}, without="网格名称"), {}), (shp(without=[".dbf"]), {})],
    "ambiguous-column": [(geojson({"网格-编码": "1"}), {})],
    "unknown-column": [(geojson({}), {"columns": "code=ABC,planet=网格名称"})],
    "crs-assumed": [(shp(crs=None), {})],
    "crs-guessed": [
        (shp([metres(4549)], crs=None), {}), (shp([[(y, x) for x, y in metres(4549)]], crs=None), {}),
    ],
    "crs-unknown": [
        (shp([metres(4549, ABROAD)], crs=None), {}),
        (shp([[(3e8, 3e8), (3e8, 4e8), (4e8, 4e8), (3e8, 3e8)]], crs=None), {}),
    ],
    "crs-unusable": [
        (shp([metres(4549)], crs=_OWN), {}),
        *((shp(), {"crs": crs}) for crs in ("Beijing 54", "BD09MC", "EPSG:999999", "EPSG:5773", "火星系")),
    ],
    "crs-implausible": [
        (shp([metres(4549)], crs=4547), {}), (shp([metres(4549)]), {}), (shp([ABROAD]), {}),
        (shp([[(y, x) for x, y in GRID]]), {}),
    ],
    "datum-conflict": [(shp([metres(4549)], crs=4549), {"datum": "gcj02"})],
    "datum-imprecise": [(shp([metres(2437)], crs=2437), {}), (shp([metres(2384)], crs=2384), {})],
    "prj-unreadable": [(shp(crs="<!DOCTYPE html><html><head>"), {})],
    "unknown-encoding": [(shp(), {"encoding": "klingon"})],
    "text-undecodable": [
        (shp(), {"encoding": "UTF-8"}),
        (shp(fields=((b"\xff\xff\xff", "C", 20), ("WGMC", "C", 20), ("HS", "N", 8))), {}),
    ],
    "text-implausible": [
        (shp(records=[(f"{NEW}11", "臺北市中正區", "3")], encoding="big5"), {}),
        (shp(fields=(("WGBM", "C", 20), ("臺北市", "C", 20), ("HS", "N", 8)), encoding="big5"), {}),
    ],
    "encoding-declared-wrongly": [
        (shp(cpg="UTF-8"), {}), (shp(cpg="<!DOCTYPE html>"), {}), (shp(cpg=" "), {}), (shp(language_byte=0x13), {}),
    ],
    "encoding-doubtful": [
        (shp(records=[(f"{NEW}11", "臺北市中正區", "3")], encoding="big5", cpg="Big5"), {}),
        (shp(records=[(f"{NEW}11", "Müllerweg", "3")], encoding="cp1252", cpg="1252"), {}),
    ],
    "text-cut": [
        (shp(records=[(f"{NEW}11", "A东风路社区第一综合网格区".encode("gbk")[:20], "1")]), {}),
        (shp(fields=(("WGBM", "C", 20), ("A网格名称之".encode("gbk")[:10], "C", 20), ("HS", "N", 8))), {}),
    ],
    "geojson-not-utf8": [(geojson({}, encoding="gb18030"), {})],
    "dbf-missing": [(shp(without=[".dbf"]), {})],
    "dbf-cut-off": [(shp(promised=5), {})],
    "parts-disagree": [(shp([GRID], [GRID], records=[(f"{NEW}11", "甲", "1")]), {})],
    "column-not-read": [(shp(fields=(("WGBM", "C", 20), ("WGMC", "C", 20), ("HS", "M", 8))), {})],
    "digits-lost": [
        (geojson({"序号": 320684101001001001}, {"序号": None}), {}),
    ],
    "part-missing": [
        (written("网格.dbf", b"x"), {}),
    ],
    "file-missing": [(lambda folder: folder / "网格.gpkg", {})],
    "file-empty": [(written("网格.zip", b""), {}), (written("网格.geojson", b"  "), {})],
    "file-damaged": [
        (written("网格.geojson", b'{"type": "Feat'), {}), (written("网格.geojson", b"[1]"), {}),
        (written("网格.geojson", b'{"type": "Other"}'), {}), (written("网格.geojson", b"\xef\xbb\xbf\xd6\xd0"), {}),
        (written("网格.gpkg", b"no database"), {}), (written("网格.gpkg", b"SQLite format 3\x00" + b"x" * 900), {}),
        (archive("a.shp", content=b"x"), {}), (shp(kind=77), {}),
        (archive("a.shp", "a.dbf", content=struct.pack(">i20xi", 9994, 50) + struct.pack("<i68x", 1000)), {}),
    ],
    "unknown-format": [(written("网格.doc", b"x"), {})],
    "unsupported-format": [
        *((written(f"网格{end}", b"x"), {}) for end in (".kml", ".gdb", ".tab", ".dwg", ".csv", ".rar", ".tar")),
        (written("网格.zip", b"7z\xbc\xaf\x27\x1c"), {}),
    ],
    "archive-damaged": [(written("网格.zip", b"this is no zip"), {})],
    "archive-encrypted": [(encrypted, {})],
    "archive-several": [(archive("a.shp", "b.shp"), {})],
    "archive-too-large": [
        (archive(*(f"{number}.shp" for number in range(10_001))), {}),
        (archive("a.shp", content=bytes(150 * 1024**2)), {}),
    ],
    "archive-unsafe": [(archive("../a.shp"), {})],
    "archive-without": [(archive("a.txt"), {}), (archive("a.zip"), {})],
    "no-layer": [(geojson(), {}), (geopackage("a", rows=0), {}), (without_outlines, {})],
    "several-layers": [(geopackage("a", "b"), {})],
    "not-polygons": [
        (shp(kind=1), {}), (shp(kind=3), {}), (shp(kind=8), {}), (shp(kind=31), {}),
        (geojson({"outline": Point(119, 33)}, {"outline": LineString([(119, 33), (119.1, 33)])}), {}),
    ],
    "no-outlines": [(geojson({"outline": None}), {})],
    "reader-warns": [(geojson({"id": 1}, {"id": 1}), {})],
}  # fmt: skip
"""Code → how to make files in which it is found, and the options they are checked with."""
