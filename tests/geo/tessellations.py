"""Small made-up counties: grids that tile a patch of ground with wriggling shared edges."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

Line = NDArray[np.float64]


def _wriggle(start: Line, end: Line, points: int, rng: np.random.Generator) -> Line:
    """A line from start (kept) to end (left out) that strays sideways, most in the middle, by less than a tenth."""
    along = np.linspace(0.0, 1.0, points + 1)[:-1, None]
    sideways = np.array([start[1] - end[1], end[0] - start[0]])
    stray = np.zeros((points, 1))
    stray[:, 0] = rng.uniform(-0.09, 0.09, points) * (4 * along * (1 - along))[:, 0]
    return start + along * (end - start) + stray * sideways


def tessellation(
    columns: int,
    rows: int,
    *,
    points: int = 8,
    seed: int = 0,
    west: float = 119.0,
    south: float = 33.0,
    cell: float = 0.01,
) -> list[BaseGeometry]:
    """Return columns × rows polygons, row by row, sharing every vertex of their common edges exactly.

    From 3 × 3 on, the middle cell is an enclave inside the one before it, and the first and the last cell are two
    parts of one grid: the list is then one shorter.
    """
    rng = np.random.default_rng(seed)
    corner = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1)
    corner += rng.uniform(-0.2, 0.2, corner.shape)
    corner = np.round(np.array([west, south]) + corner * cell, 7)
    across = [[_wriggle(corner[j, i], corner[j, i + 1], points, rng) for i in range(columns)] for j in range(rows + 1)]
    upward = [[_wriggle(corner[j, i], corner[j + 1, i], points, rng) for i in range(columns + 1)] for j in range(rows)]

    def back(line: Line, end: Line) -> Line:
        return np.vstack((end[None], line[:0:-1]))

    cells: list[BaseGeometry] = [
        Polygon(
            np.vstack((
                across[j][i],
                upward[j][i + 1],
                back(across[j + 1][i], corner[j + 1, i + 1]),
                back(upward[j][i], corner[j + 1, i]),
            ))
        )
        for j in range(rows)
        for i in range(columns)
    ]  # fmt: skip
    return _with_an_enclave_and_two_parts(cells) if min(columns, rows) >= 3 else cells


def _with_an_enclave_and_two_parts(cells: list[BaseGeometry]) -> list[BaseGeometry]:
    middle = len(cells) // 2
    host = cells[middle]
    centre = host.representative_point()
    enclave = shapely.buffer(centre, 0.2 * centre.distance(host.boundary))
    cells[middle] = Polygon(host.exterior.coords, [enclave.exterior.coords])  # type: ignore[attr-defined]
    return [shapely.multipolygons([cells[0], cells[-1]]), *cells[1:-1], enclave]
