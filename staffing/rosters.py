"""Loading from the database what staffing.answering decides by."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, aliased

from staffing.answering import Desk, HeldDuty, Leave, Person, Roster
from staffing.models import Absence, Duty, Staff, Unit
from staffing.words import UnitKind


def load_roster(db: Session, area_ids: Collection[int] | None = None) -> Roster:
    """The duties on the given areas (every area when None) with all who may stand in, and every desk.

    Past and future duties are included, so that one roster answers for any moment.
    """
    on_areas = true() if area_ids is None else Duty.area_id.in_(set(area_ids))
    duties = db.execute(select(Duty.staff_id, Duty.area_id, Duty.role, Duty.held).where(on_areas)).all()
    people = _people(db, None if area_ids is None else {duty.staff_id for duty in duties})
    by_area: dict[int, list[HeldDuty]] = defaultdict(list)
    for duty in duties:
        held = HeldDuty(people[duty.staff_id], duty.area_id, duty.role, duty.held.lower, duty.held.upper)
        by_area[duty.area_id].append(held)
    township_desks, county_desks = _desks(db)
    return Roster(dict(by_area), people, township_desks, county_desks)


def _people(db: Session, staff_ids: set[int] | None) -> dict[int, Person]:
    """The staff asked for and whoever deputises for them, with their absences."""
    about: ColumnElement[bool] = true() if staff_ids is None else Absence.staff_id.in_(staff_ids)
    query = select(Absence.staff_id, Absence.away, Absence.reason, Absence.deputy_id).order_by(Absence.away)
    absences = list(db.execute(query.where(about)))
    if staff_ids is not None:
        deputies = {absence.deputy_id for absence in absences if absence.deputy_id is not None} - staff_ids
        absences += db.execute(query.where(Absence.staff_id.in_(deputies)))
        staff_ids = staff_ids | deputies
    leaves: dict[int, list[Leave]] = defaultdict(list)
    for absence in absences:
        leave = Leave(absence.away.lower, absence.away.upper, absence.reason, absence.deputy_id)
        leaves[absence.staff_id].append(leave)
    works_at = aliased(Unit)
    people: Any = select(
        Staff.id, Staff.staff_no, Staff.name, Staff.phone, Staff.left_on, works_at.id, works_at.code, works_at.name
    ).join(works_at, works_at.id == Staff.works_at_id)
    if staff_ids is not None:
        people = people.where(Staff.id.in_(staff_ids))
    return {
        id_: Person(id_, staff_no, name, phone, Desk(*desk), left_on, tuple(leaves.get(id_, ())))
        for id_, staff_no, name, phone, left_on, *desk in db.execute(people)
    }


def _desks(db: Session) -> tuple[dict[int, Desk], dict[int, Desk]]:
    """Township desks by township, and county centres by county (by 0 where a centre names no county)."""
    rows = db.execute(
        select(Unit.kind, Unit.area_id, Unit.id, Unit.code, Unit.name)
        .where(Unit.kind.in_([UnitKind.TOWNSHIP, UnitKind.COUNTY_CENTRE]))
        .order_by(Unit.code.desc())
    ).all()
    townships = {
        row.area_id: Desk(row.id, row.code, row.name)
        for row in rows
        if row.kind is UnitKind.TOWNSHIP and row.area_id is not None
    }
    counties = {
        row.area_id or 0: Desk(row.id, row.code, row.name) for row in rows if row.kind is UnitKind.COUNTY_CENTRE
    }
    return townships, counties
