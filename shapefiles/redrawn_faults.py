"""The faults of a redraw, committed on purpose: each at a place of its own, its shape, codes and size remembered.

Only grids that the redraw changed are spoiled, at most one in a village, so that every grid that is neither changed
nor named by a fault is as it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely import Polygon, STRtree

from shapefiles.borders import OUTSIDE
from shapefiles.chance import Rng, stream
from shapefiles.county import Grid
from shapefiles.redrawn_borders import Border, between, bulged, find_borders, rerouted, stretch_of
from shapefiles.redrawn_grids import Change

SIZES_M2 = tuple(float(size) for size in np.geomspace(20, 20_000, 10))
"""Sizes of the gaps, and of the overlaps."""
AT_VILLAGE_BORDER = 4
"""So many of the gaps, of all sizes, lie at the border of a village; the others are enclosed by two grids."""
DUPLICATES = 3
SLIVER_LENGTH_M, SLIVER_WIDTH_M = 90.0, 0.6
APART_M = 150.0


@dataclass(frozen=True)
class Fault:
    """One thing wrong. `shape` is in metres of EPSG:4549, `size_m2` is its size there; rows count from 1.

    | kind | form | codes | shape |
    |---|---|---|---|
    | gap | enclosed, village-border | the grid it was cut from, then its neighbour there | the ground cut out |
    | overlap | | the grid that reaches too far, then its neighbour | the ground shared |
    | sliver | gap, overlap | as of that | as of that |
    | duplicate-code | | the code borne twice, then the true one | the grid with the wrong code |
    | wrong-village | | the code it bears, then the true one | the grid |
    """

    kind: str
    form: str
    codes: tuple[str, ...]
    rows: tuple[int, ...]
    size_m2: float
    shape: Polygon


@dataclass(frozen=True)
class _Wish:
    """A fault at a border that is still to be placed: how much ground along how long a stretch."""

    kind: str
    form: str
    size_m2: float
    length_m: float


class NoPlace(Exception):
    """No grid of this redraw has room for the fault: take another seed."""


@dataclass
class Spoiling:
    """The rows of the file while they are spoiled."""

    rows: list[Grid]
    rng: Rng
    changed: list[int]
    """Numbers of the rows whose outline was changed, in random order."""
    faults: list[Fault] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Villages that have their fault."""

    def __post_init__(self) -> None:
        """Remember who borders on whom before anything is spoiled."""
        outlines = [grid.outline for grid in self.rows]
        self.tree = STRtree(outlines)
        self.borders: list[list[Border]] = [[] for _ in outlines]
        for border in find_borders(outlines):
            self.borders[border.left].append(border)

    def spoil(self, number: int, spoilt: Grid, fault: Fault) -> None:
        """Write the spoilt row and remember why."""
        self.used.add(self.rows[number].parent)
        self.rows[number] = spoilt
        self.faults.append(fault)

    def candidates(self) -> Iterator[int]:
        """Yield the changed rows whose village has no fault yet."""
        yield from (number for number in self.changed if self.rows[number].parent not in self.used)

    def apart(self, shape: Polygon) -> bool:
        """Tell whether a place is far enough from every fault so far."""
        return all(not shapely.dwithin(shape, fault.shape, APART_M) for fault in self.faults)

    def alone(self, shape: Polygon, *allowed: int) -> bool:
        """Tell whether a shape touches no grids but those allowed."""
        return {*self.tree.query(shape, predicate="intersects").tolist()} <= {*allowed, OUTSIDE}


def spoil(grids: Sequence[Grid], changes: Sequence[Change], seed: int) -> tuple[tuple[Grid, ...], tuple[Fault, ...]]:
    """Return the rows with all faults in them, in the same order, and the faults. Raises NoPlace."""
    rng = stream(seed, "redraw faults")
    drawn = {code for change in changes if change.kind in ("split", "merged", "moved") for code in change.after}
    changed = [number for number, grid in enumerate(grids) if grid.code in drawn]
    work = Spoiling(list(grids), rng, [changed[number] for number in rng.permutation(len(changed)).tolist()])
    for wish in sorted(_wishes(), key=lambda wish: -wish.size_m2):  # what needs room comes first
        _place(work, wish)
    _put_in_wrong_village(work)
    _repeat_codes(work, changes)
    return tuple(work.rows), tuple(work.faults)


def _wishes() -> Iterator[_Wish]:
    """Yield what is to be wrong at borders. A bulge a quarter as deep as it is long has a sixth of the square."""
    for number, size_m2 in enumerate(SIZES_M2):
        length_m = (6 * size_m2) ** 0.5
        form = "village-border" if number % 3 == 0 else "enclosed"
        yield _Wish("gap", form, size_m2, length_m)
        yield _Wish("overlap", "", size_m2, length_m)
    thin_m2 = SLIVER_LENGTH_M * SLIVER_WIDTH_M * 2 / np.pi
    yield _Wish("sliver", "gap", thin_m2, SLIVER_LENGTH_M)
    yield _Wish("sliver", "overlap", thin_m2, SLIVER_LENGTH_M)


def _place(work: Spoiling, wish: _Wish, tries: int = 12) -> None:
    """Commit a fault at the first border that has room for it."""
    outward = "overlap" in (wish.kind, wish.form)
    for number in work.candidates():
        for border in work.borders[number]:
            foreign = border.right == OUTSIDE or work.rows[border.right].parent != work.rows[number].parent
            if foreign != (wish.form == "village-border"):
                continue
            for _ in range(tries):
                if _try(work, wish, border, outward=outward):
                    return
    raise NoPlace(f"{wish.kind} of {wish.size_m2:.0f} m²")


def _try(work: Spoiling, wish: _Wish, border: Border, *, outward: bool) -> bool:
    """Draw one line instead of some stretch of the border, and keep it if nothing but the fault comes of it."""
    stretch = stretch_of(border.line, wish.length_m, work.rng)
    if stretch is None or float(np.hypot(*(stretch[-1] - stretch[0]))) < 0.6 * wish.length_m:
        return False
    grid = work.rows[border.left]
    instead = bulged(stretch, -wish.size_m2 if outward else wish.size_m2)
    ground, spoilt = between(stretch, instead), rerouted(grid.outline, stretch, instead)
    host = work.rows[border.right].outline if outward else grid.outline
    if not (ground.is_valid and spoilt.is_valid and host.covers(ground) and abs(ground.area / wish.size_m2 - 1) < 0.01):
        return False
    if not (work.alone(ground, border.left, border.right) and work.apart(ground)):
        return False
    concerned = [border.left] if wish.form == "village-border" else [border.left, border.right]
    codes, rows = tuple(work.rows[one].code for one in concerned), tuple(one + 1 for one in concerned)
    fault = Fault(wish.kind, wish.form, codes, rows, ground.area, ground)
    work.spoil(border.left, replace(grid, outline=spoilt), fault)
    return True


def _put_in_wrong_village(work: Spoiling) -> None:
    """Give a grid the next code of the village next to its own, and name that as its parent."""
    last = {grid.parent: grid.code for grid in work.rows}
    for number in work.candidates():
        grid = work.rows[number]
        beyond = {work.rows[border.right].parent for border in work.borders[number] if border.right != OUTSIDE}
        others = sorted(beyond - work.used - {grid.parent})
        if not others or not work.apart(grid.outline):
            continue
        other = others[0]
        code = f"{other}{int(last[other][-3:]) + 1:03d}"
        fault = Fault("wrong-village", "", (code, grid.code), (number + 1,), grid.outline.area, grid.outline)
        work.spoil(number, replace(grid, code=code, parent=other), fault)
        work.used.add(other)
        return
    raise NoPlace("wrong-village")


def _repeat_codes(work: Spoiling, changes: Sequence[Change]) -> None:
    """Let rows bear the code of another: first the new part of a split, as when its code was forgotten."""
    kept_beside = {change.after[1]: change.after[0] for change in changes if change.kind == "split"}
    placed = 0
    for number in work.candidates():
        grid = work.rows[number]
        if (grid.code in kept_beside) != (placed == 0) or not work.apart(grid.outline):
            continue
        twin = _twin(work, number, kept_beside.get(grid.code))
        codes, rows = (work.rows[twin].code, grid.code), (number + 1, twin + 1)
        fault = Fault("duplicate-code", "", codes, rows, grid.outline.area, grid.outline)
        work.spoil(number, replace(grid, code=codes[0]), fault)
        placed += 1
        if placed == DUPLICATES:
            return
    raise NoPlace("duplicate-code")


def _twin(work: Spoiling, number: int, code: str | None) -> int:
    """Return the row whose code is to be repeated: that of `code`, else the first other one of the village."""
    parent = work.rows[number].parent
    return next(
        other for other, row in enumerate(work.rows)
        if other != number and row.parent == parent and code in (None, row.code)
    )  # fmt: skip
