"""Places so near to one another that two files, or two sums, mean the same one by them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.redraws.sizes import SAME_PLACE, Outlines

Places = NDArray[np.complex128]
Numbers = NDArray[np.int64]


def settled(places: Places) -> Places:
    """Return for each place (lon + lat·i) the one that stands for it: itself, or an earlier one within SAME_PLACE.

    A place stands for itself unless an earlier one nearby stands for itself. So a row of places, each near to the
    next, does not run together into one.

    >>> settled(np.array([0j, 8e-9 + 0j, 16e-9 + 0j, 1 + 0j, 8e-9j])).tolist()
    [0j, 0j, (1.6e-08+0j), (1+0j), 0j]
    """
    known, first, which = np.unique(places, return_index=True, return_inverse=True)
    order = np.argsort(first)
    stands = np.arange(len(known))
    stands[order] = order[_leaders(known[order])]
    return known[stands][which.reshape(-1)]


def _leaders(places: Places) -> Numbers:
    """Return for each place the index of the one that stands for it; of different places, in order."""
    points: Outlines = np.asarray(shapely.points(places.real, places.imag), dtype=object)
    at, near = shapely.STRtree(points).query(points, predicate="dwithin", distance=SAME_PLACE)
    apart = at != near
    at, near = at[apart], near[apart]
    stands = np.arange(len(places))
    while len(at):  # each time round, at least the first of those that are left is settled
        best = np.arange(len(places))
        np.minimum.at(best, at, near)
        leads = best == np.arange(len(places))
        follows = leads[near] & ~leads[at]
        np.minimum.at(stands, at[follows], near[follows])
        open_ = ~leads
        open_[at[follows]] = False
        left = open_[at] & open_[near]
        at, near = at[left], near[left]
    return stands
