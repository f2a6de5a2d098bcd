"""OGC API – Features: what the standard asks of every answer, which features are meant, and what is described."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import shapely
from flask import Flask
from openapi_spec_validator import validate
from shapely.geometry import box, shape
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from database.session import open_session
from geo.codes import AreaKind
from geo.models import AreaVersion
from tests.factories import make_area
from tests.webmap.neighbours import Neighbours, settle
from webmap.api.documents import document

ROOT = "/api/v1/ogc"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
TURN = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GRIDS = ["329901001001001", "329901001001002", "329901002001001", "329901002001002"]


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    """The two townships with an incident in a, and a village that ended."""
    found = settle(app)
    found.report("desk-a", channel="hotline", matter="M01")
    with open_session(app.extensions["wangge"].engine) as db:
        make_area(
            db, "329901001009", AreaKind.VILLAGE, box(118, 33, 118.1, 33.1), parent=found.townships["a"]["township"],
            valid=Range(None, TURN), name="旧村", households=7,
        )  # fmt: skip
        db.commit()
    return found


@pytest.fixture
def ask(neighbours: Neighbours) -> Callable[..., Any]:
    """`ask("planner", "/collections/village/items", code=…)` → the JSON of a good answer."""

    def asking(who: str, path: str, **query: Any) -> Any:
        response = neighbours.asking(who).get(ROOT + path, query_string=query)
        assert response.status_code == 200, response.text
        return response.json

    return asking


def codes(page: Any) -> list[str]:
    return [feature["properties"]["code"] for feature in page["features"]]


def href(answer: Any, rel: str) -> str:
    [found] = [link["href"] for link in answer["links"] if link["rel"] == rel]
    return found


# --- what the standard asks of every answer ----------------------------------------------------------------------


def test_everything_is_reached_from_the_landing_page(neighbours: Neighbours, ask: Callable[..., Any]):
    client = neighbours.asking("planner")
    landing = ask("planner", "")
    assert landing == ask("planner", "/") | {"links": landing["links"]}
    assert (
        client.get(href(landing, "service-desc"))
        .headers["Content-Type"]
        .startswith("application/vnd.oai.openapi+json;version=3.0")
    )
    conforms = client.get(href(landing, "conformance")).json["conformsTo"]
    assert {each.rpartition("/")[2] for each in conforms} == {"core", "oas30", "geojson"}
    for layer in client.get(href(landing, "data")).json["collections"]:
        assert client.get(href(layer, "self")).json == layer
        page = client.get(href(layer, "items"))
        assert page.mimetype == "application/geo+json"
        assert client.get(href(page.json, "self")).json["features"] == page.json["features"]
        assert client.get(href(page.json, "collection")).json["id"] == layer["id"]
        for feature in page.json["features"]:
            alone = client.get(f"{ROOT}/collections/{layer['id']}/items/{feature['id']}")
            assert alone.mimetype == "application/geo+json"
            assert feature.items() <= alone.json.items()


def test_there_is_a_layer_for_each_kind_of_area_with_how_far_it_reaches(ask: Callable[..., Any]):
    layers = {layer["id"]: layer for layer in ask("planner", "/collections")["collections"]}
    assert list(layers) == [*AreaKind]
    assert {layer["itemType"] for layer in layers.values()} == {"feature"}
    assert layers["comprehensive"]["crs"] == [CRS84]
    extent = layers["comprehensive"]["extent"]
    assert extent["spatial"]["bbox"] == [pytest.approx([119, 33, 119.04, 33.01])]
    assert extent["spatial"]["crs"] == CRS84
    assert extent["temporal"] == {"interval": [[None, None]]}
    past_ones_too = layers["village"]["extent"]["spatial"]["bbox"]
    assert past_ones_too == [pytest.approx([118, 33, 119.04, 33.1])]


def test_layers_are_called_what_people_call_them(neighbours: Neighbours):
    answer = neighbours.asking("desk-a").get(f"{ROOT}/collections", headers={"Accept-Language": "zh-CN"})
    titles = {layer["id"]: layer["title"] for layer in answer.json["collections"]}
    assert (titles["comprehensive"], titles["township"]) == ("综合网格", "镇街")


def test_a_layer_in_which_there_is_nothing_to_see_has_no_extent(ask: Callable[..., Any]):
    assert "extent" not in ask("water", "/collections")["collections"][-1]
    assert "extent" not in ask("water", "/collections/incidents")
    assert ask("water", "/collections/incidents/items")["features"] == []


def test_an_area_comes_with_what_is_known_of_its_version(neighbours: Neighbours, ask: Callable[..., Any]):
    [old] = ask("planner", "/collections/village/items", code="329901001009", datetime=(TURN - DAY).isoformat())[
        "features"
    ]
    assert old["properties"] | {"area_m2": 0} == {
        "code": "329901001009", "name": "旧村", "kind": "village", "parent": "329901001", "domain": None,
        "households": 7, "area_m2": 0, "valid_from": None, "valid_until": "2025-01-01T00:00:00+00:00",
    }  # fmt: skip
    assert old["properties"]["area_m2"] > 0
    assert shape(old["geometry"]).equals(box(118, 33, 118.1, 33.1))
    [school] = ask("planner", "/collections/specialised/items")["features"]
    assert school["properties"]["domain"] == "school"


def test_outer_rings_run_against_the_clock_and_positions_are_exact_to_a_tenth_of_a_millimetre(
    neighbours: Neighbours, ask: Callable[..., Any], store: Session
):
    clockwise = shapely.Polygon([(118, 33), (118, 33.1), (118.1234567894, 33.1)])
    area = make_area(store, "329901001010", AreaKind.VILLAGE, clockwise, valid=Range(TURN - DAY, TURN))
    store.commit()
    [feature] = ask("planner", "/collections/village/items", code=area.code, datetime="2024-12-31T12:00:00Z")[
        "features"
    ]
    [[ring]] = feature["geometry"]["coordinates"]
    assert shapely.LinearRing(ring).is_ccw
    assert [118.123456789, 33.1] in ring


def test_an_id_belongs_to_a_version_and_is_found_when_it_has_ended(
    neighbours: Neighbours, ask: Callable[..., Any], store: Session
):
    version = store.scalars(select(AreaVersion.id).where(AreaVersion.name == "旧村")).one()
    assert ask("planner", f"/collections/village/items/{version}")["properties"]["name"] == "旧村"
    for missing in (
        f"township/items/{version}",
        f"village/items/{10**30}",
        "village/items/x",
        "planet/items",
        "planet",
    ):
        response = neighbours.asking("planner").get(f"{ROOT}/collections/{missing}")
        assert (response.status_code, response.mimetype) == (404, "application/problem+json"), missing


# --- which features ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "found"),
    [
        ({}, False),
        ({"datetime": "2024-12-31T23:59:59Z"}, True),
        ({"datetime": "2025-01-01T00:00:00Z"}, False),  # the moment at which it ended is no longer its own
        ({"datetime": "2025-01-01T07:59:59+08:00"}, True),
        ({"datetime": "2024-12-31T00:00:00Z/2026-01-01T00:00:00Z"}, True),
        ({"datetime": "2025-01-01T00:00:00Z/2026-01-01T00:00:00Z"}, False),
        ({"datetime": "../2020-01-01T00:00:00Z"}, True),
        ({"datetime": "2025-01-01T00:00:00Z/.."}, False),
        ({"datetime": "/2020-01-01T00:00:00Z"}, True),
        ({"datetime": "../.."}, True),
    ],
)
def test_areas_are_those_of_the_moment_or_of_any_time_in_the_period(
    ask: Callable[..., Any], period: dict[str, str], found: bool
):
    page = ask("planner", "/collections/village/items", **period)
    assert ("329901001009" in codes(page)) is found
    assert {"329901001001", "329901002001"} <= set(codes(page))


def test_a_plus_that_was_not_escaped_is_still_a_zone(neighbours: Neighbours):
    moments = "2024-12-31T00:00:00+08:00/2024-12-31T01:00:00+08:00"
    response = neighbours.asking("planner").get(f"{ROOT}/collections/village/items?datetime={moments}")
    assert "329901001009" in codes(response.json)


@pytest.mark.parametrize(
    ("bbox", "expected"),
    [
        ("119.012,33.002,119.015,33.004", GRIDS[1:2]),
        ("119.01,33.002,119.01,33.002", GRIDS[:2]),  # a point on the edge is in both
        ("119.012,33.002,-50,119.015,33.004,900", GRIDS[1:2]),  # with heights
        ("119.035,33,-170,34", GRIDS[3:]),  # over the date line
        ("170,33,-170,34", []),
        ("170,33,119.005,34", GRIDS[:1]),
    ],
)
def test_a_box_means_what_has_a_point_in_common_with_it(ask: Callable[..., Any], bbox: str, expected: list[str]):
    page = ask("planner", "/collections/comprehensive/items", **{"bbox": bbox, "bbox-crs": CRS84})
    assert codes(page) == expected
    assert page["numberMatched"] == len(expected)


def test_a_box_beside_an_outline_does_not_mean_it_though_their_own_boxes_meet(ask: Callable[..., Any], store: Session):
    half = shapely.Polygon([(117, 33), (117.1, 33), (117, 33.1)])
    make_area(store, "329901001011", AreaKind.VILLAGE, half, valid=Range(TURN - DAY, TURN))
    store.commit()
    then = {"datetime": "2024-12-31T12:00:00Z"}
    assert codes(ask("planner", "/collections/village/items", bbox="117.09,33.09,117.1,33.1", **then)) == []
    assert codes(ask("planner", "/collections/village/items", bbox="117,33,117.01,33.01", **then)) == ["329901001011"]


@pytest.mark.parametrize(
    ("layer", "query", "expected"),
    [
        ("comprehensive", {"code": GRIDS[2]}, GRIDS[2:3]),
        ("comprehensive", {"parent": "329901001001"}, GRIDS[:2]),
        ("comprehensive", {"parent": "329901001001", "code": GRIDS[2]}, []),
        ("county", {"name": "溪川县"}, ["329901"]),
        ("county", {"name": "溪川"}, []),
    ],
)
def test_areas_are_found_by_their_properties(
    ask: Callable[..., Any], layer: str, query: dict[str, str], expected: list[str]
):
    assert codes(ask("planner", f"/collections/{layer}/items", **query)) == expected


def test_the_pages_together_are_everything_once_and_of_one_moment(neighbours: Neighbours, ask: Callable[..., Any]):
    client, found, moments = neighbours.asking("planner"), [], set()
    page = ask("planner", "/collections/comprehensive/items", limit=3, bbox="119,33,120,34")
    while True:
        assert page["numberMatched"] == 4
        assert page["numberReturned"] == len(page["features"])
        assert datetime.fromisoformat(page["timeStamp"]).tzinfo
        found += codes(page)
        following = [link for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        assert following[0]["type"] == "application/geo+json"
        moments |= set(parse_qs(urlsplit(following[0]["href"]).query)["datetime"])
        page = client.get(following[0]["href"]).json
    assert found == GRIDS
    assert len(moments) == 1


def test_a_page_that_is_just_full_has_no_next(ask: Callable[..., Any]):
    page = ask("planner", "/collections/comprehensive/items", limit=4)
    assert len(page["features"]) == 4
    assert "next" not in {link["rel"] for link in page["links"]}


def test_more_than_the_largest_page_is_taken_for_it(ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("webmap.features.asking.LARGEST_PAGE", 2)
    page = ask("planner", "/collections/comprehensive/items", limit=10**12)
    assert (page["numberReturned"], page["numberMatched"]) == (2, 4)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", {"limit"}),
        ("limit=many&bbox=1,2,3&datetime=someday", {"limit", "bbox", "datetime"}),
        ("bbox=1,2,3,4,5", {"bbox"}),
        ("bbox=1,4,3,2", {"bbox"}),
        ("bbox=1,2,nan,4", {"bbox"}),
        ("bbox=1,2,300,4", {"bbox"}),
        ("bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4549", {"bbox-crs"}),
        ("datetime=2025-01-01T00:00:00Z/2024-01-01T00:00:00Z", {"datetime"}),
        ("datetime=1735689600", {"datetime"}),
        ("datetime=..", {"datetime"}),
        ("datetime=../../..", {"datetime"}),
        ("after=-1", {"after"}),
        ("households=5", {"households"}),
        ("code=1&code=2", {"code"}),
    ],
)
def test_a_parameter_that_is_wrong_or_unknown_is_refused_with_400_and_every_reason(
    neighbours: Neighbours, query: str, fields: set[str]
):
    response = neighbours.asking("planner").get(f"{ROOT}/collections/village/items?{query}")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert {error["field"].split(".")[0] for error in response.json["errors"]} == fields


def test_a_page_travels_compressed(neighbours: Neighbours):
    response = neighbours.asking("planner").get(
        f"{ROOT}/collections/comprehensive/items", headers={"Accept-Encoding": "gzip"}
    )
    assert response.headers["Content-Encoding"] == "gzip"
    assert codes(json.loads(gzip.decompress(response.data))) == GRIDS


# --- its description ---------------------------------------------------------------------------------------------


def test_the_description_is_valid_openapi_3_0_of_what_is_there(app: Flask, ask: Callable[..., Any]):
    described = ask("desk-a", "/api")
    assert described["openapi"] == "3.0.3"
    validate(described)
    assert described["servers"] == [{"url": f"http://localhost{ROOT}"}]
    assert {"/", "/conformance", "/api", "/collections", "/collections/township/items/{feature_id}"} <= set(
        described["paths"]
    )
    parameters = {each["name"]: each for each in described["paths"]["/collections/village/items"]["get"]["parameters"]}
    assert set(parameters) == {"bbox", "bbox-crs", "datetime", "limit", "after", "code", "parent", "name"}
    limit = parameters["limit"]["schema"]
    assert (limit["type"], limit["minimum"], limit["maximum"], limit["default"]) == ("integer", 1, 10_000, 1_000)
    assert (parameters["bbox"]["style"], parameters["bbox"]["explode"]) == ("form", False)
    assert parameters["datetime"]["schema"]["type"] == "string"
    assert "nullable" not in json.dumps(parameters)


@pytest.mark.parametrize(
    ("path", "described_as"),
    [
        ("/", "/"), ("/conformance", "/conformance"), ("/collections", "/collections"),
        ("/collections/village", "/collections/village"), ("/collections/incidents", "/collections/incidents"),
        ("/collections/village/items", "/collections/village/items"),
        ("/collections/specialised/items?limit=1", "/collections/specialised/items"),
        ("/collections/incidents/items", "/collections/incidents/items"),
        ("/collections/village/items?limit=0", "/collections/village/items"),
        ("/collections/village/items/0", "/collections/village/items/{feature_id}"),
    ],
)  # fmt: skip
def test_what_is_answered_has_the_documented_shape_in_both_descriptions(
    app: Flask, neighbours: Neighbours, ask: Callable[..., Any], path: str, described_as: str
):
    response = neighbours.asking("desk-a").get(ROOT + path)
    layer = described_as.split("/")[2:3]
    of_all = f"{ROOT}{described_as}".replace(f"/{layer[0]}", "/{layer}") if layer and layer != ["incidents"] else None
    for described, key in ((ask("desk-a", "/api"), described_as), (document(app), of_all or ROOT + described_as)):
        told = described["paths"][key]["get"]["responses"][str(response.status_code)]["content"][response.mimetype]
        schema = {**told["schema"], "components": _with_null(described["components"])}
        errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(response.json)]
        assert errors == []


def _with_null(schema: Any) -> Any:
    """What 3.0 calls nullable, for a validator that has not heard of it."""
    if isinstance(schema, list):
        return [_with_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _with_null(value) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [told, {"type": "null"}]} if schema.get("nullable") is True else told
