"""Duty rosters: begun, ended, repeated, and never taken away."""

import time
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area
from importers.duties import import_duties
from importers.report import ImportReport
from staffing.models import Duty, Staff, Unit
from staffing.words import DutyRole, UnitKind
from tests.factories import make_unit
from tests.importers.written import told, warned, write_csv, write_xlsx
from tests.staffing.county import NOON, add_absence, add_area, add_duty, add_staff, day

HEADINGS = "工号,区划编码,角色,起始日期,截止日期"
VILLAGE, GRID, NEXT = "329901001001", "329901001001001", "329901001001002"

Period = tuple[datetime | None, datetime | None]


@pytest.fixture
def unit(db: Session) -> Unit:
    return make_unit(db, "V1", UnitKind.VILLAGE)


@pytest.fixture
def worker(db: Session, unit: Unit) -> Staff:
    return add_staff(db, "001", unit)


@pytest.fixture
def village(db: Session) -> Area:
    return add_area(db, AreaKind.VILLAGE, VILLAGE)


@pytest.fixture
def grid(db: Session, village: Area) -> Area:
    return add_area(db, AreaKind.COMPREHENSIVE, GRID, parent=village)


def load(db: Session, tmp_path: Path, *rows: str, headings: str = HEADINGS) -> ImportReport:
    return import_duties(db, write_csv(tmp_path / "duties.csv", headings, *rows), by="tester", now=NOON)


def held(db: Session) -> list[tuple[str, str, DutyRole, datetime | None, datetime | None]]:
    rows = db.execute(
        select(Staff.staff_no, Area.code, Duty.role, Duty.held)
        .join(Staff, Staff.id == Duty.staff_id)
        .join(Area, Area.id == Duty.area_id)
        .order_by(Staff.staff_no, Area.code, Duty.role, Duty.held)
    )
    return [(number, code, role, when.lower, when.upper) for number, code, role, when in rows]


def periods(db: Session) -> list[Period]:
    return [(since, until) for *_, since, until in held(db)]


def test_a_roster_begins_duties(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    report = load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,", f"001,{VILLAGE},网格联络员,,2026-06-30")
    assert not report.problems
    assert (report.loaded, report.counts) == (2, {"new": 2, "changed": 0, "unchanged": 0, "ended": 0})
    assert held(db) == [
        ("001", VILLAGE, DutyRole.LIAISON, None, day("2026-07-01")),
        ("001", GRID, DutyRole.WORKER, day("2026-01-01"), None),
    ]


def test_a_second_reading_changes_nothing(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    rows = (f"001,{GRID},网格员,2026-01-01,2026-12-31", f"001,{VILLAGE},联络员,,")
    load(db, tmp_path, *rows)
    before = held(db)
    assert load(db, tmp_path, *rows).counts == {"new": 0, "changed": 0, "unchanged": 2, "ended": 0}
    assert held(db) == before


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("网格员", DutyRole.WORKER), ("worker", DutyRole.WORKER), ("专属网格负责人", DutyRole.WORKER),
        ("Ｂ岗", DutyRole.DEPUTY), ("b岗", DutyRole.DEPUTY), ("Deputy", DutyRole.DEPUTY),
        ("网格联络员", DutyRole.LIAISON), ("社区民警", DutyRole.POLICE), ("支援力量", DutyRole.SUPPORT),
    ],
)  # fmt: skip
def test_roles_are_understood_as_they_are_written(
    db: Session, tmp_path: Path, worker: Staff, grid: Area, said: str, role: DutyRole
):
    load(db, tmp_path, f"001,{GRID},{said},,")
    assert [one[2] for one in held(db)] == [role]


def test_every_problem_is_told_at_once_and_nothing_is_loaded(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    report = load(
        db, tmp_path,
        f"001,{GRID},网格员,,",
        f"999,{GRID},网格员,,",
        "001,000,网格员,,",
        f"001,{GRID},巡河员,,",
        f"001,{GRID},B岗,2026-03-10,2026-03-01",
        f"001,{GRID},B岗,2026-13-10,2026-02-30",
        ",,,,",
        f"999,000,,,{GRID}",
    )  # fmt: skip
    assert told(report) == [
        (2, "工号", "unknown-staff"),
        (3, "区划编码", "unknown-area"),
        (4, "角色", "unknown-word"),
        (5, "截止日期", "duty-ends-first"),
        (6, "起始日期", "not-a-time"),
        (6, "截止日期", "not-a-time"),
        (7, "角色", "empty"),
        (7, "截止日期", "not-a-time"),
    ]
    assert (report.loaded, held(db)) == (0, [])


def test_an_unknown_person_on_an_unknown_area_is_two_problems(db: Session, tmp_path: Path, worker: Staff):
    assert told(load(db, tmp_path, "999,000,网格员,,")) == [
        (1, "工号", "unknown-staff"),
        (1, "区划编码", "unknown-area"),
    ]


def test_a_repeated_beginning_sets_the_end(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,")
    ended = load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,2026-03-31")
    assert ended.counts == {"new": 0, "changed": 0, "unchanged": 0, "ended": 1}
    assert periods(db) == [(day("2026-01-01"), day("2026-04-01"))]
    prolonged = load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,2026-06-30")
    assert prolonged.counts == {"new": 0, "changed": 1, "unchanged": 0, "ended": 0}
    assert periods(db) == [(day("2026-01-01"), day("2026-07-01"))]


def test_a_row_without_a_beginning_speaks_of_the_duty_of_that_time(
    db: Session, tmp_path: Path, worker: Staff, grid: Area
):
    load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,")
    assert load(db, tmp_path, f"001,{GRID},网格员,,").counts["unchanged"] == 1
    assert load(db, tmp_path, f"001,{GRID},网格员,,2026-03-31").counts["ended"] == 1
    assert periods(db) == [(day("2026-01-01"), day("2026-04-01"))]


def test_a_file_without_days_leaves_recorded_ends_alone(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    add_duty(db, worker, grid, until=day("2026-12-01"))
    report = load(db, tmp_path, f"001,{GRID},网格员", headings="工号,区划编码,角色")
    assert (report.counts["unchanged"], periods(db)) == (1, [(None, day("2026-12-01"))])


def test_somebody_may_come_back_after_their_duty_ended(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    add_duty(db, worker, grid, until=day("2026-01-01"))
    assert load(db, tmp_path, f"001,{GRID},网格员,2026-03-01,").counts["new"] == 1
    assert periods(db) == [(None, day("2026-01-01")), (day("2026-03-01"), None)]


def test_an_old_roster_does_not_revive_an_ended_duty(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    add_duty(db, worker, grid, until=day("2026-01-01"))
    assert told(load(db, tmp_path, f"001,{GRID},网格员,,")) == [(1, "起始日期", "duty-ended")]
    assert told(load(db, tmp_path, f"001,{GRID},网格员", headings="工号,区划编码,角色")) == [(1, "from", "duty-ended")]
    assert periods(db) == [(None, day("2026-01-01"))]


def test_a_duty_revived_by_its_own_beginning_is_a_warning(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    add_duty(db, worker, grid, since=day("2025-01-01"), until=day("2026-01-01"))
    report = load(db, tmp_path, f"001,{GRID},网格员,2025-01-01,")
    assert warned(report) == [(1, "截止日期", "duty-reopened")]
    assert periods(db) == [(day("2025-01-01"), None)]


def test_overlapping_a_recorded_duty_blocks(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    add_duty(db, worker, grid, since=day("2026-01-01"))
    report = load(db, tmp_path, f"001,{GRID},网格员,2026-03-01,")
    assert told(report) == [(1, "起始日期", "duty-overlaps")]
    assert "from 2026-01-01 with no end already (in the records)" in report.problems[0].message
    assert periods(db) == [(day("2026-01-01"), None)]


def test_overlapping_another_row_blocks_both(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    report = load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,2026-03-31", f"001,{GRID},网格员,2026-03-31,")
    assert told(report) == [(1, "起始日期", "duty-overlaps"), (2, "起始日期", "duty-overlaps")]
    assert load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,2026-03-31", f"001,{GRID},网格员,2026-04-01,").loaded == 2


def test_a_recorded_duty_may_end_in_the_same_file_in_which_the_next_begins(
    db: Session, tmp_path: Path, worker: Staff, grid: Area
):
    add_duty(db, worker, grid, since=day("2026-01-01"))
    load(db, tmp_path, f"001,{GRID},网格员,2026-05-01,", f"001,{GRID},网格员,2026-01-01,2026-03-31")
    assert periods(db) == [(day("2026-01-01"), day("2026-04-01")), (day("2026-05-01"), None)]


def test_one_period_may_shrink_while_the_next_one_grows(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    add_duty(db, worker, grid, since=day("2025-01-01"), until=day("2026-05-01"))
    add_duty(db, worker, grid, since=day("2026-05-01"), until=day("2026-06-01"))
    load(db, tmp_path, f"001,{GRID},网格员,2026-05-01,", f"001,{GRID},网格员,2025-01-01,2026-03-31")
    assert periods(db) == [(day("2025-01-01"), day("2026-04-01")), (day("2026-05-01"), None)]


def test_the_same_row_twice_is_a_warning_and_with_another_end_a_problem(
    db: Session, tmp_path: Path, worker: Staff, grid: Area
):
    row = f"001,{GRID},网格员,2026-01-01,"
    assert warned(load(db, tmp_path, row, row))[0] == (2, None, "repeated")
    assert len(held(db)) == 1
    assert told(load(db, tmp_path, row, f"{row}2026-12-31")) == [(2, "截止日期", "repeated")]


def test_two_roles_and_two_people_do_not_collide(db: Session, tmp_path: Path, unit: Unit, worker: Staff, grid: Area):
    add_staff(db, "002", unit)
    report = load(db, tmp_path, f"001,{GRID},网格员,,", f"001,{GRID},支援力量,,", f"002,{GRID},B岗,,")
    assert (report.loaded, len(held(db))) == (3, 3)


def test_duties_that_a_roster_does_not_name_stay(db: Session, tmp_path: Path, unit: Unit, worker: Staff, grid: Area):
    add_duty(db, add_staff(db, "002", unit), grid, DutyRole.DEPUTY)
    load(db, tmp_path, f"001,{GRID},网格员,,")
    assert len(held(db)) == 2


def test_a_code_of_several_areas_means_the_grid_first(db: Session, tmp_path: Path, worker: Staff):
    for kind in (AreaKind.TOWNSHIP, AreaKind.VILLAGE, AreaKind.SPECIALISED, AreaKind.COMPREHENSIVE):
        add_area(db, kind, "A1")
    report = load(db, tmp_path, "001,A1,网格员,,")
    assert warned(report)[0] == (1, "区划编码", "ambiguous-area")
    assert db.scalar(select(Area.kind).join(Duty, Duty.area_id == Area.id)) is AreaKind.COMPREHENSIVE


def test_a_liaisons_code_means_the_village_first(db: Session, tmp_path: Path, worker: Staff):
    for kind in (AreaKind.COMPREHENSIVE, AreaKind.VILLAGE):
        add_area(db, kind, "A1")
    load(db, tmp_path, "001,A1,联络员,,")
    assert db.scalar(select(Area.kind).join(Duty, Duty.area_id == Area.id)) is AreaKind.VILLAGE


def test_an_area_in_force_is_meant_before_one_that_is_gone(db: Session, tmp_path: Path, worker: Staff):
    add_area(db, AreaKind.COMPREHENSIVE, "A1", until=day("2026-01-01"))
    add_area(db, AreaKind.SPECIALISED, "A1")
    load(db, tmp_path, "001,A1,网格员,,")
    assert db.scalar(select(Area.kind).join(Duty, Duty.area_id == Area.id)) is AreaKind.SPECIALISED


def test_an_area_that_is_gone_is_a_warning(db: Session, tmp_path: Path, worker: Staff):
    add_area(db, AreaKind.COMPREHENSIVE, "A1", until=day("2026-01-01"))
    add_area(db, AreaKind.COMPREHENSIVE, "A2", since=day("2026-09-01"))
    report = load(db, tmp_path, "001,A1,网格员,,", "001,A2,网格员,2026-09-01,")
    assert (warned(report), report.loaded) == ([(1, "区划编码", "area-ended")], 2)


def test_a_role_that_is_never_asked_for_there_is_a_warning(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    report = load(db, tmp_path, f"001,{VILLAGE},网格员,,", f"001,{GRID},联络员,,", f"001,{VILLAGE},社区民警,,")
    assert warned(report)[:2] == [(1, "区划编码", "role-out-of-place"), (2, "区划编码", "role-out-of-place")]


def test_a_duty_beyond_the_last_day_of_its_holder_is_a_warning(db: Session, tmp_path: Path, unit: Unit, grid: Area):
    add_staff(db, "001", unit, left_on=date(2026, 4, 1))
    assert (1, "工号", "staff-left") in warned(load(db, tmp_path, f"001,{GRID},网格员,,"))
    assert (1, "工号", "staff-left") not in warned(load(db, tmp_path, f"001,{GRID},B岗,,2026-03-31"))


def test_grids_without_a_worker_are_counted_and_named(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    for number in range(30):
        add_area(db, AreaKind.COMPREHENSIVE, f"B{number:02d}")
    add_area(db, AreaKind.COMPREHENSIVE, "C00", until=day("2026-01-01"))
    report = load(db, tmp_path, f"001,{GRID},网格员,,")
    assert warned(report) == [(None, None, "grids-without-worker")]
    said = report.problems[0].message
    assert said.startswith("30 of 31 comprehensive grids have no worker: B00, B01, ")
    assert said.endswith("B19 and 10 more")


def test_a_worker_of_tomorrow_or_one_who_left_is_no_worker_yet(db: Session, tmp_path: Path, unit: Unit, grid: Area):
    add_staff(db, "001", unit, left_on=date(2026, 1, 1))
    add_staff(db, "002", unit)
    report = load(db, tmp_path, f"001,{GRID},网格员,,", f"002,{GRID},网格员,2026-04-01,")
    assert (None, None, "grids-without-worker") in warned(report)


def test_a_grid_whose_worker_is_away_uncovered_is_told(
    db: Session, tmp_path: Path, unit: Unit, worker: Staff, grid: Area
):
    add_absence(db, worker, day("2026-03-10"))
    add_staff(db, "002", unit)
    assert warned(load(db, tmp_path, f"001,{GRID},网格员,,")) == [(None, None, "grids-uncovered")]
    assert warned(load(db, tmp_path, f"002,{GRID},B岗,,")) == []


def test_a_grid_with_two_workers_is_told(db: Session, tmp_path: Path, unit: Unit, worker: Staff, grid: Area):
    add_duty(db, add_staff(db, "000", unit), grid)
    report = load(db, tmp_path, f"001,{GRID},网格员,,")
    assert warned(report) == [(None, None, "grids-with-several-workers")]
    assert report.problems[0].message.endswith(f"{GRID} (000, 001)")


def test_a_workbook_is_read(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    path = write_xlsx(tmp_path / "duties.xlsx", HEADINGS, ["001", GRID, "网格员", date(2026, 1, 1), None])
    assert import_duties(db, path, by="tester", now=NOON).loaded == 1
    assert periods(db) == [(day("2026-01-01"), None)]


def test_the_end_of_time_in_other_systems_is_no_end(db: Session, tmp_path: Path, worker: Staff, grid: Area):
    load(db, tmp_path, f"001,{GRID},网格员,2026-01-01,9999-12-31", f"001,{VILLAGE},社区民警,,长期")
    assert [until for _, until in periods(db)] == [None, None]


def test_four_thousand_duties_take_seconds(db: Session, tmp_path: Path, unit: Unit):
    db.add_all(Staff(staff_no=f"{n:05d}", name=f"人员{n}", unit_id=unit.id, works_at_id=unit.id) for n in range(3000))
    grids = [add_area(db, AreaKind.COMPREHENSIVE, f"G{n:03d}") for n in range(200)]
    db.flush()
    roles = ("网格员", "B岗", "支援力量", "社区民警")
    rows = [f"{n % 3000:05d},{grids[n % 200].code},{roles[n // 3000]},2026-01-01," for n in range(4000)]
    began = time.perf_counter()
    assert load(db, tmp_path, *rows).counts["new"] == 4000
    assert load(db, tmp_path, *rows).counts["unchanged"] == 4000
    assert time.perf_counter() - began < 30
    assert db.scalar(select(func.count()).select_from(Duty)) == 4000
