"""Reading a file of a hundred thousand grids into a draft beside `ogr2ogr`, which loads it into PostGIS as it is.

`python -m bench.redraw_import` prints it; `measure` is for the document. The file is a shapefile as offices send it, in
GBK, and nothing says so. Ours finds that out, judges every code, name, outline and parent, and keeps the rows with
their parents; ogr2ogr is told the encoding and judges nothing. Both begin with a new database each time. Afterwards as
many rows and corners must stand in each, the same codes and names, and the same ground.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from sqlalchemy import URL, make_url
from sqlalchemy.dialects.postgresql import Range

from bench import county, tessellations
from bench.county import PYTHON, County
from bench.measuring import Run, alternate, machine, median, run
from bench.tessellations import Size
from database import preparing
from database.session import make_engine, session_for
from geo.codes import AreaKind
from geo.coverage import as_multi
from geo.crs import area_m2
from geo.loading import NewVersion, add_areas, add_versions

SIZE = Size(100_000, 61)
PER_VILLAGE = 250
ROUNDS = 3
CODE, NAME, VILLAGE, HOUSEHOLDS = "网格编码", "网格名称", "村社区编码", "户数"
OURS, OGR2OGR = "ours", "ogr2ogr"

Outlines = NDArray[np.object_]


class Differs(Exception):
    """What stands in the two databases is not the same, or ours found fault with the file: figures mean nothing."""


@dataclass(frozen=True)
class Kept:
    """What a database holds: rows, corners, ground in square degrees, and a digest of all codes and names."""

    rows: int
    corners: int
    ground: float
    names: str

    def alike(self, other: Kept) -> bool:
        """Whether it is the same but for the order in which the ground was added up."""
        exact = (self.rows, self.corners, self.names) == (other.rows, other.corners, other.names)
        return exact and bool(np.isclose(self.ground, other.ground, rtol=1e-9))


@dataclass(frozen=True)
class Turn:
    """One loading: seconds from opening the file to the commit, the cost of the whole process, and what came of it.

    `read_s` are ours until every row is judged and nothing is written yet.
    """

    seconds: float
    process: Run
    kept: Kept
    read_s: float = 0.0


@dataclass(frozen=True)
class Imported:
    """What each turn cost."""

    size: Size
    ours: list[Turn]
    theirs: list[Turn]

    @property
    def ratio(self) -> float:
        """Our time by the other's, medians."""
        return median([turn.seconds for turn in self.ours]) / median([turn.seconds for turn in self.theirs])


def measure(where: County, *, size: Size = SIZE, rounds: int = ROUNDS) -> Imported:
    """Let both load the file in turn, and compare what they loaded. Raises Differs."""
    shp, villages = write(where, size)
    with county.empty(where) as bare:
        add_villages(bare, villages)
        template = str(make_url(bare).database)
        contenders = {
            OURS: partial(read_ours, where, template, shp),
            OGR2OGR: partial(load_theirs, where, template, shp),
        }
        taken = alternate(contenders, rounds=rounds)
    first = taken[OGR2OGR][0].kept
    for turn in (*taken[OURS], *taken[OGR2OGR]):
        if not turn.kept.alike(first):
            raise Differs(f"{turn.kept} is not {first}")
    return Imported(size, taken[OURS], taken[OGR2OGR])


def write(where: County, size: Size) -> tuple[Path, dict[str, Outlines]]:
    """Write the grids as a shapefile in GBK that does not say so; return it, and the grids of each village's code."""
    outlines = tessellations.load(size, where.data / "tessellations")
    order = np.arange(len(outlines))
    homes = [f"3299{1 + at // 100:02d}{1 + at % 100 // 10:03d}{1 + at % 10:03d}" for at in order // PER_VILLAGE]
    codes = [f"{home}{1 + at:03d}" for home, at in zip(homes, order % PER_VILLAGE, strict=True)]
    names = [f"第{number}网格" for number in order]
    shp = where.data / "redraws" / f"grids-{size.grids}.shp"
    shp.parent.mkdir(exist_ok=True)
    cells = [np.array(column, dtype=object) for column in (codes, names, homes)]
    pyogrio.raw.write(
        str(shp), shapely.to_wkb(outlines), [*cells, (300 + order % 200).astype(np.int32)],
        [CODE, NAME, VILLAGE, HOUSEHOLDS],
        geometry_type="Polygon", crs="EPSG:4490", driver="ESRI Shapefile", encoding="GBK",
    )  # fmt: skip
    shp.with_suffix(".cpg").unlink()
    firsts = range(0, len(outlines), PER_VILLAGE)
    return shp, {homes[first]: outlines[first : first + PER_VILLAGE] for first in firsts}


def add_villages(database: str, villages: dict[str, Outlines]) -> None:
    """Let the villages that the grids name be in force, as the boxes of their grids: only their codes are asked for."""
    engine = make_engine(database)
    with session_for(engine) as db:
        ids = add_areas(db, AreaKind.VILLAGE, dict.fromkeys(villages))
        boxes = {code: as_multi(shapely.box(*shapely.total_bounds(grids))) for code, grids in villages.items()}
        add_versions(
            db,
            (
                NewVersion(ids[code], Range(None, None), code, outline, None, None, area_m2(outline))
                for code, outline in boxes.items()
            ),
        )
        db.commit()
    engine.dispose()


def read_ours(where: County, template: str, shp: Path) -> Turn:
    """Read the file into a draft, in a new database with its villages. Raises Differs where a fault is found."""
    took = shp.with_suffix(".json")
    with county.copy_of(where, template) as database:
        command = [PYTHON, "-m", "bench.redraw_reading", str(shp), str(took)]
        process = run(command, {**where.environment, "DATABASE_URL": database})
        told = json.loads(took.read_text())
        if told["problems"]:
            raise Differs(f"found in a faultless file: {told['problems'][:3]}")
        stands = kept(database, "draft_area", "outline", "code", "name")
    return Turn(told["seconds"], process, stands, told["read_s"])


def load_theirs(where: County, template: str, shp: Path) -> Turn:
    """Let ogr2ogr load the file into a table of its own, in a new database."""
    with county.copy_of(where, template) as database:
        command = [
            OGR2OGR, "-f", "PostgreSQL", _for_gdal(make_url(database)), str(shp), "-nln", "peer",
            "-nlt", "PROMOTE_TO_MULTI", "--config", "PG_USE_COPY", "YES", "-oo", "ENCODING=GBK",
        ]  # fmt: skip
        process = run(command)
        stands = kept(database, "peer", "wkb_geometry", CODE, NAME)
    return Turn(process.seconds, process, stands)


def _for_gdal(url: URL) -> str:
    parts = {"host": url.query.get("host", url.host), "port": url.query.get("port", url.port), "dbname": url.database,
             "user": url.username, "password": url.password}  # fmt: skip
    return "PG:" + " ".join(f"{name}={value}" for name, value in parts.items() if value)


def kept(database: str, table: str, outline: str, code: str, name: str) -> Kept:
    """What a table holds."""
    query = (
        f"SELECT count(*), sum(ST_NPoints({outline})), sum(ST_Area({outline})),"
        f' md5(string_agg("{code}" || "{name}", \',\' ORDER BY "{code}" COLLATE "C")) FROM {table}'
    )
    with preparing.connect(database) as connection:
        row = connection.execute(query.encode()).fetchone()
    if row is None or not row[0]:
        raise Differs(f"nothing stands in {table}")
    return Kept(row[0], row[1], row[2], row[3])


def told(imported: Imported) -> str:
    """The figures, as text."""
    lines = [f"{imported.size.grids:,} grids, {imported.ours[0].kept.corners:,} corners; ratio {imported.ratio:.2f}"]
    for name, turns in ((OURS, imported.ours), (OGR2OGR, imported.theirs)):
        seconds, process_s, peak_mb = middle(turns)
        lines.append(f"  {name}: {seconds:.2f} s, the whole process {process_s:.2f} s, {peak_mb:.0f} MB")
    return "\n".join(lines)


def middle(turns: list[Turn]) -> tuple[float, float, float]:
    """Medians: seconds, seconds of the whole process, megabytes."""
    return (
        median([turn.seconds for turn in turns]),
        median([turn.process.seconds for turn in turns]),
        median([turn.process.peak_mb for turn in turns]),
    )


def main() -> None:
    """Measure and print."""
    print(machine())
    where = county.prepare()
    try:
        print(told(measure(where)))
    finally:
        county.end(where)


if __name__ == "__main__":
    main()
