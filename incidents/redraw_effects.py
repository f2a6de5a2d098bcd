"""Whom a redraw concerns: open cases, last year's reports, staff, specialised grids and addresses, before and after.

Nothing is written. Points are located twice, in the map as it stands and in the map as it would be.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.address_models import Address
from geo.codes import AreaKind
from geo.coverage import as_multi
from geo.crs import Floats, area_m2
from geo.locate import Location, Locator
from geo.models import Redraw
from geo.redraw_ground import Ground, after
from geo.redraws.mends import DraftGrid
from incidents.handover import policy_of
from incidents.models import Incident
from incidents.routing import Responsibility, route
from incidents.workflow import OPEN
from staffing.answering import Person, Roster
from staffing.words import DutyRole

YEAR = timedelta(days=365)
NOTICED_KM2 = 0.01
"""One hectare: less is a border drawn anew."""


@dataclass(frozen=True)
class MovingCase:
    """An open case that lies in another grid afterwards; `choice` is what becomes of it by the planner's policy."""

    id: int
    number: str
    state: str
    grid_before: str | None
    grid_after: str | None
    answerer_before: str | None
    answerer_after: str | None
    choice: str


@dataclass(frozen=True)
class ChangedPost:
    """A worker whose grids change: codes before and after, and their ground in km²."""

    staff_no: str
    name: str
    grids_before: tuple[str, ...]
    grids_after: tuple[str, ...]
    km2_before: float
    km2_after: float

    @property
    def changed(self) -> bool:
        """Whether so much ground comes or goes that the worker will notice."""
        return abs(self.km2_after - self.km2_before) > NOTICED_KM2


@dataclass(frozen=True)
class MovingOverlay:
    """A specialised grid most of whose ground has another comprehensive grid under it afterwards: another landlord."""

    code: str
    name: str
    grid_before: str | None
    grid_after: str | None


@dataclass(frozen=True)
class Effects:
    """What was found. `reports` are those of the year before the moment, in the scope before or after."""

    cases: tuple[MovingCase, ...]
    posts: tuple[ChangedPost, ...]
    overlays: tuple[MovingOverlay, ...]
    reports: int
    reports_moving: int
    addresses: int
    addresses_moving: int
    flows: tuple[tuple[str, str, int], ...]
    """Grid before, grid after, and how many of last year's reports would have gone there instead; most first."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        found: dict[str, Any] = asdict(self)
        return found


def effects_of(db: Session, redraw: Redraw, ground: Ground, rows: Sequence[DraftGrid], roster: Roster) -> Effects:
    """Compare the map of the ground with the map that has these rows in it."""
    maps = _Maps(ground, Locator(ground.areas), Locator(after(ground, rows)), roster)
    reports, moving, flows = _last_year(db, maps)
    addresses, addresses_moving = _addresses(db, maps)
    return Effects(
        cases=tuple(_cases(db, redraw, maps)), posts=tuple(_posts(maps, rows)), overlays=tuple(_overlays(maps)),
        reports=reports, reports_moving=moving, addresses=addresses, addresses_moving=addresses_moving, flows=flows,
    )  # fmt: skip


@dataclass(frozen=True)
class _Maps:
    """Both maps, and who has which duty."""

    ground: Ground
    before: Locator
    after: Locator
    roster: Roster

    def codes(self, lon: Floats, lat: Floats) -> tuple[Any, Any]:
        """The code of the grid of each point in either map, "" without one."""
        found = [locator.locate_many(lon, lat) for locator in (self.before, self.after)]
        return found[0].codes(found[0].grid), found[1].codes(found[1].grid)

    def answering(self, locator: Locator, lon: float, lat: float) -> tuple[Location, Responsibility | None]:
        """Where a point lies in one of the maps, and who answers there at the moment."""
        location = locator.locate(lon, lat)
        return location, route(location, self.roster, self.ground.at)

    def concerns(self, codes: Any) -> Any:
        """Which of the codes are of grids that the redraw replaces or brings."""
        replaced = {one.code for one in self.ground.inside}
        new = {area.code for area in self.after.areas if area.area_id < 0}
        return np.isin(codes.astype(str), list(replaced | new))


def _cases(db: Session, redraw: Redraw, maps: _Maps) -> list[MovingCase]:
    lon, lat = func.ST_X(Incident.point), func.ST_Y(Incident.point)
    rows = db.execute(
        select(Incident.id, Incident.number, Incident.state, lon, lat)
        .where(Incident.state.in_(OPEN), Incident.point.is_not(None))
        .order_by(Incident.number)
    ).all()
    if not rows:
        return []
    before, behind = maps.codes(np.array([row[3] for row in rows]), np.array([row[4] for row in rows]))
    policy = policy_of(redraw.handover)
    found = []
    for at in np.flatnonzero(before != behind).tolist():
        row = rows[at]
        old, was = maps.answering(maps.before, row[3], row[4])
        new, becomes = maps.answering(maps.after, row[3], row[4])
        found.append(
            MovingCase(
                row.id, row.number, row.state, old.grid.code if old.grid else None, new.grid.code if new.grid else None,
                _named(was), _named(becomes), policy[row.state],
            )
        )  # fmt: skip
    return found


def _named(responsibility: Responsibility | None) -> str | None:
    """Who answers, as a name that people know."""
    lead = responsibility.lead if responsibility else None
    if lead is None:
        return None
    return lead.person.name if lead.person else lead.desk.name if lead.desk else None


def _last_year(db: Session, maps: _Maps) -> tuple[int, int, tuple[tuple[str, str, int], ...]]:
    until = maps.ground.at
    lon, lat = _points(
        db.execute(
            select(func.ST_X(Incident.point), func.ST_Y(Incident.point)).where(
                Incident.point.is_not(None), Incident.reported_at >= until - YEAR, Incident.reported_at < until
            )
        ).all()
    )
    before, behind = maps.codes(lon, lat)
    concerned, moving = maps.concerns(before) | maps.concerns(behind), before != behind
    flows = Counter(zip(before[moving].tolist(), behind[moving].tolist(), strict=True))
    ordered = sorted(flows.items(), key=lambda item: (-item[1], item[0]))
    return int(concerned.sum()), int(moving.sum()), tuple((old, new, count) for (old, new), count in ordered)


def _addresses(db: Session, maps: _Maps) -> tuple[int, int]:
    points = select(func.ST_X(Address.point), func.ST_Y(Address.point)).where(Address.retired_at.is_(None))
    before, behind = maps.codes(*_points(db.execute(points).all()))
    return int((maps.concerns(before) | maps.concerns(behind)).sum()), int((before != behind).sum())


def _points(rows: Sequence[Any]) -> tuple[Floats, Floats]:
    pairs = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 2)
    return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])


def _posts(maps: _Maps, rows: Sequence[DraftGrid]) -> list[ChangedPost]:
    """Workers whose grids end, or change in size noticeably."""
    ground = maps.ground
    ids = {one.code: one.area_id for one in ground.inside}
    kept = [row for row in rows if row.code in ids]
    before = _sized(ids, ground.before())
    behind = _sized(ids, kept)
    held: dict[int, set[int]] = defaultdict(set)
    people = {}
    for area_id in before:
        for duty in maps.roster.duties.get(area_id, ()):
            if duty.role is DutyRole.WORKER and duty.held_at(ground.at):
                held[duty.person.id].add(area_id)
                people[duty.person.id] = duty.person
    found = [_post(people[person_id], areas, before, behind) for person_id, areas in held.items()]
    changed = (one for one in found if one.grids_before != one.grids_after or one.changed)
    return sorted(changed, key=lambda one: one.staff_no)


Sized = Mapping[int, tuple[str, float]]
"""Code and km² by the id of an area."""


def _post(person: Person, areas: Collection[int], before: Sized, behind: Sized) -> ChangedPost:
    was = sorted(before[area_id] for area_id in areas)
    becomes = sorted(behind[area_id] for area_id in areas if area_id in behind)
    return ChangedPost(
        person.staff_no, person.name, tuple(code for code, _ in was), tuple(code for code, _ in becomes),
        round(sum(km2 for _, km2 in was), 4), round(sum(km2 for _, km2 in becomes), 4),
    )  # fmt: skip


def _sized(ids: Mapping[str, int], grids: Sequence[DraftGrid]) -> Sized:
    """The code and the km² of each grid, by the id of its area."""
    if not grids:
        return {}
    km2 = (area_m2(np.array([as_multi(grid.outline) for grid in grids], dtype=object)) / 1e6).tolist()
    return {ids[grid.code]: (grid.code, size) for grid, size in zip(grids, km2, strict=True)}


def _overlays(maps: _Maps) -> list[MovingOverlay]:
    """Specialised grids in force, told by the point that lies in the middle of their ground."""
    overlays = [area for area in maps.before.areas if area.kind is AreaKind.SPECIALISED]
    if not overlays or maps.ground.kind is not AreaKind.COMPREHENSIVE:
        return []
    lon, lat = shapely.get_coordinates([shapely.point_on_surface(area.outline) for area in overlays]).T
    before, behind = maps.codes(np.ascontiguousarray(lon), np.ascontiguousarray(lat))
    return [
        MovingOverlay(overlays[at].code, overlays[at].name, before[at] or None, behind[at] or None)
        for at in np.flatnonzero(before != behind).tolist()
    ]
