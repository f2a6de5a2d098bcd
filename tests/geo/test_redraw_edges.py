"""Edges that do not cancel: where the number of areas that cover the ground changes, and nowhere else."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import MultiPolygon, Polygon

from geo.redraws import edges as module
from geo.redraws.edges import Edges, distinct, edges_of, joined, uncancelled
from tests.geo.tessellations import tessellation


def left(*outlines: Polygon | MultiPolygon) -> Edges:
    return uncancelled(edges_of(outlines))


def lines(edges: Edges) -> set[frozenset[complex]]:
    return {frozenset(ends) for ends in zip(edges.begin.tolist(), edges.end.tolist(), strict=True)}


def test_the_examples_in_the_documentation_are_true():
    assert doctest.testmod(module).failed == 0


def test_of_two_neighbours_the_border_around_both_is_left():
    edges = left(box(0, 0, 1, 1), box(1, 0, 2, 1))
    assert len(edges) == 6 and frozenset([1, 1 + 1j]) not in lines(edges)
    assert set(edges.owner.tolist()) == {0, 1}


def test_it_does_not_matter_which_way_rings_are_drawn():
    one, other = box(0, 0, 1, 1), box(1, 0, 2, 1)
    for turned in (one.reverse(), one):
        for beside in (other.reverse(), other):
            assert lines(left(turned, beside)) == lines(left(one, other))


def test_an_enclave_cancels_the_hole_it_fills():
    ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior.coords])
    assert lines(left(ring, box(1, 1, 2, 2))) == lines(left(box(0, 0, 3, 3)))


def test_twins_run_twice_and_do_not_cancel_with_one_neighbour():
    edges = left(box(0, 0, 1, 1), box(0, 0, 1, 1), box(1, 0, 2, 1))
    assert len(edges) == 7  # the border between them is left once: two lie west of it and one east
    assert sorted(np.abs(edges.times).tolist()) == [1, 1, 1, 1, 2, 2, 2]


def test_two_twins_beside_two_twins_cancel():
    assert len(left(*[box(0, 0, 1, 1), box(1, 0, 2, 1)] * 2)) == 6


def test_a_border_with_a_vertex_more_on_one_side_stays():
    other = Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1, 0.5)])
    assert {frozenset([1, 1 + 1j]), frozenset([1, 1 + 0.5j])} <= lines(left(box(0, 0, 1, 1), other))


def test_repeated_vertices_and_the_sign_of_zero_do_not_matter():
    other = Polygon([(-0.0, 0), (0.0, -0.0), (0, 1), (0, 1), (-1, 1), (-1, 0)])
    assert len(left(box(0, 0, 1, 1), other)) == 6


def test_edges_cancel_only_among_those_of_the_same_number():
    edges = edges_of([box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 1, 2)])
    apart = uncancelled(edges, np.array([0, 0, 1])[edges.owner])
    assert len(apart) == 6 + 4
    assert len(uncancelled(apart)) == 8  # and later among all


def test_a_parent_run_back_cancels_what_its_children_fill():
    children = [box(0, 0, 1, 1), box(1, 0, 2, 1)]
    parent = Polygon([(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)])
    assert len(uncancelled(joined(edges_of(children), edges_of([parent]).reversed()))) == 0


def test_of_nothing_nothing_is_left():
    assert len(left()) == 0 and len(distinct(edges_of([]))) == 0


def test_each_line_is_kept_once():
    edges = edges_of([box(0, 0, 1, 1), box(1, 0, 2, 1), box(1, 0, 2, 1)])
    assert len(edges) == 12 and len(distinct(edges)) == 7


def test_a_whole_tessellation_leaves_its_outer_border_and_each_edge_knows_its_ground():
    outlines = tessellation(5, 5, points=4, seed=3)
    edges = left(*outlines)
    assert shapely.equals(shapely.union_all(edges.lines()), shapely.boundary(shapely.union_all(outlines)))
    for owner, line in zip(edges.owner.tolist(), edges.lines().tolist(), strict=True):
        assert shapely.covers(outlines[owner].boundary, line)


def test_edges_that_follow_one_another_are_one_line_and_together_they_are_the_same_lines():
    edges = left(*tessellation(5, 5, points=4, seed=3))
    chains = edges.chains()
    assert len(chains) < len(edges) / 4
    assert shapely.get_num_coordinates(chains).sum() == len(edges) + len(chains)
    assert shapely.union_all(chains).equals(shapely.union_all(edges.lines()))
    assert len(left().chains()) == 0


def test_moved_edges_cancel_where_their_ends_come_together_and_those_without_length_are_gone():
    edges = edges_of([box(0, 0, 1, 1), box(1 + 1e-9, 0, 2, 1)])
    assert len(uncancelled(edges)) == 8
    assert len(uncancelled(edges.moved(np.round(edges.begin, 8), np.round(edges.end, 8)))) == 6
    assert len(edges.moved(np.round(edges.begin.real, 0) + 0j, np.round(edges.end.real, 0) + 0j)) == 4


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 2, *[st.integers(1, 3)] * 2), max_size=6))
def test_across_each_edge_the_number_of_areas_changes_by_as_much_as_it_says(boxes):
    grids = [shapely.segmentize(box(x, y, x + width, y + height), 1.0) for x, y, width, height in boxes]
    edges = left(*grids)
    found = dict(zip(lines_in_order(edges), edges.times.tolist(), strict=True))
    for x in range(7):
        for y in range(7):
            for step in (1, 1j):
                begin, end = complex(x, y), complex(x, y) + step
                at, to_left = (begin + end) / 2, step * 0.25j
                changes = covering(grids, at + to_left) - covering(grids, at - to_left)
                assert found.get((begin, end), 0) - found.get((end, begin), 0) == changes


def lines_in_order(edges: Edges) -> list[tuple[complex, complex]]:
    return list(zip(edges.begin.tolist(), edges.end.tolist(), strict=True))


def covering(grids: list[Polygon], at: complex) -> int:
    return int(shapely.contains_xy(grids, at.real, at.imag).sum()) if grids else 0


@pytest.mark.parametrize("hashes", [0, 1, 7])
def test_nothing_hangs_on_hashes_that_differ(monkeypatch, hashes):
    outlines = tessellation(4, 4, points=3, seed=5)
    apart = np.arange(len(outlines)) % 2
    edges = edges_of(outlines)
    expected = lines(uncancelled(edges)), lines(uncancelled(edges, apart[edges.owner]))
    monkeypatch.setattr(module, "_hashes", lambda vertices: np.arange(len(vertices), dtype=np.uint64) * 0 + hashes)
    monkeypatch.setattr(module, "_mixed", lambda bits: bits * np.uint64(0))
    edges = edges_of(outlines)
    assert len(np.unique(edges.hashes)) == 1
    assert (lines(uncancelled(edges)), lines(uncancelled(edges, apart[edges.owner]))) == expected
