"""The roster as the database holds it: who answers for a grid, from rows rather than from values."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area
from staffing.answering import Answer, AnswerRule
from staffing.models import Absence, StaffEpoch, Unit
from staffing.rosters import KeptRoster, load_roster
from staffing.words import DutyRole, UnitKind
from tests.factories import make_unit
from tests.staffing.county import NOON, add_absence, add_area, add_duty, add_staff, day


@dataclass
class Place:
    """One grid with everything above it, and the units that stand there."""

    db: Session
    county: Area
    township: Area
    village: Area
    grid: Area
    station: Unit

    def ask(self, at: datetime = NOON, *, only_this: bool = False) -> Answer:
        roster = load_roster(self.db, [self.grid.id, self.village.id] if only_this else None)
        return roster.who_answers(
            self.grid.id, village_id=self.village.id, township_id=self.township.id, county_id=self.county.id, at=at
        )


@pytest.fixture
def place(db: Session) -> Place:
    county = add_area(db, AreaKind.COUNTY, "320684")
    township = add_area(db, AreaKind.TOWNSHIP, "320684101", parent=county)
    village = add_area(db, AreaKind.VILLAGE, "320684101001", parent=township)
    grid = add_area(db, AreaKind.COMPREHENSIVE, "320684101001001", parent=village)
    station = make_unit(db, "V-1", UnitKind.VILLAGE, village)
    make_unit(db, "T-1", UnitKind.TOWNSHIP, township)
    make_unit(db, "C-1", UnitKind.COUNTY_CENTRE, county)
    return Place(db, county, township, village, grid, station)


@pytest.mark.parametrize("only_this", [False, True], ids=["every area", "only these areas"])
def test_each_rung_answers_once_the_one_before_is_gone(db: Session, place: Place, only_this: bool):
    worker, cover, deputy, liaison = (add_staff(db, number, place.station) for number in ("1", "2", "3", "4"))
    add_duty(db, worker, place.grid, until=day("2026-04-01"))
    add_duty(db, deputy, place.grid, DutyRole.DEPUTY, until=day("2026-05-01"))
    add_duty(db, liaison, place.village, DutyRole.LIAISON, until=day("2026-06-01"))
    add_absence(db, worker, day("2026-03-10"), day("2026-03-20"), cover)
    told = [
        (answer.rule, answer.person and answer.person.staff_no, answer.desk and answer.desk.code)
        for moment in ("2026-03-01", "2026-03-10", "2026-03-20", "2026-04-01", "2026-05-01", "2026-06-01")
        for answer in [place.ask(day(moment), only_this=only_this)]
    ]
    assert told == [
        (AnswerRule.WORKER, "1", "V-1"),
        (AnswerRule.DEPUTY, "2", "V-1"),
        (AnswerRule.WORKER, "1", "V-1"),
        (AnswerRule.DEPUTY, "3", "V-1"),
        (AnswerRule.LIAISON, "4", "V-1"),
        (AnswerRule.TOWNSHIP_DESK, None, "T-1"),
    ]


def test_the_deputy_of_an_absent_deputy_is_not_asked(db: Session, place: Place):
    worker, cover, second = (add_staff(db, number, place.station) for number in ("1", "2", "3"))
    add_duty(db, worker, place.grid)
    add_absence(db, worker, day("2026-03-10"), deputy=cover)
    add_absence(db, cover, day("2026-03-12"), day("2026-03-18"), second)
    assert place.ask(only_this=True).rule is AnswerRule.TOWNSHIP_DESK
    assert place.ask(day("2026-03-18"), only_this=True).person.staff_no == "2"


def test_who_has_left_does_not_answer(db: Session, place: Place):
    add_duty(db, add_staff(db, "1", place.station, left_on=date(2026, 3, 14)), place.grid)
    assert place.ask(day("2026-03-13")).rule is AnswerRule.WORKER
    assert place.ask(day("2026-03-14")).rule is AnswerRule.TOWNSHIP_DESK


def test_the_desk_of_a_person_is_where_they_work_and_not_who_pays_them(db: Session, place: Place):
    brigade = make_unit(db, "B-1", UnitKind.BRIGADE)
    add_duty(db, add_staff(db, "1", brigade, works_at=place.station), place.grid)
    assert place.ask().desk.code == "V-1"


def test_of_two_desks_of_one_township_the_smaller_code_answers(db: Session, place: Place):
    make_unit(db, "T-0", UnitKind.TOWNSHIP, place.township)
    assert place.ask().desk.code == "T-0"


def test_a_township_unit_without_a_place_is_nobodys_desk(db: Session, place: Place):
    make_unit(db, "T-0", UnitKind.TOWNSHIP)
    assert place.ask().desk.code == "T-1"
    assert None not in load_roster(db).township_desks


def test_nobody_answers_in_a_database_without_units(db: Session):
    answer = load_roster(db).who_answers(1, village_id=None, township_id=None, county_id=None, at=NOON)
    assert answer.rule is AnswerRule.NOBODY


def test_a_roster_of_one_area_leaves_the_others_out(db: Session, place: Place):
    other = add_area(db, AreaKind.COMPREHENSIVE, "320684101001002", parent=place.village)
    add_duty(db, add_staff(db, "1", place.station), place.grid)
    add_duty(db, add_staff(db, "2", place.station), other)
    roster = load_roster(db, [other.id])
    assert [duty.person.staff_no for duties in roster.duties.values() for duty in duties] == ["2"]


def test_the_database_refuses_the_same_duty_twice_at_once(db: Session, place: Place):
    worker = add_staff(db, "1", place.station)
    add_duty(db, worker, place.grid, until=day("2026-04-01"))
    add_duty(db, worker, place.grid, since=day("2026-04-01"))
    with pytest.raises(IntegrityError, match="duty_no_two_at_once"):
        add_duty(db, worker, place.grid, since=day("2026-03-31"))


def test_the_database_refuses_somebody_as_their_own_deputy(db: Session, place: Place):
    worker = add_staff(db, "1", place.station)
    db.add(Absence(staff_id=worker.id, away=Range(NOON, None), deputy_id=worker.id))
    with pytest.raises(IntegrityError, match="deputy_is_another"):
        db.flush()


def test_a_kept_roster_is_read_again_only_after_staff_changed(db: Session, place: Place):
    rosters = KeptRoster()
    before = rosters(db, [])
    assert rosters(db, []) is before
    worker = add_staff(db, "1", place.station)
    add_duty(db, worker, place.grid)
    after = rosters(db, [])
    assert after.duties.keys() == {place.grid.id} and place.grid.id not in before.duties


@pytest.mark.parametrize("change", ["UPDATE unit SET name = 'x'", "DELETE FROM absence", "UPDATE duty SET role = role",
                                    "UPDATE staff SET phone = '1'"])  # fmt: skip
def test_whatever_changes_of_staff_is_told_by_the_epoch(db: Session, change: str):
    epoch = select(StaffEpoch.epoch)
    before = db.scalar(epoch)
    db.execute(text(change))
    assert db.scalar(epoch) == (before or 0) + 1
