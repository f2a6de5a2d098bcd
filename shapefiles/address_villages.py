"""Villages with their hamlets and houses, and the roads within communities, as `places` has them.

Reports name hamlets and community roads in the words of `Places.address`; the list knows the same ones.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely import Polygon

from shapefiles.address_drafts import DOOR, HAMLET, HOUSE, Draft
from shapefiles.address_names import hamlet_names
from shapefiles.chance import Rng
from shapefiles.county import Grid, Village
from shapefiles.mesh import Points
from shapefiles.places import Places

SAMPLE_M = 12.0
"""Distance between the points by which a community's lots are measured out."""

LISTED = 0.5
"""Share of a community's doors that ever came into the list."""


def draft_villages(places: Places, rng: Rng) -> Iterator[Draft]:
    """Yield the hamlets of every grid in the country, called by their number, and the houses in them."""
    names = hamlet_names(rng)
    urban = {village.code for village in places.county.villages if village.urban}
    for grid in places.county.grids:
        if grid.parent in urban:
            continue
        shapely.prepare(grid.outline)
        for name, middle in places.groups(grid):
            old_name = (next(names),) if rng.random() < 0.6 else ()
            yield Draft(HAMLET, middle, compound=name, aliases=old_name, says_village=True)
            yield from _houses(name, middle, grid, rng)


def _houses(hamlet: str, middle: Points, grid: Grid, rng: Rng) -> Iterator[Draft]:
    """Yield the houses, numbered along three rows; a few numbers are missing."""
    turn, columns = rng.uniform(0, np.pi), int(rng.integers(4, 9))
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    for place in range(3 * columns):
        row, column = divmod(place, columns)
        jitter = rng.normal(0, 3.0, 2)
        point = middle + along * (column - (columns - 1) / 2) * 19.0 + across * (row - 1) * 30.0 + jitter
        if rng.random() > 0.1 and shapely.contains_xy(grid.outline, *point):
            yield Draft(HOUSE, point, compound=hamlet, number=f"{place + 1}号", says_village=True)


def draft_community_roads(places: Places, rng: Rng) -> Iterator[Draft]:
    """Yield doors of the roads that are known only within their community."""
    for village in places.county.villages:
        if village.urban:
            grids = [grid.outline for grid in places.county.grids if grid.parent == village.code]
            yield from _doors(places, village, grids, rng)


def _doors(places: Places, village: Village, grids: Sequence[Polygon], rng: Rng) -> Iterator[Draft]:
    """Yield lots that lie in one grid: their middle, and the number that `Places.address` gives there."""
    west, south, east, north = village.outline.bounds
    x, y = np.meshgrid(np.arange(west, east, SAMPLE_M), np.arange(south, north, SAMPLE_M))
    points = np.column_stack([x.ravel(), y.ravel()])
    shapely.prepare(village.outline)
    points = points[shapely.contains_xy(village.outline, points)]
    grid = np.full(len(points), -1)
    for own, outline in enumerate(grids):
        shapely.prepare(outline)
        grid[shapely.contains_xy(outline, points)] = own
    road, number = places.numbered(village, points)
    order = np.lexsort((number, road))
    for lot in np.split(order, np.flatnonzero(np.diff(road[order] * 100_000 + number[order])) + 1):
        whole = len(lot) >= 3 and (grid[lot] == grid[lot[0]]).all()
        if rng.random() < LISTED and whole:
            name = places.roads(village)[int(road[lot[0]])].name
            middle = points[lot].mean(axis=0)
            yield Draft(DOOR, middle, road=name, number=f"{number[lot[0]]}号", says_village=True)
