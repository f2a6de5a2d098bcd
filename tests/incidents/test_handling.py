"""Moving incidents along the closed loop: what is allowed, by whom, and what it leaves in the history."""

import threading
from datetime import datetime, timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from database.session import make_engine, session_for
from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.locate import Locator
from geo.placing import AreaIndex
from incidents.actors import Actor
from incidents.errors import (
    HandlerMayNotConfirm,
    IncidentError,
    LeadMissing,
    MoveNotAllowed,
    NoteMissing,
    NotYours,
    PointUnusable,
    UnknownIncident,
)
from incidents.handling import make_move, place_by_hand
from incidents.intake import point_of
from incidents.models import Incident, IncidentEvent
from incidents.words import EventKind, Placement, QueueReason
from incidents.workflow import MOVES, Move, Right, State
from staffing.models import Unit
from staffing.words import UnitKind
from tests.factories import NOW, make_area, make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.incidents.people import COLLEAGUE, DESK, LEADER, department, worker_on

LATER = NOW + timedelta(hours=2)


class IndexOf(AreaIndex):
    """The areas as the test's own transaction sees them, which nobody else does."""

    def __init__(self, db: Session) -> None:
        self._db = db

    def at(self, moment: datetime) -> Locator:
        return Locator(areas_valid_at(self._db, moment))


def moves_of(db: Session, incident: Incident) -> list[tuple]:
    events = select(IncidentEvent).where(
        IncidentEvent.incident_id == incident.id, IncidentEvent.kind == EventKind.MOVED
    )
    found = db.scalars(events.order_by(IncidentEvent.id))
    return [(event.move, event.from_state, event.to_state, event.by_name) for event in found]


def test_the_whole_loop_leaves_a_line_for_every_step(db: Session):
    ladder, water = make_ladder(db), make_unit(db, "water", UnitKind.DEPARTMENT)
    incident = make_incident(db, ladder=ladder, state=State.REPORTED)
    make_move(db, incident.id, Move.FILE, by=DESK, now=NOW)
    make_move(db, incident.id, Move.DISPATCH, by=DESK, now=NOW, lead=water, note="please")
    make_move(db, incident.id, Move.HANDLE, by=department(water), now=LATER, note="new lid")
    make_move(db, incident.id, Move.CLOSE, by=DESK, now=LATER + timedelta(hours=1))
    assert moves_of(db, incident) == [
        (Move.FILE, State.REPORTED, State.FILED, "desk"),
        (Move.DISPATCH, State.FILED, State.DISPATCHED, "desk"),
        (Move.HANDLE, State.DISPATCHED, State.HANDLED, "department"),
        (Move.CLOSE, State.HANDLED, State.CLOSED, "desk"),
    ]
    assert (incident.lead_unit_id, incident.handled_at, incident.closed_at) == (
        water.id, LATER, LATER + timedelta(hours=1)
    )  # fmt: skip
    dispatched = db.scalars(select(IncidentEvent).where(IncidentEvent.move == Move.DISPATCH)).one()
    assert (dispatched.note, dispatched.details) == ("please", {"lead": {"code": "water", "name": "unit water"}})


def test_found_and_fixed_is_one_step_for_the_worker_of_the_grid(db: Session):
    ladder = make_ladder(db)
    incident = make_incident(db, ladder=ladder)
    make_move(db, incident.id, Move.FIX, by=worker_on(ladder["a"]), now=LATER, note="cleared")
    assert (incident.state, incident.handled_at, incident.closed_at) == (State.CLOSED, LATER, LATER)


def test_the_worker_of_another_grid_may_not_fix_it(db: Session):
    ladder = make_ladder(db)
    incident = make_incident(db, ladder=ladder)
    with pytest.raises(NotYours):
        make_move(db, incident.id, Move.FIX, by=worker_on(ladder["b"]), now=NOW)
    assert (incident.state, moves_of(db, incident)) == (State.FILED, [])


def test_a_specialised_grids_worker_may_fix_what_lies_in_it(db: Session):
    ladder = make_ladder(db)
    school = make_area(db, "ZS1", AreaKind.SPECIALISED, box(119.004, 33.004, 119.006, 33.006))
    incident = make_incident(db, ladder=ladder, specialised_ids=[school.id])
    make_move(db, incident.id, Move.FIX, by=worker_on(school), now=NOW)
    assert incident.state is State.CLOSED


def test_once_dispatched_only_the_leading_unit_or_the_answerer_may_say_it_is_handled(db: Session):
    ladder, water, roads = make_ladder(db), make_unit(db, "water"), make_unit(db, "roads")
    incident = make_incident(db, ladder=ladder, state=State.DISPATCHED, lead_unit_id=water.id, unit_id=roads.id)
    with pytest.raises(NotYours):
        make_move(db, incident.id, Move.HANDLE, by=department(roads), now=NOW)
    make_move(db, incident.id, Move.HANDLE, by=department(water), now=NOW)
    assert incident.handler_account_id == department(water).account_id


def test_whoever_handled_it_may_not_confirm_it(db: Session):
    incident = make_incident(db, state=State.HANDLED, handler_account_id=DESK.account_id, handled_at=NOW)
    with pytest.raises(HandlerMayNotConfirm):
        make_move(db, incident.id, Move.CLOSE, by=DESK, now=LATER)
    make_move(db, incident.id, Move.CLOSE, by=COLLEAGUE, now=LATER)
    assert incident.state is State.CLOSED


def test_sent_back_it_is_as_if_never_handled_but_the_history_knows(db: Session):
    incident = make_incident(db, state=State.HANDLED, handler_account_id=5, handled_at=NOW)
    make_move(db, incident.id, Move.REWORK, by=DESK, now=LATER, note="the lid rattles")
    assert (incident.state, incident.handled_at, incident.handler_account_id) == (State.DISPATCHED, None, None)
    assert moves_of(db, incident) == [(Move.REWORK, State.HANDLED, State.DISPATCHED, "desk")]


@pytest.mark.parametrize(
    ("state", "move"),
    [(state, move) for state in State for move in Move if (state, move) not in MOVES],
)
def test_a_step_that_is_not_in_the_table_cannot_be_taken(db: Session, state: State, move: Move):
    closed_at = NOW if state is State.CLOSED else None
    incident = make_incident(db, state=state, closed_at=closed_at, handler_account_id=99)
    unit = make_unit(db, "water")
    with pytest.raises(MoveNotAllowed) as refused:
        make_move(db, incident.id, move, by=DESK, now=NOW, note="because", lead=unit)
    assert (refused.value.state, refused.value.move) == (state, move)
    assert (incident.state, moves_of(db, incident)) == (state, [])


@pytest.mark.parametrize(("state", "move"), MOVES)
def test_without_the_right_no_step_can_be_taken(db: Session, state: State, move: Move):
    unit = make_unit(db, "water")
    incident = make_incident(db, state=state, unit_id=unit.id)
    others = Actor("almost", account_id=9, unit_id=unit.id, rights=frozenset(Right) - {MOVES[state, move].by})
    for who in (LEADER, others):
        with pytest.raises(NotYours):
            make_move(db, incident.id, move, by=who, now=NOW, note="because", lead=unit)


@pytest.mark.parametrize(("state", "move"), [key for key, rule in MOVES.items() if rule.needs_note])
def test_a_step_that_needs_a_reason_is_not_taken_without(db: Session, state: State, move: Move):
    incident = make_incident(db, state=state)
    with pytest.raises(NoteMissing):
        make_move(db, incident.id, move, by=DESK, now=NOW, note=" \n ")
    assert incident.state is state


def test_nothing_is_dispatched_to_nobody(db: Session):
    incident = make_incident(db)
    with pytest.raises(LeadMissing):
        make_move(db, incident.id, Move.DISPATCH, by=DESK, now=NOW)


def test_an_incident_that_does_not_exist_is_unknown(db: Session):
    with pytest.raises(UnknownIncident):
        make_move(db, 10**15, Move.FILE, by=DESK, now=NOW)


def test_every_error_of_incidents_is_a_sentence():
    def leaves(of: type[IncidentError]) -> list[type[IncidentError]]:
        return [of, *(leaf for sub in of.__subclasses__() for leaf in leaves(sub))]

    for error in leaves(IncidentError):
        assert (error.__doc__ or "").rstrip().endswith(".")
    assert str(MoveNotAllowed(State.CLOSED, Move.FIX)) == MoveNotAllowed.__doc__


def test_of_two_who_press_at_once_the_second_waits_and_is_told(database_url: str):
    engine = make_engine(database_url)
    with session_for(engine) as db:
        incident, water = make_incident(db), make_unit(db, "water")
        db.commit()
    told, waited = _press_twice(engine, incident.id, water)
    engine.dispose()
    assert waited
    assert told == [MoveNotAllowed]


def _press_twice(engine: Engine, incident_id: int, lead: Unit) -> tuple[list[type[Exception]], bool]:
    """Dispatch in two transactions at once; what the second was told, and whether it waited for the first."""
    told: list[type[Exception]] = []

    def second() -> None:
        with session_for(engine) as db:
            try:
                make_move(db, incident_id, Move.DISPATCH, by=COLLEAGUE, now=NOW, lead=lead)
                db.commit()
            except IncidentError as error:
                told.append(type(error))

    with session_for(engine) as db:
        make_move(db, incident_id, Move.DISPATCH, by=DESK, now=NOW, lead=lead)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        waits = thread.is_alive()
        db.commit()
    thread.join(10)
    return told, waits


def test_a_queued_report_placed_by_hand_is_routed_and_filed(db: Session):
    ladder, unit = make_ladder(db), make_unit(db, "desk")
    worker = make_staff(db, "W1", unit)
    make_duty(db, worker, ladder["b"])
    incident = make_incident(db, state=State.REPORTED, queue_reason=QueueReason.NO_COORDINATES, raw_x=None, raw_y=None)
    place_by_hand(db, incident.id, 119.015, 33.005, by=DESK, now=LATER, index=IndexOf(db), note="the caller says so")
    assert (incident.state, incident.queue_reason, incident.placement) == (State.FILED, None, Placement.LOCATED)
    assert (incident.grid_id, incident.township_id) == (ladder["b"].id, ladder["township"].id)
    assert (incident.staff_id, incident.unit_id, incident.placed_by_hand) == (worker.id, unit.id, True)
    assert point_of(incident) == (119.015, 33.005)
    assert incident.explanation["grid"]["code"] == ladder["b"].code
    kinds = db.scalars(
        select(IncidentEvent.kind).where(IncidentEvent.incident_id == incident.id).order_by(IncidentEvent.id)
    )
    assert list(kinds) == [EventKind.RECEIVED, EventKind.PLACED, EventKind.MOVED]


def test_the_coordinates_as_they_came_are_kept_when_a_person_knows_better(db: Session):
    ladder = make_ladder(db)
    incident = make_incident(db, ladder=ladder, raw_x=119.005, raw_y=33.005, raw_datum="gcj02")
    place_by_hand(db, incident.id, 119.015, 33.005, by=DESK, now=LATER, index=IndexOf(db))
    assert (incident.raw_x, incident.raw_y, incident.raw_datum) == (119.005, 33.005, "gcj02")


def test_where_nobody_answers_a_placed_report_stays_in_the_queue(db: Session):
    make_ladder(db)
    incident = make_incident(db, state=State.REPORTED, queue_reason=QueueReason.NO_COORDINATES)
    place_by_hand(db, incident.id, 119.005, 33.005, by=DESK, now=LATER, index=IndexOf(db))
    assert (incident.state, incident.queue_reason) == (State.REPORTED, QueueReason.NOBODY_ANSWERS)


def test_a_point_outside_every_grid_is_refused_and_changes_nothing(db: Session):
    make_ladder(db)
    incident = make_incident(db, state=State.REPORTED, queue_reason=QueueReason.NO_COORDINATES)
    with pytest.raises(PointUnusable):
        place_by_hand(db, incident.id, 100.0, 20.0, by=DESK, now=LATER, index=IndexOf(db))
    assert (incident.state, incident.point, incident.placed_by_hand) == (State.REPORTED, None, False)


def test_a_finished_incident_is_not_moved_about(db: Session):
    incident = make_incident(db, ladder=make_ladder(db), state=State.CLOSED, closed_at=NOW)
    with pytest.raises(MoveNotAllowed):
        place_by_hand(db, incident.id, 119.005, 33.005, by=DESK, now=LATER, index=IndexOf(db))


def test_only_a_desk_places_by_hand(db: Session):
    ladder = make_ladder(db)
    incident = make_incident(db, ladder=ladder)
    with pytest.raises(NotYours):
        place_by_hand(db, incident.id, 119.005, 33.005, by=worker_on(ladder["a"]), now=NOW, index=IndexOf(db))


def test_placed_by_hand_a_second_report_of_the_same_is_linked_to_the_first(db: Session):
    ladder = make_ladder(db)
    first = make_incident(db, ladder=ladder, text="路灯不亮")
    second = make_incident(db, text="路灯不亮", state=State.REPORTED, reported_at=NOW + timedelta(hours=1))
    place_by_hand(db, second.id, 119.005, 33.005, by=DESK, now=LATER, index=IndexOf(db))
    assert second.repeats_id == first.id
