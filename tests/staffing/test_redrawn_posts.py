"""Posts that a redraw leaves empty, and workers that it leaves without a grid."""

import pytest
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area
from geo.redraw_ground import Ground, ground_of
from staffing.redrawn_posts import find_left_posts
from staffing.rosters import load_roster
from tests.factories import NOW, make_duty, make_ladder, make_staff, make_unit
from tests.geo.drafting import EAST, MIDDLE, WEST, A, B, C, strip

SPLIT = [strip(A, WEST, MIDDLE, 1), strip(B, MIDDLE, 119.015, 2), strip(C, 119.015, EAST, 3)]
MERGED = [strip(A, WEST, EAST, 1)]


@pytest.fixture
def ladder(db: Session) -> dict[str, Area]:
    return make_ladder(db)


def ground(db: Session, ladder: dict[str, Area]) -> Ground:
    return ground_of(db, AreaKind.COMPREHENSIVE, [ladder["village"].id], NOW)


def found(db: Session, ladder: dict[str, Area], rows) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.code, one.codes) for one in find_left_posts(ground(db, ladder), rows, load_roster(db))]


def test_a_new_grid_has_no_worker_yet_and_a_worker_whose_grid_ends_has_none_left(db: Session, ladder):
    desk = make_unit(db, "T1")
    make_duty(db, make_staff(db, "WA", desk), ladder["a"])
    make_duty(db, make_staff(db, "WB", desk), ladder["b"])
    assert found(db, ladder, SPLIT) == [("grid-without-staff", (C,))]
    assert found(db, ladder, MERGED) == [("staff-without-grid", (B,))]


def test_a_grid_that_goes_on_under_another_code_says_whose_it_was(db: Session, ladder):
    make_duty(db, make_staff(db, "WB", make_unit(db, "T1")), ladder["b"])
    renamed = [strip(A, WEST, MIDDLE, 1), strip(C, MIDDLE, EAST, 2)]
    new, left = find_left_posts(ground(db, ladder), renamed, load_roster(db))
    assert str(new.message).endswith(
        f"It is {B} under another code, whose worker is name WB (WB): duties stay with the old code."
    )
    assert left.codes == (B,)
    split = find_left_posts(ground(db, ladder), SPLIT, load_roster(db))
    assert [str(each.message) for each in split] == [f"Nobody is named as the worker of the new grid {C} yet."]


def test_who_has_another_grid_is_not_left_without_one(db: Session, ladder):
    both = make_staff(db, "W1", make_unit(db, "T1"))
    make_duty(db, both, ladder["a"])
    make_duty(db, both, ladder["b"])
    assert found(db, ladder, MERGED) == []


def test_without_any_staff_there_is_nothing_to_say_of_posts(db: Session, ladder):
    assert found(db, ladder, SPLIT) == []
