"""Tables in .xlsx workbooks: one sheet, read row by row, every cell as the text that a person sees in it."""

import re
import warnings
import weakref
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from geo.sentences import Sentence, listed, passed_on, say
from importers.archives import check_zip
from importers.columns import count_known
from importers.delimited import HEADING_WITHIN
from importers.errors import FileDamaged, NoTable, SeveralSheets, SheetMissing
from importers.report import Problem
from importers.values import as_text

EXCEL_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; the ones after them are zeros."""

_WORKBOOK = say("an Excel workbook")


@dataclass
class Sheet:
    """One sheet of a workbook, read again at every asking. The workbook is closed when the sheet is forgotten."""

    path: Path
    name: str
    book: Any
    notes: tuple[Sentence, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        weakref.finalize(self, self.book.close)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row with its number in the sheet."""
        for number, row in enumerate(_rows(self.path, self.book, self.name), 1):
            yield number, [cell_text(cell) for cell in row]


def read_workbook(path: Path, *, sheet: str | None = None, known: frozenset[str] = frozenset()) -> Sheet:
    """Find the sheet that is meant: the one named, the only one with rows, or the only one with `known` headings.

    Raises SeveralSheets or SheetMissing with the names to choose from.
    """
    check_zip(path)
    book = _opened(path)
    try:
        name, others = _chosen(path, book, sheet, known)
    except BaseException:
        book.close()
        raise
    return Sheet(path, name, book, (say("sheets left aside: {sheets}", sheets=listed(others)),) if others else ())


def _chosen(path: Path, book: Any, wanted: str | None, known: frozenset[str]) -> tuple[str, list[str]]:
    """Return the name of the sheet to read, and of those that hold something too."""
    names = tuple(each.title for each in book.worksheets)
    if wanted is not None:
        if wanted not in names:
            raise SheetMissing(path, sheet=wanted, sheets=names)
        return wanted, []
    heads = {name: head for name in names if (head := _head(path, book, name))}
    chosen = [name for name in heads if book[name].sheet_state == "visible"] or list(heads)
    if len(chosen) > 1 and known:
        chosen = [name for name in chosen if max(count_known(row, known) for row in heads[name]) > 1] or chosen
    if not chosen:
        raise NoTable(path, reason=say("its sheets are empty"))
    if len(chosen) > 1:
        raise SeveralSheets(path, sheets=tuple(chosen))
    return chosen[0], [name for name in heads if name != chosen[0]]


def cell_text(cell: Any) -> str:
    """Return a cell as it is seen: zeros that its format puts in front, whole numbers without a fraction."""
    value = cell.value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        padded = re.match(r"0{2,}(?![.0])", str(cell.number_format))
        if padded and float(value).is_integer():
            return str(int(value)).zfill(len(padded[0]))
    return as_text(value)


def _opened(path: Path) -> Any:
    """Open a workbook for reading its values; what openpyxl warns about (styles, validation) is not our concern."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except _DAMAGE as fault:
        raise FileDamaged(path, format=_WORKBOOK, reason=passed_on(type(fault).__name__)) from None


_DAMAGE = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError,
    KeyError, ValueError, IndexError, TypeError, AttributeError, NotImplementedError, OverflowError,
)  # fmt: skip
"""What openpyxl raises on broken files; an XML fault is a SyntaxError."""


def _rows(path: Path, book: Any, name: str) -> Iterator[Sequence[Any]]:
    """Yield a sheet's rows; the size it declares is not believed, since programs write it wrongly."""
    sheet = book[name]
    sheet.reset_dimensions()
    rows = sheet.iter_rows()
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except _DAMAGE as fault:
            reason = say("sheet “{sheet}”, {why}", sheet=name, why=passed_on(type(fault).__name__))
            raise FileDamaged(path, format=_WORKBOOK, reason=reason) from None
        yield row


def _head(path: Path, book: Any, name: str) -> list[list[str]]:
    """Return the first rows that hold something."""
    filled = (cells for row in _rows(path, book, name) if any(cells := [cell_text(cell) for cell in row]))
    return list(islice(filled, HEADING_WITHIN))
