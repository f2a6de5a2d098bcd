"""The people that tests of incidents are about, by what they may do."""

from typing import Any

from geo.models import Area
from incidents.actors import Actor
from incidents.workflow import Right
from staffing.models import Unit

DESK = Actor("desk", account_id=1, rights=frozenset(Right))
COLLEAGUE = Actor("colleague", account_id=2, rights=frozenset(Right))
LEADER = Actor("leader", account_id=3)


def worker_on(*areas: Area, **columns: Any) -> Actor:
    """A grid worker whose duties are these areas."""
    area_ids = tuple(area.id for area in areas)
    return Actor("worker", account_id=4, area_ids=area_ids, rights=frozenset({Right.HANDLE}), **columns)


def department(unit: Unit) -> Actor:
    """Somebody of the unit."""
    return Actor("department", account_id=5, unit_id=unit.id, rights=frozenset({Right.HANDLE}))
