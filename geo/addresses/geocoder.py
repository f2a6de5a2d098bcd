"""Finds a place in free Chinese text, against an address list, and says how sure that is."""

from collections.abc import Iterable

from geo.addresses.answers import CANDIDATES, Accuracy, Answer, Candidate
from geo.addresses.claims import Claim, Claims
from geo.addresses.confidence import confidence
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import moved
from geo.addresses.naming import Areas
from geo.addresses.reading import Reader, Reading
from geo.addresses.reasons import reasons
from geo.addresses.understanding import pieces
from geo.addresses.weighing import Weigher
from geo.sentences import Sentence, say

WEAK = 0.5
"""A point less sure than this is offered after the areas that are named."""
HOPELESS = 0.002
"""A place with less of the evidence than this is not offered, unless it is one of two."""
RADIUS = {Accuracy.BUILDING: 40.0, Accuracy.DOOR: 60.0, Accuracy.COMPOUND: 250.0, Accuracy.LANDMARK: 150.0,
          Accuracy.CROSSING: 120.0, Accuracy.INTERPOLATED: 150.0}  # fmt: skip
"""Within how many metres a place of each kind lies in nine of ten cases, where no error was estimated."""


class Geocoder:
    """Answers questions against one gazetteer. Build once, ask many times; safe to share between threads."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self._reader, self._claims = Reader(gazetteer), Claims(gazetteer)
        self._weigher, self._areas = Weigher(gazetteer, self._claims), Areas(gazetteer)

    def geocode(self, text: str) -> Answer:
        """Return what places the text may mean, the likeliest first."""
        reading, claims = self.weighed(text)
        claims = [claim for place, claim in enumerate(claims) if place < 2 or claim.share >= HOPELESS][:CANDIDATES]
        sure = _exclusive(claims, self._weigher.sparse)
        found = [self._candidate(*claimed, reading) for claimed in zip(claims, sure, strict=True)]
        found += self._areas.candidates(reading)
        found.sort(key=lambda each: (-_rank(each), -each.confidence))
        found = found[:CANDIDATES]
        return Answer(text, tuple(found), self._areas.named_township(reading), _why(found, reading))

    def weighed(self, text: str) -> tuple[Reading, list[Claim]]:
        """Return what was read and every claim with its terms, the best first: for those who fit the confidence."""
        reading = self._reader.read(text)
        return reading, self._weigher.weigh(self._claims.find(reading), reading)

    def geocode_many(self, texts: Iterable[str]) -> list[Answer]:
        """Return an answer for each text; a text that comes again is asked once."""
        known: dict[str, Answer] = {}
        return [known.get(text) or known.setdefault(text, self.geocode(text)) for text in texts]

    def _candidate(self, claim: Claim, sure: float, reading: Reading) -> Candidate:
        spot = claim.spot
        lon, lat, carried = spot.lon, spot.lat, 0.0
        for relation in reading.relations:
            if relation.kind == "offset" and spot.accuracy.is_point:
                lon, lat = moved(lon, lat, relation.east_m, relation.north_m)
                carried = 0.3 * abs(complex(relation.east_m, relation.north_m))
        exact = spot.how in ("building", "door", "whole")
        matched = self.gazetteer.row_name(spot.row) if exact else self.gazetteer.names.name(claim.mention.name)
        if spot.how in ("between", "beyond", "other", "inner"):
            matched += "".join(reading.written.text[slice(*claim.mention.door_span)] if claim.mention.door_span else "")
        if spot.how == "crossing":
            matched = f"{matched}/{self.gazetteer.names.name(claim.used[1].name)}"
        village = self.gazetteer.names.name(claim.village) if claim.village >= 0 else None
        radius = max(RADIUS.get(spot.accuracy, spot.gap_m), 2.2 * spot.gap_m if spot.accuracy.is_point else spot.gap_m)
        return Candidate(lon, lat, spot.accuracy, sure, matched,
                         self.gazetteer.values["row_id"][spot.row] if exact else None, radius + carried,
                         self.gazetteer.township_name(claim.township), village,
                         pieces(claim.used, reading, self.gazetteer),
                         reasons(claim, self.gazetteer, reading.written.text))  # fmt: skip


def _exclusive(claims: list[Claim], gaps: float) -> list[float]:
    """Return how sure each claim is: the others have only what the likeliest place leaves, for not all can be meant.

    An area is named or it is not, whatever else the list lacks.
    """
    sure = [confidence(claim.terms, claim.share, gaps * claim.spot.accuracy.is_point) for claim in claims]
    points = [place for place, claim in enumerate(claims) if claim.spot.accuracy.is_point]
    if len(points) < 2:
        return sure
    best = max(points, key=sure.__getitem__)
    left, others = 1 - sure[best], sum(claims[place].share for place in points if place != best)
    for place in points:
        if place != best:
            sure[place] = min(sure[place], left * claims[place].share / max(others, 1e-9))
    return sure


def _rank(candidate: Candidate) -> float:
    """Points that are likely enough come first, then areas, the smaller before the larger."""
    if candidate.accuracy.is_point:
        return 10.0 + candidate.confidence if candidate.confidence >= WEAK else 2.5 + candidate.confidence
    return {Accuracy.ROAD: 5.0, Accuracy.VILLAGE: 4.0}.get(candidate.accuracy, 3.0) + 0.99 * candidate.confidence


def _why(found: list[Candidate], reading: Reading) -> Sentence:
    """Say why the first won, or why there is none."""
    if not found:
        return say("no name in the text is one that the list or the areas know")
    best = found[0]
    if not best.accuracy.is_point:
        if reading.unknown_roads:
            start, end = reading.unknown_roads[0]
            return say("the list does not know {road}; only the area is known", road=reading.written.text[start:end])
        return say("{reason}; only the area is known", reason=best.reasons[0])
    if len(found) > 1 and found[1].accuracy.is_point:
        sure, other = round(100 * best.confidence), round(100 * found[1].confidence)
        return say("{reason}; {share} % sure against {other} % for {name}", reason=best.reasons[0], share=sure,
                   other=other, name=found[1].matched)  # fmt: skip
    return say("{reason}; {share} % sure", reason=best.reasons[0], share=round(100 * best.confidence))
