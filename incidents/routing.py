"""Who gets an incident, and why: a rule over plain values.

Inside a specialised grid its own answerer leads, and the comprehensive grid under it stays the
landlord and is told too. Elsewhere the comprehensive grid's answerer leads. What has no grid, or
nobody to answer for it, waits in the queue with the reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.locate import AreaRef, Location
from incidents.words import QueueReason
from staffing.answering import Answer, AnswerRule, HeldDuty, Roster


@dataclass(frozen=True)
class Responsibility:
    """Whose desk an incident belongs on.

    `lead` answers for `lead_area`; `landlord` answers for the comprehensive grid where a specialised
    one leads; `team` is everybody with a duty on any of the grids or the village (1+1+N).
    """

    lead: Answer
    lead_area: AreaRef | None
    landlord: Answer | None
    team: tuple[HeldDuty, ...]

    @property
    def queue_reason(self) -> QueueReason | None:
        """Why nobody can be asked to act, or None."""
        return QueueReason.NOBODY_ANSWERS if self.lead.rule is AnswerRule.NOBODY else None


def route(location: Location, roster: Roster, at: datetime) -> Responsibility | None:
    """Decide who answers for what happened at `location` at the moment `at`; None without a comprehensive grid."""
    grid = location.grid
    if grid is None:
        return None
    village_id = location.village.area_id if location.village else None
    township_id = location.township.area_id if location.township else None
    county_id = location.county.area_id if location.county else None

    def answer_for(area: AreaRef) -> Answer:
        return roster.who_answers(
            area.area_id, village_id=village_id, township_id=township_id, county_id=county_id, at=at
        )

    landlord = answer_for(grid)
    lead, lead_area = _specialised_lead(location.specialised, answer_for) or (landlord, grid)
    team = roster.team([*(area.area_id for area in location.specialised), grid.area_id, village_id], at)
    return Responsibility(lead, lead_area, landlord if lead_area is not grid else None, tuple(team))


def _specialised_lead(
    areas: Sequence[AreaRef], answer_for: Callable[[AreaRef], Answer]
) -> tuple[Answer, AreaRef] | None:
    """The first specialised grid, in code order, for which somebody is named in person."""
    for area in areas:
        answer = answer_for(area)
        if answer.rule in {AnswerRule.WORKER, AnswerRule.DEPUTY}:
            return answer, area
    return None
