"""What a redraw does to open cases: they stay or move by class, and both stand in their history."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models import Redraw
from geo.redraw_publishing import publish, revert
from incidents.handover import Choice, hand_over, policy_of
from incidents.models import Incident, IncidentEvent
from incidents.words import EventKind
from incidents.workflow import State
from tests.factories import NOW, make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.geo.drafting import PLANNER, A, B, moved_border, ready

DAY = timedelta(days=1)
MOVING = "SRID=4326;POINT(119.011 33.005)"
"""In B today, in A once the border has moved."""


@pytest.fixture
def county(db: Session) -> dict[str, Any]:
    ladder: dict[str, Any] = make_ladder(db)
    ladder["desk"] = make_unit(db, "T1", area=ladder["township"])
    for name, grid in (("WA", "a"), ("WB", "b")):
        ladder[name] = make_staff(db, name, ladder["desk"])
        make_duty(db, ladder[name], ladder[grid])
    return ladder


def case(db: Session, county: dict[str, Any], state: State = State.FILED, **columns: Any) -> Incident:
    """A case of B's worker, where the border will move."""
    given = {"point": MOVING, "grid_id": county["b"].id, "staff_id": county["WB"].id, "unit_id": county["desk"].id}
    closed = {"closed_at": NOW} if state is State.CLOSED else {}
    return make_incident(db, ladder=county, state=state, **(given | closed | columns))


def published(db: Session, county: dict[str, Any], **handover: str) -> Redraw:
    redraw = ready(db, county, moved_border())
    redraw.handover = handover
    publish(db, redraw.id, at=None, by=PLANNER, now=NOW)
    return redraw


def told(db: Session, incident: Incident) -> list[dict[str, Any]]:
    lines = select(IncidentEvent.details).where(
        IncidentEvent.incident_id == incident.id, IncidentEvent.kind == EventKind.REDRAWN
    )
    return list(db.scalars(lines.order_by(IncidentEvent.id)))


def test_a_case_that_nobody_has_begun_goes_to_who_answers_from_now_on(db: Session, county):
    incident = case(db, county)
    redraw = published(db, county)
    assert hand_over(db, redraw, now=NOW).moved == 1
    assert (incident.grid_id, incident.staff_id) == (county["a"].id, county["WA"].id)
    [line] = told(db, incident)
    assert (line["choice"], line["redraw"]["name"]) == ("move", "2027")
    assert line["before"]["answerer"]["person"]["staff_no"] == "WB"
    assert line["after"]["answerer"]["person"]["staff_no"] == "WA"
    assert line["after"]["grid"]["code"] == A


def test_a_case_under_way_is_finished_by_who_has_it(db: Session, county):
    incident = case(db, county, State.DISPATCHED)
    assert hand_over(db, published(db, county), now=NOW).stayed == 1
    assert (incident.grid_id, incident.staff_id) == (county["b"].id, county["WB"].id)
    [line] = told(db, incident)
    assert (line["choice"], line["after"]["grid"]["code"]) == ("stay", A)


@pytest.mark.parametrize("state", [State.FILED, State.DISPATCHED, State.HANDLED])
@pytest.mark.parametrize("choice", list(Choice))
def test_the_planner_chooses_for_each_class(db: Session, county, state: State, choice: Choice):
    incident = case(db, county, state)
    hand_over(db, published(db, county, **{state: choice}), now=NOW)
    assert incident.grid_id == county["a" if choice is Choice.MOVE else "b"].id
    assert told(db, incident)[0]["choice"] == choice


def test_closed_cases_keep_what_they_were_judged_by(db: Session, county):
    incident = case(db, county, State.CLOSED)
    done = hand_over(db, published(db, county, filed="move"), now=NOW)
    assert (done.moved, done.stayed, told(db, incident)) == (0, 0, [])
    assert incident.grid_id == county["b"].id


def test_cases_away_from_the_border_hear_nothing_of_it(db: Session, county):
    incident = case(db, county, point="SRID=4326;POINT(119.018 33.005)")
    hand_over(db, published(db, county), now=NOW)
    assert told(db, incident) == []


def test_a_case_that_lay_elsewhere_for_another_reason_is_left_alone(db: Session, county):
    other = make_ladder(db, west=119.1, township="329901002")
    incident = case(db, county, point="SRID=4326;POINT(119.105 33.005)", grid_id=other["b"].id)
    hand_over(db, published(db, county), now=NOW)
    assert (incident.grid_id, told(db, incident)) == (other["b"].id, [])


def test_handing_over_twice_says_it_once(db: Session, county):
    moved, stayed = case(db, county), case(db, county, State.DISPATCHED)
    redraw = published(db, county)
    hand_over(db, redraw, now=NOW)
    db.expire_all()
    again = hand_over(db, redraw, now=NOW + timedelta(minutes=1))
    assert (again.moved, again.stayed) == (0, 0)
    assert len(told(db, moved)) == len(told(db, stayed)) == 1


def test_an_undone_redraw_gives_back_what_it_moved(db: Session, county):
    incident = case(db, county)
    redraw = published(db, county)
    hand_over(db, redraw, now=NOW)
    hand_over(db, revert(db, redraw.id, by=PLANNER, now=NOW + DAY), now=NOW + DAY)
    assert (incident.grid_id, incident.staff_id) == (county["b"].id, county["WB"].id)
    assert [line["after"]["grid"]["code"] for line in told(db, incident)] == [A, B]


def test_words_that_are_no_choice_are_refused():
    with pytest.raises(ValueError, match="perhaps"):
        policy_of({"filed": "perhaps"})
