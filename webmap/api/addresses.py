"""Texts: GET /geocode."""

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from incidents.address_looking import TextStatus, look_up
from incidents.address_placing import PlacingRule
from webmap.api.operations import Answered, answer, bp, operation
from webmap.api.place_answers import CandidateShown, Named, Shape
from webmap.installation import installation, utcnow
from webmap.permissions import Permission, requires

LONGEST_TEXT = 500


class AskedText(BaseModel):
    """What somebody said about a place."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST_TEXT, description="an address, or a sentence that names one")


class TextCandidate(CandidateShown):
    """A place that the text may mean, with the areas it lies in today."""

    township: Named | None = Field(description="where it falls, or which it is")  # type: ignore[assignment]


class TextAnswer(Shape):
    """What a text may mean, the likeliest first."""

    text: str
    status: TextStatus = Field(description="whether a report with this text would be placed by it")
    rule: PlacingRule = Field(description="why")
    why: str = Field(description="why the first candidate won, or why there is none")
    township: str | None = Field(description="the one that the text names")
    candidates: list[TextCandidate]


@bp.get("/geocode")
@requires(Permission.SEE_AREAS)
@operation(
    "Where a text may be: candidates with accuracy and confidence, and whether they place a report",
    query=AskedText,
    answers={200: Answered("up to five candidates", TextAnswer)},
)
def geocode(query: AskedText) -> ResponseReturnValue:
    """The whole answer for one text."""
    here = installation()
    return answer(look_up(here.asked_geocoder(), query.text, here.areas.at(utcnow())).told())
