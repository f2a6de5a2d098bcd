"""Cells, repeated positions and rates, each against a plain loop."""

from __future__ import annotations

import math
from collections import Counter
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import area_m2
from geo.hotspots import bin_points, gi_star, intensity, repeated_points
from geo.sphere import M_PER_DEG

seeds = st.integers(0, 2**32 - 1)

# --- cells


@settings(deadline=None)
@given(seeds, st.integers(1, 200), st.sampled_from((50.0, 200.0, 1000.0)))
def test_cells_hold_what_a_loop_counts(seed, n, cell_m):
    rng = np.random.default_rng(seed)
    lon, lat, weights = rng.uniform(119, 119.02, n), rng.uniform(33, 33.02, n), rng.uniform(0, 5, n)
    bins = bin_points(lon, lat, cell_m, weights, lat0=33.0)
    counted: Counter[tuple[int, int]] = Counter()
    weighed: Counter[tuple[int, int]] = Counter()
    for x, y, weight in zip(lon, lat, weights, strict=True):
        cell = math.floor(y * M_PER_DEG / cell_m), math.floor(x * M_PER_DEG * math.cos(math.radians(33)) / cell_m)
        counted[cell] += 1
        weighed[cell] += weight
    cells = list(zip(bins.row.tolist(), bins.column.tolist(), strict=True))
    assert cells == sorted(counted)
    assert bins.count.tolist() == [counted[cell] for cell in cells]
    assert bins.weight == pytest.approx([weighed[cell] for cell in cells])
    assert bins.skipped == 0


def test_a_cell_is_square_metres_and_holds_its_points():
    bins = bin_points(np.array([119.0051]), np.array([33.0062]), 100.0)
    west, south, east, north = bins.boxes()[0]
    assert west <= 119.0051 < east and south <= 33.0062 < north
    lon, lat = bins.centres()
    assert (lon[0], lat[0]) == pytest.approx(((west + east) / 2, (south + north) / 2))
    assert area_m2(shapely.box(west, south, east, north)) == pytest.approx(10_000, rel=0.006)


def test_cells_keep_their_numbers_from_day_to_day():
    monday = bin_points(np.array([119.001, 119.002]), np.array([33.001, 33.4]), 100.0, lat0=33.2)
    tuesday = bin_points(np.array([119.001]), np.array([33.001]), 100.0, lat0=33.2)
    assert (tuesday.column[0], tuesday.row[0]) == (monday.column[0], monday.row[0])


def test_points_that_are_not_numbers_are_skipped_and_counted():
    nan = math.nan
    bins = bin_points(np.array([119.0, nan, 119.0]), np.array([33.0, 33.0, math.inf]), 100.0)
    assert bins.count.tolist() == [1] and bins.skipped == 2
    assert bin_points(np.array([119.0]), np.array([33.0]), 100.0, np.array([nan])).skipped == 1
    assert len(bin_points(np.array([]), np.array([]), 100.0).count) == 0


def test_a_cell_without_size_is_refused():
    for cell_m in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="holds nothing"):
            bin_points(np.array([1.0]), np.array([1.0]), cell_m)


# --- repeated positions


def test_a_default_position_is_named_and_ordinary_repeats_are_not():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(119, 119.5, 1000), rng.uniform(33, 33.5, 1000)
    lon[:80], lat[:80] = 119.25, 33.25  # 8 % of all rows
    lon[80:95], lat[80:95] = 119.3, 33.3  # a tower block
    (point,) = repeated_points(lon, lat)
    assert (point.lon, point.lat, point.count, point.share) == (119.25, 33.25, 80, 0.08)


def test_both_the_share_and_the_number_must_be_reached():
    lon = np.array([1.0] * 6 + [2.0] * 3 + [3.0])
    lat = np.zeros(10)
    assert repeated_points(lon, lat) == []  # ten rows prove nothing
    found = repeated_points(lon, lat, min_share=0.3, min_count=2)
    assert [(point.lon, point.count) for point in found] == [(1.0, 6), (2.0, 3)]
    assert [point.lon for point in repeated_points(lon, lat, min_share=0.31, min_count=2)] == [1.0]


def test_rows_without_a_position_count_among_all_and_are_never_named():
    lon = np.array([1.0] * 4 + [math.nan] * 6)
    lat = np.zeros(10)
    assert [point.share for point in repeated_points(lon, lat, min_share=0.4, min_count=1)] == [0.4]
    assert repeated_points(lon, lat, min_share=0.5, min_count=1) == []
    assert repeated_points(np.array([]), np.array([])) == []


def test_vancouvers_withheld_positions_are_one_repeated_point(shared_data):
    with (
        ZipFile(shared_data / "vancouver" / "vancouver_crimes_2020.zip") as archive,
        archive.open("crimedata_csv_AllNeighbourhoods_2020.csv") as file,
    ):
        table = pd.read_csv(file, usecols=["X", "Y"])
    (point,) = repeated_points(table["X"].to_numpy(float), table["Y"].to_numpy(float))
    assert (point.lon, point.lat, point.count) == (0.0, 0.0, 3750)


# --- rates


def by_hand(counts: list[float], exposure: list[float]) -> list[float]:
    known = [(y, n) for y, n in zip(counts, exposure, strict=True) if n > 0]
    mean = sum(y for y, _ in known) / sum(n for _, n in known)
    variance = sum(n * (y / n - mean) ** 2 for y, n in known) / sum(n for _, n in known)
    between = max(0.0, variance - mean / (sum(n for _, n in known) / len(known)))
    result = []
    for y, n in zip(counts, exposure, strict=True):
        if not n > 0:
            result.append(math.nan)
        else:
            trust = between / (between + mean / n)
            result.append((mean + trust * (y / n - mean)) / mean)
    return result


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 900)), min_size=1, max_size=30))
def test_rates_are_what_the_formula_says(places):
    counts, exposure = [float(y) for y, _ in places], [float(n) for _, n in places]
    got = intensity(np.array(counts), exposure=np.array(exposure))
    if sum(y for y, n in places if n > 0) == 0:
        assert np.isnan(got).all()
    else:
        assert got == pytest.approx(by_hand(counts, exposure), nan_ok=True)


def test_more_people_alone_are_no_hotspot():
    households = np.array([100.0, 200.0, 400.0, 800.0])
    assert intensity(households * 0.1, exposure=households) == pytest.approx([1, 1, 1, 1])


def test_a_few_households_are_drawn_to_the_mean_and_many_speak_for_themselves():
    households = np.array([*[400.0] * 50, 3.0, 900.0])
    counts = np.array([*np.tile([30.0, 50.0], 25), 3.0, 450.0])  # a rate of 1 per household among three of them
    rates = intensity(counts, exposure=households)
    plain = counts / households / (counts.sum() / households.sum())
    assert plain[-2] > plain[-1]
    assert rates[-2] < rates[-1]
    assert rates[-1] == pytest.approx(plain[-1], rel=0.1)


def test_without_households_there_is_no_rate_and_the_others_are_not_touched():
    rates = intensity(np.array([50.0, 4.0, 9.0, 1.0]), exposure=np.array([0.0, 40.0, 60.0, math.nan]))
    assert np.isnan(rates[[0, 3]]).all()
    assert rates[1:3] == pytest.approx(intensity(np.array([4.0, 9.0]), exposure=np.array([40.0, 60.0])))


# --- Gi*


@settings(deadline=None)
@given(seeds, st.integers(2, 25))
def test_gi_star_is_what_the_formula_says(seed, n):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 20, n).astype(float)
    near = [rng.choice(n, rng.integers(0, n + 1), replace=False).tolist() for _ in range(n)]
    mean = sum(values) / n
    s = math.sqrt(max(0.0, sum(v * v for v in values) / n - mean * mean))
    for i, z in enumerate(gi_star(values, near)):
        weights = [1.0 if j == i or j in near[i] else 0.0 for j in range(n)]
        w = sum(weights)
        spread = s * math.sqrt((n * w - w * w) / (n - 1))
        if len(set(values)) == 1 or spread == 0:
            assert z == 0
        else:
            local = sum(weight * v for weight, v in zip(weights, values, strict=True))
            assert z == pytest.approx((local - mean * w) / spread, abs=1e-9)


def test_a_cluster_stands_out_and_a_lone_peak_less_so():
    side = 10
    near = [
        [y * side + x for y in range(max(0, j - 1), min(side, j + 2)) for x in range(max(0, i - 1), min(side, i + 2))]
        for j in range(side)
        for i in range(side)
    ]
    values = np.ones(side * side)
    values[[22, 23, 32, 33]] = 10.0
    values[77] = 10.0
    z = gi_star(values, near)
    assert z[22] > 1.96 and z[22] > z[77]
    assert z[55] < 0


def test_nothing_stands_out_where_all_are_alike():
    assert gi_star(np.full(4, 0.1), [[1], [0], [3], [2]]).tolist() == [0, 0, 0, 0]
    assert gi_star(np.array([]), []).tolist() == []
    assert gi_star(np.array([7.0]), [[]]).tolist() == [0]
