"""What is tried by hand becomes a draft: all grids of the villages concerned, and a line in its history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from shapely import box
from shapely.geometry import LineString
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area, Redraw
from geo.redraw_checking import examine, keep
from geo.redraw_deciding import Wanted, mend
from geo.redraw_drafts import Planner, begin, rows_of
from geo.redraw_editing import (
    LastGrid,
    LiesThereAlready,
    NotBeside,
    OtherTownship,
    RowWords,
    UnknownGrid,
    UnknownParent,
    UnknownRow,
    UnknownVillage,
    cover,
    edit_row,
    move_grid,
    split_grid,
)
from geo.redraw_ground import ground_of
from geo.redraw_models import DraftArea, RedrawEvent, RedrawFinding
from geo.redraw_publishing import publish
from geo.redraws.errors import WrongState
from geo.redraws.words import RedrawState, RedrawStep
from tests.factories import NOW, make_area

PLANNER = Planner("planner")
T = "329901001"
V1, V2, V3 = f"{T}001", f"{T}002", f"{T}003"
THROUGH = LineString([(119.003, 32.9), (119.003, 33.1)])


@pytest.fixture
def areas(db: Session) -> dict[str, Area]:
    """A township of three villages side by side, the first with two grids, the second with two, the third with one;

    and another township beside it.
    """
    found = {}

    def add(code: str, kind: AreaKind, west: float, east: float, parent: str | None = None) -> None:
        outline = box(119 + west / 100, 33, 119 + east / 100, 33.01)
        above = found[parent] if parent else None
        households = 400 if kind is AreaKind.COMPREHENSIVE else None
        found[code] = make_area(db, code, kind, outline, parent=above, households=households)

    add(T, AreaKind.TOWNSHIP, 0, 5)
    add("329901002", AreaKind.TOWNSHIP, 5, 6)
    for code, west, east in ((V1, 0, 2), (V2, 2, 4), (V3, 4, 5)):
        add(code, AreaKind.VILLAGE, west, east, T)
    add("329901002001", AreaKind.VILLAGE, 5, 6, "329901002")
    for village, number, west in ((V1, 1, 0), (V1, 2, 1), (V2, 1, 2), (V2, 2, 3), (V3, 1, 4), ("329901002001", 1, 5)):
        add(f"{village}{number:03}", AreaKind.COMPREHENSIVE, west, west + 1, village)
    return found


@pytest.fixture
def draft(db: Session, areas: dict[str, Area]) -> Redraw:
    return begin(db, "试分", AreaKind.COMPREHENSIVE, by=PLANNER, now=NOW)


def codes(db: Session, redraw: Redraw) -> list[str]:
    return [row.code for row in rows_of(db, redraw)]


def found(db: Session, redraw: Redraw) -> set[str]:
    """The kinds of finding of a check against the map of now."""
    ground = ground_of(db, redraw.kind, redraw.scope_ids, NOW)
    findings = examine(db, redraw, ground)
    keep(db, redraw, findings, ground, by=PLANNER, now=NOW)
    return {finding.code for finding in findings}


def last_line(db: Session, redraw: Redraw) -> RedrawEvent:
    query = select(RedrawEvent).where(RedrawEvent.redraw_id == redraw.id).order_by(RedrawEvent.id.desc()).limit(1)
    return db.scalars(query).one()


def test_a_split_takes_the_whole_village_in_and_the_history_says_that_households_are_estimated(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    kept, new = split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    assert codes(db, draft) == [f"{V1}001", f"{V1}002", f"{V1}003"]
    assert draft.scope_ids == [areas[V1].id]
    assert set(draft.within_ids) == {areas[V1].id, areas[T].id}
    assert (kept.households, new.households) == (280, 120)
    line = last_line(db, draft)
    assert (line.step, line.by_name) == (RedrawStep.EDITED, "planner")
    assert line.details["codes"] == [f"{V1}001", f"{V1}003"]
    assert line.details["households_are"] == "estimated by area"
    assert found(db, draft) == {"households-unusual"}  # a warning: 280 and 120 are few


def test_what_is_split_or_moved_after_it_was_reviewed_has_no_reviewer_any_more(db: Session, areas, draft):
    split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    draft.reviewer = "a colleague"
    split_grid(db, draft.id, f"{V2}002", LineString([(119.036, 32.9), (119.036, 33.1)]), by=PLANNER, now=NOW)
    assert draft.reviewer is None
    draft.reviewer = "a colleague"
    move_grid(db, draft.id, f"{V1}002", V2, by=PLANNER, now=NOW)
    assert draft.reviewer is None


def test_a_split_that_was_checked_comes_into_force(db: Session, draft: Redraw):
    split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    found(db, draft)
    assert publish(db, draft.id, at=None, by=PLANNER, now=NOW).begun == 2


def test_several_are_tried_in_one_draft_and_what_was_checked_is_a_draft_again(db: Session, draft: Redraw):
    split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    found(db, draft)
    assert draft.state is RedrawState.CHECKED
    split_grid(db, draft.id, f"{V1}001", LineString([(119.006, 32.9), (119.006, 33.1)]), by=PLANNER, now=NOW)
    assert draft.state is RedrawState.DRAFT
    split_grid(db, draft.id, f"{V3}001", LineString([(119.045, 32.9), (119.045, 33.1)]), by=PLANNER, now=NOW)
    assert codes(db, draft) == [f"{V1}001", f"{V1}002", f"{V1}003", f"{V1}004", f"{V3}001", f"{V3}002"]
    assert [row.row for row in rows_of(db, draft)] == [1, 2, 3, 4, 5, 6]
    names = [row.name for row in rows_of(db, draft)]
    assert len(set(names)) == 6


def test_codes_go_on_after_every_one_that_was_ever_given(db: Session, areas: dict[str, Area], draft: Redraw):
    db.add(Area(code=f"{V1}007", kind=AreaKind.COMPREHENSIVE))
    _kept, new = split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    assert new.code == f"{V1}008"


def test_a_move_covers_both_villages_and_the_check_names_the_villages_border(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    moved = move_grid(db, draft.id, f"{V1}002", V2, by=PLANNER, now=NOW)
    assert (moved.grid.code, moved.borders) == (f"{V2}003", None)
    assert codes(db, draft) == [f"{V1}001", f"{V2}003", f"{V2}001", f"{V2}002"]
    assert draft.scope_ids == sorted([areas[V1].id, areas[V2].id])
    assert "outside-parent" in found(db, draft)


def test_mending_all_of_a_kind_leaves_a_grid_where_it_was_moved_and_mending_the_one_puts_it_back(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    moved = move_grid(db, draft.id, f"{V1}002", V2, by=PLANNER, now=NOW).grid
    ground = ground_of(db, draft.kind, draft.scope_ids, NOW)
    keep(db, draft, examine(db, draft, ground), ground, by=PLANNER, now=NOW)
    kinds = {"parent-mismatch", "outside-parent"}
    assert mend(db, draft.id, Wanted(kinds=kinds), ground, by=PLANNER, now=NOW) == 0
    back = db.scalars(select(RedrawFinding.id).where(RedrawFinding.code.in_(kinds), RedrawFinding.mend.is_not(None)))
    assert mend(db, draft.id, Wanted(ids=back.all()[:1]), ground, by=PLANNER, now=NOW) == 1
    assert {row.parent for row in rows_of(db, draft, [moved.row])} == {V1}


def test_with_the_border_redrawn_and_published_first_the_moved_grid_has_nothing_left_to_say(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    borders = move_grid(db, draft.id, f"{V1}002", V2, by=PLANNER, now=NOW, borders="试分：村界").borders
    assert borders is not None
    assert borders.kind is AreaKind.VILLAGE
    assert {row.code: row.outline.bounds[::2] for row in rows_of(db, borders)} == {
        V1: (119.0, 119.01), V2: (119.01, 119.04), V3: (119.04, 119.05),
    }  # fmt: skip
    assert found(db, borders) == set()
    assert publish(db, borders.id, at=None, by=PLANNER, now=NOW).begun == 2
    assert found(db, draft) == set()
    assert publish(db, draft.id, at=None, by=PLANNER, now=NOW).begun == 1


def test_a_second_move_goes_into_the_same_draft_of_borders(db: Session, draft: Redraw):
    first = move_grid(db, draft.id, f"{V2}001", V1, by=PLANNER, now=NOW, borders="村界").borders
    again = move_grid(db, draft.id, f"{V1}003", V2, by=PLANNER, now=NOW, borders="never made").borders
    assert first is not None
    assert again is first
    assert {row.code: row.outline.bounds[::2] for row in rows_of(db, first)}[V1] == (119.0, 119.02), "there and back"


@pytest.mark.parametrize(
    ("grid", "village", "error"),
    [
        (f"{V1}002", V1, LiesThereAlready),
        (f"{V1}001", V2, NotBeside),
        (f"{V1}002", "329901001009", UnknownVillage),
        (f"{V1}009", V2, UnknownGrid),
        (f"{V3}001", V2, LastGrid),
        (f"{V2}002", "329901002001", OtherTownship),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(db: Session, draft: Redraw, grid: str, village: str, error: type):
    with pytest.raises(error):
        move_grid(db, draft.id, grid, village, by=PLANNER, now=NOW)


def test_a_grid_that_the_draft_has_given_up_is_not_taken_in_again(db: Session, draft: Redraw):
    move_grid(db, draft.id, f"{V1}002", V2, by=PLANNER, now=NOW)
    with pytest.raises(UnknownGrid):
        split_grid(db, draft.id, f"{V1}002", THROUGH, by=PLANNER, now=NOW)
    assert len(rows_of(db, draft)) == 4


def test_covering_a_village_twice_adds_nothing(db: Session, areas: dict[str, Area], draft: Redraw):
    for _ in range(2):
        cover(db, draft, [areas[V1].id], now=NOW)
    cover(db, draft, [areas[V1].id, areas[V2].id], now=NOW)
    assert codes(db, draft) == [f"{V1}001", f"{V1}002", f"{V2}001", f"{V2}002"]


def test_where_codes_are_an_office_s_own_the_draft_is_checked_by_its_rules(db: Session):
    village = make_area(db, "东村", AreaKind.VILLAGE, box(119, 33, 119.01, 33.01))
    make_area(db, "东-1", AreaKind.COMPREHENSIVE, box(119, 33, 119.01, 33.01), parent=village, households=900)
    redraw = begin(db, "自编码", AreaKind.COMPREHENSIVE, by=PLANNER, now=NOW)
    split_grid(db, redraw.id, "东-1", THROUGH, by=PLANNER, now=NOW, new_code="东-2")
    assert redraw.definition["codes"] == "free"
    assert db.scalars(select(DraftArea.code).where(DraftArea.redraw_id == redraw.id)).all() == ["东-1", "东-2"]
    assert found(db, redraw) == {"households-unusual"}


# --- the words of a row ---------------------------------------------------------------------------------------------


def test_a_row_gets_other_words_and_the_history_tells_each_before_and_after(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    found(db, draft)
    draft.reviewer = "somebody else"
    words = RowWords(code=f"{V1}001", name="East gate", parent=V2, households=None)
    changed = edit_row(db, draft.id, 1, words, by=PLANNER, now=NOW)
    assert changed == {"name": [f"area {V1}001", "East gate"], "parent": [V1, V2], "households": [280, None]}
    row = rows_of(db, draft, [1])[0]
    assert (row.code, row.name, row.parent, row.households) == (f"{V1}001", "East gate", V2, None)
    line = last_line(db, draft)
    assert (line.step, line.by_name, line.details) == ("edited", "planner", {"row": 1, "changed": changed})
    assert (draft.state, draft.reviewer, draft.comparison) == ("draft", None, None)


def test_words_that_are_not_given_stay_and_where_nothing_changes_nothing_is_doubted(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    found(db, draft)
    before = last_line(db, draft).id
    assert edit_row(db, draft.id, 1, RowWords(code=f"{V1}001", households=280), by=PLANNER, now=NOW) == {}
    assert (draft.state, last_line(db, draft).id) == (RedrawState.CHECKED, before)
    edit_row(db, draft.id, 1, RowWords(name="other"), by=PLANNER, now=NOW)
    assert rows_of(db, draft, [1])[0].parent == V1


def test_a_parent_must_be_in_force_now_or_later_and_on_a_level_above(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    for nobody in ("nowhere", f"{V2}001"):
        with pytest.raises(UnknownParent):
            edit_row(db, draft.id, 1, RowWords(parent=nobody), by=PLANNER, now=NOW)
    make_area(db, f"{T}009", AreaKind.VILLAGE, box(119, 33, 119.01, 33.01), valid=Range(NOW + timedelta(days=30), None))
    edit_row(db, draft.id, 1, RowWords(parent=f"{T}009"), by=PLANNER, now=NOW)
    edit_row(db, draft.id, 1, RowWords(parent=None), by=PLANNER, now=NOW)
    assert rows_of(db, draft, [1])[0].parent is None


def test_only_a_row_of_the_draft_is_edited_and_only_while_it_may_change(
    db: Session, areas: dict[str, Area], draft: Redraw
):
    split_grid(db, draft.id, f"{V1}001", THROUGH, by=PLANNER, now=NOW)
    with pytest.raises(UnknownRow):
        edit_row(db, draft.id, 77, RowWords(name="x"), by=PLANNER, now=NOW)
    found(db, draft)
    publish(db, draft.id, at=None, by=PLANNER, now=NOW)
    with pytest.raises(WrongState):
        edit_row(db, draft.id, 1, RowWords(name="x"), by=PLANNER, now=NOW)
