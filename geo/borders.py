"""How far one point is from the borders of a raster's outlines, in metres on the plane of `geo.sphere`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from rtree.index import Index

from geo.raster.raster import Floats, Raster
from geo.sphere import M_PER_DEG

_MM = 0.001
_FEW = 16  # outlines looked at before all boxes are sorted; between neighbours three or four decide
_REACHES_M = 250.0, 4000.0
"""Around a point, what lies so near is tried before all boxes are."""


class Borders:
    """The border segments of outlines, holes included. Safe to share between threads."""

    def __init__(self, raster: Raster) -> None:
        self._raster = raster
        self._one_asks = Lock()  # libspatialindex does not promise that readers may run side by side

    def metres(self, position: int, lon: float, lat: float) -> float:
        """Return the metres from a point, inside or outside, to the border of one outline; infinite without one."""
        first, last = self._first[position], self._first[position + 1]
        arrays, steps = self._raster.arrays, self._steps[first : last - 1]
        per_lon = math.cos(math.radians(lat)) * M_PER_DEG
        x, y = (arrays.xs[first:last] - lon) * per_lon, (arrays.ys[first:last] - lat) * M_PER_DEG
        dx = (arrays.xs[first + 1 : last] - arrays.xs[first : last - 1])[steps] * per_lon
        dy = (arrays.ys[first + 1 : last] - arrays.ys[first : last - 1])[steps] * M_PER_DEG
        if not dx.size:
            return math.inf
        x, y = x[:-1][steps], y[:-1][steps]
        along = np.clip(-(x * dx + y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
        x += along * dx
        y += along * dy
        return math.sqrt((x * x + y * y).min())

    def nearest(self, lon: float, lat: float, *, but: int = -1) -> tuple[int, float] | None:
        """Return the outline whose border is nearest to a point, with the metres; in whole mm the first of equals.

        `but` is one to leave out. Boxes are asked first: an outline cannot be nearer than its box.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # 1e300 is a number, if hardly a longitude
            for reach in _REACHES_M:
                around = [position for position in self._around(lon, lat, reach) if position != but]
                best = self._best(lon, lat, ((position, 0.0) for position in around))
                if best is not None and best[1] <= reach:
                    return best
            return self._best(lon, lat, self._nearest_boxes(lon, lat, but))

    def _best(self, lon: float, lat: float, boxes: Iterable[tuple[int, float]]) -> tuple[int, float] | None:
        """The nearest of outlines that come with the least they may be away, the least first."""
        best, best_m, best_mm = -1, math.inf, math.inf
        for position, least in boxes:
            if not least <= best_m + _MM or least == math.inf:
                break
            metres = self.metres(position, lon, lat)
            mm = np.rint(metres * 1000.0)
            if (mm, position) < (best_mm, best):
                best, best_m, best_mm = position, metres, mm
        return None if best < 0 else (best, best_m)

    def _around(self, lon: float, lat: float, reach: float) -> list[int]:
        """The outlines whose boxes come within so many metres of a point."""
        up = reach / M_PER_DEG
        if not abs(lat) + up < 89.0 or not abs(lon) < 1e6:
            return []
        across = up / math.cos(math.radians(abs(lat) + up))
        with self._one_asks:
            return sorted(self._tree.intersection((lon - across, lat - up, lon + across, lat + up)))

    def _nearest_boxes(self, lon: float, lat: float, but: int) -> Iterator[tuple[int, float]]:
        """All outlines by the distance of their boxes, which is 0 inside and infinite for an empty outline."""
        west, south, east, north = self._boxes.T
        x = np.maximum(np.maximum(west - lon, lon - east), 0.0) * math.cos(math.radians(lat))
        y = np.maximum(np.maximum(south - lat, lat - north), 0.0)
        least = np.hypot(x, y) * M_PER_DEG
        if 0 <= but < len(least):
            least[but] = np.inf
        for position in _ascending(least):
            yield position, float(least[position])

    # prepared when first asked for

    @cached_property
    def _first(self) -> NDArray[np.intp]:
        """Where the coordinates of each outline begin."""
        arrays = self._raster.arrays
        ring: NDArray[np.intp] = np.searchsorted(arrays.ring_owner, np.arange(self._raster.count + 1))
        return arrays.ring_first[ring].astype(np.intp)

    @cached_property
    def _steps(self) -> NDArray[np.bool_]:
        """Whether an edge of some length begins at a coordinate: not at the last of a ring."""
        arrays = self._raster.arrays
        steps: NDArray[np.bool_] = (np.diff(arrays.xs) != 0.0) | (np.diff(arrays.ys) != 0.0)
        steps[arrays.ring_first[1:-1] - 1] = False
        return steps

    @cached_property
    def _boxes(self) -> Floats:
        """West, south, east, north of every outline; (inf, inf, -inf, -inf) of an empty one."""
        arrays, first = self._raster.arrays, self._first
        boxes = np.tile((np.inf, np.inf, -np.inf, -np.inf), (self._raster.count, 1))
        drawn = np.flatnonzero(np.diff(first))
        if drawn.size:
            for column, (ufunc, values) in enumerate(
                ((np.minimum, arrays.xs), (np.minimum, arrays.ys), (np.maximum, arrays.xs), (np.maximum, arrays.ys))
            ):
                boxes[drawn, column] = ufunc.reduceat(values, first[drawn])
        return boxes

    @cached_property
    def _tree(self) -> Index:
        entries = [(i, tuple(box), None) for i, box in enumerate(self._boxes.tolist()) if box[0] <= box[2]]
        return Index(iter(entries)) if entries else Index()


def _ascending(values: Floats) -> Iterator[int]:
    """Yield the positions of the smallest values first; only the first few are cheap, and as a rule enough."""
    few = min(_FEW, len(values))
    first = np.argpartition(values, few - 1)[:few] if few else np.empty(0, dtype=np.intp)
    yield from first[np.argsort(values[first], kind="stable")].tolist()
    rest = np.setdiff1d(np.arange(len(values)), first, assume_unique=True)
    yield from rest[np.argsort(values[rest], kind="stable")].tolist()
