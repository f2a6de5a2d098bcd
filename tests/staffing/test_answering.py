"""The ladder of who answers, rung by rung, over plain values."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from staffing.answering import LOCAL, Answer, AnswerRule, Desk, HeldDuty, Leave, Person, Roster
from staffing.words import DutyRole

GRID, NEXT_GRID, VILLAGE, TOWNSHIP, COUNTY = 1, 2, 10, 100, 1000
NOON = datetime(2026, 3, 14, 12, tzinfo=LOCAL)
STATION, TOWN_DESK, COUNTY_DESK = Desk(1, "S-1", "Station"), Desk(2, "T-1", "Town desk"), Desk(3, "C-1", "Centre")


def person(id_: int, *leaves: Leave, left_on: date | None = None) -> Person:
    return Person(id_, f"{id_:04d}", f"Person {id_}", None, STATION, left_on, leaves)


def on_leave(since: datetime | None = None, until: datetime | None = None, deputy: int | None = None) -> Leave:
    return Leave(since, until, "leave", deputy)


def duty(
    who: Person,
    role: DutyRole = DutyRole.WORKER,
    area_id: int = GRID,
    since: datetime | None = None,
    until: datetime | None = None,
) -> HeldDuty:
    return HeldDuty(who, area_id, role, since, until)


def roster(*duties: HeldDuty, others: tuple[Person, ...] = (), township: bool = True, county: bool = True) -> Roster:
    by_area: dict[int, list[HeldDuty]] = {}
    for held in duties:
        by_area.setdefault(held.area_id, []).append(held)
    people = {one.id: one for one in (*others, *(held.person for held in duties))}
    desks = {TOWNSHIP: TOWN_DESK} if township else {}
    return Roster(by_area, people, desks, {COUNTY: COUNTY_DESK} if county else {})


def ask(held: Roster, at: datetime = NOON, county_id: int | None = COUNTY) -> Answer:
    return held.who_answers(GRID, village_id=VILLAGE, township_id=TOWNSHIP, county_id=county_id, at=at)


def liaison(id_: int = 7, *leaves: Leave) -> HeldDuty:
    return duty(person(id_, *leaves), DutyRole.LIAISON, VILLAGE)


def test_the_worker_of_the_grid_answers():
    answer = ask(roster(duty(person(1)), duty(person(2), DutyRole.DEPUTY), liaison()))
    assert (answer.rule, answer.person, answer.desk) == (AnswerRule.WORKER, person(1), STATION)
    assert answer.why == "the grid's worker"


def test_of_two_workers_the_smaller_staff_number_answers():
    assert ask(roster(duty(person(2)), duty(person(1)))).person == person(1)


def test_a_present_worker_answers_before_the_deputy_of_an_absent_one():
    away = person(1, on_leave(deputy=9))
    answer = ask(roster(duty(away), duty(person(2)), others=(person(9),)))
    assert (answer.rule, answer.person) == (AnswerRule.WORKER, person(2))


def test_the_deputy_named_for_the_absence_answers_while_the_worker_is_away():
    back = NOON + timedelta(days=3)
    away = person(1, on_leave(NOON - timedelta(days=1), back, deputy=9))
    answer = ask(roster(duty(away), duty(person(2), DutyRole.DEPUTY), others=(person(9),)))
    assert (answer.rule, answer.person, answer.role) == (AnswerRule.DEPUTY, person(9), DutyRole.DEPUTY)
    assert (answer.away, answer.away_until) == (away, back)
    assert answer.why == "deputy, because Person 1 is away until 2026-03-17 12:00"


def test_an_absence_with_no_return_date_says_so():
    answer = ask(roster(duty(person(1, on_leave(deputy=9))), others=(person(9),)))
    assert answer.why == "deputy, because Person 1 is away with no return date"


def test_the_time_of_return_is_told_in_local_time():
    back = datetime(2026, 3, 15, 16, tzinfo=UTC)
    answer = ask(roster(duty(person(1, on_leave(until=back, deputy=9))), others=(person(9),)))
    assert answer.why == "deputy, because Person 1 is away until 2026-03-16 00:00"


def test_an_absence_covers_its_first_moment_and_not_its_last():
    since, until = NOON, NOON + timedelta(days=1)
    held = roster(duty(person(1, on_leave(since, until, deputy=9))), others=(person(9),))
    rules = [ask(held, at).rule for at in (since - timedelta(seconds=1), since, until - timedelta(seconds=1), until)]
    assert rules == [AnswerRule.WORKER, AnswerRule.DEPUTY, AnswerRule.DEPUTY, AnswerRule.WORKER]


def test_the_deputy_of_the_grid_answers_where_the_absence_names_nobody():
    away = person(1, on_leave())
    answer = ask(roster(duty(away), duty(person(2), DutyRole.DEPUTY), liaison()))
    assert (answer.rule, answer.person, answer.away) == (AnswerRule.DEPUTY, person(2), away)


@pytest.mark.parametrize(
    "named", [person(9, on_leave()), person(9, left_on=date(2026, 3, 1))], ids=["away too", "has left"]
)
def test_the_deputy_of_the_grid_answers_where_the_one_named_for_the_absence_is_missing(named: Person):
    away = person(1, on_leave(deputy=9))
    answer = ask(roster(duty(away), duty(person(2), DutyRole.DEPUTY), others=(named,)))
    assert (answer.rule, answer.person) == (AnswerRule.DEPUTY, person(2))


def test_a_second_absent_workers_deputy_answers_where_the_first_named_none():
    first, second = person(1, on_leave()), person(2, on_leave(deputy=9))
    answer = ask(roster(duty(first), duty(second), others=(person(9),)))
    assert (answer.rule, answer.person, answer.away) == (AnswerRule.DEPUTY, person(9), second)


def test_the_deputy_answers_for_a_vacant_post():
    answer = ask(roster(duty(person(2), DutyRole.DEPUTY), liaison()))
    assert (answer.rule, answer.away) == (AnswerRule.DEPUTY, None)
    assert answer.why == "deputy, because the worker's post is vacant"


def test_the_villages_liaison_answers_for_a_vacant_post_without_deputy():
    answer = ask(roster(liaison()))
    assert (answer.rule, answer.person, answer.role) == (AnswerRule.LIAISON, person(7), DutyRole.LIAISON)
    assert answer.why == "the village's liaison, because the worker's post is vacant"


def test_the_villages_liaison_answers_where_worker_and_deputy_are_away():
    away = person(1, on_leave())
    answer = ask(roster(duty(away), duty(person(2, on_leave()), DutyRole.DEPUTY), liaison()))
    assert (answer.rule, answer.away) == (AnswerRule.LIAISON, away)
    assert answer.why == (
        "the village's liaison, because Person 1 is away with no return date and no deputy is present"
    )


def test_a_liaison_named_for_the_grid_itself_is_not_the_villages():
    assert ask(roster(duty(person(7), DutyRole.LIAISON))).rule is AnswerRule.TOWNSHIP_DESK


@pytest.mark.parametrize("role", [DutyRole.POLICE, DutyRole.SUPPORT])
def test_police_and_supporting_forces_do_not_answer_for_the_grid(role: DutyRole):
    assert ask(roster(duty(person(1), role))).rule is AnswerRule.TOWNSHIP_DESK


def test_the_townships_desk_answers_where_nobody_present_is_named():
    answer = ask(roster(duty(person(1, on_leave())), liaison(7, on_leave())))
    assert (answer.rule, answer.person, answer.desk) == (AnswerRule.TOWNSHIP_DESK, None, TOWN_DESK)
    assert "township's desk" in answer.why


def test_the_countys_desk_answers_where_the_township_has_none():
    answer = ask(roster(township=False))
    assert (answer.rule, answer.desk) == (AnswerRule.COUNTY_DESK, COUNTY_DESK)
    assert "county's desk" in answer.why


def test_the_only_centre_answers_where_no_county_is_known():
    assert ask(roster(township=False), county_id=None).desk == COUNTY_DESK


def test_of_two_centres_neither_answers_for_an_unknown_county():
    two = replace(roster(township=False), county_desks={COUNTY: COUNTY_DESK, COUNTY + 1: TOWN_DESK})
    assert ask(two, county_id=None).rule is AnswerRule.NOBODY
    assert ask(two, county_id=COUNTY + 1).desk == TOWN_DESK


def test_nobody_answers_where_there_is_no_desk_at_all():
    answer = ask(roster(township=False, county=False))
    assert (answer.rule, answer.person, answer.desk) == (AnswerRule.NOBODY, None, None)
    assert answer.why == "nobody is named for this place at any level"


def test_a_duty_counts_from_its_first_moment_until_just_before_its_end():
    until = NOON + timedelta(days=1)
    held = roster(duty(person(1), since=NOON, until=until), duty(person(2), since=until))
    before, first, last, after = (
        ask(held, at) for at in (NOON - timedelta(seconds=1), NOON, until - timedelta(seconds=1), until)
    )
    assert before.rule is AnswerRule.TOWNSHIP_DESK
    assert [one.person for one in (first, last, after)] == [person(1), person(1), person(2)]


def test_a_duty_on_the_neighbouring_grid_does_not_answer():
    assert ask(roster(duty(person(1), area_id=NEXT_GRID))).rule is AnswerRule.TOWNSHIP_DESK


def test_who_has_left_no_longer_answers_though_the_duty_was_never_ended():
    gone = person(1, left_on=date(2026, 3, 14))
    held = roster(duty(gone), liaison())
    assert ask(held, NOON - timedelta(days=1)).person == gone
    assert ask(held, NOON).rule is AnswerRule.LIAISON


def test_the_day_of_leaving_begins_at_local_midnight():
    gone = person(1, left_on=date(2026, 3, 14))
    midnight = datetime(2026, 3, 14, tzinfo=LOCAL)
    assert gone.in_service((midnight - timedelta(seconds=1)).astimezone(UTC))
    assert not gone.in_service(midnight.astimezone(UTC))


def test_the_team_is_everybody_on_the_grid_and_its_village_by_role():
    held = roster(
        duty(person(5), DutyRole.SUPPORT),
        duty(person(4), DutyRole.POLICE),
        duty(person(3), DutyRole.DEPUTY),
        duty(person(2)),
        liaison(),
        duty(person(6), area_id=NEXT_GRID),
        duty(person(8), since=NOON + timedelta(days=1)),
    )
    assert [one.person.id for one in held.team([GRID, VILLAGE, None], NOON)] == [2, 3, 7, 4, 5]
