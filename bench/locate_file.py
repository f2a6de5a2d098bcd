"""`flask locate-file` beside geopandas.sjoin: the same answers first, then time and memory of both processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from bench import points
from bench.county import FLASK, PYTHON, County
from bench.measuring import Run, alternate, median, run

OURS, THEIRS = "flask locate-file", "geopandas.sjoin"


@dataclass(frozen=True)
class Cost:
    """Medians of the rounds."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Agreement:
    """How the two answers compare, row for row."""

    compared: int
    """Rows in or outside a grid beyond doubt: neither on a border nor moved to the nearest grid."""

    on_border: int
    on_border_alike: int
    """Rows on a border for which both chose the same grid."""

    snapped: int
    """Rows outside every grid that we gave to the nearest one, and the join to none."""


class Differs(Exception):
    """The two answers are not the same: figures of a wrong answer mean nothing."""


def measure(county: County, *, count: int = 1_000_000, rounds: int = 3) -> tuple[Agreement, dict[str, Cost]]:
    """Compare both answers, then the costs. Raises Differs. The first round counts for both."""
    asked, grids = points.write(county, count)
    ours, theirs = county.data / "located.csv", county.data / "joined.csv"
    contenders = {
        OURS: partial(run, [FLASK, "locate-file", str(asked), str(ours)], county.environment),
        THEIRS: partial(run, [PYTHON, "-m", "bench.spatial_join", str(asked), str(grids), str(theirs)]),
    }
    for make in contenders.values():  # also brings files and programs into the system's cache
        make()
    agreement = compare(ours, theirs)
    return agreement, {name: _middle(runs) for name, runs in alternate(contenders, rounds=rounds).items()}


def compare(ours: Path, theirs: Path) -> Agreement:
    """Hold our answer against the join's. Raises Differs with the first rows that are not alike."""
    rows, join = _read(ours), _read(theirs)
    if not rows["id"].equals(join["id"]):
        raise Differs("the rows are not in the order of the file")
    rows["joined"] = join["grid"]
    alike, on_border, snapped = rows["grid"] == rows["joined"], rows["on_border"] == "true", rows["status"] == "snapped"
    doubtless = ~on_border & ~snapped
    # What went to the nearest grid must lie in none.
    wrong = rows[(doubtless & ~alike) | (snapped & (rows["joined"] != ""))]
    if len(wrong):
        raise Differs(f"{len(wrong)} rows differ away from borders, first:\n{wrong.head(5).to_string()}")
    return Agreement(int(doubtless.sum()), int(on_border.sum()), int((on_border & alike).sum()), int(snapped.sum()))


def _read(path: Path) -> pd.DataFrame:
    """Everything as text, codes above all; blank where there is nothing."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _middle(runs: Sequence[Run]) -> Cost:
    return Cost(median([each.seconds for each in runs]), median([each.peak_mb for each in runs]))
