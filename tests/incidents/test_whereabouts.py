"""The whole answer for one pair of coordinates, as every door gives it."""

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo.crs import DatumError, from_wgs84
from incidents.whereabouts import whereabouts
from staffing.words import UnitKind
from tests.factories import NOW, make_duty, make_ladder, make_staff, make_unit
from tests.indexes import IndexOf


@pytest.fixture
def ladder(db: Session) -> dict[str, Any]:
    places: dict[str, Any] = make_ladder(db)
    make_duty(db, make_staff(db, "W1", make_unit(db, "T", UnitKind.TOWNSHIP, places["township"])), places["a"])
    return places


def test_it_names_place_people_rule_and_versions(db: Session, ladder: dict[str, Any]):
    index = IndexOf(db)
    said = whereabouts(db, index, 119.005, 33.005, "wgs84", NOW)
    assert (said["status"], said["rule"], said["method"]) == ("located", "covers", "coordinates")
    assert said["grid"]["code"] == ladder["a"].code
    assert said["township"]["code"] == ladder["township"].code
    assert said["answerer"]["person"]["staff_no"] == "W1"
    assert [(one["staff_no"], one["role"]) for one in said["staff"]] == [("W1", "worker")]
    assert said["neighbour"]["code"] == ladder["b"].code
    assert said["wgs84"] == {"lon": 119.005, "lat": 33.005}
    assert (said["areas_epoch"], said["accuracy_m"], said["at"]) == (index.epoch, 0.0, NOW.isoformat())
    assert json.loads(json.dumps(said)) == said, "it is JSON as it stands"


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "EPSG:4549"])
def test_the_pair_is_taken_for_what_its_datum_means(db: Session, ladder: dict[str, Any], datum: str):
    x, y = from_wgs84(119.0098, 33.005, datum)
    said = whereabouts(db, IndexOf(db), x, y, datum, NOW)
    assert said["grid"]["code"] == ladder["a"].code
    assert (said["lon"], said["lat"], said["datum"]) == (x, y, datum)
    assert said["wgs84"]["lon"] == pytest.approx(119.0098, abs=1e-6)


def test_outside_every_grid_it_names_the_nearest_and_nobody(db: Session, ladder: dict[str, Any]):
    said = whereabouts(db, IndexOf(db), 119.005, 34.0, "wgs84", NOW)
    assert (said["status"], said["grid"], said["answerer"], said["staff"]) == ("unlocated", None, None, [])
    assert said["neighbour"]["code"] == ladder["a"].code


def test_numbers_that_are_no_place_are_said_to_be_so(db: Session):
    said = whereabouts(db, IndexOf(db), 33.005, 119.005, "wgs84", NOW)
    assert (said["status"], said["wgs84"], said["problem"]["code"]) == ("invalid", None, "swapped")


def test_an_unknown_datum_is_refused_with_a_sentence(db: Session):
    with pytest.raises(DatumError, match="use wgs84"):
        whereabouts(db, IndexOf(db), 119.0, 33.0, "mars", NOW)
