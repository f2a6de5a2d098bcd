"""The cases before somebody: what presses first is first, and what repeats is counted."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo.models import Area
from incidents.models import Incident, Matter
from incidents.words import Level, Procedure
from incidents.workflow import State
from incidents.worklist import frequent_matters, worklist
from tests.factories import ALWAYS, NOW, make_incident, make_ladder

HOUR = timedelta(hours=1)


@pytest.fixture
def ladder(db: Session) -> dict[str, Area]:
    return make_ladder(db)


def make_matter(db: Session, code: str, **columns: Any) -> Matter:
    defaults = {"level": Level.TOWNSHIP, "procedure": Procedure.ORDINARY, "valid": ALWAYS, "officers": 0}
    matter = Matter(code=code, field="市政", name=f"matter {code}", **(defaults | columns))
    db.add(matter)
    db.flush()
    return matter


def test_what_is_due_first_comes_first_and_what_has_no_deadline_last(db: Session, ladder: dict[str, Area]):
    def case(due_at: Any, reported_at: Any = NOW) -> Incident:
        return make_incident(db, ladder=ladder, due_at=due_at, reported_at=reported_at)

    older, newer = case(None, NOW - 2 * HOUR), case(None)
    soon, late = case(NOW + HOUR), case(NOW - HOUR)
    assert [one.id for one in worklist(db, now=NOW).open] == [late.id, soon.id, newer.id, older.id]


def test_todays_closed_cases_are_those_closed_since_midnight_of_the_county(db: Session, ladder: dict[str, Area]):
    today = make_incident(db, ladder=ladder, state=State.CLOSED, closed_at=NOW - 9 * HOUR)  # one in the night, there
    make_incident(db, ladder=ladder, state=State.CLOSED, closed_at=NOW - 11 * HOUR)
    found = worklist(db, now=NOW)
    assert [one.id for one in found.closed_today] == [today.id]
    assert found.open == []


def test_repeats_are_counted_at_the_first_report(db: Session, ladder: dict[str, Area]):
    first = make_incident(db, ladder=ladder)
    for _again in range(2):
        make_incident(db, ladder=ladder, repeats_id=first.id)
    assert worklist(db, now=NOW).reported_again == {first.id: 2}


def test_the_matters_met_most_come_first_and_then_what_can_be_settled_at_once(db: Session, ladder: dict[str, Area]):
    rare, never, often = (make_matter(db, code) for code in ("M1", "M2", "M3"))
    at_once = make_matter(db, "M9", level=Level.VILLAGE, procedure=Procedure.SIMPLE)
    for matter in (often, often, rare):
        make_incident(db, ladder=ladder, matter_id=matter.id)
    make_incident(db, ladder=ladder, matter_id=never.id, reported_at=NOW - timedelta(days=400))
    found = [matter.code for matter in frequent_matters(db, now=NOW, limit=4)]
    assert found == [often.code, rare.code, at_once.code, never.code]
    found = [matter.code for matter in frequent_matters(db, now=NOW, limit=2, at_once=True)]
    assert found == [at_once.code, often.code]
