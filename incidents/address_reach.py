"""Which comprehensive grids a candidate of the geocoder lies in: of a place the one, of an area all that it reaches."""

from collections import defaultdict
from functools import cached_property, lru_cache

import shapely
from shapely import Point, STRtree
from shapely.geometry.base import BaseGeometry

from geo.addresses.answers import Accuracy, Candidate
from geo.codes import AreaKind
from geo.crs import local_metres, project_local, unproject_local
from geo.locate import AreaRef, LocatableArea, Locator
from incidents.address_placing import contradicts

_LEVEL = {Accuracy.VILLAGE: AreaKind.VILLAGE, Accuracy.TOWNSHIP: AreaKind.TOWNSHIP}


class Reach:
    """Answers by the areas of one moment. Safe to share between threads."""

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self._grids = [area for area in locator.areas if area.kind is AreaKind.COMPREHENSIVE]
        self.townships = tuple(area.ref for area in locator.areas if area.kind is AreaKind.TOWNSHIP)

    def grids(self, candidate: Candidate) -> frozenset[AreaRef]:
        """The grids that a candidate may lie in; none where it lies outside all of them."""
        if candidate.accuracy.is_point:
            grid = self._locator.locate(candidate.lon, candidate.lat).grid
            return frozenset() if grid is None else frozenset({grid})
        if area := self.area(candidate):
            return frozenset(self._below[area.area_id])
        return frozenset(self._grids[at].ref for at in self._tree.query(_circle(candidate), predicate="intersects"))

    def point(self, candidate: Candidate) -> tuple[float, float]:
        """Where to put the pin: the candidate's own point, or one inside where all of an area lies in one grid."""
        grids = self.grids(candidate)
        if not candidate.accuracy.is_point and len(grids) == 1:
            [grid] = grids
            if self._locator.locate(candidate.lon, candidate.lat).grid != grid:
                inside = self._locator.by_area_id[grid.area_id].outline.representative_point()
                return float(inside.x), float(inside.y)
        return candidate.lon, candidate.lat

    def area(self, candidate: Candidate) -> LocatableArea | None:
        """The area that a candidate for a village or a township means, where one alone bears that name."""
        kind = _LEVEL.get(candidate.accuracy)
        name = candidate.village if kind is AreaKind.VILLAGE else candidate.township
        if kind is None or not name:
            return None
        found = [area for area in self._named[kind, name] if not self._elsewhere(area, candidate.township)]
        return found[0] if len(found) == 1 else None

    def _elsewhere(self, area: LocatableArea, township: str | None) -> bool:
        above = self._locator.by_area_id.get(area.parent_id or 0)
        in_township = above is not None and above.kind is AreaKind.TOWNSHIP
        return in_township and above is not None and contradicts(township, above.name)

    @cached_property
    def _named(self) -> dict[tuple[AreaKind, str], list[LocatableArea]]:
        named = defaultdict(list)
        for area in self._locator.areas:
            named[area.kind, area.name].append(area)
        return named

    @cached_property
    def _below(self) -> dict[int, list[AreaRef]]:
        """The grids below each village and township."""
        below = defaultdict(list)
        for grid in self._grids:
            above, seen = self._locator.by_area_id.get(grid.parent_id or 0), set[int]()
            while above is not None and above.area_id not in seen:
                seen.add(above.area_id)
                below[above.area_id].append(grid.ref)
                above = self._locator.by_area_id.get(above.parent_id or 0)
        return below

    @cached_property
    def _tree(self) -> STRtree:
        shapely.prepare([grid.outline for grid in self._grids])
        return STRtree([grid.outline for grid in self._grids])


def _circle(candidate: Candidate) -> BaseGeometry:
    """Within which the place lies, in degrees."""
    plane = local_metres(round(candidate.lon, 1), round(candidate.lat, 1))  # one plane serves the whole county
    at = project_local(Point(candidate.lon, candidate.lat), plane)
    return unproject_local(at.buffer(max(candidate.radius_m, 1.0)), plane)


@lru_cache(maxsize=8)
def reach_of(locator: Locator) -> Reach:
    """The reach by a locator's areas, made once; of the last few locators that were asked about."""
    return Reach(locator)
