"""What may be asked of a layer, in the standard's words: a page of it, in a box, as at a moment, by its properties."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from geo.crs import Bounds
from incidents.cursors import BIGGEST_ID
from incidents.finding import YEARS, Code, Moment, Word
from incidents.workflow import State

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""Longitude and latitude in WGS-84 degrees, in this order: the only system that is served."""

USUAL_PAGE = 1_000
"""Features where nobody says otherwise: a county's grids in one answer, of 4 MB when compressed."""

LARGEST_PAGE = 10_000

_BEGINS_WITH_A_DAY = re.compile(r"(\d{4})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")

_BEFORE_ALL, _AFTER_ALL = f"{YEARS[0]}-01-01T00:00:00Z", f"{YEARS[-1]}-12-31T23:59:59Z"


def _split_box(value: Any) -> Any:
    """Four numbers as they are; of six, which have heights, the four on the ground."""
    numbers = value.split(",") if isinstance(value, str) else value
    return [*numbers[0:2], *numbers[3:5]] if len(numbers) == 6 else numbers


def _is_box(box: Bounds) -> Bounds:
    west, south, east, north = box
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise ValueError("a box is in WGS-84 degrees")
    if south > north:
        raise ValueError("a box is west,south,east,north in this order")
    return box


Degrees = Annotated[float, Field(allow_inf_nan=False)]
Box = Annotated[
    tuple[Degrees, Degrees, Degrees, Degrees],
    BeforeValidator(_split_box),
    AfterValidator(_is_box),
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [{"type": "number"}] * 4,
            "items": {"type": "number"},
            "minItems": 4,
            "maxItems": 6,
            "oneOf": [{"minItems": sides, "maxItems": sides} for sides in (4, 6)],
        }
    ),
]
"""West, south, east, north. West of the date line west is the greater one, as the standard has it."""


def _split_period(value: Any) -> Any:
    """One moment begins and ends the period that it is; `..` or nothing leaves a side open."""
    if not isinstance(value, str):
        return value
    halves = value.split("/")
    ends = halves if len(halves) == 2 else [value, value]
    return [_read(half, may_be_open=len(halves) == 2) for half in ends]


def _read(half: str, *, may_be_open: bool) -> str | None:
    """A moment, brought into the years of which anything is known: QGIS writes the year 0 or 9999 for an open side."""
    if may_be_open and half in ("", ".."):
        return None
    day = _BEGINS_WITH_A_DAY.match(half)
    if day is None:  # a bare number would be taken for seconds since 1970
        raise ValueError("is a date-time of RFC 3339, or two with a / between, either of which may be ..")
    if (year := int(day[1])) not in YEARS:
        return _BEFORE_ALL if year < YEARS[0] else _AFTER_ALL
    return half.replace(" ", "+") if "T" in half else half  # in a query string an unescaped + means a space


def _in_order(period: tuple[Moment | None, Moment | None]) -> tuple[Moment | None, Moment | None]:
    begins, ends = period
    if begins and ends and begins > ends:
        raise ValueError("a period begins before it ends")
    return period


Period = Annotated[
    tuple[Moment | None, Moment | None],
    BeforeValidator(_split_period),
    AfterValidator(_in_order),
    WithJsonSchema({"type": "string"}),
]
"""From the first moment to the second, both included; None is open."""


def _at_most(limit: int) -> int:
    return min(limit, LARGEST_PAGE)


class Carried(BaseModel):
    """What a route takes that has no parameter of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    datetime: Period | None = Field(
        default=None, description="changes nothing here: programs carry it along from the address that they were given"
    )


class Asked(BaseModel):
    """Which features of any layer. All narrow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bbox: Box | None = Field(default=None, description="west,south,east,north in WGS-84 degrees")
    bbox_crs: Literal["http://www.opengis.net/def/crs/OGC/1.3/CRS84"] = Field(
        default=CRS84, alias="bbox-crs", description="of the box; there is this one"
    )
    limit: Annotated[int, AfterValidator(_at_most)] = Field(
        default=USUAL_PAGE, ge=1, description="features of a page; more than the maximum is taken for it",
        json_schema_extra={"maximum": LARGEST_PAGE},
    )  # fmt: skip
    after: int = Field(default=0, ge=0, le=BIGGEST_ID, description="the last feature of the page before, by its id")


class AreasAsked(Asked):
    """Which areas."""

    datetime: Period | None = Field(
        default=None, description="areas valid at the moment, or at any time of the period begin/end; default: now"
    )
    code: Code | None = None
    parent: Code | None = Field(default=None, description="code of the area above")
    name: Word | None = None


class IncidentsAsked(Asked):
    """Which incidents."""

    datetime: Period | None = Field(default=None, description="reported at the moment, or within begin/end")
    number: Word | None = None
    state: State | None = None
    grid: Code | None = Field(default=None, description="code of the comprehensive grid")
