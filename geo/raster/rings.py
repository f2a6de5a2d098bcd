"""The rings of many outlines in a row, taken out of Shapely without a geometry made of every ring."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType
from shapely.geometry.base import BaseGeometry

from geo.raster.compiling import compiled

Floats = NDArray[np.float64]
Lists = NDArray[np.int64]

_BLOCK = 1024  # outlines
_POLYGON, _MULTIPOLYGON = GeometryType.POLYGON.value, GeometryType.MULTIPOLYGON.value


class Rings(NamedTuple):
    """Outlines as rings. `xy` holds x and y of all coordinates by turns.

    first: where in the coordinates each ring begins, and the last one ends; of: the same of each outline in the rings;
    boxes: west, south, east, north of each outline, (inf, inf, -inf, -inf) of an empty one.
    """

    xy: Floats
    first: Lists
    of: Lists
    boxes: Floats


def rings_of(outlines: Sequence[BaseGeometry]) -> Rings:
    """Return the rings of polygons and collections of them; what else is in a collection is left out.

    Raises ValueError where a coordinate is no number.
    """
    shapes = np.array(outlines, dtype=object)
    for at in np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (_POLYGON, _MULTIPOLYGON))):
        parts = shapely.get_parts(shapely.get_parts(shapes[at]))
        shapes[at] = shapely.multipolygons(parts[shapely.get_type_id(parts) == _POLYGON])
    counts = shapely.get_num_coordinates(shapes)
    xy, simple, boxes = _taken_out(shapes, _begins(counts))
    if np.isnan(boxes).any():
        raise ValueError("an outline has a coordinate that is no number")
    several = np.flatnonzero(~simple)
    parts, outline = shapely.get_parts(shapes[several], return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    how_many = simple.astype(np.int64)
    how_many[several] = np.bincount(outline[part], minlength=len(several))
    alone = np.repeat(simple, how_many)
    lengths = np.empty(len(alone), np.int64)
    lengths[alone], lengths[~alone] = counts[simple], shapely.get_num_coordinates(rings)
    return Rings(xy, _begins(lengths), _begins(how_many), boxes)


def _taken_out(shapes: NDArray[np.object_], first: Lists) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Return the coordinates of outlines, and what `_simple` says of these.

    By the block, so that the processor's cache holds what Shapely hands out, and with one thread taking out while
    another looks at what the first has taken.
    """
    xy, simple, boxes = np.empty(2 * first[-1]), np.empty(len(shapes), np.bool_), np.empty((len(shapes), 4))

    def look(begin: int, end: int) -> None:
        simple[begin:end], boxes[begin:end] = _simple(xy, first[begin : end + 1])

    with ThreadPoolExecutor(1) as other:
        looks = []
        for begin in range(0, len(shapes), _BLOCK):
            end = min(begin + _BLOCK, len(shapes))
            xy[2 * first[begin] : 2 * first[end]] = shapely.get_coordinates(shapes[begin:end]).reshape(-1)
            looks.append(other.submit(look, begin, end))
        for each in looks:
            each.result()
    return xy, simple, boxes


def _begins(counts: NDArray[np.integer[Any]]) -> Lists:
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))


@compiled
def _simple(xy: Floats, first: Lists) -> tuple[NDArray[np.bool_], Floats]:
    """Which outlines are one ring for certain, and the box of each; NaN where a coordinate is no number.

    A ring ends where it began: an outline whose first point returns only as its last has no other ring.
    """
    n = first.shape[0] - 1
    simple, boxes = np.empty(n, np.bool_), np.empty((n, 4))
    for outline in range(n):
        begin, end = first[outline], first[outline + 1]
        west, south, east, north, nothing, back = np.inf, np.inf, -np.inf, -np.inf, 0.0, 0
        for at in range(begin, end):
            x, y = xy[2 * at], xy[2 * at + 1]
            west, east, south, north = min(west, x), max(east, x), min(south, y), max(north, y)
            nothing += (x - x) + (y - y)
            back += x == xy[2 * begin] and y == xy[2 * begin + 1]
        simple[outline] = back == 2 and xy[2 * begin] == xy[2 * end - 2] and xy[2 * begin + 1] == xy[2 * end - 1]
        boxes[outline] = west + nothing, south + nothing, east + nothing, north + nothing
    return simple, boxes
