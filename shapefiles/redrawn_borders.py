"""Borders of a finished map drawn anew: bulged to one side, or a grid cut in two.

Every new line begins and ends at a vertex that was there before and is rounded to the millimetre, so whoever is not
redrawn still shares every vertex with whoever is. Rings are open arrays of vertices in metres, counter-clockwise: the
grid is on the left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.polygon import orient

from shapefiles.borders import MILLIMETRES, OUTSIDE
from shapefiles.chance import Rng
from shapefiles.mesh import Points, Values

Vertex = tuple[float, float]


@dataclass(frozen=True)
class Border:
    """The vertices along which grid number `left` has `right` on the other side, OUTSIDE for nobody."""

    left: int
    right: int
    line: Points

    @property
    def length_m(self) -> float:
        return float(_measure(self.line)[-1])


def find_borders(outlines: Sequence[Polygon]) -> list[Border]:
    """Return each border twice, once as each neighbour runs along it; a pair may have several."""
    owner: dict[tuple[Vertex, Vertex], int] = {}
    rings = [_vertices(ring(outline)) for outline in outlines]
    for number, corners in enumerate(rings):
        owner.update(dict.fromkeys(_sides(corners), number))
    found = []
    for number, corners in enumerate(rings):
        beyond = [owner.get((end, start), OUTSIDE) for start, end in _sides(corners)]
        found += _runs(number, corners, beyond)
    return found


def _runs(number: int, corners: list[Vertex], beyond: list[int]) -> list[Border]:
    """Join the sides of a ring that have the same neighbour beyond, beginning where the neighbour changes."""
    first = next((at for at in range(len(beyond)) if beyond[at] != beyond[at - 1]), 0)
    corners, beyond = corners[first:] + corners[: first + 1], beyond[first:] + beyond[:first]
    changes = [at for at in range(1, len(beyond)) if beyond[at] != beyond[at - 1]]
    return [
        Border(number, beyond[start], np.array(corners[start : end + 1]))
        for start, end in pairwise([0, *changes, len(beyond)])
    ]


def ring(outline: Polygon) -> Points:
    """Return the vertices of an outline without holes, counter-clockwise, the first not repeated."""
    return shapely.get_coordinates(orient(outline).exterior)[:-1]


def _vertices(points: Points) -> list[Vertex]:
    return [(x, y) for x, y in points.tolist()]


def _sides(corners: list[Vertex]) -> list[tuple[Vertex, Vertex]]:
    return list(zip(corners, corners[1:] + corners[:1], strict=True))


def _measure(line: Points) -> Values:
    """Return how far along the line each vertex lies, in metres."""
    return np.concatenate([[0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()])


def stretch_of(line: Points, length_m: float, rng: Rng) -> Points | None:
    """Return some stretch of about this length that keeps off both ends of the line; None where it is too short."""
    measure = _measure(line)
    ends = np.searchsorted(measure, measure + length_m)
    starts = [start for start in range(1, len(line) - 3) if start + 2 <= ends[start] <= len(line) - 2]
    if not starts:
        return None
    start = int(rng.choice(starts))
    return line[start : ends[start] + 1]


def bulged(stretch: Points, size_m2: float) -> Points:
    """Return another line between the ends of a stretch, with ground of this size between the two.

    The new line lies on the left of the stretch; of a negative size, on the right. It is the stretch moved across
    its chord, most in the middle; the ground between grows in proportion to how far, so the right size needs no search.
    """
    line = _denser(stretch)
    chord = line[-1] - line[0]
    across = np.array([-chord[1], chord[0]]) / np.hypot(*chord)
    measure = _measure(line)
    swing = np.sin(np.pi * measure / measure[-1])[:, None] * across
    size_of_one = _signed_m2(np.concatenate([line, (line + swing)[::-1]]))
    if abs(size_of_one) < 1e-6:
        return stretch
    moved = np.round(line + swing * (size_m2 / size_of_one), MILLIMETRES)
    moved[0], moved[-1] = stretch[0], stretch[-1]
    return moved[np.concatenate([[True], (np.diff(moved, axis=0) != 0).any(axis=1)])]


def _denser(line: Points, at_least: int = 8) -> Points:
    """Put vertices between those of a short line, so that it can be bent."""
    parts = -(-at_least // (len(line) - 1))
    wanted = np.arange((len(line) - 1) * parts + 1) / parts
    return np.stack([np.interp(wanted, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], axis=1)


def _signed_m2(corners: Points) -> float:
    onward = np.roll(corners, -1, axis=0)
    return float((corners[:, 0] * onward[:, 1] - corners[:, 1] * onward[:, 0]).sum() / 2)


def between(stretch: Points, instead: Points) -> Polygon:
    """Return the ground between a stretch and the line that is drawn instead; both have the same ends."""
    return orient(Polygon(np.concatenate([stretch, instead[::-1][1:-1]])))


def rerouted(outline: Polygon, stretch: Points, instead: Points) -> Polygon:
    """Return an outline that takes another way between the ends of a stretch, which runs as its ring does.

    Raises ValueError where the ring has no such stretch.
    """
    corners = ring(outline)
    corners = np.roll(corners, -_index(corners, stretch[0]), axis=0)
    if not np.array_equal(corners[: len(stretch)], stretch):
        raise ValueError("the stretch is no part of the outline")
    return Polygon(np.concatenate([instead, corners[len(stretch) :]]))


def _index(corners: Points, vertex: Points) -> int:
    return int((corners == vertex).all(axis=1).argmax())


def cut_in_two(outline: Polygon, rng: Rng, *, least: float = 0.3, tries: int = 300) -> tuple[Polygon, Polygon] | None:
    """Cut a grid by a wiggly line from vertex to vertex; the larger part comes first.

    Neither part is smaller than `least` of the whole. None where no line was found in so many tries.
    """
    corners = ring(outline)
    edge = LineString([*corners, corners[0]])
    spacing_m = edge.length / len(corners)
    for _ in range(tries):
        corners = np.roll(corners, int(rng.integers(len(corners))), axis=0)
        far = int(len(corners) * rng.uniform(0.35, 0.65))
        line = wiggly(corners[far], corners[0], spacing_m, rng)
        shape = LineString(line)
        if not (shape.is_simple and outline.covers(shape) and len(shapely.get_parts(shape.intersection(edge))) == 2):
            continue
        parts = [
            Polygon(np.concatenate([corners[:far], line[:-1]])),
            Polygon(np.concatenate([corners[far:], line[::-1][:-1]])),
        ]
        small, large = sorted(parts, key=lambda part: part.area)
        if small.area >= least * outline.area and small.is_valid and large.is_valid:
            return large, small
    return None


def wiggly(start: Points, end: Points, spacing_m: float, rng: Rng) -> Points:
    """Return a line from vertex to vertex that swings to both sides, by about a twentieth of its length at most."""
    length_m = float(np.hypot(*(end - start)))
    along = np.linspace(0, 1, max(6, int(length_m / spacing_m)) + 1)
    swing = sum(
        rng.normal() / waves * np.sin(np.pi * waves * along + rng.uniform(-0.3, 0.3)) for waves in (1, 2, 3, 5, 8, 13)
    )
    taper = np.minimum(1, 8 * np.minimum(along, 1 - along))
    chord = end - start
    across = np.array([-chord[1], chord[0]])
    line = np.round(start + along[:, None] * chord + (0.03 * swing * taper)[:, None] * across, MILLIMETRES)
    line[0], line[-1] = start, end
    return line[np.concatenate([[True], (np.diff(line, axis=0) != 0).any(axis=1)])]
