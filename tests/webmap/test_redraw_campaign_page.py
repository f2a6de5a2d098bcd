"""A planner's campaign through the page: the file is sent, its faults mended, published for a date, and undone."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import shapely
from flask import Flask
from playwright.sync_api import Page, expect

from incidents.clock import LOCAL
from shapefiles.campaign import CampaignFiles, found_campaign, write_campaign
from shapefiles.county import County, found_county
from shapefiles.generate import SEED
from tests.webmap.redrawing import have_the_worker_work, load_areas
from webmap.accounts import Account
from webmap.installation import utcnow
from webmap.permissions import Role

FOUND = {
    "overlap": 10, "gap": 6, "remainder": 4, "code-repeated": 3, "sliver": 2, "parent-mismatch": 1, "outside-parent": 1,
}  # fmt: skip
"""What the check says of the seeded faults. Four of the ten gaps lie at a village's border; a grid that is put under
the wrong village lies outside it besides."""


@pytest.fixture(scope="module")
def county() -> County:
    return found_county(SEED)


@pytest.fixture(scope="module")
def sent(county: County, tmp_path_factory: pytest.TempPathFactory) -> CampaignFiles:
    return write_campaign(tmp_path_factory.mktemp("campaign"), found_campaign(county, SEED))


@pytest.fixture(scope="module")
def loaded(app: Flask, county: County, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_areas(app.extensions["wangge"], tmp_path_factory.mktemp("areas"), county)


@pytest.mark.timeout(900)  # a whole county is read and checked twice, by a worker of its own
@pytest.mark.usefixtures("loaded")
def test_from_the_planners_file_to_the_published_map_and_back(
    app: Flask, open_page: Callable[..., Page], make_account: Callable[..., Account], sent: CampaignFiles
):
    page = open_page(width=1600, height=1000, language="en", account=make_account(Role.PLANNER))
    page.goto("/plans/redraws/new")
    page.set_input_files("#file", sent.grids)
    page.fill("#name", "Grids 2027")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(re.compile(r"/plans/redraws/\d+$"))
    have_the_worker_work(app)  # and the page shows by itself what was found

    expect(page.get_by_text("EPSG:4549").first).to_be_visible()
    for kind, count in FOUND.items():
        expect(page.locator(f'details[data-group="{kind}"] .plans-count')).to_have_text(str(count))
    expect(page.locator("#publish button.button-main")).to_be_disabled()
    page.locator('[data-step="1"]').click()
    expect(page.locator("[data-at]")).to_have_text(re.compile(r"^1 / "))

    for kind in ("code-repeated", "parent-mismatch", "overlap", "gap", "remainder", "sliver"):
        _mend_all(page, kind)
    have_the_worker_work(app)
    expect(page.get_by_text("Nothing blocks")).to_be_visible()

    page.get_by_role("link", name="Look at the differences").click()
    expect(page.get_by_text("Split").first).to_be_visible()
    page.go_back()

    date = utcnow().astimezone(LOCAL) + timedelta(days=60)
    page.fill("input[name=at]", date.strftime("%Y-%m-%dT%H:%M"))
    page.locator("#publish").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("in force from").first).to_be_visible()
    before, after = date - timedelta(days=1), date + timedelta(days=1)
    assert _differ(page, county_points(sent), before.isoformat(), after.isoformat()) > 0

    page.get_by_role("button", name="Revert …").click()
    page.fill("#revert-note", "the council said no")
    page.locator("#reverting").get_by_role("button", name="Revert").click()
    expect(page.get_by_text("Reverted").first).to_be_visible()
    assert _differ(page, county_points(sent), before.isoformat(), after.isoformat()) == 0


def _mend_all(page: Page, kind: str) -> None:
    """Press the group's button, where a check has not already settled it."""
    group = page.locator(f'details[data-group="{kind}"]')
    if group.count() and group.locator("button", has_text="Mend all").count():
        if group.get_attribute("open") is None:
            group.locator("summary").click()
        group.get_by_role("button", name=re.compile("Mend all")).click()
        page.wait_for_load_state()


def county_points(sent: CampaignFiles) -> list[tuple[float, float]]:
    """Points where the campaign was spoilt, which it does only in grids that change; in degrees."""
    truth = json.loads(sent.truth.read_text(encoding="utf-8"))
    shapes = [shapely.from_geojson(json.dumps(fault["geometry"])) for fault in truth["faults"]]
    return [tuple(shapely.point_on_surface(shape).coords[0]) for shape in shapes]


def _differ(page: Page, points: list[tuple[float, float]], before: str, after: str) -> int:
    """How many of the points lie in another grid at the later moment, as the API tells."""
    count = 0
    for lon, lat in points:
        found = [
            page.request.get("/api/v1/locate", params={"lon": lon, "lat": lat, "at": moment}).json()["grid"]["code"]
            for moment in (before, after)
        ]
        count += found[0] != found[1]
    return count
