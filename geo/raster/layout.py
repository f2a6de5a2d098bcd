"""How a raster is laid out: the one place that says what its numbers mean.

The **table** (int32, rows × columns, from the south-west) has a code for every cell: an outline's position where that
outline alone covers the whole cell and no border comes near; NOBODY where none does; else -2 - p, and p is where in
the **records** (int32) the cell's begins. Where a number -k stands there, the cell is divided into k × k parts, whose
codes follow, from the south-west too: of the same kind, but with p counted from the -k. What a part or an undivided
cell, its only part, leads to is a record:

    word 0      how many outlines are told apart here (at most SLOTS); MORE where another record follows at once; and
                how many runs of edges there are
    word 1      a bit per outline: whether the centre of the part counts as inside
    …           the outlines, ascending
    per run     which of the coordinates its first edge begins at; how many edges follow one another from there (at
                most LONGEST), with a bit per outline whose border they are; and their corners, one more than edges:
                x and y as float32, in parts from the centre, cut off where that decides nothing

The **coordinates** (float64, x and y by turns) are all rings of all outlines in a row. A border that neighbours share
is in their cells once.

An edge goes from its lower end to the upper one, a level one from west to east. Left of it means west of it, or above
a level one, and a point on it counts as left: as if every point lay a touch further west and, less than that,
further north. A point is inside where a walk from the centre to it, up or down and then east or west, crosses an odd
number of edges more than the centre's own bit says.
"""

from typing import Final, NamedTuple

LAYOUT: Final = 4
"""Of kept rasters; raise it with any change of what the numbers mean or of how outlines are drawn."""

NOBODY: Final = -1
EMPTY: Final = -2
"""The code of a cell that nobody covers, with a border so near that a point in it may go to the nearest outline. The
records begin with the one that it leads to: of no outlines and no edges."""

LISTED: Final = -3
"""While drawing: LISTED - n is a cell that a border crosses or several outlines cover, and n its first entry."""

SLOTS: Final = 15
MORE: Final = 16
RUNS_FROM: Final = 5
"""Word 0 of a record: outlines in the bits of SLOTS, MORE, and runs from this bit on."""

LONGEST: Final = 0xFFFF
BORDER_FROM: Final = 16
"""Word 1 of a run: edges in the bits of LONGEST, and whose border they are from this bit on."""

HEAD: Final = 2
RUN: Final = 2
CORNER: Final = 2
"""Words of a record before its outlines, of a run before its corners, and of a corner."""

CLIP: Final = 2.0
"""Parts: edges are cut off further away than this from the centre, up or sideways."""

UNSURE: Final = 3e-6
"""Of the square of a part: below this, twice a triangle's area may have the wrong sign, its corners being float32.

Corners lie within CLIP of the centre, off by at most 2 ** -24, and points within 0.5, off by 2 ** -26. With what
products and their sums are rounded by, that makes 1e-6 for the triangle of an edge and the centre, 2.1e-6 for that of
an edge and the point."""

DOUBT: Final = 3.3306690738754716e-16
"""Of its terms: a determinant of three points in double precision that exceeds this has the right sign. Shewchuk,
"Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997)."""

TINY: Final = 1e-290
"""Products of so little lose digits in silence."""

ON_BORDER: Final = 1
NEAR: Final = 2
"""Flags of a point. NEAR: in no outline, but in a cell where a border may be near."""

AHEAD: Final = 16
"""Words after the last record, a line of a cache: reading ahead stays within the records."""


class Frame(NamedTuple):
    """Where the cells are: the south-west corner and a cell's width and height in degrees, columns and rows."""

    x0: float
    y0: float
    w: float
    h: float
    nx: int
    ny: int
