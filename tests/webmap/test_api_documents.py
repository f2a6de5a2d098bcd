"""The API's description: complete, valid, and kept by what the API really answers."""

from typing import Any

import jsonschema
import pytest
from flask import Flask
from openapi_spec_validator import validate

from tests.webmap.neighbours import Neighbours, settle
from webmap.api.documents import document
from webmap.api.operations import operation_of
from webmap.permissions import PUBLIC, Permission, access_of


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    found = settle(app)
    found.report("desk-a", channel="hotline", reporter_name="张三", reporter_phone="13812341234", matter="M01")
    found.report("desk-a", channel="hotline", lon=..., lat=...)
    return found


@pytest.fixture(scope="module")
def described(app: Flask) -> dict[str, Any]:
    return document(app)


def test_the_document_is_valid_and_public(neighbours: Neighbours):
    served = neighbours.asking().get("/api/v1/openapi.json")
    assert (served.status_code, served.mimetype) == (200, "application/json")
    validate(served.json)
    assert served.json["openapi"].startswith("3.1")


def test_every_route_of_the_api_is_described(app: Flask, described: dict[str, Any]):
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    assert len(rules) >= 15
    undescribed = [rule.rule for rule in rules if operation_of(app.view_functions[rule.endpoint]) is None]
    assert undescribed == []
    operations = sum(len(path) for path in described["paths"].values())
    assert operations == sum(len((rule.methods or set()) - {"HEAD", "OPTIONS"}) for rule in rules)


def test_every_route_of_the_api_says_who_may(app: Flask):
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            assert access_of(app.view_functions[rule.endpoint]) in {PUBLIC, *Permission}, rule.rule


def test_operations_have_names_of_their_own_and_words(described: dict[str, Any]):
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for operation in operations)


def test_the_query_of_a_list_is_described_as_it_is_read(described: dict[str, Any]):
    operation = described["paths"]["/api/v1/incidents"]["get"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert {"state", "township", "bbox", "cursor", "limit", "counts"} <= set(parameters)
    assert parameters["state"]["explode"] and parameters["state"]["schema"]["type"] == "array"
    assert not parameters["bbox"]["explode"]
    assert {"401", "403", "422"} <= set(operation["responses"])


def check(described: dict[str, Any], path: str, method: str, response: Any) -> None:
    """Hold a real answer to what is written about it."""
    told = described["paths"][path][method]["responses"][str(response.status_code)]["content"][response.mimetype]
    schema = {"$ref": told["schema"]["$ref"], "components": described["components"]}
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    errors = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in checker.iter_errors(response.json)
    ]
    assert errors == []


@pytest.mark.parametrize(
    "path",
    [
        "/incidents", "/incidents?counts=true&limit=1", "/incidents.geojson", "/incidents.geojson?as=bins", "/units",
        "/matters", "/indicators", "/indicators?by=grid", "/hotspots.geojson", "/hotspots.geojson?by=grid",
        "/areas.geojson?kind=comprehensive", "/areas.geojson?kind=specialised&zoom=9",
        "/locate?lon=119.003&lat=33.003", "/locate?lon=119.003&lat=33.003&datum=gcj02&at=2026-01-01T08:00",
        "/locate?lon=0&lat=0", "/locate?lon=100&lat=20",
    ],
)  # fmt: skip
def test_what_is_read_has_the_documented_shape(neighbours: Neighbours, described: dict[str, Any], path: str):
    response = neighbours.asking("desk-a").get(f"/api/v1{path}")
    assert response.status_code == 200, response.text
    check(described, f"/api/v1{path.partition('?')[0]}", "get", response)


def test_a_case_and_what_is_done_with_it_have_the_documented_shape(neighbours: Neighbours, described: dict[str, Any]):
    desk = neighbours.asking("desk-a")
    first = neighbours.report("desk-a", channel="patrol", accuracy_m=8)
    check(described, "/api/v1/reports", "post", first)
    one = "/api/v1/incidents/{incident_id}"
    at = f"/api/v1/incidents/{first.json['id']}"
    check(described, one, "get", desk.get(at))
    check(described, one + "/place", "post", desk.post(at + "/place", json={"lon": 119.003, "lat": 33.003}))
    check(described, one + "/{move}", "post", desk.post(at + "/dispatch", json={"lead": "water"}))
    check(described, one + "/reveal", "post", desk.post(at + "/reveal"))
    check(described, one, "get", desk.get(at))


def test_what_anybody_is_told_of_a_report_has_the_documented_shape(neighbours: Neighbours, described: dict[str, Any]):
    check(described, "/api/v1/reports", "post", neighbours.report())


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("desk-a", "/incidents?state=lost&limit=0", 422), (None, "/incidents", 401), ("planner", "/incidents", 403),
        ("desk-a", "/areas.geojson", 422),
    ],
)  # fmt: skip
def test_refusals_have_the_documented_shape(
    neighbours: Neighbours, described: dict[str, Any], who: str | None, path: str, status: int
):
    response = neighbours.asking(who).get(f"/api/v1{path}")
    assert response.status_code == status
    check(described, f"/api/v1{path.partition('?')[0]}", "get", response)


def test_malformed_reports_are_refused_in_the_documented_shape(neighbours: Neighbours, described: dict[str, Any]):
    check(described, "/api/v1/reports", "post", neighbours.report(text="", channel="pigeon"))
    broken = neighbours.asking().post("/api/v1/reports", data=b"{", content_type="application/json")
    check(described, "/api/v1/reports", "post", broken)
