"""Loading from the database what staffing.answering decides by.

Every report asks, so the statements are written once: putting one together costs more than PostgreSQL needs to
answer it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from staffing.answering import Desk, HeldDuty, Leave, Person, Roster
from staffing.models import Absence, Duty, Staff, StaffEpoch, Unit
from staffing.words import UnitKind

_IDS = any_(bindparam("ids", type_=ARRAY(BigInteger)))
_duty, _absence, _staff, _unit = Duty.__table__.c, Absence.__table__.c, Staff.__table__.c, Unit.__table__.c

_EPOCH = select(StaffEpoch.epoch)
_DUTIES = select(_duty.staff_id, _duty.area_id, _duty.role, _duty.held)
_DUTIES_ON = _DUTIES.where(_duty.area_id == _IDS)
_ABSENCES = select(_absence.staff_id, _absence.away, _absence.reason, _absence.deputy_id).order_by(_absence.away)
_ABSENCES_OF = _ABSENCES.where(_absence.staff_id == _IDS)
_PEOPLE = select(
    _staff.id, _staff.staff_no, _staff.name, _staff.phone, _staff.left_on, _unit.id, _unit.code, _unit.name
).join_from(Staff.__table__, Unit.__table__, _unit.id == _staff.works_at_id)
_PEOPLE_OF = _PEOPLE.where(_staff.id == _IDS)
_DESKS = (
    select(_unit.kind, _unit.area_id, _unit.id, _unit.code, _unit.name)
    .where(_unit.kind.in_([UnitKind.TOWNSHIP, UnitKind.COUNTY_CENTRE]))
    .order_by(_unit.code.desc())
)


class KeptRoster:
    """The whole roster, read again whenever staff changed. Keep one per process; threads may share it.

    Each asking compares the epoch in the caller's own transaction: what was committed before is seen. Whoever
    changes staff must not ask before committing, or others are given what may yet be undone.
    """

    def __init__(self) -> None:
        self._kept: tuple[int, Roster] | None = None

    def __call__(self, db: Session, _area_ids: Collection[int]) -> Roster:
        """The duties on every area. Stands in for `load_roster`."""
        epoch = db.execute(_EPOCH).scalar_one()
        kept = self._kept
        if kept is None or kept[0] != epoch:  # read after its epoch: may be newer than that says, never older
            self._kept = kept = (epoch, load_roster(db))
        return kept[1]


def load_roster(db: Session, area_ids: Collection[int] | None = None) -> Roster:
    """The duties on the given areas (every area when None) with all who may stand in, and every desk.

    Past and future duties are included, so that one roster answers for any moment.
    """
    duties = _rows(db, _DUTIES, _DUTIES_ON, area_ids)
    people = _people(db, None if area_ids is None else {duty.staff_id for duty in duties})
    by_area: dict[int, list[HeldDuty]] = defaultdict(list)
    for duty in duties:
        held = HeldDuty(people[duty.staff_id], duty.area_id, duty.role, duty.held.lower, duty.held.upper)
        by_area[duty.area_id].append(held)
    township_desks, county_desks = _desks(db)
    return Roster(dict(by_area), people, township_desks, county_desks)


def _rows(db: Session, everything: Select[Any], some: Select[Any], ids: Iterable[int] | None) -> Sequence[Any]:
    """All rows when `ids` is None, else those with one of them; nothing is asked where there are none."""
    if ids is None:
        return db.execute(everything).all()
    wanted = list(set(ids))
    return db.execute(some, {"ids": wanted}).all() if wanted else []


def _people(db: Session, staff_ids: set[int] | None) -> dict[int, Person]:
    """The staff asked for and whoever deputises for them, with their absences."""
    absences = list(_rows(db, _ABSENCES, _ABSENCES_OF, staff_ids))
    if staff_ids is not None:
        deputies = {absence.deputy_id for absence in absences if absence.deputy_id is not None} - staff_ids
        absences += _rows(db, _ABSENCES, _ABSENCES_OF, deputies)
        staff_ids = staff_ids | deputies
    leaves: dict[int, list[Leave]] = defaultdict(list)
    for absence in absences:
        leave = Leave(absence.away.lower, absence.away.upper, absence.reason, absence.deputy_id)
        leaves[absence.staff_id].append(leave)
    return {
        id_: Person(id_, staff_no, name, phone, Desk(*desk), left_on, tuple(leaves.get(id_, ())))
        for id_, staff_no, name, phone, left_on, *desk in _rows(db, _PEOPLE, _PEOPLE_OF, staff_ids)
    }


def _desks(db: Session) -> tuple[dict[int, Desk], dict[int, Desk]]:
    """Township desks by township, and county centres by county (by 0 where a centre names no county)."""
    rows = db.execute(_DESKS).all()
    townships = {
        row.area_id: Desk(row.id, row.code, row.name)
        for row in rows
        if row.kind is UnitKind.TOWNSHIP and row.area_id is not None
    }
    counties = {
        row.area_id or 0: Desk(row.id, row.code, row.name) for row in rows if row.kind is UnitKind.COUNTY_CENTRE
    }
    return townships, counties
