"""What a planner tries by hand: a grid cut in two along a drawn line, or put under another village.

Neighbours are never touched. Where the line meets a common border, the two pieces have a vertex that the neighbour
has not: its edge runs on there, and the two differ by what a coordinate is rounded by, some 10⁻⁹ m. `examine_ground`
cuts the ground there, finds next to none, and says nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split as cut

from geo.coverage import Outline, polygons, spoken_m2
from geo.crs import area_m2, local_metres, project_local
from geo.redraws.errors import RedrawError
from geo.redraws.mends import DraftGrid
from geo.redraws.numbering import next_codes
from geo.redraws.sizes import DUST_M2, Tolerances, slivers

Place = NDArray[np.float64]
"""One point as an array of two, in metres."""

REACH_M = 30.0
"""How far a line is lengthened where it ends inside the grid: whoever clicks beside a border means the border."""

BEYOND_M = 0.01
"""How far past the border it is then drawn, so that rounding leaves no piece hanging."""

SMALLEST_M2 = 100.0
"""Nobody means a grid of ten metres by ten: such a piece is a slip of the hand at a corner."""


class LineMisses(RedrawError):
    """The line does not cut the grid in two: draw it right through, from outside the grid to its other side."""


class LineCutsTooOften(RedrawError):
    """The line cuts the grid into more than two pieces: draw it so that it enters and leaves only once."""

    def __init__(self, pieces: int) -> None:
        super().__init__(pieces)
        self.pieces = pieces


class PieceTooSmall(RedrawError):
    """One of the two pieces would hold next to no ground: draw the line further inside."""

    def __init__(self, size_m2: float) -> None:
        super().__init__(spoken_m2(size_m2))
        self.size_m2 = size_m2


def split(
    grid: DraftGrid, line: LineString, *, row: int, taken: Collection[str], names: Collection[str] = (),
    code: str | None = None,
) -> tuple[DraftGrid, DraftGrid]:  # fmt: skip
    """Return the grid as the line (lon, lat) leaves it, and the grid that is new, with that row number.

    The larger piece goes on with code and name; the other gets `code`, or the next one of its parent that is not among
    `taken` (all that were ever used), and its name with a number that is not among `names`. Households are shared by
    area: an estimate, which whoever keeps the draft must say, for the figure itself cannot. Raises LineMisses,
    LineCutsTooOften, PieceTooSmall, and what next_codes does.
    """
    larger, smaller = pieces(grid.outline, line)
    if code is None:
        (code,) = next_codes(grid.parent or "", taken, [smaller])
    kept, given = shared(grid.households, float(area_m2(larger)), float(area_m2(smaller)))
    new = replace(grid, row=row, code=code, name=numbered(grid.name, names), outline=smaller, households=given)
    return replace(grid, outline=larger, households=kept), new


def move(grid: DraftGrid, village: str, *, taken: Collection[str]) -> DraftGrid:
    """Return the grid as one of another village, with that village's next code: the first twelve digits name it.

    Its ground stays where it is. Raises what next_codes does.
    """
    (code,) = next_codes(village, taken, [grid.outline])
    return replace(grid, parent=village, code=code)


def pieces(outline: Outline, line: LineString) -> tuple[Outline, Outline]:
    """Return the two pieces into which a line cuts an outline, all in lon and lat, the larger first.

    A line that ends inside, at most REACH_M before the border, is lengthened. Of an outline of several parts one is
    cut, and the others stay with the larger piece. Raises LineMisses, LineCutsTooOften, PieceTooSmall.
    """
    parts = [part for part in shapely.get_parts(outline).tolist() if isinstance(part, Polygon)]
    cuts = {at: found for at, part in enumerate(parts) if len(found := _cut(part, line)) > 1}
    count = sum(map(len, cuts.values()))
    if not cuts:
        raise LineMisses
    if count > 2:
        raise LineCutsTooOften(count)
    ((cut_at, found),) = cuts.items()
    smaller, larger = sorted(found, key=area_m2)
    _refuse_small(smaller)
    rest = [part for at, part in enumerate(parts) if at != cut_at]
    whole = polygons(shapely.multipolygons([larger, *rest])) if rest else larger
    return whole or larger, smaller


def shared(households: int | None, one_m2: float, other_m2: float) -> tuple[int | None, int | None]:
    """Return how households are shared by area, rounded, so that the two make up the whole.

    >>> shared(401, 3.0, 1.0), shared(None, 3.0, 1.0)
    ((301, 100), (None, None))
    """
    if households is None:
        return None, None
    other = round(households * other_m2 / (one_m2 + other_m2))
    return households - other, other


def numbered(name: str, names: Collection[str]) -> str:
    """Return the name with the first number from 2 on that makes it another than all of `names`.

    >>> numbered("东门第一网格", {"东门第一网格", "东门第一网格-2"})
    '东门第一网格-3'
    """
    return next(tried for number in range(2, len(names) + 3) if (tried := f"{name}-{number}") not in names)


# --- cutting --------------------------------------------------------------------------------------------------------


def _cut(part: Polygon, line: LineString) -> list[Polygon]:
    """Return the pieces of one part, those of no ground left out; the part alone where it is not cut."""
    found = [piece for piece in cut(part, _lengthened(line, part)).geoms if isinstance(piece, Polygon)]
    return [piece for piece in found if area_m2(piece) > DUST_M2]


def _refuse_small(piece: Outline) -> None:
    size_m2 = float(area_m2(piece))
    thin = slivers(np.array([piece], dtype=object), np.array([size_m2]), Tolerances())
    if size_m2 < SMALLEST_M2 or thin[0]:
        raise PieceTooSmall(size_m2)


def _lengthened(line: LineString, part: Polygon) -> LineString:
    """Return the line with each end that lies in the part drawn on, straight ahead, to just beyond the border."""
    west, south, east, north = part.bounds
    plane = local_metres(round((west + east) / 2, 1), round((south + north) / 2, 1))
    ground, at = project_local(part, plane), shapely.get_coordinates(project_local(line, plane))
    at = at[np.append(True, (np.diff(at, axis=0) != 0).any(axis=1))]  # a place clicked twice has no direction
    if len(at) < 2:
        raise LineMisses
    front, back = _drawn_on(at[1], at[0], ground), _drawn_on(at[-2], at[-1], ground)
    added = [[] if end is None else [plane.degrees(*end)] for end in (front, back)]
    return LineString([*added[0], *shapely.get_coordinates(line), *added[1]])


def _drawn_on(before: Place, end: Place, ground: BaseGeometry) -> Place | None:
    """Return where a line that comes from `before` and ends at `end` leaves the ground ahead, in metres.

    None where it does not end inside, or the border is too far.
    """
    if not ground.covers(Point(end)):
        return None
    ahead = (end - before) / np.hypot(*(end - before))
    reach = LineString([end, end + ahead * REACH_M])
    borders = shapely.get_coordinates(shapely.intersection(reach, ground.boundary))
    if not len(borders):
        return None
    nearest = float(np.hypot(*(borders - end).T).min())
    point: Place = end + ahead * (nearest + BEYOND_M)
    return point
