"""In which area of the level above each area of a draft lies: the one that has half of its ground or more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

from geo.coverage import AreaOutline, Outline, covering_parents
from geo.redraws.shared_ground import Outlines, gathered

MOST = 0.5

_SCALE = 0.75
"""A copy of this size has 56 % of the ground: where it lies, more than half of the area lies."""


def lies_in(outlines: Sequence[Outline], parents: Mapping[str, Outline]) -> list[str | None]:
    """Return for each outline the code of the parent that has half of its ground or more, None where none has.

    To lay every outline over its parent takes milliseconds each, and villages have long borders. A smaller copy of
    the outline that lies both in the outline and in the parent proves the same in microseconds; only where there is
    none are they laid over each other.
    """
    areas, codes = gathered(outlines), list(parents)
    above = gathered(list(parents.values()))
    shapely.prepare(above)
    found: list[str | None] = [None] * len(outlines)
    middle = shapely.centroid(areas)
    at, parent = shapely.STRtree(above).query(middle, predicate="intersects")
    copies = _smaller(areas[at], middle[at])
    proven = shapely.covers(above[parent], copies) & shapely.covers(areas[at], copies)
    for one, which in zip(at[proven].tolist(), parent[proven].tolist(), strict=True):
        found[one] = codes[which]
    rest = np.setdiff1d(np.arange(len(outlines)), at[proven]).tolist()
    for one, code in zip(rest, _laid_over([outlines[one] for one in rest], parents), strict=True):
        found[one] = code
    return found


def _laid_over(outlines: Sequence[Outline], parents: Mapping[str, Outline]) -> list[str | None]:
    above = [AreaOutline(code, outline) for code, outline in parents.items()]
    covering = covering_parents([AreaOutline("", outline) for outline in outlines], above)
    return [cover.parent.code if cover is not None and cover.share >= MOST else None for cover in covering]


def _smaller(areas: Outlines, middles: Outlines) -> Outlines:
    """Shrink each outline towards its middle."""
    at, which = shapely.get_coordinates(areas, return_index=True)
    middle = shapely.get_coordinates(middles)[which]
    return np.asarray(shapely.set_coordinates(areas.copy(), middle + _SCALE * (at - middle)), dtype=object)
