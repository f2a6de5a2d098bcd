"""Who answers for a place now, and why: one rule over plain values.

The ladder (A/B roles first, then up): the grid's worker; the deputy while the worker is away; the
village's liaison while the post is vacant; the township's desk while nobody is named; the county's.
staffing.rosters loads the values from the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from staffing.words import DutyRole

LOCAL = ZoneInfo("Asia/Shanghai")
"""Where days of service begin and end."""


class AnswerRule(StrEnum):
    """Which rung of the ladder gave the answer."""

    WORKER = "worker"
    DEPUTY = "deputy"
    LIAISON = "liaison"
    TOWNSHIP_DESK = "township-desk"
    COUNTY_DESK = "county-desk"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Desk:
    """A unit, as far as an answer needs it."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Leave:
    """A period for which somebody is away. `until` None: nobody knows yet."""

    since: datetime | None
    until: datetime | None
    reason: str | None
    deputy_id: int | None

    def covers(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Person:
    """A member of staff, with the periods of absence that are known."""

    id: int
    staff_no: str
    name: str
    phone: str | None
    works_at: Desk
    left_on: date | None = None
    leaves: tuple[Leave, ...] = ()

    def in_service(self, at: datetime) -> bool:
        """Whether the person has not left yet: `left_on` is the first day without them, in local time."""
        return self.left_on is None or at.astimezone(LOCAL).date() < self.left_on

    def leave_at(self, at: datetime) -> Leave | None:
        return next((leave for leave in self.leaves if leave.covers(at)), None)

    def present(self, at: datetime) -> bool:
        return self.in_service(at) and self.leave_at(at) is None


@dataclass(frozen=True)
class HeldDuty:
    """That a person has a role on an area, from `since` until just before `until`; None is unbounded."""

    person: Person
    area_id: int
    role: DutyRole
    since: datetime | None
    until: datetime | None

    def held_at(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True)
class Answer:
    """Who answers for one area at one moment, and the rung of the ladder that says so.

    `away` and `away_until` name whose absence the answer stands in for, where it does;
    `away_until` None with `away` set means that no return is known.
    """

    rule: AnswerRule
    person: Person | None = None
    desk: Desk | None = None
    role: DutyRole | None = None
    away: Person | None = None
    away_until: datetime | None = None

    @property
    def why(self) -> str:
        """The reason as a sentence."""
        absence = ""
        if self.away is not None:
            absence = f"{self.away.name} is away{_until(self.away_until)}"
        match self.rule:
            case AnswerRule.WORKER:
                return "the grid's worker"
            case AnswerRule.DEPUTY:
                return f"deputy, because {absence}" if absence else "deputy, because the worker's post is vacant"
            case AnswerRule.LIAISON:
                because = f"{absence} and no deputy is present" if absence else "the worker's post is vacant"
                return f"the village's liaison, because {because}"
            case AnswerRule.TOWNSHIP_DESK:
                return "the township's desk, because nobody present is named for the grid or its village"
            case AnswerRule.COUNTY_DESK:
                return "the county's desk, because the township has none and nobody present is named"
            case AnswerRule.NOBODY:
                return "nobody is named for this place at any level"


NOBODY = Answer(AnswerRule.NOBODY)


@dataclass(frozen=True)
class Roster:
    """Duties, people and desks as the database holds them, for any number of areas and any moment."""

    duties: Mapping[int, Sequence[HeldDuty]] = field(default_factory=dict)
    people: Mapping[int, Person] = field(default_factory=dict)
    township_desks: Mapping[int, Desk] = field(default_factory=dict)
    county_desks: Mapping[int, Desk] = field(default_factory=dict)

    def who_answers(
        self, area_id: int, *, village_id: int | None, township_id: int | None, county_id: int | None, at: datetime
    ) -> Answer:
        """Who answers for the area at the moment `at`; of several on one rung, the smallest staff number."""
        away: list[tuple[Person, Leave]] = []
        for duty in self._on(area_id, DutyRole.WORKER, at):
            leave = duty.person.leave_at(at)
            if leave is None:
                return Answer(AnswerRule.WORKER, duty.person, duty.person.works_at, DutyRole.WORKER)
            away.append((duty.person, leave))
        return self._stand_in(area_id, village_id, away, at) or self._desk_for(township_id, county_id)

    def _stand_in(
        self, area_id: int, village_id: int | None, away: Sequence[tuple[Person, Leave]], at: datetime
    ) -> Answer | None:
        """Who covers where no worker is present: a deputy named for the absence, the grid's deputy, the liaison."""
        for worker, leave in away:
            deputy = self.people.get(leave.deputy_id or 0)
            if deputy is not None and deputy.present(at):
                return _standing_in(AnswerRule.DEPUTY, deputy, DutyRole.DEPUTY, (worker, leave))
        first_away = away[0] if away else None
        for duty in self._on(area_id, DutyRole.DEPUTY, at):
            if duty.person.present(at):
                return _standing_in(AnswerRule.DEPUTY, duty.person, DutyRole.DEPUTY, first_away)
        for duty in self._on(village_id, DutyRole.LIAISON, at):
            if duty.person.present(at):
                return _standing_in(AnswerRule.LIAISON, duty.person, DutyRole.LIAISON, first_away)
        return None

    def team(self, area_ids: Sequence[int | None], at: datetime) -> list[HeldDuty]:
        """Everybody with a duty on any of the areas at the moment (1+1+N), by role and staff number."""
        held = [duty for area_id in area_ids for role in DutyRole for duty in self._on(area_id, role, at)]
        order = list(DutyRole)
        return sorted(held, key=lambda duty: (order.index(duty.role), duty.person.staff_no))

    def _on(self, area_id: int | None, role: DutyRole, at: datetime) -> Iterator[HeldDuty]:
        held = (
            duty
            for duty in self.duties.get(area_id or 0, ())
            if duty.role is role and duty.held_at(at) and duty.person.in_service(at)
        )
        return iter(sorted(held, key=lambda duty: duty.person.staff_no))

    def _desk_for(self, township_id: int | None, county_id: int | None) -> Answer:
        if desk := self.township_desks.get(township_id or 0):
            return Answer(AnswerRule.TOWNSHIP_DESK, desk=desk)
        county = self.county_desks.get(county_id or 0)
        if county is None and len(self.county_desks) == 1:
            # One centre in the whole installation answers for it all, also where no county outline was loaded.
            county = next(iter(self.county_desks.values()))
        return Answer(AnswerRule.COUNTY_DESK, desk=county) if county else NOBODY


def _standing_in(rule: AnswerRule, person: Person, role: DutyRole, away: tuple[Person, Leave] | None) -> Answer:
    absent, leave = away or (None, None)
    return Answer(rule, person, person.works_at, role, away=absent, away_until=leave.until if leave else None)


def _until(moment: datetime | None) -> str:
    return f" until {moment.astimezone(LOCAL):%Y-%m-%d %H:%M}" if moment else " with no return date"
