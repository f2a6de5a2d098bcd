"""Where a report is: by its coordinates; without any, by its words where they are certain enough."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from geo.addresses.answers import Candidate
from geo.locate import Location, Locator
from geo.placing import AreaIndex
from incidents import addressing
from incidents.addressing import Asked, Geocoding
from incidents.drafts import ReportDraft
from incidents.positions import Position, position_of
from incidents.words import PlaceMethod, QueueReason


@dataclass(frozen=True)
class Placed:
    """A draft with where it is.

    `candidate` is the one that placed it, where its words did. `asked` is kept where a person may want to choose:
    without a certain place, and where words and coordinates contradict each other.
    """

    draft: ReportDraft
    reported_at: datetime
    position: Position
    location: Location | None
    asked: Asked | None = None
    answer: dict[str, Any] | None = None
    candidate: Candidate | None = None
    contradiction: dict[str, Any] | None = None

    @property
    def method(self) -> PlaceMethod | None:
        if self.candidate is not None:
            return PlaceMethod.ADDRESS
        return None if self.location is None else PlaceMethod.COORDINATES

    @property
    def how(self) -> dict[str, Any]:
        """How the place came about, for the explanation."""
        how: dict[str, Any] = {} if self.method is None else {"method": self.method}
        if self.candidate is not None and self.asked is not None and self.answer is not None:
            best, rule = self.answer["candidates"][0], self.asked.decision.rule
            how["address"] = addressing.placed_by(best, asked=self.asked.field, rule=rule)
        return how | ({"contradiction": self.contradiction} if self.contradiction else {})

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of an incident that say the same."""
        return {
            "place_method": self.method,
            "address_accuracy": self.candidate.accuracy if self.candidate else None,
            "address_confidence": self.candidate.confidence if self.candidate else None,
            "address_answer": self.answer,
            "contradiction": self.contradiction,
        }


def place_draft(
    draft: ReportDraft, reported_at: datetime, index: AreaIndex, geocoding: Geocoding | None, *, placeholder: bool
) -> Placed:
    """Find where a draft is, by the areas of the time of the report.

    Coordinates are never moved for the sake of words: that they contradict each other is told. `placeholder`: the
    coordinates are somebody's default.
    """
    position, locator = position_of(draft), index.at(reported_at)
    location = None if position.lon is None or position.lat is None else locator.locate(position.lon, position.lat)
    against = None
    if location is not None and location.grid is not None and not placeholder:
        against = addressing.contradiction(geocoding, draft.address, draft.text, location, locator)
        if against is None:
            return Placed(draft, reported_at, position, location)
    place = Placed(draft, reported_at, position, location, contradiction=against)
    asked = addressing.ask(geocoding, draft.address, draft.text, locator)
    if asked is None or not asked.answer.candidates:
        return place
    place = replace(place, asked=asked, answer=addressing.kept(asked, locator))
    return _by_words(place, locator) if position.doubt is QueueReason.NO_COORDINATES else place


def _by_words(place: Placed, locator: Locator) -> Placed:
    candidate = place.asked.decision.candidate if place.asked else None
    if candidate is None or place.answer is None:
        return replace(place, position=replace(place.position, doubt=QueueReason.ADDRESS_UNCERTAIN))
    lon, lat = (float(place.answer["candidates"][0][name]) for name in ("lon", "lat"))
    return replace(place, position=Position(lon, lat), location=locator.locate(lon, lat), candidate=candidate)
