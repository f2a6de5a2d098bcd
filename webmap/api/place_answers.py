"""The shapes of how an incident came to its place, and what every shape of an answer has in common."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from geo.addresses.answers import Accuracy
from incidents.address_placing import PlacingRule
from incidents.words import PlaceMethod


class Shape(BaseModel):
    """What every shape has in common: nothing beyond what is documented."""

    model_config = ConfigDict(extra="forbid")


class Named(Shape):
    """Something that has a code and a name: an area or a unit."""

    code: str
    name: str


class PieceShown(Shape):
    """A stretch of the words that was understood; start and end count its characters."""

    kind: str
    text: str
    start: int
    end: int
    value: str
    how: str


class CandidateShown(Shape):
    """A place that the words may mean. `grids` says how many comprehensive grids it has a part of."""

    lon: float
    lat: float
    accuracy: Accuracy = Field(description="road, village and township are areas: their point is only a middle")
    confidence: float = Field(description="that the place meant lies there, 0 to 1")
    matched: str
    address_id: int | None
    radius_m: float = Field(description="within it the place lies in nine of ten cases; of an area its extent")
    township: str | None
    village: str | None
    grid: Named | None = Field(description="the grid, where it is one")
    grids: int
    area: Named | None = Field(description="the village or township meant, where it is one")
    pieces: list[PieceShown]
    reasons: list[str]


class PlaceShown(Shape):
    """How an incident came to its place, and where else its words may mean."""

    method: PlaceMethod | None
    accuracy: Accuracy | None = Field(description="where its words placed it")
    confidence: float | None
    asked: Literal["address", "text"] | None = Field(description="in which field of the report the words stand")
    rule: PlacingRule | None = Field(description="why its words placed it, or left it to a person")
    candidates: list[CandidateShown]


class Contradiction(Shape):
    """The words name one township, the position lies in another."""

    named: Named
    located: Named
