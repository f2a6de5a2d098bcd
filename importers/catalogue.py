"""The catalogue of matters: what can be reported, who leads, which level may act, and within which time.

A catalogue changes several times a year and incidents are judged by what stood when they were reported, so
a changed entry ends its old version and begins a new one at one moment.
"""

import logging
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from geo.sentences import say
from importers.catalogue_plan import CataloguePlan, Entry, recorded_versions
from importers.catalogue_rows import MatterRow
from importers.catalogue_units import UnitFinder
from importers.checked_rows import CheckedRow, CheckedRows, Columns, read_rows, take_turn
from importers.columns import Wanted
from importers.encodings import AUTO
from importers.periods import range_of
from importers.report import ImportReport
from incidents.models import Matter, MatterCoUnit
from incidents.words import Procedure

log = logging.getLogger(__name__)

COLUMNS = Columns(
    wanted=(
        Wanted("code", ("事项编码", "事项编号", "编码", "SXBM"), required=True),
        Wanted("field", ("领域", "事项领域", "类别", "LY"), required=True),
        Wanted("name", ("事项名称", "事项", "名称", "SXMC"), required=True),
        Wanted("lead", ("主办部门", "主责部门", "牵头部门", "主办单位", "ZBBM")),
        Wanted("co_operating", ("协办部门", "配合部门", "协办单位", "XBBM")),
        Wanted("level", ("处置层级", "层级", "CZCJ"), required=True),
        Wanted("limit", ("时限", "办理时限", "处置时限", "SX")),
        Wanted("procedure", ("程序", "办理程序", "CX")),
        Wanted("officers", ("执法人数", "执法人员数", "ZFRS")),
    ),
    model=MatterRow,
    codes=("code",),
)

ASSUMED = say("empty; taken as simple (简易)")
"""What is said where a file does not name the procedure."""


def import_catalogue(
    db: Session,
    path: Path,
    *,
    columns: dict[str, str] | None = None,
    by: str,
    now: datetime,
    valid_from: datetime | None = None,
    replace: bool = False,
    encoding: str = AUTO,
    sheet: str | None = None,
) -> ImportReport:
    """Bring the catalogue to what the file says from `valid_from` (default: now) on, or leave it and say why.

    An entry that was never known is valid since an unbounded past, unless `valid_from` says otherwise.
    Entries that the file lacks stay, or end at that moment with `replace`. A file that is loaded twice
    changes nothing the second time. The caller commits when the report does not block.
    """
    checked = read_rows(path, COLUMNS, columns, encoding=encoding, sheet=sheet)
    if not checked.rows:
        return checked.finish()
    take_turn(db, "catalogue")
    units = UnitFinder.load(db)
    plan = CataloguePlan(recorded_versions(db), valid_from, now)
    _check_codes(checked)
    for row in checked.rows:
        plan.want(row.values.code, _entry(row, units, checked), row.number)
    if "procedure" not in checked.report.detected.columns:
        checked.warn(None, "procedure", "assumed", ASSUMED)
    if replace:
        plan.end_others(checked.codes("code"))
    for row_number, code, sentence in plan.problems:
        checked.block(row_number, "code", code, sentence)
    if checked.report.blocks:
        return checked.finish()
    _load(db, plan)
    counts = {name: plan.counts[name] for name in ("new", "changed", "unchanged", "ended")}
    log.info("catalogue from %s by %s: %s", path.name, by, counts)
    return checked.finish(counts, loaded=counts["new"] + counts["changed"])


def _check_codes(checked: CheckedRows[MatterRow]) -> None:
    first: dict[str, int] = {}
    for row in checked.rows:
        earlier = first.setdefault(row.values.code, row.number)
        if earlier != row.number:
            sentence = say("{code} stands in row {row} already", code=row.values.code, row=earlier)
            checked.block(row.number, "code", "repeated", sentence)


def _entry(row: CheckedRow[MatterRow], units: UnitFinder, checked: CheckedRows[MatterRow]) -> Entry:
    """The row with its units looked up; what could not be found is told and left empty."""
    values = row.values
    lead_id = units.find(values.lead, row.number, "lead", checked) if values.lead else None
    found = (units.find(name, row.number, "co_operating", checked) for name in values.co_operating)
    co_unit_ids = frozenset(unit_id for unit_id in found if unit_id is not None and unit_id != lead_id)
    if values.procedure is None and "procedure" in values.model_fields_set:
        checked.warn(row.number, "procedure", "assumed", ASSUMED)
    amount, unit = values.limit or (None, None)
    return Entry(
        field=values.field, name=values.name, lead_unit_id=lead_id, level=values.level, limit_amount=amount,
        limit_unit=unit, procedure=values.procedure or Procedure.SIMPLE, officers=values.officers or 0,
        co_unit_ids=co_unit_ids,
    )  # fmt: skip


def _load(db: Session, plan: CataloguePlan) -> None:
    """End versions first, then begin the new ones, so that no two of an entry overlap."""
    changed = [{"id": version.id, "valid": range_of(version.period)} for version in plan.adjusted]
    if changed:
        db.execute(update(Matter), changed)
    if not plan.begun:
        return
    rows = [{"code": begun.code, "valid": range_of(begun.period)} | begun.entry.columns() for begun in plan.begun]
    ids = db.scalars(insert(Matter).returning(Matter.id, sort_by_parameter_order=True), rows).all()
    together = [
        {"matter_id": matter_id, "unit_id": unit_id}
        for matter_id, begun in zip(ids, plan.begun, strict=True)
        for unit_id in sorted(begun.entry.co_unit_ids)
    ]
    if together:
        db.execute(insert(MatterCoUnit), together)
