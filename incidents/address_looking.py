"""“Where may that be?” for any text: one answer for the command line, the API and files of texts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from geo.addresses.answers import Accuracy, Answer, Candidate
from geo.locate import AreaRef, Locator
from incidents.address_placing import Decision, decide
from incidents.address_reach import Reach, reach_of
from incidents.addressing import Geocodes, pieces_of


class TextStatus(StrEnum):
    """What became of a text. `candidates`: places it may mean, between which a person chooses."""

    PLACED = "placed"
    CANDIDATES = "candidates"
    UNPLACED = "unplaced"


@dataclass(frozen=True)
class Looked:
    """What a text may mean, what that decides, and by which areas."""

    answer: Answer
    decision: Decision
    reach: Reach
    locator: Locator

    @property
    def status(self) -> TextStatus:
        if self.decision.candidate is not None:
            return TextStatus.PLACED
        return TextStatus.CANDIDATES if self.answer.candidates else TextStatus.UNPLACED

    def point(self, candidate: Candidate) -> tuple[float, float] | None:
        """Where the pin goes; None for an area that has no grid of its own: its middle is no place."""
        if candidate.accuracy.is_point or candidate is self.decision.candidate:
            return self.reach.point(candidate)
        return None

    def grid(self, candidate: Candidate) -> AreaRef | None:
        """The grid that all of a candidate lies in, where it is one."""
        grids = self.reach.grids(candidate)
        return next(iter(grids)) if len(grids) == 1 else None

    def township(self, candidate: Candidate) -> AreaRef | None:
        """The township that a place falls in, or that an area is or lies in, where that is known."""
        if candidate.accuracy.is_point:
            return self.locator.locate(candidate.lon, candidate.lat).township
        area = self.reach.area(candidate)
        if area is None:
            named = [each for each in self.reach.townships if each.name == candidate.township]
            return named[0] if len(named) == 1 else None
        if candidate.accuracy is Accuracy.VILLAGE:
            area = self.locator.by_area_id.get(area.parent_id or 0)
        return None if area is None or area.ref not in self.reach.townships else area.ref

    def told(self) -> dict[str, Any]:
        """All of it as JSON, with sentences in English."""
        return {
            "text": self.answer.text,
            "status": self.status.value,
            "rule": self.decision.rule.value,
            "why": str(self.answer.why),
            "township": self.answer.township,
            "candidates": [self._told(candidate) for candidate in self.answer.candidates],
        }

    def _told(self, candidate: Candidate) -> dict[str, Any]:
        area = self.reach.area(candidate)
        return {
            "lon": candidate.lon,
            "lat": candidate.lat,
            "accuracy": candidate.accuracy.value,
            "confidence": round(candidate.confidence, 4),
            "matched": candidate.matched,
            "address_id": candidate.address_id,
            "radius_m": round(candidate.radius_m, 1),
            "grid": _named(self.grid(candidate)),
            "grids": len(self.reach.grids(candidate)),
            "village": candidate.village,
            "township": _named(self.township(candidate)),
            "area": _named(None if area is None else area.ref),
            "pieces": pieces_of(candidate),
            "reasons": [str(reason) for reason in candidate.reasons],
        }  # fmt: skip


def look_up(geocoder: Geocodes, text: str, locator: Locator) -> Looked:
    """Say where a text may be, by the list of the geocoder and the areas of the locator."""
    answer, reach = geocoder.geocode(text), reach_of(locator)
    return Looked(answer, decide(answer, reach.grids), reach, locator)


def _named(area: AreaRef | None) -> dict[str, str] | None:
    return None if area is None else {"code": area.code, "name": area.name}
