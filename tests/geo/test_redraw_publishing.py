"""Publishing and reverting: versions end and begin at one moment, nothing is deleted, every answer can be had again."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from shapely.geometry import box
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.areas import areas_epoch
from geo.codes import AreaKind
from geo.loading import versions_during
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_checking import keep
from geo.redraw_drafts import begin, put_rows, rows_of
from geo.redraw_ground import ground_under
from geo.redraw_models import DraftArea, RedrawEvent
from geo.redraw_publishing import end_versions, publish, revert
from geo.redraws.errors import (
    CodesGiven,
    LaterRedraw,
    MapHasChanged,
    MomentPassed,
    NothingChanges,
    NothingDrawn,
    StillBlocked,
    UnknownRedraw,
    WrongState,
)
from geo.redraws.mends import DraftGrid
from geo.redraws.words import RedrawState, RedrawStep
from tests.factories import NOW, make_area, make_ladder
from tests.geo.drafting import (
    EAST,
    MIDDLE,
    PLANNER,
    VILLAGE,
    WEST,
    A,
    B,
    C,
    checked,
    drafted,
    grid_at,
    moved_border,
    ready,
    strip,
)  # fmt: skip

DAY = timedelta(days=1)
NEW_YEAR = NOW + 290 * DAY
BETWEEN = 119.011
"""Lies in B today, and in A once the border has moved."""


@pytest.fixture
def ladder(db: Session) -> dict[str, Area]:
    return make_ladder(db)


def published(db: Session, ladder: dict[str, Area], *, at=None, name: str = "2027", rows=None):
    redraw = ready(db, ladder, rows or moved_border(), name)
    publish(db, redraw.id, at=at, by=PLANNER, now=NOW)
    return redraw


def test_a_redraw_for_a_date_answers_with_the_old_grid_before_and_the_new_one_after(db: Session, ladder):
    published(db, ladder, at=NEW_YEAR)
    assert grid_at(db, BETWEEN, NOW) == B
    assert grid_at(db, BETWEEN, NEW_YEAR - timedelta(microseconds=1)) == B
    assert grid_at(db, BETWEEN, NEW_YEAR) == A


def test_published_for_now_it_is_in_force_from_now_on(db: Session, ladder):
    redraw = published(db, ladder)
    assert redraw.comes_at == NOW
    assert (grid_at(db, BETWEEN, NOW - DAY), grid_at(db, BETWEEN, NOW)) == (B, A)


def test_what_stays_as_it_is_keeps_its_version(db: Session, ladder):
    version = db.scalar(select(AreaVersion.id).where(AreaVersion.area_id == ladder["a"].id))
    rows = [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip(C, 119.015, EAST, 3)]
    done = publish(db, ready(db, ladder, rows).id, at=NEW_YEAR, by=PLANNER, now=NOW)
    assert (done.ended, done.begun) == (1, 2)
    standing = db.scalars(select(AreaVersion.id).where(AreaVersion.area_id == ladder["a"].id)).all()
    assert standing == [version]


def test_a_new_name_alone_begins_a_new_version(db: Session, ladder):
    rows = [strip(A, WEST, MIDDLE, 1, name="新名网格"), strip(B, MIDDLE, EAST, 2)]
    done = publish(db, ready(db, ladder, rows).id, at=NEW_YEAR, by=PLANNER, now=NOW)
    assert (done.ended, done.begun) == (1, 1)
    names = {one.name for one in versions_during(db, Range(NEW_YEAR, None), [AreaKind.COMPREHENSIVE], codes=[A])}
    assert names == {"新名网格"}


def test_a_merged_grid_ends_and_is_still_known_for_the_time_before(db: Session, ladder):
    published(db, ladder, at=NEW_YEAR, rows=[strip(A, WEST, EAST, 1)])
    assert grid_at(db, 119.015, NEW_YEAR) == A
    assert grid_at(db, 119.015, NEW_YEAR - DAY) == B
    assert db.scalar(select(func.count()).select_from(Area).where(Area.code == B)) == 1


def test_grids_outside_the_scope_are_left_alone(db: Session, ladder):
    other = make_ladder(db, west=119.1, township="329901002")
    published(db, ladder, at=NEW_YEAR)
    valid = db.scalar(select(AreaVersion.valid).where(AreaVersion.area_id == other["a"].id))
    assert valid.upper is None


def test_versions_know_which_redraw_began_and_ended_them(db: Session, ladder):
    redraw = published(db, ladder, at=NEW_YEAR)
    ended = db.scalars(select(AreaVersion).where(AreaVersion.ended_by_id == redraw.id)).all()
    begun = db.scalars(select(AreaVersion).where(AreaVersion.begun_by_id == redraw.id)).all()
    assert {one.valid.upper for one in ended} == {NEW_YEAR} == {one.valid.lower for one in begun}
    assert len(ended) == len(begun) == 2


def test_drafts_are_in_no_map_until_they_are_published(db: Session, ladder):
    epoch = areas_epoch(db)
    ready(db, ladder, moved_border())
    assert areas_epoch(db) == epoch
    assert grid_at(db, BETWEEN, NEW_YEAR + 1000 * DAY) == B


# --- what is refused ------------------------------------------------------------------------------------------------


def test_an_unchecked_draft_is_not_published(db: Session, ladder):
    redraw = drafted(db, ladder, moved_border())
    with pytest.raises(WrongState):
        publish(db, redraw.id, at=NEW_YEAR, by=PLANNER, now=NOW)


def test_open_findings_that_block_are_counted(db: Session, ladder):
    redraw = drafted(db, ladder, [strip(A, WEST, MIDDLE, 1), strip(B, 119.012, EAST, 2)])  # a gap between the two
    assert checked(db, redraw).blocking == 1
    with pytest.raises(StillBlocked) as refused:
        publish(db, redraw.id, at=NEW_YEAR, by=PLANNER, now=NOW)
    assert refused.value.count == 1


def test_history_is_not_redrawn(db: Session, ladder):
    redraw = ready(db, ladder, moved_border())
    with pytest.raises(MomentPassed):
        publish(db, redraw.id, at=NOW - DAY, by=PLANNER, now=NOW)


def test_a_map_that_changed_since_the_check_must_be_checked_again(db: Session, ladder):
    first, second = ready(db, ladder, moved_border()), ready(db, ladder, moved_border(119.015), "other")
    publish(db, first.id, at=None, by=PLANNER, now=NOW)
    with pytest.raises(MapHasChanged):
        publish(db, second.id, at=NEW_YEAR, by=PLANNER, now=NOW + DAY)
    checked(db, second, NOW + DAY)
    publish(db, second.id, at=NEW_YEAR, by=PLANNER, now=NOW + DAY)
    assert grid_at(db, 119.013, NEW_YEAR) == A


@pytest.mark.parametrize(("west", "refused"), [(EAST, False), (119.018, True)], ids=["to the border", "over it"])
def test_a_neighbour_that_came_over_the_border_since_the_check_must_be_looked_at(db: Session, ladder, west, refused):
    beside = make_ladder(db, west=EAST, township="329901002")["village"]
    ours, theirs = ready(db, ladder, moved_border()), begin(db, "beside", AreaKind.COMPREHENSIVE, by=PLANNER, now=NOW)
    theirs.scope_ids = [beside.id]
    codes = (f"{beside.code}001", f"{beside.code}002")
    edges = (west, 119.031, 119.04)
    rows = [strip(codes[at], edges[at], edges[at + 1], at + 1, parent=beside.code) for at in (0, 1)]
    put_rows(db, theirs, rows, {beside.code: beside.id})
    keep(db, theirs, [], ground_under(db, theirs, NOW), by=PLANNER, now=NOW)
    publish(db, theirs.id, at=None, by=PLANNER, now=NOW)
    with pytest.raises(MapHasChanged) if refused else nullcontext():
        publish(db, ours.id, at=None, by=PLANNER, now=NOW + DAY)


def test_two_redraws_of_the_same_grids_do_not_cross(db: Session, ladder):
    second = ready(db, ladder, moved_border(119.015), "other")
    published(db, ladder, at=NEW_YEAR)
    for moment in (NEW_YEAR - DAY, NEW_YEAR):
        with pytest.raises(LaterRedraw) as refused:
            publish(db, second.id, at=moment, by=PLANNER, now=NOW)
        assert refused.value.name == "2027"


def test_a_draft_that_is_in_force_already_is_not_published(db: Session, ladder):
    rows = [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, EAST, 2)]
    with pytest.raises(NothingChanges):
        publish(db, ready(db, ladder, rows).id, at=NEW_YEAR, by=PLANNER, now=NOW)


def test_an_empty_draft_is_not_published(db: Session, ladder):
    redraw = drafted(db, ladder, [])
    redraw.state = RedrawState.CHECKED
    with pytest.raises(NothingDrawn):
        publish(db, redraw.id, at=NEW_YEAR, by=PLANNER, now=NOW)


def test_a_redraw_that_is_not_there_is_not_published(db: Session):
    with pytest.raises(UnknownRedraw):
        publish(db, 123456, at=None, by=PLANNER, now=NOW)


def test_codes_are_never_used_again(db: Session, ladder):
    make_area(
        db, C, AreaKind.COMPREHENSIVE, strip(C, WEST, MIDDLE, 1).outline, parent=ladder["village"],
        valid=Range(None, NOW - 100 * DAY), name="老网格",
    )  # fmt: skip
    rows = [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip(C, 119.015, EAST, 3)]
    redraw = drafted(db, ladder, rows)
    assert checked(db, redraw).blocking == 1
    with pytest.raises(StillBlocked):
        publish(db, redraw.id, at=NEW_YEAR, by=PLANNER, now=NOW)


def test_a_withdrawn_file_can_be_sent_again_with_the_codes_that_were_never_in_force(db: Session, ladder):
    rows = [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip(C, 119.015, EAST, 3)]
    first = published(db, ladder, at=NEW_YEAR, rows=rows)
    revert(db, first.id, by=PLANNER, now=NOW + DAY)
    again = ready(db, ladder, rows, "again")
    publish(db, again.id, at=NEW_YEAR, by=PLANNER, now=NOW + 2 * DAY)
    assert grid_at(db, 119.017, NEW_YEAR) == C


def test_of_two_drafts_that_give_the_same_new_code_the_second_is_told_so(db: Session, ladder):
    other = make_ladder(db, west=119.1, township="329901002")
    rows = [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip(C, 119.015, EAST, 3)]
    first = ready(db, ladder, rows)
    second = elsewhere_with(db, other, C)
    publish(db, first.id, at=None, by=PLANNER, now=NOW)
    with pytest.raises(CodesGiven) as refused:
        publish(db, second.id, at=None, by=PLANNER, now=NOW)
    assert (refused.value.code, refused.value.count) == (C, 1)


def test_a_code_that_was_given_and_ended_since_the_check_is_not_used_again_in_silence(db: Session, ladder):
    other = make_ladder(db, west=119.1, township="329901002")
    rows = [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip(C, 119.015, EAST, 3)]
    first, second = ready(db, ladder, rows), elsewhere_with(db, other, C)
    publish(db, first.id, at=None, by=PLANNER, now=NOW)
    revert(db, first.id, by=PLANNER, now=NOW + DAY)
    with pytest.raises(CodesGiven):
        publish(db, second.id, at=None, by=PLANNER, now=NOW + 2 * DAY)


def elsewhere_with(db: Session, other: dict[str, Area], code: str) -> Redraw:
    """A draft of another village, ready, whose one grid has that code; codes may be any."""
    redraw = begin(db, "elsewhere", AreaKind.COMPREHENSIVE, by=PLANNER, now=NOW, definition={"codes": "free"})
    redraw.scope_ids = [other["village"].id]
    row = strip(code, 119.1, 119.12, 1, parent=other["village"].code)
    put_rows(db, redraw, [row], {other["village"].code: other["village"].id})
    assert checked(db, redraw).blocking == 0
    return redraw


# --- undoing --------------------------------------------------------------------------------------------------------


def test_reverted_before_its_date_every_answer_is_as_before_and_nothing_is_deleted(db: Session, ladder):
    before = db.execute(text("SELECT id, valid, ended_by_id FROM area_version ORDER BY id")).all()
    redraw = published(db, ladder, at=NEW_YEAR)
    restoring = revert(db, redraw.id, by=PLANNER, now=NOW + DAY, note="镇里不同意")
    assert db.execute(text("SELECT id, valid, ended_by_id FROM area_version WHERE id <= :last ORDER BY id"),
                      {"last": before[-1].id}).all() == before  # fmt: skip
    withdrawn = db.scalars(select(AreaVersion).where(AreaVersion.begun_by_id == redraw.id)).all()
    assert [(one.valid.isempty, one.withdrawn_by_id) for one in withdrawn] == [(True, restoring.id)] * 2
    assert grid_at(db, BETWEEN, NEW_YEAR + DAY) == B
    assert (redraw.state, restoring.reverts_id) == (RedrawState.REVERTED, redraw.id)


def test_reverted_in_force_the_old_map_begins_again_and_the_time_between_keeps_its_own(db: Session, ladder):
    redraw = published(db, ladder)
    later = NOW + 30 * DAY
    revert(db, redraw.id, by=PLANNER, now=later)
    answers = [grid_at(db, BETWEEN, moment) for moment in (NOW - DAY, NOW, later - DAY, later, NEW_YEAR)]
    assert answers == [B, A, A, B, B]


def test_what_was_merged_and_reverted_bears_its_old_code_again(db: Session, ladder):
    redraw = published(db, ladder, rows=[strip(A, WEST, EAST, 1)])
    revert(db, redraw.id, by=PLANNER, now=NOW + DAY)
    assert grid_at(db, 119.015, NOW + DAY) == B


def test_an_undoing_can_be_undone(db: Session, ladder):
    redraw = published(db, ladder)
    restoring = revert(db, redraw.id, by=PLANNER, now=NOW + DAY)
    again = revert(db, restoring.id, by=PLANNER, now=NOW + 2 * DAY)
    assert grid_at(db, BETWEEN, NOW + 2 * DAY) == A
    assert len({redraw.name, restoring.name, again.name}) == 3


def test_what_a_later_redraw_rests_on_is_not_pulled_away(db: Session, ladder):
    first = published(db, ladder)
    second = drafted(db, ladder, moved_border(119.015), "other")
    checked(db, second, NOW + DAY)
    publish(db, second.id, at=NEW_YEAR, by=PLANNER, now=NOW + DAY)
    with pytest.raises(LaterRedraw) as refused:
        revert(db, first.id, by=PLANNER, now=NOW + 2 * DAY)
    assert refused.value.name == "other"
    revert(db, second.id, by=PLANNER, now=NOW + 2 * DAY)
    revert(db, first.id, by=PLANNER, now=NOW + 3 * DAY)
    assert grid_at(db, BETWEEN, NOW + 3 * DAY) == B


def merged_and_ended(db: Session, ladder: dict[str, Area], at=NOW + DAY) -> tuple[Redraw, Redraw]:
    """The one grid of a second village is given to a grid of the first, and then the second village is ended."""
    village = make_area(
        db, "329901001002", AreaKind.VILLAGE, box(EAST, 33.0, 119.03, 33.01), parent=ladder["township"], name="末村"
    )
    last = make_area(db, "329901001002001", AreaKind.COMPREHENSIVE, box(EAST, 33.0, 119.03, 33.01), parent=village)
    grids = begin(db, "grids", AreaKind.COMPREHENSIVE, by=PLANNER, now=NOW)
    grids.scope_ids = [ladder["township"].id]
    put_rows(db, grids, [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.03, 2)], {VILLAGE: ladder["village"].id})
    keep(db, grids, [], ground_under(db, grids, NOW), by=PLANNER, now=NOW)
    publish(db, grids.id, at=None, by=PLANNER, now=NOW)
    villages = begin(db, "villages", AreaKind.VILLAGE, by=PLANNER, now=NOW)
    villages.scope_ids = [ladder["township"].id]
    row = DraftGrid(1, VILLAGE, "大村", box(WEST, 33.0, 119.03, 33.01), ladder["township"].code, None)
    put_rows(db, villages, [row], {ladder["township"].code: ladder["township"].id})
    keep(db, villages, [], ground_under(db, villages, at), by=PLANNER, now=NOW)
    publish(db, villages.id, at=at, by=PLANNER, now=NOW)
    assert grid_at(db, 119.025, at) == B, last.code
    return grids, villages


@pytest.mark.parametrize("at", [NOW, NOW + DAY, NEW_YEAR], ids=["with the grids", "since", "still to come"])
def test_grids_are_not_restored_under_a_village_that_has_ended_since(db: Session, ladder, at):
    grids, villages = merged_and_ended(db, ladder, at)
    with pytest.raises(LaterRedraw) as refused:
        revert(db, grids.id, by=PLANNER, now=NOW + 2 * DAY)
    assert refused.value.name == "villages"
    revert(db, villages.id, by=PLANNER, now=NOW + 2 * DAY)
    revert(db, grids.id, by=PLANNER, now=NOW + 3 * DAY)
    assert grid_at(db, 119.025, NOW + 3 * DAY) == "329901001002001"


def test_as_many_areas_as_a_city_has_are_reverted_at_once(db: Session, ladder):
    redraw = published(db, ladder)
    db.execute(
        text("""
        WITH new AS (
            INSERT INTO area (kind, code) SELECT 'comprehensive', 'N' || n
            FROM generate_series(1, 40000) AS n RETURNING id
        )
        INSERT INTO area_version (area_id, valid, name, outline, area_m2, begun_by_id)
        SELECT new.id, tstzrange(:now, NULL), 'n', outline, 1, :redraw FROM new,
            (SELECT outline FROM area_version WHERE area_id = :pattern LIMIT 1) AS pattern"""),
        {"now": NOW, "redraw": redraw.id, "pattern": ladder["a"].id},
    )  # fmt: skip
    restoring = revert(db, redraw.id, by=PLANNER, now=NOW + DAY)
    ended = select(func.count()).select_from(AreaVersion).where(AreaVersion.ended_by_id == restoring.id)
    assert db.scalar(ended) == 40_002


def test_only_what_is_published_can_be_reverted(db: Session, ladder):
    redraw = published(db, ladder)
    revert(db, redraw.id, by=PLANNER, now=NOW + DAY)
    with pytest.raises(WrongState):
        revert(db, redraw.id, by=PLANNER, now=NOW + DAY)


def test_the_history_says_who_did_what_and_cannot_be_edited(db: Session, ladder):
    redraw = published(db, ladder, at=NEW_YEAR)
    revert(db, redraw.id, by=PLANNER, now=NOW + DAY, note="不同意")
    steps = db.execute(
        select(RedrawEvent.step, RedrawEvent.by_name).where(RedrawEvent.redraw_id == redraw.id).order_by(RedrawEvent.id)
    ).all()
    assert [step for step, _ in steps] == [
        RedrawStep.BEGUN, RedrawStep.CHECKED, RedrawStep.PUBLISHED, RedrawStep.REVERTED,
    ]  # fmt: skip
    assert {by for _, by in steps} == {"规划员"}
    with pytest.raises(Exception, match="only ever added to"), db.begin_nested():
        db.execute(text("DELETE FROM redraw_event"))


def test_more_versions_end_at_once_than_a_statement_takes_parameters(db: Session, ladder):
    redraw = ready(db, ladder, [strip(A, WEST, EAST, 1)])
    version = db.scalar(select(AreaVersion.id).where(AreaVersion.area_id == ladder["b"].id))
    end_versions(db, [version, *range(10**9, 10**9 + 70_000)], NOW, redraw.id)
    assert db.scalar(select(AreaVersion.id).where(AreaVersion.ended_by_id == redraw.id)) == version
    assert [row.row for row in rows_of(db, redraw, range(70_000))] == [1]


def test_the_rows_of_a_draft_stay_on_record(db: Session, ladder):
    redraw = published(db, ladder, at=NEW_YEAR)
    revert(db, redraw.id, by=PLANNER, now=NOW + DAY)
    assert db.scalar(select(func.count()).select_from(DraftArea).where(DraftArea.redraw_id == redraw.id)) == 2
    assert VILLAGE in A
