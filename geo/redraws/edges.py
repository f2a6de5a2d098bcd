"""The edges of outlines that no neighbour runs the other way: what is left of a net of areas when what fits is gone.

Rings are run with their ground on the left. Two neighbours then run along their common border in opposite
directions, edge by edge, and cancel each other. How much more often an edge is run one way than the other is by how
much the number of areas that cover the ground changes there, from its right to its left: along the edges that are
left it changes, and nowhere else. Twins do not cancel with one neighbour, for they run twice.

Only edges with the same two ends, to the last bit, can cancel: where one neighbour has a vertex more, both stay.
Ends that are the same place but for the last digits can be moved onto each other first (`geo.redraws.snapping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Places = NDArray[np.complex128]
Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Edges:
    """Edges from `begin` to `end`, each lon + lat·i, so that a place compares as one number.

    `times` is how much more often the edge is run this way, with ground on its left, than back: 1 or -1 for edges
    just made. `owner` is the index of an outline that has the edge. `hashes` are alike for an edge and its way back.
    """

    begin: Places
    end: Places
    times: Numbers
    owner: Numbers
    hashes: Hashes

    def __len__(self) -> int:
        return len(self.owner)

    def __getitem__(self, chosen: Chosen | Numbers) -> Edges:
        return Edges(self.begin[chosen], self.end[chosen], self.times[chosen], self.owner[chosen], self.hashes[chosen])

    def reversed(self) -> Edges:
        """The same edges run back: joined to others, they cancel what these outlines have in common with them."""
        return Edges(self.begin, self.end, -self.times, self.owner, self.hashes)

    def moved(self, begin: Places, end: Places) -> Edges:
        """The edges between other places, without those that have no length there."""
        edges = Edges(begin, end, self.times, self.owner, _hashes(_lonlat(begin)) + _hashes(_lonlat(end)))
        return edges[begin != end]

    def lines(self) -> NDArray[np.object_]:
        """Each edge as a line."""
        ends = np.stack([self.begin, self.end], axis=1)
        return np.asarray(shapely.linestrings(ends.view(np.float64).reshape(-1, 2, 2)))

    def chain(self) -> Numbers:
        """The number of each edge's chain; an edge that begins where the one before it ends is in one with that."""
        goes_on = self.end[:-1] == self.begin[1:]
        return np.concatenate([np.zeros(min(len(self), 1), dtype=np.int64), np.cumsum(~goes_on)])

    def chains(self) -> NDArray[np.object_]:
        """The chains as lines."""
        if not len(self):
            return np.empty(0, dtype=object)
        line = self.chain()
        last = np.diff(line, append=line[-1] + 1) > 0
        places = np.empty(len(self) + int(last.sum()), dtype=np.complex128)
        at = np.arange(len(self)) + line
        places[at], places[at[last] + 1] = self.begin, self.end[last]
        of = np.repeat(line[last], np.bincount(line) + 1)
        return np.asarray(shapely.linestrings(_lonlat(places), indices=of))


def joined(*many: Edges) -> Edges:
    """All the edges in a row."""
    return Edges(
        np.concatenate([edges.begin for edges in many]),
        np.concatenate([edges.end for edges in many]),
        np.concatenate([edges.times for edges in many]),
        np.concatenate([edges.owner for edges in many]),
        np.concatenate([edges.hashes for edges in many]),
    )


def edges_of(outlines: NDArray[np.object_] | Sequence[BaseGeometry]) -> Edges:
    """Return every edge of valid polygons and multipolygons, but those of no length.

    >>> edges = edges_of([shapely.box(0, 0, 1, 1)])
    >>> edges.begin.tolist()[:2], edges.end.tolist()[:2], edges.times.tolist()
    ([(1+0j), (1+1j)], [(1+1j), 1j], [1, 1, 1, 1])
    """
    parts, outline = shapely.get_parts(np.asarray(outlines, dtype=object), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    hole = np.zeros(len(rings), dtype=bool)
    hole[1:] = part[1:] == part[:-1]
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    vertices += 0.0  # -0.0 becomes 0.0, in bits too
    at, hashes = vertices.view(np.complex128)[:, 0], _hashes(vertices)
    drawn = np.flatnonzero((ring[1:] == ring[:-1]) & (at[1:] != at[:-1]))
    ring_of = ring[drawn]
    times = np.where(shapely.is_ccw(rings) != hole, 1, -1)
    return Edges(
        at[drawn], at[drawn + 1], times[ring_of], outline[part][ring_of], hashes[drawn] + hashes[drawn + 1]
    )  # fmt: skip


def uncancelled(edges: Edges, apart: Numbers | None = None) -> Edges:
    """Return what is left when every edge has been cancelled by those that run it back: each line once.

    `apart` gives each edge a number, from 0: only edges of the same number cancel. What is left stays in
    order; its owner is one that runs it the way that is left.
    """
    if not len(edges):
        return edges
    order, first, sense = _alike(edges, apart)
    runs = sense * edges.times[order]
    begins = np.flatnonzero(first)
    net = np.add.reduceat(runs, begins)
    groups = np.flatnonzero(net)
    sizes = np.diff(begins, append=len(order))[groups]
    at = np.repeat(begins[groups] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    group = np.repeat(groups, sizes)
    right = runs[at] * net[group] > 0
    at, group = at[right], group[right]
    chosen = np.flatnonzero(np.diff(group, prepend=-1))
    at, group = at[chosen], group[chosen]
    in_order = np.argsort(order[at])
    at, group = at[in_order], group[in_order]
    kept = edges[order[at]]
    return Edges(kept.begin, kept.end, net[group] * sense[at], kept.owner, kept.hashes)


def distinct(edges: Edges) -> Edges:
    """Return each line once, whichever way and however often it is run, where it first comes."""
    if not len(edges):
        return edges
    order, first, _ = _alike(edges, None)
    return edges[np.sort(np.minimum.reduceat(order, np.flatnonzero(first)))]


def _alike(edges: Edges, apart: Numbers | None) -> tuple[Numbers, Chosen, Numbers]:
    """Bring edges between the same two places together: their order, which ones begin a group, and their sense.

    The sense is 1 for edges written as the first of their group is, -1 for those written the other way round. They
    are sorted by hash, and neighbours in that order are compared in full. Should two that differ have the same hash,
    to be expected once in 10⁷ nets of 2 million edges, they are sorted by their places instead, in thrice the time.
    """
    hashes = edges.hashes if apart is None else edges.hashes ^ _mixed(apart.astype(np.uint64))
    order = np.argsort(hashes)
    same, back = _compared(edges, apart, order)
    hashes = hashes[order]
    if ((hashes[1:] == hashes[:-1]) & ~same).any():
        order = _sorted_by_place(edges, apart)
        same, back = _compared(edges, apart, order)
    first = np.concatenate([[True], ~same])
    turns = np.concatenate([[0], np.cumsum(back)])
    turns -= np.repeat(turns[first], np.diff(np.flatnonzero(first), append=len(order)))
    return order, first, 1 - 2 * (turns & 1)


def _compared(edges: Edges, apart: Numbers | None, order: Numbers) -> tuple[Chosen, Chosen]:
    """Tell of each edge but the first whether it is the one before it in the order, and whether it runs it back."""
    begin, end = edges.begin[order], edges.end[order]
    back = (begin[1:] == end[:-1]) & (end[1:] == begin[:-1])
    same = back | ((begin[1:] == begin[:-1]) & (end[1:] == end[:-1]))
    if apart is not None:
        same &= apart[order][1:] == apart[order][:-1]
        back &= same
    return same, back


def _sorted_by_place(edges: Edges, apart: Numbers | None) -> Numbers:
    turned = edges.begin > edges.end  # by lon, then by lat
    low, high = np.where(turned, edges.end, edges.begin), np.where(turned, edges.begin, edges.end)
    keys = (high.imag, high.real, low.imag, low.real)
    return np.lexsort(keys if apart is None else (*keys, apart))


def _lonlat(places: Places) -> NDArray[np.float64]:
    return np.ascontiguousarray(places).view(np.float64).reshape(-1, 2)


def _hashes(vertices: NDArray[np.float64]) -> Hashes:
    """A number for each place; an edge has the sum of its ends'."""
    bits = np.ascontiguousarray(vertices).view(np.uint64)
    return _mixed(bits[:, 0] * np.uint64(0x9E3779B97F4A7C15) + bits[:, 1] * np.uint64(0xD1B54A32D192ED03))


def _mixed(bits: Hashes) -> Hashes:
    """Spread what differs over all 64 bits (the finaliser of MurmurHash3, without its last shift)."""
    bits = (bits ^ (bits >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return (bits ^ (bits >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
