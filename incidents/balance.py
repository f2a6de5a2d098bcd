"""The work of grids as it lies now, or as it would lie with a draft: read from the database, counted per grid.

A report counts where its point lies, also where that was another grid when it came in: after a redraw, or in a draft,
the new grid is shown the work that its ground would have made. What a session may see is decided by row-level
security: whoever sees no incidents is shown none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.coverage import Outline, as_simple
from geo.crs import Bounds, area_m2
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_drafts import rows_of
from geo.redraw_models import DraftArea
from incidents.balance_figures import GridFigures, WorkingTime
from incidents.clock import LOCAL
from incidents.models import Incident, IncidentEvent
from incidents.words import Placement
from incidents.workflow import OPEN, State

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Grid:
    """A comprehensive grid, in force or drafted. `area_id` None: no such area is in force. `row`: of the draft."""

    code: str
    name: str
    outline: Outline
    parent_id: int | None
    households: int | None
    area_id: int | None = None
    row: int | None = None

    @property
    def key(self) -> str:
        """What tells it apart from the others of the same map, where codes may be missing or repeated."""
        return self.code if self.row is None else f"{self.row}-{self.code}"


def grids_in(db: Session, parent_ids: Collection[int], moment: datetime) -> list[Grid]:
    """The comprehensive grids that lay in these areas at `moment`, in code order."""
    rows = db.execute(
        select(Area.code, AreaVersion.name, func.ST_AsBinary(AreaVersion.outline), AreaVersion.parent_id,
               AreaVersion.households, Area.id)
        .join(Area, Area.id == AreaVersion.area_id)
        .where(Area.kind == AreaKind.COMPREHENSIVE, AreaVersion.valid.contains(moment))
        .where(AreaVersion.parent_id.in_(list(parent_ids)))
        .order_by(Area.code)
    ).all()  # fmt: skip
    outlines = shapely.from_wkb([bytes(row[2]) for row in rows])
    return [
        Grid(row[0], row[1], as_simple(outline), row[3], row[4], row[5])
        for row, outline in zip(rows, outlines, strict=True)
    ]


def drafted_in(db: Session, redraw: Redraw, parent_ids: Collection[int], moment: datetime) -> list[Grid]:
    """The grids of these areas as a draft has them, in code order; of those that it does not replace, as in force.

    A draft whose scope is a whole township or county replaces all that the map of `moment` has below.
    """
    wanted = select(DraftArea.row, DraftArea.parent_id).where(DraftArea.redraw_id == redraw.id)
    parents = {row.row: row.parent_id for row in db.execute(wanted.where(DraftArea.parent_id.in_(list(parent_ids))))}
    standing = grids_in(db, parent_ids, moment)
    in_force = {grid.code: grid.area_id for grid in standing}
    drafted = [
        Grid(row.code, row.name, row.outline, parents[row.row], row.households, in_force.get(row.code), row.row)
        for row in rows_of(db, redraw, sorted(parents))
    ]
    replaced = _replaced(db, redraw, parent_ids, moment)
    return sorted([*drafted, *(one for one in standing if one.parent_id not in replaced)], key=lambda one: one.code)


def figures_of(db: Session, grids: Sequence[Grid], *, now: datetime) -> list[GridFigures]:
    """The figures of each grid: reports of the year before `now`, what is open now, and the working time it took.

    A report counts in the grid that covers its point, in that with the smallest code on a shared edge; one that was
    placed in a grid without lying in it (near it, or by its words alone) in the grid that it was given to. Working
    time runs from the filing of a case until it was handled or, where that is not known, closed. A case that was
    never filed, or only after its end, as a history loaded years later is, counts from its report.
    """
    if not grids:
        return []
    reports = _reports(db, grids, now)
    within = _within(grids, reports)
    working = WorkingTime((now - YEAR).astimezone(LOCAL).date(), now.astimezone(LOCAL).date())
    counts = [_Count() for _ in grids]
    for at, report in zip(within.tolist(), reports, strict=True):
        if at >= 0:
            counts[at].add(report, now, working)
    sizes = area_m2(np.array([grid.outline for grid in grids], dtype=object))
    return [
        GridFigures(grid.households, float(size) / 1e6, count.reports, count.handled, count.hours, count.open)
        for grid, size, count in zip(grids, sizes, counts, strict=True)
    ]


@dataclass
class _Count:
    """What has been counted in one grid so far."""

    reports: int = 0
    handled: int = 0
    hours: float = 0.0
    open: int = 0

    def add(self, report: Any, now: datetime, working: WorkingTime) -> None:
        """Count one report of the grid."""
        self.open += report.state in OPEN
        if not now - YEAR <= report.reported_at < now:
            return
        self.reports += 1
        if report.ended is not None:
            self.handled += 1
            filed_in_time = report.filed is not None and report.filed <= report.ended
            self.hours += working.hours(report.filed if filed_in_time else report.reported_at, report.ended)


def _reports(db: Session, grids: Sequence[Grid], now: datetime) -> Sequence[Any]:
    """What may lie in the grids, of the year or still open."""
    west, south, east, north = _bounds(grids)
    own = [grid.area_id for grid in grids if grid.area_id is not None]
    filed = (
        select(func.min(IncidentEvent.at))
        .where(IncidentEvent.incident_id == Incident.id, IncidentEvent.to_state == State.FILED)
        .scalar_subquery()
    )
    return db.execute(
        select(
            func.ST_X(Incident.point), func.ST_Y(Incident.point), Incident.grid_id, Incident.placement,
            Incident.reported_at, Incident.state, filed.label("filed"),
            func.coalesce(Incident.handled_at, Incident.closed_at).label("ended"),
        )
        .where(Incident.state != State.VOID, Incident.reported_at < now)
        .where(or_(Incident.reported_at >= now - YEAR, Incident.state.in_(OPEN)))
        .where(
            or_(
                Incident.point.op("&&")(func.ST_MakeEnvelope(west, south, east, north, 4326)),
                Incident.grid_id.in_(own),
            )
        )
    ).all()  # fmt: skip


def _within(grids: Sequence[Grid], reports: Sequence[Any]) -> NDArray[np.intp]:
    """The place among the grids of each report's grid; -1 where it lies in none of them."""
    by_area = {grid.area_id: at for at, grid in enumerate(grids) if grid.area_id is not None}
    given = [-1 if report.placement == Placement.LOCATED else by_area.get(report.grid_id, -1) for report in reports]
    found = np.array(given, dtype=np.intp)
    lon = np.array([report[0] if report[0] is not None else np.inf for report in reports], dtype=np.float64)
    lat = np.array([report[1] if report[1] is not None else np.inf for report in reports], dtype=np.float64)
    placed = np.flatnonzero(np.isfinite(lon))
    tree = shapely.STRtree([Point(*at) for at in zip(lon[placed], lat[placed], strict=True)])
    order = sorted(range(len(grids)), key=lambda at: grids[at].code, reverse=True)
    for at in order:  # the smallest code last: it stays
        found[placed[tree.query(grids[at].outline, predicate="covers")]] = at
    return found


def _bounds(grids: Sequence[Grid]) -> Bounds:
    west, south, east, north = shapely.total_bounds([grid.outline for grid in grids]).tolist()
    return west, south, east, north


def _replaced(db: Session, redraw: Redraw, parent_ids: Collection[int], moment: datetime) -> set[int]:
    """Those of the areas whose grids the draft replaces: which are, or lie in, one of its scope."""
    if not redraw.scope_ids:
        return set(parent_ids)
    lying = db.execute(
        select(AreaVersion.area_id, AreaVersion.parent_id)
        .join(Area, Area.id == AreaVersion.area_id)
        .where(AreaVersion.valid.contains(moment), Area.kind.in_([AreaKind.VILLAGE, AreaKind.TOWNSHIP]))
    )
    above = {row.area_id: row.parent_id for row in lying}
    scope, found = set(redraw.scope_ids), set()
    for parent_id in parent_ids:
        ladder = [parent_id, above.get(parent_id), above.get(above.get(parent_id) or 0)]
        if scope.intersection(ladder):
            found.add(parent_id)
    return found
