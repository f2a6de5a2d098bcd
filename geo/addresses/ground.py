"""Metres between points near each other, on a plane that is flat enough for a county."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PER_LAT = 110_900.0
"""Metres per degree of latitude in the middle of the country; a county errs by less than a thousandth."""


def per_lon(lat: float) -> float:
    """Return the metres per degree of longitude at a latitude."""
    return 111_320.0 * math.cos(math.radians(lat))


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the metres between two points."""
    return math.hypot((lon - other_lon) * per_lon((lat + other_lat) / 2), (lat - other_lat) * PER_LAT)


def metres_to(lon: float, lat: float, lons: Floats, lats: Floats) -> Floats:
    """Return the metres from a point to each of many."""
    return np.hypot((lons - lon) * per_lon(lat), (lats - lat) * PER_LAT)


def moved(lon: float, lat: float, east_m: float, north_m: float) -> tuple[float, float]:
    """Return the point so many metres east and north."""
    return lon + east_m / per_lon(lat), lat + north_m / PER_LAT
