"""Codes of a redraw: which ones new grids get, and which of a draft cannot stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geo.codes import FREE, GB, AreaKind, Profile
from geo.coverage import Finding
from geo.crs import area_m2
from geo.redraws.code_findings import examine_codes
from geo.redraws.lying import lies_in
from geo.redraws.mends import DraftGrid, apply
from geo.redraws.numbering import NoCodeLeft, NotNumbered, next_codes
from tests.geo.tessellations import tessellation

EAST, WEST = "329901001001", "329901001002"
CELL = 0.001


def ground(west: float, south: float, east: float, north: float) -> Polygon:
    return box(119 + west * CELL, 33 + south * CELL, 119 + east * CELL, 33 + north * CELL)


VILLAGES = {WEST: ground(0, 0, 10, 10), EAST: ground(10, 0, 20, 10)}


def in_west(number: int) -> Polygon:
    """The ground of one of ten strips of the western village, from the west."""
    return ground(number, 0, number + 1, 10)


# --- the next codes


def test_new_grids_are_numbered_after_the_highest_code_of_their_village():
    taken = {f"{WEST}001", f"{WEST}007", f"{EAST}040", "free-code"}
    assert next_codes(WEST, taken, [in_west(0), in_west(1)]) == [f"{WEST}008", f"{WEST}009"]
    assert next_codes(WEST, [], [in_west(0)]) == [f"{WEST}001"]
    assert next_codes(WEST, taken, []) == []


def test_codes_go_from_west_to_east_and_come_back_in_the_order_of_the_shapes():
    codes = next_codes(WEST, [], [in_west(5), in_west(0), in_west(9)])
    assert codes == [f"{WEST}002", f"{WEST}001", f"{WEST}003"]


def test_what_lies_equally_far_east_goes_from_north_to_south():
    south, north = ground(0, 0, 1, 1), ground(0.0001, 1, 1.0001, 2)  # a centimetre further east, as drawn by hand
    assert next_codes(WEST, [], [south, north]) == [f"{WEST}002", f"{WEST}001"]


def test_gaps_are_filled_only_when_the_numbers_are_at_their_end():
    taken = {f"{WEST}{number:03}" for number in range(1, 999) if number not in (4, 500)}
    assert next_codes(WEST, taken, [in_west(0), in_west(1), in_west(2)]) == [f"{WEST}999", f"{WEST}004", f"{WEST}500"]


def test_a_village_that_has_used_all_its_codes_says_so():
    taken = {f"{WEST}{number:03}" for number in range(1, 999)}
    with pytest.raises(NoCodeLeft) as refused:
        next_codes(WEST, taken, [in_west(0), in_west(1)])
    assert refused.value.sentence == f"{WEST} needs 2 more codes, and of its 999 only 1 were never used."


@pytest.mark.parametrize("above", ["", "V1", "32990100100", f"{WEST}001"])
def test_below_a_code_that_is_not_national_nothing_is_numbered(above):
    with pytest.raises(NotNumbered, match="no code of a village"):
        next_codes(above, [], [])


def test_a_township_numbers_its_villages_the_same_way():
    assert next_codes("329901001", [WEST, EAST, f"{WEST}003"], [in_west(0)]) == ["329901001003"]


@settings(max_examples=100, deadline=None)
@given(st.sets(st.integers(0, 999), max_size=990), st.lists(st.integers(0, 9), max_size=9))
def test_a_code_is_never_given_twice(used, places):
    taken = {f"{WEST}{number:03}" for number in used}
    codes = next_codes(WEST, taken, [in_west(place) for place in places])
    assert len(set(codes)) == len(places) and not taken & set(codes)
    assert all(GB.check(code, AreaKind.COMPREHENSIVE) is None and code.startswith(WEST) for code in codes)


# --- what is wrong with the codes of a draft


def row(number: int, code: str, outline: BaseGeometry, parent: str | None = None) -> DraftGrid:
    return DraftGrid(number, code, f"Grid {number}", outline, parent)  # type: ignore[arg-type]


def examined(
    grids: Sequence[DraftGrid],
    *,
    used: Mapping[str, str] = {},
    in_force: Sequence[str] = (),
    profile: Profile = GB,
    kind: AreaKind = AreaKind.COMPREHENSIVE,
    parents: Mapping[str, Polygon] = VILLAGES,
) -> list[Finding]:
    return examine_codes(grids, kind=kind, profile=profile, used=used, in_force=in_force, parents=parents)


def told(findings: Sequence[Finding]) -> list[tuple[str, tuple[int, ...], str | None, str | None]]:
    """What was found, the rows, and the code and parent that its mend gives to the last of them."""
    changes = [each.mend.changes[0] if each.mend else None for each in findings]
    return [
        (each.code, each.rows, change.code if change else None, change.parent if change else None)
        for each, change in zip(findings, changes, strict=True)
    ]


def test_codes_that_are_in_order_give_no_finding():
    east = row(3, f"{EAST}001", ground(10, 0, 12, 10))
    grids = [row(1, f"{WEST}001", in_west(0), WEST), row(2, f"{WEST}002", in_west(1)), east]
    assert examined(grids, used={f"{WEST}001": "Old"}, in_force=[f"{WEST}001"]) == []


def test_each_later_row_with_a_code_is_found_and_offered_the_next_free_one():
    grids = [row(1, f"{WEST}001", in_west(0)), row(2, f"{WEST}001", in_west(5)), row(3, f"{WEST}001", in_west(1))]
    findings = examined(grids, used={f"{WEST}004": "Ended long ago"})
    assert told(findings) == [
        ("code-repeated", (1, 2), f"{WEST}006", None),
        ("code-repeated", (1, 3), f"{WEST}005", None),  # further west
    ]
    assert findings[0].severity == "block" and findings[0].shape.equals(in_west(5))
    assert findings[0].size_m2 == pytest.approx(area_m2(in_west(5)))
    assert findings[0].message == f"Row 2 has the code “{WEST}001”, which is the code of row 1."
    assert findings[0].mend is not None
    assert findings[0].mend.message == f"Row 2 gets the code {WEST}006."


def test_a_code_stays_with_the_row_that_lies_where_the_code_says():
    grids = [row(1, f"{WEST}001", ground(12, 0, 13, 1)), row(2, f"{WEST}001", in_west(0))]
    assert told(examined(grids)) == [
        ("code-repeated", (2, 1), f"{EAST}001", EAST),
        ("parent-mismatch", (1,), f"{EAST}001", EAST),
    ]


def test_a_code_that_ended_is_not_used_again():
    (finding,) = examined([row(1, f"{WEST}003", in_west(0))], used={f"{WEST}003": "Fish market"}, in_force=[])
    assert told([finding]) == [("code-reused", (1,), f"{WEST}004", None)]
    assert "was given to “Fish market” before" in finding.message


def test_a_row_without_a_code_is_offered_one():
    assert told(examined([row(1, f"{WEST}001", in_west(0)), row(2, "", in_west(1))])) == [
        ("code-missing", (2,), f"{WEST}002", None)
    ]


def test_a_grid_in_another_village_than_its_code_says_goes_to_that_village():
    outline = ground(8, 0, 16, 10)  # three quarters of it in the east
    (finding,) = examined([row(1, f"{WEST}001", outline, WEST)], in_force=[f"{EAST}017"])
    assert told([finding]) == [("parent-mismatch", (1,), f"{EAST}018", EAST)]
    assert finding.message == f"Most of row 1 (“{WEST}001”) lies in {EAST}, yet it is put under {WEST}."
    assert finding.mend is not None
    assert finding.mend.message == f"Row 1 goes to {EAST} and gets the code {EAST}018."


def test_a_grid_whose_code_is_right_and_whose_parent_is_not_keeps_its_code():
    assert told(examined([row(1, f"{WEST}001", in_west(0), EAST)])) == [("parent-mismatch", (1,), None, WEST)]


def test_a_grid_that_no_village_has_half_of_is_not_judged():
    assert examined([row(1, f"{EAST}001", ground(-20, 0, 9, 10))]) == []


def test_under_a_township_without_villages_a_code_may_name_any_village():
    assert examined([row(1, f"{WEST}001", in_west(0))], parents={"329901001": ground(0, 0, 20, 20)}) == []


def test_a_specialised_grid_is_not_judged_by_its_village_and_offered_no_code():
    grids = [row(1, f"{WEST}A01", ground(12, 0, 13, 1), WEST), row(2, f"{WEST}A01", ground(14, 0, 15, 1), WEST)]
    assert told(examined(grids, kind=AreaKind.SPECIALISED)) == [("code-repeated", (1, 2), None, None)]


def test_free_codes_are_examined_and_none_is_proposed():
    villages = {"W": VILLAGES[WEST], "E": VILLAGES[EAST]}
    twice = [row(1, "a", in_west(0), "W"), row(2, "a", in_west(1), "W")]
    grids = [*twice, row(3, "b", in_west(2)), row(4, "c", in_west(3), "E")]
    assert told(examined(grids, profile=FREE, parents=villages, used={"b": "Old"})) == [
        ("code-repeated", (1, 2), None, None),
        ("code-reused", (3,), None, None),
        ("parent-mismatch", (4,), None, "W"),
    ]


def test_where_no_code_is_left_the_finding_stands_without_a_mend():
    used = {f"{WEST}{number:03}": "Old" for number in range(1, 1000)}
    (finding,) = examined([row(1, f"{WEST}003", in_west(0))], used=used)
    assert (finding.code, finding.mend) == ("code-reused", None)


ROW = st.tuples(st.sampled_from(["", WEST, EAST]), st.integers(1, 5), st.integers(0, 19))  # village, number, place


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=12), st.booleans())
def test_after_all_mends_in_any_order_nothing_is_left_to_find(rows, backwards):
    grids = {
        number: row(number, f"{above}{tail:03}" if above else "", ground(place, 0, place + 1, 10), above or None)
        for number, (above, tail, place) in enumerate(rows, start=1)
    }
    used = {f"{WEST}002": "Ended", f"{EAST}001": "In force"}
    before = examined(list(grids.values()), used=used, in_force=[f"{EAST}001"])
    for finding in before[::-1] if backwards else before:
        assert finding.mend is not None
        for change in finding.mend.changes:
            grids[change.row] = apply(grids[change.row], change)
    assert examined(list(grids.values()), used=used, in_force=[f"{EAST}001"]) == []
    codes = [each.code for each in grids.values()]
    assert len(set(codes)) == len(codes)


# --- in which village an area lies


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(-0.5, 0.5), st.floats(0.2, 1.5))
def test_the_village_an_area_lies_in_agrees_with_laying_it_over_all(seed, shift, scale):
    """Villages that the grids fit into, nearly fit into, and do not fit into at all, an enclave among them."""
    villages = {str(i): village for i, village in enumerate(tessellation(3, 3, points=4, seed=seed, cell=0.01))}
    grids = tessellation(7, 7, points=4, seed=seed + 1, cell=0.004 * scale, west=119.0 + shift * 0.01)
    for grid, found in zip(grids, lies_in(grids, villages), strict=True):  # type: ignore[arg-type]
        shares = {code: grid.intersection(village).area / grid.area for code, village in villages.items()}
        code, share = max(shares.items(), key=lambda each: each[1])
        assert found == (code if share >= 0.5 else None) or share == pytest.approx(0.5, abs=1e-6)


def test_a_grid_around_another_village_lies_where_its_ground_is():
    """A smaller copy of this thin frame lies in the village that the frame goes around."""
    frame = ground(0, 0, 10, 10).difference(ground(0.5, 0.5, 9.5, 9.5))
    assert lies_in([frame], {"inner": ground(0.5, 0.5, 9.5, 9.5), "outer": frame}) == ["outer"]


def test_without_villages_nothing_lies_anywhere():
    assert lies_in([in_west(0)], {}) == [None]
    assert lies_in([], VILLAGES) == []


def test_a_finding_s_mend_can_be_kept_as_json():
    (finding,) = examined([row(1, f"{WEST}001", in_west(0), EAST)])
    assert finding.mend is not None
    assert finding.mend.to_json()["changes"] == [{"row": 1, "parent": WEST}]
    assert replace(finding, mend=None).message.told()["facts"]["named"] == EAST
    assert shapely.equals(finding.shape, in_west(0))


# --- what the map of today knows ------------------------------------------------------------------------------------


def test_of_two_rows_with_one_code_the_one_that_stands_there_today_keeps_it():
    rows = [DraftGrid(1, f"{WEST}001", "new", box(0, 0, 1, 1), WEST),
            DraftGrid(2, f"{WEST}001", "old", box(1, 0, 2, 1), WEST)]  # fmt: skip
    [found] = examine_codes(
        rows, kind=AreaKind.COMPREHENSIVE, profile=GB, used={f"{WEST}001": "old"}, in_force={f"{WEST}001"},
        parents={WEST: box(0, 0, 2, 1)}, standing={f"{WEST}001": box(1, 0, 2, 1)},
    )  # fmt: skip
    assert found.rows == (2, 1), "row 1 is the stranger"


def test_a_row_that_lost_its_code_gets_the_one_its_ground_bears_today():
    standing = {f"{WEST}001": box(0, 0, 1, 1), f"{WEST}002": box(1, 0, 2, 1)}
    rows = [DraftGrid(1, f"{WEST}002", "typed wrongly", box(0, 0, 1, 1), WEST),
            DraftGrid(2, f"{WEST}002", "east", box(1, 0, 2, 1), WEST)]  # fmt: skip
    [found] = examine_codes(
        rows, kind=AreaKind.COMPREHENSIVE, profile=GB, used=dict.fromkeys(standing, "x"), in_force=standing.keys(),
        parents={WEST: box(0, 0, 2, 1)}, standing=standing,
    )  # fmt: skip
    assert found.mend is not None
    assert [change.code for change in found.mend.changes] == [f"{WEST}001"]
