"""The character NUL, wherever it is sent, is refused with a sentence and never a failure of ours."""

import io
from collections.abc import Callable

import pytest
from flask import Flask

from geo.models import Area
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import A, drafted, faultless, send
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
TOLD = "contains a character that no text has"


@pytest.mark.parametrize(
    "address", ["/plans/redraws?state=%00", "/plans/redraws/new?%00=1", "/plans/balance?township=%00", "/plans/%00"]
)
def test_in_an_address(planner: Visitor, ladder: dict[str, Area], address: str):
    answer = planner.get(address)
    assert answer.status_code == 422
    assert TOLD in answer.text


def test_in_the_name_of_a_new_redraw_or_of_its_file(planner: Visitor, ladder: dict[str, Area]):
    assert TOLD in send(planner, faultless(), name="a\0b").text
    form = {"file": (io.BytesIO(faultless()), "a\0.geojson"), "kind": "comprehensive"}
    assert planner.post("/plans/redraws", data=form, content_type="multipart/form-data").status_code == 422


def test_in_a_row_its_search_and_what_is_accepted(app: Flask, planner: Visitor):
    address = drafted(app, planner, faultless(), name="no text")
    assert planner.get(f"{address}/rows?q=%00").status_code == 422
    typed = {"row": "1", "code": A, "name": "一", "households": "400"}
    for changed in ({"name": "一\0"}, {"code": "\0"}, {"\0": ""}):
        assert planner.post(f"{address}/row", data=typed | changed).status_code == 422, changed
    assert planner.post(f"{address}/accept", data={"findings": "gap\0"}).status_code == 422


def test_in_a_name_to_sign_in_with(client: Visitor):
    assert client.sign_in("a\0").status_code == 422


def test_under_the_api_it_is_one_of_the_problems_that_are_told_at_once(signed_in: SignIn, ladder: dict[str, Area]):
    answer = signed_in(Role.COUNTY_DISPATCHER).get("/api/v1/incidents?township=%00&colour=red")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert {problem["field"].split(".")[0] for problem in answer.json["errors"]} == {"township", "colour"}
