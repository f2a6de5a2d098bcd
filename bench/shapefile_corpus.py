"""docs/shapefile-corpus.md: what becomes of every file of the corpus: `python -m bench.shapefile_corpus`.

The corpus lies beside the repository and is no part of it. Ends with status 1 if any file crashes or hangs its reader.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.corpus_reading import (
    CRASHED,
    HUNG,
    LOADED,
    MEMORY_LIMIT_MB,
    REFUSED,
    TIME_LIMIT_S,
    Reading,
    read_apart,
)
from database.settings import ROOT

DATA = ROOT.parent / "shared" / "data"
PATH = ROOT / "docs" / "shapefile-corpus.md"
COLUMNS_SHOWN = 6

OPENING = """\
# What becomes of shapefiles from elsewhere

Written by `python -m bench.shapefile_corpus`; `tests/importers/test_corpus_document.py` reads every file again and
holds each line of it. Nobody made these files for this project: they are the test suites of five shapefile libraries
(pyshp, mapshaper, shapefile-js, rgeo, go-shp) and the wards of eighteen Canadian towns. They are not part of the
repository; they lie in `../shared/data/shapefiles` and `wards`.

Each is read as `flask import areas` reads it while no county is loaded yet, so that nothing but the file itself says
where it is. A loaded one is loaded with what was detected said; a refused one is refused with the sentence given. Once
the demonstration county is loaded, all of them are refused: none lies in it.

“Outlines” counts corners, what the check of outlines would mend or miss, and pairs that share more than a square
metre; none of that is judged at this stage. “GDAL” is what GDAL alone made of the file, by `DIAGNOSTICS.csv` of the
corpus (— where that does not have it); where GDAL knows a coordinate system, what is loaded lies within a centimetre
of where GDAL and PROJ put it, and its table says the same, cell for cell.
"""


def files() -> list[Path]:
    """Return the files of the corpus, zipped and loose, libraries' before towns', each in the order of their names."""
    kinds = (".zip", ".shp", ".gpkg", ".geojson", ".json")
    folders = (DATA / "shapefiles", DATA / "wards")
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix.casefold() in kinds]


def diagnosed() -> dict[str, str]:
    """Return in a few words what GDAL made of each file that DIAGNOSTICS.csv has."""
    with (DATA / "shapefiles" / "DIAGNOSTICS.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: _diagnosis(row) for row in csv.DictReader(file)}


def _diagnosis(row: Mapping[str, str]) -> str:
    if row["status"] != "ok":
        lacks = row["missing"].replace(",", ", ")
        return f"{_fault(row['status'])}; lacks {lacks}" if lacks else _fault(row["status"])
    facts = [f"{row['n']} × {row['types'].replace('|', '/') or 'nothing'}"]
    facts += [f"{row[name]} {name}" for name in ("null", "empty", "invalid") if row[name] not in ("", "0")]
    facts += [f"EPSG:{row['epsg']}"] if row["epsg"] else []
    facts += [f"lacks {row['missing'].replace(',', ', ')}"] if row["missing"] else []
    return ", ".join(facts)


def _fault(status: str) -> str:
    """Shorten an error, in which a path of another machine is cut off in the middle."""
    if "Unable to open" in status:
        return "cannot open it"
    return "does not recognise it" if "not reco" in status else "no zip file"


HEADS = ["file", "outcome", "rows", "outlines", "encoding", "coordinates", "columns", "why", "GDAL"]


def line(path: Path, reading: Reading, diagnoses: Mapping[str, str]) -> list[str]:
    """Return the cells of one file: nothing in them depends on the machine or the moment."""
    columns = ", ".join(reading.columns[:COLUMNS_SHOWN])
    if more := len(reading.columns) - COLUMNS_SHOWN:
        columns += f" and {more} more" if more > 0 else ""
    loaded = reading.outcome == LOADED
    cells = [
        path.name, reading.outcome, f"{reading.rows:,}" if loaded else "", reading.outlines, reading.encoding,
        ", ".join(filter(None, (reading.crs, reading.datum))), columns or ("none" if loaded else ""),
        "; ".join(reading.said), diagnoses.get(path.name, "—"),
    ]  # fmt: skip
    return [_cell(text) for text in cells]


def _cell(text: str) -> str:
    """Write a text so that Markdown shows it as it is, in one line."""
    plain = " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
    return plain.replace("_", "\\_")


def write(readings: Mapping[Path, Reading]) -> None:
    """Write the document."""
    diagnoses = diagnosed()
    rows = [HEADS, ["---"] * len(HEADS), *(line(path, reading, diagnoses) for path, reading in readings.items())]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
    PATH.write_text("\n".join([OPENING, _summary(readings), table]), encoding="utf-8")


def _summary(readings: Mapping[Path, Reading]) -> str:
    counts = Counter(reading.outcome for reading in readings.values())
    slowest = max(readings, key=lambda path: readings[path].seconds)
    bad = counts[CRASHED] + counts[HUNG]
    counted = f"{counts[LOADED]} loaded, {counts[REFUSED]} refused, {bad or 'none'} crashed or hung"
    return (
        f"**{len(readings)} files: {counted}.** Each had a process of its own with {TIME_LIMIT_S:.0f} s and"
        f" {MEMORY_LIMIT_MB:,} MB; the slowest, {_cell(slowest.name)}, took {readings[slowest].seconds:.2f} s.\n"
    )


def failed(readings: Iterable[Reading]) -> bool:
    """Tell whether any file crashed or hung its reader."""
    return any(reading.outcome in (CRASHED, HUNG) for reading in readings)


def main(paths: Sequence[Path] | None = None) -> int:
    """Read every file, write the document, and return the status to end with."""
    readings = {path: read_apart(path) for path in (paths if paths is not None else files())}
    write(readings)
    print(_summary(readings).strip())
    return int(failed(readings.values()))


if __name__ == "__main__":
    sys.exit(main())
