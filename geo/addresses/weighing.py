"""Weighs claims: what the question names beside a place, and whether it agrees."""

import math
import re

from rapidfuzz.distance import LCSseq

from geo.addresses.answers import Accuracy
from geo.addresses.claims import AGREE_M, DIFFER_M, Claim, Claims
from geo.addresses.confidence import evidence
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import metres
from geo.addresses.neighbours import Neighbours
from geo.addresses.opposite import across
from geo.addresses.pieces import Head
from geo.addresses.reading import Mention, Reading, places_of
from geo.addresses.writing import plain

ONE_PLACE_M = 150.0
"""Claims nearer than this are one place, found in two ways."""
SIBLING_M = 250.0
"""How far a numbered quarter lies from the next one, as a rule: 崂山四村 from 崂山五村."""
NARROW_M = 40.0
"""Errors, and how far crossing roads stay apart, are not told from each other below this."""
WIDE_M = 300.0
"""An estimate so uncertain begins to miss RIGHT_M: from here on its error counts for more."""
UNRIVALLED = 0.999
"""From this share of the evidence on a claim has no rival. Where a list has gaps, two that resemble what is meant are
a sign that it is missing, unless the township that is named tells them apart."""
NEAR_STEP = 10.0
"""Numbers to the nearest known one that are few."""
SITE = "工地"
SHORT = 3
"""Characters of a name of which a slip leaves one that tells it apart."""
_HAMLET = re.compile(r"(?:宅|队|组|浜|湾|庄|屯|埭|圩|家桥)$")
_CONTINUES = re.compile(r"[一-鿿]{1,5}?(?:宅|队|组|村|弄|路|街)(?![口面上边灯牌段])")
_OTHERS = frozenset((Head.ROAD, Head.COMPOUND, Head.LANDMARK))
EXACT = ("building", "door", "whole")


class Weigher:
    """Weighs the claims of one gazetteer's questions."""

    def __init__(self, gazetteer: Gazetteer, claims: Claims) -> None:
        self.gazetteer, self.values, self.claims = gazetteer, gazetteer.values, claims
        self.neighbours = Neighbours(gazetteer)
        self.sparse = 1.0 - self.values["density"][0]
        self.township_plain = [plain(name) for name in gazetteer.words.townships]
        self.area_plain = [plain(name) for name in gazetteer.words.areas]

    def weigh(self, found: list[Claim], reading: Reading) -> list[Claim]:
        """Give each claim its terms and its evidence, and join those that are one place; the best first."""
        for claim in found:
            if claim.mention.sibling and claim.spot.how in ("whole", "part"):
                claim.spot = claim.spot._replace(how="sibling", accuracy=Accuracy.INTERPOLATED, gap_m=SIBLING_M)
            self._settle(claim)
        if any(relation.kind == "opposite" for relation in reading.relations):
            self._cross_the_street(found)
        for claim in found:
            claim.terms = self._terms(claim, reading, found)
            claim.evidence = evidence(claim.terms)
        found.sort(key=lambda claim: -claim.evidence)
        places = _distinct(found)
        total = sum(math.exp(claim.evidence) for claim in places if claim.spot.accuracy.is_point) or 1.0
        for claim in places:
            claim.share = math.exp(claim.evidence) / total if claim.spot.accuracy.is_point else 1.0
            if claim.share < UNRIVALLED and "township_agrees" not in claim.terms:
                claim.terms["sparse_rival"] = self.sparse
        return places

    def _cross_the_street(self, found: list[Claim]) -> None:
        for claim in found:
            if claim.spot.accuracy.is_point and (there := across(claim, self.gazetteer, self.claims.doors)):
                claim.spot = claim.spot._replace(lon=there[0], lat=there[1])
                claim.crossed = True

    def _settle(self, claim: Claim) -> None:
        """Find the township and village of a claim: the row's own, or those of the rows around."""
        spot = claim.spot
        if spot.row >= 0:
            claim.village = self.values["row_village"][spot.row]
            claim.township = self.values["row_township"][spot.row]
        if spot.how in EXACT and claim.township >= 0:
            return
        if spot.accuracy.is_point:
            claim.township, votes = self.neighbours.township(spot.lon, spot.lat, claim.township, spot.beside)
            claim.contested = 1.0 - votes
        else:
            claim.township = self.values["place_township"][claim.place]

    def _terms(self, claim: Claim, reading: Reading, found: list[Claim]) -> dict[str, float]:
        spot, terms = claim.spot, {claim.spot.how: 1.0}
        if spot.how in ("between", "beyond", "part", "inner", "crossing"):
            terms["apart" if spot.how == "crossing" else "error"] = math.log(max(spot.gap_m, NARROW_M) / 100.0)
        if spot.how in ("between", "beyond"):
            terms |= self._doubts(claim, reading)
        for mention in claim.used:
            self._slips(mention, spot.how in ("door", "building"), terms)
        hamlet = _HAMLET.search(self.gazetteer.names.name(claim.mention.name)) is not None
        if hamlet:
            terms["hamlet"] = 1.0
        self._gaps(claim, hamlet, reading, terms)
        if any(relation.kind == "opposite" for relation in reading.relations):
            terms["opposite"] = 0.5 if claim.crossed else 1.0
        self._compare_areas(claim, reading, terms)
        self._compare_others(claim, reading, terms, found)
        if _CONTINUES.match(reading.written.text, max(each.end for each in claim.used)):
            terms["continues"] = 1.0
        agreed = {"township_agrees", "village_agrees", "other_agrees", "numbered"} & terms.keys()
        if not agreed and spot.how != "crossing":
            terms["common"] = math.log(len(places_of(self.gazetteer, claim.mention.name)))
            if spot.how in ("between", "beyond"):
                terms["sparse_common"] = self.sparse * terms["common"]
        if hamlet and spot.how == "whole" and "village_agrees" in agreed:
            terms["sparse_village"] = self.sparse
        return terms

    def _doubts(self, claim: Claim, reading: Reading) -> dict[str, float]:
        """Say what an estimate's error leaves out: roads bend, a site bears a planned number, a border is near.

        A name with a slip whose number the list lacks as well is almost always another name.
        """
        spot, span = claim.spot, claim.mention.door_span
        site = span is not None and reading.written.text.startswith(SITE, span[1])
        return {
            "wide": math.log(max(spot.gap_m / WIDE_M, 1.0)),
            "contested": claim.contested,
            "step": math.log1p(spot.step / NEAR_STEP),
            "single": float(spot.known == 1),
            "site": float(site),
            "guess_number": float(claim.mention.slips > 0 and not claim.mention.sibling),
        }

    def _gaps(self, claim: Claim, hamlet: bool, reading: Reading, terms: dict[str, float]) -> None:
        """Say how much the list's gaps make of a name: what resembles the place meant may be another that is missing.

        Two hamlets of one village often bear one name, and only the group that either names tells them apart.
        """
        how = claim.spot.how
        if how in ("whole", "part"):
            terms["sparse_hamlet" if hamlet else "sparse_name"] = self.sparse
        if how == "crossing":
            terms["sparse_crossing"] = self.sparse
        if how == "whole" and hamlet:
            row, said = self._in_village_written(claim), self._said(claim.mention, reading)
            alike = 2 * LCSseq.similarity(row, said) / max(1, len(row) + len(said))
            terms["sparse_unsaid"] = self.sparse * (1.0 - alike)

    def _in_village_written(self, claim: Claim) -> str:
        """Return a claim's row as it is written, without its township."""
        row = plain(self.gazetteer.row_name(claim.spot.row))
        township = self.values["row_township"][claim.spot.row]
        return row.removeprefix(self.township_plain[township]) if township >= 0 else row

    def _said(self, mention: Mention, reading: Reading) -> str:
        """Return what the question says of a hamlet: from the village that it names to the hamlet's own name."""
        villages = [*((each.start, each.end) for each in reading.villages), *reading.unknown_villages]
        start = min((start for start, end in villages if end <= mention.start), default=mention.start)
        return reading.written.text[start : mention.end]

    def _slips(self, mention: Mention, exact: bool, terms: dict[str, float]) -> None:
        """Say what of a name was not as it is written.

        A name guessed at counts for more where its number is known; less so in a list with gaps, which rather lacks the
        road that is written and has the number on another one by chance.
        """
        if mention.how == "homophone":
            terms["homophone"] = terms.get("homophone", 0.0) + mention.slips
        elif mention.how == "typo":
            short = len(self.gazetteer.names.name(mention.name)) <= SHORT
            if mention.sibling:
                return
            terms["turned" if mention.turned else "short_typo" if short else "typo"] = 1.0
        if mention.slips and exact:
            terms["sparse_slip"] = self.sparse
        elif mention.slips:
            terms["guess_sound" if mention.how == "homophone" else "guess"] = 1.0
        if not mention.clean and mention.start:
            terms["unclean"] = 1.0
        if not mention.ordered:
            terms["order"] = 1.0

    def _compare_areas(self, claim: Claim, reading: Reading, terms: dict[str, float]) -> None:
        townships = [each for each in reading.townships if _apart(each, claim.used)]
        if townships:
            agrees = any(self._in_township(claim, each) for each in townships)
            terms["township_agrees" if agrees else "township_differs"] = 1.0
        villages = [each for each in reading.villages if _apart(each, claim.used)]
        before = any(end <= claim.mention.start for _, end in reading.unknown_villages)
        if not villages and before and spot_is_named(claim):
            terms["village_differs"] = 1.0
        if villages and (verdict := max(self._in_village(claim, each) for each in villages)):
            terms["village_agrees" if verdict > 0 else "village_differs"] = 1.0

    def _in_township(self, claim: Claim, mention: Mention) -> bool:
        if claim.township >= 0:
            name = self.township_plain[claim.township]
            return any(name == self.area_plain[area] for area in mention.areas)
        return any(self._within_area(claim, area) for area in mention.areas)

    def _within_area(self, claim: Claim, area: int) -> bool:
        values, radius = self.values, float(self.values["area_radius"][area])
        return metres(claim.spot.lon, claim.spot.lat, values["area_lon"][area], values["area_lat"][area]) <= radius

    def _in_village(self, claim: Claim, mention: Mention) -> int:
        """Return 1 where a claim lies in the village, -1 where it does not, 0 where that is open."""
        if claim.village >= 0:
            if claim.village == mention.name:
                return 1
            if not mention.areas:
                return -1
        if mention.areas:
            return 1 if any(self._within_area(claim, area) for area in mention.areas) else -1
        values = self.values
        for place in places_of(self.gazetteer, mention.name):
            centre = values["place_lon"][place], values["place_lat"][place]
            if metres(claim.spot.lon, claim.spot.lat, *centre) < values["place_radius"][place] + AGREE_M:
                return 1
        return -1

    def _compare_others(self, claim: Claim, reading: Reading, terms: dict[str, float], found: list[Claim]) -> None:
        """Ask of the other named places whether they lie here too."""
        asked = [each for each in reading.heads if each.kind in _OTHERS and _apart(each, claim.used)]
        for mention in asked[:4]:
            doors = [
                other
                for other in found
                if other.mention is mention and other.mention.door and other.spot.accuracy.is_point
            ]
            away = (
                min((_metres(claim, other) for other in doors), default=1e9)
                if doors
                else self.claims.away(claim, mention, reading)
            )
            if (
                away < AGREE_M
                and mention.door.number
                and mention.kind is Head.ROAD
                and claim.mention.kind is not Head.ROAD
            ):
                terms["numbered"] = 1.0
                claim.used = [*claim.used, mention]
            elif away < AGREE_M:
                terms["other_agrees"] = terms.get("other_agrees", 0.0) + 1.0
                claim.used = [*claim.used, mention]
            elif away > DIFFER_M and mention.how == "exact":
                terms["other_differs"] = terms.get("other_differs", 0.0) + 1.0


def spot_is_named(claim: Claim) -> bool:
    """Tell whether a claim is a hamlet or landmark, whose name other villages have too."""
    return claim.mention.kind is Head.LANDMARK


def _apart(mention: Mention, used: list[Mention]) -> bool:
    return not any(map(mention.overlaps, used))


def _metres(one: Claim, other: Claim) -> float:
    return metres(one.spot.lon, one.spot.lat, other.spot.lon, other.spot.lat)


def _distinct(found: list[Claim]) -> list[Claim]:
    """Keep the best claim of each place; the area of what a point was found in is the same place, and less exact."""
    kept: list[Claim] = []
    for claim in sorted(found, key=lambda claim: not claim.spot.accuracy.is_point):
        if not any(_same_place(claim, other) for other in kept):
            kept.append(claim)
    return sorted(kept, key=lambda claim: -claim.evidence)


def _same_place(claim: Claim, other: Claim) -> bool:
    if claim.spot.accuracy.is_point != other.spot.accuracy.is_point:
        return claim.place == other.place and claim.mention.start == other.mention.start
    both = max(claim.spot.gap_m, other.spot.gap_m) if claim.mention.name != other.mention.name else 0.0
    return _metres(claim, other) < ONE_PLACE_M + min(both, 300.0)
