"""Incidents on a map: GET /incidents.geojson, as points or as square bins.

A feature carries what a symbol and a short label need. Nobody's words and nobody's name are among it.
"""

import math
from datetime import datetime
from typing import Any, Literal

import numpy as np
from flask import g
from flask.typing import ResponseReturnValue
from pydantic import Field

from geo.hotspots import bin_points
from geo.sheets import pixel_degrees
from geo.sphere import M_PER_DEG
from incidents import finding
from incidents.finding import IncidentFilter
from incidents.workflow import OPEN
from webmap.api.answers import CappedCollection
from webmap.api.operations import GEOJSON, Answered, answer, bp, operation
from webmap.installation import utcnow
from webmap.permissions import Permission, requires

MOST_POINTS = 5_000
"""More than that no map shows legibly, and a phone takes seconds to draw."""


FINEST_CELL_M = 25


class MapWanted(IncidentFilter):
    """Which incidents, and how they are drawn."""

    as_: Literal["points", "bins"] = Field(
        default="points", alias="as", description="points: one feature each; bins: squares with the number in each"
    )
    cell_m: float = Field(default=500, ge=50, le=20_000, description="side of a bin in metres")
    zoom: int | None = Field(default=None, ge=0, le=24, description="of the web map; bins are then sized to suit it")


@bp.get("/incidents.geojson")
@requires(Permission.SEE_INCIDENTS)
@operation(
    f"The incidents of one's jurisdiction on a map: at most {MOST_POINTS} points, the newest; or bins of all",
    query=MapWanted,
    answers={200: Answered("the incidents meant that have a position", CappedCollection, GEOJSON)},
)
def incident_map(query: MapWanted) -> ResponseReturnValue:
    """Points or bins."""
    return answer(
        binned(query, query.cell_m, query.zoom) if query.as_ == "bins" else _points(query), media_type=GEOJSON
    )


def binned(wanted: IncidentFilter, cell_m: float, zoom: int | None) -> dict[str, Any]:
    """Squares as points at their middles, each with its number of incidents, and its box."""
    lon, lat = finding.coordinates(g.db, wanted)
    # The whole degree keeps the cells where they are, whatever is counted in them: within half a per cent square.
    lat0 = float(np.rint(lat.mean())) if lat.size else 0.0
    bins = bin_points(lon, lat, cell_m if zoom is None else _suiting(zoom, lat0), lat0=lat0)
    middles, boxes = np.column_stack(bins.centres()).round(6).tolist(), bins.boxes().round(6).tolist()
    features = [
        {
            "type": "Feature",
            "bbox": box,
            "geometry": {"type": "Point", "coordinates": middle},
            "properties": {"count": count, "weight": count},
        }
        for middle, box, count in zip(middles, boxes, bins.count.tolist(), strict=True)
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "cell_m": bins.cells.cell_m,
        "total": int(bins.count.sum()),
        "truncated": False,
    }


def _suiting(zoom: int, lat0: float) -> float:
    """The side of a cell that is some 32 pixels wide on a web map, in metres; no finer than positions are."""
    return max(FINEST_CELL_M, 32 * pixel_degrees(zoom) * M_PER_DEG * math.cos(math.radians(lat0)))


def _points(wanted: MapWanted) -> dict[str, Any]:
    rows = finding.points(g.db, wanted, limit=MOST_POINTS + 1)
    now, truncated = utcnow(), len(rows) > MOST_POINTS
    return {
        "type": "FeatureCollection",
        "features": [_point(row, now) for row in rows[:MOST_POINTS]],
        "total": finding.count_placed(g.db, wanted) if truncated else len(rows),
        "truncated": truncated,
    }


def _point(row: Any, now: datetime) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.id,
        "geometry": {"type": "Point", "coordinates": [round(row.lon, 7), round(row.lat, 7)]},
        "properties": {
            "number": row.number,
            "state": row.state,
            "queue_reason": row.queue_reason,
            "reported_at": row.reported_at,
            "due_at": row.due_at,
            "late": row.state in OPEN and row.due_at is not None and row.due_at < now,
            "matter": row.matter,
            "grid": row.grid,
        },
    }
