"""Drawing in bands of rows: each is drawn and packed by itself, two at a time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geo.raster import drawing, packing, parts
from geo.raster.layout import AHEAD, HEAD, NOBODY, Frame
from geo.raster.rings import Rings

Ints = NDArray[np.int32]

_BAND = 1 << 19
"""Coordinates to a band. Smaller ones need less memory while drawing and go through more outlines twice."""

_FEWEST = 4  # or one of two threads may soon have nothing to do

_NONE = np.empty(0, np.int32)


def draw(rings: Rings, frame: Frame, reach: tuple[int, int] | None) -> tuple[Ints, Ints]:
    """Return table and records. `reach`: how many columns and rows away a border is near to a point, if any."""
    table = np.full(frame.nx * frame.ny, NOBODY, np.int32)
    cuts = np.linspace(0, frame.ny, min(_FEWEST + len(rings.xy) // 2 // _BAND, frame.ny) + 1).astype(int)
    bands = list(pairwise(cuts.tolist()))
    with ThreadPoolExecutor(2) as two:
        pieces = list(two.map(lambda rows: _band(rings, frame, table, *rows), bands))
        begins = np.cumsum([HEAD, *map(len, pieces)]).tolist()
        records = np.empty(begins[-1] + AHEAD, np.int32)
        records[:HEAD], records[begins[-1] :] = 0, 0

        def join(at: int) -> None:
            """Put a band's records where they belong, and let go of them."""
            records[begins[at] : begins[at + 1]], pieces[at] = pieces[at], _NONE
            packing.move(table, bands[at][0] * frame.nx, bands[at][1] * frame.nx, begins[at])

        list(two.map(join, range(len(bands))))
    if reach:
        drawing.surround(table, frame, *reach)
    return table, records


def _band(rings: Rings, frame: Frame, table: Ints, low: int, high: int) -> Ints:
    """Draw rows low to high (which is not one of them) into the table and return their records, as if they stood at 0.

    Large arrays are made here rather than by numba: NumPy asks for large pages, and to touch a page for the first time
    costs more than to fill it. What of them is never touched costs nothing.
    """
    begin, end = low * frame.nx, high * frame.nx
    entries, n, edges = drawing.draw(rings, frame, low, high - 1, table, np.empty(1 << 20, np.int32))
    here, covered, edge, group, mask = (np.empty(n + edges, np.int32) for _ in range(5))
    lists = here, covered, edge, group, mask, np.arange(parts.CALM, dtype=np.int32)
    records, divided = np.empty(packing.room(n, edges), np.int32), np.empty(end - begin, np.int32)
    q, noted = packing.pack(table, entries, rings.xy, frame, begin, end, records, lists, divided)
    return packing.pack_divided(table, entries, rings.xy, frame, divided[:noted], records, q, lists)
