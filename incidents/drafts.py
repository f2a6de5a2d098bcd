"""The report as somebody sends it: one model for the API's body, the row of a file and the form alike."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from geo.crs import DatumError, parse_datum
from geo.sentences import Sentence, passed_on, say
from incidents.words import Channel

LOCAL = ZoneInfo("Asia/Shanghai")
LONGEST_TEXT = 4000


def _without_controls(value: Any) -> Any:
    """Drop characters that PostgreSQL refuses or no screen shows; keep line breaks and tabs."""
    if not isinstance(value, str):
        return value
    kept = "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return kept.strip()


def _none_if_blank(value: Any) -> Any:
    value = _without_controls(value)
    return None if value == "" else value


def _local(moment: datetime | None) -> datetime | None:
    """Give a moment without a zone the county's. Deadlines cannot be counted at the ends of the calendar."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
    if not (1 < moment.year < 9999 and 1900 <= aware.astimezone(LOCAL).year <= 2199):
        raise ValueError(say("is no time at which anything could be reported"))
    return aware


Words = Annotated[str, BeforeValidator(_without_controls)]
Blankable = BeforeValidator(_none_if_blank)
Finite = Annotated[float, Field(allow_inf_nan=False)]


class ReportDraft(BaseModel):
    """A report before it is placed. Coordinates are as they came, in the datum they came in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Channel = Field(description="where the report came from")
    text: Annotated[Words, StringConstraints(min_length=1, max_length=LONGEST_TEXT)] = Field(
        description="what the reporter says, kept as written"
    )
    external_number: Annotated[Annotated[str, StringConstraints(max_length=64)] | None, Blankable] = Field(
        default=None, description="the number the sending system gave it; a second report with it adds nothing"
    )
    key: UUID | None = Field(default=None, description="made by the client; a second report with it adds nothing")
    lon: Annotated[Finite | None, Blankable] = Field(
        default=None, description="longitude in degrees, or easting in metres where the datum is projected"
    )
    lat: Annotated[Finite | None, Blankable] = Field(
        default=None, description="latitude in degrees, or northing in metres where the datum is projected"
    )
    datum: str = Field(default="wgs84", description="wgs84, gcj02, bd09, cgcs2000 or EPSG:n")
    accuracy_m: Annotated[Annotated[float, Field(ge=0, le=1e6)] | None, Blankable] = Field(
        default=None, description="what the device claims, in metres"
    )
    address: Annotated[Annotated[str, StringConstraints(max_length=500)] | None, Blankable] = None
    matter: Annotated[Annotated[str, StringConstraints(max_length=200)] | None, Blankable] = Field(
        default=None, description="code or name of an entry of the catalogue"
    )
    reported_at: Annotated[datetime | None, Blankable] = Field(
        default=None, description="when it was reported; local time of the county where no zone is given; default: now"
    )
    reporter_name: Annotated[Annotated[str, StringConstraints(max_length=100)] | None, Blankable] = None
    reporter_phone: Annotated[Annotated[str, StringConstraints(max_length=40)] | None, Blankable] = None

    @field_validator("datum")
    @classmethod
    def _known_datum(cls, value: str) -> str:
        try:
            return str(parse_datum(value))
        except DatumError as unknown:
            raise ValueError(unknown.sentence) from unknown

    @field_validator("reported_at")
    @classmethod
    def _sensible(cls, value: datetime | None) -> datetime | None:
        return _local(value)

    @model_validator(mode="after")
    def _pair_whole(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            missing = "lon" if self.lon is None else "lat"
            raise ValueError(say("{field} is missing: a position needs both coordinates, or neither", field=missing))
        return self


class HistoricReport(ReportDraft):
    """A report from another system's records, which may already have been handled and closed there."""

    handled_at: Annotated[datetime | None, Blankable] = None
    closed_at: Annotated[datetime | None, Blankable] = None
    result: Annotated[Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] | None, Blankable] = None

    @field_validator("handled_at", "closed_at")
    @classmethod
    def _sensible_too(cls, value: datetime | None) -> datetime | None:
        return _local(value)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        known = [at for at in (self.reported_at, self.handled_at, self.closed_at) if at is not None]
        if known != sorted(known):
            raise ValueError(say("the times are out of order: reported, then handled, then closed"))
        return self


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one field of a draft, as a sentence. `field` is None for the whole row."""

    field: str | None
    code: str
    message: str


def faults_of(error: ValidationError) -> list[Fault]:
    """Every problem pydantic found, in words a clerk can act on."""
    return [_fault(dict(each)) for each in error.errors(include_url=False, include_context=True)]


def _fault(error: Mapping[str, Any]) -> Fault:
    field = ".".join(str(part) for part in error["loc"]) or None
    given = error.get("input")
    context = error.get("ctx") or {}
    match error["type"]:
        case "missing":
            message = say("is missing")
        case "string_too_short" | "too_short":
            message = say("is empty")
        case "string_too_long":
            message = say("is longer than {longest} characters", longest=context["max_length"])
        case "float_parsing" | "float_type" | "finite_number":
            message = say("“{written}” is not a number", written=_shown(given))
        case "enum":
            message = say("“{written}” is not one of {choices}", written=_shown(given), choices=context["expected"])
        case "extra_forbidden":
            message = say("is not a field of a report")
        case "value_error":
            message = _of(context.get("error") or error["msg"])
        case kind if kind.startswith(("datetime", "date")):
            message = say("“{written}” is not a time; write for example 2026-03-01 08:05", written=_shown(given))
        case _:
            message = passed_on(str(error["msg"]))
    return Fault(field, str(error["type"]).replace("_", "-"), message)


def _of(error: object) -> Sentence:
    """What a validator of ours says, as the sentence that it raised; else a library's words."""
    told = error.args[0] if isinstance(error, Exception) and error.args else error
    return told if isinstance(told, Sentence) else passed_on(str(error))


def _shown(value: Any) -> str:
    """What was given, cut to a length that fits a sentence."""
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"
