"""Reading incidents and moving them along through the API, as each role sees them."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from incidents.models import Incident, IncidentEvent, Photo
from incidents.words import EventKind
from tests.webmap.neighbours import Neighbours, settle
from webmap.accounts import AuditLine
from webmap.installation import utcnow
from webmap.permissions import Role


@pytest.fixture(scope="module")
def neighbours(app: Flask) -> Neighbours:
    return settle(app)


@pytest.fixture
def case(neighbours: Neighbours) -> int:
    """An incident in township a's first grid, reported by telephone."""
    told = neighbours.report(
        "desk-a", channel="hotline", reporter_name="张三", reporter_phone="13812341234", matter="M01"
    )
    return int(told.json["id"])


def move(neighbours: Neighbours, who: str, case: int, step: str, **body: Any):
    return neighbours.asking(who).post(f"/api/v1/incidents/{case}/{step}", json=body)


def listed(neighbours: Neighbours, who: str, **query: Any) -> list[int]:
    response = neighbours.asking(who).get("/api/v1/incidents", query_string={"limit": 200} | query)
    assert response.status_code == 200, response.text
    return [incident["id"] for incident in response.json["incidents"]]


def test_a_case_is_shown_whole_with_the_reporter_masked(neighbours: Neighbours, case: int):
    shown = neighbours.asking("desk-a").get(f"/api/v1/incidents/{case}").json
    assert (shown["state"], shown["text"], shown["grid"]["code"]) == ("filed", "井盖坏了", "329901001001001")
    assert shown["reporter"] == {"name": "张**", "phone": "138****1234"}
    assert shown["explanation"]["rule"] == "covers"
    assert shown["raw"] == {"x": 119.005, "y": 33.005, "datum": "wgs84", "accuracy_m": None}
    assert [event["kind"] for event in shown["history"]] == ["received", "placed", "moved"]
    assert {each["move"] for each in shown["moves"]} == {"dispatch", "void", "fix"}


def test_from_the_desk_to_the_department_and_back_to_be_closed(neighbours: Neighbours, case: int):
    assert move(neighbours, "desk-a", case, "dispatch", lead="water", note="please").json["lead"]["code"] == "water"
    assert listed(neighbours, "water", state="dispatched") == [case]
    assert move(neighbours, "water", case, "handle", note="new lid").json["state"] == "handled"
    done = move(neighbours, "desk-a", case, "close")
    assert (done.status_code, done.json["state"], done.json["moves"]) == (200, "closed", [])


def test_found_and_fixed_by_the_worker_of_the_grid(neighbours: Neighbours, case: int):
    assert move(neighbours, "worker-a", case, "fix", note="done").json["state"] == "closed"


@pytest.mark.parametrize(
    ("who", "step", "body", "status"),
    [
        ("desk-a", "close", {}, 409),  # not handled yet
        ("desk-a", "void", {}, 422),  # no reason given
        ("desk-a", "dispatch", {}, 422),  # to nobody
        ("desk-a", "dispatch", {"lead": "nobody"}, 422),
        ("desk-a", "dispatch", {"lead": "water", "colour": "red"}, 422),
        ("worker-a", "dispatch", {"lead": "water"}, 403),
        ("leader", "void", {"note": "because"}, 403),
        ("desk-b", "void", {"note": "because"}, 404),  # not theirs: as if it did not exist
        ("worker-b", "fix", {}, 404),
        ("desk-a", "explode", {}, 404),
    ],
)
def test_a_step_that_may_not_be_taken_is_refused_and_changes_nothing(
    neighbours: Neighbours, store: Session, case: int, who: str, step: str, body: dict, status: int
):
    response = move(neighbours, who, case, step, **body)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json["status"] == status and response.json["title"] and response.json["detail"]
    assert store.get_one(Incident, case).state == "filed"


@pytest.mark.parametrize("path", ["/api/v1/incidents/0", f"/api/v1/incidents/{2**63}", "/api/v1/incidents/x"])
def test_what_cannot_be_an_incident_is_not_found(neighbours: Neighbours, path: str):
    assert neighbours.asking("county").get(path).status_code == 404


def test_nobody_reads_without_signing_in(neighbours: Neighbours, case: int):
    for path in ("/api/v1/incidents", f"/api/v1/incidents/{case}", "/api/v1/incidents.geojson"):
        response = neighbours.asking().get(path)
        assert (response.status_code, response.mimetype) == (401, "application/problem+json")
        assert response.headers["WWW-Authenticate"] == "Bearer"
    assert neighbours.asking("no such token").get("/api/v1/incidents").status_code == 401
    assert neighbours.asking("planner").get("/api/v1/incidents").status_code == 403


def test_the_reporter_is_revealed_with_a_line_in_the_history_and_in_the_audit_trail(
    neighbours: Neighbours, store: Session, case: int
):
    response = neighbours.asking("desk-a").post(f"/api/v1/incidents/{case}/reveal")
    assert response.json == {"name": "张三", "phone": "13812341234"}
    assert response.headers["Cache-Control"] == "no-store"
    [line] = store.scalars(select(AuditLine).where(AuditLine.subject == f"incident:{case}")).all()
    assert (line.action, line.account_id) == ("reporter-revealed", neighbours.accounts["desk-a"].id)
    assert "张三" not in str(line.details)
    kinds = store.scalars(select(IncidentEvent.kind).where(IncidentEvent.incident_id == case)).all()
    assert kinds.count(EventKind.REVEALED) == 1


@pytest.mark.parametrize(("who", "status"), [("desk-b", 404), ("leader", 403), ("worker-b", 404), ("water", 404)])
def test_the_reporter_is_revealed_to_nobody_else_and_nothing_is_recorded(
    neighbours: Neighbours, store: Session, case: int, who: str, status: int
):
    response = neighbours.asking(who).post(f"/api/v1/incidents/{case}/reveal")
    assert response.status_code == status
    assert "1381234" not in response.text
    assert store.scalars(select(AuditLine).where(AuditLine.subject == f"incident:{case}")).all() == []


def test_an_unplaced_report_is_placed_by_hand_in_any_datum(neighbours: Neighbours):
    case = neighbours.report("desk-a", channel="hotline", lon=..., lat=...).json["id"]
    placed = move(neighbours, "desk-a", case, "place", lon=119.015, lat=33.005, note="the caller says so")
    assert placed.status_code == 200, placed.text
    assert (placed.json["state"], placed.json["grid"]["code"]) == ("filed", "329901001001002")
    again = move(neighbours, "desk-a", case, "place", lon=13247576.0, lat=3895967.6, datum="EPSG:3857")
    assert again.json["grid"]["code"] == "329901001001001"


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("desk-a", {"lon": 0, "lat": 0}, 422),
        ("desk-a", {"lon": 100, "lat": 20}, 422),
        ("desk-a", {"lon": 119.015}, 422),
        ("desk-a", {"lon": 119.015, "lat": 33.005, "datum": "mars"}, 422),
        ("worker-a", {"lon": 119.015, "lat": 33.005}, 403),
        ("desk-b", {"lon": 119.015, "lat": 33.005}, 404),
    ],
)
def test_a_point_that_will_not_do_is_refused(neighbours: Neighbours, case: int, who: str, body: dict, status: int):
    assert move(neighbours, who, case, "place", **body).status_code == status


def test_a_worker_s_own_report_moved_into_the_next_township_stays_visible_to_who_reported_it(
    neighbours: Neighbours, case: int
):
    assert move(neighbours, "desk-a", case, "place", lon=119.025, lat=33.005).status_code == 200
    assert listed(neighbours, "desk-b")[0] == case


def test_a_township_may_not_push_somebody_elses_report_over_its_border(neighbours: Neighbours, store: Session):
    case = neighbours.report().json["id"]
    refused = move(neighbours, "desk-a", case, "place", lon=119.025, lat=33.005)
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    assert store.get_one(Incident, case).grid_id == neighbours.townships["a"]["a"].id
    assert move(neighbours, "county", case, "place", lon=119.025, lat=33.005).status_code == 200


def test_each_sees_the_incidents_of_his_jurisdiction(neighbours: Neighbours):
    west, east = neighbours.report().json["id"], neighbours.report(lon=119.025).json["id"]
    seen = {
        who: set(listed(neighbours, who)) & {west, east} for who in ("desk-a", "desk-b", "county", "leader", "water")
    }
    assert seen == {"desk-a": {west}, "desk-b": {east}, "county": {west, east}, "leader": {west, east}, "water": set()}


def test_pages_follow_each_other_and_counts_do_not_depend_on_the_page(neighbours: Neighbours):
    for _ in range(5):
        neighbours.report("desk-a", channel="patrol")
    whole = listed(neighbours, "county", channel="patrol")
    client, read, cursor = neighbours.asking("county"), [], None
    while True:
        query = {"channel": "patrol", "limit": 2, "counts": "true", "cursor": cursor or ""}
        page = client.get("/api/v1/incidents", query_string=query).json
        read += [incident["id"] for incident in page["incidents"]]
        assert page["counts"] == {"total": len(whole), "by_state": {"filed": len(whole)}}
        if (cursor := page["next"]) is None:
            break
    assert read == whole


def test_parameters_may_be_repeated_where_several_make_sense(neighbours: Neighbours, case: int):
    assert case in listed(neighbours, "desk-a", state=["filed", "void"])
    assert case not in listed(neighbours, "desk-a", state=["closed", "void"])


def test_a_plus_lost_on_the_way_is_found_again(neighbours: Neighbours, case: int):
    answer = neighbours.asking("desk-a").get("/api/v1/incidents?limit=200&since=2020-01-01T00:00:00+08:00")
    assert case in [incident["id"] for incident in answer.json["incidents"]]


def test_every_problem_of_a_query_is_told_at_once(neighbours: Neighbours):
    query = "state=lost&channel=pigeon&since=now&bbox=1,2&limit=9999&cursor=x&text=a&text=b&colour=red&township=%00"
    response = neighbours.asking("desk-a").get(f"/api/v1/incidents?{query}")
    assert response.status_code == 422
    told = {error["field"].split(".")[0] for error in response.json["errors"]}
    assert told == {"state", "channel", "since", "bbox", "limit", "cursor", "text", "colour", "township"}


def test_writes_from_a_browser_need_the_csrf_token(app: Flask, neighbours: Neighbours, signed_in, store: Session):
    desk = signed_in(Role.TOWNSHIP_DISPATCHER, area=neighbours.townships["a"]["township"])
    case = neighbours.report().json["id"]
    path = f"/api/v1/incidents/{case}/void"
    forged = desk.post(path, json={"note": "forged"}, csrf=False)
    assert (forged.status_code, forged.mimetype) == (400, "application/problem+json")
    assert desk.post(path, json={"note": "duplicate"}).json["state"] == "void"


def test_units_and_matters_to_choose_from(neighbours: Neighbours):
    units = neighbours.asking("desk-a").get("/api/v1/units?kind=department&kind=township").json["units"]
    assert [(unit["code"], unit["area"]) for unit in units] == [
        ("water", None), ("desk-a", "329901001"), ("desk-b", "329901002"),
    ]  # fmt: skip
    [matter] = neighbours.asking("worker-a").get("/api/v1/matters").json["matters"]
    assert (matter["code"], matter["lead"]["code"], matter["limit_amount"]) == ("M01", "water", 24)


def test_indicators_show_both_numbers_of_one_s_own_jurisdiction(neighbours: Neighbours, store: Session):
    case = neighbours.report().json["id"]
    move(neighbours, "worker-a", case, "fix")
    since = utcnow().replace(year=2000).isoformat()
    mine = (
        neighbours.asking("desk-a")
        .get("/api/v1/indicators", query_string={"by": "grid", "since": since, "township": "329901001"})
        .json
    )
    assert {area["code"] for area in mine["areas"]} <= {"329901001001001", "329901001001002"}
    grid = next(area for area in mine["areas"] if area["code"] == "329901001001001")
    assert grid["closing"]["numerator"] >= 1
    assert grid["closing"]["denominator"] >= grid["on_time"]["numerator"]
    none = neighbours.asking("desk-a").get("/api/v1/indicators?until=1990-01-01").json
    assert none["total"] == {
        "filed": 0,
        "closing": {"numerator": 0, "denominator": 0, "percent": None},
        "on_time": {"numerator": 0, "denominator": 0, "percent": None},
    }


def test_a_photo_is_named_by_its_address(neighbours: Neighbours, store: Session, case: int):
    photo = Photo(incident_id=case, file_name="none.jpg", width=8, height=6, added_at=utcnow(), by_name="worker")
    store.add(photo)
    store.commit()
    [shown] = neighbours.asking("desk-a").get(f"/api/v1/incidents/{case}").json["photos"]
    assert (shown["url"], shown["width"]) == (f"/photos/{photo.id}.jpg", 8)
