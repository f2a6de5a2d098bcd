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
    "building": 5.05, "door": 4.46, "other": 1.83, "inner": 3.86, "whole": 4.72, "part": 2.4, "between": 2.16,
    "beyond": 2.2, "crossing": 1.81, "sibling": 1.56, "extent": 1.5, "error": -0.89, "homophone": 0.23, "typo": 0.15,
    "short_typo": -0.21, "turned": -0.02, "guess": -2.25, "guess_sound": -1.35, "hamlet": -0.77, "common": -0.27,
    "continues": -0.57, "unclean": -1.92, "order": -0.3, "township_agrees": -0.58, "township_differs": -2.77,
    "village_agrees": 1.14, "village_differs": -1.13, "other_agrees": 0.5, "numbered": 0.14, "opposite": -4.15,
    "other_differs": -2.75, "offset": -0.4, "sparse_slip": 0.21, "sparse_name": -2.45,
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
