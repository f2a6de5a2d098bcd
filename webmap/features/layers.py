"""What layers have in common: pages of features, boxes, and how far one reaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_

from database.base import WGS84
from geo.crs import Bounds

DECIMALS = 9
"""Of a degree: a tenth of a millimetre. Equal vertices stay equal, so that neighbours still meet."""


@dataclass(frozen=True)
class Page:
    """One page of a layer. `more` says whether any come after it."""

    matched: int
    features: list[dict[str, Any]]
    more: bool


@dataclass(frozen=True)
class Extent:
    """How far a layer reaches: west, south, east, north of the positions as they are told; and in time (None: open)."""

    box: tuple[float, ...]
    begins: datetime | None
    ends: datetime | None


def page_of(features: list[dict[str, Any]], limit: int, matched: int) -> Page:
    """The page, of features among which is one more than `limit` where there are more."""
    return Page(matched, features[:limit], len(features) > limit)


def extent_of(sides: Sequence[float], begins: datetime | None, ends: datetime | None) -> Extent:
    """The extent of rows with the given `box_around`. Sides are rounded as positions are, or some would lie outside."""
    return Extent(tuple(round(side, DECIMALS) for side in sides), begins, ends)


def box_around(shape: Any) -> tuple[Any, ...]:
    """Four columns: west, south, east and north of all the rows together."""
    return (
        func.min(func.ST_XMin(shape)),
        func.min(func.ST_YMin(shape)),
        func.max(func.ST_XMax(shape)),
        func.max(func.ST_YMax(shape)),
    )


def meets(shape: Any, box: Bounds) -> ColumnElement[bool]:
    """Whether the shape and the box have a point in common; a box whose west is the greater is two."""
    west, south, east, north = box
    boxes = [(west, south, east, north)] if west <= east else [(west, south, 180, north), (-180, south, east, north)]
    return or_(*(func.ST_Intersects(shape, func.ST_MakeEnvelope(*each, WGS84)) for each in boxes))
