"""How a raster is laid out: the one place that says what its numbers mean.

The **table** (int32, rows × columns, from the south-west) has a code for every cell: an outline's position where that
outline alone covers the whole cell and no border comes near; NOBODY where none does; else -2 - p, and p is where in
the **records** (int32) that cell goes on: a number k, then k × k codes of the same kind for its parts, from the
south-west too. There -2 - p leads to a record:

    word 0      how many outlines are told apart here (at most SLOTS), plus MORE where another record follows at once
    word 1      how many edges
    word 2      a bit per outline: whether the centre of the part counts as inside
    …           the outlines, ascending
    per edge    four float32: its ends, in parts from the centre, cut off where that decides nothing;
                a bit per outline whose border it is; and where in the coordinates the edge begins

The **coordinates** are all rings of all outlines in a row. A border that neighbours share is in their cells once.

An edge goes from its lower end to the upper one, a level one from west to east. Left of it means west of it, or above
a level one, and a point on it counts as left: as if every point lay a touch further west and, less than that,
further north. A point is inside where a walk from the centre to it, up or down and then east or west, crosses an odd
number of edges more than the centre's own bit says.
"""

from typing import Final, NamedTuple

LAYOUT: Final = 3
"""Of kept rasters; raise it with any change of what the numbers mean or of how outlines are drawn."""

NOBODY: Final = -1
EMPTY: Final = -2
"""The code of a cell that nobody covers, with a border so near that a point in it may go to the nearest outline. The
records begin with the part that it leads to."""

LISTED: Final = -3
"""While drawing: a cell that a border crosses or several outlines cover."""

SLOTS: Final = 30
MORE: Final = 1 << 20
COUNT: Final = MORE - 1
HEAD: Final = 3
WORDS: Final = 6
"""Of an edge."""

UNSURE: Final = 2e-6
"""Of the square of a part: below this, twice a triangle's area may have the wrong sign, its corners being float32.

Corners lie within 0.75 of the centre and points within 0.5; each is off by 2 ** -25 of itself, and four products of
them are added: 9e-7 at most."""

DOUBT: Final = 3.3306690738754716e-16
"""Of its terms: a determinant of three points in double precision that exceeds this has the right sign. Shewchuk,
"Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997)."""

TINY: Final = 1e-290
"""Products of so little lose digits in silence."""

ON_BORDER: Final = 1
NEAR: Final = 2
"""Flags of a point. NEAR: in no outline, but in a cell where a border may be near."""

AHEAD: Final = 32
"""Words after the last record, two lines of a cache: reading ahead stays within the records."""


class Frame(NamedTuple):
    """Where the cells are: the south-west corner and a cell's width and height in degrees, columns and rows."""

    x0: float
    y0: float
    w: float
    h: float
    nx: int
    ny: int
