"""Figures counted in the database agree with the rule in incidents.indicators, and stay within the jurisdiction."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

from sqlalchemy.orm import Session

from geo.codes import AreaKind
from incidents import figures, finding
from incidents.finding import IncidentFilter
from incidents.indicators import Indicators, Share, indicators
from incidents.words import QueueReason
from incidents.workflow import State
from tests.factories import NOW, make_incident, make_ladder

DAY = timedelta(days=1)
EVERYTHING = IncidentFilter()


def test_the_database_counts_as_the_rule_says_in_every_case(db: Session):
    ladder = make_ladder(db)
    moments = (None, NOW - 2 * DAY, NOW, NOW + DAY)
    for state, due, closed in product(State, moments, moments):
        if state is not State.CLOSED or closed is not None:
            make_incident(db, ladder=ladder, state=state, due_at=due, closed_at=closed)
    courses = [course for _area, course in finding.courses(db, EVERYTHING, by=AreaKind.TOWNSHIP)]
    expected = indicators(courses, now=NOW)
    assert expected.closing.numerator > 0
    assert figures.by_area(db, EVERYTHING, by=AreaKind.TOWNSHIP, now=NOW) == {ladder["township"].id: expected}
    by_month = figures.by_month(db, EVERYTHING, by=AreaKind.TOWNSHIP, now=NOW)
    assert by_month == {(date(2026, 3, 1), ladder["township"].id): expected}


def test_a_report_belongs_to_the_month_of_the_county_s_own_calendar(db: Session):
    ladder = make_ladder(db)
    make_incident(db, ladder=ladder, reported_at=datetime(2026, 2, 28, 15, 59, tzinfo=UTC))  # 23:59 in the county
    make_incident(db, ladder=ladder, reported_at=datetime(2026, 2, 28, 16, 0, tzinfo=UTC))
    counted = figures.by_month(db, EVERYTHING, by=AreaKind.COMPREHENSIVE, now=NOW)
    assert {month: found.filed for (month, _area), found in counted.items()} == {
        date(2026, 2, 1): 1,
        date(2026, 3, 1): 1,
    }
    assert figures.first_month(db) == date(2026, 2, 1)


def test_what_lies_in_no_area_is_counted_under_none(db: Session):
    make_incident(db)
    assert list(figures.by_area(db, EVERYTHING, by=AreaKind.VILLAGE, now=NOW)) == [None]


def test_what_stands_now_counts_today_by_the_county_s_midnight(db: Session):
    ladder = make_ladder(db)
    midnight = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
    make_incident(db, ladder=ladder, reported_at=midnight)
    make_incident(db, ladder=ladder, reported_at=midnight - timedelta(seconds=1), due_at=NOW - DAY)
    make_incident(db, reported_at=midnight - 2 * DAY, queue_reason=QueueReason.NO_COORDINATES)
    make_incident(db, ladder=ladder, reported_at=midnight, state=State.CLOSED, closed_at=NOW, due_at=NOW - DAY)
    assert figures.standing(db, EVERYTHING, now=NOW) == figures.Standing(
        today=2, yesterday=1, open=3, overdue=1, queued=1
    )


def test_figures_of_parts_add_up(db: Session):
    parts = [Indicators(3, Share(1, 2), Share(1, 2)), Indicators(5, Share(2, 3), Share(0, 3))]
    assert figures.together(parts) == Indicators(8, Share(3, 5), Share(1, 5))
    assert figures.together([]) == Indicators(0, Share(0, 0), Share(0, 0))
    assert figures.first_month(db) is None
