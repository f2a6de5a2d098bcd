"""What a report's words say about where it is: asked of the geocoder, judged by the rule, kept as plain JSON."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from geo.addresses.answers import Answer, Candidate
from geo.locate import AreaRef, Location, Locator
from geo.sentences import told
from incidents.address_placing import Decision, contradicts, decide, township_stem
from incidents.address_reach import Reach, reach_of

LONGEST_ASKED = 500
"""Characters of a report that are searched for a place: a long letter names more places than it is about."""

log = logging.getLogger(__name__)


class Geocodes(Protocol):
    """Anything that says where a text is."""

    def geocode(self, text: str) -> Answer:
        """Return the places that a text may mean."""


Geocoding = Callable[[], Geocodes]
"""Gives the geocoder of the list as it stands."""


@dataclass(frozen=True)
class Asked:
    """What was asked, which field of the report it was (`address` or `text`), and what became of it."""

    field: str
    answer: Answer
    decision: Decision


def ask(geocoding: Geocoding | None, address: str | None, text: str, locator: Locator) -> Asked | None:
    """Ask for the place that a report means: of its address first, then of its text.

    None without a geocoder, and where it broke: a report is taken in whatever becomes of its words. Where neither
    field places it, the better answer is kept.
    """
    if geocoding is None:
        return None
    fields = {"address": address, "text": text}
    asked = [one for field, words in fields.items() if words and (one := _ask(geocoding, field, words, locator))]
    return max(asked, key=_worth, default=None)


def _worth(asked: Asked) -> tuple[bool, float]:
    best = asked.answer.best
    return asked.decision.candidate is not None, best.confidence if best else -1.0


def _ask(geocoding: Geocoding, field: str, words: str, locator: Locator) -> Asked | None:
    answer = _geocode(geocoding, words)
    return None if answer is None else Asked(field, answer, decide(answer, reach_of(locator).grids))


def _geocode(geocoding: Geocoding, words: str) -> Answer | None:
    try:
        return geocoding().geocode(words[:LONGEST_ASKED])
    except Exception as broken:  # noqa: BLE001  whatever broke: no report is lost for it, and its words are not logged
        log.error("an address could not be looked up: %s", type(broken).__name__)
        return None


def kept(asked: Asked, locator: Locator) -> dict[str, Any]:
    """The answer as an incident keeps it: who looks later sees what was found then."""
    reach = reach_of(locator)
    return {
        "asked": asked.field,
        "rule": asked.decision.rule,
        "township": asked.answer.township,
        "why": told(asked.answer.why),
        "candidates": [_candidate(candidate, reach) for candidate in asked.answer.candidates],
    }


def _candidate(candidate: Candidate, reach: Reach) -> dict[str, Any]:
    grids = reach.grids(candidate)
    area = reach.area(candidate)
    [grid] = grids if len(grids) == 1 else [None]
    lon, lat = reach.point(candidate)
    return {
        "lon": lon,
        "lat": lat,
        "accuracy": candidate.accuracy,
        "confidence": round(candidate.confidence, 4),
        "matched": candidate.matched,
        "address_id": candidate.address_id,
        "radius_m": round(candidate.radius_m, 1),
        "township": candidate.township,
        "village": candidate.village,
        "grid": _area(grid),
        "grids": len(grids),
        "area": None if area is None else _area(area.ref),
        "pieces": pieces_of(candidate),
        "reasons": [told(reason) for reason in candidate.reasons],
    }  # fmt: skip


def pieces_of(candidate: Candidate) -> list[dict[str, Any]]:
    """The pieces of the text that speak for a candidate, as JSON."""
    return [
        {"kind": piece.kind, "text": piece.text, "start": piece.start, "end": piece.end, "value": piece.value,
         "how": piece.how}
        for piece in candidate.pieces
    ]  # fmt: skip


def placed_by(candidate: dict[str, Any], *, asked: str, rule: str | None) -> dict[str, Any]:
    """What an explanation tells of the words that placed a case: the record, how exactly and how surely."""
    shown = ("matched", "address_id", "accuracy", "confidence", "radius_m", "pieces", "reasons")
    return {"asked": asked, "rule": rule, **{name: candidate[name] for name in shown}}


def contradiction(
    geocoding: Geocoding | None, address: str | None, text: str, location: Location, locator: Locator
) -> dict[str, Any] | None:
    """The township that the words name and the one in which the position lies, where they are not the same.

    The geocoder is asked only where another township's name occurs: most reports name none.
    """
    if geocoding is None or location.township is None:
        return None
    for words in filter(None, (address, text)):
        stems = _townships_in(words, locator)
        if not stems:
            continue
        if stems == {township_stem(location.township.name)}:
            return None
        answer = _geocode(geocoding, words)
        named = None if answer is None else _township(locator, answer.township)
        if named is not None:
            if named.area_id == location.township.area_id:
                return None
            return {"named": _area(named), "located": _area(location.township)}
    return None


def _townships_in(words: str, locator: Locator) -> set[str]:
    pattern = _any_of(tuple(area.name for area in reach_of(locator).townships))
    return set(pattern.findall(words)) if pattern else set()


@lru_cache(maxsize=8)
def _any_of(townships: tuple[str, ...]) -> re.Pattern[str] | None:
    stems = {stem for name in townships if len(stem := township_stem(name)) > 1}
    longest_first = sorted(stems, key=lambda stem: (-len(stem), stem))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _township(locator: Locator, name: str | None) -> AreaRef | None:
    """The township that a name means; None where no area, or more than one, bears it."""
    found = [area for area in reach_of(locator).townships if name and not contradicts(name, area.name)]
    return found[0] if len(found) == 1 else None


def _area(area: AreaRef | None) -> dict[str, Any] | None:
    return None if area is None else {"id": area.area_id, "code": area.code, "name": area.name}
