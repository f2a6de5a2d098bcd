"""The ground that changes hands, as shapes: in view, of one difference, for who sees the redraw; and on both maps."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from flask import Flask
from playwright.sync_api import Page, expect
from shapely.geometry import box, shape
from sqlalchemy.orm import Session

from geo.crs import area_m2
from geo.models import Area
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import A, B, begun, drafted, faultless, layer, redraw_of
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
STRIP = box(119.008, 33, 119.01, 33.01)
"""What `faultless` takes from the first grid and gives to the second."""


def pieces(visitor: Visitor, address: str, **asked: Any) -> list[dict[str, Any]]:
    """The features of an answer."""
    answer = visitor.get(f"{address}/ground.geojson", query_string=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json["features"])


def test_a_moved_border_is_one_piece_with_its_size_and_whose_it_was_and_will_be(app: Flask, planner: Visitor):
    address = drafted(app, planner, faultless(), name="one piece")
    (piece,) = pieces(planner, address)
    told = piece["properties"]
    assert shapely.symmetric_difference(shape(piece["geometry"]), STRIP).area < 1e-9
    assert (told["before"], told["after"], told["handing"]) == (A, B, "gained")
    assert told["size_m2"] == pytest.approx(area_m2(STRIP), abs=0.01)
    assert re.fullmatch(rf"[\d,]+ m² from {A} to {B}", told["name"])
    assert (told["from"], told["to"]) == (f"{A} area {A}", f"{B} 二新")


def test_a_difference_is_asked_for_by_a_code_before_or_by_a_row_after(app: Flask, planner: Visitor):
    address = drafted(app, planner, faultless(), name="one difference")
    (lost,), (gained,) = pieces(planner, address, code=A), pieces(planner, address, row=2)
    assert (lost["properties"]["handing"], gained["properties"]["handing"]) == ("lost", "gained")
    assert lost["id"] == gained["id"], "one piece on the map"
    assert pieces(planner, address, code="nobody's") == []
    assert pieces(planner, address, row="nonsense") == []


def test_only_the_pieces_in_view_are_told(app: Flask, planner: Visitor):
    address = drafted(app, planner, faultless(), name="in view")
    assert len(pieces(planner, address, bbox="119.007,33,119.009,33.01", zoom=15)) == 1
    assert pieces(planner, address, bbox="119.015,33,119.02,33.01", zoom=15) == [], "in the grid, and not in the piece"
    assert len(pieces(planner, address, bbox="nonsense")) == 1


def test_a_split_gives_ground_to_its_new_code_and_ground_may_come_from_nobody_and_go_to_nobody(
    app: Flask, planner: Visitor, store: Session
):
    content = layer(
        (A, "西", box(119, 33, 119.004, 33.01), 400),
        ("329901001001003", "中", box(119.004, 33, 119.01, 33.01), 400),
        (B, "东", box(119.01, 33.001, 119.02, 33.011), 400),
    )
    address = drafted(app, planner, content, name="split and shifted")
    told = {(p["properties"]["before"], p["properties"]["after"]): p["properties"] for p in pieces(planner, address)}
    assert set(told) == {(A, "329901001001003"), (None, B), (B, None)}
    assert told[None, B]["from"] == told[B, None]["to"] == "no grid"
    assert "that were in no grid" in told[None, B]["name"]
    compared = redraw_of(store, address).comparison or {}
    for difference in compared["differences"]:
        of_it = pieces(planner, address, code=difference["codes_before"][0])
        for handing in ("gained", "lost"):
            sizes = [p["properties"]["size_m2"] for p in of_it if p["properties"]["handing"] == handing]
            assert sum(sizes) == pytest.approx(difference[f"{handing}_m2"], abs=0.01)


def test_of_too_many_in_view_the_largest_are_drawn_and_the_page_can_say_so(
    app: Flask, planner: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("webmap.plans.redraw_ground_shapes.MOST_DIFFERENCES", 1)
    address = drafted(app, planner, faultless(), name="too many")
    assert planner.get(f"{address}/ground.geojson").json["left_out"] == 1


def test_before_a_check_there_are_no_shapes(app: Flask, planner: Visitor):
    assert planner.get(f"{begun(planner, faultless(), name='unchecked')}/ground.geojson").status_code == 404


def test_shapes_are_for_planners_who_see_the_redraw(
    app: Flask, planner: Visitor, signed_in: SignIn, ladder: dict[str, Area]
):
    address = drafted(app, planner, faultless("329901002", 119.1), name="the neighbours' ground")
    assert signed_in(Role.PLANNER, area=ladder["township"]).get(f"{address}/ground.geojson").status_code == 404
    for role in (Role.LEADER, Role.COUNTY_DISPATCHER):
        assert signed_in(role).get(f"{address}/ground.geojson").status_code == 403


@pytest.mark.parametrize(("width", "language"), [(1920, "en"), (360, "zh")])
def test_pieces_are_stepped_through_on_both_maps_and_names_never_run(
    app: Flask, planner: Visitor, open_page: Callable[..., Page], make_account: Callable[..., Any], width: int,
    language: str,
):  # fmt: skip
    nasty = "<img src=x onerror=alert(1)>`${alert(1)}`"
    content = layer((A, nasty, box(119, 33, 119.008, 33.01), 400), (B, nasty, box(119.008, 33, 119.02, 33.01), 400))
    address = drafted(app, planner, content, name=f"both maps {width}")
    page = open_page(width=width, language=language, account=make_account(Role.PLANNER))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(f"{address}/diff")
    page.wait_for_function(
        "() => Object.values(Wangge.maps).length === 2"
        " && Object.values(Wangge.maps).every((map) => map.layer('ground')?.byId.size === 1)"
    )
    panel = page.locator("[data-ground-panel]")
    page.locator("[data-piece-step='1']").click()
    expect(panel.locator("[role=status]")).to_have_text("1 / 1")
    expect(panel.locator("li button.is-chosen")).to_contain_text(A)
    page.wait_for_function(
        "(id) => Object.values(Wangge.maps).every((map) => map.layer('ground').marked === id)", arg=f"{A}>2"
    )
    first = page.locator("tr.is-chosen").inner_text()
    page.locator("[data-piece-step='1']").click()  # on to the next difference
    page.wait_for_function("(text) => document.querySelector('tr.is-chosen').innerText !== text", arg=first)
    page.locator("[data-trade]").first.click()
    expect(panel.locator("li button.is-chosen")).to_have_count(1)
    page.evaluate(
        "() => { const layer = Object.values(Wangge.maps)[0].layer('ground');"
        " const [piece] = layer.byId.values(); layer.select(piece, { latlng: piece.getBounds().getCenter() }); }"
    )
    expect(page.locator(".map-card").first).to_contain_text("<img src=x")
    assert page.locator("img[src='x']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
