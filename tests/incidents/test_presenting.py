"""An incident as JSON; the reporter masked for everyone, opened for whoever handles the case, always with a trace."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.sealing import Seal, SealBroken
from incidents import presenting
from incidents.actors import Actor
from incidents.errors import NotYours, UnknownIncident
from incidents.models import Incident, IncidentEvent, Photo
from incidents.reporters import mask_name, mask_phone, reveal
from incidents.words import EventKind, QueueReason
from incidents.workflow import Move, Right, State
from tests.factories import NOW, make_incident, make_ladder, make_staff, make_unit
from tests.incidents.people import DESK, LEADER, department, worker_on

SEAL = Seal("a secret for tests only")
EXPLAINED = {
    "status": "located", "rule": "covers", "township": {"code": "329901001", "name": "柳河镇", "version": 1},
    "village": None, "grid": {"code": "329901001001001", "name": "东街网格", "version": 3},
    "specialised": [{"code": "ZS1", "name": "小学", "version": 4}],
}  # fmt: skip


def reported_by(db: Session, name: str | None = "张三丰", phone: str | None = "13812341234", **columns) -> Incident:
    return make_incident(
        db, reporter_name_sealed=SEAL.seal(name), reporter_phone_sealed=SEAL.seal(phone), **columns
    )  # fmt: skip


def line_of(db: Session, incident: Incident) -> dict:
    db.refresh(incident)
    return presenting.summary(incident, now=NOW)


def detail(db: Session, incident: Incident, by: Actor = DESK) -> dict:
    db.refresh(incident)
    shown = presenting.detail(db, incident, by=by, now=NOW, seal=SEAL)
    json.dumps(shown)  # plain values only
    return shown


@pytest.mark.parametrize(
    ("name", "masked"), [("张三", "张**"), ("张", "张**"), ("欧阳娜娜", "欧**"), ("", None), ("  ", None), (None, None)]
)
def test_a_name_is_masked_to_its_first_character_and_tells_not_even_its_length(name: str | None, masked: str | None):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812341234", "138****1234"), ("+86 138 1234 1234", "861****1234"), ("0515-8888 1234", "051****1234"),
        ("8888 1234", "88****34"), ("12345", "****"), ("请打微信", "****"), ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_phone_number_is_masked_so_that_it_cannot_be_rung(phone: str | None, masked: str | None):
    assert mask_phone(phone) == masked


def test_no_mask_leaves_more_than_seven_digits_nor_all_of_them():
    for length in range(1, 16):
        shown = sum(letter.isdigit() for letter in mask_phone("1" * length) or "")
        assert shown <= 7 and shown < length


def test_the_detail_never_holds_the_reporter_in_clear(db: Session):
    whole = json.dumps(detail(db, reported_by(db)), ensure_ascii=False)
    assert "张三丰" not in whole and "13812341234" not in whole
    assert "张**" in whole and "138****1234" in whole


def test_a_list_holds_nothing_of_the_reporter_at_all(db: Session):
    line = json.dumps(line_of(db, reported_by(db)), ensure_ascii=False)
    assert "张" not in line and "1234" not in line


def test_places_bear_the_names_the_incident_was_judged_by(db: Session):
    line = line_of(db, make_incident(db, ladder=make_ladder(db), explanation=EXPLAINED))
    assert line["township"] == {"code": "329901001", "name": "柳河镇"}
    assert (line["village"], line["specialised"]) == (None, [{"code": "ZS1", "name": "小学"}])
    assert (line["lon"], line["lat"]) == (119.005, 33.005)


def test_what_lies_nowhere_has_no_places(db: Session):
    line = line_of(db, make_incident(db))
    assert [line[name] for name in ("township", "village", "grid", "specialised", "lon", "lat")] == [
        None, None, None, [], None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "due", "late"),
    [
        (State.FILED, -1, True),
        (State.FILED, 1, False),
        (State.CLOSED, -1, False),
        (State.VOID, -1, False),
        (State.FILED, None, False),
    ],
)
def test_overdue_is_open_and_past_its_time(db: Session, state: State, due: int | None, late: bool):
    due_at = None if due is None else NOW + timedelta(hours=due)
    assert line_of(db, make_incident(db, state=state, due_at=due_at, closed_at=NOW))["overdue"] is late


def test_the_history_is_told_in_order_and_a_placing_in_short(db: Session):
    incident = make_incident(db)
    db.add(IncidentEvent(incident_id=incident.id, at=NOW, kind=EventKind.PLACED, by_name="system", note="",
                         details=EXPLAINED | {"staff": [{"name": "李四"}], "queue_reason": None}))  # fmt: skip
    db.flush()
    received, placed = detail(db, incident)["history"]
    assert (received["kind"], placed["kind"], placed["by"]) == ("received", "placed", "system")
    assert set(placed["details"]) == {"status", "rule", "grid", "township"}


def test_photos_and_repeats_are_named(db: Session):
    ladder = make_ladder(db)
    first = make_incident(db, ladder=ladder)
    again = make_incident(db, ladder=ladder, repeats_id=first.id)
    db.add(Photo(incident_id=first.id, file_name="ab/cd.jpg", width=800, height=600, added_at=NOW, by_name="worker"))
    db.flush()
    shown = detail(db, first)
    assert shown["repeated_by"] == [{"id": again.id, "number": again.number}]
    assert detail(db, again)["repeats"] == {"id": first.id, "number": first.number}
    assert [(photo["width"], photo["by"]) for photo in shown["photos"]] == [(800, "worker")]
    assert "ab/cd.jpg" not in json.dumps(shown)


def test_the_moves_offered_are_those_that_would_be_allowed(db: Session):
    ladder = make_ladder(db)
    incident = make_incident(db, ladder=ladder)
    assert [each["move"] for each in detail(db, incident, by=worker_on(ladder["a"]))["moves"]] == [Move.FIX]
    assert detail(db, incident, by=worker_on(ladder["b"]))["moves"] == []
    desk = {each["move"]: each for each in detail(db, incident, by=DESK)["moves"]}
    assert set(desk) == {Move.DISPATCH, Move.VOID}
    assert desk[Move.DISPATCH]["needs_lead"] and desk[Move.VOID]["needs_note"]


def test_placing_and_revealing_are_offered_to_whom_they_are_allowed(db: Session):
    open_, closed = reported_by(db), reported_by(db, state=State.CLOSED, closed_at=NOW)
    assert (detail(db, open_)["may_place"], detail(db, closed)["may_place"]) == (True, False)
    assert (detail(db, open_, by=LEADER)["may_place"], detail(db, open_, by=LEADER)["may_reveal"]) == (False, False)
    assert detail(db, open_)["may_reveal"]
    assert not detail(db, reported_by(db, name=None, phone=None))["may_reveal"]


def test_whoever_handles_the_case_sees_the_reporter_and_the_history_tells_it(db: Session):
    ladder, water = make_ladder(db), make_unit(db, "water")
    staff = make_staff(db, "W1", water)
    incident = reported_by(db, ladder=ladder, state=State.DISPATCHED, lead_unit_id=water.id, staff_id=staff.id)
    answerer = Actor("himself", account_id=8, staff_id=staff.id, rights=frozenset({Right.HANDLE}))
    for who in (worker_on(ladder["a"]), department(water), answerer, DESK):
        opened = reveal(db, incident.id, by=who, now=NOW, seal=SEAL)
        assert (opened.name, opened.phone) == ("张三丰", "13812341234")
    revealed = select(IncidentEvent).where(IncidentEvent.kind == EventKind.REVEALED).order_by(IncidentEvent.id)
    lines = db.scalars(revealed).all()
    assert [line.by_name for line in lines] == ["worker", "department", "himself", "desk"]
    assert all("张三丰" not in str(line.details) + line.note for line in lines)


def test_nobody_else_sees_the_reporter_and_no_trace_is_left_of_what_was_not_shown(db: Session):
    ladder, water = make_ladder(db), make_unit(db, "water")
    incident = reported_by(db, ladder=ladder, unit_id=water.id)
    for who in (LEADER, worker_on(ladder["b"]), department(make_unit(db, "roads"))):
        with pytest.raises(NotYours):
            reveal(db, incident.id, by=who, now=NOW, seal=SEAL)
    assert db.scalars(select(IncidentEvent).where(IncidentEvent.kind == EventKind.REVEALED)).all() == []


def test_an_unknown_incident_has_no_reporter(db: Session):
    with pytest.raises(UnknownIncident):
        reveal(db, 10**15, by=DESK, now=NOW, seal=SEAL)


def test_sealed_with_another_secret_it_says_so_and_shows_nothing(db: Session):
    incident = reported_by(db, queue_reason=QueueReason.NO_COORDINATES)
    with pytest.raises(SealBroken):
        reveal(db, incident.id, by=DESK, now=NOW, seal=Seal("another secret for tests"))
