"""Real places and real reports, through the same importers as everybody's files.

The figures of docs/real-data.md come from here: pytest tests/test_real_data.py -s prints them.
"""

import csv
import gzip
import sys
import time
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from database.sealing import Seal
from geo.codes import AreaKind
from geo.models import Area, AreaVersion
from importers.areas import import_areas
from importers.report import ImportReport
from importers.reports import import_reports
from incidents.actors import Actor
from incidents.intake import Reception
from incidents.models import Incident
from incidents.words import Channel, Placement
from tests.factories import NOW
from tests.indexes import IndexOf

SEAL = Seal("a secret of sixteen characters")
BOROUGHS = {"MANHATTAN": 1, "BRONX": 2, "BROOKLYN": 3, "QUEENS": 4, "STATEN ISLAND": 5}
VANCOUVER_ALIASES = {
    "Central Business District": "Downtown",
    "Musqueam": "Dunbar-Southlands",
    "Arbutus Ridge": "Arbutus-Ridge",
}

Rows = Sequence[dict[str, str]]


@dataclass(frozen=True)
class Placed:
    """A stored report, as far as these tests look: where it is, and the code and name of what it fell in."""

    lon: float | None
    lat: float | None
    placement: Placement
    grid: str | None
    grid_name: str | None
    township: str | None


def load_areas(db: Session, path: Path, kind: AreaKind, **given: Any) -> ImportReport:
    began = time.monotonic()
    report = import_areas(db, path, kind=kind, by="test", profile="free", **given)
    tell(path.name, report, time.monotonic() - began)
    return report


def load_reports(db: Session, path: Path, **given: Any) -> ImportReport:
    began = time.monotonic()
    options: dict[str, Any] = {"channel": Channel.SYSTEM, "datum": "wgs84", **given}
    reception = Reception(IndexOf(db), SEAL)
    report = import_reports(db, path, by=Actor("test"), now=NOW, reception=reception, **options)
    tell(path.name, report, time.monotonic() - began)
    return report


def tell(name: str, report: ImportReport, seconds: float) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in report.counts.items() if count)
    say(f"\n{name}: {report.rows} rows in {seconds:.1f} s: {counts}")


def say(sentence: str) -> None:
    """For whoever runs this with -s."""
    sys.stdout.write(f"{sentence}\n")


def placed(db: Session) -> list[Placed]:
    """Every stored report, in the order in which they stood in the file."""
    grid, township = aliased(Area), aliased(Area)
    rows = db.execute(
        select(
            func.ST_X(Incident.point), func.ST_Y(Incident.point), Incident.placement, grid.code, AreaVersion.name,
            township.code,
        )
        .outerjoin(AreaVersion, AreaVersion.id == Incident.grid_version_id)
        .outerjoin(grid, grid.id == Incident.grid_id)
        .outerjoin(township, township.id == Incident.township_id)
        .order_by(Incident.id)
    )  # fmt: skip
    return [Placed(*row) for row in rows]


def assert_as_joined(found: Sequence[Placed], polygons: geopandas.GeoDataFrame, code: str) -> None:
    """Hold every answer to a plain spatial join: equal where one area is joined, the smallest code where several
    are (a border, an overlap), and none or the nearest within reach where none is.
    """
    points = geopandas.GeoDataFrame(
        {"row": range(len(found))},
        geometry=geopandas.points_from_xy([one.lon for one in found], [one.lat for one in found]),
        crs=4326,
    )
    joined = geopandas.sjoin(polygons[[code, "geometry"]], points, predicate="intersects")
    smallest = joined[code].astype(str).groupby(joined["row"]).min().to_dict()
    different = [
        (row, one, smallest.get(row))
        for row, one in enumerate(found)
        if one.grid != smallest.get(row) and not (row not in smallest and one.placement is Placement.SNAPPED)
    ]
    assert not different, f"{len(different)} of {len(found)} rows differ, first {different[0]}"
    times = joined["row"].value_counts()
    snapped = sum(one.placement is Placement.SNAPPED for one in found)
    say(f"  equal to a plain join row for row; {int((times > 1).sum())} points in several areas, {snapped} snapped")


def agreement(named: Iterable[tuple[str | None, str | None]]) -> tuple[float, int]:
    """The share of pairs that are equal, in percent, and how many pairs there are."""
    equal = [said == ours for said, ours in named]
    share = 100 * sum(equal) / len(equal)
    say(f"  agrees with the area named in the file: {share:.2f} % of {len(equal)}")
    return share, len(equal)


def read_csv(text: Iterable[str]) -> Rows:
    return list(csv.DictReader(text))


# --- Taiwan -----------------------------------------------------------------------------------------------------


def test_taiwan_towns_and_villages_load_and_accidents_fall_where_their_text_says(db: Session, shared_data: Path):
    folder = shared_data / "taiwan"
    towns = {"code": "TOWNCODE", "name": "TOWNNAME"}
    assert load_areas(db, folder / "taiwan_towns.gpkg", AreaKind.TOWNSHIP, columns=towns).loaded == 368
    villages = {"code": "VILLCODE", "name": "VILLNAME", "parent": "TOWNCODE"}
    path = folder / "taiwan_villages.gpkg"
    refused = load_areas(db, path, AreaKind.COMPREHENSIVE, columns=villages)
    invalid = [problem for problem in refused.problems if problem.code == "geometry-invalid"]
    assert (len(invalid), refused.loaded) == (7, 0)
    assert {finding.code for finding in refused.findings} == {"overlap", "outside-parent"}
    assert sum(finding.code == "outside-parent" for finding in refused.findings) < 0.01 * refused.rows
    for line in refused.lines(per_kind=3):
        say(f"    {line}")
    accepted = load_areas(db, path, AreaKind.COMPREHENSIVE, columns=villages, accept={"overlap", "outside-parent"})
    assert accepted.loaded == 7701

    report = load_reports(
        db,
        folder / "accidents.csv",
        columns={
            "text": "發生地點", "reported_at": "發生日期", "reported_time": "發生時間", "lon": "經度", "lat": "緯度",
        },
    )  # fmt: skip
    assert (report.rows, report.counts["new"], report.counts["rejected"]) == (1843, 1843, 0)
    found = placed(db)
    assert_as_joined(found, geopandas.read_file(path), "VILLCODE")
    with (folder / "accidents.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = read_csv(file)
    names = dict(db.execute(select(Area.code, AreaVersion.name).join(AreaVersion.area)).all())
    in_town = [
        (row["鄉鎮市區"].replace("台", "臺"), names[one.township])
        for row, one in zip(rows, found, strict=True)
        if one.township and row["鄉鎮市區"]
    ]
    share, compared = agreement(in_town)
    assert compared > 1800 and 94.5 <= share <= 96.5


# --- Vancouver --------------------------------------------------------------------------------------------------


def test_vancouver_in_utm_metres_with_withheld_positions(db: Session, shared_data: Path, tmp_path: Path):
    folder = shared_data / "vancouver"
    outlines = folder / "vancouver_neighbourhoods.geojson"
    areas = load_areas(db, outlines, AreaKind.COMPREHENSIVE, columns={"code": "mapid", "name": "name"})
    assert areas.blocks and {finding.code for finding in areas.findings} == {"overlap"}
    overlap_m2 = sum(finding.size_m2 for finding in areas.findings)
    say(f"  {len(areas.findings)} overlaps, {overlap_m2:,.0f} m²")
    assert overlap_m2 == pytest.approx(14_291, rel=0.01)
    columns = {"code": "mapid", "name": "name"}
    assert load_areas(db, outlines, AreaKind.COMPREHENSIVE, columns=columns, accept={"overlap"}).loaded == 22

    member = "crimedata_csv_AllNeighbourhoods_2020.csv"
    with zipfile.ZipFile(folder / "vancouver_crimes_2020.zip") as archive:
        path = Path(archive.extract(member, tmp_path))
    report = load_reports(
        db, path, datum="EPSG:26910", columns={"text": "TYPE", "address": "HUNDRED_BLOCK", "lon": "X", "lat": "Y"}
    )
    assert (report.rows, report.counts["new"]) == (37_512, 37_512)
    assert report.counts["queued unusable-coordinates"] == 3_750
    found = placed(db)
    with path.open(encoding="utf-8", newline="") as file:
        rows = read_csv(file)
    withheld = [
        one for row, one in zip(rows, found, strict=True) if row["X"] and float(row["X"]) == float(row["Y"]) == 0
    ]
    assert len(withheld) == 3_750
    assert all((one.lon, one.grid, one.placement) == (None, None, Placement.INVALID) for one in withheld)
    located = [one for one in found if one.lon is not None]
    assert_as_joined(located, geopandas.read_file(outlines), "mapid")
    named = [
        (VANCOUVER_ALIASES.get(row["NEIGHBOURHOOD"], row["NEIGHBOURHOOD"]),
         one.grid_name if one.placement is Placement.LOCATED else None)
        for row, one in zip(rows, found, strict=True)
        if one.lon is not None and row["NEIGHBOURHOOD"]
    ]  # fmt: skip
    share, compared = agreement(named)
    assert (round(share, 2), compared) == (97.43, 33_760)


# --- New York ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "columns", "board", "expected", "compared", "rejected"),
    [
        ("nyc311_nickmvega.csv.gz", {"external_number": "Unique Key", "text": "Complaint Type",
         "reported_at": "Created Date"}, "Community Board", 99.4, 5_834, 2),
        ("nyc311_elevator_evgeniimatveev.csv.gz", {"external_number": "unique_key", "text": "complaint_type",
         "reported_at": "created_date"}, "community_board", 99.95, 22_480, 0),
    ],
)  # fmt: skip
def test_new_york_requests_fall_into_the_board_that_the_city_names(
    db: Session,
    shared_data: Path,
    name: str,
    columns: dict[str, str],
    board: str,
    expected: float,
    compared: int,
    rejected: int,
):
    outlines = shared_data / "nyc" / "community_districts.gpkg"
    districts = {"code": "BoroCD", "name": "BoroCD"}
    areas = load_areas(db, outlines, AreaKind.COMPREHENSIVE, columns=districts, accept={"overlap"})
    assert areas.loaded == 71
    path = shared_data / "nyc" / name
    report = load_reports(db, path, columns=columns)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = read_csv(file)
    assert (report.rows, report.counts["rejected"]) == (len(rows), rejected)
    assert {problem.code for problem in report.problems} <= {"value-error"}, "closed before it was opened"
    by_number = dict(zip(_numbers(db), placed(db), strict=True))
    rows = [row for row in rows if row[columns["external_number"]] in by_number]
    found = [by_number[row[columns["external_number"]]] for row in rows]
    assert_as_joined([one for one in found if one.lon is not None], geopandas.read_file(outlines), "BoroCD")
    named = [
        (code, one.grid if one.placement is Placement.LOCATED else None)
        for row, one in zip(rows, found, strict=True)
        if one.lon is not None and (code := _board(row[board])) is not None
    ]
    share, count = agreement(named)
    assert count == compared
    assert share == pytest.approx(expected, abs=0.05)


def _numbers(db: Session) -> Sequence[str | None]:
    return db.scalars(select(Incident.external_number).order_by(Incident.id)).all()


def _board(written: str) -> str | None:
    """`12 MANHATTAN` is district 112; `Unspecified QUEENS` and `0 Unspecified` are none."""
    number, _, borough = written.partition(" ")
    return f"{BOROUGHS[borough]}{int(number):02d}" if number.isdigit() and borough in BOROUGHS else None
