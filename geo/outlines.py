"""Outlines as points meet them: which ones cover a point, and how far it is to their borders.

The inside of `geo.locate`, knowing nothing of codes and kinds: an outline is a position in an array. To be covered
is exact: GEOS decides on which side of a line a point lies without rounding, and a point on the line is covered.

Distances are metres on a plane on which a degree of latitude is M_PER_DEG and a degree of longitude is M_PER_DEG
times the cosine of the latitude *of the point*. That is the mean sphere: within 0.6 % of the ellipsoid anywhere
(17 cm in 30 m), and simple enough for SQL to compute the same: ST_Distance of both geometries after
ST_TransScale(…, -lon, -lat, M_PER_DEG * cos(radians(lat)), M_PER_DEG). Distances are compared in whole
millimetres, so that ties do not hang on the last bit: round(distance * 1000).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast, overload

import numpy as np
import shapely
from numpy.typing import NDArray
from rtree.index import Index
from shapely.geometry.base import BaseGeometry

from geo.crs import Floats

Positions = NDArray[np.intp]

MEAN_RADIUS_M = 6_371_008.8  # of the WGS-84 ellipsoid, (2a + b) / 3
M_PER_DEG = MEAN_RADIUS_M * math.pi / 180.0  # 111 195.08 m

_AT_ONCE = 1 << 20  # points times border segments held in memory together
_MM = 0.001
_FEW = 16  # outlines looked at before all boxes are sorted; between neighbours three or four decide


@overload
def millimetres(metres: float) -> float: ...
@overload
def millimetres(metres: Floats) -> Floats: ...
def millimetres(metres: Any) -> Any:
    """Whole millimetres, in which distances are compared; infinity stays."""
    return np.rint(metres * 1000.0)


def _ascending(values: Floats) -> Iterator[int]:
    """Yield the positions of the smallest values first; only the first few are cheap, and as a rule enough."""
    few = min(_FEW, len(values))
    first = np.argpartition(values, few - 1)[:few] if few else np.empty(0, dtype=np.intp)
    yield from first[np.argsort(values[first])].tolist()
    rest = np.setdiff1d(np.arange(len(values)), first, assume_unique=True)
    yield from rest[np.argsort(values[rest])].tolist()


def border_of(outline: BaseGeometry) -> BaseGeometry:
    """All rings of an outline as lines; unlike `shapely.boundary` also of a collection that mending has left."""
    lines = shapely.multilinestrings(shapely.get_rings(shapely.get_parts(outline)))
    return cast("BaseGeometry", lines)


class Borders:
    """The border segments of outlines, holes included, for measuring distances exactly as documented above."""

    def __init__(self, outlines: NDArray[np.object_]) -> None:
        parts, owner = shapely.get_parts(outlines, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        vertices, ring = shapely.get_coordinates(rings, return_index=True)
        steps = (ring[1:] == ring[:-1]) & (vertices[1:] != vertices[:-1]).any(axis=1)
        self._from, self._to = vertices[:-1][steps], vertices[1:][steps]
        self._first = np.searchsorted(owner[part[ring[:-1][steps]]], np.arange(len(outlines) + 1))

    def metres(self, position: int, lon: Floats, lat: Floats) -> Floats:
        """Return the distance from each point to the border of one outline; infinite when it has none."""
        first, last = int(self._first[position]), int(self._first[position + 1])
        found = np.full(lon.shape, np.inf)
        if first == last:
            return found
        at_once = max(1, _AT_ONCE // (last - first))
        for start in range(0, len(lon), at_once):
            some = slice(start, start + at_once)
            found[some] = self._nearest(slice(first, last), lon[some, None], lat[some, None])
        return found

    def _nearest(self, segments: slice, lon: Floats, lat: Floats) -> Floats:
        """Distance to the nearest of some segments; lon and lat are columns, segments run along the rows."""
        per_lon = np.cos(np.radians(lat)) * M_PER_DEG
        begin, end = self._from[segments], self._to[segments]
        x, y = (begin[:, 0] - lon) * per_lon, (begin[:, 1] - lat) * M_PER_DEG
        dx, dy = (end[:, 0] - begin[:, 0]) * per_lon, (end[:, 1] - begin[:, 1]) * M_PER_DEG
        along = np.clip(-(x * dx + y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        x += along * dx
        y += along * dy
        nearest: Floats = np.sqrt((x * x + y * y).min(axis=1))
        return nearest


@dataclass(frozen=True)
class Sorted:
    """Points in the order of their latitude, so that an outline's candidates are one slice. `at` leads back."""

    lon: Floats
    lat: Floats
    at: Positions

    @classmethod
    def of(cls, lon: Floats, lat: Floats, among: Positions) -> Sorted:
        """Sort the points at some positions; all of these must be finite."""
        order = among[np.argsort(lat[among])]
        return cls(lon[order], lat[order], order)

    def in_boxes(self, boxes: Floats) -> Iterator[tuple[int, Positions]]:
        """Yield each box that holds points, with their positions in this order; boxes are closed."""
        first = np.searchsorted(self.lat, boxes[:, 1], side="left")
        last = np.searchsorted(self.lat, boxes[:, 3], side="right")
        for box in np.flatnonzero(first < last):
            lon = self.lon[first[box] : last[box]]
            inside = np.flatnonzero((lon >= boxes[box, 0]) & (lon <= boxes[box, 2])) + first[box]
            if inside.size:
                yield int(box), inside


class Outlines:
    """An index of outlines. Build once, ask many times; safe to share between threads.

    It works on copies: the geometries handed in are neither kept nor changed.
    """

    def __init__(self, outlines: Sequence[BaseGeometry], *, measured: int) -> None:
        """`measured` says how many of them, from the first on, are asked for distances."""
        self._outlines: NDArray[np.object_] = shapely.force_2d(np.array(outlines, dtype=object))
        boxes = shapely.bounds(self._outlines).reshape(-1, 4)
        self.boxes: Floats = np.where(np.isnan(boxes), (np.inf, np.inf, -np.inf, -np.inf), boxes)
        self._borders = Borders(self._outlines[:measured])
        self._measured_boxes = self.boxes[:measured]
        entries = [(i, tuple(box), None) for i, box in enumerate(self.boxes.tolist()) if box[0] <= box[2]]
        self._tree = Index(iter(entries)) if entries else Index()
        self._one_asks = Lock()  # libspatialindex does not promise that readers may run side by side
        self._prepare()

    def _prepare(self) -> None:
        """Build GEOS's index of every outline now: it would be built by the first question, unsafely if two ask."""
        shapely.prepare(self._outlines)
        box = shapely.bounds(self._outlines).reshape(-1, 4)
        lon, lat = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
        shapely.intersects_xy(self._outlines, lon, lat)
        shapely.contains_xy(self._outlines, lon, lat)

    # one point

    def covering(self, lon: float, lat: float) -> list[int]:
        """Return the positions of all outlines that cover a point, border included, in ascending order."""
        with self._one_asks:
            near = sorted(self._tree.intersection((lon, lat, lon, lat)))
        covered = shapely.intersects_xy(self._outlines[near], lon, lat)
        return [position for position, yes in zip(near, covered, strict=True) if yes]

    def on_border(self, position: int, lon: float, lat: float) -> bool:
        """Tell whether a point that an outline covers lies on its border."""
        return not shapely.contains_xy(self._outlines[position], lon, lat)

    def border_m(self, position: int, lon: float, lat: float) -> float:
        """Return the metres from a point, inside or outside, to the border of a measured outline."""
        return float(self._borders.metres(position, np.array([lon]), np.array([lat]))[0])

    def nearest(self, lon: float, lat: float, *, but: int = -1) -> tuple[int, float] | None:
        """Return the measured outline whose border is nearest to a point, with the metres; the first of equals.

        `but` is one to leave out. Boxes are asked first: an outline cannot be nearer than its box.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # 1e300 is a number, if hardly a longitude
            return self._nearest(lon, lat, but)

    def _nearest(self, lon: float, lat: float, but: int) -> tuple[int, float] | None:
        least = self._box_metres(lon, lat)
        if 0 <= but < len(least):
            least[but] = np.inf
        best, best_m, best_mm = -1, math.inf, math.inf
        for i in _ascending(least):
            if not least[i] <= best_m + _MM or least[i] == np.inf:
                break
            metres = self.border_m(i, lon, lat)
            mm = millimetres(metres)
            if (mm, i) < (best_mm, best):
                best, best_m, best_mm = i, metres, mm
        return None if best < 0 else (best, best_m)

    def _box_metres(self, lon: float, lat: float) -> Floats:
        """Metres from a point to each measured box: 0 inside, infinite for an empty outline."""
        west, south, east, north = self._measured_boxes.T
        x = np.maximum(np.maximum(west - lon, lon - east), 0.0) * math.cos(math.radians(lat))
        y = np.maximum(np.maximum(south - lat, lat - north), 0.0)
        distance: Floats = np.hypot(x, y) * M_PER_DEG
        return distance

    # many points

    def sweep(self, points: Sorted, among: range) -> Iterator[tuple[int, Positions]]:
        """Yield some outlines in ascending order, each with the positions in `points` that it covers.

        Asking each outline for the points in its box is several times faster than asking each point.
        """
        for i, near in points.in_boxes(self.boxes[among.start : among.stop]):
            position = among.start + i
            covered = near[shapely.intersects_xy(self._outlines[position], points.lon[near], points.lat[near])]
            if covered.size:
                yield position, covered

    def off_border(self, position: int, points: Sorted, covered: Positions) -> NDArray[np.bool_]:
        """Tell which of the points that an outline covers lie inside it, not on its border."""
        return shapely.contains_xy(self._outlines[position], points.lon[covered], points.lat[covered])

    def nearest_within(self, points: Sorted, metres: float) -> NDArray[np.intp]:
        """Return for each point the measured outline whose border is nearest and within `metres`, or -1.

        The same answer as `nearest` gives. Only points in the box of an outline grown by that distance are tried,
        of these only those that GEOS finds near in degrees, and only what then remains is measured.
        """
        best = np.full(points.lon.shape, -1, dtype=np.intp)
        best_mm = np.full(points.lon.shape, round(metres * 1000.0) + 0.5)  # a whole millimetre at most
        grown = self._grown(metres)
        for position, in_box in points.in_boxes(grown):
            reach = grown[position, 2] - self._measured_boxes[position, 2]
            near = self._dwithin(position, points, in_box, reach)
            mm = millimetres(self._borders.metres(position, points.lon[near], points.lat[near]))
            closer = mm < best_mm[near]
            best[near[closer]], best_mm[near[closer]] = position, mm[closer]
        return best

    def _grown(self, metres: float) -> Floats:
        """The measured boxes, wider by at least so many metres on every side; east and west by no less than north."""
        lat = (metres + _MM) / M_PER_DEG
        furthest = np.minimum(np.abs(self._measured_boxes[:, 1::2]).max(axis=1, initial=0.0) + lat, 89.9)
        lon = lat / np.cos(np.radians(furthest))
        grown: Floats = self._measured_boxes + np.column_stack((-lon, 0 * lon - lat, lon, 0 * lon + lat))
        return grown

    def _dwithin(self, position: int, points: Sorted, near: Positions, degrees: float) -> Positions:
        """Keep the points within so many degrees of the border: a border of its own, so that preparing it is safe."""
        border = border_of(self._outlines[position])
        shapely.prepare(border)
        return near[shapely.dwithin(border, shapely.points(points.lon[near], points.lat[near]), degrees)]
