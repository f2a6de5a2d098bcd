"""Natural-looking borders, drawn once and used by both neighbours.

The walls between two parts are joined into arcs from junction to junction. Each arc is bent (or, in
town, kept nearly straight as along a street), roughened, rounded to the millimetre and then handed,
vertex for vertex, to the parts on both sides: so there is neither a gap nor an overlap to begin with.
Roughening may make arcs touch; such arcs are drawn again more calmly until none do.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon, STRtree

from shapefiles.chance import Rng, stream
from shapefiles.mesh import Mesh, Points

OUTSIDE = -1
STEPS_PER_WALL = 13
LEAST_VERTICES = 120
"""Small parts get more vertices per wall, so that none has fewer than about these."""
MILLIMETRES = 3


@dataclass(frozen=True)
class Arc:
    """A border between two parts, from junction to junction; both ends are the same for an enclave."""

    left: int
    right: int
    corners: tuple[int, ...]
    walls: tuple[int, ...]


Steps = dict[int, list[tuple[int, int, int, int]]]
"""From each corner the steps along a border: corner reached, wall followed, part on the left, part on the right."""


def find_arcs(mesh: Mesh, part: NDArray[np.int64]) -> list[Arc]:
    """Join the walls between cells of different parts (`part` of each cell, OUTSIDE for none) into arcs."""
    steps: Steps = defaultdict(list)
    for wall in np.flatnonzero(part[mesh.links[:, 0]] != part[mesh.links[:, 1]]).tolist():
        (left, right), (start, end) = part[mesh.links[wall]].tolist(), mesh.walls[wall].tolist()
        steps[start].append((end, wall, left, right))
        steps[end].append((start, wall, right, left))
    junctions = sorted(corner for corner, out in steps.items() if len(out) != 2)
    arcs, walked = list[Arc](), set[int]()
    for start in junctions + sorted(set(steps) - set(junctions)):
        for first in sorted(steps[start]):
            if first[1] not in walked:
                arcs.append(_walk(start, first, steps, stop={*junctions, start}))
                walked.update(arcs[-1].walls)
    return arcs


def _walk(start: int, first: tuple[int, int, int, int], steps: Steps, stop: set[int]) -> Arc:
    end, wall, left, right = first
    corners, walls = [start, end], [wall]
    while corners[-1] not in stop:
        corner, wall = next(step[:2] for step in steps[corners[-1]] if step[1] != walls[-1])
        corners.append(corner)
        walls.append(wall)
    return Arc(left, right, tuple(corners), tuple(walls))


def draw(arcs: Sequence[Arc], mesh: Mesh, roughness: Sequence[float], seed: int) -> list[Points]:
    """Return the vertices of each arc, rounded to the millimetre; no two arcs meet but at junctions."""
    calm, steps = np.ones(len(arcs)), _steps(arcs)
    lines: list[Points] = [np.empty((0, 2))] * len(arcs)
    touching = list(range(len(arcs)))
    for _ in range(12):
        for number in touching:
            arc, rough = arcs[number], roughness[number] * calm[number]
            lines[number] = _draw_arc(arc, mesh, rough, steps[number], stream(seed, f"border {arc.corners}"))
            calm[number] = 0.0 if calm[number] < 0.2 else calm[number] / 2
        touching = find_touching(lines)
        if not touching:
            return lines
    raise RuntimeError(f"{len(touching)} borders still touch after redrawing them straight")


def _steps(arcs: Sequence[Arc]) -> list[int]:
    """Return into how many steps to cut each arc."""
    walls: Counter[int] = Counter()
    for arc in arcs:
        walls.update({arc.left: len(arc.walls), arc.right: len(arc.walls)})
    per_wall = {part: max(STEPS_PER_WALL, -(-LEAST_VERTICES // count)) for part, count in walls.items()}
    return [len(arc.walls) * max(per_wall[arc.left], per_wall[arc.right]) for arc in arcs]


def _draw_arc(arc: Arc, mesh: Mesh, rough: float, steps: int, rng: Rng) -> Points:
    """Bend and roughen one arc; `rough` 0 draws the bare walls, which cannot touch others."""
    bare = _bare(arc, mesh)
    scale = float(np.hypot(*np.diff(bare, axis=0).T).mean()) * 2
    bent = _bend(_settle(bare, rounds=8), rounds=2) if rough else bare
    line = _resample(bent, steps)
    along = np.gradient(line, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(*along.T)[:, None]
    taper = np.minimum(1, 0.06 * np.minimum(np.arange(len(line)), np.arange(len(line))[::-1]))
    line = line + normal * (rough * scale * taper * _wobble(len(line), rng))[:, None]
    line[0], line[-1] = bare[0], bare[-1]
    line = np.round(line, MILLIMETRES)
    return line[np.concatenate([[True], (np.diff(line, axis=0) != 0).any(axis=1)])]


def _bare(arc: Arc, mesh: Mesh) -> Points:
    line = np.empty((2 * len(arc.walls) + 1, 2))
    line[::2] = mesh.corners[list(arc.corners)]
    line[1::2] = mesh.sites[mesh.links[list(arc.walls)]].mean(axis=1)
    return line


def _settle(line: Points, rounds: int) -> Points:
    """Even out the zigzag of the cells, leaving both ends where they are."""
    for _ in range(rounds):
        line = np.concatenate([line[:1], 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:], line[-1:]])
    return line


def _bend(line: Points, rounds: int) -> Points:
    """Cut corners (Chaikin's scheme), leaving both ends where they are."""
    for _ in range(rounds):
        near, far = line[:-1], line[1:]
        cut = np.stack([0.75 * near + 0.25 * far, 0.25 * near + 0.75 * far], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], cut, line[-1:]])
    return line


def _resample(line: Points, steps: int) -> Points:
    """Return steps + 1 vertices at even distances along `line`."""
    measure = np.concatenate([[0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
    wanted = np.linspace(0, measure[-1], steps + 1)
    return np.stack([np.interp(wanted, measure, line[:, axis]) for axis in (0, 1)], axis=1)


def _wobble(count: int, rng: Rng) -> NDArray[np.float64]:
    """Return noise of `count` values whose swings halve as they get twice as quick, as in rivers and ridges."""
    total = np.zeros(count)
    swing, knot_every = 1.6, min(8.0 * STEPS_PER_WALL, count / 2)
    while knot_every > 1.2:
        knots = rng.normal(size=int(count / knot_every) + 3)
        place = np.arange(count) / knot_every + rng.random()
        base, between = np.floor(place).astype(int), place % 1
        eased = (1 - np.cos(np.pi * between)) / 2
        total += swing * ((1 - eased) * knots[base] + eased * knots[base + 1])
        swing, knot_every = swing * 0.55, knot_every / 2
    return total


def find_touching(lines: Sequence[Points]) -> list[int]:
    """Return the numbers of lines that cross themselves or meet another elsewhere than at both their ends."""
    shapes = np.array([LineString(line) for line in lines])
    bad = set(np.flatnonzero(~shapely.is_simple(shapes)).tolist())
    one, two = STRtree(shapes).query(shapes, predicate="intersects")
    one, two = one[one < two], two[one < two]
    ends = shapely.boundary(shapes)
    shared = shapely.intersection(ends[one], ends[two])
    meeting = shapely.intersection(shapes[one], shapes[two])
    wrong = ~shapely.equals(meeting, shared)
    return sorted(bad | set(one[wrong].tolist()) | set(two[wrong].tolist()))


def assemble(arcs: Sequence[Arc], lines: Sequence[Points], parts: int) -> list[Polygon]:
    """Return the polygon of each part, made of the very vertices of its arcs."""
    edges: list[list[tuple[int, int, Points]]] = [[] for _ in range(parts)]
    for arc, line in zip(arcs, lines, strict=True):
        if arc.left != OUTSIDE:
            edges[arc.left].append((arc.corners[0], arc.corners[-1], line))
        if arc.right != OUTSIDE:
            edges[arc.right].append((arc.corners[-1], arc.corners[0], line[::-1]))
    return [_polygon(of_part) for of_part in edges]


def _polygon(edges: list[tuple[int, int, Points]]) -> Polygon:
    """Chain directed edges into rings; the largest is the shell and any others are enclaves."""
    onward = {start: (end, line) for start, end, line in edges}
    rings = []
    while onward:
        start = min(onward)
        ring, corner = list[Points](), start
        while corner in onward:
            corner, line = onward.pop(corner)
            ring.append(line[:-1])
        rings.append(Polygon(np.concatenate(ring)))
    rings.sort(key=lambda ring: ring.area, reverse=True)
    return Polygon(rings[0].exterior, [ring.exterior for ring in rings[1:]])
