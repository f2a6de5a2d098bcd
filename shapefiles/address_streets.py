"""Streets of the address list, along the roads and streets of the landscape, and the doors numbered along them.

Odd numbers stand on the left of a street's direction, even ones on the right. Lots differ in width, wide ones take
several numbers, and where another street crosses or nobody has built there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, STRtree
from shapely.ops import substring

from shapefiles.address_drafts import DOOR, LANE_DOOR, Draft
from shapefiles.address_names import ALLEYS, SEAT_STREETS, TOWN_STREETS
from shapefiles.chance import Rng
from shapefiles.county import County
from shapefiles.landscape import SEAT_TOWNS, Landscape
from shapefiles.mesh import Points

STREET_M = 7_000.0
"""The longest street; what is longer is a country road."""

CORNER_M = 16.0
"""So close to a crossing there is no door."""


@dataclass(frozen=True)
class Street:
    """A named line. Doors stand `setback_m` from it, on lots `lot_m` wide in the mean."""

    name: str
    line: LineString
    lot_m: float
    setback_m: float
    country: bool = False


@dataclass(frozen=True)
class Door:
    """A numbered door: how far along its street, on which side (1 left and odd, -1 right and even)."""

    street: int
    number: int
    along_m: float
    side: int
    point: Points


def name_streets(county: County, rng: Rng) -> list[Street]:
    """Return the county's streets and roads with their names; no two of one township are called the same."""
    lines = [divide.line for divide in county.land.divides if not divide.water]
    country = [line for line in lines if line.length > STREET_M]
    seat = [line for line in lines if line not in country and _is_in_seat(line, county.land)]
    towns = [line for line in lines if line not in country and line not in seat]
    return [*_seat_streets(seat, rng), *_town_streets(towns, county.land, rng), *_country_roads(country, county)]


def _is_in_seat(line: LineString, land: Landscape) -> bool:
    middle = np.array(line.interpolate(0.5, normalized=True).coords[0])
    return bool(np.hypot(*(middle - land.seat)) < 3_600)


def _seat_streets(lines: Sequence[LineString], rng: Rng) -> Iterator[Street]:
    """Yield the seat's streets; long ones have parts with numbers of their own: 白田北路, 白田中路, 白田南路."""
    names = rng.permutation(SEAT_STREETS)
    for name, line in zip(names, lines, strict=False):
        parts = 3 if line.length > 4_500 else 2 if line.length > 2_800 else 1
        cuts = np.linspace(0, line.length, parts + 1)
        east_west = abs(line.coords[-1][0] - line.coords[0][0]) > abs(line.coords[-1][1] - line.coords[0][1])
        ends = (("西", "东") if line.coords[-1][0] > line.coords[0][0] else ("东", "西")) if east_west else (
            ("南", "北") if line.coords[-1][1] > line.coords[0][1] else ("北", "南"))  # fmt: skip
        words = {1: ("",), 2: ends, 3: (ends[0], "中", ends[1])}[parts]
        for word, (start, end) in zip(words, pairwise(cuts), strict=True):
            yield Street(f"{name}{word}路", _part(line, start, end), 12.0, float(rng.uniform(14, 20)))


def _town_streets(lines: Sequence[LineString], land: Landscape, rng: Rng) -> Iterator[Street]:
    towns = land.towns[SEAT_TOWNS:]
    names = [iter(rng.permutation(TOWN_STREETS)) for _ in towns]
    for line in lines:
        middle = np.array(line.interpolate(0.5, normalized=True).coords[0])
        nearest = int(np.hypot(*(towns - middle).T).argmin())
        yield Street(str(next(names[nearest])), line, 13.0, float(rng.uniform(12, 17)))


def _country_roads(lines: Sequence[LineString], county: County) -> Iterator[Street]:
    """Yield the roads between towns, called after both their ends."""
    spots = np.array([county.land.seat, *county.land.towns[SEAT_TOWNS:]])
    seat = county.county.name[0]
    names = [seat, *(_sign(township.name, seat) for township in county.townships[SEAT_TOWNS:])]
    for line in lines:
        one, two = (names[int(np.hypot(*(spots - end).T).argmin())] for end in (line.coords[0], line.coords[-1]))
        yield Street(f"{one}{two}公路", line, 30.0, 16.0, country=True)


def _sign(town: str, seat: str) -> str:
    """The character by which a road names a town: the first, unless that means the county."""
    return town[1] if town[0] == seat else town[0]


def _part(line: LineString, start_m: float, end_m: float) -> LineString:
    part = substring(line, start_m, end_m)
    if not isinstance(part, LineString):
        raise TypeError(f"nothing between {start_m} and {end_m} m")
    return part


def crossings(streets: Sequence[Street]) -> list[tuple[int, int, Points]]:
    """Return where two streets cross: both their numbers and the point."""
    lines = np.array([street.line for street in streets])
    one, two = STRtree(lines).query(lines, predicate="crosses")
    one, two = one[one < two], two[one < two]
    found = []
    for first, second, meeting in zip(
        one.tolist(), two.tolist(), shapely.intersection(lines[one], lines[two]), strict=True
    ):
        point = shapely.get_coordinates(meeting)[0]
        found.append((first, second, point))
    return found


def number_doors(streets: Sequence[Street], county: County, rng: Rng) -> list[Door]:
    """Return the doors of all streets; in the country only where some people live along the road."""
    corners: dict[int, list[Points]] = {number: [] for number in range(len(streets))}
    for one, two, point in crossings(streets):
        corners[one].append(point)
        corners[two].append(point)
    return [
        door
        for number, street in enumerate(streets)
        for side in (1, -1)
        for door in _one_side(number, street, side, corners[number], county, rng)
    ]


def _one_side(
    number: int, street: Street, side: int, corners: Sequence[Points], county: County, rng: Rng
) -> Iterator[Door]:
    """Yield the doors of one side, in the order of their numbers."""
    most = int(street.line.length / street.lot_m) + 20
    widths = street.lot_m * rng.gamma(9.0, 1 / 9.0, most)
    takes = np.where(rng.random(most) < 0.07, rng.integers(2, 4, most), 1)
    widths = np.where(takes > 1, widths * takes, widths) + np.where(
        rng.random(most) < 0.03, rng.uniform(20, 70, most), 0
    )
    along = np.cumsum(widths) - widths / 2
    doors = (1 if side > 0 else 2) + 2 * (np.cumsum(takes) - takes)
    along, doors = along[along < street.line.length - 5], doors[: int((along < street.line.length - 5).sum())]
    setbacks = street.setback_m + rng.normal(0, 2.0, len(along))
    points = offset(street.line, along, side * setbacks)
    lived_in = _lived_in(street, points, county, rng)
    for at, door, point, here in zip(along.tolist(), doors.tolist(), points, lived_in, strict=True):
        if here and all(np.hypot(*(corner - point)) > CORNER_M + street.setback_m for corner in corners):
            yield Door(number, int(door), at, side, point)


def _lived_in(street: Street, points: Points, county: County, rng: Rng) -> NDArray[np.bool_]:
    if not street.country:
        return np.ones(len(points), dtype=bool)
    likely = np.clip(0.1 + 2.0 * county.land.urbanity(points) + 0.25 * county.land.unevenness(points), 0.0, 1.0)
    return np.asarray((rng.random(len(points)) < likely) & ~county.land.in_lake(points))


def offset(line: LineString, along_m: NDArray[np.float64], left_m: NDArray[np.float64]) -> Points:
    """Return the points so far along a line and so far to the left of it (negative: to the right)."""
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, along_m))
    before = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(along_m - 6, 0)))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, np.minimum(along_m + 6, line.length)))
    way = (ahead - before) / np.hypot(*(ahead - before).T)[:, None]
    return np.asarray(here + np.column_stack([-way[:, 1], way[:, 0]]) * left_m[:, None])


def draft_doors(streets: Sequence[Street], doors: Sequence[Door], rng: Rng) -> Iterator[Draft]:
    """Yield the doors, and beside a few of them a later one that took the same number: 12-1号, 甲12号."""
    for door in doors:
        road = streets[door.street].name
        yield Draft(DOOR, door.point, road=road, number=f"{door.number}号", line=door.street)
        luck = rng.random()
        if luck < 0.04:
            number = (
                f"甲{door.number}号" if luck < 0.012 else f"乙{door.number}号" if luck < 0.016 else f"{door.number}-1号"
            )
            yield Draft(DOOR, door.point + rng.normal(0, 2.5, 2), road=road, number=number, line=door.street)


def draft_lanes(streets: Sequence[Street], doors: Sequence[Door], county: County, rng: Rng) -> Iterator[Draft]:
    """Yield the doors of lanes (弄) that begin between two doors, and of alleys with names of their own."""
    townships = STRtree([township.outline for township in county.townships])
    taken: set[tuple[str, int]] = set()
    for door in doors:
        street = streets[door.street]
        luck = rng.random()
        if street.country or luck > 0.03:
            continue
        alley = ALLEYS[int(rng.integers(len(ALLEYS)))], int(townships.nearest(shapely.Point(door.point)))
        named = luck < 0.01 and alley not in taken
        taken.add(alley)
        road, prefix = (alley[0], "") if named else (street.name, f"{door.number}弄")
        for house, point in _along_lane(street, door, rng):
            yield Draft(LANE_DOOR, point, road=road, number=f"{prefix}{house}号", line=-1 if named else door.street)


def _along_lane(street: Street, door: Door, rng: Rng) -> Iterator[tuple[int, Points]]:
    """Yield the numbers of a lane that goes in beside a door, odd ones on its left."""
    mouth_m = np.array([door.along_m + 9.0])
    on_street, mouth = (
        offset(street.line, mouth_m, np.array([away]))[0] for away in (0.0, door.side * street.setback_m)
    )
    into = (mouth - on_street) / np.hypot(*(mouth - on_street))
    left = np.array([-into[1], into[0]])
    for house in range(1, int(rng.integers(7, 16))):
        yield house, mouth + into * (10.0 + 11.0 * (house // 2)) + left * (5.0 if house % 2 else -5.0)
