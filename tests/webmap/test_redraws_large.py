"""Redraws of a hundred thousand areas: what would take a request too long is done by the worker, or told in part.

The bounds are made small here.
"""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from shapely.geometry import box
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo import redraw_checking
from geo.redraw_models import RedrawFinding
from tests.webmap.conftest import Visitor
from tests.webmap.redrawing import A, B, Row, begun, drafted, faultless, in_force, layer, redraw_of
from webmap import redraw_carrying_out
from webmap.accounts import AuditLine
from webmap.installation import utcnow
from webmap.plans import diff_telling, redraw_maps
from webmap.plans.redraw_standing import standing_of

SignIn = Callable[..., Visitor]
BEFORE = {A: f"area {A}", B: f"area {B}"}


def recoded(count: int) -> bytes:
    """So many new grids instead of the two of the first township."""
    width = 0.02 / count
    rows: list[Row] = [
        (f"329901001001{at:03d}", f"new {at}", box(119 + at * width, 33, 119 + (at + 1) * width, 33.01), 400)
        for at in range(3, 3 + count)
    ]
    shifted = [(code, name, _moved(outline, 3 * width), households) for code, name, outline, households in rows]
    return layer(*shifted)


def _moved(outline: Any, west: float) -> Any:
    x0, y0, x1, y1 = outline.bounds
    return box(round(x0 - west, 9), y0, round(x1 - west, 9), y1)


def carry_out(app: Flask) -> None:
    """Do what was ordered, as the worker does, but in this process."""
    with app.extensions["wangge"].engine.begin() as connection:
        ordered = connection.execute(
            text("DELETE FROM procrastinate_jobs WHERE task_name IN ('publish-redraw', 'revert-redraw') RETURNING args")
        ).scalars()
        orders = [(str(args["redraw_id"]), json.dumps(args["order"])) for args in ordered]
    assert orders
    for redraw_id, order in orders:
        done = app.test_cli_runner().invoke(args=["redraw", "carry-out", redraw_id, order])
        assert done.exit_code == 0, done.output


def test_a_file_of_areas_may_be_larger_than_any_other_request(
    app: Flask, planner: Visitor, monkeypatch: pytest.MonkeyPatch
):
    file = faultless()
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", len(file) // 2)
    assert begun(planner, file, name="larger")
    refused = planner.post("/plans/redraws/999/publish", data={"note": "x" * len(file)})
    assert refused.status_code == 413
    assert "at most 32 MB" in refused.text


def test_a_large_redraw_is_published_and_reverted_by_the_worker(
    app: Flask, planner: Visitor, store: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redraw_carrying_out, "LARGE", 1)
    address = drafted(app, planner, faultless(), name="large")
    planner.post(f"{address}/publish", data={"note": "agreed", "case-filed": "stay"})
    told = planner.get(f"{address}/state").json
    assert (told["busy"], told["share"]) == (True, None)
    assert "is being done with this redraw just now" in planner.post(f"{address}/publish", follow_redirects=True).text
    assert in_force(store) == BEFORE
    carry_out(app)
    store.expire_all()
    assert in_force(store) == {A: "一新", B: "二新"}
    redraw = redraw_of(store, address)
    assert (redraw.handover["filed"], planner.get(f"{address}/state").json["busy"]) == ("stay", False)
    line = store.scalars(select(AuditLine).order_by(AuditLine.id.desc())).first()
    assert line is not None
    assert (line.action, line.subject, line.details["begun"]) == ("redraw-published", f"redraw:{redraw.id}", 2)
    planner.post(f"{address}/revert")
    assert planner.get(f"{address}/state").json["words"].startswith("Waits its turn")
    carry_out(app)
    store.expire_all()
    assert in_force(store) == BEFORE


def test_what_can_be_refused_at_once_is_not_ordered(
    app: Flask, planner: Visitor, store: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redraw_carrying_out, "LARGE", 1)
    address = drafted(app, planner, faultless(), name="too late")
    yesterday = (utcnow() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    answer = planner.post(f"{address}/publish", data={"when": "later", "at": yesterday}, follow_redirects=True)
    assert "That moment has passed" in answer.text
    answer = planner.post(f"{address}/publish", data={"when": "later", "at": "9999-12-31T23:59"}, follow_redirects=True)
    assert "more than ten years ahead" in answer.text
    assert not planner.get(f"{address}/state").json["busy"]


def test_why_an_order_could_not_be_carried_out_is_told_on_the_page(
    app: Flask, planner: Visitor, store: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redraw_carrying_out, "LARGE", 1)
    address = drafted(app, planner, faultless(), name="map has changed")
    planner.post(f"{address}/publish")
    redraw_of(store, address).base = "of another map"
    store.commit()
    carry_out(app)
    page = planner.get(address).text
    assert "Could not be done" in page
    assert "The areas it was checked against have changed since. Check it again." in page


def test_an_order_that_was_carried_out_before_is_not_carried_out_again(
    app: Flask, planner: Visitor, store: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redraw_carrying_out, "LARGE", 1)
    address = drafted(app, planner, faultless(), name="twice")
    planner.post(f"{address}/publish")
    again = store.scalar(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'publish-redraw'"))
    carry_out(app)
    told = ["redraw", "carry-out", str(again["redraw_id"]), json.dumps(again["order"])]
    assert app.test_cli_runner().invoke(args=told).exit_code == 0
    assert "Could not be done" not in planner.get(address).text
    planner.post(f"{address}/revert")
    carry_out(app)


def test_a_job_that_begins_again_says_so_and_one_whose_process_only_ends_is_over(
    app: Flask, planner: Visitor, store: Session
):
    address = drafted(app, planner, faultless(), name="cut off")
    planner.post(f"{address}/check")
    redraw = redraw_of(store, address)
    of_redraw = "WHERE (args->>'redraw_id')::bigint = :id"
    store.execute(text(f"UPDATE procrastinate_jobs SET attempts = 1 {of_redraw}"), {"id": redraw.id})
    store.commit()
    assert "It was cut off, and has begun again." in planner.get(f"{address}/state").json["words"]
    store.execute(text(f"UPDATE procrastinate_jobs SET status = 'doing' {of_redraw}"), {"id": redraw.id})
    store.commit()
    with app.app_context():
        assert standing_of(redraw, utcnow()).busy
        redraw.checked_at = utcnow() + timedelta(seconds=1)
        store.execute(text(f"""
            INSERT INTO procrastinate_events (job_id, type, at)
            SELECT id, 'started', now() FROM procrastinate_jobs {of_redraw}"""), {"id": redraw.id})  # fmt: skip
        store.commit()
        assert not standing_of(redraw, utcnow()).busy


def test_a_warning_told_too_often_is_told_of_the_first_and_counted(
    app: Flask, planner: Visitor, store: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(redraw_checking, "MOST_TOLD", 2)
    address = drafted(app, planner, recoded(5), name="nobody for them")
    kinds = select(RedrawFinding).where(
        RedrawFinding.redraw_id == redraw_of(store, address).id, RedrawFinding.code == "grid-without-staff"
    )
    assert [len(finding.codes) for finding in store.scalars(kinds.order_by(RedrawFinding.id))] == [1, 1, 0]
    assert "The same is true of 3 more, which are not listed one by one." in planner.get(address).text
    planner.post(f"{address}/accept", data={"findings": "grid-without-staff"})
    planner.post(f"{address}/check")


def test_the_differences_are_read_page_by_page_and_the_workbook_says_what_it_leaves_out(
    app: Flask, planner: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(diff_telling, "MOST_LINES", 1)
    monkeypatch.setattr("webmap.plans.redraw_diff.PAGE", 1)
    address = drafted(app, planner, faultless(), name="page by page")
    told = planner.get(f"{address}/diff.json").json
    assert [each["codes_before"] for each in told["differences"]] == [[A], [B]]
    rows = [planner.get(f"{address}/diff?kind={kind}&page=2").text.count("<tr data-before") for kind in ("", "moved")]
    assert rows == [1, 1]
    assert f"data-before='[\"{B}\"]'" in planner.get(f"{address}/diff?page=2").text
    book = openpyxl.load_workbook(io.BytesIO(planner.get(f"{address}/diff.xlsx").data))
    assert book["Differences"].max_row == 1 + 1
    summary = " ".join(str(cell) for row in book["Summary"].iter_rows(values_only=True) for cell in row if cell)
    assert "1 lines of the sheet “Differences”" in summary


def test_the_map_before_is_drawn_without_sheets_where_there_are_too_many_areas(
    app: Flask, planner: Visitor, monkeypatch: pytest.MonkeyPatch
):
    address = drafted(app, planner, faultless(), name="without sheets")
    wanted = f"{address}/before.geojson?zoom=14&bbox=119,33,119.02,33.01"
    told = [sorted((f["id"], f["properties"]["becomes"]) for f in planner.get(wanted).json["features"])]
    monkeypatch.setattr(redraw_maps, "MOST_IN_A_SHEET", 1)
    told.append(sorted((f["id"], f["properties"]["becomes"]) for f in planner.get(wanted).json["features"]))
    assert told[0] == told[1] == [(A, "moved"), (B, "moved")]


def test_findings_are_listed_page_by_page(
    app: Flask, planner: Visitor, store: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("webmap.plans.redraw_telling.SHOWN_PER_KIND", 2)
    address = drafted(app, planner, recoded(5), name="many findings")
    pages = [planner.get(f"{address}?kind=grid-without-staff&page={page}").text for page in (1, 2, 3)]
    said = [[page.count(f"new grid 329901001001{at:03d} yet") for at in range(3, 8)] for page in pages]
    assert said == [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]]
    assert "3 to 4 of 5" in pages[1]
