"""Layers in GeoPackage and GeoJSON, read by GDAL."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
from numpy.typing import NDArray

from geo.sentences import Sentence, listed, passed_on, say
from importers.dbf import Value
from importers.encodings import AUTO, DecodedAs, RawText, choose_encoding
from importers.errors import FileDamaged, FileEmpty, LayerMissing, NoLayer, SeveralLayers
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

_UNDEFINED_CRS = ("Undefined", "LOCAL_CS", "ENGCRS", "EngineeringCRS")
_GEOPACKAGE, _GEOJSON = say("a GeoPackage"), say("GeoJSON")
_UTF8_BOM = b"\xef\xbb\xbf"


def read_geopackage(path: Path, *, layer: str | None = None) -> RawLayer:
    """Read the one layer of a GeoPackage, or the one named. Its text is UTF-8 by definition."""
    with path.open("rb") as file:
        if not file.read(16).startswith(b"SQLite format 3"):
            raise FileDamaged(path, format=_GEOPACKAGE, reason=say("it does not begin as one"))
    read = _read(path, path, _GEOPACKAGE, layer)
    read.encoding = "UTF-8"
    return read


def read_geojson(path: Path, *, encoding: str = AUTO) -> RawLayer:
    """Read a GeoJSON file; text in GB18030, which the standard forbids and offices send, is read too."""
    content = path.read_bytes()
    if not content.strip():
        raise FileEmpty(path)
    with _in_utf8(path, content.removeprefix(_UTF8_BOM), encoding) as (readable, decided, problems):
        read = _read(path, readable, _GEOJSON, None)
    read.encoding = decided.encoding
    read.notes.append(decided.note)
    read.problems += problems
    if read.crs is not None and read.crs.text == "EPSG:4326":
        read.crs, read.degrees_by_format = None, True
    read.name = path.stem
    return read


@contextmanager
def _in_utf8(path: Path, content: bytes, wanted: str) -> Iterator[tuple[Path, DecodedAs, list[Problem]]]:
    """Yield the file, or a copy of it in UTF-8, with the encoding and why, and what to warn of."""
    decided = choose_encoding([RawText(content)], file=path, wanted=wanted)
    if decided.encoding == "UTF-8":
        yield path, decided, []
        return
    with tempfile.TemporaryDirectory(prefix="wangge-") as folder:
        copy = Path(folder) / "layer.geojson"
        copy.write_text(content.decode(decided.encoding), encoding="utf-8")
        said = say("GeoJSON must be UTF-8; this is {encoding}", encoding=decided.encoding)
        warning = Problem(None, None, "geojson-not-utf8", said, "warn")
        yield copy, decided, [warning, *decided.warnings]


def _read(path: Path, readable: Path, kind: Sentence, wanted: str | None) -> RawLayer:
    """Read one layer; `path` is what the clerk sent and `readable` what GDAL is given."""
    with reader_warnings() as said:
        try:
            name = _one_layer(path, pyogrio.list_layers(readable), wanted)
            # GDAL would turn texts that look like dates into dates
            options = {"DATE_AS_STRING": "YES"} if kind == _GEOJSON else {}
            meta, _, wkb, cells = pyogrio.raw.read(readable, layer=name, force_2d=True, **options)
        except UNREADABLE as fault:
            reason = _json_fault(readable) if kind == _GEOJSON else reader_fault(fault)
            raise FileDamaged(path, format=kind, reason=reason) from None
    if wkb is None:
        raise NoLayer(path, reason=say("“{name}” is a table without outlines", name=name))
    outlines, problems = outlines_from_wkb(wkb)
    columns = tuple(map(str, meta["fields"]))
    values = [_values(column, kind) for column, kind in zip(cells, meta["ogr_types"], strict=True)]
    problems += _lost_digits(columns, cells, meta["ogr_types"])
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)] or [{} for _ in outlines]
    warned = reader_problems(said, expected=("Measured (M)",))
    crs = str(meta["crs"] or "")
    declared = DeclaredCrs(say("the file"), crs) if crs and not any(name in crs for name in _UNDEFINED_CRS) else None
    return RawLayer(name, columns, rows, outlines, crs=declared, problems=[*problems, *warned])


def _one_layer(path: Path, layers: NDArray[Any], wanted: str | None) -> str:
    """Return the name of the layer wanted, or of the only one with outlines."""
    names = tuple(str(name) for name, _ in layers)
    if wanted is not None:
        if wanted not in names:
            raise LayerMissing(path, layer=wanted, layers=names)
        return wanted
    drawn = tuple(str(name) for name, kind in layers if kind is not None)
    if not drawn:
        without = say("its tables have no outlines ({tables})", tables=listed(names))
        raise NoLayer(path, reason=without if names else say("it is empty"))
    if len(drawn) > 1:
        raise SeveralLayers(path, layers=drawn)
    return drawn[0]


def _values(column: NDArray[Any], kind: str) -> list[Value]:
    """Return a column as plain Python values, what is missing as None.

    Whole numbers come as floats where one is missing; they are made whole again.
    """
    if column.dtype.kind == "M" and column.dtype != "datetime64[D]":
        column = column.astype("datetime64[ms]")
    values = [_value(value) for value in column.tolist()]
    if column.dtype.kind == "f" and kind.startswith("OFTInteger"):
        return [None if value is None else int(value) for value in values]  # type: ignore[arg-type]
    return values


def _lost_digits(columns: Sequence[str], cells: Sequence[NDArray[Any]], kinds: Sequence[str]) -> Iterator[Problem]:
    """Warn of whole numbers that were too long for the floats they came as."""
    for name, column, kind in zip(columns, cells, kinds, strict=True):
        if column.dtype.kind == "f" and kind.startswith("OFTInteger"):
            for row in np.flatnonzero(np.abs(column) >= _EXACT)[:1]:
                said = say(
                    "numbers of more than 15 digits beside empty cells lose their last digits; make the column text"
                )
                yield Problem(int(row) + 1, name, "digits-lost", said, "warn")


_EXACT = 2.0**53


def _value(value: Any) -> Value:
    if isinstance(value, datetime) or (isinstance(value, float) and np.isnan(value)):
        return None if isinstance(value, float) else value
    if value is None or isinstance(value, (str, int, float, bool, date)):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


def _json_fault(path: Path) -> Sentence:
    """Say where a JSON file breaks off, or that it is JSON but no GeoJSON."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as fault:
        why = passed_on(fault.msg)
        return say("line {line}, column {column}: {why}", line=fault.lineno, column=fault.colno, why=why)
    except (ValueError, RecursionError):
        return say("it is no JSON")
    kind = found.get("type") if isinstance(found, dict) else None
    if not kind:
        return say("it is JSON, but holds no features")
    return say("it is JSON, but of the kind “{kind}”", kind=str(kind))
