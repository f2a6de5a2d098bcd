"""How sure an answer is: the probability that it is right, from what is known of how it was found.

A logistic model with few terms. Its weights were fitted by bench/address_training.py on splits of real addresses that
no reported figure uses (known addresses asked again with seeded slips, and unknown ones between known), where right
means that the township is the labelled one and the place within RIGHT_M of the true one; and on texts about a
demonstration county of another seed than the reported one, where right means the right grid.
"""

import math
from collections.abc import Mapping

RIGHT_M = 500.0

WEIGHTS: Mapping[str, float] = {
    "building": 4.53, "door": 3.54, "other": 1.86, "inner": 5.24, "whole": 4.46, "part": 1.82, "between": 3.31,
    "beyond": 3.23, "crossing": 1.79, "sibling": 2.09, "extent": 1.5, "error": -0.14, "homophone": 0.01,
    "typo": -0.38, "short_typo": -0.39, "turned": 0.07, "guess": -1.47, "guess_sound": -0.54, "hamlet": -0.7,
    "common": -0.22, "continues": -0.73, "unclean": -1.74, "order": -0.3, "township_agrees": 0.19,
    "township_differs": -2.5, "village_agrees": 0.98, "village_differs": 0.02, "other_agrees": 1.03,
    "numbered": -0.19, "opposite": -3.98, "other_differs": -1.33, "sparse_hamlet": -2.39, "sparse_name": -3.79,
    "sparse_unsaid": -3.54, "wide": -0.95, "contested": -5.78, "step": -0.42, "single": -0.21, "site": -1.88,
    "guess_number": -2.87, "sparse_rival": -1.01,
}  # fmt: skip
"""The first eleven stand for how the place was found, the others add to it."""

EVIDENCE: Mapping[str, float] = {
    "building": 4.5, "door": 4.5, "other": 2.2, "inner": 3.0, "whole": 3.5, "part": 1.5, "between": 2.2, "beyond": 1.8,
    "crossing": 3.0, "sibling": 1.5, "extent": 1.5, "error": -0.8, "homophone": -0.5, "typo": -1.5, "short_typo": -2.5,
    "turned": -3.0, "guess": -1.5, "guess_sound": -1.0, "hamlet": -0.5, "common": -0.3, "continues": -1.5,
    "unclean": -2.0, "order": -0.3, "township_agrees": 0.7, "township_differs": -2.7, "village_agrees": 1.0,
    "village_differs": -2.0, "other_agrees": 0.7, "numbered": 2.5, "other_differs": -1.5,
}  # fmt: skip
"""What speaks for one claim against another of the same text, set by hand: odds between readings."""
TEMPERED = 0.7
"""The odds set by hand are too sure of themselves: on the splits that the weights were fitted on, with their shares to
this power what is said comes nearest to what is right."""


def evidence(terms: Mapping[str, float]) -> float:
    """Return the logarithm of what speaks for a claim; only differences between claims of one text mean something."""
    return sum(EVIDENCE.get(name, 0.0) * value for name, value in terms.items())


def confidence(terms: Mapping[str, float], share: float = 1.0) -> float:
    """Return the probability that a place found so is right; `share` is its part of the evidence among its rivals."""
    total = sum(WEIGHTS[name] * value for name, value in terms.items())
    return math.pow(share, TEMPERED) / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
