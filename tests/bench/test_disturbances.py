"""The texts that the geocoder is judged by: seeded, of every class, and true."""

import re
from collections import Counter
from random import Random

import pytest
import shapely
from pypinyin import Style, lazy_pinyin

from bench import disturbance_words as words
from bench.disturbance_places import Ground
from bench.disturbances import CLASSES, Disturber, Query
from bench.knowable import Said
from geo.crs import from_wgs84
from shapefiles.addresses import Address, AddressBook, found_addresses
from shapefiles.county import County, found_county
from shapefiles.generate import SEED
from shapefiles.overlays import found_specialised
from shapefiles.places import Places


@pytest.fixture(scope="module")
def county() -> County:
    return found_county(SEED)


@pytest.fixture(scope="module")
def book(county: County) -> AddressBook:
    specialised = found_specialised(county, SEED)
    return found_addresses(county, specialised, Places(county, specialised, SEED), SEED)


@pytest.fixture(scope="module")
def disturber(book: AddressBook, county: County) -> Disturber:
    return Disturber(book, Ground(county))


@pytest.fixture(scope="module")
def held_out(disturber: Disturber) -> list[Address]:
    return disturber.hold_out()


@pytest.fixture(scope="module")
def queries(disturber: Disturber, book: AddressBook, held_out: list[Address]) -> list[Query]:
    out = {one.name for one in held_out}
    return disturber.queries([one for one in book.addresses if one.name not in out], held_out, 1_050)


def test_the_same_seed_asks_the_same(book: AddressBook, county: County, queries: list[Query]):
    again = Disturber(book, Ground(county))
    held_out = again.hold_out()
    out = {one.name for one in held_out}
    assert again.queries([one for one in book.addresses if one.name not in out], held_out, 1_050) == queries


def test_every_class_is_asked_as_often_as_the_others(queries: list[Query]):
    counts = Counter(query.disturbances[0] for query in queries)
    assert set(counts) == set(CLASSES)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len({query.text for query in queries}) > 1_000


def test_a_number_held_out_lies_between_known_ones_of_its_side(book: AddressBook, held_out: list[Address]):
    assert len({one.name for one in held_out}) == 600
    out = {one.name for one in held_out}
    left = {(one.township, one.road, one.number) for one in book.addresses if one.name not in out}
    for one in held_out:
        assert (one.township, one.road, one.number) not in left
        number = int(one.number[:-1])
        near = [step for step in range(2, 17, 2) for sign in (-1, 1)
                if (one.township, one.road, f"{number + sign * step}号") in left]  # fmt: skip
        assert near


def test_what_is_said_to_be_gone_is_gone(queries: list[Query], book: AddressBook):
    known = {one.name: one for one in book.addresses}
    for query in queries:
        one = known.get(query.address)
        if query.disturbances[0] == "no township" and one is not None:
            assert one.township not in query.text.replace(f"{one.township}办事处", "").replace(one.landmark, "")
        if query.disturbances[0] == "Chinese numerals":
            assert not re.search(r"\d+号(?!线)", query.text), query.text


def test_the_truth_lies_in_its_grids(queries: list[Query], county: County):
    outlines = {grid.code: grid.outline for grid in county.grids}
    for query in queries:
        point = shapely.Point(*from_wgs84(query.lon, query.lat, "EPSG:4549"))
        assert min(outlines[code].distance(point) for code in query.grids) < 0.01, query


def test_across_the_street_is_on_its_other_side(disturber: Disturber, book: AddressBook):
    door = next(one for one in book.addresses if one.line >= 0 and one.kind == "门牌")
    street = book.streets[door.line]
    across = disturber.ground.opposite(door, street)
    here = shapely.Point(*from_wgs84(door.lon, door.lat, "EPSG:4549"))
    there = shapely.Point(*from_wgs84(across.lon, across.lat, "EPSG:4549"))
    assert shapely.LineString([here, there]).crosses(street)
    assert there.distance(street) == pytest.approx(here.distance(street), abs=0.5)


def test_nobody_can_tell_shops_of_one_chain_apart_without_the_township(disturber: Disturber, book: AddressBook):
    chains = Counter(one.landmark for one in book.addresses if one.kind == "商业")
    chain, shops = chains.most_common(1)[0]
    shop = next(one for one in book.addresses if one.landmark == chain)
    assert shops > 2
    assert disturber.county.is_ambiguous(Said(landmark=chain), shop.grid, {})
    assert not disturber.county.is_ambiguous(
        Said(shop.township, "", shop.road, shop.number, "", "", chain), shop.grid, {}
    )


def test_a_rival_name_makes_a_slip_ambiguous(disturber: Disturber, book: AddressBook):
    doors = {(one.road, one.number): one for one in book.addresses if one.kind == "门牌" and one.line >= 0}
    one = next(door for (road, number), door in doors.items() if road == "白田东路" and ("白田中路", number) in doors)
    said = Said("", "", one.road, one.number)
    assert disturber.county.rivals("road", "白田路", "白田东路") == ["白田中路", "白田西路"]
    assert disturber.county.is_ambiguous(said, one.grid, {"road": ["白田中路"]})
    assert not disturber.county.is_ambiguous(said, one.grid, {})


@pytest.mark.parametrize(
    ("number", "said"),
    [(8, {"八"}), (10, {"十"}), (18, {"十八"}), (88, {"八十八"}),
     (102, {"一百零二", "一零二", "幺零二", "一〇二", "幺〇二"}),
     (1005, {"一千零五", "一零零五", "幺零零五", "一〇〇五", "幺〇〇五"})],
)  # fmt: skip
def test_numbers_are_said_as_people_say_them(number: int, said: set[str]):
    assert {words.in_chinese(number, Random(seed)) for seed in range(60)} == said


def test_a_homophone_sounds_alike_and_another_character_does_not():
    for seed, character in enumerate("湖县白田中路人民建设阳光花园"):
        other = words.homophone(character, Random(seed))
        one, two = (lazy_pinyin(each, style=Style.NORMAL)[0] for each in (character, other or ""))
        assert other != character
        assert one == two or one[0] == two[0] or one[1:] == two[1:], "confused as zh and z, n and l, in and ing are"
        wrong = words.other_character(character, Random(seed))
        assert lazy_pinyin(wrong, style=Style.NORMAL) != lazy_pinyin(character, style=Style.NORMAL)
