"""The raster against brute force: every sort of point, coarse cells and fine ones, one at a time and many at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import box
from shapely.geometry.base import BaseGeometry

from geo.raster import raster as scalar
from geo.raster import sides
from geo.raster.layout import NEAR, ON_BORDER
from geo.raster.raster import Raster
from geo.sphere import M_PER_DEG
from tests.geo.tessellations import tessellation

Floats = NDArray[np.float64]


def in_sixteenths(shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Corners on a lattice: points between them are then exactly on edges, and edges exactly on centres of cells."""
    return [shapely.transform(shape, lambda at: np.round(at * 2**14) / 2**14) for shape in shapes]


def swollen(shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    return [shapely.buffer(shape, (2e-4, -2e-4, 1e-4)[at % 3]) for at, shape in enumerate(shapes)]


def stacked(count: int) -> list[BaseGeometry]:
    """More outlines over one place than a record tells apart."""
    return [box(119 + at * 0.001, 33, 119.05 + at * 0.001, 33.01) for at in range(count)]


SETS = {
    "tiles": lambda seed: tessellation(6, 5, seed=seed),
    "on a lattice": lambda seed: in_sixteenths(tessellation(4, 4, points=2, seed=seed)),
    "overlaps and gaps": lambda seed: swollen(tessellation(6, 5, seed=seed)),
    "eighty at one place": lambda _: stacked(80),
    "one beside the other": lambda _: [box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 2, 2)],
}


def points_of_every_sort(shapes: Sequence[BaseGeometry], each: int, seed: int) -> tuple[Floats, Floats]:
    """Anywhere, corners, middles of edges, on edges, a hair beside all of these, and in line with corners."""
    chance = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(shapes)
    margin = 0.02 * (east - west)
    anywhere = chance.uniform((west - margin, south - margin), (east + margin, north + margin), (each, 2))
    corners, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shapes)), return_index=True)
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    chosen = chance.choice(edges, each)
    a, b = corners[chosen], corners[chosen + 1]
    middle, along = (a + b) / 2, a + chance.uniform(size=(each, 1)) * (b - a)
    crossed = np.column_stack(
        (a[:, 0], chance.permutation(corners[:, 1])[: len(a)] if len(corners) > each else b[:, 1])
    )
    hairs = [np.nextafter(at, to) for at in (a, middle) for to in (-np.inf, np.inf)]
    rows = np.column_stack((anywhere[:, 0], a[:, 1]))
    columns = np.column_stack((a[:, 0], anywhere[:, 1]))
    everything = np.vstack((anywhere, a, middle, along, crossed, *hairs, rows, columns))
    return everything[:, 0].copy(), everything[:, 1].copy()


def brute_force(shapes: Sequence[BaseGeometry], lon: Floats, lat: Floats) -> tuple[list[list[int]], NDArray[np.bool_]]:
    """All outlines that cover each point, ascending, and whether it lies on the border of one."""
    points = shapely.points(lon, lat)
    covering: list[list[int]] = [[] for _ in points]
    for point, outline in sorted(shapely.STRtree(shapes).query(points, predicate="intersects").T.tolist()):
        covering[point].append(outline)
    on_border = np.zeros(len(points), dtype=bool)
    on_border[shapely.STRtree(shapely.boundary(shapes)).query(points, predicate="intersects")[0]] = True
    return covering, on_border


@pytest.mark.parametrize("per_corner", [0.001, 1.0, 40.0], ids=["coarse cells", "cells", "fine cells"])
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_raster_answers_as_brute_force_does(name: str, per_corner: float, seed: int) -> None:
    shapes = SETS[name](seed)
    raster = Raster.draw(shapes, near_m=30.0, cells_per_corner=per_corner)
    lon, lat = points_of_every_sort(shapes, 400, seed)
    covering, on_border = brute_force(shapes, lon, lat)
    first, flags = raster.look_up(lon, lat)
    assert first.tolist() == [outlines[0] if outlines else -1 for outlines in covering]
    assert np.array_equal(flags == ON_BORDER, on_border)
    counts, found = raster.look_up_all(lon, lat)
    assert counts.tolist() == [len(outlines) for outlines in covering]
    assert found.tolist() == [outline for outlines in covering for outline in outlines]
    for at in range(0, len(lon), 7):
        one = raster.covering(lon.item(at), lat.item(at))
        assert [outline for outline, _ in one] == covering[at]
        assert any(on for _, on in one) == on_border[at]
        assert raster.first(lon.item(at), lat.item(at)) == first[at]


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_answer_as_one_does(threads: int) -> None:
    shapes = tessellation(6, 5, seed=2)
    raster = Raster.draw(shapes)
    lon, lat = points_of_every_sort(shapes, 300, 2)
    for one, more in zip(raster.look_up(lon, lat), raster.look_up(lon, lat, threads=threads), strict=True):
        assert np.array_equal(one, more)


def test_what_is_near_but_in_none_is_flagged_and_given_to_the_nearest_border() -> None:
    shapes = swollen(tessellation(5, 4, seed=4))
    raster = Raster.draw(shapes, near_m=60.0)
    rim = shapely.segmentize(shapely.unary_union(shapes).boundary, 0.001)
    corners = shapely.get_coordinates(rim)
    chance = np.random.default_rng(4)
    lon, lat = (corners + chance.uniform(-9e-4, 9e-4, corners.shape)).T.copy()
    first, flags = raster.look_up(lon, lat)
    expected = [_nearest(shapes, x, y, 60.0) for x, y in zip(lon, lat, strict=True)]
    outside = first < 0
    assert outside.sum() > 100 and any(expected[at] >= 0 for at in np.flatnonzero(outside))
    assert all(flags[at] == NEAR for at in np.flatnonzero(outside) if expected[at] >= 0)
    assert all(raster.near(lon.item(at), lat.item(at)) for at in np.flatnonzero(outside) if expected[at] >= 0)
    nearest = raster.nearest_within(lon[outside], lat[outside], 60.0)
    assert nearest.tolist() == [expected[at] for at in np.flatnonzero(outside)]


def _nearest(shapes: Sequence[BaseGeometry], lon: float, lat: float, within_m: float) -> int:
    squeeze = np.array((M_PER_DEG * math.cos(math.radians(lat)), M_PER_DEG))
    borders = shapely.transform(shapely.boundary(shapes), lambda at: (at - (lon, lat)) * squeeze)
    millimetres = np.round(shapely.distance(borders, shapely.Point(0, 0)) * 1000)
    return int(millimetres.argmin()) if millimetres.min() <= within_m * 1000 else -1


def test_metres_to_a_border_are_those_to_its_nearest_edge() -> None:
    shapes = tessellation(4, 4, points=40, seed=5)
    raster = Raster.draw(shapes)
    lon, lat = points_of_every_sort(shapes, 40, 5)
    owner = np.random.default_rng(5).integers(-1, len(shapes), len(lon)).astype(np.int32)
    for x, y, of, metres in zip(lon, lat, owner, raster.border_m(lon, lat, owner), strict=True):
        if of < 0:
            assert math.isnan(metres)
            continue
        squeeze = np.array((M_PER_DEG * math.cos(math.radians(y)), M_PER_DEG))
        border = shapely.transform(shapes[of].boundary, lambda at, to=(x, y), by=squeeze: (at - to) * by)
        assert metres == pytest.approx(shapely.distance(border, shapely.Point(0, 0)), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("shapes", [[], [shapely.Polygon()], [shapely.Polygon(), box(0, 0, 1, 1)]])
def test_nothing_and_empty_outlines_cover_nothing(shapes: list[BaseGeometry]) -> None:
    raster = Raster.draw(shapes, near_m=30.0)
    lon, lat = np.array([0.5, 7.0, np.nan, np.inf]), np.array([0.5, 7.0, 0.5, -np.inf])
    assert raster.look_up(lon, lat)[0].tolist() == [len(shapes) - 1 if len(shapes) > 1 else -1, -1, -1, -1]
    assert raster.look_up_all(lon, lat)[0].tolist() == [int(len(shapes) > 1), 0, 0, 0]


@settings(max_examples=300, deadline=None)  # the first question may wait for a compiler
@given(st.lists(st.integers(-40, 40), min_size=6, max_size=6), st.lists(st.integers(-2, 2), min_size=6, max_size=6))
def test_sides_are_exact_where_doubles_are_not(sixteenths: list[int], hairs: list[int]) -> None:
    # Points almost on one line: sixteenths of a degree at 120° E, 33° N, and a few last bits beside.
    at = [base + n / 16 for base, n in zip((120.0, 33.0) * 3, sixteenths, strict=True)]
    ax, ay, bx, by, x, y = (value + n * math.ulp(value) for value, n in zip(at, hairs, strict=True))
    exact = (Fraction(ax) - Fraction(x)) * (Fraction(by) - Fraction(y)) - (Fraction(ay) - Fraction(y)) * (
        Fraction(bx) - Fraction(x)
    )
    sign = (exact > 0) - (exact < 0)
    for said in (sides.side(ax, ay, bx, by, x, y), scalar.side(ax, ay, bx, by, x, y)):
        assert (said > 0) - (said < 0) == sign
