"""From words to a grid: reports without coordinates on the desk, placed by the list, by one press, or by hand."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Locator, Page, expect
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.session import open_session
from geo.address_loading import NewAddress, Staging
from geo.address_models import AddressAlias, AddressImport
from geo.addresses.answers import AddressRow
from geo.codes import AreaKind
from geo.models import Area
from incidents.models import Incident
from incidents.words import PlaceMethod, QueueReason
from incidents.workflow import State
from tests.factories import NOW, make_area, make_duty, make_staff, make_unit
from tests.webmap.conftest import Visitor
from webmap.permissions import Role

SignIn = Callable[..., Visitor]

GARDEN, OTHER_GARDEN = "安宜镇白田社区阳光花园", "泾河镇新河村阳光花园"
ROWS = (
    AddressRow(0, GARDEN, 119.004, 33.007, compound="阳光花园", village="白田社区", township="安宜镇"),
    AddressRow(0, OTHER_GARDEN, 119.025, 33.004, compound="阳光花园", village="新河村", township="泾河镇"),
    AddressRow(0, "安宜镇白田社区白田中路8号", 119.0152, 33.005, road="白田中路", number="8号", village="白田社区",
               township="安宜镇"),
)  # fmt: skip


@pytest.fixture(scope="module")
def county(app: Flask) -> dict[str, Area]:
    """安宜镇 and 泾河镇 side by side, of two grids each with a worker, and the list of addresses."""
    with open_session(app.extensions["wangge"].engine) as db:
        places: dict[str, Area] = {}
        for code, name, village, west in (
            ("329901001", "安宜镇", "白田社区", 119.0), ("329901002", "泾河镇", "新河村", 119.02),
        ):  # fmt: skip
            whole = box(west, 33, west + 0.02, 33.01)
            places[name] = make_area(db, code, AreaKind.TOWNSHIP, whole, name=name)
            inner = make_area(db, f"{code}001", AreaKind.VILLAGE, whole, name=village, parent=places[name])
            desk = make_unit(db, code, area=places[name])
            for half, side in ((0, "西"), (0.01, "东")):
                outline = box(west + half, 33, west + half + 0.01, 33.01)
                grid = make_area(
                    db, f"{inner.code}00{1 if half == 0 else 2}", AreaKind.COMPREHENSIVE, outline,
                    name=f"{village}{side}网格", parent=inner,
                )  # fmt: skip
                places[f"{village}{side}网格"] = grid
                make_duty(db, make_staff(db, f"W{grid.code}", desk), grid)
        add(db, *ROWS)
        db.commit()
        return places


def add(db: Session, *rows: AddressRow) -> None:
    """Put rows into the list, as an import does."""
    staging = Staging(db, shown=10)
    staging.add(NewAddress(row, each, each.lon, each.lat, "wgs84") for row, each in enumerate(rows, 1))
    staging.drop_repeated()
    record = AddressImport(file_name="标准地址.csv", loaded_by="test", detected={})
    db.add(record)
    db.flush()
    staging.load(record.id, NOW)


@pytest.fixture
def report(app: Flask, county: dict[str, Area], store: Session) -> Callable[..., Incident]:
    """`report(text, address=…, lon=…, lat=…)`: POST it as a citizen, and give what is stored."""

    def post(text: str, **fields: Any) -> Incident:
        client = FlaskClient(app, app.response_class)
        answer = client.post("/api/v1/reports", json={"channel": "citizen", "text": text, **fields})
        assert answer.status_code == 201, answer.text
        return store.get_one(Incident, answer.json["id"])  # type: ignore[index]

    return post


# --- what the server answers ---------------------------------------------------------------------------------------


def test_the_api_says_by_what_a_report_was_placed(app: Flask, county: dict[str, Area]):
    client = FlaskClient(app, app.response_class)
    answer = client.post("/api/v1/reports", json={"channel": "citizen", "text": "乱倒垃圾", "address": "白田中路8号"})
    assert answer.json is not None
    location = answer.json["location"]
    assert (location["grid"]["name"], location["method"], location["accuracy"]) == ("白田社区东网格", "address", "door")
    assert location["confidence"] > 0.8


def test_the_form_and_the_api_ask_the_same_list(signed_in: SignIn, county: dict[str, Area], store: Session):
    visitor = signed_in(Role.COUNTY_DISPATCHER)
    words = {"text": "表单里写的垃圾", "address": "白田中路8号", "channel": "hotline"}
    answer = visitor.post("/report", data=words)
    assert answer.status_code in {200, 303}, answer.text
    stored = store.scalars(select(Incident).where(Incident.text == words["text"])).one()
    assert stored.grid_id == county["白田社区东网格"].id


def test_the_whole_case_tells_every_place_its_words_may_mean(
    signed_in: SignIn, report: Callable[..., Incident]
):  # fmt: skip
    waiting = report("阳光花园门口路灯不亮")
    case = signed_in(Role.COUNTY_DISPATCHER).get(f"/api/v1/incidents/{waiting.id}").json
    assert case is not None
    assert case["queue_reason"] == "address-uncertain"
    assert {candidate["matched"] for candidate in case["place"]["candidates"]} == {GARDEN, OTHER_GARDEN}
    assert {candidate["grid"]["name"] for candidate in case["place"]["candidates"]} == {
        "白田社区西网格", "新河村西网格",
    }  # fmt: skip


def test_the_card_shows_the_pieces_in_the_words_and_nobodys_words_as_markup(
    signed_in: SignIn, report: Callable[..., Incident]
):
    waiting = report("<b>听说</b>阳光花园<script>alert(1)</script>门口", address="<i>阳光花园</i>")
    page = signed_in(Role.COUNTY_DISPATCHER).get(f"/desk/{waiting.id}").text
    assert "<mark>阳光花园</mark>" in page
    assert "<script>alert(1)" not in page
    assert "<b>听说" not in page
    assert "<i>" not in page


def test_a_place_is_chosen_and_the_words_are_kept_for_the_next_report(
    signed_in: SignIn, report: Callable[..., Incident], store: Session, county: dict[str, Area]
):
    waiting = report("河边老码头有人乱倒垃圾")
    assert waiting.queue_reason is QueueReason.NO_COORDINATES
    desk = signed_in(Role.COUNTY_DISPATCHER, language="en")
    placed = desk.post(f"/desk/{waiting.id}/place?fragment=case", data={"lon": "119.035", "lat": "33.005"})
    assert "Remember this place" in placed.text
    kept = desk.post(f"/desk/{waiting.id}/remember?fragment=case", data={"words": "河边老码头"})
    assert "“河边老码头” is found here from now on." in kept.text
    again = report("河边老码头又有人乱倒垃圾了")
    assert (again.grid_id, again.place_method) == (county["新河村东网格"].id, PlaceMethod.ADDRESS)
    assert store.scalars(select(AddressAlias.text)).all() == ["河边老码头"]


def test_what_cannot_be_chosen_or_kept_is_told_in_a_sentence(signed_in: SignIn, report: Callable[..., Incident]):
    waiting, desk = report("新河村路灯坏了"), signed_in(Role.COUNTY_DISPATCHER, language="en")
    wide = desk.get(f"/api/v1/incidents/{waiting.id}").json["place"]["candidates"][0]  # type: ignore[index]
    choice = {"candidate": 0, "matched": wide["matched"]}
    answer = desk.post(f"/desk/{waiting.id}/choose?fragment=case", data=choice)
    assert (answer.status_code, "parts of several grids" in answer.text) == (422, True)
    gone = desk.post(f"/desk/{waiting.id}/choose?fragment=case", data=choice | {"matched": "elsewhere"})
    assert (gone.status_code, "no longer those that were shown" in gone.text) == (409, True)
    early = desk.post(f"/desk/{waiting.id}/remember?fragment=case", data={"words": "新河村"})
    assert (early.status_code, "Nobody has chosen a place" in early.text) == (409, True)


def test_a_list_that_arrives_later_is_asked_again_on_the_desk(
    app: Flask, signed_in: SignIn, report: Callable[..., Incident], store: Session
):
    waiting = report("彩虹公寓楼道堆满杂物")
    assert waiting.address_answer is None
    add(store, AddressRow(0, "安宜镇彩虹公寓", 119.002, 33.002, compound="彩虹公寓", township="安宜镇"))
    store.commit()
    app.extensions["wangge"].addresses.refresh()
    answer = signed_in(Role.COUNTY_DISPATCHER, language="en").post(f"/desk/{waiting.id}/look-again?fragment=case")
    assert "place found." in answer.text
    assert "安宜镇彩虹公寓" in answer.text


def test_a_township_cannot_put_a_case_into_the_next_one(
    signed_in: SignIn, report: Callable[..., Incident], store: Session, county: dict[str, Area]
):
    here = report("泾河镇阳光花园井盖坏了", lon=119.005, lat=33.005)
    desk = signed_in(Role.TOWNSHIP_DISPATCHER, area=county["安宜镇"])
    assert here.address_answer is not None
    assert here.address_answer["candidates"][0]["matched"] == OTHER_GARDEN
    answer = desk.post(f"/desk/{here.id}/choose?fragment=case", data={"candidate": 0, "matched": OTHER_GARDEN})
    assert answer.status_code in {403, 409}
    store.refresh(here)
    assert here.township_id == county["安宜镇"].id


@pytest.mark.parametrize("role", [Role.VILLAGE, Role.LEADER, Role.PLANNER, Role.ADMINISTRATOR])
def test_whoever_may_not_place_can_neither_choose_nor_keep_nor_ask(
    signed_in: SignIn, report: Callable[..., Incident], store: Session, county: dict[str, Area], role: Role
):
    waiting = report("阳光花园门口路灯不亮")
    visitor = signed_in(role, area=county["安宜镇"] if role is Role.VILLAGE else None)
    for step in ("choose", "remember", "look-again"):
        answer = visitor.post(f"/desk/{waiting.id}/{step}", data={"candidate": 0, "matched": GARDEN, "words": "花园"})
        assert answer.status_code == 403, step
    store.refresh(waiting)
    assert waiting.point is None


def test_a_foreign_page_cannot_choose(signed_in: SignIn, report: Callable[..., Incident]):
    waiting = report("阳光花园门口路灯不亮")
    answer = signed_in(Role.COUNTY_DISPATCHER).post(f"/desk/{waiting.id}/choose", data={"candidate": 0}, csrf=False)
    assert answer.status_code == 400


# --- what a dispatcher sees and does -------------------------------------------------------------------------------


@pytest.fixture
def desk(
    open_page: Callable[..., Page], make_account: Callable[..., Any], county: dict[str, Area]
) -> Callable[..., Page]:
    """`desk(width=…, language=…)`: a page with the county's dispatcher signed in."""

    def sign_in(**page: Any) -> Page:
        return open_page(account=make_account(Role.COUNTY_DISPATCHER), **page)

    return sign_in


def places_of(page: Page) -> Locator:
    return page.locator("#desk-case [data-candidate]")


@pytest.mark.parametrize(("width", "height", "language"), [(1920, 1080, "zh"), (360, 740, "en")])
def test_an_address_only_report_becomes_a_case_in_the_right_grid_by_one_press(
    desk: Callable[..., Page], report: Callable[..., Incident], store: Session, county: dict[str, Area],
    width: int, height: int, language: str,
):  # fmt: skip
    waiting = report(f"阳光花园门口路灯不亮，屏幕宽{width}")
    page = desk(width=width, height=height, language=language)
    page.goto(f"/desk?tab=queue&text={quote(waiting.text[-6:])}")
    page.locator(f'[data-case="{waiting.id}"]').click()
    expect(places_of(page)).to_have_count(2)
    expect(page.locator(".desk-place")).to_have_count(2)
    expect(page.locator("#desk-case .case-text mark")).to_have_text("阳光花园")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wanted = places_of(page).filter(has_text=OTHER_GARDEN)
    wanted.get_by_role("button").click()
    expect(page.locator("#desk-case .notice")).to_contain_text("新河村西网格")
    expect(page.locator(".desk-place")).to_have_count(0)
    store.refresh(waiting)
    assert (waiting.grid_id, waiting.state) == (county["新河村西网格"].id, State.FILED)
    assert waiting.place_method is PlaceMethod.CANDIDATE


def test_the_keys_lead_to_a_place_and_take_it(
    desk: Callable[..., Page], report: Callable[..., Incident], store: Session, county: dict[str, Area]
):
    waiting = report("阳光花园门口路灯不亮，用键盘")
    page = desk(width=1600, height=900, language="en")
    page.goto(f"/desk?tab=queue&case={waiting.id}")
    expect(page.locator(".desk-place")).to_have_count(2)
    page.keyboard.press("2")
    second = places_of(page).nth(1)
    expect(second).to_have_class("candidate is-active")
    expect(page.locator(".desk-place.is-active")).to_have_text("2")
    name = second.locator(".candidate-name").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("#desk-case .notice")).to_be_visible()
    store.refresh(waiting)
    assert waiting.grid_id == county["白田社区西网格" if name == GARDEN else "新河村西网格"].id


def test_a_report_that_was_placed_by_its_address_says_so(desk: Callable[..., Page], report: Callable[..., Incident]):
    placed = report("白田中路8号有人乱倒垃圾")
    assert placed.state is State.FILED
    page = desk(language="en")
    page.goto(f"/desk?tab=filed&case={placed.id}")
    panel = page.locator("#desk-case")
    expect(panel).to_contain_text("By its address, automatically: 安宜镇白田社区白田中路8号 (Door number")
    expect(panel.locator(".case-text mark").first).to_be_visible()
    expect(page.locator(".desk-place")).to_have_count(0)


def test_a_contradiction_is_shown_with_both_townships_and_settled_by_choosing(
    desk: Callable[..., Page], report: Callable[..., Incident], store: Session, county: dict[str, Area]
):
    flagged = report("泾河镇阳光花园井盖坏了", lon=119.005, lat=33.005)
    page = desk(width=1600, height=900, language="en")
    page.goto("/desk?tab=filed&text=井盖坏了")
    row = page.locator(f'[data-case="{flagged.id}"]')
    expect(row).to_contain_text("Two townships")
    row.click()
    panel = page.locator("#desk-case")
    expect(panel).to_contain_text("The words name 泾河镇, but the coordinates lie in 安宜镇.")
    store.refresh(flagged)
    assert flagged.grid_id == county["白田社区西网格"].id
    places_of(page).filter(has_text=OTHER_GARDEN).get_by_role("button").click()
    expect(panel.locator(".notice")).to_contain_text("now lies in 新河村西网格")
    expect(panel).not_to_contain_text("The words name 泾河镇")
    store.refresh(flagged)
    assert (flagged.grid_id, flagged.contradiction) == (county["新河村西网格"].id, None)


def test_an_area_is_drawn_and_the_point_inside_it_is_chosen_on_the_map_then_remembered(
    desk: Callable[..., Page], report: Callable[..., Incident], store: Session, county: dict[str, Area]
):
    waiting = report("新河村大槐树下路灯坏了")
    page = desk(width=1600, height=900, language="en")
    page.goto(f"/desk?tab=queue&case={waiting.id}")
    expect(page.locator(".desk-place.is-wide")).to_have_count(1)
    panel = page.locator("#desk-case")
    panel.get_by_role("button", name="Choose the point inside").first.click()
    page.wait_for_timeout(600)  # the map goes there
    there = page.evaluate("() => Wangge.map.leaflet.latLngToContainerPoint([33.005, 119.035])")
    page.locator(".map-canvas").click(position={"x": there["x"], "y": there["y"]})
    expect(panel.locator("[data-answer]")).to_contain_text("新河村东网格")
    panel.get_by_role("button", name="Save this place").click()
    words = panel.get_by_label("For these words, in reports to come")
    expect(words).to_have_value("新河村大槐树下路灯坏了")
    words.fill("新河村大槐树")
    panel.get_by_role("button", name="Remember", exact=True).click()
    expect(panel).to_contain_text("“新河村大槐树” is found here from now on.")
    again = report("新河村大槐树下又有人乱停车")
    assert (again.grid_id, again.queue_reason) == (county["新河村东网格"].id, None)
