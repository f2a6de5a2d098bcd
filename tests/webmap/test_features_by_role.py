"""OGC API – Features: what each role sees of it, and by which tokens."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.webmap.neighbours import Neighbours, settle
from webmap.accounts import ApiToken
from webmap.identity import token_digest
from webmap.installation import utcnow

ROOT = "/api/v1/ogc"
NOBODYS_WORDS = "此话不得外传"
GRIDS = ["329901001001001", "329901001001002"]
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    """The two townships, with three incidents in a, and one in b besides one that has no place."""
    found = settle(app)
    for _ in range(3):
        found.report("desk-a", channel="hotline", text=NOBODYS_WORDS, reporter_name="张三丰", matter="M01")
    found.report("desk-b", channel="hotline", text=NOBODYS_WORDS, lon=119.025, matter="M01")
    found.report("desk-b", channel="hotline", text=NOBODYS_WORDS, lon=..., lat=...)
    return found


@pytest.fixture
def ask(neighbours: Neighbours) -> Callable[..., Any]:
    """`ask("planner", "/collections/village/items", code=…)` → the JSON of a good answer."""

    def asking(who: str, path: str, **query: Any) -> Any:
        response = neighbours.asking(who).get(ROOT + path, query_string=query)
        assert response.status_code == 200, response.text
        return response.json

    return asking


def test_incidents_are_a_layer_only_for_roles_that_may_read_them(neighbours: Neighbours, ask: Callable[..., Any]):
    seen = {
        who: "incidents" in {layer["id"] for layer in ask(who, "/collections")["collections"]}
        for who in ("planner", "leader", "desk-a", "worker-a")
    }
    assert seen == {"planner": False, "leader": True, "desk-a": True, "worker-a": True}
    for path in ("", "/items", "/items/1"):
        assert neighbours.asking("planner").get(f"{ROOT}/collections/incidents{path}").status_code == 403
    assert not [path for path in ask("planner", "/api")["paths"] if "incidents" in path]
    assert "/collections/incidents/items" in ask("desk-a", "/api")["paths"]


def test_a_township_sees_its_own_incidents_alone(neighbours: Neighbours, ask: Callable[..., Any]):
    pages = {who: ask(who, "/collections/incidents/items") for who in ("desk-a", "desk-b", "county")}
    assert {who: page["numberMatched"] for who, page in pages.items()} == {"desk-a": 3, "desk-b": 1, "county": 4}
    [of_b] = pages["desk-b"]["features"]
    assert ask("desk-b", f"/collections/incidents/items/{of_b['id']}")["properties"] == of_b["properties"]
    assert neighbours.asking("desk-a").get(f"{ROOT}/collections/incidents/items/{of_b['id']}").status_code == 404
    extents = {who: ask(who, "/collections/incidents")["extent"]["spatial"]["bbox"] for who in ("desk-a", "desk-b")}
    assert extents == {"desk-a": [[119.005, 33.005, 119.005, 33.005]], "desk-b": [[119.025, 33.005, 119.025, 33.005]]}


def test_incidents_bear_no_words_and_no_names(ask: Callable[..., Any]):
    page = ask("desk-a", "/collections/incidents/items", grid=GRIDS[0], state="filed")
    first = page["features"][0]
    assert first["geometry"] == {"type": "Point", "coordinates": [119.005, 33.005]}
    assert set(first["properties"]) == {"number", "state", "matter", "grid", "reported_at", "due_at"}
    assert first["properties"]["matter"] == "井盖缺损"
    told = json.dumps(page, ensure_ascii=False)
    assert NOBODYS_WORDS not in told and "张" not in told


def test_incidents_are_found_by_when_they_were_reported_and_by_their_properties(ask: Callable[..., Any]):
    path = "/collections/incidents/items"
    first, second, third = ask("desk-a", path)["features"]
    told = first["properties"]
    assert ask("desk-a", path, number=told["number"])["features"] == [first]
    assert ask("desk-a", path, datetime=second["properties"]["reported_at"])["features"] == [second]
    assert ask("desk-a", path, datetime=f"{second['properties']['reported_at']}/..")["features"] == [second, third]
    assert ask("desk-a", path, datetime="../2020-01-01T00:00:00Z")["features"] == []
    assert ask("desk-a", path, grid=GRIDS[1])["features"] == []
    assert ask("desk-a", path, bbox="119.006,33,119.01,33.01")["features"] == []
    one, two = (ask("desk-a", path, limit=1, after=after) for after in (0, first["id"]))
    assert one["features"] + two["features"] == [first, second]


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def test_a_token_may_come_as_the_password_of_a_name(neighbours: Neighbours):
    client = neighbours.asking()
    for name in ("desk-a", "", "whoever"):
        answer = client.get(f"{ROOT}/collections/incidents/items", headers=basic(name, "desk-a"))
        assert answer.json["numberMatched"] == 3


def test_such_a_token_is_refused_like_any_other(neighbours: Neighbours, store: Session):
    account = neighbours.accounts["planner"].id
    store.add(ApiToken(account_id=account, purpose="old", digest=token_digest("old"), expires_at=utcnow() - DAY))
    store.add(ApiToken(account_id=account, purpose="lost", digest=token_digest("lost"), revoked_at=utcnow()))
    store.commit()
    for token in ("old", "lost", "invented", ""):
        answer = neighbours.asking().get(f"{ROOT}/", headers=basic("planner", token))
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), token
        assert answer.headers["WWW-Authenticate"] == "Bearer"  # no word of Basic, at which browsers ask for passwords
    for header in ("Basic", "Basic ***", "Negotiate x"):
        assert neighbours.asking().get(f"{ROOT}/", headers={"Authorization": header}).status_code == 401


def test_only_these_routes_take_it_and_none_of_them_changes_anything(app: Flask, neighbours: Neighbours):
    assert neighbours.asking().get("/api/v1/units", headers=basic("desk-a", "desk-a")).status_code == 401
    own = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("features.")]
    assert len(own) == 10
    assert {method for rule in own for method in rule.methods or ()} == {"GET", "HEAD", "OPTIONS"}


def test_whoever_is_not_signed_in_is_told_so_in_json(neighbours: Neighbours):
    for path in ("", "/api", "/conformance", "/collections", "/collections/village/items"):
        answer = neighbours.asking().get(ROOT + path)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
