"""Grids by the ten thousand that tile a patch of ground with wriggling borders, for asking what size costs.

The cells are those of the demonstration county (`shapefiles.mesh`), one cell a grid of about a square kilometre. A
wall between two cells runs from the centroid of one triangle through the middle of a side to the centroid of the
next. Each half is drawn as a wave within the triangle of its centroid and that side, and leaves the centroid along a
straight line: so no two borders can meet but at corners, however many there are, and nothing is tried twice.

The walls become rough by octaves of waves, not by midpoints moved about, for that can be computed for all walls at
once: 100,000 grids take ten seconds. They are kept as files, and made anew when a file is missing.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from shapefiles.chance import Rng, stream
from shapefiles.mesh import Mesh, Points, build_mesh, relax, scatter

DEG_PER_GRID = 0.01
"""Side of the square that a grid would be."""

SOUTH_WEST = (113.0, 29.0)
SPARE = 4.0  # grids beyond the outermost, so that none of those chosen lies at the mesh's rim
DIGITS = 9  # after the point: a tenth of a millimetre
OCTAVES = 6
BLOCK = 8  # grids: numbers run through blocks of so many across, as codes run through townships

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]


class NotACoverage(Exception):
    """Generated grids overlap, or one of them crosses itself: measured on them, nothing would mean anything."""


@dataclass(frozen=True)
class Size:
    """How many grids, and how many vertices each has as a rule."""

    grids: int
    vertices: int


def load(size: Size, folder: Path, *, seed: int = 1) -> NDArray[np.object_]:
    """Return the grids of a size, the same ones each time; made where the folder does not hold them yet."""
    path = folder / f"grids-{size.grids}x{size.vertices}-{seed}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        coordinates, first = draw(size, seed=seed)
        check(_polygons(coordinates, first))
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, coordinates=coordinates, first=first)
        unfinished.rename(path)
    with np.load(path) as kept:
        return _polygons(kept["coordinates"], kept["first"])


def check(grids: NDArray[np.object_]) -> None:
    """Raise NotACoverage unless every grid is valid and each border is the same line for both its neighbours."""
    if not shapely.is_valid(grids).all() or not shapely.coverage_is_valid(grids):
        raise NotACoverage(f"of {len(grids)} grids some overlap or cross themselves")


def draw(size: Size, *, seed: int) -> tuple[Points, Numbers]:
    """Return all rings in a row (closed, lon and lat), and where each begins, with the end of the last."""
    mesh = build_mesh(_sites(size.grids, stream(seed, "sites")))
    chosen = _innermost(mesh.sites, size.grids)
    number = np.full(len(mesh.sites), -1)
    number[chosen] = np.arange(size.grids)
    mine = (number[mesh.links] >= 0).any(axis=1)
    walls = Mesh(mesh.sites, mesh.corners, mesh.links[mine], mesh.walls[mine])
    line, first = _rough(walls, size, stream(seed, "borders"))
    return _rings(np.round(np.add(line * DEG_PER_GRID, SOUTH_WEST), DIGITS), first, walls, number, size.grids)


def _polygons(coordinates: Points, first: Numbers) -> NDArray[np.object_]:
    rings = np.arange(len(first))
    return np.asarray(shapely.from_ragged_array(shapely.GeometryType.POLYGON, coordinates, (first, rings)))


# all below in sides of a grid


def _sites(grids: int, rng: Rng) -> Points:
    """Where cells grow: denser around some towns, as people live."""
    side = grids**0.5 + 2 * SPARE
    towns = rng.uniform(0.0, side, size=(max(3, grids // 700), 2))

    def density(at: Points) -> Floats:
        away = np.full(len(at), np.inf)
        for town in towns:
            away = np.minimum(away, np.hypot(*(at - town).T))
        return 0.3 + 0.7 * np.exp(-away / 6.0)

    return relax(scatter(int(side * side), (0.0, 0.0, side, side), density, rng), rounds=2)


def _innermost(sites: Points, count: int) -> Numbers:
    """The sites nearest to the middle, by the larger of both ways: about a square. Block by block from the south."""
    middle = (sites.min(axis=0) + sites.max(axis=0)) / 2
    chosen = np.argsort(np.abs(sites - middle).max(axis=1), kind="stable")[:count]
    column, row = (sites[chosen] // BLOCK).T
    return chosen[np.lexsort((sites[chosen, 0], sites[chosen, 1], column, row))]


def _rough(mesh: Mesh, size: Size, rng: Rng) -> tuple[Points, Numbers]:
    """The vertices of each wall, both ends included: all in a row, and where each wall's begin."""
    one, two = mesh.sites[mesh.links[:, 0]], mesh.sites[mesh.links[:, 1]]
    begin, end = mesh.corners[mesh.walls[:, 0]], mesh.corners[mesh.walls[:, 1]]
    middle, across = (one + two) / 2, (two - one) / 2
    length = np.hypot(*(middle - begin).T) + np.hypot(*(end - middle).T)
    steps = np.maximum(2, np.rint(length / length.mean() * size.vertices / 6.0)).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(steps + 1)])
    wall = np.repeat(np.arange(len(steps)), steps + 1)
    along = (np.arange(first[-1]) - first[wall]) / steps[wall]  # 0 … 1
    near = np.where((along < 0.5)[:, None], begin[wall], end[wall])
    inward = 1.0 - np.abs(2.0 * along - 1.0)  # 0 at both ends, 1 in the middle
    sideways = inward * _wave(along, wall, len(steps), rng)
    return near + inward[:, None] * (middle[wall] - near) + sideways[:, None] * across[wall], first


def _wave(along: Floats, wall: Numbers, walls: int, rng: Rng) -> Floats:
    """How far each vertex strays, of the way to the cell's site: less than half in all, and steadily from the ends."""
    total, swing = np.zeros(len(along)), 0.2
    for octave in range(OCTAVES):
        phase, strength = rng.uniform(0.0, 2.0 * np.pi, walls), rng.uniform(0.5, 1.0, walls) * swing
        total += strength[wall] * np.sin(2.0**octave * 2.0 * np.pi * along + phase[wall])
        swing *= 0.6
    return total


def _rings(line: Points, first: Numbers, mesh: Mesh, number: Numbers, grids: int) -> tuple[Points, Numbers]:
    """Chain the walls around each grid: against the clock a grid's walls follow one another as its neighbours do."""
    wall, side = np.divmod(np.arange(2 * len(mesh.links)), 2)  # a wall is forward on its left, backward on its right
    here, there = mesh.links[wall, side], mesh.links[wall, 1 - side]
    towards = mesh.sites[there] - mesh.sites[here]
    angle = np.arctan2(towards[:, 1], towards[:, 0])
    order = np.lexsort((angle, number[here]))
    order = order[number[here[order]] >= 0]
    wall, side, grid = wall[order], side[order], number[here[order]]
    steps = np.diff(first)[wall] - 1  # its last vertex is the next wall's first
    goes = np.repeat(np.arange(len(order)), steps)
    step = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)
    vertex = np.where(side[goes] == 0, first[wall[goes]] + step, first[wall[goes] + 1] - 1 - step)
    count = np.bincount(grid[goes], minlength=grids)
    opened = np.concatenate([[0], np.cumsum(count)])
    closing = np.insert(vertex, opened[1:], vertex[opened[:-1]])
    return line[closing], opened + np.arange(grids + 1)
