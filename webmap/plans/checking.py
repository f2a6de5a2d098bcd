"""Checking one uploaded file, in a process of its own: `python -m webmap.plans.checking FOLDER`.

A file from outside is read by large libraries. In a process of its own it can neither take the server down nor
slow its answers, and goes on when the page is closed. The folder holds the upload and `order.json`; the process
adds `report.json` and, for the map, `layer.geojson`, and removes the upload whatever happened.
"""

import os
import resource
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely
from sqlalchemy.orm import Session

from database import cluster
from database.session import make_engine, session_for
from database.settings import load_settings
from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.crs import Bounds
from geo.sentences import told
from importers.area_rows import fields_of
from importers.areas import import_areas
from importers.columns import match_columns
from importers.errors import ReadError
from importers.layers import Layer, read_layer
from importers.report import ImportReport
from webmap.plans.orders import Order

ALIVE_EVERY_S = 2.0
MEMORY = 4 * 1024**3
FIRST_ROWS = 5
DRAWN_PX = 4000
"""The outlines are drawn for a map on which the whole file is this wide."""


def main(folder: Path) -> None:
    """Check the file of the folder; leave a report in any case."""
    begin_alone(folder)
    order = Order.kept(folder)
    file = folder / order.file
    try:
        engine = make_engine(cluster.url(load_settings()))
        with session_for(engine) as db:
            report = check(db, file, order, folder)
        engine.dispose()
        write(folder / "report.json", orjson.dumps(report))
    finally:
        file.unlink(missing_ok=True)


def begin_alone(folder: Path) -> None:
    """Give way to the server, take no more memory than is allowed, and show life from now on."""
    os.nice(10)
    with suppress(ValueError, OSError):  # not every system has the limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    threading.Thread(target=_show_life, args=(folder,), daemon=True).start()


def check(db: Session, file: Path, order: Order, folder: Path) -> dict[str, Any]:
    """The report of a dry run, with the first rows of the file; nothing that it does stays."""
    _say(folder, "reading")
    seen = _look(db, file, order, folder)
    _say(folder, "checking")
    try:
        report = import_areas(db, file, by="check", **order.options())
    except ReadError as error:
        report = ImportReport.refused(file, error)
    finally:
        db.rollback()
    return kept(report) | seen


def kept(report: ImportReport) -> dict[str, Any]:
    """The report as JSON, but with what each sentence was made of: who reads it may speak another language."""
    told_again = report.to_json()
    for problem, item in zip(report.problems, told_again["problems"], strict=True):
        item |= {"message": told(problem.message), "field": told(problem.field)}
    for finding, item in zip(report.findings, told_again["findings"], strict=True):
        item["message"] = told(finding.message)
    told_again["detected"]["notes"] = [told(note) for note in report.detected.notes]
    return told_again


def write(path: Path, content: bytes) -> None:
    """Put a file in place whole: the page may ask for it at any moment."""
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(path)


def _look(db: Session, file: Path, order: Order, folder: Path) -> dict[str, Any]:
    """The headings and first rows, and the outlines for the map; nothing of a file that cannot be read."""
    options = order.options()
    reading = {name: options[name] for name in ("encoding", "crs", "datum")}
    try:
        layer = read_layer(file, **reading, county_box=_county_box(db))
    except ReadError:
        return {"headings": [], "first_rows": [], "bounds": None}
    mapping = match_columns(layer.columns, fields_of(options["kind"]), options["columns"]).mapping
    collection, bounds = _drawn(layer, mapping)
    write(folder / "layer.geojson", collection)
    first = [[_shown(row.get(column)) for column in layer.columns] for row in layer.rows[:FIRST_ROWS]]
    return {"headings": list(layer.columns), "first_rows": first, "bounds": bounds}


def _drawn(layer: Layer, mapping: Any) -> tuple[bytes, Bounds | None]:
    """The outlines as GeoJSON with their row numbers, and the box around them; what cannot be drawn is left out."""
    outlines = np.array(layer.outlines, dtype=object)
    boxes = shapely.bounds(outlines)
    good = np.isfinite(boxes).all(axis=1)
    if not good.any():
        return b'{"type":"FeatureCollection","features":[]}', None
    west, south = boxes[good, :2].min(axis=0).tolist()
    east, north = boxes[good, 2:].max(axis=0).tolist()
    tolerance = max(east - west, north - south) / DRAWN_PX
    features = []
    for at in np.flatnonzero(good).tolist():
        row = layer.rows[at]
        shape = shapely.simplify(outlines[at], tolerance)
        if shape.is_empty:
            shape = outlines[at]
        properties: dict[str, Any] = {
            name: _shown(row.get(mapping[name])) for name in ("code", "name") if name in mapping
        }
        properties["row"] = at + 1
        geometry = orjson.Fragment(shapely.to_geojson(shapely.transform(shape, lambda xy: np.round(xy, 6))))
        features.append({"type": "Feature", "id": at + 1, "properties": properties, "geometry": geometry})
    return orjson.dumps({"type": "FeatureCollection", "features": features}), (west, south, east, north)


def _county_box(db: Session) -> Bounds | None:
    """Where the file must lie, with a little room around; None while no county is loaded."""
    counties = areas_valid_at(db, datetime.now(UTC), kinds=[AreaKind.COUNTY])
    if not counties:
        return None
    west, south, east, north = shapely.total_bounds([county.outline for county in counties]).tolist()
    return west - 0.02, south - 0.02, east + 0.02, north + 0.02


def _shown(value: Any) -> str:
    return "" if value is None else str(value)[:80]


def _say(folder: Path, stage: str) -> None:
    (folder / "stage").write_text(stage)


def _show_life(folder: Path) -> None:
    """Touch a file as long as the process lives, so that a page can tell a long check from a lost one."""
    while True:
        (folder / "alive").touch()
        time.sleep(ALIVE_EVERY_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
