"""Laying a department's net over the comprehensive grids: shares, reports, and what follows which borders."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.coverage import AreaOutline
from geo.crs import area_m2, local_metres, unproject_local
from geo.redraws.mends import DraftGrid
from geo.redraws.net_words import verdict_sentence
from geo.redraws.nets import Crosswalk, NetGrid, Relation, Verdict, crosswalk

PLANE = local_metres(119.0, 33.0)
WEST, EAST = box(0, 0, 400, 400), box(400, 0, 800, 400)
BOTH = Polygon([(0, 0), (400, 0), (800, 0), (800, 400), (400, 400), (0, 400)])
"""With the corners that the two share: without them a side would run 2 cm beside theirs, straight in degrees."""


def tiles(*outlines: BaseGeometry) -> list[AreaOutline]:
    """Comprehensive grids T1, T2, … drawn in metres."""
    return [AreaOutline(f"T{at}", unproject_local(outline, PLANE)) for at, outline in enumerate(outlines, 1)]


def departmental(outline: BaseGeometry, code: str = "D1", row: int = 1) -> DraftGrid:
    return DraftGrid(row, code, f"name {code}", unproject_local(outline, PLANE))


def laid(outline: BaseGeometry, *on: BaseGeometry, **options: float) -> NetGrid:
    """One departmental grid over comprehensive ones, all drawn in metres."""
    return crosswalk([departmental(outline)], tiles(*(on or (WEST, EAST))), **options).grids[0]


def told(one: NetGrid) -> dict[str, str]:
    return {shared.tile: shared.relation.value for shared in one.shared}


def degrees(*places: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(places, dtype=float).T
    return PLANE.degrees(x, y)


# --- verdicts -------------------------------------------------------------------------------------------------------


def test_a_grid_drawn_along_the_borders_of_whole_ones_follows_them():
    found = laid(box(-6, -6, 806, 394))
    assert found.verdict is Verdict.FOLLOWS
    assert told(found) == {"T1": "whole", "T2": "whole"}
    assert found.cut_m2 == 0
    assert found.sliver_m2 == pytest.approx(806 * 6 + 400 * 6 + 394 * 12 - 2400 + 800 * 6, rel=0.01)


def test_a_pen_stroke_in_the_neighbour_is_a_sliver_and_a_strip_of_it_is_not():
    assert told(laid(box(0, 0, 409, 400))) == {"T1": "whole", "T2": "sliver"}
    found = laid(box(0, 0, 411, 400))
    assert (found.verdict, told(found)) == (Verdict.CUTS, {"T1": "whole", "T2": "part"})
    assert found.cut_m2 == pytest.approx(11 * 400, rel=1e-3)


def test_a_border_exactly_at_the_tolerance_is_within_it():
    assert laid(box(0, 0, 410, 400)).verdict is Verdict.FOLLOWS


def test_the_tolerance_is_what_it_is_said_to_be():
    strip = box(0, 0, 440, 400)
    assert laid(strip, tolerance_m=39).verdict is Verdict.CUTS
    assert laid(strip, tolerance_m=41).verdict is Verdict.FOLLOWS


def test_what_lies_inside_one_grid_is_an_overlay():
    found = laid(box(100, 100, 200, 150))
    assert (found.verdict, told(found)) == (Verdict.WITHIN, {"T1": "part"})
    assert found.share(found.shared[0]) == pytest.approx(1)
    assert found.shared[0].share_of_tile == pytest.approx(5000 / 160_000, rel=1e-3)


def test_an_overlay_may_reach_over_the_border_by_a_pen_stroke():
    assert told(laid(box(300, 100, 408, 200))) == {"T1": "part", "T2": "sliver"}
    assert laid(box(300, 100, 408, 200)).verdict is Verdict.WITHIN
    assert laid(box(300, 100, 412, 200)).verdict is Verdict.CUTS


def test_a_kiosk_on_the_border_lies_within_the_grid_that_has_most_of_it():
    found = laid(box(397, 100, 405, 104))
    assert (found.verdict, told(found)) == (Verdict.WITHIN, {"T2": "part", "T1": "sliver"})


def test_a_road_along_a_border_cuts_both_sides_though_it_enters_neither():
    on = (box(0, 0, 400, 400), box(400, 0, 800, 400), box(0, 400, 400, 800), box(400, 400, 800, 800))
    found = laid(box(396, 0, 404, 800), *on)
    assert (found.verdict, set(told(found).values())) == (Verdict.CUTS, {"part"})


def test_a_grid_across_a_border_says_which_it_cuts_and_by_how_much():
    found = laid(box(200, 0, 500, 400))
    assert [(one.tile, round(one.cut_m2, -2)) for one in found.shared] == [("T1", 80_000), ("T2", 40_000)]
    assert found.cut_m2 == pytest.approx(120_000, rel=1e-3)


def test_a_grid_mostly_in_no_mans_land_is_outside():
    assert laid(box(-300, 0, 200, 400)).verdict is Verdict.OUTSIDE
    assert laid(box(-100, 0, 200, 400)).verdict is Verdict.CUTS
    nowhere = laid(box(5000, 0, 5100, 100))
    assert (nowhere.verdict, nowhere.shared) == (Verdict.OUTSIDE, ())


def test_a_grid_that_holds_whole_ones_but_juts_into_no_mans_land_needs_a_decision():
    found = laid(box(-40, 0, 400, 400))
    assert (found.verdict, found.juts, told(found)) == (Verdict.CUTS, True, {"T1": "whole"})
    assert found.beyond_m2 == pytest.approx(16_000, rel=1e-3)


def test_a_lake_in_no_grid_is_ground_that_dissolving_would_lose():
    assert laid(box(0, 0, 800, 400), WEST, box(450, 0, 800, 400)).verdict is Verdict.CUTS
    assert laid(box(0, 0, 800, 400), WEST, box(415, 0, 800, 400)).verdict is Verdict.FOLLOWS


def test_a_grid_too_narrow_to_have_an_inside_belongs_to_who_has_half_of_it():
    lane = box(800, 0, 812, 400)
    assert told(laid(box(400, 0, 812, 250), EAST, lane))["T2"] == "whole"
    assert told(laid(box(400, 0, 812, 150), EAST, lane))["T2"] == "sliver"


def test_a_grid_of_several_parts_with_a_hole_is_judged_as_one():
    hole = Polygon(box(0, 0, 400, 400).exterior, [box(100, 100, 300, 300).exterior])
    both = MultiPolygon([hole, box(400, 0, 800, 400)])
    assert told(laid(both)) == {"T2": "whole", "T1": "part"}


def test_sides_of_many_kilometres_run_along_the_corners_of_small_grids():
    """Straight in degrees is not straight in metres: off by 20 m in the middle of 40 km."""
    lon, lat = np.linspace(119.0, 119.4, 81), 33.0
    small = [box(west, lat, east, lat + 0.01) for west, east in pairwise(lon.tolist())]
    on = [AreaOutline(f"{at:03d}", outline) for at, outline in enumerate(small)]
    whole = DraftGrid(1, "D", "whole", box(119.0, 33.0, 119.4, 33.01))
    found = crosswalk([whole], on, tolerance_m=1.0).grids[0]
    assert (found.verdict, len(found.shared)) == (Verdict.FOLLOWS, 80)


def test_without_comprehensive_grids_everything_is_outside():
    assert crosswalk([departmental(WEST)], []).counts()[Verdict.OUTSIDE] == 1
    assert crosswalk([], tiles(WEST)) == Crosswalk(10.0, ())


# --- shares and reports ---------------------------------------------------------------------------------------------


def test_the_shares_of_a_grid_sum_up_to_the_whole_and_its_ground_beyond():
    found = laid(box(-50, 100, 700, 300))
    assert sum(one.area_m2 for one in found.shared) + found.beyond_m2 == pytest.approx(found.area_m2)
    assert found.area_m2 == pytest.approx(area_m2(found.grid.outline))


def test_reports_are_counted_in_the_grid_in_both_and_in_the_comprehensive_grid():
    places = degrees((50, 50), (300, 50), (350, 50), (500, 50), (700, 50), (5000, 5000), (-20, 50))
    found = crosswalk([departmental(box(-50, 0, 600, 400))], tiles(WEST, EAST), points=places).grids[0]
    assert found.reports == 5, "that beyond the comprehensive grids is in it too"
    assert [(one.tile, one.reports, one.tile_reports) for one in found.shared] == [("T1", 3, 3), ("T2", 1, 2)]


def test_a_report_on_a_shared_edge_is_counted_once_in_the_smallest_code():
    on = [AreaOutline("B", box(119, 33, 119.01, 33.01)), AreaOutline("A", box(119.01, 33, 119.02, 33.01))]
    net = [DraftGrid(1, "D", "both", box(119, 33, 119.02, 33.01))]
    points = np.array([119.01, np.nan]), np.array([33.005, 33.0])
    found = crosswalk(net, on, points=points).grids[0]
    assert {one.tile: one.reports for one in found.shared} == {"A": 1, "B": 0}


def test_without_reports_none_are_told():
    found = laid(WEST)
    assert (found.reports, found.shared[0].reports, found.shared[0].tile_reports) == (None, None, None)


def test_grids_of_the_net_that_overlap_are_each_judged_by_themselves():
    net = [departmental(WEST, "D1", 1), departmental(box(0, 0, 200, 400), "D1", 2)]
    assert [one.verdict for one in crosswalk(net, tiles(WEST, EAST)).grids] == [Verdict.FOLLOWS, Verdict.WITHIN]


def test_what_needs_a_decision_comes_first():
    net = [
        departmental(WEST, "follows", 1), departmental(box(9000, 0, 9100, 100), "outside", 2),
        departmental(box(350, 0, 450, 90), "cuts little", 3), departmental(box(50, 50, 60, 60), "within", 4),
        departmental(box(200, 0, 600, 400), "cuts much", 5),
    ]  # fmt: skip
    order = [one.grid.code for one in crosswalk(net, tiles(WEST, EAST)).to_decide()]
    assert order == ["cuts much", "cuts little", "outside", "within", "follows"]


# --- sentences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outline", "sentence"), [
    (WEST, "is exactly T1"),
    (BOTH, "is exactly 2 grids (T1, T2)"),
    (box(0, 0, 805, 400), "is 2 grids (T1, T2), but for 2,000 m² along the borders"),
    (box(100, 100, 200, 180), "lies inside T1 and is 5.0% of it"),
    (box(-300, 0, 100, 400), "75% of it lies in no comprehensive grid"),
    (
        box(-40, 0, 500, 400),
        "cuts T2: 40,000 m² would change hands; holds T1 whole; 16,000 m² lie in no comprehensive grid",
    ),
])  # fmt: skip
def test_a_verdict_is_said_with_its_figures(outline: BaseGeometry, sentence: str):
    said = re.sub(r"(\d,00)\d m²", r"\g<1>0 m²", verdict_sentence(laid(outline)))  # drawn to 2 mm
    assert said.replace("T2, T1", "T1, T2") == sentence


# --- held against brute force ---------------------------------------------------------------------------------------

CELL = 4
"""Everything is drawn in squares of 4 m, so that with a tolerance of 10 m nothing lies at it exactly."""

WIDE, HIGH = 40, 30


@st.composite
def rectangles(draw: st.DrawFn) -> list[Polygon]:
    """Rectangles that tile the ground, a few left out, some too narrow to have an inside."""
    found = []
    columns = [0, *sorted(draw(st.sets(st.integers(3, WIDE - 3), max_size=3))), WIDE]
    for west, east in pairwise(columns):
        rows = [0, *sorted(draw(st.sets(st.integers(3, HIGH - 3), max_size=2))), HIGH]
        found += [box(west, south, east, north) for south, north in pairwise(rows)]
    left_out = draw(st.sets(st.integers(0, len(found) - 1), max_size=2)) if len(found) > 2 else set()
    return [_cells(each) for at, each in enumerate(found) if at not in left_out]


@st.composite
def near(draw: st.DrawFn, on: Sequence[Polygon]) -> BaseGeometry:
    """Some of the rectangles together, moved a little, and a rectangle of one's own."""
    chosen = draw(st.lists(st.sampled_from(on), max_size=3, unique_by=id))
    step = st.sampled_from([0, 0, 1, 2, 3, -1, -2, -3])
    moved = [translate(each, draw(step) * CELL, draw(step) * CELL) for each in chosen]
    if not moved or draw(st.booleans()):
        west, south = draw(st.integers(-8, WIDE - 2)), draw(st.integers(-8, HIGH - 2))
        moved.append(_cells(box(west, south, west + draw(st.integers(1, 30)), south + draw(st.integers(1, 30)))))
    return shapely.union_all(moved)


def _cells(outline: BaseGeometry) -> BaseGeometry:
    return shapely.transform(outline, lambda xy: xy * CELL)


def samples() -> np.ndarray:
    """The middle of every square and a point at each of its corners."""
    west, south = np.meshgrid(np.arange(-20, WIDE + 20) * CELL, np.arange(-20, HIGH + 20) * CELL)
    inset = [(0.01, 0.01), (0.01, CELL - 0.01), (CELL - 0.01, 0.01), (CELL - 0.01, CELL - 0.01), (CELL / 2, CELL / 2)]
    return shapely.points(np.concatenate([np.column_stack((west.ravel(), south.ravel())) + at for at in inset]))


SAMPLES = samples()


def brute(outline: BaseGeometry, on: Sequence[Polygon], tolerance_m: float) -> tuple[Verdict, dict[int, Relation]]:
    """Judge a grid point by point: by which points it has, and how far each is from the border of its rectangle."""
    has = shapely.covers(outline, SAMPLES)
    of = {at: shapely.covers(each, SAMPLES) for at, each in enumerate(on)}
    deep = {at: of[at] & (shapely.distance(each.exterior, SAMPLES) > tolerance_m) for at, each in enumerate(on)}
    relations = {}
    for at, each in enumerate(on):
        shared = shapely.area(shapely.intersection(outline, each))
        if not shared:
            continue
        half = shared >= each.area / 2
        assume(deep[at].any() or shared != each.area / 2)
        holds = has[deep[at]].all() if deep[at].any() else half
        reaches = has[deep[at]].any()
        relations[at] = Relation.WHOLE if holds else Relation.PART if reaches else Relation.SLIVER
    ground = shapely.union_all(list(on))
    beyond = shapely.area(shapely.difference(outline, ground)) / outline.area
    assume(beyond != 0.5)
    if not relations or beyond > 0.5:
        return Verdict.OUTSIDE, relations
    held = [on[at] for at, relation in relations.items() if relation is Relation.WHOLE]
    differs = has ^ shapely.covers(shapely.union_all(held), SAMPLES)
    borders = shapely.union_all([each.exterior for each in on])
    inside = shapely.covers(ground, SAMPLES)
    slack = np.where(inside, shapely.distance(borders, SAMPLES), shapely.distance(ground, SAMPLES))
    if held and (slack[differs] <= tolerance_m).all():
        return Verdict.FOLLOWS, relations
    sizes = {at: shapely.area(shapely.intersection(outline, on[at])) for at in relations}
    most = max(sizes, key=lambda at: sizes[at])
    assume(sum(size == sizes[most] for size in sizes.values()) == 1)
    within = (shapely.distance(on[most], SAMPLES[has]) <= tolerance_m).all()
    return Verdict.WITHIN if within else Verdict.CUTS, relations


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_verdict_is_what_judging_point_by_point_finds(data: st.DataObject):
    on = data.draw(rectangles())
    outline = data.draw(near(on))
    verdict, relations = brute(outline, on, 10.0)
    found = laid(outline, *on)
    assert found.verdict is verdict
    if any(relation is not Relation.SLIVER for relation in relations.values()):
        assert told(found) == {f"T{at + 1}": relation.value for at, relation in relations.items()}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_ground_and_reports_are_what_counting_squares_finds(data: st.DataObject):
    on = data.draw(rectangles())
    outline = data.draw(near(on))
    middles = SAMPLES[-len(SAMPLES) // 5 :]
    points = PLANE.degrees(shapely.get_x(middles), shapely.get_y(middles))
    found = crosswalk([departmental(outline)], tiles(*on), points=points).grids[0]
    has = shapely.covers(outline, middles)
    assert found.reports == has.sum()
    for one in found.shared:
        of = shapely.covers(on[int(one.tile[1:]) - 1], middles)
        assert (one.reports, one.tile_reports) == ((has & of).sum(), of.sum())
        assert one.area_m2 == pytest.approx((has & of).sum() * CELL**2, rel=2e-3)
