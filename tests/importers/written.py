"""Small tables as offices write them, in a test's own folder."""

import csv
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from importers.report import ImportReport

Cells = Sequence[object]


def write_csv(path: Path, headings: str, *rows: str, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """Write a table given as lines of cells separated by commas."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows(line.split(",") for line in (headings, *rows))
    return path


def write_xlsx(path: Path, headings: str, *rows: Cells) -> Path:
    """Write a workbook of one sheet; cells keep their types."""
    book = Workbook()
    for cells in (headings.split(","), *rows):
        book.active.append(list(cells))
    book.save(path)
    return path


def told(report: ImportReport, severity: str = "block") -> list[tuple[int | None, str | None, str]]:
    """Row, field and code of each problem of one severity."""
    return [(one.row, one.field, one.code) for one in report.problems if one.severity == severity]


def warned(report: ImportReport) -> list[tuple[int | None, str | None, str]]:
    """Row, field and code of each warning."""
    return told(report, "warn")
