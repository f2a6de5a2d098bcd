"""What a redraw's page tells: its history in words, its file by the sender's name, its scope, and its sizes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models import Redraw
from geo.redraw_drafts import Planner, append
from geo.redraws.words import RedrawStep
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import (
    A,
    B,
    begun,
    drafted,
    faultless,
    faulty,
    findings,
    layer,
    number,
    redraw_of,
    send,
    work,
)
from webmap.installation import utcnow
from webmap.permissions import Role


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"what": "split", "codes": [A, B]}, f"grid {A} split in two: {B} is new"),
        ({"what": "move", "codes": [A, B], "rows": [1]}, f"grid {A} moved to another village: it is {B} now"),
        ({"what": "border", "codes": ["329901001001", "329901001002"]}, "villages 329901001001, 329901001002"),
    ],
)
def test_the_history_tells_what_was_tried_by_hand(
    app: Flask, planner: Visitor, store: Session, facts: dict[str, Any], told: str
):
    address = begun(planner, faultless(), name=f"tried: {facts['what']}")
    append(store, redraw_of(store, address), RedrawStep.EDITED, by=Planner("Li"), now=utcnow(), **facts)
    store.commit()
    page = planner.get(address).text
    assert told in page
    assert "the way the file is read" not in page


def test_a_file_that_cannot_be_read_is_told_by_the_name_it_was_sent_under(app: Flask, planner: Visitor, store: Session):
    answer = send(planner, b"no archive at all", file="新网格.zip", name="broken")
    work(app)
    page = planner.get(answer.location).text
    assert redraw_of(store, answer.location).source_kept[:12] not in page
    assert "新网格.zip" in page.split("What was found")[1].split("How it was read")[0]


def test_a_scope_of_which_no_code_is_known_is_not_told_as_everything(app: Flask, planner: Visitor):
    page = planner.get(drafted(app, planner, faultless(), scope="9998, 9999", name="nowhere")).text
    assert "there is no area with the code 9998, 9999" in page
    assert "everything of this kind" not in page


def test_what_reverts_has_no_rows_and_leads_to_the_differences_that_it_takes_back(
    app: Flask, planner: Visitor, store: Session
):
    address = drafted(app, planner, faultless(), name="taken back")
    planner.post(f"{address}/publish", data={"when": "now"})
    planner.post(f"{address}/revert", data={})
    undoing = store.scalar(select(Redraw.id).where(Redraw.reverts_id == number(address)))
    page = planner.get(f"/plans/redraws/{undoing}").text
    assert "0 rows" not in page
    assert f"/plans/redraws/{undoing}/rows" not in page
    assert f'href="{address}/diff"' in page


def test_a_size_that_changes_by_less_than_the_second_decimal_is_told_in_square_metres(app: Flask, planner: Visitor):
    border = 119.01 + 2e-6  # 0.2 m of 1.1 km
    content = layer((A, "一", box(119, 33, border, 33.01), None), (B, "二", box(border, 33, 119.02, 33.01), None))
    page = planner.get(f"{drafted(app, planner, content, name='a hand')}/diff").text
    sizes = [tuple(found) for found in re.findall(r"([\d.,]+) → ([\d.,]+) (?:m²|km²)", page)]
    assert len(sizes) >= 2
    assert all(before != after for before, after in sizes), sizes


# --- in the browser -------------------------------------------------------------------------------------------------


def test_what_is_typed_while_it_is_checked_is_still_there_when_the_page_shows_what_is_new(
    app: Flask, planner: Visitor, open_page: Callable[..., Page], make_account: Callable[..., Any], store: Session
):
    address = drafted(app, planner, faultless(), name="typed meanwhile")
    redraw = redraw_of(store, address)
    redraw.progress = {"stage": "ground", "done": 1, "total": 2, "at": utcnow().isoformat()}
    store.commit()
    page = open_page(language="en", account=make_account(Role.PLANNER))
    page.goto(address)
    page.evaluate("window.shownBefore = true")
    note = page.locator(".redraw-publish textarea[name=note]")
    note.press_sequentially("as decided ", delay=20)
    redraw.progress = None
    store.commit()
    note.press_sequentially("on the 3rd of March by the council", delay=100)  # longer than the page waits to ask
    assert page.evaluate("window.shownBefore"), "not in the middle of a word"
    page.get_by_label("from a moment to come").check()
    page.wait_for_function("() => !window.shownBefore", timeout=10_000)
    expect(note).to_have_value("as decided on the 3rd of March by the council")
    expect(page.get_by_label("from a moment to come")).to_be_checked()


def test_enter_in_the_reason_accepts_nothing(
    app: Flask, planner: Visitor, open_page: Callable[..., Page], make_account: Callable[..., Any], store: Session
):
    address = drafted(app, planner, faulty(), name="enter")
    page = open_page(language="en", account=make_account(Role.PLANNER))
    page.goto(address)
    group = page.locator("details[data-group=gap]")
    reason = group.get_by_label("Why it is accepted")
    reason.fill("a pond")
    reason.press("Enter")
    page.wait_for_timeout(500)
    expect(reason).to_have_value("a pond")
    assert findings(store, address, decided=True) == {}
    group.get_by_role("button", name="Accept", exact=True).first.click()
    expect(page.get_by_text("1 finding accepted.")).to_be_visible()
    assert list(findings(store, address, decided=True)) == ["gap"]
