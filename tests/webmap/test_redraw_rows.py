"""The table of a draft's rows: searched, sorted, a page at a time, and edited; each edit is a line of the history."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.models import Area, Redraw
from geo.redraw_models import DraftArea, RedrawEvent
from geo.redraws.words import RedrawStep
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import A, B, begun, drafted, faulty, findings, layer, number, redraw_of, work
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
OTHER_VILLAGE = "329901002001"


def shown(page: str) -> list[int]:
    """The numbers of the rows that a page shows, in its order."""
    return [int(row) for row in re.findall(r'<tr id="row-(\d+)"', page)]


def many(app: Flask, planner: Visitor, count: int, name: str) -> str:
    """A draft of so many strips of unlike sizes, the last ones the widest; the first ones have fewest households."""
    edges = [119 + 0.02 * (i / count) ** 2 for i in range(count + 1)]
    content = layer(
        *(
            (f"329901001001{i + 1:03}", f"条{count - i:03}", box(edges[i], 33, edges[i + 1], 33.01), 100 + i)
            for i in range(count)
        )
    )
    return drafted(app, planner, content, name=name)


# --- reading --------------------------------------------------------------------------------------------------------


def test_the_table_shows_a_hundred_rows_a_page_and_leads_on(app: Flask, planner: Visitor):
    address = many(app, planner, 130, "pages")
    first = planner.get(f"{address}/rows").text
    assert shown(first) == list(range(1, 101))
    assert "Page 1 of 2" in first
    assert shown(planner.get(f"{address}/rows?page=2").text) == list(range(101, 131))
    assert shown(planner.get(f"{address}/rows?page=99").text) == list(range(101, 131)), "the last page there is"
    assert shown(planner.get(f"{address}/rows?row=105").text)[0] == 101, "the page of a row that was asked for"


def test_rows_are_sorted_by_every_column_in_both_directions(app: Flask, planner: Visitor):
    address = many(app, planner, 12, "sorted")
    forth, back = list(range(1, 13)), list(range(12, 0, -1))
    for column in ("row", "code", "households", "area"):
        assert shown(planner.get(f"{address}/rows?by={column}").text) == forth, column
        assert shown(planner.get(f"{address}/rows?by={column}&down=1").text) == back, column
    assert shown(planner.get(f"{address}/rows?by=name").text) == back
    assert shown(planner.get(f"{address}/rows?by=nonsense").text) == forth
    assert 'aria-sort="descending"' in planner.get(f"{address}/rows?by=area&down=1").text


def test_rows_are_found_by_code_by_name_and_by_what_they_lie_in(app: Flask, planner: Visitor, ladder: dict[str, Area]):
    address = drafted(app, planner, faulty(), name="searched")
    assert shown(planner.get(f"{address}/rows?q=001001001").text) == [1]
    assert shown(planner.get(f"{address}/rows?q=三新").text) == [3]
    assert shown(planner.get(f"{address}/rows?q=area 329901001001").text) == [1, 2, 3], "the village's name"
    assert shown(planner.get(f"{address}/rows?q=%25").text) == [], "no pattern, but a character"
    assert "No row has this." in planner.get(f"{address}/rows?q=nothing+like+it").text


def test_rows_tell_what_was_found_in_them_and_a_finding_leads_to_its_rows(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faulty(), name="with findings")
    page = planner.get(f"{address}/rows?by=findings&down=1").text
    assert shown(page)[-1] == 1 or shown(page)[0] in (2, 3)
    assert "Grids that share ground" in page
    (overlap,) = findings(store, address)["overlap"]
    assert f"/rows?finding={overlap}" in planner.get(address).text
    page = planner.get(f"{address}/rows?finding={overlap}").text
    assert shown(page) == [1, 2]
    assert "Rows of one finding:" in page
    assert "That finding is no longer there" in planner.get(f"{address}/rows?finding=999999").text
    planner.post(f"{address}/accept", data={"findings": "overlap"})
    assert "Grids that share ground" not in planner.get(f"{address}/rows").text, "open findings only"


def test_only_rows_with_findings_are_shown_where_that_is_asked(app: Flask, planner: Visitor, store: Session):
    content = layer((A, "好", box(119, 33, 119.01, 33.01), 400), (B, "坏", box(119.01, 33, 119.02, 33.01), 20))
    address = drafted(app, planner, content, name="only troubled")
    assert shown(planner.get(f"{address}/rows?troubled=1").text) == [2]


def test_a_draft_without_rows_says_why(app: Flask, planner: Visitor):
    waiting = begun(planner, faulty(), name="waiting for rows")
    assert "There are no rows yet." in planner.get(f"{waiting}/rows").text
    unread = drafted(app, planner, faulty(), columns="code=没有", name="never read")
    assert "It has no rows." in planner.get(f"{unread}/rows").text


def test_what_rows_say_is_never_markup(app: Flask, planner: Visitor):
    nasty = "<script>alert(1)</script>`${alert(1)}`"
    content = layer((A, nasty, box(119, 33, 119.01, 33.01), 400), (B, nasty, box(119.01, 33, 119.02, 33.01), 20))
    address = drafted(app, planner, content, name="<b>rows</b>")
    for path in ("/rows", f"/rows?q={nasty}"):
        page = planner.get(address + path).text
        assert "<script>alert(1)" not in page
        assert "<b>rows" not in page


# --- editing --------------------------------------------------------------------------------------------------------


def edited(store: Session, address: str) -> list[dict[str, Any]]:
    """The details of every edit in the history."""
    lines = select(RedrawEvent.details).where(
        RedrawEvent.redraw_id == number(address), RedrawEvent.step == RedrawStep.EDITED
    )
    return list(store.scalars(lines.order_by(RedrawEvent.id)))


def test_a_row_gets_another_parent_and_every_field_is_told_in_the_history(
    app: Flask, planner: Visitor, store: Session, ladder: dict[str, Area]
):
    address = drafted(app, planner, faulty(), name="edited in the table")
    words = {"row": "3", "code": "329901001001003", "name": "三号", "parent": OTHER_VILLAGE, "households": "350"}
    answer = planner.post(f"{address}/rows?by=name&page=1", data=words)
    assert answer.status_code == 303
    assert answer.location == f"{address}/rows?by=name&page=1#row-3"
    (line,) = edited(store, address)
    assert line["row"] == 3
    assert line["changed"] == {
        "code": [B, "329901001001003"], "name": ["三新", "三号"],
        "parent": ["329901001001", OTHER_VILLAGE], "households": [200, 350],
    }  # fmt: skip
    row = store.scalars(select(DraftArea).where(DraftArea.redraw_id == number(address), DraftArea.row == 3)).one()
    assert store.get_one(Area, row.parent_id).code == OTHER_VILLAGE
    assert redraw_of(store, address).state == "draft", "checked again"
    assert f"Lies in 329901001001 → {OTHER_VILLAGE}" in planner.get(address).text
    work(app)
    assert "parent-mismatch" in findings(store, address)


def test_what_cannot_be_taken_is_told_beside_its_field_and_stays_as_it_was_typed(
    app: Flask, planner: Visitor, store: Session
):
    address = drafted(app, planner, faulty(), name="refused in the table")
    good = {"row": "1", "code": A, "name": "一新", "parent": "329901001001", "households": "400"}
    for wrong, told in (
        ({"code": "a b"}, "A code has no spaces"),
        ({"name": ""}, "An area has a name"),
        ({"parent": "999999999999"}, "There is no such area above"),
        ({"households": "many"}, "Households are a whole number"),
    ):
        answer = planner.post(f"{address}/rows", data=good | wrong)
        assert answer.status_code == 422, wrong
        assert told in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert edited(store, address) == []
    assert planner.post(f"{address}/rows", data=good | {"row": "77"}).status_code == 404
    planner.post(f"{address}/rows", data=good)
    assert edited(store, address) == [], "nothing was changed"
    assert redraw_of(store, address).state == "checked"


def test_a_row_edited_from_a_finding_keeps_its_parent(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faulty(), name="edited from a finding")
    planner.post(f"{address}/row", data={"row": "1", "code": A, "name": "一号", "households": "400"})
    assert [line["changed"] for line in edited(store, address)] == [{"name": ["一新", "一号"]}]
    row = store.scalars(select(DraftArea).where(DraftArea.redraw_id == number(address), DraftArea.row == 1)).one()
    assert row.parent_id is not None
    planner.post(f"{address}/rows", data={"row": "1", "code": A, "name": "一号", "parent": "", "households": "400"})
    store.expire_all()
    assert row.parent_id is None, "blank: there is none"


def test_the_rows_of_a_published_redraw_are_read_only(app: Flask, planner: Visitor, store: Session):
    content = layer((A, "公", box(119, 33, 119.009, 33.01), 400), (B, "布", box(119.009, 33, 119.02, 33.01), 400))
    address = drafted(app, planner, content, name="published rows")
    assert "data-edit" in planner.get(f"{address}/rows").text
    redraw = redraw_of(store, address)
    redraw.state, redraw.comes_at = "published", datetime(2030, 1, 1, tzinfo=UTC)  # type: ignore[assignment]
    store.commit()
    page = planner.get(f"{address}/rows").text
    assert shown(page) == [1, 2]
    assert "data-edit" not in page
    told = planner.post(f"{address}/rows", data={"row": "1", "code": A, "name": "x"}, follow_redirects=True).text
    assert "no longer where this step starts from" in told


# --- who may --------------------------------------------------------------------------------------------------------


def test_rows_are_for_planners_who_see_the_redraw(
    app: Flask, planner: Visitor, signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    address = drafted(app, planner, faulty("329901002", 119.1), name="the neighbours' rows")
    town = signed_in(Role.PLANNER, area=ladder["township"])
    words = {"row": "1", "code": "329901002001001", "name": "x"}
    assert town.get(f"{address}/rows").status_code == 404
    assert town.post(f"{address}/rows", data=words).status_code == 404
    for role in (Role.LEADER, Role.COUNTY_DISPATCHER):
        visitor = signed_in(role)
        assert visitor.get(f"{address}/rows").status_code == 403
        assert visitor.post(f"{address}/rows", data=words).status_code == 403
    assert store.scalar(select(Redraw.id).where(Redraw.id == number(address), Redraw.state == "checked"))


# --- in the browser -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "language"), [(1920, "en"), (360, "zh")])
def test_a_row_is_found_seen_on_the_map_and_edited(
    app: Flask, planner: Visitor, open_page: Callable[..., Page], make_account: Callable[..., Any], width: int,
    language: str, store: Session,
):  # fmt: skip
    address = drafted(app, planner, faulty(), name=f"rows in the browser {width}")
    page = open_page(width=width, language=language, account=make_account(Role.PLANNER))
    page.goto(address)
    page.locator('a[href$="/rows"]').first.click()
    page.fill("#q", "三新")
    page.keyboard.press("Enter")
    row = page.locator("#row-3")
    expect(row).to_be_visible()
    expect(page.locator("tr[data-shows]")).to_have_count(1)
    row.locator("button.plans-find").click()
    expect(row).to_have_class(re.compile("is-chosen"))
    page.wait_for_function("() => Wangge.map.layer('layer').marked === 3")
    row.locator("[data-edit]").click()
    page.fill("#parent", "999999999999")
    page.locator("#editing .button-main").click()
    expect(page.locator("#editing .problem")).to_be_visible()
    expect(page.locator("#parent")).to_be_focused()
    page.fill("#parent", "329901001001")
    page.fill("#name", "third")
    page.keyboard.press("Enter")
    expect(page.locator("#row-3")).to_have_count(0)  # what was searched for is no longer its name
    assert edited(store, address)[-1]["changed"] == {"name": ["三新", "third"]}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
