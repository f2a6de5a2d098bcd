"""Checking a redraw of ten thousand grids beside `shapely.coverage_is_valid` on them, which finds no gaps.

`python -m bench.redraw_check` prints it; `measure` is for the document. First the answers: without a fault nothing is
found, and of as many seeded gaps and overlaps each is, with its size, and nothing else. Both are asked for the same
outlines; ours gets parents too, which the other does not know.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from bench import tessellations
from bench.measuring import alternate, machine, median
from bench.tessellations import Size
from database.settings import load_settings
from geo.coverage import Finding, Outline
from geo.crs import area_m2
from geo.redraws.ground import examine_ground
from geo.redraws.mends import DraftGrid

SIZES = (Size(10_000, 209), Size(100_000, 61))
PARENTS = 40
FAULTS = 20
"""So many gaps and so many overlaps."""
ROUNDS = 5
PLAIN = "shapely.coverage_is_valid"
CLEAN, FAULTY = "without a fault", f"{FAULTS} gaps, {FAULTS} overlaps"

Outlines = NDArray[np.object_]


class Misses(Exception):
    """What is found is not what was seeded: how long it takes means nothing."""


@dataclass(frozen=True)
class Draft:
    """A draft, its parents, and what was seeded: the ground of the gaps, and of the overlaps, square metres by rows."""

    grids: list[DraftGrid]
    parents: dict[str, Outline]
    gaps: list[Polygon]
    overlaps: dict[tuple[int, int], float]

    @property
    def outlines(self) -> Outlines:
        """Of the grids."""
        return np.array([grid.outline for grid in self.grids], dtype=object)


@dataclass(frozen=True)
class Checked:
    """Seconds of each round on one ground, of ours and of the library's."""

    size: Size
    ours: dict[str, list[float]]
    plain: dict[str, list[float]]

    def ratio(self, ground: str) -> float:
        """Our time by the library's, medians."""
        return median(self.ours[ground]) / median(self.plain[ground])


def measure(folder: Path, *, size: Size = SIZES[0], rounds: int = ROUNDS, faults: int = FAULTS) -> Checked:
    """Check the answers, then let both take turns. `folder` keeps the grids. Raises Misses."""
    outlines = tessellations.load(size, folder)
    clean = sound(outlines)
    drafts = {CLEAN: clean, FAULTY: seeded(clean, faults)}
    for draft in drafts.values():
        judge(draft, examine_ground(draft.grids, draft.parents))
    contenders: dict[str, Callable[[], float]] = {}
    for name, draft in drafts.items():
        contenders[f"{PLAIN}, {name}"] = _timed(shapely.coverage_is_valid, draft.outlines)
        contenders[name] = _timed(examine_ground, draft.grids, draft.parents)
    taken = alternate(contenders, rounds=rounds)
    return Checked(size, {name: taken[name] for name in drafts}, {name: taken[f"{PLAIN}, {name}"] for name in drafts})


def _timed(check: Callable[..., object], *given: object) -> Callable[[], float]:
    def run() -> float:
        start = time.perf_counter()
        check(*given)
        return time.perf_counter() - start

    return run


def sound(outlines: Outlines) -> Draft:
    """A draft without a fault. Its parents are so many grids in a row each, dissolved."""
    each = -(-len(outlines) // PARENTS)
    homes = [f"V{at // each:02d}" for at in range(len(outlines))]
    grids = [
        DraftGrid(row, f"{home}-{row:06d}", f"grid {row}", outline, home)
        for row, (outline, home) in enumerate(zip(outlines, homes, strict=True), 1)
    ]
    parents = {
        homes[first]: shapely.coverage_union_all(outlines[first : first + each])
        for first in range(0, len(outlines), each)
    }
    return Draft(grids, parents, [], {})


def seeded(draft: Draft, faults: int, *, seed: int = 1) -> Draft:
    """The same with gaps, where a square was cut out of a grid, and overlaps, where one has a piece of a neighbour."""
    chance = np.random.default_rng(seed)
    grids, outlines = list(draft.grids), draft.outlines
    tree = shapely.STRtree(outlines)
    gaps, overlaps = [], {}
    apart = _far_apart(tree, outlines, chance.permutation(len(grids)), 2 * faults)
    for number, at in enumerate(apart):
        outline, grid = outlines[at], grids[at]
        if number < faults:
            square = shapely.box(*shapely.buffer(outline.representative_point(), 1e-4).bounds)
            gap = shapely.intersection(outline, square)
            gaps.append(gap)
            grids[at] = _redrawn(grid, shapely.difference(outline, gap))
            continue
        near = [int(other) for other in tree.query(outline, predicate="touches") if grids[other].parent == grid.parent]
        other = max(near, key=lambda one: shapely.length(shapely.intersection(outlines[one], outline)))
        piece = shapely.intersection(shapely.buffer(outline, 1e-4), outlines[other])
        grown = max(shapely.get_parts(shapely.union(outline, piece)).tolist(), key=shapely.area)
        grids[at] = _redrawn(grid, grown)
        rows = (min(at, other) + 1, max(at, other) + 1)
        overlaps[rows] = area_m2(shapely.intersection(grown, outlines[other]))
    return Draft(grids, draft.parents, gaps, overlaps)


def _far_apart(tree: shapely.STRtree, outlines: Outlines, order: NDArray[np.int64], count: int) -> list[int]:
    """Grids of which none touches another's neighbour: their faults stay single."""
    found: list[int] = []
    barred: set[int] = set()
    for at in order.tolist():
        around = tree.query(outlines[at], predicate="intersects")
        if len(found) < count and not barred & set(around.tolist()):
            found.append(at)
            barred |= set(around.tolist())
    return found


def _redrawn(grid: DraftGrid, outline: Outline) -> DraftGrid:
    return DraftGrid(grid.row, grid.code, grid.name, outline, grid.parent)


def judge(draft: Draft, found: list[Finding]) -> None:
    """Raise Misses unless what was seeded is found, each with its size, and nothing else."""
    gaps = [finding for finding in found if finding.code == "gap"]
    overlaps = {
        (min(finding.rows), max(finding.rows)): finding.size_m2 for finding in found if finding.code == "overlap"
    }
    others = [finding.message for finding in found if finding.code not in ("gap", "overlap")]
    if others:
        raise Misses(f"found besides: {others[:3]}")
    if overlaps.keys() != draft.overlaps.keys():
        raise Misses(f"overlaps: {len(overlaps)} instead of {len(draft.overlaps)}")
    if any(abs(overlaps[rows] - size_m2) > 1 for rows, size_m2 in draft.overlaps.items()):
        raise Misses("an overlap is found with another size")
    if len(gaps) != len(draft.gaps):
        raise Misses(f"gaps: {len(gaps)} instead of {len(draft.gaps)}")
    ground = shapely.union_all([finding.shape for finding in gaps])
    if area_m2(shapely.symmetric_difference(ground, shapely.union_all(draft.gaps))) > 1:
        raise Misses("a gap is found with another shape")


def told(checked: Checked) -> str:
    """A table of one size, as text."""
    lines = [f"{checked.size.grids:,} grids of {checked.size.vertices} vertices, {PARENTS} parents"]
    for ground, seconds in checked.ours.items():
        ours_s, plain_s = median(seconds), median(checked.plain[ground])
        lines.append(f"  {ground}: {ours_s:.2f} s, {PLAIN} {plain_s:.2f} s, ratio {checked.ratio(ground):.2f}")
    return "\n".join(lines)


def main() -> None:
    """Measure both sizes, the larger one once, and print."""
    folder = load_settings().data / "bench" / "tessellations"
    print(machine())
    for size, rounds in zip(SIZES, (ROUNDS, 1), strict=True):
        print(told(measure(folder, size=size, rounds=rounds)), flush=True)


if __name__ == "__main__":
    main()
