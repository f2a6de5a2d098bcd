"""Where reports pile up: counts in square cells, positions that repeat too often, and counts set against households.

A plain heat map shows where people live. `intensity` divides by the households that could have reported and draws
small numbers towards the mean; `gi_star` tells whether a grid and its neighbours together stand out. A position that
bears a large share of all reports is a default, not a hotspot: `repeated_points` names it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.crs import Floats
from geo.sphere import M_PER_DEG

Counts = NDArray[np.int64]


# --- cells ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cells:
    """Boxes in degrees that are `cell_m` metres square at latitude `lat0`, numbered from longitude and latitude 0."""

    cell_m: float
    lat0: float

    @property
    def width_deg(self) -> float:
        """Degrees of longitude across a cell."""
        return self.cell_m / (M_PER_DEG * math.cos(math.radians(self.lat0)))

    @property
    def height_deg(self) -> float:
        """Degrees of latitude across a cell."""
        return self.cell_m / M_PER_DEG


@dataclass(frozen=True)
class Bins:
    """The cells that hold points, in rows from the south and in each row from the west.

    column, row: int64 (k,), the cells' numbers. count: int64 (k,); weight: float64 (k,), the sum of the points'
    weights. `skipped` points had coordinates or weights that are not numbers.
    """

    cells: Cells
    column: Counts
    row: Counts
    count: Counts
    weight: Floats
    skipped: int

    def boxes(self) -> Floats:
        """Return west, south, east and north of each cell, (k, 4)."""
        width, height = self.cells.width_deg, self.cells.height_deg
        corners: Floats = np.column_stack((self.column, self.row, self.column + 1, self.row + 1)).astype(np.float64)
        corners *= (width, height, width, height)
        return corners

    def centres(self) -> tuple[Floats, Floats]:
        """Return longitude and latitude of the cells' middles."""
        west, south, east, north = self.boxes().T
        return (west + east) / 2, (south + north) / 2


def bin_points(
    lon: Floats, lat: Floats, cell_m: float, weights: Floats | None = None, *, lat0: float | None = None
) -> Bins:
    """Count WGS-84 points in cells of `cell_m` by `cell_m` metres (to 0.6 %, see `geo.outlines`).

    Cells are square at latitude `lat0`, the middle of the points when not given; give the county's own, so that the
    same cell has the same numbers whatever is counted. 25 km north or south of it they are 0.3 % off square at 35°.
    """
    if not cell_m > 0:
        raise ValueError(f"a cell of {cell_m} m holds nothing")
    weight = np.ones(len(lon)) if weights is None else np.asarray(weights, dtype=np.float64)
    good = np.isfinite(lon) & np.isfinite(lat) & np.isfinite(weight)
    lon, lat, weight = lon[good], lat[good], weight[good]
    if lat0 is None:
        lat0 = float(lat.min() + lat.max()) / 2 if lat.size else 0.0
    cells = Cells(cell_m, lat0)
    numbers = np.column_stack((np.floor(lat / cells.height_deg), np.floor(lon / cells.width_deg))).astype(np.int64)
    found, of, count = np.unique(numbers, axis=0, return_inverse=True, return_counts=True)
    total = np.zeros(len(found))
    np.add.at(total, of, weight)
    return Bins(cells, found[:, 1], found[:, 0], count.astype(np.int64), total, int((~good).sum()))


# --- defaults mistaken for places -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RepeatedPoint:
    """One exact position, how many of the points lie on it, and their share of all."""

    lon: float
    lat: float
    count: int
    share: float


def repeated_points(lon: Floats, lat: Floats, *, min_share: float = 0.02, min_count: int = 50) -> list[RepeatedPoint]:
    """Return the exact positions that bear at least this share and this number of all points, most often first.

    Real places repeat too (a market, a tower block: up to 0.5 % in a city's lift complaints), but not to this
    degree: such a position is what somebody's system fills in when it knows none. Ask it of coordinates as they
    came, one channel at a time. Points that are not numbers count among all, and are never returned.
    """
    finite = np.isfinite(lon) & np.isfinite(lat)
    found, count = np.unique(np.column_stack((lon[finite], lat[finite])), axis=0, return_counts=True)
    often = np.flatnonzero(count >= max(min_count, min_share * len(lon)))
    return [
        RepeatedPoint(float(found[i, 0]), float(found[i, 1]), int(count[i]), float(count[i] / len(lon)))
        for i in often[np.argsort(-count[often], kind="stable")]
    ]


# --- against households -----------------------------------------------------------------------------------------


def intensity(counts: NDArray[np.int64] | Floats, *, exposure: Floats) -> Floats:
    """Return how many times the county's own rate each place reports, drawn towards 1 where households are few.

    The empirical Bayes estimate by the method of moments (Marshall, Applied Statistics 40, 1991, the global one):
    with rates r = count / exposure, mean m = total count / total exposure, s2 the exposure-weighted variance of r,
    between = max(0, s2 - m / mean exposure) and trust = between / (between + m / exposure), the estimate is
    m + trust * (r - m), given here as a multiple of m. One report from 3 households is no hotspot; 300 from 900 are.

    NaN where exposure is 0, negative or unknown (NaN): a park without households has counts, not a rate. Those
    places are left out of the mean. NaN everywhere when nobody reported anything.
    """
    exposure = np.asarray(exposure, dtype=np.float64)
    known = exposure > 0
    result = np.full(len(exposure), np.nan)
    n, y = exposure[known], np.asarray(counts, dtype=np.float64)[known]
    if not y.sum() > 0:
        return result
    mean = y.sum() / n.sum()
    rate = y / n
    variance = (n * (rate - mean) ** 2).sum() / n.sum()
    between = max(0.0, variance - mean / n.mean())
    trust = between / (between + mean / n)
    result[known] = 1.0 + trust * (rate / mean - 1.0)
    return result


def gi_star(values: Floats, neighbours: Sequence[Sequence[int]]) -> Floats:
    """Return Getis and Ord's Gi* of each place as a z-score: above 1.96 it and its neighbours stand out as high.

    Getis and Ord, Geographical Analysis 24, 1992, with weights of 1 for the place itself and for each neighbour:
    (sum of these values - w * mean) / (s * sqrt((n * w - w * w) / (n - 1))), w the number summed, s the standard
    deviation over all n places. `neighbours[i]` are positions in `values` and may or may not hold i itself. 0 where
    the formula has no answer: all values alike, or all places each other's neighbours. NaN values are not allowed.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    members = [np.unique([i, *near]).astype(np.intp) for i, near in enumerate(neighbours)]
    w = np.array([len(some) for some in members], dtype=np.float64)
    local = np.array([values[some].sum() for some in members])
    result = np.zeros(n)
    if n > 1 and values.min() < values.max():
        spread = values.std() * np.sqrt((n * w - w * w) / (n - 1))
        np.divide(local - w * values.mean(), spread, out=result, where=spread > 0)
    return result
