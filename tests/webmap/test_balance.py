"""Balance: figures per grid with their spread, and what is tried with them kept as a draft."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from shapely.geometry import box
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area, Redraw
from geo.redraw_drafts import rows_of
from geo.redraw_models import RedrawEvent
from geo.redraws.words import RedrawState, RedrawStep
from tests.factories import make_area, make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.webmap.conftest import Visitor
from webmap.accounts import AuditLine
from webmap.drawn_lines import LineUnreadable, read_line
from webmap.installation import utcnow
from webmap.permissions import Role
from webmap.plans.balance_looking import MEASURES

SignIn = Callable[..., Visitor]
A, B, SECOND = "329901001001001", "329901001001002", "329901001002"
THROUGH = "119.003 32.99, 119.003 33.02"


@pytest.fixture(scope="module")
def ladders(app: Flask) -> dict[str, Area]:
    """In one township two villages beside one another, with grids a and b, and c; another township beyond.

    Three reports in grid a, one in the other township.
    """
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        ladder = make_ladder(db)
        db.execute(text("UPDATE area_version SET households = 400"))
        ladder["township"].versions[
            0
        ].outline = "SRID=4326;MULTIPOLYGON(((119 33,119.03 33,119.03 33.01,119 33.01,119 33)))"
        second = make_area(db, SECOND, AreaKind.VILLAGE, box(119.02, 33, 119.03, 33.01), parent=ladder["township"])
        make_area(
            db, f"{SECOND}001", AreaKind.COMPREHENSIVE, box(119.02, 33, 119.03, 33.01), parent=second, households=300,
            name="<b>第一</b>网格",
        )  # fmt: skip
        other = make_ladder(db, west=119.1, township="329901002")
        make_duty(db, make_staff(db, "W1", make_unit(db, "U1")), ladder["a"])
        for lon in (119.001, 119.006, 119.007):
            make_incident(db, ladder=ladder, point=f"SRID=4326;POINT({lon} 33.005)", reported_at=utcnow())
        make_incident(db, ladder=other, point="SRID=4326;POINT(119.105 33.005)", reported_at=utcnow())
        db.commit()
        return dict(ladder) | {"second": second, "other": other["township"]}


def told(page: str) -> Any:
    return json.loads(re.findall(r'id="balance-told">(.*?)</script>', page, re.DOTALL)[0])


def grids(page: str) -> list[str]:
    """The codes in the order of the table."""
    return re.findall(r'<tr data-grid="([^"]+)"', page)


def try_out(planner: Visitor, **form: str) -> Any:
    return planner.post("/plans/balance?township=329901001", data={"grid": A, "what": "split", "line": THROUGH} | form)


def draft_of(store: Session, answer: Any) -> Redraw:
    assert answer.status_code == 303, answer.text
    return store.get_one(Redraw, int(answer.location.rsplit("/", 1)[1]))


def codes(store: Session, redraw: Redraw) -> list[str]:
    return [row.code for row in rows_of(store, redraw)]


def jobs_for(store: Session, redraw: Redraw) -> list[str]:
    query = text("SELECT task_name FROM procrastinate_jobs WHERE (args->>'redraw_id')::bigint = :id")
    return list(store.scalars(query, {"id": redraw.id}))


# --- looking


def test_every_grid_has_its_figures_and_every_measure_its_spread(signed_in: SignIn, ladders: dict[str, Area]):
    page = signed_in(Role.PLANNER, language="en").get("/plans/balance?township=329901001").text
    values = told(page)["values"]
    assert {code: (each["households"], each["reports"], each["per-thousand"]) for code, each in values.items()} == {
        A: (400, 3, 7.5), B: (400, 0, 0), f"{SECOND}001": (300, 0, 0),
    }  # fmt: skip
    assert told(page)["grids"][A]["reports"] == 3.0, "three times the average"
    measures = page[page.index("balance-measures") : page.index("</nav>", page.index("balance-measures"))]
    assert measures.count("Gini</dt>") == len(MEASURES) - 1, "nothing was handled, so there are no hours per case"
    assert "141 %" in measures, "of 3, 0 and 0 the deviation is √2 and the mean 1"
    assert "0.67" in measures
    assert "name W1" in page
    assert "&lt;b&gt;第一" in page
    assert "<b>第一" not in page


def test_the_table_is_in_the_order_of_the_measure_and_can_be_turned(signed_in: SignIn, ladders: dict[str, Area]):
    leader = signed_in(Role.LEADER)
    c = f"{SECOND}001"
    assert grids(leader.get("/plans/balance?township=329901001&by=reports").text)[0] == A
    assert grids(leader.get("/plans/balance?township=329901001&by=reports&ascending=1").text)[-1] == A
    assert grids(leader.get("/plans/balance?township=329901001&ascending=1").text)[0] == c
    assert grids(leader.get("/plans/balance?township=329901001&order=code").text) == [A, B, c]
    assert grids(leader.get(f"/plans/balance?village={SECOND}").text) == [c]


def test_a_township_s_account_sees_its_own_grids_and_no_other_township_s(signed_in: SignIn, ladders: dict[str, Area]):
    own = signed_in(Role.PLANNER, area=ladders["township"])
    assert len(grids(own.get("/plans/balance").text)) == 3
    for address in ("/plans/balance", "/plans/balance/grids.geojson"):
        assert own.get(f"{address}?township=329901002").status_code == 404
        assert own.get(f"{address}?village=329901002001").status_code == 404
    elsewhere = signed_in(Role.TOWNSHIP_DISPATCHER, area=ladders["other"])
    values = told(elsewhere.get("/plans/balance").text)["values"]
    assert [each["reports"] for each in values.values()] == [1, 0]


def test_the_map_gets_the_outlines_of_the_grids_shown_and_nothing_about_incidents(
    signed_in: SignIn, ladders: dict[str, Area]
):
    shown = signed_in(Role.LEADER).get(f"/plans/balance/grids.geojson?village={SECOND}").json
    (feature,) = shown["features"]
    assert feature["id"] == f"{SECOND}001"
    assert set(feature["properties"]) == {"code", "name", "kind"}


def test_who_may_only_look_is_offered_nothing_to_try(signed_in: SignIn, ladders: dict[str, Area]):
    leader = signed_in(Role.LEADER)
    assert "balance-try" not in leader.get("/plans/balance?township=329901001").text
    assert try_out(leader, name="x").status_code == 403


def test_where_there_are_no_grids_the_page_says_so(signed_in: SignIn, store: Session):
    bare = make_area(store, "329901777", AreaKind.TOWNSHIP, box(119.5, 33, 119.6, 33.1))
    answer = signed_in(Role.LEADER, area=bare, language="en").get("/plans/balance")
    assert answer.status_code == 200
    assert "There are no grids here to compare." in answer.text
    store.rollback()


# --- trying


def test_a_split_becomes_a_draft_of_the_village_that_is_checked_and_leads_to_its_page(
    signed_in: SignIn, store: Session, ladders: dict[str, Area]
):
    answer = try_out(signed_in(Role.PLANNER, name="tries"), name="沿河分开")
    redraw = draft_of(store, answer)
    assert answer.location.endswith(f"/plans/redraws/{redraw.id}")
    assert (redraw.name, redraw.state, redraw.author) == ("沿河分开", RedrawState.DRAFT, "Name of tries")
    assert codes(store, redraw) == [A, B, "329901001001003"]
    assert redraw.scope_ids == [ladders["village"].id]
    assert jobs_for(store, redraw) == ["check-redraw"]
    steps = store.scalars(select(RedrawEvent.step).where(RedrawEvent.redraw_id == redraw.id).order_by(RedrawEvent.id))
    assert list(steps) == [RedrawStep.BEGUN, RedrawStep.EDITED]
    audited = store.scalars(select(AuditLine.action).where(AuditLine.subject == f"redraw:{redraw.id}")).all()
    assert audited == ["redraw-begun"]


def test_several_are_tried_in_one_draft_whose_balance_stands_beside_that_of_today(
    signed_in: SignIn, store: Session, ladders: dict[str, Area]
):
    planner = signed_in(Role.PLANNER, language="en")
    redraw = draft_of(store, try_out(planner, name="several"))
    again = draft_of(
        store, try_out(planner, into=str(redraw.id), grid=f"{SECOND}001", line="119.025 32, 119.025 34")
    )  # fmt: skip
    assert again.id == redraw.id
    assert len(codes(store, redraw)) == 5
    assert jobs_for(store, redraw) == ["check-redraw"], "ordered once, for both"
    page = planner.get(f"/plans/balance?draft={redraw.id}").text
    values = told(page)["values"]
    assert sorted((each["households"], each["reports"]) for each in values.values()) == [
        (120, 1), (150, 0), (150, 0), (280, 2), (400, 0),
    ]  # fmt: skip
    assert "Variation today" in page
    shown = planner.get(f"/plans/balance/grids.geojson?draft={redraw.id}").json
    assert {feature["id"] for feature in shown["features"]} == set(values)


def test_a_move_makes_the_draft_of_the_border_beside_it_where_that_is_wanted(
    signed_in: SignIn, store: Session, ladders: dict[str, Area]
):
    planner = signed_in(Role.PLANNER, language="en")
    redraw = draft_of(store, try_out(planner, name="to the second", what="move", grid=B, to=SECOND, borders="1"))
    assert codes(store, redraw) == [A, f"{SECOND}002", f"{SECOND}001"]
    borders = store.scalars(select(Redraw).where(Redraw.name == "to the second: village borders")).one()
    assert borders.kind is AreaKind.VILLAGE
    assert jobs_for(store, borders) == ["check-redraw"]
    bare = draft_of(store, try_out(planner, name="without", what="move", grid=B, to=SECOND))
    assert store.scalars(select(Redraw.name).where(Redraw.name.startswith("without"))).all() == [bare.name]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"line": "119.5 33, 119.6 33"}, "The line does not cut the grid in two."),
        ({"line": "somewhere"}, "Draw the line on the map"),
        ({"line": "119 nan, 119.1 33"}, "Draw the line on the map"),
        ({"line": "119.003 33.005"}, "Draw the line on the map"),
        ({"name": ""}, "Give the draft a name."),
        ({"grid": ""}, "Choose a grid"),
        ({"what": "move"}, "Choose the village that the grid goes to."),
        ({"what": "move", "to": SECOND}, "The grid does not touch that village."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_and_nothing_is_kept(
    signed_in: SignIn, store: Session, ladders: dict[str, Area], form: dict[str, str], said: str
):
    answer = try_out(signed_in(Role.PLANNER, language="en"), **({"name": "refused"} | form))
    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert store.scalar(select(Redraw.id).where(Redraw.name == "refused")) is None


def test_a_name_that_is_taken_is_refused(signed_in: SignIn, ladders: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    assert try_out(planner, name="taken").status_code == 303
    assert "There is a redraw of that name already." in try_out(planner, name="taken").text


def test_nobody_tries_in_another_s_draft_or_with_another_township_s_grids(
    signed_in: SignIn, store: Session, ladders: dict[str, Area]
):
    redraw = draft_of(store, try_out(signed_in(Role.PLANNER), name="mine"))
    colleague = signed_in(Role.PLANNER)
    assert try_out(colleague, into=str(redraw.id)).status_code == 404
    assert try_out(colleague, name="foreign", grid="329901002001001").status_code == 404
    assert try_out(colleague, name="foreign", what="move", grid=B, to="329901002001").status_code == 404
    assert try_out(signed_in(Role.PLANNER, area=ladders["other"]), name="foreign").status_code == 404
    assert colleague.get(f"/plans/balance?draft={redraw.id}").status_code == 200, "planners of the county see all"
    assert signed_in(Role.LEADER).get(f"/plans/balance?draft={redraw.id}").status_code == 404
    outside = signed_in(Role.PLANNER, area=ladders["other"])
    assert outside.get(f"/plans/balance?draft={redraw.id}").status_code == 404


@pytest.mark.parametrize(
    "text", ["", "119 33", "119 33, 120", "1e3 33, 119 33", "190 33, 119 33", "119 33 1, 119 34 1"]
)
def test_a_line_that_is_none_is_not_read(text: str):
    with pytest.raises(LineUnreadable):
        read_line(text)


def test_a_line_is_read_as_people_write_it():
    assert read_line("119.1 33.2，119.2  33.3;119.3 33.4\n").coords[:] == [(119.1, 33.2), (119.2, 33.3), (119.3, 33.4)]


# --- in the browser


def corner(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the screen."""
    at = page.evaluate(
        """([lon, lat]) => { const point = Wangge.map.leaflet.latLngToContainerPoint([lat, lon]);
            const box = Wangge.map.element.getBoundingClientRect(); return [box.x + point.x, box.y + point.y]; }""",
        [lon, lat],
    )
    return at[0], at[1]


def test_a_planner_draws_a_line_and_gets_a_draft_with_two_rows_for_the_grid(
    open_page: Callable[..., Page], make_account: Callable[..., Any], store: Session, ladders: dict[str, Area]
):
    page = open_page(width=1600, height=1000, language="en", account=make_account(Role.PLANNER))
    page.goto("/plans/balance?township=329901001")
    page.get_by_text("What if").click()
    page.wait_for_function("() => Wangge.map.layer('grids').byId.size === 3")
    page.wait_for_load_state("networkidle")
    page.mouse.click(*corner(page, 119.005, 33.005))  # not drawing yet: it chooses the grid
    expect(page.get_by_label("Grid", exact=True)).to_have_value(A)
    expect(page.locator("tr.is-chosen")).to_contain_text(A)
    page.get_by_label("Name of the new draft").fill("drawn by hand")
    page.get_by_role("button", name="Draw on the map").click()
    for lon, lat in ((119.003, 33.0108), (119.004, 33.005), (119.009, 33.004), (119.003, 32.9993)):
        page.mouse.click(*corner(page, lon, lat))
    points = page.get_by_label("Its points")
    expect(points).to_have_value(re.compile(r"^119\.00\d+ 33\.01\d+(, [\d.]+ [\d.]+){3}$"))
    page.get_by_role("button", name="Take the last point back").click()
    page.get_by_role("button", name="Take the last point back").click()
    page.mouse.click(*corner(page, 119.003, 32.9993))
    expect(points).to_have_value(re.compile(r"^[^,]+, [^,]+, 119\.00\d+ 32\.999\d+$"))
    page.get_by_role("button", name="Split", exact=True).click()
    page.wait_for_url(re.compile(r"/plans/redraws/\d+"))
    redraw = store.scalars(select(Redraw).where(Redraw.name == "drawn by hand")).one()
    assert codes(store, redraw) == [A, B, "329901001001003"]
    sizes = [row.outline.area for row in rows_of(store, redraw)]
    assert sizes[0] + sizes[2] == pytest.approx(sizes[1], rel=1e-6)


def test_a_measure_orders_the_table_and_colours_the_map_without_leaving_the_page(
    open_page: Callable[..., Page], make_account: Callable[..., Any], ladders: dict[str, Area]
):
    page = open_page(width=1600, height=1000, language="en", account=make_account(Role.PLANNER))
    page.goto("/plans/balance?township=329901001")
    page.evaluate("window.stayed = true")
    table = page.locator(".balance-table")
    table.get_by_role("link", name="Households", exact=True).click()
    expect(table.locator("tbody tr").first).to_contain_text(f"{SECOND}001")
    page.locator(".balance-measures").get_by_role("link", name="Reports in a year").click()
    expect(table.locator("tbody tr").first).to_contain_text(A)
    expect(page.locator(".map-legend")).to_contain_text("Reports in a year, times the average")
    expect(page).to_have_url(re.compile("by=reports"))
    fill = page.evaluate(f"() => Wangge.map.layer('grids').byId.get('{A}').options.fillColor")
    assert fill == "#dd8452", "three times the average"
    table.get_by_role("button", name="area 329901001001002").click()
    expect(page.locator("tr.is-chosen")).to_contain_text(B)
    page.get_by_text("What if").click()
    expect(page.get_by_label("Grid", exact=True)).to_have_value(B)
    offered = page.locator("#to option:not([hidden])")
    expect(offered).to_have_count(2)
    assert page.evaluate("window.stayed") is True


def test_on_a_phone_the_keyboard_s_way_leads_there_too(
    open_page: Callable[..., Page], make_account: Callable[..., Any], store: Session, ladders: dict[str, Area]
):
    page = open_page(width=360, language="en", account=make_account(Role.PLANNER))
    page.goto("/plans/balance?township=329901001")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_text("What if").click()
    page.get_by_label("Grid", exact=True).select_option(A)
    page.get_by_label("Name of the new draft").fill("by coordinates")
    page.get_by_label("Its points").fill(THROUGH)
    page.get_by_role("button", name="Split", exact=True).press("Enter")
    page.wait_for_url(re.compile(r"/plans/redraws/\d+"))
    redraw = store.scalars(select(Redraw).where(Redraw.name == "by coordinates")).one()
    assert len(codes(store, redraw)) == 3


# --- on the command line


@pytest.fixture
def flask(app: Flask) -> Callable[..., Any]:
    return lambda *words: app.test_cli_runner().invoke(args=["redraw", *map(str, words)])


def test_the_same_is_done_on_the_command_line_and_checked_at_once(
    flask: Callable[..., Any], signed_in: SignIn, store: Session, ladders: dict[str, Area]
):
    redraw = draft_of(store, try_out(signed_in(Role.PLANNER), name="on the command line"))
    done = flask("split", redraw.id, "--grid", B, "--line", "119.016 32, 119.016 34")
    assert done.exit_code == 0, done.output
    assert f"{B} goes on, 329901001001004" in done.output
    assert "households by area: 240 and 160" in done.output
    assert "0 findings block" in done.output
    moved = flask("move", redraw.id, "--grid", "329901001001004", "--to", SECOND, "--borders", "村界")
    assert (moved.exit_code, f"becomes {SECOND}002; the border is redrawn in redraw" in moved.output) == (1, True)
    assert "lies outside its parent" in moved.output or "outside-parent" in moved.output
    assert flask("split", redraw.id, "--grid", B, "--line", "nowhere").exit_code == 2
    refused = flask("split", redraw.id, "--grid", "329901009001001", "--line", THROUGH)
    assert (refused.exit_code, "There is no grid of that code" in refused.output) == (1, True)
