"""The ground that changes hands: each piece from whom to whom, and together what the comparison says of sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from geo.crs import area_m2
from geo.redraws.comparing import SLIVER_M2, compare
from geo.redraws.differences import Comparison, Difference
from geo.redraws.handed_ground import Handing, Piece, handed_ground
from geo.redraws.mends import DraftGrid
from tests.geo.tessellations import tessellation
from tests.geo.test_redraw_comparing import grid, ground, in_rows, redrawn

Told = tuple[str, str | None, str | None]


def pieces_of(comparison: Comparison, difference: Difference, *, ignore_below_m2: float = 0.0) -> list[Piece]:
    """The pieces of one difference, with every area of every other difference to be asked."""
    others = [each for each in comparison.differences if each is not difference]
    return handed_ground(
        difference.before, difference.after,
        others_before=[area for each in others for area in each.before],
        others_after=[area for each in others for area in each.after],
        ignore_below_m2=ignore_below_m2,
    )  # fmt: skip


def told(pieces: Sequence[Piece]) -> list[Told]:
    """Handing, code before and code after of each piece."""
    return [(str(p.handing), p.before and p.before.code, p.after and p.after.code) for p in pieces]


def pieces(before: Sequence[DraftGrid], after: Sequence[DraftGrid]) -> dict[str, list[Piece]]:
    """The pieces of more than slivers, by the codes of each difference."""
    comparison = compare(before, after)
    return {
        " ".join(d.codes_before or d.codes_after): pieces_of(comparison, d, ignore_below_m2=SLIVER_M2)
        for d in comparison.differences
    }


def is_ground(piece: Piece, shape: BaseGeometry) -> bool:
    """Whether a piece is this ground, to a thousandth of a square metre."""
    return area_m2(shapely.symmetric_difference(piece.shape, shape)) < 0.001


# --- one kind after the other


def test_a_corner_given_to_a_neighbour_is_one_piece_lost_by_one_and_gained_by_the_other():
    corner = ground(3, 0, 4, 1)
    west, east = ground(0, 0, 4, 4), ground(4, 0, 8, 4)
    found = pieces([grid("A", west), grid("B", east)], [grid("A", west - corner), grid("B", east | corner)])
    assert told(found["A"]) == [("lost", "A", "B")]
    assert told(found["B"]) == [("gained", "A", "B")]
    assert is_ground(found["A"][0], corner) and is_ground(found["B"][0], corner)
    assert found["B"][0].size_m2 == pytest.approx(area_m2(corner))


def test_ground_that_was_or_will_be_nobodys_says_so():
    found = pieces([grid("A", ground(0, 0, 4, 1))], [grid("A", ground(1, 0, 6, 1))])
    assert told(found["A"]) == [("gained", None, "A"), ("lost", "A", None)]
    assert is_ground(found["A"][1], ground(0, 0, 1, 1))


def test_what_a_split_gives_to_the_new_code_changes_hands_and_what_keeps_its_code_does_not():
    after = [grid("A", ground(0, 0, 1, 1)), grid("B", ground(1, 0, 3, 1))]
    found = pieces([grid("A", ground(0, 0, 3, 1))], after)
    assert told(found["A"]) == [("within", "A", "B")]
    assert is_ground(found["A"][0], ground(1, 0, 3, 1))


def test_what_is_merged_into_another_code_changes_hands():
    found = pieces([grid("A", ground(0, 0, 1, 1)), grid("B", ground(1, 0, 3, 1))], [grid("B", ground(0, 0, 3, 1))])
    assert told(found["A B"]) == [("within", "A", "B")]
    assert is_ground(found["A B"][0], ground(0, 0, 1, 1))


def test_a_grid_under_another_code_gives_its_ground_to_nobody():
    assert pieces([grid("A", ground(0, 0, 1, 1))], [grid("B", ground(0, 0, 1, 1))]) == {"A": []}


def test_a_strip_that_two_parts_of_a_split_took_says_which_part_has_which_half():
    before = [grid("A", ground(0, 0, 4, 4)), grid("N", ground(4, 0, 10, 4))]
    after = [grid("A1", ground(0, 0, 5, 2)), grid("A2", ground(0, 2, 5, 4)), grid("N", ground(5, 0, 10, 4))]
    found = pieces(before, after)
    gained = [piece for piece in found["A"] if piece.handing is Handing.GAINED]
    assert sorted(told(gained)) == [("gained", "N", "A1"), ("gained", "N", "A2")]
    assert sorted(told(found["N"])) == [("lost", "N", "A1"), ("lost", "N", "A2")]


def test_of_ground_that_two_had_the_smaller_code_gave_it():
    """Two areas in force overlap, as was accepted once: the piece is told once, else the sum would be too large."""
    before = [grid("A", ground(0, 0, 4, 1)), grid("B", ground(3, 0, 6, 1)), grid("C", ground(6, 0, 8, 1))]
    after = [grid("A", ground(0, 0, 3, 1)), grid("B", ground(3, 0, 3.5, 1)), grid("C", ground(3.5, 0, 8, 1))]
    found = pieces(before, after)["C"]
    assert told(found) == [("gained", "B", "C"), ("gained", "A", "C")]
    assert is_ground(found[0], ground(4, 0, 6, 1)) and is_ground(found[1], ground(3.5, 0, 4, 1))


def test_a_school_takes_no_ground_from_the_industrial_park_it_lies_in():
    park, school = ground(0, 0, 9, 9), ground(2, 2, 3, 3)
    before = [grid("P", park, domain="park"), grid("S", school, domain="school")]
    after = [grid("P", park, domain="park"), grid("S", ground(2, 2, 3, 4), domain="school")]
    assert told(pieces(before, after)["S"]) == [("gained", None, "S")]


def test_slivers_are_left_out_where_they_are_not_wanted():
    before, after = [grid("A", ground(0, 0, 10, 10))], [grid("A", ground(0, 0, 10, 10.000001))]
    comparison = compare(before, after)
    assert len(pieces_of(comparison, comparison.differences[0])) == 1
    assert pieces_of(comparison, comparison.differences[0], ignore_below_m2=SLIVER_M2) == []


# --- against the comparison, and against brute force

NOISE_M2 = 0.01
"""What cutting ground into pieces may lose or gain: coordinates are rounded where lines cross."""


def campaign(seed: int, columns: int, rows: int) -> Comparison:
    outlines = tessellation(columns, rows, points=3, seed=seed, cell=0.002)
    before = in_rows((f"{i:03d}", outline) for i, outline in enumerate(outlines))
    return compare(before, redrawn(outlines, np.random.default_rng(seed)))


@settings(max_examples=60, deadline=None)
@example(641, 2, 2)  # two parts of a split take ground from one neighbour
@example(3290, 2, 2)  # what is left of four that became one touches them along hairs
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(2, 5))
def test_the_pieces_of_every_difference_add_up_to_what_the_comparison_says(seed, columns, rows):
    comparison = campaign(seed, columns, rows)
    for difference in comparison.differences:
        found = pieces_of(comparison, difference)
        gained = [piece for piece in found if piece.handing is Handing.GAINED]
        lost = [piece for piece in found if piece.handing is Handing.LOST]
        assert sum(piece.size_m2 for piece in gained) == pytest.approx(difference.gained_m2, abs=NOISE_M2)
        assert sum(piece.size_m2 for piece in lost) == pytest.approx(difference.lost_m2, abs=NOISE_M2)

        traded: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for piece in gained:
            traded[piece.before.code if piece.before else "nobody"][0] += piece.size_m2
        for piece in lost:
            traded[piece.after.code if piece.after else "nobody"][1] += piece.size_m2
        for trade in difference.traded_with:
            sizes_m2 = [size if size > SLIVER_M2 else 0.0 for size in traded[trade.code]]
            assert sizes_m2 == pytest.approx([trade.gained_m2, trade.lost_m2], abs=NOISE_M2)

        within = {(p.before.code, p.after.code): p.size_m2 for p in found if p.handing is Handing.WITHIN}
        several = max(len(difference.before), len(difference.after)) > 1
        for pair in difference.shared if several else ():
            if pair.before != pair.after:
                assert within.pop((pair.before, pair.after)) == pytest.approx(pair.shared_m2, abs=NOISE_M2)
        assert all(size_m2 <= SLIVER_M2 for size_m2 in within.values())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_every_place_lies_in_the_one_piece_that_brute_force_says(seed):
    """A place is asked of all outlines before and after, one by one: who had it, and who gets it."""
    comparison = campaign(seed, 3, 3)
    before = [(area, d) for d in comparison.differences for area in d.before]
    after = [(area, d) for d in comparison.differences for area in d.after]
    found = [
        piece
        for d in comparison.differences
        for piece in pieces_of(comparison, d)
        if piece.handing is not Handing.LOST or piece.after is None  # what goes to somebody is gained by that one
    ]
    rng = np.random.default_rng(seed)
    for at in shapely.points(rng.uniform([118.999, 32.999], [119.007, 33.007], (60, 2))):
        had = next(((area, d) for area, d in before if shapely.contains_properly(area.outline, at)), (None, None))
        gets = next(((area, d) for area, d in after if shapely.contains_properly(area.outline, at)), (None, None))
        if any(shapely.dwithin(area.outline.boundary, at, 1e-7) for area, _ in (*before, *after)):
            continue  # on a line, which belongs to two
        here = [(p.before, p.after) for p in found if shapely.contains_properly(p.shape, at)]
        same_area = had[1] is not None and had[1] is gets[1] and len(had[1].before) == len(had[1].after) == 1
        same_code = had[0] is not None and gets[0] is not None and had[0].code == gets[0].code
        nobody = had[0] is None and gets[0] is None
        assert here == ([] if same_area or same_code or nobody else [(had[0], gets[0])])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_no_two_pieces_gained_share_ground(seed):
    comparison = campaign(seed, 3, 4)
    shapes = [
        piece.shape
        for difference in comparison.differences
        for piece in pieces_of(comparison, difference, ignore_below_m2=SLIVER_M2)
        if piece.handing is Handing.GAINED
    ]
    together = area_m2(shapely.union_all(shapes)) if shapes else 0.0
    assert together == pytest.approx(sum(map(area_m2, shapes)), abs=NOISE_M2)
