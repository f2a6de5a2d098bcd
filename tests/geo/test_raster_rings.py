"""Rings as they come out of Shapely, whatever sort of outline they are of."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.raster.rings import rings_of

HOLED = Polygon(box(0, 0, 9, 9).exterior, [box(1, 1, 2, 2).exterior, box(3, 3, 4, 4).exterior])
BOW = Polygon([(0, 0), (2, 0), (2, 2), (0, 0), (-2, 2), (-2, 0)])  # comes back to its first corner half-way
TWICE = Polygon([(5, 5), (5, 5), (6, 5), (6, 6)])  # begins with one corner twice
PARTS = MultiPolygon([box(20, 0, 21, 1), HOLED, box(30, 0, 31, 1)])
ALONE = MultiPolygon([box(7, 7, 8, 8)])


SORTS: dict[str, list[BaseGeometry]] = {
    "plain": [box(0, 0, 1, 1), box(1, 0, 2, 1)],
    "holes": [HOLED, ALONE],
    "all sorts": [Polygon(), PARTS, Polygon(), BOW, TWICE, ALONE],
    "nothing": [],
    "empty": [Polygon()],
}


@pytest.mark.parametrize("outlines", SORTS.values(), ids=SORTS)
def test_rings_are_those_that_shapely_makes_of_each_outline(outlines: list[BaseGeometry]) -> None:
    rings = rings_of(outlines)
    assert rings.of[-1] == len(rings.first) - 1
    for at, outline in enumerate(outlines):
        known = [shapely.get_coordinates(ring).tolist() for ring in shapely.get_rings(shapely.get_parts(outline))]
        mine = range(rings.of[at], rings.of[at + 1])
        assert [rings.xy.reshape(-1, 2)[rings.first[i] : rings.first[i + 1]].tolist() for i in mine] == known
        if known:
            assert rings.boxes[at].tolist() == list(outline.bounds)


def test_what_is_no_polygon_is_left_out_of_a_collection() -> None:
    mended = GeometryCollection(
        [MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)]), LineString([(1, 1), (2, 2)]), Point(9, 9)]
    )
    plain = rings_of([MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)]), HOLED])
    for one, other in zip(rings_of([mended, HOLED]), plain, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_coordinate_that_is_no_number_is_refused(value: float) -> None:
    with np.errstate(invalid="ignore"):
        broken = Polygon([(0, 0), (1, value), (1, 1), (0, 1)])
    with pytest.raises(ValueError, match="no number"):
        rings_of([box(0, 0, 1, 1), broken])
