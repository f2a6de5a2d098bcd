"""The ground of a redraw: every gap, overlap and stray is found with its shape, nothing else is, and mends mend."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.affinity import translate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import AreaOutline, Finding, Outline
from geo.crs import area_m2
from geo.redraws.ground import examine_ground
from geo.redraws.mends import DraftGrid, apply, changed_m2
from geo.redraws.sizes import SAME_PLACE, Tolerances, perimeters_m
from tests.geo.redraw_faults import METRE, Drawn, sound, with_fault

EVERYTHING = Tolerances(silent_m2=0.05, outside_silent_m2=0.05, sliver_width_m=0.0, sliver_m2=0.0)
"""Nothing is too small and nothing a sliver: what is found can be compared with what there is."""

SEEDS = st.integers(0, 2**32 - 1)


def drafts(*outlines: Outline, parent: str | None = "P") -> list[DraftGrid]:
    return [DraftGrid(row, f"G{row}", f"grid {row}", outline, parent) for row, outline in enumerate(outlines, 1)]


def square(x: float, y: float, width: float = 1.0, height: float = 1.0) -> Polygon:
    """In hundreds of metres, about, from a corner somewhere in the county."""
    return box(119 + x * 1e-3, 33 + y * 1e-3, 119 + (x + width) * 1e-3, 33 + (y + height) * 1e-3)


def around(*outlines: Outline) -> dict[str, Outline]:
    return {"P": shapely.union_all(outlines)}


def ground(findings: list[Finding], *codes: str) -> BaseGeometry:
    return shapely.union_all([finding.shape for finding in findings if finding.code in codes])


def differ_m2(one: BaseGeometry, other: BaseGeometry) -> float:
    return float(area_m2(shapely.symmetric_difference(one, other)))


def mended(grids: list[DraftGrid], findings: list[Finding], order: np.random.Generator) -> list[DraftGrid]:
    changes = [change for finding in findings if finding.mend for change in finding.mend.changes]
    order.shuffle(changes)  # type: ignore[arg-type]
    rows = {grid.row: grid for grid in grids}
    for change in changes:
        rows[change.row] = apply(rows[change.row], change)
    return list(rows.values())


ORDER = np.random.default_rng(1)


# --- all kinds, by brute force


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(0, 4), st.booleans())
def test_what_is_found_is_what_brute_force_finds_and_no_more(seed, faults, elsewhere):
    rng = np.random.default_rng(seed)
    drawn = sound(seed, elsewhere_drawn=elsewhere)
    for _ in range(faults):
        drawn = with_fault(drawn, rng)
    found = examine_ground(drawn.grids, drawn.parents, tolerances=EVERYTHING)
    assert differ_m2(ground(found, "gap", "remainder"), _empty(drawn)) < 2
    _overlaps_agree(drawn, found)
    _strays_agree(drawn, found)
    if not faults and not elsewhere:
        assert found == []


def _empty(drawn: Drawn) -> BaseGeometry:
    scope = shapely.union_all(list(drawn.parents.values()))
    return scope.difference(shapely.union_all([grid.outline for grid in drawn.grids]))


def _overlaps_agree(drawn: Drawn, found: list[Finding]) -> None:
    overlaps = {finding.rows: finding for finding in found if finding.code == "overlap"}
    for one, other in combinations(drawn.grids, 2):
        shared = one.outline.intersection(other.outline)
        finding = overlaps.pop((one.row, other.row), None) or overlaps.pop((other.row, one.row), None)
        if finding is None:
            assert area_m2(shared) < 0.5
        else:
            assert finding.size_m2 == pytest.approx(area_m2(shared), abs=0.5)
            assert differ_m2(finding.shape, shared) < 0.5
    assert not overlaps


def _strays_agree(drawn: Drawn, found: list[Finding]) -> None:
    scope = shapely.union_all(list(drawn.parents.values()))
    for grid in drawn.grids:
        mine = [finding for finding in found if finding.rows == (grid.row,)]
        out = grid.outline.difference(drawn.parents[grid.parent or ""])
        beyond = grid.outline.difference(scope)
        assert differ_m2(ground(mine, "outside-scope"), beyond) < 0.5
        assert differ_m2(ground(mine, "outside-parent"), out.difference(beyond)) < 0.5


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 3), st.booleans())
def test_what_had_a_mend_is_found_no_more_once_all_are_accepted_in_whatever_order(seed, faults, elsewhere):
    rng = np.random.default_rng(seed)
    drawn = sound(seed, elsewhere_drawn=elsewhere)
    for _ in range(faults):
        drawn = with_fault(drawn, rng)
    found = examine_ground(drawn.grids, drawn.parents)
    once = mended(drawn.grids, found, rng)
    again = examine_ground(once, drawn.parents)
    hopeless = _without_a_mend(found)
    # Ground that only a stray had is empty once it is taken, where no grid is beside it that is at home there.
    strays = [grid.outline.difference(drawn.parents[grid.parent or ""]) for grid in drawn.grids]
    known = shapely.union_all([hopeless, *strays])
    for finding in again:
        assert area_m2(finding.shape.difference(known)) < 10, (finding.code, finding.message)
        assert (
            finding.code not in ("outside-parent", "outside-scope", "overlap")
            or area_m2(finding.shape.difference(hopeless)) < 10
        ), finding.message
    for finding in examine_ground(mended(once, again, rng), drawn.parents):
        assert area_m2(finding.shape.difference(hopeless | _without_a_mend(again))) < 10, finding.message


def _without_a_mend(findings: list[Finding]) -> BaseGeometry:
    return shapely.union_all([finding.shape for finding in findings if finding.mend is None])


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_slivers_are_warnings_and_a_sound_net_has_none(seed):
    assert examine_ground(sound(seed).grids, sound(seed).parents) == []
    assert examine_ground(sound(seed).grids, sound(seed, elsewhere_drawn=True).parents) == []


@pytest.mark.parametrize("degrees", [1e-9, 1e-7, 9e-7], ids=["last digits", "centimetre", "ten centimetres"])
@settings(max_examples=8, deadline=None)
@given(SEEDS, st.integers(0, 3))
def test_parents_that_lie_a_little_aside_hide_nothing_and_add_nothing(degrees, seed, faults):
    rng = np.random.default_rng(seed)
    drawn = sound(seed)
    for _ in range(faults):
        drawn = with_fault(drawn, rng)
    aside = {code: translate(outline, degrees, degrees / 2) for code, outline in drawn.parents.items()}
    drawn = Drawn(drawn.grids, aside)
    found = examine_ground(drawn.grids, aside, tolerances=EVERYTHING)
    assert differ_m2(ground(found, "gap", "remainder"), _empty(drawn)) < 2 + _same_m2(drawn) * (degrees < SAME_PLACE)
    _overlaps_agree(drawn, found)
    _strays_agree(drawn, found)
    if not faults:
        told = examine_ground(drawn.grids, aside)
        assert {finding.code for finding in told} <= {"sliver"} and (told == [] or degrees > SAME_PLACE)


@pytest.mark.parametrize("metres", [0.005, 0.1], ids=["seven digits", "ten centimetres"])
@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(0, 3), st.booleans())
def test_parents_whose_vertices_were_each_drawn_apart_hide_nothing_and_add_nothing(metres, seed, faults, alike):
    rng = np.random.default_rng(seed)
    drawn = sound(seed)
    for _ in range(faults):
        drawn = with_fault(drawn, rng)
    phases = {code: 0.0 if alike else rng.uniform(0, 7) for code in drawn.parents}  # alike: parents fit one another
    parents = {code: shaken(outline, metres * METRE, phases[code]) for code, outline in drawn.parents.items()}
    drawn = Drawn(drawn.grids, parents)
    found = examine_ground(drawn.grids, parents, tolerances=EVERYTHING)
    assert differ_m2(ground(found, "gap", "remainder"), _empty(drawn)) < 2
    _overlaps_agree(drawn, found)
    _strays_agree(drawn, found)


def shaken(outline: BaseGeometry, degrees: float, phase: float) -> BaseGeometry:
    """Every vertex moved by up to so much, alike where they are alike."""
    moved = shapely.transform(outline, lambda at: at + degrees * np.sin(at[:, ::-1] * 1e7 + phase))
    return shapely.make_valid(moved, method="structure")


def _same_m2(drawn: Drawn) -> float:
    """What may be hidden where vertices a tenth of a millimetre apart are taken for the same."""
    return 1e-4 * float(perimeters_m(np.array(list(drawn.parents.values()), dtype=object)).sum())


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.integers(0, 2))
def test_grids_that_differ_from_one_another_in_the_last_digits_fit(seed, faults):
    rng = np.random.default_rng(seed)
    drawn = sound(seed)
    for _ in range(faults):
        drawn = with_fault(drawn, rng)
    written = [replace(grid, outline=translate(grid.outline, rng.uniform(0, 5e-10))) for grid in drawn.grids]
    found = examine_ground(written, drawn.parents)
    exactly = examine_ground(drawn.grids, drawn.parents)
    sizes = {(each.code, each.rows): each.size_m2 for each in found}  # of equal ones either may come first
    assert sizes == pytest.approx({(each.code, each.rows): each.size_m2 for each in exactly}, abs=1)
    assert len(found) == len(exactly)


def test_a_gap_of_more_than_a_millimetre_is_told_where_it_is_long_enough():
    # The middle of the whole lies in the gap: that it is empty there must not be said of all of it.
    for metres, expected in {0.0005: [], 0.003: ["sliver"]}.items():
        wide = metres * METRE / 1e-3
        grids = drafts(square(0, 0, 1, 40), square(1 + wide, 0, 1 - wide, 40))
        found = examine_ground(grids, around(square(0, 0, 2, 40)))
        assert [finding.code for finding in found] == expected


# --- one by one


def test_grids_that_fill_their_parent_and_nothing_else_are_sound():
    grids = drafts(square(0, 0), square(1, 0))
    assert examine_ground(grids, around(square(0, 0, 2))) == []
    assert examine_ground([], {}) == []


def test_a_gap_is_found_with_its_ground_and_given_to_the_longest_neighbour():
    hole = square(0.8, 0.4, 0.2, 0.2)
    grids = drafts(square(0, 0).difference(hole), square(1, 0))
    (finding,) = examine_ground(grids, around(square(0, 0, 2)))
    assert (finding.code, finding.severity) == ("gap", "block")
    assert (finding.codes, finding.rows) == (("G1", "G2", "P"), (1, 2))
    assert finding.size_m2 == pytest.approx(area_m2(hole)) and differ_m2(finding.shape, hole) < 1e-3
    assert finding.message == "415 m² inside P belong to no grid; around it: G1, G2."
    assert finding.mend is not None and finding.mend.message == "The ground is given to G1."
    rows = {grid.row: grid for grid in grids}
    assert changed_m2(rows, finding.mend.changes) == {1: pytest.approx(area_m2(hole), abs=0.01)}
    assert examine_ground(mended(grids, [finding], ORDER), around(square(0, 0, 2))) == []


def test_ground_at_the_border_of_the_village_that_nobody_drew_is_a_remainder():
    grids = drafts(square(0, 0), square(1, 0, 0.7))
    (finding,) = examine_ground(grids, around(square(0, 0, 2)))
    assert (finding.code, finding.codes) == ("remainder", ("G2", "P"))
    assert differ_m2(finding.shape, square(1.7, 0, 0.3)) < 1e-3
    assert finding.message == "3,109 m² at the border of P belong to no grid; beside it: G2."
    assert differ_m2(mended(grids, [finding], ORDER)[1].outline, square(1, 0)) < 1e-3


def test_a_village_without_any_grid_is_a_remainder_that_nobody_can_be_given():
    (finding,) = examine_ground(drafts(square(0, 0)), {"P": square(0, 0), "Q": square(5, 5)})
    assert (finding.code, finding.codes, finding.rows, finding.mend) == ("remainder", ("Q",), (), None)
    assert [each.code for each in examine_ground([], {"Q": square(5, 5)})] == ["remainder"]


def test_an_empty_part_across_two_villages_is_told_once_for_each():
    west, east = square(0, 0).difference(square(0.9, 0.4, 0.1, 0.2)), square(1, 0).difference(square(1, 0.4, 0.1, 0.2))
    grids = [*drafts(west, parent="P"), *drafts(square(0, 0), east, parent="Q")[1:]]
    found = examine_ground(grids, {"P": square(0, 0), "Q": square(1, 0)})
    assert [(each.code, each.codes) for each in found] == [
        ("remainder", ("G1", "P")), ("remainder", ("G2", "Q")),
    ]  # fmt: skip


def test_without_parents_a_gap_is_what_grids_enclose():
    ring = Polygon(square(0, 0, 3, 3).exterior, [square(1, 1).exterior.coords])
    (finding,) = examine_ground(drafts(ring, parent=None), {})
    assert (finding.code, finding.codes) == ("gap", ("G1",)) and differ_m2(finding.shape, square(1, 1)) < 1e-3


def test_an_overlap_is_taken_from_the_grid_that_keeps_more_of_itself():
    grids = drafts(square(0, 0, 2), square(1.9, 0, 1.1))
    (finding,) = examine_ground(grids, around(square(0, 0, 3)))
    shared = square(1.9, 0, 0.1)
    assert (finding.code, finding.codes, finding.rows, finding.severity) == ("overlap", ("G1", "G2"), (1, 2), "block")
    assert differ_m2(finding.shape, shared) < 1e-3
    assert finding.message == "G1 and G2 share 1,036 m² (9% of the smaller one)."
    assert finding.mend is not None
    assert finding.mend.message == "G2 keeps the ground, it is taken from G1."
    assert changed_m2({grid.row: grid for grid in grids}, finding.mend.changes) == {
        1: pytest.approx(-area_m2(shared), abs=0.01)
    }
    assert examine_ground(mended(grids, [finding], ORDER), around(square(0, 0, 3))) == []


def test_an_overlap_is_taken_from_the_grid_whose_parent_does_not_have_it():
    west, east = drafts(square(0, 0, 1.1), square(1, 0, 3))
    grids = [west, DraftGrid(2, "G2", "grid 2", east.outline, "Q")]
    found = examine_ground(grids, {"P": square(0, 0), "Q": square(1, 0, 3)})
    assert [finding.code for finding in found] == ["overlap", "outside-parent"]
    assert all(change.row == 1 for finding in found if finding.mend for change in finding.mend.changes)
    assert examine_ground(mended(grids, found, ORDER), {"P": square(0, 0), "Q": square(1, 0, 3)}) == []


def test_the_grid_that_would_fall_apart_keeps_the_ground():
    # The smaller one lies right across the larger, which would be left in two.
    grids = drafts(square(0, 0, 9), square(4, -3, 1, 7))
    found = examine_ground(grids, around(square(0, 0, 9), square(4, -3, 1, 7)))
    assert [finding.mend for finding in found] == [None]  # and so would the other
    grids = drafts(square(0, 0, 9), square(4, 0, 1, 4))
    (finding,) = examine_ground(grids, around(square(0, 0, 9), square(4, 0, 1, 4)))
    assert finding.mend is not None and [change.row for change in finding.mend.changes] == [2]


def test_twins_are_an_overlap_without_a_mend():
    found = examine_ground(drafts(square(0, 0), square(0, 0), square(1, 0)), around(square(0, 0, 2)))
    assert [(each.code, each.rows, each.mend) for each in found] == [("overlap", (1, 2), None)]
    assert found[0].message.endswith("(100% of the smaller one).")


def test_of_three_that_share_ground_one_keeps_it():
    grids = drafts(square(0, 0, 3), square(2, 0, 3), square(2, 0, 1, 3))
    parents = around(*(grid.outline for grid in grids))
    found = examine_ground(grids, parents)
    assert {finding.rows for finding in found} == {(1, 2), (1, 3), (2, 3)}
    assert examine_ground(mended(grids, found, ORDER), parents) == []


def test_a_standing_grid_keeps_its_ground_and_fills_a_gap():
    standing = [AreaOutline("S", square(1, 0, 3)), AreaOutline("far", square(90, 90))]
    parents = {"P": square(0, 0, 2)}
    assert examine_ground(drafts(square(0, 0)), parents, standing=standing) == []
    (finding,) = examine_ground(drafts(square(0, 0, 1.5)), parents, standing=standing)
    assert (finding.code, finding.codes, finding.rows) == ("overlap", ("G1", "S"), (1,))
    assert finding.mend is not None and [change.row for change in finding.mend.changes] == [1]


def test_standing_grids_that_overlap_one_another_are_nobodys_business_here():
    standing = [AreaOutline("S", square(1, 0)), AreaOutline("T", square(1.5, 0))]
    assert examine_ground(drafts(square(0, 0)), around(square(0, 0)), standing=standing) == []


def test_a_grid_beside_a_standing_one_and_outside_the_scope_is_told_though_nothing_overlaps():
    standing = [AreaOutline("S", square(1, 0, 9))]
    found = examine_ground(drafts(square(0, 0), square(10, 0)), around(square(0, 0)), standing=standing)
    assert [(each.code, each.codes, each.mend) for each in found] == [("outside-scope", ("G2",), None)]


def test_ground_in_another_village_goes_to_who_is_beside_it_there():
    # The border between the villages was moved by the west's planner, and the east's kept off.
    grids = [*drafts(square(0, 0, 1.2), parent="P"), *drafts(square(0, 0), square(1.2, 0, 0.8), parent="Q")[1:]]
    parents = {"P": square(0, 0), "Q": square(1, 0)}
    (finding,) = examine_ground(grids, parents)
    assert (finding.code, finding.codes, finding.rows) == ("outside-parent", ("G1", "P"), (1,))
    assert finding.message == "G1 lies outside its parent P by 2,073 m² (16.67% of it)."
    assert finding.mend is not None
    assert finding.mend.message == "The ground is taken from G1 and given to G2."
    assert examine_ground(mended(grids, [finding], ORDER), parents) == []


def test_a_grid_that_lies_in_another_village_altogether_may_get_that_as_its_parent():
    grids = [*drafts(square(0, 0), parent="P"), *drafts(square(0, 0), square(1, 0), parent="P")[1:]]
    parents = {"P": square(0, 0), "Q": square(1, 0)}
    (finding,) = examine_ground(grids, parents)
    assert (finding.code, finding.codes) == ("outside-parent", ("G2", "P"))
    assert finding.mend is not None and finding.mend.message == "Q becomes the parent of G2."
    assert [grid.parent for grid in mended(grids, [finding], ORDER)] == ["P", "Q"]


def test_ground_outside_all_villages_is_outside_the_scope():
    (finding,) = examine_ground(drafts(square(0, 0, 1.5)), around(square(0, 0)))
    assert (finding.code, finding.codes, finding.severity) == ("outside-scope", ("G1",), "block")
    assert differ_m2(finding.shape, square(1, 0, 0.5)) < 1e-3
    assert finding.mend is not None and finding.mend.message == "The ground is taken from G1."


def test_a_grid_of_an_unknown_parent_is_only_asked_to_lie_in_some_village():
    assert examine_ground(drafts(square(0, 0), parent="elsewhere"), {"P": square(0, 0)}) == []
    (finding,) = examine_ground(drafts(square(0, 0), square(1, 0), parent=None), {"P": square(0, 0)})
    assert (finding.code, finding.rows) == ("outside-scope", (2,))


def test_up_to_a_square_metre_nobody_is_told_and_below_a_metre_of_width_it_is_a_sliver():
    parents = around(square(0, 0, 2))
    by_metres = {0.005: [], 0.2: [("sliver", "warn")], 3: [("overlap", "block")]}
    for metres, expected in by_metres.items():
        found = examine_ground(drafts(square(0, 0, 1 + metres * METRE / 1e-3), square(1, 0)), parents)
        assert [(finding.code, finding.severity) for finding in found] == expected
    (sliver,) = examine_ground(drafts(square(0, 0, 1 + 0.2 * METRE / 1e-3), square(1, 0)), parents)
    assert sliver.message == "G1 and G2 share a sliver of 21 m²."


def test_a_narrow_gap_is_a_sliver_and_can_be_closed():
    grids = drafts(square(0, 0), square(1, 0).difference(square(1, 0.1, 0.003, 0.8)))
    (finding,) = examine_ground(grids, around(square(0, 0, 2)))
    assert (finding.code, finding.rows, finding.severity) == ("sliver", (2, 1), "warn")
    assert finding.message == "A sliver: 25 m² inside P belong to no grid; around it: G2, G1."
    assert examine_ground(mended(grids, [finding], ORDER), around(square(0, 0, 2))) == []


def zigzag(metres: float) -> list[tuple[float, float]]:
    """The line between two squares, northward, straying to both sides at its inner corners."""
    steps = [0, *(metres * METRE * (-1) ** at for at in range(7)), 0]
    return [(119.001 + aside, 33 + at * 1e-3 / 8) for at, aside in enumerate(steps)]


def test_a_border_drawn_twice_nearly_alike_is_one_finding_and_one_mend():
    west = Polygon([*square(0, 0).exterior.coords[2:4], *zigzag(0.4)])
    grids = drafts(west, square(1, 0))
    (finding,) = examine_ground(grids, around(square(0, 0, 2)))
    assert (finding.code, finding.codes, finding.rows) == ("near-border", ("G1", "G2"), (1, 2))
    assert finding.severity == "warn"
    assert finding.message.startswith("G1 and G2 have a border of 111 m that was drawn twice, nearly alike: 7 slivers")
    assert finding.mend is not None and len(finding.mend.changes) == 1
    (change,) = finding.mend.changes
    assert change.add is not None and change.take is not None
    after = mended(grids, [finding], ORDER)
    assert examine_ground(after, around(square(0, 0, 2)), tolerances=EVERYTHING) == []
    unchanged = 1 - (change.row - 1)
    assert after[unchanged].outline.equals(grids[unchanged].outline)


def test_a_border_drawn_twice_between_two_villages_becomes_theirs():
    line = [(119.001, 33 + at * 1e-3 / 8) for at in range(9)]
    west = Polygon([*square(0, 0).exterior.coords[2:4], *zigzag(0.4)])
    grids = [*drafts(west, parent="P"), *drafts(square(0, 0), square(1, 0), parent="Q")[1:]]
    parents = {"P": Polygon([*square(0, 0).exterior.coords[2:4], *line]), "Q": square(1, 0)}
    found = examine_ground(grids, parents)
    assert {finding.code for finding in found} == {"near-border", "sliver"}
    assert examine_ground(mended(grids, found, ORDER), parents) == []


def test_rows_with_the_same_code_are_told_apart_by_row():
    grids = [DraftGrid(row, "same", "", square(row * 0.9, 0), "P") for row in (0, 1)]
    (finding,) = examine_ground(grids, around(*(grid.outline for grid in grids)))
    assert (finding.codes, finding.rows) == (("same", "same"), (0, 1))


def test_a_border_on_which_the_asked_point_falls_does_not_confuse():
    # The middle of the whole lies on the corner of four: a point there is in all of them.
    grids = drafts(*(square(x, y) for x in range(4) for y in range(4)))
    assert examine_ground(grids, around(square(0, 0, 4, 4))) == []
    assert examine_ground(grids, {}) == []


def test_what_blocks_comes_first_and_the_largest_of_it():
    grids = drafts(square(0, 0, 1.1), square(1, 0, 1 + 0.2 * METRE / 1e-3), square(2, 0, 0.5))
    found = examine_ground(grids, around(square(0, 0, 3)))
    assert [(each.code, each.severity) for each in found] == [
        ("remainder", "block"), ("overlap", "block"), ("sliver", "warn"),
    ]  # fmt: skip
