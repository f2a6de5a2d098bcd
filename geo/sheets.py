"""The areas of a moment as a map needs them: GeoJSON, simplified for a zoom, in one piece with their neighbours.

Simplifying polygon by polygon tears neighbours apart. Areas of one kind are therefore simplified together,
as a coverage: an edge that two of them share stays one edge. Real data is not always a clean coverage; edges
that do not match are then simplified each on its own, which shows as slivers no wider than the tolerance, and
an outline that comes out unusable is replaced by its own simplification.
"""

import hashlib
import logging
import math
import os
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, aliased

from database.session import session_for
from geo.areas import turning_points
from geo.codes import AreaKind
from geo.crs import Bounds
from geo.models import Area, AreaVersion
from geo.placing import AreaIndex

log = logging.getLogger(__name__)

WHOLE = 17
"""From this zoom on, where a pixel is about a metre, outlines are shown as they are."""

KEPT_BYTES = 100_000_000
"""GeoJSON of sheets kept in memory, the one in use aside: of a county five kinds at the zooms in use, of which the
largest, its grids in full, has 4 MB; where there are a hundred times as many areas, a few. In memory a sheet takes some
three times as much."""

KEPT_FILES = 400

Outlines = NDArray[np.object_]
"""Polygons and multipolygons."""


def pixel_degrees(zoom: int) -> float:
    """How many degrees of longitude one pixel of a web map of 256-pixel tiles spans."""
    return 360 / 256 / float(2**zoom)


def simplify_together(outlines: Outlines, zoom: int) -> Outlines:
    """The outlines with details smaller than a pixel left out, each edge shared by two still shared.

    Vertices are only ever dropped, so what is kept is exact. From zoom `WHOLE` on nothing is dropped.
    The tolerance of Visvalingam and Whyatt is the root of the area that a vertex adds: here a square pixel,
    whose sides in degrees are `pixel_degrees` and that times the cosine of the latitude.
    """
    if zoom >= WHOLE or not len(outlines):
        return outlines
    _west, south, _east, north = shapely.total_bounds(outlines)
    tolerance = pixel_degrees(zoom) * math.sqrt(math.cos(math.radians((south + north) / 2)))
    simplified = shapely.coverage_simplify(outlines, tolerance)
    unusable = shapely.is_empty(simplified) | ~shapely.is_valid(simplified)
    simplified[unusable] = shapely.simplify(outlines[unusable], tolerance / 2, preserve_topology=True)
    return np.where(shapely.is_empty(simplified), outlines, simplified)


def rounded(outlines: Outlines, zoom: int) -> Outlines:
    """The outlines with as many decimals as a quarter of a pixel needs. Equal vertices stay equal."""
    decimals = 7 if zoom >= WHOLE else math.ceil(-math.log10(pixel_degrees(zoom) / 4))
    moved: Outlines = shapely.transform(outlines, lambda xy: np.round(xy, decimals))
    return moved


class OutlineFiles:
    """Simplified outlines kept on disk, so that a restarted process need not make them again.

    A file is named by what went into it: it can never be out of date, only unused. Those used least
    lately are removed. A folder that cannot be written costs time, nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def simplified(self, outlines: Outlines, zoom: int) -> Outlines:
        """The same as `simplify_together`."""
        if zoom >= WHOLE or not len(outlines):
            return outlines
        path = self._folder / f"{_fingerprint(outlines, zoom)}.wkb"
        kept = self._read(path, len(outlines))
        if kept is None:
            kept = simplify_together(outlines, zoom)
            self._write(path, kept)
        return kept

    def _read(self, path: Path, expected: int) -> Outlines | None:
        try:
            parts = shapely.get_parts(shapely.from_wkb(path.read_bytes()))
            os.utime(path)
        except (OSError, shapely.errors.ShapelyError):
            return None
        return parts if len(parts) == expected else None

    def _write(self, path: Path, outlines: Outlines) -> None:
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(bytes(shapely.to_wkb(shapely.geometrycollections(outlines))))
            draft.replace(path)
            self._prune()
        except OSError as problem:
            log.warning("cannot keep simplified outlines in %s (%s)", self._folder, problem.strerror)

    def _prune(self) -> None:
        by_age = sorted(self._folder.glob("*.wkb"), key=lambda file: file.stat().st_mtime)
        for file in by_age[:-KEPT_FILES]:
            file.unlink(missing_ok=True)


def _fingerprint(outlines: Outlines, zoom: int) -> str:
    digest = hashlib.blake2b(f"{shapely.geos_version_string} {zoom} ".encode(), digest_size=16)
    for wkb in shapely.to_wkb(outlines):
        digest.update(wkb)
    return digest.hexdigest()


@dataclass(frozen=True)
class DrawnArea:
    """One area of a sheet. `geometry` is finished JSON, and `feature` holds it with the area's properties."""

    id: int
    code: str
    name: str
    parent_id: int | None
    households: int | None
    geometry: bytes
    feature: bytes


@dataclass(frozen=True)
class Sheet:
    """The areas of one kind at one moment and zoom, in code order. `tag` changes with the content and only then."""

    areas: tuple[DrawnArea, ...]
    outlines: Outlines
    tag: str

    @cached_property
    def size(self) -> int:
        """Bytes of GeoJSON."""
        return sum(len(area.feature) for area in self.areas)

    def within(self, box: Bounds | None = None) -> bytes:
        """A GeoJSON FeatureCollection of the areas whose bounds meet `box`; all of them without one."""
        chosen: Sequence[DrawnArea] = self.areas
        if box is not None:
            west, south, east, north = shapely.bounds(self.outlines).reshape(-1, 4).T
            meets = (west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1])
            chosen = [self.areas[at] for at in np.flatnonzero(meets)]
        return b'{"type":"FeatureCollection","features":[' + b",".join(area.feature for area in chosen) + b"]}"

    @cached_property
    def neighbours(self) -> tuple[tuple[int, ...], ...]:
        """For each area the positions of those it touches."""
        found: list[list[int]] = [[] for _ in self.areas]
        for one, other in STRtree(self.outlines).query(self.outlines, predicate="intersects").T.tolist():
            if one != other:
                found[one].append(other)
        return tuple(tuple(sorted(near)) for near in found)


class Sheets:
    """Sheets of any moment. Build one per process and share it between threads; it follows what `index` hears."""

    def __init__(self, engine: Engine, index: AreaIndex, folder: Path) -> None:
        self._engine = engine
        self._index = index
        self._files = OutlineFiles(folder)
        self._lock = threading.Lock()
        self._epoch = -1
        self._turns: list[datetime] = []
        self._sheets: OrderedDict[tuple[AreaKind, int, int], Sheet] = OrderedDict()

    def sheet(self, kind: AreaKind, at: datetime, zoom: int = WHOLE) -> Sheet:
        """The areas of `kind` valid at the aware moment `at`, simplified for `zoom`."""
        zoom = min(zoom, WHOLE)
        with self._lock:
            _epoch, period = self._period(at)
            key = (kind, period, zoom)
            if key not in self._sheets:
                with session_for(self._engine) as db:
                    self._sheets[key] = _draw(db, kind, at, zoom, self._files)
                while len(self._sheets) > 1 and sum(sheet.size for sheet in self._sheets.values()) > KEPT_BYTES:
                    self._sheets.popitem(last=False)
            self._sheets.move_to_end(key)
            return self._sheets[key]

    def period(self, at: datetime) -> tuple[int, int]:
        """Two numbers that are the same for two moments only where every area is the same at both."""
        with self._lock:
            return self._period(at)

    def _period(self, at: datetime) -> tuple[int, int]:
        epoch = self._index.epoch
        if epoch != self._epoch:
            with session_for(self._engine) as db:
                self._turns = turning_points(db)
            self._sheets.clear()
            self._epoch = epoch
        return epoch, bisect_right(self._turns, at)


def _draw(db: Session, kind: AreaKind, at: datetime, zoom: int, files: OutlineFiles) -> Sheet:
    rows = _rows(db, kind, at)
    whole = np.array(shapely.from_wkb([bytes(row.outline) for row in rows]), dtype=object)
    drawn = rounded(files.simplified(whole, zoom), zoom)
    areas = tuple(_drawn(row, geometry) for row, geometry in zip(rows, shapely.to_geojson(drawn), strict=True))
    tag = hashlib.blake2b(b"".join(area.feature for area in areas), digest_size=12).hexdigest()
    return Sheet(areas, drawn, tag)


def _rows(db: Session, kind: AreaKind, at: datetime) -> Sequence[Any]:
    parent = aliased(Area)
    return db.execute(
        select(
            Area.id,
            Area.code,
            Area.kind,
            Area.domain,
            AreaVersion.id.label("version"),
            AreaVersion.name,
            AreaVersion.households,
            AreaVersion.parent_id,
            parent.code.label("parent"),
            func.ST_AsBinary(AreaVersion.outline).label("outline"),
        )
        .join(Area, Area.id == AreaVersion.area_id)
        .outerjoin(parent, parent.id == AreaVersion.parent_id)
        .where(Area.kind == kind, AreaVersion.valid.contains(at))
        .order_by(Area.code)
    ).all()


def _drawn(row: Any, geometry: str) -> DrawnArea:
    properties = {
        name: getattr(row, name) for name in ("code", "name", "kind", "version", "parent", "domain", "households")
    }
    finished = geometry.encode()
    feature = {"type": "Feature", "id": row.id, "properties": properties, "geometry": orjson.Fragment(finished)}
    return DrawnArea(row.id, row.code, row.name, row.parent_id, row.households, finished, orjson.dumps(feature))
