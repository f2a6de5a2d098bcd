"""Which outlines of two sets are the same line, and how much ground any other two of them share.

Most areas of a redraw do not change. They are known by their outlines and take no part in what is slow: laying
outlines over each other. Outlines are WGS-84 and valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.coverage import Outline
from geo.crs import Floats, area_m2

Outlines = NDArray[np.object_]
Positions = NDArray[np.intp]
Flags = NDArray[np.bool_]

SAME_DEGREES = 1e-8
"""Lines that are nowhere further apart are one line: a millimetre, which is what a file in metres rounds to."""


def gathered(outlines: Sequence[BaseGeometry]) -> Outlines:
    """Return outlines as an array that holds them as they are."""
    held = np.empty(len(outlines), dtype=object)
    held[:] = outlines
    return held


def same_outlines(one: Outlines, other: Outlines, tolerance: float = SAME_DEGREES) -> Flags:
    """Say for each pair whether both are the same outline, wherever their rings begin and which way they run.

    Neither strays from the other by more than `tolerance`, in degrees. Corners that only divide a straight side are
    no difference: a neighbour that was split leaves some.
    """
    same = shapely.equals_exact(shapely.normalize(one), shapely.normalize(other), tolerance=tolerance)
    apart = np.abs(shapely.bounds(one) - shapely.bounds(other)).max(axis=1, initial=0.0)
    for at in np.flatnonzero(~same & (apart <= tolerance)):
        same[at] = _same_line(one[at], other[at], tolerance)
    return same


def _same_line(one: Outline, other: Outline, tolerance: float) -> bool:
    """Whether every corner of each lies on the border of the other, and no ground lies between the two.

    Both are asked: the same corners may be joined in another order, and a spike may hold next to no ground.
    """
    if not (_on_border(one, other, tolerance) and _on_border(other, one, tolerance)):
        return False
    return bool(shapely.symmetric_difference(one, other).area <= one.length * tolerance)


def _on_border(one: Outline, other: Outline, tolerance: float) -> bool:
    border = shapely.boundary(other)
    shapely.prepare(border)
    return bool(shapely.dwithin(shapely.points(shapely.get_coordinates(one)), border, tolerance).all())


@dataclass(frozen=True)
class SharedGround:
    """Which outline of before shares ground with which of after, and how many square metres: three arrays alike."""

    before: Positions
    after: Positions
    shared_m2: Floats

    def more_than(self, ignore_below_m2: float) -> SharedGround:
        """Return the pairs that share more than that."""
        kept = self.shared_m2 > ignore_below_m2
        return SharedGround(self.before[kept], self.after[kept], self.shared_m2[kept])


def shared_ground(before: Outlines, after: Outlines, still_before: Flags, still_after: Flags) -> SharedGround:
    """Return every pair that shares ground, but for pairs of two that stand still: those are not looked at.

    In order of before, then after. The boxes of a tree choose whom to ask; whether two share ground at all is asked
    before the shape of it, which costs several times as much.
    """
    moving, waiting = np.flatnonzero(~still_before), np.flatnonzero(still_before)
    moving_after = np.flatnonzero(~still_after)
    one, other = shapely.STRtree(after).query(before[moving])
    third, fourth = shapely.STRtree(after[moving_after]).query(before[waiting])
    rows = np.concatenate((moving[one], waiting[third]))
    columns = np.concatenate((other, moving_after[fourth]))
    sharing = shapely.relate_pattern(before[rows], after[columns], "T********")
    rows, columns = rows[sharing], columns[sharing]
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    return SharedGround(rows, columns, areas_m2(shapely.intersection(before[rows], after[columns]))).more_than(0.0)


def areas_m2(shapes: Outlines) -> Floats:
    """Return the square metres of each shape, of none too."""
    return area_m2(shapes) if shapes.size else np.zeros(0)


def united(outlines: Sequence[Outline]) -> BaseGeometry:
    """Return all the ground of several outlines together; an empty shape for none."""
    return outlines[0] if len(outlines) == 1 else shapely.union_all(gathered(outlines))
