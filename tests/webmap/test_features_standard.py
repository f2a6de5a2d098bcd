"""OGC API – Features 1.0 (OGC 17-069r4), requirement by requirement, for what tests of features do not show besides."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from shapely.geometry import box, shape
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from geo.codes import AreaKind
from tests.factories import make_area
from tests.webmap.neighbours import Neighbours, settle
from webmap.api.documents import document

ROOT = "/api/v1/ogc"
LAYERS = [*AreaKind, "incidents"]
ADDRESSES = [
    "", "/conformance", "/api", "/collections", *(f"/collections/{layer}" for layer in LAYERS),
    *(f"/collections/{layer}/items" for layer in LAYERS), *(f"/collections/{layer}/items/first" for layer in LAYERS),
]  # fmt: skip


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    """The two townships, with two incidents in a at places that have more decimals than are told."""
    found = settle(app)
    for lon in (119.0049999999987, 119.0060000000013):
        found.report("desk-a", channel="hotline", matter="M01", lon=lon, lat=33.0050000000013)
    return found


@pytest.fixture
def first(neighbours: Neighbours) -> dict[str, int]:
    """The id of the first feature of each layer."""
    return {layer: pages(neighbours, layer)[0]["features"][0]["id"] for layer in LAYERS}


def get(neighbours: Neighbours, address: str, first: dict[str, int], **asked: Any) -> TestResponse:
    """One of the addresses above, as somebody who sees every layer."""
    layer = address.split("/")[2] if address.count("/") > 1 else ""
    whole = ROOT + address.replace("/first", f"/{first[layer]}" if layer else "")
    return neighbours.asking("desk-a").open(whole, **{"method": "GET"} | asked)


def pages(neighbours: Neighbours, layer: str, **query: Any) -> list[Any]:
    """Every page of a layer, by the links from one to the next."""
    client, found = neighbours.asking("desk-a"), []
    response = client.get(f"{ROOT}/collections/{layer}/items", query_string=query)
    while True:
        assert (response.status_code, response.mimetype) == (200, "application/geo+json"), response.text
        found.append(response.json)
        following = [link["href"] for link in response.json["links"] if link["rel"] == "next"]
        if not following:
            return found
        response = client.get(following[0])


def links_in(told: Any) -> Iterator[dict[str, str]]:
    """Every link of an answer, however deep."""
    for name, value in told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ():
        if name == "links":
            yield from value
        else:
            yield from links_in(value)


# --- /req/core/query-param-unknown and -invalid ---------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_takes_a_parameter_that_is_not_described(
    neighbours: Neighbours, first: dict[str, int], address: str
):
    for query in ("colour=red", "colour=", "f=", "Limit=1"):
        response = get(neighbours, address, first, query_string=query)
        assert (response.status_code, response.mimetype) == (400, "application/problem+json"), query
        assert [error["field"] for error in response.json["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize("query", ["limit=", "bbox=", "datetime=", "code=%20", "limit=1&bbox="])
def test_a_parameter_without_a_value_is_a_wrong_one(neighbours: Neighbours, query: str):
    assert neighbours.asking("desk-a").get(f"{ROOT}/collections/village/items?{query}").status_code == 400


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_moment_that_was_given_with_the_address_of_the_service_is_carried_along_everywhere(
    neighbours: Neighbours, first: dict[str, int], address: str
):
    """QGIS and GDAL append what stands after the address of the service to every other one."""
    moment = {"datetime": "2030-01-01T00:00:00Z/.."}
    assert get(neighbours, address, first, query_string=moment).status_code == 200
    assert get(neighbours, address, first, query_string={"datetime": "some day"}).status_code == 400


# --- /req/core/http, root-success, fc-md-links, fc-md-items-links, fc-links, f-links, fc-rel-type -------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_head_of_an_answer_may_be_asked_for_alone(neighbours: Neighbours, first: dict[str, int], address: str):
    whole, head = (get(neighbours, address, first, method=method) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content_type, head.data) == (200, whole.content_type, b"")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_says_what_it_is_and_leads_there(neighbours: Neighbours, first: dict[str, int], address: str):
    told = get(neighbours, address, first)
    found = list(links_in(told.json)) if address != "/api" else []
    assert bool(found) is (address not in ("/api", "/conformance"))
    for link in found:
        assert urlsplit(link["href"]).scheme == "http"
        reached = neighbours.asking("desk-a").get(link["href"])
        assert (reached.status_code, reached.content_type) == (200, link["type"])
        if link["rel"] == "self" and not address.endswith(("items", "collections")):
            assert reached.json == told.json


def test_the_link_of_a_page_to_itself_is_an_address_also_with_chinese_words(neighbours: Neighbours):
    asked = f"{ROOT}/collections/county/items?name={quote('溪川县')}&datetime=2026-01-01T00:00:00%2B08:00"
    [own] = [link["href"] for link in neighbours.asking("desk-a").get(asked).json["links"] if link["rel"] == "self"]
    assert own == f"http://localhost{asked}"


# --- /req/core/fc-md-extent, fc-limit-response-1, fc-numberMatched, fc-numberReturned, fc-timeStamp -----------------


@pytest.mark.parametrize("layer", LAYERS)
def test_the_extent_holds_every_position_as_it_is_told(neighbours: Neighbours, layer: str, store: Session):
    if layer == AreaKind.VILLAGE:
        odd = box(117.0000000000987, 32.0000000000987, 117.0000000100013, 32.0000000100013)
        make_area(store, "329901001777", layer, odd, valid=Range(None, datetime(2000, 1, 1, tzinfo=UTC)))
        store.commit()
    described = neighbours.asking("desk-a").get(f"{ROOT}/collections/{layer}").json
    [[west, south, east, north]] = described["extent"]["spatial"]["bbox"]
    for page in pages(neighbours, layer, datetime="1900-01-01T00:00:00Z/.."):
        for feature in page["features"]:
            x, y, x_to, y_to = shape(feature["geometry"]).bounds
            assert west <= x
            assert south <= y
            assert x_to <= east
            assert y_to <= north


@pytest.mark.parametrize("layer", LAYERS)
def test_pages_count_what_they_hold_and_what_all_of_them_hold(neighbours: Neighbours, layer: str):
    found = pages(neighbours, layer, limit=1)
    ids = [feature["id"] for page in found for feature in page["features"]]
    assert len(ids) == len(set(ids)) == len(found) > 0
    for page in found:
        assert (page["type"], page["numberReturned"], page["numberMatched"]) == ("FeatureCollection", 1, len(ids))
        assert datetime.fromisoformat(page["timeStamp"]).tzinfo == UTC
        assert [link["rel"] for link in page["links"]].count("self") == 1


# --- /req/core/fc-time-response -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "found"),
    [
        ("0000-01-01T00:00:00Z/2035-01-01T00:00:00Z", 2),  # an open side as QGIS writes it
        ("2020-01-01T00:00:00Z/9999-12-31T00:00:00Z", 2),
        ("0000-01-01T00:00:00Z/2020-01-01T00:00:00Z", 0),
        ("0000-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59-12:00/..", 0),
        ("2020-01-01t00:00:00z/..", 2),
        ("2020-01-01T00:00:00.123456789Z/", 2),
        ("2020-01-01/2035-01-01", 2),  # as people write it in QGIS's filter
    ],
)
def test_a_period_of_any_century_is_understood(neighbours: Neighbours, period: str, found: int):
    assert sum(page["numberReturned"] for page in pages(neighbours, "incidents", datetime=period)) == found


@pytest.mark.parametrize(("moment", "is_there"), [("0000-01-01T00:00:00Z", True), ("9999-12-31T00:00:00Z", True)])
def test_an_area_that_was_always_there_is_so_at_any_moment(neighbours: Neighbours, moment: str, is_there: bool):
    [page] = pages(neighbours, "county", datetime=moment)
    assert bool(page["features"]) is is_there


@pytest.mark.parametrize(
    "moment",
    [
        "0000-13-01T00:00:00Z", "9999-12-32T00:00:00Z", "2025-02-30T00:00:00Z", "2025-01-01T24:00:00Z", "2025",
        "9999-12-31T00:00:00Z/0000-01-01T00:00:00Z", "20250101T000000Z", "2025-W01-1",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused(neighbours: Neighbours, moment: str):
    response = neighbours.asking("desk-a").get(f"{ROOT}/collections/village/items", query_string={"datetime": moment})
    fields = {error["field"].partition(".")[0] for error in response.json["errors"]}
    assert (response.status_code, fields) == (400, {"datetime"})


# --- /req/oas30/completeness, exception-codes, and the parameters of /req/core/fc-*-definition ----------------------


def test_a_wrong_query_is_described_as_it_is_answered(app: Flask, neighbours: Neighbours):
    own = neighbours.asking("desk-a").get(f"{ROOT}/api").json["paths"]
    of_all = {path: told for path, told in document(app)["paths"].items() if path.startswith(ROOT)}
    assert len(own) > len(of_all) == 10
    for path, told in (own | of_all).items():
        statuses = set(told["get"]["responses"])
        assert {"200", "400", "401", "403", "default"} <= statuses, path
        assert "422" not in statuses, path
    assert "422" in document(app)["paths"]["/api/v1/incidents"]["get"]["responses"]


def test_parameters_are_described_where_and_as_programs_look_for_them(neighbours: Neighbours):
    described = neighbours.asking("desk-a").get(f"{ROOT}/api").json
    asked = {each["name"]: each for each in described["paths"]["/collections/incidents/items"]["get"]["parameters"]}
    assert {each["in"] for each in asked.values()} == {"query"}
    assert not any(each["required"] or each["explode"] for each in asked.values())
    assert asked["bbox"]["schema"]["oneOf"] == [{"minItems": sides, "maxItems": sides} for sides in (4, 6)]
    assert described["components"]["parameters"]["limit"] == asked["limit"]  # by which QGIS chooses its pages
    assert all(each["schema"]["type"] for each in asked.values())  # by which GDAL and QGIS let the server filter
    assert "filed" in asked["state"]["schema"]["enum"]
