"""The planner's pages: the areas of a date, and the check of a file, which changes nothing."""

import io
import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from flask import Flask
from playwright.sync_api import Page, expect
from shapely.geometry import Polygon, box
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area, AreaVersion
from importers.report import ImportReport, Problem
from tests.factories import make_area, make_duty, make_ladder, make_staff, make_unit
from tests.webmap.conftest import Visitor
from webmap.accounts import AuditLine
from webmap.installation import utcnow
from webmap.permissions import Role
from webmap.plans.telling import grouped
from webmap.plans.titles import TITLES

SignIn = Callable[..., Visitor]
GRIDS = AreaKind.COMPREHENSIVE


@pytest.fixture(scope="module")
def ladder(app: Flask) -> dict[str, Area]:
    """One township whose grid `a` has a worker, and a grid that was in force until ten days ago."""
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        ladder = make_ladder(db)
        desk = make_unit(db, "T1", area=ladder["township"])
        make_duty(db, make_staff(db, "W1", desk), ladder["a"])
        past = Range(None, utcnow() - timedelta(days=10))
        make_area(db, "329901001001009", GRIDS, box(119, 33, 119.01, 33.01), valid=past, name="old grid")
        db.commit()
        return dict(ladder)


def layer(*rows: tuple[str, str, Any]) -> bytes:
    """A GeoJSON of grids: code, name and outline."""
    features = [
        {
            "type": "Feature",
            "properties": {"网格编码": code, "网格名称": name, "颜色": "red"},
            "geometry": outline and json.loads(shapely.to_geojson(outline)),
        }
        for code, name, outline in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


BOW_TIE = Polygon([(119.012, 33.001), (119.018, 33.005), (119.018, 33.001), (119.012, 33.005)])
TROUBLED = layer(
    ("329901001001011", "新一网格", box(119.001, 33.001, 119.009, 33.009)),
    ("329901001001012", "", BOW_TIE),
    ("329901001001011", "新一网格", box(119.02, 33, 119.021, 33.001)),
    ("329901001001013", "<script>alert(1)</script>", None),
    ("32990100100", "短码", box(119.02, 33, 119.021, 33.001)),
)


def send(planner: Visitor, content: bytes, name: str = "新网格.geojson", **form: str) -> Any:
    return planner.post(
        "/plans/checks",
        data={"file": (io.BytesIO(content), name), "kind": "comprehensive", **form},
        content_type="multipart/form-data",
    )


def checked(planner: Visitor, content: bytes, name: str = "新网格.geojson", **form: str) -> str:
    """The address of the report, once it is there."""
    answer = send(planner, content, name, **form)
    assert answer.status_code == 303, answer.text
    for _ in range(300):
        if planner.get(f"{answer.location}/state").json["state"] != "running":
            return str(answer.location)
        time.sleep(0.1)
    raise AssertionError("the check does not end")


def test_the_areas_of_a_day_are_listed_with_who_answers(signed_in: SignIn, ladder: dict[str, Area]):
    page = signed_in(Role.PLANNER, language="en").get("/plans").text
    assert "329901001001001" in page
    assert "329901001001009" not in page
    assert "name W1" in page
    assert "unit T1" in page, "the township's desk answers for the grid without a worker"


def test_what_was_in_force_on_another_day_is_shown_for_that_day(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    before = (utcnow() - timedelta(days=30)).date().isoformat()
    page = planner.get(f"/plans?on={before}").text
    assert "old grid" in page
    assert re.search(r"areas\.geojson\?kind=comprehensive[^\"]*at=" + before[:4], page), "the map is of that day too"
    assert "old grid" not in planner.get("/plans?q=old").text


def test_a_search_that_finds_nothing_says_what_to_do(signed_in: SignIn, ladder: dict[str, Area]):
    page = signed_in(Role.PLANNER, language="en").get("/plans?q=nowhere%25").text
    assert "No area has this in its code or name." in page


def test_a_file_is_checked_row_by_row_and_nothing_of_it_stays(
    app: Flask, signed_in: SignIn, store: Session, ladder: dict[str, Area]
):
    before = store.scalar(select(func.count()).select_from(AreaVersion))
    planner = signed_in(Role.PLANNER, language="en")
    address = checked(planner, TROUBLED)
    page = planner.get(address).text
    for told in (
        "It cannot be loaded as it is",
        "Grids that share ground",
        "329901001001001 and 329901001001011 share",
        "Outlines that are broken",
        "crosses itself near",
        "Codes that occur twice",
        "Rows without a name",
        "Rows without an outline",
        "Codes that follow no rule",
        "UTF-8",
        "<code>网格编码</code>",
        "颜色",
        "新一网格",
        "import areas 新网格.geojson --kind comprehensive --commit",
    ):
        assert told in page or told in page.replace("&#39;", ""), told
    assert "<script>alert(1)" not in page
    assert store.scalar(select(func.count()).select_from(AreaVersion)) == before
    home = Path(app.extensions["wangge"].settings.data) / "uploads" / "checks" / address.rsplit("/", 1)[1]
    assert not (home / "新网格.geojson").exists()
    line = store.scalar(select(AuditLine).where(AuditLine.subject == "file:新网格.geojson"))
    assert line is not None


def test_the_findings_and_the_file_are_there_for_the_map(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER)
    address = checked(planner, TROUBLED)
    largest, *_smaller = planner.get(f"{address}/findings.geojson").json["features"]
    assert largest["properties"]["severity"] == "block"
    assert "329901001001001 与 329901001001011 重叠" in largest["properties"]["message"]
    assert shapely.geometry.shape(largest["geometry"]).bounds == pytest.approx((119.001, 33.001, 119.009, 33.009))
    drawn = planner.get(f"{address}/layer.geojson").json["features"]
    assert [feature["properties"]["row"] for feature in drawn] == [1, 2, 3, 5]


def test_a_check_is_told_in_chinese(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="zh")
    page = planner.get(checked(planner, TROUBLED)).text
    said = re.findall(r'<button type="button" data-(?:row|finding)="\d+">(.*?)</button>', page, re.DOTALL)
    assert len(said) >= 6
    for sentence in said:
        words = re.sub(r"<span.*?</span>|“.*?”", "", sentence)
        assert not re.search(r"[a-z]{4}", words), sentence


def test_a_clean_file_can_be_loaded_and_accepted_trouble_is_a_warning(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    overlapping = layer(("329901001001011", "new", box(119.001, 33.001, 119.009, 33.009)))
    page = planner.get(checked(planner, overlapping, accept="overlap", valid_from="2027-01-01")).text
    assert "It can be loaded: 1 of 1 areas are new." in page
    assert "--from 2027-01-01 --accept overlap --commit" in page


def test_a_file_that_cannot_be_read_says_why(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="zh")
    page = planner.get(checked(planner, b"this is no zip", "grids.zip")).text
    assert "grids.zip" in page
    assert "阻断" in page


def test_every_problem_of_the_form_is_told_and_nothing_is_begun(signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    answer = send(
        planner, b"x", "grids.exe", kind="planet", domain="school", datum="mars", columns="code", valid_from="soon",
        accept="anything",
    )  # fmt: skip
    assert answer.status_code == 422
    for told in ("Send a .zip", "what the areas are", "Only specialised", "datum is not known", "columns are not named",
                 "“soon” is no day", "cannot be accepted"):  # fmt: skip
        assert told in answer.text, told
    assert send(planner, b"", "").status_code == 422
    assert "Earlier checks" not in planner.get("/plans/checks").text


def test_a_check_is_seen_by_nobody_but_who_began_it(signed_in: SignIn, ladder: dict[str, Area]):
    address = checked(signed_in(Role.PLANNER), TROUBLED)
    other = signed_in(Role.PLANNER)
    for path in ("", "/state", "/findings.geojson", "/layer.geojson"):
        assert other.get(address + path).status_code == 404
    assert signed_in(Role.LEADER).get(address).status_code == 403
    assert other.get("/plans/checks/../../secret").status_code == 404


def test_a_check_that_was_lost_says_so(app: Flask, signed_in: SignIn, ladder: dict[str, Area]):
    planner = signed_in(Role.PLANNER, language="en")
    address = checked(planner, TROUBLED)
    home = Path(app.extensions["wangge"].settings.data) / "uploads" / "checks" / address.rsplit("/", 1)[1]
    (home / "report.json").unlink()
    (home / "failed").touch()
    assert "The check ended before it was finished" in planner.get(address).text


def test_groups_put_what_blocks_first(app: Flask):
    report = ImportReport(
        "x", problems=[Problem(1, None, "ring-not-closed", "a", "warn"), Problem(2, None, "code-missing", "empty")]
    )
    with app.test_request_context("/"):
        assert [group.code for group in grouped(report.to_json())] == ["code-missing", "ring-not-closed"]
        assert all(title and advice for title, advice in TITLES.values())


def test_a_planner_goes_through_the_findings(
    open_page: Callable[..., Page], make_account: Callable[..., Any], ladder: dict[str, Area], tmp_path: Path
):
    file = tmp_path / "grids.geojson"
    file.write_bytes(TROUBLED)
    page = open_page(width=1400, height=850, language="en", account=make_account(Role.PLANNER))
    page.get_by_role("button", name="area 329901001001002").click()
    expect(page.locator("tr.is-chosen")).to_contain_text("329901001001002")
    page.get_by_role("link", name="Check a file").click()
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("It cannot be loaded as it is")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-at]")).to_have_text(re.compile(r"^1 / \d$"))
    expect(page.locator("button.is-chosen")).to_contain_text("share")
    page.locator('[data-row="2"]').first.click()
    expect(page.locator("button.is-chosen")).to_contain_text("row 2")
