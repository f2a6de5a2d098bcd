"""Areas as a zip of shapefiles, one for each kind, with a legend that says what the short field names mean.

Outlines and .prj are GDAL's, the attributes are ours (geo.exports.dbf). The coordinate system is EPSG:4326, in which
areas are stored: with CGCS2000 (EPSG:4490) the .prj would claim a survey that nobody made, and QGIS lays the two on
each other without a shift anyway.
"""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely
from pyogrio import raw

from geo.codes import AreaKind
from geo.exports.areas import ExportedArea
from geo.exports.columns import TITLES, all_columns, cells_of, columns_of
from geo.exports.dbf import Encoding, make_table, shortened

LEGEND = "字段说明.txt"
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True)
class Shapefile:
    """One shapefile as it was written: how many areas of which kind, and what its .cpg says."""

    kind: AreaKind
    count: int
    cpg: str


def write_shapefile(
    folder: Path, kind: AreaKind, areas: Iterable[ExportedArea], *, at: datetime, encoding: Encoding
) -> Shapefile:
    """Write the areas of one kind into a folder, as files named by the kind. Raises TextTooLong."""
    areas, columns = list(areas), columns_of(kind)
    table = make_table(columns, cells_of(areas, columns), encoding, at=at)
    shp = folder / f"{kind.value}.shp"
    outlines = shapely.to_wkb(np.array([area.outline for area in areas], dtype=object))
    raw.write(str(shp), outlines, [], [], driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:4326")
    shp.with_suffix(".dbf").write_bytes(table.content)
    shp.with_suffix(".cpg").write_text(table.cpg, encoding="ascii")
    return Shapefile(kind, len(areas), table.cpg)


def pack(path: Path, shapefiles: Sequence[Shapefile], *, at: datetime, encoding: Encoding) -> None:
    """Pack the shapefiles beside `path` and their legend into the zip `path`, and remove them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in shapefiles:
            for suffix in _PARTS:
                part = path.with_name(one.kind.value + suffix)
                archive.write(part, part.name)
                part.unlink()
        archive.writestr(LEGEND, legend(shapefiles, at=at, encoding=encoding).encode("utf-8-sig"))


def legend(shapefiles: Sequence[Shapefile], *, at: datetime, encoding: Encoding) -> str:
    """Return what the files and fields are, in Chinese and English: tables with tabs, lines that Notepad breaks."""
    kinds = {one.kind for one in shapefiles}
    fields = [column for column in all_columns() if any(column in columns_of(kind) for kind in kinds)]
    lines = [
        ("有效时间 in force at", at.isoformat()),
        ("坐标系 coordinates", "WGS-84 经度、纬度 longitude, latitude (EPSG:4326)"),
        ("文字编码 encoding", encoding.upper()),
        (),
        ("文件 file", "内容 areas", "数量 count", ".cpg"),
        *((f"{one.kind.value}.shp", " ".join(TITLES[one.kind]), str(one.count), one.cpg) for one in shapefiles),
        (),
        ("字段 field", "全称 heading", "含义 meaning", "name", "meaning"),
        *((shortened(field.heading, encoding), field.heading, field.meaning[0], field.name, field.meaning[1])
          for field in fields),
    ]  # fmt: skip
    return "".join("\t".join(line) + "\r\n" for line in lines)
