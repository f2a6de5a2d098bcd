"""The hotspots page and the figures on the command line: the busiest grids, without somebody's default points."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from geo.models import Area
from incidents.words import Channel, QueueReason
from incidents.workflow import State
from tests.factories import make_incident, make_ladder
from tests.webmap.conftest import Visitor
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
Ladders = dict[str, dict[str, Area]]


@pytest.fixture(scope="module")
def ladders(app: Flask) -> Ladders:
    """East: 5 cases in grid a, 2 more on a default point, one of a year ago. West: one case."""
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        east, west = make_ladder(db), make_ladder(db, west=119.02, township="329901002")
        east["a"].versions[0].households = 100
        east["b"].versions[0].households = 300
        recent = {"ladder": east, "reported_at": utcnow() - timedelta(days=2)}
        for _ in range(5):
            make_incident(db, **recent)
        doubted = {"queue_reason": QueueReason.PLACEHOLDER_POINT, "raw_x": 119.005, "raw_y": 33.005}
        for _ in range(2):
            make_incident(db, **recent, **doubted)
        make_incident(db, ladder=east, reported_at=utcnow() - timedelta(days=400))
        make_incident(
            db, ladder=west, reported_at=utcnow() - timedelta(days=3), channel=Channel.PATROL, point=None,
            state=State.CLOSED, closed_at=utcnow(), placement="unlocated",
        )  # fmt: skip
        db.commit()
        return {"east": dict(east), "west": dict(west)}


def grids(page: str) -> dict[str, list[str]]:
    """The words of each row of the list, by the grid's name."""
    found = {}
    for row in re.findall(r"<tr data-area.*?</tr>", page, re.DOTALL):
        cells = [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        found[cells[0].removesuffix(" cluster")] = cells[1:]
    return found


def test_the_busiest_grids_are_listed_without_default_points_and_the_number_left_out_is_said(
    signed_in: SignIn, ladders: Ladders
):
    page = signed_in(Role.LEADER, language="en").get("/hotspots").text
    assert grids(page) == {
        "area 329901001001001 area 329901001": ["5", "100", "3.3", "—"],
        "area 329901002001001 area 329901002": ["1", "—", "—", "—"],
    }
    assert "Left out of the counts: 2 reports on default points" in page
    assert "2 reports share this very point" in page


def test_the_list_keeps_to_what_is_asked(signed_in: SignIn, ladders: Ladders):
    leader = signed_in(Role.LEADER, language="en")
    assert [*grids(leader.get("/hotspots?channel=patrol").text)] == ["area 329901002001001 area 329901002"]
    assert [*grids(leader.get("/hotspots?township=329901001").text)] == ["area 329901001001001 area 329901001"]
    long = grids(leader.get(f"/hotspots?since={utcnow() - timedelta(days=500):%Y-%m-%d}").text)
    assert long["area 329901001001001 area 329901001"][0] == "6"
    against = grids(leader.get("/hotspots?show=intensity").text)
    assert [*against] == ["area 329901001001001 area 329901001"], "a grid without households has no rate"


def test_a_township_sees_its_own_grids_and_default_points_alone(signed_in: SignIn, ladders: Ladders):
    west = signed_in(Role.TOWNSHIP_DISPATCHER, area=ladders["west"]["township"], language="en")
    page = west.get("/hotspots").text
    assert [*grids(page)] == ["area 329901002001001 area 329901002"]
    assert "default points" not in page.split("<main")[1].split("</section>")[1]
    assert west.get("/hotspots/defaults.geojson").json["features"] == []
    assert "Nothing was reported there" in west.get("/hotspots?township=329901001").text


def test_the_default_points_are_drawn_with_a_sentence(signed_in: SignIn, ladders: Ladders):
    [point] = signed_in(Role.LEADER, language="en").get("/hotspots/defaults.geojson").json["features"]
    assert point["geometry"]["coordinates"] == [119.005, 33.005]
    assert point["properties"]["message"].startswith("2 reports share this very point (Hotline)")


def test_every_problem_of_the_address_is_told(signed_in: SignIn, ladders: Ladders):
    answer = signed_in(Role.LEADER).get("/hotspots?since=soon&until=2026-99-99&channel=smoke")
    assert answer.status_code == 422
    for told in ("soon", "2026-99-99", "smoke"):
        assert told in answer.text


def test_a_planner_without_cases_has_no_link_to_them(signed_in: SignIn, ladders: Ladders):
    assert "/desk?" in signed_in(Role.LEADER).get("/hotspots").text
    assert "/desk?" not in signed_in(Role.PLANNER).get("/hotspots").text


def test_the_command_tells_the_same(app: Flask, ladders: Ladders):
    run = app.test_cli_runner().invoke
    recent = f"{utcnow() - timedelta(days=90):%Y-%m-%d}"
    told = json.loads(run(args=["hotspots", "--since", recent, "--json"]).output)
    assert [(grid["code"], grid["count"]) for grid in told["grids"]] == [
        ("329901001001001", 5),
        ("329901002001001", 1),
    ]
    assert [point["excluded"] for point in told["default_points"]] == [2]
    table = run(args=["hotspots", "--since", recent, "--order", "times", "--top", "1"]).output.splitlines()
    assert table[1].split()[:5] == ["329901001001001", "area", "329901001001001", "5", "100"]
    assert table[-1] == "left out: 2 of 2 reports of channel hotline that share 119.005000 33.005000"


def test_indicators_are_printed_with_both_numbers_and_a_dash_for_none(app: Flask, ladders: Ladders):
    run = app.test_cli_runner().invoke
    recent = f"{utcnow() - timedelta(days=90):%Y-%m-%d}"
    lines = run(args=["indicators", "--since", recent]).output.splitlines()
    assert lines[1].split() == ["329901001", "area", "329901001", "7", "0", "0", "—", "0", "—"]
    assert lines[2].split()[3:] == ["1", "1", "1", "100.00", "%", "1", "100.00", "%"]
    assert lines[3].split()[:4] == ["together", "8", "1", "1"]
    told = json.loads(run(args=["indicators", "--by", "grid", "--since", recent, "--json"]).output)
    assert told["total"]["closing"] == {"numerator": 1, "denominator": 1, "percent": 100.0}


def test_wrong_usage_is_told_in_one_go(app: Flask):
    answer = app.test_cli_runner().invoke(args=["indicators", "--since", "soon", "--township", "x" * 99])
    assert answer.exit_code == 2
    assert "--since" in answer.output
    assert "--township" in answer.output


def test_a_leader_finds_a_hotspot_on_the_map(
    open_page: Callable[..., Page], make_account: Callable[..., Any], ladders: Ladders
):
    page = open_page(width=1366, height=768, language="en", account=make_account(Role.LEADER))
    page.goto("/hotspots")
    expect(page.locator(".leaflet-heatmap-layer")).to_be_attached()
    page.get_by_role("link", name="Against households").click()
    expect(page.locator(".map-legend")).to_contain_text("1.25–2")
    page.get_by_role("button", name="area 329901001001001").click()
    expect(page.locator("tr.is-chosen")).to_contain_text("area 329901001001001")
