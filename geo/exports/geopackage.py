"""Areas as a GeoPackage: a layer for each kind, and the styles in which QGIS shows them by itself.

QGIS looks for styles in a table `layer_styles`, which it makes itself when somebody saves one "in the database"; the
columns here are the ones it makes.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyogrio import raw

from geo.codes import AreaKind
from geo.exports.areas import ExportedArea
from geo.exports.columns import TITLES, Cell, Column, cells_of, columns_of
from geo.exports.styles import style_of

GEOMETRY = "geom"

_STYLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30),
    ui TEXT(30), update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""


def write_layer(path: Path, kind: AreaKind, areas: Iterable[ExportedArea], *, at: datetime) -> int:
    """Add the areas of one kind as a layer named by the kind, make the file where it is new; return how many.

    A layer is of one type: of polygons where every outline has one part, else of multipolygons. Its description
    says the moment. GeoPackage 1.2 is what the QGIS of Debian 12 (3.22) reads without a warning.
    """
    areas, columns, (chinese, english) = list(areas), columns_of(kind), TITLES[kind]
    parted = any(len(area.outline.geoms) > 1 for area in areas)
    shapes = [area.outline if parted else area.outline.geoms[0] for area in areas]
    cells = [list(column) for column in zip(*cells_of(areas, columns), strict=True)]
    raw.write(
        str(path), shapely.to_wkb(np.array(shapes, dtype=object)), *_filled(columns, cells), driver="GPKG",
        layer=kind.value, geometry_type="MultiPolygon" if parted else "Polygon", crs="EPSG:4326", encoding="UTF-8",
        layer_options={"GEOMETRY_NAME": GEOMETRY, "IDENTIFIER": f"{chinese} {english}",
                       "DESCRIPTION": f"{at.isoformat()} 时有效 in force then"},
        dataset_options={"VERSION": "1.2"},
    )  # fmt: skip
    domains = sorted({area.domain for area in areas if area.domain})
    _add_style(path, kind, style_of(kind, domains))
    return len(areas)


def _filled(
    columns: tuple[Column, ...], cells: list[list[Cell]]
) -> tuple[list[NDArray[np.object_]], list[str], list[NDArray[np.bool_] | None]]:
    """Return the columns as arrays, their names, and which numbers are missing."""
    data: list[NDArray[np.object_]] = []
    missing: list[NDArray[np.bool_] | None] = []
    for column, values in zip(columns, cells, strict=True):
        numeric = column.kind is not str
        blank = np.array([value is None for value in values])
        plain = [0 if value is None else value for value in values] if numeric else values
        data.append(np.array(plain, dtype={str: object, int: np.int64, float: np.float64}[column.kind]))
        missing.append(blank if numeric else None)
    return data, [column.name for column in columns], missing


def _add_style(path: Path, kind: AreaKind, qml: str) -> None:
    """Make a style the default one of a layer, and the table of styles where there is none yet."""
    with closing(sqlite3.connect(path)) as db, db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'layer_styles'").fetchone():
            db.execute(_STYLES)
            db.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, description)"
                " VALUES ('layer_styles', 'attributes', 'layer_styles', 'QGIS')"
            )
        db.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
            " styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, ?, ?, ?, '', 1, ?, '')",
            (kind.value, GEOMETRY, kind.value, qml, " ".join(TITLES[kind])),
        )
