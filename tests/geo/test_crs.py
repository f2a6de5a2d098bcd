"""Datums, measuring and guessing: every published vector, exact inverses, and the ways people write a datum."""

from __future__ import annotations

import csv
import doctest
import math
import threading
from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import MultiPolygon, Point, Polygon

from geo import crs, crs_guessing

GEOD = pyproj.Geod(ellps="WGS84")

in_china = st.tuples(st.floats(73.5, 135.0), st.floats(3.0, 53.5))


def metres_apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(GEOD.inv(*a, *b)[2])


# --- GCJ-02 and BD-09


def read_vectors(folder: Path) -> list[dict[str, str]]:
    with (folder / "datum" / "vectors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def off_by(row: dict[str, str], got: tuple[float, float]) -> float:
    return metres_apart(got, (float(row["expected_lon"]), float(row["expected_lat"])))


def test_the_published_vectors_are_met_within_their_tolerance(shared_data):
    rows = [row for row in read_vectors(shared_data) if row["from"] != "bd09"]
    assert len(rows) == 5
    for row in rows:
        wgs84 = crs.to_wgs84(float(row["lon"]), float(row["lat"]), row["from"])
        assert off_by(row, crs.from_wgs84(*wgs84, row["to"])) <= float(row["tolerance_m"]), row


def test_the_two_vectors_made_with_a_misprinted_formula_are_not_followed(shared_data):
    # The library they come from wrote pi for pi * 3000 / 180 (its issue 43). Followed, they would contradict the
    # GCJ-02 -> BD-09 vector of the same file by 23 m, and Amap's own converter by 4 m.
    def misprinted(lon: float, lat: float) -> tuple[float, float]:
        x, y = lon - 0.0065, lat - 0.006
        radius = math.hypot(x, y) - 0.00002 * math.sin(y * math.pi)
        angle = math.atan2(y, x) - 0.000003 * math.cos(x * math.pi)
        return radius * math.cos(angle), radius * math.sin(angle)

    rows = [row for row in read_vectors(shared_data) if row["from"] == "bd09"]
    assert len(rows) == 2
    for row in rows:
        lon, lat = float(row["lon"]), float(row["lat"])
        assert off_by(row, crs.gcj02_to_wgs84(*misprinted(lon, lat))) <= float(row["tolerance_m"])
        assert 5 < off_by(row, crs.to_wgs84(lon, lat, "bd09")) < 45


def test_bd09_agrees_with_amaps_own_converter():
    # Quoted from Amap's online converter in wandergis/coordtransform, issue 1.
    assert metres_apart(crs.bd09_to_gcj02(112.9778, 22.915835), (112.97124803, 22.91014091)) < 0.01


def test_gcj02_is_hundreds_of_metres_off_and_bd09_over_a_kilometre():
    for here in ((119.34, 33.24), (116.4, 39.9), (113.9, 22.5), (104.1, 30.6)):
        assert 300 < metres_apart(here, crs.wgs84_to_gcj02(*here)) < 700
        assert 800 < metres_apart(here, crs.wgs84_to_bd09(*here)) < 1700


@given(in_china)
def test_gcj02_comes_back_to_a_nanodegree(point):
    back = crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(*point))
    assert back == pytest.approx(point, abs=1e-9, rel=0)


@given(in_china)
def test_bd09_comes_back_to_a_nanodegree(point):
    back = crs.bd09_to_wgs84(*crs.wgs84_to_bd09(*point))
    assert back == pytest.approx(point, abs=1e-9, rel=0)


def test_the_inverse_holds_at_the_kinks_of_the_formula():
    # The formula has sqrt(|lon - 105|): its slope is infinite on that meridian.
    for lon in (105.0, math.nextafter(105.0, 106), 105.0 + 1e-12, 105.0 - 1e-9, 104.999999):
        for lat in (20.0, 35.0, 35.0 + 1e-12, 50.0):
            back = crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(lon, lat))
            assert back == pytest.approx((lon, lat), abs=1e-9, rel=0)


@pytest.mark.parametrize("point", [(2.35, 48.86), (-123.1, 49.25), (71.9, 30.0), (120.0, 56.0), (151.2, -33.9)])
def test_outside_china_nothing_is_shifted(point):
    for datum in ("gcj02", "bd09"):
        assert crs.to_wgs84(*point, datum) == point
        assert crs.from_wgs84(*point, datum) == point


def test_arrays_and_floats_agree_in_every_datum():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(60, 145, 2000), rng.uniform(-5, 60, 2000)
    for datum in ("wgs84", "gcj02", "bd09", "cgcs2000", "EPSG:4214"):
        for transform in (crs.to_wgs84, crs.from_wgs84):
            xs, ys = transform(lon, lat, datum)
            singly = np.array([transform(float(a), float(b), datum) for a, b in zip(lon, lat, strict=True)])
            np.testing.assert_allclose(np.column_stack((xs, ys)), singly, rtol=0, atol=1e-12)


def test_arrays_given_are_left_alone_and_bad_numbers_pass_through():
    lon, lat = np.array([120.0, np.nan, 120.0, np.inf]), np.array([31.0, 31.0, np.nan, 31.0])
    before = lon.copy()
    out_lon, out_lat = crs.gcj02_to_wgs84(lon, lat)
    np.testing.assert_array_equal(lon, before)
    assert abs(out_lon[0] - 120.0) > 0.003
    assert math.isnan(out_lon[1]) and math.isnan(out_lat[2]) and math.isinf(out_lon[3])
    assert crs.gcj02_to_wgs84(math.inf, 31.0) == (math.inf, 31.0)
    assert math.isnan(crs.bd09_to_wgs84(math.nan, 31.0)[0])


# --- any datum


def test_survey_metres_become_degrees_east_first():
    easting, northing = crs.from_wgs84(120.5, 31.0, "EPSG:4549")
    assert 500_000 < easting < 600_000 and 3_400_000 < northing < 3_500_000
    assert crs.to_wgs84(easting, northing, "EPSG:4549") == pytest.approx((120.5, 31.0), abs=1e-9)


def test_treating_cgcs2000_as_wgs84_is_what_proj_does_too():
    proj = pyproj.Transformer.from_crs(4490, 4326, always_xy=True)
    assert proj.transform(119.34, 33.24) == pytest.approx((119.34, 33.24), abs=1e-12)
    assert crs.to_wgs84(119.34, 33.24, "cgcs2000") == (119.34, 33.24)


def test_transformers_are_shared_between_threads():
    easting = np.linspace(400_000, 600_000, 2001)
    northing = np.full_like(easting, 3.4e6)
    expected = crs.to_wgs84(easting, northing, "EPSG:4549")[0]
    wrong: list[int] = []

    def ask() -> None:
        for i in range(0, 2001, 3):
            lon, _ = crs.to_wgs84(float(easting[i]), 3.4e6, "EPSG:4549")
            if abs(lon - expected[i]) > 1e-12:
                wrong.append(i)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_accuracy_is_stated_and_unknown_parameters_are_said_to_be_unknown():
    assert crs.accuracy_m("wgs84") == 0
    assert crs.accuracy_m("EPSG:4549") == 1
    assert crs.accuracy_m("EPSG:26910") == pytest.approx(4, abs=3)
    assert crs.accuracy_m("EPSG:2384") is None  # Xian 1980


def test_where_the_accuracy_depends_on_the_place_it_is_that_of_the_place():
    assert crs.accuracy_m("EPSG:4269") is None  # NAD83: 4 m in Ontario, nothing known of Europe
    assert crs.accuracy_there_m(np.array([-79.0, -79.1]), np.array([43.0, 43.1]), "EPSG:4269") == 4
    assert crs.accuracy_there_m(np.array([-79.0, 20.0]), np.array([43.0, 43.0]), "EPSG:4269") is None
    assert crs.accuracy_there_m(np.array([120.0]), np.array([33.0]), "gcj02") == 1


def test_a_described_system_is_turned_as_it_is_described_and_back():
    own = crs.described_datum("+proj=tmerc +lon_0=119.5 +x_0=500000 +ellps=GRS80")
    assert own.planar
    assert crs.to_wgs84(500_000.0, 0.0, own) == pytest.approx((119.5, 0))
    assert crs.from_wgs84(119.5, 0.0, own) == pytest.approx((500_000, 0))
    assert crs.accuracy_m(own) is None
    with pytest.raises(crs.DatumError, match="not a system of positions"):
        crs.described_datum('LOCAL_CS["own",UNIT["metre",1]]')


# --- names of datums


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WGS84", "wgs84"),
        ("wgs-84", "wgs84"),
        ("ＷＧＳ８４", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("GCJ-02", "gcj02"),
        ("gcj_02", "gcj02"),
        ("高德", "gcj02"),
        ("腾讯地图", "gcj02"),
        ("火星坐标系", "gcj02"),
        ("BD-09", "bd09"),
        ("bd09ll", "bd09"),
        ("百度", "bd09"),
        ("CGCS 2000", "cgcs2000"),
        ("国家2000", "cgcs2000"),
        ("2000国家大地坐标系", "cgcs2000"),
        ("epsg 4490", "cgcs2000"),
        ("EPSG:4549", "EPSG:4549"),
        ("epsg4549", "EPSG:4549"),
        ("4549", "EPSG:4549"),
        ("urn:ogc:def:crs:EPSG::4549", "EPSG:4549"),
        ("urn:ogc:def:crs:EPSG:9.9:4549", "EPSG:4549"),
        ("http://www.opengis.net/def/crs/EPSG/0/4549", "EPSG:4549"),
    ],
)
def test_people_write_datums_in_many_ways(text, name):
    assert crs.parse_datum(text).name == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a datum known here"),
        ("mars", "not a datum known here"),
        ("北京54", "no public parameters"),
        ("西安80坐标系", "no public parameters"),
        ("bd09mc", "metre grid"),
        ("EPSG:999999", "not in the EPSG register"),
        ("EPSG:5773", "not a system of positions"),
    ],
)
def test_an_unknown_datum_is_refused_in_a_sentence(text, says):
    with pytest.raises(crs.DatumError, match=says) as refusal:
        crs.parse_datum(text)
    assert refusal.value.text == text
    assert str(refusal.value).endswith("such as EPSG:4549.")


def test_metres_and_degrees_are_told_apart():
    assert crs.parse_datum("EPSG:4549").planar and not crs.parse_datum("EPSG:4214").planar


def test_the_examples_in_the_documentation_are_true():
    assert doctest.testmod(crs).failed == 0


# --- usable coordinates


@pytest.mark.parametrize(
    ("x", "y", "datum", "code"),
    [
        (119.34, 33.24, "wgs84", None),
        (0.0, 33.24, "wgs84", None),
        (math.nan, 33.24, "wgs84", "not-finite"),
        (119.34, math.inf, "EPSG:4549", "not-finite"),
        (0.0, 0.0, "wgs84", "placeholder"),
        (0.0, 0.0, "EPSG:26910", "placeholder"),
        (33.24, 119.34, "gcj02", "swapped"),
        (13_358_338.0, 3_632_749.0, "wgs84", "out-of-range"),
        (119.34, 33.24, "EPSG:4549", "degrees"),
        (1e30, 1e30, "EPSG:4549", "out-of-range"),
        (491_000.0, 5_456_000.0, "EPSG:26910", None),
    ],
)
def test_unusable_coordinates_are_named_for_one_pair_and_for_many(x, y, datum, code):
    problem = crs.check_coordinates(x, y, datum)
    assert (problem.code if problem else None) == code
    assert crs.coordinates_usable(x, y, datum) is (code is None)
    assert crs.coordinates_usable(np.array([x]), np.array([y]), datum).tolist() == [code is None]
    if problem:
        assert problem.message.endswith(".")


# --- measuring


def test_areas_agree_with_the_geodesic():
    slanting = Polygon([(119.0, 33.0), (119.5, 33.1), (119.2, 33.6)])
    for outline in (box(119.3, 33.2, 119.31, 33.21), box(-123.2, 49.2, -123.19, 49.21), slanting, box(9, -31, 10, -30)):
        # The geodesic's sides are great ellipses, ours straight in degrees: densified they meet.
        truth = abs(GEOD.geometry_area_perimeter(outline.segmentize(0.0005))[0])
        assert crs.area_m2(outline) == pytest.approx(truth, rel=1e-6)


def test_areas_of_many_are_the_areas_of_each_with_holes_parts_and_what_has_none():
    ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior.coords])
    pieces = MultiPolygon([box(5, 0, 6, 1), box(7, 0, 8, 1)])
    many = np.array([ring, Polygon(), pieces, Point(1, 1), box(5, 0, 6, 1)])
    areas = crs.area_m2(many)
    assert areas.tolist() == [crs.area_m2(one) for one in many]
    assert areas[0] == pytest.approx(crs.area_m2(box(0, 0, 3, 3)) - crs.area_m2(box(1, 1, 2, 2)))
    assert areas[2] == pytest.approx(2 * areas[4])
    assert areas[1] == areas[3] == 0


def test_the_local_plane_measures_lengths_as_documented():
    plane = crs.local_metres(119.34, 33.24)
    for azimuth in range(0, 360, 30):
        for distance, relative in ((50.0, 1e-8), (50_000.0, 1e-5), (200_000.0, 2e-4)):
            lon, lat, _ = GEOD.fwd(119.34, 33.24, azimuth, distance)
            measured = crs.project_local(Point(lon, lat), plane).distance(Point(0, 0))
            assert measured == pytest.approx(distance, rel=relative, abs=1e-6)


def test_the_local_plane_comes_back():
    plane = crs.local_metres(119.34, 33.24)
    outline = box(119.3, 33.2, 119.4, 33.3)
    there = crs.project_local(outline, plane)
    assert there.area == pytest.approx(crs.area_m2(outline), rel=1e-4)
    assert crs.unproject_local(there, plane).hausdorff_distance(outline) < 2e-8  # 2 mm: PROJ inverts by a series


# --- metres without a .prj

COUNTY = (119.0, 33.0, 119.6, 33.5)


def raw_bounds(epsg: int, lonlat: crs.Bounds = COUNTY) -> crs.Bounds:
    return pyproj.Transformer.from_crs(4326, epsg, always_xy=True).transform_bounds(*lonlat)


@pytest.mark.parametrize("epsg", [4527, 4498, 3857])
def test_a_zone_in_the_easting_needs_no_county(epsg):
    assert epsg in crs_guessing.guess_crs(raw_bounds(epsg))


@pytest.mark.parametrize("epsg", [*range(4513, 4534), *range(4491, 4502)])
def test_every_zone_number_is_understood(epsg):
    west, south, east, north = pyproj.CRS.from_epsg(epsg).area_of_use.bounds
    middle = (west + east) / 2, (south + north) / 2
    around = (middle[0] - 0.2, middle[1] - 0.2, middle[0] + 0.2, middle[1] + 0.2)
    assert crs_guessing.guess_crs(raw_bounds(epsg, around), around) == [epsg]
    assert epsg in crs_guessing.guess_crs(raw_bounds(epsg, around))


@pytest.mark.parametrize("epsg", range(4534, 4555))
def test_six_digits_find_their_central_meridian_by_the_county(epsg):
    meridian = 75 + 3 * (epsg - 4534)
    around = (meridian - 0.9, 33.0, meridian - 0.4, 33.4)
    assert crs_guessing.guess_crs(raw_bounds(epsg, around), around) == [epsg]


def test_six_digits_without_a_county_stay_open_between_all_meridians():
    assert crs_guessing.guess_crs(raw_bounds(4549)) == list(range(4534, 4555))


def test_far_from_the_meridian_it_is_the_six_degree_zone():
    around = (114.2, 22.5, 114.6, 22.9)  # 2.4 degrees from 117°E: beyond any 3° zone
    assert crs_guessing.guess_crs(raw_bounds(4509, around), around) == [4509]
    assert crs_guessing.guess_crs(raw_bounds(4509, around)) == list(range(4502, 4513))


def test_the_county_decides_between_mercator_and_a_zone_that_begins_alike():
    raw = raw_bounds(3857, (120.0, 31.0, 120.4, 31.3))  # easting 13 358 338: also "zone 13"
    assert crs_guessing.guess_crs(raw) == [4491, 3857]
    assert crs_guessing.guess_crs(raw, (119.9, 30.9, 120.5, 31.4)) == [3857]


def test_degrees_are_recognised_in_china_and_elsewhere():
    assert crs_guessing.guess_crs(COUNTY) == [4490]
    assert crs_guessing.guess_crs((-123.3, 49.2, -123.0, 49.3)) == [4326]
    assert crs_guessing.guess_crs((2.0, 48.0, 3.0, 49.0), COUNTY) == []


@pytest.mark.parametrize("epsg", [4490, 4549, 4528])
def test_a_layer_written_north_first_is_found_only_when_asked(epsg):
    west, south, east, north = COUNTY if epsg == 4490 else raw_bounds(epsg)
    swapped = (south, west, north, east)
    assert crs_guessing.guess_crs(swapped, COUNTY) == []
    assert crs_guessing.guess_swapped_crs(swapped, COUNTY) == [epsg]


@pytest.mark.parametrize(
    "bounds",
    [
        (0.0, 0.0, 2000.0, 2000.0),  # a site's own grid
        (39_900_000.0, 3.4e6, 40_100_000.0, 3.5e6),  # two zones in one file
        (99_500_000.0, 3.4e6, 99_600_000.0, 3.5e6),  # no such zone
        (math.nan, 3.4e6, 500_000.0, 3.5e6),
        (math.inf, math.inf, -math.inf, -math.inf),  # an empty layer
    ],
)
def test_nothing_is_named_when_nothing_fits(bounds):
    assert crs_guessing.guess_crs(bounds) == []


def test_the_share_of_vertices_at_home_is_counted():
    lon, lat = np.array([119.1, 119.2, 119.3, 121.0]), np.full(4, 33.2)
    assert crs_guessing.share_within(lon, lat, COUNTY) == 0.75
    assert crs_guessing.share_within(lon[:0], lat[:0], COUNTY) == 0.0
