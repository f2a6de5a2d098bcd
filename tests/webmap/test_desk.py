"""The dispatcher's desk: finding a case, understanding it, taking the next step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models import Area
from incidents.actors import SYSTEM
from incidents.drafts import ReportDraft
from incidents.intake import Reception, receive
from incidents.models import Incident
from incidents.words import Channel
from incidents.workflow import State
from staffing.models import Unit
from tests.factories import make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.webmap.conftest import Visitor
from webmap.accounts import AuditLine
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]


@pytest.fixture(scope="module")
def ladder(app: Any) -> dict[str, Any]:
    """One township with a worker on grid `a`, a desk, and a department; committed for the module."""
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        ladder: dict[str, Any] = dict(make_ladder(db))
        ladder["desk"] = make_unit(db, "T1", area=ladder["township"])
        ladder["brigade"] = make_unit(db, "B1")
        ladder["worker"] = make_staff(db, "W1", ladder["desk"], phone="19900000001")
        make_duty(db, ladder["worker"], ladder["a"])
        db.commit()
        return ladder


@pytest.fixture
def reported(app: Any, store: Session, ladder: dict[str, Any]) -> Callable[..., Incident]:
    here = app.extensions["wangge"]

    def report(text: str = "the drain is broken", lon: float | None = 119.005, lat: float | None = 33.005) -> Incident:
        draft = ReportDraft(
            channel=Channel.HOTLINE, text=text, lon=lon, lat=lat, reporter_name="张三", reporter_phone="13812341234"
        )
        reception = Reception(here.areas, here.seal)
        [received] = receive(store, [draft], by=SYSTEM, now=utcnow(), reception=reception)
        store.commit()
        return store.get_one(Incident, received.id)

    return report


def test_the_list_holds_the_heap_that_was_chosen(signed_in: SignIn, reported: Callable[..., Incident]):
    placed, queued = reported("placed one"), reported("queued one", None, None)
    desk = signed_in(Role.COUNTY_DISPATCHER)
    assert placed.text in desk.get("/desk?tab=filed").text
    assert queued.text not in desk.get("/desk?tab=filed").text
    assert queued.text in desk.get("/desk?tab=queue").text


def test_every_problem_of_a_filter_is_told(signed_in: SignIn):
    answer = signed_in(Role.COUNTY_DISPATCHER).get("/desk?since=yesterday&channel=smoke")
    assert answer.status_code == 422
    assert "yesterday" in answer.text
    assert "smoke" in answer.text


def test_a_case_says_where_it_lies_and_who_answers_and_why(signed_in: SignIn, reported: Callable[..., Incident]):
    page = signed_in(Role.COUNTY_DISPATCHER, language="en").get(f"/desk/{reported().id}").text
    assert "The point lies inside area 329901001001001." in page
    assert "name W1, who has the duty here." in page
    assert "tel:19900000001" in page


def test_a_case_is_dispatched_to_the_unit_chosen(signed_in: SignIn, reported: Callable[..., Incident], store: Session):
    case = reported()
    desk = signed_in(Role.COUNTY_DISPATCHER)
    answer = desk.post(f"/desk/{case.id}/dispatch?tab=filed", data={"lead": "B1 unit B1", "note": "please today"})
    assert answer.status_code == 303
    assert answer.location.endswith(f"/desk?tab=filed&case={case.id}")
    store.refresh(case)
    assert case.state is State.DISPATCHED
    assert case.lead_unit_id == store.scalar(select(Unit.id).where(Unit.code == "B1"))


def test_the_slower_of_two_dispatchers_is_told_and_sees_the_case_as_it_is(
    signed_in: SignIn, reported: Callable[..., Incident]
):
    case = reported()
    quick, slow = signed_in(Role.COUNTY_DISPATCHER), signed_in(Role.COUNTY_DISPATCHER, language="en")
    quick.post(f"/desk/{case.id}/dispatch", data={"lead": "B1"})
    answer = slow.post(f"/desk/{case.id}/dispatch?fragment=case", data={"lead": "T1"})
    assert answer.status_code == 409
    assert "Dispatched to unit B1." in answer.text


def test_void_needs_a_reason(signed_in: SignIn, reported: Callable[..., Incident], store: Session):
    case = reported()
    answer = signed_in(Role.COUNTY_DISPATCHER).post(f"/desk/{case.id}/void?fragment=case", data={"note": "  "})
    assert answer.status_code == 422
    store.refresh(case)
    assert case.state is State.FILED


def test_a_queued_case_is_placed_by_hand_and_filed(
    signed_in: SignIn, reported: Callable[..., Incident], store: Session, ladder: dict[str, Area]
):
    case = reported(lon=None, lat=None)
    desk = signed_in(Role.COUNTY_DISPATCHER)
    assert desk.post(f"/desk/{case.id}/place?fragment=case", data={"lon": "", "lat": "x"}).status_code == 422
    assert desk.post(f"/desk/{case.id}/place", data={"lon": "119.015", "lat": "33.005"}).status_code == 303
    store.refresh(case)
    assert case.grid_id == ladder["b"].id
    assert case.placed_by_hand


def test_a_place_in_another_township_is_refused_with_a_sentence(
    app: Any, signed_in: SignIn, reported: Callable[..., Incident], store: Session, ladder: dict[str, Area]
):
    other = make_ladder(store, west=119.1, township="329901009")
    store.commit()
    app.extensions["wangge"].areas.doubt()
    case = reported()
    answer = signed_in(Role.TOWNSHIP_DISPATCHER, area=ladder["township"]).post(
        f"/desk/{case.id}/place?fragment=case", data={"lon": "119.105", "lat": "33.005"}
    )
    assert answer.status_code in {403, 409}
    store.refresh(case)
    assert case.township_id == ladder["township"].id != other["township"].id


def test_the_reporter_is_masked_until_shown_and_showing_leaves_a_line(
    signed_in: SignIn, reported: Callable[..., Incident], store: Session
):
    case = reported()
    desk = signed_in(Role.COUNTY_DISPATCHER)
    page = desk.get(f"/desk/{case.id}").text
    assert "张三" not in page
    assert "13812341234" not in page
    assert "13812341234" in desk.post(f"/desk/{case.id}/reveal?fragment=case").text
    assert store.scalar(select(AuditLine).where(AuditLine.subject == f"incident:{case.id}")) is not None


def test_a_list_goes_on_where_it_stopped(signed_in: SignIn, store: Session, ladder: dict[str, Area]):
    for minute in range(45):
        make_incident(
            store, ladder=ladder, text=f"page test {minute:02d}", reported_at=utcnow() - timedelta(minutes=minute)
        )
    store.commit()
    desk = signed_in(Role.COUNTY_DISPATCHER)
    first = desk.get("/desk?tab=all&text=page+test&fragment=list").text
    after = first.split("after=")[1].split('"')[0].split("&")[0]
    second = desk.get(f"/desk?tab=all&text=page+test&fragment=list&after={after}").text
    assert [f"page test {minute:02d}" in first for minute in range(45)] == [minute < 40 for minute in range(45)]
    assert [f"page test {minute:02d}" in second for minute in range(45)] == [minute >= 40 for minute in range(45)]


def test_a_dispatcher_works_the_queue_with_mouse_and_keys(
    open_page: Callable[..., Page], make_account: Callable[..., Any], reported: Callable[..., Incident], store: Session
):
    queued = reported("somewhere near the school", None, None)
    page = open_page(width=1600, height=900, language="en", account=make_account(Role.COUNTY_DISPATCHER))
    page.goto("/desk?tab=queue&text=near+the+school")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.locator("#desk-case")
    expect(panel.get_by_text("There is no usable position.")).to_be_visible()
    panel.get_by_role("button", name="Place on the map").click()
    page.wait_for_timeout(400)  # the map gives way to the panel
    page.evaluate("() => Wangge.map.leaflet.setView([33.005, 119.005], 15, { animate: false })")
    there = page.evaluate("() => Wangge.map.leaflet.latLngToContainerPoint([33.005, 119.005])")
    page.locator(".map-canvas").click(position={"x": there["x"], "y": there["y"]})
    expect(panel.locator("[data-answer]")).to_contain_text("area 329901001")
    panel.get_by_role("button", name="Save this place").click()
    expect(panel.get_by_text("now lies in", exact=False)).to_be_visible()
    panel.get_by_role("button", name="Dispatch", exact=True).click()
    expect(panel.get_by_text("Dispatched to unit T1.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    store.refresh(queued)
    assert queued.state is State.DISPATCHED


def test_a_step_with_a_case_that_does_not_exist_is_answered_like_one(signed_in: SignIn):
    answer = signed_in(Role.COUNTY_DISPATCHER).post("/desk/999999999/void", data={"note": "no such case"})
    assert answer.status_code == 404


def test_a_village_handles_the_cases_of_its_own_grids(
    signed_in: SignIn, reported: Callable[..., Incident], store: Session, ladder: dict[str, Area]
):
    case = reported()
    assert signed_in(Role.VILLAGE, area=ladder["village"]).post(f"/desk/{case.id}/fix").status_code == 303
    store.refresh(case)
    assert case.state is State.CLOSED
