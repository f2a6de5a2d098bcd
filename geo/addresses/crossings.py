"""Where two roads cross: where their known numbers come nearest to each other."""

import math

import numpy as np
from numpy.typing import NDArray

from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import PER_LAT, metres_to, moved, per_lon

Points = NDArray[np.complex128]
"""Metres east, and as the imaginary part north, of the middle of the first road."""
MOST = 60
"""Points of a road that are compared; a longer one is thinned."""
APART_M = 600.0
"""Roads that come no nearer than this do not cross, as far as the list knows."""


def cross(gazetteer: Gazetteer, one: int, other: int) -> tuple[float, float, float] | None:
    """Return lon and lat where two places of kind road come nearest, and the metres between them there; None if far."""
    values = gazetteer.values
    lon, lat = values["place_lon"][one], values["place_lat"][one]
    reach = values["place_radius"][one] + values["place_radius"][other] + APART_M
    if float(metres_to(lon, lat, values["place_lon"][other], values["place_lat"][other])) > reach:
        return None
    here, there = _line(gazetteer, one, lon, lat), _line(gazetteer, other, lon, lat)
    here = _around(here, there)
    there = _around(there, here)
    if not len(here) or not len(there):
        return None
    apart = (here.real[:, None] - there.real) ** 2
    apart += (here.imag[:, None] - there.imag) ** 2
    first, second = divmod(int(apart.argmin()), len(there))
    gap = math.sqrt(apart[first, second])
    if gap > APART_M:
        return None
    middle = complex(here[first] + there[second]) / 2
    return *moved(lon, lat, middle.real, middle.imag), gap


def _around(points: Points, others: Points) -> Points:
    """Return the points that can lie within APART_M of one of the others, judged by the box that holds these."""
    if not len(others):
        return points[:0]
    near = np.ones(len(points), bool)
    for along, of_others in ((points.real, others.real), (points.imag, others.imag)):
        near &= (along > of_others.min() - APART_M) & (along < of_others.max() + APART_M)
    return points[near]


def _line(gazetteer: Gazetteer, place: int, lon: float, lat: float) -> Points:
    """Return points along a road, with points between neighbours in number; see Points.

    Houses that stand back from it, in a lane or a compound, are left out where doors by the road are known: two such
    may lie nearer to each other than the roads' own doors do anywhere but where they cross.
    """
    columns = gazetteer.columns
    slots = slice(*gazetteer.values["place_first"][place : place + 2])
    back = columns["slot_lane"][slots] | columns["slot_inner"][slots] | columns["slot_building"][slots]
    rows = columns["slot_row"][slots]
    rows = rows if back.all() else rows[back == 0]
    rows = rows[:: max(1, len(rows) // MOST)]
    points: Points = (columns["row_lon"][rows] - lon) * per_lon(lat) + 1j * ((columns["row_lat"][rows] - lat) * PER_LAT)
    step = np.diff(points)
    near = np.abs(step) < APART_M
    between = points[:-1][near] + np.multiply.outer((0.25, 0.5, 0.75), step[near])
    return np.concatenate([points, between.ravel()])
