"""Broken outlines, ground claimed twice, children outside their parents: every seeded fault is found, and no other."""

from __future__ import annotations

import doctest
import math
import struct

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import LinearRing, LineString, MultiPolygon, Point, Polygon

from geo import coverage
from geo.coverage import (
    AreaOutline,
    covering_parent,
    covering_parents,
    find_outside_parent,
    find_overlaps,
    mend_outline,
)
from geo.crs import area_m2
from tests.geo.tessellations import tessellation


def areas(*outlines: object, parent: str | None = None) -> list[AreaOutline]:
    return [AreaOutline(f"{i:03d}", outline, i + 1, parent) for i, outline in enumerate(outlines)]  # type: ignore[arg-type]


def test_the_examples_in_the_documentation_are_true():
    assert doctest.testmod(coverage).failed == 0


# --- mending


def test_a_sound_outline_is_left_alone():
    outline = box(119, 33, 119.01, 33.01)
    mended = mend_outline(outline)
    assert mended.outline is outline or mended.outline.equals_exact(outline)
    assert (mended.why, mended.difference_m2, mended.sentence) == ("", 0.0, "")


def test_z_is_dropped_and_is_nothing_to_speak_of():
    mended = mend_outline(Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)]))
    assert not mended.outline.has_z and mended.why == ""


def spoilt(by: float) -> bytes:
    """A square whose second corner has this for its longitude, as a damaged file may hold it."""
    return shapely.to_wkb(Polygon([(0, 0), (7, 0), (7, 1), (0, 1)]), byte_order=1).replace(
        struct.pack("<d", 7), struct.pack("<d", by), 1
    )


SHELL = [(0, 0), (4, 0), (4, 4), (0, 4)]


@pytest.mark.parametrize(
    ("broken", "why", "kept"),
    [
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "crosses-itself", 2.0),  # a bow tie
        (Polygon([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2), (1, 1)]), "touches-itself", 2.0),  # an hourglass
        (Polygon(SHELL, [[(5, 5), (6, 5), (6, 6)]]), "hole-outside", 16.5),
        (Polygon(SHELL, [[(1, 1), (3, 1), (3, 3), (1, 3)], [(1.5, 1.5), (2, 1.5), (2, 2)]]), "nested-holes", 12.0),
        (MultiPolygon([box(0, 0, 4, 4), box(1, 1, 2, 2)]), "nested-parts", 16.0),
        (MultiPolygon([box(0, 0, 2, 2), box(1, 0, 3, 2)]), "crosses-itself", 6.0),  # parts that overlap
    ],
)
def test_an_invalid_outline_keeps_the_ground_its_rings_enclose(broken, why, kept):
    mended = mend_outline(broken)
    assert (mended.why, mended.outline.is_valid) == (why, True)
    assert mended.outline.area == pytest.approx(kept)
    assert mended.where is not None
    assert mended.sentence


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        (None, "null"),
        (Polygon(), "empty"),
        (MultiPolygon(), "empty"),
        (Point(1, 1), "not-polygon"),
        (LineString([(0, 0), (1, 1)]), "not-polygon"),
        (spoilt(math.nan), "not-finite"),
        (spoilt(math.inf), "not-finite"),
        (Polygon([(0, 0), (1, 1), (2, 2)]), "no-ground"),  # a flat triangle
        (b"\x00nonsense", "unreadable"),
    ],
)
def test_what_is_no_outline_is_said_to_be_none(given_, why):
    mended = mend_outline(given_)
    assert mended.outline is None
    assert mended.why == why
    assert mended.sentence


def test_lines_and_points_beside_a_polygon_are_dropped_and_reported():
    mended = mend_outline(shapely.geometrycollections([Point(9, 9), box(0, 0, 1, 1), LineString([(0, 0), (5, 5)])]))
    assert mended.outline.equals(box(0, 0, 1, 1))
    assert mended.why == "stray-parts"


def test_a_ring_left_open_in_wkb_is_closed_and_reported():
    sound = shapely.to_wkb(Polygon([(0, 0), (1, 0), (1, 1)]), byte_order=1)
    open_ring = sound[:9] + (3).to_bytes(4, "little") + sound[13:-16]  # one point fewer, and say so
    assert mend_outline(sound).why == ""
    mended = mend_outline(open_ring)
    assert mended.why == "unclosed"
    assert mended.outline.equals(Polygon([(0, 0), (1, 0), (1, 1)]))


def test_the_difference_is_measured_in_square_metres():
    # The spike dips below the base and encloses a small triangle the wrong way round.
    mended = mend_outline(Polygon([(119, 33), (119.02, 33), (119.02, 33.02), (119.01, 32.999), (119, 33.02)]))
    flipped = Polygon([(119.01, 32.999), (119.01 + 0.01 / 21, 33), (119.01 - 0.01 / 21, 33)])
    assert mended.difference_m2 == pytest.approx(2 * area_m2(flipped), rel=1e-3)
    assert mended.difference_share == pytest.approx(mended.difference_m2 / area_m2(mended.outline))


def _times_around(ring, point):
    to = np.array([*ring, ring[0]], dtype=float) - (point.x, point.y)
    turns = np.diff(np.unwrap(np.arctan2(to[:, 1], to[:, 0]))).sum() / (2 * np.pi)
    return round(turns)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=4, max_size=12))
@example([(1, 0), (1, 1), (0, 0), (1, 1), (1, 0), (0, 0)])
def test_whatever_is_scribbled_becomes_valid_or_nothing(scribble):
    mended = mend_outline(Polygon(scribble))
    if mended.outline is None:
        # All on one line, or there and back again: it goes around no ground once.
        faces = shapely.get_parts(shapely.polygonize([shapely.node(LinearRing(scribble))]))
        assert all(_times_around(scribble, face.representative_point()) % 2 == 0 for face in faces)
    else:
        assert mended.outline.is_valid and isinstance(mended.outline, (Polygon, MultiPolygon))


# --- overlaps


def test_neighbours_that_share_their_edge_share_no_ground():
    for seed in range(3):
        assert find_overlaps(areas(*tessellation(6, 6, points=9, seed=seed))) == []


def test_the_shared_ground_of_two_grids_is_found_with_its_shape():
    (finding,) = find_overlaps(areas(box(119, 33, 119.02, 33.01), box(119.01, 33, 119.03, 33.01)))
    assert (finding.code, finding.codes, finding.rows, finding.severity) == ("overlap", ("000", "001"), (1, 2), "block")
    assert finding.shape.equals(box(119.01, 33, 119.02, 33.01))
    assert finding.size_m2 == pytest.approx(area_m2(box(119.01, 33, 119.02, 33.01)))
    assert finding.message == "000 and 001 share 1.04 km² (50% of the smaller one)."
    assert finding.accepted().severity == "warn"


def test_twins_and_grids_inside_others_are_found():
    twins = find_overlaps(areas(box(0, 0, 1, 1), box(0, 0, 1, 1)))
    assert [finding.message.split("(")[1] for finding in twins] == ["100% of the smaller one)."]
    inside = find_overlaps(areas(box(0, 0, 3, 3), box(1, 1, 2, 2)))
    assert [finding.shape.equals(box(1, 1, 2, 2)) for finding in inside] == [True]


def test_an_enclave_in_its_hole_is_no_overlap():
    ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior.coords])
    assert find_overlaps(areas(ring, box(1, 1, 2, 2))) == []


def test_slivers_below_the_tolerance_are_passed_over_and_the_largest_comes_first():
    outlines = areas(box(0, 0, 1, 1), box(0.999, 0, 2, 1), box(1.9, 0, 3, 1), box(2.9999999, 0, 4, 1))
    assert [finding.codes for finding in find_overlaps(outlines)] == [("001", "002"), ("000", "001"), ("002", "003")]
    assert len(find_overlaps(outlines, ignore_below_m2=10_000)) == 2


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8))
def test_every_seeded_overlap_is_found_and_no_other(seed, faults):
    rng = np.random.default_rng(seed)
    outlines = tessellation(5, 5, points=4, seed=seed % 10_000)
    for grid in rng.choice(len(outlines), faults, replace=False):
        outlines[grid] = outlines[grid].buffer(1e-5)
    found = {finding.codes for finding in find_overlaps(areas(*outlines))}
    expected = {
        (f"{i:03d}", f"{j:03d}")
        for i in range(len(outlines))
        for j in range(i + 1, len(outlines))
        if outlines[i].intersection(outlines[j]).area > 0
    }
    assert found == expected
    assert bool(found) == (faults > 0)


def test_vancouvers_neighbourhoods_overlap_by_14_291_square_metres(shared_data):
    _, _, wkb, fields = pyogrio.raw.read(shared_data / "vancouver" / "vancouver_neighbourhoods.geojson")
    areas_of = {name: mend_outline(one).outline for name, one in zip(fields[0], wkb, strict=True)}
    found = find_overlaps([AreaOutline(name, outline) for name, outline in areas_of.items()])  # type: ignore[arg-type]
    assert len(areas_of) == 22 and len(found) == 10
    # The known figure is measured in UTM, where sides of kilometres are straight that here bend by centimetres.
    utm = pyproj.Transformer.from_crs(4326, 26910, always_xy=True)
    flat = {n: shapely.transform(o, lambda at: np.column_stack(utm.transform(*at.T))) for n, o in areas_of.items()}
    assert sum(flat[one].intersection(flat[other]).area for one, other in (f.codes for f in found)) == pytest.approx(
        14_291, abs=1
    )
    assert sum(finding.size_m2 for finding in found) == pytest.approx(14_291, rel=0.004)


def test_taiwans_seven_invalid_villages_are_mended_and_told(shared_data):
    _, _, wkb, fields = pyogrio.raw.read(shared_data / "taiwan" / "taiwan_villages.gpkg", columns=["VILLCODE"])
    mended = [mend_outline(one) for one in wkb]
    assert sum(bool(one.why) for one in mended) == 7
    assert all(one.outline is not None and one.outline.is_valid for one in mended)
    villages = [AreaOutline(code, one.outline) for code, one in zip(fields[0], mended, strict=True)]  # type: ignore[arg-type]
    found = find_overlaps(villages)
    assert [finding.size_m2 < 20 for finding in found] == [True] * 3


# --- parents


def test_a_child_inside_its_parent_or_on_its_edge_is_at_home():
    parents = {"P": AreaOutline("P", box(0, 0, 2, 2))}
    children = areas(box(0, 0, 1, 1), box(0.5, 0.5, 1, 1), box(0, 0, 2, 2), parent="P")
    assert find_outside_parent(children, parents) == []


def test_the_ground_outside_the_parent_is_found_with_its_shape():
    parents = {"P": AreaOutline("P", box(0, 0, 1, 1))}
    (finding,) = find_outside_parent(areas(box(0.5, 0, 1.5, 1), parent="P"), parents)
    assert (finding.code, finding.codes, finding.rows) == ("outside-parent", ("000", "P"), (1,))
    assert finding.shape.equals(box(1, 0, 1.5, 1))
    assert finding.message.endswith("(50.00% of it).")


def test_a_child_far_from_its_parent_lies_outside_altogether():
    (finding,) = find_outside_parent(areas(box(5, 5, 6, 6), parent="P"), {"P": AreaOutline("P", box(0, 0, 1, 1))})
    assert finding.shape.equals(box(5, 5, 6, 6))


def test_children_of_unknown_parents_are_passed_over():
    assert find_outside_parent(areas(box(0, 0, 1, 1), parent="Q"), {"P": AreaOutline("P", box(5, 5, 6, 6))}) == []
    assert find_outside_parent(areas(box(0, 0, 1, 1)), {}) == []


def test_either_tolerance_excuses_a_child():
    parents = {"P": AreaOutline("P", box(119, 33, 119.1, 33.1))}
    children = areas(box(119.05, 33, 119.1001, 33.1), parent="P")  # 9 m too far east, 0.2 % of it
    assert len(find_outside_parent(children, parents)) == 1
    assert find_outside_parent(children, parents, ignore_below_share=0.01) == []
    assert find_outside_parent(children, parents, ignore_below_m2=200_000) == []


def test_the_parent_is_the_one_that_covers_most():
    parents = areas(box(0, 0, 1, 1), box(1, 0, 2, 1))
    covering = covering_parent(AreaOutline("x", box(0.8, 0, 1.6, 1)), parents)
    assert covering is not None and covering.parent.code == "001"
    assert covering.share == pytest.approx(0.75, rel=1e-3)
    assert covering_parent(AreaOutline("x", box(2, 0, 3, 1)), parents) is None  # it only touches
    assert covering_parent(AreaOutline("x", box(9, 9, 10, 10)), parents) is None


def test_of_parents_that_cover_equally_the_smallest_code_is_taken():
    parents = [AreaOutline("B", box(0, 0, 2, 2)), AreaOutline("A", box(0, 0, 2, 2)), AreaOutline("C", box(0, 0, 1, 2))]
    for child in (box(0.5, 0.5, 1, 1), box(1, 1, 3, 2)):
        covering = covering_parent(AreaOutline("x", child), parents)
        assert covering is not None and covering.parent.code == "A"


def test_nobody_covers_anything_where_there_are_no_parents():
    assert covering_parents(areas(box(0, 0, 1, 1)), []) == [None]
    assert covering_parents([], areas(box(0, 0, 1, 1))) == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_covering_parent_is_brute_forces(seed):
    parents = areas(*tessellation(4, 4, points=3, seed=seed % 10_000))
    rng = np.random.default_rng(seed)
    corners = rng.uniform((118.99, 32.99), (119.04, 33.04), (20, 2))
    children = areas(*(box(x, y, x + 0.008, y + 0.006) for x, y in corners))
    for child, covering in zip(children, covering_parents(children, parents), strict=True):
        shares = [p.outline.intersection(child.outline).area / child.outline.area for p in parents]
        if max(shares) == 0:
            assert covering is None
        else:
            assert covering is not None
            assert covering.parent is parents[int(np.argmax(shares))]
            assert covering.share == pytest.approx(max(shares), rel=1e-4)


def test_taiwans_villages_nest_in_their_towns(shared_data):
    def read(layer: str, column: str) -> dict[str, AreaOutline]:
        _, _, wkb, fields = pyogrio.raw.read(shared_data / "taiwan" / f"taiwan_{layer}.gpkg", columns=[column])
        return {c: AreaOutline(c, o) for c, g in zip(fields[0], wkb, strict=True) if (o := mend_outline(g).outline)}

    towns, villages = read("towns", "TOWNCODE"), list(read("villages", "VILLCODE").values())
    covering = covering_parents(villages, list(towns.values()))
    pairs = zip(villages, covering, strict=True)
    nested = [one is not None and village.code.startswith(one.parent.code) for village, one in pairs]
    assert np.mean(nested) > 0.995
