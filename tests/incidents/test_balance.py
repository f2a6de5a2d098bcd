"""How evenly work is spread: formulas against brute force, and counts that follow the ground."""

from __future__ import annotations

import itertools
import statistics
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import LineString
from sqlalchemy.orm import Session

from database.base import WGS84
from geo.codes import AreaKind
from geo.redraw_drafts import Planner, begin
from geo.redraw_editing import split_grid
from incidents.balance import YEAR, drafted_in, figures_of, grids_in
from incidents.balance_figures import GridFigures, Measure, WorkingTime, spread, together
from incidents.clock import LOCAL, SHIFTS, due, is_working_day
from incidents.models import Incident, IncidentEvent
from incidents.words import EventKind, LimitUnit, Placement
from incidents.workflow import State
from tests.factories import NOW, make_area, make_incident, make_ladder

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST, LAST = date(2025, 12, 20), date(2026, 3, 10)  # New Year, the Spring Festival and its working weekends
WORKING = WorkingTime(FIRST, LAST)
MOMENTS = st.integers(0, 66 * 24 * 60).map(lambda minutes: datetime(2025, 12, 21, tzinfo=UTC) + minutes * MINUTE)


# --- working time


def by_the_minute(since: datetime, until: datetime) -> float:
    """Working hours, counted minute by minute."""
    minutes = ((since + at * MINUTE).astimezone(LOCAL) for at in range((until - since) // MINUTE))
    worked = [any(begins <= at.time() < ends for begins, ends in SHIFTS) and works(at.date()) for at in minutes]
    return sum(worked) / 60


@cache
def works(day: date) -> bool:
    return is_working_day(day)[0]


@settings(max_examples=25, deadline=None)
@given(MOMENTS, st.integers(0, 5 * 24 * 60))
def test_working_time_is_what_counting_minute_by_minute_gives(since, minutes):
    until = since + minutes * MINUTE
    assert WORKING.hours(since, until) == pytest.approx(by_the_minute(since, until), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(MOMENTS, st.integers(1, 30))
def test_a_limit_in_working_hours_runs_out_after_as_much_working_time(since, hours):
    end = due(since, hours, LimitUnit.WORKING_HOURS).at
    assert WorkingTime(FIRST, LAST + 30 * DAY).hours(since, end) == pytest.approx(hours, abs=1e-6)


def test_nights_weekends_and_what_runs_backwards_take_no_working_time():
    friday = datetime(2026, 3, 6, 17, 0, tzinfo=LOCAL)
    assert WORKING.hours(friday, friday + 64.5 * HOUR) == pytest.approx(1 + 1)  # until Monday at 9:30
    assert WORKING.hours(friday + DAY, friday + 2 * DAY) == 0
    assert WORKING.hours(friday, friday - 5 * DAY) == 0


def test_beyond_the_stretch_of_days_nothing_counts():
    one_day = WorkingTime(date(2026, 3, 6), date(2026, 3, 6))
    noon = datetime(2026, 3, 6, 12, 0, tzinfo=LOCAL)
    assert one_day.hours(noon - 30 * DAY, noon + 30 * DAY) == pytest.approx(7.5)


# --- spread


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40))
def test_the_spread_is_what_its_definition_says(values):
    found, mean = spread(values), statistics.fmean(values)
    assert found is not None
    assert (found.count, found.least, found.most) == (len(values), min(values), max(values))
    assert found.median == statistics.median(values)
    assert found.mean == pytest.approx(mean)
    assert found.deviation == pytest.approx(statistics.pstdev(values))
    if mean == 0:
        assert (found.variation, found.gini) == (None, None)
        return
    assert found.variation == pytest.approx(statistics.pstdev(values) / mean)
    pairs = sum(abs(one - other) for one, other in itertools.product(values, values))
    assert found.gini == pytest.approx(pairs / (2 * len(values) ** 2 * mean), abs=1e-12)


def test_what_is_not_known_is_left_out_and_of_nothing_there_is_no_spread():
    assert spread([None, 4, None]) == spread([4])
    assert spread([None]) is None


def test_a_rate_without_households_and_a_mean_of_nothing_are_no_numbers():
    bare = GridFigures(households=None, km2=0.5, reports=3)
    assert (bare.per_thousand, bare.hours_each) == (None, None)
    assert GridFigures(households=0, km2=0.5, reports=3).per_thousand is None
    full = GridFigures(households=400, km2=0.5, reports=10, handled=4, hours=30.0, open=1)
    values = [full.value(measure) for measure in Measure]
    assert values == [400, 0.5, 10, 25.0, 30.0, 7.5, 1]


def test_together_households_are_known_only_where_every_grid_s_are():
    one, other = GridFigures(400, 1.0, 4, 2, 8.0, 1), GridFigures(100, 0.5, 6, 0, 0.0, 0)
    assert together([one, other]) == GridFigures(500, 1.5, 10, 2, 8.0, 1)
    assert together([one, GridFigures(None, 0.5)]).households is None


# --- counting


def at(lon: float, lat: float = 33.005) -> str:
    return f"SRID={WGS84};POINT({lon} {lat})"


def figures(db: Session, village_id: int) -> dict[str, GridFigures]:
    grids = grids_in(db, [village_id], NOW)
    return {grid.code[-3:]: one for grid, one in zip(grids, figures_of(db, grids, now=NOW), strict=True)}


def filing(incident: Incident, moment: datetime) -> IncidentEvent:
    return IncidentEvent(
        incident_id=incident.id, at=moment, kind=EventKind.MOVED, from_state=State.REPORTED, to_state=State.FILED,
        by_name="test", note="",
    )  # fmt: skip


def test_reports_of_the_year_count_where_they_lie_and_open_ones_of_whatever_year(db: Session):
    ladder = make_ladder(db)
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR)
    make_incident(db, ladder=ladder, reported_at=NOW - YEAR, state=State.CLOSED, closed_at=NOW)
    make_incident(db, ladder=ladder, reported_at=NOW - YEAR - HOUR, state=State.CLOSED, closed_at=NOW)
    make_incident(db, ladder=ladder, reported_at=NOW - YEAR - HOUR, state=State.DISPATCHED)
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR, state=State.VOID)
    make_incident(db, ladder=ladder, reported_at=NOW)
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR, point=at(119.015))
    found = figures(db, ladder["village"].id)
    assert (found["001"].reports, found["001"].open) == (2, 2)
    assert (found["002"].reports, found["002"].open) == (1, 1)
    assert found["001"].km2 == pytest.approx(0.933 * 1.109, rel=0.01)


def test_on_a_shared_edge_the_smaller_code_has_the_report_and_a_snapped_one_stays_where_it_was_given(db: Session):
    ladder = make_ladder(db)
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR, point=at(119.01))
    beyond = {"point": at(119.015, 33.0101), "placement": Placement.SNAPPED, "grid_id": ladder["b"].id}
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR, **beyond)
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR, **(beyond | {"placement": Placement.LOCATED}))
    found = figures(db, ladder["village"].id)
    assert (found["001"].reports, found["002"].reports) == (1, 1)


def test_handling_takes_the_working_time_from_filing_until_handled(db: Session):
    ladder = make_ladder(db)
    monday = datetime(2026, 3, 9, 9, 0, tzinfo=LOCAL)
    filed = make_incident(
        db, ladder=ladder, reported_at=monday - DAY, state=State.CLOSED, handled_at=monday + 5 * HOUR,
        closed_at=monday + DAY,
    )  # fmt: skip
    db.add(filing(filed, monday))
    make_incident(
        db, ladder=ladder, reported_at=monday - 2 * HOUR, state=State.CLOSED, closed_at=monday + HOUR
    )  # never filed: from its report, at seven
    make_incident(db, ladder=ladder, reported_at=monday)
    found = figures(db, ladder["village"].id)["001"]
    assert (found.reports, found.handled) == (3, 2)
    assert found.hours == pytest.approx(3 + 1.5)
    assert found.hours_each == pytest.approx(2.25)


def test_a_history_that_was_loaded_later_and_filed_then_counts_from_its_reports(db: Session):
    ladder = make_ladder(db)
    monday = datetime(2026, 3, 9, 9, 0, tzinfo=LOCAL)
    loaded = make_incident(db, ladder=ladder, reported_at=monday, state=State.CLOSED, closed_at=monday + 2 * HOUR)
    db.add(filing(loaded, NOW))
    assert figures(db, ladder["village"].id)["001"].hours == pytest.approx(2)


def test_a_draft_shows_the_work_that_its_grids_would_have_had(db: Session):
    ladder = make_ladder(db)
    other = make_area(
        db, "329901001002", AreaKind.VILLAGE, box(119.02, 33, 119.03, 33.01), parent=ladder["township"]
    )  # fmt: skip
    make_area(db, "329901001002001", AreaKind.COMPREHENSIVE, box(119.02, 33, 119.03, 33.01), parent=other)
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR, point=at(119.001))
    make_incident(db, ladder=ladder, reported_at=NOW - HOUR, point=at(119.007))
    redraw = begin(db, "draft", AreaKind.COMPREHENSIVE, by=Planner("planner"), now=NOW)
    line = LineString([(119.003, 32.9), (119.003, 33.1)])
    split_grid(db, redraw.id, "329901001001001", line, by=Planner("planner"), now=NOW)
    grids = drafted_in(db, redraw, [ladder["village"].id, other.id], NOW)
    assert [grid.code[-6:] for grid in grids] == ["001001", "001002", "001003", "002001"]
    assert [one.reports for one in figures_of(db, grids, now=NOW)] == [1, 0, 1, 0]
    assert [grid.area_id is None for grid in grids] == [False, False, True, False]
    assert len({grid.key for grid in grids}) == 4


def test_without_grids_there_is_nothing_to_count(db: Session):
    assert figures_of(db, [], now=NOW) == []
    assert grids_in(db, [], NOW) == []
