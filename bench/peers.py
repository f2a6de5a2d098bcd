"""Others who can tell which polygon a point is in, each asked as it answers fastest.

Every question is the join alone: points and polygons stand ready in the form that each likes best, points as
geometries where it wants these, and which of several polygons counts is not asked. What an index of the *points*
costs is part of the question, for each million is new; an index of the polygons is not, but for the join as everyone
calls it, which is what drawing our index and placing the points is measured by.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from rtree.index import Index

from bench.brute_force import Indices
from bench.ground import Ground

SAMPLE = 50
"""One in so many points is asked of a loop that would take minutes; its time is multiplied."""

NOT_ASKED = -2
"""In place of an answer, for points that were left out of a sample."""

_NOBODY = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Peer:
    """A contender: `ask` is timed and counts `scale` times; `first` says what it answers, untimed."""

    name: str
    ask: Callable[[], object]
    first: Callable[[], Indices]
    scale: int = 1


def smallest(polygon: Any, point: Any, count: int) -> Indices:
    """From pairs to the first polygon of each point, or -1."""
    first = np.full(count, _NOBODY, dtype=np.int32)
    np.minimum.at(first, np.asarray(point), np.asarray(polygon, dtype=np.int32))
    first[first == _NOBODY] = -1
    return first


SJOIN = "geopandas.sjoin(polygons, points)"
SJOIN_PREPARED = f"{SJOIN}, prepared before"


def geopandas_sjoin(ground: Ground, *, prepared: bool = False) -> Peer:
    """geopandas with the polygons on the left: it builds its tree over the points, the fast way round."""
    import geopandas

    polygons = geopandas.GeoDataFrame(geometry=ground.prepared if prepared else ground.outlines)
    geometries = shapely.points(ground.lon, ground.lat)

    def join() -> pd.DataFrame:
        # A new table of the same points: one that was joined before would keep its tree.
        return geopandas.sjoin(polygons, geopandas.GeoDataFrame(geometry=geometries), predicate="intersects")

    def first() -> Indices:
        pairs = join()
        return smallest(pairs.index, pairs["index_right"], len(geometries))

    return Peer(SJOIN_PREPARED if prepared else SJOIN, join, first)


def shapely_tree(ground: Ground) -> Peer:
    """The same without tables."""
    geometries = shapely.points(ground.lon, ground.lat)

    def join() -> Any:
        return shapely.STRtree(geometries).query(ground.prepared, predicate="intersects")

    return Peer("shapely.STRtree(points)", join, lambda: smallest(*join(), len(geometries)))


def rtree_loop(ground: Ground) -> Peer:
    """A loop over points: boxes from the rtree, then prepared polygons."""
    find = rtree_of(ground)
    asked = list(zip(ground.lon[::SAMPLE].tolist(), ground.lat[::SAMPLE].tolist(), strict=True))

    def join() -> list[int]:
        return [find(lon, lat) for lon, lat in asked]

    def first() -> Indices:
        whole = np.full(len(ground.lon), NOT_ASKED, dtype=np.int32)
        whole[::SAMPLE] = join()
        return whole

    return Peer("rtree, prepared polygons, in a loop", join, first, SAMPLE)


def rtree_of(ground: Ground) -> Callable[[float, float], int]:
    """One point: the first polygon that covers it, or -1."""
    polygons = ground.prepared
    boxes = shapely.bounds(polygons).tolist()
    tree = Index((i, box, None) for i, box in enumerate(boxes))

    def find(lon: float, lat: float) -> int:
        for i in sorted(tree.intersection((lon, lat, lon, lat))):
            if shapely.intersects_xy(polygons[i], lon, lat):
                return int(i)
        return -1

    return find


@contextmanager
def databases(ground: Ground, folder: Path) -> Iterator[list[Peer]]:
    """DuckDB and SedonaDB in this process, with as many threads as they like; both hold the ground in memory.

    SedonaDB is given Parquet files that DuckDB wrote, for neither then needs another package.
    """
    with closing(_duckdb(ground)) as duck:
        polygons, points = folder / "polygons.parquet", folder / "points.parquet"
        duck.execute(f"COPY (SELECT position, ST_AsWKB(outline) AS wkb FROM polygons) TO '{polygons}'")
        duck.execute(f"COPY (SELECT id, lon, lat FROM given_points) TO '{points}'")
        yield [_ask_duckdb(duck, len(ground.lon)), _sedonadb(polygons, points, len(ground.lon))]


def _duckdb(ground: Ground) -> Any:
    import duckdb
    import duckdb_extension_spatial as carried

    folder = Path(carried.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    database = duckdb.connect()
    database.execute(f"LOAD '{folder / 'spatial.duckdb_extension'}'")
    wkb, ids = shapely.to_wkb(ground.outlines), np.arange(len(ground.lon))
    database.register("given_polygons", pd.DataFrame({"position": np.arange(len(wkb)), "wkb": wkb}))
    database.register("given_points", pd.DataFrame({"id": ids, "lon": ground.lon, "lat": ground.lat}))
    database.execute(
        "CREATE TABLE polygons AS SELECT position, ST_GeomFromWKB(wkb::BLOB) AS outline FROM given_polygons"
    )
    database.execute("CREATE TABLE points AS SELECT id, ST_Point(lon, lat) AS point FROM given_points")
    return database


JOIN = "FROM polygons JOIN points ON ST_Intersects(outline, point)"
SUMS = f"SELECT count(*) AS pairs, sum(position) AS positions {JOIN}"
FIRST = f"SELECT id, min(position) AS position {JOIN} GROUP BY id"


def _ask_duckdb(database: Any, count: int) -> Peer:
    def first() -> Indices:
        found = database.execute(FIRST).fetchnumpy()
        return smallest(found["position"], found["id"], count)

    return Peer("DuckDB spatial", lambda: database.execute(SUMS).fetchall(), first)


def _sedonadb(polygons: Path, points: Path, count: int) -> Peer:
    import sedonadb

    context = sedonadb.connect()
    context.read_parquet(polygons).to_view("given_polygons")
    context.read_parquet(points).to_view("given_points")
    stored = "SELECT position, ST_GeomFromWKB(wkb) AS outline FROM given_polygons"
    context.sql(stored).to_memtable().to_view("polygons")
    context.sql("SELECT id, ST_Point(lon, lat) AS point FROM given_points").to_memtable().to_view("points")

    def first() -> Indices:
        import duckdb

        answers = points.with_name("answers.parquet")
        context.sql(FIRST).to_parquet(answers)
        with closing(duckdb.connect()) as reader:
            found = reader.execute(f"SELECT id, position FROM '{answers}'").fetchnumpy()
        return smallest(found["position"], found["id"], count)

    return Peer("SedonaDB", lambda: context.sql(SUMS).to_memtable(), first)
