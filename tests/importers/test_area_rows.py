"""Outlines are judged all at once, and only those in trouble one by one: what becomes of each is the same."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo.codes import GB, AreaKind
from geo.coverage import as_multi, mend_outline
from importers.area_rows import AreaRows, fields_of, read_rows
from importers.columns import match_columns
from importers.layers import Layer
from importers.report import Detected

SQUARE, FAR = box(0, 0, 1, 1), box(5, 5, 6, 6)


def read(outlines: list[BaseGeometry | None]) -> AreaRows:
    """The rows of a layer with these outlines and otherwise nothing amiss."""
    drawn = np.empty(len(outlines), dtype=object)
    drawn[:] = outlines
    rows = [{"网格编码": f"320684101001{row:03d}", "网格名称": f"第{row}网格"} for row in range(1, len(outlines) + 1)]
    layer = Layer("grids.shp", ("网格编码", "网格名称"), rows, drawn, Detected(), [])
    matched = match_columns(layer.columns, fields_of(AreaKind.COMPREHENSIVE))
    return read_rows(layer, matched, AreaKind.COMPREHENSIVE, GB, domain=None)


def holds_what_mending_says(outlines: list[BaseGeometry | None]) -> None:
    found = read(outlines)
    mended = {row: mend_outline(outline) for row, outline in enumerate(outlines, 1)}
    expected = {row: as_multi(one.outline).wkb for row, one in mended.items() if one.outline is not None}
    assert {row.number: row.outline.wkb for row in found.rows} == expected
    assert all(isinstance(row.outline, MultiPolygon) for row in found.rows)
    assert {problem.row for problem in found.problems} == {row for row, one in mended.items() if one.why}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        Polygon(),
        MultiPolygon(),
        MultiPolygon([SQUARE]),
        MultiPolygon([SQUARE, FAR]),
        MultiPolygon([SQUARE, Polygon()]),
        MultiPolygon([box(0, 0, 4, 4), SQUARE]),  # a part within a part
        box(0, 0, 4, 4) - box(1, 1, 2, 2),
        shapely.force_3d(SQUARE),
        shapely.from_wkt("POLYGON M ((0 0 1, 1 0 1, 1 1 1, 0 0 1))"),
        Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]),  # crosses itself
        Polygon([(0, 0), (1, 1), (2, 2)]),  # encloses nothing
        Polygon([(0, 0), (1, 0), (1, math.inf)]),
        MultiPolygon([SQUARE, Polygon([(5, 5), (math.inf, 5), (6, 6)])]),
        Point(1, 1),
        LineString([(0, 0), (1, 1)]),
        GeometryCollection([SQUARE, Point(3, 3)]),
        GeometryCollection(),
    ],
)
def test_an_odd_outline_among_sound_ones_is_what_mending_makes_of_it(odd):
    holds_what_mending_says([SQUARE, odd, FAR])


corners = st.tuples(st.integers(0, 4), st.integers(0, 4))


@settings(deadline=None)
@given(st.lists(st.lists(corners, min_size=3, max_size=7).map(Polygon), min_size=1, max_size=4))
def test_whatever_is_drawn_is_what_mending_makes_of_it(drawn):
    holds_what_mending_says(drawn)


def test_the_layers_own_outlines_stay_as_they_are():
    drawn = np.array([SQUARE, Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])], dtype=object)
    kept = drawn.copy()
    read(drawn.tolist())
    assert (drawn == kept).all()
