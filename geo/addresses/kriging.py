"""Where a number lies along a road, from the numbers that are known: ordinary kriging along the number line.

Points of one road wander from number to number; the semivariogram says how far two numbers' points lie apart on
average: WANDER · |difference| ** BEND, more across the street (SIDE), and NOISE for how a list's points scatter.
Kriging weighs the known points so that the expected error is least: near neighbours count most, those of the own
side more, and a single odd point is held in check by the others. Beyond the last known number it stays near it.
The constants were chosen on splits of real addresses other than those reported (see bench/address_training.py).
"""

import math

import numpy as np
from numpy.typing import NDArray

from geo.addresses.ground import Floats

WANDER, BEND, SIDE_M, NOISE_M = 45.0, 1.5, 100.0, 50.0
"""Metres squared per number to the power of BEND; metres."""
STEP_M = 4.0
"""Metres that one number is expected to take on a street of which too little is known."""


def estimate(asked: int, number: NDArray[np.int64], east: Floats, north: Floats) -> tuple[float, float, float]:
    """Return metres east and north of the asked number, and the metres by which that may be wrong (standard error).

    `number`, `east`, `north` are of the known points, at least one.
    """
    count = len(number)
    across = number % 2 != asked % 2
    away = np.abs(number - asked).astype(float)
    between = -_variogram(np.abs(number[:, None] - number[None, :]), across[:, None] != across[None, :])
    matrix = np.ones((count + 1, count + 1))
    matrix[:count, :count] = between + NOISE_M**2 * np.eye(count)
    matrix[count, count] = 0.0
    right = np.append(-_variogram(away, across), 1.0)
    solved = np.linalg.solve(matrix, right)
    weights = solved[:count]
    variance = -float(weights @ right[:count]) - float(solved[count])
    return (
        float(weights @ east),
        float(weights @ north),
        math.sqrt(max(variance, 100.0)) * _roughness(number, east, north),
    )


def _variogram(apart: NDArray[np.int64] | Floats, across: NDArray[np.bool_]) -> Floats:
    result: Floats = 0.5 * WANDER * apart**BEND + SIDE_M**2 * across
    return result


def _roughness(number: NDArray[np.int64], east: Floats, north: Floats) -> float:
    """Return how much farther apart this road's neighbours in number lie than expected: 0.6 … 3."""
    if len(number) < 3:
        return 1.3
    step = np.hypot(np.diff(east), np.diff(north)) ** 2
    expected = WANDER * np.abs(np.diff(number)).astype(float) ** BEND + 2 * NOISE_M**2 + SIDE_M**2
    return float(np.clip(math.sqrt(float(np.median(step / expected))) * 1.3, 0.6, 3.0))
