"""A file of areas as the rows of a redraw: every row that can be drawn is kept, whatever is wrong with it.

An import loads areas that are not there yet; a redraw says how areas shall be from a moment on. Both read files
alike.
"""

import gc
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import levels_above
from geo.locate import LocatableArea
from geo.models import Redraw
from geo.redraw_drafts import Planner, append, doubt, put_rows
from geo.redraws.mends import DraftGrid
from geo.redraws.words import RedrawStep
from geo.sentences import say, told
from importers.area_parents import Above, find_parents
from importers.area_rows import AreaRow
from importers.areas import Reading, read_areas
from importers.report import ImportReport, Problem

TOLD_LATER = frozenset({"code-missing", "parent-mismatch"})
"""What the check of the draft tells, too, and there with a proposal."""


@dataclass(frozen=True)
class DraftFile:
    """A file read as a draft: the report, its rows (None where it cannot be read), and the areas that it replaces.

    `parents` is the code of each area above → its id.
    """

    report: ImportReport
    rows: list[DraftGrid] | None = None
    parents: Mapping[str, int] = field(default_factory=dict)
    scope: tuple[LocatableArea, ...] = ()


def read_file(db: Session, path: Path, reading: Reading, *, scope: Collection[str] = (), now: datetime) -> DraftFile:
    """Read the rows of a file, and say what was detected and what is wrong with single ones. Writes nothing.

    `scope` names the townships or villages that the file replaces, by code; empty: those in which its rows lie.
    """
    with _without_collecting():
        return _read(db, path, reading, scope, now)


def _read(db: Session, path: Path, reading: Reading, scope: Collection[str], now: datetime) -> DraftFile:
    report, rows = read_areas(db, path, reading, keep_all=True)
    if rows is None:
        return DraftFile(report)
    areas = areas_valid_at(db, now, kinds=levels_above(reading.kind))
    above = Above(reading.kind, areas)
    parents = find_parents(rows, above, reading.profile)
    problems = sorted(rows.problems, key=lambda problem: problem.row or 0)
    report.problems += [problem for problem in problems if problem.code not in TOLD_LATER]
    chosen = _scope(scope, above, parents.values(), report)
    drafts = [_draft(row, parents.get(row.number)) for row in rows.rows]
    return DraftFile(report, drafts, {area.code: area.area_id for area in areas}, tuple(chosen))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Do not look for garbage in circles: a hundred thousand rows make none, and looking is a tenth of reading them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def put_file(db: Session, redraw: Redraw, file: DraftFile, *, by: Planner, now: datetime) -> None:
    """Let the rows of a file be those of a draft, which is locked. Flushes; the caller commits."""
    doubt(redraw)
    redraw.scope_ids = sorted(area.area_id for area in file.scope)
    detected = file.report.detected
    notes = [told(note) for note in detected.notes]  # to be said again in the language of whoever looks
    redraw.detected = detected.to_json() | {"rows": file.report.rows, "notes": notes}
    count = put_rows(db, redraw, file.rows or (), file.parents)
    append(db, redraw, RedrawStep.READ, by=by, now=now, file=file.report.file, rows=count)


def _draft(row: AreaRow, parent: LocatableArea | None) -> DraftGrid:
    name = row.name or f"{row.number}"
    return DraftGrid(
        row.number, row.code, name, row.outline, parent.code if parent else None, row.households, row.domain
    )


def _scope(
    wanted: Collection[str], above: Above, parents: Collection[LocatableArea], report: ImportReport
) -> list[LocatableArea]:
    """The areas named, or where none is named those that the rows lie under; what is not there is a problem."""
    if not wanted:
        return list({area.area_id: area for area in parents}.values())
    found = {code: above.named(code) for code in sorted(set(wanted))}
    for code in (code for code, area in found.items() if area is None):
        said = say("there is no village, township or county with the code “{code}”", code=code)
        report.problems.append(Problem(None, "scope", "scope-unknown", said))
    return [area for area in found.values() if area is not None]
