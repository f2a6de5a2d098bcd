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
    "building": 4.88, "door": 4.57, "other": 1.98, "inner": 6.77, "whole": 5.09, "part": 1.25, "between": 3.43,
    "beyond": 3.08, "crossing": 2.77, "sibling": 1.41, "extent": 1.5, "error": -0.34, "homophone": -0.42,
    "typo": -1.36, "short_typo": -1.2, "turned": -0.31, "guess": -1.76, "guess_sound": -1.16, "hamlet": -2.02,
    "common": 0.27, "continues": -1.23, "unclean": -1.81, "order": -0.3, "township_differs": -2.14,
    "village_agrees": 2.18, "village_differs": 0.02, "other_agrees": 1.29, "numbered": -0.38, "opposite": -4.94,
    "other_differs": -1.06, "sparse_hamlet": -1.23, "sparse_name": -3.84, "sparse_unsaid": -5.51, "wide": -0.75,
    "contested": -4.51, "step": -0.23, "single": 0.05, "site": -2.24, "guess_number": -2.07, "sparse_rival": -0.89,
    "sparse_slip": -2.84, "sparse_common": -1.21, "sparse_village": -1.42, "sparse_crossing": -2.27,
}  # fmt: skip
"""The first eleven stand for how the place was found, the others add to it. That the township agrees is no part of it: it
tells rivals apart, and where there is none it says little of whether the place is right."""

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
