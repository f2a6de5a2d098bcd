"""One way of writing, and the pieces that show by their form."""

import pytest

from geo.addresses.numerals import value
from geo.addresses.pieces import LETTERED, Door, Head, read_door, split_name
from geo.addresses.relations import crossing, find_relations
from geo.addresses.sounds import spell
from geo.addresses.writing import write


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("中山路８８－２号", "中山路88-2号"),
        ("中山路八十八号", "中山路88号"),
        ("中山路二〇三號", "中山路203号"),
        ("中山路②号", "中山路2号"),
        ("臺北市信義區", "台北市信义区"),
        ("阳光花园3棟", "阳光花园3幢"),
        ("阳光花园3栋", "阳光花园3幢"),
        ("康平路12衖", "康平路12弄"),
        ("安宜镇安宜镇中山路", "安宜镇中山路"),
        ("那个中山路嗯就是88号", "中山路88号"),
        ("中崙路87之8號", "中仑路87-8号"),
        ("中山路88#", "中山路88号"),
    ],
)
def test_what_is_written_in_many_ways_is_read_in_one(typed: str, meant: str):
    assert write(typed).text == meant


def test_digits_that_repeat_are_a_number_and_no_word_typed_twice():
    assert write("1212弄12号").text == "1212弄12号"


def test_a_number_in_a_name_stays_as_it_is():
    assert write("上南十二村").text == "上南十二村"
    assert write("中山南二路").text == "中山南二路"


@pytest.mark.parametrize("typed", ["那个　安宜镇安宜镇，白田中路八十八号", "臺北市⑫號 ５段", "", "😀㊙︎中山路"])
def test_every_character_keeps_its_place_in_the_original(typed: str):
    written = write(typed)
    assert written.original == typed
    assert len(written.text) == len(written.starts) == len(written.ends)
    assert all(0 <= start < end <= len(typed) for start, end in zip(written.starts, written.ends, strict=True))
    assert list(written.starts) == sorted(written.starts)


def test_digits_stand_where_the_numeral_stood():
    written = write("白田中路八十八号")
    place = written.text.index("88")
    assert written.original[slice(*written.span(place, place + 2))] == "八十八"


def test_tens_need_an_order():
    assert [value(numeral) for numeral in ("十", "二十", "一百零五", "一千二百", "百", "十百")] == [
        10,
        20,
        105,
        1200,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ("88号", Door(88)),
        ("88-2号", Door(88, sub=2)),
        ("88号乙", Door(88, sub=LETTERED + 2)),
        ("甲174号", Door(174, sub=LETTERED + 1)),
        ("845号-3", Door(845, sub=3)),
        ("281弄5号", Door(281, lane=True, inner=5)),
        ("1177弄9支弄", Door(1177, lane=True, inner=9)),
        ("12巷", Door(12, lane=True)),
        ("88号3幢2单元", Door(88, building=3, unit=2)),
        ("3号楼", Door(building=3)),
        ("B座", Door(building=LETTERED + 2)),
        ("232号楼下", Door(232)),
        ("50米", Door()),
        ("117.5公里", Door()),
        ("3盏", Door()),
        ("3组", Door()),
    ],
)
def test_a_door_is_read_with_all_that_hangs_on_it(text: str, door: Door):
    assert read_door(text, 0)[0] == door


def test_a_name_without_columns_is_split_by_its_form():
    named = split_name("安宜镇白田中路88号阳光花园3幢")
    assert (named.township, named.head, named.kind, named.door.number) == ("安宜镇", "白田中路", Head.ROAD, 88)
    assert (named.also, named.also_door.building) == ("阳光花园", 3)


def test_a_hamlet_stands_in_its_group_and_village():
    named = split_name("天花庵村北王家队北王家宅")
    assert (named.village, named.groups, named.head) == ("天花庵村", ("北王家队",), "北王家宅")


def test_a_road_may_bear_a_townships_word():
    assert split_name("新镇路88号").head == "新镇路"
    assert split_name("新村路88号").head == "新村路"


def test_relations_are_found_with_their_metres():
    (offset,) = find_relations("人民路小学往东50米")
    assert (offset.kind, round(offset.east_m), round(offset.north_m)) == ("offset", 50, 0)
    assert {each.kind for each in find_relations("小学斜对面旁边")} == {"opposite", "beside"}


@pytest.mark.parametrize("text", ["甲路与乙路交叉口", "甲路乙路路口", "甲路和乙路", "甲路/乙路口", "甲路口,乙路口"])
def test_two_roads_that_are_joined_cross(text: str):
    text = write(text).text
    one, other = text.index("甲路"), text.index("乙路")
    assert crossing(text, one + 2, other, other + 2) is not None


def test_two_roads_far_apart_in_the_text_do_not_cross():
    text = "甲路88号有人反映乙路"
    assert crossing(text, 2, 9, 11) is None


def test_homophones_are_spelled_alike():
    assert spell("白田中路") == spell("百甜忠璐")
    assert spell("白田中路") != spell("白田南路")
