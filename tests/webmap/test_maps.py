"""Maps: built by Folium, filled from addresses, safe whatever people typed, and right over a shifted base map."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, Route, expect

from geo.crs import from_wgs84, to_wgs84
from webmap.accounts import Account
from webmap.basemaps import offset_lattice
from webmap.maps import (
    AreaLayer,
    Field,
    HeatLayer,
    IncidentLayer,
    as_json,
    new_map,
)
from webmap.permissions import Role
from webmap.styleguide import samples

COUNTY = (119.30, 33.20, 119.46, 33.32)
NASTY = "</script><script>alert(1)</script>`${alert(1)}`\u2028'\"><img src=x onerror=alert(1)>"


# --- what the page holds ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asked")
def test_a_map_page_names_no_other_machine_and_no_library_we_do_not_use() -> None:
    board = new_map(COUNTY).add(AreaLayer("a", "/areas", "Areas")).add(HeatLayer("h", "/heat", "Heat"))
    page = render_template_string("{{ map_block(map) }}", map=board)
    assert re.findall(r"(?:src|href)=\"(?!/assets/|/static/)", page) == []
    assert "//" not in re.sub(r"//# .*", "", page).replace("</", "")
    for library in ("jquery", "bootstrap", "awesome", "glyphicon", "cdn", "openstreetmap"):
        assert library not in page.lower()


@pytest.mark.usefixtures("asked")
def test_the_inline_script_carries_this_answers_nonce_and_no_other_inline_script_is_there() -> None:
    from webmap.security import nonce

    page = render_template_string("{{ map_block(map) }}", map=new_map(COUNTY))
    inline = [opening for opening in re.findall(r"<script[^>]*>", page) if "src=" not in opening]
    assert inline == [f'<script type="module" nonce="{nonce()}">']
    assert "<style" not in page
    assert " style=" not in page


@pytest.mark.usefixtures("asked")
def test_two_maps_on_a_page_load_leaflet_once() -> None:
    page = render_template_string("{{ map_block(one) }}{{ map_block(two) }}", one=new_map(COUNTY), two=new_map(COUNTY))
    assert page.count("leaflet.js") == 1
    assert page.count("Wangge.open(") == 2


@pytest.mark.usefixtures("asked")
def test_the_page_stays_small_because_no_data_is_in_it() -> None:
    board = new_map(COUNTY)
    for number in range(6):
        board.add(AreaLayer(f"a{number}", f"/areas?{number}", f"Areas {number}"))
    assert len(render_template_string("{{ map_block(map) }}", map=board)) < 12_000


@pytest.mark.usefixtures("asked")
def test_no_word_can_leave_the_script_it_is_written_into() -> None:
    board = new_map(COUNTY, label=NASTY)
    board.add(AreaLayer("k", NASTY, NASTY, legend=NASTY, fields=[Field("x", NASTY)], link=NASTY))
    board.add(IncidentLayer("i", "/i", NASTY, words={NASTY: NASTY}))
    page = render_template_string("{{ map_block(map) }}", map=board)
    script = page.split("nonce=")[1].split(">", 1)[1]
    assert script.count("</script>") == 1
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "\u2028" not in script


def test_json_for_a_script_reads_back_as_it_was() -> None:
    value = {"text": NASTY, "count": np.int64(3), "share": np.float64(0.5)}
    assert json.loads(as_json(value)) == {"text": NASTY, "count": 3, "share": 0.5}
    assert not set(as_json(value)) & set("<>&\u2028\u2029")


@pytest.mark.usefixtures("asked")
def test_a_map_of_nowhere_shows_the_country() -> None:
    assert '"bounds":[[18.0,73.5],[53.6,135.0]]' in new_map(None).settings


# --- the base map -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_the_offset_between_lattice_points_is_right_within_two_metres(datum: str) -> None:
    lattice = offset_lattice(COUNTY, datum)
    assert lattice is not None
    chance = np.random.default_rng(7)
    lon, lat = chance.uniform(COUNTY[0], COUNTY[2], 2000), chance.uniform(COUNTY[1], COUNTY[3], 2000)
    shifted_lon, shifted_lat = from_wgs84(lon, lat, datum)
    off_lon = _interpolated(lattice, lattice["lon"], lon, lat) - (shifted_lon - lon)
    off_lat = _interpolated(lattice, lattice["lat"], lon, lat) - (shifted_lat - lat)
    off_m = np.hypot(off_lon * 111_320 * np.cos(np.radians(lat)), off_lat * 110_950)
    assert off_m.max() < 2


def test_unshifted_datums_need_no_lattice() -> None:
    assert offset_lattice(COUNTY, "wgs84") is None
    assert offset_lattice(COUNTY, "cgcs2000") is None


def test_the_lattice_of_a_whole_country_stays_small() -> None:
    lattice = offset_lattice((73.5, 18.0, 135.0, 53.6), "gcj02")
    assert lattice is not None
    assert len(lattice["lon"]) <= 54**2


def _interpolated(lattice: dict[str, Any], values: list[float], lon: Any, lat: Any) -> Any:
    """The browser's bilinear interpolation, in numpy."""
    grid = np.array(values).reshape(lattice["rows"], lattice["columns"])
    x, y = (lon - lattice["west"]) / lattice["step"], (lat - lattice["south"]) / lattice["step"]
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    dx, dy = x - column, y - row
    south = grid[row, column] * (1 - dx) + grid[row, column + 1] * dx
    north = grid[row + 1, column] * (1 - dx) + grid[row + 1, column + 1] * dx
    return south * (1 - dy) + north * dy


# --- in the browser: the style guide's map ----------------------------------------------------------------------

MakeAccount = Callable[..., Account]
ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


@pytest.fixture
def map_page(open_page: Callable[..., Page], make_account: MakeAccount) -> Callable[..., Page]:
    """The style guide, once its map has its data."""

    def open_map(**options: Any) -> Page:
        page = open_page(account=make_account(Role.ADMINISTRATOR), **options)
        page.route("**/base/**", _tile)
        page.goto("/styleguide")
        page.wait_for_function(
            "() => ['grids', 'townships', 'incidents'].every((key) => Wangge.map?.layer(key)?.byId.size)"
        )
        page.locator(".map-canvas").scroll_into_view_if_needed()
        return page

    return open_map


def click_on(page: Page, layer: str, number: int) -> None:
    """Click on one area or incident, in the middle of where it is drawn."""
    at = page.evaluate(
        """([layer, number]) => {
            const shape = Wangge.map.layer(layer).byId.get(String(number));
            const at = shape.getLatLng ? shape.getLatLng() : shape.getBounds().getCenter();
            const box = Wangge.map.element.getBoundingClientRect();
            const point = Wangge.map.leaflet.latLngToContainerPoint(at);
            return [box.left + point.x, box.top + point.y];
        }""",
        [layer, number],
    )
    page.mouse.click(*at)


def test_areas_and_incidents_are_fetched_and_drawn(map_page: Callable[..., Page]) -> None:
    page = map_page()
    counts = page.evaluate("() => ['grids', 'townships', 'incidents'].map((key) => Wangge.map.layer(key).byId.size)")
    assert counts == [samples.COLUMNS * samples.ROWS, 4, 160]
    drawn = page.evaluate(
        """() => {
            const canvas = document.querySelector(".map-canvas canvas");
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return data.some((value) => value > 0);
        }"""
    )
    assert drawn


def test_what_people_typed_shows_as_the_text_it_is(map_page: Callable[..., Page]) -> None:
    page = map_page()
    for number in range(40, 44):
        page.evaluate("(number) => Wangge.map.layer('incidents').zoomTo(number)", number)
        page.wait_for_timeout(600)
        click_on(page, "incidents", number)
        expect(page.locator(".leaflet-popup dd").last).to_have_text(samples.TYPED[number % 4])
        assert page.evaluate("() => document.querySelectorAll('.leaflet-popup :is(script, img)').length") == 0


def test_a_finding_shows_its_message_as_text(map_page: Callable[..., Page]) -> None:
    page = map_page()
    page.evaluate("() => Wangge.map.layer('findings').zoomTo(1)")
    page.wait_for_timeout(600)
    click_on(page, "findings", 1)
    expect(page.locator(".leaflet-popup")).to_contain_text("重叠 <b>0.4</b> 公顷")


def test_a_click_on_an_area_is_told_to_the_page(map_page: Callable[..., Page]) -> None:
    page = map_page()
    page.evaluate(
        "() => document.addEventListener('wangge:select', ({ detail }) => (window.told = [detail.layer, detail.id]))"
    )
    click_on(page, "grids", 3)
    page.wait_for_function("() => window.told")
    assert page.evaluate("() => window.told") == ["grids", 3]
    expect(page.locator(".leaflet-popup")).to_contain_text("第3网格")


def test_layers_are_switched_and_the_legend_follows(map_page: Callable[..., Page]) -> None:
    page = map_page()
    legend = page.locator(".map-legend")
    expect(legend).to_contain_text("待核查")
    page.locator(".leaflet-control-layers").hover()
    page.locator(".leaflet-control-layers-overlays label", has_text="事件").click()
    expect(legend).not_to_contain_text("待核查")
    page.locator(".leaflet-control-layers-overlays label", has_text="按期").click()
    expect(legend).to_contain_text("90–100%")


def test_names_of_areas_do_not_cover_one_another(map_page: Callable[..., Page]) -> None:
    page = map_page()
    expect(page.locator(".map-label-township").first).to_be_visible()
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.map-label')].map((e) => e.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) > 10
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart = one["right"] <= other["left"] + 2 or other["right"] <= one["left"] + 2
            assert apart or one["bottom"] <= other["top"] + 6 or other["bottom"] <= one["top"] + 6


def test_the_map_returns_to_the_whole_area(map_page: Callable[..., Page]) -> None:
    page = map_page()
    page.evaluate("() => Wangge.map.show(119.31, 33.21, 17)")
    page.get_by_role("button", name="回到我的辖区").click()
    page.wait_for_function("() => Wangge.map.leaflet.getBounds().contains(Wangge.map.bounds)")


def test_a_pin_is_put_by_a_click_and_moved_by_keys(map_page: Callable[..., Page]) -> None:
    page = map_page()
    page.evaluate("() => Wangge.map.layer('pin').moveTo(119.38, 33.26)")
    page.wait_for_timeout(600)
    assert page.input_value("#sample-lon") == "119.380000"
    page.locator(".map-pin").focus()
    page.keyboard.press("ArrowRight")
    assert float(page.input_value("#sample-lon")) > 119.38
    assert float(page.input_value("#sample-lat")) == pytest.approx(33.26, abs=1e-5)


def test_a_pin_takes_the_devices_position(map_page: Callable[..., Page]) -> None:
    here = {"longitude": 119.4, "latitude": 33.25, "accuracy": 12}
    page = map_page(geolocation=here, permissions=["geolocation"])
    page.get_by_role("button", name="我的位置").click()
    expect(page.locator("#sample-lon")).to_have_value("119.400000")


def test_a_device_without_permission_says_what_to_do(map_page: Callable[..., Page]) -> None:
    page = map_page()
    page.get_by_role("button", name="我的位置").click()
    expect(page.locator(".map-trouble")).to_contain_text("请在地图上点选事发地点")


def test_data_that_cannot_be_had_is_told_with_a_button_that_tries_again(
    map_page: Callable[..., Page], troubles: list[str]
) -> None:
    page = map_page()
    page.route("**/styleguide/incidents.json", lambda route: route.abort())
    page.evaluate("() => Wangge.map.layer('incidents').reload()")
    expect(page.locator(".map-trouble")).to_contain_text("地图数据未能加载")
    page.unroute("**/styleguide/incidents.json")
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".map-trouble")).to_be_hidden()
    assert all("ERR_FAILED" in trouble for trouble in troubles)
    troubles.clear()


def test_a_query_is_sent_along_and_blanks_are_left_out(map_page: Callable[..., Page]) -> None:
    page = map_page()
    with page.expect_request("**/styleguide/incidents.json?*") as asked:
        page.evaluate("() => Wangge.map.layer('incidents').setQuery({ state: 'filed', township: '' })")
    assert asked.value.url.endswith("incidents.json?state=filed")


def test_areas_are_fetched_for_the_box_in_view_and_not_again_within_it(map_page: Callable[..., Page]) -> None:
    page, asked = map_page(), []
    page.on("request", lambda request: asked.append(request.url) if "grids.json" in request.url else None)
    page.evaluate("() => { Wangge.map.leaflet.panBy([5, 5], { animate: false }); }")
    page.wait_for_timeout(500)
    assert asked == []
    with page.expect_request("**/grids.json?*"):
        page.evaluate("() => Wangge.map.show(119.35, 33.25, 15)")
    west, south, east, north = map(float, re.findall(r"bbox=([^&]+)", asked[0])[0].replace("%2C", ",").split(","))
    assert west < 119.35 < east
    assert south < 33.25 < north
    assert "zoom=15" in asked[0]


# --- in the browser: a base map drawn in another datum ----------------------------------------------------------


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_tiles_of_a_shifted_base_map_are_moved_back_to_where_they_belong(
    app: Flask, map_page: Callable[..., Page], datum: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["wangge"].settings
    monkeypatch.setattr(
        app.extensions["wangge"],
        "settings",
        _changed(settings, basemap_url="/base/{z}/{x}/{y}.png", basemap_datum=datum),
    )
    page = map_page()
    page.evaluate("() => { Wangge.map.leaflet.setView([33.26, 119.38], 16, { animate: false }); }")
    page.wait_for_timeout(800)
    tiles = page.evaluate(
        """() => {
            const frame = Wangge.map.element.getBoundingClientRect();
            return [...document.querySelectorAll("img.leaflet-tile")].map((tile) => {
                const [z, x, y] = new URL(tile.src).pathname.match(/\\d+/g).map(Number);
                const at = tile.getBoundingClientRect();
                const { width, height } = at;
                return { z, x, y, width, height, left: at.left - frame.left, top: at.top - frame.top };
            }).filter(({ z }) => z === 16);
        }"""
    )
    assert len(tiles) > 4
    for tile in tiles:
        lon, lat = to_wgs84(*_corner(tile["z"], tile["x"], tile["y"]), datum)
        point = page.evaluate("([lat, lon]) => Wangge.map.leaflet.latLngToContainerPoint([lat, lon])", [lat, lon])
        assert abs(tile["left"] - point["x"]) < 2, tile
        assert abs(tile["top"] - point["y"]) < 2, tile
    assert _uncovered(tiles, page.locator(".map-canvas").bounding_box()) == []


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("url", "written", "subdomains"),
    [
        ("https://t{0-7}.tiles.cn/{z}/{x}/{y}", "https://t{s}.tiles.cn/{z}/{x}/{y}", "01234567"),
        ("https://web0{1-4}.tiles.cn/{z}/{x}/{y}", "https://web0{s}.tiles.cn/{z}/{x}/{y}", "1234"),
        ("https://{s}.tiles.cn/{z}/{x}/{y}", "https://{s}.tiles.cn/{z}/{x}/{y}", "abc"),
    ],
)
def test_the_names_of_tile_servers_may_be_a_range(
    app: Flask, monkeypatch: pytest.MonkeyPatch, url: str, written: str, subdomains: str
) -> None:
    settings = app.extensions["wangge"].settings
    monkeypatch.setattr(app.extensions["wangge"], "settings", _changed(settings, basemap_url=url))
    page = render_template_string("{{ map_block(map) }}", map=new_map(COUNTY))
    assert written in page
    assert f'"subdomains":"{subdomains}"' in page


def _uncovered(tiles: list[dict[str, float]], frame: Any) -> list[tuple[int, int]]:
    """The points of a raster over the map that no tile covers; seams of a pixel are allowed for."""

    def covers(tile: dict[str, float], x: float, y: float) -> bool:
        return -1 <= x - tile["left"] <= tile["width"] + 1 and -1 <= y - tile["top"] <= tile["height"] + 1

    raster = [(x, y) for x in range(0, int(frame["width"]), 7) for y in range(0, int(frame["height"]), 7)]
    return [(x, y) for x, y in raster if not any(covers(tile, x, y) for tile in tiles)]


def _changed(settings: Any, **values: Any) -> Any:
    return type(settings)(**{**vars(settings), **values})


def _tile(route: Route) -> None:
    route.fulfill(status=200, content_type="image/png", body=ONE_PIXEL)


def _corner(z: int, x: int, y: int) -> tuple[float, float]:
    """The north-western corner of a web map tile, in the degrees of whoever drew it."""
    lon = x / 2**z * 360 - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y / 2**z))))
    return lon, float(lat)
