"""Redraws without a browser: a file is sent, read, checked, mended and edited; and who may see that."""

import json
import re
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from shapely.geometry import box
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from database.session import session_for
from geo.codes import AreaKind
from geo.models import Area, Redraw
from geo.redraw_drafts import Planner, begin
from geo.redraw_models import DraftArea
from geo.redraws.errors import NameTaken
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import (
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
from webmap.accounts import AuditLine
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]


# --- beginning ------------------------------------------------------------------------------------------------------


def test_without_redraws_the_page_says_what_to_do(signed_in: SignIn, ladder: dict[str, Area]):
    page = signed_in(Role.PLANNER, language="en").get("/plans/redraws").text
    assert "There are no redraws yet." in page
    assert "/plans/redraws/new" in page


def test_the_plans_lead_to_the_redraws_for_those_who_may_redraw(signed_in: SignIn, ladder: dict[str, Area]):
    assert 'href="/plans/redraws"' in signed_in(Role.PLANNER).get("/plans").text
    assert 'href="/plans/redraws"' not in signed_in(Role.LEADER).get("/plans").text


def test_every_problem_of_the_form_is_told_and_nothing_is_begun(
    signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    before = store.scalar(select(func.count()).select_from(Redraw))
    planner = signed_in(Role.PLANNER, language="en")
    answer = send(
        planner, b"x", "grids.exe", kind="planet", datum="mars", columns="code", name="n" * 81, sender="s" * 81
    )
    assert answer.status_code == 422
    for told in ("Send a .zip", "what the areas are", "datum is not known", "columns are not named",
                 "name is longer", "sender&#39;s name is longer"):  # fmt: skip
        assert told in answer.text, told
    assert store.scalar(select(func.count()).select_from(Redraw)) == before


def test_a_redraw_is_named_after_its_file_and_waits_for_the_worker(
    app: Flask, signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    planner = signed_in(Role.PLANNER, language="en")
    address = begun(planner, faultless(), name="", note="as the council wished")
    page = planner.get(address).text
    assert re.search(r"新网格 20\d\d-\d\d-\d\d", page)
    assert "Waits its turn" in page
    assert planner.get(f"{address}/state").json["state"] == "waiting"
    assert store.scalar(select(AuditLine).where(AuditLine.subject == f"redraw:{number(address)}")) is not None
    work(app)
    page = planner.get(address).text
    assert planner.get(f"{address}/state").json == {"busy": False, "state": "idle", "words": "", "share": 0.0}
    for told in ("Nothing blocks", "UTF-8", "<code>网格编码</code>", "一新", "as the council wished",
                 "Border moved 2", "2 rows of 新网格.geojson"):  # fmt: skip
        assert told in page, told


def test_how_far_the_work_is_and_that_it_ended_badly_is_told(planner: Visitor, ladder: dict[str, Area], store: Session):
    address = begun(planner, faultless(), name="stages")
    redraw = redraw_of(store, address)
    redraw.progress = {"stage": "ground", "done": 1, "total": 2, "at": utcnow().isoformat()}
    store.commit()
    told = planner.get(f"{address}/state").json
    assert (told["busy"], told["words"]) == (True, "Looking for gaps and overlaps …")
    assert 0.5 < told["share"] < 0.9
    assert "is being done with this redraw just now" in planner.post(f"{address}/reading", follow_redirects=True).text
    redraw.progress = None
    failed = text("UPDATE procrastinate_jobs SET status = 'failed' WHERE (args->>'redraw_id')::bigint = :id")
    store.execute(failed, {"id": redraw.id})
    store.commit()
    assert "The work ended before it was finished" in planner.get(address).text
    assert "The work ended before it was finished" in planner.get("/plans/redraws").text


def test_what_was_detected_is_kept_so_that_it_can_be_said_in_any_language(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faultless(), name="in any language")
    notes = redraw_of(store, address).detected["notes"]
    assert notes
    assert all("template" in note for note in notes)


def test_a_name_is_given_once(app: Flask, signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    begun(planner, faultless(), name="only once")
    answer = send(planner, faultless(), name="only once")
    assert answer.status_code == 422
    assert "There is a redraw of that name already." in answer.text


def test_of_two_who_take_a_name_at_the_same_instant_one_is_told_so(app: Flask, ladder: dict[str, Area]):
    engine, raised = app.extensions["wangge"].engine, []

    def take() -> None:
        with session_for(engine) as second, pytest.raises(NameTaken) as refused:
            begin(second, "at one instant", AreaKind.COMPREHENSIVE, by=Planner("Wang"), now=utcnow())
        raised.append(refused.value)

    with session_for(engine) as first:
        begin(first, "at one instant", AreaKind.COMPREHENSIVE, by=Planner("Li"), now=utcnow())
        waits = threading.Thread(target=take)
        waits.start()
        waits.join(1)
        assert waits.is_alive(), "it waits whether the first one commits"
        first.commit()
    waits.join(10)
    assert len(raised) == 1


def test_a_file_that_cannot_be_read_says_why_and_can_be_read_in_another_way(
    app: Flask, signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    planner = signed_in(Role.PLANNER, language="en")
    address = drafted(app, planner, faultless(), columns="code=没有", name="unreadable")
    page = planner.get(address).text
    assert "The file could not be read" in page
    assert "A column that was named is not there" in page
    answer = planner.post(
        f"{address}/reading", data={"encoding": "auto", "crs": "auto", "datum": "wgs84", "profile": "gb"}
    )
    assert answer.status_code == 303
    work(app)
    assert "Nothing blocks" in planner.get(address).text


def test_a_scope_that_was_named_is_what_is_replaced(
    app: Flask, signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    planner = signed_in(Role.PLANNER, language="en")
    address = drafted(app, planner, faultless(), scope="329901001001, 9999", name="scoped")
    assert redraw_of(store, address).scope_ids == [ladder["village"].id]
    page = planner.get(address).text
    assert "A scope that is not there" in page
    planner.post(f"{address}/reading", data={"scope": "329901001", "profile": "gb", "datum": "wgs84"})
    work(app)
    assert redraw_of(store, address).scope_ids == [ladder["township"].id]
    assert "A scope that is not there" not in planner.get(address).text


def test_how_a_senders_files_are_read_is_remembered_and_can_be_taken_along(
    app: Flask, signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    planner = signed_in(Role.PLANNER, language="en")
    drafted(app, planner, faultless(), sender="测绘院", columns="households=户数", name="first of a sender")
    form = planner.get("/plans/redraws/new").text
    assert '<template data-sender="测绘院" data-kind="comprehensive">' in form
    assert "households=户数" in form
    second = begun(planner, faultless(), sender="测绘院", name="second of a sender")
    assert redraw_of(store, second).definition["columns"]["households"] == "户数"
    definition = planner.get(f"{second}/definition.json")
    assert json.loads(definition.data)["columns"]["code"] == "网格编码"
    assert planner.get(f"{second}/source", buffered=True).data == faultless()


# --- findings -------------------------------------------------------------------------------------------------------


def test_findings_are_told_with_their_size_and_what_would_mend_them(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faulty(), name="told")
    page = planner.get(address).text
    for told in ("It cannot be published yet: 3 findings block.", "Gaps between grids", "Grids that share ground",
                 "Codes that occur twice", "Proposed:", "gets the code 329901001001003", "Mend all (1)"):  # fmt: skip
        assert told in page, told
    assert re.search(r"redraw-change\">329901001001\d{3} [+−][\d,]+ m²", page), "the change in area"
    shapes = planner.get(f"{address}/findings.geojson").json["features"]
    assert {"gap", "overlap", "code-repeated"} <= {shape["properties"]["code"] for shape in shapes}
    assert shapes[-1]["properties"]["severity"] == "block", "drawn last, on top"
    drawn = planner.get(f"{address}/draft.geojson?bbox=119,33,119.001,33.001&zoom=15").json["features"]
    assert [feature["id"] for feature in drawn] == [1], "the part in view"
    assert planner.get(f"{address}/draft.geojson?bbox=nonsense").status_code == 200


def test_a_finding_is_mended_and_the_redraw_checked_again(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faulty(), name="mended")
    (gap,) = findings(store, address)["gap"]
    assert planner.post(f"{address}/mend", data={"finding": str(gap)}).status_code == 303
    assert planner.get(f"{address}/state").json["state"] == "waiting"
    work(app)
    assert "gap" not in findings(store, address)
    assert planner.post(f"{address}/mend", data={"findings": "overlap"}).status_code == 303
    assert "Mend all" in planner.get(address).text, "the next is decided before the check has begun"
    assert planner.post(f"{address}/mend", data={"findings": "code-repeated"}).status_code == 303
    work(app)
    assert "Nothing blocks" in planner.get(address).text
    assert "Findings mended" in planner.get(address).text
    again = planner.post(f"{address}/mend", data={"finding": str(gap)}, follow_redirects=True)
    assert "That finding is no longer there." in again.text


def test_all_of_a_kind_are_accepted_with_a_reason_but_never_a_code_that_two_bear(
    app: Flask, planner: Visitor, store: Session
):
    address = drafted(app, planner, faulty(), name="accepted")
    planner.post(f"{address}/accept", data={"findings": "gap", "note": "a lake"})
    planner.post(f"{address}/accept", data={"findings": "code-repeated"})
    assert "gap" in findings(store, address, decided=True)
    assert "code-repeated" in findings(store, address)
    page = planner.get(address).text
    assert "a lake" in page
    assert "accepted · Name of" in page


def test_a_row_is_edited_in_place_and_its_history_tells_what_was_changed(app: Flask, planner: Visitor, store: Session):
    address = drafted(app, planner, faulty(), name="edited")
    good = {"row": "3", "code": "329901001001003", "name": "三号", "households": "350"}
    wrong = planner.post(f"{address}/row", data=good | {"households": "many", "code": ""}, follow_redirects=True).text
    assert "Households are a whole number" in wrong
    assert "A code has no spaces" in wrong
    planner.post(f"{address}/row", data=good)
    work(app)
    assert "code-repeated" not in findings(store, address)
    row = store.scalar(select(DraftArea).where(DraftArea.redraw_id == number(address), DraftArea.row == 3))
    assert (row.code, row.name, row.households) == ("329901001001003", "三号", 350)
    assert row.parent_id is not None
    assert "Households 200 → 350" in planner.get(address).text
    assert planner.post(f"{address}/row", data=good | {"row": "77"}).status_code == 404


# --- who may see and do what ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.LEADER, Role.COUNTY_DISPATCHER, Role.TOWNSHIP_DISPATCHER])
def test_only_planners_and_administrators_see_redraws(signed_in: SignIn, ladder: dict[str, Area], role: Role):
    area = ladder["township"] if role is Role.TOWNSHIP_DISPATCHER else None
    visitor = signed_in(role, area=area)
    for path in ("", "/new", "/1", "/1/diff", "/1/draft.geojson", "/1/findings.geojson", "/1/source"):
        assert visitor.get(f"/plans/redraws{path}").status_code == 403, path
    assert visitor.post("/plans/redraws/1/publish").status_code == 403


def test_a_townships_planner_does_not_see_the_neighbours_redraw(
    app: Flask, signed_in: SignIn, ladder: dict[str, Area], planner: Visitor
):
    address = drafted(app, planner, faultless("329901002", 119.1), name="neighbours' secret")
    own = drafted(app, planner, faultless(), name="of the township itself")
    town = signed_in(Role.PLANNER, area=ladder["township"], language="en")
    listed = town.get("/plans/redraws").text
    assert "neighbours&#39; secret" not in listed
    assert "of the township itself" in listed
    paths = ("", "/state", "/diff", "/diff.json", "/diff.xlsx", "/draft.geojson", "/before.geojson",
             "/findings.geojson", "/definition.json", "/source")  # fmt: skip
    assert {path: town.get(address + path, buffered=True).status_code for path in paths} == dict.fromkeys(paths, 404)
    steps = ("publish", "revert", "mend", "accept", "row", "reading", "review", "discard", "check")
    assert {step: town.post(f"{address}/{step}").status_code for step in steps} == dict.fromkeys(steps, 404)
    assert {path: town.get(own + path, buffered=True).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_who_drafts_areas_of_others_may_not_publish_them_and_learns_nothing_of_who_works_there(
    app: Flask, signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    town = signed_in(Role.PLANNER, area=ladder["township"], language="en")
    address = drafted(app, town, faultless("329901002", 119.1), name="beyond my border")
    assert "outside your jurisdiction" in town.get(address).text
    assert town.post(f"{address}/publish", data={"when": "now"}).status_code == 403
    assert redraw_of(store, address).state == "checked"
    told = redraw_of(store, address).comparison["effects"]
    assert [case["number"] for case in told["cases"]] == ["SECRET-B"]
    assert told["posts"]
    for path in ("", "/diff", "/diff.json", "/diff.xlsx"):
        answer = town.get(address + path)
        assert b"SECRET-B" not in answer.data, path
        assert b"Wother" not in answer.data, path
    assert "1 case lies outside your jurisdiction." in town.get(f"{address}/diff").text


def test_draft_areas_are_shown_nowhere_but_on_the_planners_pages(
    app: Flask, planner: Visitor, signed_in: SignIn, ladder: dict[str, Area]
):
    content = layer(("329901001001009", "未来网格", box(119, 33, 119.02, 33.01), 400))
    drafted(app, planner, content, name="invisible")
    for visitor in (planner, signed_in(Role.LEADER), signed_in(Role.COUNTY_DISPATCHER)):
        for path in ("/plans", "/plans?q=329901001001009", "/api/v1/areas.geojson?kind=comprehensive",
                     "/api/v1/locate?lon=119.005&lat=33.005"):  # fmt: skip
            answer = visitor.get(path)
            assert "未来网格".encode() not in answer.data, path
            assert json.dumps("未来网格").strip('"').encode() not in answer.data, path
