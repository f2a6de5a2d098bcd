"""How sure an answer is: the probability that it is right, from what is known of how it was found.

A conditional logit tells rivals apart, a logistic model says whether the likeliest is right, and for lists with gaps
levels correct it: what a list lacks has more ways of being wrong than terms tell. All were fitted by
bench/address_training.py on splits of real addresses that no reported figure uses (known addresses asked again with
seeded slips, and unknown ones between known), where right means that the township is the labelled one and the place
within RIGHT_M of the true one; the first two also on texts about demonstration counties of other seeds than the
reported one, where right means the right grid.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping

RIGHT_M = 500.0

WEIGHTS: Mapping[str, float] = {
    "building": 6.72, "door": 4.13, "other": 2.41, "inner": 7.59, "whole": 5.64, "part": 3.41, "between": 3.44,
    "beyond": 3.08, "crossing": 3.84, "sibling": 2.02, "extent": 1.5, "error": -0.4, "homophone": 0.21, "typo": -1.07,
    "short_typo": -1.02, "turned": -0.18, "guess": -1.32, "guess_sound": -1.56, "hamlet": -3.62, "common": -0.78,
    "continues": -1.72, "unclean": -1.61, "order": -0.3, "township_differs": -1.84, "village_agrees": 2.09,
    "village_differs": -0.08, "other_agrees": 0.88, "numbered": 0.21, "opposite": -4.82, "other_differs": -0.83,
    "sparse_hamlet": -1.1, "sparse_name": -5.25, "sparse_unsaid": -2.05, "wide": -0.52, "contested": -4.76,
    "step": -0.21, "single": -0.14, "site": -2.28, "guess_number": -2.05, "sparse_rival": -0.47, "sparse_slip": -3.33,
    "sparse_common": -0.07, "sparse_village": -1.46, "sparse_crossing": -3.3, "apart": -0.01,
}  # fmt: skip
"""The first eleven stand for how the place was found, the others add to it. That the township agrees is no part of it:
it tells rivals apart, and where there is none it says little of whether the place is right."""

EVIDENCE: Mapping[str, float] = {
    "building": 6.34, "door": 4.3, "other": 2.47, "inner": 3.24, "whole": 1.87, "part": 0.52, "between": 2.34,
    "beyond": 2.19, "crossing": 1.74, "sibling": 2.75, "extent": 1.5, "homophone": -1.17, "typo": -0.82,
    "short_typo": -1.76, "turned": -0.28, "guess": -2.77, "guess_sound": -0.64, "hamlet": -1.33, "common": -0.5,
    "continues": -2.91, "unclean": -3.52, "order": -0.3, "township_agrees": 1.8, "township_differs": -3.51,
    "village_agrees": 0.45, "village_differs": -1.04, "other_agrees": 1.62, "numbered": 5.08, "other_differs": -0.92,
    "step": -0.57, "single": -0.52, "sparse_unsaid": -6.16, "apart": -1.82,
}  # fmt: skip
"""What speaks for one claim against another of the same text: odds between readings."""

LEVELS = (
    (0, 0.105), (0.258, 0.4), (0.473, 0.621), (0.723, 0.745), (0.811, 0.852), (0.906, 0.934), (0.954, 0.971),
)  # fmt: skip
"""From which likelihood on what share is right, of what a list with gaps was asked and lacks."""
GAPS = 0.87
"""Of the list by which the levels were found; one with fewer gaps is corrected less."""


def evidence(terms: Mapping[str, float]) -> float:
    """Return the logarithm of what speaks for a claim; only differences between claims of one text mean something."""
    return sum(EVIDENCE.get(name, 0.0) * value for name, value in terms.items())


def likelihood(terms: Mapping[str, float], share: float = 1.0) -> float:
    """Return how likely a place found so is right as the terms have it; `share` is its part of the evidence."""
    total = sum(WEIGHTS.get(name, 0.0) * value for name, value in terms.items())
    return share / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def confidence(terms: Mapping[str, float], share: float = 1.0, gaps: float = 0.0) -> float:
    """Return the probability that a place found so is right, in a list with so many gaps (0 to 1)."""
    likely = likelihood(terms, share)
    level = LEVELS[bisect_right(LEVELS, (likely, 2.0)) - 1][1]
    return likely + min(1.0, gaps / GAPS) * (level - likely)
