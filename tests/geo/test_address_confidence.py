"""How sure an answer is: what terms make likely, and what lists with gaps make of it."""

import pytest

from geo.addresses.confidence import GAPS, LEVELS, confidence, likelihood

TERMS = {"between": 1.0, "error": 0.5, "contested": 0.2}


def _level(likely: float) -> float:
    return [share for low, share in LEVELS if low <= likely][-1]


def test_levels_begin_at_nothing_and_rise():
    lows, shares = zip(*LEVELS, strict=True)
    assert lows[0] == 0
    assert sorted(set(lows)) == list(lows) and sorted(set(shares)) == list(shares)
    assert shares[0] > 0 and shares[-1] < 1


def test_of_a_full_list_the_terms_say_how_sure():
    assert confidence(TERMS, 0.9) == likelihood(TERMS, 0.9) == pytest.approx(0.9 * likelihood(TERMS))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.8, 0.95, 1.0])
def test_of_a_list_with_gaps_the_level_does(share: float):
    likely = likelihood(TERMS, share)
    assert confidence(TERMS, share, GAPS) == confidence(TERMS, share, 1.0) == pytest.approx(_level(likely))
    assert confidence(TERMS, share, GAPS / 2) == pytest.approx((likely + _level(likely)) / 2)


def test_a_likelihood_at_the_foot_of_a_level_is_in_it():
    for low, share in LEVELS:
        exact = {"door": 0.0}  # a likelihood of one half of the share
        assert confidence(exact, 2 * low, GAPS) == pytest.approx(share)
