"""Every shapefile of the corpus can be sent as a redraw: it becomes a draft that is checked, or it is said why not."""

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.codes import FREE, AreaKind
from geo.redraw_checking import examine, keep, keep_read
from geo.redraw_drafts import Planner, begin, rows_of
from geo.redraw_ground import ground_of
from geo.redraw_models import RedrawFinding
from importers.areas import Reading
from importers.errors import ReadError
from importers.layers import read_layer
from importers.redraws import put_file, read_file
from tests.conftest import SHARED_DATA
from tests.factories import NOW

FILES = [*sorted((SHARED_DATA / "shapefiles").glob("*.zip")), *sorted((SHARED_DATA / "wards").glob("*.zip"))]
BY = Planner("test")
LARGE = 6_000_000
"""Bytes, zipped: such a file is read and drafted, and examined by the benchmark's grids instead."""


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem[:60])
def test_a_file_from_elsewhere_becomes_a_draft_or_is_refused(db: Session, file: Path):
    try:
        headings = read_layer(file).columns
    except ReadError as refused:
        assert str(refused), "a sentence"
        return
    columns = {"code": headings[0], "name": headings[-1]} if headings else None
    reading = Reading(AreaKind.COMPREHENSIVE, columns=columns, profile=FREE)
    redraw = begin(db, file.stem, AreaKind.COMPREHENSIVE, by=BY, now=NOW)
    found = read_file(db, file, reading, now=NOW)
    if found.rows is None:
        assert found.report.blocks, "why it cannot be drafted"
        return
    assert found.report.detected.crs, "where it lies was said"
    put_file(db, redraw, found, by=BY, now=NOW)
    keep_read(db, redraw, found.report.problems)
    assert len(rows_of(db, redraw)) == len(found.rows)
    told = {problem.row for problem in found.report.problems if problem.blocks}
    assert len(found.rows) + len(told - {row.row for row in found.rows} - {None}) >= found.report.rows
    if file.stat().st_size < LARGE and found.rows:
        ground = ground_of(db, redraw.kind, [], NOW)
        counted = keep(db, redraw, examine(db, redraw, ground), ground, by=BY, now=NOW)
        of_check = select(func.count()).where(RedrawFinding.redraw_id == redraw.id)
        assert db.scalar(of_check) == counted.blocking + counted.warning
