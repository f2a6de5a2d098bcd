"""The ground of a redraw cut into faces, within each of which nothing changes: how many areas cover it, and which.

The lines that cut are the edges that do not cancel: among the grids of the draft, among those that stand, among the
parents; and among the children of each parent with its own outline. Where everything fits only the scope's own outer
border is left. Of each face one point is asked what covers it, and that holds for all of it, apart from which of
several grids side by side it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coverage import AreaOutline, Outline
from geo.crs import area_m2
from geo.redraws.edges import Edges, Numbers, distinct, edges_of, joined, uncancelled
from geo.redraws.mends import DraftGrid
from geo.redraws.sizes import DUST_M2, Outlines

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
        """Of all grids."""
        return outlines_of([*(grid.outline for grid in self.grids), *(grid.outline for grid in self.standing)])

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Of all grids."""
        return shapely.STRtree(self.outlines)

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
    """Pieces of ground, and for each how many grids and how many parents cover it.

    `quiet` faces are covered by one grid, which is at home there, or not by the draft at all; nothing is the matter.
    `parent` is the index of one parent that covers a face, -1 where none does.
    """

    shapes: Outlines
    sizes_m2: NDArray[np.float64]
    grids: Numbers
    parents: Numbers
    parent: Numbers
    quiet: Chosen


def faces_of(net: Net) -> Faces:
    """Cut the ground into faces and ask what covers each."""
    shapes = _pieces(_lines(net))
    sizes_m2 = area_m2(shapes)
    kept = sizes_m2 > DUST_M2
    shapes, sizes_m2 = shapes[kept], sizes_m2[kept]
    points, sure = _points(net, shapes)
    at, grid = net.tree.query(points, predicate="intersects")
    grids = np.bincount(at, minlength=len(shapes))
    draft = grid < len(net.grids)
    from_draft = np.bincount(at[draft], minlength=len(shapes))
    above, below = shapely.STRtree(points).query(net.parent_outlines, predicate="intersects")
    parent = np.full(len(shapes), -1)
    parent[below[::-1]] = above[::-1]
    parents = np.bincount(below, minlength=len(shapes))
    home = _at_home(net, at, grid, above, below, len(shapes))
    quiet = sure & ((from_draft == 0) | ((grids == 1) & home))
    return Faces(shapes, sizes_m2, grids, parents, parent, quiet)


def _lines(net: Net) -> Edges:
    """The edges along which anything changes."""
    count = len(net.grids)
    drawn = edges_of(net.outlines[:count])
    above = edges_of(net.parent_outlines)
    home = net.homes[drawn.owner]
    by_parent = uncancelled(drawn, home + 1)
    known = by_parent[net.homes[by_parent.owner] >= 0]
    at_home = np.concatenate([net.homes[known.owner], above.owner])
    lines = [
        uncancelled(by_parent),
        uncancelled(edges_of(net.outlines[count:])),
        uncancelled(above),
        uncancelled(joined(known, above.reversed()), at_home),
    ]
    return distinct(joined(*lines))


def _pieces(edges: Edges) -> Outlines:
    """Faces between lines that may cross. Lines are chained first: thousands of short ones take ten times as long."""
    if not len(edges):
        return np.empty(0, dtype=object)
    chains = shapely.line_merge(shapely.multilinestrings(edges.lines().tolist()))
    noded = shapely.union_all(shapely.get_parts(chains))
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))


def _points(net: Net, shapes: Outlines) -> tuple[Outlines, Chosen]:
    """A point within each face, and whether it lies on no border: of the grids' borders only some cut the faces.

    Where it does, other points of the face are tried.
    """
    points = shapely.point_on_surface(shapes)
    sure = ~_on_borders(net, points)
    for share in (0.6180339887, 0.2360679775, 0.0901699437):
        for at in np.flatnonzero(~sure).tolist():
            west, south, east, north = shapes[at].bounds
            corner = shapely.box(west, south, west + share * (east - west), south + share * (north - south))
            part = shapely.intersection(shapes[at], corner)
            other = shapely.point_on_surface(part)
            if not other.is_empty and not _on_borders(net, outlines_of([other]))[0]:
                points[at], sure[at] = other, True
    return points, sure


def _on_borders(net: Net, points: Outlines) -> Chosen:
    """Tell which points lie exactly on the border of a grid or of a parent."""
    on = np.zeros(len(points), dtype=bool)
    x, y = shapely.get_x(points), shapely.get_y(points)
    at, grid = net.tree.query(points, predicate="intersects")
    on[at[~shapely.contains_xy(net.outlines[grid], x[at], y[at])]] = True
    above, below = shapely.STRtree(points).query(net.parent_outlines, predicate="intersects")
    on[below[~shapely.contains_xy(net.parent_outlines[above], x[below], y[below])]] = True
    return on


def _at_home(
    net: Net, at: Numbers, grid: Numbers, above: Numbers, below: Numbers, count: int
) -> Chosen:  # fmt: skip
    """Tell which faces some grid covers whose own parent does too; without a known parent any will do."""
    inside = set(zip(below.tolist(), above.tolist(), strict=True))
    covered = set(below.tolist())
    home = np.zeros(count, dtype=bool)
    for face, parent in zip(at.tolist(), net.homes[grid].tolist(), strict=True):
        home[face] |= (face, parent) in inside or (parent < 0 and (face in covered or not net.parents))
    return home
