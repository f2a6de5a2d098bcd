"""Staff lists: who is new, what changed, what is wrong, and that the second time nothing happens."""

import logging
import time
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from database.session import session_for
from geo.codes import AreaKind
from importers.report import ImportReport
from importers.staff import import_staff
from staffing.models import Absence, Certificate, Staff, Unit
from staffing.words import UnitKind
from tests.factories import make_unit
from tests.importers.written import told, warned, write_csv, write_xlsx
from tests.staffing.county import NOON, add_area, add_staff, day

HEADINGS = "工号,姓名,单位编码,单位名称,单位类型"
ABSENCE = f"{HEADINGS},离岗开始,离岗结束,离岗原因,代岗人工号"
CERTIFICATE = f"{HEADINGS},执法证号,证件类型,证件有效期"
ONE, TWO = "001,张一,V1,东村,村社区", "002,李二,V1,东村,村社区"


def load(db: Session, tmp_path: Path, headings: str, *rows: str, columns: dict[str, str] | None = None) -> ImportReport:
    path = write_csv(tmp_path / "staff.csv", headings, *rows)
    return import_staff(db, path, columns=columns, by="tester", now=NOON)


def staff(db: Session, number: str) -> Staff:
    return db.scalars(select(Staff).where(Staff.staff_no == number).execution_options(populate_existing=True)).one()


def count(db: Session, model: type) -> int:
    return db.scalar(select(func.count()).select_from(model)) or 0


def test_new_people_arrive_with_their_unit(db: Session, tmp_path: Path):
    report = load(db, tmp_path, f"{HEADINGS},岗位,电话", f"{ONE},专职网格员,0513-8888", f"{TWO},,")
    assert not report.problems
    assert (report.rows, report.loaded, report.committed) == (2, 2, False)
    assert report.counts == {"new": 2, "changed": 0, "unchanged": 0, "ended": 0, "units new": 1}
    one = staff(db, "001")
    assert (one.name, one.post, one.phone, one.left_on) == ("张一", "专职网格员", "0513-8888", None)
    assert (one.unit.name, one.unit.kind, one.works_at_id) == ("东村", UnitKind.VILLAGE, one.unit_id)
    assert staff(db, "002").phone is None


def test_a_second_reading_changes_nothing(db: Session, tmp_path: Path):
    headings = f"{ABSENCE},执法证号,证件类型,证件有效期,岗位,离职日期"
    rows = (f"{ONE},2026-03-10,2026-03-20,病假,002,Z1,行政执法证,2027-01-01,网格员,", f"{TWO},,,,,,,,,2026-12-31")
    load(db, tmp_path, headings, *rows)
    again = load(db, tmp_path, headings, *rows)
    assert again.counts == {"new": 0, "changed": 0, "unchanged": 2, "ended": 0}
    assert (again.rows, again.loaded) == (2, 0)
    assert (count(db, Staff), count(db, Absence), count(db, Certificate), count(db, Unit)) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ","), ("gb18030", ";"), ("utf-8", "\t"), ("gb18030", ",")]
)
def test_any_encoding_and_delimiter_is_read(db: Session, tmp_path: Path, encoding: str, delimiter: str):
    path = write_csv(tmp_path / "staff.csv", HEADINGS, ONE, TWO, encoding=encoding, delimiter=delimiter)
    assert import_staff(db, path, by="tester", now=NOON).loaded == 2
    assert staff(db, "001").name == "张一"


def test_a_workbook_is_read_with_its_days(db: Session, tmp_path: Path):
    path = write_xlsx(
        tmp_path / "staff.xlsx", f"{HEADINGS},离岗开始,离岗结束",
        ["001", "张一", "V1", "东村", "村社区", datetime.fromisoformat("2026-03-10"), date(2026, 3, 20)],
    )  # fmt: skip
    assert import_staff(db, path, by="tester", now=NOON).loaded == 1
    absence = db.scalars(select(Absence)).one()
    assert (absence.away.lower, absence.away.upper) == (day("2026-03-10"), day("2026-03-21"))


def test_english_headings_and_initials_are_understood(db: Session, tmp_path: Path):
    report = load(db, tmp_path, "staff_no,XM,DWBM,unit_name,unit_kind,phone", "001,张一,V1,东村,village,12345")
    assert report.loaded == 1
    assert report.detected.columns["name"] == "XM"


def test_a_mapping_names_columns_that_nobody_could_guess(db: Session, tmp_path: Path):
    named = {"staff_no": "A", "name": "B", "unit_code": "C"}
    make_unit(db, "V1", UnitKind.VILLAGE)
    assert load(db, tmp_path, "A,B,C", "001,张一,V1", columns=named).loaded == 1


def test_every_problem_is_told_at_once_with_its_row_and_nothing_is_loaded(db: Session, tmp_path: Path):
    report = load(
        db, tmp_path, f"{ABSENCE},所属区划编码,实际工作单位编码,证件有效期",
        ",张一,V1,东村,村社区,,,,,,,",
        "002,,V1,东村,村社区,,,,,,,",
        "003,王三,V1,东村,居委会大院,,,,,,,",
        "004,赵四,V1,西村,村社区,,,,,,,",
        "005,钱五,V1,东村,村社区,2026-03-10,2026-03-01,,,,,",
        "006,孙六,V1,东村,村社区,2026-03-10,,,006,,,",
        "007,周七,V1,东村,村社区,2026-03-10,,,999,,,",
        "008,吴八,V1,东村,村社区,三月十日,,,,,,",
        "009,郑九,V1,东村,村社区,,2026-03-10,,,,,",
        "010,冯十,V1,东村,村社区,,,,,,V9,",
        "010,陈甲,V1,东村,村社区,,,,,,,2026-02-30",
        "001,张一,V2,,,,,,,,,",
        "3.2E+11,褚乙,V1,东村,村社区,,,,,,,",
    )  # fmt: skip
    assert told(report) == [
        (1, "工号", "empty"),
        (2, "姓名", "empty"),
        (3, "单位类型", "unknown-word"),
        (4, "单位名称", "unit-contradicts"),
        (5, "离岗结束", "absence-ends-first"),
        (6, "代岗人工号", "deputy-is-self"),
        (7, "代岗人工号", "unknown-staff"),
        (8, "离岗开始", "not-a-time"),
        (9, "离岗结束", "absence-without-beginning"),
        (10, "实际工作单位编码", "unknown-unit"),
        (11, "证件有效期", "not-a-time"),
        (12, "单位名称", "empty"),
        (12, "单位类型", "empty"),
        (13, "工号", "digits-lost"),
    ]
    assert (report.loaded, count(db, Staff), count(db, Unit)) == (0, 0, 0)
    assert "row 4, 单位名称: unit V1 is “西村” here and “东村” in row 7" in list(report.lines())


def test_several_things_wrong_with_one_row_are_all_told(db: Session, tmp_path: Path):
    report = load(db, tmp_path, ABSENCE, "001,,V1,东村,庄园,2026-03-10,2026-03-01,,001")
    assert [code for _, _, code in told(report)] == ["empty", "unknown-word", "absence-ends-first", "deputy-is-self"]


def test_a_number_that_repeats_is_told_with_the_row_it_repeats(db: Session, tmp_path: Path):
    report = load(db, tmp_path, HEADINGS, ONE, TWO, "001,张一,V1,东村,村社区")
    assert told(report) == [(3, "工号", "repeated")]
    assert report.problems[0].message == "001 stands in row 1 already; one person has one row"


def test_a_missing_column_is_told_with_the_columns_there_are(db: Session, tmp_path: Path):
    report = load(db, tmp_path, "工号,单位编码", "001,V1")
    assert told(report) == [(None, "name", "missing-column")]
    assert "工号" in report.problems[0].message


def test_a_file_that_is_no_table_is_refused_with_a_sentence(db: Session, tmp_path: Path):
    path = tmp_path / "staff.csv"
    path.write_bytes(b"")
    report = import_staff(db, path, by="tester", now=NOON)
    assert (report.blocks, report.problems[0].code) == (True, "file-empty")


def test_a_table_without_rows_is_told(db: Session, tmp_path: Path):
    assert told(load(db, tmp_path, HEADINGS)) == [(None, None, "no-rows")]


def test_names_and_phones_are_corrected_in_place(db: Session, tmp_path: Path):
    load(db, tmp_path, f"{HEADINGS},电话", f"{ONE},1", f"{TWO},2")
    report = load(db, tmp_path, f"{HEADINGS},电话", f"{ONE},1", "002,李贰,V1,东村,村社区,3")
    assert report.counts == {"new": 0, "changed": 1, "unchanged": 1, "ended": 0}
    assert (staff(db, "002").name, staff(db, "002").phone) == ("李贰", "3")


def test_an_empty_cell_clears_and_a_missing_column_keeps(db: Session, tmp_path: Path):
    load(db, tmp_path, f"{HEADINGS},岗位,电话", f"{ONE},网格员,1")
    load(db, tmp_path, f"{HEADINGS},岗位", f"{ONE},")
    assert (staff(db, "001").post, staff(db, "001").phone) == (None, "1")


def test_people_missing_from_a_list_stay(db: Session, tmp_path: Path):
    load(db, tmp_path, HEADINGS, ONE, TWO)
    load(db, tmp_path, HEADINGS, ONE)
    assert count(db, Staff) == 2


def test_who_leaves_is_counted_as_ended(db: Session, tmp_path: Path):
    load(db, tmp_path, HEADINGS, ONE)
    report = load(db, tmp_path, f"{HEADINGS},离职日期", f"{ONE},2026-03-31")
    assert report.counts == {"new": 0, "changed": 0, "unchanged": 0, "ended": 1}
    assert staff(db, "001").left_on == date(2026, 3, 31)


def test_somebody_may_work_in_another_unit_of_the_file_or_of_the_records(db: Session, tmp_path: Path):
    make_unit(db, "T1")
    rows = (f"{ONE},V2", "002,李二,V2,西村,村社区,T1")
    assert load(db, tmp_path, f"{HEADINGS},实际工作单位编码", *rows).loaded == 2
    assert [staff(db, number).works_at.code for number in ("001", "002")] == ["V2", "T1"]
    load(db, tmp_path, HEADINGS, ONE, "002,李二,V2,西村,村社区")
    assert staff(db, "001").works_at.code == "V2"
    load(db, tmp_path, f"{HEADINGS},实际工作单位编码", f"{ONE},")
    assert staff(db, "001").works_at.code == "V1"


def test_a_known_unit_needs_only_its_code(db: Session, tmp_path: Path):
    make_unit(db, "V1", UnitKind.VILLAGE)
    report = load(db, tmp_path, "工号,姓名,单位编码", "001,张一,V1")
    assert (report.problems, report.loaded) == ([], 1)


def test_a_units_name_kind_and_area_are_corrected_in_place(db: Session, tmp_path: Path):
    village = add_area(db, AreaKind.VILLAGE, "329901001001")
    unit = make_unit(db, "V1", UnitKind.DEPARTMENT)
    report = load(db, tmp_path, f"{HEADINGS},所属区划编码", f"{ONE},329901001001")
    assert report.counts["units changed"] == 1
    db.refresh(unit)
    assert (unit.name, unit.kind, unit.area_id) == ("东村", UnitKind.VILLAGE, village.id)
    assert "units changed" not in load(db, tmp_path, HEADINGS, ONE).counts


def test_the_area_of_a_unit_is_one_of_its_own_kind(db: Session, tmp_path: Path):
    add_area(db, AreaKind.VILLAGE, "A1")
    township = add_area(db, AreaKind.TOWNSHIP, "A1")
    load(db, tmp_path, f"{HEADINGS},所属区划编码", "001,张一,T1,东镇,镇街,A1")
    assert staff(db, "001").unit.area_id == township.id


@pytest.mark.parametrize("code", ["329901002", "329901009"], ids=["no longer in force", "never known"])
def test_an_area_that_is_not_in_force_is_a_warning(db: Session, tmp_path: Path, code: str):
    add_area(db, AreaKind.TOWNSHIP, "329901002", until=day("2026-01-01"))
    report = load(db, tmp_path, f"{HEADINGS},所属区划编码", f"001,张一,T1,东镇,镇街,{code}")
    assert warned(report) == [(1, "所属区划编码", "unknown-area")]
    assert (report.loaded, staff(db, "001").unit.area_id) == (1, None)


def test_an_absence_counts_through_its_last_day_and_names_the_deputy(db: Session, tmp_path: Path):
    rows = (f"{ONE},2026/3/10,2026年3月20日,病假,002", f"{TWO},2026-03-10 08:30,2026-03-10 12:00,,")
    assert load(db, tmp_path, ABSENCE, *rows).loaded == 2
    first, second = db.scalars(select(Absence).order_by(Absence.id))
    assert (first.away.lower, first.away.upper) == (day("2026-03-10"), day("2026-03-21"))
    assert (first.reason, first.deputy_id) == ("病假", staff(db, "002").id)
    assert second.away.upper == day("2026-03-10").replace(hour=12)


def test_a_deputy_may_stand_in_the_records_only(db: Session, tmp_path: Path):
    deputy = add_staff(db, "900", make_unit(db, "V9", UnitKind.VILLAGE))
    load(db, tmp_path, ABSENCE, f"{ONE},2026-03-10,,,900")
    assert db.scalars(select(Absence)).one().deputy_id == deputy.id


def test_a_known_beginning_sets_the_return(db: Session, tmp_path: Path):
    load(db, tmp_path, ABSENCE, f"{ONE},2026-03-10,,病假,", TWO + ",,,,")
    report = load(db, tmp_path, ABSENCE, f"{ONE},2026-03-10,2026-03-20,病假,002", TWO + ",,,,")
    assert (report.counts["changed"], report.counts["absences changed"]) == (1, 1)
    absence = db.scalars(select(Absence).execution_options(populate_existing=True)).one()
    assert (absence.away.upper, absence.deputy_id) == (day("2026-03-21"), staff(db, "002").id)


def test_an_absence_over_a_recorded_one_blocks(db: Session, tmp_path: Path):
    load(db, tmp_path, ABSENCE, f"{ONE},2026-03-10,2026-03-20,,")
    report = load(db, tmp_path, ABSENCE, f"{ONE},2026-03-20,2026-03-25,,")
    assert told(report) == [(1, "离岗开始", "absence-overlaps")]
    assert load(db, tmp_path, ABSENCE, f"{ONE},2026-03-21,2026-03-25,,").counts["absences new"] == 1


def test_a_recorded_absence_without_end_is_recalled(db: Session, tmp_path: Path):
    load(db, tmp_path, ABSENCE, f"{ONE},2026-03-10,,,")
    report = load(db, tmp_path, ABSENCE, f"{ONE},,,,")
    assert warned(report) == [(1, "离岗开始", "absence-open")]
    assert not report.blocks


def test_a_deputy_without_an_absence_is_a_warning(db: Session, tmp_path: Path):
    report = load(db, tmp_path, ABSENCE, f"{ONE},,,,002", f"{TWO},,,,")
    assert warned(report) == [(1, "离岗开始", "no-absence")]
    assert count(db, Absence) == 0


def test_certificates_are_kept_with_their_last_day(db: Session, tmp_path: Path):
    report = load(db, tmp_path, CERTIFICATE, f"{ONE},Z1,行政执法证,2027-06-30", f"{TWO},Z2,,长期")
    assert (report.problems, report.counts["certificates new"]) == ([], 2)
    assert [one.expires_on for one in db.scalars(select(Certificate).order_by(Certificate.number))] == [
        date(2027, 6, 30),
        date(9999, 12, 31),
    ]
    renewed = load(db, tmp_path, CERTIFICATE, f"{ONE},Z1,行政执法证,2030-06-30", f"{TWO},Z2,,长期")
    assert (renewed.counts["changed"], renewed.counts["unchanged"]) == (1, 1)


def test_doubtful_certificates_are_warnings(db: Session, tmp_path: Path):
    report = load(
        db, tmp_path, CERTIFICATE, f"{ONE},Z1,,2026-03-13", f"{TWO},Z2,,2026-03-14",
        "003,王三,V1,东村,村社区,Z3,,", "004,赵四,V1,东村,村社区,Z3,,2027-01-01",
        "005,钱五,V1,东村,村社区,,,2027-01-01", "006,孙六,V1,东村,村社区,无,,",
    )  # fmt: skip
    assert warned(report) == [
        (1, "证件有效期", "certificate-expired"),
        (3, "证件有效期", "certificate-undated"),
        (4, "执法证号", "certificate-shared"),
        (5, "执法证号", "certificate-without-number"),
    ]
    assert (report.loaded, count(db, Certificate)) == (6, 4)


def test_a_column_of_days_decides_its_own_order(db: Session, tmp_path: Path):
    report = load(db, tmp_path, CERTIFICATE, f"{ONE},Z1,,03/04/2027", f"{TWO},Z2,,25/04/2027")
    assert report.loaded == 2
    assert any("day/month/year" in note for note in report.detected.notes)
    assert db.scalar(select(Certificate.expires_on).where(Certificate.number == "Z1")) == date(2027, 4, 3)


def test_a_row_with_too_many_cells_is_not_loaded_shifted(db: Session, tmp_path: Path):
    report = load(db, tmp_path, HEADINGS, f"{ONE},what", TWO)
    assert told(report) == [(1, None, "too-many-cells")]


def test_characters_that_no_database_keeps_are_dropped(db: Session, tmp_path: Path):
    report = load(db, tmp_path, HEADINGS, "001,张\x07一,V1,东村,村社区")
    assert (report.loaded, staff(db, "001").name) == (1, "张 一")


def test_who_imported_what_is_logged(db: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        load(db, tmp_path, HEADINGS, ONE)
    assert "staff.csv by tester" in caplog.text


def test_three_thousand_people_take_seconds(db: Session, tmp_path: Path):
    rows = [
        f"{n:05d},人员{n},V{n % 250},村{n % 250},村社区,Z{n},2027-01-01,2026-03-10,2026-03-20,{(n + 1) % 3000:05d}"
        for n in range(3000)
    ]
    headings = f"{HEADINGS},执法证号,证件有效期,离岗开始,离岗结束,代岗人工号"
    began = time.perf_counter()
    assert load(db, tmp_path, headings, *rows).counts["new"] == 3000
    assert load(db, tmp_path, headings, *rows).counts["unchanged"] == 3000
    assert time.perf_counter() - began < 30


def test_two_imports_of_staff_wait_for_each_other(engine: Engine, tmp_path: Path):
    path = write_csv(tmp_path / "staff.csv", HEADINGS, ONE)
    with session_for(engine) as first, session_for(engine) as second:
        import_staff(first, path, by="tester", now=NOON)
        second.execute(text("SET LOCAL lock_timeout = '200ms'"))
        with pytest.raises(Exception, match="lock timeout"):
            import_staff(second, path, by="tester", now=NOON)
        first.rollback()
        second.rollback()
        assert import_staff(second, path, by="tester", now=NOON).loaded == 1
        second.rollback()


def test_what_is_odd_about_a_file_is_told_together_with_the_column_it_lacks(db: Session, tmp_path: Path):
    report = load(db, tmp_path, "工号,备注,备注,单位编码", "001,,,V1")
    assert told(report) == [(None, "name", "missing-column")]
    assert warned(report) == [(None, "备注", "heading-repeated")]
