"""Where a number lies along a road, from the numbers that are known: kriging along the number line.

Points of one road wander from number to number; the semivariogram says how far two numbers' points lie apart on
average: WANDER · |difference| ** BEND, and noise for how a list's points scatter. Each lies off the road to its own
side, odd numbers to one and even ones to the other: a door by some DOOR_SIDE_M, the point of a lane (弄) by
LANE_SIDE_M, for it is in the middle of the compound behind; which way that is, the points of both sides tell. Kriging
weighs the known points so that the expected error is least: near neighbours count most, those of the own side more.
Two things hold it on the road: a straight drift that is free within DRIFT_M per number, so that beyond the last known
number the road goes on as it went, shrunk where few points tell; and each point is first asked of the others: by what
it lies farther from their estimate than DOUBT standard errors, it counts as noise. A single wild point of a list weighs
next to nothing so. The constants were chosen on splits of real addresses other than those reported (see
bench/address_training.py): with all points believed alike and neither drift nor sides the error is a third more.
"""

import math
from statistics import median

import numpy as np
from numpy.typing import NDArray

from geo.addresses.ground import Floats

WANDER, BEND = 100.0, 1.2
"""Metres squared per number to the power of BEND."""
DOOR_SIDE_M, LANE_SIDE_M = 40.0, 80.0
"""How far the point of a door and of a lane is expected to lie off the road, on its side."""
DOOR_M, LANE_M = 30.0, 85.0
"""How far the point of a door and of a lane scatters."""
DRIFT_M = 3.0
"""Metres per number that a road is expected to lead straight on."""
DOUBT = 1.75
"""Standard errors from the estimate of the others that a point may lie off and be believed."""
FEW = 4
"""Of fewer points none can be told to be the wild one."""

Bools = NDArray[np.bool_]


def estimate(asked: int, of_lane: bool, number: NDArray[np.int64], lane: Bools, east: Floats, north: Floats,
             ) -> tuple[float, float, float]:  # fmt: skip
    """Return metres east and north of the asked number, and the metres by which that may be wrong (standard error).

    of_lane: whether the asked number is of a lane. `number`, `lane`, `east`, `north` are of the known points, at least
    one.
    """
    system, right, own = _equations(np.append(number, asked), np.append(lane, of_lane))
    points = system.ravel()[: -len(right) : len(right) + 1]  # the diagonal but its last
    points += np.where(lane, LANE_M**2, DOOR_M**2)
    if len(number) >= FEW:
        points += _doubted(system, east, north)
    solved = np.linalg.solve(system, right)
    weights = solved[:-1]
    variance = own - float(solved @ right)
    return (
        float(weights @ east),
        float(weights @ north),
        math.sqrt(max(variance, 100.0)) * _roughness(number, east, north),
    )


def _equations(number: NDArray[np.int64], lane: Bools) -> tuple[Floats, Floats, float]:
    """Return the matrix of the kriging equations without noise, their right side, and the variance before anything is
    known; the last number is the asked one.

    The last row lets the weights sum to one.
    """
    away = (number - number[-1]).astype(float)
    off = np.where(lane, LANE_SIDE_M, DOOR_SIDE_M) * (1 - 2 * (number % 2))
    matrix: Floats = DRIFT_M**2 * away[:, None] * away + off[:, None] * off
    matrix -= 0.5 * WANDER * np.abs(away[:, None] - away) ** BEND
    right, own = matrix[-1].copy(), float(matrix[-1, -1])
    right[-1] = matrix[-1] = matrix[:, -1] = 1.0
    matrix[-1, -1] = 0.0
    return matrix, right, own


def _doubted(system: Floats, east: Floats, north: Floats) -> Floats:
    """Return the variance by which each point's distance from the estimate of all others is more than expected.

    The inverse of the system tells all of these estimates at once (Dubrule, Cross validation of kriging in a unique
    neighborhood, 1983).
    """
    inverse = np.linalg.inv(system)[:-1, :-1]
    own = np.diag(inverse)
    squared = ((inverse @ east / own) ** 2 + (inverse @ north / own) ** 2) / 2
    result: Floats = np.maximum(0.0, squared - DOUBT**2 / np.abs(own))
    return result


def _roughness(number: NDArray[np.int64], east: Floats, north: Floats) -> float:
    """Return how much farther apart this road's neighbours in number lie than expected: 0.6 … 3."""
    if len(number) < 3:
        return 1.3
    step = (east[1:] - east[:-1]) ** 2 + (north[1:] - north[:-1]) ** 2
    expected = WANDER * np.abs(number[1:] - number[:-1]).astype(float) ** BEND + 2 * LANE_M**2 + LANE_SIDE_M**2
    return min(3.0, max(0.6, 1.3 * math.sqrt(median((step / expected).tolist()))))
