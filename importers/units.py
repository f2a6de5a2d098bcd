"""The units that a roster names: which are new, which changed, and what contradicts itself."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from geo.codes import SPOKEN, AreaKind
from geo.models import Area, AreaVersion
from geo.sentences import join, say
from importers.checked_rows import CheckedRows
from importers.staffing_rows import UNIT_WORDS, StaffRow
from staffing.models import Unit
from staffing.words import UnitKind

AREAS_OF = {
    UnitKind.COUNTY_CENTRE: (AreaKind.COUNTY,),
    UnitKind.TOWNSHIP: (AreaKind.TOWNSHIP,),
    UnitKind.VILLAGE: (AreaKind.VILLAGE,),
    UnitKind.DEPARTMENT: (AreaKind.COUNTY, AreaKind.TOWNSHIP, AreaKind.VILLAGE),
    UnitKind.BRIGADE: (AreaKind.COUNTY, AreaKind.TOWNSHIP, AreaKind.VILLAGE),
}
"""Which kinds of area a unit can be the unit of, the likeliest first."""


@dataclass(frozen=True)
class KnownUnit:
    """A unit as the database has it."""

    id: int
    name: str
    kind: UnitKind
    area_id: int | None


@dataclass
class NamedUnit:
    """A unit as the rows of a file name it, with the first row that says each fact."""

    first_row: int
    facts: dict[str, str | UnitKind] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


@dataclass
class UnitPlan:
    """What loading will do to the units. `ids` are complete once it is loaded."""

    ids: dict[str, int]
    new: list[dict[str, object]] = field(default_factory=list)
    changed: list[dict[str, object]] = field(default_factory=list)

    def load(self, db: Session) -> None:
        """Store the new units and change the others in place."""
        if self.new:
            self.ids |= dict(db.execute(insert(Unit).returning(Unit.code, Unit.id), self.new).all())
        if self.changed:
            db.execute(update(Unit), self.changed)


def plan_units(db: Session, checked: CheckedRows[StaffRow], now: datetime) -> UnitPlan:
    """Compare the units named in the rows with those in the database; problems go to the report."""
    named = _named(checked)
    known = _known(db, named.keys() | checked.codes("works_at"))
    areas = _areas_in_force(db, checked.codes("unit_area"), now)
    plan = UnitPlan({code: unit.id for code, unit in known.items()})
    for code, one in named.items():
        stands = known.get(code)
        kind = one.facts.get("unit_kind", stands.kind if stands else None)
        name = one.facts.get("unit_name", stands.name if stands else None)
        for field_, value in (("unit_name", name), ("unit_kind", kind)):
            if value is None:
                needed = say("unit {code} is not known yet, so this is needed", code=code)
                checked.block(one.first_row, field_, "empty", needed)
        if not isinstance(kind, UnitKind) or name is None:
            continue
        area_id = _area_of(code, one, kind, areas, checked) or (stands.area_id if stands else None)
        if stands is None:
            plan.new.append({"code": code, "name": name, "kind": kind, "area_id": area_id})
        elif (stands.name, stands.kind, stands.area_id) != (name, kind, area_id):
            plan.changed.append({"id": stands.id, "name": name, "kind": kind, "area_id": area_id})
    _check_works_at(checked, plan, named)
    return plan


def _named(checked: CheckedRows[StaffRow]) -> dict[str, NamedUnit]:
    """Gather what the rows say of each unit; a row that contradicts most of the others is a problem."""
    units: dict[str, NamedUnit] = {}
    sayings: dict[tuple[str, str], list[tuple[str | UnitKind, int]]] = defaultdict(list)
    for row in checked.rows:
        units.setdefault(row.values.unit_code, NamedUnit(row.number))
        for name, value in _facts(row.values):
            sayings[row.values.unit_code, name].append((value, row.number))
    for (code, name), said in sayings.items():
        usual = Counter(value for value, _ in said).most_common(1)[0][0]
        row_number = next(number for value, number in said if value == usual)
        units[code].facts[name], units[code].rows[name] = usual, row_number
        for value, number in said:
            if value != usual:
                sentence = say(
                    "unit {code} is “{here}” here and “{there}” in row {row}",
                    code=code, here=_spoken(value), there=_spoken(usual), row=row_number,
                )  # fmt: skip
                checked.block(number, name, "unit-contradicts", sentence)
    return units


def _spoken(fact: str | UnitKind) -> str:
    return UNIT_WORDS[fact] if isinstance(fact, UnitKind) else fact


def _facts(row: StaffRow) -> Iterator[tuple[str, str | UnitKind]]:
    facts = (("unit_name", row.unit_name), ("unit_kind", row.unit_kind), ("unit_area", row.unit_area))
    return ((name, value) for name, value in facts if value is not None)


def _known(db: Session, codes: Collection[str]) -> dict[str, KnownUnit]:
    rows = db.execute(select(Unit.code, Unit.id, Unit.name, Unit.kind, Unit.area_id).where(Unit.code.in_(codes)))
    return {row[0]: KnownUnit(*row[1:]) for row in rows}


def _areas_in_force(db: Session, codes: Collection[str], now: datetime) -> dict[tuple[str, AreaKind], int]:
    rows = db.execute(
        select(Area.code, Area.kind, Area.id)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.code.in_(codes), AreaVersion.valid.contains(now))
    )
    return {(code, kind): id_ for code, kind, id_ in rows}


def _area_of(
    code: str,
    unit: NamedUnit,
    kind: UnitKind,
    areas: Mapping[tuple[str, AreaKind], int],
    checked: CheckedRows[StaffRow],
) -> int | None:
    """The area that the unit is the unit of; None, with a warning, where its code is no such area in force."""
    area_code = unit.facts.get("unit_area")
    if area_code is None:
        return None
    fitting = AREAS_OF[kind]
    found = next((areas[str(area_code), each] for each in fitting if (str(area_code), each) in areas), None)
    if found is None:
        said = say(
            "{area} is the code of no {kinds} in force; unit {code} is loaded without it",
            area=str(area_code), kinds=join("{one} or {other}", [SPOKEN[each] for each in fitting]), code=code,
        )  # fmt: skip
        checked.warn(unit.rows["unit_area"], "unit_area", "unknown-area", said)
    return found


def _check_works_at(checked: CheckedRows[StaffRow], plan: UnitPlan, named: Mapping[str, NamedUnit]) -> None:
    known = plan.ids.keys() | named.keys() | checked.codes("unit_code")
    for row in checked.rows:
        if row.values.works_at is not None and row.values.works_at not in known:
            said = say("there is no unit {code}, neither in this file nor in the records", code=row.values.works_at)
            checked.block(row.number, "works_at", "unknown-unit", said)
