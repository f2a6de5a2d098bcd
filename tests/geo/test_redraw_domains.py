"""Specialised grids: a redraw replaces those of the domains that its rows have, and leaves all others alone."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.loading import add_areas
from geo.models import Area, Redraw
from geo.redraw_checking import examine
from geo.redraw_drafts import begin, put_rows
from geo.redraw_editing import cover
from geo.redraw_ground import after, ground_under
from geo.redraw_publishing import publish, revert
from geo.redraws.errors import LaterRedraw
from geo.redraws.mends import DraftGrid
from tests.factories import NOW, make_area, make_ladder
from tests.geo.drafting import PLANNER, VILLAGE, WEST, checked

DAY = timedelta(days=1)
NEW_YEAR = NOW + 290 * DAY


@pytest.fixture
def ladder(db: Session) -> dict[str, Area]:
    """The ladder with a school and a market in its village."""
    ladder = make_ladder(db)
    school = make_area(
        db, "S1", AreaKind.SPECIALISED, spot(0, "S1").outline, parent=ladder["village"], domain="school"
    )  # fmt: skip
    market = make_area(
        db, "M1", AreaKind.SPECIALISED, spot(1, "M1").outline, parent=ladder["village"], domain="market"
    )  # fmt: skip
    return ladder | {"school": school, "market": market}


def spot(place: int, code: str, domain: str = "school", row: int = 1, name: str | None = None) -> DraftGrid:
    """A specialised grid of about a hundred metres, the further east the higher the place."""
    west = WEST + 0.002 * place
    outline = box(west, 33.001, west + 0.001, 33.002)
    return DraftGrid(row, code, name or f"area {code}", outline, VILLAGE, None, domain)


def drafted(db: Session, ladder: dict[str, Area], rows: Sequence[DraftGrid], name: str = "schools") -> Redraw:
    redraw = begin(db, name, AreaKind.SPECIALISED, by=PLANNER, now=NOW, definition={"codes": "free"})
    redraw.scope_ids = [ladder["village"].id]
    put_rows(db, redraw, rows, {VILLAGE: ladder["village"].id})
    return redraw


def ready(db: Session, ladder: dict[str, Area], rows: Sequence[DraftGrid], name: str = "schools") -> Redraw:
    redraw = drafted(db, ladder, rows, name)
    assert checked(db, redraw).blocking == 0
    return redraw


def in_force(db: Session, at=NEW_YEAR) -> list[str]:
    return [area.code for area in areas_valid_at(db, at, kinds=[AreaKind.SPECIALISED])]


def test_a_file_of_schools_ends_schools_and_no_market(db: Session, ladder):
    redraw = ready(db, ladder, [spot(2, "S2")])
    done = publish(db, redraw.id, at=None, by=PLANNER, now=NOW)
    assert (done.ended, done.begun) == (1, 1)
    assert in_force(db) == ["M1", "S2"]


def test_a_file_of_both_replaces_both(db: Session, ladder):
    redraw = ready(db, ladder, [spot(2, "S2"), spot(3, "M2", "market", 2)])
    publish(db, redraw.id, at=None, by=PLANNER, now=NOW)
    assert in_force(db) == ["M2", "S2"]


def test_a_file_of_schools_with_no_bounds_ends_no_market_either(db: Session, ladder):
    redraw = drafted(db, ladder, [spot(2, "S2")])
    redraw.scope_ids = []
    checked(db, redraw)
    publish(db, redraw.id, at=None, by=PLANNER, now=NOW)
    assert in_force(db) == ["M1", "S2"]


def test_a_draft_without_rows_replaces_nothing(db: Session, ladder):
    assert ground_under(db, drafted(db, ladder, []), NOW).inside == []


def test_comparing_and_whom_it_concerns_leave_the_market_where_it_is(db: Session, ladder):
    rows = [spot(2, "S2")]
    ground = ground_under(db, drafted(db, ladder, rows), NOW)
    assert [row.code for row in ground.before()] == ["S1"]
    afterwards = [area.code for area in after(ground, rows) if area.kind is AreaKind.SPECIALISED]
    assert sorted(afterwards) == ["M1", "S2"]


def test_reverted_the_schools_are_back_and_the_market_never_went(db: Session, ladder):
    redraw = ready(db, ladder, [spot(2, "S2")])
    publish(db, redraw.id, at=None, by=PLANNER, now=NOW)
    revert(db, redraw.id, by=PLANNER, now=NOW + DAY)
    assert in_force(db, NOW) == ["M1", "S2"]
    assert in_force(db) == ["M1", "S1"]


def test_schools_and_markets_of_one_village_are_redrawn_in_any_order(db: Session, ladder):
    schools = ready(db, ladder, [spot(2, "S2")])
    markets = ready(db, ladder, [spot(3, "M2", "market")], "markets")
    publish(db, markets.id, at=NEW_YEAR, by=PLANNER, now=NOW)
    publish(db, schools.id, at=NEW_YEAR - DAY, by=PLANNER, now=NOW)
    assert in_force(db) == ["M2", "S2"]
    later = ready(db, ladder, [spot(4, "M3", "market")], "more markets")
    with pytest.raises(LaterRedraw):
        publish(db, later.id, at=NEW_YEAR - DAY, by=PLANNER, now=NOW)


def test_what_a_draft_takes_in_by_hand_is_of_its_domains(db: Session, ladder):
    redraw = drafted(db, ladder, [spot(2, "S2")])
    beside = make_ladder(db, west=119.1, township="329901002")["village"]
    for code, domain in (("S9", "school"), ("M9", "market")):
        make_area(db, code, AreaKind.SPECIALISED, box(119.1, 33.0, 119.101, 33.001), parent=beside, domain=domain)
    ground = cover(db, redraw, [beside.id], now=NOW)
    assert [one.code for one in ground.inside] == ["S1", "S9"]
    assert [one.code for one in ground_under(db, redraw, NOW).inside] == ["S1", "S9"]


# --- codes and their domain -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [[], [spot(2, "S2", row=2)]], ids=["markets only", "schools too"])
def test_a_market_with_the_code_of_a_school_is_another_area_and_blocks(db: Session, ladder, others):
    redraw = drafted(db, ladder, [spot(0, "S1", "market"), *others])
    found = examine(db, redraw, ground_under(db, redraw, NOW))
    assert [(one.code, one.rows, one.severity) for one in found] == [("code-reused", (1,), "block")]


def test_a_school_that_stays_a_school_keeps_its_code(db: Session, ladder):
    redraw = ready(db, ladder, [spot(2, "S1"), spot(1, "M1", "market", 2)])
    publish(db, redraw.id, at=None, by=PLANNER, now=NOW)
    assert in_force(db) == ["M1", "S1"]


def test_sent_again_after_it_was_withdrawn_an_area_gets_the_domain_that_is_meant_now(db: Session, ladder):
    first = ready(db, ladder, [spot(0, "S1"), spot(2, "X1", row=2)])
    publish(db, first.id, at=NEW_YEAR, by=PLANNER, now=NOW)
    revert(db, first.id, by=PLANNER, now=NOW + DAY)
    again = ready(db, ladder, [spot(1, "M1", "market"), spot(2, "X1", "market", 2)], "markets")
    publish(db, again.id, at=NEW_YEAR, by=PLANNER, now=NOW + 2 * DAY)
    domains = {one.code: one.domain for one in areas_valid_at(db, NEW_YEAR, kinds=[AreaKind.SPECIALISED])}
    assert domains == {"M1": "market", "S1": "school", "X1": "market"}


def test_an_area_that_was_ever_in_force_keeps_its_domain(db: Session, ladder):
    assert add_areas(db, AreaKind.SPECIALISED, {"S1": "market"}) == {"S1": ladder["school"].id}
    assert db.scalar(select(Area.domain).where(Area.code == "S1")) == "school"
