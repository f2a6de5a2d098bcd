"""Tables as offices send them: text of any delimiter and encoding, or a spreadsheet; plain, gzipped or in a zip.

A `Table` is read row by row and again at every asking, so that a hundred thousand rows need no memory. Nothing
is thrown away in silence: records of the wrong length, headings that repeat and numbers that lost their
digits become problems.
"""

import re
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from geo.sentences import say
from importers.archives import TABLES, refuse_foreign_archive, unpacked_table
from importers.delimited import HEADING_WITHIN, SAMPLE_RECORDS, DelimitedText, read_delimited
from importers.encodings import AUTO
from importers.errors import FileEmpty, FileMissing, NoTable, UnknownFormat, UnsupportedFormat
from importers.headings import Headings, find_headings
from importers.report import Detected, Problem
from importers.values import DecimalSign, decimal_sign, is_scientific
from importers.workbooks import EXCEL_DIGITS, Sheet, read_workbook


@dataclass(frozen=True, slots=True)
class Row:
    """One data row. `number` counts the rows that hold anything from 1; `line` is its line in the file or the sheet."""

    number: int
    line: int
    cells: dict[str, str]
    problems: tuple[Problem, ...] = ()


@dataclass
class Table:
    """A table whose headings are known. Iterate it for its rows, as often as needed.

    `problems` are complete once it has been iterated to the end; those of a single row stand with the row too.
    """

    path: Path
    columns: tuple[str, ...]
    detected: Detected
    problems: list[Problem]
    _source: DelimitedText | Sheet
    _headings: Headings
    _strip: bool = True
    _before: tuple[Problem, ...] = field(default=(), repr=False)

    @property
    def decimal(self) -> DecimalSign | None:
        """The decimal sign that the first rows prove, for `parse_number`."""
        return ("," if self.detected.decimal == "," else ".") if self.detected.decimal else None

    def __iter__(self) -> Iterator[Row]:
        return self.rows()

    def rows(self) -> Iterator[Row]:
        """Yield the rows that hold anything. Raises ReadError where the file turns out to be damaged."""
        self.problems[:] = self._before
        watch, number = _DigitWatch(), 0
        for line, record in islice(self._source.records(), self._headings.last + 1, None):
            cells = [cell.strip() for cell in record] if self._strip else record
            if not any(cell.strip() for cell in record):
                continue
            number += 1
            problems = tuple(self._length_problems(number, cells))
            self.problems.extend(problems)
            row = Row(number, line, dict(zip(self.columns, self._fitted(cells), strict=True)), problems)
            watch.see(row)
            yield row
        self.problems.extend(watch.problems())

    def column(self, heading: str) -> Iterator[str]:
        """Yield one column's cells, for deciding something over all of it."""
        return (row.cells[heading] for row in self.rows())

    def _fitted(self, cells: Sequence[str]) -> list[str]:
        return [*cells[: len(self.columns)], *[""] * (len(self.columns) - len(cells))]

    def _length_problems(self, number: int, cells: Sequence[str]) -> Iterator[Problem]:
        """Report a row that does not fit its headings. Too many cells shift the rest: that row must not be loaded."""
        expected, beyond = len(self.columns), [cell for cell in cells[len(self.columns) :] if cell.strip()]
        if beyond:
            said = say(
                "{cells} cells under {headings} headings (“{text}” is one too many); a delimiter inside a text that is"
                " not quoted?",
                cells=len(cells), headings=expected, text=beyond[0][:40],
            )  # fmt: skip
            yield Problem(number, None, "too-many-cells", said)
        elif len(cells) < expected and isinstance(self._source, DelimitedText):
            said = say(
                "{cells} cells under {headings} headings; the missing ones were taken for empty",
                cells=len(cells), headings=expected,
            )  # fmt: skip
            yield Problem(number, None, "too-few-cells", said, "warn")
        swallowed = next((cell for cell in cells if cell.count("\n") >= 2 and self._looks_like_rows(cell)), None)
        if swallowed is not None:
            said = say(
                "one cell holds {lines} lines that look like rows; a quotation mark is probably not closed",
                lines=swallowed.count("\n") + 1,
            )
            yield Problem(number, None, "quote-not-closed", said)

    def _looks_like_rows(self, cell: str) -> bool:
        delimiter = self.detected.delimiter
        lines = cell.splitlines()[1:-1]
        if not delimiter or not lines or len(self.columns) < 2:
            return False
        return all(line.count(delimiter) >= len(self.columns) - 1 for line in lines)


def read_table(
    path: Path | str,
    *,
    encoding: str = AUTO,
    sheet: str | None = None,
    known: frozenset[str] = frozenset(),
    strip: bool = True,
) -> Table:
    """Open the one table in a file. `known` are the headings hoped for (`columns.known_headings`).

    They help to find the heading row, the sheet and the delimiter, and decide nothing else. With `strip` off the cells
    are exactly those of the file. Raises ReadError.
    """
    path = Path(path)
    unpacked = ExitStack()
    try:
        inside = unpacked.enter_context(unpacked_table(path)) if path.suffix.casefold() == ".zip" else path
        source = _open_source(inside, encoding, sheet, known)
        table = _with_headings(path, source, known, strip)
    except BaseException:
        unpacked.close()
        raise
    weakref.finalize(table, unpacked.close)
    return table


def _open_source(path: Path, encoding: str, sheet: str | None, known: frozenset[str]) -> DelimitedText | Sheet:
    if not path.is_file():
        raise FileMissing(path)
    if path.stat().st_size == 0:
        raise FileEmpty(path)
    refuse_foreign_archive(path)
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_OLE):
        raise UnsupportedFormat(
            path,
            format=say("an old Excel file or one with a password"),
            advice=say("Open it and save it as .xlsx without a password, or as CSV"),
        )
    if head.startswith(b"PK\x03\x04") and path.name.casefold().endswith((".xls", ".xlsx", ".xlsm")):
        return read_workbook(path, sheet=sheet, known=known)
    if re.match(rb"\s*(<!doctype|<html|<\?xml|<table)", head, re.IGNORECASE):
        advice = say("Open it in a spreadsheet and save it as .xlsx")
        raise UnsupportedFormat(path, format=say("a web page"), advice=advice)
    if not path.name.casefold().endswith((*TABLES, ".xls")):
        raise UnknownFormat(path, known=(".csv", ".txt", ".tab", ".xlsx", ".csv.gz", say(".zip with one of them")))
    return read_delimited(path, encoding=encoding, known=known)


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _with_headings(path: Path, source: DelimitedText | Sheet, known: frozenset[str], strip: bool) -> Table:
    sample = list(islice(source.records(), SAMPLE_RECORDS))
    headings = find_headings([cells for _, cells in sample[:HEADING_WITHIN]], known)
    if headings is None:
        raise NoTable(path, reason=say("it has no row that holds anything"))
    data = [cell for _, cells in sample[headings.last + 1 :] for cell in cells]
    line = sample[headings.first][0]
    notes = (*source.notes, *((say("the headings are in line {line}", line=line),) if line > 1 else ()))
    detected = Detected(
        encoding=source.encoding.removesuffix("-SIG") if isinstance(source, DelimitedText) else None,
        delimiter=source.delimiter if isinstance(source, DelimitedText) else None,
        layer=source.name if isinstance(source, Sheet) else None,
        decimal=decimal_sign(data),
        header_line=line,
        notes=notes,
    )
    before = (*source.problems, *headings.problems)
    return Table(path, headings.columns, detected, list(before), source, headings, strip, before)


class _DigitWatch:
    """Notices, column by column, numbers that a spreadsheet has spoilt: 3.2E+14, sixteen digits, zeros gone in front.

    Whether it matters only the importer knows, who knows which column is a code: these are warnings.
    """

    def __init__(self) -> None:
        self._spoilt: dict[tuple[str, str], tuple[int, str, int]] = {}
        self._zeros: dict[str, set[int]] = {}
        self._short: dict[str, tuple[int, str]] = {}

    def see(self, row: Row) -> None:
        for heading, cell in row.cells.items():
            if not cell or not cell[-1].isdigit():
                continue
            if cell.isdigit():
                self._see_digits(row.number, heading, cell)
            elif "+" in cell and is_scientific(cell):
                self._count(heading, "digits-lost", row.number, cell)

    def problems(self) -> Iterator[Problem]:
        for (heading, code), (row, example, times) in self._spoilt.items():
            said = say("“{example}”: {why}", example=example, why=_SPOILT[code])
            if times > 1:
                said = say("“{example}” and {count} more: {why}", example=example, count=times - 1, why=_SPOILT[code])
            yield Problem(row, heading, code, said, "warn")
        for heading, lengths in self._zeros.items():
            row, example = self._short.get(heading, (0, ""))
            if len(lengths) == 1 and 0 < len(example) < min(lengths):
                said = say(
                    "“{example}” is shorter than the {digits} digits of those that begin with 0: {why}",
                    example=example, digits=min(lengths), why=_SPOILT["zeros-lost"],
                )  # fmt: skip
                yield Problem(row, heading, "zeros-lost", said, "warn")

    def _see_digits(self, row: int, heading: str, cell: str) -> None:
        if cell[0] == "0" and len(cell) > 2:
            self._zeros.setdefault(heading, set()).add(len(cell))
        elif heading not in self._short or len(cell) < len(self._short[heading][1]):
            self._short[heading] = row, cell
        if len(cell) > EXCEL_DIGITS and not cell[EXCEL_DIGITS:].strip("0"):
            self._count(heading, "digits-zeroed", row, cell)

    def _count(self, heading: str, code: str, row: int, cell: str) -> None:
        first_row, example, times = self._spoilt.get((heading, code), (row, cell, 0))
        self._spoilt[heading, code] = first_row, example, times + 1


_SPOILT = {
    "digits-lost": say("a spreadsheet shortened the number and its last digits are gone; make the column text"),
    "digits-zeroed": say(
        "a spreadsheet keeps {digits} digits, so the zeros at the end may stand for others", digits=EXCEL_DIGITS
    ),
    "zeros-lost": say("a spreadsheet may have dropped zeros in front"),
}
