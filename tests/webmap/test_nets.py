"""Nets over the comprehensive grids: from the departments' files to specialised grids, in the browser and without."""

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from flask import Flask
from playwright.sync_api import Page, expect
from shapely.geometry import Polygon, box
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.models import Area, AreaImport
from tests.factories import make_incident, make_ladder
from tests.webmap.conftest import Visitor
from webmap.accounts import AuditLine
from webmap.installation import utcnow
from webmap.permissions import Role
from webmap.plans import nets, running
from webmap.plans.net_orders import Accepted

SignIn = Callable[..., Visitor]
A, B = "329901001001001", "329901001001002"
BOW_TIE = Polygon([(119.001, 33.001), (119.009, 33.009), (119.009, 33.001), (119.001, 33.009)])


@pytest.fixture(scope="module")
def ladder(app: Flask) -> dict[str, Area]:
    """Two townships with two grids each; one report in the first grid, two in the other township."""
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        ladder = make_ladder(db)
        other = make_ladder(db, west=119.1, township="329901002")
        make_incident(db, ladder=ladder, reported_at=utcnow())
        for _ in range(2):
            make_incident(db, ladder=other, point="SRID=4326;POINT(119.105 33.005)", reported_at=utcnow())
        db.commit()
        return dict(ladder) | {"other": other["township"]}


def net(*rows: tuple[str, str, Any]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"编码": code, "名称": name, "类型": "A级"},
            "geometry": outline and json.loads(shapely.to_geojson(outline)),
        }
        for code, name, outline in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


FOOD = net(
    ("F1", "follows", box(119.0, 33.0, 119.01, 33.01)),
    ("F2", "<script>alert(1)</script>", box(119.012, 33.002, 119.014, 33.004)),
    ("F3", "cuts", box(119.005, 33.0, 119.015, 33.01)),
    ("F4", "outside", box(119.3, 33.3, 119.31, 33.31)),
)
PARTY = net(
    ("P1", "=HYPERLINK(1)", box(119.0, 33.0, 119.02, 33.01)), ("", "no code", box(119.0, 33.0, 119.001, 33.001))
)
BOTH = (("食品.geojson", FOOD, "food-safety"), ("党建.geojson", PARTY, "party-building"))


def send(planner: Visitor, *files: tuple[str, bytes, str], **form: str) -> Any:
    given = [(io.BytesIO(content), name) for name, content, _domain in files]
    domains = [domain for _name, _content, domain in files]
    return planner.post(
        "/plans/nets", data={"file": given, "domain": domains, **form}, content_type="multipart/form-data"
    )


def waited(planner: Visitor, address: str) -> str:
    for _ in range(600):
        if planner.get(f"{address}/state").json["state"] != "running":
            return address
        time.sleep(0.1)
    raise AssertionError("it does not end")


def laid(planner: Visitor, *files: tuple[str, bytes, str], **form: str) -> str:
    """The address of the result, once it is there."""
    answer = send(planner, *(files or [("食品.geojson", FOOD, "food-safety")]), **form)
    assert answer.status_code == 303, answer.text
    return waited(planner, str(answer.location))


def accepted(planner: Visitor, address: str, *grids: str, **form: Any) -> str:
    """The page after grids were accepted."""
    answer = planner.post(f"{address}/grids", data={"grid": list(grids), **form})
    assert answer.status_code == 303
    waited(planner, address)
    return planner.get(address).text


def specialised(store: Session) -> dict[str, str | None]:
    return {area.code: area.domain for area in areas_valid_at(store, utcnow(), kinds=[AreaKind.SPECIALISED])}


@pytest.fixture(scope="module")
def once() -> dict[str, Any]:
    return {}


@pytest.fixture
def both(once: dict[str, Any], signed_in: SignIn, ladder: dict[str, Area]) -> tuple[Visitor, str]:
    """Two nets that were laid, with a planner who looks at them; for tests that only look."""
    if not once:
        planner = signed_in(Role.PLANNER, language="en")
        once.update(planner=planner, address=laid(planner, *BOTH))
    return once["planner"], once["address"]


# --- laying ---------------------------------------------------------------------------------------------------------


def test_without_nets_the_page_says_what_to_do(signed_in: SignIn, ladder: dict[str, Area]):
    page = signed_in(Role.PLANNER, language="en").get("/plans/nets").text
    assert "No nets have been laid yet." in page
    assert "Ask the departments" in page


def test_each_departmental_grid_is_judged_with_its_shares_and_reports(both: tuple[Visitor, str]):
    planner, address = both
    page = planner.get(address).text
    for told in (
        "5 departmental grids over 4 comprehensive ones",
        "is exactly " + A,
        "lies inside " + B,
        "cuts 2 grids",
        "would change hands",
        "100% of it lies in no comprehensive grid",
        "50.0% of it, 50.0% of the grid",
        "reports 1 / 1, 1 / 1",
        "UTF-8",
        "<code>编码</code>",
    ):
        assert told in page, told
    order = [page.index(f'data-grid="0-{row}"') for row in (3, 4, 2, 1)]
    assert order == sorted(order), "what needs a decision first"
    assert "<script>alert(1)" not in page
    only = planner.get(f"{address}?verdict=within").text
    assert ('data-grid="0-2"' in only, 'data-grid="0-3"' in only) == (True, False)


def test_reports_are_counted_as_far_as_one_may_see_them(signed_in: SignIn, ladder: dict[str, Area]):
    whole = ("全县.geojson", net(("W", "whole", box(118.9, 32.9, 119.3, 33.1))), "food-safety")
    everywhere, of_a = (
        signed_in(Role.PLANNER, language="en"),
        signed_in(Role.PLANNER, area=ladder["township"], language="en"),
    )
    assert "3 reports of the last year" in everywhere.get(laid(everywhere, whole)).text
    assert "1 reports of the last year" in of_a.get(laid(of_a, whole)).text


def test_the_crosswalk_is_there_to_send_round(both: tuple[Visitor, str]):
    planner, address = both
    answer = planner.get(f"{address}/crosswalk.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="crosswalk.csv"'
    rows = list(csv.DictReader(answer.data.decode("utf-8-sig").splitlines()))
    assert [(row["domain"], row["code"], row["grid"]) for row in rows] == [
        ("food-safety", "F3", A), ("food-safety", "F3", B), ("food-safety", "F4", ""), ("food-safety", "F2", B),
        ("food-safety", "F1", A), ("party-building", "P1", A), ("party-building", "P1", B),
    ]  # fmt: skip
    assert rows[-1]["name"] == "'=HYPERLINK(1)"
    sheet = openpyxl.load_workbook(io.BytesIO(planner.get(f"{address}/crosswalk.xlsx").data))["crosswalk"]
    assert [cell.value for cell in sheet[1]][:4] == ["Domain", "Departmental grid", "Area name", "Verdict"]
    assert (sheet["D2"].value, sheet["J2"].value, sheet["C8"].data_type) == ("Cuts across", "part", "s")


def test_the_grids_are_there_for_the_map_by_verdict(both: tuple[Visitor, str]):
    planner, address = both
    drawn = {
        verdict: [one["id"] for one in planner.get(f"{address}/layer.geojson?verdict={verdict}").json["features"]]
        for verdict in ("cuts", "outside", "within", "follows", "../order")
    }
    assert drawn == {"cuts": ["0-3"], "outside": ["0-4"], "within": ["0-2"], "follows": ["0-1", "1-1"], "../order": []}


def test_what_is_wrong_with_a_file_is_said_and_the_rest_is_laid(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    page = planner.get(laid(planner, BOTH[1], ("坏.zip", b"no zip", "x"))).text
    assert "What is wrong with 党建.geojson" in page
    assert "Rows without a code" in page
    assert "What is wrong with 坏.zip" in page
    assert "is exactly 2 grids" in page


def test_every_problem_of_the_form_is_told_and_nothing_is_begun(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    answer = send(planner, ("net.exe", b"x", ""), tolerance="wide", datum="mars", columns="code")
    assert answer.status_code == 422
    for told in ("Send a .zip", "Say what the net in “net.exe” is for", "between 0 and 1000 m", "datum is not known",
                 "columns are not named"):  # fmt: skip
        assert told in answer.text, told
    assert "Choose a file first." in send(planner).text
    assert "No nets have been laid yet." in planner.get("/plans/nets").text


def test_nets_are_seen_by_nobody_but_who_sent_them(
    both: tuple[Visitor, str], signed_in: SignIn, ladder: dict[str, Area]
):
    _planner, address = both
    other = signed_in(Role.PLANNER)
    for path in ("", "/state", "/layer.geojson", "/crosswalk.csv", "/crosswalk.xlsx"):
        assert other.get(address + path).status_code == 404
    assert other.post(f"{address}/grids", data={"grid": "0-2"}).status_code == 404
    for path in ("/plans/nets", address):
        assert signed_in(Role.LEADER).get(path).status_code == 403
    assert signed_in(Role.TOWNSHIP_DISPATCHER, area=ladder["township"]).post(f"{address}/grids").status_code == 403


def test_what_was_lost_says_so_and_a_third_at_once_waits(
    app: Flask, signed_in: SignIn, ladder: dict[str, Area], monkeypatch: pytest.MonkeyPatch
):
    planner = signed_in(Role.PLANNER, language="en")
    address = laid(planner)
    folder = Path(app.extensions["wangge"].settings.data) / "uploads" / "nets" / address.rsplit("/", 1)[1]
    assert folder.stat().st_mode & 0o077 == 0
    (folder / "report.json").unlink()
    (folder / "failed").touch()
    assert "It ended before it was finished" in planner.get(address).text
    monkeypatch.setattr(running, "AT_ONCE", 0)
    assert send(planner, ("食品.geojson", FOOD, "food-safety")).status_code == 503


def test_results_are_swept_after_a_week(
    once: dict[str, Any], signed_in: SignIn, ladder: dict[str, Area], monkeypatch: pytest.MonkeyPatch
):
    once.clear()
    planner = signed_in(Role.PLANNER)
    old = laid(planner)
    monkeypatch.setattr(running, "KEPT_S", -1)
    send(planner, ("食品.geojson", FOOD, "food-safety"))
    assert planner.get(old).status_code == 404


# --- loading --------------------------------------------------------------------------------------------------------


def test_accepted_grids_become_specialised_ones_with_a_line_in_the_audit_trail(
    signed_in: SignIn, store: Session, ladder: dict[str, Area]
):
    planner = signed_in(Role.PLANNER, language="en")
    files = (
        "店.geojson",
        net(("S1", "one", box(119.001, 33.001, 119.002, 33.002)), ("S2", "bow", BOW_TIE)),
        "food-safety",
    )
    address = laid(planner, files, ("党.geojson", net(("S3", "three", box(119.0, 33.0, 119.01, 33.01))), "party"))
    page = accepted(planner, address, "0-1", "1-1", "9-9", valid_from="2026-01-01")
    assert "1 grids of 店.geojson are specialised grids now." in page
    assert 'value="0-1"' not in page, "what is loaded cannot be ticked again"
    assert {"S1": "food-safety", "S3": "party"}.items() <= specialised(store).items()
    lines = store.scalars(select(AuditLine).where(AuditLine.action == "nets-imported")).all()
    assert {(line.subject, tuple(line.details["codes"])) for line in lines} == {
        ("file:店.geojson", ("S1",)), ("file:党.geojson", ("S3",)),
    }  # fmt: skip
    assert store.scalars(select(AreaImport.file_name)).all() == ["店.geojson", "党.geojson"]


def test_what_blocks_stops_all_of_them_and_can_be_accepted(signed_in: SignIn, store: Session, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    bow = ("蝶.geojson", net(("B1", "good", box(119.001, 33.001, 119.002, 33.002)), ("B2", "bow", BOW_TIE)), "food")
    address = laid(planner, bow)
    page = accepted(planner, address, "0-1", "0-2")
    assert "The accepted grids were not loaded" in page
    assert "Outlines that are broken" in page
    assert not {"B1", "B2"} & specialised(store).keys()
    page = accepted(planner, address, "0-1", "0-2", accept="geometry-invalid")
    assert "2 grids of 蝶.geojson are specialised grids now." in page
    assert {"B1", "B2"} <= specialised(store).keys()


def test_of_a_net_a_townships_planner_loads_only_what_lies_mostly_in_the_township(
    signed_in: SignIn, store: Session, ladder: dict[str, Area]
):
    rows = (
        ("T1", "inside", box(119.001, 33.001, 119.002, 33.002)),
        ("T2", "mostly inside", box(119.012, 33.001, 119.026, 33.002)),
        ("T3", "mostly outside", box(119.018, 33.004, 119.030, 33.005)),
        ("T4", "in the other township", box(119.101, 33.001, 119.102, 33.002)),
    )
    file = ("镇.geojson", net(*rows), "township-net")
    planner = signed_in(Role.PLANNER, area=ladder["township"], language="en")
    address = laid(planner, file)
    page = planner.get(address).text
    assert [row for row in (1, 2, 3, 4) if f'value="0-{row}"' in page] == [1, 2]
    assert all(code in page for code in ("T3", "T4")), "they are shown all the same"
    assert "More than half of it lies outside your jurisdiction." in page
    for row in (3, 4):
        answer = planner.post(f"{address}/grids", data={"grid": ["0-1", f"0-{row}"]})
        assert (answer.status_code, "outside your jurisdiction" in answer.text) == (403, True)
    assert not {"T1", "T3", "T4"} & specialised(store).keys()
    assert "2 grids of 镇.geojson are specialised grids now." in accepted(planner, address, "0-1", "0-2")
    assert {"T1", "T2"} <= specialised(store).keys()
    county = signed_in(Role.PLANNER, language="en")
    assert "1 grids of 镇.geojson" in accepted(county, laid(county, file), "0-4")


def test_a_planner_whose_area_changed_since_the_net_was_laid_loads_nothing_outside_it(
    signed_in: SignIn, store: Session, ladder: dict[str, Area], monkeypatch: pytest.MonkeyPatch
):
    planner = signed_in(Role.PLANNER, area=ladder["township"], language="en")
    address = laid(planner, ("镇.geojson", net(("T5", "away", box(119.103, 33.001, 119.104, 33.002))), "township-net"))
    monkeypatch.setattr(nets, "_is_ours", lambda grid: True)  # as it was when the net was laid
    page = accepted(planner, address, "0-1")
    assert "The accepted grids were not loaded" in page
    assert "more than half of it lies outside your jurisdiction" in page
    assert "T5" not in specialised(store)


def test_nothing_ticked_or_no_day_is_said(both: tuple[Visitor, str]):
    planner, address = both
    assert "Tick the grids" in accepted(planner, address)
    assert "is no day" in accepted(planner, address, "0-2", valid_from="soon")


def test_a_loading_that_was_lost_says_so(app: Flask, signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    address = laid(planner)
    folder = Path(app.extensions["wangge"].settings.data) / "uploads" / "nets" / address.rsplit("/", 1)[1]
    lost = Accepted((("F2",),), "", (), 1, "", utcnow().isoformat(), "attempt")
    lost.keep(folder)
    (folder / lost.failed_mark).touch()
    assert "Loading ended before it was finished" in planner.get(address).text


# --- in the browser -------------------------------------------------------------------------------------------------


def test_a_planner_goes_from_a_departments_file_to_specialised_grids(
    open_page: Callable[..., Page],
    make_account: Callable[..., Any],
    store: Session,
    ladder: dict[str, Area],
    tmp_path: Path,
):
    file = tmp_path / "餐饮.geojson"
    rows = (box(119.012, 33.002, 119.014, 33.004), box(119.005, 33.0, 119.015, 33.01))
    file.write_bytes(net(("K2", "within", rows[0]), ("K3", "cuts", rows[1])))
    page = open_page(width=1920, height=1000, language="en", account=make_account(Role.PLANNER))
    page.goto("/plans/nets")
    page.set_input_files("#file-0", file)
    page.fill("#domain-0", "catering")
    page.get_by_role("button", name="Lay them over the grids").click()
    expect(page.get_by_text("2 departmental grids over")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="cuts", exact=True).click()
    expect(page.locator("tr.is-chosen")).to_contain_text("K3")
    colours = page.evaluate("() => Wangge.layer('net-cuts').style().color")
    assert colours == "#b3261e"
    page.get_by_role("link", name="Within one").click()
    page.get_by_label("Accept K2").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-ticked]")).to_have_text("1 ticked")
    page.get_by_role("button", name="Make them specialised grids").click()
    expect(page.get_by_text("1 grids of 餐饮.geojson are specialised grids now.")).to_be_visible(timeout=60_000)
    assert specialised(store)["K2"] == "catering"


@pytest.mark.parametrize("width", [360, 1920])
@pytest.mark.parametrize("address", ["/plans/nets", "result"])
def test_nothing_sticks_out_of_the_screen(
    open_page: Callable[..., Page], signed_in: SignIn, make_account: Callable[..., Any], ladder: dict[str, Area],
    tmp_path: Path, width: int, address: str,
):  # fmt: skip
    page = open_page(width=width, height=900, language="en", account=make_account(Role.PLANNER))
    page.goto("/plans/nets")
    if address == "result":
        file = tmp_path / "食品安全网格划分方案最终稿.geojson"
        file.write_bytes(FOOD)
        page.set_input_files("#file-0", file)
        page.fill("#domain-0", "food-safety")
        page.get_by_role("button", name="Lay them over the grids").click()
        expect(page.get_by_text("4 departmental grids over")).to_be_visible(timeout=60_000)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
