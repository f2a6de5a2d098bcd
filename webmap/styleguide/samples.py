"""Made-up data for the style guide's map: a county of sixteen villages, and what people might type."""

import math
from itertools import pairwise
from typing import Any

from webmap.problems import NotFound

WEST, SOUTH, CELL = 119.300, 33.200, 0.02
COLUMNS, ROWS = 8, 6
BOUNDS = (WEST, SOUTH, WEST + COLUMNS * CELL, SOUTH + ROWS * CELL)
STATES = ("reported", "filed", "dispatched", "handled", "closed", "void")
TYPED = (
    "路灯不亮，已经三天了",
    "<script>alert(1)</script>",
    "`${alert(1)}`",
    '"><img src=x onerror=alert(1)>',
)
"""Two words of a reporter and three of somebody who tries us out: all must show as the text they are."""


def answer(what: str) -> dict[str, Any]:
    """The sample named `what`; raises NotFound for any other."""
    if what not in _SAMPLES:
        raise NotFound
    return _SAMPLES[what]()


def grids() -> dict[str, Any]:
    """Cells with wavy edges."""
    return _collection([_cell(column, row, 1) for column in range(COLUMNS) for row in range(ROWS)])


def townships() -> dict[str, Any]:
    """Blocks of four cells each, with a rate."""
    return _collection([_cell(column, row, 4) for column in range(0, COLUMNS, 4) for row in range(0, ROWS, 3)])


def incidents() -> dict[str, Any]:
    """Some hundred points, crowded in the middle."""
    features = []
    for i in range(160):
        angle, radius = i * 2.399963, 0.05 * math.sqrt(i / 160)
        lon, lat = WEST + 0.08 + radius * math.cos(angle), SOUTH + 0.06 + radius * math.sin(angle)
        properties = {"number": f"20260101-{i:04}", "state": STATES[i % 6], "text": TYPED[i % 4], "late": i % 11 == 0}
        features.append(_feature({"type": "Point", "coordinates": [lon, lat]}, properties, i))
    return _collection(features)


def heat() -> dict[str, Any]:
    """The same points with weights."""
    points = [[*feature["geometry"]["coordinates"], 1 + i % 3] for i, feature in enumerate(incidents()["features"])]
    return {"points": points, "max": 6}


def findings() -> dict[str, Any]:
    """An overlap that blocks and a sliver that warns."""
    west, south = WEST + 0.1, SOUTH + 0.02
    overlap = [[west, south], [west + 0.006, south + 0.002], [west + 0.003, south + 0.008], [west, south]]
    sliver = [[west - 0.06, south + 0.06], [west - 0.03, south + 0.062], [west - 0.06, south + 0.061]]
    return _collection(
        [
            _feature(
                {"type": "Polygon", "coordinates": [overlap]},
                {
                    "severity": "block",
                    "code": "overlap",
                    "message": "320101001001 与 320101001002 重叠 <b>0.4</b> 公顷",
                },
                1,
            ),
            _feature(
                {"type": "Polygon", "coordinates": [[*sliver, sliver[0]]]},
                {"severity": "warn", "code": "outside-parent", "message": "`${code}` 超出上级 12 平方米"},
                2,
            ),
        ]
    )


def _cell(column: int, row: int, size: int) -> dict[str, Any]:
    tall = max(size - 1, 1)
    corners = [(0, 0), (size, 0), (size, tall), (0, tall), (0, 0)]
    ring = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        steps = 12 * size
        for i in range(steps):
            x, y = column + x0 + (x1 - x0) * i / steps, row + y0 + (y1 - y0) * i / steps
            ring.append(_point(x, y))
    ring.append(ring[0])
    number = column * ROWS + row + 1
    properties = {
        "code": f"320101{number:03}",
        "name": f"第{number}网格" if size == 1 else f"{'东西南北'[number % 4]}桥镇",
        "households": 150 + 37 * number % 600,
        "rate": (number * 37 % 50 + 50) / 100,
    }
    return _feature({"type": "Polygon", "coordinates": [ring]}, properties, number)


def _point(x: float, y: float) -> list[float]:
    """A lattice point moved by waves that depend on the place alone, so that neighbours share their edge."""
    dx, dy = 0.18 * math.sin(2.1 * y + 1.3 * x), 0.18 * math.sin(1.9 * x + 0.7 * y)
    return [round(WEST + CELL * (x + dx), 6), round(SOUTH + CELL * (y + dy), 6)]


def _feature(geometry: dict[str, Any], properties: dict[str, Any], number: int) -> dict[str, Any]:
    return {"type": "Feature", "id": number, "geometry": geometry, "properties": properties}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


_SAMPLES = {"grids": grids, "townships": townships, "incidents": incidents, "heat": heat, "findings": findings}
