"""Cutting a mosaic of cells into connected parts: townships, then villages in them, then grids in those.

Each part grows from a seed to the cells it reaches most cheaply, so every part hangs together; a river
is dear to cross, so borders come to lie along it.
"""

import heapq
import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from shapefiles.chance import Rng
from shapefiles.mesh import Mesh

Neighbours = list[list[tuple[int, float]]]


def neighbours_of(mesh: Mesh, costs: NDArray[np.float64]) -> Neighbours:
    """Return for each cell its neighbours with the cost of stepping over the wall between."""
    around: Neighbours = [[] for _ in mesh.sites]
    for (left, right), cost in zip(mesh.links.tolist(), costs.tolist(), strict=True):
        around[left].append((right, cost))
        around[right].append((left, cost))
    return around


def uneven_costs(mesh: Mesh, rng: Rng) -> NDArray[np.float64]:
    """Return what it costs to cross each wall: about 1, but dear and cheap ground lie in patches of several sizes."""
    ground = np.zeros(len(mesh.sites))
    for rounds in (1, 4, 14):
        ground += _patchy(mesh, rounds, rng)
    return np.asarray(np.exp(0.07 * ground[mesh.links].sum(axis=1)))


def _patchy(mesh: Mesh, rounds: int, rng: Rng) -> NDArray[np.float64]:
    """Return noise over the cells, of variance 1, in patches that widen with the rounds of averaging neighbours."""
    value = rng.normal(size=len(mesh.sites))
    degree = np.bincount(mesh.links.ravel(), minlength=len(value))
    for _ in range(rounds):
        total = value.copy()
        for one, two in ((0, 1), (1, 0)):
            total += np.bincount(mesh.links[:, one], weights=value[mesh.links[:, two]], minlength=len(value))
        value = total / (degree + 1)
    return np.asarray(value / value.std())


def grow(seeds: Sequence[int], cells: Iterable[int], around: Neighbours) -> dict[int, int]:
    """Give every cell that can be reached inside `cells` the number of the seed that is cheapest to reach."""
    allowed = set(cells)
    part: dict[int, int] = {}
    queue = [(0.0, number, seed) for number, seed in enumerate(seeds)]
    heapq.heapify(queue)
    while queue:
        cost, number, cell = heapq.heappop(queue)
        if cell in part:
            continue
        part[cell] = number
        for other, step in around[cell]:
            if other in allowed and other not in part:
                heapq.heappush(queue, (cost + step, number, other))
    return part


def divide(cells: Sequence[int], parts: int, mesh: Mesh, around: Neighbours, rng: Rng) -> list[list[int]]:
    """Cut connected `cells` into `parts` connected parts of not too unequal size, none enclosed by another."""
    best, best_score = list[list[int]](), (-parts - 1, 0)
    for _ in range(4):
        seeds = _spread(cells, parts, around, rng)
        for _ in range(4):
            part = grow(seeds, cells, around)
            pieces = pieces_of(part, parts)
            score = -_enclaves(part, parts, around), min(map(len, pieces))
            if score > best_score:
                best, best_score = pieces, score
            seeds = [_middle(piece, mesh) for piece in pieces]
        if best_score >= (0, 0.4 * len(cells) / parts):
            break
    return best


def _enclaves(part: dict[int, int], parts: int, around: Neighbours) -> int:
    """Count the parts that have one neighbour only, the world outside included."""
    beside: list[set[int]] = [set() for _ in range(parts)]
    for cell, number in part.items():
        beside[number].update(part.get(other, -1) for other, _ in around[cell])
    return sum(len(others - {number}) < 2 for number, others in enumerate(beside)) if parts > 1 else 0


def pieces_of(part: dict[int, int], parts: int) -> list[list[int]]:
    """Turn the part of each cell into the cells of each part, in order."""
    pieces: list[list[int]] = [[] for _ in range(parts)]
    for cell in sorted(part):
        pieces[part[cell]].append(cell)
    return pieces


def _spread(cells: Sequence[int], parts: int, around: Neighbours, rng: Rng) -> list[int]:
    """Choose seeds far from one another: each new one is among the cells farthest from those before."""
    seeds = [int(rng.choice(cells))]
    reach = dict.fromkeys(cells, math.inf)
    while len(seeds) < parts:
        _come_closer(reach, seeds[-1], around)
        farthest = sorted((cell for cell in cells if reach[cell] > 0), key=lambda cell: (reach[cell], cell))
        seeds.append(farthest[-1 - int(rng.integers(0, max(1, len(farthest) // 20)))])
    return seeds


def _come_closer(reach: dict[int, float], seed: int, around: Neighbours) -> None:
    """Lower what it costs to reach each cell from the nearest seed, now that `seed` is one more."""
    queue = [(0.0, seed)]
    while queue:
        cost, cell = heapq.heappop(queue)
        if cost >= reach[cell]:
            continue
        reach[cell] = cost
        for other, step in around[cell]:
            if cost + step < reach.get(other, -1.0):
                heapq.heappush(queue, (cost + step, other))


def _middle(piece: Sequence[int], mesh: Mesh) -> int:
    """Return the cell of `piece` nearest to the mean of its sites."""
    sites = mesh.sites[list(piece)]
    away = ((sites - sites.mean(axis=0)) ** 2).sum(axis=1)
    return piece[int(away.argmin())]


def largest_connected(cells: Iterable[int], around: Neighbours) -> list[int]:
    """Return the biggest set of `cells` that hangs together."""
    left, best = set(cells), list[int]()
    while left:
        island = list(grow([min(left)], left, around))
        left -= set(island)
        best = max(best, sorted(island), key=len)
    return best
