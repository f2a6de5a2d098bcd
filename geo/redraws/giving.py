"""Ground given to a row of the draft or taken from it, shaped so that the new border is exactly a neighbour's.

Faces and intersections have corners where two borders cross, and these are rounded: added or taken as they are, they
leave hairs along a border that is no longer quite theirs. So what is given reaches two millimetres into the
grid that gets it, which changes nothing there, and ends exactly where its other neighbours begin; and what is taken
reaches as far beyond the grid that loses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import Outline, polygons
from geo.crs import area_m2
from geo.redraws.faces import Net, outlines_of
from geo.redraws.mends import Change, DraftGrid
from geo.redraws.sizes import LAP, Tolerances, perimeters_m

WORTH_WIDTH_M, WORTH_M2 = 2.0, 100.0
"""What is narrower or smaller than this is no grid."""


def given(net: Net, piece: Polygon, to: int, parent: int, *, leaving: Sequence[int] = ()) -> Outline | None:
    """Return what to add to a grid so that it has a piece of ground that nobody has; None where that cannot be drawn.

    `parent` is the index of the parent in which the piece lies: with it the grid gets nothing beyond. The
    ground of grids that are `leaving` counts as nobody's.
    """
    wide: BaseGeometry = shapely.buffer(piece, LAP, join_style="mitre")
    near = [int(grid) for grid in net.tree.query(wide, predicate="intersects") if grid != to and grid not in leaving]
    wide = shapely.difference(wide, shapely.union_all(net.outlines[near]))
    inside = sorted({parent, int(net.homes[to])} - {-1})
    if inside:
        wide = shapely.intersection(wide, shapely.union_all(net.parent_outlines[inside]))
    return _largest(wide)


def taken(piece: Polygon, within: BaseGeometry) -> Outline | None:
    """Return what to take from a grid so that it loses a piece which lies in `within`, and ends where that begins."""
    return _largest(shapely.intersection(shapely.buffer(piece, LAP, join_style="mitre"), within))


def taken_beyond(piece: Polygon, border_of: BaseGeometry) -> Outline | None:
    """Return what to take from a grid so that it loses a piece outside of `border_of`, and ends where that ends."""
    return _largest(shapely.difference(shapely.buffer(piece, LAP, join_style="mitre"), border_of))


def _largest(shape: BaseGeometry) -> Outline | None:
    """A piece is in one: what else there is are hairs."""
    parts = shapely.get_parts(polygons(shape) or Polygon())
    return max(parts.tolist(), key=shapely.area) if len(parts) else None


def together(shapes: Sequence[Outline]) -> Outline | None:
    """Several pieces as one change."""
    return polygons(shapely.union_all(list(shapes)))


Takes = Mapping[int, Sequence[Outline]]
"""Row → what other mends take from it: all of them may be accepted."""


def cut(grid: DraftGrid, pieces: Sequence[Outline | None], takes: Takes, tolerances: Tolerances) -> Change | None:
    """Return the change that takes pieces from a row, with the crumbs that this would leave beside the rest.

    None where, with what other mends take, nothing worth a grid would be left, or more pieces than there were.
    """
    take = together([piece for piece in pieces if piece is not None])
    if take is None:
        return None
    outline = grid.outline
    rest = polygons(shapely.difference(outline, shapely.union_all([take, *takes.get(grid.row, ())])))
    if rest is None:
        return None
    parts = shapely.get_parts(rest)
    sizes_m2 = area_m2(parts)
    large = sizes_m2 > tolerances.silent_m2
    before = int((area_m2(shapely.get_parts(outline)) > tolerances.silent_m2).sum())
    if not 0 < large.sum() <= max(before, 1) or not is_worth_a_grid(parts[int(sizes_m2.argmax())]):
        return None
    crumbs = shapely.buffer(parts[~large], LAP, join_style="mitre").tolist()
    return Change(grid.row, take=together([take, *crumbs]))


def is_worth_a_grid(outline: Outline) -> bool:
    """Tell whether an outline is wide and large enough that somebody may have meant it as a grid."""
    size_m2, length_m = area_m2(outline), float(perimeters_m(outlines_of([outline]))[0])
    return size_m2 >= WORTH_M2 and 2 * size_m2 / max(length_m, 1e-12) >= WORTH_WIDTH_M
