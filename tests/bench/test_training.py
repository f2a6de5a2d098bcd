"""What is fitted for the geocoder's confidence: the right one of several, the weights, and levels that rise."""

import numpy as np
import pytest

from bench.address_lessons import Claimed, Kind, Lesson
from bench.address_training import APART, fit_evidence, fit_levels, fit_weights, rising
from geo.addresses.confidence import EVIDENCE, WEIGHTS


def lesson(*claims: tuple[dict[str, float], bool], share: float = 1.0, answered: bool = True) -> Lesson:
    return Lesson(Kind.UNLISTED, tuple(Claimed(terms, share, right) for terms, right in claims), answered)


def test_evidence_learns_which_of_several_is_right():
    door, hamlet = {"door": 1.0}, {"whole": 1.0, "hamlet": 1.0}
    taught = [lesson((door, False), (hamlet, True))] * 400 + [lesson((door, True), (hamlet, False))] * 100
    fitted = fit_evidence(taught, ridge=1e-6)
    odds = fitted["whole"] + fitted["hamlet"] - fitted["door"]
    assert odds == pytest.approx(np.log(4), abs=0.03)
    assert fitted["typo"] == EVIDENCE["typo"]


def test_questions_without_a_wrong_or_a_right_claim_teach_no_evidence():
    taught = [lesson(({"door": 1.0}, False), ({"whole": 1.0}, True))]
    silent = [lesson(({"door": 1.0}, True), ({"whole": 1.0}, True)), lesson(({"door": 1.0}, False))]
    assert fit_evidence(taught + silent) == fit_evidence(taught)


def test_weights_say_how_often_what_was_found_so_is_right():
    taught = [lesson(({"door": 1.0}, number % 10 != 0)) for number in range(1000)]
    fitted = fit_weights(taught, ridge=1e-6)
    assert 1 / (1 + np.exp(-fitted["door"])) == pytest.approx(0.9, abs=0.002)
    assert fitted["whole"] == WEIGHTS["whole"]


def test_an_answer_with_rivals_teaches_no_weight():
    taught = [lesson(({"door": 1.0}, True))] * 5
    assert fit_weights(taught + [lesson(({"door": 1.0}, False), share=0.5)] * 5) == fit_weights(taught)


def test_levels_rise_and_each_has_the_share_of_its_own_questions():
    random = np.random.default_rng(7)
    likely = random.uniform(0, 1, 4000)
    right = (random.uniform(0, 1, 4000) < likely**2).astype(float)
    levels = rising(likely, right)
    lows = np.array([low for low, _ in levels])
    assert lows[0] == 0 and (np.diff(lows) > 0).all() and 3 <= len(levels) < 40
    assert (np.diff([share for _, share in levels]) > 0).all()
    of = np.searchsorted(lows, likely, "right") - 1
    for at, (_, share) in enumerate(levels):
        assert share == pytest.approx(right[of == at].mean(), abs=0.01)


def test_what_cannot_be_told_apart_is_one_level():
    random = np.random.default_rng(8)
    likely, right = random.uniform(0, 1, 1000), (random.uniform(0, 1, 1000) < 0.6).astype(float)
    assert rising(likely, right) == [(0.0, round(float(right.mean()), 3))]
    assert len(rising(likely, right, apart=0.0)) > 1 > 1 / APART


def test_equal_likelihoods_are_never_parted():
    likely, right = np.repeat([0.3, 0.8], 500), np.r_[np.zeros(400), np.ones(100), np.zeros(50), np.ones(450)]
    assert rising(likely, right) == [(0.0, 0.2), (0.8, 0.9)]


def test_levels_are_taught_by_answers_that_are_points():
    taught = [lesson(({"door": 1.0}, True))] * 3 + [lesson(({"door": 1.0}, False), answered=False)] * 3
    assert fit_levels(taught) == [(0.0, 1.0)]
