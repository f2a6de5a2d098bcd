"""Where two roads cross: by their own doors, and where they come nearest."""

from geo.addresses.answers import Accuracy, AddressRow
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.addresses.ground import metres, moved

LON, LAT = 119.3, 33.2
TEXT = "白田路与泰山路交叉口路灯坏了"


def _row(place: int, name: str, east: float, north: float) -> AddressRow:
    return AddressRow(place, name, *moved(LON, LAT, east, north))


def _doors(first: int, township: str, road: str, start: complex, step: complex) -> list[AddressRow]:
    at = [start + step * number for number in range(12)]
    return [
        _row(first + number, f"{township}{road}{number + 1}号", one.real, one.imag) for number, one in enumerate(at)
    ]


def test_houses_that_stand_back_from_two_roads_are_not_where_they_cross():
    rows = _doors(0, "安宜镇", "白田路", 40 + 0j, 30 + 0j) + _doors(20, "安宜镇", "泰山路", 40j, 30j)
    rows += [_row(40 + one, f"安宜镇白田路9弄{one}号", 200 + 10 * one, 195) for one in range(1, 6)]
    rows += [_row(60 + one, f"安宜镇泰山路10号阳光花园{one}幢", 200 + 10 * one, 200) for one in range(1, 6)]
    best = Geocoder(Gazetteer.build(rows)).geocode("安宜镇" + TEXT).best
    assert best is not None and best.accuracy is Accuracy.CROSSING
    assert metres(best.lon, best.lat, LON, LAT) < 40


def test_roads_of_which_only_houses_in_lanes_are_known_cross_where_these_come_nearest():
    rows = [_row(one, f"安宜镇白田路9弄{one}号", 10.0 * one, 0.0) for one in range(1, 6)]
    rows += [_row(20 + one, f"安宜镇泰山路10弄{one}号", 0.0, 10.0 * one) for one in range(1, 6)]
    best = Geocoder(Gazetteer.build(rows)).geocode("安宜镇" + TEXT).best
    assert best is not None and best.accuracy is Accuracy.CROSSING
    assert metres(best.lon, best.lat, LON, LAT) < 20


def test_of_two_pairs_of_roads_with_the_same_names_the_one_that_meets_is_likelier():
    far = 20_000
    rows = _doors(0, "安宜镇", "白田路", -150 + 0j, 30 + 0j) + _doors(20, "安宜镇", "泰山路", -150j, 30j)
    rows += _doors(40, "汜水镇", "白田路", far + 250 + 0j, 30 + 0j) + _doors(60, "汜水镇", "泰山路", far + 250j, 30j)
    answer = Geocoder(Gazetteer.build(rows)).geocode(TEXT)
    crossings = [each for each in answer.candidates if each.accuracy is Accuracy.CROSSING]
    assert [each.township for each in crossings] == ["安宜镇", "汜水镇"]
    assert crossings[0].confidence > 2 * crossings[1].confidence
