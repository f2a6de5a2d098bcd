"""How sure an answer is: the probability that it is right, from what is known of how it was found.

A logistic model with few terms. Its weights were fitted by bench/address_real.py (`fit`) on splits of real addresses
that no reported figure uses: known addresses asked again with seeded slips, and unknown ones between known. Right
means: the township is the labelled one, and the place within RIGHT_M of the true one.
"""

import math
from collections.abc import Mapping

RIGHT_M = 500.0

WEIGHTS: Mapping[str, float] = {
    "building": 4.5, "door": 4.5, "other": 2.2, "inner": 3.0, "whole": 3.5, "part": 1.5,
    "between": 2.2, "beyond": 1.8, "crossing": 3.0, "sibling": 1.5, "extent": 1.5,
    "error": -0.8, "homophone": -0.5, "typo": -1.5, "short_typo": -3.0, "turned": -3.0, "guess": -2.0, "guess_sound": -1.0, "hamlet": -0.5, "elsewhere": -1.0, "common": -0.5, "continues": -1.5, "unclean": -1.5, "order": -0.3, "rivals": 1.0,
    "township_agrees": 0.5, "township_differs": -1.5, "village_agrees": 0.7, "village_differs": -1.5,
    "other_agrees": 0.7, "numbered": 2.5, "opposite": -1.5, "other_differs": -1.0, "offset": -0.4,
}  # fmt: skip
"""The first eleven stand for how the place was found, the others add to it."""


def confidence(terms: Mapping[str, float]) -> float:
    """Return the probability that a place found so is right."""
    total = sum(WEIGHTS[name] * value for name, value in terms.items())
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
