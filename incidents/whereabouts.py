"""“Where is this, and whose is it?” for any pair of coordinates: one answer for the command line, the API and pages."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo.crs import accuracy_m, check_coordinates, parse_datum, to_wgs84
from geo.placing import AreaIndex
from incidents.explaining import explain
from incidents.intake import areas_of
from incidents.routing import route
from staffing.rosters import load_roster


def whereabouts(db: Session, index: AreaIndex, x: float, y: float, datum: str, at: datetime) -> dict[str, Any]:
    """Say where a pair of numbers lies at the aware moment `at`, by which areas and rule, and who answers there.

    x is east and y is north in `datum`: DatumError where that is none. Numbers that cannot be a place have the
    status `invalid` and a `problem` with a sentence. `accuracy_m` is what the change of datum may add, None when
    nobody knows.
    """
    known = parse_datum(datum)
    asked = {"lon": x, "lat": y, "datum": str(known), "method": "coordinates", "accuracy_m": accuracy_m(known)}
    problem = check_coordinates(x, y, known)
    if problem is not None:
        said = {"status": "invalid", "rule": "unusable-coordinates", "at": at.isoformat()}
        return asked | {"wgs84": None, "problem": {"code": problem.code, "message": problem.message}} | said
    lon, lat = (float(degrees) for degrees in to_wgs84(x, y, known))
    location = index.at(at).locate(lon, lat)
    responsibility = route(location, load_roster(db, areas_of([location])), at)
    answer = explain(location, responsibility, at=at)
    return asked | {"wgs84": {"lon": lon, "lat": lat}, "areas_epoch": index.epoch} | answer
