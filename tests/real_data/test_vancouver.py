"""Vancouver: 37,512 incidents in metres of UTM zone 10, a tenth of them withheld, in 22 neighbourhoods."""

from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import geopandas
import numpy as np
import pandas
import pytest

from tests.real_data.joins import plain_join, points_of
from tests.real_data.offices import Office

TABLE = "crimedata_csv_AllNeighbourhoods_2020.csv"
ALIASES = {
    "Central Business District": "Downtown", "Musqueam": "Dunbar-Southlands", "Arbutus Ridge": "Arbutus-Ridge",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "vancouver"


@pytest.fixture(scope="module")
def recorded(folder: Path) -> pandas.DataFrame:
    """The incidents as the file has them, and the moment put together from its five columns."""
    with ZipFile(folder / "vancouver_crimes_2020.zip") as archive, archive.open(TABLE) as file:
        table = pandas.read_csv(file, dtype=str, keep_default_na=False)
    part = {name: table[name].str.zfill(2) for name in ("MONTH", "DAY", "HOUR", "MINUTE")}
    day = table.YEAR + "-" + part["MONTH"] + "-" + part["DAY"]
    return table.assign(reported_at=day + " " + part["HOUR"] + ":" + part["MINUTE"])


@pytest.fixture(scope="module")
def areas(office: Office, folder: Path) -> dict[str, Any]:
    return office.run(
        "areas", folder / "vancouver_neighbourhoods.geojson", "--kind", "comprehensive", "--codes", "free",
        "--columns", "code=mapid,name=name", "--accept", "overlap",
    )  # fmt: skip


@pytest.fixture(scope="module")
def incidents(office: Office, folder: Path, recorded: pandas.DataFrame, areas: dict[str, Any]) -> dict[str, Any]:
    """The table back in a zip, with the licence and the description beside it as they came."""
    prepared = office.folder / "vancouver.zip"
    with ZipFile(folder / "vancouver_crimes_2020.zip") as came, ZipFile(prepared, "w", ZIP_DEFLATED) as goes:
        for name in came.namelist():
            goes.writestr(name, recorded.to_csv(index=False) if name == TABLE else came.read(name))
    return office.run(
        "reports", prepared, "--channel", "system", "--datum", "EPSG:26910",
        "--columns", "text=TYPE,address=HUNDRED_BLOCK",
    )  # fmt: skip


@pytest.fixture(scope="module")
def placed(office: Office, recorded: pandas.DataFrame, incidents: dict[str, Any]) -> pandas.DataFrame:
    """Where each row of the file was put."""
    placed = office.placed("system")
    for column, heading in (("raw_x", "X"), ("raw_y", "Y")):
        np.testing.assert_array_equal(placed[column].astype(float), pandas.to_numeric(recorded[heading]))
    return placed


@pytest.fixture(scope="module")
def neighbourhoods(folder: Path) -> geopandas.GeoDataFrame:
    return geopandas.read_file(folder / "vancouver_neighbourhoods.geojson")


def test_neighbourhoods_that_share_slivers_are_loaded_once_somebody_has_accepted_it(areas: dict[str, Any]) -> None:
    assert (areas["rows"], areas["loaded"], areas["problems"]) == (22, 22, [])
    assert [(one["code"], one["severity"]) for one in areas["findings"]] == [("overlap", "warn")] * 10
    assert sum(one["size_m2"] for one in areas["findings"]) == pytest.approx(14_291, rel=0.005)


def test_every_incident_is_stored_from_the_archive(incidents: dict[str, Any]) -> None:
    assert incidents["detected"]["datum"] == "EPSG:26910"
    assert incidents["problems"] == []
    assert incidents["counts"] == {
        "new": 37_512, "known": 0, "rejected": 0, "located": 33_675, "snapped": 8, "unlocated": 3829,
        "queued no-coordinates": 1, "queued nobody-answers": 33_683, "queued outside-all-grids": 78,
        "queued unusable-coordinates": 3750,
    }  # fmt: skip


def test_withheld_positions_are_nowhere_and_wait_with_the_reason(placed: pandas.DataFrame) -> None:
    withheld = placed[(placed.raw_x == 0) & (placed.raw_y == 0)]
    assert len(withheld) == 3750
    assert set(withheld.placement) == {"invalid"}
    assert set(withheld.queue_reason) == {"unusable-coordinates"}
    assert withheld[["lon", "lat", "grid", "township"]].isna().all(axis=None)


def test_neighbourhoods_are_those_of_a_plain_spatial_join_row_for_row(
    placed: pandas.DataFrame, neighbourhoods: geopandas.GeoDataFrame
) -> None:
    points = points_of(placed.where(placed.raw_x != 0, None), "EPSG:26910")
    joined = plain_join(points, neighbourhoods, "mapid")
    assert sum(joined.on_border) == 0
    assert joined.differences(placed.grid, placed.placement) == []
    somewhere = placed.lon.notna()
    assert somewhere.sum() == 33_761
    assert np.abs(points.x[somewhere] - placed.lon[somewhere].astype(float)).max() < 1e-9
    assert np.abs(points.y[somewhere] - placed.lat[somewhere].astype(float)).max() < 1e-9
    assert sum(len(codes) > 1 for codes in joined.codes) == 3  # on ground that two neighbourhoods share


def test_the_recorded_neighbourhood_is_ours_for_97_43_per_cent(
    recorded: pandas.DataFrame, placed: pandas.DataFrame, neighbourhoods: geopandas.GeoDataFrame
) -> None:
    ours = placed.grid.map(neighbourhoods.set_index("mapid")["name"])
    agreeing = ours == recorded.NEIGHBOURHOOD.replace(ALIASES)
    asked = placed.lon.notna() & (recorded.NEIGHBOURHOOD != "")
    covered = agreeing & asked & (placed.placement == "located")
    assert (covered.sum(), asked.sum()) == (32_892, 33_760)
    assert round(covered.sum() / asked.sum(), 4) == 0.9743
    assert (agreeing & asked).sum() == 32_899  # with those taken to the nearest grid


def test_where_they_differ_the_park_has_no_outline_or_a_border_street_is_near(
    recorded: pandas.DataFrame, placed: pandas.DataFrame, neighbourhoods: geopandas.GeoDataFrame
) -> None:
    said = recorded.NEIGHBOURHOOD.replace(ALIASES)
    ours = placed.grid.map(neighbourhoods.set_index("mapid")["name"])
    differing = placed.lon.notna() & (said != "") & (ours != said)
    in_the_park = differing & (said == "Stanley Park")
    assert (differing.sum(), in_the_park.sum()) == (861, 77)
    left = differing & ~in_the_park
    outlines = neighbourhoods.to_crs("EPSG:26910").set_index("name").geometry
    points = points_of(placed[left], "EPSG:26910").to_crs("EPSG:26910")
    off_m = points.distance(geopandas.GeoSeries(outlines.loc[said[left]].to_numpy(), crs="EPSG:26910"))
    assert (off_m < 30).sum() == 729
    assert off_m.median() < 2
