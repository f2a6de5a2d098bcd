"""What a redraw changes: every kind of difference, sizes that add up, and nothing where nothing changed."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import polygons
from geo.crs import area_m2
from geo.redraws.comparing import SLIVER_M2, compare
from geo.redraws.differences import Comparison, Difference, DifferenceKind
from geo.redraws.mends import DraftGrid
from geo.redraws.shared_ground import gathered, shared_ground
from tests.geo.tessellations import tessellation

CELL = 0.001  # a degree's thousandth: a square some hundred metres wide


def ground(west: float, south: float, east: float, north: float) -> Polygon:
    """A rectangle, in cells from a corner of the county."""
    return box(119 + west * CELL, 33 + south * CELL, 119 + east * CELL, 33 + north * CELL)


def grid(code: str, outline: BaseGeometry, households: int | None = 400, *, row: int = 1, **rest: object) -> DraftGrid:
    return DraftGrid(row, code, f"Grid {code}", outline, households=households, **rest)  # type: ignore[arg-type]


def only(comparison: Comparison) -> Difference:
    (difference,) = comparison.differences
    return difference


def told(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Kind, codes before and codes after of each difference, in order of codes."""
    lines = [(str(d.kind), " ".join(d.codes_before), " ".join(d.codes_after)) for d in comparison.differences]
    return sorted(lines, key=lambda line: (line[1] or line[2], line[2]))


# --- one kind after the other


def test_what_is_as_it_was_is_unchanged():
    areas = [grid("A", ground(0, 0, 1, 1)), grid("B", ground(1, 0, 2, 1))]
    comparison = compare(areas, areas)
    assert told(comparison) == [("unchanged", "A", "A"), ("unchanged", "B", "B")]
    assert comparison.empty and comparison.changes == ()


def test_two_empty_sets_do_not_differ():
    assert compare([], []).empty


WITH_A_HOLE = ground(0, 0, 10, 10).difference(ground(2, 2, 4, 4))


def turned(outline: Polygon) -> Polygon:
    """The same outline, begun at another corner and run the other way."""
    ring = list(outline.exterior.coords)[:-1]
    return Polygon([*ring[2:], *ring[:2]][::-1], [hole.coords[::-1] for hole in outline.interiors])


@pytest.mark.parametrize(
    "again",
    [
        turned(WITH_A_HOLE),
        shapely.transform(WITH_A_HOLE, lambda at: at + np.where(at == at[1], 4e-9, 0)),  # as rounding leaves it
        MultiPolygon([WITH_A_HOLE]),
        shapely.segmentize(WITH_A_HOLE, 0.003),  # corners on straight sides, as the split of a neighbour leaves them
    ],
)
def test_an_outline_is_the_same_however_it_is_written(again):
    assert compare([grid("A", WITH_A_HOLE)], [grid("A", again)]).empty


def test_what_a_file_with_fewer_decimals_rounded_is_unchanged_when_the_caller_knows_of_it():
    outline = shapely.transform(WITH_A_HOLE, lambda at: at + 1.2345e-5 * np.sin(at * 1e6))
    rounded = shapely.transform(outline, lambda at: np.round(at, 7))
    assert only(compare([grid("A", outline)], [grid("A", rounded)])).kind == "moved"
    assert compare([grid("A", outline)], [grid("A", rounded)], same_degrees=1e-7).empty


def test_the_same_corners_in_another_order_are_another_outline():
    one = Polygon([(119, 33), (119.01, 33), (119.005, 33.005), (119.01, 33.01), (119, 33.01)])
    other = Polygon([(119, 33), (119.01, 33), (119.01, 33.01), (119.005, 33.005), (119, 33.01)])
    assert set(one.exterior.coords) == set(other.exterior.coords)
    assert only(compare([grid("A", one)], [grid("A", other)])).kind == "moved"


def test_a_spike_is_a_change_though_it_holds_no_ground():
    top = [(119.01, 33.01), (119.005 + 1e-12, 33.01), (119.005, 33.1), (119.005, 33.01), (119, 33.01)]
    spike = Polygon([(119, 33), (119.01, 33), *top])
    assert spike.is_valid
    assert only(compare([grid("A", box(119, 33, 119.01, 33.01))], [grid("A", spike)])).kind == "moved"


def test_other_attributes_on_the_same_ground_are_named():
    before = grid("A", ground(0, 0, 1, 1), 400, parent="V")
    difference = only(compare([before], [replace(before, name="East gate", households=410, row=7)]))
    assert (difference.kind, difference.changed) == ("attributes", ("name", "households"))
    assert (difference.gained_m2, difference.lost_m2) == (0.0, 0.0)
    assert difference.households_after == 410


def test_a_border_that_moved_says_which_ground_came_and_went():
    difference = only(compare([grid("A", ground(0, 0, 4, 1))], [grid("A", ground(1, 0, 6, 1))]))
    assert (difference.kind, difference.codes_kept) == ("moved", ("A",))
    assert difference.gained.equals(ground(4, 0, 6, 1)) and difference.lost.equals(ground(0, 0, 1, 1))
    assert difference.lost_m2 == pytest.approx(area_m2(ground(0, 0, 1, 1)))
    assert difference.gained_m2 - difference.lost_m2 == pytest.approx(difference.after_m2 - difference.before_m2)
    (pair,) = difference.shared
    assert (pair.of_before, pair.of_after) == (pytest.approx(3 / 4), pytest.approx(3 / 5))


def test_the_same_outline_under_another_code_is_renamed():
    difference = only(compare([grid("A", ground(0, 0, 1, 1))], [grid("B", ground(0, 0, 1, 1))]))
    assert (difference.kind, difference.codes_before, difference.codes_after) == ("renamed", ("A",), ("B",))


@pytest.mark.parametrize(("width", "kind"), [(104, "renamed"), (96, "renamed"), (110, "rearranged")])
def test_another_code_on_mostly_the_same_ground_is_renamed(width, kind):
    assert only(compare([grid("A", ground(0, 0, 100, 1))], [grid("B", ground(0, 0, width, 1))])).kind == kind


def test_codes_that_were_exchanged_are_two_renamed_grids():
    west, east = ground(0, 0, 1, 1), ground(1, 0, 2, 1)
    comparison = compare([grid("A", west), grid("B", east)], [grid("A", east), grid("B", west)])
    assert told(comparison) == [("renamed", "A", "B"), ("renamed", "B", "A")]


def test_a_split_says_which_part_keeps_the_code():
    after = [grid("A", ground(0, 0, 1, 1), 150), grid("B", ground(1, 0, 3, 1), 250)]
    difference = only(compare([grid("A", ground(0, 0, 3, 1))], after))
    assert (difference.kind, difference.codes_after, difference.codes_kept) == ("split", ("A", "B"), ("A",))
    assert [(pair.after, round(pair.of_before, 6), pair.of_after) for pair in difference.shared] == [
        ("A", 0.333333, pytest.approx(1)), ("B", 0.666667, pytest.approx(1)),
    ]  # fmt: skip
    assert (difference.gained, difference.lost, difference.gained_m2) == (None, None, 0.0)
    assert (difference.households_before, difference.households_after) == (400, 400)


def test_a_split_that_also_moved_the_outer_border_is_a_split_that_traded_with_its_neighbour():
    before = [grid("A", ground(0, 0, 4, 1)), grid("N", ground(4, 0, 10, 1))]
    after = [grid("A1", ground(0, 0, 2, 1)), grid("A2", ground(2, 0, 5, 1)), grid("N", ground(5, 0, 10, 1))]
    comparison = compare(before, after)
    assert told(comparison) == [("split", "A", "A1 A2"), ("moved", "N", "N")]
    split, moved = comparison.differences
    assert split.codes_kept == ()
    came = pytest.approx(area_m2(ground(4, 0, 5, 1)))
    assert [(t.code, t.gained_m2, t.lost_m2) for t in split.traded_with] == [("N", came, 0.0)]
    assert [(t.code, t.gained_m2, t.lost_m2) for t in moved.traded_with] == [("A2", 0.0, came)]


def test_ground_that_two_parts_of_a_split_took_from_one_neighbour_is_counted_once():
    before = [grid("A", ground(0, 0, 4, 4)), grid("N", ground(4, 0, 10, 4))]
    after = [grid("A1", ground(0, 0, 5, 2)), grid("A2", ground(0, 2, 5, 4)), grid("N", ground(5, 0, 10, 4))]
    split, moved = compare(before, after).differences
    strip = pytest.approx(area_m2(ground(4, 0, 5, 4)))
    assert [(t.code, t.gained_m2) for t in split.traded_with] == [("N", strip)]
    assert sum(t.lost_m2 for t in moved.traded_with) == strip


def test_grids_that_became_one_are_merged():
    before = [grid("A", ground(0, 0, 1, 1), 200), grid("B", ground(1, 0, 3, 1), None)]
    difference = only(compare(before, [grid("B", ground(0, 0, 3, 1))]))
    assert (difference.kind, difference.codes_before, difference.codes_kept) == ("merged", ("A", "B"), ("B",))
    assert (difference.households_before, difference.households_after) == (None, 400)  # B's were never counted


def test_an_enclave_taken_into_the_grid_around_it_is_merged():
    host, enclave = ground(0, 0, 5, 5).difference(ground(2, 2, 3, 3)), ground(2, 2, 3, 3)
    difference = only(compare([grid("A", host), grid("B", enclave)], [grid("A", ground(0, 0, 5, 5))]))
    assert difference.kind == "merged"


def test_a_corner_given_to_a_neighbour_is_two_moved_borders_that_know_of_each_other():
    corner = ground(3, 0, 4, 1)
    west, east = ground(0, 0, 4, 4), ground(4, 0, 8, 4)
    after = [grid("A", west.difference(corner)), grid("B", east.union(corner))]
    a, b = compare([grid("A", west), grid("B", east)], after).differences
    assert [(d.kind, d.codes_after) for d in (a, b)] == [("moved", ("A",)), ("moved", ("B",))]
    assert [(t.code, t.lost_m2) for t in a.traded_with] == [("B", pytest.approx(area_m2(corner)))]
    assert [(t.code, t.gained_m2) for t in b.traded_with] == [("A", pytest.approx(area_m2(corner)))]


def test_a_grid_that_lost_most_of_its_ground_to_a_neighbour_has_moved_when_both_keep_their_codes():
    before = [grid("A", ground(0, 0, 10, 1)), grid("B", ground(10, 0, 20, 1))]
    after = [grid("A", ground(0, 0, 4, 1)), grid("B", ground(4, 0, 20, 1))]
    assert told(compare(before, after)) == [("moved", "A", "A"), ("moved", "B", "B")]


def test_a_grid_carved_out_of_another_is_a_split():
    after = [grid("A", ground(0, 0, 9, 9).difference(ground(3, 3, 4, 4))), grid("S", ground(3, 3, 4, 4))]
    assert told(compare([grid("A", ground(0, 0, 9, 9))], after)) == [("split", "A", "A S")]


def test_three_strips_drawn_across_three_strips_are_rearranged():
    upright = [grid(f"A{i}", ground(i, 0, i + 1, 3)) for i in range(3)]
    level = [grid(f"B{i}", ground(0, i, 3, i + 1)) for i in range(3)]
    difference = only(compare(upright, level))
    assert (difference.kind, len(difference.before), len(difference.after)) == ("rearranged", 3, 3)
    assert len(difference.shared) == 9
    assert [pair.of_before for pair in difference.shared] == pytest.approx([1 / 3] * 9, rel=1e-4)


def test_ground_that_nobody_had_is_new_and_ground_that_nobody_keeps_has_ended():
    comparison = compare([grid("A", ground(0, 0, 1, 1))], [grid("B", ground(5, 5, 6, 6))])
    assert told(comparison) == [("ended", "A", ""), ("new", "", "B")]
    new, ended = comparison.differences
    assert new.gained.equals(ground(5, 5, 6, 6)) and ended.lost.equals(ground(0, 0, 1, 1))
    assert (new.before_m2, ended.after_m2) == (0.0, 0.0)
    assert (new.households_before, new.households_after) == (0, 400)


def test_a_new_grid_that_took_a_corner_of_a_neighbour_is_new():
    before = [grid("A", ground(0, 0, 4, 1))]
    new, moved = compare(before, [grid("A", ground(0, 0, 3, 1)), grid("B", ground(3, 0, 8, 1))]).differences
    assert (new.kind, moved.kind) == ("new", "moved")
    assert [t.code for t in new.traded_with] == ["A"] and [t.code for t in moved.traded_with] == ["B"]


def test_an_area_that_is_where_it_never_was_is_still_known_by_its_code():
    difference = only(compare([grid("A", ground(0, 0, 1, 1))], [grid("A", ground(5, 5, 6, 6))]))
    assert (difference.kind, difference.shared) == ("moved", ())
    assert difference.lost_m2 == pytest.approx(difference.before_m2)


def test_slivers_tie_nothing_together():
    """B reaches over into A by a hair, as lines drawn twice do."""
    before = [grid("A", ground(0, 0, 10, 10)), grid("B", ground(10, 0, 20, 10))]
    after = [grid("A", ground(0, 0, 9.99, 10)), grid("C", ground(9.99, 0, 20, 10))]
    assert told(compare(before, after)) == [("moved", "A", "A"), ("renamed", "B", "C")]


def test_what_is_less_than_the_tolerance_ties_nothing_together():
    shed, city = ground(0, 0, 0.004, 0.004), ground(0, 0, 50, 50)  # a sixth of a square metre
    assert told(compare([grid("A", shed)], [grid("B", city)])) == [("ended", "A", ""), ("new", "", "B")]
    assert told(compare([grid("A", shed)], [grid("B", city)], sliver_m2=0.1)) == [("rearranged", "A", "B")]


def test_a_school_does_not_become_part_of_the_industrial_park_around_it():
    park, school = ground(0, 0, 9, 9), ground(2, 2, 3, 3)
    before = [grid("P", park, domain="park"), grid("S", school, domain="school")]
    after = [grid("P", ground(0, 0, 10, 9), domain="park"), grid("S", ground(2, 2, 3, 4), domain="school")]
    comparison = compare(before, after)
    assert told(comparison) == [("moved", "P", "P"), ("moved", "S", "S")]
    assert [d.traded_with for d in comparison.differences] == [(), ()]


# --- drafts that are not mended yet


def test_a_code_that_occurs_twice_breaks_nothing():
    before = [grid("A", ground(0, 0, 1, 1)), grid("B", ground(1, 0, 2, 1))]
    after = [grid("A", ground(1, 0, 2, 1), row=1), grid("A", ground(0, 0, 1, 1), row=2)]
    comparison = compare(before, after)
    assert told(comparison) == [("unchanged", "A", "A"), ("renamed", "B", "A")]
    assert [d.after[0].row for d in comparison.differences] == [1, 2]


def test_a_grid_drawn_upon_one_that_stays_is_new_and_takes_nothing_from_it():
    stays = grid("A", ground(0, 0, 4, 4))
    new, unchanged = compare([stays], [stays, grid("B", ground(0, 0, 2, 2))]).differences
    assert (new.kind, [t.code for t in new.traded_with]) == ("new", ["A"])
    assert (unchanged.kind, unchanged.traded_with) == ("unchanged", ())


def test_ground_that_a_draft_claims_twice_counts_once():
    after = [grid("A", ground(0, 0, 3, 1)), grid("B", ground(2, 0, 4, 1))]
    difference = only(compare([grid("A", ground(0, 0, 4, 1))], after))
    assert difference.kind == "split"
    assert difference.after_m2 == pytest.approx(difference.before_m2) and difference.gained_m2 == 0


# --- sums and JSON


def test_counts_and_totals_are_of_everything():
    before = [grid("A", ground(0, 0, 2, 1), 300), grid("B", ground(2, 0, 3, 1), None)]
    after = [
        grid("A", ground(0, 0, 1, 1), 100),
        grid("C", ground(1, 0, 2, 1), 210),
        grid("B", ground(2, 0, 3, 1), None),
    ]
    comparison = compare(before, after)
    assert {kind: n for kind, n in comparison.counts().items() if n} == {"split": 1, "unchanged": 1}
    assert set(comparison.counts()) == set(DifferenceKind)
    assert (comparison.before.areas, comparison.before.households, comparison.before.uncounted) == (2, 300, 1)
    assert (comparison.after.areas, comparison.after.households, comparison.after.uncounted) == (3, 310, 1)
    assert comparison.before.area_m2 == pytest.approx(area_m2(ground(0, 0, 3, 1)))


def test_the_comparison_as_json_is_plain_and_has_shapes_only_when_asked():
    comparison = compare(
        [grid("A", ground(0, 0, 4, 1))], [grid("A", ground(0, 0, 5, 1)), grid("B", ground(9, 9, 10, 10))]
    )
    plain = comparison.to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["counts"]["moved"] == 1 and plain["empty"] is False
    assert "gained" not in plain["differences"][0]
    new, moved = comparison.to_json(shapes=True)["differences"]
    assert shapely.from_geojson(json.dumps(new["gained"])).equals(ground(9, 9, 10, 10))
    assert (moved["gained"]["type"], moved["lost"]) == ("Polygon", None)


def test_what_stays_can_be_left_out_of_the_json_but_is_counted():
    areas = [grid("A", ground(0, 0, 1, 1))]
    told_ = compare(areas, areas).to_json(unchanged=False)
    assert (told_["differences"], told_["counts"]["unchanged"]) == ([], 1)


# --- against brute force


def redrawn(outlines: Sequence[BaseGeometry], rng: np.random.Generator) -> list[DraftGrid]:
    """A random campaign on a tessellation: splits, merges, corners given away, codes and attributes changed."""
    parts = {f"{i:03d}": outline for i, outline in enumerate(outlines)}
    for number in range(int(rng.integers(0, 12))):
        if len(parts) < 2:
            break
        code, other = rng.choice(sorted(parts), 2, replace=False)
        west, south, east, north = parts[code].bounds
        cut = box(west, south, west + rng.uniform(0.02, 0.98) * (east - west), north)
        piece, rest = polygons(parts[code].intersection(cut)), polygons(parts[code].difference(cut))
        if piece is None or rest is None:
            continue
        match int(rng.integers(0, 5)):
            case 0:
                parts[code], parts[f"N{number}"] = rest, piece
            case 1:
                parts[code], parts[other] = rest, polygons(parts[other].union(piece))
            case 2:
                parts[other] = polygons(parts[other].union(parts.pop(code)))
            case 3:
                parts[f"R{number}"] = parts.pop(code)
            case _:
                parts[code] = rest  # nobody has the piece any more
    return in_rows(parts.items())


def in_rows(parts: Iterable[tuple[str, BaseGeometry]]) -> list[DraftGrid]:
    return [grid(code, outline, row=row) for row, (code, outline) in enumerate(parts, start=1)]


@settings(max_examples=60, deadline=None)
@example(641, 2, 2)  # two parts of a split take ground from one neighbour
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(2, 5))
def test_every_size_agrees_with_brute_force(seed, columns, rows):
    outlines = tessellation(columns, rows, points=3, seed=seed, cell=0.002)
    before = in_rows((f"{i:03d}", outline) for i, outline in enumerate(outlines))
    after = redrawn(outlines, np.random.default_rng(seed))
    comparison = compare(before, after)

    shared = {(pair.before, pair.after): pair.shared_m2 for d in comparison.differences for pair in d.shared}
    one_lineage = [(a, b) for d in comparison.differences for a in d.before for b in d.after]
    for one, other in one_lineage:
        by_hand = polygons(one.outline.intersection(other.outline))
        by_hand_m2 = area_m2(by_hand) if by_hand is not None else 0.0
        expected_m2 = by_hand_m2 if by_hand_m2 > SLIVER_M2 else 0.0
        assert shared.pop((one.code, other.code), 0.0) == pytest.approx(expected_m2, rel=1e-9)
    assert shared == {}

    everything = shapely.union_all([each.outline for each in before]), shapely.union_all([e.outline for e in after])
    assert comparison.before.area_m2 == pytest.approx(area_m2(everything[0]), rel=1e-9)
    assert comparison.after.area_m2 == pytest.approx(area_m2(everything[1]), rel=1e-9)
    grown_m2 = area_m2(everything[1]) - area_m2(everything[0])
    assert comparison.gained_m2 - comparison.lost_m2 == pytest.approx(grown_m2, abs=0.01)
    for d in comparison.differences:
        assert d.gained_m2 - d.lost_m2 == pytest.approx(d.after_m2 - d.before_m2, abs=0.001)

    lost_by_trade = sum(t.lost_m2 for d in comparison.differences for t in d.traded_with)
    gained_by_trade = sum(t.gained_m2 for d in comparison.differences for t in d.traded_with)
    assert gained_by_trade == pytest.approx(lost_by_trade, abs=0.01)
    assert gained_by_trade == pytest.approx(comparison.gained_m2, abs=10 * SLIVER_M2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_shared_ground_agrees_with_laying_all_over_all(seed):
    one = tessellation(4, 3, points=3, seed=seed, cell=0.002)
    other = [*one[:5], *tessellation(3, 3, points=3, seed=seed + 1, cell=0.002)]  # five stand still
    still = np.arange(len(one)) < 5, np.arange(len(other)) < 5
    ground_ = shared_ground(gathered(one), gathered(other), *still)
    found = {(i, j): size for i, j, size in zip(*(a.tolist() for a in astuple(ground_)), strict=True)}
    for i, j in itertools.product(range(len(one)), range(len(other))):
        by_hand = None if i < 5 and j < 5 else polygons(one[i].intersection(other[j]))
        by_hand_m2 = 0.0 if by_hand is None else area_m2(by_hand)
        assert found.get((i, j), 0.0) == pytest.approx(by_hand_m2, rel=1e-9, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_every_area_is_in_exactly_one_difference_and_each_kind_keeps_its_word(seed):
    outlines = tessellation(4, 4, points=3, seed=seed, cell=0.002)
    before = in_rows((f"{i:03d}", outline) for i, outline in enumerate(outlines))
    after = redrawn(outlines, np.random.default_rng(seed))
    comparison = compare(before, after)
    assert sorted(g.row for d in comparison.differences for g in d.before) == [g.row for g in before]
    assert sorted(g.row for d in comparison.differences for g in d.after) == [g.row for g in after]
    for d in comparison.differences:
        sizes = len(d.before), len(d.after)
        assert sizes == {"new": (0, 1), "ended": (1, 0), "split": (1, sizes[1]), "merged": (sizes[0], 1)}.get(
            d.kind, (1, 1) if d.kind != "rearranged" else sizes
        )
        if d.kind in ("unchanged", "attributes", "moved"):
            assert d.codes_before == d.codes_after


def test_the_order_of_rows_is_of_no_account():
    outlines = tessellation(5, 5, points=3, seed=4, cell=0.002)
    before = in_rows((f"{i:03d}", outline) for i, outline in enumerate(outlines))
    after = redrawn(outlines, np.random.default_rng(4))
    assert told(compare(before[::-1], after[::-1])) == told(compare(before, after))
    assert len({kind for kind, _, _ in told(compare(before, after))}) > 2


def test_ten_thousand_mostly_unchanged_areas_are_compared_without_laying_all_over_all(monkeypatch):
    """Some 1.5 s here; the bound is generous, all pairs would take hours. Only pairs near changed areas are asked."""
    outlines = tessellation(100, 100, points=3, cell=0.002)
    before = in_rows((f"{i:05d}", outline) for i, outline in enumerate(outlines))
    after = list(before)
    for at in range(50, 9000, 90):  # one in a hundred pairs of neighbours becomes one grid
        after[at] = replace(after[at], outline=polygons(after[at].outline.union(after[at + 1].outline)))
    after = [each for at, each in enumerate(after) if (at - 1) % 90 != 50 or at > 9000]
    asked = []
    relate = shapely.relate_pattern
    monkeypatch.setattr(shapely, "relate_pattern", lambda a, b, pattern: asked.append(len(a)) or relate(a, b, pattern))
    began = time.perf_counter()
    comparison = compare(before, after)
    assert time.perf_counter() - began < 15
    assert sum(asked) < 10_000
    assert {k: n for k, n in comparison.counts().items() if n} == {"merged": 100, "unchanged": 9800}
