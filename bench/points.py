"""A million points to locate: half anywhere in the county's box and a little beyond, half where people report."""

from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Engine, func, select

from bench.county import County
from database.session import open_session
from geo.areas import areas_valid_at
from geo.codes import AreaKind
from incidents.models import Incident
from webmap.installation import utcnow

MARGIN = 0.02
"""Of the box's width and height, on each side."""

SCATTER_DEG = 0.002
"""Standard deviation around a report: about 200 m."""


def write(county: County, count: int) -> tuple[Path, Path]:
    """Write `count` points (CSV: id, lon, lat) and today's comprehensive grids (GeoPackage) where they are missing."""
    points, grids = county.data / f"points-{count}.csv", county.data / "grids.gpkg"
    engine = county.engine()
    if not grids.exists():
        _write_grids(engine, grids)
    if not points.exists():
        _scatter(engine, grids, count).to_csv(points, index_label="id", float_format="%.6f")
    engine.dispose()
    return points, grids


def _write_grids(engine: Engine, path: Path) -> None:
    import geopandas

    with open_session(engine) as db:
        areas = areas_valid_at(db, utcnow(), kinds=[AreaKind.COMPREHENSIVE])
    rows = {"code": [area.code for area in areas], "geometry": [area.outline for area in areas]}
    geopandas.GeoDataFrame(rows, crs="EPSG:4326").to_file(path)


def _scatter(engine: Engine, grids: Path, count: int) -> pd.DataFrame:
    import pyogrio

    chance = np.random.default_rng(1)
    west, south, east, north = pyogrio.read_info(grids)["total_bounds"]
    across, up = MARGIN * (east - west), MARGIN * (north - south)
    corners = (west - across, south - up), (east + across, north + up)
    anywhere = chance.uniform(*corners, size=(count // 2, 2))
    reported = _reported(engine)
    chosen = reported[chance.integers(len(reported), size=count - len(anywhere))]
    clustered = chosen + chance.normal(scale=SCATTER_DEG, size=chosen.shape)
    both = np.concatenate([anywhere, clustered])
    chance.shuffle(both)
    return pd.DataFrame(both, columns=["lon", "lat"])


def _reported(engine: Engine) -> np.ndarray:
    """Where reports happened: n × 2, lon and lat."""
    with open_session(engine) as db:
        points = db.scalars(select(func.ST_AsBinary(Incident.point)).where(Incident.grid_id.is_not(None)))
        return shapely.get_coordinates(shapely.from_wkb([bytes(point) for point in points]))
