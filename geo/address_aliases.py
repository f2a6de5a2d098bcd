"""What clerks taught the geocoder: a text they once corrected is understood from the next look-up on.

An alias counts where it is all of a text or a part of it, in whatever writing, unless the text names another township
or something more exact besides: “阳光花园” is no answer to 阳光花园3幢 where the list has the third building.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from geo.addresses.answers import CANDIDATES, Accuracy, Answer, Candidate, Piece
from geo.addresses.writing import PAUSE, Written, plain, write
from geo.sentences import say

CONFIDENCE = 0.97
"""How often a text that a clerk corrected means the same place the next time."""
CONFIDENCE_WITHIN = 0.9
"""The same where the alias is a part of a longer text."""
RADIUS_M = 50.0
SHORTEST_WITHIN = 3
"""Signs an alias must have to be looked for inside a text: two of them stand in any sentence."""

_SAME_PLACE_DEG = 0.0002
_AREAS = frozenset({"township", "village"})


class Geocodes(Protocol):
    """Anything that says where a text is."""

    def geocode(self, text: str) -> Answer:
        """Return the places that a text may mean."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A text and the place that it means in WGS-84, with the areas the place lies in."""

    text: str
    name: str
    lon: float
    lat: float
    address_id: int | None = None
    township: str | None = None
    village: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    taught: Taught
    start: int
    end: int
    whole: bool


class Aliases:
    """Finds aliases in texts. The later of two for one text counts. Never changes; safe to share between threads."""

    def __init__(self, taught: Iterable[Taught] = ()) -> None:
        self._by_text = {key: each for each in taught if (key := plain(each.text))}
        self._lengths = sorted({len(key) for key in self._by_text if len(key) >= SHORTEST_WITHIN}, reverse=True)

    def __len__(self) -> int:
        return len(self._by_text)

    def find(self, written: Written) -> _Found | None:
        """The alias that is all of a text, else the longest within it, the first of equally long ones."""
        text = written.text
        if not text:
            return None
        if whole := self._by_text.get(text.replace(PAUSE, "")):
            return _Found(whole, *written.span(0, len(text)), whole=True)
        for length in self._lengths:
            for start in range(len(text) - length + 1):
                if (taught := self._by_text.get(text[start : start + length])) and _bounded(text, start, length):
                    return _Found(taught, *written.span(start, start + length), whole=False)
        return None


class TaughtGeocoder:
    """A geocoder and what clerks taught besides. Made anew for each look-up; costs nothing."""

    def __init__(self, geocoder: Geocodes, aliases: Aliases) -> None:
        self._geocoder = geocoder
        self._aliases = aliases

    def geocode(self, text: str) -> Answer:
        """Return the places that a text may mean, one that a clerk named first."""
        answer = self._geocoder.geocode(text)
        found = self._aliases.find(write(text)) if len(self._aliases) else None
        if found is None or _contradicted(answer, found) or _more_exact(answer, found):
            return answer
        return _with(answer, found)


def _bounded(text: str, start: int, length: int) -> bool:
    """Whether an alias does not begin or end within a number: 8号 does not stand in 18号."""
    end = start + length
    cut_before = start > 0 and text[start].isdigit() and text[start - 1].isdigit()
    cut_after = end < len(text) and text[end - 1].isdigit() and text[end].isdigit()
    return not (cut_before or cut_after)


def _contradicted(answer: Answer, found: _Found) -> bool:
    """Whether the text names another township than the alias lies in; one that is the alias was corrected as such."""
    named, lies_in = answer.township, found.taught.township
    return not found.whole and bool(named and lies_in) and named != lies_in


def _more_exact(answer: Answer, found: _Found) -> bool:
    """Whether the list knows a place by more of the text than the alias is."""
    best = answer.best
    if found.whole or best is None or not best.accuracy.is_point:
        return False
    covered = {at for piece in best.pieces if piece.kind not in _AREAS for at in range(piece.start, piece.end)}
    return len(covered) > found.end - found.start and bool(covered - set(range(found.start, found.end)))


def _with(answer: Answer, found: _Found) -> Answer:
    taught = found.taught
    confidence = CONFIDENCE if found.whole else CONFIDENCE_WITHIN
    said = answer.text[found.start : found.end]
    why = say("a dispatcher has kept that “{text}” means {name}", text=said, name=taught.name)
    candidate = Candidate(
        taught.lon, taught.lat, Accuracy.LANDMARK, confidence, taught.name, taught.address_id, RADIUS_M,
        taught.township, taught.village,
        (Piece("landmark", said, found.start, found.end, taught.name, "alias"),), (why,),
    )  # fmt: skip
    others = (
        replace(other, confidence=other.confidence * (1 - confidence))
        for other in answer.candidates
        if not _same_place(other, taught)
    )
    return replace(answer, candidates=(candidate, *others)[:CANDIDATES], why=why)


def _same_place(other: Candidate, taught: Taught) -> bool:
    near = abs(other.lon - taught.lon) < _SAME_PLACE_DEG and abs(other.lat - taught.lat) < _SAME_PLACE_DEG
    return other.accuracy.is_point and near
