"""The county: land cut into townships, villages and grids, with codes, names and household counts.

Codes follow 6+3+3+3 digits. 329901 is a code that no real county has. Outlines are in metres of EPSG:4549,
rounded to the millimetre; neighbours share every vertex of their common border.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from shapefiles import names
from shapefiles.borders import OUTSIDE, assemble, draw, find_arcs
from shapefiles.chance import Rng, share, stream
from shapefiles.landscape import Landscape, lay_out
from shapefiles.mesh import Mesh, Points, build_mesh, line_up, relax, scatter
from shapefiles.subdivide import divide, grow, largest_connected, neighbours_of, pieces_of, uneven_costs

COUNTY_CODE = "329901"
VILLAGES = 250
GRIDS = 874
CELLS = 27_000
"""Cells of the mosaic, about a third of which fall outside the county."""
TOWN_URBANITY = 0.28
"""From here on a village is a community (社区), with roads and house numbers."""


@dataclass(frozen=True)
class Area:
    """One area of the ladder. `parent` is the code one level up, empty for the county."""

    code: str
    name: str
    parent: str
    outline: Polygon


@dataclass(frozen=True)
class Village(Area):
    """A village or, where it is a town's, a community."""

    urban: bool


@dataclass(frozen=True)
class Grid(Area):
    """A comprehensive grid."""

    households: int
    urbanity: float
    """0 in open country to 1 in the middle of the county seat."""


@dataclass(frozen=True)
class County:
    """Everything that covers ground without gap or overlap, in the order of the codes."""

    land: Landscape
    county: Area
    townships: tuple[Area, ...]
    villages: tuple[Village, ...]
    grids: tuple[Grid, ...]


@dataclass(frozen=True)
class _Parts:
    """Cells of each township, of each of its villages, and of each of their grids: lists within lists."""

    grids: list[list[list[list[int]]]]

    def flat(self) -> list[list[int]]:
        return [cells for township in self.grids for village in township for cells in village]


def found_county(seed: int) -> County:
    """Return the county of this seed, always the same."""
    land = lay_out(seed, len(names.TOWNSHIPS))
    mesh = _mosaic(land, seed)
    parts = _in_order(_divide(land, mesh, seed), land, mesh)
    outlines = _outlines(parts.flat(), land, mesh, seed)
    return _name(parts, outlines, land, mesh, seed)


def _mosaic(land: Landscape, seed: int) -> Mesh:
    sites = relax(scatter(CELLS, land.box, land.density, stream(seed, "sites")), rounds=2)
    west, south, east, north = land.box
    sample = stream(seed, "sample").uniform((west, south), (east, north), size=(40_000, 2))
    spacing_m = np.sqrt((east - west) * (north - south) * land.density(sample).mean() / CELLS)

    def spacing(points: Points) -> NDArray[np.float64]:
        return np.asarray(spacing_m / np.sqrt(land.density(points)))

    return build_mesh(line_up(sites, [divide.line for divide in land.divides], spacing))


def _divide(land: Landscape, mesh: Mesh, seed: int) -> _Parts:
    """Cut the land three times. Townships end at waters; villages and grids at roads and streets too."""
    rng = stream(seed, "parts")
    costs = uneven_costs(mesh, rng)
    steps = shapely.linestrings(mesh.sites[mesh.links])
    wide = costs / np.sqrt(np.sqrt(land.density(mesh.sites)))[mesh.links].mean(axis=1)
    for divide_ in land.divides:
        shapely.prepare(divide_.line)
        crossing = shapely.intersects(divide_.line, steps)
        costs[crossing] *= divide_.dear
        wide[crossing] *= divide_.dear if divide_.water else 1.0
    around, around_widely = neighbours_of(mesh, costs), neighbours_of(mesh, wide)
    cells = largest_connected(np.flatnonzero(land.inside(mesh.sites)).tolist(), around)
    towns = [cells[int(np.hypot(*(mesh.sites[cells] - town).T).argmin())] for town in land.towns]
    townships = pieces_of(grow(towns, cells, around_widely), len(towns))
    counts = share(VILLAGES, [len(piece) for piece in townships], least=9)
    villages = [divide(cells, count, mesh, around, rng) for cells, count in zip(townships, counts, strict=True)]
    grid_counts = iter(share(GRIDS, [len(piece) for township in villages for piece in township], least=1))
    return _Parts(
        [[divide(cells, next(grid_counts), mesh, around, rng) for cells in township] for township in villages]
    )


def _in_order(parts: _Parts, land: Landscape, mesh: Mesh) -> _Parts:
    """Number as offices do: communities of the town first, then villages; grids from north to south."""

    def town_first(village: list[list[int]]) -> float:
        return -_urbanity([cell for grid in village for cell in grid], land, mesh)

    def north_first(grid: list[int]) -> float:
        return -float(mesh.sites[grid][:, 1].mean())

    grids = [[sorted(village, key=north_first) for village in township] for township in parts.grids]
    return _Parts([sorted(township, key=town_first) for township in grids])


def _urbanity(cells: Sequence[int], land: Landscape, mesh: Mesh) -> float:
    return float(land.urbanity(mesh.sites[list(cells)]).mean())


def _outlines(grids: Sequence[Sequence[int]], land: Landscape, mesh: Mesh, seed: int) -> list[Polygon]:
    part = np.full(len(mesh.sites), OUTSIDE)
    for number, cells in enumerate(grids):
        part[cells] = number
    arcs = find_arcs(mesh, part)
    middles = np.array([mesh.corners[list(arc.corners)].mean(axis=0) for arc in arcs])
    wild = (1 - land.urbanity(middles)) ** 3 * stream(seed, "roughness").uniform(0.25, 1.4, len(arcs))
    return assemble(arcs, draw(arcs, mesh, (0.015 + 0.16 * wild).tolist(), seed), len(grids))


def _name(parts: _Parts, outlines: Sequence[Polygon], land: Landscape, mesh: Mesh, seed: int) -> County:
    """Give every area its code and name, and unite grids into villages, townships and the county."""
    rng = stream(seed, "names")
    communities, rural = names.community_names(rng), names.village_names(rng)
    drawn = iter(outlines)
    townships, villages, grids = list[Area](), list[Village](), list[Grid]()
    for township_name, code, township in zip(names.TOWNSHIPS, _township_codes(), parts.grids, strict=True):
        first_village, town_count, country_count = len(villages), 0, 0
        for village in township:
            urban = _urbanity([cell for grid in village for cell in grid], land, mesh) > TOWN_URBANITY
            town_count, country_count = town_count + urban, country_count + (not urban)
            village_code = f"{code}{town_count if urban else 200 + country_count:03d}"
            village_name = next(communities if urban else rural)
            fresh = [
                Grid(f"{village_code}{number:03d}", f"{village_name}第{names.numeral(number)}网格", village_code,
                     next(drawn), _households(rng), _urbanity(cells, land, mesh))
                for number, cells in enumerate(village, start=1)
            ]  # fmt: skip
            grids += fresh
            villages.append(Village(village_code, village_name, code, _unite(fresh), urban))
        townships.append(Area(code, township_name, COUNTY_CODE, _unite(villages[first_village:])))
    county = Area(COUNTY_CODE, names.COUNTY, "", _unite(townships))
    return County(land, county, tuple(townships), tuple(villages), tuple(grids))


def _township_codes() -> list[str]:
    """Streets (街道) count from 001, towns (镇) from 100, as in the national code."""
    streets = sum(name.endswith("街道") for name in names.TOWNSHIPS)
    numbers = [*range(1, streets + 1), *range(100, 100 + len(names.TOWNSHIPS) - streets)]
    return [f"{COUNTY_CODE}{number:03d}" for number in numbers]


def _households(rng: Rng) -> int:
    """Return a count from 150 to 900, for most grids from 300 to 500."""
    middle, spread = ((400, 55), (235, 45), (600, 130))[int(rng.choice(3, p=(0.84, 0.08, 0.08)))]
    return int(np.clip(round(rng.normal(middle, spread)), 150, 900))


def _unite(areas: Sequence[Area]) -> Polygon:
    """Return the outline round areas that share their borders; its vertices are all theirs."""
    united = shapely.coverage_union_all([area.outline for area in areas])
    if not isinstance(united, Polygon):
        raise TypeError(f"{areas[0].code} and its siblings do not hang together")
    return united
