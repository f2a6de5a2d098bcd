"""What is asked and answered about addresses: rows of the list in, candidates with their reasons out."""

from dataclasses import dataclass
from enum import StrEnum

from geo.sentences import Sentence

CANDIDATES = 5
"""How many are given at most."""


class Accuracy(StrEnum):
    """What kind of place was found, the exact kinds first. The last three are areas: their point is only a middle."""

    BUILDING = "building"
    DOOR = "door"
    INTERPOLATED = "interpolated"
    COMPOUND = "compound"
    LANDMARK = "landmark"
    CROSSING = "crossing"
    ROAD = "road"
    VILLAGE = "village"
    TOWNSHIP = "township"

    is_point: bool
    """Whether it is a place; else an area, which never places a report by its middle."""

    def __init__(self, kind: str) -> None:
        self.is_point = kind not in ("road", "village", "township")


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One row of an address list. Only the name and the point are needed; "" where a piece is not known."""

    id: int
    name: str
    lon: float
    lat: float
    aliases: tuple[str, ...] = ()
    kind: str = ""
    road: str = ""
    number: str = ""
    compound: str = ""
    building: str = ""
    village: str = ""
    township: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text that was understood. start and end count characters of the text as it was asked.

    kind: township, village, road, number, compound, building, landmark or relation; how: exact, alias, homophone,
    typo (one character wrong or missing) or order; value: what it was taken for.
    """

    kind: str
    text: str
    start: int
    end: int
    value: str
    how: str = "exact"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be meant. `confidence` is the probability that it is right: that the place meant lies there.

    radius_m: within it the place lies in nine of ten cases; for an area, its extent.
    """

    lon: float
    lat: float
    accuracy: Accuracy
    confidence: float
    matched: str
    address_id: int | None
    radius_m: float
    township: str | None = None
    village: str | None = None
    pieces: tuple[Piece, ...] = ()
    reasons: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text may mean, the likeliest first; no candidates where nothing was recognised.

    township: the one that the text itself names, whether or not the place is there. why: why the first candidate won,
    or why there is none.
    """

    text: str
    candidates: tuple[Candidate, ...]
    township: str | None
    why: Sentence

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None
