"""Taiwan's towns as townships, its villages as comprehensive grids, and a file of road accidents in them."""

from collections import Counter
from pathlib import Path
from typing import Any

import geopandas
import pandas
import pytest

from tests.real_data.joins import plain_join, points_of
from tests.real_data.offices import Office

TOWNS = ("--kind", "township", "--codes", "free", "--columns", "code=TOWNCODE,name=TOWNNAME")
VILLAGES = (
    "--kind", "comprehensive", "--codes", "free", "--columns", "code=VILLCODE,name=VILLNAME,parent=TOWNCODE",
)  # fmt: skip
ACCEPTED = ("--accept", "outside-parent,overlap")
ACCIDENTS = (
    "--channel", "system", "--datum", "wgs84",
    "--columns", "text=類別,address=發生地點,reported_at=發生日期,reported_time=發生時間,lon=經度,lat=緯度",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "taiwan"


@pytest.fixture(scope="module")
def towns(office: Office, folder: Path) -> dict[str, Any]:
    return office.run("areas", folder / "taiwan_towns.gpkg", *TOWNS)


@pytest.fixture(scope="module")
def refused(office: Office, folder: Path, towns: dict[str, Any]) -> dict[str, Any]:
    """What is said of the villages while nobody has accepted anything."""
    return office.refused("areas", folder / "taiwan_villages.gpkg", *VILLAGES)


@pytest.fixture(scope="module")
def villages(office: Office, folder: Path, refused: dict[str, Any]) -> dict[str, Any]:
    return office.run("areas", folder / "taiwan_villages.gpkg", *VILLAGES, *ACCEPTED)


@pytest.fixture(scope="module")
def accidents(office: Office, folder: Path, villages: dict[str, Any]) -> dict[str, Any]:
    return office.run("reports", folder / "accidents.csv", *ACCIDENTS)


@pytest.fixture(scope="module")
def recorded(folder: Path) -> pandas.DataFrame:
    """The accidents as the file has them."""
    return pandas.read_csv(folder / "accidents.csv", dtype=str)


@pytest.fixture(scope="module")
def placed(office: Office, accidents: dict[str, Any]) -> pandas.DataFrame:
    return office.placed("system")


def test_every_town_is_loaded_as_a_township_and_nothing_is_wrong(towns: dict[str, Any]) -> None:
    assert (towns["rows"], towns["loaded"]) == (368, 368)
    assert (towns["problems"], towns["findings"]) == ([], [])
    assert (towns["detected"]["crs"], towns["detected"]["datum"]) == ("EPSG:4326", "wgs84")


def test_every_village_is_loaded_and_the_seven_invalid_ones_are_mended_and_told(
    folder: Path, villages: dict[str, Any]
) -> None:
    assert (villages["rows"], villages["loaded"]) == (7701, 7701)
    file = geopandas.read_file(folder / "taiwan_villages.gpkg")
    invalid = {row for row, valid in enumerate(file.is_valid, 1) if not valid}
    assert len(invalid) == 7
    told = {problem["row"] for problem in villages["problems"]}
    assert told == invalid and len(villages["problems"]) == 7
    assert {(problem["code"], problem["severity"]) for problem in villages["problems"]} == {
        ("geometry-invalid", "warn")
    }


def test_what_had_to_be_accepted_are_villages_that_the_coarser_outlines_of_towns_leave_out(
    villages: dict[str, Any],
) -> None:
    found = Counter((finding["code"], finding["severity"]) for finding in villages["findings"])
    assert found == {("outside-parent", "warn"): 64, ("overlap", "warn"): 3}
    assert max(one["size_m2"] for one in villages["findings"] if one["code"] == "overlap") < 5
    outside = [finding["codes"] for finding in villages["findings"] if finding["code"] == "outside-parent"]
    assert [parent for _village, parent in outside[:8]] == ["09020030"] * 8  # Jinhu, of which the file has an islet


def test_without_accepting_them_no_village_is_loaded(refused: dict[str, Any], villages: dict[str, Any]) -> None:
    blocking = Counter(finding["code"] for finding in refused["findings"] if finding["severity"] == "block")
    assert blocking == {"outside-parent": 64, "overlap": 3}
    assert refused["loaded"] == 0
    assert villages["counts"] == {"new": 7701, "unchanged": 0}


def test_the_same_villages_again_change_nothing(office: Office, folder: Path, villages: dict[str, Any]) -> None:
    again = office.run("areas", folder / "taiwan_villages.gpkg", *VILLAGES, *ACCEPTED)
    assert again["counts"] == {"new": 0, "unchanged": 7701}


def test_every_accident_is_stored_and_all_but_four_have_a_place(accidents: dict[str, Any]) -> None:
    assert accidents["problems"] == []
    assert accidents["counts"] == {
        "new": 1843, "known": 0, "rejected": 0, "located": 1836, "snapped": 3, "unlocated": 4,
        "queued nobody-answers": 1839, "queued outside-all-grids": 4,
    }  # fmt: skip


def test_the_same_accidents_again_are_known(office: Office, folder: Path, accidents: dict[str, Any]) -> None:
    again = office.run("reports", folder / "accidents.csv", *ACCIDENTS)
    assert (again["counts"]["new"], again["counts"]["known"]) == (0, 1843)


def test_villages_are_those_of_a_plain_spatial_join_row_for_row(
    folder: Path, recorded: pandas.DataFrame, placed: pandas.DataFrame
) -> None:
    assert placed.raw_x.tolist() == recorded["經度"].astype(float).tolist()
    assert placed.raw_y.tolist() == recorded["緯度"].astype(float).tolist()
    villages = geopandas.read_file(folder / "taiwan_villages.gpkg")
    joined = plain_join(points_of(placed), villages, "VILLCODE")
    assert sum(joined.on_border) == 0
    assert joined.differences(placed.grid, placed.placement) == []
    town_of = dict(zip(villages.VILLCODE, villages.TOWNCODE, strict=True))
    assert placed.township.dropna().tolist() == [town_of[code] for code in placed.grid.dropna()]


def test_towns_are_those_of_a_plain_spatial_join_but_where_the_file_of_towns_lacks_them(
    folder: Path, placed: pandas.DataFrame
) -> None:
    joined = plain_join(points_of(placed), geopandas.read_file(folder / "taiwan_towns.gpkg"), "TOWNCODE")
    assert sum(joined.on_border) == 0
    different = [
        (ours, codes)
        for ours, codes in zip(placed.township.fillna(""), joined.codes, strict=True)
        if [ours] != codes and (ours or codes)
    ]
    # One in Jinhu, which is known by its village; one on a quay in Toucheng, 30 m from a village at most.
    assert different == [("09020030", []), ("10002040", [])]


def test_the_town_named_in_the_text_is_ours_for_95_per_cent(
    folder: Path, recorded: pandas.DataFrame, placed: pandas.DataFrame
) -> None:
    towns = geopandas.read_file(folder / "taiwan_towns.gpkg").set_index("TOWNCODE")
    ours = as_one_writes(placed.township.map(towns.COUNTYNAME + towns.TOWNNAME))
    agreeing = ours == as_one_writes(recorded["縣市"] + recorded["鄉鎮市區"])
    assert (agreeing.sum(), ours.notna().sum()) == (1749, 1839)


def as_one_writes(names: pandas.Series) -> pandas.Series:
    """Names with the one of two characters for Tai that the other file has."""
    return names.str.replace("台", "臺")


def test_what_has_no_place_lies_in_a_floodway_that_belongs_to_no_village(
    recorded: pandas.DataFrame, placed: pandas.DataFrame
) -> None:
    nowhere = recorded["發生地點"][placed.placement == "unlocated"]
    assert len(nowhere) == 4
    assert nowhere.str.contains("疏洪").all()
    assert set(placed.queue_reason[placed.placement == "unlocated"]) == {"outside-all-grids"}
