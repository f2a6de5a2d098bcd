"""Every place that the names of a question may mean, with what speaks for it and against it."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.addresses.answers import Accuracy
from geo.addresses.crossings import cross
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import PER_LAT, metres, metres_to, per_lon
from geo.addresses.pieces import Door, Head
from geo.addresses.reading import Mention, Reading, places_of
from geo.addresses.relations import crossing
from geo.addresses.spots import Doors, Spot, one_of

PLACES = 6
"""Places of one name that are looked at, those nearest to what else is named."""
MANY = 30
"""From so many points on arrays are quicker than lists, though each call into them costs some."""
OUT_OF_THE_WAY_M = 2500.0
"""A place that lies so much farther from what else is named is not looked at, but for one."""
_GROUP = re.compile(r"\d+[组队邻]")
AGREE_M, DIFFER_M = 400.0, 1500.0
"""Another named place within the first speaks for a claim, farther than the second against it."""


@dataclass(slots=True)
class Claim:
    """A spot that a mention may mean. terms: see confidence.py; evidence: for choosing among claims, of which it has
    a share. crossed: whether the spot was moved to the other side of the street. contested: the share of the votes of
    the rows around that another township than the claim's has."""

    spot: Spot
    mention: Mention
    place: int
    used: list[Mention]
    terms: dict[str, float] = field(default_factory=dict)
    evidence: float = 0.0
    share: float = 1.0
    crossed: bool = False
    contested: float = 0.0
    township: int = -1
    village: int = -1


class Extent(NamedTuple):
    """Where something named is: around the one or the other of some points, each as lon, lat and metres per degree of
    longitude there."""

    middles: list[tuple[float, float, float]]
    radius_m: float

    def missed(self, lons: Sequence[float], lats: Sequence[float]) -> list[float]:
        """Return the metres by which each of some points misses it."""
        if len(lons) > MANY:
            lon, lat = np.array(lons), np.array(lats)
            away = [np.hypot((lon - east) * scale, (lat - north) * PER_LAT) for east, north, scale in self.middles]
            missed: list[float] = np.maximum(np.min(away, axis=0) - self.radius_m, 0.0).tolist()
            return missed
        return [max(min([math.hypot((lon - east) * scale, (lat - north) * PER_LAT)
                         for east, north, scale in self.middles]) - self.radius_m, 0.0)
                for lon, lat in zip(lons, lats, strict=True)]  # fmt: skip


class Claims:
    """Finds the claims of questions against one gazetteer."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.doors = Doors(gazetteer)
        self.columns, self.values = gazetteer.columns, gazetteer.values
        self.labels: dict[int, list[int]] = defaultdict(list)
        """By area, the numbers of the townships of the rows that it is."""
        for township, area in enumerate(self.values["township_area"]):
            self.labels[area].append(township)

    def find(self, reading: Reading) -> list[Claim]:
        """Return the places that the question may mean; areas are not among them."""
        claims = []
        crossed = self._crossings(reading)
        for mention in reading.heads:
            if mention.kind in (Head.VILLAGE, Head.TOWNSHIP) and not mention.door:
                continue
            door = _with_building(mention, reading)
            within = self._within(mention, reading)
            group = _GROUP.fullmatch(self.gazetteer.names.name(mention.name)) is not None
            for place in self.near(mention, reading):
                if group and not self._in_villages(place, within[0]):
                    continue  # a numbered group is nothing without its village
                claims += [Claim(spot, mention, place, [mention]) for spot in self.doors.find(place, door, within)]
        return crossed + claims

    def near(self, mention: Mention, reading: Reading) -> list[int]:
        """Return the places of a name that lie nearest to what else the question names."""
        if (found := reading.nearest.get(mention.key)) is None:
            places = places_of(self.gazetteer, mention.name)
            found = list(places) if len(places) <= 2 else self._nearest(places, mention, reading)
            reading.nearest[mention.key] = found
        return found

    def _nearest(self, places: range, mention: Mention, reading: Reading) -> list[int]:
        here, first = slice(places.start, places.stop), self.values["place_first"]
        lons, lats = self.values["place_lon"][here], self.values["place_lat"][here]
        misses = [extent.missed(lons, lats) for extent in self._context(mention, reading)]
        if reading.townships:
            townships = self._townships(reading)
            misses.append([5000.0 * (each not in townships) for each in self.values["place_township"][here]])
        if villages := {each.name for each in reading.villages}:
            misses.append([3000.0 * (each not in villages) for each in self.values["place_village"][here]])
        away = [sum(each) for each in zip(*misses, strict=True)]
        if not any(away):
            away = [float(first[place] - first[place + 1]) for place in places]
        found = sorted(zip(away, places, strict=True))[:PLACES]
        on_the_way = sum(missed < OUT_OF_THE_WAY_M for missed, _ in found)
        if on_the_way:  # one other is kept: what the text names may be wrong
            found = found[: max(2, on_the_way)]
        return [place for _, place in found]

    def _in_villages(self, place: int, villages: list[int]) -> bool:
        rows = self._rows(place)
        return bool(villages and one_of(self.columns["row_village"][rows], villages).any())

    def _rows(self, place: int) -> NDArray[np.int32]:
        """Return the rows of a place."""
        rows: NDArray[np.int32] = self.columns["slot_row"][slice(*self.values["place_first"][place : place + 2])]
        return rows

    def _within(self, mention: Mention, reading: Reading) -> tuple[list[int], set[int]]:
        """Return the numbers of the villages and townships that are named beside a mention."""
        villages = [each.name for each in reading.villages if each.end <= mention.start or each.start >= mention.end]
        return villages, self._townships(reading)

    def _townships(self, reading: Reading) -> set[int]:
        """Return the numbers of the townships that are named, as rows have them."""
        return {township for each in reading.townships for area in each.areas for township in self.labels.get(area, ())}

    def _context(self, mention: Mention, reading: Reading) -> list[Extent]:
        """Return where the other named things are."""
        radius = self.values["area_radius"]
        context = [Extent(self._middles("area", areas), max(radius[area] for area in areas))
                   for each in (*reading.villages, *reading.townships) if (areas := each.areas[:PLACES])]  # fmt: skip
        return context + [Extent(self._middles("place", places_of(self.gazetteer, other.name)[:PLACES]), 500.0)
                          for other in reading.heads
                          if other.start >= mention.end or other.end <= mention.start]  # fmt: skip

    def _middles(self, kind: str, numbers: Sequence[int]) -> list[tuple[float, float, float]]:
        lon, lat = self.values[f"{kind}_lon"], self.values[f"{kind}_lat"]
        return [(lon[number], lat[number], per_lon(lat[number])) for number in numbers]

    def _crossings(self, reading: Reading) -> list[Claim]:
        """Return where roads cross that the question names as crossing."""
        roads = sorted(
            (head for head in reading.heads if head.kind is Head.ROAD and not head.door), key=lambda head: head.start
        )
        claims = []
        for one in roads:
            for other in roads:
                if other.start < one.end or other.name == one.name:
                    continue
                if crossing(reading.written.text, one.end, other.start, other.end) is None:
                    continue
                claims += self._crossed(one, other, reading)
        return claims

    def _crossed(self, one: Mention, other: Mention, reading: Reading) -> list[Claim]:
        claims = []
        for here in self.near(one, reading):
            for there in self.near(other, reading):
                if found := cross(self.gazetteer, here, there):
                    lon, lat, gap = found
                    row = self.values["slot_row"][self.values["place_first"][here]]
                    spot = Spot(lon, lat, Accuracy.CROSSING, "crossing", row, max(gap, 20.0))
                    claims.append(Claim(spot, one, here, [one, other]))
        return claims

    def away(self, claim: Claim, mention: Mention, reading: Reading) -> float:
        """Return the metres from a claim to the nearest point of another named place."""
        lon, lat, least = claim.spot.lon, claim.spot.lat, 1e9
        for place in self.near(mention, reading):
            centre = metres(lon, lat, self.values["place_lon"][place], self.values["place_lat"][place])
            border = centre - self.values["place_radius"][place]
            if border > min(least, DIFFER_M):
                least = min(least, border)
                continue
            rows = self._rows(place)
            least = min(
                least, float(metres_to(lon, lat, self.columns["row_lon"][rows], self.columns["row_lat"][rows]).min())
            )
        return least


def _with_building(mention: Mention, reading: Reading) -> Door:
    """Return a mention's door; a road's number is completed by the building that hangs on the compound beside it."""
    door = mention.door
    if mention.kind is not Head.ROAD or not door.number or door.building:
        return door
    for other in reading.heads:
        if other.kind is not Head.ROAD and other.door.building and not other.door.number:
            return door._replace(building=other.door.building, unit=other.door.unit)
    return door
