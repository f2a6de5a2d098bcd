"""Redraws come into force and are undone, and what they change goes round; in the browser from the file on."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
from flask import Flask
from playwright.sync_api import Page, expect
from shapely.geometry import box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.models import Area, AreaVersion
from incidents.models import Incident
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import (
    A,
    B,
    begun,
    drafted,
    faultless,
    faulty,
    have_the_worker_work,
    in_force,
    layer,
    number,
    redraw_of,
    work,
)
from webmap.accounts import AuditLine
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]


# --- publishing -----------------------------------------------------------------------------------------------------


def test_what_blocks_is_not_published_and_the_page_says_why(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faulty(), name="blocked")
    page = planner.post(f"{address}/publish", data={"when": "now"}, follow_redirects=True).text
    assert "Findings that block are open. There are 3" in page
    assert in_force(store) == {A: f"area {A}", B: f"area {B}"}


def test_a_moment_must_be_chosen_and_not_have_passed(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faultless(), name="moments")
    for at, told in (("", "It was not said from when on"), ("soon", "It was not said from when on"),
                     ("2020-01-01T00:00", "That moment has passed"),
                     ("9999-12-31T23:59", "That moment is more than ten years ahead")):  # fmt: skip
        page = planner.post(f"{address}/publish", data={"when": "later", "at": at}, follow_redirects=True).text
        assert told in page, at
    for step in ("publish", "check"):
        done = app.test_cli_runner().invoke(args=["redraw", step, str(number(address)), "--at", "2099-01-01"])
        assert "more than ten years ahead" in done.output, step
    assert redraw_of(store, address).state == "checked"


def test_a_published_redraw_changes_the_map_and_open_cases_and_a_reverted_one_restores_them(
    app: Flask, planner: Visitor, signed_in: SignIn, store: Session, ladder: dict[str, Area]
):
    address = drafted(app, planner, faultless(), name="come and gone")
    incident = store.scalar(select(Incident).where(Incident.text == "moves"))
    page = planner.get(f"{address}/diff").text
    assert incident.number in page
    assert "name Wa" in page
    assert "name Wb" in page
    planner.post(f"{address}/publish", data={"when": "now", "case-filed": "move", "note": "decided"})
    assert in_force(store) == {A: "一新", B: "二新"}
    assert redraw_of(store, address).published_by.startswith("Name of")
    store.refresh(incident)
    assert incident.grid_id == ladder["b"].id
    desk = signed_in(Role.COUNTY_DISPATCHER, language="en").get(f"/desk/{incident.id}").text
    assert "because of the redraw “come and gone”" in desk
    assert "Areas redrawn" in desk
    assert "decided" in planner.get(address).text

    planner.post(f"{address}/revert", data={"note": "the council said no"})
    assert in_force(store) == {A: f"area {A}", B: f"area {B}"}
    store.refresh(incident)
    assert incident.grid_id == ladder["a"].id
    page = planner.get(address).text
    assert "It was reverted" in page
    assert "the council said no" in page
    assert "come and gone ↩" in planner.get("/plans/redraws").text
    actions = store.scalars(select(AuditLine.action).where(AuditLine.subject == f"redraw:{number(address)}")).all()
    assert set(actions) == {"redraw-begun", "redraw-published", "redraw-reverted"}


def test_next_years_map_waits_and_is_withdrawn(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faultless(), name="next year")
    later = (utcnow() + timedelta(days=30)).strftime("%Y-%m-%dT08:00")
    planner.post(f"{address}/publish", data={"when": "later", "at": later})
    page = planner.get(address).text
    assert f"in force from {later.replace('T', ' ')}" in page
    assert in_force(store) == {A: f"area {A}", B: f"area {B}"}
    assert planner.get(f"{address}/diff").status_code == 200
    planner.post(f"{address}/revert", data={"note": "changed our minds"})
    assert redraw_of(store, address).state == "reverted"
    withdrawn = select(func.count()).where(AreaVersion.begun_by_id == number(address))
    assert store.scalar(withdrawn.where(AreaVersion.withdrawn_by_id.is_(None))) == 0


def test_the_job_of_its_moment_does_nothing_once_it_is_withdrawn(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faultless(), name="withdrawn before")
    later = (utcnow() + timedelta(days=30)).strftime("%Y-%m-%dT08:00")
    planner.post(f"{address}/publish", data={"when": "later", "at": later})
    planner.post(f"{address}/revert", data={})
    done = app.test_cli_runner().invoke(args=["redraw", "hand-over", str(number(address))])
    assert done.output == "0 cases moved, 0 stayed\n"
    assert redraw_of(store, address).handed_over_at is None
    assert "0 moved, 0 stayed" not in planner.get(address).text


def test_a_reviewer_is_somebody_else_and_a_change_asks_for_another_look(
    app: Flask, planner: Visitor, signed_in: SignIn, store: Session
):
    address = drafted(app, planner, faultless(), name="reviewed")
    assert "may not also review" in planner.post(f"{address}/review", follow_redirects=True).text
    colleague = signed_in(Role.PLANNER, language="en", display_name="Colleague Li")
    assert "Reviewed by Colleague Li." in colleague.post(f"{address}/review", follow_redirects=True).text
    planner.post(f"{address}/row", data={"row": "1", "code": A, "name": "又改", "households": "400"})
    assert redraw_of(store, address).reviewer is None


def test_a_discarded_redraw_is_out_of_the_list_and_on_record(app: Flask, planner: Visitor):
    address = begun(planner, faultless(), name="given up")
    planner.post(f"{address}/discard", data={"note": "wrong file"})
    assert "given up" not in planner.get("/plans/redraws").text
    assert "given up" in planner.get("/plans/redraws?state=discarded").text
    assert "wrong file" in planner.get(address).text
    again = planner.post(f"{address}/discard", follow_redirects=True).text
    assert "no longer where this step starts from" in again


# --- differences ----------------------------------------------------------------------------------------------------


def test_the_differences_go_round_as_json_and_as_a_workbook(
    app: Flask, planner: Visitor, tmp_path: Path, store: Session
):
    address = drafted(app, planner, faultless(), name="compared")
    told = planner.get(f"{address}/diff.json").json
    assert told["counts"]["moved"] == 2
    assert told["effects"]["cases"][0]["grid_after"] == B
    book = tmp_path / "diff.xlsx"
    book.write_bytes(planner.get(f"{address}/diff.xlsx").data)
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames[:4] == ["Summary", "Differences", "Open cases that change hands", "Staff"]
    headings, case = (
        tuple(cell.value for cell in row) for row in sheets["Open cases that change hands"].iter_rows(max_row=2)
    )
    assert dict(zip(headings, case, strict=True))["Grid after"] == B
    before = planner.get(f"{address}/before.geojson?zoom=14&bbox=119,33,119.02,33.01").json["features"]
    assert {(feature["id"], feature["properties"]["becomes"]) for feature in before} == {(A, "moved"), (B, "moved")}
    assert planner.get(f"{address}/diff?kind=moved").status_code == 200
    unchecked = begun(planner, faultless(), name="not compared")
    assert "It has not been compared yet." in planner.get(f"{unchecked}/diff").text
    assert planner.get(f"{unchecked}/diff.json").status_code == 404


def test_what_a_file_says_is_never_markup(app: Flask, planner: Visitor):
    nasty = "<script>alert(1)</script>`${alert(1)}`"
    content = layer((A, nasty, box(119, 33, 119.01, 33.01), 400), (B, nasty, box(119.01, 33, 119.02, 33.01), 20))
    address = drafted(app, planner, content, name="<b>bold</b>", note=nasty, sender=nasty)
    for path in ("/plans/redraws", address, f"{address}/diff", "/plans/redraws/new"):
        page = planner.get(path).text
        assert "<script>alert(1)" not in page, path
        assert "<b>bold" not in page, path


# --- in the browser -------------------------------------------------------------------------------------------------


def test_a_planner_goes_from_the_file_to_the_map_and_back(
    app: Flask, open_page: Callable[..., Page], make_account: Callable[..., Any], ladder: dict[str, Area],
    store: Session, tmp_path: Path,
):  # fmt: skip
    file = tmp_path / "grids.geojson"
    file.write_bytes(faulty())
    page = open_page(width=1600, height=950, language="en", account=make_account(Role.PLANNER))
    page.get_by_role("link", name="Redraws").click()
    page.get_by_role("link", name="New redraw").first.click()
    page.set_input_files("#file", file)
    page.get_by_label("Name of the redraw").fill("in the browser")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("status").filter(has_text="Waits its turn")).to_be_visible()
    have_the_worker_work(app)
    expect(page.get_by_text("It cannot be published yet: 3 findings block.")).to_be_visible(timeout=30_000)
    address = page.url

    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-at]")).to_have_text(re.compile(r"^1 / \d"))
    expect(page.locator(".plans-group button.is-chosen")).to_be_visible()
    page.get_by_role("button", name="Row 3", exact=True).first.click()
    page.locator("#editing").get_by_label("Area name").fill("third")
    page.get_by_role("button", name="Save and check").click()
    for code, title in (
        ("code-repeated", "Codes that occur twice"),
        ("overlap", "share ground"),
        ("gap", "Gaps between"),
    ):
        work(app)
        expect(page.locator("[data-work]")).to_have_count(0, timeout=30_000)
        group = page.locator(f'details[data-group="{code}"]')
        expect(group.get_by_text(title)).to_be_visible()
        expect(group.get_by_role("button", name="Mend", exact=True).first).to_be_visible(timeout=30_000)
        group.get_by_role("button", name="Mend", exact=True).first.click()
        expect(page.get_by_text("1 finding mended.")).to_be_visible()
    work(app)
    expect(page.get_by_text("Nothing blocks")).to_be_visible(timeout=30_000)

    page.get_by_role("link", name="Look at the differences").click()
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    page.wait_for_function(
        "() => Object.values(Wangge.maps).length === 2 && Object.values(Wangge.maps).every("
        "(map) => (map.layer('before') ?? map.layer('after')).byId.size)"
    )
    page.locator("tr[data-bounds] button").first.click()
    centres = (
        "() => Object.values(Wangge.maps).map((map) => [map.leaflet.getZoom(), map.leaflet.getCenter().lng.toFixed(4)])"
    )
    page.wait_for_timeout(500)
    left, right = page.evaluate(centres)
    assert left == right
    page.locator(".diff-side[data-side=after] .leaflet-control-zoom-out").click()
    page.wait_for_timeout(500)
    left, right = page.evaluate(centres)
    assert left == right, "moved together"

    page.goto(address)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published: in force from")).to_be_visible()
    assert in_force(store).keys() == {A, B, "329901001001003"}
    assert "third" in in_force(store).values()
    page.get_by_role("button", name="Revert …").click()
    page.get_by_label("Why").fill("only a test")
    page.get_by_role("button", name="Revert", exact=True).click()
    expect(page.get_by_text("It was reverted")).to_be_visible()
    assert in_force(store) == {A: f"area {A}", B: f"area {B}"}


def test_on_a_phone_one_map_is_shown_at_a_time(
    app: Flask, planner: Visitor, open_page: Callable[..., Page], make_account: Callable[..., Any]
):
    address = drafted(app, planner, faultless(), name="on a phone")
    page = open_page(width=360, height=740, language="en", account=make_account(Role.PLANNER))
    page.goto(f"{address}/diff")
    before, after = (page.locator(f".diff-side[data-side={side}]") for side in ("before", "after"))
    expect(before).to_be_visible()
    expect(after).not_to_be_visible()
    page.get_by_role("button", name="After", exact=True).click()
    expect(after).to_be_visible()
    expect(before).not_to_be_visible()
    for path in (address, f"{address}/diff", "/plans/redraws", "/plans/redraws/new"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
