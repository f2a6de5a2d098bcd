"""What a coordinate system is called: by its code, by its parameters where software named it badly, for a clerk."""

import re

import pyproj

from geo.crs import Datum
from geo.sentences import Sentence, say


def identify(text: str) -> str | None:
    """Return the EPSG code of a .prj or other description as “EPSG:4549”, or None when it is in no register.

    Raises CRSError when the text is no coordinate system at all.
    """
    system = pyproj.CRS.from_user_input(text)
    code = system.to_epsg()  # at PROJ's 70 % the parameters are the same; below, only the names are alike
    return f"EPSG:{code}" if code else _by_parameters(system)


def central_meridian(system: pyproj.CRS) -> float | None:
    """Return the central meridian of a transverse Mercator (Gauss-Krüger) projection in degrees; None of others."""
    operation = system.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return None
    return {parameter.name: float(parameter.value) for parameter in operation.params}.get(_MERIDIAN)


_MERIDIAN = "Longitude of natural origin"
_DATUM_NAMES = {"China 2000": "cgcs2000", "World Geodetic System 1984": "wgs84"}


def _by_parameters(system: pyproj.CRS) -> str | None:
    """Recognise what survey software writes without a name: degrees or Gauss-Krüger on a modern ellipsoid.

    CGCS2000, WGS-84 and GRS 80 differ by less than a millimetre in the semi-minor axis: they are one here.
    """
    ellipsoid = system.ellipsoid
    if ellipsoid is None or abs(ellipsoid.semi_major_metre - 6_378_137) > 0.01:
        return None
    meridian = system.prime_meridian
    if abs(ellipsoid.inverse_flattening - 298.2572) > 1e-3 or (meridian is not None and meridian.longitude):
        return None
    if system.is_geographic:
        known = re.search(r"84|2000|CGCS", f"{system.name} {system.datum}", re.IGNORECASE)
        return "EPSG:4326" if known else None
    return _gauss_kruger(system)


def _gauss_kruger(system: pyproj.CRS) -> str | None:
    """Return the CGCS2000 code of a 3° or 6° Gauss-Krüger projection, by its meridian and false easting."""
    operation = system.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator" or not _in_metres(system):
        return None
    value = {parameter.name: float(parameter.value) for parameter in operation.params}
    meridian, easting = value.get(_MERIDIAN, 0.0), value.get("False easting", 0.0)
    plain = value.get("Scale factor at natural origin") == 1 and not value.get("Latitude of natural origin")
    if not plain or value.get("False northing") or meridian % 3 or not 75 <= meridian <= 135:
        return None
    zone = int(meridian // 3)
    if easting == 500_000:
        return f"EPSG:{4534 + zone - 25}"
    return f"EPSG:{4513 + zone - 25}" if easting == zone * 1_000_000 + 500_000 else None


def _in_metres(system: pyproj.CRS) -> bool:
    return all(axis.unit_conversion_factor == 1 for axis in system.axis_info)


def code_of(datum: Datum) -> str:
    """Return the EPSG code of a system, or the name that its description gives it."""
    if datum.described:
        return datum.name
    return datum.name if datum.name.startswith("EPSG:") else {"cgcs2000": "EPSG:4490"}.get(datum.name, "EPSG:4326")


def named(datum: Datum) -> str | Sentence:
    """Return the name of a system, in quotes where a file gives it."""
    return say("“{name}”", name=datum.name) if datum.described else datum.name


def titled(datum: Datum) -> str | Sentence:
    """Return the name of a system, of an EPSG code with the register's own name in brackets."""
    if datum.described or not datum.name.startswith("EPSG:"):
        return named(datum)
    return say("{code} ({name})", code=datum.name, name=pyproj.CRS(datum.name).name)


def datum_of(datum: Datum) -> str:
    """Return the datum of a system: ours by name, others as the register calls them."""
    if not (datum.described or datum.name.startswith("EPSG:")):
        return datum.name
    geodetic = pyproj.CRS(datum.definition).datum
    name = geodetic.name.removesuffix(" ensemble") if geodetic is not None else "unknown"
    return _DATUM_NAMES.get(name, name)
