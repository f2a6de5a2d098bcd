"""A crosswalk as JSON, which the planner's page keeps and reads again, and as a table to send round: CSV or XLSX."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from geo.redraws.net_words import verdict_sentence
from geo.redraws.nets import Crosswalk, NetGrid, Shared
from importers.written_tables import FORMULA

COLUMNS = {
    "domain": 14, "code": 18, "name": 22, "verdict": 10, "area_m2": 14, "beyond_m2": 12, "reports": 10,
    "grid": 18, "grid_name": 22, "relation": 10, "shared_m2": 14, "share_of_net": 12, "share_of_grid": 12,
    "cut_m2": 12, "shared_reports": 12, "grid_reports": 12,
}  # fmt: skip
"""The columns, and how wide they are in a workbook. One row for each pair of a departmental and a comprehensive grid;
a departmental grid that shares ground with none has a row of its own."""

SHARES = ("share_of_net", "share_of_grid")


def told(found: Crosswalk, names: Mapping[str, str]) -> dict[str, Any]:
    """A crosswalk as JSON, what needs a decision first. `names` are those of the comprehensive grids, by code."""
    return {
        "tolerance_m": found.tolerance_m,
        "counts": {verdict.value: count for verdict, count in found.counts().items()},
        "grids": [_grid(one, names) for one in found.to_decide()],
    }


def _grid(one: NetGrid, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "row": one.grid.row,
        "code": one.grid.code,
        "name": one.grid.name,
        "verdict": one.verdict.value,
        "sentence": verdict_sentence(one).told(),
        "area_m2": round(one.area_m2, 1),
        "beyond_m2": round(one.beyond_m2, 1),
        "reports": one.reports,
        "shared": [_shared(one, each, names) for each in one.shared],
    }


def _shared(one: NetGrid, each: Shared, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "grid": each.tile,
        "grid_name": names.get(each.tile, ""),
        "relation": each.relation.value,
        "shared_m2": round(each.area_m2, 1),
        "share_of_net": round(one.share(each), 6),
        "share_of_grid": round(each.share_of_tile, 6),
        "cut_m2": round(each.cut_m2, 1),
        "shared_reports": each.reports,
        "grid_reports": each.tile_reports,
    }


def rows(domain: str, grids: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of the table, of the grids of one net as `told`."""
    for grid in grids:
        own = {name: grid[name] for name in ("code", "name", "verdict", "area_m2", "beyond_m2", "reports")}
        for each in grid["shared"] or [{}]:
            yield {"domain": domain} | own | each


def as_csv(found: Iterable[Mapping[str, Any]]) -> bytes:
    """In UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in found:
        writer.writerow([_harmless(row.get(name)) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(found: Iterable[Mapping[str, Any]], headings: Mapping[str, str] | None = None) -> bytes:
    """As a workbook of one sheet; `headings` are what columns are called, where not by their names."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("crosswalk")
    for at, width in enumerate(COLUMNS.values(), 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, (headings or {}).get(name, name), bold=True) for name in COLUMNS])
    for row in found:
        sheet.append([_cell(sheet, row.get(name), share=name in SHARES) for name in COLUMNS])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: Any, value: Any, *, bold: bool = False, share: bool = False) -> Any:
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)  # control characters, which a workbook cannot hold
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"  # a text is a text, also one that begins as a formula does
    if share:
        cell.number_format = "0.0%"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
