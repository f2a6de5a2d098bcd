"""Tables written row by row: what becomes of people's words in them, and that a file is whole or not there."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from geo.exports.errors import UnknownEnding
from importers import written_tables
from importers.written_tables import TooManyRows, check_writable, write_table
from incidents.clock import LOCAL

WHEN = datetime(2026, 3, 16, 8, 5, tzinfo=LOCAL)
DANGEROUS = [
    "=1+2", "+86", "-5", "@SUM(A1)", "\t=1", "\n=1", "＝1+2", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0",
]  # fmt: skip


def written(out: Path, *rows: list[Any]) -> Path:
    assert write_table(out, ["a", "b"], rows) == len(rows)
    return out


def cells(path: Path) -> list[list[Any]]:
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["reports"]
    return [list(row) for row in book["reports"].iter_rows()]


def test_a_csv_is_known_by_excel_as_utf_8_and_keeps_every_value(tmp_path: Path):
    out = written(tmp_path / "out.csv", ["井盖，\n“缺失”", 119.005], [None, WHEN], ["0012", -33.5])
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["a", "b"], ["井盖，\n“缺失”", "119.005"], ["", "2026-03-16T08:05:00+08:00"], ["0012", "-33.5"],
        ]  # fmt: skip


def test_a_workbook_has_texts_numbers_and_local_times(tmp_path: Path):
    headings, first, second = cells(written(tmp_path / "out.xlsx", ["0012", 119.005], [None, WHEN]))
    assert [cell.value for cell in headings] == ["a", "b"] and headings[0].font.bold
    assert [cell.value for cell in first] == ["0012", 119.005]
    assert (second[0].value, second[1].value) == (None, WHEN.replace(tzinfo=None))
    assert second[1].number_format == "yyyy-mm-dd hh:mm:ss"


@pytest.mark.parametrize("words", DANGEROUS)
def test_no_words_of_people_become_a_formula(tmp_path: Path, words: str):
    with written(tmp_path / "out.csv", [words, words]).open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == [f"'{words}", f"'{words}"]
    _headings, row = cells(written(tmp_path / "out.xlsx", [words, "plain"]))
    assert (row[0].value, row[0].data_type, row[0].quotePrefix) == (words, "s", True)
    assert (row[1].value, row[1].quotePrefix) == ("plain", False)


def test_what_looks_like_a_fault_of_a_sheet_is_a_text(tmp_path: Path):
    _headings, row = cells(written(tmp_path / "out.xlsx", ["#N/A", "x"]))
    assert (row[0].value, row[0].data_type) == ("#N/A", "s")


def test_signs_that_would_keep_a_workbook_from_opening_are_left_out(tmp_path: Path):
    _headings, row = cells(written(tmp_path / "out.xlsx", ["a\x08b\ufffec\uffff", "line\nbreak"]))
    assert [cell.value for cell in row] == ["abc", "line\nbreak"]


def test_more_rows_than_a_sheet_holds_are_refused_and_a_csv_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    check_writable(Path("out.xlsx"), 1_048_575)
    check_writable(Path("out.csv"), 1_048_576)
    with pytest.raises(TooManyRows, match="A sheet holds 1048575 rows and there are more"):
        check_writable(Path("out.xlsx"), 1_048_576)
    # More of them came since somebody counted.
    monkeypatch.setattr(written_tables, "MOST_ROWS", 2)
    written(tmp_path / "out.xlsx", ["1", "1"], ["2", "2"])
    with pytest.raises(TooManyRows):
        write_table(tmp_path / "more.xlsx", ["a"], [["1"], ["2"], ["3"]])
    assert [path.name for path in tmp_path.iterdir()] == ["out.xlsx"]


@pytest.mark.parametrize("name", ["out.xls", "out", "csv"])
def test_another_ending_is_refused(tmp_path: Path, name: str):
    with pytest.raises(UnknownEnding, match=r"must end in \.csv, \.xlsx\."):
        write_table(tmp_path / name, ["a"], [["1"]])


@pytest.mark.parametrize("ending", ["csv", "xlsx", "CSV"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError])
def test_broken_off_it_leaves_what_was_there(tmp_path: Path, ending: str, fault: type[BaseException]):
    out = tmp_path / f"out.{ending}"
    out.write_bytes(b"of last month")

    def rows() -> Iterator[list[str]]:
        yield ["1"]
        assert [path.name for path in tmp_path.iterdir() if path != out] != []  # half of it lies elsewhere
        raise fault

    with pytest.raises(fault):
        write_table(out, ["a"], rows())
    assert out.read_bytes() == b"of last month"
    assert list(tmp_path.iterdir()) == [out]


def test_rows_are_written_as_they_come(tmp_path: Path):
    # One list for all rows: a writer that kept them would have the last one a hundred times.
    row = [0.0]

    def rows() -> Iterator[list[float]]:
        for number in range(100):
            row[0] = float(number)
            yield row

    assert write_table(tmp_path / "out.xlsx", ["a"], rows()) == 100
    assert [each[0].value for each in cells(tmp_path / "out.xlsx")[1:]] == list(range(100))
