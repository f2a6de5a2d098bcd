"""The rows of tests.factories as tests of staff speak of them: with days, and with where somebody really works."""

from datetime import date, datetime

from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area
from incidents.clock import LOCAL
from staffing.models import Absence, Certificate, Duty, Staff, Unit
from staffing.words import DutyRole
from tests.factories import make_absence, make_area, make_duty, make_staff

NOON = datetime(2026, 3, 14, 12, tzinfo=LOCAL)


def day(text: str) -> datetime:
    """The local midnight at which a day begins."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL)


def add_area(
    db: Session,
    kind: AreaKind,
    code: str,
    *,
    parent: Area | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Area:
    return make_area(db, code, kind, box(119, 33, 119.1, 33.1), parent=parent, valid=Range(since, until))


def add_staff(
    db: Session, number: str, unit: Unit, *, left_on: date | None = None, works_at: Unit | None = None
) -> Staff:
    staff = make_staff(db, number, unit, left_on=left_on)
    staff.works_at_id = (works_at or unit).id
    db.flush()
    return staff


def add_duty(
    db: Session,
    staff: Staff,
    area: Area,
    role: DutyRole = DutyRole.WORKER,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Duty:
    return make_duty(db, staff, area, role, Range(since, until))


def add_absence(
    db: Session, staff: Staff, since: datetime, until: datetime | None = None, deputy: Staff | None = None
) -> Absence:
    return make_absence(db, staff, Range(since, until), deputy)


def add_certificate(db: Session, staff: Staff, number: str, expires_on: date | None) -> Certificate:
    certificate = Certificate(staff_id=staff.id, number=number, expires_on=expires_on)
    db.add(certificate)
    db.flush()
    return certificate
