"""Compounds (小区) behind the doors of streets, with buildings in rows and in some of them units."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely import Polygon

from shapefiles.address_drafts import BUILDING, COMPOUND, UNIT, Draft
from shapefiles.address_names import compound_names
from shapefiles.address_streets import Door, Street, offset
from shapefiles.chance import Rng
from shapefiles.mesh import Points

ROW_M, COLUMN_M = 40.0, 46.0
"""From one row of buildings to the next, and from one building to its neighbour."""


@dataclass(frozen=True)
class _Ground:
    """Where a compound lies: the middle of its front, the ways along it and into it, in metres."""

    front: Points
    along: Points
    into: Points
    columns: int
    rows: int

    @property
    def outline(self) -> Polygon:
        wide, deep = self.along * self.columns * COLUMN_M / 2, self.into * self.rows * ROW_M
        return Polygon([self.front - wide, self.front + wide, self.front + wide + deep, self.front - wide + deep])

    def spots(self) -> Iterator[Points]:
        """Yield the middles of the buildings, row by row from the street."""
        for row in range(self.rows):
            for column in range(self.columns):
                yield (self.front + self.along * (column - (self.columns - 1) / 2) * COLUMN_M
                       + self.into * (row + 0.5) * ROW_M)  # fmt: skip


def draft_compounds(streets: Sequence[Street], doors: Sequence[Door], count: int, rng: Rng) -> Iterator[Draft]:
    """Yield up to `count` compounds with their buildings, on ground that no street and no other compound takes."""
    names = compound_names(rng)
    in_town = [door for door in doors if not streets[door.street].country]
    lines = shapely.STRtree([street.line for street in streets])
    taken: list[Polygon] = []
    used: defaultdict[str, list[Points]] = defaultdict(list)
    for chosen in rng.permutation(len(in_town)):
        door = in_town[int(chosen)]
        ground = _ground(streets[door.street], door, rng)
        if len(lines.query(ground.outline, predicate="intersects")) or shapely.intersects(ground.outline, taken).any():
            continue
        taken.append(ground.outline)
        name, aliases = next(names)
        if any(np.hypot(*(other - door.point)) < 6_000 for other in used[name]):
            name, aliases = next(names)
        used[name].append(door.point)
        yield from _one(streets[door.street].name, door, ground, name, aliases, rng)
        if len(taken) == count:
            return


def _ground(street: Street, door: Door, rng: Rng) -> _Ground:
    here = np.array([door.along_m])
    on_line, front = (
        offset(street.line, here, np.zeros(1))[0],
        offset(street.line, here, np.array([door.side * 34.0]))[0],
    )
    into = (front - on_line) / np.hypot(*(front - on_line))
    columns, rows = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    return _Ground(front, np.array([-into[1], into[0]]), into, columns, rows)


def _one(road: str, door: Door, ground: _Ground, name: str, aliases: tuple[str, ...], rng: Rng) -> Iterator[Draft]:
    middle = np.array(ground.outline.centroid.coords[0])
    whole = Draft(COMPOUND, middle, road, f"{door.number}号", name, aliases=aliases, line=door.street)
    yield whole
    word, has_units = ("幢", "幢", "幢", "号楼", "栋")[int(rng.integers(5))], rng.random() < 0.45
    units = int(rng.integers(2, 4))
    for number, spot in enumerate(ground.spots(), start=1):
        at = spot + rng.normal(0, 2.0, 2)
        yield replace(whole, kind=BUILDING, point=at, building=f"{number}{word}", aliases=())
        for unit in range(1, units + 1) if has_units else ():
            entrance = at + ground.along * (unit - (units + 1) / 2) * 13.0
            name_of_unit = f"{number}{word}{unit}单元"
            yield replace(whole, kind=UNIT, point=entrance, building=name_of_unit, aliases=())
