"""Writing areas to a file of a format that its name says: the whole file, or none.

A file is made in a folder of its own beside its place and moved there when it is complete, so that a broken-off
export leaves what was there before.
"""

import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from geo.codes import SPOKEN, AreaKind
from geo.exports import geopackage, shapefile
from geo.exports.areas import ExportedArea
from geo.exports.dbf import Encoding
from geo.exports.errors import EncodingUnwanted, NothingInForce, OneKindOnly, UnknownEnding
from geo.exports.geojson import write_geojson
from geo.sentences import listed, say

Layers = Iterable[tuple[AreaKind, Iterator[ExportedArea]]]
Counts = dict[AreaKind, int]


def check_wanted(out: Path, kinds: Collection[AreaKind], encoding: Encoding = "utf-8") -> None:
    """Raise UnknownEnding, OneKindOnly or EncodingUnwanted where such a file cannot be: before anything is read."""
    ending = out.suffix.casefold()
    if ending not in _WRITERS:
        said = say("“{name}” must end in {endings}.", name=out.name, endings=listed(_WRITERS))
        raise UnknownEnding(said)
    if ending == ".geojson" and len(kinds) != 1:
        raise OneKindOnly(say("A GeoJSON holds areas of one kind: say which, or write a GeoPackage (.gpkg)."))
    if ending != ".zip" and encoding != "utf-8":
        raise EncodingUnwanted(say("A {ending} file is always UTF-8: only a shapefile has a choice.", ending=ending))


def write_areas(
    out: Path, areas: Iterable[ExportedArea], *, kinds: Collection[AreaKind], at: datetime, encoding: Encoding = "utf-8"
) -> Counts:
    """Write areas, kind by kind as `areas_for_export` yields them, and return how many there are of each kind.

    `kinds` are those wanted, `at` is the moment that the file names. Whatever is at `out` is replaced. Raises
    ExportError, or OSError where the place cannot be written; `out` is then as it was.
    """
    check_wanted(out, kinds, encoding)
    with draft_of(out) as draft:
        layers = groupby(areas, key=attrgetter("kind"))
        counts = _WRITERS[out.suffix.casefold()](draft, layers, at, encoding)
        if not counts:
            raise _nothing(kinds, at)
    return counts


@contextmanager
def draft_of(out: Path) -> Iterator[Path]:
    """Yield where to write; move what is there to `out` unless an error is raised."""
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".export-") as folder:
        draft = Path(folder) / f"draft{out.suffix.casefold()}"
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(out)


def _nothing(kinds: Collection[AreaKind], at: datetime) -> NothingInForce:
    moment = f"{at:%Y-%m-%d %H:%M}"
    if len(kinds) != 1:
        return NothingInForce(say("No area was in force at {moment}.", moment=moment))
    (kind,) = kinds
    return NothingInForce(say("No {kind} was in force at {moment}.", kind=SPOKEN[kind], moment=moment))


def _as_geojson(draft: Path, layers: Layers, at: datetime, _encoding: Encoding) -> Counts:
    return {kind: write_geojson(draft, kind, areas, at=at) for kind, areas in layers}


def _as_geopackage(draft: Path, layers: Layers, at: datetime, _encoding: Encoding) -> Counts:
    return {kind: geopackage.write_layer(draft, kind, areas, at=at) for kind, areas in layers}


def _as_shapefiles(draft: Path, layers: Layers, at: datetime, encoding: Encoding) -> Counts:
    written = [shapefile.write_shapefile(draft.parent, kind, areas, at=at, encoding=encoding) for kind, areas in layers]
    if written:
        shapefile.pack(draft, written, at=at, encoding=encoding)
    return {one.kind: one.count for one in written}


_WRITERS: dict[str, Callable[[Path, Layers, datetime, Encoding], Counts]] = {
    ".gpkg": _as_geopackage,
    ".geojson": _as_geojson,
    ".zip": _as_shapefiles,
}
