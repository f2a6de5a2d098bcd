"""The overview: figures with both their numbers, month by month, within the jurisdiction."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area
from incidents.clock import LOCAL
from incidents.workflow import State
from tests.factories import make_area, make_incident, make_ladder
from tests.webmap.conftest import Visitor
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
Ladders = dict[str, dict[str, Area]]


def month_ago(months: int) -> datetime:
    """The twelfth of the month so many months ago, at noon."""
    day = utcnow().astimezone(LOCAL).replace(day=1, hour=12)
    for _ in range(months):
        day = (day - timedelta(days=1)).replace(day=1)
    return day.replace(day=12)


@pytest.fixture(scope="module")
def ladders(app: Any) -> Ladders:
    """Two townships: 4 reports in the east a month ago, 3 of them due and 2 closed; in the west 1 two months ago."""
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        east = make_ladder(db)
        west = make_ladder(db, west=119.02, township="329901002")
        at, closed = month_ago(1), {"state": State.CLOSED}
        late = at + timedelta(hours=1)
        make_incident(db, ladder=east, reported_at=at, due_at=late, closed_at=late, **closed)
        make_incident(db, ladder=east, reported_at=at, due_at=late, closed_at=late + timedelta(days=1), **closed)
        make_incident(db, ladder=east, reported_at=at, due_at=late)
        make_incident(db, ladder=east, reported_at=at, due_at=utcnow() + timedelta(days=9))
        make_incident(db, ladder=west, reported_at=month_ago(2))
        db.commit()
        return {"east": dict(east), "west": dict(west)}


def rows(page: str) -> dict[str, list[str]]:
    """The words of each row of the table, by the area's name."""
    table = page[page.index("<tbody>") : page.index("</tfoot>")]
    found = {}
    for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL):
        words = re.sub(r"<[^>]+>", " ", re.sub(r'<span class="visually-hidden">.*?</span>', "", row)).split()
        numbers = next(i for i, word in enumerate(words) if re.match(r"^[\d—]", word) and i > 0 and len(word) < 9)
        found[" ".join(words[:numbers])] = words[numbers:]
    return found


def test_rates_stand_beside_their_two_numbers(signed_in: SignIn, ladders: Ladders):
    page = signed_in(Role.LEADER, language="en").get(f"/overview?month={month_ago(1):%Y-%m}").text
    assert rows(page)["area 329901001"] == ["4", "▲", "4", "3", "2", "1", "66.67%", "2/3", "33.33%", "1/3"]
    assert rows(page)["area 329901002"] == ["0", "▼", "1", "0", "0", "0", "—", "0/0", "—", "0/0"]


def test_the_whole_year_adds_the_months(signed_in: SignIn, ladders: Ladders):
    page = signed_in(Role.LEADER, language="en").get("/overview?month=all").text
    assert rows(page)["Together"][:5] == ["5", "3", "2", "1", "66.67%"]


def test_a_township_s_leader_sees_its_villages_and_no_other_township(signed_in: SignIn, ladders: Ladders):
    leader = signed_in(Role.LEADER, area=ladders["east"]["township"], language="en")
    page = leader.get("/overview?month=all").text
    assert list(rows(page)) == ["area 329901001001", "Together"]
    assert rows(page)["Together"][0] == "4"
    assert leader.get("/overview?township=329901002").status_code == 404
    assert leader.get("/overview?grid=329901002001001").status_code == 404
    outlines = leader.get("/overview/areas.geojson").json
    assert [feature["properties"]["code"] for feature in outlines["features"]] == ["329901001001"]


def test_one_goes_from_the_county_down_to_the_grids(signed_in: SignIn, ladders: Ladders):
    leader = signed_in(Role.LEADER, language="en")
    assert "area 329901001001" in rows(leader.get("/overview?township=329901001&month=all").text)
    grids = rows(leader.get("/overview?village=329901001001&month=all").text)
    assert grids["area 329901001001001"][0] == "4"
    assert grids["area 329901001001002"][0] == "0"
    at_once = rows(leader.get("/overview?township=329901001&level=comprehensive&month=all").text)
    assert "area 329901001001001" in at_once


def test_the_table_is_ordered_as_asked_and_areas_without_a_number_come_last(signed_in: SignIn, ladders: Ladders):
    leader = signed_in(Role.LEADER, language="en")
    order = [
        list(rows(leader.get(f"/overview?month=all&{asked}").text))[:2]
        for asked in ("order=filed", "order=filed&descending=1", "order=closing", "order=closing&descending=1")
    ]
    east, west = "area 329901001", "area 329901002"
    assert order == [[west, east], [east, west], [east, west], [east, west]]


def test_the_key_figures_lead_to_their_cases_only_for_who_may_read_cases(signed_in: SignIn, ladders: Ladders):
    assert "/desk?tab=late" in signed_in(Role.LEADER).get("/overview").text
    assert "/desk?" not in signed_in(Role.PLANNER).get("/overview").text


def test_where_there_is_nothing_to_compare_the_page_says_so(signed_in: SignIn, store: Session):
    gone = make_area(
        store, "329901777", AreaKind.TOWNSHIP, box(119.5, 33, 119.6, 33.1), valid=Range(None, month_ago(3))
    )
    answer = signed_in(Role.LEADER, area=gone, language="en").get("/overview")
    assert answer.status_code == 200
    assert "There is nothing to compare." in answer.text


def test_a_leader_starts_on_the_overview(client: Visitor, make_account: Callable[..., Any]):
    assert client.sign_in(make_account(Role.LEADER).name).location == "/overview"


def test_what_colours_the_map_says_the_same_as_the_table(signed_in: SignIn, ladders: Ladders):
    page = signed_in(Role.LEADER).get(f"/overview?month={month_ago(1):%Y-%m}&fragment=figures").text
    told = json.loads(re.findall(r"data-map-figures>(.*?)</script>", page, re.DOTALL)[0])
    east = told["areas"][str(ladders["east"]["township"].id)]
    assert (east["filed"], round(east["closing"], 4), east["said_on_time"]) == (4, 0.6667, "33.33% (1/3)")
    assert sorted(told["scale"])[-2:] == [1, 4], "every month's counts, so that colours keep their meaning"


def test_a_leader_goes_through_the_months_without_leaving_the_page(
    open_page: Callable[..., Page], make_account: Callable[..., Any], ladders: Ladders
):
    page = open_page(width=1500, height=900, language="en", account=make_account(Role.LEADER))
    expect(page).to_have_url(re.compile("/overview$"))
    page.evaluate("window.stayed = true")
    page.get_by_role("slider", name="Month").focus()
    page.keyboard.press("ArrowLeft")
    table = page.locator(".overview-table")
    expect(table.get_by_role("row", name="area 329901001")).to_contain_text("2/3")
    expect(page).to_have_url(re.compile(f"month={month_ago(1):%Y-%m}"))
    page.get_by_role("link", name="Closing rate", exact=True).first.click()
    expect(page.locator(".map-legend")).to_contain_text("60–70%")
    page.get_by_label("Heat").check()
    expect(page.locator(".leaflet-heatmap-layer")).to_be_attached()
    table.get_by_role("button", name="Show area 329901001 on the map").click()
    expect(table.locator("tr.is-chosen")).to_contain_text("area 329901001")
    assert page.evaluate("window.stayed") is True
    table.get_by_role("link", name="area 329901001").click()
    expect(page.locator("h1")).to_have_text("area 329901001")
    expect(page).to_have_url(re.compile("show=closing"))
