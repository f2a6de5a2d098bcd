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
    "building": 4.71, "door": 3.6, "other": 2.31, "inner": 7.13, "whole": 4.7, "part": 1.58, "between": 3.43,
    "beyond": 3.08, "crossing": 1.71, "sibling": 1.48, "extent": 1.5, "error": -0.43, "homophone": 0.12,
    "typo": -0.49, "short_typo": -0.43, "turned": 0.52, "guess": -1.96, "guess_sound": -1.33, "hamlet": -1.72,
    "common": -0.04, "continues": -0.87, "unclean": -1.47, "order": -0.3, "township_differs": -2.53,
    "village_agrees": 1.99, "village_differs": 0.17, "other_agrees": 1.12, "numbered": -0.28, "opposite": -3.92,
    "other_differs": -0.69, "sparse_hamlet": -2.03, "sparse_name": -4.23, "sparse_unsaid": -3.43, "wide": -0.62,
    "contested": -4.47, "step": -0.2, "single": 0.06, "site": -2.24, "guess_number": -2.7, "sparse_rival": -1.08,
    "sparse_slip": -2.6, "sparse_common": -0.84, "sparse_village": -1.02,
}  # fmt: skip
"""The first eleven stand for how the place was found, the others add to it. That the township agrees is no part of it:
it tells rivals apart, and where there is none it says little of whether the place is right."""

EVIDENCE: Mapping[str, float] = {
    "building": 4.5, "door": 4.5, "other": 2.2, "inner": 3.0, "whole": 3.5, "part": 1.5, "between": 2.2, "beyond": 1.8,
    "crossing": 3.0, "sibling": 1.5, "extent": 1.5, "error": -0.8, "homophone": -0.5, "typo": -1.5, "short_typo": -2.5,
    "turned": -3.0, "guess": -1.5, "guess_sound": -1.0, "hamlet": -0.5, "common": -0.3, "continues": -1.5,
    "unclean": -2.0, "order": -0.3, "township_agrees": 0.7, "township_differs": -2.7, "village_agrees": 1.0,
    "village_differs": -2.0, "other_agrees": 0.7, "numbered": 2.5, "other_differs": -1.5,
}  # fmt: skip
"""What speaks for one claim against another of the same text, set by hand: odds between readings."""


def evidence(terms: Mapping[str, float]) -> float:
    """Return the logarithm of what speaks for a claim; only differences between claims of one text mean something."""
    return sum(EVIDENCE.get(name, 0.0) * value for name, value in terms.items())


def confidence(terms: Mapping[str, float], share: float = 1.0) -> float:
    """Return the probability that a place found so is right; `share` is its part of the evidence among its rivals."""
    total = sum(WEIGHTS.get(name, 0.0) * value for name, value in terms.items())
    return share / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
