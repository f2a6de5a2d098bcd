"""The workbook that goes round for signatures, opened again: numbers are numbers, and what people wrote stays text."""

from __future__ import annotations

import doctest
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from shapely import box
from shapely.geometry import Polygon

from geo.crs import area_m2
from geo.redraws.comparing import compare
from geo.redraws.differences import Comparison, DifferenceKind
from geo.redraws.mends import DraftGrid
from webmap.plans import diff_workbook
from webmap.plans.diff_workbook import FIELD_NAMES, KIND_NAMES, EffectTable, write_workbook

CELL = 0.001


def ground(west: float, south: float, east: float, north: float) -> Polygon:
    return box(119 + west * CELL, 33 + south * CELL, 119 + east * CELL, 33 + north * CELL)


def grid(code: str, name: str, outline: Polygon, households: int | None = 400) -> DraftGrid:
    return DraftGrid(1, code, name, outline, households=households)


STAYS = grid("C", "西河村第三网格", ground(0, 5, 1, 6))


def a_split() -> Comparison:
    """One grid became two, one of which took a strip from a neighbour; a third stays as it is."""
    before = [grid("A", "West gate", ground(0, 0, 4, 1)), grid("N", "Neighbour", ground(4, 0, 9, 1)), STAYS]
    after = [
        grid("A", "West gate", ground(0, 0, 2, 1), 180), grid("B", "=HYPERLINK(1)", ground(2, 0, 5, 1), 240),
        grid("N", "Neighbour", ground(5, 0, 9, 1)), STAYS,
    ]  # fmt: skip
    return compare(before, after)


def written(comparison: Comparison, *effects: EffectTable, title: str = "Spring campaign", **facts: object) -> bytes:
    return write_workbook(
        comparison.to_json(unchanged=False),
        effects,
        title=title,
        author="Zhao Li",
        made_on=date(2026, 3, 1),
        facts=list(facts.items()),
    )


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def rows(page: Worksheet) -> list[tuple[object, ...]]:
    return list(page.iter_rows(values_only=True))


def beside(page: Worksheet, text: str) -> tuple[object, ...]:
    """What stands in the row that begins with a text."""
    return next(row[1:] for row in rows(page) if row[0] == text)


def test_the_examples_in_the_documentation_are_true():
    assert doctest.testmod(diff_workbook).failed == 0


def test_the_first_sheet_says_what_it_is_about_and_sums_up():
    page = opened(written(a_split(), Scope="Riverside"))["Summary"]
    assert page["A1"].value == "Spring campaign"
    assert beside(page, "Author")[0] == "Zhao Li"
    assert beside(page, "Date")[0] == datetime(2026, 3, 1)  # noqa: DTZ001 - a workbook knows no time zones
    assert beside(page, "Scope")[0] == "Riverside"
    assert [beside(page, name)[0] for name in ("Split", "Border moved", "Unchanged", "Merged")] == [1, 1, 1, 0]
    whole = area_m2(ground(0, 0, 9, 1)) + area_m2(STAYS.outline)
    assert beside(page, "Before")[:4] == (3, pytest.approx(whole), 1200, 0)
    assert beside(page, "After")[:4] == (4, pytest.approx(whole), 1220, 0)
    strip = pytest.approx(area_m2(ground(4, 0, 5, 1)))
    assert beside(page, "All differences")[:2] == (strip, strip)


def test_the_first_sheet_leaves_room_for_three_signatures_each_with_a_date():
    page = opened(written(a_split()))["Summary"]
    assert ("Prepared by", None, "Checked by", None, "Approved by", None) in rows(page)
    at = next(row for row in rows(page) if row[0] == "Signature")
    assert at == ("Signature", None, "Signature", None, "Signature", None)
    line = next(cell for row in page for cell in row if cell.value == "Signature").offset(column=1)
    assert line.border.bottom.style == "thin"


def test_every_difference_has_a_line_and_what_stays_has_none():
    page = opened(written(a_split()))["Differences"]
    heading, split, moved = rows(page)
    assert dict(zip(heading, split, strict=True)) == {
        "No.": 1, "Kind": "Split", "Codes before": "A", "Names before": "West gate",
        "Codes after": "A\nB", "Names after": "West gate\n=HYPERLINK(1)",
        "Households before": 400, "Households after": 420, "Difference in households": 20,
        "Area before, m²": pytest.approx(area_m2(ground(0, 0, 4, 1))),
        "Area after, m²": pytest.approx(area_m2(ground(0, 0, 5, 1))),
        "Gained, m²": pytest.approx(area_m2(ground(4, 0, 5, 1))), "Lost, m²": 0,
        "Remarks": split[-1],
    }  # fmt: skip
    assert str(split[-1]).splitlines() == [
        "The code A goes on.",
        "A → A: 50.0 % of the old one, 100 % of the new one",
        "A → B: 50.0 % of the old one, 66.7 % of the new one",
        f"{area_m2(ground(4, 0, 5, 1)):,.0f} m² from N",
    ]
    assert moved[1:3] == ("Border moved", "N")
    assert str(moved[-1]).endswith("m² to B")


def test_what_else_changed_is_named():
    after = DraftGrid(1, "C", "Third grid", STAYS.outline, parent="V", households=None)
    _, line = rows(opened(written(compare([STAYS], [after])))["Differences"])
    assert (line[1], line[-1]) == ("Particulars changed", "Changed: Area name, Lies in, Households")
    assert (line[6], line[7], line[8]) == (400, None, None)


def test_a_new_grid_has_no_households_before_rather_than_none_counted():
    _, line = rows(opened(written(compare([], [STAYS])))["Differences"])
    assert (line[1], line[2], line[6], line[7]) == ("New", None, None, 400)


HOSTILE = ["=1+1", "+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "#N/A"]


def test_what_people_wrote_never_becomes_a_formula():
    comparison = compare([], [grid("=1+2", "=1+1", ground(0, 0, 1, 1))])
    cases = EffectTable("=Cases", ["=A"], [[text] for text in HOSTILE])
    content = written(comparison, cases, title="=2+2", Note="=3+3")
    book = opened(content)
    assert [cell.value for row in book["=Cases"].iter_rows(min_row=2) for cell in row] == HOSTILE
    assert {cell.data_type for page in book for row in page for cell in row} <= {"s", "inlineStr", "n", "d"}
    assert book["Differences"]["E2"].value == "=1+2" and book["Differences"]["E2"].quotePrefix
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


def test_effects_are_further_sheets_and_keep_their_numbers_and_moments():
    moment = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    cases = [["C-1", moment, 3, 0.25], ["C-2", None, None, None]]
    table = EffectTable("Open cases", ["Case", "Due", "Days", "Share"], cases)
    book = opened(written(a_split(), table, EffectTable("Staff", ["Name"], [])))
    assert book.sheetnames == ["Summary", "Differences", "Open cases", "Staff"]
    assert rows(book["Open cases"])[1:] == [("C-1", moment.replace(tzinfo=None), 3, 0.25), ("C-2", None, None, None)]
    assert rows(book["Staff"]) == [("Name",)]


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (["Cases: open/closed [all]?"], ["Cases  open closed  all"]),
        (["x" * 40, "X" * 40], ["x" * 31, "X" * 29 + " 2"]),
        (["summary", "'", ""], ["summary 2", "Sheet", "Sheet 2"]),
    ],
)
def test_any_title_becomes_a_name_that_a_sheet_may_have(titles: Sequence[str], names: Sequence[str]):
    effects = [EffectTable(title, ["A"], []) for title in titles]
    assert opened(written(compare([], []), *effects)).sheetnames[2:] == list(names)


def test_characters_that_no_workbook_can_hold_are_left_out():
    table = EffectTable("Cases", ["What"], [["smoke\x00 and\x0b dust"]])
    assert rows(opened(written(a_split(), table))["Cases"])[1] == ("smoke and dust",)


def test_every_sheet_prints_on_a4_across_and_repeats_its_heading():
    book = opened(written(a_split(), EffectTable("Staff", ["Name"], [["Li"]]), title="Tom & Jerry"))
    for page in book:
        assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
        assert page.sheet_properties.pageSetUpPr.fitToPage and page.page_setup.fitToWidth == 1
        assert page.oddFooter.left.text == "Tom && Jerry"
    for name in ("Differences", "Staff"):
        assert (book[name].freeze_panes, book[name].print_title_rows) == ("A2", "$1:$1")
        assert book[name].page_setup.fitToHeight == 0  # as many pages as it takes
    assert book["Summary"].page_setup.fitToHeight == 1


def test_sizes_are_shown_as_people_write_them_and_columns_fit_what_is_in_them():
    page = opened(written(compare([], [STAYS])))["Differences"]
    assert {page.cell(2, column).number_format for column in (7, 8, 10, 11, 12, 13)} == {"#,##0"}
    assert page["I2"].number_format == "+#,##0;-#,##0;0"
    assert page.column_dimensions["F"].width >= 2 * len(STAYS.name)  # Chinese characters are two columns wide
    assert page.column_dimensions["A"].width < 12


def test_rows_are_as_high_as_their_text_needs():
    table = EffectTable("Cases", ["What"], [["short"], ["long " * 30], ["one\ntwo\nthree"]])
    page = opened(written(a_split(), table))["Cases"]
    heights = [page.row_dimensions[row].height for row in (2, 3, 4)]
    assert heights == [15, 60, 45]


def test_every_kind_and_field_of_a_difference_has_a_name():
    assert set(KIND_NAMES) == set(DifferenceKind)
    assert len({str(name) for name in KIND_NAMES.values()}) == len(KIND_NAMES)
    fields: Iterable[str] = ("name", "parent", "households", "domain")
    assert set(FIELD_NAMES) == set(fields)
