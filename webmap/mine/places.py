"""The grids that are somebody's own, with the team of each (1+1+N)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.sheets import DrawnArea
from staffing.answering import Answer, AnswerRule, HeldDuty, Leave, Roster
from staffing.rosters import load_roster
from staffing.words import DutyRole
from webmap.api.places import sheets


@dataclass(frozen=True)
class Member:
    """One person of a team. `leave` is the absence at the moment; `answers` says that it is this person's turn now."""

    duty: HeldDuty
    leave: Leave | None
    answers: bool


@dataclass(frozen=True)
class OwnGrid:
    """One of the grids that are somebody's own. `vacant`: no worker is named for it."""

    area: DrawnArea
    kind: AreaKind
    village: str | None
    team: tuple[Member, ...]
    answer: Answer
    vacant: bool


def own_areas(area_ids: Collection[int], now: datetime) -> dict[AreaKind, list[DrawnArea]]:
    """The comprehensive and specialised grids among the areas, or in them: a village stands for its grids."""
    wanted = set(area_ids)
    grids = sheets().sheet(AreaKind.COMPREHENSIVE, now).areas
    special = sheets().sheet(AreaKind.SPECIALISED, now).areas
    return {
        AreaKind.COMPREHENSIVE: [area for area in grids if {area.id, area.parent_id} & wanted],
        AreaKind.SPECIALISED: [area for area in special if area.id in wanted],
    }


def own_grids(db: Session, areas: dict[AreaKind, list[DrawnArea]], now: datetime) -> list[OwnGrid]:
    """Each grid with the people who answer for it."""
    villages = {village.id: village for village in sheets().sheet(AreaKind.VILLAGE, now).areas}
    roster = load_roster(db, set(_places(areas)))
    return [
        _own_grid(area, kind, villages.get(area.parent_id or 0), roster, now)
        for kind, found in areas.items()
        for area in found
    ]


def _places(areas: dict[AreaKind, list[DrawnArea]]) -> Iterable[int]:
    for found in areas.values():
        for area in found:
            yield area.id
            if area.parent_id is not None:
                yield area.parent_id


def _own_grid(area: DrawnArea, kind: AreaKind, village: DrawnArea | None, roster: Roster, now: datetime) -> OwnGrid:
    township_id = village.parent_id if village else area.parent_id
    answer = roster.who_answers(
        area.id, village_id=village.id if village else None, township_id=township_id, county_id=None, at=now
    )
    duties = roster.team([area.id, village.id if village else None], now)
    stands_in = answer.person if answer.rule is not AnswerRule.WORKER else None
    team = tuple(Member(duty, duty.person.leave_at(now), duty.person == stands_in) for duty in duties)
    vacant = not any(duty.role is DutyRole.WORKER for duty in duties)
    return OwnGrid(area, kind, village.name if village else None, team, answer, vacant)
