"""What a planner decides about findings: mended, accepted, and remembered through the next check."""

from datetime import timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area, Redraw
from geo.redraw_checking import keep_read
from geo.redraw_deciding import Wanted, accept, mend
from geo.redraw_drafts import begin, put_rows, rows_of
from geo.redraw_ground import ground_of
from geo.redraw_models import RedrawFinding
from geo.redraw_publishing import publish
from geo.redraws.errors import UnknownFinding, WrongState
from geo.redraws.mends import DraftGrid
from geo.redraws.words import Decision, RedrawState
from geo.sentences import say
from importers.report import Problem
from tests.factories import NOW, make_ladder
from tests.geo.drafting import EAST, MIDDLE, PLANNER, WEST, A, B, C, checked, drafted, moved_border, ready, strip


@pytest.fixture
def ladder(db: Session) -> dict[str, Area]:
    return make_ladder(db)


def findings(db: Session, redraw: Redraw, code: str | None = None) -> list[RedrawFinding]:
    query = select(RedrawFinding).where(RedrawFinding.redraw_id == redraw.id, RedrawFinding.severity == "block")
    return list(db.scalars(query if code is None else query.where(RedrawFinding.code == code)))


def mended(db: Session, redraw: Redraw, wanted: Wanted) -> int:
    return mend(db, redraw.id, wanted, ground_of(db, redraw.kind, redraw.scope_ids, NOW), by=PLANNER, now=NOW)


def with_gap(db: Session, ladder: dict[str, Area]) -> Redraw:
    redraw = drafted(db, ladder, [strip(A, WEST, MIDDLE, 1), strip(B, 119.012, EAST, 2)])
    checked(db, redraw)
    return redraw


def test_a_mended_gap_is_gone_at_the_next_check(db: Session, ladder):
    redraw = with_gap(db, ladder)
    assert mended(db, redraw, Wanted(kinds=["gap", "remainder"])) == 1
    assert redraw.state is RedrawState.DRAFT, "what was checked has been changed"
    assert checked(db, redraw).blocking == 0
    assert sum(row.outline.area for row in rows_of(db, redraw)) == pytest.approx(0.02 * 0.01)


def test_what_is_mended_after_it_was_reviewed_has_no_reviewer_any_more(db: Session, ladder):
    redraw = with_gap(db, ladder)
    redraw.reviewer = "a colleague"
    mended(db, redraw, Wanted(kinds=["gap", "remainder"]))
    assert redraw.reviewer is None


def test_checked_against_another_map_it_has_no_reviewer_any_more(db: Session, ladder):
    redraw, later = ready(db, ladder, moved_border()), NOW + timedelta(days=30)
    redraw.reviewer = "a colleague"
    checked(db, redraw)
    assert redraw.reviewer == "a colleague", "it is the same map"
    first = ready(db, ladder, moved_border(119.015), "first")
    publish(db, first.id, at=later, by=PLANNER, now=NOW)
    checked(db, redraw, later)
    assert redraw.reviewer is None


def test_mending_says_what_was_done(db: Session, ladder):
    redraw = with_gap(db, ladder)
    [finding] = findings(db, redraw)
    mended(db, redraw, Wanted(ids=[finding.id]))
    assert (finding.decision, finding.decided_by) == (Decision.MENDED, "规划员")


def test_a_repeated_code_is_mended_with_the_next_free_one(db: Session, ladder):
    redraw = drafted(db, ladder, [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip(B, 119.015, EAST, 3)])
    assert checked(db, redraw).blocking == 1
    mended(db, redraw, Wanted(kinds=["code-repeated"]))
    assert checked(db, redraw).blocking == 0
    assert [row.code for row in rows_of(db, redraw)] == [A, B, C]


def test_a_row_without_a_code_is_given_one(db: Session, ladder):
    redraw = drafted(db, ladder, [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip("", 119.015, EAST, 3)])
    checked(db, redraw)
    assert [finding.code for finding in findings(db, redraw)] == ["code-missing"]
    mended(db, redraw, Wanted(kinds=["code-missing"]))
    assert [row.code for row in rows_of(db, redraw)] == [A, B, C]


def test_an_accepted_finding_no_longer_blocks_and_stays_accepted(db: Session, ladder):
    redraw = with_gap(db, ladder)
    assert accept(db, redraw.id, Wanted(kinds=["gap", "remainder"]), by=PLANNER, now=NOW, note="河面") == 1
    assert redraw.summary["blocking"] == 0
    counted = checked(db, redraw)
    assert (counted.blocking, counted.accepted) == (0, 1)


def test_two_areas_of_one_code_are_never_accepted(db: Session, ladder):
    redraw = drafted(db, ladder, [strip(A, WEST, MIDDLE, 1), strip(A, MIDDLE, EAST, 2)])
    checked(db, redraw)
    assert accept(db, redraw.id, Wanted(kinds=["code-repeated"]), by=PLANNER, now=NOW) == 0
    assert redraw.summary["blocking"] >= 1


def test_a_specialised_grid_of_which_nobody_says_what_it_is_for_is_never_accepted(db: Session, ladder):
    redraw = drafted(db, ladder, [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, EAST, 2)])
    keep_read(db, redraw, [Problem(1, "domain", "domain-missing", say("empty"))])
    assert accept(db, redraw.id, Wanted(kinds=["domain-missing"]), by=PLANNER, now=NOW) == 0
    assert [finding.decision for finding in findings(db, redraw, "domain-missing")] == [None]


def test_a_finding_that_is_gone_is_told(db: Session, ladder):
    redraw = with_gap(db, ladder)
    [finding] = findings(db, redraw)
    gone = finding.id
    mended(db, redraw, Wanted(ids=[gone]))
    with pytest.raises(UnknownFinding):
        mended(db, redraw, Wanted(ids=[gone]))


def test_what_is_published_is_not_mended(db: Session, ladder):
    redraw = ready(db, ladder, moved_border())
    redraw.state, redraw.comes_at = RedrawState.PUBLISHED, NOW
    with pytest.raises(WrongState):
        mended(db, redraw, Wanted(kinds=["gap"]))


def test_a_village_does_not_end_while_grids_lie_under_it(db: Session, ladder):
    redraw = begin(db, "villages", AreaKind.VILLAGE, by=PLANNER, now=NOW)
    redraw.scope_ids = [ladder["township"].id]
    whole = DraftGrid(1, "329901001002", "合并村", box(WEST, 33, EAST, 33.01), "329901001")
    put_rows(db, redraw, [whole], {"329901001": ladder["township"].id})
    checked(db, redraw)
    assert [finding.code for finding in findings(db, redraw)] == ["children-left"]
    assert accept(db, redraw.id, Wanted(kinds=["children-left"]), by=PLANNER, now=NOW) == 0
