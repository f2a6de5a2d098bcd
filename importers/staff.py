"""Staff lists: people, their units, certificates and absences, from the table that an office keeps.

A staff list says what is true now, so names, phones and posts are corrected in place; duties, which say
who answered when, have their own file (`importers.duties`). Whoever is missing from a list stays as they
are: lists come by township, and a person leaves by their day of leaving.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.sentences import say
from importers.checked_rows import CheckedRow, CheckedRows, Columns, read_rows, take_turn
from importers.columns import Wanted
from importers.encodings import AUTO
from importers.periods import overlap, said
from importers.report import ImportReport
from importers.staff_loading import KnownAbsence, KnownStaff, StaffChanges, known_absences, known_staff, load_staff
from importers.staffing_rows import StaffRow
from importers.units import plan_units
from incidents.clock import LOCAL
from staffing.models import Staff

log = logging.getLogger(__name__)

COLUMNS = Columns(
    wanted=(
        Wanted("staff_no", ("工号", "人员编号", "员工编号", "GH"), required=True),
        Wanted("name", ("姓名", "人员姓名", "XM"), required=True),
        Wanted("unit_code", ("单位编码", "单位代码", "所属单位编码", "DWBM", "DWDM"), required=True),
        Wanted("unit_name", ("单位名称", "所属单位", "单位", "unit", "DWMC")),
        Wanted("unit_kind", ("单位类型", "单位类别", "DWLX")),
        Wanted("unit_area", ("所属区划编码", "单位区划编码", "区划编码", "SSQHBM", "QHBM")),
        Wanted("works_at", ("实际工作单位编码", "工作单位编码", "SJGZDWBM", "GZDWBM")),
        Wanted("post", ("岗位", "职务", "GW", "ZW")),
        Wanted("phone", ("电话", "联系电话", "手机", "手机号", "手机号码", "DH", "LXDH", "SJH")),
        Wanted("certificate_no", ("执法证号", "证件编号", "证号", "执法证编号", "ZFZH")),
        Wanted("certificate_kind", ("证件类型", "ZJLX")),
        Wanted("certificate_expires", ("证件有效期", "证件有效期至", "有效期至", "ZJYXQ")),
        Wanted("away_from", ("离岗开始", "离岗开始日期", "离岗开始时间", "LGKS")),
        Wanted("away_until", ("离岗结束", "离岗结束日期", "离岗结束时间", "LGJS")),
        Wanted("away_reason", ("离岗原因", "LGYY")),
        Wanted("deputy_no", ("代岗人工号", "代岗工号", "DGRGH")),
        Wanted("left_on", ("离职日期", "离任日期", "LZRQ")),
    ),
    model=StaffRow,
    codes=("staff_no", "unit_code", "unit_area", "works_at", "certificate_no", "deputy_no"),
    days=("certificate_expires", "away_from", "away_until", "left_on"),
)


def import_staff(
    db: Session,
    path: Path,
    *,
    columns: dict[str, str] | None = None,
    by: str,
    now: datetime,
    encoding: str = AUTO,
    sheet: str | None = None,
) -> ImportReport:
    """Load everybody in the file, with units, certificates and absences, or nobody, and say why.

    `columns` maps our fields to the file's headings where they are not found by themselves. A list that
    is loaded twice changes nothing the second time. The caller commits when the report does not block.
    """
    checked = read_rows(path, COLUMNS, columns, encoding=encoding, sheet=sheet)
    if not checked.rows:
        return checked.finish()
    take_turn(db, "staff")
    numbers = checked.codes("staff_no")
    known = known_staff(db, numbers)
    absences = known_absences(db, known.values())
    units = plan_units(db, checked, now)
    _check_staff_numbers(checked)
    _check_deputies(db, checked, numbers)
    _check_certificates(checked, now)
    _check_absences(checked, known, absences)
    if checked.report.blocks:
        return checked.finish()
    units.load(db)
    changes = load_staff(db, checked.rows, known, absences, units.ids)
    counts = _counts(checked.rows, changes) | {"units new": len(units.new), "units changed": len(units.changed)}
    log.info("staff from %s by %s: %s", path.name, by, counts)
    told = {name: count for name, count in counts.items() if count or name in _ALWAYS_TOLD}
    return checked.finish(told, loaded=counts["new"] + counts["changed"] + counts["ended"])


_ALWAYS_TOLD = ("new", "changed", "unchanged", "ended")


def _counts(rows: Iterable[CheckedRow[StaffRow]], changes: StaffChanges) -> dict[str, int]:
    changed = changes.changed - changes.new
    return {
        "new": len(changes.new),
        "changed": len(changed - changes.left),
        "unchanged": sum(row.number not in changes.new | changed for row in rows),
        "ended": len(changes.left - changes.new),
    } | changes.further


def _check_staff_numbers(checked: CheckedRows[StaffRow]) -> None:
    first: dict[str, int] = {}
    for row in checked.rows:
        earlier = first.setdefault(row.values.staff_no, row.number)
        if earlier != row.number:
            sentence = say(
                "{number} stands in row {row} already; one person has one row", number=row.values.staff_no, row=earlier
            )
            checked.block(row.number, "staff_no", "repeated", sentence)


def _check_deputies(db: Session, checked: CheckedRows[StaffRow], numbers: set[str]) -> None:
    named = {row.values.deputy_no for row in checked.rows if row.values.deputy_no} - numbers
    recorded = set(db.scalars(select(Staff.staff_no).where(Staff.staff_no.in_(named))))
    for row in checked.rows:
        values = row.values
        if values.deputy_no in named - recorded:
            sentence = say(
                "there is nobody with the number {number}, neither in this file nor in the records",
                number=values.deputy_no or "",
            )
            checked.block(row.number, "deputy_no", "unknown-staff", sentence)
        if values.away_from is None and (values.deputy_no or values.away_reason):
            sentence = say(
                "a deputy or a reason without an absence is not kept; a standing deputy is a duty of its own"
            )
            checked.warn(row.number, "away_from", "no-absence", sentence)


def _check_certificates(checked: CheckedRows[StaffRow], now: datetime) -> None:
    today = now.astimezone(LOCAL).date()
    holders: dict[str, CheckedRow[StaffRow]] = {}
    for row in checked.rows:
        number, expires = row.values.certificate_no, row.values.certificate_expires
        if number is None:
            if expires is not None:
                sentence = say("a certificate without its number is not kept")
                checked.warn(row.number, "certificate_no", "certificate-without-number", sentence)
            continue
        if expires is None:
            sentence = say("certificate {number} has no date; whether it still holds is not known", number=number)
            checked.warn(row.number, "certificate_expires", "certificate-undated", sentence)
        elif expires < today:
            sentence = say("{number} expired on {day}", number=number, day=expires.isoformat())
            checked.warn(row.number, "certificate_expires", "certificate-expired", sentence)
        other = holders.setdefault(number, row)
        if other is not row:
            sentence = say(
                "{number} is the certificate of {staff} in row {row} too",
                number=number, staff=other.values.staff_no, row=other.number,
            )  # fmt: skip
            checked.warn(row.number, "certificate_no", "certificate-shared", sentence)


def _check_absences(
    checked: CheckedRows[StaffRow], known: dict[str, KnownStaff], absences: dict[int, list[KnownAbsence]]
) -> None:
    """Report absences that collide with recorded ones, and recorded ones that never end and are not spoken of."""
    for row in checked.rows:
        values = row.values
        stands = known.get(values.staff_no)
        recorded = absences.get(stands.id, []) if stands else []
        if values.away_from is not None:
            others = (one for one in recorded if one.period[0] != values.away_from)
            clash = next((one for one in others if overlap(one.period, (values.away_from, values.away_until))), None)
            if clash is not None:
                sentence = say(
                    "{staff} is away {period} already; repeat that beginning to change it",
                    staff=values.staff_no, period=said(clash.period),
                )  # fmt: skip
                checked.block(row.number, "away_from", "absence-overlaps", sentence)
        elif (endless := next((one for one in recorded if one.period[1] is None), None)) is not None:
            sentence = say(
                "{staff} is recorded as away {period}; give both days to end it",
                staff=values.staff_no, period=said(endless.period),
            )  # fmt: skip
            checked.warn(row.number, "away_from", "absence-open", sentence)
