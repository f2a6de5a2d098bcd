"""Ground of the draft outside the parent that a grid names, and outside all parents that the redraw fills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import Finding, polygons, spoken_m2
from geo.crs import area_m2
from geo.redraws.edges import Numbers
from geo.redraws.faces import Faces, Net, outlines_of
from geo.redraws.gaps import Empty, beside_of, fits, gift
from geo.redraws.giving import Takes, cut, parts_of_one, taken_beyond, together, without
from geo.redraws.mends import Change, Mend
from geo.redraws.sizes import DUST_M2, Outlines, Tolerances, slivers
from geo.sentences import Sentence, listed, say

NOTHING = 1e-12
"""In square degrees, what dust is in square metres."""


@dataclass(frozen=True)
class Stray:
    """Pieces of a grid's ground that lie in other parents than its own, or (`beyond`) in none; which are slivers."""

    grid: int
    beyond: bool
    pieces: Outlines
    sizes_m2: NDArray[np.float64]
    thin: NDArray[np.bool_]


def stray_ground(net: Net, faces: Faces, tolerances: Tolerances) -> Iterator[Stray]:
    """Yield for each grid what lies where it should not, without what nobody is told."""
    grids = _doubtful(net, faces)
    homes = net.homes[grids]
    beyond = net.outlines[grids]
    beyond[homes >= 0] = shapely.difference(beyond[homes >= 0], net.parent_outlines[homes[homes >= 0]])
    told = np.flatnonzero(area_m2(beyond) > tolerances.outside_silent_m2)
    for at in told.tolist():
        yield from _strays(net, int(grids[at]), beyond[at], tolerances)


def _doubtful(net: Net, faces: Faces) -> Numbers:
    """The grids of the draft that no parent covers: not their own, or where they have none here, not any."""
    if not net.parents:
        return np.empty(0, dtype=np.int64)
    homes = net.homes[: len(net.grids)]
    inside = ~np.isin(homes, np.unique(faces.apart.owner))  # where a parent and its grids match, none of these strays
    own = np.flatnonzero(~inside & (homes >= 0))
    inside[own] = shapely.covers(net.parent_outlines[homes[own]], net.outlines[own])
    any_will_do = np.flatnonzero(homes < 0)
    inside[any_will_do] = False
    at, above = net.parent_tree.query(net.outlines[any_will_do])
    within = shapely.covers(net.parent_outlines[above], net.outlines[any_will_do[at]])
    inside[any_will_do[at[within]]] = True
    return np.flatnonzero(~inside)


def _strays(net: Net, grid: int, beyond: BaseGeometry, tolerances: Tolerances) -> Iterator[Stray]:
    """Yield what of the ground of a grid beyond its own parent lies in others, and what in none."""
    home = int(net.homes[grid])
    elsewhere = []
    near = net.parent_tree.query(beyond)
    for other in near[shapely.intersects(net.parent_outlines[near], beyond)].tolist():
        if other == home or beyond.is_empty:
            continue
        elsewhere.append(shapely.intersection(beyond, net.parent_outlines[other]))
        if elsewhere[-1].area >= beyond.area - NOTHING:
            beyond = Polygon()
        elif elsewhere[-1].area:
            beyond = shapely.difference(beyond, net.parent_outlines[other])
    inside = _united(elsewhere) if home >= 0 else Polygon()
    for shape, is_beyond in ((inside, False), (beyond, True)):
        stray = _stray(grid, is_beyond, shape, tolerances)
        if stray is not None:
            yield stray


def _united(shapes: list[BaseGeometry]) -> BaseGeometry:
    grounds = [ground for each in shapes if (ground := polygons(each)) is not None]
    return grounds[0] if len(grounds) == 1 else shapely.union_all(grounds)


def _stray(grid: int, beyond: bool, shape: BaseGeometry, tolerances: Tolerances) -> Stray | None:
    pieces = shapely.get_parts(polygons(shape) or Polygon())
    sizes_m2 = area_m2(pieces)
    pieces, sizes_m2 = pieces[sizes_m2 > DUST_M2], sizes_m2[sizes_m2 > DUST_M2]
    if sizes_m2.sum() <= tolerances.outside_silent_m2:
        return None
    return Stray(grid, beyond, pieces, sizes_m2, slivers(pieces, sizes_m2, tolerances))


def stray_findings(net: Net, stray: Stray, takes: Takes, tolerances: Tolerances) -> Iterator[Finding]:
    """Yield what is no sliver as one finding, and what is as another."""
    wide = ~stray.thin
    code = "outside-scope" if stray.beyond else "outside-parent"
    for chosen, called in ((wide, code), (stray.thin, "sliver")):
        shape, size_m2 = parts_of_one(stray.pieces[chosen].tolist()), float(stray.sizes_m2[chosen].sum())
        if shape is None or size_m2 <= tolerances.outside_silent_m2:
            continue
        message = _told(net, stray, size_m2)
        mend = _mend(net, stray, stray.pieces[chosen], takes, tolerances)
        grid = net.grids[stray.grid]
        codes = (grid.code,) if stray.beyond or grid.parent is None else (grid.code, grid.parent)
        if called == "sliver":
            message = say("Slivers: {said}", said=message)
        severity = "warn" if called == "sliver" else "block"
        yield Finding(called, codes, (grid.row,), size_m2, shape, message, severity, mend)  # type: ignore[arg-type]


def _told(net: Net, stray: Stray, size_m2: float) -> Sentence:
    grid = net.grids[stray.grid]
    size, share = spoken_m2(size_m2), f"{size_m2 / area_m2(grid.outline):.2%}"
    if stray.beyond:
        return say(
            "{code} lies outside all areas that are redrawn by {size} ({share} of it).",
            code=grid.code, size=size, share=share,
        )  # fmt: skip
    return say(
        "{code} lies outside its parent {parent} by {size} ({share} of it).",
        code=grid.code, parent=grid.parent or "", size=size, share=share,
    )  # fmt: skip


def _mend(net: Net, stray: Stray, pieces: Outlines, takes: Takes, tolerances: Tolerances) -> Mend | None:
    """Propose to take the ground away; or the other parent for a grid that lies there altogether."""
    grid, home = net.grids[stray.grid], int(net.homes[stray.grid])
    bounds = net.parent_outlines if stray.beyond else net.parent_outlines[[home]]
    near = bounds[shapely.intersects(bounds, shapely.box(*grid.outline.bounds))]
    change = cut(grid, taken_beyond(pieces, near), takes, tolerances)
    if change is None:
        return None if stray.beyond else _other_parent(net, stray.grid, tolerances)
    heirs = [] if stray.beyond else _passed_on(net, stray.grid, pieces, tolerances)
    if not heirs:
        return Mend((change,), say("The ground is taken from {code}.", code=grid.code))
    codes = listed(code for code, _ in heirs)
    said = say("The ground is taken from {code} and given to {heirs}.", code=grid.code, heirs=codes)
    return Mend((change, *(gain for _, gain in heirs)), said)


def _passed_on(net: Net, grid: int, pieces: Outlines, tolerances: Tolerances) -> list[tuple[str, Change]]:
    """Give what nobody else has who is at home there to the grids beside it that are: taking it leaves no gap."""
    ground = shapely.multipolygons(pieces.tolist())
    near = net.tree.query(ground)
    parts = []
    above = net.parent_tree.query(ground)
    above = above[above != net.homes[grid]]  # beside its own parent the ground ends
    for parent in above[shapely.intersects(net.parent_outlines[above], ground)].tolist():
        at_home = near[(near != grid) & np.isin(net.homes[near], (parent, -1))]
        rest = shapely.intersection(ground, net.parent_outlines[parent])
        rest = without(rest, net.outlines[at_home])
        pieces = shapely.get_parts(polygons(rest) or Polygon())
        sizes_m2 = area_m2(pieces)
        parts += [(pieces[at], sizes_m2[at], parent) for at in np.flatnonzero(sizes_m2 > tolerances.silent_m2)]
    beside = beside_of(net, outlines_of([part for part, _, _ in parts]))
    inherited: dict[int, list[Empty]] = defaultdict(list)
    for (part, size_m2, parent), neighbours in zip(parts, beside, strict=True):
        for heir, _ in neighbours:
            if heir != grid and net.is_draft(heir) and net.homes[heir] == parent:
                inherited[heir].append(Empty(part, size_m2, parent, at_border=True, thin=False, beside=neighbours))
                break
    gains = ((heir, _gain(net, heir, pieces, near)) for heir, pieces in inherited.items())
    return [(net.code(heir), gain) for heir, gain in gains if gain is not None]


def _gain(net: Net, heir: int, pieces: list[Empty], near: NDArray[np.int64]) -> Change | None:
    """Give pieces of the parent of a grid to it, all at once where they fit."""
    whole = together([piece.shape for piece in pieces])
    if whole is not None and fits(net.grids[heir].outline, whole):
        return Change(net.grids[heir].row, add=whole)
    leaving = near[~np.isin(net.homes[near], (net.homes[heir], -1))].tolist()
    gifts = [gift(net, piece, heir, {}, leaving=leaving) for piece in pieces]
    add = together([each.add for each in gifts if each is not None and each.add is not None])
    return Change(net.grids[heir].row, add=add) if add is not None else None


def _other_parent(net: Net, grid: int, tolerances: Tolerances) -> Mend | None:
    row, outline = net.grids[grid], net.outlines[grid]
    for parent in net.parent_tree.query(outline, predicate="intersects").tolist():
        rest = polygons(shapely.difference(outline, net.parent_outlines[parent]))
        if rest is None or area_m2(rest) <= tolerances.outside_silent_m2:
            code = net.parent_codes[parent]
            said = say("{parent} becomes the parent of {code}.", parent=code, code=row.code)
            return Mend((Change(row.row, parent=code),), said)
    return None
