"""Periods from a moment until just before another, either of them unbounded: absences, duties, validity."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import Range

from geo.sentences import Sentence, say
from importers.cells import day_of

Period = tuple[datetime | None, datetime | None]
"""[from, to); None is unbounded."""


def overlap(one: Period, other: Period) -> bool:
    """Whether two periods share a moment."""
    return _before(one[0], other[1]) and _before(other[0], one[1])


def holds(period: Period, moment: datetime) -> bool:
    """Whether the moment lies in the period."""
    return (period[0] is None or period[0] <= moment) and _before(moment, period[1])


def said(period: Period) -> Sentence:
    """Return the period in words, its end as the first moment after it."""
    begins, ends = period
    if begins and ends:
        return say("from {begins} until {ends}", begins=day_of(begins), ends=day_of(ends))
    if begins:
        return say("from {begins} with no end", begins=day_of(begins))
    if ends:
        return say("since before records began until {ends}", ends=day_of(ends))
    return say("since before records began with no end")


def range_of(period: Period) -> Range[datetime]:
    """Return the period as the database keeps it."""
    return Range(*period)


def period_of(stored: Range[datetime]) -> Period:
    """Return a range of the database as a period."""
    return stored.lower, stored.upper


def _before(begins: datetime | None, ends: datetime | None) -> bool:
    return begins is None or ends is None or begins < ends
