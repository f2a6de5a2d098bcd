"""On which side of an edge a point lies, decided without rounding; see `geo.raster.layout` for what left means."""

import numpy as np
from numpy.typing import NDArray

from geo.raster.compiling import compiled
from geo.raster.layout import DOUBT, TINY

Floats = NDArray[np.float64]
Line = tuple[float, float, float, float]
"""x and y of the lower end, x and y of the upper one."""

_SPLIT = 134217729.0  # 2 ** 27 + 1 parts the digits of a double into halves

SLACK = 1e-4
"""Of a cell: an edge is listed in every cell that it comes so near. Far more than rounding can move it."""

_FLAT = 1e-3  # of a cell: an edge that rises less is listed in all columns that it spans


@compiled
def _grow(terms: Floats, n: int, b: float) -> int:
    """Add b to a sum kept as terms that do not overlap, smallest first; return how many there are then."""
    kept = 0
    for i in range(n):
        total = b + terms[i]
        part = total - b
        rest = (b - (total - part)) + (terms[i] - part)
        if rest != 0.0:
            terms[kept] = rest
            kept += 1
        b = total
    if b != 0.0:
        terms[kept] = b
        kept += 1
    return kept


@compiled
def _add_product(terms: Floats, n: int, a: float, b: float) -> int:
    product = a * b
    split = _SPLIT * a
    a_high = split - (split - a)
    split = _SPLIT * b
    b_high = split - (split - b)
    a_low, b_low = a - a_high, b - b_high
    rest = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    return _grow(terms, _grow(terms, n, rest), product)


@compiled
def _side_exactly(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    terms = np.empty(14)
    n = _add_product(terms, 0, ax, by)
    n = _add_product(terms, n, -ay, bx)
    n = _add_product(terms, n, ay, x)
    n = _add_product(terms, n, -ax, y)
    n = _add_product(terms, n, bx, y)
    n = _add_product(terms, n, -by, x)
    return terms[n - 1] if n else 0.0


@compiled
def side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    """Return a number > 0 where (x, y) is left of the line from a to b, < 0 where right, exactly 0 where on it.

    Exact for coordinates that are 0 or of a size between 1e-100 and 1e100.
    """
    left = (ax - x) * (by - y)
    right = (ay - y) * (bx - x)
    if abs(left - right) > DOUBT * (abs(left) + abs(right)) + TINY:
        return left - right
    return _side_exactly(ax, ay, bx, by, x, y)


@compiled
def upward(x1: float, y1: float, x2: float, y2: float) -> Line:
    """Return an edge from its lower end to the upper one. Of numbers: numba counts references to arrays it passes."""
    if y1 > y2 or (y1 == y2 and x1 > x2):
        return x2, y2, x1, y1
    return x1, y1, x2, y2


@compiled
def centre(start: float, k: int, width: float) -> float:
    """Return the middle of one of equal intervals. Everybody must get the same last bit: nobody computes it anew."""
    return (start + k * width) + 0.5 * width


@compiled
def first_right(line: Line, y: float, west: float, width: float, columns: int) -> int:
    """Return the first of some columns whose centre, at a height that the edge crosses, is right of the edge."""
    x1, y1, x2, y2 = line
    about = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
    place = (about - west) / width + 0.5
    k = min(max(int(place), 0), columns)
    beside = 1e-6 + 1e-15 * abs(about) / width  # of a cell: far more than rounding can move `about`
    if beside < place - k < 1.0 - beside:
        return k
    while k > 0 and side(x1, y1, x2, y2, centre(west, k - 1, width), y) < 0.0:
        k -= 1
    while k < columns and side(x1, y1, x2, y2, centre(west, k, width), y) >= 0.0:
        k += 1
    return k


@compiled
def touched(low: float, high: float, n: int) -> tuple[int, int]:
    """Return the first and the last of n unit intervals that a stretch comes near."""
    return max(int(low - SLACK), 0), min(int(max(high + SLACK, 0.0)), n - 1)


@compiled
def touched_columns(u1: float, v1: float, u2: float, v2: float, row: int, columns: int) -> tuple[int, int]:
    """Return the first and the last column that a line, in cells from its lower end, comes near in a row."""
    west, east = min(u1, u2), max(u1, u2)
    if v2 - v1 >= _FLAT:
        slope = (u2 - u1) / (v2 - v1)
        ua = u1 + (max(v1, row - SLACK) - v1) * slope
        ub = u1 + (min(v2, row + 1.0 + SLACK) - v1) * slope
        west, east = max(west, min(ua, ub)), min(east, max(ua, ub))
    return touched(west, east, columns)
