"""Tables as offices send them."""

import csv
import gzip
import time
import tracemalloc
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from importers.columns import Wanted, known_headings
from importers.errors import (
    ArchiveDamaged,
    ArchiveHoldsSeveral,
    FileDamaged,
    FileEmpty,
    FileMissing,
    NoTable,
    ReadError,
    SeveralSheets,
    SheetMissing,
    TextImplausible,
    TextUndecodable,
    UnknownFormat,
    UnsupportedFormat,
)
from importers.tables import read_table
from importers.values import day_order, parse_number

STAFF = "工号,姓名,单位编码\n0017,王芳,320684001\n0018,李娜,320684002\n"


def written(folder: Path, content: bytes | str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(folder: Path, *sheets: list[list[object]], name: str = "a.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


def cells(path: Path, **how: object) -> list[list[str]]:
    return [list(row.cells.values()) for row in read_table(path, **how)]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("gb18030", "GB18030"),
        ("gbk", "GB18030"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
    ],
)
def test_the_encoding_of_a_text_table_is_found(tmp_path, encoding, said):
    table = read_table(written(tmp_path, STAFF.encode(encoding)))
    assert table.detected.encoding == said
    assert table.columns == ("工号", "姓名", "单位编码")
    assert [row.cells["姓名"] for row in table] == ["王芳", "李娜"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_although_quoted_texts_are_full_of_others(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["工单编号", "问题描述", "地址"])
        writer.writerows([[f"{n}", "水管漏水, 多日; 无人|处理\t急,,,\n第二行", "人民路 1 号"] for n in range(30)])
    table = read_table(path)
    assert table.detected.delimiter == delimiter
    rows = list(table)
    assert len(rows) == 30
    assert rows[29].cells["问题描述"].endswith("第二行")
    assert table.problems == []


def test_decimal_commas_do_not_hide_the_semicolon(tmp_path):
    path = written(tmp_path, "时间;经度;纬度\n2026-03-01;121,637;31,201\n2026-03-02;121,6371;31,2011\n")
    table = read_table(path)
    assert (table.detected.delimiter, table.decimal) == (";", ",")
    row = next(iter(table))
    assert parse_number(row.cells["经度"], decimal=table.decimal) == 121.637


def test_the_sep_line_of_a_spreadsheet_is_obeyed_and_counted(tmp_path):
    table = read_table(written(tmp_path, "sep=;\na;b\n1;2\n"))
    assert table.detected.delimiter == ";"
    assert [(row.number, row.line, row.cells) for row in table] == [(1, 3, {"a": "1", "b": "2"})]


def test_rows_count_from_one_and_keep_their_line_in_the_file(tmp_path):
    path = written(tmp_path, 'a,b\n\n1,"two\nlines"\n,\n3,4\n')
    assert [(row.number, row.line) for row in read_table(path)] == [(1, 3), (2, 6)]


def test_titles_above_the_headings_are_passed_over_and_said(tmp_path):
    path = written(tmp_path, "XX县网格员花名册,,\n填报单位：城关镇,,\n" + STAFF)
    table = read_table(path)
    assert table.columns == ("工号", "姓名", "单位编码")
    assert table.detected.header_line == 3
    assert "the headings are in line 3" in table.detected.notes
    assert next(iter(table)).cells["工号"] == "0017"


def test_known_headings_find_their_row_where_its_shape_does_not(tmp_path):
    known = known_headings([Wanted("staff_no", ("工号",)), Wanted("name", ("姓名",))])
    path = written(tmp_path, "表一,人员,2026年,草稿\n工号,姓名,,\n1,王芳,,\n")
    assert read_table(path, known=known).columns == ("工号", "姓名")
    assert read_table(path).columns[0] == "表一"


def test_headings_on_two_levels_are_joined(tmp_path):
    path = workbook(
        tmp_path,
        [
            ["事件清单"],
            ["编号", "坐标", None, "时间", None],
            [None, "经度", "纬度", "起", "止"],
            [1, 121.5, 31.2, "2026-03-01", "2026-03-02"],
        ],
    )
    table = read_table(path)
    assert table.columns == ("编号", "经度", "纬度", "起", "止")
    assert [row.line for row in table] == [4]


def test_lower_headings_that_repeat_take_the_upper_one_with_them(tmp_path):
    upper, lower = ["编号", "白班", None, "夜班", None], [None, "姓名", "电话", "姓名", "电话"]
    path = workbook(tmp_path, [upper, lower, [1, "a", 2, "b", 3]])
    assert read_table(path).columns == ("编号", "白班姓名", "白班电话", "夜班姓名", "夜班电话")


def test_a_first_row_with_a_gap_is_not_taken_for_a_second_level(tmp_path):
    path = written(tmp_path, "a,,c\nx,,z\n")
    table = read_table(path)
    assert table.columns == ("a", "(column 2)", "c")
    assert len(list(table)) == 1


def test_repeated_headings_are_told_apart_and_reported(tmp_path):
    table = read_table(written(tmp_path, "名称,名称,编码\n一,二,3\n"))
    assert table.columns == ("名称 (1)", "名称 (2)", "编码")
    assert [(problem.code, problem.severity) for problem in table.problems] == [("heading-repeated", "warn")]


def test_a_row_with_too_many_cells_is_blocked_and_one_with_too_few_is_filled(tmp_path):
    table = read_table(written(tmp_path, "a,b,c\n1,2,3\n1,x,y,3\n1,2\n1,2,3,,\n"))
    rows = list(table)
    assert [problem.code for problem in rows[1].problems] == ["too-many-cells"]
    assert rows[1].problems[0].blocks
    assert "“3”" in rows[1].problems[0].message
    assert [problem.code for problem in rows[2].problems] == ["too-few-cells"]
    assert rows[2].cells == {"a": "1", "b": "2", "c": ""}
    assert rows[3].problems == ()
    assert len(table.problems) == 2
    assert len(list(table)) == 4
    assert len(table.problems) == 2


def test_an_unclosed_quotation_mark_is_noticed(tmp_path):
    rows = "".join(f"{n},text,{n}\n" for n in range(20))
    table = read_table(written(tmp_path, f'a,b,c\n1,"broken,1\n{rows}'))
    list(table)
    assert "quote-not-closed" in {problem.code for problem in table.problems}


def test_an_unclosed_quotation_mark_in_a_large_file_is_refused(tmp_path):
    rows = "".join(f"{n},some longer text,{n}\n" for n in range(20_000))
    table = read_table(written(tmp_path, f'a,b,c\n{rows}1,"broken,1\n{rows}'))
    with pytest.raises(FileDamaged, match=r"line 20002 never ends"):
        list(table)


def test_nul_bytes_are_left_out_and_said(tmp_path):
    table = read_table(written(tmp_path, b"a,b\n1\x00,2\n"))
    assert [row.cells for row in table] == [{"a": "1", "b": "2"}]
    assert [problem.code for problem in table.problems] == ["nul-bytes"]


def test_line_ends_of_every_system_are_understood(tmp_path):
    for number, end in enumerate(("\n", "\r\n", "\r")):
        assert cells(written(tmp_path, end.join(["a,b", "1,2", "3,4"]), f"{number}.csv")) == [["1", "2"], ["3", "4"]]


def test_spaces_around_cells_go_unless_the_file_is_wanted_as_it_is(tmp_path):
    path = written(tmp_path, "a,b\n 1 ,\u3000二\u3000\n")
    assert cells(path) == [["1", "二"]]
    assert cells(path, strip=False) == [[" 1 ", "\u3000二\u3000"]]


def test_numbers_a_spreadsheet_has_spoilt_are_pointed_out(tmp_path):
    text = "工号,编码,长码\n007,3.20684E+14,320684101001001000\n12,320684101001001,320684101001001234\n"
    table = read_table(written(tmp_path, text))
    list(table)
    found = {(problem.field, problem.code, problem.row) for problem in table.problems}
    assert found == {("编码", "digits-lost", 1), ("长码", "digits-zeroed", 1), ("工号", "zeros-lost", 2)}
    assert all(not problem.blocks for problem in table.problems)


def test_gzipped_and_zipped_tables_are_read_as_if_they_lay_open(tmp_path):
    packed = written(tmp_path, gzip.compress(STAFF.encode("gbk")), "staff.csv.gz")
    with zipfile.ZipFile(tmp_path / "staff.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
        archive.writestr("a/staff.csv", STAFF)
    table = read_table(tmp_path / "staff.zip")
    assert len(list(table)) == len(list(table)) == 2
    assert cells(packed) == cells(tmp_path / "staff.zip")


def test_the_unpacked_copy_goes_when_the_table_goes(tmp_path):
    with zipfile.ZipFile(tmp_path / "staff.zip", "w") as archive:
        archive.writestr("staff.csv", STAFF)
    table = read_table(tmp_path / "staff.zip")
    copy = table._source.path
    assert copy.exists()
    del table
    assert not copy.exists()


def test_a_workbook_is_read_as_it_is_seen(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["编码", "工号", "日期", "时间", "经度", "空", "对"])
    moment = datetime.fromisoformat("2026-03-01T08:05")
    sheet.append([320684101001001, 17, date(2026, 3, 1), moment, 121.6371, None, True])
    sheet["B2"].number_format = "0000"
    book.save(tmp_path / "a.xlsx")
    [row] = read_table(tmp_path / "a.xlsx")
    assert list(row.cells.values()) == [
        "320684101001001",
        "0017",
        "2026-03-01",
        "2026-03-01 08:05:00",
        "121.6371",
        "",
        "TRUE",
    ]


def test_empty_rows_and_sheets_of_a_workbook_do_not_count(tmp_path):
    path = workbook(tmp_path, [], [[None], ["a", "b"], [None, None], [1, 2], [None, None], [None, None]], [])
    table = read_table(path)
    assert table.detected.layer == "Sheet2"
    assert [(row.number, row.line, row.cells) for row in table] == [(1, 4, {"a": "1", "b": "2"})]


def test_of_several_full_sheets_none_is_guessed(tmp_path):
    path = workbook(tmp_path, [["a"], [1]], [["工号", "姓名"], [1, "王芳"]])
    with pytest.raises(SeveralSheets, match="Sheet1, Sheet2"):
        read_table(path)
    assert cells(path, sheet="Sheet1") == [["1"]]
    with pytest.raises(SheetMissing, match="Sheet9"):
        read_table(path, sheet="Sheet9")
    known = known_headings([Wanted("staff_no", ("工号",)), Wanted("name", ("姓名",))])
    table = read_table(path, known=known)
    assert table.detected.layer == "Sheet2"
    assert "sheets left aside: Sheet1" in table.detected.notes


def test_a_size_a_workbook_declares_wrongly_hides_nothing(tmp_path):
    path = workbook(tmp_path, [["a", "b"], [1, 2], [3, 4]])
    lying = tmp_path / "lying.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(lying, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename.endswith("sheet1.xml"):
                assert b'ref="A1:B3"' in content
                content = content.replace(b'ref="A1:B3"', b'ref="A1"')
            new.writestr(info, content)
    assert cells(lying) == [["1", "2"], ["3", "4"]]


def test_a_workbook_that_breaks_off_half_way_is_refused(tmp_path):
    path = workbook(tmp_path, [["a", "b"], *[[n, n] for n in range(100)]])
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info, content[:-500] if info.filename.endswith("sheet1.xml") else content)
    with pytest.raises(FileDamaged, match="Sheet1"):
        list(read_table(broken))


@pytest.mark.parametrize(
    ("name", "content", "refusal", "said"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), UnsupportedFormat, "save it as .xlsx"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table>", UnsupportedFormat, "web page"),
        ("a.csv", b"", FileEmpty, "is empty"),
        ("a.csv", b"\n\n \n", NoTable, "no row that holds anything"),
        ("a.xlsx", b"PK\x03\x04nonsense", ReadError, "cannot be"),
        ("a.csv", b"%PDF-1.7 \xff\xff", UnknownFormat, "no kind that can be read"),
        ("a.pdf", b"abc", UnknownFormat, "no kind that can be read"),
        ("a.csv.gz", b"abc", ArchiveDamaged, "no gzip file"),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n" * 999, mtime=0)[:-20], ArchiveDamaged, "its end is missing"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", UnsupportedFormat, "7-Zip"),
        ("a.zip", b"not a zip", ArchiveDamaged, "no zip file"),
        ("a.csv", "Name\nMünchen, Größe\n".encode("latin1"), ReadError, "Say the encoding"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(tmp_path, name, content, refusal, said):
    path = written(tmp_path, content, name)
    with pytest.raises(refusal, match=said):
        list(read_table(path))


def test_a_missing_file_and_a_zip_of_several_tables_are_refused(tmp_path):
    with pytest.raises(FileMissing):
        read_table(tmp_path / "none.csv")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "a\n1\n")
    with pytest.raises(ArchiveHoldsSeveral, match=r"a\.csv, b\.csv"):
        read_table(tmp_path / "two.zip")


def test_text_that_fits_no_encoding_names_the_line(tmp_path):
    path = written(tmp_path, "编码,名称\n1,好\n".encode("gbk") + b"2,\xff\xff\n")
    with pytest.raises(TextUndecodable, match="line 3") as refused:
        read_table(path)
    assert refused.value.row == 3


def test_latin_text_that_gb18030_would_turn_into_nonsense_is_not_read_so(tmp_path):
    path = written(tmp_path, "street\nRosenstraße\nMüllerweg\nHäuserzeile\n".encode("latin1"))
    with pytest.raises(TextImplausible, match="Müllerweg"):
        read_table(path)
    assert cells(path, encoding="latin1")[0] == ["Rosenstraße"]


def test_a_hundred_thousand_rows_take_seconds_and_little_memory(tmp_path):
    path = tmp_path / "big.csv"
    with path.open("w", encoding="gb18030") as file:
        file.write("工单编号,上报时间,问题描述,地址,经度,纬度,来源\n")
        for n in range(100_000):
            file.write(f"W{n:08d},2026-03-01 08:05:00,路灯不亮已有三天无人处理,人民路{n}号,121.{n:06d},31.2011,热线\n")
    began = time.perf_counter()
    tracemalloc.start(1)
    table = read_table(path)
    first = next(iter(table))
    tracemalloc.stop()
    tracemalloc.start(1)
    assert sum(1 for _ in table) == 100_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert first.cells["地址"] == "人民路0号"
    assert peak < 5_000_000
    assert time.perf_counter() - began < 60


def test_medellin_has_semicolons_and_decimal_commas(shared_data):
    table = read_table(shared_data / "tables" / "medellin_homicides.csv")
    assert (table.detected.delimiter, table.decimal, table.detected.encoding) == (";", ",", "UTF-8")
    lons = [parse_number(row.cells["longitud"], decimal=table.decimal) for row in table]
    assert len(lons) == 9_360
    assert all(lon is None or -76 < lon < -75 for lon in lons)
    assert table.problems == []


def test_lancashire_is_tabs_in_a_gzip(shared_data):
    table = read_table(shared_data / "tables" / "lancashire_asb.tab.gz")
    assert table.detected.delimiter == "\t"
    assert sum(1 for _ in table) == 56_434
    assert table.problems == []


def test_the_austin_workbook_has_one_sheet_per_city_and_asks_which(shared_data):
    path = shared_data / "tables" / "aggravated_assaults.xlsx"
    with pytest.raises(SeveralSheets, match="Austin, Fort Worth, Seattle"):
        read_table(path)
    rows = list(read_table(path, sheet="Austin"))
    assert len(rows) == 8_696
    assert rows[2].cells["date"] == "2019-01-01 00:01:00"
    assert rows[2].cells["longitude"] == "-97.739178"


def test_vancouver_is_the_one_csv_in_a_zip_with_a_licence_beside_it(shared_data):
    rows = list(read_table(shared_data / "vancouver" / "vancouver_crimes_2020.zip"))
    assert len(rows) == 37_512
    assert sum(row.cells["X"] in {"0", "0.0"} for row in rows) == 3_750


@pytest.mark.parametrize(
    ("name", "rows", "order"), [("nyc311_nickmvega", 5_895, "mdy"), ("nyc311_elevator_evgeniimatveev", 22_504, None)]
)
def test_new_york_is_read_whole_and_its_dates_are_decided_over_the_column(name, rows, order, shared_data):
    table = read_table(shared_data / "nyc" / f"{name}.csv.gz")
    heading = next(column for column in table.columns if column.casefold().startswith("created"))
    assert sum(1 for _ in table) == rows
    assert not [problem for problem in table.problems if problem.blocks]
    assert day_order(table.column(heading)).order == order


@pytest.mark.parametrize(("name", "rows"), [("shanghai/addresses.csv", 7_974), ("taiwan/accidents.csv", 1_843)])
def test_chinese_tables_are_read_alike_in_utf8_and_gb18030(tmp_path, name, rows, shared_data):
    original = read_table(shared_data / name)
    text = (shared_data / name).read_text(encoding="utf-8-sig")
    again = read_table(written(tmp_path, text.encode("gb18030")))
    assert again.detected.encoding == "GB18030"
    assert original.columns == again.columns
    assert [row.cells for row in original] == [row.cells for row in again]
    assert sum(1 for _ in original) == rows
