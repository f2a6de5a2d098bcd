"""How far a base map's datum lies from ours, in a form that a browser can use.

Tiles drawn in GCJ-02 or BD-09 show everything some hundred metres off. The page moves them back, each tile by the
offset at its own place; geo.crs stays the only place that knows the formulas.
"""

from typing import Any

import numpy as np

from geo.crs import Bounds, from_wgs84

LATTICE_DEG = {"gcj02": 0.03, "bd09": 0.01}
"""Spacing of the points at which a shifted basemap's offset is sampled: between them the error stays below 2 m.
BD-09 ripples every 0.12 degrees, which 0.05 missed by 27 m."""

LATTICE_SIDE = 50
"""Points along a side at most, which keeps the page small: wider than 0.5° the error of BD-09 grows to some metres."""


def offset_lattice(bounds: Bounds, datum: str) -> dict[str, Any] | None:
    """How far `datum` lies from WGS-84 at the points of a lattice over `bounds`, in degrees; None where not at all.

    The browser interpolates between them, so that geo.crs stays the only place that knows the formula.
    """
    if datum not in LATTICE_DEG:
        return None
    west, south, east, north = bounds
    step = max(LATTICE_DEG[datum], (east - west) / LATTICE_SIDE, (north - south) / LATTICE_SIDE)
    columns = np.arange(west - step, east + 2 * step, step)
    rows = np.arange(south - step, north + 2 * step, step)
    lon, lat = (part.ravel() for part in np.meshgrid(columns, rows))
    shifted_lon, shifted_lat = from_wgs84(lon, lat, datum)
    return {
        "west": columns[0],
        "south": rows[0],
        "step": step,
        "columns": len(columns),
        "rows": len(rows),
        "lon": np.round(shifted_lon - lon, 6).tolist(),
        "lat": np.round(shifted_lat - lat, 6).tolist(),
    }
