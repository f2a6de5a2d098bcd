"""Fits what geo.addresses.confidence knows by heart, on real addresses: `python -m bench.address_training WHAT`.

WHAT is `evidence`, `weights` or `levels`, in this order, for each is fitted on what the one before makes of the
questions: print one, put it into the module, fit the next. The sign of a weight that would make no sense is not
mended: it shows that the term is wrong.
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bench.address_lessons import Kind, Lesson, lessons
from geo.addresses.confidence import EVIDENCE, WEIGHTS, likelihood

RIDGE = 1.0
"""How strongly a weight is held to today's: as one question in which its term is 1 would."""
UNRIVALLED = 0.85
"""Share of the evidence from which an answer is taken to be without rivals: only those teach the weights."""
CHOOSING = {Kind.UNLISTED: 0.5, Kind.LISTED: 0.1, Kind.SLIPPED: 0.1, Kind.COUNTY: 1.0}
"""How often a question counts for the evidence: slips are far commoner here than operators make them."""
BELIEVING = {Kind.UNLISTED: 3.5, Kind.LISTED: 0.5, Kind.SLIPPED: 0.03, Kind.COUNTY: 3.0}
"""How often one counts for the weights. The list with gaps lacks the next door of seven numbers in eight, so what it
cannot answer counts seven times what it can; the county for more, else what gaps teach outweighs it."""
APART = 4.0
"""Standard errors by which two levels differ, else they are one: addresses of one road err together, and each is asked
in several splits, so that two would tell chance from truth too often."""


def fit_evidence(taught: Iterable[Lesson], ridge: float = RIDGE) -> dict[str, float]:
    """Return the weights by which the right one of several claims is the likeliest: a conditional logit.

    Where several are right, each is taken for the one meant as far as it is likely, which each round weighs anew
    (expectation and maximisation). Questions without a wrong claim, or without a right one, teach nothing.
    """
    several = [one for one in taught if len({claim.right for claim in one.claims}) == 2]
    names = list(EVIDENCE)
    prior = np.array([EVIDENCE[name] for name in names])
    x = np.array([[claim.terms.get(name, 0.0) for name in names] for one in several for claim in one.claims])
    right = np.array([claim.right for one in several for claim in one.claims])
    first = np.cumsum([0, *(len(one.claims) for one in several[:-1])])
    of = np.repeat(np.arange(len(several)), [len(one.claims) for one in several])
    counts = np.array([CHOOSING[one.kind] for one in several])
    weights = prior.copy()
    for _ in range(500):
        score = x @ weights
        odds = np.exp(score - np.maximum.reduceat(score, first)[of])
        p = odds / np.add.reduceat(odds, first)[of]
        q = p * right / np.add.reduceat(p * right, first)[of]
        middle = np.add.reduceat(x * p[:, None], first)
        gradient = x.T @ (counts[of] * (q - p)) - ridge * (weights - prior)
        spread = (x * (counts[of] * p)[:, None]).T @ x - (middle * counts[:, None]).T @ middle
        step = np.linalg.solve(spread + ridge * np.eye(len(names)), gradient)
        weights += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-5:
            break
    return _rounded(names, weights)


def fit_weights(taught: Iterable[Lesson], ridge: float = RIDGE) -> dict[str, float]:
    """Return the weights of a logistic regression on the best claims without rivals, by Newton's method."""
    best = [(one.claims[0], BELIEVING[one.kind]) for one in taught if one.claims[0].share >= UNRIVALLED]
    names = list(WEIGHTS)
    prior = np.array([WEIGHTS[name] for name in names])
    x = np.array([[claim.terms.get(name, 0.0) for name in names] for claim, _ in best])
    y, n = np.array([claim.right for claim, _ in best], float), np.array([count for _, count in best])
    weights = prior.copy()
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (n * (y - p)) - ridge * (weights - prior)
        hessian = (x * (n * p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(names))
        step = np.linalg.solve(hessian, gradient)
        weights += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return _rounded(names, weights)


def fit_levels(taught: Iterable[Lesson]) -> list[tuple[float, float]]:
    """Return from which likelihood on what share is right, of what a list with gaps lacks: an isotonic regression."""
    likely, right = [], []
    for one in taught:
        if one.kind is Kind.UNLISTED and one.answered:
            best = max(one.claims, key=lambda claim: likelihood(claim.terms, claim.share))
            likely.append(likelihood(best.terms, best.share))
            right.append(best.right)
    return rising(np.array(likely), np.array(right, float))


class Level(NamedTuple):
    """Questions between two likelihoods: the lowest, how many, and how many are right."""

    low: float
    count: int
    right: float

    @property
    def share(self) -> float:
        """Share of right ones."""
        return self.right / self.count

    def errors_to(self, other: Self) -> float:
        """Return by how many standard errors two shares differ (the test of two proportions)."""
        pooled = (self.right + other.right) / (self.count + other.count)
        error = math.sqrt(pooled * (1 - pooled) * (1 / self.count + 1 / other.count))
        return abs(self.share - other.share) / error if error else 0.0


def rising(likely: NDArray[np.float64], right: NDArray[np.float64], apart: float = APART) -> list[tuple[float, float]]:
    """Return levels of rising shares: pool adjacent violators, then join the likest two until all are `apart`.

    likely, right: one value per question, any order. Each level: its lowest likelihood (0 for the first), its share.
    """
    levels: list[Level] = []
    for at, group in groupby(np.argsort(likely, kind="stable").tolist(), key=likely.__getitem__):
        of_group = right[list(group)]
        levels.append(Level(float(at), len(of_group), float(of_group.sum())))
        while len(levels) > 1 and levels[-2].share >= levels[-1].share:
            _join(levels, len(levels) - 2)
    while len(levels) > 1:
        likest = min(range(len(levels) - 1), key=lambda at: levels[at].errors_to(levels[at + 1]))
        if levels[likest].errors_to(levels[likest + 1]) >= apart:
            break
        _join(levels, likest)
    return [(round(level.low, 3) if at else 0.0, round(level.share, 3)) for at, level in enumerate(levels)]


def _join(levels: list[Level], at: int) -> None:
    """Put a level and the next one together."""
    one, other = levels[at : at + 2]
    levels[at : at + 2] = [Level(one.low, one.count + other.count, one.right + other.right)]


def _rounded(names: Sequence[str], weights: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(weight), 2) for name, weight in zip(names, weights, strict=True)}


def main(what: str, show: Callable[[str], None] = print) -> None:
    """Print what was fitted as geo/addresses/confidence.py writes it; of a weight also how often its term occurs."""
    taught = list(lessons())
    if what == "levels":
        show(", ".join(f"({low:g}, {share:g})" for low, share in fit_levels(taught)))
        return
    fitted: Mapping[str, float] = {"evidence": fit_evidence, "weights": fit_weights}[what](taught)
    for name, weight in fitted.items():
        having = [one.claims[0].right for one in taught if one.claims[0].terms.get(name)]
        show(f'    "{name}": {weight},  # in {len(having)} questions, right {np.mean(having) if having else 0:.2f}')


if __name__ == "__main__":
    main(sys.argv[1])
