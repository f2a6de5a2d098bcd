"""Chance that repeats itself: one seed, many independent streams, each known by its name."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np

Rng = np.random.Generator


def stream(seed: int, name: str) -> Rng:
    """Return the random stream called `name`; drawing more from one stream never disturbs another."""
    return np.random.default_rng([seed, crc32(name.encode())])


def share(total: int, weights: Sequence[float], *, least: int = 0) -> list[int]:
    """Split `total` into whole parts in proportion to `weights`, each at least `least`, summing exactly."""
    spare = total - least * len(weights)
    if spare < 0:
        raise ValueError(f"{total} cannot be split into {len(weights)} parts of at least {least}")
    exact = np.asarray(weights, dtype=float) * spare / sum(weights)
    parts = np.floor(exact).astype(int)
    largest_first = np.argsort(parts - exact, kind="stable")
    parts[largest_first[: spare - parts.sum()]] += 1
    return [int(part) + least for part in parts]
