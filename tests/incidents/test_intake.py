"""Receiving reports: each once, placed by the areas of its time, and never refused for want of a place."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from shapely.geometry import box
from sqlalchemy import Engine, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from database.sealing import Seal
from database.session import make_engine, session_for
from geo.codes import AreaKind
from geo.placing import AreaIndex
from incidents import positions
from incidents.actors import Actor
from incidents.drafts import HistoricReport, ReportDraft
from incidents.intake import Received, Reception, receive
from incidents.models import Incident, IncidentEvent, Matter
from incidents.words import Channel, EventKind, Level, Placement, Procedure, QueueReason
from incidents.workflow import Move, State
from staffing.words import DutyRole, UnitKind
from tests.factories import NOW, make_area, make_duty, make_ladder, make_staff, make_unit
from tests.indexes import IndexOf

DESK = Actor("desk", account_id=7)
SEAL = Seal("a secret of sixteen characters")
IN_A = {"lon": 119.005, "lat": 33.005}
IN_B = {"lon": 119.015, "lat": 33.005}


def draft(**given: Any) -> ReportDraft:
    return ReportDraft.model_validate({"channel": "hotline", "text": "a drain is broken", **given})


def history(**given: Any) -> HistoricReport:
    return HistoricReport.model_validate({"channel": "hotline", "text": "a drain is broken", **given})


def take(db: Session, *drafts: ReportDraft, now: datetime = NOW) -> list[Received]:
    return receive(db, drafts, by=DESK, now=now, reception=Reception(IndexOf(db), SEAL))


def stored(db: Session, received: Received) -> Incident:
    return db.scalars(select(Incident).where(Incident.id == received.id)).one()


def count(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(Incident)) or 0


def events_of(db: Session, received: Received) -> list[IncidentEvent]:
    of_it = IncidentEvent.incident_id == received.id
    return list(db.scalars(select(IncidentEvent).where(of_it).order_by(IncidentEvent.id)))


@pytest.fixture
def ladder(db: Session) -> dict[str, Any]:
    """Two grids, each with a worker, in a village of a township with a desk."""
    places: dict[str, Any] = make_ladder(db)
    desk = make_unit(db, "T", UnitKind.TOWNSHIP, places["township"])
    for grid in ("a", "b"):
        make_duty(db, make_staff(db, f"W{grid}", desk), places[grid])
    return places


# --- each once --------------------------------------------------------------------------------------------------


def test_a_report_sent_again_under_its_number_adds_nothing(db: Session, ladder: dict[str, Any]):
    first = take(db, draft(external_number="12345", **IN_A))[0]
    again = take(db, draft(external_number="12345", text="sent once more", **IN_B))[0]
    assert (first.created, again.created) == (True, False)
    assert (again.id, again.number, again.placement) == (first.id, first.number, Placement.LOCATED)
    assert stored(db, first).text == "a drain is broken"
    assert count(db) == 1


def test_a_report_sent_again_under_its_key_adds_nothing(db: Session, ladder: dict[str, Any]):
    key = uuid4()
    first, again = take(db, draft(key=key))[0], take(db, draft(key=key, text="edited offline"))[0]
    assert (again.id, again.created) == (first.id, False)
    assert count(db) == 1


def test_a_new_key_with_a_known_number_is_the_known_report(db: Session):
    first = take(db, draft(external_number="12345"))[0]
    again = take(db, draft(external_number="12345", key=uuid4()))[0]
    assert (again.id, again.created, count(db)) == (first.id, False, 1)


def test_the_same_number_in_another_channel_is_another_report(db: Session):
    hotline, system = take(db, draft(external_number="1"), draft(external_number="1", channel="system"))
    assert hotline.id != system.id
    assert count(db) == 2


def test_reports_without_number_or_key_are_only_ever_themselves(db: Session):
    one, other = take(db, draft(), draft())
    assert one.created and other.created and one.id != other.id


def test_repeats_within_one_sending_are_one_report_and_the_first_counts(db: Session):
    key = uuid4()
    received = take(
        db,
        draft(external_number="1", text="first"),
        draft(external_number="1", text="second"),
        draft(external_number="1", key=key, text="third"),
        draft(key=key, text="fourth"),
        draft(external_number="2", text="another"),
    )
    assert [one.created for one in received] == [True, False, False, False, True]
    assert len({one.id for one in received[:4]}) == 1
    assert stored(db, received[0]).text == "first"
    assert count(db) == 2


def test_answers_come_in_the_order_of_the_drafts(db: Session):
    numbers = [str(number) for number in range(50)]
    take(db, *(draft(external_number=number, text=number) for number in numbers[::3]))
    received = take(db, *(draft(external_number=number, text=number) for number in numbers))
    assert [stored(db, one).text for one in received] == numbers


# --- where and whose --------------------------------------------------------------------------------------------


def test_a_report_lands_in_its_grid_and_with_its_worker_and_is_filed(db: Session, ladder: dict[str, Any]):
    received = take(db, draft(**IN_B))[0]
    incident = stored(db, received)
    assert (incident.grid, incident.village, incident.township) == (ladder["b"], ladder["village"], ladder["township"])
    assert incident.staff is not None and incident.staff.staff_no == "Wb"
    assert (incident.state, incident.queue_reason, received.queue_reason) == (State.FILED, None, None)
    assert incident.explanation["answerer"]["rule"] == "worker"
    assert [(event.kind, event.move) for event in events_of(db, received)] == [
        (EventKind.RECEIVED, None), (EventKind.PLACED, None), (EventKind.MOVED, Move.FILE),
    ]  # fmt: skip


def test_the_number_begins_with_the_local_day_of_receipt(db: Session):
    received = take(db, draft(), now=datetime.fromisoformat("2026-03-15T17:30:00Z"))[0]
    assert received.number.startswith("20260316-")


def test_coordinates_are_kept_as_they_came_and_placed_where_they_mean(db: Session, ladder: dict[str, Any]):
    # 119.0100 in GCJ-02 looks like the border of a and b; in WGS-84 it lies half a kilometre to the west.
    received = take(db, draft(lon=119.0100, lat=33.005, datum="gcj02"))[0]
    incident = stored(db, received)
    assert (incident.raw_x, incident.raw_y, incident.raw_datum) == (119.01, 33.005, "gcj02")
    assert incident.grid == ladder["a"]


@pytest.mark.parametrize(
    ("given", "reason", "placement"),
    [
        ({}, QueueReason.NO_COORDINATES, Placement.UNLOCATED),
        ({"lon": 0, "lat": 0}, QueueReason.UNUSABLE_COORDINATES, Placement.INVALID),
        ({"lon": 33.005, "lat": 119.005}, QueueReason.UNUSABLE_COORDINATES, Placement.INVALID),
        ({"lon": 0, "lat": 0, "datum": "EPSG:4549"}, QueueReason.UNUSABLE_COORDINATES, Placement.INVALID),
        ({"lon": 119.005, "lat": 33.005, "datum": "EPSG:4549"}, QueueReason.UNUSABLE_COORDINATES, Placement.INVALID),
        ({"lon": 118.0, "lat": 33.0}, QueueReason.OUTSIDE_ALL_GRIDS, Placement.UNLOCATED),
    ],
)
def test_what_cannot_be_placed_is_stored_and_queued_with_the_reason(
    db: Session, ladder: dict[str, Any], given: dict[str, Any], reason: QueueReason, placement: Placement
):
    received = take(db, draft(**given))[0]
    incident = stored(db, received)
    assert (received.queue_reason, received.placement) == (reason, placement)
    assert (incident.state, incident.queue_reason, incident.grid_id) == (State.REPORTED, reason, None)
    assert (incident.raw_x, incident.raw_y) == (given.get("lon"), given.get("lat"))


def test_a_report_in_a_grid_for_which_nobody_answers_is_queued(db: Session):
    make_ladder(db)
    received = take(db, draft(**IN_A))[0]
    assert (received.placement, received.queue_reason) == (Placement.LOCATED, QueueReason.NOBODY_ANSWERS)


def test_a_report_is_placed_by_the_areas_of_the_time_it_was_made(db: Session):
    turn = NOW - timedelta(days=10)
    make_area(db, "1", AreaKind.COMPREHENSIVE, box(0.5, 0.5, 1, 1), valid=Range(None, turn))
    make_area(db, "2", AreaKind.COMPREHENSIVE, box(0.5, 0.5, 1, 1), valid=Range(turn, None))
    at = {"lon": 0.7, "lat": 0.7}
    before, after, now = take(
        db, draft(reported_at=turn - timedelta(seconds=1), **at), draft(reported_at=turn, **at), draft(**at)
    )
    codes = [incident.grid.code for one in (before, after, now) if (incident := stored(db, one)).grid]
    assert codes == ["1", "2", "2"]


def test_staff_are_those_of_the_time_it_was_made(db: Session):
    ladder, turn = make_ladder(db), NOW - timedelta(days=10)
    desk = make_unit(db, "T", UnitKind.TOWNSHIP, ladder["township"])
    make_duty(db, make_staff(db, "old", desk), ladder["a"], DutyRole.WORKER, Range(None, turn))
    make_duty(db, make_staff(db, "new", desk), ladder["a"], DutyRole.WORKER, Range(turn, None))
    then, now = take(db, draft(reported_at=turn - timedelta(hours=1), **IN_A), draft(**IN_A))
    names = [incident.staff.staff_no for one in (then, now) if (incident := stored(db, one)).staff]
    assert names == ["old", "new"]


def test_names_and_telephones_are_sealed(db: Session):
    received = take(db, draft(reporter_name="王小明", reporter_phone="13812345678"))[0]
    incident = stored(db, received)
    assert incident.reporter_phone_sealed is not None and b"13812345678" not in incident.reporter_phone_sealed
    assert SEAL.open(incident.reporter_name_sealed) == "王小明"


# --- a point that many share ------------------------------------------------------------------------------------


def test_a_point_that_too_many_reports_share_is_no_place(db: Session, ladder: dict[str, Any]):
    default = [draft(text=f"report {number}", **IN_A) for number in range(50)]
    elsewhere = [draft(text=f"other {n}", lon=119.001 + n * 1e-5, lat=33.002) for n in range(100)]
    received = take(db, *default, *elsewhere)
    assert {one.queue_reason for one in received[:50]} == {QueueReason.PLACEHOLDER_POINT}
    assert {one.queue_reason for one in received[50:]} == {None}
    assert stored(db, received[0]).grid == ladder["a"], "the place stays known, for whoever looks"


def test_a_busy_place_is_no_placeholder_while_its_share_is_small(
    db: Session, ladder: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(positions, "PLACEHOLDER_LEAST", 5)
    market = [draft(text=f"report {number}", **IN_A) for number in range(5)]
    elsewhere = [draft(text=f"other {n}", lon=119.001 + n * 1e-5, lat=33.002) for n in range(250)]
    received = take(db, *market, *elsewhere)
    assert {one.queue_reason for one in received} == {None}


def test_earlier_reports_at_a_point_count_and_other_channels_do_not(db: Session, ladder: dict[str, Any]):
    take(db, *(draft(text=f"report {number}", **IN_A) for number in range(49)))
    take(db, draft(text="the fiftieth", **IN_A))
    hotline, citizen = take(db, draft(**IN_A), draft(channel="citizen", **IN_A))
    assert (hotline.queue_reason, citizen.queue_reason) == (QueueReason.PLACEHOLDER_POINT, None)


def test_a_point_that_is_usual_among_earlier_reports_is_no_placeholder(
    db: Session, ladder: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(positions, "PLACEHOLDER_LEAST", 5)
    elsewhere = [draft(text=f"other {n}", lon=119.001 + n * 1e-5, lat=33.002) for n in range(250)]
    take(db, *elsewhere, *(draft(text=f"report {number}", **IN_A) for number in range(5)))
    assert take(db, draft(text="the sixth", **IN_A))[0].queue_reason is None


def test_sending_the_same_reports_twice_makes_no_placeholder_of_their_point(db: Session, ladder: dict[str, Any]):
    market = [draft(external_number=str(number), text=f"report {number}", **IN_A) for number in range(40)]
    take(db, *market)
    new = take(db, *market, draft(external_number="new", **IN_A))[-1]
    assert (new.created, new.queue_reason) == (True, None)


# --- repeats ----------------------------------------------------------------------------------------------------


def test_a_repeat_is_linked_to_the_earliest_and_stays_open(db: Session, ladder: dict[str, Any]):
    first, other, again = take(
        db,
        draft(reported_at=NOW - timedelta(hours=5), **IN_A),
        draft(reported_at=NOW - timedelta(hours=4), text="something else", **IN_A),
        draft(reported_at=NOW, **IN_A),
    )
    assert stored(db, again).repeats_id == first.id
    assert stored(db, other).repeats_id is None
    assert stored(db, again).state is State.FILED


def test_what_is_said_in_another_grid_or_long_after_is_no_repeat(db: Session, ladder: dict[str, Any]):
    first, elsewhere, later = take(
        db,
        draft(reported_at=NOW - timedelta(days=4), **IN_A),
        draft(reported_at=NOW - timedelta(days=3), **IN_B),
        draft(reported_at=NOW, **IN_A),
    )
    assert [stored(db, one).repeats_id for one in (first, elsewhere, later)] == [None, None, None]


def test_of_reports_at_one_moment_in_the_same_words_the_first_is_the_one_repeated(db: Session, ladder: dict[str, Any]):
    first, second, third = take(db, *(draft(reported_at=NOW, **IN_A) for _ in range(3)))
    assert [stored(db, one).repeats_id for one in (first, second, third)] == [None, first.id, first.id]


def test_the_same_matter_within_thirty_metres_is_a_repeat_in_other_words(db: Session, ladder: dict[str, Any]):
    db.add(
        Matter(code="M1", valid=Range(None, None), field="f", name="drains", level=Level.VILLAGE,
               procedure=Procedure.SIMPLE, officers=0)
    )  # fmt: skip
    db.flush()
    metre = 1 / 111_195
    first, near, far, other = take(
        db,
        draft(text="one", matter="M1", reported_at=NOW - timedelta(hours=3), **IN_A),
        draft(text="two", matter="drains", reported_at=NOW, lon=IN_A["lon"], lat=IN_A["lat"] + 29 * metre),
        draft(text="three", matter="M1", reported_at=NOW, lon=IN_A["lon"], lat=IN_A["lat"] - 31 * metre),
        draft(text="four", reported_at=NOW, **IN_A),
    )
    assert [stored(db, one).repeats_id for one in (first, near, far, other)] == [None, first.id, None, None]


# --- records of the past ----------------------------------------------------------------------------------------


def test_a_record_of_the_past_keeps_its_end_and_its_times(db: Session, ladder: dict[str, Any]):
    handled, closed = NOW - timedelta(days=8), NOW - timedelta(days=7)
    past = history(reported_at=NOW - timedelta(days=9), handled_at=handled, closed_at=closed, result="mended", **IN_A)
    received = take(db, past)[0]
    incident = stored(db, received)
    assert (incident.state, incident.handled_at, incident.closed_at) == (State.CLOSED, handled, closed)
    moves = [event for event in events_of(db, received) if event.kind is EventKind.MOVED]
    assert [(move.to_state, move.at, move.note) for move in moves] == [
        (State.FILED, NOW, ""), (State.HANDLED, handled, "mended"), (State.CLOSED, closed, "mended"),
    ]  # fmt: skip


def test_a_record_handled_but_not_closed_waits_for_confirmation(db: Session, ladder: dict[str, Any]):
    received = take(db, history(reported_at=NOW - timedelta(days=2), handled_at=NOW, **IN_A))[0]
    assert stored(db, received).state is State.HANDLED


def test_a_closed_record_without_a_place_is_closed_all_the_same(db: Session):
    received = take(db, history(reported_at=NOW - timedelta(days=2), closed_at=NOW))[0]
    incident = stored(db, received)
    assert (incident.state, incident.queue_reason) == (State.CLOSED, QueueReason.NO_COORDINATES)


# --- two at once ------------------------------------------------------------------------------------------------


@pytest.fixture
def own_engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def test_two_connections_that_send_the_same_reports_at_once_store_each_once(own_engine: Engine):
    keys = [uuid4() for _ in range(40)]
    start, results = threading.Barrier(2), dict[int, list[Received]]()

    def send(sender: int) -> None:
        drafts = [draft(external_number=str(n)) for n in range(40)] + [draft(key=key) for key in keys]
        with session_for(own_engine) as db:
            db.execute(text("SELECT 1"))
            start.wait()
            reception = Reception(AreaIndex(own_engine), SEAL)
            results[sender] = receive(db, drafts, by=DESK, now=NOW, reception=reception)
            db.commit()

    senders = [threading.Thread(target=send, args=(sender,)) for sender in (0, 1)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert [one.id for one in results[0]] == [one.id for one in results[1]]
    assert all(one.created != other.created for one, other in zip(results[0], results[1], strict=True))
    with session_for(own_engine) as db:
        assert count(db) == 80
        received = select(func.count()).where(IncidentEvent.kind == EventKind.RECEIVED)
        assert db.scalar(received) == 80, "each has one history"


def test_the_second_of_two_waits_for_the_first_and_then_gives_its_answer(own_engine: Engine):
    key = UUID(int=17)
    with session_for(own_engine) as first, session_for(own_engine) as second:
        reception = Reception(AreaIndex(own_engine), SEAL)
        one = receive(first, [draft(key=key)], by=DESK, now=NOW, reception=reception)[0]
        answers: list[Received] = []

        def send_again() -> None:
            answers.extend(receive(second, [draft(key=key)], by=DESK, now=NOW, reception=reception))
            second.commit()

        waiting = threading.Thread(target=send_again)
        waiting.start()
        waiting.join(timeout=0.3)
        assert waiting.is_alive(), "nobody can know yet whether the first will stay"
        first.commit()
        waiting.join(timeout=10)
        assert [(answer.id, answer.created) for answer in answers] == [(one.id, False)]


def test_when_the_first_of_two_gives_up_the_second_stores_the_report(own_engine: Engine):
    with session_for(own_engine) as first, session_for(own_engine) as second:
        reception = Reception(AreaIndex(own_engine), SEAL)
        receive(first, [draft(external_number="given up")], by=DESK, now=NOW, reception=reception)
        first.rollback()
        answer = receive(second, [draft(external_number="given up")], by=DESK, now=NOW, reception=reception)[0]
        second.commit()
    assert answer.created


def test_channels_are_told_apart_by_their_own_words(db: Session):
    received = take(db, *(draft(channel=channel, external_number="1") for channel in Channel))
    assert len({one.id for one in received}) == len(Channel)
