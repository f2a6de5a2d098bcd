"""What a reporter types shows as the text it is, on every page and in every popup, and never runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Dialog, Page, expect

from database.session import open_session
from incidents.actors import SYSTEM
from incidents.drafts import ReportDraft
from incidents.intake import Reception, receive
from incidents.models import Incident
from incidents.words import Channel
from staffing.models import Staff
from tests.factories import make_duty, make_ladder, make_staff, make_unit
from webmap.installation import utcnow
from webmap.permissions import Role

TROUBLE = (
    "<script>alert(1)</script>",
    "`${alert(1)}`",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }} {% raw %} </script></textarea>",
)


@dataclass(frozen=True)
class County:
    """A worker's grid with one report for each kind of trouble, one of them unlocated."""

    worker: Staff
    incidents: tuple[Incident, ...]


@pytest.fixture(scope="module")
def county(app: Flask) -> County:
    here = app.extensions["wangge"]
    with open_session(here.engine) as db:
        ladder = make_ladder(db)
        worker = make_staff(db, "W1", make_unit(db, "T1", area=ladder["township"]))
        make_duty(db, worker, ladder["a"])
        db.commit()
        drafts = [
            ReportDraft(
                channel=Channel.HOTLINE, text=f"{words} number {at}", address=words, reporter_name=words, matter=words,
                lon=119.004 + at * 0.001, lat=33.005,
            )
            for at, words in enumerate(TROUBLE)
        ]  # fmt: skip
        drafts.append(ReportDraft(channel=Channel.CITIZEN, text="".join(TROUBLE), address=TROUBLE[0]))
        reception = Reception(here.areas, here.seal)
        received = receive(db, drafts, by=SYSTEM, now=utcnow(), reception=reception)
        db.commit()
        return County(worker, tuple(db.get_one(Incident, one.id) for one in received))


@pytest.fixture
def visit(open_page: Callable[..., Page], make_account: Callable[..., Any], county: County) -> Callable[..., Page]:
    """`visit(role, width)`: a signed-in page on which any dialog that a script opens fails the test."""

    def never(dialog: Dialog) -> None:
        dialog.dismiss()
        pytest.fail(f"a reporter's words ran: {dialog.message}")

    def sign_in(role: Role, width: int = 1366) -> Page:
        staff = county.worker if role is Role.WORKER else None
        page = open_page(width=width, language="en", account=make_account(role, staff=staff))
        page.on("dialog", never)
        return page

    return sign_in


def settle(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.locator("img[src='x']").count() == 0


def test_on_the_desk_and_in_the_case(visit: Callable[..., Page], county: County):
    page = visit(Role.COUNTY_DISPATCHER)
    settle(page, "/desk?tab=all")
    for words in TROUBLE:
        expect(page.locator("#desk-list").get_by_text(words, exact=False).first).to_be_visible()
    for incident in county.incidents:
        settle(page, f"/desk/{incident.id}")
        expect(page.locator(".case-text")).to_have_text(incident.text)


def test_in_what_the_desks_map_shows(visit: Callable[..., Page], county: County):
    page = visit(Role.COUNTY_DISPATCHER)
    settle(page, f"/desk?tab=all&case={county.incidents[1].id}")
    page.evaluate("""() => Wangge.map.layer("incidents").byId.forEach((point) => point.fire("click", {
        latlng: point.getLatLng(), originalEvent: new MouseEvent("click") }))""")
    page.wait_for_load_state("networkidle")
    assert page.locator("img[src='x']").count() == 0


def test_when_searched_for(visit: Callable[..., Page]):
    page = visit(Role.COUNTY_DISPATCHER)
    settle(page, "/desk?tab=all&text=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")
    expect(page.locator("#text")).to_have_value('"><img src=x onerror=alert(1)>')


def test_on_the_workers_phone(visit: Callable[..., Page]):
    page = visit(Role.WORKER, width=360)
    settle(page, "/map")
    for words in TROUBLE:
        expect(page.get_by_text(words, exact=False).first).to_be_attached()
    page.evaluate("""() => Wangge.map.layer("incidents")?.byId.forEach((point) => point.fire("click", {
        latlng: point.getLatLng(), originalEvent: new MouseEvent("click") }))""")
    page.wait_for_timeout(300)
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize("address", ["/overview", "/hotspots"])
def test_on_a_leaders_screen(visit: Callable[..., Page], address: str):
    settle(visit(Role.LEADER), address)


def test_in_the_form_that_sends_them_back(open_page: Callable[..., Page], county: County):
    page = open_page(width=360, language="en")
    settle(page, "/report")
    page.fill("[name=text]", "".join(TROUBLE) + "x" * 10)
    page.evaluate("words => { document.querySelector('[name=reporter_phone]').value = words }", "".join(TROUBLE))
    page.get_by_role("button", name="Send the report").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[name=text]")).to_have_value("".join(TROUBLE) + "x" * 10)
    assert page.locator("img[src='x']").count() == 0
