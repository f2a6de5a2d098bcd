"""The demonstration county, written once for all tests of a worker."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
import shapely
from numpy.typing import NDArray
from openpyxl import load_workbook

from geo.crs import to_wgs84
from shapefiles.generate import Files, generate


@dataclass(frozen=True)
class Layers:
    """The area files as GDAL reads them; grids in metres, all else in degrees."""

    county: geopandas.GeoDataFrame
    townships: geopandas.GeoDataFrame
    villages: geopandas.GeoDataFrame
    grids: geopandas.GeoDataFrame
    specialised: geopandas.GeoDataFrame

    @property
    def grids_in_degrees(self) -> NDArray[np.object_]:
        """The grids' outlines as the importer stores them."""
        return in_degrees(self.grids.geometry.to_numpy())


def in_degrees(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    return shapely.transform(shapes, lambda at: np.column_stack(to_wgs84(at[:, 0], at[:, 1], "EPSG:4549")))


def read_table(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, Any]]:
    if path.suffix == ".xlsx":
        headings, *rows = load_workbook(path).active.values
        return [dict(zip(headings, row, strict=True)) for row in rows]
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter, strict=True))


def read_gb18030(path: Path) -> list[dict[str, Any]]:
    return read_table(path, encoding="gb18030")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return generate(tmp_path_factory.mktemp("county"), truth=True)


@pytest.fixture(scope="session")
def layers(files: Files) -> Layers:
    def read(path: Path) -> geopandas.GeoDataFrame:
        return pyogrio.read_dataframe(path, encoding="GBK" if path.suffix == ".zip" else None)

    parts = [read(area.path).assign(domain=area.domain) for area in files.areas if area.domain]
    specialised = pandas.concat(parts).sort_values("网格编码", ignore_index=True)
    return Layers(*(read(area.path) for area in files.areas if not area.domain), specialised)


@pytest.fixture(scope="session")
def summary(files: Files) -> dict[str, Any]:
    return json.loads(files.truth[1].read_text(encoding="utf-8"))
