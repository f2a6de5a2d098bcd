"""A layer as its file holds it, before anything is transformed: what the readers of the formats hand over."""

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from geo.sentences import Sentence, passed_on, say
from importers.dbf import Value
from importers.report import Problem

Shapes = NDArray[np.object_]
UNREADABLE = (CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError)
"""What pyogrio raises on files that GDAL cannot make sense of."""


@dataclass(frozen=True)
class DeclaredCrs:
    """The coordinate system a file names: `by` which part, `text` as EPSG code or WKT."""

    by: Sentence
    text: str


@dataclass
class RawLayer:
    """Columns, rows and outlines in the file's own coordinates; row n is `rows[n - 1]` with `outlines[n - 1]`."""

    name: str
    columns: tuple[str, ...]
    rows: list[dict[str, Value]]
    outlines: Shapes
    encoding: str | None = None
    crs: DeclaredCrs | None = None
    notes: list[Sentence] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    degrees_by_format: bool = False
    """The format itself promises WGS-84 degrees (GeoJSON): nothing to warn of where nothing is declared."""


def outlines_from_wkb(wkb: NDArray[Any]) -> tuple[Shapes, list[Problem]]:
    """Return shapely geometries without Z and M, and what had to be done or left: rings closed, shapes unreadable."""
    with np.errstate(invalid="ignore"):  # a corner that is NaN is for the check of outlines to report
        outlines: Shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
    problems = []
    for index in np.flatnonzero([shape is None and raw is not None for shape, raw in zip(outlines, wkb, strict=True)]):
        closed = shapely.from_wkb(wkb[index], on_invalid="fix")
        has_ground = closed is not None and closed.area > 0
        outlines[index] = closed if has_ground else None
        problems.append(_closed(int(index) + 1) if has_ground else _unreadable(int(index) + 1))
    deep = shapely.get_coordinate_dimension(outlines) > 2
    outlines[deep] = shapely.force_2d(outlines[deep])
    return outlines, problems


def _closed(row: int) -> Problem:
    said = say("a ring did not end where it began; it was closed")
    return Problem(row, "outline", "ring-not-closed", said, "warn")


def _unreadable(row: int) -> Problem:
    said = say("no outline can be made of it: a ring has too few corners, or it is no kind of shape known here")
    return Problem(row, "outline", "outline-unreadable", said)


@contextmanager
def reader_warnings() -> Iterator[list[str]]:
    """Collect what GDAL warns of while reading, without our paths; the list is filled when the block ends."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    said.extend(dict.fromkeys(without_paths(str(warning.message)) for warning in caught))


def reader_fault(fault: Exception) -> Sentence:
    """Pass on why a library could not read a file, to stand within a sentence."""
    return passed_on(without_paths(str(fault)).rstrip("."))


def reader_problems(said: Iterable[str], *, expected: tuple[str, ...]) -> list[Problem]:
    """Pass on what a library warned of, but for what is `expected`."""
    told = (words for words in said if not words.startswith(expected))
    return [Problem(None, None, "reader-warns", passed_on(words), "warn") for words in told]


def without_paths(message: str) -> str:
    """Leave only the name of any file in a reader's message: a clerk need not know our folders."""
    return re.sub(r"(?:/[^\s'\":,;]+)+/", "", message).strip()
