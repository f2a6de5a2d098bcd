"""Loading reports from files: good rows in, bad rows back with the reason, nothing twice."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from database.sealing import Seal
from geo.crs import DatumError, from_wgs84
from importers.report import ImportReport
from importers.reports import import_reports
from incidents.actors import Actor
from incidents.intake import Reception
from incidents.models import Incident
from incidents.words import Channel, QueueReason
from incidents.workflow import State
from staffing.words import UnitKind
from tests.factories import NOW, make_duty, make_ladder, make_staff, make_unit
from tests.indexes import IndexOf

SEAL = Seal("a secret of sixteen characters")
HEADINGS = ("工单编号", "上报时间", "问题描述", "地址", "经度", "纬度")
Cells = Sequence[Any]


def row(number: str, **cells: Any) -> list[str]:
    """One good row in grid `a`, but for what is given."""
    good = {
        "工单编号": number, "上报时间": "2026-03-01 08:05", "问题描述": f"路灯不亮 {number}", "地址": "望湖街12号",
        "经度": "119.005", "纬度": "33.005",
    }  # fmt: skip
    return [str((good | cells)[heading]) for heading in HEADINGS]


def write(
    folder: Path, *rows: Cells, headings: Cells = HEADINGS, encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    path = folder / "reports.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([headings, *rows])
    return path


def load(db: Session, path: Path, **given: Any) -> ImportReport:
    return import_reports(
        db, path, by=Actor("tester"), now=NOW, reception=Reception(IndexOf(db), SEAL),
        **{"channel": Channel.HOTLINE, "datum": "wgs84", **given},
    )  # fmt: skip


def stored(db: Session) -> list[Incident]:
    return list(db.scalars(select(Incident).order_by(Incident.id)))


def figures(report: ImportReport) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


@pytest.fixture(autouse=True)
def ladder(db: Session) -> dict[str, Any]:
    places: dict[str, Any] = make_ladder(db)
    desk = make_unit(db, "T", UnitKind.TOWNSHIP, places["township"])
    make_duty(db, make_staff(db, "W1", desk), places["a"])
    return places


# --- good rows --------------------------------------------------------------------------------------------------


def test_rows_become_incidents_in_their_grid(db: Session, ladder: dict[str, Any], tmp_path: Path):
    report = load(db, write(tmp_path, row("1"), row("2", 经度="119.015")))
    assert figures(report) == {"new": 2, "located": 2}
    assert (report.rows, report.loaded, report.problems, report.blocks) == (2, 2, [], False)
    first, second = stored(db)
    assert (first.grid, second.grid) == (ladder["a"], ladder["b"])
    assert (first.external_number, first.text, first.address) == ("1", "路灯不亮 1", "望湖街12号")
    assert first.reported_at == datetime(2026, 3, 1, 0, 5, tzinfo=UTC), "local time, where no zone is written"


@pytest.mark.parametrize(("encoding", "delimiter"), [("gb18030", ","), ("utf-8-sig", ";"), ("utf-8", "\t")])
def test_encodings_and_delimiters_are_found_and_said(db: Session, tmp_path: Path, encoding: str, delimiter: str):
    report = load(db, write(tmp_path, row("1"), row("2"), encoding=encoding, delimiter=delimiter))
    assert report.loaded == 2
    assert report.detected.delimiter == delimiter
    assert (report.detected.encoding or "").casefold() == encoding.removesuffix("-sig")


def test_a_workbook_is_read_like_a_table_of_text(db: Session, tmp_path: Path):
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(HEADINGS)
    book.active.append(["1", datetime(2026, 3, 1, 8, 5), "路灯不亮", "望湖街", 119.005, 33.005])  # noqa: DTZ001 - as a cell
    book.save(tmp_path / "reports.xlsx")
    assert load(db, tmp_path / "reports.xlsx").loaded == 1
    assert stored(db)[0].reported_at == datetime(2026, 3, 1, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "EPSG:4549"])
def test_coordinates_are_taken_for_what_the_channel_declares(
    db: Session, ladder: dict[str, Any], tmp_path: Path, datum: str
):
    x, y = from_wgs84(119.0098, 33.005, datum)
    report = load(db, write(tmp_path, row("1", 经度=repr(x), 纬度=repr(y))), datum=datum)
    assert report.detected.datum == datum
    incident = stored(db)[0]
    assert (incident.grid, incident.raw_x, incident.raw_y, incident.raw_datum) == (ladder["a"], x, y, datum)


def test_a_column_decides_on_its_decimal_sign_and_the_order_of_its_days(db: Session, tmp_path: Path):
    path = write(
        tmp_path,
        row("1", 上报时间="03/04/2026 08:05", 经度="119,005", 纬度="33,005"),
        row("2", 上报时间="25/04/2026 08:05", 经度="119,0051", 纬度="33,0051"),
        delimiter=";",
    )
    report = load(db, path)
    assert report.loaded == 2
    assert stored(db)[0].reported_at == datetime(2026, 4, 3, 0, 5, tzinfo=UTC)
    assert stored(db)[0].raw_x == 119.005
    assert any("read as day/month/year, as in “25/04/2026”" in note for note in report.detected.notes)


def test_a_date_and_a_time_in_two_columns_are_one_moment(db: Session, tmp_path: Path):
    path = write(tmp_path, ["路灯不亮", "20260301", "023000"], headings=["描述", "日期", "时间"])
    load(db, path, columns={"text": "描述", "reported_at": "日期", "reported_time": "时间"})
    assert stored(db)[0].reported_at == datetime(2026, 2, 28, 18, 30, tzinfo=UTC)


def test_a_record_of_the_past_keeps_how_it_ended(db: Session, tmp_path: Path):
    headings = [*HEADINGS, "办理时间", "办结时间", "处理结果"]
    path = write(tmp_path, [*row("1"), "2026-03-02 09:00", "2026-03-03 10:00", "已修复"], headings=headings)
    load(db, path)
    incident = stored(db)[0]
    assert (incident.state, incident.closed_at) == (State.CLOSED, datetime(2026, 3, 3, 2, 0, tzinfo=UTC))


def test_what_cannot_be_placed_is_stored_and_counted_by_reason(db: Session, tmp_path: Path):
    report = load(
        db,
        write(
            tmp_path,
            row("1", 经度="", 纬度=""),
            row("2", 经度="0", 纬度="0"),
            row("3", 经度="120", 纬度="30"),
            row("4", 经度="118.9999", 纬度="33.005"),
            row("5", 经度="119.015"),
        ),
    )
    assert figures(report) == {
        "new": 5, "located": 1, "snapped": 1, "unlocated": 3,
        "queued no-coordinates": 1, "queued unusable-coordinates": 1, "queued outside-all-grids": 1,
    }  # fmt: skip


def test_a_default_point_is_recognised_by_the_whole_file(db: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importers.reports.BATCH", 10)
    rows = [row(str(n), 经度=f"{119.001 + n * 1e-5:.5f}") for n in range(60)]
    rows[::2] = [row(str(n)) for n in range(0, 60, 2)]
    monkeypatch.setattr("incidents.positions.PLACEHOLDER_LEAST", 30)
    report = load(db, write(tmp_path, *rows))
    assert report.counts["queued placeholder-point"] == 30, "those of the first batches too"
    first = db.scalars(select(Incident).where(Incident.external_number == "0")).one()
    assert first.queue_reason is QueueReason.PLACEHOLDER_POINT


# --- bad rows ---------------------------------------------------------------------------------------------------


def test_bad_rows_go_to_a_file_with_the_reason_and_good_ones_are_loaded(db: Session, tmp_path: Path):
    path = write(
        tmp_path,
        row("1"),
        row("2", 问题描述=" "),
        row("3", 经度="不详", 上报时间="上周"),
        row("4", 纬度=""),
        row("3.2E+14"),
        row("6"),
    )
    rejects = tmp_path / "rejects.csv"
    report = load(db, path, rejects=rejects)
    assert (report.loaded, report.counts["rejected"], report.blocks) == (2, 4, False)
    assert {problem.severity for problem in report.problems} == {"warn"}
    assert rejects.read_bytes().startswith(b"\xef\xbb\xbf"), "so that a spreadsheet reads Chinese"
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert list(written[0]) == [*HEADINGS, "row", "problem"]
    assert [(each["row"], each["工单编号"]) for each in written] == [
        ("2", "2"), ("3", "3"), ("4", "4"), ("5", "3.2E+14"),
    ]  # fmt: skip
    assert written[0]["problem"] == "问题描述: empty"
    assert written[1]["problem"] == "经度: “不详” is not a number; 上报时间: “上周” is not a date or time"
    assert "lat is missing" in written[2]["problem"]
    assert "lost its digits" in written[3]["problem"]


def test_a_clean_file_leaves_no_file_of_rejects(db: Session, tmp_path: Path):
    load(db, write(tmp_path, row("1")), rejects=tmp_path / "rejects.csv")
    assert not (tmp_path / "rejects.csv").exists()


def test_a_row_with_too_many_cells_is_not_loaded_shifted(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, row("1"), [*row("2"), "one too many"]))
    assert (report.loaded, report.counts["rejected"]) == (1, 1)


@pytest.mark.parametrize("never", ["0001-01-01", "0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_what_programs_write_for_never_is_told_as_no_time(db: Session, tmp_path: Path, never: str):
    report = load(db, write(tmp_path, row("1"), row("2", 上报时间=never)))
    assert (report.loaded, report.counts["rejected"]) == (1, 1)


def test_times_out_of_order_are_told(db: Session, tmp_path: Path):
    path = write(tmp_path, row("1"), [*row("2"), "2026-02-01"], headings=[*HEADINGS, "办结时间"])
    report = load(db, path)
    assert any("out of order" in problem.message for problem in report.problems)


def test_a_file_of_which_no_row_can_be_loaded_blocks(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, row("1", 问题描述="")))
    assert report.blocks and report.problems[-1].code == "nothing-loadable"


def test_a_file_without_the_text_says_which_columns_it_has(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, ["1", "2"], headings=["甲", "乙"]))
    assert report.blocks
    assert [(problem.field, problem.code) for problem in report.problems] == [("text", "missing-column")]


def test_a_file_that_is_no_table_is_refused_with_a_sentence(db: Session, tmp_path: Path):
    path = tmp_path / "reports.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    assert load(db, path).blocks


def test_an_unknown_datum_is_refused_before_anything_is_read(db: Session, tmp_path: Path):
    with pytest.raises(DatumError):
        load(db, write(tmp_path, row("1")), datum="mars")


# --- nothing twice ----------------------------------------------------------------------------------------------


def test_a_second_run_loads_nothing_twice(db: Session, tmp_path: Path):
    path = write(tmp_path, row("1"), row("2"))
    load(db, path)
    assert figures(load(db, path)) == {"known": 2}
    assert len(stored(db)) == 2


def test_a_later_export_adds_only_what_is_new(db: Session, tmp_path: Path):
    load(db, write(tmp_path, row("1"), row("2")))
    assert figures(load(db, write(tmp_path, row("2"), row("3")))) == {"new": 1, "known": 1, "located": 1}


def test_a_number_that_stands_twice_in_a_file_is_one_report_and_told(db: Session, tmp_path: Path):
    report = load(db, write(tmp_path, row("1"), row("2"), row("1", 问题描述="再次反映")))
    assert figures(report) == {"new": 2, "known": 1, "located": 2}
    assert [(problem.row, problem.code, problem.severity) for problem in report.problems] == [
        (3, "external-number-repeated", "warn")
    ]


def test_rows_without_numbers_are_known_by_what_they_say(db: Session, tmp_path: Path):
    same, other = row("", 问题描述="路灯不亮"), row("", 问题描述="井盖破损")
    path = write(tmp_path, same, other, same)
    assert figures(load(db, path)) == {"new": 3, "located": 3}, "two that say the same are two"
    assert figures(load(db, path)) == {"known": 3}
    assert figures(load(db, write(tmp_path, same, same, same, other))) == {"new": 1, "known": 3, "located": 1}


def test_the_form_of_the_file_makes_no_new_report(db: Session, tmp_path: Path):
    load(db, write(tmp_path, row("", 上报时间="2026-03-01 08:05", 经度="119.0050")))
    again = load(db, write(tmp_path, row("", 上报时间="2026年3月1日 8时5分"), encoding="gb18030", delimiter=";"))
    assert figures(again) == {"known": 1}


def test_the_same_words_from_another_channel_are_another_report(db: Session, tmp_path: Path):
    path = write(tmp_path, row(""))
    load(db, path)
    assert figures(load(db, path, channel=Channel.CITIZEN))["new"] == 1


def test_a_dry_run_leaves_nothing_behind(db: Session, tmp_path: Path):
    with db.begin_nested() as savepoint:
        assert load(db, write(tmp_path, row("1"))).loaded == 1
        savepoint.rollback()
    assert db.scalar(select(func.count()).select_from(Incident)) == 0
