"""Places from points: rows that bear one name and lie together are one place, far apart they are several."""

import numpy as np
from numpy.typing import NDArray

from geo.addresses.ground import PER_LAT, Floats, per_lon

Ints = NDArray[np.int64]
_BITS = 21


def cluster(group: Ints, lon: Floats, lat: Floats, cell_m: Floats) -> Ints:
    """Return a label for each point; equal where points of one group lie in the same or in neighbouring cells.

    The group's cells are squares of cell_m, so points closer than that are always together, and points farther than
    about three of them never are unless others lie between. Labels say nothing across groups.
    """
    if not len(group):
        return np.empty(0, np.int64)
    middle = float(np.median(lat))
    column = np.floor((lon - lon.min()) * per_lon(middle) / cell_m).astype(np.int64) + 1
    line = np.floor((lat - lat.min()) * PER_LAT / cell_m).astype(np.int64) + 1
    keys, place = np.unique((group << 2 * _BITS) | (column << _BITS) | line, return_inverse=True)
    return _joined(keys)[place]


def _joined(keys: Ints) -> Ints:
    """Give neighbouring cells the smallest label among them, until nothing changes."""
    labels = np.arange(len(keys))
    neighbours = [
        _neighbour(keys, (across << _BITS) + up) for across in (0, 1) for up in (-1, 0, 1) if (across, up) > (0, 0)
    ]
    while True:
        before = labels.copy()
        for here, there in neighbours:
            low = np.minimum(labels[here], labels[there])
            np.minimum.at(labels, here, low)
            np.minimum.at(labels, there, low)
        labels = labels[labels]
        if np.array_equal(before, labels):
            return labels


def _neighbour(keys: Ints, offset: int) -> tuple[Ints, Ints]:
    """Return which cells have a neighbour at the offset, and which that is."""
    wanted = keys + offset
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    here = np.flatnonzero(keys[found] == wanted)
    return here, found[here]


def group_starts(*keys: Ints) -> Ints:
    """Return where each run of equal keys begins, and the length at the end; the keys are sorted."""
    if not len(keys[0]):
        return np.zeros(1, np.int64)
    changed = np.zeros(len(keys[0]) - 1, bool)
    for key in keys:
        changed |= key[1:] != key[:-1]
    return np.concatenate(([0], np.flatnonzero(changed) + 1, [len(keys[0])])).astype(np.int64)


def most_common(values: Ints, first: Ints) -> Ints:
    """Return the commonest value, -1 left out where others are, of each run; the first of equals."""
    run = np.repeat(np.arange(len(first) - 1), np.diff(first))
    pairs, count = np.unique(np.stack([run, values]), axis=1, return_counts=True)
    order = np.lexsort((-count, pairs[1] < 0, pairs[0]))
    result: Ints = pairs[1][order[np.searchsorted(pairs[0][order], np.arange(len(first) - 1))]]
    return result
