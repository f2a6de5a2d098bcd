"""Area files as offices send them: a GBK shapefile in metres, GeoPackages, GeoJSON."""

import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio import raw
from shapely.geometry import mapping

from geo.crs import to_wgs84
from shapefiles.county import Area, County
from shapefiles.mesh import Points
from shapefiles.overlays import SpecialisedGrid

SURVEY = "EPSG:4549"
ZIP_DATE = (2026, 1, 1, 0, 0, 0)
"""The same in every archive, so that the same seed gives the same bytes."""

Columns = Mapping[str, Sequence[object]]
Shapes = NDArray[np.object_]


def outlines(areas: Sequence[Area]) -> Shapes:
    """Return the outlines in metres, as an array."""
    return np.array([area.outline for area in areas], dtype=object)


def in_degrees(shapes: Shapes, decimals: int | None = None) -> Shapes:
    """Return outlines in metres as WGS-84 outlines, vertex by vertex, rounded if asked."""

    def degrees(points: Points) -> Points:
        lonlat = np.column_stack(to_wgs84(points[:, 0], points[:, 1], SURVEY))
        return lonlat if decimals is None else np.round(lonlat, decimals)

    return np.asarray(shapely.transform(shapes, degrees))


def write_county(path: Path, county: County) -> None:
    """Write the county's outline as GeoJSON."""
    columns = {"县区编码": [county.county.code], "县区名称": [county.county.name]}
    _write_geojson(path, in_degrees(outlines([county.county]), decimals=9), columns)


def write_townships(path: Path, county: County, day: date) -> None:
    """Write the townships as a GeoPackage in CGCS2000 degrees."""
    columns = {
        "镇街编码": [area.code for area in county.townships],
        "镇街名称": [area.name for area in county.townships],
        "县区编码": [area.parent for area in county.townships],
    }
    _write_geopackage(path, "镇街", in_degrees(outlines(county.townships)), columns, "EPSG:4490", day)


def write_villages(path: Path, county: County, day: date) -> None:
    """Write the villages and communities as a GeoPackage in WGS-84."""
    columns = {
        "村社区编码": [area.code for area in county.villages],
        "村社区名称": [area.name for area in county.villages],
        "镇街编码": [area.parent for area in county.villages],
    }
    _write_geopackage(path, "村社区", in_degrees(outlines(county.villages)), columns, "EPSG:4326", day)


def write_grids(path: Path, county: County, day: date) -> None:
    """Write the comprehensive grids as a zipped shapefile in metres whose text is GBK, which nothing in it says."""
    columns: Columns = {
        "网格编码": [grid.code for grid in county.grids],
        "网格名称": [grid.name for grid in county.grids],
        "村社区编码": [grid.parent for grid in county.grids],
        "户数": [grid.households for grid in county.grids],
    }
    with tempfile.TemporaryDirectory() as folder:
        shapefile = Path(folder) / "综合网格.shp"
        _write_layer(shapefile, outlines(county.grids), columns, SURVEY, driver="ESRI Shapefile", encoding="GBK",
                     layer_options={"DBF_DATE_LAST_UPDATE": day.isoformat()})  # fmt: skip
        shapefile.with_suffix(".cpg").unlink()  # GDAL is more careful than the office
        _zip(path, sorted(Path(folder).iterdir()))


def write_specialised(path: Path, grids: Sequence[SpecialisedGrid]) -> None:
    """Write the specialised grids of one domain as GeoJSON, to the centimetre."""
    columns = {
        "网格编码": [grid.code for grid in grids],
        "网格名称": [grid.name for grid in grids],
        "上级编码": [grid.parent for grid in grids],
    }
    _write_geojson(path, in_degrees(outlines(grids), decimals=7), columns)


def _write_geojson(path: Path, shapes: Shapes, columns: Columns) -> None:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    features = [
        {"type": "Feature", "properties": row, "geometry": mapping(shape)}
        for row, shape in zip(rows, shapes, strict=True)
    ]
    layer = {"type": "FeatureCollection", "name": path.stem, "features": features}
    path.write_text(json.dumps(layer, ensure_ascii=False), encoding="utf-8")


def _write_geopackage(path: Path, layer: str, shapes: Shapes, columns: Columns, crs: str, day: date) -> None:
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{day.isoformat()}T00:00:00.000Z"})
    try:
        _write_layer(path, shapes, columns, crs, driver="GPKG", layer=layer, encoding="UTF-8")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_layer(path: Path, shapes: Shapes, columns: Columns, crs: str, **options: object) -> None:
    fields = [np.array(values, dtype=np.int32 if isinstance(values[0], int) else object) for values in columns.values()]
    raw.write(str(path), shapely.to_wkb(shapes), fields, list(columns), geometry_type="Polygon", crs=crs, **options)


def _zip(path: Path, parts: Sequence[Path]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for part in parts:
            add_to_zip(archive, part.name, part.read_bytes())


def add_to_zip(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a member whose bytes do not depend on when it is written."""
    member = zipfile.ZipInfo(name, ZIP_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)
