"""A mosaic of small cells over the plane, dense where people live: the raw material of all outlines.

The mosaic is the dual of a Delaunay triangulation: its corners are the triangles' centroids, its walls
run from one centroid to the next through the middle of the side between (so that no two can cross).
Three cells meet at every corner, and neighbours share corners by number rather than by comparing
floating-point coordinates. All units are metres.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, STRtree

from shapefiles.chance import Rng

Points = NDArray[np.float64]
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""West, south, east, north."""


@dataclass(frozen=True)
class Mesh:
    """Cells, and the walls between them. Row i of `links` and of `walls` describe the same wall."""

    sites: Points
    """(cells, 2) the point each cell grew around."""
    corners: Points
    """(corners, 2) where three cells meet."""
    links: Numbers
    """(walls, 2) the cell on the left and the cell on the right of each wall."""
    walls: Numbers
    """(walls, 2) the corners at which each wall begins and ends."""


def scatter(count: int, box: Box, density: Callable[[Points], Values], rng: Rng) -> Points:
    """Draw `count` points in `box`, as often as `density` (highest value 1) says, by rejection."""
    found: list[Points] = []
    while sum(map(len, found)) < count:
        tried = rng.uniform(box[:2], box[2:], size=(4 * count, 2))
        found.append(tried[rng.random(len(tried)) < density(tried)])
    return np.concatenate(found)[:count]


def line_up(sites: Points, lines: Sequence[LineString], spacing: Callable[[Points], Values]) -> Points:
    """Clear the sites beside each line and set them again in pairs across it, so that walls run along the line.

    `spacing` tells in metres how far apart sites are to be at a point. Where lines meet or nearly so, neither is
    followed closely.
    """
    pairs = [_pairs_across(line, spacing) for line in lines]
    everything = np.concatenate([sites, *pairs])
    own = np.repeat(np.arange(-1, len(lines)), [len(sites), *map(len, pairs)])
    reach = 0.32 * spacing(everything)
    point, line = STRtree(lines).query(shapely.points(everything), predicate="dwithin", distance=reach)
    crowded = np.zeros(len(everything), dtype=bool)
    crowded[point[own[point] != line]] = True
    return np.asarray(everything[~crowded])


def _pairs_across(line: LineString, spacing: Callable[[Points], Values]) -> Points:
    way = np.arange(0, line.length, 5.0)
    here, ahead = (shapely.get_coordinates(shapely.line_interpolate_point(line, way + more)) for more in (0.0, 1.0))
    gone = np.cumsum(5.0 / (0.85 * spacing(here))).astype(int)
    chosen = np.flatnonzero(np.diff(gone, prepend=-1))
    here, ahead, step = here[chosen], ahead[chosen], spacing(here[chosen])
    across = np.stack([here[:, 1] - ahead[:, 1], ahead[:, 0] - here[:, 0]], axis=1) * (0.24 * step)[:, None]
    return np.concatenate([here + across, here - across])


def relax(sites: Points, rounds: int) -> Points:
    """Move each site to the middle of its cell, which evens out slivers; a few rounds keep it irregular."""
    for _ in range(rounds):
        mesh = build_mesh(sites)
        total = np.zeros_like(sites)
        seen = np.zeros(len(sites))
        for side in (0, 1):
            for end in (0, 1):
                np.add.at(total, mesh.links[:, side], mesh.corners[mesh.walls[:, end]])
                np.add.at(seen, mesh.links[:, side], 1)
        moved = total / np.maximum(seen, 1)[:, None]
        sites = np.where((seen >= 8)[:, None], moved, sites)  # two per wall: four walls or more
    return sites


def build_mesh(sites: Points) -> Mesh:
    """Return the mosaic of `sites`; cells at the very rim are left open and must not be used."""
    triangles = _triangles(sites)
    corners = sites[triangles].mean(axis=1)
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    owner = np.tile(np.arange(len(triangles)), 3)
    sides.sort(axis=1)
    order = np.lexsort((owner, sides[:, 1], sides[:, 0]))
    sides, owner = sides[order], owner[order]
    paired = np.flatnonzero((sides[1:] == sides[:-1]).all(axis=1))
    links, walls = sides[paired], np.stack([owner[paired], owner[paired + 1]], axis=1)
    return Mesh(sites, corners, _left_first(sites, corners[walls[:, 0]], links), walls)


def _triangles(sites: Points) -> Numbers:
    """Return the Delaunay triangles as rows of three site numbers."""
    number = {tuple(site): index for index, site in enumerate(sites.tolist())}
    pieces = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(sites)))
    rings = shapely.get_coordinates(pieces).reshape(-1, 4, 2)[:, :3]
    return np.array([number[tuple(corner)] for corner in rings.reshape(-1, 2).tolist()]).reshape(-1, 3)


def _left_first(sites: Points, start: Points, links: Numbers) -> Numbers:
    """Order each link so that, going from `start` through the wall's middle, the first cell is on the left."""
    across, back = sites[links[:, 1]] - sites[links[:, 0]], start - sites[links[:, 0]]
    left = across[:, 0] * back[:, 1] - across[:, 1] * back[:, 0] < 0
    return np.where(left[:, None], links, links[:, ::-1])
