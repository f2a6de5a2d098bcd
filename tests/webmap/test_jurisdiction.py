"""No page, no answer of the API and no tile shows a township what belongs to the next one: every route is walked."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from database.session import open_session
from geo.codes import AreaKind
from geo.redraw_drafts import Planner, begin
from incidents.models import Incident, IncidentEvent, Photo
from tests.factories import NOW
from tests.webmap.neighbours import Neighbours, settle
from tests.webmap.walking import UnknownArgument, Values, steps

WORDS = ("此话不得外传", "不得外传街九号", "夏侯不传", "13655557777", "HL-SECRET-7", "内部备注不传")
"""Text, address, reporter, telephone, external number and a note: what only township b may know, with the numbers."""


@dataclass(frozen=True)
class Secrets:
    """The incidents of township b, and everything by which one could be told."""

    neighbours: Neighbours
    ids: list[int]
    photo_ids: list[int]
    redraw_id: int
    words: list[bytes]

    @property
    def values(self) -> Values:
        """What to put into the arguments of routes: whatever leads to township b."""
        accounts = self.neighbours.accounts
        return {
            ("incident_id",): [(number,) for number in self.ids],
            ("photo_id",): [(number,) for number in self.photo_ids],
            ("feature_id",): [(number,) for number in self.ids],
            ("account_id",): [(accounts["desk-b"].id,)],
            ("z", "x", "y"): [(0, 0, 0), (10, 850, 412)],
            ("package", "digest", "name"): [("leaflet", "0000000000", "none.js")],
            ("digest", "name"): [("0000000000", "none.js")],
            ("what",): [("areas",)],
            ("check_id",): [("00000000000000000000000000000000",)],
            ("redraw_id",): [(self.redraw_id,)],
        }

    @property
    def queries(self) -> list[str]:
        """Filters that mean township b, and the switches that pages and routes know."""
        mean_b = ["", "township=329901002", "grid=329901002001001", "bbox=119.02,33,119.04,33.01"]
        pages = [f"tab=all&case={number}&fragment=case" for number in self.ids] + ["tab=all&fragment=list"]
        return [*mean_b, *pages, "as=bins", "by=grid", "kind=comprehensive", "lon=119.025&lat=33.005"]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What could be sent to find out."""
        return [
            {},
            {"note": "why", "lead": "water"},
            {"lon": 119.005, "lat": 33.005},
            {"channel": "hotline", "external_number": WORDS[4], "text": "sent again"},
        ]

    def told_by(self, answer: Any) -> list[str]:
        """Which of the secrets an answer holds, in its body or its headers."""
        whole = answer.data + str(answer.headers).encode()
        return [word.decode() for word in self.words if word in whole]


@pytest.fixture(scope="module")
def secrets(app: Flask) -> Secrets:
    neighbours = settle(app)
    telling = {
        "text": WORDS[0], "address": WORDS[1], "reporter_name": WORDS[2], "reporter_phone": WORDS[3], "lon": 119.025,
        "channel": "hotline", "matter": "M01",
    }  # fmt: skip
    filed = neighbours.report("desk-b", external_number=WORDS[4], **telling).json
    dispatched = neighbours.report("desk-b", **telling).json
    moved = neighbours.asking("desk-b").post(
        f"/api/v1/incidents/{dispatched['id']}/dispatch", json={"lead": "desk-b", "note": WORDS[5]}
    )
    assert moved.status_code == 200
    unplaced = neighbours.report("desk-b", **(telling | {"lon": ..., "lat": ...})).json
    ids = [filed["id"], dispatched["id"], unplaced["id"]]
    with open_session(app.extensions["wangge"].engine) as db:
        photo = Photo(incident_id=ids[0], file_name="none.jpg", width=1, height=1, added_at=NOW, by_name="desk-b")
        db.add(photo)
        redraw = begin(db, "walked", AreaKind.COMPREHENSIVE, by=Planner("desk-b 的人"), now=NOW)
        redraw.within_ids = [neighbours.townships["b"]["township"].id]
        db.commit()
        photos, redraw_id = [photo.id], redraw.id
    numbers = [told["number"] for told in (filed, dispatched, unplaced)]
    return Secrets(neighbours, ids, photos, redraw_id, [word.encode() for word in (*WORDS, *numbers)])


@pytest.fixture
def as_served(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application as it answers in service: what breaks is answered, and the walk goes on."""
    monkeypatch.setattr(app, "testing", False)
    return app


def walked(secrets: Secrets, app: Flask, who: str) -> dict[str, str]:
    """By route: the first request at which `who` was told a secret, or at which something broke."""
    client = secrets.neighbours.asking(who)
    told: dict[str, str] = {}
    for step in steps(app, secrets.values, secrets.queries, secrets.bodies):
        answer = step.take(client)
        found = secrets.told_by(answer) + (["broke"] if answer.status_code >= 500 else [])
        if found:
            told.setdefault(step.endpoint, f"{step.method} {step.url} {step.body or ''}: {', '.join(found)}")
    return told


def events(store: Session) -> int:
    return store.scalar(select(func.count()).select_from(IncidentEvent)) or 0


@pytest.mark.parametrize("who", ["desk-a", "worker-a", "water", "planner"])
def test_nobody_outside_the_township_is_told_of_its_incidents_by_any_route(
    secrets: Secrets, as_served: Flask, store: Session, who: str
):
    before = events(store)
    assert walked(secrets, as_served, who) == {}
    lines = select(IncidentEvent.by_name).where(IncidentEvent.incident_id.in_(secrets.ids))
    assert set(store.scalars(lines)) <= {"desk-b 的人", "system"}
    states = store.scalars(select(Incident.state).where(Incident.id.in_(secrets.ids)).order_by(Incident.id)).all()
    assert states == ["filed", "dispatched", "reported"]
    assert events(store) >= before


def test_the_walk_would_have_found_them(secrets: Secrets, as_served: Flask):
    """The same walk by the township's own dispatcher meets the secrets wherever they are meant to be shown."""
    client = secrets.neighbours.asking("desk-b")
    reading = (step for step in steps(as_served, secrets.values, secrets.queries, []) if step.method == "GET")
    meant = {step.endpoint for step in reading if secrets.told_by(step.take(client))}
    assert {
        "api.incidents",
        "api.incident",
        "api.incident_map",
        "api.incident_tile",
        "desk.index",
        "desk.show",
        "features.incident_items",
        "features.incident_item",
    } <= meant


def test_a_route_with_an_argument_that_nobody_thought_of_stops_the_walk():
    app = Flask("another")
    app.add_url_rule("/cases/<case_number>", "case", lambda case_number: case_number)
    with pytest.raises(UnknownArgument, match="case_number"):
        list(steps(app, {("filename",): [("x",)]}, [""], [{}]))
