"""What maps are made of: areas, incidents, tiles and hotspots, each within the jurisdiction of whoever asks."""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient
from shapely.geometry import box, shape
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import AreaVersion
from incidents.models import Incident
from incidents.words import QueueReason
from tests.factories import make_area
from tests.webmap.neighbours import Neighbours, settle

NOBODYS_WORDS = "此话不得外传"


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    found = settle(app)
    for _ in range(3):
        found.report("desk-a", channel="hotline", text=NOBODYS_WORDS, reporter_name="张三丰", matter="M01")
    found.report("desk-b", channel="hotline", text=NOBODYS_WORDS, lon=119.025, matter="M01")
    found.report("desk-b", channel="hotline", text=NOBODYS_WORDS, lon=..., lat=...)
    return found


def ask(neighbours: Neighbours, who: str, path: str, **query: Any) -> Any:
    response = neighbours.asking(who).get(f"/api/v1/{path}", query_string=query)
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/geo+json"
    return response.json


def codes(answer: Any) -> list[str]:
    return [feature["properties"]["code"] for feature in answer["features"]]


def test_areas_come_with_what_a_map_says_of_them(neighbours: Neighbours):
    answer = ask(neighbours, "worker-a", "areas.geojson", kind="comprehensive")
    assert codes(answer) == ["329901001001001", "329901001001002", "329901002001001", "329901002001002"]
    first = answer["features"][0]
    assert first["id"] == neighbours.townships["a"]["a"].id
    assert first["properties"] | {"version": 0} == {
        "code": "329901001001001", "name": "area 329901001001001", "kind": "comprehensive", "version": 0,
        "parent": "329901001001", "domain": None, "households": None,
    }  # fmt: skip
    assert shape(first["geometry"]).equals(box(119, 33, 119.01, 33.01))
    [school] = ask(neighbours, "worker-a", "areas.geojson", kind="specialised")["features"]
    assert school["properties"]["domain"] == "school"


def test_only_the_areas_of_the_box_are_sent(neighbours: Neighbours):
    answer = ask(neighbours, "worker-a", "areas.geojson", kind="comprehensive", bbox="119.012,33,119.015,33.01")
    assert codes(answer) == ["329901001001002"]


def test_areas_are_those_of_the_date(neighbours: Neighbours, store: Session):
    turn = datetime(2025, 1, 1, tzinfo=UTC)
    make_area(store, "329901001009", AreaKind.VILLAGE, box(118, 33, 118.1, 33.1), valid=Range(None, turn))
    store.commit()
    day = timedelta(days=1)
    for _ in range(200):  # the process hears of the change in a moment, and within a second in any case
        then = codes(ask(neighbours, "desk-a", "areas.geojson", kind="village", at=(turn - day).isoformat()))
        if "329901001009" in then:
            break
        time.sleep(0.02)
    now = codes(ask(neighbours, "desk-a", "areas.geojson", kind="village"))
    assert set(then) - set(now) == {"329901001009"}


def test_what_the_browser_has_already_is_not_sent_again_until_an_area_changes(neighbours: Neighbours, store: Session):
    client, path = neighbours.asking("desk-a"), "/api/v1/areas.geojson?kind=township&zoom=12"
    first = client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    store.execute(update(AreaVersion).where(AreaVersion.name == "area 329901002").values(name="柳河镇"))
    store.commit()
    renamed = _until_changed(client, path, first.headers["ETag"])
    assert "柳河镇" in renamed.text


def _until_changed(client: FlaskClient, path: str, tag: str) -> Any:
    """The answer once the process has heard of the change, which takes a moment; its check heals within a second."""
    for _ in range(200):
        response = client.get(path, headers={"If-None-Match": tag})
        if response.status_code == 200:
            return response
        time.sleep(0.02)
    raise AssertionError("the change was never heard of")


def test_outlines_travel_compressed(neighbours: Neighbours):
    response = neighbours.asking("desk-a").get(
        "/api/v1/areas.geojson?kind=comprehensive", headers={"Accept-Encoding": "gzip"}
    )
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(response.data))["features"]) == 4


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {"kind"}),
        ("kind=planet", {"kind"}),
        ("kind=village&zoom=99&bbox=1,1,1,1&at=someday", {"zoom", "bbox", "at"}),
        ("kind=village&kind=township", {"kind"}),
    ],
)
def test_a_map_that_cannot_be_drawn_is_refused_with_every_reason(neighbours: Neighbours, query: str, fields: set[str]):
    response = neighbours.asking("desk-a").get(f"/api/v1/areas.geojson?{query}")
    assert response.status_code == 422
    assert {error["field"].split(".")[0] for error in response.json["errors"]} == fields


def test_incidents_on_a_map_bear_no_words_and_no_names(neighbours: Neighbours):
    answer = ask(neighbours, "desk-a", "incidents.geojson")
    assert (len(answer["features"]), answer["total"], answer["truncated"]) == (3, 3, False)
    point = answer["features"][0]
    assert point["geometry"] == {"type": "Point", "coordinates": [119.005, 33.005]}
    assert set(point["properties"]) == {
        "number", "state", "queue_reason", "reported_at", "due_at", "late", "matter", "grid",
    }  # fmt: skip
    assert point["properties"]["matter"] == "井盖缺损"
    assert NOBODYS_WORDS not in json.dumps(answer, ensure_ascii=False)
    assert "张" not in json.dumps(answer, ensure_ascii=False)


def test_the_map_takes_the_same_filters_as_the_list(neighbours: Neighbours):
    assert ask(neighbours, "county", "incidents.geojson", state="void")["features"] == []
    assert len(ask(neighbours, "county", "incidents.geojson", township="329901002", zoom=12)["features"]) == 1
    assert len(ask(neighbours, "county", "incidents.geojson", bbox="119,33,119.01,33.01")["features"]) == 3


def test_more_points_than_a_map_can_show_are_cut_and_said_to_be(neighbours: Neighbours, monkeypatch):
    monkeypatch.setattr("webmap.api.maps.MOST_POINTS", 2)
    answer = ask(neighbours, "desk-a", "incidents.geojson")
    assert (len(answer["features"]), answer["total"], answer["truncated"]) == (2, 3, True)


def test_bins_count_every_incident_once(neighbours: Neighbours):
    answer = ask(neighbours, "county", "incidents.geojson", **{"as": "bins", "cell_m": 500})
    assert sorted(feature["properties"]["count"] for feature in answer["features"]) == [1, 3]
    for feature in answer["features"]:
        west, south, east, north = feature["bbox"]
        lon, lat = feature["geometry"]["coordinates"]
        assert west < lon < east and south < lat < north
        assert north - south == pytest.approx(500 / 111_195, rel=1e-3)
    assert len(ask(neighbours, "county", "incidents.geojson", **{"as": "bins", "zoom": 8})["features"]) == 1


def test_a_default_point_is_no_hotspot(neighbours: Neighbours, store: Session):
    case = neighbours.report("desk-a", channel="hotline", lon=119.001).json["id"]
    before = ask(neighbours, "desk-a", "hotspots.geojson")["total"]
    kept = store.get_one(Incident, case)
    kept.queue_reason = QueueReason.PLACEHOLDER_POINT
    store.commit()
    assert ask(neighbours, "desk-a", "hotspots.geojson")["total"] == before - 1
    kept.queue_reason = None
    store.commit()


def test_hotspots_by_grid_compare_the_grids_of_one_s_own_jurisdiction(neighbours: Neighbours, store: Session):
    households = {"329901001001001": 300, "329901001001002": 500, "329901002001001": 400, "329901002001002": None}
    for code, counted in households.items():
        store.execute(update(AreaVersion).where(AreaVersion.name == f"area {code}").values(households=counted))
    store.commit()
    client, path = neighbours.asking("county"), "/api/v1/hotspots.geojson?by=grid"
    for _ in range(200):
        whole = client.get(path).json
        if whole["features"][0]["properties"]["households"] == 300:
            break
    told = {feature["properties"]["code"]: feature["properties"] for feature in whole["features"]}
    assert {code: each["households"] for code, each in told.items()} == households
    assert told["329901001001001"]["intensity"] > 1 > told["329901001001002"]["intensity"]
    assert told["329901002001002"]["intensity"] is None
    assert codes(ask(neighbours, "desk-b", "hotspots.geojson", by="grid")) == ["329901002001001", "329901002001002"]
    assert all(shapely.is_valid(shape(feature["geometry"])) for feature in whole["features"])


def tile(neighbours: Neighbours, who: str, path: str) -> Any:
    return neighbours.asking(who).get(f"/api/v1/tiles/{path}.mvt")


TILE = (10, 850, 412)  # holds both townships


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        ("township", b"329901001"), ("village", b"329901001001"), ("comprehensive", b"329901001001001"),
        ("specialised", b"school"),
    ],
)  # fmt: skip
def test_a_tile_holds_the_areas_of_its_layer(neighbours: Neighbours, layer: str, word: bytes):
    z, x, y = TILE
    found = tile(neighbours, "worker-a", f"{layer}/{z}/{x}/{y}")
    assert (found.status_code, found.mimetype) == (200, "application/vnd.mapbox-vector-tile")
    assert word in found.data and layer.encode() in found.data
    again = neighbours.asking("worker-a").get(
        f"/api/v1/tiles/{layer}/{z}/{x}/{y}.mvt", headers={"If-None-Match": found.headers["ETag"]}
    )
    assert again.status_code == 304


def test_a_tile_of_incidents_holds_those_of_the_jurisdiction_alone(neighbours: Neighbours):
    z, x, y = TILE
    numbers = {
        who: {feature["properties"]["number"] for feature in ask(neighbours, who, "incidents.geojson")["features"]}
        for who in ("desk-a", "desk-b")
    }
    assert numbers["desk-a"] and numbers["desk-b"]
    for who, other in (("desk-a", "desk-b"), ("desk-b", "desk-a")):
        drawn = tile(neighbours, who, f"incidents/{z}/{x}/{y}").data
        assert all(number.encode() in drawn for number in numbers[who])
        assert not any(number.encode() in drawn for number in numbers[other] - numbers[who])
        assert NOBODYS_WORDS.encode() not in drawn


def test_a_tile_of_incidents_is_not_kept_for_somebody_else(neighbours: Neighbours):
    z, x, y = TILE
    response = tile(neighbours, "desk-a", f"incidents/{z}/{x}/{y}")
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization"} <= {each.strip() for each in response.headers["Vary"].split(",")}


def test_a_tile_takes_the_filters_too(neighbours: Neighbours):
    z, x, y = TILE
    assert tile(neighbours, "county", f"incidents/{z}/{x}/{y}").status_code == 200
    client = neighbours.asking("county")
    assert client.get(f"/api/v1/tiles/incidents/{z}/{x}/{y}.mvt?state=void").status_code == 204


def test_where_nothing_lies_there_is_no_tile(neighbours: Neighbours):
    empty = tile(neighbours, "desk-a", "comprehensive/12/0/0")
    assert (empty.status_code, empty.data) == (204, b"")
    assert tile(neighbours, "desk-a", "incidents/12/0/0").status_code == 204


@pytest.mark.parametrize(
    "path", ["county/0/0/0", "rivers/0/0/0", "township/1/2/0", "incidents/23/0/0", "incidents/1/0/9"]
)
def test_tiles_that_cannot_exist_are_not_found(neighbours: Neighbours, path: str):
    assert tile(neighbours, "desk-a", path).status_code == 404


def test_the_world_tile_is_a_tile_like_any_other(neighbours: Neighbours):
    assert tile(neighbours, "desk-a", "incidents/0/0/0").status_code == 200
