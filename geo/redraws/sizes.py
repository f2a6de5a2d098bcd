"""How large ground must be to be spoken of, and how its width is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.sphere import M_PER_DEG

Outlines = NDArray[np.object_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tolerances:
    """What nobody is told of, and what is a sliver. Square metres and metres.

    Files are drawn to the millimetre at best, and a border of 2 km that two files cut at different corners makes
    1 m² of nothing: a report that falls into it goes to a grid all the same (the smaller code, or the nearest within
    30 m). Of two files with the same border, as of villages and of grids, 10 m² are overlooked per grid.
    """

    silent_m2: float = 1.0
    outside_silent_m2: float = 10.0
    sliver_width_m: float = 1.0
    """Mean width, which is twice the ground by its circumference: nobody meant to draw less than a metre."""
    sliver_m2: float = 4.0
    """Nobody meant to draw a piece of two metres by two either."""


DUST_M2 = 0.01
"""What does not even count as a piece: a millimetre along ten metres. Rounding makes such by the thousand."""

SAME_PLACE = 1e-8
"""In degrees, a millimetre. Nobody surveys a border more exactly, and a file in metres rounds to it; degrees computed
from those metres, or written with nine digits, differ by less. Taken for one another, such vertices can hide at most
1 m² along a kilometre of border: what files with the same border are always allowed.
"""

LAP = 2e-8
"""In degrees, two millimetres: how far ground given or taken laps over. Less would look like repeated vertices."""


def perimeters_m(outlines: Outlines) -> Floats:
    """Return the length of all rings of each outline, in metres on the mean sphere (within 0.6 %)."""
    rings, outline = shapely.get_rings(outlines, return_index=True)
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    side = ring[1:] == ring[:-1]
    lengths = lengths_m(vertices[:-1][side], vertices[1:][side])
    perimeters: Floats = np.bincount(outline[ring[:-1][side]], lengths, minlength=len(outlines)).astype(np.float64)
    return perimeters


def lengths_m(begin: Floats, end: Floats) -> Floats:
    """Return the length of each edge, from (n, 2) lon and lat to another, in metres on the mean sphere."""
    narrowing = np.cos(np.radians((begin[:, 1] + end[:, 1]) / 2))
    lengths: Floats = M_PER_DEG * np.hypot((end[:, 0] - begin[:, 0]) * narrowing, end[:, 1] - begin[:, 1])
    return lengths


def slivers(outlines: Outlines, sizes_m2: Floats, tolerances: Tolerances) -> NDArray[np.bool_]:
    """Tell of each piece of ground whether nobody meant to draw it."""
    lengths = np.maximum(perimeters_m(outlines), 1e-12)
    thin: NDArray[np.bool_] = (2 * sizes_m2 / lengths < tolerances.sliver_width_m) | (sizes_m2 < tolerances.sliver_m2)
    return thin
