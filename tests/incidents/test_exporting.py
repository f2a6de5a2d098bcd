"""Incidents as rows for other programs: what a column holds, which are meant, and that few are fetched at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shapely.geometry import box
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from incidents import exporting
from incidents.clock import LOCAL
from incidents.exporting import COLUMNS, count_reports, report_rows, township_ids
from incidents.finding import IncidentFilter
from incidents.models import Matter
from incidents.words import Channel, Level, PlaceMethod, Procedure, QueueReason
from incidents.workflow import State
from tests.factories import ALWAYS, NOW, make_area, make_incident, make_ladder, make_staff, make_unit

HOUR = timedelta(hours=1)


def told(db: Session, townships: tuple[int, ...] = (), **wanted: Any) -> list[dict[str, Any]]:
    """The rows by the names of their columns; as many as are counted."""
    meant = IncidentFilter(**wanted)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in report_rows(db, meant, townships=townships)]
    assert count_reports(db, meant, townships=townships) == len(rows)
    return rows


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    return [row["number"] for row in rows]


def test_a_row_says_what_came_where_it_falls_who_answers_and_how_it_ended(db: Session):
    ladder, desk, brigade = make_ladder(db), make_unit(db, "desk"), make_unit(db, "brigade")
    market = make_area(db, "S2", AreaKind.SPECIALISED, box(119, 33, 119.01, 33.01), domain="market")
    school = make_area(db, "S1", AreaKind.SPECIALISED, box(119, 33, 119.01, 33.01), domain="school")
    matter = Matter(code="M1", valid=ALWAYS, field="市政", name="井盖", level=Level.TOWNSHIP,
                    procedure=Procedure.SIMPLE, officers=0)  # fmt: skip
    db.add(matter)
    db.flush()
    first = make_incident(db, reported_at=NOW - HOUR)
    incident = make_incident(
        db, ladder=ladder, channel=Channel.CITIZEN, external_number="H-1", text="井盖缺失", address="望湖街12号",
        matter_id=matter.id, state=State.CLOSED, place_method=PlaceMethod.COORDINATES,
        specialised_ids=[market.id, school.id], staff_id=make_staff(db, "W1", desk).id, unit_id=desk.id,
        lead_unit_id=brigade.id, due_at=NOW + 3 * HOUR, handled_at=NOW + HOUR, closed_at=NOW + 2 * HOUR,
        repeats_id=first.id,
    )  # fmt: skip
    assert told(db, channel=[Channel.CITIZEN]) == [{
        "number": incident.number, "channel": "citizen", "external_number": "H-1", "reported_at": NOW,
        "matter": "M1", "matter_name": "井盖", "field": "市政", "state": "closed", "text": "井盖缺失",
        "address": "望湖街12号", "lon": 119.005, "lat": 33.005, "placement": "located", "place_method": "coordinates",
        "queue_reason": None, "grid": ladder["a"].code, "specialised": "S1;S2", "village": ladder["village"].code,
        "township": ladder["township"].code, "staff": "W1", "staff_name": "name W1", "unit": "desk",
        "unit_name": "unit desk", "lead": "brigade", "lead_name": "unit brigade", "due_at": NOW + 3 * HOUR,
        "handled_at": NOW + HOUR, "closed_at": NOW + 2 * HOUR, "repeats": first.number,
    }]  # fmt: skip


def test_what_lies_nowhere_and_on_nobodys_desk_is_a_row_all_the_same(db: Session):
    make_incident(db, queue_reason=QueueReason.NO_COORDINATES)
    (row,) = told(db)
    assert (row["placement"], row["queue_reason"]) == ("unlocated", "no-coordinates")
    assert {row[name] for name in ("lon", "lat", "grid", "specialised", "township", "staff", "matter", "repeats")} == {
        None
    }


def test_moments_are_the_countys_to_the_second(db: Session):
    make_incident(db, reported_at=datetime(2026, 3, 15, 16, 30, 5, 999_999, tzinfo=UTC))
    (row,) = told(db)
    assert row["reported_at"].isoformat() == "2026-03-16T00:30:05+08:00"
    assert row["reported_at"].tzinfo is LOCAL


def test_rows_come_in_the_order_of_reporting_and_only_those_meant(db: Session):
    here, there = make_ladder(db), make_ladder(db, west=120, township="329901002")
    late = make_incident(db, ladder=here, reported_at=NOW + HOUR)
    early, elsewhere = make_incident(db, ladder=here), make_incident(db, ladder=there)
    nowhere = make_incident(db, state=State.VOID, reported_at=NOW + 2 * HOUR)
    assert numbers(told(db)) == [early.number, elsewhere.number, late.number, nowhere.number]
    assert numbers(told(db, since=NOW + HOUR, until=NOW + 2 * HOUR)) == [late.number]
    assert numbers(told(db, state=["void"])) == [nowhere.number]
    assert township_ids(db) == {"329901001": here["township"].id, "329901002": there["township"].id}
    assert numbers(told(db, (there["township"].id,))) == [elsewhere.number]
    both = (here["township"].id, there["township"].id)
    assert numbers(told(db, both)) == [early.number, elsewhere.number, late.number]


def test_rows_are_fetched_a_few_at_a_time_by_a_cursor_on_the_server(db: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    for _ in range(7):
        make_incident(db)
    cursors = text("SELECT count(*) FROM pg_cursors")
    rows = report_rows(db, IncidentFilter())
    next(rows)
    # A result that is fetched as a whole leaves no cursor behind.
    assert db.scalar(cursors) == 1
    assert len(list(rows)) == 6
    assert db.scalar(cursors) == 0


def test_whoever_stops_half_way_leaves_no_cursor_open(db: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    for _ in range(7):
        make_incident(db)
    rows = report_rows(db, IncidentFilter())
    next(rows)
    rows.close()
    assert db.scalar(text("SELECT count(*) FROM pg_cursors")) == 0


def test_who_reported_is_not_even_read(db: Session):
    make_incident(db, reporter_name_sealed=b"sealed name", reporter_phone_sealed=b"sealed phone")
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", listen)
    try:
        told(db)
    finally:
        event.remove(db.get_bind(), "before_cursor_execute", listen)
    assert len(said) == 2 and not any("sealed" in statement for statement in said)
