"""Ground given to a row of the draft or taken from it, shaped so that the new border is exactly a neighbour's.

Faces and intersections have corners where two borders cross, and these are rounded: added or taken as they are, they
leave hairs along a border that is no longer quite theirs. So what is given reaches two millimetres into the
grid that gets it, which changes nothing there, and ends exactly where its other neighbours begin; and what is taken
reaches as far beyond the grid that loses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import Outline, polygons
from geo.crs import area_m2
from geo.redraws.faces import Net, outlines_of
from geo.redraws.mends import Change, DraftGrid
from geo.redraws.sizes import LAP, Outlines, Tolerances, perimeters_m

WORTH_WIDTH_M, WORTH_M2 = 2.0, 100.0
"""What is narrower or smaller than this is no grid."""


def given(net: Net, piece: Polygon, to: int, parent: int, *, leaving: Sequence[int] = ()) -> Outline | None:
    """Return what to add to a grid so that it has a piece of ground that nobody has; None where that cannot be drawn.

    `parent` is the index of the parent in which the piece lies: with it the grid gets nothing beyond. The
    ground of grids that are `leaving` counts as nobody's.
    """
    wide: BaseGeometry = shapely.buffer(piece, LAP, join_style="mitre")
    near = [int(grid) for grid in net.tree.query(wide, predicate="intersects") if grid != to and grid not in leaving]
    whole = without(wide, net.outlines[near])
    inside = sorted({parent, int(net.homes[to])} - {-1})
    if inside:
        bounds = net.parent_outlines[inside]
        whole = shapely.intersection(whole, bounds[0] if len(bounds) == 1 else shapely.union_all(bounds))
    return next(iter(_largest(whole, outlines_of([wide]))), None)


def taken(pieces: Outlines, within: BaseGeometry) -> list[Polygon]:
    """Return what to take from a grid so that it loses pieces which lie in `within`, and ends where that begins."""
    wide = shapely.buffer(pieces, LAP, join_style="mitre")
    return _largest(shapely.intersection(shapely.union_all(wide), within), wide)


def taken_beyond(pieces: Outlines, borders_of: Outlines) -> list[Polygon]:
    """Return what to take from a grid so that it loses pieces outside of `borders_of`, and ends where these end."""
    wide = shapely.buffer(pieces, LAP, join_style="mitre")
    one = MultiPolygon(pieces.tolist())
    whole = shapely.buffer(one, LAP, join_style="mitre")  # sooner than to unite all these
    return _largest(without(whole, borders_of), wide)


def without(shape: BaseGeometry, others: Outlines) -> BaseGeometry:
    """Take outlines from a shape one by one: for a small shape this is quicker than to unite them all first. Those
    that only touch it, as neighbours do, are not asked to take anything.
    """
    others = others[shapely.intersects(others, shape)]
    for other in others[shapely.relate_pattern(others, shape, "T********")]:
        shape = shapely.difference(shape, other)
    return shape


def _largest(shape: BaseGeometry, pieces: Outlines) -> list[Polygon]:
    """Return the largest part at each piece, for a piece is in one: what else there is are hairs."""
    parts = shapely.get_parts(polygons(shape) or Polygon())
    piece, part = shapely.STRtree(parts).query(pieces, predicate="intersects")
    order = np.lexsort([-shapely.area(parts[part]), piece])
    first = np.flatnonzero(np.diff(piece[order], prepend=-1))
    found: list[Polygon] = parts[np.unique(part[order][first])].tolist()
    return found


def together(shapes: Sequence[Outline]) -> Outline | None:
    """Several pieces as one change."""
    if len(shapes) == 1:
        return shapes[0]
    return polygons(shapely.union_all(list(shapes)))


def parts_of_one(parts: Sequence[Polygon]) -> Outline | None:
    """Bring parts of one valid shape together: these share no ground and no border, nothing is to be united."""
    if len(parts) == 1:
        return parts[0]
    return MultiPolygon(list(parts)) if parts else None


Takes = Mapping[int, Sequence[Outline]]
"""Row → what other mends take from it: all of them may be accepted."""


def cut(grid: DraftGrid, pieces: Sequence[Polygon], takes: Takes, tolerances: Tolerances) -> Change | None:
    """Return the change that takes parts of one shape from a row, with the crumbs that this would leave beside it.

    None where, with what other mends take, nothing worth a grid would be left, or more pieces than there were.
    """
    take = parts_of_one(pieces)
    if take is None:
        return None
    outline = grid.outline
    others = takes.get(grid.row, ())
    rest = polygons(shapely.difference(outline, shapely.union_all([take, *others]) if others else take))
    if rest is None:
        return None
    parts = shapely.get_parts(rest)
    sizes_m2 = area_m2(parts)
    large = sizes_m2 > tolerances.silent_m2
    if not 0 < large.sum() <= max(_parts_above(outline, tolerances.silent_m2), 1):
        return None
    if not is_worth_a_grid(parts[int(sizes_m2.argmax())]):
        return None
    crumbs = shapely.buffer(parts[~large], LAP, join_style="mitre").tolist()
    return Change(grid.row, take=together([take, *crumbs]) if crumbs else take)


def _parts_above(outline: Outline, least_m2: float) -> int:
    parts = shapely.get_parts(outline)
    return int((area_m2(parts) > least_m2).sum()) if len(parts) > 1 else 1


def is_worth_a_grid(outline: Outline) -> bool:
    """Tell whether an outline is wide and large enough that somebody may have meant it as a grid."""
    size_m2, length_m = area_m2(outline), float(perimeters_m(outlines_of([outline]))[0])
    return size_m2 >= WORTH_M2 and 2 * size_m2 / max(length_m, 1e-12) >= WORTH_WIDTH_M
