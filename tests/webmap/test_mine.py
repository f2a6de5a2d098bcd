"""The map of one's own grids: what is mine, what is not, and found and fixed in two taps."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from incidents.models import Incident, Photo
from incidents.words import Channel
from incidents.workflow import State
from staffing.words import DutyRole
from tests.factories import make_absence, make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.incidents.test_worklist import make_matter
from tests.webmap.conftest import Visitor
from tests.webmap.test_reporting import picture
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
Place = dict[str, Any]


@pytest.fixture(scope="module")
def ladder(app: Flask) -> Place:
    """A village of two grids: W1 answers for `a`, W2 for `b`; a liaison, the police, a matter."""
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        place: Place = dict(make_ladder(db))
        place["desk"] = make_unit(db, "T1", area=place["township"])
        for number, grid in (("W1", "a"), ("W2", "b")):
            place[number] = make_staff(db, number, place["desk"], phone=f"1990000000{number[1]}")
            make_duty(db, place[number], place[grid])
        place["liaison"] = make_staff(db, "L1", place["desk"], phone="19900000009")
        make_duty(db, place["liaison"], place["village"], DutyRole.LIAISON)
        place["matter"] = make_matter(db, "M1")
        db.commit()
        return place


@pytest.fixture
def worker(signed_in: SignIn, ladder: Place) -> Visitor:
    return signed_in(Role.WORKER, staff=ladder["W1"], unit=ladder["desk"], language="en")


def case(store: Session, ladder: Place, **columns: Any) -> Incident:
    incident = make_incident(store, ladder=ladder, reported_at=utcnow(), **columns)
    store.commit()
    return incident


def in_b(ladder: Place) -> dict[str, Any]:
    return {"grid_id": ladder["b"].id, "point": "SRID=4326;POINT(119.015 33.005)"}


def test_a_worker_sees_the_cases_of_his_grid_and_not_his_neighbours(worker: Visitor, store: Session, ladder: Place):
    mine, other = case(store, ladder, text="in mine"), case(store, ladder, text="in theirs", **in_b(ladder))
    page = worker.get("/map").text
    assert mine.text in page
    assert other.text not in page


def test_a_village_sees_all_its_grids(signed_in: SignIn, store: Session, ladder: Place):
    found = case(store, ladder, text="anywhere in the village", **in_b(ladder))
    page = signed_in(Role.VILLAGE, area=ladder["village"]).get("/map").text
    assert found.text in page
    assert ladder["a"].code in page
    assert ladder["b"].code in page


def test_what_he_reported_next_door_is_there_but_visibly_not_his(
    signed_in: SignIn, make_account: Callable[..., Any], client: Visitor, store: Session, ladder: Place
):
    account = make_account(Role.WORKER, staff=ladder["W1"], language="en")
    case(store, ladder, text="reported next door", reported_by_account_id=account.id, staff_id=ladder["W2"].id,
         **in_b(ladder))  # fmt: skip
    client.sign_in(account.name)
    page = client.get("/map").text
    assert "Not your grid" in page
    assert "With name W2" in page


def test_the_late_ones_come_first_and_say_how_late(worker: Visitor, store: Session, ladder: Place):
    case(store, ladder, text="due tomorrow", due_at=utcnow() + timedelta(hours=30))
    case(store, ladder, text="due two days ago", due_at=utcnow() - timedelta(hours=49))
    page = worker.get("/map?fragment=list").text
    assert page.index("due two days ago") < page.index("due tomorrow")
    assert "2 days late" in page
    assert "1 day left" in page


def test_found_and_fixed_closes_the_case_without_any_word(worker: Visitor, store: Session, ladder: Place):
    found = case(store, ladder)
    answer = worker.post(f"/map/{found.id}/fix?fragment=list")
    assert answer.status_code == 200
    assert found.number in answer.text.split("</p>")[0]
    store.refresh(found)
    assert found.state is State.CLOSED


def test_a_dispatched_case_is_answered_with_a_note_and_a_photo(signed_in: SignIn, store: Session, ladder: Place):
    found = case(store, ladder, state=State.DISPATCHED, lead_unit_id=ladder["desk"].id)
    data = {"note": "cleared with the street's team", "photos": (BytesIO(picture()), "a.jpg")}
    worker = signed_in(Role.WORKER, staff=ladder["W1"], unit=ladder["desk"])
    answer = worker.post(f"/map/{found.id}/handle", data=data, content_type="multipart/form-data")
    assert (answer.status_code, answer.location) == (303, "/map")
    store.refresh(found)
    assert found.state is State.HANDLED
    assert store.scalar(select(Photo).where(Photo.incident_id == found.id)) is not None


def test_a_file_that_is_no_photo_leaves_the_case_as_it_was(worker: Visitor, store: Session, ladder: Place):
    found = case(store, ladder)
    data = {"photos": (BytesIO(b"<svg/>"), "a.jpg")}
    answer = worker.post(f"/map/{found.id}/fix?fragment=list", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "not a photo" in answer.text.lower()
    store.refresh(found)
    assert found.state is State.FILED


def test_a_step_that_came_too_late_says_so_and_changes_nothing(worker: Visitor, store: Session, ladder: Place):
    found = case(store, ladder)
    worker.post(f"/map/{found.id}/fix")
    again = worker.post(f"/map/{found.id}/fix?fragment=list")
    assert again.status_code == 409
    assert "somebody may have been quicker" in again.text


def test_a_neighbours_case_cannot_be_fixed(worker: Visitor, store: Session, ladder: Place):
    other = case(store, ladder, **in_b(ladder))
    assert worker.post(f"/map/{other.id}/fix?fragment=list").status_code == 404
    store.refresh(other)
    assert other.state is State.FILED


def fix_now(visitor: Visitor, **fields: str) -> Any:
    data = {"key": str(uuid4()), "matter": "M1", "lon": "119.0049", "lat": "33.0049", "accuracy_m": "6"} | fields
    return visitor.post("/map/fixed?fragment=list", data=data)


def newest(store: Session) -> Incident:
    found = store.scalars(select(Incident).order_by(Incident.id.desc()).limit(1)).one()
    store.refresh(found)
    return found


def test_a_small_problem_is_reported_and_closed_at_once_by_its_matter_alone(
    worker: Visitor, store: Session, ladder: Place
):
    answer = fix_now(worker)
    kept = newest(store)
    assert answer.status_code == 200
    assert f"{kept.number}: fixed on the spot" in answer.text
    assert (kept.state, kept.channel, kept.text) == (State.CLOSED, Channel.WORKER, "matter M1")
    assert (kept.grid_id, kept.accuracy_m, kept.matter_id) == (ladder["a"].id, 6, ladder["matter"].id)


def test_sent_twice_it_is_one_case_closed_once(worker: Visitor, store: Session, ladder: Place):
    key = str(uuid4())
    fix_now(worker, key=key, note="swept")
    first = newest(store)
    again = fix_now(worker, key=key, note="swept")
    assert f"{first.number}: fixed on the spot" in again.text
    assert newest(store).id == first.id


def test_next_door_it_is_reported_to_whoever_answers_there_and_stays_open(
    worker: Visitor, store: Session, ladder: Place
):
    answer = fix_now(worker, lon="119.015")
    kept = newest(store)
    assert (kept.state, kept.grid_id, kept.staff_id) == (State.FILED, ladder["b"].id, ladder["W2"].id)
    assert "which is not yours" in answer.text


def test_village_staff_fix_at_once_in_any_grid_of_the_village(signed_in: SignIn, store: Session, ladder: Place):
    fix_now(signed_in(Role.VILLAGE, area=ladder["village"]), lon="119.015")
    kept = newest(store)
    assert (kept.state, kept.grid_id) == (State.CLOSED, ladder["b"].id)


def test_without_a_position_nothing_is_sent(worker: Visitor, store: Session, ladder: Place):
    before = newest(store).id
    assert fix_now(worker, lon="", lat="").status_code == 422
    assert newest(store).id == before


def test_the_grid_says_who_stands_in_for_whom_with_their_numbers(
    signed_in: SignIn, app: Flask, store: Session, ladder: Place
):
    away = Range(utcnow() - timedelta(days=1), utcnow() + timedelta(days=1))
    absence = make_absence(store, ladder["W1"], away)
    store.commit()
    page = signed_in(Role.WORKER, staff=ladder["W1"], language="en").get("/map").text
    assert "away until" in page
    assert "answers for the grid now" in page.split("name L1")[1].split("</li>")[0]
    assert 'href="tel:19900000009"' in page
    store.delete(absence)
    store.commit()


def test_somebody_without_a_duty_is_told_what_to_do(signed_in: SignIn, store: Session, ladder: Place):
    idle = make_staff(store, f"I{newest(store).id}", ladder["desk"])
    store.commit()
    page = signed_in(Role.WORKER, staff=idle, language="en").get("/map").text
    assert "No grid is named as yours." in page


def test_on_the_telephone_two_taps_fix_a_case_and_two_taps_report_and_fix_one(
    open_page: Callable[..., Page], make_account: Callable[..., Any], store: Session, ladder: Place
):
    found = case(store, ladder, text='"><img src=x onerror=alert(1)> `${alert(1)}`')
    page = open_page(
        width=360, height=740, language="en", account=make_account(Role.WORKER, staff=ladder["W1"]),
        permissions=["geolocation"], geolocation={"longitude": 119.004, "latitude": 33.004, "accuracy": 9},
    )  # fmt: skip
    page.goto("/map")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    row = page.locator(f"details[data-case='{found.id}']")
    expect(row.locator("[data-distance]")).to_contain_text("m")
    row.locator("summary").first.click()
    row.get_by_role("button", name="Found and fixed").click()
    expect(page.locator(".toast")).to_contain_text(f"{found.number}: Closed")
    store.refresh(found)
    assert found.state is State.CLOSED
    page.get_by_role("button", name="Fixed on the spot").click()
    expect(page.locator("[data-where]")).to_contain_text("area 329901001001001")
    page.get_by_role("button", name="matter M1").click()
    expect(page.locator(".toast").last).to_contain_text(": fixed on the spot")
    assert (newest(store).state, newest(store).grid_id) == (State.CLOSED, ladder["a"].id)
