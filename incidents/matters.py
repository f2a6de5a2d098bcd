"""Finding the catalogue entry that a report means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from incidents.models import Matter
from incidents.words import LimitUnit

_NAMED = (
    select(Matter)
    .where((Matter.code == bindparam("given")) | (Matter.name == bindparam("given")))
    .order_by(func.lower(Matter.valid).desc().nulls_last())
)
"""Made once, latest first: most reports ask."""


@dataclass(frozen=True)
class MatterFound:
    """A matter as far as a new incident needs it. `limit` is (amount, unit), None where none is set."""

    id: int
    name: str
    limit: tuple[int, LimitUnit] | None


class MatterFinder:
    """Looks matters up by code or exact name, each only once. Lives as long as one batch."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self._entries: dict[str, list[Matter]] = {}

    def find(self, given: str | None, at: datetime) -> MatterFound | None:
        """The entry with this code or name that stood at the moment; else the one that stands latest; else None."""
        if not given:
            return None
        if given not in self._entries:
            self._entries[given] = list(self._db.scalars(_NAMED, {"given": given}))
        entries = self._entries[given]
        then = (entry for entry in entries if _stood(entry, at))
        entry = next(then, entries[0] if entries else None)
        if entry is None:
            return None
        limit = (entry.limit_amount, entry.limit_unit) if entry.limit_amount and entry.limit_unit else None
        return MatterFound(entry.id, entry.name, limit)


def standing(db: Session, at: datetime) -> Sequence[Matter]:
    """Every entry of the catalogue that stood at the moment, by field and code."""
    return db.scalars(select(Matter).where(Matter.valid.contains(at)).order_by(Matter.field, Matter.code)).all()


def _stood(entry: Matter, at: datetime) -> bool:
    valid = entry.valid
    return (valid.lower is None or valid.lower <= at) and (valid.upper is None or at < valid.upper)
