"""A table with a column of addresses in, the same table with where each may be out.

Rows are neither checked nor changed, only continued: every cell and every row of the file comes back in its order.
Work goes row by row, so that a file of any length needs the same memory.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from geo.locate import Locator
from importers.columns import simplified
from importers.delimited import read_delimited, shifted
from importers.encodings import AUTO
from importers.errors import MissingColumn
from importers.whole_files import written_whole
from incidents.address_looking import Looked, TextStatus, look_up
from incidents.addressing import Geocodes

CHUNK = 1_000
KEPT_ANSWERS = 20_000
"""Texts repeat themselves: in a file of calls one in three, in a list of businesses the market a hundred times."""

COLUMNS = ("lon", "lat", "accuracy", "confidence", "matched", "grid", "township", "status")
"""What is added to the file's own columns; a column of the file that is called so stays, too."""

Record = list[str]


def geocode_file(
    geocoder: Geocodes,
    locator: Locator,
    source: Path,
    out: Path,
    *,
    text: str,
    encoding: str = AUTO,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Counter[str]:
    """Write `out` (UTF-8, commas) and return how many rows have each status. Raises ReadError.

    `text` is the heading of the texts. What is added speaks of the best candidate: its point, unless it is an area
    that several grids share; its grid only where the text places it; its township. `out` appears whole or not at all.
    """
    table = _Texts(source, text, encoding)
    cells_of = lru_cache(KEPT_ANSWERS)(lambda said: tuple(_cells(geocoder, locator, said)))
    statuses: Counter[str] = Counter()
    with written_whole(out) as writer:
        writer.writerow([*table.headings, *COLUMNS])
        rows = table.rows()
        while chunk := list(islice(rows, CHUNK)):
            continued = [(*record, *cells_of(record[table.place].strip())) for record in chunk]
            writer.writerows(continued)
            statuses.update(str(record[-1]) for record in continued)
            progress(statuses.total())
    return statuses


class _Texts:
    """The file: its headings, which of them is the text's, and its rows as they stand."""

    def __init__(self, path: Path, text: str, encoding: str) -> None:
        self._path = path
        self._source = read_delimited(path, encoding=encoding)
        self.headings = next((record for _line, record in self._source.records() if any(record)), [])
        exactly = [at for at, heading in enumerate(self.headings) if heading.strip() == text]
        alike = exactly or [at for at, heading in enumerate(self.headings) if simplified(heading) == simplified(text)]
        if not alike:
            raise MissingColumn(path, missing=(text,), headings=tuple(self.headings), example="text")
        self.place = alike[0]

    def rows(self) -> Iterator[Record]:
        """Every row under the headings, each as long as they are. Raises FileDamaged for one that is longer."""
        width = len(self.headings)
        records = (record for _line, record in self._source.records() if record)
        headed = False
        number = 0
        for record in records:
            if not headed:
                headed = any(record)
                continue
            number += 1
            if any(record[width:]):
                raise shifted(self._path, row=number, cells=len(record), headings=width)
            yield [*record[:width], *[""] * (width - len(record))]


def _cells(geocoder: Geocodes, locator: Locator, text: str) -> list[str]:
    if not text:
        return ["", "", "", "", "", "", "", TextStatus.UNPLACED.value]
    looked = look_up(geocoder, text, locator)
    best = looked.answer.best
    if best is None:
        return ["", "", "", "", "", "", "", looked.status.value]
    point, township = looked.point(best), looked.township(best)
    return [
        *(("", "") if point is None else (f"{point[0]:.7f}", f"{point[1]:.7f}")),
        best.accuracy.value,
        f"{best.confidence:.3f}",
        best.matched,
        _grid(looked),
        "" if township is None else township.code,
        looked.status.value,
    ]


def _grid(looked: Looked) -> str:
    placed = looked.decision.candidate
    grid = looked.grid(placed) if placed is not None else None
    return "" if grid is None else grid.code
