"""Where the places lie that a text names by another place: across the street, fifty metres east, at a crossing."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, STRtree

from geo.crs import from_wgs84, to_wgs84
from shapefiles.addresses import Address, Crossing
from shapefiles.county import County
from shapefiles.layers import SURVEY

CORNER_M = 20.0
"""A crossing is as wide: the grids of all its corners are right answers."""

PACED_M = 15.0
"""So exactly do people pace off a distance."""

ROUNDED_M = 0.2
"""The list gives six decimals: so far may a point be moved by them, over a border perhaps."""

_WAYS = {"东": (1.0, 0.0), "南": (0.0, -1.0), "西": (-1.0, 0.0), "北": (0.0, 1.0)}


@dataclass(frozen=True)
class Where:
    """A point, and the grids in which a right answer may lie."""

    lon: float
    lat: float
    grids: frozenset[str]


class Ground:
    """The county's grids in metres."""

    def __init__(self, county: County) -> None:
        self._codes = [grid.code for grid in county.grids]
        self._tree = STRtree([grid.outline for grid in county.grids])

    def at(self, address: Address) -> Where:
        """Where an address lies."""
        x, y = from_wgs84(address.lon, address.lat, SURVEY)
        near = self._within(x, y, ROUNDED_M)
        return Where(address.lon, address.lat, near.grids | {address.grid})

    def opposite(self, address: Address, street: LineString) -> Where:
        """As far from the street as a door, on its other side."""
        x, y = from_wgs84(address.lon, address.lat, SURVEY)
        foot = street.interpolate(street.project(shapely.Point(x, y)))
        return self._within(2 * foot.x - x, 2 * foot.y - y, 0.0)

    def paced_off(self, address: Address, way: str, metres: float) -> Where:
        """So many metres to the east, south, west or north (东, 南, 西, 北)."""
        x, y = from_wgs84(address.lon, address.lat, SURVEY)
        east, north = np.multiply(_WAYS[way], metres)
        return self._within(x + east, y + north, PACED_M)

    def crossing(self, crossing: Crossing) -> Where:
        """Where two streets cross."""
        return self._within(*from_wgs84(crossing.lon, crossing.lat, SURVEY), CORNER_M)

    def _within(self, x: float, y: float, reach_m: float) -> Where:
        found = self._tree.query(shapely.Point(x, y), predicate="dwithin", distance=reach_m)
        lon, lat = to_wgs84(x, y, SURVEY)
        return Where(float(lon), float(lat), frozenset(self._codes[number] for number in found.tolist()))
