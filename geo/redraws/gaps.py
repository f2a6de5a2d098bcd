"""Ground of the parents that no grid covers: gaps between grids, and remainders at the border that nobody drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import Finding, spoken_m2
from geo.redraws.faces import Faces, Net, outlines_of
from geo.redraws.giving import Takes, given, without
from geo.redraws.mends import Change, Mend
from geo.redraws.sizes import SAME_PLACE, Outlines, Tolerances, lengths_m, slivers
from geo.sentences import Sentence, listed, say


@dataclass(frozen=True)
class Empty:
    """One connected piece of ground within one parent (an index; -1 without parents) that no grid covers.

    `beside` are the grids along it with the metres of common border, the longest first.
    """

    shape: Polygon
    size_m2: float
    parent: int
    at_border: bool
    thin: bool
    beside: tuple[tuple[int, float], ...]

    @property
    def between(self) -> tuple[int, int] | None:
        """The two grids that it lies between, where these make up nearly all of its border."""
        lengths = [length for _, length in self.beside]
        if len(lengths) < 2 or sum(lengths[:2]) < 0.8 * sum(lengths):
            return None
        one, other = sorted(grid for grid, _ in self.beside[:2])
        return one, other

    def is_told(self, tolerances: Tolerances) -> bool:
        """Tell whether it is worth a word. Parents come in other files than grids: along their border less is."""
        overlooked = tolerances.outside_silent_m2 if self.thin and self.at_border else tolerances.silent_m2
        return self.size_m2 > overlooked


def empty_ground(net: Net, faces: Faces, tolerances: Tolerances) -> list[Empty]:
    """Return every such piece, also what is too small to be told. Without any parents: all that grids enclose."""
    chosen = np.flatnonzero((faces.grids == 0) & ((faces.parents > 0) | (not net.parents)))
    if not len(chosen):
        return []
    shapes, sizes_m2, parent = faces.shapes[chosen], faces.sizes_m2[chosen], faces.parent[chosen]
    thin = slivers(shapes, sizes_m2, tolerances)
    beside, at_border = beside_of(net, shapes), _at_border(net, shapes, parent)
    return [
        Empty(*each)
        for each in zip(
            shapes.tolist(), sizes_m2.tolist(), parent.tolist(), at_border.tolist(), thin.tolist(), beside, strict=True
        )
    ]


def _edges(shapes: Outlines) -> tuple[Outlines, NDArray[np.float64], NDArray[np.int64]]:
    """The middle and the length of every edge, and whose it is."""
    rings, shape = shapely.get_rings(shapes, return_index=True)
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    side = ring[1:] == ring[:-1]
    begin, end = vertices[:-1][side], vertices[1:][side]
    return shapely.points((begin + end) / 2), lengths_m(begin, end), shape[ring[:-1][side]]


def _at_border(net: Net, shapes: Outlines, parent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which pieces have an edge on the border of their parent."""
    at_border = np.zeros(len(shapes), dtype=bool)
    if net.parents:
        middles, _, piece = _edges(shapes)
        borders = shapely.boundary(net.parent_outlines)
        shapely.prepare(borders)
        at_border[piece[shapely.dwithin(borders[parent[piece]], middles, SAME_PLACE)]] = True
    return at_border


def beside_of(net: Net, shapes: Outlines) -> list[tuple[tuple[int, float], ...]]:
    """Return for each piece the grids that have the middle of an edge on their border, and the metres of such edges."""
    if not len(shapes):
        return []
    middles, metres, piece = _edges(shapes)
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    edge, grid = net.tree.query(shapely.box(x - SAME_PLACE, y - SAME_PLACE, x + SAME_PLACE, y + SAME_PLACE))
    near = shapely.dwithin(net.outlines[grid], middles[edge], SAME_PLACE)
    edge, grid = edge[near], grid[near]
    pairs, pair = np.unique(np.stack([piece[edge], grid]), axis=1, return_inverse=True)
    lengths = np.bincount(pair.reshape(-1), metres[edge], minlength=pairs.shape[1])
    found: list[list[tuple[int, float]]] = [[] for _ in shapes]
    for (at, neighbour), length in zip(pairs.T.tolist(), lengths.tolist(), strict=True):
        found[at].append((neighbour, length))
    return [tuple(sorted(each, key=lambda one: (-one[1], one[0]))) for each in found]


def gap(net: Net, empty: Empty, takes: Takes) -> Finding:
    """Return the finding of a piece that is no sliver."""
    codes, rows = named(net, empty)
    code = "remainder" if empty.at_border else "gap"
    return Finding(
        code, codes, rows, empty.size_m2, empty.shape, told(net, empty), mend=gap_mend(net, empty, takes)
    )  # fmt: skip


def named(net: Net, empty: Empty) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The codes of those beside a piece, the parent's last, and the rows of the former."""
    grids = [grid for grid, _ in empty.beside]
    parent = [net.parent_codes[empty.parent]] if empty.parent >= 0 else []
    return (*(net.code(grid) for grid in grids), *parent), net.rows(grids)


def told(net: Net, empty: Empty) -> Sentence:
    """Say whose ground is empty, and between whom."""
    size, grids = spoken_m2(empty.size_m2), listed(net.code(grid) for grid, _ in empty.beside)
    if empty.parent < 0:
        return say("{size} between {grids} belong to no grid.", size=size, grids=grids)
    parent = net.parent_codes[empty.parent]
    if not empty.beside:
        return say("{size} of {parent} belong to no grid.", size=size, parent=parent)
    if empty.at_border:
        return say(
            "{size} at the border of {parent} belong to no grid; beside it: {grids}.",
            size=size, parent=parent, grids=grids,
        )  # fmt: skip
    return say("{size} inside {parent} belong to no grid; around it: {grids}.", size=size, parent=parent, grids=grids)


def gap_mend(net: Net, empty: Empty, takes: Takes) -> Mend | None:
    """Propose to give the piece to the row with the longest common border.

    Rows of another parent get nothing: the ground would then be outside theirs.
    """
    for grid in (grid for grid, _ in empty.beside if may_have(net, empty, grid)):
        change = gift(net, empty, grid, takes)
        if change is not None:
            return Mend((change,), say("The ground is given to {code}.", code=net.code(grid)))
    return None


def may_have(net: Net, empty: Empty, grid: int) -> bool:
    """Tell whether a grid is a row of the draft to which the piece is no ground outside its parent."""
    return net.is_draft(grid) and net.homes[grid] in (empty.parent, -1)


def gift(net: Net, empty: Empty, grid: int, takes: Takes, *, leaving: Sequence[int] = ()) -> Change | None:
    """Return the change that gives the piece to a row of the draft, unless it would hang loose there.

    Grids that are `leaving` have the ground until mends take it away.
    """
    outline, row = net.grids[grid].outline, net.grids[grid].row
    taken = outlines_of(takes.get(row, ()))
    before = without(outline, taken) if len(taken) else outline
    if fits(outline, empty.shape) and (before is outline or fits(before, empty.shape)):
        return Change(row, add=empty.shape)
    add = given(net, empty.shape, grid, empty.parent, leaving=leaving)
    return Change(row, add=add) if add is not None and _hangs_together(before, add) else None


def fits(outline: BaseGeometry, piece: BaseGeometry) -> bool:
    """Tell whether a piece, or several, joins an outline vertex by vertex, so that no hair is left between them."""
    after = shapely.union(outline, piece)
    if _parts(after) > _parts(outline) or _rings(after) > _rings(outline):
        return False
    return _corners(after) <= _corners([outline, piece])


def _corners(shapes: BaseGeometry | list[BaseGeometry]) -> set[complex]:
    return set(shapely.get_coordinates(shapes).view(np.complex128)[:, 0].tolist())


def _hangs_together(outline: BaseGeometry, piece: Polygon | MultiPolygon) -> bool:
    return _parts(shapely.union(outline, piece)) <= _parts(outline)


def _parts(shape: BaseGeometry) -> int:
    return int(shapely.get_num_geometries(shape))


def _rings(shape: BaseGeometry) -> int:
    parts = shapely.get_parts(shape)
    return len(parts) + int(shapely.get_num_interior_rings(parts).sum())
