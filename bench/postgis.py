"""PostGIS asked for a million points at once, and for one at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import LiteralString

import numpy as np
import psycopg
import shapely
from sqlalchemy import make_url

from bench import county
from bench.brute_force import Indices
from bench.county import County
from bench.ground import Ground
from bench.peers import FIRST, SUMS, Peer, smallest
from database import preparing

_POINTS = np.dtype([
    ("fields", ">i2"), ("id_size", ">i4"), ("id", ">i4"), ("lon_size", ">i4"), ("lon", ">f8"), ("lat_size", ">i4"),
    ("lat", ">f8"),
])  # fmt: skip
"""A row as COPY takes it in binary: the number of fields, then each with its size before it."""

ONE: LiteralString = (
    "SELECT min(position) FROM polygons WHERE ST_Intersects(outline, ST_SetSRID(ST_Point(%s, %s), 4326))"
)


@contextmanager
def database(where: County) -> Iterator[psycopg.Connection]:
    """A database with PostGIS for these tables alone, over the unix socket."""
    with county.copy_of(where) as url, preparing.connect(make_url(url)) as connection:
        connection.execute("SET search_path TO measured, public")
        yield connection


def load(connection: psycopg.Connection, ground: Ground) -> list[Peer]:
    """Fill the tables and return both ways of asking, each in one backend.

    Only the points have an index at first: with one on the polygons too, PostgreSQL goes through the points one by
    one and is four times slower here. For the same reason it is not let choose parallel plans.
    """
    connection.execute("DROP SCHEMA IF EXISTS measured CASCADE")
    connection.execute("CREATE SCHEMA measured")
    connection.execute("SET max_parallel_workers_per_gather = 0")
    connection.execute("CREATE UNLOGGED TABLE polygons (position int, outline geometry(Geometry, 4326))")
    with connection.cursor().copy("COPY polygons FROM STDIN") as copy:
        for row in enumerate(shapely.to_wkb(shapely.set_srid(ground.outlines, 4326), hex=True, include_srid=True)):
            copy.write_row(row)
    connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS given (id int, lon float8, lat float8)")
    connection.execute("TRUNCATE given")
    with connection.cursor().copy("COPY given FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + _rows(ground).tobytes() + b"\xff\xff")
    connection.execute(
        "CREATE UNLOGGED TABLE points AS SELECT id, ST_SetSRID(ST_Point(lon, lat), 4326) AS point FROM given"
    )
    connection.execute("CREATE INDEX ON points USING gist (point)")
    connection.execute(
        "CREATE UNLOGGED TABLE pieces AS SELECT position, ST_Subdivide(outline, 64) AS outline FROM polygons"
    )
    for table in ("points", "polygons", "pieces"):
        connection.execute(f"ANALYZE {table}")
    return [
        _peer(connection, "PostGIS", "polygons", len(ground.lon)),
        _peer(connection, "PostGIS, ST_Subdivide(64)", "pieces", len(ground.lon)),
    ]


def _rows(ground: Ground) -> np.ndarray:
    rows = np.empty(len(ground.lon), dtype=_POINTS)
    rows["fields"], rows["id_size"], rows["lon_size"], rows["lat_size"] = 3, 4, 8, 8
    rows["id"], rows["lon"], rows["lat"] = np.arange(len(rows)), ground.lon, ground.lat
    return rows


def _peer(connection: psycopg.Connection, name: str, table: str, count: int) -> Peer:
    sums, pairs = (query.replace("polygons", table) for query in (SUMS, FIRST))

    def first() -> Indices:
        found = np.array(connection.execute(pairs).fetchall(), dtype=np.int64).reshape(-1, 2)
        return smallest(found[:, 1], found[:, 0], count)

    return Peer(name, lambda: connection.execute(sums).fetchall(), first)


def one_at_a_time(connection: psycopg.Connection) -> dict[str, Callable[[float, float], object]]:
    """The round trip alone, and one point by a prepared statement, now with an index on the polygons."""
    connection.execute("CREATE INDEX IF NOT EXISTS polygons_outline ON polygons USING gist (outline)")
    connection.execute("ANALYZE polygons")
    cursor = connection.cursor()

    def nothing(_lon: float, _lat: float) -> object:
        return cursor.execute("SELECT 1", prepare=True).fetchone()

    def prepared(lon: float, lat: float) -> object:
        row = cursor.execute(ONE, (lon, lat), prepare=True).fetchone()
        return -1 if row is None or row[0] is None else row[0]

    return {"`select 1` over the socket": nothing, "PostGIS, prepared statement": prepared}
