"""New York: two extracts of the 311 hotline, whose records name the community board that answers."""

import csv
from pathlib import Path
from typing import Any

import geopandas
import pandas
import pytest

from tests.real_data.joins import plain_join, points_of
from tests.real_data.offices import Office

BOROUGHS = {"MANHATTAN": "1", "BRONX": "2", "BROOKLYN": "3", "QUEENS": "4", "STATEN ISLAND": "5"}
HEALTH, LIFTS = "nyc311_nickmvega.csv.gz", "nyc311_elevator_evgeniimatveev.csv.gz"


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "nyc"


@pytest.fixture(scope="module")
def districts(office: Office, folder: Path) -> dict[str, Any]:
    return office.run(
        "areas", folder / "community_districts.gpkg", "--kind", "comprehensive", "--codes", "free",
        "--columns", "code=BoroCD,name=BoroCD",
    )  # fmt: skip


@pytest.fixture(scope="module")
def health(office: Office, folder: Path, districts: dict[str, Any]) -> dict[str, Any]:
    return office.run(
        "reports", folder / HEALTH, "--channel", "hotline", "--datum", "wgs84",
        "--columns", "text=Complaint Type,external_number=Unique Key", "--rejects", office.folder / "rejects.csv",
    )  # fmt: skip


@pytest.fixture(scope="module")
def lifts(office: Office, folder: Path, districts: dict[str, Any]) -> dict[str, Any]:
    return office.run(
        "reports", folder / LIFTS, "--channel", "system", "--datum", "wgs84",
        "--columns", "text=complaint_type,external_number=unique_key",
    )  # fmt: skip


@pytest.fixture(scope="module")
def placed_health(office: Office, folder: Path, health: dict[str, Any]) -> pandas.DataFrame:
    return beside_the_file(folder / HEALTH, office.placed("hotline"), "Unique Key", "Community Board")


@pytest.fixture(scope="module")
def placed_lifts(office: Office, folder: Path, lifts: dict[str, Any]) -> pandas.DataFrame:
    return beside_the_file(folder / LIFTS, office.placed("system"), "unique_key", "community_board")


def beside_the_file(path: Path, placed: pandas.DataFrame, key: str, board: str) -> pandas.DataFrame:
    """Where each report was put, with the district that the file names for it: “11 QUEENS” is 411."""
    file = pandas.read_csv(path, dtype=str).set_index(key)
    parts = file[board].loc[placed.external_number].str.extract(r"^(\d\d) (.+)$").reset_index(drop=True)
    return placed.assign(district=parts[1].map(BOROUGHS) + parts[0])


def test_every_community_district_is_loaded_and_nothing_is_wrong(districts: dict[str, Any]) -> None:
    assert (districts["rows"], districts["loaded"]) == (71, 71)
    assert (districts["problems"], districts["findings"]) == ([], [])


def test_every_request_is_stored_but_two_that_were_closed_before_they_were_made(
    office: Office, health: dict[str, Any]
) -> None:
    assert health["rows"] == 5895
    assert health["counts"] == {
        "new": 5893, "known": 0, "rejected": 2, "located": 5835, "snapped": 0, "unlocated": 58,
        "queued no-coordinates": 57, "queued nobody-answers": 5835, "queued outside-all-grids": 1,
    }  # fmt: skip
    with (office.folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejected = list(csv.DictReader(file))
    assert [(one["row"], one["Unique Key"] != "") for one in rejected] == [("1500", True), ("1942", True)]
    assert all("the times are out of order" in one["problem"] for one in rejected)


def test_every_lift_complaint_is_stored_and_a_building_full_of_them_is_no_placeholder(lifts: dict[str, Any]) -> None:
    assert lifts["problems"] == []
    assert lifts["counts"] == {
        "new": 22_504, "known": 0, "rejected": 0, "located": 22_477, "snapped": 7, "unlocated": 20,
        "queued no-coordinates": 20, "queued nobody-answers": 22_484,
    }  # fmt: skip


@pytest.mark.parametrize("extract", ["placed_health", "placed_lifts"])
def test_districts_are_those_of_a_plain_spatial_join_row_for_row(
    folder: Path, extract: str, request: pytest.FixtureRequest
) -> None:
    placed = request.getfixturevalue(extract)
    joined = plain_join(points_of(placed), geopandas.read_file(folder / "community_districts.gpkg"), "BoroCD")
    assert sum(joined.on_border) == 0
    assert joined.differences(placed.grid, placed.placement) == []


def test_the_recorded_board_is_ours_for_99_4_per_cent_of_the_health_requests(placed_health: pandas.DataFrame) -> None:
    agreeing, asked = agreement(placed_health)
    assert (agreeing, asked) == (5799, 5834)
    assert round(agreeing / asked, 3) == 0.994


def test_the_recorded_board_is_ours_for_99_95_per_cent_of_the_lift_complaints(placed_lifts: pandas.DataFrame) -> None:
    agreeing, asked = agreement(placed_lifts)
    assert (agreeing, asked) == (22_468, 22_480)
    assert round(agreeing / asked, 4) == 0.9995
    snapped = placed_lifts[placed_lifts.placement == "snapped"]
    assert (snapped.grid == snapped.district).all()  # so 22,475 with those taken to the nearest grid


def agreement(placed: pandas.DataFrame) -> tuple[int, int]:
    """How many reports lie in the district that the file names, of those with a position and a named district."""
    asked = placed.district.notna() & placed.lon.notna()
    covered = (placed.placement == "located") & (placed.grid == placed.district)
    return int((asked & covered).sum()), int(asked.sum())
