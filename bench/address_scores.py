"""What became of each text: placed in the right grid, placed in a wrong one, or handed to a person."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from bench.disturbances import Query
from bench.measuring import median
from geo.addresses.answers import Answer
from incidents.address_placing import PlacingRule, decide
from incidents.address_reach import Reach

PASSES = 5
CONFIDENT = 0.9

Geocode = Callable[[str], Answer]


@dataclass(frozen=True)
class Outcome:
    """One text with what became of it."""

    query: Query
    answer: Answer
    rule: PlacingRule
    grid: str | None
    """Where it was placed by itself; None where it was handed to a person."""
    best_grid: str | None
    """Where the best candidate lies, placed or not; None without one, or where that is an area."""
    seconds: float
    """By the clock."""

    @property
    def placed(self) -> bool:
        return self.grid is not None

    @property
    def right(self) -> bool:
        return self.grid in self.query.grids

    @property
    def confidence(self) -> float:
        return self.answer.best.confidence if self.answer.best else 0.0


@dataclass(frozen=True)
class Share:
    """Of `texts` of a class: how many were placed, and how many of those in the right grid."""

    texts: int
    placed: int
    right: int

    @property
    def wrong(self) -> int:
        return self.placed - self.right

    @property
    def handed(self) -> int:
        return self.texts - self.placed


@dataclass(frozen=True)
class Tenth:
    """The best points whose confidence lies in one tenth: what they say on average, and how many are right."""

    low: float
    points: int
    said: float
    right: float


def ask(geocode: Geocode, reach: Reach, queries: Iterable[Query]) -> list[Outcome]:
    """Geocode every text on this thread, and decide as intake does. Only geocoding is timed."""
    outcomes = []
    for query in queries:
        began = time.perf_counter()
        answer = geocode(query.text)
        seconds = time.perf_counter() - began
        decision = decide(answer, reach.grids)
        best = answer.best
        lies = {grid.code for grid in reach.grids(best)} if best is not None and best.accuracy.is_point else set()
        placed = None
        if decision.candidate is not None:
            placed = next(grid.code for grid in reach.grids(decision.candidate))
        outcomes.append(Outcome(query, answer, decision.rule, placed, next(iter(lies), None), seconds))
    return outcomes


def share(outcomes: Iterable[Outcome]) -> Share:
    """Count them."""
    outcomes = list(outcomes)
    return Share(len(outcomes), sum(one.placed for one in outcomes), sum(one.right for one in outcomes))


def by_class(outcomes: Iterable[Outcome], name: Callable[[Outcome], str]) -> dict[str, Share]:
    """The shares of each class that `name` gives, in the order in which they first come."""
    classes: defaultdict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        classes[name(one)].append(one)
    return {each: share(of_class) for each, of_class in classes.items()}


def confidently_wrong(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """Of the texts placed at a confidence of 0.9 or more: how many in a wrong grid, and how many in all."""
    sure = [one for one in outcomes if one.placed and one.confidence >= CONFIDENT]
    return sum(not one.right for one in sure), len(sure)


def calibration(outcomes: Iterable[Outcome]) -> list[Tenth]:
    """How honest the confidence is, over all texts whose best candidate is a point."""
    points = [(one.confidence, one.best_grid in one.query.grids) for one in outcomes if one.best_grid is not None]
    points.sort()
    tenths = []
    for tenth, of_tenth in groupby(points, key=lambda point: min(9, int(point[0] * 10))):
        said, right = zip(*of_tenth, strict=True)
        tenths.append(Tenth(tenth / 10, len(said), float(np.mean(said)), float(np.mean(right))))
    return tenths


def in_bulk(geocode: Geocode, queries: Iterable[Query]) -> float:
    """How many texts of a file one core's work geocodes in a second: one after the other, and nothing between.

    The median of PASSES through all of them.
    """
    texts, each = [query.text for query in queries], list[float]()
    for _pass in range(PASSES):
        began = time.thread_time()
        for text in texts:
            geocode(text)
        each.append(len(texts) / (time.thread_time() - began))
    return median(each)
