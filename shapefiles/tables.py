"""CSV and XLSX files whose bytes depend on their rows alone."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook

from shapefiles.layers import add_to_zip

Row = Sequence[object]


def write_csv(path: Path, headings: Sequence[str], rows: Iterable[Row], *, encoding: str, delimiter: str = ",") -> None:
    """Write a table with Windows line ends, as office programs do; None is left blank."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(headings)
        writer.writerows(rows)


def write_xlsx(path: Path, sheet: str, headings: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a workbook of one sheet. No text may begin with an equals sign: it would become a formula."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.append(list(headings))
    for row in rows:
        page.append(list(row))
    draft = io.BytesIO()
    book.save(draft)
    _undate(draft, path)


def _undate(draft: io.BytesIO, path: Path) -> None:
    """Copy a workbook without the moment at which it was made."""
    with zipfile.ZipFile(draft) as made, zipfile.ZipFile(path, "w") as archive:
        for name in sorted(made.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = made.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-01-01T00:00:00Z", content)
            add_to_zip(archive, name, content)
