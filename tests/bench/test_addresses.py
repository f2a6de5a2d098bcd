"""The benchmark of addresses counts right, and says missed where an aim is missed."""

from dataclasses import replace

import pytest
import shapely
from sqlalchemy import Engine

from bench import address_document, addresses
from bench.address_baselines import Baseline, placeable, similar_by_rapidfuzz, similar_by_trigrams
from bench.address_limits import Limits
from bench.address_real import Placed, Shanghai, Taiwan, Tenth
from bench.address_scores import Outcome, Share, ask, by_class, calibration, confidently_wrong, share
from bench.addresses import Measured, put_together, sample
from bench.disturbances import Query
from bench.document import Moment
from geo.addresses.answers import AddressRow
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.codes import AreaKind
from geo.locate import LocatableArea, Locator
from incidents.address_reach import Reach
from shapefiles.addresses import Address

MOMENT = Moment(at=0, load=1)
ROADS = ("白田路", "解放路", "文化路")


def listed(road: str, number: int) -> Address:
    lon, lat = 119.5 + 0.002 * ROADS.index(road), 33.2 + number * 0.0001
    grid = "west" if lon < 119.503 else "east"
    return Address(f"云湖县望舟街道{road}{number}号", (), "门牌", road, f"{number}号", "", "", "", "", "望舟街道", grid,
                   lon, lat, -1)  # fmt: skip


LIST = [listed(road, number) for road in ROADS for number in range(1, 40, 2)]


def query(text: str, grid: str, *, ambiguous: bool = False, kind: str = "undisturbed") -> Query:
    return Query(text, 119.5, 33.2, frozenset({grid}), (kind,), "door", ambiguous, text)


QUERIES = [
    query("望舟街道白田路15号有人乱倒垃圾", "west"),
    query("望舟街道文化路15号下水道堵塞", "east"),
    query("望舟街道白田路17号路灯坏了", "east", kind="filler"),  # where the truth is another than the list says
    query("没有地址的投诉", "west", kind="filler"),
]


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    rows = [AddressRow(number, one.name, one.lon, one.lat, road=one.road, number=one.number, township=one.township)
            for number, one in enumerate(LIST)]  # fmt: skip
    areas = [
        LocatableArea(number, number, code, AreaKind.COMPREHENSIVE, code, shapely.box(west, 33.1, east, 33.3))
        for number, (code, west, east) in enumerate((("west", 119.4, 119.503), ("east", 119.503, 119.6)), start=1)
    ]
    return ask(Geocoder(Gazetteer.build(rows)).geocode, Reach(Locator(areas)), QUERIES)


def test_a_text_is_placed_right_placed_wrong_or_handed_to_a_person(outcomes: list[Outcome]):
    assert [(one.grid, one.right) for one in outcomes] == [
        ("west", True), ("east", True), ("west", False), (None, False),
    ]  # fmt: skip
    assert share(outcomes) == Share(texts=4, placed=3, right=2)
    assert by_class(outcomes, lambda one: one.query.disturbances[0])["filler"] == Share(2, 1, 0)
    assert (share(outcomes).wrong, share(outcomes).handed) == (1, 1)
    assert confidently_wrong(outcomes) == (1, 3)


def test_calibration_counts_every_point_that_was_best(outcomes: list[Outcome]):
    [top] = calibration(outcomes)
    assert (top.low, top.points) == (0.9, 3)
    assert top.right == pytest.approx(2 / 3)
    assert 0.9 < top.said <= 1


def test_the_most_similar_name_is_found_by_both_baselines(engine: Engine):
    asked = [query("云湖县望舟街道解放路21号", "west"), query("云湖县望舟街道文化路3号", "east")]
    for found in (similar_by_rapidfuzz(LIST, asked), similar_by_trigrams(engine, LIST, asked)):
        assert (found.texts, found.right, found.placed) == (2, 1.0, 1.0)
        assert found.per_second > 0


def test_what_could_be_placed_is_the_most_of_which_97_in_100_are_right():
    assert placeable([(0.9, True), (0.8, True), (0.7, False), (0.6, True)]) == 0.5
    assert placeable([(0.9, True)] * 49 + [(0.8, False)] + [(0.7, False)] * 50) == 0.5
    assert placeable([(0.9, True), (0.9, False)]) == 0.0, "equally similar: none can be told from the other"


def test_a_sample_is_seeded_and_a_smaller_one_is_part_of_it():
    assert sample(QUERIES, 3) == sample(QUERIES, 3)
    assert set(sample(QUERIES, 2)) < set(sample(QUERIES, 3))


def test_the_document_says_which_aims_are_missed(outcomes: list[Outcome]):
    slow = Baseline(texts=2, right=0.5, placed=0.1, p50_ms=250.0, per_second=4.0)
    county = put_together(60, 2, outcomes, 1200.0, (1.0, 0.5), {addresses.TRIGRAMS: slow})
    taiwan = Taiwan(10, 10, 1.0, 5, 0.99, 0, 500.0, ())
    shanghai = Shanghai(100, 0.9, 0.85, 0.94, 100.0, 0.05, 50, 0.02, 80, 0.9, 0.95, 90.0,
                        (Tenth(0.9, 50, 0.95, 0.93),), (Placed(0.8, 0.52, 0.96, 90.0),), {"door": 100},
                        300.0)  # fmt: skip
    limits = Limits(0.6, 0.2, 0.5, 0.9, 0.9)
    text = address_document.addresses(Measured(county, taiwan, shanghai, limits), MOMENT)
    assert "no more than 80.0% can be in the labelled township" in text
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("|")}
    assert "**missed**" in rows["(a) right grid among those placed automatically"]
    assert "66.7%" in rows["(a) right grid among those placed automatically"]
    assert "reached" in rows["(c) placed"]
    assert "reached" in rows["(b) town, where the text names it"]
    assert "250.0 ms" in rows["pg_trgm"]
    assert "52.0%" in rows["all, placed from 0.8 on"]
    worse = Measured(county, taiwan, replace(shanghai, sure_far=0.2))
    assert "20.0% | **missed**" in address_document.addresses(worse, MOMENT)
    boastful = Measured(
        county, taiwan, replace(shanghai, tenths=(Tenth(0.9, 50, 0.95, 0.93), Tenth(0.5, 9, 0.55, 0.4)))
    )
    assert "≤ 5% | 2.0% | reached" in text
    assert "≤ 5% | 15.0% | **missed**" in address_document.addresses(boastful, MOMENT)
    assert "(c)" not in address_document.addresses(Measured(county, None, None), MOMENT)
