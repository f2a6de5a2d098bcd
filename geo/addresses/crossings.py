"""Where two roads cross: where their known numbers come nearest to each other."""

import math

import numpy as np

from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import PER_LAT, Floats, per_lon

MOST = 60
"""Points of a road that are compared; a longer one is thinned."""
APART_M = 600.0
"""Roads that come no nearer than this do not cross, as far as the list knows."""


def cross(gazetteer: Gazetteer, one: int, other: int) -> tuple[float, float, float] | None:
    """Return lon and lat where two places of kind road come nearest, and the metres between them there; None if far."""
    columns = gazetteer.columns
    lon, lat = float(columns["place_lon"][one]), float(columns["place_lat"][one])
    reach = float(columns["place_radius"][one] + columns["place_radius"][other]) + APART_M
    away = np.hypot((columns["place_lon"][other] - lon) * per_lon(lat), (columns["place_lat"][other] - lat) * PER_LAT)
    if away > reach:
        return None
    here, there = _line(gazetteer, one, lon, lat), _line(gazetteer, other, lon, lat)
    here = _around(here, there)
    there = _around(there, here)
    if not len(here) or not len(there):
        return None
    apart = (here[:, None, 0] - there[None, :, 0]) ** 2 + (here[:, None, 1] - there[None, :, 1]) ** 2
    first, second = divmod(int(apart.argmin()), len(there))
    gap = math.sqrt(apart[first, second])
    if gap > APART_M:
        return None
    middle = (here[first] + there[second]) / 2
    return float(lon + middle[0] / per_lon(lat)), float(lat + middle[1] / PER_LAT), gap


def _around(points: Floats, others: Floats) -> Floats:
    """Return the points that can lie within APART_M of one of the others, judged by the box that holds these."""
    if not len(others):
        return points[:0]
    near = (points > others.min(axis=0) - APART_M) & (points < others.max(axis=0) + APART_M)
    result: Floats = points[near[:, 0] & near[:, 1]]
    return result


def _line(gazetteer: Gazetteer, place: int, lon: float, lat: float) -> Floats:
    """Return points along a road in metres from a point, with points between neighbours in number."""
    columns = gazetteer.columns
    rows = columns["slot_row"][int(columns["place_first"][place]) : int(columns["place_first"][place + 1])]
    rows = rows[:: max(1, len(rows) // MOST)]
    points = np.stack(
        [(columns["row_lon"][rows] - lon) * per_lon(lat), (columns["row_lat"][rows] - lat) * PER_LAT], axis=1
    )
    if len(points) < 2:
        return points
    step = np.diff(points, axis=0)
    near = np.hypot(step[:, 0], step[:, 1]) < APART_M
    between = [points[:-1][near] + share * step[near] for share in (0.25, 0.5, 0.75)]
    result: Floats = np.concatenate([points, *between])
    return result
