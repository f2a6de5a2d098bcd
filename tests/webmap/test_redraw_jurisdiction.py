"""A township's planner decides about the township's ground alone, whatever is drawn; and numbers that nobody has."""

from collections.abc import Callable

import pytest
from flask import Flask
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.session import Scope, open_session
from geo.codes import AreaKind
from geo.models import Area
from geo.redraw_drafts import Planner
from geo.redraw_models import FileDefinition
from importers.areas import Reading
from importers.definitions import remember
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import (
    A,
    B,
    begun,
    drafted,
    faultless,
    findings,
    in_force,
    layer,
    number,
    redraw_of,
    work,
)
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
ABROAD = box(119.1, 33, 119.11, 33.01)
"""The first grid of the other township."""


@pytest.fixture
def town(signed_in: SignIn, ladder: dict[str, Area]) -> Visitor:
    return signed_in(Role.PLANNER, area=ladder["township"], language="en")


def today(*more: tuple) -> bytes:
    """The two grids of the first township as they stand, and more."""
    west, east = box(119, 33, 119.01, 33.01), box(119.01, 33, 119.02, 33.01)
    return layer((A, "一", west, 400), (B, "二", east, 400), *more)


def test_whoever_accepts_ground_of_a_neighbour_may_not_publish_it_themselves(app: Flask, town: Visitor, store: Session):
    content = today(("329901001001003", "越界", ABROAD, 400))
    address = drafted(app, town, content, scope="329901001", name="beyond")
    kinds = list(findings(store, address))
    assert "outside-scope" in kinds
    town.post(f"{address}/accept", data={"findings": kinds})
    assert redraw_of(store, address).summary["blocking"] == 0
    before = in_force(store)
    assert "outside your jurisdiction" in town.get(address).text
    assert town.post(f"{address}/publish", data={"when": "now"}).status_code == 403
    assert redraw_of(store, address).state == "checked"
    assert in_force(store) == before


def test_nor_a_row_that_they_have_put_under_a_neighbours_village(app: Flask, town: Visitor, store: Session):
    address = drafted(app, town, today(), scope="329901001", name="dumped")
    row = {"row": "2", "code": "329901002001009", "name": "二", "households": "400", "parent": "329901002001"}
    town.post(f"{address}/row", data=row)
    work(app)
    town.post(f"{address}/accept", data={"findings": list(findings(store, address))})
    assert town.post(f"{address}/publish", data={"when": "now"}).status_code == 403
    assert redraw_of(store, address).state != "published"


def test_what_lies_in_the_township_they_publish_themselves(app: Flask, town: Visitor, store: Session):
    address = drafted(app, town, faultless(), scope="329901001", name="ours")
    assert town.post(f"{address}/publish", data={"when": "now"}).status_code == 303
    assert redraw_of(store, address).state == "published"
    assert "in force since" in town.get("/plans/redraws?state=published").text
    assert town.post(f"{address}/revert", data={}).status_code == 303
    assert "in force since" not in town.get("/plans/redraws?state=reverted").text


def test_a_township_knows_its_own_senders_alone(
    app: Flask, town: Visitor, signed_in: SignIn, ladder: dict[str, Area], store: Session
):
    neighbour = signed_in(Role.PLANNER, area=ladder["other"], language="en")
    county = signed_in(Role.PLANNER, language="en")
    remember(store, "县测绘队", Reading(AreaKind.COMPREHENSIVE), area_id=None, by=Planner("Li"), now=utcnow())
    store.commit()
    abroad = faultless("329901002", 119.1)
    for visitor, content, columns in ((town, faultless(), "households=户数"), (neighbour, abroad, "name=网格名称")):
        drafted(app, visitor, content, sender="测绘院", columns=columns, name=columns)
    assert "测绘院" in town.get("/plans/redraws/new").text
    assert "县测绘队" not in town.get("/plans/redraws/new").text
    assert "县测绘队" in county.get("/plans/redraws/new").text
    assert 'data-sender="测绘院"' not in county.get("/plans/redraws/new").text
    next_one = redraw_of(store, begun(town, faultless(), sender="测绘院", name="the next one"))
    assert next_one.definition["columns"]["households"] == "户数", "not what the neighbour has chosen"
    work(app)
    for scope, seen in (
        (Scope(area_ids=(ladder["township"].id,)), {ladder["township"].id}),
        (Scope(everywhere=True), {None, ladder["township"].id, ladder["other"].id}),
        (Scope(), set()),
    ):
        with open_session(app.extensions["wangge"].engine, scope) as db:
            assert set(db.scalars(select(FileDefinition.area_id))) == seen


@pytest.mark.parametrize("digits", [12, 19, 25])
def test_a_number_that_nothing_has_is_not_found_and_no_failure_of_ours(app: Flask, town: Visitor, digits: int):
    address, large = drafted(app, town, faultless(), name=f"numbers {digits}"), "9" * digits
    assert town.get(f"/plans/redraws/{large}").status_code == 404
    assert town.get(f"{address}/rows?row={large}").status_code == 200
    assert town.get(f"{address}/rows?finding={large}").status_code == 200
    for step in ("accept", "mend"):
        assert town.post(f"{address}/{step}", data={"finding": large}).status_code == 303, step


def test_households_of_thousands_of_digits_are_refused_beside_their_field(app: Flask, town: Visitor):
    address = drafted(app, town, faultless(), name="many households")
    typed = {"row": "1", "code": A, "name": "一", "households": "9" * 5000}
    answer = town.post(f"{address}/rows", data=typed)
    assert answer.status_code == 422
    assert "Households are a whole number" in answer.text


def test_nothing_is_tried_in_a_draft_whose_file_waits_to_be_read(app: Flask, town: Visitor, store: Session):
    address = begun(town, faultless(), name="waits to be read")
    tried = {
        "what": "split", "grid": A, "into": str(number(address)), "line": "119.005 32.99, 119.005 33.02", "name": "",
    }  # fmt: skip
    answer = town.post("/plans/balance?township=329901001", data=tried)
    assert answer.status_code == 409
    assert "Something is being done" in answer.text
    work(app)
