"""The figures of one view: a row for each area, what all of them make together, and the month before."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from geo.locate import LocatableArea
from incidents.figures import MonthlyFigures, together
from incidents.indicators import Indicators, Share
from webmap.overview.looking import Look, Show
from webmap.words import percent


@dataclass(frozen=True)
class Row:
    """The figures of an area, and those of the month before. `area` None: of what lies in none of them, or of all."""

    area: LocatableArea | None
    now: Indicators
    before: Indicators | None

    @property
    def late(self) -> int:
        """Due and still open."""
        return self.now.closing.denominator - self.now.closing.numerator

    @property
    def more_filed(self) -> int | None:
        """How many more were filed than in the month before; None where none is compared."""
        return self.now.filed - self.before.filed if self.before else None

    def better(self, show: str) -> float | None:
        """By how many hundredths a rate rose since the month before; None where one of the two is no number."""
        now, before = self._share(self.now, show), self._share(self.before, show) if self.before else None
        if before is None or now.percent is None or before.percent is None:
            return None
        return round(now.percent - before.percent, 2)

    def value(self, column: str) -> Any:
        """What the row is ordered by; None where there is no number."""
        if column == "code":
            return self.area.code if self.area else ""
        return {
            "filed": self.now.filed,
            "due": self.now.closing.denominator,
            "closed": self.now.closing.numerator,
            "late": self.late,
            "closing": self.now.closing.percent,
            "on-time": self.now.on_time.percent,
        }[column]

    def for_map(self) -> dict[str, Any]:
        """The figures as numbers to colour by, and as words for a popup."""
        closing, on_time = self.now.closing, self.now.on_time
        return {
            Show.FILED: self.now.filed,
            Show.CLOSING: _fraction(closing),
            Show.ON_TIME: _fraction(on_time),
            "said_closing": _said(closing),
            "said_on_time": _said(on_time),
        }

    @staticmethod
    def _share(found: Indicators, show: str) -> Share:
        return found.closing if show == Show.CLOSING else found.on_time


@dataclass(frozen=True)
class Comparison:
    """The rows in the order asked for, their sum, and the counts that the colours are scaled by (None: the rows')."""

    rows: Sequence[Row]
    total: Row
    scale: Sequence[int] | None


def compare(look: Look, counted: MonthlyFigures) -> Comparison:
    """Put the counts of each month and area into rows."""
    by_area: dict[int | None, dict[date, Indicators]] = defaultdict(dict)
    for (month, area_id), found in counted.items():
        by_area[area_id][month] = found
    rows = [_row(look, area, [by_area.get(area.area_id, {})]) for area in look.areas]
    inside = {area.area_id for area in look.areas}
    elsewhere = _row(look, None, [months for area_id, months in by_area.items() if area_id not in inside])
    total = _row(look, None, by_area.values())
    rows = _ordered(rows, look) + ([elsewhere] if elsewhere.now.filed else [])
    return Comparison(rows, total, _scale(look, [by_area.get(area_id, {}) for area_id in inside]))


def _row(look: Look, area: LocatableArea | None, counted: Collection[Mapping[date, Indicators]]) -> Row:
    def of(months: Collection[date]) -> Indicators:
        return together(found for each in counted for month, found in each.items() if month in months)

    return Row(area, of([look.month] if look.month else look.months), of([look.before]) if look.before else None)


def _ordered(rows: list[Row], look: Look) -> list[Row]:
    """In the order asked for; rows without a number come last whichever way."""
    given = [row for row in rows if row.value(look.order) is not None]
    given.sort(key=lambda row: row.value(look.order), reverse=look.descending)
    return given + [row for row in rows if row.value(look.order) is None]


def _scale(look: Look, counted: Collection[Mapping[date, Indicators]]) -> list[int] | None:
    """The counts of every month, so that a colour means the same number all along the slider."""
    if look.month is None or look.show is not Show.FILED:
        return None
    return [each[month].filed if month in each else 0 for each in counted for month in look.months]


def _fraction(share: Share) -> float | None:
    return share.numerator / share.denominator if share.denominator else None


def _said(share: Share) -> str:
    return f"{percent(share.numerator, share.denominator)} ({share.numerator}/{share.denominator})"
