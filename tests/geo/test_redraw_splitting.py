"""A grid cut in two by a drawn line: nothing is lost, nothing is shared, and the neighbours fit as before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import LineString, MultiPolygon

from geo.codes import GB, AreaKind
from geo.crs import area_m2
from geo.redraws.code_findings import examine_codes
from geo.redraws.errors import RedrawError
from geo.redraws.ground import examine_ground
from geo.redraws.mends import DraftGrid
from geo.redraws.numbering import NotNumbered
from geo.redraws.shapes import examine_shapes
from geo.redraws.sizes import Tolerances
from geo.redraws.splitting import LineCutsTooOften, LineMisses, PieceTooSmall, move, split
from tests.geo.redraw_faults import METRE, sound

VILLAGE, OTHER = "329901001001", "329901001002"
GRID = DraftGrid(1, f"{VILLAGE}001", "东门第一网格", box(119, 33, 119.01, 33.01), VILLAGE, 401)
STRICT = Tolerances(silent_m2=0.001, outside_silent_m2=0.001, sliver_width_m=0.0, sliver_m2=0.0)


def line(*at: tuple[float, float]) -> LineString:
    """In hundredths of a degree from the grid's corner."""
    return LineString([(119 + x / 100, 33 + y / 100) for x, y in at])


def halves(grid: DraftGrid, drawn: LineString, **options: object) -> tuple[DraftGrid, DraftGrid]:
    return split(grid, drawn, row=2, taken={grid.code}, **options)  # type: ignore[arg-type]


# --- against brute force


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_line_right_through_cuts_what_brute_force_cuts_and_leaves_no_fault_behind(seed):
    rng = np.random.default_rng(seed)
    drawn = sound(seed % 50)
    at = int(rng.integers(len(drawn.grids)))
    grid = drawn.grids[at]
    through = _through(grid, rng)
    apart = shapely.get_parts(shapely.difference(grid.outline, through.buffer(1e-9)))
    parts = [part for part in apart if area_m2(part) > 0.1]
    expected = len(parts) - len(shapely.get_parts(grid.outline)) + 1
    try:
        kept, new = split(grid, through, row=99, taken=(), code="NEW")
    except LineMisses:
        assert expected == 1
        return
    except LineCutsTooOften:
        assert expected > 2
        return
    except PieceTooSmall:
        assert min(area_m2(part) for part in parts) < 300
        return
    assert expected == 2
    grids = [each for each in drawn.grids if each is not grid] + [kept, new]
    assert examine_ground(grids, drawn.parents) == []
    assert examine_ground(grids, drawn.parents, tolerances=STRICT) == []
    assert area_m2(kept.outline) + area_m2(new.outline) == pytest.approx(area_m2(grid.outline), abs=0.001)
    assert area_m2(kept.outline) >= area_m2(new.outline)


def _through(grid: DraftGrid, rng: np.random.Generator) -> LineString:
    """A line of three points through the grid, whose ends are far outside."""
    middle = shapely.get_coordinates(grid.outline.representative_point())[0] + rng.uniform(-200, 200, 2) * METRE
    angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1)
    ends = [middle + 0.05 * np.array([np.cos(turn), np.sin(turn)]) for turn in (angle, angle + np.pi + bend)]
    return LineString([ends[0], middle, ends[1]])


# --- one by one


def test_the_larger_piece_goes_on_and_the_other_gets_the_next_code_and_its_share_of_the_households():
    kept, new = split(GRID, line((0.25, -1), (0.25, 2)), row=7, taken={GRID.code, f"{VILLAGE}004"}, names={GRID.name})
    assert (kept.row, kept.code, kept.name, kept.households) == (1, GRID.code, "东门第一网格", 301)
    assert (new.row, new.code, new.name, new.households) == (7, f"{VILLAGE}005", "东门第一网格-2", 100)
    assert kept.outline.equals(box(119.0025, 33, 119.01, 33.01))
    assert new.outline.equals(box(119, 33, 119.0025, 33.01))
    assert new.parent == VILLAGE


def test_a_grid_whose_households_nobody_counted_has_pieces_nobody_counted():
    kept, new = halves(replace(GRID, households=None), line((0.3, -1), (0.3, 2)))
    assert (kept.households, new.households) == (None, None)


def test_a_line_that_ends_just_inside_is_lengthened_and_one_that_ends_further_inside_is_not():
    kept, new = halves(GRID, line((0.4, 0.02), (0.4, 0.98)))
    assert area_m2(new.outline) == pytest.approx(0.4 * area_m2(GRID.outline), rel=1e-6)
    assert examine_ground([kept, new], {VILLAGE: GRID.outline}, tolerances=STRICT) == []
    with pytest.raises(LineMisses):
        halves(GRID, line((0.4, 0.1), (0.4, 2)))


def test_a_lengthened_line_stops_at_the_border_it_was_meant_for():
    """Straight on, it would run into the other leg of the U, too."""
    u_shape = shapely.difference(box(119, 33, 119.001, 33.001), box(119.0004, 33.0002, 119.0005, 33.001))
    kept, new = halves(replace(GRID, outline=u_shape), line((-1, 0.05), (0.035, 0.05)))
    assert area_m2(kept.outline) + area_m2(new.outline) == pytest.approx(area_m2(u_shape), abs=0.01)
    assert new.outline.bounds == pytest.approx((119, 33.0005, 119.0004, 33.001))


@pytest.mark.parametrize(
    ("drawn", "error"),
    [
        (line((5, 5), (6, 6)), LineMisses),
        (line((0, -1), (0, 2)), LineMisses),  # along the border
        (line((-1, 0.5), (2, 0.5), (2, 0.7), (-1, 0.7)), LineCutsTooOften),
        (line((-1, 0.5), (0.8, 0.5), (0.8, 0.8), (0.5, 0.8), (0.5, -1)), LineCutsTooOften),  # crosses itself
        (line((0.001, -1), (0.001, 2)), PieceTooSmall),  # a strip of a metre
        (line((-0.01, 0.008), (0.008, -0.01)), LineMisses),
        (line((-0.001, 0.006), (0.006, -0.001)), PieceTooSmall),  # the corner
        (LineString([(119.005, 33.005), (119.005, 33.005)]), LineMisses),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_a_sentence(drawn, error):
    with pytest.raises(error) as refused:
        halves(GRID, drawn)
    assert isinstance(refused.value, RedrawError)
    assert str(refused.value).endswith(".")


def test_a_hole_that_the_line_crosses_opens_and_one_that_it_passes_stays():
    holed = shapely.difference(GRID.outline, box(119.004, 33.004, 119.006, 33.006))
    kept, new = halves(replace(GRID, outline=holed), line((0.5, -1), (0.5, 2)))
    assert len(kept.outline.interiors) == len(new.outline.interiors) == 0
    kept, new = halves(replace(GRID, outline=holed), line((0.3, -1), (0.3, 2)))
    assert (len(kept.outline.interiors), len(new.outline.interiors)) == (1, 0)


def test_of_a_grid_in_two_parts_the_one_that_is_not_cut_stays_with_the_larger_piece():
    apart = MultiPolygon([GRID.outline, box(119.02, 33, 119.021, 33.001)])
    kept, new = halves(replace(GRID, outline=apart), line((0.3, -1), (0.3, 2)))
    assert area_m2(kept.outline) == pytest.approx(area_m2(apart) - area_m2(new.outline), abs=0.001)
    assert len(kept.outline.geoms) == 2
    with pytest.raises(LineCutsTooOften):
        halves(replace(GRID, outline=apart), line((-1, 0.05), (5, 0.05)))


def test_the_pieces_are_sound_in_themselves_and_in_their_codes():
    kept, new = halves(replace(GRID, households=800), line((0.41, -1), (0.47, 0.5), (0.44, 2)))
    assert examine_shapes([kept, new], kind=AreaKind.COMPREHENSIVE) == []
    codes = examine_codes(
        [kept, new], kind=AreaKind.COMPREHENSIVE, profile=GB, used={GRID.code: GRID.name}, in_force={GRID.code},
        parents={VILLAGE: GRID.outline},
    )  # fmt: skip
    assert codes == []


def test_without_a_national_code_above_the_planner_gives_the_code():
    free = replace(GRID, code="东-1", parent="东村")
    with pytest.raises(NotNumbered):
        halves(free, line((0.3, -1), (0.3, 2)))
    assert halves(free, line((0.3, -1), (0.3, 2)), code="东-2")[1].code == "东-2"


def test_a_grid_that_moves_gets_a_code_of_its_new_village_and_keeps_its_ground():
    moved = move(GRID, OTHER, taken={GRID.code, f"{OTHER}002"})
    assert (moved.code, moved.parent, moved.name) == (f"{OTHER}003", OTHER, GRID.name)
    assert moved.outline is GRID.outline


def test_after_a_move_the_check_says_that_the_villages_no_longer_match():
    """Until the border between the villages is redrawn, too: then nothing is left to say."""
    beside = box(119.01, 33, 119.02, 33.01)
    home = DraftGrid(3, f"{OTHER}001", "西门第一网格", beside, OTHER, 400)
    grids = [move(GRID, OTHER, taken={home.code}), home]
    found = examine_ground(grids, {VILLAGE: GRID.outline, OTHER: beside})
    assert "outside-parent" in {finding.code for finding in found}
    assert examine_ground(grids, {OTHER: shapely.union_all([GRID.outline, beside])}) == []
