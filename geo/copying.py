"""Many rows with an outline each written to a table at once: PostgreSQL's COPY in its binary form.

Outlines go as the bytes that PostGIS itself keeps (EWKB), made by the thousand: as text they would be twice as long,
and made one by one they would take longer than everything else. Binary COPY converts nothing: each column is named
with the very type it has in the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from shapely import GeometryType
from sqlalchemy.orm import Session

from database.base import WGS84
from geo.coverage import Outline

AT_ONCE = 5_000
"""So many outlines are bytes at one time: some megabytes."""

Outlined = tuple[Outline, tuple[Any, ...]]
"""An outline in WGS-84, and what the other columns hold."""


def copy_outlined(db: Session, table: str, columns: Mapping[str, str], rows: Iterable[Outlined]) -> int:
    """Write rows to a table whose column `outline` is of multipolygons; return how many there were.

    `columns` is the other columns' names → types, in the order of the values. Flushes first; the caller commits.
    """
    db.flush()
    connection = db.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("rows are copied through psycopg")
    named = ", ".join(("outline", *columns))
    count, left = 0, iter(rows)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({named}) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["bytea", *columns.values()])
        while batch := list(islice(left, AT_ONCE)):
            for outline, (_, values) in zip(ewkb([outline for outline, _ in batch]), batch, strict=True):
                copy.write_row((outline, *values))
            count += len(batch)
    return count


def ewkb(outlines: Sequence[Outline]) -> list[bytes]:
    """Return outlines in WGS-84 as the tables keep them: multipolygons in PostGIS' own bytes."""
    found: NDArray[np.object_] = np.array(outlines, dtype=object)
    single = np.flatnonzero(shapely.get_type_id(found) == GeometryType.POLYGON)
    found[single] = shapely.multipolygons(found[single], indices=np.arange(len(single)))
    written: list[bytes] = shapely.to_wkb(shapely.set_srid(found, WGS84), include_srid=True).tolist()
    return written
