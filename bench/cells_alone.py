"""A limit for the locator: the code of each point's cell read from the same table, and nothing done about borders.

Any table of cells must read that much, in the order in which the points come. What the locator takes beyond it is
what it costs to be exact.
"""

import numpy as np
from numba import njit

from bench.brute_force import Indices
from bench.ground import Floats
from geo.raster.raster import Raster


def cells_alone(raster: Raster, lon: Floats, lat: Floats) -> Indices:
    """Return what the table says of each point's cell; no answer to anything."""
    codes = np.empty(len(lon), dtype=np.int32)
    frame = raster.frame
    _read(raster.arrays.table, frame.x0, frame.y0, 1.0 / frame.w, 1.0 / frame.h, frame.nx, frame.ny, lon, lat, codes)
    return codes


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _read(
    table: Indices, x0: float, y0: float, per_w: float, per_h: float, nx: int, ny: int,
    lon: Floats, lat: Floats, codes: Indices,
) -> None:  # fmt: skip
    for i in range(lon.shape[0]):
        u, v = (lon[i] - x0) * per_w, (lat[i] - y0) * per_h
        if u >= 0.0 and v >= 0.0 and u < nx and v < ny:
            codes[i] = table[int(v) * nx + int(u)]
        else:
            codes[i] = -1
