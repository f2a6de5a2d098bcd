"""The one place where coordinates change their system.

Everything is stored in WGS-84 as (lon, lat) and measured in metres. What arrives may be WGS-84 (phones), GCJ-02
(Amap, Tencent), BD-09 (Baidu), CGCS2000 (surveys) or any EPSG code. Taking GCJ-02 for WGS-84 puts a report some
430 m off, so every channel declares its datum and nothing here guesses in silence.

Transformations take floats, or float64 arrays of one shape, and answer in kind. Floats touch neither NumPy nor,
but for EPSG codes, pyproj: they take microseconds. The two ways agree within 1e-12 degrees (`math` and NumPy may
differ in the last bit of a sine). Everything is safe to share between threads.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar, overload

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from geo.gcj02 import (
    CHINA,
    Bounds,
    Floats,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from geo.sentences import Sentence, say

__all__ = [
    "BD09", "CGCS2000", "CHINA", "GCJ02", "WGS84", "Bounds", "CoordinateProblem", "Datum", "DatumError", "Floats",
    "LocalPlane", "accuracy_m", "accuracy_there_m", "area_m2", "bd09_to_gcj02", "bd09_to_wgs84", "bounds_in_wgs84",
    "check_coordinates", "coordinates_usable", "described_datum", "from_wgs84", "gcj02_to_bd09", "gcj02_to_wgs84",
    "local_metres", "parse_datum", "project_local", "to_wgs84", "unproject_local", "wgs84_to_bd09", "wgs84_to_gcj02",
]  # fmt: skip


# --- datums ---------------------------------------------------------------------------------------------------


class DatumError(ValueError):
    """The datum is not one that can be transformed; the message is a sentence for the person who wrote it."""

    def __init__(self, text: str, why: Sentence | None = None) -> None:
        why = why or say("is not a datum known here")
        advice = say("use wgs84, gcj02, bd09, cgcs2000 or an EPSG code such as EPSG:4549")
        self.text, self.sentence = text, say("“{text}” {why}: {advice}.", text=text, why=why, advice=advice)
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True)
class Datum:
    """What a pair of numbers means; `planar` when they are metres (or feet), not degrees. Made by `parse_datum`.

    `described` is the description (WKT) of a system that no register has, and whose name says nothing by itself:
    made by `described_datum`.
    """

    name: str
    planar: bool = False
    described: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> str:
        """What PROJ knows the system by."""
        return self.described or self.name


WGS84 = Datum("wgs84")
GCJ02 = Datum("gcj02")
BD09 = Datum("bd09")
CGCS2000 = Datum("cgcs2000")

_SPELLINGS: dict[str, Datum] = {
    **dict.fromkeys(("wgs84", "wgs1984", "gps", "wgs", "epsg4326", "epsg4979", "crs84", "ogccrs84"), WGS84),
    **dict.fromkeys(("gcj02", "gcj", "gcj2002", "火星", "火星坐标", "火星坐标系", "国测局", "国测局坐标"), GCJ02),
    **dict.fromkeys(("高德", "高德地图", "高德坐标", "amap", "gaode", "腾讯", "腾讯地图", "tencent"), GCJ02),
    **dict.fromkeys(("bd09", "bd09ll", "bd", "百度", "百度坐标", "百度地图", "百度经纬度", "baidu"), BD09),
    **dict.fromkeys(("cgcs2000", "cgcs", "国家2000", "2000国家", "国家2000坐标系", "2000国家大地坐标系"), CGCS2000),
    **dict.fromkeys(("国家大地2000", "大地2000", "天地图", "tianditu", "epsg4490"), CGCS2000),
}
_NO_PARAMETERS = re.compile(r"北京54|beijing54|beijing1954|bj54|西安80|xian80|xian1980|xa80")
_EPSG = re.compile(r"(?:.*epsg[\s:/_-]*(?:[\d.]*[:/])?)?(\d{4,6})")


@lru_cache(maxsize=512)
def parse_datum(text: str) -> Datum:
    """Return the datum that a person, a column or a file's metadata names, or raise DatumError.

    Case, spaces, hyphens and full-width letters do not matter.

    >>> parse_datum("GCJ-02").name, parse_datum(" 百度 ").name, parse_datum("国家2000").name
    ('gcj02', 'bd09', 'cgcs2000')
    >>> parse_datum("epsg:4549")
    Datum(name='EPSG:4549', planar=True)
    """
    tidy = unicodedata.normalize("NFKC", text).casefold().strip()
    plain = re.sub(r"[\W_]+", "", tidy)
    if plain in _SPELLINGS:
        return _SPELLINGS[plain]
    if plain.endswith("crs84"):
        return WGS84
    if _NO_PARAMETERS.search(plain):
        raise DatumError(text, say("has no public parameters to WGS-84; have it converted to CGCS2000 first"))
    if plain.startswith("bd09mc"):
        raise DatumError(text, say("is Baidu's own metre grid, which is not supported; export degrees instead"))
    if not (code := _EPSG.fullmatch(tidy)):
        raise DatumError(text)
    return _epsg_datum(text, int(code[1]))


def _epsg_datum(text: str, code: int) -> Datum:
    """Name the datum of an EPSG code; 4326 and 4490 are the named ones."""
    if known := _SPELLINGS.get(f"epsg{code}"):
        return known
    try:
        crs = pyproj.CRS.from_epsg(code)
    except CRSError:
        raise DatumError(text, say("is not in the EPSG register")) from None
    if not (crs.is_geographic or crs.is_projected):
        raise DatumError(text, say("({name}) is not a system of positions on a map", name=crs.name))
    return Datum(f"EPSG:{code}", planar=crs.is_projected)


def described_datum(description: str) -> Datum:
    """Return the datum that a .prj describes where no register has it: a county's own central meridian, for one.

    Raises CRSError for what is no coordinate system, and DatumError for one that PROJ cannot turn into WGS-84.
    """
    crs = pyproj.CRS.from_user_input(description)
    if not (crs.is_geographic or crs.is_projected):
        raise DatumError(crs.name, say("is not a system of positions on a map"))
    try:
        _to_lonlat(description)
    except ProjError:
        raise DatumError(crs.name, say("cannot be turned into WGS-84")) from None
    return Datum(crs.name, planar=crs.is_projected, described=description)


def _known(datum: Datum | str) -> Datum:
    return parse_datum(datum) if isinstance(datum, str) else datum


def accuracy_m(datum: Datum | str) -> float | None:
    """How far off a transformation to WGS-84 may be by itself, or None when PROJ has no parameters for it.

    None means tens to hundreds of metres (Xian 1980): worth a warning before anything is stored. It also means that
    PROJ has several sets of parameters, each for its own region, and `accuracy_there_m` tells which is taken.
    CGCS2000 and WGS-84 differ by less than a metre and are treated as one. GCJ-02 and BD-09 are not published:
    1 m is what their known formulas have been checked to.
    """
    datum = _known(datum)
    if datum in _OWN_ACCURACY_M:
        return _OWN_ACCURACY_M[datum]
    if getattr(pyproj.CRS(datum.definition).datum, "name", None) in _AS_GOOD_AS_WGS84:
        return 1.0
    accuracy = float(_to_lonlat(datum.definition).accuracy)
    return accuracy if accuracy >= 0 else None


def accuracy_there_m(x: Floats, y: Floats, datum: Datum | str) -> float | None:
    """The same for positions in the datum, of which the worst counts; None as soon as one has no parameters.

    Asks PROJ which operation it took for each, of those that need nothing from a network: give it a few positions.
    """
    datum = _known(datum)
    if (everywhere := accuracy_m(datum)) is not None or not len(x):
        return everywhere
    asked = pyproj.Transformer.from_crs(datum.definition, "EPSG:4326", always_xy=True)  # one that nobody else asks
    worst = 0.0
    for east, north in zip(x.tolist(), y.tolist(), strict=True):
        asked.transform(east, north)
        accuracy = float(asked.get_last_used_operation().accuracy)
        if accuracy < 0:
            return None
        worst = max(worst, accuracy)
    return worst


_AS_GOOD_AS_WGS84 = ("China 2000", "World Geodetic System 1984 ensemble")
_OWN_ACCURACY_M = {WGS84: 0.0, CGCS2000: 1.0, GCJ02: 1.0, BD09: 1.0}


# --- any datum ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _to_lonlat(name: str) -> pyproj.Transformer:
    """pyproj keeps one PROJ object per thread inside, so the cached one may be shared."""
    return pyproj.Transformer.from_crs(name, "EPSG:4326", always_xy=True)


_Step = Callable[[Any, Any], tuple[Any, Any]]
_SAME: dict[str, _Step] = dict.fromkeys(("wgs84", "cgcs2000"), lambda lon, lat: (lon, lat))
_TO: dict[str, _Step] = {**_SAME, "gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_FROM: dict[str, _Step] = {**_SAME, "gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}


@overload
def to_wgs84(x: float, y: float, datum: Datum | str) -> tuple[float, float]: ...
@overload
def to_wgs84(x: Floats, y: Floats, datum: Datum | str) -> tuple[Floats, Floats]: ...
def to_wgs84(x: Any, y: Any, datum: Datum | str) -> tuple[Any, Any]:
    """Return (lon, lat) in WGS-84 of x (east) and y (north) in a datum; infinite where the datum does not reach.

    The axes are always east first, whatever the EPSG register says (`always_xy`). Raises DatumError.
    """
    name = _known(datum).definition
    return _TO[name](x, y) if name in _TO else _to_lonlat(name).transform(x, y)


@overload
def from_wgs84(lon: float, lat: float, datum: Datum | str) -> tuple[float, float]: ...
@overload
def from_wgs84(lon: Floats, lat: Floats, datum: Datum | str) -> tuple[Floats, Floats]: ...
def from_wgs84(lon: Any, lat: Any, datum: Datum | str) -> tuple[Any, Any]:
    """Return x (east) and y (north) in a datum for a WGS-84 position: the inverse of `to_wgs84`."""
    name = _known(datum).definition
    return _FROM[name](lon, lat) if name in _FROM else _to_lonlat(name).transform(lon, lat, direction="INVERSE")


def bounds_in_wgs84(bounds: Bounds, datum: Datum | str) -> Bounds | None:
    """Return the (west, south, east, north) in WGS-84 of a box in a datum, or None where the datum does not reach."""
    try:
        west, south, east, north = _to_lonlat(_known(datum).definition).transform_bounds(*bounds, densify_pts=5)
    except ProjError:
        return None
    return west, south, east, north


# --- checking -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoordinateProblem:
    """Why a pair of numbers cannot be a place: a stable code and a sentence."""

    code: str
    message: Sentence


def check_coordinates(x: float, y: float, datum: Datum | str = WGS84) -> CoordinateProblem | None:
    """Say what makes a raw pair unusable, or None. Ask before transforming: afterwards (0, 0) is no longer zero.

    `coordinates_usable` answers yes or no, for arrays too.
    """
    datum = _known(datum)
    if not (math.isfinite(x) and math.isfinite(y)):
        return CoordinateProblem("not-finite", say("The coordinates are not numbers."))
    if abs(x) < _NOWHERE and abs(y) < _NOWHERE:
        return CoordinateProblem("placeholder", say("The coordinates are 0, 0: a placeholder, not a place."))
    if datum.planar:
        return _check_metres(x, y, datum)
    if abs(x) <= 180 and abs(y) <= 90:
        return None
    lon, lat = f"{x:g}", f"{y:g}"
    if abs(x) <= 90 and abs(y) <= 180:
        exchanged = say("Latitude {lat} is beyond 90: longitude and latitude may be exchanged.", lat=lat)
        return CoordinateProblem("swapped", exchanged)
    return CoordinateProblem(
        "out-of-range", say("Longitude {lon}, latitude {lat} is not on the earth.", lon=lon, lat=lat)
    )


_NOWHERE = 1e-6  # closer to 0, 0 than this is a rounded placeholder; in metres as in degrees


def _check_metres(x: float, y: float, datum: Datum) -> CoordinateProblem | None:
    at, name = f"{x:g}, {y:g}", datum.name
    if abs(x) <= 180 and abs(y) <= 90:
        return CoordinateProblem(
            "degrees", say("{at} looks like degrees, but {datum} is in metres.", at=at, datum=name)
        )
    lon, lat = to_wgs84(x, y, datum)
    if abs(lon) <= 180 and abs(lat) <= 90:
        return None
    return CoordinateProblem("out-of-range", say("{at} is outside what {datum} can describe.", at=at, datum=name))


@overload
def coordinates_usable(x: float, y: float, datum: Datum | str = WGS84) -> bool: ...
@overload
def coordinates_usable(x: Floats, y: Floats, datum: Datum | str = WGS84) -> NDArray[np.bool_]: ...
def coordinates_usable(x: Any, y: Any, datum: Datum | str = WGS84) -> Any:
    """Tell for a raw pair, or for each of many, whether `check_coordinates` finds nothing wrong."""
    datum = _known(datum)
    if isinstance(x, (float, int)):
        return check_coordinates(x, y, datum) is None
    nowhere = (np.abs(x) < _NOWHERE) & (np.abs(y) < _NOWHERE)
    degrees = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    if not datum.planar:
        return degrees & ~nowhere
    good = np.isfinite(x) & np.isfinite(y) & ~nowhere & ~degrees
    lon, lat = to_wgs84(np.where(good, x, np.nan), np.where(good, y, np.nan), datum)
    return good & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)


# --- measuring ------------------------------------------------------------------------------------------------

_A, _E2 = 6378137.0, 0.0066943799901413165  # WGS-84
_E = math.sqrt(_E2)
_Shape = TypeVar("_Shape", BaseGeometry, "NDArray[np.object_]")


def _south_of(lat: Floats) -> Floats:
    """Square metres of ellipsoid per radian of longitude from the equator to a latitude (Snyder 1987, p. 81)."""
    sine = np.sin(np.radians(lat))
    q = (1 - _E2) * (sine / (1 - _E2 * sine * sine) + np.arctanh(_E * sine) / _E)
    return q * (_A * _A / 2)


@overload
def area_m2(geometry: BaseGeometry) -> float: ...
@overload
def area_m2(geometry: NDArray[np.object_]) -> Floats: ...
def area_m2(geometry: Any) -> Any:
    """Square metres of WGS-84 outlines on the ellipsoid, one or an array of them; 0 for what is no polygon.

    Sides are straight in (lon, lat), as everywhere here, and each ring counts for itself (holes off), valid or not:
    the ground below each side is summed, by Simpson's rule where the side slants, good to 1e-9 for sides of 10 km.
    """
    parts, whole = shapely.get_parts(np.atleast_1d(geometry), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    at, ring = shapely.get_coordinates(rings, return_index=True)
    side = ring[1:] == ring[:-1]
    lat, next_lat = at[:-1, 1][side], at[1:, 1][side]
    below = (_south_of(lat) + 4 * _south_of((lat + next_lat) / 2) + _south_of(next_lat)) / 6
    below -= _south_of(at[np.searchsorted(ring, ring[:-1][side]), 1])  # from the ring's own start: loses no digits
    ground = np.abs(np.bincount(ring[:-1][side], below * np.radians(np.diff(at[:, 0])[side]), minlength=len(rings)))
    ground[1:][part[1:] == part[:-1]] *= -1  # all but the first ring of a polygon are holes
    area = np.bincount(whole[part], ground, minlength=np.size(geometry))
    return float(area[0]) if isinstance(geometry, BaseGeometry) else area


@dataclass(frozen=True)
class LocalPlane:
    """A plane in metres that touches the earth at (lon0, lat0); x is east, y is north. Made by `local_metres`.

    Lambert's azimuthal equal-area projection of the ellipsoid: areas are true everywhere, lengths within d²/8R²,
    that is 0.001 % at 50 km from the touching point and 0.02 % at 200 km.
    """

    lon0: float
    lat0: float
    _transformer: pyproj.Transformer

    def metres(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Return x and y of WGS-84 positions."""
        x, y = self._transformer.transform(lon, lat)
        return x, y

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return WGS-84 longitudes and latitudes: the inverse of `metres`."""
        lon, lat = self._transformer.transform(x, y, direction="INVERSE")
        return lon, lat


@lru_cache(maxsize=64)
def local_metres(lon0: float, lat0: float) -> LocalPlane:
    """Return the plane for measuring around a place. Making one costs a millisecond; it is kept."""
    plane = f"+proj=laea +lon_0={lon0!r} +lat_0={lat0!r} +datum=WGS84 +units=m"
    return LocalPlane(lon0, lat0, pyproj.Transformer.from_crs("EPSG:4326", plane, always_xy=True))


def project_local(geometry: _Shape, plane: LocalPlane) -> _Shape:
    """Return WGS-84 outlines in the metres of a local plane, vertex by vertex; Z is dropped."""
    return shapely.transform(geometry, lambda at: np.column_stack(plane.metres(at[:, 0], at[:, 1])))


def unproject_local(geometry: _Shape, plane: LocalPlane) -> _Shape:
    """Return outlines in a local plane's metres as WGS-84 degrees, to 2 mm."""
    return shapely.transform(geometry, lambda at: np.column_stack(plane.degrees(at[:, 0], at[:, 1])))
