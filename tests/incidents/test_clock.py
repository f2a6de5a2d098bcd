"""When things are due: natural hours, working hours and working days, over holidays and make-up weekends."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.clock import LOCAL, due, is_working_day
from incidents.words import LimitUnit


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("since", "amount", "unit", "until"),
    [
        # Natural hours run through nights and holidays.
        ("2026-03-13 17:00", 24, LimitUnit.NATURAL_HOURS, "2026-03-14 17:00"),
        # Working days: to the end of the office's day, counted from the day after. Friday + 1 is Monday.
        ("2026-03-13 09:00", 1, LimitUnit.WORKING_DAYS, "2026-03-16 18:00"),
        ("2026-03-16 00:05", 3, LimitUnit.WORKING_DAYS, "2026-03-19 18:00"),
        ("2026-03-14 12:00", 1, LimitUnit.WORKING_DAYS, "2026-03-16 18:00"),
        # National Day 2025: 1 to 8 October off; Saturday the 11th is made up for it.
        ("2025-09-30 10:00", 1, LimitUnit.WORKING_DAYS, "2025-10-09 18:00"),
        ("2025-10-10 10:00", 1, LimitUnit.WORKING_DAYS, "2025-10-11 18:00"),
        # Working hours: 8:30–12:00 and 14:00–18:00.
        ("2026-03-16 09:00", 2, LimitUnit.WORKING_HOURS, "2026-03-16 11:00"),
        ("2026-03-16 11:00", 2, LimitUnit.WORKING_HOURS, "2026-03-16 15:00"),
        ("2026-03-16 12:30", 1, LimitUnit.WORKING_HOURS, "2026-03-16 15:00"),
        ("2026-03-16 17:00", 2, LimitUnit.WORKING_HOURS, "2026-03-17 09:30"),
        ("2026-03-16 03:00", 1, LimitUnit.WORKING_HOURS, "2026-03-16 09:30"),
        # Ends exactly with a shift: it is due then, not when the next one begins.
        ("2026-03-16 08:30", 3, LimitUnit.WORKING_HOURS, "2026-03-16 11:30"),
        ("2026-03-16 10:00", 2, LimitUnit.WORKING_HOURS, "2026-03-16 12:00"),
        ("2026-03-16 14:00", 4, LimitUnit.WORKING_HOURS, "2026-03-16 18:00"),
        # Friday afternoon over a weekend; the last day before a holiday over the holiday.
        ("2026-03-13 17:30", 1, LimitUnit.WORKING_HOURS, "2026-03-16 09:00"),
        ("2025-09-30 17:30", 1, LimitUnit.WORKING_HOURS, "2025-10-09 09:00"),
        # A make-up Saturday is worked.
        ("2025-10-11 09:00", 1, LimitUnit.WORKING_HOURS, "2025-10-11 10:00"),
        # 7.5 hours are one day.
        ("2026-03-16 08:30", 15, LimitUnit.WORKING_HOURS, "2026-03-17 18:00"),
    ],
)
def test_a_limit_runs_out_when_a_clerk_would_say(since: str, amount: int, unit: LimitUnit, until: str):
    assert due(local(since), amount, unit).at == local(until)


def test_the_zone_in_which_the_moment_was_given_does_not_matter():
    here = local("2026-03-16 07:00")
    assert due(here.astimezone(UTC), 1, LimitUnit.WORKING_DAYS) == due(here, 1, LimitUnit.WORKING_DAYS)


def test_a_deadline_beyond_the_announced_calendar_says_so_and_counts_monday_to_friday():
    beyond = due(local("2099-12-31 09:00"), 5, LimitUnit.WORKING_DAYS)  # a Thursday
    assert (beyond.at, beyond.announced) == (local("2100-01-07 18:00"), False)
    assert not due(local("2099-12-31 09:00"), 9, LimitUnit.WORKING_HOURS).announced
    assert due(local("2025-03-14 09:00"), 5, LimitUnit.WORKING_DAYS).announced


def test_natural_hours_ask_no_calendar():
    assert due(local("2099-12-31 09:00"), 48, LimitUnit.NATURAL_HOURS).announced


@pytest.mark.parametrize(
    ("day", "works"), [("2025-10-01", False), ("2025-10-11", True), ("2025-10-12", False), ("2025-10-13", True)]
)
def test_holidays_and_make_up_weekends_are_known(day: str, works: bool):
    assert is_working_day(datetime.fromisoformat(day).date()) == (works, True)


def test_a_longer_limit_is_never_due_earlier():
    for unit in LimitUnit:
        moments = [due(local("2026-03-13 11:59") + timedelta(minutes=1), amount, unit).at for amount in range(1, 40)]
        assert moments == sorted(moments)
