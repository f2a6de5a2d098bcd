"""The address list of the demonstration county."""

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import STRtree

from geo.crs import from_wgs84, to_wgs84
from shapefiles.address_drafts import DOOR, HAMLET
from shapefiles.addresses import HEADINGS, Address, AddressBook, found_addresses, write_addresses
from shapefiles.county import County, found_county
from shapefiles.generate import SEED, Files
from shapefiles.overlays import found_specialised
from shapefiles.places import Places
from tests.shapefiles.conftest import Layers, read_gb18030, read_table


@pytest.fixture(scope="module")
def county() -> County:
    return found_county(SEED)


@pytest.fixture(scope="module")
def places(county: County) -> Places:
    return Places(county, found_specialised(county, SEED), SEED)


@pytest.fixture(scope="module")
def book(county: County, places: Places) -> AddressBook:
    return found_addresses(county, places.specialised, places, SEED)


@pytest.fixture(scope="module")
def rows(book: AddressBook, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("list") / "addresses.csv"
    write_addresses(path, book.shorter(20_000), SEED)
    return read_gb18030(path)


def test_a_hundred_thousand_addresses_and_no_name_twice(book: AddressBook):
    names = [address.name for address in book.shorter(100_000)]
    assert len(set(names)) == 100_000
    with pytest.raises(ValueError, match="not 900000"):
        book.shorter(900_000)


def test_every_kind_of_place_is_there(book: AddressBook):
    kinds = Counter(address.kind for address in book.addresses)
    assert kinds["门牌"] > 40_000
    assert min(kinds["农房"], kinds["楼幢"], kinds["单元"]) > 8_000
    assert kinds["小区"] > 500
    assert kinds["弄内门牌"] > 3_000
    assert min(kinds[kind] for kind in ("学校", "医院", "市场", "公园", "车站", "工厂", "桥梁", "景区")) >= 5
    assert {re.sub(r"\d+", "", one.number) for one in book.addresses} >= {"号", "甲号", "乙号", "-号", "弄号"}


def test_the_same_seed_gives_the_same_list_and_another_another(book: AddressBook, county: County, places: Places):
    assert found_addresses(county, places.specialised, places, SEED).addresses == book.addresses
    assert found_addresses(county, places.specialised, places, 7).addresses != book.addresses


def test_a_shorter_list_has_the_streets_and_landmarks_of_a_longer_one(book: AddressBook):
    shorter, longer = book.shorter(20_000), book.shorter(60_000)
    assert {one.name for one in shorter} < {one.name for one in longer}
    assert {one.landmark for one in shorter} == {one.landmark for one in book.addresses}
    assert {one.road for one in shorter if one.line >= 0} == {one.road for one in book.addresses if one.line >= 0}


def test_every_address_lies_in_its_grid(book: AddressBook, layers: Layers):
    codes = layers.grids["网格编码"].to_numpy()
    points = shapely.points([(one.lon, one.lat) for one in book.addresses])
    at, grid = STRtree(layers.grids_in_degrees).query(points, predicate="intersects")
    found = defaultdict(set)
    for point, number in zip(at.tolist(), grid.tolist(), strict=True):
        found[point].add(codes[number])
    wrong = [number for number, one in enumerate(book.addresses) if one.grid not in found[number]]
    assert len(wrong) <= 2, "projecting there and back moves a point by a thousandth of a millimetre"


def test_odd_numbers_stand_on_one_side_of_a_street_and_even_ones_on_the_other(book: AddressBook):
    doors = [one for one in book.addresses if one.kind == DOOR and one.line >= 0]
    x, y = from_wgs84(np.array([one.lon for one in doors]), np.array([one.lat for one in doors]), "EPSG:4549")
    for door, east, north in list(zip(doors, x, y, strict=True))[::40]:
        street = book.streets[door.line]
        along = street.project(shapely.Point(east, north))
        before, ahead = street.interpolate(max(along - 5, 0)), street.interpolate(along + 5)
        turn = (ahead.x - before.x) * (north - before.y) - (ahead.y - before.y) * (east - before.x)
        assert (turn > 0) == (_number(door) % 2 == 1), door.name


def test_house_numbers_rise_along_their_side_of_the_street(book: AddressBook):
    sides: defaultdict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    for door in (one for one in book.addresses if one.kind == DOOR and one.line >= 0 and one.number[0].isdigit()):
        if "-" in door.number:
            continue
        x, y = from_wgs84(door.lon, door.lat, "EPSG:4549")
        along = book.streets[door.line].project(shapely.Point(x, y))
        sides[door.line, _number(door) % 2].append((_number(door), along))
    steps = np.concatenate([np.diff([along for _, along in sorted(side)]) for side in sides.values()])
    assert (steps > 0).mean() > 0.995, "only where a road bends do two doors change places"


def _number(door: Address) -> int:
    found = re.search(r"\d+", door.number)
    assert found
    return int(found[0])


def test_some_names_are_equal_in_several_townships(book: AddressBook):
    of_road, of_compound = defaultdict(set), defaultdict(set)
    for one in book.addresses:
        of_road[one.road].add(one.township)
        of_compound[one.compound].add(one.township)
    assert len(of_road["人民路"]) >= 4
    assert sum(len(townships) > 1 for road, townships in of_road.items() if road) > 20
    assert sum(len(townships) > 1 for compound, townships in of_compound.items() if compound) > 20


def test_the_list_knows_the_places_that_reports_name(book: AddressBook, files: Files):
    """Above all those of reports without coordinates: they are placed by their address, or by nothing."""
    known = {one.name: one for one in book.addresses}
    with_hamlet = [row for row in read_table(files.truth[0]) if "missing-coordinates" in row["faults"].split(";")]
    hotline = {row["工单编号"]: row["地址"] for row in read_gb18030(files.reports[0].path)}
    named = [(hotline[row["external_number"]], row["grid"]) for row in with_hamlet if row["file"] == "hotline.csv"]
    groups = [(address, grid) for address, grid in named if address.endswith("组")]
    assert len(named) > 300
    assert len(groups) > 80
    assert all(known[address].kind == HAMLET for address, _ in groups)
    assert np.mean([known[address].grid == grid for address, grid in groups]) > 0.98
    doors = [(known[address].grid, grid) for address, grid in named if address in known and address.endswith("号")]
    assert len(doors) > 50
    assert np.mean([ours == true for ours, true in doors]) > 0.95


def test_the_file_is_as_an_office_sends_it(rows: list[dict[str, Any]], book: AddressBook):
    assert tuple(rows[0]) == HEADINGS
    assert len(rows) == 20_000
    truth = {one.name: one for one in book.addresses}
    lon, lat = to_wgs84(
        np.array([float(row["经度"]) for row in rows]), np.array([float(row["纬度"]) for row in rows]), "gcj02"
    )
    for row, x, y in list(zip(rows, lon, lat, strict=True))[::100]:
        one = truth[row["标准地址"]]
        assert (x, y) == pytest.approx((one.lon, one.lat), abs=2e-6)
        assert row["道路"] in {one.road, ""}
        assert row["镇街"] in {one.township, ""}
    blank = np.mean([row["镇街"] == "" for row in rows])
    assert 0.15 < blank < 0.25, "these pieces are told by the name alone"
    assert any(";" in row["别名"] for row in rows)


def test_without_being_asked_no_list_is_written(files: Files, tmp_path: Path):
    assert files.addresses is None
    assert not (files.staff.parent / "addresses.csv").exists()
