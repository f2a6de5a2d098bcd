"""Finding incidents: what each filter means, alone and together, and pages that neither skip nor repeat."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from incidents import finding
from incidents.clock import LOCAL
from incidents.cursors import cursor_after, read_cursor
from incidents.errors import UnknownIncident
from incidents.finding import IncidentFilter
from incidents.models import Incident, Matter
from incidents.words import Channel, Level, Procedure, QueueReason
from incidents.workflow import State
from tests.factories import ALWAYS, NOW, make_area, make_incident, make_ladder, make_staff, make_unit

HOUR = timedelta(hours=1)


def found(db: Session, **wanted: Any) -> list[int]:
    """The ids found, newest first; counted and counted by state the same way."""
    meant = IncidentFilter(**wanted)
    ids = [incident.id for incident in finding.find(db, meant, limit=100)]
    assert finding.count(db, meant) == len(ids) == sum(finding.count_by_state(db, meant).values())
    return ids


def make_matter(db: Session, code: str, valid: Range[datetime] = ALWAYS) -> Matter:
    matter = Matter(code=code, valid=valid, field="市政", name=f"matter {code}", level=Level.TOWNSHIP,
                    procedure=Procedure.SIMPLE, officers=0)  # fmt: skip
    db.add(matter)
    db.flush()
    return matter


def test_without_a_filter_everything_is_found_newest_first(db: Session):
    old, new = make_incident(db, reported_at=NOW - HOUR), make_incident(db)
    same_time = make_incident(db)
    assert found(db) == [same_time.id, new.id, old.id]


def test_several_values_widen_and_several_fields_narrow(db: Session):
    filed = make_incident(db, channel=Channel.CITIZEN)
    void = make_incident(db, state=State.VOID, channel=Channel.CITIZEN)
    make_incident(db, state=State.DISPATCHED, channel=Channel.CITIZEN)
    make_incident(db, state=State.VOID, channel=Channel.PATROL)
    assert found(db, state=["filed", "void"], channel=["citizen"]) == [void.id, filed.id]


def test_areas_are_named_by_code_at_every_level(db: Session):
    here, there = make_ladder(db), make_ladder(db, west=120, township="329901002")
    ours, _theirs = make_incident(db, ladder=here), make_incident(db, ladder=there)
    for level, area in {"township": "township", "village": "village", "grid": "a"}.items():
        assert found(db, **{level: here[area].code}) == [ours.id]
        assert found(db, **{level: "no such code"}) == []
    assert found(db, grid=here["b"].code) == []


def test_a_specialised_grid_is_a_grid_too(db: Session):
    school = make_area(db, "ZS1", AreaKind.SPECIALISED, box(119, 33, 119.1, 33.1))
    inside = make_incident(db, specialised_ids=[school.id])
    make_incident(db)
    assert found(db, grid="ZS1") == [inside.id]


def test_a_matter_is_every_entry_that_ever_bore_its_code(db: Session):
    old, new = make_matter(db, "M1", Range(None, NOW)), make_matter(db, "M1", Range(NOW, None))
    first, second = make_incident(db, matter_id=old.id), make_incident(db, matter_id=new.id)
    make_incident(db, matter_id=make_matter(db, "M2").id)
    assert found(db, matter="M1") == [second.id, first.id]


def test_a_period_has_its_beginning_and_not_its_end(db: Session):
    at_start, _at_end = make_incident(db), make_incident(db, reported_at=NOW + HOUR)
    assert found(db, since=NOW, until=NOW + HOUR) == [at_start.id]


def test_a_time_without_a_zone_is_the_countys(db: Session):
    make_incident(db, reported_at=datetime(2026, 3, 15, 23, 59, tzinfo=LOCAL))
    today = make_incident(db, reported_at=datetime(2026, 3, 16, 0, 0, tzinfo=LOCAL))
    assert found(db, since="2026-03-16T00:00") == [today.id]
    assert found(db, since="2026-03-16") == [today.id]


def test_the_queue_is_what_is_open_and_waits_for_a_person(db: Session):
    waits = make_incident(db, state=State.REPORTED, queue_reason=QueueReason.NO_COORDINATES)
    make_incident(db, state=State.VOID, queue_reason=QueueReason.NO_COORDINATES)
    make_incident(db)
    assert found(db, queued=True) == [waits.id]


def test_open_is_neither_closed_nor_void(db: Session):
    kept = {state: make_incident(db, state=state, closed_at=NOW) for state in State}
    open_ = {kept[state].id for state in State if state not in (State.CLOSED, State.VOID)}
    assert set(found(db, open=True)) == open_


def test_overdue_is_open_and_past_its_time(db: Session):
    late = make_incident(db, due_at=NOW - HOUR)
    make_incident(db, due_at=NOW + HOUR)
    make_incident(db, due_at=NOW - HOUR, state=State.CLOSED, closed_at=NOW)
    make_incident(db)
    assert found(db, overdue_at=NOW) == [late.id]


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("text", "建设路12号井盖缺失", "井盖"),
        ("address", "Main Street 5", "main street"),
        ("number", "20260316-777777", "777777"),
        ("external_number", "HOTLINE-9", "hotline"),
        ("text", "100% _sure_ c:\\x", "100% _sure_ c:\\"),
    ],
)
def test_words_are_found_wherever_people_look_for_them(db: Session, column: str, value: str, text: str):
    there = make_incident(db, **{column: value})
    make_incident(db)
    assert found(db, text=text) == [there.id]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"; DROP TABLE incident; --'])
def test_signs_that_mean_something_to_the_database_mean_nothing_here(db: Session, text: str):
    make_incident(db, text="plain words")
    assert found(db, text=text) == []


def test_a_person_and_a_box_narrow_too(db: Session):
    staff = make_staff(db, "W1", make_unit(db, "desk"))
    mine = make_incident(db, ladder=make_ladder(db), staff_id=staff.id)
    make_incident(db)
    assert found(db, staff_id=staff.id) == [mine.id]
    assert found(db, bbox="119.004,33.004,119.006,33.006") == [mine.id]
    assert found(db, bbox=(119.006, 33.004, 119.007, 33.006)) == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"bbox": "119,33,118,34"}, {"bbox": "119,33,120"}, {"bbox": "a,b,c,d"}, {"bbox": "nan,33,120,34"},
        {"bbox": "-181,33,120,34"}, {"bbox": "119,33,inf,34"}, {"since": "0001-01-01"}, {"until": "9999-12-31"},
        {"text": "a\x00b"}, {"township": "x" * 65}, {"text": "x" * 101}, {"staff_id": 2**63}, {"staff_id": 0},
        {"state": ["lost"]}, {"colour": "red"},
    ],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused_before_the_database_sees_it(wanted: dict[str, Any]):
    with pytest.raises(ValidationError):
        IncidentFilter(**wanted)


def test_pages_neither_skip_nor_repeat_while_new_incidents_arrive(db: Session):
    ids = [make_incident(db, reported_at=NOW - (number // 3) * HOUR).id for number in range(10)]
    expected = sorted(ids, key=lambda id_: (-(ids.index(id_) // 3), id_), reverse=True)
    seen: list[int] = []
    before = None
    while page := finding.find(db, IncidentFilter(), limit=3, before=before):
        seen += [incident.id for incident in page]
        before = read_cursor(cursor_after(page[-1]))
        make_incident(db, reported_at=NOW + HOUR)  # arrives while we read
    assert seen == expected


def test_a_list_brings_the_names_it_shows_without_asking_for_each(db: Session):
    ladder, unit = make_ladder(db), make_unit(db, "desk")
    incident = make_incident(db, ladder=ladder, unit_id=unit.id, lead_unit_id=unit.id)
    db.expire_all()
    [listed] = finding.find(db, IncidentFilter())
    assert listed.id == incident.id
    loaded = set(listed.__dict__)
    assert {"grid", "village", "township", "staff", "unit", "lead_unit", "matter"} <= loaded


def test_the_points_of_a_map_are_those_that_have_one(db: Session):
    ladder = make_ladder(db)
    placed, _nowhere = make_incident(db, ladder=ladder, matter_id=make_matter(db, "M1").id), make_incident(db)
    [row] = finding.points(db, IncidentFilter(), limit=10)
    assert (row.id, row.lon, row.lat, row.matter, row.grid) == (
        placed.id,
        119.005,
        33.005,
        "matter M1",
        ladder["a"].code,
    )
    assert finding.count_placed(db, IncidentFilter()) == 1


def test_courses_are_told_by_area_and_what_lies_nowhere_by_none(db: Session):
    ladder = make_ladder(db)
    make_incident(db, ladder=ladder, state=State.CLOSED, closed_at=NOW, due_at=NOW + HOUR)
    make_incident(db)
    by_grid = dict(finding.courses(db, IncidentFilter(), by=AreaKind.COMPREHENSIVE))
    assert set(by_grid) == {ladder["a"].id, None}
    assert (by_grid[ladder["a"].id].closed_at, by_grid[None].state) == (NOW, State.FILED)


def test_an_area_is_labelled_as_it_was_called_at_the_moment(db: Session):
    area = make_area(db, "329901", AreaKind.COUNTY, box(119, 33, 120, 34), name="溪川县")
    assert finding.area_labels(db, [area.id], NOW) == {area.id: ("329901", "溪川县")}
    assert finding.area_labels(db, [], NOW) == {}


def test_one_is_found_with_its_history_or_is_unknown(db: Session):
    incident = make_incident(db)
    assert [event.by_name for event in finding.one(db, incident.id).events] == ["test"]
    with pytest.raises(UnknownIncident):
        finding.one(db, incident.id + 1_000_000)


def test_a_cursor_holds_the_moment_to_the_microsecond(db: Session):
    at = datetime(2026, 3, 16, 2, 0, 0, 123456, tzinfo=UTC)
    incident: Incident = make_incident(db, reported_at=at)
    assert read_cursor(cursor_after(incident)) == (at, incident.id)
