"""Which coordinate system a layer's bare numbers could be in, where its file does not say.

The systems are those that Chinese offices use; what only looks alike (feet, another country's metres) is for the
importer and the clerk to tell apart. Transformations are geo.crs's.
"""

import numpy as np

from geo.crs import CHINA, Bounds, Floats, bounds_in_wgs84


def guess_crs(bounds: Bounds, county: Bounds | None = None) -> list[int]:
    """Return every EPSG code that could explain a layer's raw bounds, east first; the caller asks when several fit.

    `county` is where the ground must be, as (west, south, east, north) in WGS-84: with it only codes remain that
    put most of the layer's box there, without it every code of the shape remains. An easting of 8 digits begins
    with its zone (13–23: 6°, 25–45: 3°); one of 6 digits leaves the central meridian open. The 3° and the 6° code
    of one meridian are the same formula, so each meridian is named once: as 3° when the layer stays within 200 km
    of it, as 6° beyond. Degrees give 4490 in China and 4326 elsewhere, which are alike; whether they were shifted
    to GCJ-02 cannot be seen. Web Mercator (3857) is named where it would put the layer into China.
    """
    if not np.isfinite(bounds).all() or bounds[0] > bounds[2] or bounds[1] > bounds[3]:
        return []
    return [epsg for epsg in _plausible(bounds) if county is None or _fits(bounds, epsg, county)]


def guess_swapped_crs(bounds: Bounds, county: Bounds | None = None) -> list[int]:
    """The same for a layer written north first, as some survey exports are.

    Ask it only when `guess_crs` finds nothing; if a code comes back, x and y must be exchanged before use.
    """
    return guess_crs((bounds[1], bounds[0], bounds[3], bounds[2]), county)


def _within(bounds: Bounds, box: Bounds) -> bool:
    return bounds[0] >= box[0] and bounds[1] >= box[1] and bounds[2] <= box[2] and bounds[3] <= box[3]


def _plausible(bounds: Bounds) -> list[int]:
    if _within(bounds, (-180, -90, 180, 90)):
        return [4490 if _within(bounds, CHINA) else 4326]
    return _gauss_kruger(bounds) + ([3857] if _within(bounds, _CHINA_MERCATOR) else [])


_CHINA_MERCATOR: Bounds = (8.0e6, 0.3e6, 15.1e6, 7.3e6)


def _gauss_kruger(bounds: Bounds) -> list[int]:
    """CGCS2000 codes for a layer in transverse Mercator metres, by the digits of its easting."""
    west, south, east, north = bounds
    zone = int(west // 1_000_000)
    if south < 300_000 or north > 6_300_000 or zone != int(east // 1_000_000) or west % 1_000_000 < 100_000:
        return []
    if zone == 0:
        three_degrees = max(abs(west - 500_000), abs(east - 500_000)) <= 200_000
        return list(range(4534, 4555) if three_degrees else range(4502, 4513))
    if 13 <= zone <= 23:
        return [4491 + zone - 13]
    return [4513 + zone - 25] if 25 <= zone <= 45 else []


def _fits(bounds: Bounds, epsg: int, county: Bounds) -> bool:
    """Tell whether at least half of the layer's box lies in the county's box."""
    if (there := bounds_in_wgs84(bounds, f"EPSG:{epsg}")) is None:
        return False
    west, south, east, north = there
    width = max(0.0, min(east, county[2]) - max(west, county[0]) + _HAIR)
    height = max(0.0, min(north, county[3]) - max(south, county[1]) + _HAIR)
    return bool(width * height >= 0.5 * (east - west + _HAIR) * (north - south + _HAIR))


_HAIR = 1e-9  # gives a single point or a line a size


def share_within(lon: Floats, lat: Floats, box: Bounds) -> float:
    """The share of positions inside a box: of vertices just transformed on a guess, at least 0.99 must lie at home."""
    west, south, east, north = box
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return float(inside.mean()) if inside.size else 0.0
