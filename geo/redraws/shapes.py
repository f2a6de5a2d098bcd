"""What is odd about single outlines of a draft: several parts, holes, repeated vertices, hardly any width, households.

What is wrong between outlines is found by `geo.redraws.ground`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.codes import AreaKind
from geo.coverage import Finding, polygons, spoken_m2
from geo.crs import area_m2
from geo.redraws.faces import outlines_of
from geo.redraws.giving import WORTH_M2, WORTH_WIDTH_M, together
from geo.redraws.mends import Change, DraftGrid, Mend, thinned_out
from geo.redraws.sizes import Outlines, Tolerances, perimeters_m
from geo.sentences import join, listed, say
from geo.sphere import M_PER_DEG

REPEATED_DEG = 1e-3 / M_PER_DEG
"""Vertices nearer to the one before than a millimetre (east-west a little less) are the same place."""

HOUSEHOLDS = (300, 500)
"""So many households a comprehensive grid is planned for: one worker can know them."""

AS_EVER = Tolerances()


def examine_shapes(
    grids: Sequence[DraftGrid],
    *,
    kind: AreaKind = AreaKind.COMPREHENSIVE,
    may_be_multi_part: bool = False,
    tolerances: Tolerances = AS_EVER,
) -> list[Finding]:
    """Return what is odd about each grid by itself, by rows.

    `multi-part` blocks unless several parts are allowed. The others warn: `hole` (one that other grids of the draft
    fill; an empty one is a gap), `repeated-vertices`, `thin-grid`, and for comprehensive grids `households-unusual`.
    """
    if not grids:
        return []
    found = [
        *([] if may_be_multi_part else _multi_part(grids, tolerances)),
        *_holes(grids, tolerances),
        *_repeated(grids),
        *_thin(grids),
        *(_households(grids) if kind is AreaKind.COMPREHENSIVE else ()),
    ]
    return sorted(found, key=lambda finding: finding.rows)


def _multi_part(grids: Sequence[DraftGrid], tolerances: Tolerances) -> Iterator[Finding]:
    for grid in grids:
        if shapely.get_num_geometries(grid.outline) < 2:
            continue
        parts = shapely.get_parts(grid.outline)
        sizes_m2 = area_m2(parts)
        order = np.argsort(-sizes_m2, kind="stable")
        message = say(
            "{code} has {count} parts: {sizes}.",
            code=grid.code, count=len(parts), sizes=listed(spoken_m2(size) for size in sizes_m2[order].tolist()),
        )  # fmt: skip
        loose = polygons(shapely.multipolygons(parts[order[1:]].tolist())) or grid.outline
        crumbs = parts[order[1:]][sizes_m2[order[1:]] < tolerances.silent_m2]
        yield Finding(
            "multi-part", (grid.code,), (grid.row,), float(sizes_m2[order[1:]].sum()), loose, message,
            mend=_without_crumbs(grid, crumbs),
        )  # fmt: skip


def _without_crumbs(grid: DraftGrid, crumbs: Outlines) -> Mend | None:
    """Propose to drop parts that are too small to be told; which of the large ones is meant nobody can say."""
    take = together(crumbs.tolist())
    if take is None:
        return None
    said = say("The parts of less than a square metre are taken from {code}.", code=grid.code)
    return Mend((Change(grid.row, take=take),), said)


def _holes(grids: Sequence[DraftGrid], tolerances: Tolerances) -> Iterator[Finding]:
    outlines = outlines_of([grid.outline for grid in grids])
    rings, part, owner = _inner_rings(outlines)
    holes = np.asarray(shapely.polygons(rings[part]), dtype=object)
    tree = shapely.STRtree(outlines)
    for hole, at in zip(holes.tolist(), owner[part].tolist(), strict=True):
        near = [int(other) for other in tree.query(hole, predicate="intersects") if other != at]
        filled = [(other, polygons(shapely.intersection(hole, outlines[other]))) for other in near]
        sizes_m2 = {other: area_m2(shape) for other, shape in filled if shape is not None}
        fillers = sorted(other for other, size_m2 in sizes_m2.items() if size_m2 > tolerances.silent_m2)
        if fillers:
            grid, size_m2 = grids[at], area_m2(hole)
            codes = [grids[other].code for other in fillers]
            message = say(
                "{code} has a hole of {size} in which there is {others}.",
                code=grid.code, size=spoken_m2(size_m2), others=join("{one} and {other}", codes),
            )  # fmt: skip
            rows = (grid.row, *(grids[other].row for other in fillers))
            yield Finding("hole", (grid.code, *codes), rows, size_m2, hole, message, "warn")


def _inner_rings(outlines: Outlines) -> tuple[Outlines, NDArray[np.int64], NDArray[np.int64]]:
    """All rings, the indices of those that are holes, and the index of the outline of each."""
    parts, outline = shapely.get_parts(outlines, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    return rings, np.flatnonzero(part[1:] == part[:-1]) + 1, outline[part]


def _repeated(grids: Sequence[DraftGrid]) -> Iterator[Finding]:
    outlines = outlines_of([grid.outline for grid in grids])
    rings, ring_of = shapely.get_rings(shapely.get_parts(outlines)), _inner_rings(outlines)[2]
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    near = (np.hypot(*np.diff(vertices, axis=0).T) <= REPEATED_DEG) & (ring[1:] == ring[:-1])
    counts = np.bincount(ring_of[ring[1:][near]], minlength=len(grids))
    for at in np.flatnonzero(counts).tolist():
        grid = grids[at]
        message = say(
            "{code} has {count} vertices that repeat the one before.", code=grid.code, count=int(counts[at])
        )  # fmt: skip
        yield Finding(
            "repeated-vertices", (grid.code,), (grid.row,), area_m2(grid.outline), grid.outline, message, "warn",
            _without_repeated(grid),
        )  # fmt: skip


def _without_repeated(grid: DraftGrid) -> Mend | None:
    """Propose the outline without them, unless that breaks it."""
    if thinned_out(grid.outline, REPEATED_DEG) is None:
        return None
    said = say("The repeated vertices of {code} are removed.", code=grid.code)
    return Mend((Change(grid.row, thin_out=REPEATED_DEG),), said)


def _thin(grids: Sequence[DraftGrid]) -> Iterator[Finding]:
    outlines = outlines_of([grid.outline for grid in grids])
    sizes_m2 = area_m2(outlines)
    widths_m = 2 * sizes_m2 / np.maximum(perimeters_m(outlines), 1e-12)
    for at in np.flatnonzero((sizes_m2 < WORTH_M2) | (widths_m < WORTH_WIDTH_M)).tolist():
        grid, size_m2 = grids[at], float(sizes_m2[at])
        message = say(
            "{code} is hardly a grid: {size}, {width} m wide on average.",
            code=grid.code, size=spoken_m2(size_m2), width=f"{widths_m[at]:.1f}",
        )  # fmt: skip
        yield Finding("thin-grid", (grid.code,), (grid.row,), size_m2, grid.outline, message, "warn")


def _households(grids: Sequence[DraftGrid]) -> Iterator[Finding]:
    fewest, most = HOUSEHOLDS
    for grid in grids:
        if grid.households is not None and not fewest <= grid.households <= most:
            message = say(
                "{code} has {households} households; {fewest} to {most} are usual.",
                code=grid.code, households=grid.households, fewest=fewest, most=most,
            )  # fmt: skip
            yield Finding(
                "households-unusual", (grid.code,), (grid.row,), area_m2(grid.outline), grid.outline, message, "warn"
            )  # fmt: skip
