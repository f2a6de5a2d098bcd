"""Short ways through an address list, held to the long ones."""

from collections import defaultdict

import numpy as np
import pytest

from geo.addresses.answers import AddressRow
from geo.addresses.areas import AreaName
from geo.addresses.claims import MANY, Extent
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.ground import metres_to, per_lon
from geo.addresses.names import Hit, Names
from geo.addresses.neighbours import HINT_M, NEAR_M, VOTES, Neighbours
from geo.addresses.pieces import Door
from geo.addresses.reading import places_of
from geo.addresses.spots import Doors
from geo.addresses.townships import Townships

LON, LAT = 119.300, 33.200


def _voted(rows: list[AddressRow], lon: float, lat: float, hint: str) -> str:
    """Return the township that the nearest of all rows that have one vote for."""
    rows = [row for row in rows if row.township]
    away = metres_to(lon, lat, np.array([row.lon for row in rows]), np.array([row.lat for row in rows]))
    votes: defaultdict[str, float] = defaultdict(float)
    for place in away.argsort()[:VOTES].tolist():
        votes[rows[place].township] += 1 / (away[place] + NEAR_M)
    votes[hint] += 1 / HINT_M
    return max(votes, key=votes.__getitem__)


def test_the_nearest_rows_vote_whichever_cells_they_lie_in():
    random = np.random.default_rng(3)
    points = np.array([LON, LAT]) + 0.016 * random.random((400, 2))
    names = ("安宜镇", "汜水镇", "", "")
    rows = [AddressRow(place, f"白田路{place + 1}号", *point, township=names[place % 4])
            for place, point in enumerate(points.tolist())]  # fmt: skip
    gazetteer = Gazetteer.build(rows)
    neighbours, number = Neighbours(gazetteer), gazetteer.words.townships.index("安宜镇")
    for lon, lat in (np.array([LON, LAT]) + 0.004 + 0.008 * random.random((300, 2))).tolist():
        found, _ = neighbours.township(lon, lat, number)
        assert gazetteer.township_name(found) == _voted(rows, lon, lat, "安宜镇")


@pytest.fixture(scope="module")
def long_road() -> Gazetteer:
    """A road through two townships, whose numbers up to 40 lie in the first."""
    return Gazetteer.build(
        AddressRow(number, f"白田中路{number}号", LON + number * 0.0001, LAT,
                   township="安宜镇" if number <= 40 else "汜水镇")
        for number in range(2, 81, 2)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "township", "how"),
    [
        (20, "安宜镇", "door"),
        (60, "汜水镇", "door"),
        (60, "安宜镇", "beyond"),
        (60, "", "door"),
        (61, "汜水镇", "between"),
    ],
)
def test_a_number_is_looked_for_in_the_named_township_alone_where_the_road_lies_there(
    long_road: Gazetteer, number: int, township: str, how: str
):
    name = long_road.names.number("白田中路")
    assert name is not None
    (place,) = places_of(long_road, name)
    within = [long_road.words.townships.index(township)] if township else []
    (spot,) = Doors(long_road).find(place, Door(number), ((), within))
    assert spot.how == how


def test_a_number_is_taken_elsewhere_where_the_road_does_not_lie_in_what_is_named(long_road: Gazetteer):
    name = long_road.names.number("白田中路")
    assert name is not None
    (place,) = places_of(long_road, name)
    (spot,) = Doors(long_road).find(place, Door(60), ((), (99,)))
    assert spot.how == "door"


def test_a_name_is_exact_where_it_is_written_so_and_a_homophone_where_it_sounds_so():
    names = Names.build(["白田路", "百田路", "白田"])
    exact, homophones = names.find("在白田路口")
    number = {name: names.number(name) for name in ("白田路", "百田路", "白田")}
    assert sorted(exact) == sorted([Hit(1, 3, number["白田"], "exact"), Hit(1, 4, number["白田路"], "exact")])
    assert homophones == [Hit(1, 4, number["百田路"], "homophone", 1)]


def test_many_points_miss_an_extent_by_as_much_as_few():
    extent = Extent([(LON, LAT, per_lon(LAT)), (LON + 0.1, LAT, per_lon(LAT))], 500.0)
    lons, lats = [LON + place * 0.002 for place in range(MANY + 20)], [LAT + 0.001] * (MANY + 20)
    one_by_one = [extent.missed([lon], [lat])[0] for lon, lat in zip(lons, lats, strict=True)]
    assert extent.missed(lons, lats) == pytest.approx(one_by_one)
    assert 0.0 in one_by_one and max(one_by_one) > 1000


def test_townships_that_are_as_near_to_what_is_written_come_in_the_order_of_the_list():
    townships = [AreaName(str(place), f"{sign}泾镇", LON, LAT, 4000.0) for place, sign in enumerate("罗吴朱泗张叶")]
    gazetteer = Gazetteer.build((), townships)
    found = [gazetteer.names.name(hit.name) for hit in Townships(gazetteer).slips("洋泾镇路95号")]
    assert found == [area.name for area in townships]
