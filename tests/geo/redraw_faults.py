"""Small nets of grids with parents, and faults put into them, for asking whether each is found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import polygons
from geo.redraws.mends import DraftGrid
from tests.geo.tessellations import tessellation

METRE = 1e-5
"""In degrees, about."""


@dataclass
class Drawn:
    """A draft and the outlines of its parents."""

    grids: list[DraftGrid]
    parents: dict[str, BaseGeometry]


def sound(seed: int, *, side: int = 5, elsewhere_drawn: bool = False) -> Drawn:
    """A net without a fault, its grids in three parents; with borders cut at other corners where drawn elsewhere."""
    rng = np.random.default_rng(seed)
    outlines = tessellation(side, side, points=4, seed=seed % 10_000)
    homes = [f"V{min(int(outline.centroid.x * 100) % 10, 3)}" for outline in outlines]
    grids = [
        DraftGrid(row, f"{home}-{row:02d}", f"grid {row}", outline, home, 400)
        for row, (outline, home) in enumerate(zip(outlines, homes, strict=True), 1)
    ]
    parents = {
        home: polygons(shapely.union_all([grid.outline for grid in grids if grid.parent == home]))
        for home in sorted(set(homes))
    }
    if elsewhere_drawn:  # every side cut once more, to a tenth of a millimetre: no edge matches
        parents = {home: _cut_elsewhere(outline, rng) for home, outline in parents.items()}
    return Drawn(grids, parents)  # type: ignore[arg-type]


def _cut_elsewhere(outline: BaseGeometry, rng: np.random.Generator) -> BaseGeometry:
    cut = shapely.segmentize(outline, 2e-3)
    moved = shapely.transform(cut, lambda at: np.round(_shaken(at, 4e-10, rng), 9))
    return shapely.make_valid(moved, method="structure")


def with_fault(drawn: Drawn, rng: np.random.Generator) -> Drawn:
    """The same net with one fault more, of any kind."""
    at = int(rng.integers(len(drawn.grids)))
    grid = drawn.grids[at]
    kind = rng.choice(["vertex", "hole", "grown", "shrunk", "twin", "missing", "moved", "wavy"])
    outline: BaseGeometry | None = grid.outline
    grids = list(drawn.grids)
    if kind == "twin":
        grids.append(replace(grid, row=max(each.row for each in grids) + 1))
    elif kind == "missing":
        del grids[at]
    else:
        outline = polygons(shapely.make_valid(_FAULTS[kind](grid.outline, rng), method="structure"))
        if outline is not None:
            grids[at] = replace(grid, outline=outline)
    return Drawn(grids, drawn.parents)


def pushed_vertex(outline: BaseGeometry, rng: np.random.Generator, *, metres: float = 60.0) -> BaseGeometry:
    """One corner of the first part goes elsewhere."""
    first, *others = shapely.get_parts(outline).tolist()
    ring = np.array(first.exterior.coords)[:-1]
    ring[rng.integers(len(ring))] += rng.uniform(-metres, metres, 2) * METRE
    return shapely.union_all([shapely.make_valid(Polygon(ring, [hole.coords for hole in first.interiors])), *others])


def _hole(outline: BaseGeometry, rng: np.random.Generator) -> BaseGeometry:
    at = outline.representative_point()
    return outline.difference(at.buffer(rng.uniform(3, 60) * METRE, quad_segs=2))


def _wavy(outline: BaseGeometry, rng: np.random.Generator) -> BaseGeometry:
    """The same border drawn once more, by half a metre elsewhere at each corner."""
    return shapely.transform(outline, lambda at: _shaken(at, 0.5 * METRE, rng))


def _shaken(at: NDArray[np.float64], most: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places moved by up to so many degrees, alike where they are alike: a ring stays closed."""
    return at + most * np.sin(at[:, ::-1] * 1e7 + rng.uniform(0, 7))


_FAULTS = {
    "vertex": pushed_vertex,
    "hole": _hole,
    "grown": lambda outline, rng: outline.buffer(rng.uniform(0.5, 20) * METRE, join_style="mitre"),
    "shrunk": lambda outline, rng: outline.buffer(-rng.uniform(0.5, 20) * METRE, join_style="mitre"),
    "moved": lambda outline, rng: translate(outline, *(rng.uniform(-30, 30, 2) * METRE)),
    "wavy": _wavy,
}
