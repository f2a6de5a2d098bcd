"""Shapefiles: several files that belong together, of which any may be missing, misnamed or lying.

Outlines are read by GDAL, attributes by importers.dbf. GDAL works on links in a folder of our own, under lower-case
names, so that a missing index can be rebuilt without writing beside the clerk's files.
"""

import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pyogrio
from numpy.typing import NDArray

from geo.sentences import say
from importers.archives import LAYER_PARTS
from importers.dbf import read_dbf
from importers.encodings import AUTO, choose_encoding, declared_by_cpg, declared_by_language_byte
from importers.errors import FileDamaged, FileMissing, NotAreas, PartMissing
from importers.rawlayer import (
    UNREADABLE,
    DeclaredCrs,
    RawLayer,
    outlines_from_wkb,
    reader_fault,
    reader_problems,
    reader_warnings,
)
from importers.report import Problem

_SHAPES = {
    **dict.fromkeys((1, 11, 21), say("points")),
    **dict.fromkeys((8, 18, 28), say("groups of points")),
    **dict.fromkeys((3, 13, 23), say("lines")),
    31: say("multipatches (three-dimensional surfaces)"),
}
_POLYGONS = (5, 15, 25)
_NULL = 0
_EXPECTED_OF_GDAL = ("Measured (M) geometry types", "Non closed ring detected")
"""Warnings that say nothing new: Z and M are always left out, and unclosed rings are reported by row."""


def read_shapefile(path: Path, *, encoding: str = AUTO) -> RawLayer:
    """Read a .shp with whatever of .shx, .dbf, .prj and .cpg lies beside it. Raises ReadError."""
    parts = parts_beside(path)
    if ".shp" not in parts:
        without = PartMissing(path, part=".shp", consequence=say("there are no outlines"))
        raise without if parts else FileMissing(path)
    _check_kind(path, parts[".shp"])
    wkb, warned = _read_outlines(path, parts)
    outlines, mended = outlines_from_wkb(wkb)
    layer = RawLayer(path.stem, (), [{} for _ in outlines], outlines, problems=[*warned, *mended])
    if ".shx" not in parts:
        layer.notes.append(say("the index (.shx) was missing; it was rebuilt from the outlines"))
    if ".dbf" in parts:
        _add_attributes(layer, parts, encoding)
    else:
        said = say("the shapefile has no .dbf, so its outlines have no codes and no names")
        layer.problems.append(Problem(None, None, "dbf-missing", said, "warn"))
    if ".prj" in parts and (text := parts[".prj"].read_bytes().decode("utf-8", "replace").strip("\ufeff\0 \r\n\t")):
        layer.crs = DeclaredCrs(say(".prj"), text)
    return layer


def parts_beside(path: Path) -> dict[str, Path]:
    """Return the files of one shapefile by lower-case ending, whatever the case of their names."""
    if not path.parent.is_dir():
        return {}
    alike = (found for found in path.parent.iterdir() if found.stem.casefold() == path.stem.casefold())
    parts = {found.suffix.casefold(): found for found in sorted(alike, reverse=True) if found.is_file()}
    return {suffix: parts[suffix] for suffix in LAYER_PARTS if suffix in parts}


def _check_kind(path: Path, shp: Path) -> None:
    """Look at the header before GDAL does: is it a .shp, and does it hold polygons?"""
    with shp.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or struct.unpack_from(">i", header)[0] != 9994:
        raise FileDamaged(path, format=say("a shapefile"), reason=say("its .shp does not begin as one"))
    kind = struct.unpack_from("<i", header, 32)[0]
    if kind in _SHAPES:
        raise NotAreas(path, kinds=_SHAPES[kind])
    if kind not in (*_POLYGONS, _NULL):
        reason = say("it holds shapes of the unknown kind {kind}", kind=kind)
        raise FileDamaged(path, format=say("a shapefile"), reason=reason)


def _read_outlines(path: Path, parts: Mapping[str, Path]) -> tuple[NDArray[Any], list[Problem]]:
    """Return each shape as WKB, in the order of the file, and what GDAL warned of."""
    restoring = nullcontext() if ".shx" in parts else _restoring_index()
    with _own_links(parts) as shp, restoring, reader_warnings() as said:
        try:
            wkb = pyogrio.raw.read(shp, columns=[], force_2d=True, encoding="ISO-8859-1")[2]
        except UNREADABLE as fault:
            raise FileDamaged(path, format=say("a shapefile"), reason=reader_fault(fault)) from None
    return wkb, reader_problems(said, expected=_EXPECTED_OF_GDAL)


@contextmanager
def _own_links(parts: Mapping[str, Path]) -> Iterator[Path]:
    """Link the outlines and the index into a folder of ours, and yield the .shp there.

    The .dbf stays away: GDAL would skip the records deleted there, and stumble over what importers.dbf can read.
    """
    with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
        for suffix in (".shp", ".shx"):
            if suffix in parts:
                (Path(folder) / f"layer{suffix}").symlink_to(parts[suffix].resolve())
        yield Path(folder) / "layer.shp"


@contextmanager
def _restoring_index() -> Iterator[None]:
    """Let GDAL rebuild a missing .shx; the option counts for the whole process, so it is put back."""
    before = pyogrio.get_gdal_config_option("SHAPE_RESTORE_SHX")
    pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": before})


def _add_attributes(layer: RawLayer, parts: Mapping[str, Path], wanted: str) -> None:
    """Fill in columns and rows from the .dbf; a record that is marked there as deleted goes with its outline."""
    dbf, problems = read_dbf(parts[".dbf"])
    declared = declared_by_language_byte(dbf.language_byte)
    if ".cpg" in parts:
        declared = declared_by_cpg(parts[".cpg"].read_bytes())
    decided = choose_encoding(list(dbf.texts()), file=parts[".shp"], wanted=wanted, declared=declared)
    columns = dbf.columns(decided.encoding)
    outlines = len(layer.outlines)
    both = [index for index in dbf.kept() if index < outlines]
    lonely = range(dbf.present, outlines)
    if outlines != dbf.present:
        said = say(
            "{outlines} outlines in the .shp, {records} records in the .dbf: the two do not belong together",
            outlines=outlines, records=dbf.present,
        )  # fmt: skip
        problems.append(Problem(None, None, "parts-disagree", said))
    if deleted := min(outlines, dbf.present) - len(both):
        left_out = say("{count} records are marked as deleted in the .dbf and were left out", count=deleted)
        layer.notes.append(left_out)
    layer.rows = [dict(zip(columns, row, strict=True)) for row in dbf.rows(both, decided.encoding)]
    layer.rows += [dict.fromkeys(columns) for _ in lonely]
    layer.outlines = layer.outlines[[*both, *lonely]]
    layer.columns, layer.encoding = columns, decided.encoding
    layer.notes.append(decided.note)
    layer.problems += [*problems, *decided.warnings]
