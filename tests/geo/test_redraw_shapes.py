"""What is odd about single outlines of a draft, and what mends it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from itertools import permutations

import pytest
import shapely
from shapely import box
from shapely.geometry import MultiPolygon, Polygon

from geo.codes import AreaKind
from geo.coverage import Finding, Outline
from geo.crs import area_m2
from geo.redraws.mends import Change, DraftGrid, MendFails, apply, changed_m2, changes_of
from geo.redraws.shapes import REPEATED_DEG, examine_shapes

METRE = 1e-5
"""In degrees, about."""


def drawn(*outlines: Outline, households: int | None = 400) -> list[DraftGrid]:
    return [DraftGrid(row, f"G{row}", f"grid {row}", each, "P", households) for row, each in enumerate(outlines, 1)]


def square(x: float, y: float, side: float = 100.0) -> Polygon:
    """Metres, about, from a corner somewhere in the county."""
    return box(119 + x * METRE, 33 + y * METRE, 119 + (x + side) * METRE, 33 + (y + side) * METRE)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_plain_grid_has_nothing_odd_and_no_grids_have_none():
    assert examine_shapes(drawn(square(0, 0), square(100, 0))) == []
    assert examine_shapes([]) == []


def test_a_grid_of_several_parts_is_told_with_their_sizes_the_smaller_ones_shown():
    finding = only(examine_shapes(drawn(MultiPolygon([square(500, 0, 50), square(0, 0)]))))
    assert (finding.code, finding.codes, finding.rows, finding.severity) == ("multi-part", ("G1",), (1,), "block")
    assert finding.shape.equals(MultiPolygon([square(500, 0, 50)]))
    assert finding.size_m2 == pytest.approx(area_m2(square(500, 0, 50)))
    assert finding.message == "G1 has 2 parts: 10,364 m², 2,591 m²."
    assert finding.mend is None


def test_several_parts_may_be_allowed():
    grids = drawn(MultiPolygon([square(500, 0), square(0, 0)]))
    assert examine_shapes(grids, may_be_multi_part=True) == []


def test_a_crumb_beside_a_grid_can_be_taken_away():
    grids = drawn(MultiPolygon([square(500, 0, 0.5), square(0, 0)]))
    mend = only(examine_shapes(grids)).mend
    assert mend is not None and mend.message == "The parts of less than a square metre are taken from G1."
    assert apply(grids[0], mend.changes[0]).outline.equals(square(0, 0))
    assert changed_m2({1: grids[0]}, mend.changes)[1] == pytest.approx(-area_m2(square(500, 0, 0.5)), abs=1e-3)


def test_of_three_parts_only_the_crumb_is_taken():
    grids = drawn(MultiPolygon([square(500, 0, 0.5), square(0, 0), square(200, 0)]))
    mend = only(examine_shapes(grids)).mend
    assert mend is not None
    assert apply(grids[0], mend.changes[0]).outline.equals(MultiPolygon([square(0, 0), square(200, 0)]))


RING = Polygon(square(0, 0).exterior, [square(20, 20, 20).exterior.coords, square(60, 60, 20).exterior.coords])


def test_a_hole_that_other_grids_fill_is_told_an_empty_one_is_a_gap():
    finding = only(examine_shapes(drawn(RING, square(20, 20, 20))))
    assert (finding.code, finding.codes, finding.rows, finding.severity) == ("hole", ("G1", "G2"), (1, 2), "warn")
    assert finding.shape.equals(square(20, 20, 20))
    assert finding.message == "G1 has a hole of 415 m² in which there is G2."
    assert examine_shapes(drawn(RING)) == []


def test_repeated_vertices_are_removed_and_nothing_else_changes():
    ring = list(square(0, 0).exterior.coords)
    near = (ring[2][0] + 1e-9, ring[2][1])
    grids = drawn(Polygon([ring[0], ring[1], ring[1], ring[2], near, ring[3]]))
    finding = only(examine_shapes(grids))
    assert (finding.code, finding.severity) == ("repeated-vertices", "warn")
    assert finding.message == "G1 has 2 vertices that repeat the one before."
    assert finding.mend is not None and finding.mend.message == "The repeated vertices of G1 are removed."
    whole = apply(grids[0], finding.mend.changes[0])
    assert shapely.get_num_coordinates(whole.outline) == 5
    assert whole.outline.equals_exact(square(0, 0), tolerance=2e-9, normalize=True)
    assert examine_shapes([whole]) == []


def test_removing_repeated_vertices_keeps_what_other_mends_did_in_whatever_order():
    ring = list(square(0, 0).exterior.coords)
    grid = drawn(Polygon([*ring[:3], (ring[2][0] + 1e-9, ring[2][1]), ring[3]]))[0]
    mend = only(examine_shapes([grid])).mend
    assert mend is not None
    (thin,) = changes_of(json.loads(json.dumps(mend.to_json())))
    take, add = Change(1, take=square(0, 0, 20)), Change(1, add=square(100, 0, 20))
    expected = square(0, 0).difference(square(0, 0, 20)).union(square(100, 0, 20))
    for order in permutations((thin, take, add)):
        after = reduce(apply, order, grid)
        assert area_m2(after.outline.symmetric_difference(expected)) < 0.1
        assert examine_shapes([after]) == []


def test_vertices_that_cannot_be_left_out_stay_and_are_told_without_a_mend():
    # Left out, nothing of the one part would remain: a triangle of half a millimetre.
    crumb = Polygon([(119, 33), (119 + 5e-9, 33), (119, 33 + 5e-9)])
    found = examine_shapes(drawn(crumb), kind=AreaKind.VILLAGE)
    assert [(each.code, each.mend) for each in found] == [("repeated-vertices", None), ("thin-grid", None)]
    with pytest.raises(MendFails):
        apply(drawn(crumb)[0], Change(1, thin_out=REPEATED_DEG))


def test_vertices_of_two_parts_or_rings_do_not_repeat_one_another():
    corner = MultiPolygon([square(0, 0), square(100, 100)])  # they touch
    assert examine_shapes(drawn(corner), may_be_multi_part=True) == []


@pytest.mark.parametrize(
    "outline", [box(119, 33, 119 + 500 * METRE, 33 + 1.5 * METRE), square(0, 0, 8)], ids=["narrow", "small"]
)
def test_what_is_narrow_or_small_is_hardly_a_grid(outline):
    finding = only(examine_shapes(drawn(outline)))
    assert (finding.code, finding.severity, finding.rows) == ("thin-grid", "warn", (1,))
    assert finding.message.startswith("G1 is hardly a grid: ")


def test_households_outside_300_to_500_are_unusual_for_comprehensive_grids_only():
    counts = [299, 300, 500, 501, None]
    grids = [replace(drawn(square(100 * at, 0))[0], row=at, households=count) for at, count in enumerate(counts)]
    found = examine_shapes(grids)
    assert [(finding.code, finding.rows) for finding in found] == [
        ("households-unusual", (0,)), ("households-unusual", (3,)),
    ]  # fmt: skip
    assert found[0].message == "G1 has 299 households; 300 to 500 are usual."
    assert found[0].shape.equals(grids[0].outline)
    assert examine_shapes(grids, kind=AreaKind.VILLAGE) == []
