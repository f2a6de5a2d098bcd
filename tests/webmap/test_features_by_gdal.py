"""OGC API – Features as GDAL's own client reads it: its driver is the yardstick for every other one."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, request, request_started
from shapely.geometry import box, shape
from sqlalchemy.dialects.postgresql import Range

from database.session import open_session
from geo.codes import AreaKind
from tests.factories import make_area
from tests.webmap.neighbours import Neighbours, settle

GRIDS = ["329901001001001", "329901001001002", "329901002001001", "329901002001002"]


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    """The two townships with two incidents in a and one in b, 25 villages elsewhere, and one that ended."""
    found = settle(app)
    for _ in range(2):
        found.report("desk-a", channel="hotline", matter="M01")
    found.report("desk-b", channel="hotline", lon=119.025, matter="M01")
    with open_session(app.extensions["wangge"].engine) as db:
        for number in range(25):
            make_area(db, f"329901003{number:03}", AreaKind.VILLAGE, box(120 + number, 33, 121 + number, 34))
        ended = Range(None, datetime(2025, 1, 1, tzinfo=UTC))
        make_area(db, "329901001009", AreaKind.VILLAGE, box(118, 33, 118.1, 33.1), valid=ended, name="旧村")
        db.commit()
    return found


@pytest.fixture
def address(neighbours: Neighbours, server: str) -> str:
    return f"{server}/api/v1/ogc"


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """The paths and queries that the server was asked."""
    heard: list[str] = []

    def hear(_app: Flask, **_about: Any) -> None:
        heard.append(request.full_path)

    with request_started.connected_to(hear, app):
        yield heard


def gdal(program: str, *arguments: str, bearer: str | None = None, basic: str | None = None) -> str:
    """What the program printed. A warning or an error of it fails the test."""
    config = ["--config", "GDAL_HTTP_HEADERS", f"Authorization: Bearer {bearer}"] if bearer else []
    config += ["--config", "GDAL_HTTP_USERPWD", basic] if basic else []
    ran = subprocess.run([program, *config, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr + ran.stdout
    return ran.stdout


def summary(address: str, **who: str) -> dict[str, int]:
    """Each layer that `ogrinfo` lists, with its number of features."""
    printed = gdal("ogrinfo", "-ro", "-al", "-so", f"OAPIF:{address}", **who)
    return {
        name: int(count)
        for name, count in re.findall(r"Layer name: (\S+)\n.*?Feature Count: (\d+)", printed, re.DOTALL)
    }


def read(address: str, layer: str, *options: str, bearer: str = "planner") -> Any:
    """The layer as GeoJSON, after GDAL has read it."""
    source = ["-f", "GeoJSON", "/vsistdout/", f"OAPIF:{address}", layer]
    return json.loads(gdal("ogr2ogr", *options, *source, bearer=bearer))


def codes(layer: Any) -> list[str]:
    return [feature["properties"]["code"] for feature in layer["features"]]


def test_a_planner_is_listed_the_areas_and_a_dispatcher_his_own_incidents_besides(address: str):
    areas = {"county": 1, "township": 2, "village": 27, "comprehensive": 4, "specialised": 1}
    assert summary(address, bearer="planner") == areas
    assert summary(address, bearer="desk-a") == areas | {"incidents": 2}
    assert summary(address, bearer="desk-b") == areas | {"incidents": 1}
    assert summary(address, bearer="county") == areas | {"incidents": 3}


def test_a_layer_is_described_with_its_extent_its_system_and_its_columns(address: str):
    printed = gdal("ogrinfo", "-ro", "-so", f"OAPIF:{address}", "comprehensive", bearer="planner")
    assert "Geometry: Multi Polygon" in printed
    assert "Extent: (119.000000, 33.000000) - (119.040000, 33.010000)" in printed
    assert 'GEOGCRS["WGS 84"' in printed


def test_the_token_may_be_the_password(address: str):
    assert summary(address, basic="desk-b:desk-b")["incidents"] == 1


def test_everything_is_read_across_pages(address: str):
    page_by_page = read(address, "village", "-oo", "PAGE_SIZE=10")
    assert len(set(codes(page_by_page))) == 27
    assert page_by_page == read(address, "village")


def test_outlines_arrive_as_they_are_kept(address: str):
    [first] = read(address, "comprehensive", "-where", f"code = '{GRIDS[0]}'")["features"]
    assert shape(first["geometry"]).equals(box(119, 33, 119.01, 33.01))
    assert first["properties"]["parent"] == "329901001001"


def test_a_box_and_a_code_are_left_to_the_server(address: str, asked: list[str]):
    assert codes(read(address, "comprehensive", "-spat", "119.012", "33.002", "119.022", "33.004")) == GRIDS[1:3]
    assert "bbox=119.012" in asked[-1]
    assert (
        codes(read(address, "comprehensive", "-where", f"parent = '329901001001' AND code = '{GRIDS[1]}'"))
        == GRIDS[1:2]
    )
    assert "/api/v1/ogc/api?" in asked  # where it looks up by what may be filtered
    assert asked[-1].endswith(f"parent=329901001001&code={GRIDS[1]}")


def test_the_state_of_incidents_is_left_to_the_server(address: str, asked: list[str]):
    assert len(read(address, "incidents", "-where", "state = 'filed'", bearer="desk-a")["features"]) == 2
    assert asked[-1].endswith("state=filed")
    assert read(address, "incidents", "-where", "state = 'closed'", bearer="desk-a")["features"] == []


def test_another_moment_is_asked_for_in_the_address(address: str):
    now, then = read(address, "village"), read(f"{address}?datetime=2024-12-31T00:00:00Z", "village")
    assert set(codes(then)) - set(codes(now)) == {"329901001009"}
