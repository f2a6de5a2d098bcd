"""Which unit a catalogue means by a name or a code."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.sentences import join, say
from importers.catalogue_rows import MatterRow
from importers.checked_rows import CheckedRows
from importers.columns import simplified
from staffing.models import Unit


@dataclass
class UnitFinder:
    """Finds units by code, then by name; what it cannot find is told once for each row that says it."""

    by_code: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, db: Session) -> "UnitFinder":
        """Read every unit: a county has some hundreds."""
        by_code: dict[str, int] = {}
        by_name: dict[str, list[str]] = defaultdict(list)
        for code, name, id_ in db.execute(select(Unit.code, Unit.name, Unit.id).order_by(Unit.code)):
            by_code[code] = id_
            by_name[simplified(name)].append(code)
        return cls(by_code, dict(by_name))

    def find(self, said: str, row: int, column: str, checked: CheckedRows[MatterRow]) -> int | None:
        """The id of the unit; None, with a warning, where there is none or where two bear the name."""
        if said in self.by_code:
            return self.by_code[said]
        codes = self.by_name.get(simplified(said), [])
        if len(codes) == 1:
            return self.by_code[codes[0]]
        if codes:
            several = join("{one} and {other}", codes)
            sentence = say("“{name}” is the name of {codes}; write the code; left empty", name=said, codes=several)
            checked.warn(row, column, "ambiguous-unit", sentence)
        else:
            sentence = say(
                "there is no unit “{name}”; left empty until its staff are imported and this file again", name=said
            )
            checked.warn(row, column, "unknown-unit", sentence)
        return None
