"""How evenly work is spread over grids: the figures of each, and how far they lie apart.

Working time is what the shifts of `incidents.clock` hold: a case filed on Friday at 17:00 and handled on Monday at
9:30 has stood for two hours. It says how long cases stand with whoever answers, not how long anybody was busy; what
is fixed at once on a Sunday has taken none.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from incidents.clock import LOCAL, SHIFTS, is_working_day

SECONDS_PER_HOUR = 3600.0


class Measure(StrEnum):
    """What grids are compared by."""

    HOUSEHOLDS = "households"
    KM2 = "km2"
    REPORTS = "reports"
    PER_THOUSAND = "per-thousand"
    HOURS = "hours"
    HOURS_EACH = "hours-each"
    OPEN = "open"


@dataclass(frozen=True)
class GridFigures:
    """The figures of one grid at a moment. None is unknown or cannot be said, which is not zero.

    `reports` are those of the year before, void ones left out; `handled` are those among them of which filing and
    handling are known, and `hours` is the working time between the two of all these together. `open` are the cases
    that wait at the moment, of whatever year.
    """

    households: int | None
    km2: float
    reports: int = 0
    handled: int = 0
    hours: float = 0.0
    open: int = 0

    @property
    def per_thousand(self) -> float | None:
        """Reports of the year per thousand households; None without a count of households, or with none."""
        return 1000 * self.reports / self.households if self.households else None

    @property
    def hours_each(self) -> float | None:
        """Mean working time from filing to handling; None where nothing was handled."""
        return self.hours / self.handled if self.handled else None

    def value(self, measure: Measure) -> float | None:
        """The figure by a measure."""
        return {
            Measure.HOUSEHOLDS: self.households,
            Measure.KM2: self.km2,
            Measure.REPORTS: self.reports,
            Measure.PER_THOUSAND: self.per_thousand,
            Measure.HOURS: self.hours,
            Measure.HOURS_EACH: self.hours_each,
            Measure.OPEN: self.open,
        }[measure]


@dataclass(frozen=True)
class Spread:
    """How far the values of `count` grids lie apart.

    `deviation` is that of the whole population, √(Σ(x − mean)² / n): these are all the grids, not a sample.
    `variation`, the coefficient of variation, is deviation / mean, and `gini` is Σᵢ Σⱼ |xᵢ − xⱼ| / (2 n² mean): 0 where
    all are equal, near 1 where one grid has everything. Both are None where the mean is 0.
    """

    count: int
    least: float
    median: float
    most: float
    mean: float
    deviation: float
    variation: float | None
    gini: float | None


def spread(values: Iterable[float | None]) -> Spread | None:
    """Return the spread of the values that are known and not negative; None where there is none.

    The double sum of the Gini coefficient is Σ (2i − n − 1) xᵢ over the values in order, i from 1, times two.

    >>> found = spread([1, 2, 3, None, 6])
    >>> found.count, found.median, found.mean, round(found.deviation, 4), round(found.gini, 4)
    (4, 2.5, 3.0, 1.8708, 0.3333)
    """
    known = sorted(float(value) for value in values if value is not None)
    if not known:
        return None
    count, total = len(known), math.fsum(known)
    mean, half = total / count, count // 2
    median = known[half] if count % 2 else (known[half - 1] + known[half]) / 2
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / count)
    weighted = math.fsum((2 * at - count - 1) * value for at, value in enumerate(known, 1))
    gini = weighted / (count * total) if total else None
    return Spread(count, known[0], median, known[-1], mean, deviation, deviation / mean if total else None, gini)


def together(parts: Sequence[GridFigures]) -> GridFigures:
    """Return the figures of grids as those of one; households only where they are known of every grid."""
    counted = [part.households for part in parts if part.households is not None]
    return GridFigures(
        households=sum(counted) if len(counted) == len(parts) and parts else None,
        km2=math.fsum(part.km2 for part in parts),
        reports=sum(part.reports for part in parts),
        handled=sum(part.handled for part in parts),
        hours=math.fsum(part.hours for part in parts),
        open=sum(part.open for part in parts),
    )


class WorkingTime:
    """How much working time lies between two moments; made for a stretch of days, asked many times.

    Days of years whose holidays nobody has announced yet count as incidents.clock says: Monday to Friday.
    """

    def __init__(self, first: date, last: date) -> None:
        """`first` and `last` are days of the county, both included."""
        self._days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
        self._before = [0.0]
        """Seconds of work before each day, and last those of all."""
        for day in self._days:
            self._before.append(self._before[-1] + (_SECONDS_A_DAY if is_working_day(day)[0] else 0.0))

    def hours(self, since: datetime, until: datetime) -> float:
        """Return the working hours from one aware moment to a later one; 0 where the later one is earlier.

        What lies outside the stretch of days does not count.
        """
        return max(self._passed(until) - self._passed(since), 0.0) / SECONDS_PER_HOUR

    def _passed(self, moment: datetime) -> float:
        """Seconds of work from the beginning of the stretch until the moment."""
        local = moment.astimezone(LOCAL)
        at = bisect_right(self._days, local.date()) - 1
        if at < 0:
            return 0.0
        if self._days[at] < local.date() or self._before[at] == self._before[at + 1]:
            return self._before[at + 1]
        clock = _seconds(local.time())
        today = (min(max(clock - begins, 0.0), lasts) for begins, lasts in _SHIFTS)
        return self._before[at] + sum(today)


def _seconds(clock: time) -> float:
    return clock.hour * SECONDS_PER_HOUR + clock.minute * 60 + clock.second + clock.microsecond / 1e6


_SHIFTS = tuple((_seconds(begins), _seconds(ends) - _seconds(begins)) for begins, ends in SHIFTS)
"""When each shift begins, in seconds after midnight, and how many it lasts."""

_SECONDS_A_DAY = sum(lasts for _begins, lasts in _SHIFTS)
