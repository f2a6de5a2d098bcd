"""Sheets of a workbook that read well on paper, A4 across, and in which what people wrote stays text.

A name such as “=1+1” must never be worked out by the office program that opens the workbook.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import gettext as _
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

Value = object
"""Numbers, dates and moments stay what they are, None is left blank, everything else is written as text."""

WHOLE, CHANGE, DATE, MOMENT = "#,##0", "+#,##0;-#,##0;0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
"""How numbers are shown."""

LINE = 15.0
"""The height of a line of text, in points."""

_TALLEST = 409.0  # what office programs allow
THIN = Side(style="thin", color="BFBFBF")
FRAME = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
GREY = Font(color="595959")
_NARROWEST, _PADDING = 6, 2


@dataclass(frozen=True)
class Column:
    """A heading, how the numbers below it are shown, and how wide it may become, in characters."""

    heading: str
    format: str | None = None
    widest: int = 40


class SheetNames:
    """Names of sheets that a workbook accepts: at most 31 characters, none of them []:*?/\\, and none twice."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """Return a name like the wanted one, and keep it from being given again."""
        kept = "".join(" " if character in "[]:*?/\\" else character for character in _clean(wanted))
        plain = kept.strip("' ") or _("Sheet")
        tails = ("", *(f" {number}" for number in range(2, 1000)))
        name = next(name for tail in tails if (name := plain[: 31 - len(tail)] + tail).casefold() not in self._taken)
        self._taken.add(name.casefold())
        return name


def write_table(page: Worksheet, columns: Sequence[Column], rows: Iterable[Sequence[Value]], title: str) -> None:
    """Write a table whose heading stays in sight, on the screen and on every page of paper."""
    widths = [max(map(_width, column.heading.split()), default=0) for column in columns]
    lines = [list(row) for row in rows]
    for line in lines:
        shown = (_width_shown(value) for value in line)
        widths = [max(width, new) for width, new in zip(widths, shown, strict=True)]
    widths = [min(max(w, _NARROWEST), column.widest) for w, column in zip(widths, columns, strict=True)]
    for at, column in enumerate(columns, start=1):
        as_heading(put(page, 1, at, column.heading))
        page.column_dimensions[get_column_letter(at)].width = widths[at - 1] + _PADDING
    page.row_dimensions[1].height = _height([column.heading for column in columns], widths)
    styles: dict[tuple[int, type], StyleArray] = {}  # given to one cell and taken over by the others: ten times quicker
    for row, line in enumerate(lines, start=2):
        for at, (value, column) in enumerate(zip(line, columns, strict=True), start=1):
            if (alike := (at, type(value))) in styles:
                _cell(page, row, at, value)._style = copy(styles[alike])  # type: ignore[attr-defined]
                continue
            cell = put(page, row, at, value)
            cell.border, cell.alignment = FRAME, Alignment(vertical="top", wrap_text=True)
            if column.format:
                cell.number_format = column.format
            styles[alike] = cell._style  # type: ignore[attr-defined]
        page.row_dimensions[row].height = _height(line, widths)
    page.freeze_panes = "A2"
    page.print_title_rows = "1:1"
    page.auto_filter.ref = f"A1:{get_column_letter(max(len(columns), 1))}{len(lines) + 1}"
    for_paper(page, title)


def as_heading(cell: Cell) -> None:
    """Make a cell look like the heading of a column."""
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E7EDF3")
    cell.border = FRAME
    cell.alignment = Alignment(vertical="center", wrap_text=True)


def put(page: Worksheet, row: int, column: int, value: Value) -> Cell:
    """Write a value; text as text, also where it looks like a formula, and when somebody edits the cell later."""
    cell = _cell(page, row, column, value)
    if isinstance(value, datetime):
        cell.number_format = MOMENT
    elif isinstance(value, (date, time)):
        cell.number_format = DATE if isinstance(value, date) else "hh:mm"
    elif cell.data_type == "s":
        cell.quotePrefix = True
    return cell


def _cell(page: Worksheet, row: int, column: int, value: Value) -> Cell:
    """Write a value and nothing of how it looks."""
    cell = page.cell(row, column)
    if not isinstance(cell, Cell):
        raise TypeError("no value is written into a merged cell")
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        cell.value = value
    elif isinstance(value, datetime):
        cell.value = value.replace(tzinfo=None)
    elif isinstance(value, (date, time)):
        cell.value = value
    else:
        cell.value = _clean(str(value))
        cell.data_type = "s"
    return cell


def _clean(text: str) -> str:
    """Drop the characters that a workbook cannot hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)


def for_paper(page: Worksheet, title: str, *, one_page: bool = False) -> None:
    """Print a sheet A4 across, as wide as the paper; on one page if asked. The title is at the foot of each page."""
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, int(one_page)
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_margins.left = page.page_margins.right = 0.5  # inches
    page.print_options.horizontalCentered = True
    foot = HeaderFooterItem()
    foot.left.text, foot.center.text, foot.right.text = _clean(title)[:80].replace("&", "&&"), "&A", "&P / &N"
    page.HeaderFooter.oddFooter = foot


# --- how much room text takes -----------------------------------------------------------------------------------


def _width(text: str) -> int:
    """Count columns as a typewriter would: Chinese characters are two wide."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _width_shown(value: Value) -> int:
    if value is None:
        return 0
    if isinstance(value, (int, float)):
        return len(f"{value:,.0f}")
    if isinstance(value, datetime):
        return len(MOMENT)
    return max(map(_width, str(value).splitlines()), default=0)


def lines_needed(value: Value, width: int) -> int:
    """Return how many lines a text takes in a column so many characters wide."""
    return sum(max(-(-_width(line) // width), 1) for line in str(value).splitlines()) or 1


def _height(line: Sequence[Value], widths: Sequence[int]) -> float:
    """Return the height of a row in points: programs other than Excel do not fit rows to wrapped text by themselves."""
    needed = (lines_needed(value, width) for value, width in zip(line, widths, strict=True))
    return min(LINE * max(needed, default=1), _TALLEST)
