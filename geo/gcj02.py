"""The shifted map datums of China: GCJ-02 (Amap, Tencent) and BD-09 (Baidu).

The formulas only. `geo.crs` is the door through which everything else reaches them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Bounds: TypeAlias = tuple[float, float, float, float]
"""(west, south, east, north), or (min x, min y, max x, max y)."""

CHINA: Bounds = (72.004, 0.8293, 137.8347, 55.8271)
"""Where GCJ-02 and BD-09 shift at all, as the providers' own software has it: a box, not the border."""

# GCJ-02 is defined on Krasovsky's ellipsoid, whatever it is applied to.
KRASOVSKY_A, KRASOVSKY_E2 = 6378245.0, 0.00669342162296594323

# Each round shrinks the error at least fifty-fold (the shifts change by < 2 % of the way moved); one round alone,
# as commonly seen, leaves up to 4.5 m.
ROUNDS = 8

# One formula serves floats and arrays: `xp` is `math` or `numpy`, which name these functions alike.
_Shift: TypeAlias = Callable[[Any, Any, ModuleType], tuple[Any, Any]]


def _gcj02_shift(lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
    """GCJ-02 minus WGS-84 in degrees at a WGS-84 position.

    The polynomial and sines are the ones found in providers' software around 2010 and published many times since
    (e.g. Wikipedia, "Restrictions on geographic data in China"); no official text exists.
    """
    x, y, pi = lon - 105.0, lat - 35.0, math.pi
    shared = 20.0 * xp.sin(6.0 * pi * x) + 20.0 * xp.sin(2.0 * pi * x)
    root = xp.sqrt(xp.fabs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (shared + 20.0 * xp.sin(pi * y) + 40.0 * xp.sin(pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * xp.sin(pi * y / 12.0) + 320.0 * xp.sin(pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (shared + 20.0 * xp.sin(pi * x) + 40.0 * xp.sin(pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * xp.sin(pi * x / 12.0) + 300.0 * xp.sin(pi * x / 30.0)) * 2.0 / 3.0
    phi = lat * (pi / 180.0)
    w2 = 1.0 - KRASOVSKY_E2 * xp.sin(phi) ** 2
    w = xp.sqrt(w2)
    per_north = pi / 180.0 * KRASOVSKY_A * (1.0 - KRASOVSKY_E2) / (w2 * w)
    per_east = pi / 180.0 * KRASOVSKY_A / w * xp.cos(phi)
    return east / per_east, north / per_north


def _bd09_shift(lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
    """BD-09 minus GCJ-02 in degrees at a GCJ-02 position.

    Checked against Amap's own converter to a millimetre. Beware of copies that say pi for k: they are 5 to 40 m off.
    """
    k = math.pi * 3000.0 / 180.0
    radius = xp.sqrt(lon * lon + lat * lat) + 0.00002 * xp.sin(lat * k)
    angle = xp.atan2(lat, lon) + 0.000003 * xp.cos(lon * k)
    return radius * xp.cos(angle) + 0.0065 - lon, radius * xp.sin(angle) + 0.006 - lat


def _forth(shift: _Shift) -> _Shift:
    def step(lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
        d_lon, d_lat = shift(lon, lat, xp)
        return lon + d_lon, lat + d_lat

    return step


def _back(shift: _Shift) -> _Shift:
    """The inverse: the position that the shift moves here, by repeated substitution."""

    def step(lon: Any, lat: Any, xp: ModuleType) -> tuple[Any, Any]:
        at_lon, at_lat = lon, lat
        for _ in range(ROUNDS):
            d_lon, d_lat = shift(at_lon, at_lat, xp)
            at_lon, at_lat = lon - d_lon, lat - d_lat
        return at_lon, at_lat

    return step


def _in_china(lon: Any, lat: Any) -> Any:
    west, south, east, north = CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


class _InChina:
    """A transformation that shifts inside the box of China and is identity outside it, NaN and infinity included."""

    def __init__(self, step: _Shift, doc: str) -> None:
        self._step = step
        self.__doc__ = doc

    @overload
    def __call__(self, lon: float, lat: float) -> tuple[float, float]: ...
    @overload
    def __call__(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]: ...
    def __call__(self, lon: Any, lat: Any) -> tuple[Any, Any]:
        if isinstance(lon, (float, int)):
            return self._step(lon, lat, math) if _in_china(lon, lat) else (lon, lat)
        lon, lat = np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)
        inside = _in_china(lon, lat)
        lon[inside], lat[inside] = self._step(lon[inside], lat[inside], np)
        return lon, lat


wgs84_to_gcj02 = _InChina(_forth(_gcj02_shift), "Degrees on Amap's or Tencent's map for a WGS-84 position.")
gcj02_to_wgs84 = _InChina(_back(_gcj02_shift), "The WGS-84 position shown at these GCJ-02 degrees, to < 1e-9 degrees.")
gcj02_to_bd09 = _InChina(_forth(_bd09_shift), "Degrees on Baidu's map for a GCJ-02 position.")
bd09_to_gcj02 = _InChina(_back(_bd09_shift), "The GCJ-02 position of these BD-09 degrees, to < 1e-9 degrees.")


@overload
def bd09_to_wgs84(lon: float, lat: float) -> tuple[float, float]: ...
@overload
def bd09_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]: ...
def bd09_to_wgs84(lon: Any, lat: Any) -> tuple[Any, Any]:
    """The WGS-84 position of degrees read off Baidu's map."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


@overload
def wgs84_to_bd09(lon: float, lat: float) -> tuple[float, float]: ...
@overload
def wgs84_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]: ...
def wgs84_to_bd09(lon: Any, lat: Any) -> tuple[Any, Any]:
    """Degrees on Baidu's map for a WGS-84 position."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
