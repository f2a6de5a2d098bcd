"""What a redraw changes: grids split, merged, with moved borders, under new codes or with new names and counts.

A grid has part in one change at most, and villages stay exactly filled: a change touches nothing but its own grids.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import shapely
from shapely import Polygon
from shapely.geometry.polygon import orient

from shapefiles import names
from shapefiles.chance import Rng, stream
from shapefiles.county import County, Grid
from shapefiles.redrawn_borders import Border, between, bulged, cut_in_two, find_borders, rerouted, stretch_of

MERGES, MOVES, SPLITS, RECODED, RENAMED, COUNTED = 45, 40, 60, 2, 14, 16
"""Changes of each kind; with two grids to a merge and to a move they touch 262 grids, 30 % of the county's 874."""


@dataclass(frozen=True)
class Change:
    """One change: `split`, `merged`, `moved`, `recoded`, `renamed` or `counted`, with codes before and after it.

    A recoded grid is the same ground under a new code; a renamed one has a new name, a counted one new households.
    """

    kind: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass
class Redrawing:
    """The county's grids while they are changed. Codes are never used again, not even those of ended grids."""

    grids: dict[str, Grid]
    changes: list[Change] = field(default_factory=list)
    free: dict[str, Grid] = field(default_factory=dict)
    """Grids that no change has touched yet."""
    last: dict[str, int] = field(default_factory=dict)
    """The highest number used in each village."""

    def change(self, kind: str, before: Sequence[Grid], after: Sequence[Grid]) -> None:
        """Record a change and carry it out."""
        for grid in before:
            del self.grids[grid.code], self.free[grid.code]
        self.grids |= {grid.code: grid for grid in after}
        self.changes.append(Change(kind, tuple(grid.code for grid in before), tuple(grid.code for grid in after)))

    def fresh(self, grid: Grid, outline: Polygon, households: int) -> Grid:
        """Return a grid with the next code of the village."""
        number = self.last[grid.parent] = self.last[grid.parent] + 1
        name = f"{grid.name.partition('第')[0]}第{names.numeral(number)}网格"
        code = f"{grid.parent}{number:03d}"
        return replace(grid, code=code, name=name, outline=outline, households=households)


def redraw(county: County, seed: int) -> tuple[tuple[Grid, ...], tuple[Change, ...]]:
    """Return the grids after the redraw, in the order of their codes, and what was changed."""
    grids = {grid.code: grid for grid in county.grids}
    work = Redrawing(grids, free=dict(grids), last={grid.parent: int(grid.code[-3:]) for grid in county.grids})
    rng = stream(seed, "redraw")
    pairs = _siblings(county.grids, rng)
    _merge(work, pairs, _sizes(county.grids), MERGES)
    _move(work, pairs, MOVES, rng)
    _split(work, SPLITS, rng)
    _rewrite(work, rng)
    return tuple(work.grids[code] for code in sorted(work.grids)), tuple(work.changes)


Pair = tuple[Grid, Grid, Border]


def _siblings(grids: Sequence[Grid], rng: Rng) -> list[Pair]:
    """Return the pairs of neighbours within a village that have one border in common, in random order."""
    borders: dict[tuple[int, int], list[Border]] = {}
    for border in find_borders([grid.outline for grid in grids]):
        if border.left < border.right and grids[border.left].parent == grids[border.right].parent:
            borders.setdefault((border.left, border.right), []).append(border)
    single = [(grids[left], grids[right], found[0]) for (left, right), found in borders.items() if len(found) == 1]
    return [single[number] for number in rng.permutation(len(single)).tolist()]


def _sizes(grids: Sequence[Grid]) -> dict[str, int]:
    """Return how many grids each village has."""
    sizes: dict[str, int] = {}
    for grid in grids:
        sizes[grid.parent] = sizes.get(grid.parent, 0) + 1
    return sizes


def _merge(work: Redrawing, pairs: Sequence[Pair], left: Mapping[str, int], count: int) -> None:
    """Make one grid of two neighbours, once in a village; where there are only two they stay two."""
    merged: set[str] = set()
    for one, other, _ in _unchanged(work, pairs):
        whole = shapely.coverage_union(one.outline, other.outline)
        if not isinstance(whole, Polygon) or whole.interiors or left[one.parent] < 3 or one.parent in merged:
            continue
        merged.add(one.parent)
        kept, ended = sorted((one, other), key=lambda grid: grid.code)
        together = replace(kept, outline=orient(whole), households=kept.households + ended.households)
        work.change("merged", [kept, ended], [together])
        if len(merged) == count:
            return


def _move(work: Redrawing, pairs: Sequence[Pair], count: int, rng: Rng) -> None:
    """Give one neighbour some ground of the other along most of their border."""
    moved = 0
    for one, other, border in _unchanged(work, pairs):
        stretch = stretch_of(border.line, border.length_m * rng.uniform(0.5, 0.8), rng)
        if stretch is None:
            continue
        chord_m = float(shapely.length(shapely.LineString(stretch[[0, -1]])))
        instead = bulged(stretch, 0.07 * chord_m**2 * (1 if rng.random() < 0.5 else -1))
        first, second = rerouted(one.outline, stretch, instead), rerouted(other.outline, stretch[::-1], instead[::-1])
        if not (between(stretch, instead).is_valid and first.is_valid and second.is_valid):
            continue
        if not shapely.equals(shapely.union(first, second), shapely.union(one.outline, other.outline)):
            continue
        work.change("moved", [one, other], [replace(one, outline=first), replace(other, outline=second)])
        moved += 1
        if moved == count:
            return


def _unchanged(work: Redrawing, pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Yield the pairs of which both grids are as they were when their turn comes."""
    for one, other, border in pairs:
        if one.code in work.free and other.code in work.free:
            yield one, other, border


def _split(work: Redrawing, count: int, rng: Rng) -> None:
    """Cut grids in two: the larger part keeps the code, the other gets the next one of the village."""
    left = [work.free[code] for code in sorted(work.free)]
    for number in rng.permutation(len(left)).tolist():
        grid = left[number]
        parts = cut_in_two(grid.outline, rng)
        if parts is None:
            continue
        share = parts[1].area / grid.outline.area
        moved_away = round(grid.households * share)
        kept = replace(grid, outline=parts[0], households=grid.households - moved_away)
        work.change("split", [grid], [kept, work.fresh(grid, parts[1], moved_away)])
        count -= 1
        if not count:
            return


def _rewrite(work: Redrawing, rng: Rng) -> None:
    """Give some grids another code, name or count on the same ground."""
    left = [work.free[code] for code in sorted(work.free)]
    chosen = iter(left[number] for number in rng.permutation(len(left)).tolist())
    for _ in range(RECODED):
        grid = next(chosen)
        work.change("recoded", [grid], [work.fresh(grid, grid.outline, grid.households)])
    for _ in range(RENAMED):
        grid = next(chosen)
        work.change("renamed", [grid], [replace(grid, name=grid.name.replace("第", "新", 1))])
    for _ in range(COUNTED):
        grid = next(chosen)
        work.change("counted", [grid], [replace(grid, households=grid.households + int(rng.integers(5, 60)))])
