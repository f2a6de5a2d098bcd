"""Worked examples of the geocoder: every way in which operators write, and what must never be placed."""

import pytest

from geo.addresses.answers import Accuracy, AddressRow, Answer
from geo.addresses.areas import AreaName
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.addresses.ground import metres

LON, LAT = 119.300, 33.200
STEP = 0.0001
"""Degrees from one number of 白田中路 to the next, some nine metres."""


def _door(first: int, road: str, number: int, east: float, north: float) -> AddressRow:
    return AddressRow(first + number, f"{road}{number}号", LON + east, LAT + north, township=road[:3])


def _building(number: int) -> AddressRow:
    return AddressRow(
        400 + number, f"安宜镇白田中路88号阳光花园{number}幢", LON + 0.0088, LAT + 0.0003 * number, road="白田中路",
        number="88号", compound="阳光花园", building=f"{number}幢", township="安宜镇",
    )  # fmt: skip


def _rows() -> list[AddressRow]:
    known = (2, 4, 8, 20, 30, 40, 60, 80, 86, 88, 1, 3, 9, 21, 31, 41, 61, 79, 89)
    rows = [_door(100, "安宜镇白田中路", number, number * STEP, (number % 2) * 0.0002) for number in known]
    rows += [_building(number) for number in (1, 2, 3)]
    rows += [_door(500, "安宜镇泰山路", number, 0.003, number * STEP - 0.003) for number in (1, 2, 10, 29, 40, 58)]
    rows += [_door(600, "汜水镇人民路", number, 0.2 + number * STEP, -0.2) for number in (1, 2, 5, 8, 12)]
    rows += [_door(700, "安宜镇人民路", number, 0.01 + number * STEP, 0.01) for number in (1, 2, 5, 8, 12)]
    rows.append(AddressRow(800, "安宜镇实验小学", LON + 0.005, LAT + 0.005, aliases=("老师范",), township="安宜镇"))
    rows.append(AddressRow(801, "汜水镇牌楼村三组12号", LON + 0.21, LAT - 0.21, township="汜水镇", village="牌楼村"))
    rows.append(AddressRow(802, "汜水镇牌楼村五组", LON + 0.215, LAT - 0.21, township="汜水镇", village="牌楼村"))
    return rows


@pytest.fixture(scope="module")
def geocoder() -> Geocoder:
    townships = [AreaName("1", "安宜镇", LON, LAT, 6000.0), AreaName("2", "汜水镇", LON + 0.2, LAT - 0.2, 6000.0)]
    villages = [AreaName("21", "牌楼村", LON + 0.21, LAT - 0.21, 1200.0, township="汜水镇")]
    return Geocoder(Gazetteer.build(_rows(), townships, villages))


def _off(answer: Answer, lon: float, lat: float) -> float:
    best = answer.best
    assert best is not None
    return metres(best.lon, best.lat, lon, lat)


def test_the_example_of_the_issue_is_placed_at_its_building(geocoder: Geocoder):
    text = "安宜镇白田中路88号阳光花园3幢楼下有人乱倒垃圾"
    answer = geocoder.geocode(text)
    assert answer.best is not None
    assert (answer.best.accuracy, answer.best.address_id) == (Accuracy.BUILDING, 403)
    assert answer.best.confidence > 0.9
    assert answer.township == answer.best.township == "安宜镇"
    pieces = [(piece.kind, piece.text) for piece in answer.best.pieces]
    assert pieces == [
        ("township", "安宜镇"),
        ("road", "白田中路"),
        ("number", "88号"),
        ("compound", "阳光花园"),
        ("building", "3幢"),
    ]
    assert all(text[piece.start : piece.end] == piece.text for piece in answer.best.pieces)


@pytest.mark.parametrize(
    "text",
    [
        "安宜镇白田中路８６号",  # full width
        "安宜镇白田中路八十六号",  # Chinese numerals
        "安宜鎮白田中路86號",  # traditional
        "安宜镇安宜镇白田中路86号",  # a word typed twice
        "那个安宜镇，就是白田中路的86号",  # filler
        "安宜镇百田中路86号",  # a homophone
        "安宜镇白由中路86号",  # a wrong character
        "安宜镇白田路86号",  # a missing character
        "安宜镇白田中中路86号",  # one too many
        "白田中路86号",  # no township
        "86号白田中路安宜镇",  # order changed
        "白田中路86号安宜镇",
        "安怡镇白田中路86号",  # a slip in the township
        "市民来电反映安宜镇白田中路86号旁边有3盏路灯坏了",  # in a sentence
    ],
)
def test_a_door_of_the_list_is_found_however_it_is_written(geocoder: Geocoder, text: str):
    best = geocoder.geocode(text).best
    assert best is not None
    assert (best.accuracy, best.address_id) == (Accuracy.DOOR, 186)


@pytest.mark.parametrize(
    "text", ["阳光花园3幢", "阳光花园③栋", "阳光花园三号楼", "阳光花园3座", "陽光花園3棟", "阳光花圆3幢"]
)
def test_a_building_is_found_by_its_compound_alone(geocoder: Geocoder, text: str):
    best = geocoder.geocode(text).best
    assert best is not None
    assert (best.accuracy, best.address_id) == (Accuracy.BUILDING, 403)


def test_a_number_between_known_ones_lies_between_them_on_its_own_side(geocoder: Geocoder):
    answer = geocoder.geocode("安宜镇白田中路50号")
    assert answer.best is not None
    assert answer.best.accuracy is Accuracy.INTERPOLATED
    assert answer.best.address_id is None
    assert _off(answer, LON + 50 * STEP, LAT) < 25
    odd = geocoder.geocode("安宜镇白田中路51号").best
    assert odd is not None
    assert odd.lat > answer.best.lat


def test_a_number_far_beyond_the_last_is_only_the_road(geocoder: Geocoder):
    best = geocoder.geocode("安宜镇白田中路988号").best
    assert best is not None
    assert best.accuracy is Accuracy.ROAD
    assert not best.accuracy.is_point


def test_two_roads_cross_where_their_numbers_meet(geocoder: Geocoder):
    answer = geocoder.geocode("安宜镇白田中路与泰山路交叉口路灯坏了")
    assert answer.best is not None
    assert answer.best.accuracy is Accuracy.CROSSING
    assert _off(answer, LON + 0.003, LAT) < 40


def test_metres_to_the_east_move_the_point(geocoder: Geocoder):
    answer = geocoder.geocode("安宜镇实验小学往东50米")
    assert answer.best is not None
    assert 45 < metres(answer.best.lon, answer.best.lat, LON + 0.005, LAT + 0.005) < 55
    assert answer.best.lon > LON + 0.005
    assert "relation" in {piece.kind for piece in answer.best.pieces}


def test_across_the_street_is_the_other_side(geocoder: Geocoder):
    best = geocoder.geocode("安宜镇白田中路40号对面").best
    assert best is not None
    assert best.lat > LAT + 0.0001


def test_an_alias_is_as_good_as_the_name(geocoder: Geocoder):
    best = geocoder.geocode("老师范门口有人摆摊").best
    assert best is not None
    assert (best.accuracy, best.address_id) == (Accuracy.LANDMARK, 800)


def test_a_group_is_nothing_without_its_village(geocoder: Geocoder):
    best = geocoder.geocode("汜水镇牌楼村三组12号").best
    assert best is not None
    assert best.address_id == 801
    alone = geocoder.geocode("三组12号").best
    assert alone is None or alone.address_id != 801


def test_one_road_name_in_two_townships_is_two_candidates(geocoder: Geocoder):
    candidates = geocoder.geocode("人民路5号").candidates
    assert {candidate.township for candidate in candidates[:2]} == {"安宜镇", "汜水镇"}
    assert all(candidate.confidence < 0.6 for candidate in candidates)


def test_the_township_named_decides_between_them(geocoder: Geocoder):
    best = geocoder.geocode("汜水镇人民路5号").best
    assert best is not None
    assert best.address_id == 605
    assert best.confidence > 0.9


def test_a_named_township_that_contradicts_is_kept_and_lowers(geocoder: Geocoder):
    answer = geocoder.geocode("汜水镇白田中路86号")
    agreeing = geocoder.geocode("安宜镇白田中路86号")
    assert answer.township == "汜水镇"
    assert answer.best is not None and agreeing.best is not None
    assert answer.best.confidence < agreeing.best.confidence


@pytest.mark.parametrize(
    ("text", "accuracy"),
    [
        ("安宜镇有人打架", Accuracy.TOWNSHIP),
        ("汜水镇牌楼村有人打架", Accuracy.VILLAGE),
        ("安宜镇白田中路有人打架", Accuracy.ROAD),
        ("安宜镇云山路5号", Accuracy.TOWNSHIP),
    ],
)
def test_what_names_only_an_area_is_never_a_point(geocoder: Geocoder, text: str, accuracy: Accuracy):
    best = geocoder.geocode(text).best
    assert best is not None
    assert best.accuracy is accuracy
    assert best.radius_m > 100


def test_a_text_without_a_place_finds_nothing(geocoder: Geocoder):
    answer = geocoder.geocode("路灯坏了没有人修")
    assert answer.candidates == ()
    assert str(answer.why)


def test_there_are_never_more_than_five_and_together_they_are_no_more_than_sure(geocoder: Geocoder):
    for text in ("人民路5号", "安宜镇人民路6号", "阳光花园", "白田中路泰山路人民路实验小学"):
        candidates = geocoder.geocode(text).candidates
        points = [candidate.confidence for candidate in candidates if candidate.accuracy.is_point]
        assert len(candidates) <= 5
        assert sum(points) <= 1.0 + 1e-9
        assert all(0.0 <= candidate.confidence <= 1.0 for candidate in candidates)


@pytest.mark.parametrize(
    "text", ["", " ", "，。！", "88号", "888888888888", "路", "😀" * 50, "镇" * 200, "安宜镇" * 100, "人民路5号" * 50]
)
def test_nothing_that_is_typed_breaks_it(geocoder: Geocoder, text: str):
    assert geocoder.geocode(text).text == text


def test_many_texts_are_answered_in_their_order(geocoder: Geocoder):
    texts = ["安宜镇白田中路86号", "阳光花园3幢", "安宜镇白田中路86号"]
    assert geocoder.geocode_many(texts) == [geocoder.geocode(text) for text in texts]
