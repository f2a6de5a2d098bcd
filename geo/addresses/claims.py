"""Every place that the names of a question may mean, with what speaks for it and against it."""

import re
from dataclasses import dataclass, field

import numpy as np

from geo.addresses.answers import Accuracy
from geo.addresses.crossings import cross
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import metres, metres_to
from geo.addresses.pieces import Door, Head
from geo.addresses.reading import Mention, Reading, places_of
from geo.addresses.relations import crossing
from geo.addresses.spots import Doors, Spot, one_of

PLACES = 6
"""Places of one name that are looked at, those nearest to what else is named."""
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


class Claims:
    """Finds the claims of questions against one gazetteer."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.doors = Doors(gazetteer)
        self.columns = gazetteer.columns
        self.township_area = np.append(self.columns["township_area"], -1)

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
        here = slice(places.start, places.stop)
        lon, lat = self.columns["place_lon"][here], self.columns["place_lat"][here]
        away = np.zeros(len(places))
        for lons, lats, radius in self._context(mention, reading):
            nearest = np.min([metres_to(one, other, lon, lat) for one, other in zip(lons, lats, strict=True)], axis=0)
            away += np.maximum(nearest - radius, 0)
        named = [area for each in reading.townships for area in each.areas]
        if named:
            away += 5000.0 * ~one_of(self.township_area[self.columns["place_township"][here]], named)
        villages = {each.name for each in reading.villages}
        if villages:
            away += 3000.0 * ~one_of(self.columns["place_village"][here], list(villages))
        if not away.any():
            away = -np.diff(self.columns["place_first"][places.start : places.stop + 1]).astype(float)
        order = np.argsort(away, kind="stable")[:PLACES]
        if away[order[0]] < OUT_OF_THE_WAY_M:  # one other is kept: what the text names may be wrong
            order = order[: max(2, int((away[order] < OUT_OF_THE_WAY_M).sum()))]
        found: list[int] = (places.start + order).tolist()
        return found

    def _in_villages(self, place: int, villages: list[int]) -> bool:
        begin, end = int(self.columns["place_first"][place]), int(self.columns["place_first"][place + 1])
        rows = self.columns["slot_row"][begin:end]
        return bool(villages and one_of(self.columns["row_village"][rows], villages).any())

    def _within(self, mention: Mention, reading: Reading) -> tuple[list[int], list[int]]:
        """Return the numbers of the villages and townships that are named beside a mention."""
        villages = [each.name for each in reading.villages if each.end <= mention.start or each.start >= mention.end]
        areas = [area for each in reading.townships for area in each.areas]
        townships = np.flatnonzero(one_of(self.columns["township_area"], areas)).tolist() if areas else []
        return villages, townships

    def _context(self, mention: Mention, reading: Reading) -> list[tuple[list[float], list[float], float]]:
        """Return where the other named things are."""
        context = []
        for each in (*reading.villages, *reading.townships):
            areas = list(each.areas)[:PLACES]
            if areas:
                context.append((self.columns["area_lon"][areas].tolist(), self.columns["area_lat"][areas].tolist(),
                                float(self.columns["area_radius"][areas].max())))  # fmt: skip
        for other in reading.heads:
            if other.start >= mention.end or other.end <= mention.start:
                places = list(places_of(self.gazetteer, other.name))[:PLACES]
                context.append(
                    (self.columns["place_lon"][places].tolist(), self.columns["place_lat"][places].tolist(), 500.0)
                )
        return context

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
                    row = int(self.columns["slot_row"][self.columns["place_first"][here]])
                    spot = Spot(lon, lat, Accuracy.CROSSING, "crossing", row, max(gap, 20.0))
                    claims.append(Claim(spot, one, here, [one, other]))
        return claims

    def away(self, claim: Claim, mention: Mention, reading: Reading) -> float:
        """Return the metres from a claim to the nearest point of another named place."""
        least = 1e9
        for place in self.near(mention, reading):
            begin, end = int(self.columns["place_first"][place]), int(self.columns["place_first"][place + 1])
            centre = metres(
                claim.spot.lon,
                claim.spot.lat,
                float(self.columns["place_lon"][place]),
                float(self.columns["place_lat"][place]),
            )
            if centre - float(self.columns["place_radius"][place]) > min(least, DIFFER_M):
                least = min(least, centre - float(self.columns["place_radius"][place]))
                continue
            rows = self.columns["slot_row"][begin:end]
            away = metres_to(
                claim.spot.lon, claim.spot.lat, self.columns["row_lon"][rows], self.columns["row_lat"][rows]
            )
            least = min(least, float(away.min()))
        return least


def _with_building(mention: Mention, reading: Reading) -> Door:
    """Return a mention's door; a road's number is completed by the building that hangs on the compound beside it."""
    door = mention.door
    if mention.kind is not Head.ROAD or not door.number or door.building:
        return door
    for other in reading.heads:
        if other.kind is not Head.ROAD and other.door.building and not other.door.number:
            return Door(door.number, door.lane, door.sub, door.inner, other.door.building, other.door.unit)
    return door
