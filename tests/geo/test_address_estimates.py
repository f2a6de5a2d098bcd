"""Where a number lies that the list lacks, in which township, and how much of that the list's gaps leave open."""

import numpy as np
import pytest

from geo.addresses.answers import Accuracy, AddressRow, Answer
from geo.addresses.areas import AreaName
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.addresses.ground import metres
from geo.addresses.kriging import estimate

LON, LAT = 119.300, 33.200
STEP, ACROSS = 0.0001, 0.001
"""Degrees from one number to the next along a road to the east, and between the two sides of the wide road."""


def _row(row: int, name: str, east: float, north: float, township: str) -> AddressRow:
    return AddressRow(row, name, LON + east, LAT + north, township=township)


def _border_road() -> list[AddressRow]:
    """A road that is the border: odd numbers in the north are 田林街道's, even ones 虹梅街道's."""
    return [
        _row(number, f"宜山路{number}号", number * STEP, (number % 2) * ACROSS, ("虹梅街道", "田林街道")[number % 2])
        for number in range(1, 100)
        if number not in (50, 51)
    ]


def _geocoder(rows: list[AddressRow]) -> Geocoder:
    townships = [AreaName(str(place), name, LON, LAT, 9000.0)
                 for place, name in enumerate(dict.fromkeys(row.township for row in rows), 1)]  # fmt: skip
    return Geocoder(Gazetteer.build(rows, townships))


def _sure(answer: Answer) -> float:
    return answer.best.confidence if answer.best and answer.best.accuracy.is_point else 0.0


def test_a_lane_lies_behind_the_doors_of_its_side():
    doors = np.arange(1, 41)
    north = np.where(doors % 2, 30.0, -30.0)
    lanes = np.array([101, 103, 104, 106])
    number, lane = np.append(doors, lanes), np.append(np.zeros(40, bool), np.ones(4, bool))
    east, north = number * 5.0, np.append(north, [120.0, 110.0, -120.0, -110.0])
    odd_lane, even_lane = (estimate(asked, True, number, lane, east, north)[1] for asked in (71, 72))
    odd_door = estimate(71, False, number, lane, east, north)[1]
    assert even_lane < -50 < 0 < odd_door < odd_lane - 15


@pytest.mark.parametrize(("text", "township"), [("宜山路51号", "田林街道"), ("宜山路50号", "虹梅街道")])
def test_where_a_road_is_the_border_a_number_is_of_its_sides_township(text: str, township: str):
    side, other = int(text[3:5]) % 2, ({"虹梅街道", "田林街道"} - {township}).pop()
    shops = [_row(900 + place, f"{place}号店", 0.0050 + place * STEP / 5, side * ACROSS, other) for place in range(4)]
    best = _geocoder(_border_road() + shops).geocode(text).best
    assert best is not None
    assert (best.accuracy, best.township) == (Accuracy.INTERPOLATED, township)


def test_a_road_after_which_a_township_is_named_does_not_name_the_township():
    rows = [_row(number, f"斜土路{number}弄", number * STEP, 0.0, "徐家汇街道") for number in range(2, 80, 2)]
    rows += [_row(500 + number, f"斜土路{number}弄", number * STEP, 0.0, "斜土路街道") for number in range(800, 880, 2)]
    answer = _geocoder(rows).geocode("斜土路41弄")
    assert answer.best is not None
    assert answer.best.township == "徐家汇街道"
    assert answer.township is None
    assert metres(answer.best.lon, answer.best.lat, LON + 41 * STEP, LAT) < 60
    assert _geocoder(rows).geocode("斜土路街道斜土路41弄").township == "斜土路街道"


def test_a_row_that_is_a_number_and_no_name_is_not_the_number_of_every_road():
    rows = [_row(1, "99号", 0.0, 0.0, "田林街道"), *_border_road()]
    assert _sure(_geocoder(rows).geocode("长岛路99号")) == 0.0


def test_a_slip_is_believed_less_where_the_list_has_gaps():
    full = [_row(number, f"康杉路{number}号", number * STEP, 0.0, "田林街道") for number in range(1, 100)]
    gaps = [row for row in full if row.id % 7 == 1]
    assert _sure(_geocoder(full).geocode("康山路8号")) > 0.8 > _sure(_geocoder(gaps).geocode("康山路8号"))
    assert _sure(_geocoder(gaps).geocode("康杉路8号")) > 0.9


def test_an_area_is_as_sure_whatever_else_the_list_lacks():
    full = [_row(number, f"康杉路{number}号", number * STEP, 0.0, "田林街道") for number in range(1, 100)]
    gaps = [row for row in full if row.id % 7 == 1]
    of_full, of_gaps = (_geocoder(rows).geocode("康杉路有人乱倒垃圾").best for rows in (full, gaps))
    assert of_full is not None and of_gaps is not None
    assert of_full.accuracy is of_gaps.accuracy is Accuracy.ROAD
    assert of_full.confidence == of_gaps.confidence > 0.5


def test_a_number_that_the_list_has_as_a_lane_lies_among_its_neighbours_where_that_lane_is_wild():
    doors = [
        _row(number, f"宜山路{number}号", number * STEP, 0.0, "田林街道") for number in range(1, 100) if number != 51
    ]
    near = _geocoder([*doors, _row(500, "宜山路51弄", 51 * STEP, 3 * STEP, "田林街道")]).geocode("宜山路51号").best
    wild = _geocoder([*doors, _row(500, "宜山路51弄", 51 * STEP, 0.02, "田林街道")]).geocode("宜山路51号").best
    assert near is not None
    assert "as a lane or a door" in str(near.reasons[0])
    assert wild is not None
    assert metres(wild.lon, wild.lat, LON + 51 * STEP, LAT) < 60
