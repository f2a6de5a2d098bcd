"""Reports whose words say where they are: placed, left to a person with what they may mean, never lost, never moved."""

from typing import Any

import pytest
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.sealing import Seal
from geo.address_index import named_areas
from geo.addresses.answers import Accuracy, AddressRow, Answer
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.codes import AreaKind
from geo.models import Area
from incidents.actors import Actor
from incidents.addressing import Geocodes
from incidents.drafts import HistoricReport, ReportDraft
from incidents.errors import CandidateGone, CandidateTooWide, NothingToRemember, NotYours, WordsMissing
from incidents.finding import IncidentFilter, coordinates
from incidents.handling import place_by_candidate, place_by_hand
from incidents.intake import Reception, receive, receive_one
from incidents.models import Incident, IncidentEvent, Matter
from incidents.remembering import ask_again, remember, words_to_keep
from incidents.words import EventKind, Level, Placement, PlaceMethod, Procedure, QueueReason
from incidents.workflow import Right, State
from tests.factories import ALWAYS, NOW, make_area, make_duty, make_staff, make_unit
from tests.indexes import IndexOf

SEAL = Seal("a secret of sixteen characters")
DESK = Actor("desk", account_id=7, rights=frozenset({Right.FILE}))

DOORS = tuple(
    AddressRow(10 + n, f"安宜镇白田社区白田中路{2 * n}号", 119.0006 + n * 0.0004, 33.005, road="白田中路",
               number=f"{2 * n}号", village="白田社区", township="安宜镇")
    for n in range(1, 21)
)  # fmt: skip
"""Of a list with gaps, the geocoder is less certain of everything."""

ROWS = (
    AddressRow(1, "安宜镇白田社区阳光花园", 119.004, 33.007, compound="阳光花园", village="白田社区",
               township="安宜镇"),
    AddressRow(2, "泾河镇新河村阳光花园", 119.025, 33.004, compound="阳光花园", village="新河村", township="泾河镇"),
    AddressRow(3, "安宜镇人民医院", 119.015, 33.006, kind="医院", township="安宜镇"),
    *DOORS,
)  # fmt: skip


@pytest.fixture
def county(db: Session) -> dict[str, Area]:
    """Two townships of two grids each, all with a worker; 泾河镇's village has one grid of its own, 新河村."""
    places: dict[str, Area] = {}
    for code, name, village, west in (("01", "安宜镇", "白田社区", 119.0), ("02", "泾河镇", "新河村", 119.02)):
        whole = box(west, 33, west + 0.02, 33.01)
        places[name] = make_area(db, f"3299010{code}", AreaKind.TOWNSHIP, whole, name=name)
        west_half = box(west, 33, west + 0.01, 33.01)
        outline = whole if name == "安宜镇" else west_half
        places[village] = make_area(
            db, f"3299010{code}001", AreaKind.VILLAGE, outline, name=village, parent=places[name]
        )
        desk = make_unit(db, f"T{code}", area=places[name])
        for half, key in ((west_half, "west"), (box(west + 0.01, 33, west + 0.02, 33.01), "east")):
            parent = places[village] if outline.covers(half) else places[name]
            grid = make_area(
                db, f"3299010{code}001{len(places):03d}", AreaKind.COMPREHENSIVE, half, name=f"{name}{key}",
                parent=parent,
            )  # fmt: skip
            places[grid.code] = places[f"{name} {key}"] = grid
            make_duty(db, make_staff(db, f"W{code}{key}", desk), grid)
    return places


@pytest.fixture
def geocoder(db: Session, county: dict[str, Area]) -> Geocoder:
    return Geocoder(Gazetteer.build(ROWS, *named_areas(db, NOW)))


def reception(db: Session, geocoder: Geocodes | None) -> Reception:
    return Reception(IndexOf(db), SEAL, geocoding=None if geocoder is None else lambda: geocoder)


def make_matter(db: Session, code: str) -> None:
    db.add(Matter(code=code, valid=ALWAYS, field="市政", name="路灯", level=Level.VILLAGE, procedure=Procedure.SIMPLE,
                  officers=0))  # fmt: skip
    db.flush()


def take(db: Session, geocoder: Geocodes | None, text: str, **given: Any) -> Incident:
    draft = ReportDraft.model_validate({"channel": "hotline", "text": text, **given})
    [received] = receive(db, [draft], by=DESK, now=NOW, reception=reception(db, geocoder))
    return db.get_one(Incident, received.id)


def names(incident: Incident) -> list[str]:
    return [candidate["matched"] for candidate in (incident.address_answer or {"candidates": []})["candidates"]]


# --- taken in ---------------------------------------------------------------------------------------------------


def test_a_certain_address_places_the_report_and_the_explanation_says_by_what(
    db: Session, geocoder: Geocoder, county: dict[str, Area]
):
    incident = take(db, geocoder, "有人乱倒垃圾", address="安宜镇白田中路8号")
    assert (incident.state, incident.queue_reason, incident.placement) == (State.FILED, None, Placement.LOCATED)
    assert incident.grid_id == county["安宜镇 west"].id
    assert (incident.place_method, incident.address_accuracy) == (PlaceMethod.ADDRESS, Accuracy.DOOR)
    told = incident.explanation["address"]
    assert incident.explanation["method"] == "address"
    assert (told["matched"], told["address_id"], told["asked"]) == ("安宜镇白田社区白田中路8号", 14, "address")
    assert incident.address_confidence == pytest.approx(told["confidence"], abs=1e-4)
    assert {(piece["kind"], piece["text"]) for piece in told["pieces"]} >= {("road", "白田中路"), ("number", "8号")}


def test_the_text_is_asked_where_the_address_says_nothing(db: Session, geocoder: Geocoder, county: dict[str, Area]):
    incident = take(db, geocoder, "安宜镇人民医院的井盖破损", address="路口")
    assert incident.grid_id == county["安宜镇 east"].id
    assert incident.explanation["address"]["asked"] == "text"


def test_an_address_that_may_be_in_two_grids_waits_with_both(db: Session, geocoder: Geocoder):
    incident = take(db, geocoder, "阳光花园门口路灯不亮")
    assert (incident.state, incident.queue_reason) == (State.REPORTED, QueueReason.ADDRESS_UNCERTAIN)
    assert (incident.point, incident.place_method, incident.placement) == (None, None, Placement.UNLOCATED)
    assert set(names(incident)) == {ROWS[0].name, ROWS[1].name}


def test_a_village_of_several_grids_never_places_by_its_middle(db: Session, geocoder: Geocoder):
    incident = take(db, geocoder, "白田社区路灯坏了")
    assert (incident.queue_reason, incident.point) == (QueueReason.ADDRESS_UNCERTAIN, None)
    assert incident.address_answer is not None
    assert (incident.address_answer["rule"], incident.address_answer["candidates"][0]["grids"]) == ("only-an-area", 2)


def test_a_village_of_one_grid_places_and_says_that_it_is_an_area(
    db: Session, geocoder: Geocoder, county: dict[str, Area]
):
    incident = take(db, geocoder, "新河村路灯坏了")
    assert (incident.grid_id, incident.address_accuracy) == (county["泾河镇 west"].id, Accuracy.VILLAGE)
    assert incident.explanation["address"]["rule"] == "all-in-one-grid"


def test_the_middle_of_an_area_is_no_point_of_a_heat_map(db: Session, geocoder: Geocoder):
    take(db, geocoder, "新河村路灯坏了")
    take(db, geocoder, "白田中路8号路灯坏了")
    lon, _lat = coordinates(db, IncidentFilter())
    assert lon.tolist() == [pytest.approx(119.0022)]


def test_what_lies_in_the_middle_of_one_area_is_not_the_same_for_that(db: Session, geocoder: Geocoder):
    make_matter(db, "M1")
    one, other = (take(db, geocoder, f"新河村{what}", matter="M1") for what in ("路灯坏了", "又有路灯坏了"))
    door, again = (take(db, geocoder, f"白田中路8号{what}", matter="M1") for what in ("路灯坏了", "又有路灯坏了"))
    assert one.matter_id == other.matter_id == again.matter_id is not None
    assert (other.repeats_id, again.repeats_id) == (None, door.id)


def test_words_without_a_place_wait_as_before(db: Session, geocoder: Geocoder):
    incident = take(db, geocoder, "有人乱倒垃圾")
    assert (incident.queue_reason, incident.address_answer) == (QueueReason.NO_COORDINATES, None)


def test_an_empty_list_still_takes_reports_in(db: Session, county: dict[str, Area]):
    nothing = Geocoder(Gazetteer.build([], *named_areas(db, NOW)))
    assert take(db, nothing, "阳光花园门口路灯不亮").queue_reason is QueueReason.NO_COORDINATES
    assert take(db, None, "阳光花园门口路灯不亮").queue_reason is QueueReason.NO_COORDINATES
    assert names(take(db, nothing, "安宜镇白田社区路灯坏了"))[0].endswith("白田社区")


class Broken:
    """A geocoder with a defect."""

    def geocode(self, text: str) -> Answer:
        raise RuntimeError(text)


def test_no_report_is_lost_to_a_defect_of_the_geocoder_and_the_log_does_not_repeat_it(
    db: Session, county: dict[str, Area], caplog: pytest.LogCaptureFixture
):
    incident = take(db, Broken(), "阳光花园门口路灯不亮", reporter_name="张三")
    assert incident.queue_reason is QueueReason.NO_COORDINATES
    assert "RuntimeError" in caplog.text
    assert "阳光" not in caplog.text


def test_a_report_sent_again_is_not_looked_up_again(db: Session, geocoder: Geocoder):
    draft = ReportDraft.model_validate({"channel": "hotline", "text": "阳光花园门口", "external_number": "7"})
    first = receive_one(db, draft, by=DESK, now=NOW, reception=reception(db, geocoder))
    again = receive_one(db, draft, by=DESK, now=NOW, reception=reception(db, Broken()))
    assert (again.id, again.created, again.queue_reason) == (first.id, False, QueueReason.ADDRESS_UNCERTAIN)


def test_a_record_of_the_past_is_placed_by_its_words_too(db: Session, geocoder: Geocoder, county: dict[str, Area]):
    past = {"channel": "hotline", "text": "白田中路8号乱倒垃圾", "reported_at": NOW, "closed_at": NOW}
    [received] = receive(
        db, [HistoricReport.model_validate(past)], by=DESK, now=NOW, reception=reception(db, geocoder)
    )  # fmt: skip
    incident = db.get_one(Incident, received.id)
    assert (incident.state, incident.grid_id) == (State.CLOSED, county["安宜镇 west"].id)


# --- words against coordinates -----------------------------------------------------------------------------------


def test_words_that_name_another_township_are_told_and_nothing_is_moved(
    db: Session, geocoder: Geocoder, county: dict[str, Area]
):
    incident = take(db, geocoder, "泾河镇阳光花园井盖坏了", lon=119.005, lat=33.005)
    assert (incident.grid_id, incident.state) == (county["安宜镇 west"].id, State.FILED)
    assert incident.contradiction is not None
    found = {key: area["name"] for key, area in incident.contradiction.items()}
    assert found == {"named": "泾河镇", "located": "安宜镇"}
    assert incident.explanation["contradiction"] == incident.contradiction
    assert names(incident)[0] == ROWS[1].name


@pytest.mark.parametrize("text", ["安宜镇阳光花园井盖坏了", "井盖坏了", "安宜镇到泾河镇的路上井盖坏了"])
def test_words_that_name_the_township_of_the_coordinates_or_none_are_no_contradiction(
    db: Session, geocoder: Geocoder, county: dict[str, Area], text: str
):
    assert take(db, geocoder, text, lon=119.005, lat=33.005).contradiction is None


def test_the_address_counts_before_the_text(db: Session, geocoder: Geocoder, county: dict[str, Area]):
    text = "泾河镇的施工队乱倒垃圾"
    assert take(db, geocoder, text, address="安宜镇", lon=119.005, lat=33.005).contradiction is None
    assert take(db, geocoder, text, lon=119.005, lat=33.005).contradiction is not None


# --- what a person chooses ---------------------------------------------------------------------------------------


def choose(db: Session, incident: Incident, nth: int, by: Actor = DESK, matched: str | None = None) -> Incident:
    name = names(incident)[nth] if matched is None else matched
    return place_by_candidate(db, incident.id, nth, name, by=by, now=NOW, index=IndexOf(db))


def test_a_chosen_candidate_places_routes_and_files_the_case(db: Session, geocoder: Geocoder, county: dict[str, Area]):
    waiting = take(db, geocoder, "阳光花园门口路灯不亮")
    placed = choose(db, waiting, names(waiting).index(ROWS[1].name))
    assert (placed.grid_id, placed.state, placed.queue_reason) == (county["泾河镇 west"].id, State.FILED, None)
    assert (placed.place_method, placed.address_accuracy) == (PlaceMethod.CANDIDATE, Accuracy.COMPOUND)
    assert placed.staff is not None
    assert placed.staff.staff_no == "W02west"
    of_it = (IncidentEvent.incident_id == placed.id, IncidentEvent.by_name == "desk")
    placing = db.scalars(select(IncidentEvent).where(*of_it, IncidentEvent.kind == EventKind.PLACED)).one()
    assert placing.details["address"]["matched"] == ROWS[1].name


def test_a_candidate_that_is_no_longer_what_was_shown_is_refused(db: Session, geocoder: Geocoder):
    waiting = take(db, geocoder, "阳光花园门口路灯不亮")
    for nth, matched in ((0, "somewhere else"), (7, ROWS[0].name), (-1, ROWS[0].name)):
        with pytest.raises(CandidateGone):
            choose(db, waiting, nth, matched=matched)
    assert waiting.point is None


def test_an_area_of_several_grids_cannot_be_chosen(db: Session, geocoder: Geocoder):
    waiting = take(db, geocoder, "白田社区路灯坏了")
    with pytest.raises(CandidateTooWide):
        choose(db, waiting, 0)


def test_only_a_desk_chooses_remembers_and_looks_again(db: Session, geocoder: Geocoder):
    waiting, nobody = take(db, geocoder, "阳光花园门口路灯不亮"), Actor("nobody")
    with pytest.raises(NotYours):
        choose(db, waiting, 0, by=nobody)
    with pytest.raises(NotYours):
        remember(db, waiting.id, "阳光花园", by=nobody, now=NOW)
    with pytest.raises(NotYours):
        ask_again(db, waiting.id, by=nobody, index=IndexOf(db), geocoding=None)


def test_a_place_chosen_by_hand_is_kept_for_the_words_and_settles_a_contradiction(
    db: Session, geocoder: Geocoder, county: dict[str, Area]
):
    incident = take(db, geocoder, "泾河镇阳光花园井盖坏了", lon=119.005, lat=33.005)
    place_by_hand(db, incident.id, 119.026, 33.004, by=DESK, now=NOW, index=IndexOf(db))
    assert (incident.contradiction, incident.place_method) == (None, PlaceMethod.BY_HAND)
    assert (incident.raw_x, incident.raw_y) == (119.005, 33.005)
    alias = remember(db, incident.id, " 阳光花园  南门 ", by=DESK, now=NOW)
    assert (alias.text, alias.name, alias.address_id, alias.kept_by) == ("阳光花园 南门", "阳光花园 南门", None, "desk")
    assert incident.explanation["remembered"] == "阳光花园 南门"


def test_nothing_is_kept_without_words_or_for_a_place_that_nobody_chose(db: Session, geocoder: Geocoder):
    with pytest.raises(NothingToRemember):
        remember(db, take(db, geocoder, "白田中路8号").id, "白田中路", by=DESK, now=NOW)
    waiting = take(db, geocoder, "阳光花园门口路灯不亮")
    choose(db, waiting, 0)
    for words in ("", " 门 ", "阳" * 61):
        with pytest.raises(WordsMissing):
            remember(db, waiting.id, words, by=DESK, now=NOW)


def test_the_words_offered_are_the_address_else_how_the_text_begins(db: Session):
    assert words_to_keep(Incident(text="阳光花园南门，路灯不亮", address=None)) == "阳光花园南门"
    assert words_to_keep(Incident(text="路灯不亮", address="白田中路8号")) == "白田中路8号"


def test_looking_again_finds_what_has_been_added_to_the_list_and_moves_nothing(
    db: Session, geocoder: Geocoder, county: dict[str, Area]
):
    waiting = take(db, None, "人民医院对面井盖破损")
    assert waiting.address_answer is None
    ask_again(db, waiting.id, by=DESK, index=IndexOf(db), geocoding=lambda: geocoder)
    assert (names(waiting)[0], waiting.point, waiting.state) == (ROWS[2].name, None, State.REPORTED)
