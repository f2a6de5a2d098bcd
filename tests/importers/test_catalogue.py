"""The catalogue of matters: versions that end and begin, units looked up, and limits as offices write them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from importers.catalogue import import_catalogue
from importers.catalogue_rows import MatterRow, parse_limit
from importers.report import ImportReport
from importers.values import BadValue
from incidents.matters import MatterFinder
from incidents.models import Matter
from incidents.words import Level, LimitUnit, Procedure
from staffing.models import Unit
from staffing.words import UnitKind
from tests.factories import make_unit
from tests.importers.written import told, warned, write_csv
from tests.staffing.county import NOON, day

HEADINGS = "事项编码,领域,事项名称,主办部门,协办部门,处置层级,时限,程序,执法人数"
DRAIN = "M01,市政设施,井盖破损,D1,,镇街,3个工作日,简易,0"
SHED = "M02,规划建设,违法搭建,住建局,城管局;D1,县区,24小时,普通,2"


@dataclass(frozen=True)
class Stored:
    """One version of a matter, as a test compares it."""

    code: str
    name: str
    since: datetime | None
    until: datetime | None


@pytest.fixture(autouse=True)
def units(db: Session) -> dict[str, Unit]:
    made = {code: make_unit(db, code, UnitKind.DEPARTMENT) for code in ("D1", "D2", "D3")}
    made["D2"].name, made["D3"].name = "住建局", "城管局"
    db.flush()
    return made


def load(
    db: Session,
    tmp_path: Path,
    *rows: str,
    headings: str = HEADINGS,
    now: datetime = NOON,
    since: datetime | None = None,
    replace: bool = False,
) -> ImportReport:
    path = write_csv(tmp_path / "catalogue.csv", headings, *rows)
    return import_catalogue(db, path, by="tester", now=now, valid_from=since, replace=replace)


def stored(db: Session) -> list[Stored]:
    rows = db.execute(select(Matter.code, Matter.name, Matter.valid).order_by(Matter.code, Matter.valid))
    return [Stored(code, name, valid.lower, valid.upper) for code, name, valid in rows]


def matter(db: Session, code: str) -> Matter:
    return db.scalars(select(Matter).where(Matter.code == code).execution_options(populate_existing=True)).one()


def test_entries_arrive_with_units_limits_and_words(db: Session, tmp_path: Path, units: dict[str, Unit]):
    report = load(db, tmp_path, DRAIN, SHED)
    assert not report.problems
    assert report.counts == {"new": 2, "changed": 0, "unchanged": 0, "ended": 0}
    drain, shed = matter(db, "M01"), matter(db, "M02")
    assert (drain.field, drain.name, drain.lead_unit, drain.level) == (
        "市政设施", "井盖破损", units["D1"], Level.TOWNSHIP,
    )  # fmt: skip
    assert (drain.limit_amount, drain.limit_unit) == (3, LimitUnit.WORKING_DAYS)
    assert (drain.procedure, drain.officers) == (Procedure.SIMPLE, 0)
    assert (shed.lead_unit, {one.unit for one in shed.co_units}) == (units["D2"], {units["D3"], units["D1"]})
    assert (shed.level, shed.limit_amount, shed.limit_unit) == (Level.COUNTY, 24, LimitUnit.NATURAL_HOURS)
    assert (shed.procedure, shed.officers) == (Procedure.ORDINARY, 2)


def test_an_entry_never_known_before_is_valid_since_an_unbounded_past(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN)
    assert stored(db) == [Stored("M01", "井盖破损", None, None)]


def test_a_first_catalogue_may_begin_on_a_day(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN, since=day("2026-01-01"))
    assert stored(db) == [Stored("M01", "井盖破损", day("2026-01-01"), None)]


def test_a_second_reading_changes_nothing(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN, SHED)
    again = load(db, tmp_path, DRAIN, SHED, now=day("2026-05-01"))
    assert again.counts == {"new": 0, "changed": 0, "unchanged": 2, "ended": 0}
    assert len(stored(db)) == 2


@pytest.mark.parametrize(
    "changed",
    [
        "M01,市政,井盖破损,D1,,镇街,3个工作日,简易,0",
        "M01,市政设施,井盖缺失,D1,,镇街,3个工作日,简易,0",
        "M01,市政设施,井盖破损,D2,,镇街,3个工作日,简易,0",
        "M01,市政设施,井盖破损,D1,城管局,镇街,3个工作日,简易,0",
        "M01,市政设施,井盖破损,D1,,村社区,3个工作日,简易,0",
        "M01,市政设施,井盖破损,D1,,镇街,2个工作日,简易,0",
        "M01,市政设施,井盖破损,D1,,镇街,,简易,0",
        "M01,市政设施,井盖破损,D1,,镇街,3个工作日,普通,0",
        "M01,市政设施,井盖破损,D1,,镇街,3个工作日,简易,2",
    ],
)
def test_a_changed_entry_ends_the_old_version_and_begins_the_new(db: Session, tmp_path: Path, changed: str):
    load(db, tmp_path, DRAIN, SHED)
    assert load(db, tmp_path, changed, SHED).counts == {"new": 0, "changed": 1, "unchanged": 1, "ended": 0}
    versions = [(one.since, one.until) for one in stored(db) if one.code == "M01"]
    assert versions == [(None, NOON), (NOON, None)]


def test_a_change_may_begin_on_a_coming_day_and_reports_are_judged_by_their_own(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN)
    load(db, tmp_path, DRAIN.replace("3个工作日", "8小时"), since=day("2026-06-01"))
    finder = MatterFinder(db)
    assert finder.find("M01", day("2026-05-31")).limit == (3, LimitUnit.WORKING_DAYS)
    assert finder.find("井盖破损", day("2026-06-01")).limit == (8, LimitUnit.NATURAL_HOURS)


def test_a_change_read_twice_with_its_day_changes_nothing(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN)
    changed = DRAIN.replace("井盖破损", "井盖缺失")
    load(db, tmp_path, changed, since=day("2026-06-01"))
    assert load(db, tmp_path, changed, since=day("2026-06-01")).counts["unchanged"] == 1
    assert len(stored(db)) == 2


def test_a_file_from_before_a_coming_change_blocks(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN)
    load(db, tmp_path, DRAIN.replace("井盖破损", "井盖缺失"), since=day("2026-06-01"))
    report = load(db, tmp_path, DRAIN)
    assert told(report) == [(1, "事项编码", "later-version")]
    assert "2026-06-01" in report.problems[0].message


def test_another_change_at_the_same_moment_blocks(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN, since=day("2026-06-01"))
    report = load(db, tmp_path, DRAIN.replace("井盖破损", "井盖缺失"), since=day("2026-06-01"))
    assert told(report) == [(1, "事项编码", "same-moment")]
    assert len(stored(db)) == 1


def test_entries_that_a_file_lacks_stay_unless_it_replaces_the_catalogue(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN, SHED)
    assert load(db, tmp_path, DRAIN).counts == {"new": 0, "changed": 0, "unchanged": 1, "ended": 0}
    assert load(db, tmp_path, DRAIN, replace=True).counts == {"new": 0, "changed": 0, "unchanged": 1, "ended": 1}
    assert load(db, tmp_path, DRAIN, replace=True).counts["ended"] == 0
    assert [(one.code, one.until) for one in stored(db)] == [("M01", None), ("M02", NOON)]


def test_replacing_with_an_empty_file_ends_nothing(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN)
    assert load(db, tmp_path, replace=True).blocks
    assert stored(db)[0].until is None


def test_replacing_does_not_end_an_entry_whose_row_is_malformed(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN, SHED)
    assert load(db, tmp_path, DRAIN, SHED.replace("24小时", "马上"), replace=True).blocks
    assert [one.until for one in stored(db)] == [None, None]


def test_an_ended_entry_that_comes_back_begins_again(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN, SHED)
    load(db, tmp_path, DRAIN, replace=True)
    later = day("2026-09-01")
    assert load(db, tmp_path, SHED, now=later).counts["new"] == 1
    assert [(one.since, one.until) for one in stored(db) if one.code == "M02"] == [(None, NOON), (later, None)]


def test_an_entry_whose_coming_end_is_withdrawn_goes_on(db: Session, tmp_path: Path):
    load(db, tmp_path, DRAIN, SHED)
    load(db, tmp_path, DRAIN, since=day("2026-06-01"), replace=True)
    assert load(db, tmp_path, SHED).counts["changed"] == 1
    assert [one.until for one in stored(db)] == [None, None]


def test_units_that_nobody_knows_are_warnings_and_left_empty(db: Session, tmp_path: Path):
    report = load(db, tmp_path, "M01,市政,井盖,水务局,D1;交警队;无,镇街,,简易,")
    assert warned(report) == [(1, "主办部门", "unknown-unit"), (1, "协办部门", "unknown-unit")]
    entry = matter(db, "M01")
    assert (entry.lead_unit, [one.unit.code for one in entry.co_units]) == (None, ["D1"])


def test_a_unit_that_arrives_later_makes_a_new_version(db: Session, tmp_path: Path):
    row = "M01,市政,井盖,水务局,,镇街,,简易,"
    load(db, tmp_path, row)
    make_unit(db, "D9", UnitKind.DEPARTMENT).name = "水务局"
    db.flush()
    assert load(db, tmp_path, row).counts["changed"] == 1


def test_a_name_of_two_units_is_a_warning(db: Session, tmp_path: Path, units: dict[str, Unit]):
    units["D1"].name = "住建局"
    db.flush()
    report = load(db, tmp_path, SHED)
    assert (1, "主办部门", "ambiguous-unit") in warned(report)
    assert matter(db, "M02").lead_unit is None


def test_a_lead_does_not_co_operate_with_itself(db: Session, tmp_path: Path):
    load(db, tmp_path, "M01,市政,井盖,住建局,住建局、城管局，D3,镇街,,简易,")
    assert [one.unit.code for one in matter(db, "M01").co_units] == ["D3"]


def test_every_problem_is_told_at_once_and_nothing_is_loaded(db: Session, tmp_path: Path):
    report = load(
        db, tmp_path,
        ",市政,井盖,,,镇街,,简易,", "M02,,井盖,,,镇街,,简易,", "M03,市政,,,,镇街,,简易,", "M04,市政,井盖,,,,,简易,",
        "M05,市政,井盖,,,省厅,,简易,", "M06,市政,井盖,,,镇街,尽快,简易,", "M07,市政,井盖,,,镇街,,特别,",
        "M08,市政,井盖,,,镇街,,简易,两三个", DRAIN, DRAIN, "M09,市政,井盖,,,省厅,0天,特别,-1",
    )  # fmt: skip
    assert told(report) == [
        (1, "事项编码", "empty"), (2, "领域", "empty"), (3, "事项名称", "empty"), (4, "处置层级", "empty"),
        (5, "处置层级", "unknown-word"), (6, "时限", "not-a-limit"), (7, "程序", "unknown-word"),
        (8, "执法人数", "not-a-number"), (10, "事项编码", "repeated"), (11, "处置层级", "unknown-word"),
        (11, "时限", "limit-out-of-range"), (11, "程序", "unknown-word"), (11, "执法人数", "officers-out-of-range"),
    ]  # fmt: skip
    assert stored(db) == []


def test_a_file_without_procedures_is_taken_as_simple_and_says_so_once(db: Session, tmp_path: Path):
    rows = ("M01,市政,井盖,镇街", "M02,市政,路灯,村社区")
    report = load(db, tmp_path, *rows, headings="事项编码,领域,事项名称,处置层级")
    assert warned(report) == [(None, "procedure", "assumed")]
    assert (matter(db, "M01").procedure, matter(db, "M01").officers) == (Procedure.SIMPLE, 0)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("3个工作日", (3, LimitUnit.WORKING_DAYS)), ("3 工作日", (3, LimitUnit.WORKING_DAYS)),
        ("３个工作日内", (3, LimitUnit.WORKING_DAYS)), ("十五个工作日", (15, LimitUnit.WORKING_DAYS)),
        ("3 working days", (3, LimitUnit.WORKING_DAYS)), ("1 Working Day", (1, LimitUnit.WORKING_DAYS)),
        ("24小时", (24, LimitUnit.NATURAL_HOURS)), ("24 个 小时", (24, LimitUnit.NATURAL_HOURS)),
        ("24h", (24, LimitUnit.NATURAL_HOURS)), ("二十四小时", (24, LimitUnit.NATURAL_HOURS)),
        ("4工作小时", (4, LimitUnit.WORKING_HOURS)), ("4 working hours", (4, LimitUnit.WORKING_HOURS)),
        ("2天", (48, LimitUnit.NATURAL_HOURS)), ("两天", (48, LimitUnit.NATURAL_HOURS)),
        ("30日", (720, LimitUnit.NATURAL_HOURS)), ("1周", (168, LimitUnit.NATURAL_HOURS)),
        ("十天", (240, LimitUnit.NATURAL_HOURS)), ("2.0小时", (2, LimitUnit.NATURAL_HOURS)),
        ("", None), ("—", None), ("无", None), (None, None),
    ],
)  # fmt: skip
def test_limits_are_read_as_offices_write_them(text: str | None, limit: tuple[int, LimitUnit] | None):
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3", "limit-without-unit"), ("尽快", "not-a-limit"), ("3个月亮", "not-a-limit"),
        ("1.5小时", "not-a-whole-number"),
        ("0天", "limit-out-of-range"), ("99999小时", "limit-out-of-range"), ("三四天", "not-a-limit"),
        ("1.2.3天", "not-a-number"), ("-3天", "not-a-limit"), ("十十天", "not-a-limit"),
    ],
)  # fmt: skip
def test_limits_that_cannot_be_sure_are_refused(text: str, code: str):
    with pytest.raises(BadValue) as refused:
        parse_limit(text)
    assert refused.value.code == code


def test_the_model_takes_a_form_or_a_body_as_it_takes_a_row():
    row = MatterRow.model_validate({
        "code": "M01", "field": "市政", "name": "井盖", "level": "township", "limit": "3 working days",
        "co_operating": ["D1", "D2"], "officers": 2, "procedure": "ordinary",
    })  # fmt: skip
    assert (row.limit, row.co_operating, row.officers) == ((3, LimitUnit.WORKING_DAYS), ("D1", "D2"), 2)
    assert row.procedure is Procedure.ORDINARY
