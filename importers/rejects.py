"""Rows that an import left out, given back as a table with the reason, to be mended and sent again."""

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from importers.tables import Row


class Rejects:
    """The file of rows that were not loaded, made with the first of them, in a form that spreadsheets open."""

    def __init__(self, path: Path | None, columns: Sequence[str], files: ExitStack) -> None:
        self._path = path
        self._columns = columns
        self._files = files
        self._writer: Any = None

    def write(self, row: Row, problem: str) -> None:
        """Add a row as it was, its number and what is wrong with it."""
        if self._path is None:
            return
        if self._writer is None:
            file = self._files.enter_context(self._path.open("w", encoding="utf-8-sig", newline=""))
            self._writer = csv.writer(file)
            self._writer.writerow([*self._columns, "row", "problem"])
        self._writer.writerow([*(row.cells[column] for column in self._columns), row.number, problem])
