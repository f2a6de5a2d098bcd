"""Metres from many points to borders, on the plane of `geo.sphere`."""

import math

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled
from geo.raster.drawing import Ints
from geo.raster.layout import BORDER_FROM, CORNER, EMPTY, HEAD, LONGEST, MORE, NOBODY, RUN, RUNS_FROM, SLOTS
from geo.raster.lookup import Cells
from geo.raster.sides import Floats

STRETCH = 16
"""Coordinates that share a box; a box is asked before what is in it."""


@compiled
def _square(xy: Floats, edge: int, lon: float, lat: float, per_lon: float, per_lat: float) -> float:
    """The squared metres from a point to an edge."""
    x, y = (xy[2 * edge] - lon) * per_lon, (xy[2 * edge + 1] - lat) * per_lat
    dx, dy = (xy[2 * edge + 2] - xy[2 * edge]) * per_lon, (xy[2 * edge + 3] - xy[2 * edge + 1]) * per_lat
    length = dx * dx + dy * dy
    if length == 0.0:
        return np.inf
    along = min(max(-(x * dx + y * dy) / length, 0.0), 1.0)
    x += along * dx
    y += along * dy
    square: float = x * x + y * y
    return square


@compiled
def boxes_of_stretches(xy: Floats, ring_first: NDArray[np.int64], first: NDArray[np.int64]) -> Floats:
    """Return west, south, east, north of each stretch; `first` says where each ring's stretches begin."""
    boxes = np.empty((first[-1], 4))
    for ring in range(ring_first.shape[0] - 1):
        for stretch in range(first[ring], first[ring + 1]):
            begin = ring_first[ring] + (stretch - first[ring]) * STRETCH
            end = min(begin + STRETCH + 1, ring_first[ring + 1])
            x, y = xy[2 * begin : 2 * end : 2], xy[2 * begin + 1 : 2 * end : 2]
            boxes[stretch, 0], boxes[stretch, 1], boxes[stretch, 2], boxes[stretch, 3] = (
                x.min(),
                y.min(),
                x.max(),
                y.max(),
            )
    return boxes


@compiled
def _box_square(box: Floats, lon: float, lat: float, per_lon: float, per_lat: float) -> float:
    """The squared metres from a point to a box, 0 inside."""
    x = max(box[0] - lon, 0.0, lon - box[2]) * per_lon
    y = max(box[1] - lat, 0.0, lat - box[3]) * per_lat
    square: float = x * x + y * y
    return square


@compiled
def metres_to_border(
    xy: Floats, begins: NDArray[np.int64], ends: NDArray[np.int64], boxes: Floats,
    of: NDArray[np.int64], lon: Floats, lat: Floats, owner: Ints, per_lat: float,
) -> Floats:  # fmt: skip
    """Return the metres from each point to the border of one outline, NaN where that is -1, infinite without border.

    begins, ends: the coordinates of each stretch; of: where the stretches of each outline begin.
    """
    metres = np.full(lon.shape[0], np.nan)
    for i in range(lon.shape[0]):
        if owner[i] < 0:
            continue
        x, y, per_lon = lon[i], lat[i], math.cos(math.radians(lat[i])) * per_lat
        first, last = of[owner[i]], of[owner[i] + 1]
        nearest, least = first, np.inf
        for stretch in range(first, last):
            away = _box_square(boxes[stretch], x, y, per_lon, per_lat)
            if away < least:
                nearest, least = stretch, away
        best = np.inf
        for turn in range(first - 1, last):  # the stretch with the nearest box, then what else may be as near
            stretch = nearest if turn < first else turn
            if first < last and _box_square(boxes[stretch], x, y, per_lon, per_lat) <= best:
                for edge in range(begins[stretch], ends[stretch]):
                    best = min(best, _square(xy, edge, x, y, per_lon, per_lat))
        metres[i] = math.sqrt(best)
    return metres


@compiled
def _nearest_in(
    cells: Cells, p: int, lon: float, lat: float, per_lon: float, per_lat: float,
    best: float, best_mm: float, found: int,
) -> tuple[float, float, int]:  # fmt: skip
    """Go through a record and those that follow it, for an edge that is nearer or as near and of an earlier outline."""
    records, xy, more = cells[1], cells[2], True
    while more:
        outlines = records[p] & SLOTS
        q = p + HEAD + outlines
        for _run in range(records[p] >> RUNS_FROM):
            edges = records[q + 1] & LONGEST
            for edge in range(records[q], records[q] + edges):
                square = _square(xy, edge, lon, lat, per_lon, per_lat)
                if square > best:
                    continue
                mm = np.rint(math.sqrt(square) * 1000.0)
                for slot in range(outlines):
                    owner = records[p + HEAD + slot]
                    mine = records[q + 1] >> BORDER_FROM >> slot & 1
                    if mine and (mm < best_mm or (mm == best_mm and owner < found)):
                        best_mm, found = mm, owner
                        best = ((mm + 1.0) / 1000.0) ** 2  # what rounds to the same millimetre still counts
            q += RUN + CORNER * (1 + edges)
        more, p = (records[p] & MORE) != 0, q
    return best, best_mm, found


@compiled
def nearest_within(
    cells: Cells, lon: Floats, lat: Floats, columns: int, rows: int, metres: float, per_lat: float
) -> Ints:
    """Return for each point the outline whose border is nearest, in whole millimetres the first of equals, or -1.

    Only borders within `metres` count; they must lie at most so many columns and rows away.
    """
    table, records, (x0, y0, w, h, nx, ny) = cells[0], cells[1], cells[3]
    nearest = np.full(lon.shape[0], -1, np.int32)
    for i in range(lon.shape[0]):
        u, v = (lon[i] - x0) * (1.0 / w), (lat[i] - y0) * (1.0 / h)
        if not (u >= 0.0 and v >= 0.0 and u < nx and v < ny):
            continue
        per_lon = math.cos(math.radians(lat[i])) * per_lat
        best_mm, found = np.rint(metres * 1000.0) + 0.5, -1
        best = ((best_mm + 1.0) / 1000.0) ** 2
        for row in range(max(int(v) - rows, 0), min(int(v) + rows + 1, ny)):
            for column in range(max(int(u) - columns, 0), min(int(u) + columns + 1, nx)):
                code = table[row * nx + column]
                if code >= -1:
                    continue
                p = EMPTY - code
                if records[p] >= 0:
                    best, best_mm, found = _nearest_in(
                        cells, p, lon[i], lat[i], per_lon, per_lat, best, best_mm, found
                    )  # fmt: skip
                    continue
                for part in range(p + 1, p + 1 + records[p] ** 2):
                    if records[part] < NOBODY:
                        best, best_mm, found = _nearest_in(
                            cells, p + EMPTY - records[part], lon[i], lat[i], per_lon, per_lat, best, best_mm, found
                        )
        nearest[i] = found
    return nearest
