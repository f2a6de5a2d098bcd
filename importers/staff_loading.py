"""Bringing the database to what a checked staff list says, in a few statements however long the list is."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from importers.checked_rows import CheckedRow
from importers.periods import Period, period_of, range_of
from importers.staffing_rows import StaffRow
from staffing.models import Absence, Certificate, Staff

StaffRows = Sequence[CheckedRow[StaffRow]]
Values = dict[str, Any]


@dataclass(frozen=True)
class KnownStaff:
    """A person as the database has them."""

    id: int
    name: str
    unit_id: int
    works_at_id: int
    post: str | None
    phone: str | None
    left_on: date | None


@dataclass(frozen=True)
class KnownAbsence:
    """An absence as the database has it."""

    id: int
    period: Period
    reason: str | None
    deputy_id: int | None


@dataclass
class StaffChanges:
    """Which rows were new people, changed something, or had somebody leave; and further counts by name."""

    new: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    further: dict[str, int] = field(default_factory=dict)


def known_staff(db: Session, numbers: Collection[str]) -> dict[str, KnownStaff]:
    """The people with these staff numbers, by number."""
    columns = (Staff.id, Staff.name, Staff.unit_id, Staff.works_at_id, Staff.post, Staff.phone, Staff.left_on)
    rows = db.execute(select(Staff.staff_no, *columns).where(Staff.staff_no.in_(numbers)))
    return {row[0]: KnownStaff(*row[1:]) for row in rows}


def known_absences(db: Session, staff: Iterable[KnownStaff]) -> dict[int, list[KnownAbsence]]:
    """The absences of these people, by the id of the person."""
    columns = (Absence.staff_id, Absence.id, Absence.away, Absence.reason, Absence.deputy_id)
    rows = db.execute(select(*columns).where(Absence.staff_id.in_([one.id for one in staff])))
    found: dict[int, list[KnownAbsence]] = defaultdict(list)
    for staff_id, id_, away, reason, deputy_id in rows:
        found[staff_id].append(KnownAbsence(id_, period_of(away), reason, deputy_id))
    return found


def load_staff(
    db: Session,
    rows: StaffRows,
    known: Mapping[str, KnownStaff],
    absences: Mapping[int, Sequence[KnownAbsence]],
    unit_ids: Mapping[str, int],
) -> StaffChanges:
    """Store new people and what changed of the others. The rows must have been checked; flushes nothing back."""
    changes = StaffChanges()
    ids = _load_people(db, rows, known, unit_ids, changes)
    _load_certificates(db, rows, ids, changes)
    _load_absences(db, rows, ids, absences, changes)
    return changes


def _load_people(
    db: Session,
    rows: StaffRows,
    known: Mapping[str, KnownStaff],
    unit_ids: Mapping[str, int],
    changes: StaffChanges,
) -> dict[str, int]:
    """Store the people; return the id of everybody the file names, deputies included."""
    new: list[Values] = []
    changed: list[Values] = []
    for row in rows:
        stands = known.get(row.values.staff_no)
        wanted = _person(row.values, stands, unit_ids)
        if stands is None:
            new.append({"staff_no": row.values.staff_no} | wanted)
            changes.new.add(row.number)
        elif any(getattr(stands, name) != value for name, value in wanted.items()):
            changed.append({"id": stands.id} | wanted)
            changes.changed.add(row.number)
            if stands.left_on is None and wanted["left_on"] is not None:
                changes.left.add(row.number)
    if new:
        db.execute(insert(Staff), new)
    if changed:
        db.execute(update(Staff), changed)
    numbers = {number for row in rows for number in (row.values.staff_no, row.values.deputy_no) if number}
    found = db.execute(select(Staff.staff_no, Staff.id).where(Staff.staff_no.in_(numbers)))
    return dict(found.all())


def _person(row: StaffRow, stands: KnownStaff | None, unit_ids: Mapping[str, int]) -> Values:
    """The columns of a person as the row wants them; a column that the file lacks stays as it stands."""
    unit_id = unit_ids[row.unit_code]
    works_at_id = unit_ids[row.works_at] if row.works_at else unit_id
    if stands is not None and "works_at" not in row.model_fields_set and stands.works_at_id != stands.unit_id:
        works_at_id = stands.works_at_id
    wanted: Values = {"name": row.name, "unit_id": unit_id, "works_at_id": works_at_id}
    for name in ("post", "phone", "left_on"):
        given = stands is None or name in row.model_fields_set
        wanted[name] = getattr(row, name) if given else getattr(stands, name)
    return wanted


def _load_certificates(db: Session, rows: StaffRows, ids: Mapping[str, int], changes: StaffChanges) -> None:
    columns = (Certificate.staff_id, Certificate.number, Certificate.id, Certificate.kind, Certificate.expires_on)
    known = {
        (staff_id, number): (id_, kind, expires_on)
        for staff_id, number, id_, kind, expires_on in db.execute(
            select(*columns).where(Certificate.staff_id.in_(list(ids.values())))
        )
    }
    new: list[Values] = []
    changed: list[Values] = []
    for row in rows:
        values = row.values
        if values.certificate_no is None:
            continue
        key = ids[values.staff_no], values.certificate_no
        id_, kind, expires_on = known.get(key, (None, None, None))
        given = values.model_fields_set
        wanted = {
            "kind": values.certificate_kind if "certificate_kind" in given else kind,
            "expires_on": values.certificate_expires if "certificate_expires" in given else expires_on,
        }
        if id_ is None:
            new.append({"staff_id": key[0], "number": key[1]} | wanted)
            changes.changed.add(row.number)
        elif (kind, expires_on) != (wanted["kind"], wanted["expires_on"]):
            changed.append({"id": id_} | wanted)
            changes.changed.add(row.number)
    if new:
        db.execute(insert(Certificate), new)
    if changed:
        db.execute(update(Certificate), changed)
    changes.further |= {"certificates new": len(new), "certificates changed": len(changed)}


def _load_absences(
    db: Session,
    rows: StaffRows,
    ids: Mapping[str, int],
    absences: Mapping[int, Sequence[KnownAbsence]],
    changes: StaffChanges,
) -> None:
    new: list[Values] = []
    changed: list[Values] = []
    for row in rows:
        values = row.values
        if values.away_from is None:
            continue
        staff_id = ids[values.staff_no]
        stands = next((one for one in absences.get(staff_id, ()) if one.period[0] == values.away_from), None)
        wanted = _absence(values, stands, ids)
        if stands is None:
            new.append({"staff_id": staff_id} | wanted)
        elif wanted != {"away": range_of(stands.period), "reason": stands.reason, "deputy_id": stands.deputy_id}:
            changed.append({"id": stands.id} | wanted)
        else:
            continue
        changes.changed.add(row.number)
    if changed:
        db.execute(update(Absence), changed)
    if new:
        db.execute(insert(Absence), new)
    changes.further |= {"absences new": len(new), "absences changed": len(changed)}


def _absence(row: StaffRow, stands: KnownAbsence | None, ids: Mapping[str, int]) -> Values:
    """The columns of an absence as the row wants them; a column that the file lacks stays as it stands."""
    given = row.model_fields_set
    wanted: Values = {
        "away": range_of((row.away_from, row.away_until)),
        "reason": row.away_reason,
        "deputy_id": ids[row.deputy_no] if row.deputy_no else None,
    }
    if stands is not None:
        kept = {
            "away_until": ("away", range_of((row.away_from, stands.period[1]))),
            "away_reason": ("reason", stands.reason),
            "deputy_no": ("deputy_id", stands.deputy_id),
        }
        wanted |= dict(column for name, column in kept.items() if name not in given)
    return wanted
