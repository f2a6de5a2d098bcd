"""A net that a department drew for itself: read for the crosswalk, and what was chosen of it made specialised grids.

The file is read as every file of areas is. Codes are the department's own, and all grids are of one domain, that of
the net, whatever a column says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import FREE, AreaKind
from geo.coverage import AreaOutline
from geo.crs import Floats
from geo.redraws.lying import lies_in
from geo.redraws.mends import DraftGrid
from geo.redraws.nets import TOLERANCE_M, Crosswalk, crosswalk
from geo.sentences import say
from importers.area_rows import known_domain
from importers.areas import Reading, import_areas, read_areas
from importers.encodings import AUTO
from importers.report import ImportReport, Problem
from incidents.finding import IncidentFilter, coordinates

A_YEAR = timedelta(days=365)

OUTSIDE = "outside-jurisdiction"
"""The problem of a grid that lies where whoever loads it may not decide."""


@dataclass(frozen=True)
class NetReading:
    """How the file of a net is to be read. `columns` goes from our fields to the file's headings."""

    columns: Mapping[str, str] | None = None
    encoding: str = AUTO
    crs: str = AUTO
    datum: str | None = None
    layer: str | None = None


AS_IT_IS = NetReading()


def read_net(
    db: Session, path: Path, *, domain: str, reading: NetReading = AS_IT_IS
) -> tuple[list[DraftGrid], ImportReport]:
    """Read the grids of a net, and say everything that is wrong with the file.

    Rows without a code of their own or without a usable outline are left out, and block; the others can be laid over
    the comprehensive grids all the same. Writes nothing.
    """
    how = Reading(
        AreaKind.SPECIALISED, domain, reading.columns, reading.encoding, reading.crs, reading.datum, reading.layer,
        FREE, one_domain=True,
    )  # fmt: skip
    report, found = read_areas(db, path, how)
    if found is None:
        return [], report
    report.problems += sorted(found.problems, key=lambda problem: problem.row or 0)
    word = known_domain(domain)
    grids = [
        DraftGrid(row.number, row.code, row.name, row.outline, row.parent, row.households, word) for row in found.rows
    ]
    report.loaded, report.counts = len(grids), {"grids": len(grids)}
    return grids, report


def years_reports(db: Session, at: datetime) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of the reports of the year before a moment, as far as the session may see them.

    Only such as have a point of their own: neither a form's default nor the middle of a named area.
    """
    return coordinates(db, IncidentFilter(since=at - A_YEAR, until=at))


def lay_net(
    db: Session,
    grids: list[DraftGrid],
    *,
    at: datetime,
    points: tuple[Floats, Floats] | None,
    tolerance_m: float = TOLERANCE_M,
) -> Crosswalk:
    """Lay a net over the comprehensive grids in force at a moment."""
    tiles = areas_valid_at(db, at, kinds=[AreaKind.COMPREHENSIVE])
    outlines = [AreaOutline(tile.code, tile.outline) for tile in tiles]  # type: ignore[arg-type]
    return crosswalk(grids, outlines, points=points, tolerance_m=tolerance_m)


def rows_within(db: Session, grids: Sequence[DraftGrid], area_ids: Collection[int], *, at: datetime) -> frozenset[int]:
    """Return the rows of the grids that have half of their ground or more in these areas as they stood at a moment."""
    ours = shapely.union_all([area.outline for area in areas_valid_at(db, at) if area.area_id in area_ids])
    if ours.is_empty:
        return frozenset()
    found = lies_in([grid.outline for grid in grids], {"": ours})  # type: ignore[dict-item]
    return frozenset(grid.row for grid, code in zip(grids, found, strict=True) if code is not None)


def import_net(
    db: Session,
    path: Path,
    *,
    domain: str,
    only: Collection[str],
    by: str,
    reading: NetReading = AS_IT_IS,
    valid_from: datetime | None = None,
    accept: Collection[str] = (),
    within: Collection[int] | None = None,
    now: datetime | None = None,
) -> ImportReport:
    """Make the chosen grids of a net specialised grids of its domain, all of them or none: see `import_areas`.

    `within` are the ids of the areas in which they must lie mostly, by `rows_within`; None means anywhere.
    """
    grids, report = read_net(db, path, domain=domain, reading=reading)
    if unknown := sorted(set(only) - {grid.code for grid in grids}):
        said = say("no row that can be used bears this code")
        report.problems += [Problem(None, code, "code-not-in-net", said) for code in unknown]
    if within is not None:
        chosen = [grid for grid in grids if grid.code in only]
        own = rows_within(db, chosen, within, at=now or datetime.now(UTC))
        report.problems += [_not_ours(grid) for grid in chosen if grid.row not in own]
    if unknown or any(problem.code == OUTSIDE for problem in report.problems):
        report.loaded, report.counts = 0, {}
        return report
    return import_areas(
        db, path, kind=AreaKind.SPECIALISED, by=by, domain=known_domain(domain), valid_from=valid_from,
        columns=reading.columns, encoding=reading.encoding, crs=reading.crs, datum=reading.datum, layer=reading.layer,
        profile=FREE, accept=accept, only=frozenset(only), now=now,
    )  # fmt: skip


def _not_ours(grid: DraftGrid) -> Problem:
    return Problem(grid.row, grid.code, OUTSIDE, say("more than half of it lies outside your jurisdiction"))
