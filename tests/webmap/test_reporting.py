"""The report form, for citizens and staff: nothing sent is doubled, nothing typed is lost, no photo shows too much."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from geo.models import Area
from incidents.models import Incident, Photo
from incidents.words import Channel, QueueReason
from incidents.workflow import State
from tests.factories import make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.webmap.conftest import Visitor
from webmap.api.limits import PER_ADDRESS, AnonymousReport
from webmap.installation import utcnow
from webmap.permissions import Role

SignIn = Callable[..., Visitor]
HERE = {"lon": "119.005", "lat": "33.005", "accuracy_m": "8"}


@pytest.fixture(scope="module")
def ladder(app: Flask) -> dict[str, Any]:
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        ladder: dict[str, Any] = dict(make_ladder(db))
        ladder["desk"] = make_unit(db, "T1", area=ladder["township"])
        ladder["worker"] = make_staff(db, "W1", ladder["desk"])
        make_duty(db, ladder["worker"], ladder["a"])
        db.commit()
        return ladder


def picture(colour: str = "red") -> bytes:
    out = BytesIO()
    Image.new("RGB", (60, 30), colour).save(out, "JPEG")
    return out.getvalue()


def send(visitor: Visitor, *photos: bytes, script: bool = False, **fields: str) -> TestResponse:
    """Post the form as a browser does; `script` as the page's own script does."""
    data: dict[str, Any] = {"key": str(uuid4()), "text": "the drain is blocked", **HERE, **fields}
    data["photos"] = [(BytesIO(photo), "IMG_1.jpg") for photo in photos]
    headers = {"Accept": "application/json" if script else "text/html,application/xhtml+xml,*/*;q=0.8"}
    return visitor.post("/report", data=data, content_type="multipart/form-data", headers=headers)


def newest(store: Session) -> Incident:
    found = store.scalars(select(Incident).order_by(Incident.id.desc()).limit(1)).one()
    store.refresh(found)
    return found


def counted(store: Session) -> int:
    return store.scalar(select(func.count()).select_from(Incident)) or 0


def test_a_citizen_reports_without_an_account(client: Visitor, ladder: dict[str, Area], store: Session):
    answer = send(client, reporter_name="张三", reporter_phone="13812341234", address="12 Lake Road")
    assert (answer.status_code, answer.location) == (303, "/report/received")
    kept = newest(store)
    assert (kept.channel, kept.text, kept.address) == (Channel.CITIZEN, "the drain is blocked", "12 Lake Road")
    assert (kept.grid_id, kept.accuracy_m, kept.raw_datum) == (ladder["a"].id, 8, "wgs84")
    assert b"13812341234" not in (kept.reporter_phone_sealed or b"")
    page = client.get("/report/received").text
    assert kept.number in page
    assert "area 329901001001001" not in page, "a citizen is not told whose grid it is"
    assert "name W1" not in page


def test_a_worker_reports_in_his_own_name_and_is_told_the_grid(
    signed_in: SignIn, ladder: dict[str, Any], store: Session
):
    visitor = signed_in(Role.WORKER, staff=ladder["worker"], unit=ladder["desk"], language="en")
    send(visitor)
    assert newest(store).channel is Channel.WORKER
    page = visitor.get("/report/received").text
    assert "area 329901001001001" in page
    assert "name W1" in page


def test_a_desk_says_whose_report_it_takes_in(signed_in: SignIn, ladder: dict[str, Any], store: Session):
    desk = signed_in(Role.COUNTY_DISPATCHER)
    send(desk, channel="superior")
    assert newest(store).channel is Channel.SUPERIOR
    send(signed_in(Role.LEADER), channel="hotline")
    assert newest(store).channel is Channel.WORKER


def test_sent_twice_under_one_key_it_is_one_report_with_its_photos_once(
    client: Visitor, ladder: dict[str, Any], store: Session
):
    key = str(uuid4())
    send(client, picture(), key=key)
    before, first = counted(store), newest(store)
    assert send(client, picture(), picture("blue"), key=key).status_code == 303
    assert counted(store) == before
    assert len(store.scalars(select(Photo).where(Photo.incident_id == first.id)).all()) == 1
    assert first.number in client.get("/report/received").text


def test_without_a_position_it_waits_in_the_queue(client: Visitor, ladder: dict[str, Any], store: Session):
    assert send(client, lon="", lat="", accuracy_m="").status_code == 303
    kept = newest(store)
    assert (kept.state, kept.queue_reason) == (State.REPORTED, QueueReason.NO_COORDINATES)


def test_everything_that_is_wrong_is_told_at_once_and_what_was_typed_stays(
    client: Visitor, ladder: dict[str, Any], store: Session
):
    before = counted(store)
    client.get("/", headers={"Accept-Language": "en"})
    answer = client.post(
        "/report",
        data={"key": str(uuid4()), "text": " ", "lon": "119.005", "lat": "north", "address": "x" * 501,
              "reporter_name": "<b>张三</b>", "photos": (BytesIO(b"no photo"), "a.jpg")},
        content_type="multipart/form-data", headers={"Accept-Language": "en", "Accept": "text/html"},
    )  # fmt: skip
    assert answer.status_code == 422
    for sentence in ("Please say what is wrong.", "no usable position", "too long", "not a photo", "photos again"):
        assert sentence in answer.text
    assert "&lt;b&gt;张三&lt;/b&gt;" in answer.text
    assert "x" * 501 in answer.text
    assert counted(store) == before


def test_the_pages_script_gets_the_same_problems_by_field(client: Visitor, ladder: dict[str, Any]):
    answer = send(client, b"not a photo", script=True, text="")
    assert (answer.status_code, set(answer.get_json()["problems"])) == (422, {"text", "photos"})
    assert send(client, script=True).get_json() == {"received": "/report/received"}


def test_a_flood_from_one_address_is_told_to_wait_and_keeps_what_it_typed(
    client: Visitor, ladder: dict[str, Any], store: Session
):
    send(client)
    whence = store.scalar(select(AnonymousReport.whence))
    store.add_all(AnonymousReport(whence=whence, at=utcnow()) for _ in range(PER_ADDRESS))
    store.commit()
    answer = send(client, text="one more thing")
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert "one more thing" in answer.text
    store.execute(delete(AnonymousReport))
    store.commit()


def test_a_photo_is_shown_to_whoever_may_read_its_case_and_to_nobody_else(
    client: Visitor, signed_in: SignIn, ladder: dict[str, Any], store: Session
):
    other = make_ladder(store, west=119.3, township=f"3299{newest(store).id:05d}")
    store.commit()
    send(client, picture())
    photo = store.scalars(select(Photo).order_by(Photo.id.desc()).limit(1)).one()
    address = f"/photos/{photo.id}.jpg"
    shown = signed_in(Role.TOWNSHIP_DISPATCHER, area=ladder["township"]).get(address)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"].startswith("private")
    assert signed_in(Role.TOWNSHIP_DISPATCHER, area=other["township"]).get(address).status_code == 404
    assert signed_in(Role.PLANNER).get(address).status_code == 403
    assert client.get(address).status_code == 303
    assert "/" in client.get(address).location


def test_the_map_of_the_form_shows_a_citizen_villages_and_townships_but_no_grids(
    client: Visitor, ladder: dict[str, Any]
):
    assert client.get("/report/village.geojson").get_json()["features"]
    assert client.get("/report/township.geojson").get_json()["features"]
    assert client.get("/report/comprehensive.geojson").status_code == 404
    assert "comprehensive" not in client.get("/report").text


def test_the_frequent_matters_of_a_worker_are_offered_first(signed_in: SignIn, ladder: dict[str, Any], store: Session):
    from tests.incidents.test_worklist import make_matter

    often = make_matter(store, "Z9")
    make_incident(store, ladder=ladder, matter_id=often.id, reported_at=utcnow())
    store.commit()
    page = signed_in(Role.WORKER, staff=ladder["worker"]).get("/report").text
    assert page.index('data-matter="matter Z9"') < page.index('<option value="matter Z9"')


def test_a_citizen_reports_from_a_telephone_and_a_lost_network_loses_nothing(
    open_page: Callable[..., Page], ladder: dict[str, Any], store: Session, troubles: list[str]
):
    page = open_page(
        width=360, height=740, language="en", permissions=["geolocation"],
        geolocation={"longitude": 119.005, "latitude": 33.005, "accuracy": 12},
    )  # fmt: skip
    before = counted(store)
    page.goto("/report")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("button", name="Use my position").click()
    expect(page.locator("[data-position]")).to_contain_text("accurate to about 12 m")
    page.fill("#text", "`${alert(1)}` <script>alert(1)</script>")
    page.set_input_files("#photos", {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    expect(page.locator(".photo-previews img")).to_have_count(1)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("No connection: nothing was sent.")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(page.get_by_text("was not sent yet")).to_be_visible()
    expect(page.locator("#text")).to_have_value("`${alert(1)}` <script>alert(1)</script>")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("Thank you, the report was received.")).to_be_visible()
    assert counted(store) == before + 1
    assert newest(store).grid_id == ladder["a"].id
    page.goto("/report")
    expect(page.locator("#text")).to_have_value("")
    troubles[:] = [one for one in troubles if "ERR_INTERNET_DISCONNECTED" not in one]
