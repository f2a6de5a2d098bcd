"""Which area a code in a roster means, and whether a duty there is ever asked for."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import SPOKEN, AreaKind
from geo.models import Area, AreaVersion
from geo.sentences import Sentence, join, say
from importers.checked_rows import CheckedRow, CheckedRows
from importers.staffing_rows import ROLE_WORDS, DutyRow
from staffing.words import DutyRole

PREFERENCE = (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED, AreaKind.VILLAGE, AreaKind.TOWNSHIP)
"""Which area a code means where free codes name several."""

GRIDS = frozenset({AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED})

ASKED_FOR = {DutyRole.WORKER: GRIDS, DutyRole.DEPUTY: GRIDS, DutyRole.LIAISON: frozenset({AreaKind.VILLAGE})}
"""Where the ladder of `staffing.answering` looks for a role; the other roles may be held anywhere."""


@dataclass(frozen=True)
class Place:
    """An area that duties can be held on, and whether any version of it stands now or later."""

    id: int
    kind: AreaKind
    stands: bool


@dataclass(frozen=True)
class Places:
    """The areas behind the codes of a file."""

    by_code: dict[str, list[Place]]

    def choose(self, row: CheckedRow[DutyRow], checked: CheckedRows[DutyRow]) -> int | None:
        """The id of the area that the row means; doubts and gaps go to the report."""
        code, role = row.values.area_code, row.values.role
        fitting = sorted(self.by_code.get(code, ()), key=lambda place: _rank(place, role))
        if not fitting:
            sentence = say("{code} is the code of no grid, village or township; import areas first", code=code)
            checked.block(row.number, "area_code", "unknown-area", sentence)
            return None
        chosen = fitting[0]
        for warning, sentence in _doubts(code, role, fitting):
            checked.warn(row.number, "area_code", warning, sentence)
        return chosen.id


def find_places(db: Session, codes: Collection[str], now: datetime) -> Places:
    """Look up every area that the codes may mean."""
    from_now_on = Range(now, None)
    stands = func.bool_or(AreaVersion.valid.overlaps(from_now_on))
    rows = db.execute(
        select(Area.code, Area.id, Area.kind, stands)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.code.in_(codes), Area.kind.in_(PREFERENCE))
        .group_by(Area.id)
    )
    found: dict[str, list[Place]] = {}
    for code, id_, kind, stands_still in rows:
        found.setdefault(code, []).append(Place(id_, kind, stands_still))
    return Places(found)


def _rank(place: Place, role: DutyRole) -> tuple[bool, bool, int]:
    """Areas that still stand first, then those where the role is asked for, then the usual order."""
    return not place.stands, place.kind not in ASKED_FOR.get(role, PREFERENCE), PREFERENCE.index(place.kind)


def _doubts(code: str, role: DutyRole, fitting: list[Place]) -> Iterator[tuple[str, Sentence]]:
    chosen = fitting[0]
    kind = SPOKEN[chosen.kind]
    if len(fitting) > 1:
        kinds = join("{one} and a {other}", [SPOKEN[place.kind] for place in fitting])
        said = say("{code} is the code of a {kinds}; taken for the {kind}", code=code, kinds=kinds, kind=kind)
        yield "ambiguous-area", said
    if not chosen.stands:
        yield "area-ended", say("{code} is no longer in force", code=code)
    if chosen.kind not in ASKED_FOR.get(role, PREFERENCE):
        where = say("villages") if role is DutyRole.LIAISON else say("grids")
        said = say(
            "{code} is a {kind}: a {role} is asked for on {where} only",
            code=code, kind=kind, role=ROLE_WORDS[role], where=where,
        )  # fmt: skip
        yield "role-out-of-place", said
