"""Which outline covers each point, found without cleverness: what every other answer is held against.

GEOS decides on which side of a line a point lies without rounding; a tree of the points spares it those whose box
lies elsewhere. Of several outlines over a point, the smallest position counts: outlines come in the order of codes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bench.ground import Floats, Ground, Outlines, on_borders
from bench.locate_file import Differs

Indices = NDArray[np.int32]


@dataclass(frozen=True)
class Proof:
    """How many points were compared, and none differed."""

    anywhere: int
    on_borders: int
    shared: int
    """Of all these, points that more than one outline covers."""


def covering(outlines: Outlines, lon: Floats, lat: Floats) -> tuple[Indices, int]:
    """Return the first outline that covers each point or -1, and how many points several outlines cover."""
    outline, point = shapely.STRtree(shapely.points(lon, lat)).query(outlines, predicate="intersects")
    first = np.full(len(lon), len(outlines), dtype=np.int32)
    np.minimum.at(first, point, outline.astype(np.int32))
    first[first == len(outlines)] = -1
    return first, int((np.bincount(point, minlength=len(lon)) > 1).sum())


def prove(ground: Ground, first: Callable[[Floats, Floats], Indices]) -> tuple[Proof, Indices]:
    """Hold answers against brute force at the ground's points and on its borders. Raises Differs.

    Returns with the proof what brute force says of the ground's points.
    """
    known, shared = _alike(ground, "anywhere", ground.lon, ground.lat, first)
    lon, lat = on_borders(ground.outlines, len(ground.lon))
    _, more = _alike(ground, "on borders", lon, lat, first)
    return Proof(len(ground.lon), len(lon), shared + more), known


def _alike(
    ground: Ground, where: str, lon: Floats, lat: Floats, first: Callable[[Floats, Floats], Indices]
) -> tuple[Indices, int]:
    known, shared = covering(ground.outlines, lon, lat)
    answered = first(lon, lat)
    if len(wrong := np.flatnonzero(answered != known)):
        told = "\n".join(f"{lon[i]!r} {lat[i]!r}: {answered[i]}, and by brute force {known[i]}" for i in wrong[:5])
        raise Differs(f"{ground.name}: {len(wrong)} of {len(lon)} points {where} differ, first:\n{told}")
    return known, shared
