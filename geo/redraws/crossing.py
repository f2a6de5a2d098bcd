"""Specialised grids that lie across several comprehensive ones: no fault, but their cases have several landlords."""

from collections.abc import Sequence

import numpy as np
import shapely

from geo.coverage import AreaOutline, Finding, polygons
from geo.crs import area_m2
from geo.redraws.mends import DraftGrid
from geo.sentences import join, say

LEAST_SHARE = 0.01
"""Of a specialised grid's ground: with less of it in a neighbour it does not cross, its border is drawn roughly."""


def find_crossing(grids: Sequence[DraftGrid], tiles: Sequence[AreaOutline]) -> list[Finding]:
    """Note each specialised grid with more than a hundredth of its ground in each of several comprehensive ones."""
    if not grids or not tiles:
        return []
    tree = shapely.STRtree(_outlines(tiles))
    at, near = tree.query(_outlines(grids), predicate="intersects")
    beneath = {one: [tiles[tile] for tile in near[at == one].tolist()] for one in np.unique(at).tolist()}
    found = (_crossing(grids[one], crossed) for one, crossed in beneath.items())
    return [finding for finding in found if finding is not None]


def _crossing(grid: DraftGrid, tiles: Sequence[AreaOutline]) -> Finding | None:
    whole = float(area_m2(grid.outline))
    shares = {tile.code: _shared_m2(grid, tile) / whole for tile in tiles}
    crossed = sorted((code for code, share in shares.items() if share >= LEAST_SHARE), key=lambda code: -shares[code])
    if len(crossed) < 2:
        return None
    parts = [say("{code} ({share})", code=code, share=f"{shares[code]:.0%}") for code in crossed]
    said = say(
        "{code} lies across {count} comprehensive grids: {parts}.",
        code=grid.code, count=len(crossed), parts=join("{one}, {other}", parts),
    )  # fmt: skip
    return Finding("crosses-grids", (grid.code, *crossed), (grid.row,), whole, grid.outline, said, "warn")


def _shared_m2(grid: DraftGrid, tile: AreaOutline) -> float:
    shared = polygons(shapely.intersection(grid.outline, tile.outline))
    return 0.0 if shared is None else float(area_m2(shared))


def _outlines(areas: Sequence[DraftGrid] | Sequence[AreaOutline]) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    outlines = np.empty(len(areas), dtype=object)
    outlines[:] = [area.outline for area in areas]
    return outlines
