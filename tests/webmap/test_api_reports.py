"""POST /api/v1/reports: stored once, answered to each with what is theirs to know, refused with every problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, event, func, select
from sqlalchemy.orm import Session

from incidents.models import Incident, IncidentEvent
from incidents.words import EventKind
from staffing.models import Staff
from tests.webmap.neighbours import PHONE_OF_THE_WORKER, Neighbours, settle
from webmap.api.limits import PER_ADDRESS, WINDOW, AnonymousReport
from webmap.installation import utcnow


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    return settle(app)


def fields_of(response) -> set[str | None]:
    assert response.mimetype == "application/problem+json"
    return {error["field"] for error in response.json["errors"]}


def stored(store: Session) -> int:
    return store.scalar(select(func.count()).select_from(Incident)) or 0


def test_a_report_is_stored_and_told_where_it_fell_and_who_answers(neighbours: Neighbours, store: Session):
    response = neighbours.report("desk-a", channel="hotline", external_number="H-1", matter="M01", reporter_name="张三")
    told = response.json
    assert response.status_code == 201
    assert (told["created"], told["state"], told["queue_reason"]) == (True, "filed", None)
    assert told["location"]["grid"]["code"] == "329901001001001"
    assert told["location"]["status"] == "located"
    assert told["answerer"]["person"]["staff_no"] == "WA"
    assert response.headers["Location"] == f"/api/v1/incidents/{told['id']}"
    kept = store.get_one(Incident, told["id"])
    assert (kept.number, kept.text, kept.reporter_name_sealed is None) == (told["number"], "井盖坏了", False)
    assert kept.due_at is not None and kept.due_at - kept.reported_at == timedelta(hours=24)


def test_a_report_needs_five_statements(app: Flask, neighbours: Neighbours):
    """Who asks, is it known, did staff change, store it, is it a repeat. One more is felt by every report."""
    neighbours.report("desk-a", channel="hotline", lon=119.006)
    statements: list[str] = []
    with listening(app.extensions["wangge"].engine, statements):
        assert neighbours.report("desk-a", channel="hotline", lon=119.006).status_code == 201
    asked = [statement for statement in statements if "areas_epoch" not in statement]
    assert len(asked) == 5, asked


@contextmanager
def listening(engine: Engine, statements: list[str]) -> Iterator[None]:
    """Collect what is asked of the database, by every thread, while the block runs."""

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield
    event.remove(engine, "before_cursor_execute", note)


def test_staff_who_changed_a_moment_ago_answer_at_once(neighbours: Neighbours, store: Session):
    first = neighbours.report("desk-a", channel="hotline").json["answerer"]["person"]
    worker = store.scalars(select(Staff).where(Staff.staff_no == first["staff_no"])).one()
    before = worker.phone
    worker.phone = "13900000123"
    store.commit()
    told = neighbours.report("desk-a", channel="hotline").json["answerer"]["person"]
    worker.phone = before
    store.commit()
    assert told == first | {"phone": "13900000123"}


def test_the_same_external_number_is_the_same_report(neighbours: Neighbours, store: Session):
    first = neighbours.report("desk-a", channel="hotline", external_number="H-2")
    before = stored(store)
    again = neighbours.report("desk-a", channel="hotline", external_number="H-2", text="sent again")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json | {"created": False}
    assert stored(store) == before


def test_the_same_key_is_the_same_report_in_the_header_as_in_the_body(neighbours: Neighbours, store: Session):
    key = str(uuid4())
    first = neighbours.report(key=key)
    again = neighbours.report(headers={"Idempotency-Key": f'"{key.upper()}"'})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["number"] == first.json["number"]
    assert store.scalar(select(func.count()).where(Incident.key == key)) == 1


def test_a_header_that_contradicts_the_body_is_refused(neighbours: Neighbours):
    assert fields_of(neighbours.report(key=str(uuid4()), headers={"Idempotency-Key": str(uuid4())})) == {"key"}
    assert fields_of(neighbours.report(headers={"Idempotency-Key": "7"})) == {"Idempotency-Key"}


def test_whoever_is_not_signed_in_reports_as_a_citizen_and_is_told_no_person(neighbours: Neighbours):
    response = neighbours.report()
    assert response.status_code == 201
    assert response.json["answerer"] == {"rule": "worker", "unit": {"code": "desk-a", "name": "unit desk-a"}}
    assert PHONE_OF_THE_WORKER not in response.text and "name WA" not in response.text


@pytest.mark.parametrize("channel", ["hotline", "worker", "system"])
def test_whoever_is_not_signed_in_may_use_no_other_channel(neighbours: Neighbours, store: Session, channel: str):
    before = stored(store)
    assert fields_of(neighbours.report(channel=channel)) == {"channel"}
    assert stored(store) == before


def test_nobody_can_ask_for_a_citizens_report_by_its_number(neighbours: Neighbours):
    neighbours.report("desk-b", channel="citizen", external_number="C-1", lon=119.025)
    assert fields_of(neighbours.report(external_number="C-1")) == {"external_number"}


def test_a_worker_reports_in_his_own_name_and_not_for_the_hotline(neighbours: Neighbours, store: Session):
    response = neighbours.report("worker-a", channel="worker")
    assert response.status_code == 201
    assert store.get_one(Incident, response.json["id"]).reported_by_account_id == neighbours.accounts["worker-a"].id
    assert neighbours.report("worker-a", channel="hotline").status_code == 403


def test_a_report_that_another_jurisdiction_already_has_is_acknowledged_without_telling_it(neighbours: Neighbours):
    theirs = neighbours.report("desk-b", channel="hotline", external_number="H-3", lon=119.025)
    ours = neighbours.report("desk-a", channel="hotline", external_number="H-3")
    assert (theirs.status_code, ours.status_code) == (201, 200)
    assert {name for name, value in ours.json.items() if value is not None} == {"created"}
    assert "Location" not in ours.headers


def test_a_report_nobody_can_place_is_stored_and_queued_with_the_reason(neighbours: Neighbours, store: Session):
    far = neighbours.report("desk-a", lon=100.0, lat=20.0).json
    nowhere = neighbours.report("desk-a", lon=..., lat=...).json
    assert (far["state"], far["queue_reason"], far["location"]["grid"]) == ("reported", "outside-all-grids", None)
    assert (nowhere["state"], nowhere["queue_reason"]) == ("reported", "no-coordinates")
    kinds = store.scalars(select(IncidentEvent.kind).where(IncidentEvent.incident_id == far["id"])).all()
    assert kinds == [EventKind.RECEIVED, EventKind.PLACED]


def test_every_problem_of_a_report_is_told_at_once_and_nothing_is_stored(neighbours: Neighbours, store: Session):
    before = stored(store)
    response = neighbours.report(channel="pigeon", text=" ", lon="east", datum="mars", accuracy_m=-1, colour="red",
                                 reported_at="yesterday", key="17")  # fmt: skip
    assert response.status_code == 422
    assert fields_of(response) == {"channel", "text", "lon", "datum", "accuracy_m", "colour", "reported_at", "key"}
    assert all(error["message"] and error["code"] for error in response.json["errors"])
    assert stored(store) == before


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2200-01-01"])
def test_a_time_at_which_nothing_can_have_been_reported_is_refused(neighbours: Neighbours, moment: str):
    assert fields_of(neighbours.report("desk-a", reported_at=moment, matter="M01")) == {"reported_at"}


def test_what_is_null_or_blank_is_as_if_not_given(neighbours: Neighbours):
    optional = ["external_number", "key", "lon", "lat", "accuracy_m", "address", "matter", "reported_at",
                "reporter_name", "reporter_phone"]  # fmt: skip
    assert neighbours.report(**dict.fromkeys(optional)).status_code == 201
    assert neighbours.report(**dict.fromkeys(optional[2:], " ")).status_code == 201


@pytest.mark.parametrize("body", [b"", b"{", b'{"text": "\\ud800"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused_as_such(neighbours: Neighbours, body: bytes):
    response = neighbours.asking().post("/api/v1/reports", data=body, content_type="application/json")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")


@pytest.mark.parametrize("body", [b"[]", b'"report"', b"null", b"17"])
def test_json_that_is_no_report_is_refused(neighbours: Neighbours, body: bytes):
    response = neighbours.asking().post("/api/v1/reports", data=body, content_type="application/json")
    assert response.status_code == 422


def test_another_kind_of_content_is_refused(neighbours: Neighbours):
    response = neighbours.asking().post("/api/v1/reports", data={"text": "a form"})
    assert (response.status_code, response.mimetype) == (415, "application/problem+json")


def test_a_body_too_large_is_refused(neighbours: Neighbours):
    response = neighbours.report(address="x" * 200_000)
    assert (response.status_code, response.mimetype) == (413, "application/problem+json")


def test_the_longest_text_passes_however_it_is_escaped(neighbours: Neighbours):
    response = neighbours.report(text="\U0001f6b0" * 4000)  # each takes twelve bytes as JSON escapes it
    assert response.status_code == 201
    assert neighbours.report(text="x" * 4001).status_code == 422


def test_an_address_that_floods_is_asked_to_wait_and_then_forgotten(neighbours: Neighbours, store: Session):
    store.execute(delete(AnonymousReport))
    store.commit()
    assert neighbours.report().status_code == 201
    [(whence, _at)] = store.execute(select(AnonymousReport.whence, AnonymousReport.at)).all()
    assert b"127.0.0.1" not in whence
    store.add_all(AnonymousReport(whence=whence, at=utcnow()) for _ in range(PER_ADDRESS - 1))
    store.commit()
    before = stored(store)
    refused = neighbours.report()
    assert (refused.status_code, stored(store)) == (429, before)
    assert "Retry-After" in refused.headers
    assert neighbours.report("desk-a").status_code == 201
    store.execute(AnonymousReport.__table__.update().values(at=AnonymousReport.at - WINDOW))
    store.commit()
    assert neighbours.report().status_code == 201
    assert store.scalar(select(func.count()).select_from(AnonymousReport)) == 1
