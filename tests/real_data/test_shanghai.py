"""Eight thousand public addresses of Shanghai as an address list: all load, and lie where the publisher says."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

from geo.address_loading import addresses
from importers.addresses import import_addresses
from importers.report import ImportReport
from tests.factories import NOW

COLUMNS = {"name": "address", "township": "street_level", "lon": "gcj02_lng", "lat": "gcj02_lat"}


@pytest.fixture
def source(shared_data: Path) -> Path:
    return shared_data / "shanghai" / "addresses.csv"


def load(db: Session, source: Path) -> ImportReport:
    return import_addresses(db, source, datum="gcj02", columns=COLUMNS, by="test", now=NOW)


def test_every_address_is_loaded_once(db: Session, source: Path):
    report = load(db, source)
    assert not report.blocks
    assert report.counts["rejected"] == 0
    assert report.counts["new"] + report.counts["repeated"] == report.rows == 7974
    assert load(db, source).counts["new"] == 0


def test_points_lie_where_the_publisher_converted_them_to(db: Session, source: Path):
    load(db, source)
    with source.open(encoding="utf-8-sig", newline="") as file:
        told = {row["address"]: (float(row["wgs84_lng"]), float(row["wgs84_lat"])) for row in csv.DictReader(file)}
    pairs = [(place.lon, place.lat, *told[place.name]) for place in addresses(db)]
    lon, lat, their_lon, their_lat = np.array(pairs).T
    apart_m = np.hypot((lon - their_lon) * np.cos(np.radians(lat)), lat - their_lat) * 111_195
    assert np.quantile(apart_m, 0.99) < 5  # the publisher's one-step inverse errs by some metres
