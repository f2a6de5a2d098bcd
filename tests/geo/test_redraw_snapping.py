"""Places that are the same but for a millimetre are one place; no row of places runs together."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.redraws import snapping as module
from geo.redraws.sizes import SAME_PLACE
from geo.redraws.snapping import settled

STEP = SAME_PLACE / 4
PLACES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40).map(
    lambda steps: np.array([complex(x * STEP, y * STEP) for x, y in steps], dtype=np.complex128)
)


def test_the_example_in_the_documentation_is_true():
    assert doctest.testmod(module).failed == 0


@given(PLACES)
def test_each_place_moves_by_a_millimetre_at_most_to_an_earlier_one_that_stays_where_it_is(places):
    found = settled(places)
    assert (np.abs(found - places) <= SAME_PLACE * 1.000001).all()
    first = {place: at for at, place in reversed(list(enumerate(places.tolist())))}
    assert all(first[stand] <= at for at, stand in enumerate(found.tolist()))
    assert settled(found).tolist() == found.tolist()


@given(PLACES)
def test_places_that_are_left_are_more_than_a_millimetre_apart(places):
    left = np.unique(settled(places))
    apart = np.abs(left[:, None] - left[None, :]) + np.eye(len(left))
    assert (apart > SAME_PLACE * 0.999999).all()


def test_a_row_of_places_each_near_to_the_next_does_not_run_together():
    row = np.arange(1000) * SAME_PLACE * 0.9 + 119 + 33j
    assert len(np.unique(settled(row))) == 500


@pytest.mark.parametrize("count", [0, 1, 3])
def test_places_far_apart_stay(count):
    places = np.arange(count) + 33j
    assert settled(places).tolist() == places.tolist()
