"""What forms choose from: the units that an incident can be given to, and the catalogue of matters."""

from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from incidents.models import Matter, MatterCoUnit
from staffing.models import Unit
from staffing.words import UnitKind
from webmap.api.answers import MatterList, UnitList
from webmap.api.operations import Answered, answer, bp, operation
from webmap.installation import utcnow
from webmap.permissions import Permission, requires


class UnitsWanted(BaseModel):
    """Which units."""

    model_config = ConfigDict(extra="forbid")

    kind: tuple[UnitKind, ...] = ()


@bp.get("/units")
@requires(Permission.SEE_INCIDENTS)
@operation("The units that incidents can be given to", query=UnitsWanted, answers={200: Answered("units", UnitList)})
def units(query: UnitsWanted) -> ResponseReturnValue:
    """Units of the kinds asked for, of every kind where none is."""
    wanted = select(Unit).options(joinedload(Unit.area)).order_by(Unit.kind, Unit.code)
    if query.kind:
        wanted = wanted.where(Unit.kind.in_(query.kind))
    return answer({"units": [_unit(unit) for unit in g.db.scalars(wanted)]})


@bp.get("/matters")
@requires(Permission.REPORT)
@operation("The catalogue of matters as it stands today", answers={200: Answered("matters", MatterList)})
def matters() -> ResponseReturnValue:
    """Every entry that stands today."""
    wanted = (
        select(Matter)
        .where(Matter.valid.contains(utcnow()))
        .options(joinedload(Matter.lead_unit), selectinload(Matter.co_units).joinedload(MatterCoUnit.unit))
        .order_by(Matter.field, Matter.code)
    )
    return answer({"matters": [_matter(matter) for matter in g.db.scalars(wanted)]})


def unit_by_code(db: Session, code: str) -> Unit | None:
    """The unit with this code."""
    return db.scalar(select(Unit).where(Unit.code == code))


def _unit(unit: Unit) -> dict[str, Any]:
    return {**_named(unit), "kind": unit.kind, "area": unit.area.code if unit.area else None}


def _matter(matter: Matter) -> dict[str, Any]:
    return {
        "code": matter.code,
        "name": matter.name,
        "field": matter.field,
        "level": matter.level,
        "procedure": matter.procedure,
        "limit_amount": matter.limit_amount,
        "limit_unit": matter.limit_unit,
        "lead": _named(matter.lead_unit) if matter.lead_unit else None,
        "co_operating": [_named(each.unit) for each in sorted(matter.co_units, key=lambda each: each.unit.code)],
        "officers": matter.officers,
    }


def _named(unit: Unit) -> dict[str, Any]:
    return {"code": unit.code, "name": unit.name}
