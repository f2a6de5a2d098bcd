"""Where a point falls: the rule, its explanation, and that one point and many give brute force's answer."""

from __future__ import annotations

import math
import threading
from itertools import pairwise

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.codes import AreaKind
from geo.locate import LocatableArea, LocatedMany, Location, Locator, NotFiniteError
from geo.sphere import M_PER_DEG
from tests.geo.tessellations import tessellation

_ids = iter(range(1, 10**9))


def area(code: str, outline: BaseGeometry, kind: AreaKind = AreaKind.COMPREHENSIVE, **more: object) -> LocatableArea:
    number = next(_ids)
    return LocatableArea(number * 10, number, code, kind, f"name of {code}", outline, **more)  # type: ignore[arg-type]


def east_of(lon: float, lat: float, metres: float) -> float:
    return lon + metres / (M_PER_DEG * math.cos(math.radians(lat)))


def code_of(ref: object) -> str | None:
    return getattr(ref, "code", None)


# --- the rule


def test_a_point_inside_a_grid_is_in_it():
    found = Locator([area("A", box(0, 0, 1, 1))]).locate(0.5, 0.5)
    assert (found.grid.code, found.status, found.rule) == ("A", "located", "covers")
    assert not found.on_border and not found.snapped


def test_a_point_on_a_shared_edge_belongs_to_the_smaller_code():
    west, east = area("A-02", box(0, 0, 1, 1)), area("A-01", box(1, 0, 2, 1))
    found = Locator([west, east]).locate(1, 0.5)
    assert found.grid.code == "A-01"
    assert (found.rule, found.on_border) == ("smallest-code-on-border", True)
    assert (found.neighbour.code, found.neighbour_m, found.border_m) == ("A-02", 0.0, 0.0)


def test_where_four_grids_meet_the_smallest_code_wins():
    corners = [("D", 0, 0), ("C", 1, 0), ("B", 0, 1), ("A", 1, 1)]
    locator = Locator([area(code, box(x, y, x + 1, y + 1)) for code, x, y in corners])
    found = locator.locate(1, 1)
    assert (found.grid.code, found.neighbour.code) == ("A", "B")


def test_codes_are_compared_by_code_point_not_by_number_or_alphabet():
    locator = Locator([area("a", box(0, 0, 1, 1)), area("B", box(1, 0, 2, 1))])
    assert locator.locate(1, 0.5).grid.code == "B"
    locator = Locator([area("9", box(0, 0, 1, 1)), area("10", box(1, 0, 2, 1))])
    assert locator.locate(1, 0.5).grid.code == "10"


def test_a_point_on_the_outer_edge_is_in_the_grid_and_on_its_border():
    found = Locator([area("A", box(0, 0, 1, 1))]).locate(0, 0.5)
    assert (found.status, found.rule, found.on_border) == ("located", "covers", True)


def test_in_an_overlap_the_smallest_code_wins_and_the_rule_says_so():
    found = Locator([area("B", box(0, 0, 2, 1)), area("A", box(1, 0, 3, 1))]).locate(1.5, 0.5)
    assert (found.grid.code, found.rule, found.on_border) == ("A", "smallest-code-in-overlap", False)
    assert (found.neighbour.code, found.neighbour_m) == ("B", 0.0)


def test_a_hole_belongs_to_the_grid_that_fills_it():
    ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior.coords])
    locator = Locator([area("B", ring), area("A", box(1, 1, 2, 2))])
    assert locator.locate(1.5, 1.5).grid.code == "A"
    assert locator.locate(0.5, 0.5).grid.code == "B"
    assert locator.locate(1, 1.5).grid.code == "A"


def test_all_parts_of_a_grid_count():
    locator = Locator([area("A", shapely.multipolygons([box(0, 0, 1, 1), box(5, 5, 6, 6)]))])
    assert locator.locate(5.5, 5.5).grid.code == "A"
    assert locator.locate(5.5, 5.5).border_m == pytest.approx(0.5 * M_PER_DEG * math.cos(math.radians(5.5)))


# --- snapping


def test_a_point_just_outside_goes_to_the_nearest_grid_and_is_flagged():
    locator = Locator([area("A", box(119, 33, 119.01, 33.01)), area("B", box(119.01, 33, 119.02, 33.01))])
    found = locator.locate(east_of(119.02, 33.005, 29.0), 33.005)
    assert (found.grid.code, found.status, found.rule) == ("B", "snapped", "nearest-within-snap")
    assert found.snapped and not found.on_border
    assert found.border_m == pytest.approx(29.0, abs=1e-6)
    assert found.neighbour.code == "A"


def test_beyond_the_limit_a_point_is_unlocated_and_the_nearest_grid_is_still_named():
    locator = Locator([area("A", box(119, 33, 119.01, 33.01))])
    found = locator.locate(east_of(119.01, 33.005, 31.0), 33.005)
    assert (found.grid, found.status, found.rule) == (None, "unlocated", "outside")
    assert found.border_m is None
    assert (found.neighbour.code, round(found.neighbour_m, 6)) == ("A", 31.0)


def test_the_limit_is_kept_to_the_millimetre():
    locator = Locator([area("A", box(119, 33, 119.01, 33.01))], snap_m=30.0)
    for metres, expected in ((30.0, "snapped"), (30.0004, "snapped"), (30.001, "unlocated")):
        lon = east_of(119.01, 33.005, metres)
        assert locator.locate(lon, 33.005).status == expected
        assert locator.locate_many(np.array([lon]), np.array([33.005])).status()[0] == expected


def test_between_equally_near_grids_the_smaller_code_is_chosen():
    # North of the corner that both share, in a straight line from it.
    locator = Locator([area("B", box(119, 33, 119.01, 33.01)), area("A", box(119.01, 33, 119.02, 33.01))])
    north = 33.01 + 20 / M_PER_DEG
    found = locator.locate(119.01, north)
    assert (found.grid.code, found.neighbour.code) == ("A", "B")
    assert locator.locate_many(np.array([119.01]), np.array([north])).grid.tolist() == [0]


def test_no_snapping_when_it_is_turned_off():
    locator = Locator([area("A", box(119, 33, 119.01, 33.01))], snap_m=0.0)
    assert locator.locate(east_of(119.01, 33.005, 0.01), 33.005).status == "unlocated"
    assert locator.locate(119.01, 33.005).status == "located"


@given(st.floats(-60, 60), st.floats(0.0, 400.0), st.floats(0, 2 * math.pi))
def test_distances_are_what_sql_computes_from_scaled_geometry(lat, metres, direction):
    grid = Polygon([(119, lat), (119.01, lat + 0.001), (119.011, lat + 0.012), (119.003, lat + 0.007)])
    point = Point(119.004 + metres / 9e4 * math.cos(direction), lat + 0.004 + metres / 1.1e5 * math.sin(direction))
    found = Locator([area("A", grid)]).locate(point.x, point.y)
    squeeze = M_PER_DEG * math.cos(math.radians(point.y))
    scaled = [shapely.transform(g, lambda at: at * (squeeze, M_PER_DEG)) for g in (grid.exterior, point)]
    expected = shapely.distance(*scaled)
    measured = found.neighbour_m if found.grid is None else found.border_m
    assert measured == pytest.approx(expected, abs=1e-6)


# --- the levels and the overlay


def three_levels() -> Locator:
    """A village whose outline has fallen behind its grids: grid G1 has grown beyond it."""
    county = area("C", box(0, 0, 10, 10), AreaKind.COUNTY)
    township = area("T", box(0, 0, 4, 4), AreaKind.TOWNSHIP, parent_id=county.area_id)
    village = area("V", box(0, 0, 1, 1), AreaKind.VILLAGE, parent_id=township.area_id)
    other = area("V2", box(1, 0, 4, 4), AreaKind.VILLAGE, parent_id=township.area_id)
    grown = area("G1", box(0, 0, 2, 1), parent_id=village.area_id)
    orphan = area("G2", box(2, 0, 3, 1))
    under_township = area("G3", box(3, 0, 4, 1), parent_id=township.area_id)
    return Locator([county, township, village, other, grown, orphan, under_township])


def levels(found: Location) -> tuple[str | None, ...]:
    return code_of(found.grid), code_of(found.village), code_of(found.township), code_of(found.county)


@pytest.mark.parametrize(
    ("lon", "expected"),
    [
        (1.5, ("G1", "V", "T", "C")),  # by its parents, though V2 covers the point
        (2.5, ("G2", "V2", "T", "C")),  # no parents: by the outlines
        (3.5, ("G3", "V2", "T", "C")),  # no village among the parents: the village by its outline
    ],
)
def test_the_levels_come_from_the_parents_and_where_these_are_missing_from_the_outlines(lon, expected):
    locator = three_levels()
    assert levels(locator.locate(lon, 0.5)) == expected
    many = locator.locate_many(np.array([lon]), np.array([0.5]))
    assert tuple(many.codes(at)[0] for at in (many.grid, many.village, many.township, many.county)) == expected


def test_an_unlocated_point_still_knows_its_village_township_and_county():
    locator = three_levels()
    assert levels(locator.locate(0.5, 3.0)) == (None, None, "T", "C")
    assert levels(locator.locate(1.0, 3.0)) == (None, "V2", "T", "C")
    assert levels(locator.locate(9.0, 9.0)) == (None, None, None, "C")


def test_a_snapped_point_has_the_levels_of_its_grid():
    village = area("V", box(119, 33, 119.01, 33.01), AreaKind.VILLAGE)
    locator = Locator([village, area("G", box(119, 33, 119.01, 33.01), parent_id=village.area_id)])
    assert levels(locator.locate(east_of(119.01, 33.005, 5), 33.005)) == ("G", "V", None, None)


def test_parents_that_go_round_in_a_circle_do_no_harm():
    first, second = next(_ids), next(_ids)
    grid = area("G", box(0, 0, 1, 1), parent_id=first)
    a = LocatableArea(1, first, "T", AreaKind.TOWNSHIP, "t", box(0, 0, 1, 1), second)
    b = LocatableArea(2, second, "V", AreaKind.VILLAGE, "v", box(0, 0, 1, 1), first)
    assert levels(Locator([grid, a, b]).locate(0.5, 0.5)) == ("G", "V", "T", None)


def test_every_specialised_grid_over_the_point_is_named_in_code_order():
    school = area("S2", box(0.4, 0.4, 0.6, 0.6), AreaKind.SPECIALISED, domain="school")
    market = area("S1", box(0.5, 0.0, 1.0, 1.0), AreaKind.SPECIALISED, domain="market")
    locator = Locator([school, market, area("G", box(0, 0, 1, 1))])
    lon, lat = np.array([0.55, 0.45, 0.5, 0.1, 2.0]), np.full(5, 0.5)
    expected = [["S1", "S2"], ["S2"], ["S1", "S2"], [], []]  # 0.5 lies on the edge of the market: in
    assert [[ref.code for ref in locator.locate(x, 0.5).specialised] for x in lon] == expected
    many = locator.locate_many(lon, lat)
    assert many.specialised_codes().tolist() == [";".join(codes) for codes in expected]
    assert many.specialised_offsets.tolist() == [0, 2, 3, 5, 5, 5]


def test_a_specialised_grid_outside_every_comprehensive_one_is_still_named():
    found = Locator([area("S", box(5, 5, 6, 6), AreaKind.SPECIALISED, domain="park")]).locate(5.5, 5.5)
    assert (found.status, [ref.code for ref in found.specialised]) == ("unlocated", ["S"])
    assert found.neighbour is None and found.neighbour_m is None


# --- what is asked besides


def test_neighbours_are_the_grids_that_touch():
    cells = {f"{y}{x}": box(x, y, x + 1, y + 1) for x in range(3) for y in range(3)}
    areas = {code: area(code, outline) for code, outline in cells.items()}
    locator = Locator([*areas.values(), area("S", box(0, 0, 3, 3), AreaKind.SPECIALISED, domain="park")])
    assert [ref.code for ref in locator.neighbours(areas["00"].area_id)] == ["01", "10", "11"]
    assert len(locator.neighbours(areas["11"].area_id)) == 8
    assert locator.neighbours(-1) == ()


def test_areas_are_found_by_code_and_by_id():
    grid = area("7", box(0, 0, 1, 1))
    locator = Locator([grid, area("7", box(0, 0, 1, 1), AreaKind.VILLAGE)])
    assert locator.by_code(AreaKind.COMPREHENSIVE, "7") is grid
    assert locator.by_code(AreaKind.TOWNSHIP, "7") is None
    assert locator.by_area_id[grid.area_id] is grid


def test_a_coordinate_that_is_not_a_number_is_refused_singly_and_marked_in_bulk():
    locator = Locator([area("A", box(0, 0, 1, 1))])
    for lon, lat in ((math.nan, 0.5), (0.5, math.inf), (-math.inf, math.nan)):
        with pytest.raises(NotFiniteError):
            locator.locate(lon, lat)
    many = locator.locate_many(np.array([0.5, math.nan, 0.5, 7.0]), np.array([0.5, 0.5, math.inf, 7.0]))
    assert many.status().tolist() == ["located", "invalid", "invalid", "unlocated"]
    assert many.grid.tolist() == [0, -1, -1, -1]


@pytest.mark.parametrize("point", [(0.0, 0.0), (500.0, 0.5), (-1e300, 1e300), (180.0, 90.0)])
def test_far_away_is_unlocated_and_no_error(point):
    assert Locator([area("A", box(119, 33, 120, 34))]).locate(*point).status == "unlocated"


def test_a_locator_of_nothing_finds_nothing():
    locator = Locator([])
    assert locator.locate(0, 0).status == "unlocated"
    many = locator.locate_many(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert many.grid.tolist() == [-1, -1] and np.isnan(many.border_m()).all()
    assert len(locator.locate_many(np.array([]), np.array([]))) == 0


def test_an_empty_outline_covers_nothing_and_disturbs_nothing():
    locator = Locator([area("A", Polygon()), area("B", box(0, 0, 1, 1)), area("C", box(2, 0, 3, 1))])
    assert locator.locate(0.5, 0.5).grid.code == "B"
    assert locator.locate(0.9, 0.5).neighbour.code == "C"
    assert locator.locate_many(np.array([0.5, 1.00001]), np.array([0.5, 0.5])).codes(
        locator.locate_many(np.array([0.5, 1.00001]), np.array([0.5, 0.5])).grid
    ).tolist() == ["B", "B"]


def test_an_area_given_twice_is_a_broken_promise():
    once = area("A", box(0, 0, 1, 1))
    with pytest.raises(ValueError, match="given twice"):
        Locator([once, once])


def test_rows_of_different_length_are_refused():
    with pytest.raises(ValueError, match="one length"):
        Locator([]).locate_many(np.array([1.0, 2.0]), np.array([1.0]))


def test_the_outlines_handed_in_stay_as_they_were():
    outline = Polygon([(0, 0, 7), (1, 0, 7), (1, 1, 7)])
    locator = Locator([area("A", outline)])
    locator.locate(0.5, 0.2)
    locator.locate_many(np.array([0.5]), np.array([0.2])).border_m()
    assert outline.has_z and not shapely.is_prepared(outline)


# --- against brute force


def points_of_every_sort(outlines: list[BaseGeometry], rng: np.random.Generator, each: int) -> np.ndarray:
    """Random points, vertices, edge midpoints, points on edges, hairs beside vertices, and rows through vertices."""
    rings = [shapely.get_coordinates(ring) for part in shapely.get_parts(outlines) for ring in shapely.get_rings(part)]
    edges = np.array([(a, b) for ring in rings for a, b in pairwise(ring)])
    a, b = edges[rng.integers(len(edges), size=each)].transpose(1, 0, 2)
    west, south, east, north = shapely.total_bounds(outlines)
    margin = 0.05 * (east - west)
    anywhere = rng.uniform((west - margin, south - margin), (east + margin, north + margin), (each, 2))
    hair = np.nextafter(a, rng.choice([-1e3, 1e3], a.shape))
    rows = np.column_stack((anywhere[:, 0], a[:, 1]))
    columns = np.column_stack((a[:, 0], b[rng.permutation(each), 1]))
    return np.vstack((anywhere, a, (a + b) / 2, a + rng.uniform(size=(each, 1)) * (b - a), hair, rows, columns))


def brute_force(outlines: list[BaseGeometry], lon: float, lat: float, snap_m: float) -> tuple[int, bool, bool]:
    """The first outline (they are in code order) to cover the point or be nearest within reach; on border; snapped."""
    point = Point(lon, lat)
    covering = np.flatnonzero(shapely.covers(outlines, point))
    if covering.size:
        border = any(shapely.intersects(outlines[i].boundary, point) for i in covering)
        return int(covering[0]), border, False
    squeeze = np.array((M_PER_DEG * math.cos(math.radians(lat)), M_PER_DEG))
    metres = shapely.distance(shapely.transform(outlines, lambda at: at * squeeze), Point(*(squeeze * (lon, lat))))
    nearest = int(np.argmin(np.round(metres, 3)))
    return (nearest, False, True) if round(metres[nearest], 3) <= snap_m else (-1, False, False)


def assert_agree(locator: Locator, many: LocatedMany, i: int, expected: tuple[int, bool, bool]) -> None:
    grid, on_border, snapped = expected
    assert (many.grid[i], many.on_border[i], many.snapped[i]) == (grid, on_border, snapped)
    single = locator.locate(float(many.lon[i]), float(many.lat[i]))
    assert code_of(single.grid) == (locator.areas[grid].code if grid >= 0 else None)
    assert (single.on_border, single.snapped, single.status) == (on_border, snapped, many.status()[i])


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from((0, 30, 120))
)
def test_one_point_and_many_agree_with_brute_force_on_every_sort_of_point(columns, rows, per_edge, seed, snap_m):
    rng = np.random.default_rng(seed)
    outlines = tessellation(columns, rows, points=per_edge, seed=seed)
    codes = rng.permutation(len(outlines))
    in_code_order = [outlines[i] for i in np.argsort(codes)]
    locator = Locator(
        [area(f"{code:03d}", outline) for code, outline in zip(codes, outlines, strict=True)], snap_m=snap_m
    )
    points = points_of_every_sort(outlines, rng, each=12)
    many = locator.locate_many(*points.T)
    for i, (lon, lat) in enumerate(points):
        assert_agree(locator, many, i, brute_force(in_code_order, lon, lat, snap_m))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_overlapping_grids_agree_with_brute_force_too(seed):
    rng = np.random.default_rng(seed)
    outlines = [g for s in (seed % 1000, seed % 1000 + 1) for g in tessellation(3, 3, points=3, seed=s)]
    locator = Locator([area(f"{i:03d}", outline) for i, outline in enumerate(outlines)])
    points = points_of_every_sort(outlines, rng, each=15)
    many = locator.locate_many(*points.T)
    for i, (lon, lat) in enumerate(points):
        assert_agree(locator, many, i, brute_force(outlines, lon, lat, 30.0))


def test_the_distance_to_the_border_is_the_same_for_one_and_for_many():
    outlines = tessellation(4, 4, points=20, seed=3)
    locator = Locator([area(f"{i:03d}", outline) for i, outline in enumerate(outlines)])
    points = points_of_every_sort(outlines, np.random.default_rng(3), each=60)
    metres = locator.locate_many(*points.T).border_m()
    singly = [locator.locate(lon, lat).border_m for lon, lat in points.tolist()]
    np.testing.assert_allclose(metres, [math.nan if m is None else m for m in singly], rtol=1e-12)


def test_threads_that_share_the_points_leave_no_seams():
    outlines = tessellation(4, 4, points=6, seed=5)
    specialised = [area(f"S{i}", outlines[i].centroid.buffer(0.01), AreaKind.SPECIALISED, domain="x") for i in (3, 7)]
    locator = Locator([*(area(f"{i:03d}", outline) for i, outline in enumerate(outlines)), *specialised])
    points = points_of_every_sort(outlines, np.random.default_rng(5), each=40)
    whole = locator.locate_many(*points.T)
    pieces = locator.locate_many(*points.T, threads=3)
    for name in ("grid", "on_border", "snapped", "specialised_offsets", "specialised_values"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name))
    assert whole.specialised_values.size > 10


def test_threads_share_a_locator():
    outlines = tessellation(6, 6, points=40, seed=9)
    areas = [area(f"{i:03d}", outline) for i, outline in enumerate(outlines)]
    points = points_of_every_sort(outlines, np.random.default_rng(9), each=60)
    reference = Locator(areas)
    expected = [reference.locate(lon, lat) for lon, lat in points.tolist()]
    fresh = Locator(areas)  # nobody has asked it anything yet
    ready, wrong = threading.Barrier(8), []

    def ask(first: int) -> None:
        ready.wait()
        wrong.extend(i for i in range(first, len(points), 3) if fresh.locate(*points[i].tolist()) != expected[i])
        codes = [code_of(location.grid) or "" for location in expected]
        many = fresh.locate_many(*points.T)
        if many.codes(many.grid).tolist() != codes:
            wrong.append(-1)

    threads = [threading.Thread(target=ask, args=(k % 3,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- real outlines


def test_taiwans_villages_agree_with_a_plain_spatial_join_and_brute_force(shared_data):
    _, _, wkb, fields = pyogrio.raw.read(shared_data / "taiwan" / "taiwan_villages.gpkg", columns=["VILLCODE"])
    outlines = shapely.from_wkb(wkb)
    outlines[~shapely.is_valid(outlines)] = shapely.make_valid(outlines[~shapely.is_valid(outlines)])
    order = np.lexsort((np.arange(len(outlines)), fields[0]))
    outlines = outlines[order]
    locator = Locator([area(code, outline) for code, outline in zip(fields[0][order], outlines, strict=True)])
    rng = np.random.default_rng(2)
    points = points_of_every_sort(list(outlines), rng, each=4000)
    many = locator.locate_many(*points.T)

    joined = np.full(len(points), -1)
    tree = shapely.STRtree(shapely.points(points))
    for village, point in tree.query(outlines, predicate="intersects").T[::-1]:
        joined[point] = village
    # The join reports pairs village by village; read backwards, the smallest code writes last.
    covered = (many.grid >= 0) & ~many.snapped
    np.testing.assert_array_equal(np.where(covered, many.grid, -1), joined)
    assert covered.sum() > 15_000

    metres = many.border_m()
    for i in rng.choice(len(points), 300, replace=False):
        single = locator.locate(*points[i].tolist())
        assert code_of(single.grid) == (locator.areas[many.grid[i]].code if many.grid[i] >= 0 else None)
        assert single.status == many.status()[i]
        if single.border_m is not None:
            assert metres[i] == pytest.approx(single.border_m, abs=0.001)
