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
    "building": 5.13, "door": 4.28, "other": 1.87, "inner": 4.39, "whole": 4.95, "part": 2.76, "between": 2.19,
    "beyond": 2.27, "crossing": 1.42, "sibling": 1.68, "extent": 1.5, "error": -0.83, "homophone": -0.33,
    "typo": -0.73, "short_typo": -1.07, "turned": -0.62, "guess": -1.46, "guess_sound": -0.58, "hamlet": -1.06,
    "common": -0.3, "continues": -0.66, "unclean": -1.81, "order": -0.3, "township_agrees": -0.45,
    "township_differs": -2.37, "village_agrees": 1.17, "village_differs": -0.25, "other_agrees": 0.8,
    "numbered": -0.12, "opposite": -4.14, "other_differs": -1.86, "sparse_hamlet": -3.41,
    "sparse_name": -3.53,
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
