"""Areas as GeoJSON, area by area: a hundred thousand take no more memory than a thousand.

RFC 7946: UTF-8, (lon, lat) in WGS-84, outer rings anticlockwise; an outline of one part is a Polygon.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from geo.codes import AreaKind
from geo.exports.areas import AT_ONCE, ExportedArea
from geo.exports.columns import columns_of


def write_geojson(path: Path, kind: AreaKind, areas: Iterable[ExportedArea], *, at: datetime) -> int:
    """Write the areas of one kind, a line each, and return how many. `in_force_at` says the moment."""
    count, left = 0, iter(areas)
    head = orjson.dumps({"type": "FeatureCollection", "name": kind.value, "in_force_at": at.isoformat()})
    with path.open("wb") as file:
        file.write(head[:-1] + b',"features":[')
        while some := list(islice(left, AT_ONCE)):
            file.write(b",\n" if count else b"\n")
            file.write(b",\n".join(_features(kind, some)))
            count += len(some)
        file.write(b"\n]}\n")
    return count


def _features(kind: AreaKind, areas: list[ExportedArea]) -> Iterable[bytes]:
    columns = columns_of(kind)
    turned = shapely.orient_polygons(np.array([simplest(area.outline) for area in areas], dtype=object))
    for area, geometry in zip(areas, shapely.to_geojson(turned), strict=True):
        properties = {column.name: column.cell(area) for column in columns}
        yield orjson.dumps({"type": "Feature", "properties": properties, "geometry": orjson.Fragment(geometry)})


def simplest(outline: shapely.MultiPolygon) -> BaseGeometry:
    """Return an outline of one part as that part."""
    return outline.geoms[0] if len(outline.geoms) == 1 else outline
