"""Areas as answers: the township or village that a text names, where it names nothing nearer."""

from geo.addresses.answers import Accuracy, Candidate
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.pieces import Head
from geo.addresses.reading import Mention, Reading, places_of
from geo.addresses.understanding import pieces
from geo.addresses.writing import plain
from geo.sentences import say


class Areas:
    """Finds the areas that questions name, in one gazetteer."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer, self.values, self.words = gazetteer, gazetteer.values, gazetteer.words

    def named_township(self, reading: Reading) -> str | None:
        """Return the township that the text names, the best written and the first of several."""
        for mention in sorted(reading.townships, key=_worth):
            area = self._in_county(mention, reading)[0]
            return self.words.areas[area]
        return None

    def candidates(self, reading: Reading) -> list[Candidate]:
        """Return the villages and townships named, the likeliest first; a village's township is not named again."""
        townships = {area for mention in reading.townships for area in self._in_county(mention, reading)}
        named = bool(townships)
        found: dict[int | str, Candidate] = {}
        for mention in sorted(reading.villages, key=_worth):
            for candidate, key in self._villages(mention, reading, townships, named):
                found.setdefault(key, candidate)
        ways = sorted(reading.townships, key=_worth)[:3]
        for mention in ways:
            areas = self._in_county(mention, reading)[:5]
            for area in areas:
                found.setdefault(area, self._area(area, mention, Accuracy.TOWNSHIP, 0.97 / len(areas) ** 0.8, reading))
        return list(found.values())

    def _in_county(self, mention: Mention, reading: Reading) -> tuple[int, ...]:
        """Return the areas of a township's name, of the named county only where one is named."""
        counties = {county for each in reading.counties for county in each.areas}
        within = tuple(area for area in mention.areas if self.values["area_county"][area] in counties)
        return within or mention.areas

    def _villages(
        self, mention: Mention, reading: Reading, townships: set[int], named: bool
    ) -> list[tuple[Candidate, int | str]]:
        counties = {county for each in reading.counties for county in each.areas}
        above, within = self.values["area_township"], self.values["area_county"]
        areas = [area for area in mention.areas if above[area] in townships] or [
            area for area in mention.areas if not counties or within[area] in counties
        ]
        if mention.how != "exact" and townships:
            areas = [area for area in areas if self.values["area_township"][area] in townships]
        inside = [area for area in areas if self.values["area_township"][area] in townships]
        areas, own = inside or areas, bool(inside)
        sure = (0.95 if own else 0.4 if named else 0.9) / max(1, len(areas))
        if areas:
            return [(self._area(area, mention, Accuracy.VILLAGE, sure, reading), area) for area in areas[:5]]
        return [(self._place(place, mention, len(places), reading), f"place {place}")
                for places in [places_of(self.gazetteer, mention.name)] for place in places[:5]
                if self.values["place_kind"][place] == Head.VILLAGE]  # fmt: skip

    def _area(self, area: int, mention: Mention, accuracy: Accuracy, sure: float, reading: Reading) -> Candidate:
        values, name = self.values, self.words.areas[area]
        above = values["area_township"][area]
        county = values["area_county"][area]
        matched = (
            (self.words.counties[county] if county >= 0 else "")
            + (self.words.areas[above] if above not in (area, -1) else "")
            + name
        )
        if self.gazetteer.names.name(mention.name) != plain(name) and accuracy is Accuracy.TOWNSHIP:
            sure *= 0.6  # a town's bare name also begins the names of roads and villages
        slip = {"homophone": 0.8, "typo": 0.3}.get(mention.how, 1.0) * (1.0 if mention.clean else 0.9)
        township = self.words.areas[above] if above >= 0 else None
        return Candidate(
            values["area_lon"][area], values["area_lat"][area], accuracy, sure * slip, matched, None,
            values["area_radius"][area], township, name if accuracy is Accuracy.VILLAGE else None,
            pieces([mention], reading, self.gazetteer), (say("{name} is named, an area", name=name),),
        )  # fmt: skip

    def _place(self, place: int, mention: Mention, rivals: int, reading: Reading) -> Candidate:
        """Return a village that only the rows of the list know."""
        name = self.gazetteer.names.name(mention.name)
        values = self.values
        township, sure = self.gazetteer.township_name(values["place_township"][place]), 0.6 / rivals
        return Candidate(
            values["place_lon"][place], values["place_lat"][place], Accuracy.VILLAGE, sure, name,
            None, values["place_radius"][place] + 300, township, name,
            pieces([mention], reading, self.gazetteer), (say("{name} is named, an area", name=name),),
        )  # fmt: skip


def _worth(mention: Mention) -> tuple[bool, bool, int]:
    """Sort names written as they are first, and long ones before short."""
    return mention.how != "exact", not mention.clean, mention.start - 2 * (mention.end - mention.start)
