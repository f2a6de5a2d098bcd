"""The indicators leaders look at, each as a fraction whose two numbers are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from incidents.workflow import State


@dataclass(frozen=True)
class Share:
    """A fraction with its numbers kept. Nothing out of nothing is no number, never 0 % or 100 %."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> float | None:
        """Hundredths, or None when the denominator is zero."""
        return 100 * self.numerator / self.denominator if self.denominator else None

    def __str__(self) -> str:
        """The share with two decimals, and a dash for none.

        >>> str(Share(911, 972)), str(Share(737, 972)), str(Share(0, 0))
        ('93.72 %', '75.82 %', '—')
        """
        return "—" if self.percent is None else f"{self.percent:.2f} %"


@dataclass(frozen=True)
class Course:
    """How one incident went, as far as the indicators need it."""

    state: State
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True)
class Indicators:
    """The figures of one set of incidents at one moment.

    Due are the cases whose time has run out by then, and those already closed. A void case counts
    nowhere. A case without a time limit is on time whenever it is closed.
    """

    filed: int
    closing: Share
    on_time: Share


def indicators(courses: Iterable[Course], *, now: datetime) -> Indicators:
    """Closing rate 结案率 = closed / due, on-time closing rate 按期结案率 = closed on time / due."""
    counted = [course for course in courses if course.state is not State.VOID]
    closed = [course for course in counted if course.closed_at is not None and course.closed_at <= now]
    late_open = [
        course
        for course in counted
        if (course.closed_at is None or course.closed_at > now) and course.due_at is not None and course.due_at <= now
    ]
    on_time = sum(1 for course in closed if course.due_at is None or (course.closed_at or now) <= course.due_at)
    due = len(closed) + len(late_open)
    return Indicators(len(counted), Share(len(closed), due), Share(on_time, due))
