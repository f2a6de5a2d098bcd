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
    "building": 4.53, "door": 3.48, "other": 1.87, "inner": 4.89, "whole": 4.41, "part": 2.18, "between": 3.3,
    "beyond": 3.22, "crossing": 1.54, "sibling": 1.67, "extent": 1.5, "error": -0.2, "homophone": 0.01, "typo": -0.87,
    "short_typo": -0.95, "turned": -0.44, "guess": -1.03, "guess_sound": -0.42, "hamlet": -0.6, "common": -0.3,
    "continues": -0.65, "unclean": -1.71, "order": -0.3, "township_agrees": 0.23, "township_differs": -2.35,
    "village_agrees": 0.79, "village_differs": 0.36, "other_agrees": 0.82, "numbered": -0.21, "opposite": -3.98,
    "other_differs": -1.45, "sparse_hamlet": -2.89, "sparse_name": -3.81, "sparse_unsaid": -3.53, "wide": -0.81,
    "contested": -5.64, "step": -0.41, "single": -0.2, "site": -1.78, "guess_number": -3.17,
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


def evidence(terms: Mapping[str, float]) -> float:
    """Return the logarithm of what speaks for a claim; only differences between claims of one text mean something."""
    return sum(EVIDENCE.get(name, 0.0) * value for name, value in terms.items())


def confidence(terms: Mapping[str, float], share: float = 1.0) -> float:
    """Return the probability that a place found so is right; `share` is its part of the evidence among its rivals."""
    total = sum(WEIGHTS[name] * value for name, value in terms.items())
    return share / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
