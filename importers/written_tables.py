"""Tables of any length written for people and spreadsheets, row by row: .csv or .xlsx, whole or not at all.

Cells hold people's words. What a spreadsheet would take for a formula stays a text: in a workbook it is marked as one,
in a .csv, which cannot say so, a `'` goes before it.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from geo.exports.errors import ExportError, UnknownEnding
from geo.exports.writing import draft_of
from geo.sentences import listed, say

Value = str | float | datetime | None
Rows = Iterable[Sequence[Value]]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A text that begins so is a formula to spreadsheets; those set to Chinese or Japanese take the wide signs, too."""

MOST_ROWS = 1_048_575
"""Rows that a sheet holds under its headings."""

_MOMENT = "yyyy-mm-dd hh:mm:ss"
_WIDTH = 18
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that a workbook cannot hold: with one of them in it, it does not open."""


class TooManyRows(ExportError):
    """There are more rows than a sheet holds; nothing is left out in silence."""


def check_writable(out: Path, rows: int = 0) -> None:
    """Raise UnknownEnding or TooManyRows where so many rows cannot be such a file: before anything is read."""
    ending = out.suffix.casefold()
    if ending not in _WRITERS:
        raise UnknownEnding(say("“{name}” must end in {endings}.", name=out.name, endings=listed(_WRITERS)))
    if ending == ".xlsx" and rows > MOST_ROWS:
        raise _too_many()


def write_table(out: Path, headings: Sequence[str], rows: Rows) -> int:
    """Write the rows under their headings as the ending of `out` says, and return how many there are.

    Moments need a zone: a .csv has them in ISO 8601 with it, a workbook, which knows none, as the local times that
    they are. Whatever is at `out` is replaced once all is written. Raises ExportError, OSError, or what `rows`
    raises; `out` is then as it was.
    """
    check_writable(out)
    with draft_of(out) as draft:
        return _WRITERS[out.suffix.casefold()](draft, headings, rows)


def _too_many() -> TooManyRows:
    said = say("A sheet holds {most} rows and there are more: write a .csv, or a shorter period.", most=MOST_ROWS)
    return TooManyRows(said)


def _as_csv(draft: Path, headings: Sequence[str], rows: Rows) -> int:
    """Write UTF-8 with the mark by which Excel knows it."""
    count = 0
    with draft.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        for count, row in enumerate(rows, 1):  # noqa: B007 - how many there were is what is returned
            writer.writerow([_plain(value) for value in row])
    return count


def _plain(value: Value) -> Value:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _as_xlsx(draft: Path, headings: Sequence[str], rows: Rows) -> int:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("reports")
    sheet.sheet_format.defaultColWidth = _WIDTH
    sheet.freeze_panes = "A2"
    cells = _Cells(sheet)
    count = 0
    try:
        sheet.append(cells.headings(headings))
        for count, row in enumerate(rows, 1):
            if count > MOST_ROWS:  # they became more since somebody counted
                raise _too_many()
            sheet.append(cells.of(row))
    finally:
        sheet.close()
    book.save(draft)
    return count


class _Cells:
    """The cells of a sheet that is written row by row.

    A cell is written as soon as it is yielded; one for moments and one for texts therefore do for all of them, which
    halves the time that styling each anew would take.
    """

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._moment = WriteOnlyCell(sheet)
        self._moment.number_format = _MOMENT
        self._text = WriteOnlyCell(sheet)
        self._text.quotePrefix = True

    def headings(self, headings: Sequence[str]) -> Iterator[Any]:
        for heading in headings:
            cell = WriteOnlyCell(self._sheet, heading)
            cell.font = Font(bold=True)
            yield cell

    def of(self, row: Sequence[Value]) -> Iterator[Any]:
        for value in row:
            if isinstance(value, str):
                yield self._words(value)
            elif isinstance(value, datetime):
                self._moment.value = value.replace(tzinfo=None)
                yield self._moment
            else:
                yield value

    def _words(self, value: str) -> Any:
        """A text as a text, also where it looks like a formula or a fault (#N/A), and when somebody edits it later."""
        value = _NOT_XML.sub("", value)
        if not value.startswith((*FORMULA, "#")):
            return value
        self._text.value = value
        self._text.data_type = "s"
        return self._text


_WRITERS: dict[str, Callable[[Path, Sequence[str], Rows], int]] = {".csv": _as_csv, ".xlsx": _as_xlsx}
