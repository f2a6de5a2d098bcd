"""A layer of areas as an office sends it: a shapefile, a zip of one, a GeoPackage or a GeoJSON.

What comes out is in WGS-84, one outline per row, rows as they are numbered in the file. Nothing is dropped and no
outline is judged: a row without a usable one keeps its place, and what was detected on the way is stated.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import shapely

from geo.crs import Bounds
from geo.sentences import Sentence, join, say
from importers.archives import refuse_foreign_archive, unpacked_layer
from importers.coordinates import AUTO, Placed, place
from importers.dbf import Value
from importers.errors import (
    FileEmpty,
    FileMissing,
    NoLayer,
    NoOutlines,
    NotAreas,
    PartMissing,
    ReadError,
    UnknownFormat,
    UnsupportedFormat,
)
from importers.geofiles import read_geojson, read_geopackage
from importers.rawlayer import RawLayer, Shapes
from importers.report import Detected, Problem
from importers.shapefile import read_shapefile

READABLE = (".shp", say(".zip (of a shapefile)"), ".gpkg", ".geojson")


@dataclass(frozen=True)
class Layer:
    """A layer read. Row n (as a person counts, from 1) is `rows[n - 1]` with `outlines[n - 1]`.

    `outlines` are WGS-84 (lon, lat) without Z, as they were drawn: maybe invalid, empty or None, a corner that is no
    coordinate infinite, here and there a line or a point. Of a None that stands for an unreadable outline, and of
    a ring that was closed, `problems` tells (field “outline”).
    """

    file: str
    columns: tuple[str, ...]
    rows: list[dict[str, Value]]
    outlines: Shapes
    detected: Detected
    problems: list[Problem]

    def __len__(self) -> int:
        return len(self.rows)


def read_layer(
    path: Path | str,
    *,
    encoding: str = AUTO,
    crs: str = AUTO,
    datum: str | None = None,
    layer: str | None = None,
    county_box: Bounds | None = None,
) -> Layer:
    """Read the one layer of areas in a file.

    `county_box` is where the areas must lie, as (west, south, east, north) in WGS-84: it tells coordinate systems
    apart and finds out a false one. `datum` declares degrees to be gcj02 or bd09. Raises ReadError.
    """
    path = Path(path)
    _check(path)
    zipped = path.suffix.casefold() == ".zip"
    with unpacked_layer(path) if zipped else nullcontext(path) as inside:
        raw = _read(inside, encoding, layer)
    try:
        _require_areas(path, raw)
        placed = place(raw, file=path, crs=crs, datum=datum, county_box=county_box)
    except ReadError as refusal:
        refusal.found = tuple(raw.problems)
        raise
    problems = sorted([*raw.problems, *placed.problems], key=lambda problem: problem.row or 0)
    return Layer(path.name, raw.columns, raw.rows, placed.outlines, _detected(raw, placed), problems)


def _check(path: Path) -> None:
    if not path.is_file():
        raise FileMissing(path)
    if path.stat().st_size == 0:
        raise FileEmpty(path)
    refuse_foreign_archive(path)


def _read(path: Path, encoding: str, layer: str | None) -> RawLayer:
    match path.suffix.casefold():
        case ".shp":
            return read_shapefile(path, encoding=encoding)
        case ".gpkg":
            return read_geopackage(path, layer=layer)
        case ".geojson" | ".json":
            return read_geojson(path, encoding=encoding)
        case ".dbf" | ".shx" | ".prj" | ".cpg" as part:
            raise PartMissing(path, part=".shp", consequence=say("a {part} is of no use", part=part))
        case suffix if suffix in _FOREIGN:
            advice = say("Export a GeoPackage or a shapefile")
            raise UnsupportedFormat(path, format=_FOREIGN[suffix], advice=advice)
        case _:
            raise UnknownFormat(path, known=READABLE)


_FOREIGN: Mapping[str, Sentence] = {
    **dict.fromkeys((".kml", ".kmz"), say("a Google Earth file")),
    ".gdb": say("an ESRI geodatabase"),
    **dict.fromkeys((".tab", ".mif"), say("a MapInfo file")),
    **dict.fromkeys((".dwg", ".dxf"), say("a drawing")),
    **dict.fromkeys((".csv", ".xlsx", ".xls"), say("a table without outlines")),
}


def _require_areas(path: Path, raw: RawLayer) -> None:
    """Raise a ReadError unless some row has ground: single rows without are the checker's to report."""
    if not len(raw.outlines):
        raise NoLayer(path, reason=say("it has no rows"))
    kinds = {int(kind) for kind in shapely.get_type_id(raw.outlines[~shapely.is_empty(raw.outlines)])} - {_NONE}
    if kinds & {_POLYGON, _MULTIPOLYGON, _COLLECTION}:
        return
    if kinds:
        raise NotAreas(path, kinds=join("{one} and {other}", sorted({_KINDS[kind] for kind in kinds})))
    raise NoOutlines(path, rows=len(raw.outlines))


_NONE, _POLYGON, _MULTIPOLYGON, _COLLECTION = -1, 3, 6, 7
_KINDS = {
    0: say("points"),
    **dict.fromkeys((1, 2), say("lines")),
    4: say("groups of points"),
    5: say("groups of lines"),
}


def _detected(raw: RawLayer, placed: Placed) -> Detected:
    return Detected(
        encoding=raw.encoding,
        crs=placed.crs,
        datum=placed.datum,
        layer=raw.name,
        notes=(*raw.notes, *placed.notes),
    )
