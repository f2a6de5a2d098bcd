"""Next year's map in two drafts: new borders of villages, and grids that fit only these, for one moment to come."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import shapely
from flask import Flask
from shapely import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.redraw_models import RedrawFinding
from incidents.clock import LOCAL
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import A, B, drafted, faultless, layer, number, redraw_of, work
from webmap.installation import utcnow


def village(*rows: tuple[str, str, Any]) -> bytes:
    """A GeoJSON of villages of the first township: code, name and outline."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name, "parent": "329901001"},
            "geometry": json.loads(shapely.to_geojson(outline)),
        }
        for code, name, outline in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


WEST, EAST = box(119, 33, 119.01, 33.01), box(119.01, 33, 119.02, 33.01)
TWO_VILLAGES = village(("329901001001", "西村", WEST), ("329901001002", "东村", EAST))
"""The only village of the township, which has two grids, in two."""
THEIR_GRIDS = layer(("329901001001001", "西格", WEST, 400), ("329901001002001", "东格", EAST, 400))


def published(
    app: Flask, planner: Visitor, store: Session, moment: str, *, name: str
) -> tuple[str, str]:  # fmt: skip
    """The addresses of both redraws, published for the moment by their pages."""
    villages = drafted(app, planner, TWO_VILLAGES, kind="village", scope="329901001", name=f"villages {name}")
    page = publish(planner, villages, moment)
    assert "Published by" in page, page
    grids = drafted(app, planner, THEIR_GRIDS, name=f"grids {name}")
    assert blocking(store, grids)
    planner.post(f"{grids}/check", data={"when": "later", "at": moment})
    work(app)
    work(app)
    assert not blocking(store, grids)
    shown = planner.get(grids).text
    assert "It is checked against the map of" in shown
    assert shown.count(f'value="{moment}"') == 2  # beside the check, and where it is published
    page = publish(planner, grids, moment)
    assert "Published by" in page, page
    return villages, grids


def publish(planner: Visitor, address: str, moment: str) -> str:
    data = {"when": "later", "at": moment}
    return planner.post(f"{address}/publish", data=data, follow_redirects=True).text


def blocking(store: Session, address: str) -> list[str]:
    query = select(RedrawFinding.code).where(
        RedrawFinding.redraw_id == number(address), RedrawFinding.severity == "block", RedrawFinding.decision.is_(None)
    )
    store.expire_all()
    return list(store.scalars(query))


def areas(store: Session, at: datetime) -> set[str]:
    """The codes of villages and grids of the first township at a moment."""
    store.expire_all()
    found = areas_valid_at(store, at, kinds=[AreaKind.VILLAGE, AreaKind.COMPREHENSIVE])
    return {area.code for area in found if area.code.startswith("329901001")}


TODAY = {"329901001001", A, B}
THEN = {"329901001001", "329901001002", A, "329901001002001"}


def in_days(days: int) -> tuple[str, datetime]:
    """A midnight to come: as a form has it, and as a moment."""
    day = (utcnow() + timedelta(days=days)).astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    return f"{day:%Y-%m-%dT%H:%M}", day


def test_grids_that_fit_only_next_years_villages_are_checked_and_published_with_these(
    app: Flask, planner: Visitor, store: Session
):
    written, moment = in_days(30)
    villages, grids = published(app, planner, store, written, name="both")
    assert areas(store, moment - timedelta(seconds=1)) == TODAY
    assert areas(store, moment) == THEN
    # What they lie under cannot be taken away from under them.
    told = planner.post(f"{villages}/revert", follow_redirects=True).text
    assert "grids both" in told
    assert redraw_of(store, villages).state == "published"
    planner.post(f"{grids}/revert")
    planner.post(f"{villages}/revert")
    assert areas(store, moment) == TODAY == areas(store, utcnow())


def test_the_moment_that_a_draft_is_meant_for_is_remembered_until_another_is_chosen(
    app: Flask, planner: Visitor, store: Session
):
    written, moment = in_days(60)
    grids = drafted(app, planner, faultless(), name="remembered")
    planner.post(f"{grids}/check", data={"when": "later", "at": written})
    work(app)
    work(app)
    redraw = redraw_of(store, grids)
    assert redraw.comparison is not None
    assert datetime.fromisoformat(redraw.comparison["at"]) == moment
    planner.post(f"{grids}/row", data={"row": "1", "code": A, "name": "又一新", "households": "400"})
    work(app)
    assert datetime.fromisoformat(redraw_of(store, grids).comparison["at"]) == moment
    assert "moment" not in planner.get(f"{grids}/definition.json").json
    planner.post(f"{grids}/check", data={"when": "now"})
    work(app)
    assert datetime.fromisoformat(redraw_of(store, grids).comparison["at"]) <= utcnow()
    assert "又一新" in planner.get(f"{grids}/rows").text  # changed by hand: not read anew


def test_a_moment_that_is_missing_or_has_passed_is_refused(app: Flask, planner: Visitor, store: Session):
    grids = drafted(app, planner, faultless(), name="refused moments")
    for typed in ("", "2020-01-01T00:00", "9999-12-31T23:59"):
        planner.post(f"{grids}/check", data={"when": "later", "at": typed}, follow_redirects=True)
        assert redraw_of(store, grids).state == "checked"


def test_the_command_line_remembers_the_moment_too_and_takes_now(app: Flask, planner: Visitor, store: Session):
    written, moment = in_days(45)
    grids = drafted(app, planner, faultless(), name="by command")
    run = app.test_cli_runner().invoke
    run(args=["redraw", "check", str(number(grids)), "--at", written])
    run(args=["redraw", "check", str(number(grids))])
    assert datetime.fromisoformat(redraw_of(store, grids).comparison["at"]) == moment
    run(args=["redraw", "check", str(number(grids)), "--at", "now"])
    run(args=["redraw", "check", str(number(grids))])
    assert datetime.fromisoformat(redraw_of(store, grids).comparison["at"]) <= utcnow()
