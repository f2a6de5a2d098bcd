"""The few rows a test is about, each made by one short call. Every function flushes and returns the row."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import shapely
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, Polygon, box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from database.base import WGS84
from geo.codes import AreaKind
from geo.models import Area, AreaVersion
from incidents.models import Incident, IncidentEvent
from incidents.words import Channel, EventKind, Placement
from incidents.workflow import State
from staffing.models import Absence, Duty, Staff, Unit
from staffing.words import DutyRole, UnitKind

NOW = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
"""Monday 16 March 2026, ten in the morning in the county."""

ALWAYS: Range[datetime] = Range(None, None)
_numbers = count(1)


def make_area(
    db: Session, code: str, kind: AreaKind, outline: Polygon | MultiPolygon, *, parent: Area | None = None,
    name: str | None = None, domain: str | None = None, valid: Range[datetime] = ALWAYS, households: int | None = None,
) -> Area:  # fmt: skip
    """An area with one version. Specialised ones are schools unless said otherwise."""
    if kind is AreaKind.SPECIALISED:
        domain = domain or "school"
    area = Area(code=code, kind=kind, domain=domain)
    db.add(area)
    db.flush()
    many = outline if isinstance(outline, MultiPolygon) else MultiPolygon([outline])
    db.add(
        AreaVersion(
            area_id=area.id, valid=valid, name=name or f"area {code}", outline=from_shape(many, srid=WGS84),
            parent_id=parent.id if parent else None, households=households, area_m2=shapely.area(many) * 1.2364e10,
        )
    )  # fmt: skip
    db.flush()
    return area


def make_ladder(
    db: Session, *, west: float = 119.0, south: float = 33.0, township: str = "329901001"
) -> dict[str, Area]:
    """One township of one village with two grids side by side, each 0.01° square; keys township, village, a, b."""
    whole = box(west, south, west + 0.02, south + 0.01)
    top = make_area(db, township, AreaKind.TOWNSHIP, whole)
    village = make_area(db, township + "001", AreaKind.VILLAGE, whole, parent=top)
    a = make_area(
        db, township + "001001", AreaKind.COMPREHENSIVE, box(west, south, west + 0.01, south + 0.01), parent=village
    )
    b = make_area(
        db,
        township + "001002",
        AreaKind.COMPREHENSIVE,
        box(west + 0.01, south, west + 0.02, south + 0.01),
        parent=village,
    )
    return {"township": top, "village": village, "a": a, "b": b}


def make_unit(db: Session, code: str, kind: UnitKind = UnitKind.TOWNSHIP, area: Area | None = None) -> Unit:
    unit = Unit(code=code, name=f"unit {code}", kind=kind, area_id=area.id if area else None)
    db.add(unit)
    db.flush()
    return unit


def make_staff(db: Session, staff_no: str, unit: Unit, **columns: Any) -> Staff:
    staff = Staff(staff_no=staff_no, name=f"name {staff_no}", unit_id=unit.id, works_at_id=unit.id, **columns)
    db.add(staff)
    db.flush()
    return staff


def make_duty(
    db: Session, staff: Staff, area: Area, role: DutyRole = DutyRole.WORKER, held: Range[datetime] = ALWAYS
) -> Duty:
    duty = Duty(staff_id=staff.id, area_id=area.id, role=role, held=held)
    db.add(duty)
    db.flush()
    return duty


def make_absence(db: Session, staff: Staff, away: Range[datetime], deputy: Staff | None = None) -> Absence:
    absence = Absence(staff_id=staff.id, away=away, deputy_id=deputy.id if deputy else None)
    db.add(absence)
    db.flush()
    return absence


def make_incident(db: Session, *, ladder: dict[str, Area] | None = None, **columns: Any) -> Incident:
    """A filed incident in grid `a` of the ladder, with the first line of its history; unlocated without a ladder."""
    place: dict[str, Any] = {"placement": Placement.UNLOCATED}
    if ladder is not None:
        place = {
            "placement": Placement.LOCATED, "point": f"SRID={WGS84};POINT(119.005 33.005)",
            "grid_id": ladder["a"].id, "village_id": ladder["village"].id, "township_id": ladder["township"].id,
        }  # fmt: skip
    number = next(_numbers)
    defaults = {
        "number": f"20260316-{number:06d}", "channel": Channel.HOTLINE, "text": f"text {number}", "reported_at": NOW,
        "received_at": NOW, "explanation": {}, "state": State.FILED, "specialised_ids": [],
    }  # fmt: skip
    incident = Incident(**(defaults | place | columns))
    db.add(incident)
    db.flush()
    db.add(IncidentEvent(incident_id=incident.id, at=NOW, kind=EventKind.RECEIVED, by_name="test", note=""))
    db.flush()
    return incident
