"""Duty rosters: who answers for which grid, village or township, in which role, from when until when.

Duties are history: a roster begins duties and ends them, and never takes one away. A row that repeats the
beginning of a recorded duty sets its end; a row without a beginning speaks of the duty that is recorded for
that time, if there is one, and otherwise of one whose beginning is not known.
"""

import logging
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from geo.sentences import say
from importers.checked_rows import CheckedRow, CheckedRows, Columns, read_rows, take_turn
from importers.columns import Wanted
from importers.duty_places import Places, find_places
from importers.duty_plan import DutyKey, DutyPlan, HeldPeriod, recorded_duties
from importers.encodings import AUTO
from importers.periods import overlap, range_of, said
from importers.report import ImportReport
from importers.staff_loading import KnownStaff, known_staff
from importers.staffing_rows import DutyRow
from importers.vacancies import tell_vacancies
from incidents.clock import LOCAL
from staffing.models import Duty

log = logging.getLogger(__name__)

COLUMNS = Columns(
    wanted=(
        Wanted("staff_no", ("工号", "人员编号", "员工编号", "GH"), required=True),
        Wanted("area_code", ("区划编码", "网格编码", "网格编号", "责任区编码", "QHBM", "WGBM"), required=True),
        Wanted("role", ("角色", "岗位角色", "JS"), required=True),
        Wanted("from", ("起始日期", "开始日期", "起始时间", "QSRQ", "KSRQ")),
        Wanted("until", ("截止日期", "结束日期", "截止时间", "JZRQ", "JSRQ")),
    ),
    model=DutyRow,
    codes=("staff_no", "area_code"),
    days=("from", "until"),
)


def import_duties(
    db: Session,
    path: Path,
    *,
    columns: dict[str, str] | None = None,
    by: str,
    now: datetime,
    encoding: str = AUTO,
    sheet: str | None = None,
) -> ImportReport:
    """Bring the duties to what the file says of them, or leave all as it is and say why.

    `columns` maps our fields to the file's headings where they are not found by themselves. Duties that the
    file does not speak of stay. Afterwards the report tells which grids nobody works. The caller commits when
    the report does not block.
    """
    checked = read_rows(path, COLUMNS, columns, encoding=encoding, sheet=sheet)
    if not checked.rows:
        return checked.finish()
    take_turn(db, "duties")
    staff = known_staff(db, checked.codes("staff_no"))
    places = find_places(db, checked.codes("area_code"), now)
    plan = _plan(db, checked, staff, places, now)
    if checked.report.blocks:
        return checked.finish()
    _load(db, plan)
    tell_vacancies(db, checked, now)
    counts = {name: plan.counts[name] for name in ("new", "changed", "unchanged", "ended")}
    log.info("duties from %s by %s: %s", path.name, by, counts)
    return checked.finish(counts, loaded=counts["new"] + counts["changed"] + counts["ended"])


def _plan(
    db: Session, checked: CheckedRows[DutyRow], staff: dict[str, KnownStaff], places: Places, now: datetime
) -> DutyPlan:
    """Decide row by row what the roster changes; problems go to the report."""
    plan = DutyPlan(recorded_duties(db, [one.id for one in staff.values()]))
    for row in checked.rows:
        person = staff.get(row.values.staff_no)
        if person is None:
            sentence = say("there is nobody with the number {number}; import staff first", number=row.values.staff_no)
            checked.block(row.number, "staff_no", "unknown-staff", sentence)
        area_id = places.choose(row, checked)
        if person is not None and area_id is not None:
            key = DutyKey(person.id, area_id, row.values.role)
            _warn_of_leavers(checked, row, person)
            _apply(plan, key, row, checked, now)
    for row_number, sentence in plan.collisions():
        checked.block(row_number, "from", "duty-overlaps", sentence)
    return plan


def _apply(
    plan: DutyPlan, key: DutyKey, row: CheckedRow[DutyRow], checked: CheckedRows[DutyRow], now: datetime
) -> None:
    """Match the row with the duty that it speaks of, or add a new one."""
    values = row.values
    held = plan.spoken_of(key, values.begins, values.until)
    if held is None:
        plan.begin(key, HeldPeriod(None, values.begins, values.until, row.number))
        return
    until = values.until if "until" in values.model_fields_set else held.until
    if held.row is not None:
        same = until == held.until
        sentence = say("the same duty as in row {row}", row=held.row)
        if not same:
            sentence = say("{said}, with another end", said=sentence)
        (checked.warn if same else checked.block)(row.number, None if same else "until", "repeated", sentence)
    elif held.until is not None and held.until <= now and _before(held.until, values.until):
        _tell_revival(checked, row, held)
    if held.row is None:
        plan.adjust(held, until, row.number)


def _tell_revival(checked: CheckedRows[DutyRow], row: CheckedRow[DutyRow], held: HeldPeriod) -> None:
    """An ended duty goes on only when the row repeats its beginning: a roster without dates may be an old one."""
    recorded = say("the duty is recorded as ended ({period})", period=said(held.period))
    if row.values.begins is None:
        sentence = say("{recorded}; give the day on which it began again", recorded=recorded)
        checked.block(row.number, "from", "duty-ended", sentence)
    else:
        checked.warn(row.number, "until", "duty-reopened", say("{recorded}; it goes on", recorded=recorded))


def _before(ends: datetime, other: datetime | None) -> bool:
    return other is None or ends < other


def _warn_of_leavers(checked: CheckedRows[DutyRow], row: CheckedRow[DutyRow], person: KnownStaff) -> None:
    """Say that somebody has a duty beyond their last day."""
    if person.left_on is None:
        return
    gone = datetime.combine(person.left_on, datetime.min.time(), LOCAL)
    if overlap((gone, None), (row.values.begins, row.values.until)):
        sentence = say(
            "{staff} leaves on {day}: nobody is asked through this duty from then on",
            staff=row.values.staff_no, day=person.left_on.isoformat(),
        )  # fmt: skip
        checked.warn(row.number, "staff_no", "staff-left", sentence)


def _load(db: Session, plan: DutyPlan) -> None:
    """Shorten first, then lengthen, then begin: at no moment do two periods of one duty overlap."""
    for shorter in (True, False):
        changed = [{"id": held.id, "held": range_of(held.period)} for held in plan.adjusted if held.shorter is shorter]
        if changed:
            db.execute(update(Duty), changed)
    if plan.begun:
        rows = [
            {"staff_id": key.staff_id, "area_id": key.area_id, "role": key.role, "held": range_of(held.period)}
            for key, held in plan.begun
        ]
        db.execute(insert(Duty), rows)
