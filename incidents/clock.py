"""When an incident is due: working hours, working days or natural hours from the moment it was reported.

Public holidays and make-up working weekends (调休) come from `chinese_calendar`, which knows only the
years the State Council has announced; beyond them Monday to Friday are counted, and the deadline says so.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from incidents.words import LimitUnit

LOCAL = ZoneInfo("Asia/Shanghai")
SHIFTS = ((time(8, 30), time(12, 0)), (time(14, 0), time(18, 0)))
"""The working day of a county office: 7.5 hours in two shifts."""


@dataclass(frozen=True)
class Deadline:
    """When something is due, and whether every day counted had an announced calendar."""

    at: datetime
    announced: bool = True


def is_working_day(day: date) -> tuple[bool, bool]:
    """Whether offices work on `day`, and whether that was announced rather than assumed."""
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < 5, False


def due(since: datetime, amount: int, unit: LimitUnit) -> Deadline:
    """When a limit of `amount` units that starts at the aware moment `since` runs out.

    Working days: the end of office hours on the n-th working day after the day of the report.
    Working hours run through the office's shifts only.
    """
    local = since.astimezone(LOCAL)
    match unit:
        case LimitUnit.NATURAL_HOURS:
            return Deadline(since + timedelta(hours=amount))
        case LimitUnit.WORKING_DAYS:
            return _after_working_days(local, amount)
        case LimitUnit.WORKING_HOURS:
            return _after_working_hours(local, timedelta(hours=amount))


def _after_working_days(local: datetime, amount: int) -> Deadline:
    day, left, announced = local.date(), amount, True
    while left:
        day += timedelta(days=1)
        works, known = is_working_day(day)
        announced = announced and known
        left -= works
    return Deadline(datetime.combine(day, SHIFTS[-1][1], LOCAL), announced)


def _after_working_hours(local: datetime, left: timedelta) -> Deadline:
    day, announced = local.date(), True
    while True:
        works, known = is_working_day(day)
        announced = announced and known
        for begins, ends in SHIFTS if works else ():
            start = max(local, datetime.combine(day, begins, LOCAL))
            end = datetime.combine(day, ends, LOCAL)
            if start >= end:
                continue
            if left <= end - start:
                return Deadline(start + left, announced)
            left -= end - start
        day += timedelta(days=1)
