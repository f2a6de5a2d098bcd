"""Ground of the draft outside the parent that a grid names, and outside all parents that the redraw fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import Finding, polygons, spoken_m2
from geo.crs import area_m2
from geo.redraws.faces import Faces, Net, outlines_of
from geo.redraws.gaps import Empty, beside_of, gift
from geo.redraws.giving import Takes, cut, taken_beyond, together
from geo.redraws.mends import Change, Mend
from geo.redraws.sizes import DUST_M2, Outlines, Tolerances, slivers
from geo.sentences import Sentence, listed, say


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
    if not net.parents:
        return
    grids = np.unique(net.tree.query(faces.shapes[~faces.quiet], predicate="intersects")[1])
    grids = grids[grids < len(net.grids)]
    homes = net.homes[grids]
    inside = np.zeros(len(grids), dtype=bool)
    inside[homes >= 0] = shapely.covers(net.parent_outlines[homes[homes >= 0]], net.outlines[grids[homes >= 0]])
    for grid in grids[~inside].tolist():
        yield from _strays(net, grid, tolerances)


def _strays(net: Net, grid: int, tolerances: Tolerances) -> Iterator[Stray]:
    outline, home = net.outlines[grid], int(net.homes[grid])
    beyond: BaseGeometry = shapely.difference(outline, net.parent_outlines[home]) if home >= 0 else outline
    if _size_m2(beyond) <= tolerances.outside_silent_m2:
        return
    elsewhere = []
    for other in net.parent_tree.query(beyond).tolist():
        if other == home or _size_m2(beyond) <= DUST_M2:
            continue
        elsewhere.append(shapely.intersection(beyond, net.parent_outlines[other]))
        beyond = shapely.difference(beyond, net.parent_outlines[other])
    inside = shapely.union_all(elsewhere) if home >= 0 else Polygon()
    for shape, is_beyond in ((inside, False), (beyond, True)):
        stray = _stray(grid, is_beyond, shape, tolerances)
        if stray is not None:
            yield stray


def _size_m2(shape: BaseGeometry) -> float:
    return area_m2(polygons(shape) or Polygon())


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
        shape, size_m2 = together(stray.pieces[chosen].tolist()), float(stray.sizes_m2[chosen].sum())
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
    border = shapely.union_all(bounds[shapely.intersects(bounds, shapely.box(*grid.outline.bounds))])
    change = cut(grid, [taken_beyond(piece, border) for piece in pieces], takes, tolerances)
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
    for parent in net.parent_tree.query(ground, predicate="intersects").tolist():
        at_home = near[(near != grid) & np.isin(net.homes[near], (parent, -1))]
        rest = shapely.intersection(ground, net.parent_outlines[parent])
        rest = shapely.difference(rest, shapely.union_all(net.outlines[at_home]))
        parts += [
            (part, parent)
            for part in shapely.get_parts(polygons(rest) or Polygon())
            if area_m2(part) > tolerances.silent_m2
        ]
    beside = beside_of(net, outlines_of([part for part, _ in parts]))
    heirs = []
    for (part, parent), neighbours in zip(parts, beside, strict=True):
        empty = Empty(part, area_m2(part), parent, at_border=True, thin=False, beside=neighbours)
        for heir, _ in neighbours:
            if heir != grid and net.is_draft(heir) and net.homes[heir] == parent:
                gain = gift(net, empty, heir, {}, leaving=near[~np.isin(net.homes[near], (parent, -1))].tolist())
                heirs += [(net.code(heir), gain)] if gain is not None else []
                break
    return heirs


def _other_parent(net: Net, grid: int, tolerances: Tolerances) -> Mend | None:
    row, outline = net.grids[grid], net.outlines[grid]
    for parent in net.parent_tree.query(outline, predicate="intersects").tolist():
        rest = polygons(shapely.difference(outline, net.parent_outlines[parent]))
        if rest is None or area_m2(rest) <= tolerances.outside_silent_m2:
            code = net.parent_codes[parent]
            said = say("{parent} becomes the parent of {code}.", parent=code, code=row.code)
            return Mend((Change(row.row, parent=code),), said)
    return None
