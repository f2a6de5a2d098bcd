"""The indicators, checked against a published month."""

from datetime import timedelta

import pytest

from incidents.indicators import Course, Indicators, Share, indicators
from incidents.workflow import State
from tests.factories import NOW

DAY = timedelta(days=1)


def course(*, due: timedelta | None = None, closed: timedelta | None = None, state: State = State.FILED) -> Course:
    """A course with its times relative to NOW."""
    due_at = None if due is None else NOW + due
    closed_at = None if closed is None else NOW + closed
    return Course(State.CLOSED if closed_at else state, NOW - 10 * DAY, due_at, closed_at)


def test_a_published_month_comes_out_as_published():
    """Filed 996, due 972, closed 911 (93.72 %), of them 737 on time (75.82 %)."""
    courses = [
        *[course(due=-2 * DAY, closed=-3 * DAY)] * 737,
        *[course(due=-3 * DAY, closed=-2 * DAY)] * (911 - 737),
        *[course(due=-DAY)] * (972 - 911),
        *[course(due=DAY)] * (996 - 972),
    ]
    found = indicators(courses, now=NOW)
    assert found == Indicators(996, Share(911, 972), Share(737, 972))
    assert (str(found.closing), str(found.on_time)) == ("93.72 %", "75.82 %")


@pytest.mark.parametrize(("closed", "due", "shown"), [(902, 956, "94.35 %"), (9, 16, "56.25 %"), (0, 0, "—")])
def test_a_share_is_shown_with_two_decimals_and_nothing_of_nothing_as_a_dash(closed: int, due: int, shown: str):
    assert str(Share(closed, due)) == shown


def test_nothing_at_all_gives_no_number():
    found = indicators([], now=NOW)
    assert (found.filed, found.closing.percent, found.on_time.percent) == (0, None, None)


def test_a_void_case_counts_nowhere():
    assert indicators([course(due=-DAY, state=State.VOID)], now=NOW) == Indicators(0, Share(0, 0), Share(0, 0))


def test_a_case_without_a_limit_is_on_time_whenever_it_is_closed_and_never_due_while_open():
    assert indicators([course(closed=-DAY), course()], now=NOW) == Indicators(2, Share(1, 1), Share(1, 1))


def test_a_case_closed_before_its_time_is_up_counts_as_due():
    assert indicators([course(due=DAY, closed=-DAY)], now=NOW) == Indicators(1, Share(1, 1), Share(1, 1))


def test_closed_at_the_last_moment_is_on_time():
    assert indicators([course(due=-DAY, closed=-DAY)], now=NOW).on_time == Share(1, 1)


def test_a_case_due_this_moment_is_due():
    assert indicators([course(due=timedelta(0))], now=NOW).closing == Share(0, 1)


def test_the_figures_of_an_earlier_moment_know_nothing_of_what_was_closed_after_it():
    late = course(due=-3 * DAY, closed=-DAY)
    assert indicators([late], now=NOW - 2 * DAY) == Indicators(1, Share(0, 1), Share(0, 1))


def test_handled_but_not_confirmed_is_not_closed():
    assert indicators([course(due=-DAY, state=State.HANDLED)], now=NOW).closing == Share(0, 1)
