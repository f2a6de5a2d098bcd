"""Places so near to one another that two files, or two sums, mean the same one by them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.redraws.sizes import SAME_PLACE

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
    at, near = _near(places)
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


def _near(places: Places) -> tuple[Numbers, Numbers]:
    """Return the pairs of places within SAME_PLACE of one another, each both ways and perhaps several times.

    Two so near lie in one square of four times that width, of one of four chequered patterns that are half a square
    aside from each other. Only few squares have several places, and a tree of all places takes ten times as long.
    """
    width = 4 * SAME_PLACE
    pairs = [_in_one_square(places, width, right, up) for right in (0.0, 0.5) for up in (0.0, 0.5)]
    at, near = np.concatenate(pairs, axis=1)
    apart = places[at] - places[near]
    within = np.sqrt(apart.real**2 + apart.imag**2) <= SAME_PLACE
    at, near = at[within], near[within]
    return np.concatenate([at, near]), np.concatenate([near, at])


def _in_one_square(places: Places, width: float, right: float, up: float) -> Numbers:
    """Return the pairs of places in the same square of a pattern, (2, n)."""
    column = np.floor(places.real / width + right).astype(np.int64)
    row = np.floor(places.imag / width + up).astype(np.int64)
    key = column * (np.int64(1) << np.int64(32)) + row  # a row has 34 bits: two squares far apart may share a number
    order = np.argsort(key, kind="stable")
    key = key[order]
    pairs = [np.empty((2, 0), dtype=np.int64)]
    first, ahead = np.arange(len(key)), 1
    while len(first := first[first + ahead < len(key)]):
        first = first[key[first] == key[first + ahead]]
        pairs.append(np.stack([order[first], order[first + ahead]]))
        ahead += 1
    return np.concatenate(pairs, axis=1)
