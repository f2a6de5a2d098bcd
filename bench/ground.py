"""What the locator is measured on: outlines, a million points to place, and a million to place by the skin of teeth.

Four grounds: the demonstration county, two that are drawn for their size, and Taiwan's villages where they lie beside
the repository. Of the points, half lie anywhere in the box and a little beyond, half in clusters, as reports do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray

from bench import points, tessellations
from bench.county import County
from bench.tessellations import Size
from database.settings import ROOT
from geo.coverage import mend_outline

VILLAGES = ROOT.parent / "shared" / "data" / "taiwan" / "taiwan_villages.gpkg"
CLUSTERS = 500

Floats = NDArray[np.float64]
Outlines = NDArray[np.object_]


@dataclass(frozen=True)
class Ground:
    """Outlines in the order of their codes, and points (lon, lat) among them."""

    name: str
    outlines: Outlines
    lon: Floats
    lat: Floats

    @property
    def vertices(self) -> int:
        """Of all outlines together."""
        return int(shapely.get_num_coordinates(self.outlines).sum())

    @cached_property
    def prepared(self) -> Outlines:
        """Copies with GEOS's index of each. The outlines themselves stay as a file gives them: drawing is timed too."""
        copies: Outlines = shapely.from_wkb(shapely.to_wkb(self.outlines))
        shapely.prepare(copies)
        return copies


def county_grids(county: County, count: int) -> Ground:
    """Today's comprehensive grids, and points around its reports; the points of `bench.points`."""
    asked, grids = points.write(county, count)
    rows = pyogrio.read_dataframe(grids).sort_values("code")
    at = pd.read_csv(asked)
    outlines = rows.geometry.to_numpy()
    return Ground(f"county, {len(outlines):,} grids", outlines, at["lon"].to_numpy(), at["lat"].to_numpy())


def generated(size: Size) -> Callable[[County, int], Ground]:
    """Grids drawn for the purpose."""

    def make(county: County, count: int) -> Ground:
        return _scattered(f"{size.grids:,} grids", tessellations.load(size, county.data / "tessellations"), count)

    return make


def villages(_county: County, count: int) -> Ground | None:
    """Taiwan's villages, the invalid ones mended as the importer does; None where the file is not."""
    if not VILLAGES.exists():
        return None
    rows = pyogrio.read_dataframe(VILLAGES).sort_values("VILLCODE", kind="stable")
    outlines = rows.geometry.to_numpy()
    for at in np.flatnonzero(~shapely.is_valid(outlines)):
        outlines[at] = mend_outline(outlines[at]).outline
    return _scattered(f"Taiwan, {len(outlines):,} villages", outlines, count)


GROUNDS: dict[str, Callable[[County, int], Ground | None]] = {
    "county": county_grids,
    "10k": generated(Size(10_000, 209)),
    "100k": generated(Size(100_000, 61)),
    "villages": villages,
}


def _scattered(name: str, outlines: Outlines, count: int) -> Ground:
    chance = np.random.default_rng(1)
    low, high = _corners(outlines)
    margin = points.MARGIN * (high - low)
    anywhere = chance.uniform(low - margin, high + margin, size=(count // 2, 2))
    chosen = outlines[chance.integers(len(outlines), size=CLUSTERS)]
    centres = shapely.get_coordinates(shapely.point_on_surface(chosen))
    clustered = centres[chance.integers(CLUSTERS, size=count - len(anywhere))]
    clustered = clustered + chance.normal(scale=points.SCATTER_DEG, size=clustered.shape)
    both = np.concatenate([anywhere, clustered])
    chance.shuffle(both)
    return Ground(name, outlines, *both.T.copy())


def _corners(outlines: Outlines) -> tuple[Floats, Floats]:
    box = shapely.total_bounds(outlines)
    return box[:2], box[2:]


def on_borders(outlines: Outlines, count: int, *, seed: int = 1) -> tuple[Floats, Floats]:
    """Return points that a careless test of sides gets wrong, in about equal parts: lon and lat.

    Vertices; middles of edges; anywhere on edges, as near as float64 comes; the longitude of one vertex with the
    latitude of another or with any, and the other way round; and the very next numbers around vertices and middles,
    in all eight directions.
    """
    chance = np.random.default_rng(seed)
    begin, end = _edges(outlines)
    low, high = _corners(outlines)

    def some(of: int) -> tuple[Floats, Floats]:
        edge = chance.integers(len(begin), size=of)
        return begin[edge], end[edge]

    part = -(-count // 8)
    vertex, (one, two), (three, four) = some(part)[0], some(part), some(part)
    mixed, level, upright = (some(part)[0].copy() for _ in range(3))
    mixed[:, 1] = some(part)[0][:, 1]
    level[:, 0] = chance.uniform(low[0], high[0], part)
    upright[:, 1] = chance.uniform(low[1], high[1], part)
    five, six = some(2 * part)
    beside = np.where(chance.random(2 * part)[:, None] < 0.5, five, (five + six) / 2)
    directions = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y])
    towards = directions[chance.integers(len(directions), size=2 * part)]
    beside = np.where(towards == 0, beside, np.nextafter(beside, np.inf * np.where(towards == 0, 1, towards)))
    along = three + chance.random((part, 1)) * (four - three)
    every = np.concatenate([vertex, (one + two) / 2, along, mixed, level, upright, beside])[:count]
    lon, lat = every.T.copy()
    return lon, lat


def _edges(outlines: Outlines) -> tuple[Floats, Floats]:
    """Both ends of every edge of every ring."""
    rings = shapely.get_rings(shapely.get_parts(outlines))
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    within = ring[1:] == ring[:-1]
    return vertices[:-1][within], vertices[1:][within]


def kept_at(ground: Ground, folder: Path) -> Path:
    """Write a ground as one file that other processes read without us; return where it is."""
    path = folder / "ground.npz"
    kind, coordinates, offsets = shapely.to_ragged_array(ground.outlines)
    named = {f"offsets{i}": each for i, each in enumerate(offsets)}
    np.savez(path, kind=kind.value, coordinates=coordinates, lon=ground.lon, lat=ground.lat, **named)
    return path


def read_back(path: Path) -> Ground:
    """Read what `kept_at` wrote."""
    with np.load(path) as kept:
        offsets = tuple(kept[name] for name in sorted(kept.files) if name.startswith("offsets"))
        outlines = shapely.from_ragged_array(shapely.GeometryType(int(kept["kind"])), kept["coordinates"], offsets)
        return Ground(path.stem, outlines, kept["lon"], kept["lat"])
