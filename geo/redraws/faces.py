"""The ground of a redraw cut into faces, within each of which nothing changes: how many areas cover it, and which.

The lines that cut are the edges that do not cancel: among the grids of the draft, among those that stand, among the
parents; and among the children of each parent with its own outline. Where everything fits only the scope's own outer
border is left. Ends of what does not cancel that are the same place but for a millimetre are moved onto each other,
a parent's onto a grid's, and it is tried again. Borders of parents cut only ground that no grid covers: where grids
lie side by side under them, nobody asks for the faces between the two, which are many where they were drawn apart.
Of each face one point is asked what covers it, and that holds for all of it, apart from which of several grids side
by side it is, and where grids cover it which parent's it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage import AreaOutline, Outline
from geo.crs import area_m2
from geo.redraws.edges import Edges, Numbers, distinct, edges_of, joined, uncancelled
from geo.redraws.mends import DraftGrid
from geo.redraws.sizes import DUST_M2, SAME_PLACE, Outlines
from geo.redraws.snapping import settled

Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Net:
    """All grids that may cover the ground: first those of the draft, then those that stand beside it.

    Indices of grids count through both. `parents` are in the order of their codes.
    """

    grids: Sequence[DraftGrid]
    parents: Mapping[str, Outline]
    standing: Sequence[AreaOutline]

    @cached_property
    def outlines(self) -> Outlines:
        """Of all grids, prepared for many questions."""
        outlines = outlines_of([*(grid.outline for grid in self.grids), *(grid.outline for grid in self.standing)])
        shapely.prepare(outlines)
        return outlines

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Of all grids."""
        return shapely.STRtree(self.outlines)

    def met(self, shapes: Outlines) -> tuple[Numbers, Numbers]:
        """Pairs of a shape and a grid that it meets, as indices. The tree's own predicates would not use what is
        prepared: for large outlines and small shapes they take ten times as long.
        """
        at, grid = self.tree.query(shapes)
        meets = shapely.intersects(self.outlines[grid], shapes[at])
        return at[meets], grid[meets]

    @cached_property
    def parent_codes(self) -> list[str]:
        """In order."""
        return sorted(self.parents)

    @cached_property
    def parent_outlines(self) -> Outlines:
        """In the order of their codes, prepared for many questions."""
        outlines = outlines_of([self.parents[code] for code in self.parent_codes])
        shapely.prepare(outlines)
        return outlines

    @cached_property
    def parent_tree(self) -> shapely.STRtree:
        """Of the parents, in the order of their codes."""
        return shapely.STRtree(self.parent_outlines)

    @cached_property
    def homes(self) -> Numbers:
        """The index of each grid's parent; -1 where it has none here, as all that stand."""
        index = {code: at for at, code in enumerate(self.parent_codes)}
        found = [index.get(grid.parent or "", -1) for grid in self.grids]
        return np.array(found + [-1] * len(self.standing), dtype=np.int64)

    def is_draft(self, grid: int) -> bool:
        """Tell whether a grid is a row of the draft, which can be changed."""
        return grid < len(self.grids)

    def code(self, grid: int) -> str:
        """What a grid is called."""
        return self.grids[grid].code if self.is_draft(grid) else self.standing[grid - len(self.grids)].code

    def row(self, grid: int) -> int | None:
        """The row of a grid, where it has one."""
        return self.grids[grid].row if self.is_draft(grid) else self.standing[grid - len(self.grids)].row

    def rows(self, grids: Sequence[int]) -> tuple[int, ...]:
        """The rows of those that have one."""
        return tuple(row for grid in grids if (row := self.row(grid)) is not None)


def net_of(grids: Sequence[DraftGrid], parents: Mapping[str, Outline], standing: Sequence[AreaOutline]) -> Net:
    """Return the net, without those standing grids whose box meets no box of the draft nor of a parent."""
    here = outlines_of([*(grid.outline for grid in grids), *parents.values()])
    near = np.unique(shapely.STRtree(here).query(outlines_of([one.outline for one in standing]))[0])
    return Net(grids, parents, [standing[at] for at in near.tolist()])


def outlines_of(shapes: Sequence[object]) -> Outlines:
    """Shapes as an array."""
    outlines = np.empty(len(shapes), dtype=object)
    outlines[:] = shapes
    return outlines


@dataclass(frozen=True)
class Faces:
    """Pieces of ground, and for each how many grids and, where no grid does, how many parents cover it.

    `parent` is the index of one of these, -1 where there is none. `shared` says that grids may share the ground, one
    of the draft among them: the point asked was in several, or on a border, so that the numbers may be wrong.
    `apart` are the edges along which a parent and its grids differ, which own the index of the parent.
    """

    shapes: Outlines
    sizes_m2: NDArray[np.float64]
    grids: Numbers
    parents: Numbers
    parent: Numbers
    shared: Chosen
    apart: Edges


def faces_of(net: Net) -> Faces:
    """Cut the ground into faces and ask what covers each."""
    lines, apart = _lines(net)
    shapes = _pieces(lines)
    sizes_m2 = area_m2(shapes)
    kept = sizes_m2 > DUST_M2
    shapes, sizes_m2 = shapes[kept], sizes_m2[kept]
    points, sure = _points(net, shapes)
    at, grid = net.met(points)
    grids = np.bincount(at, minlength=len(shapes))
    from_draft = np.bincount(at[grid < len(net.grids)], minlength=len(shapes))
    above, below = shapely.STRtree(points).query(net.parent_outlines, predicate="intersects")
    parent = np.full(len(shapes), -1)
    parent[below[::-1]] = above[::-1]
    parents = np.bincount(below, minlength=len(shapes))
    return Faces(shapes, sizes_m2, grids, parents, parent, ~sure | ((grids > 1) & (from_draft > 0)), apart)


def _lines(net: Net) -> tuple[Edges, Edges]:
    """The edges along which anything asked for changes; and those along which parents and their grids differ."""
    count = len(net.grids)
    drawn = edges_of(net.outlines[:count])
    above = edges_of(net.parent_outlines)
    by_home = uncancelled(drawn, net.homes[drawn.owner] + 1)
    by_home = replace(by_home, owner=net.homes[by_home.owner])
    at_home = joined(by_home[by_home.owner >= 0], above.reversed())
    kinds = (
        uncancelled(by_home),
        uncancelled(edges_of(net.outlines[count:])),
        uncancelled(above),
        uncancelled(at_home, at_home.owner),
    )
    free = [replace(edges, owner=edges.owner * 0) for edges in kinds[:3]]
    *free, apart = (uncancelled(edges, edges.owner) for edges in _snapped(*free, kinds[3]))
    of_grids, of_parents = joined(*free[:2]), joined(free[2], apart)
    return distinct(joined(of_grids, of_parents[~_under_grids(net, of_parents, of_grids)])), apart


def _under_grids(net: Net, edges: Edges, borders: Edges) -> Chosen:
    """Tell which edges lie on ground that grids cover. `borders` are where the number of these changes: along edges
    that go on from one to the next and meet none of them it is the same, so that one point is asked for them all.
    """
    tree = shapely.STRtree(borders.lines())
    meets = _met_by(tree, edges.chains())[edges.chain()]
    meets[meets] = _met_by(tree, edges[meets].lines())
    goes_on = (edges.begin[1:] == edges.end[:-1]) & ~meets[1:] & ~meets[:-1]
    first = np.concatenate([np.ones(min(len(edges), 1), dtype=bool), ~goes_on])
    middles = (edges.begin[first] + edges.end[first]) / 2
    covered = np.zeros(len(middles), dtype=bool)
    covered[net.met(np.asarray(shapely.points(middles.real, middles.imag)))[0]] = True
    under: Chosen = ~meets & covered[np.cumsum(first) - 1]
    return under


def _met_by(tree: shapely.STRtree, lines: Outlines) -> Chosen:
    meets = np.zeros(len(lines), dtype=bool)
    meets[tree.query(lines, predicate="intersects")[0]] = True
    return meets


def _snapped(*kinds: Edges) -> Iterator[Edges]:
    """Yield the edges with ends moved onto those of earlier kinds that are the same place."""
    edges = joined(*kinds)
    places = settled(np.concatenate([edges.begin, edges.end]))
    begin, end = np.split(places, 2)
    at = 0
    for kind in kinds:
        yield kind.moved(begin[at : at + len(kind)], end[at : at + len(kind)])
        at += len(kind)


def _pieces(edges: Edges) -> Outlines:
    """Faces between lines that may cross. Thousands of short lines would take ten times as long as the long ones."""
    if not len(edges):
        return np.empty(0, dtype=object)
    noded = shapely.union_all(edges.chains())
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))


def _points(net: Net, shapes: Outlines) -> tuple[Outlines, Chosen]:
    """A point within each face, and whether it is off all borders: of the grids' borders only some cut the faces, and
    between two that were moved onto each other there may be a crack. Where it is not, others are tried, unless the
    face is hardly wider than that itself.
    """
    points = shapely.point_on_surface(shapes)
    sure = ~_at_borders(net, points)
    wide = 2 * shapely.area(shapes) > 3 * SAME_PLACE * shapely.length(shapes)
    for share in (0.6180339887, 0.2360679775, 0.0901699437):
        left = np.flatnonzero(~sure & wide)
        west, south, east, north = shapely.bounds(shapes[left]).T
        corners = shapely.box(west, south, west + share * (east - west), south + share * (north - south))
        others = shapely.point_on_surface(shapely.intersection(shapes[left], corners))
        left, others = left[~shapely.is_empty(others)], others[~shapely.is_empty(others)]
        off = ~_at_borders(net, others)
        points[left[off]], sure[left[off]] = others[off], True
    return points, sure


def _at_borders(net: Net, points: Outlines) -> Chosen:
    """Tell which points lie on the border of a grid or of a parent, or so near that they might as well."""
    on = np.zeros(len(points), dtype=bool)
    x, y = shapely.get_x(points), shapely.get_y(points)
    boxes = shapely.box(x - SAME_PLACE, y - SAME_PLACE, x + SAME_PLACE, y + SAME_PLACE)
    at, grid = net.met(boxes)
    on[at[~shapely.contains(net.outlines[grid], boxes[at])]] = True
    above, below = shapely.STRtree(boxes).query(net.parent_outlines, predicate="intersects")
    on[below[~shapely.contains(net.parent_outlines[above], boxes[below])]] = True
    return on
