"""docs/benchmarks.md, written from what was measured: ratios first, for they hold on other machines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bench.intake import CALLERS, WORKERS, Figures
from bench.locate_file import OURS, THEIRS, Agreement, Cost
from bench.measuring import cores, machine
from bench.pages import Weight
from database.settings import ROOT
from incidents.clock import LOCAL

PATH = ROOT / "docs" / "benchmarks.md"

OPENING = """\
# Benchmarks

Written by `make bench`; every figure below was measured by it. `python -m bench locate intake …` measures some
parts anew and keeps the others. The county is the demonstration's: 874 comprehensive and 53 specialised grids, 14
townships, 13,327 reports.

Read the ratios. Contenders take turns in one run on one machine, medians count, and what else the machine does falls
on all of them; seconds are of the machine named with each part. “Load” is how many processes wanted a core in the
minute before that part began: above the number of cores, others were at work.
"""


@dataclass(frozen=True)
class Moment:
    """When a part was measured, and how busy the machine was before."""

    at: float
    load: float

    def __str__(self) -> str:
        local = datetime.fromtimestamp(self.at, LOCAL)
        busy = " Others were busy on it: hold to the ratios." if self.load > cores() else ""
        return f"*{local:%Y-%m-%d %H:%M}, {machine()}; load {self.load:.1f}.{busy}*"


def write(sections: Iterable[str]) -> None:
    """Write the document."""
    PATH.write_text("\n".join([OPENING, *sections]), encoding="utf-8")


def loading(figures: dict[str, float], moment: Moment) -> str:
    """How long a fresh county takes."""
    rows = [[name, f"{seconds:.1f} s"] for name, seconds in figures.items()]
    return _section(
        "From nothing to the county",
        "The steps of `make demo-data` after set-up, in a fresh `WANGGE_DATA`: a new PostGIS cluster, the schema, the"
        " county's files drawn and loaded through the importers. The promise is three minutes.",
        ["step", "time"], [*rows, ["**all**", f"**{sum(figures.values()):.0f} s**"]], moment,
    )  # fmt: skip


def locating(count: int, agreement: Agreement, costs: dict[str, Cost], moment: Moment) -> str:
    """locate-file beside the join."""
    ours, theirs = costs[OURS], costs[THEIRS]
    alike = f", {agreement.on_border_alike} of them in the same grid by both" if agreement.on_border else ""
    rows = [
        [f"`{name}`", f"{cost.seconds / theirs.seconds:.2f}", f"{cost.peak_mb / theirs.peak_mb:.2f}",
         f"{cost.seconds:.1f} s", f"{cost.peak_mb:.0f} MB"]
        for name, cost in ((OURS, ours), (THEIRS, theirs))
    ]  # fmt: skip
    return _section(
        f"Locating {count:,} points",
        "Half lie anywhere in the county's box and 2 % beyond, half around reports. Both read the same CSV and write"
        " one; the join, in its quicker direction (grids on the left), writes the grid alone. Ours adds specialised"
        " grids, village, township, staff, whether on a border and the distance to it.\n\n"
        f"First the answers: of {agreement.compared:,} points away from borders **none differs**."
        f" {agreement.snapped:,} outside every grid went to the nearest within 30 m, flagged."
        f" {agreement.on_border or 'None'} lie exactly on a border{alike}.",
        ["", "time ÷ join", "memory ÷ join", "time", "peak memory"], rows, moment,
    )  # fmt: skip


def intake(figures: dict[str, dict[str, Figures]], moment: Moment) -> str:
    """Reports per second."""
    rows = []
    for callers in map(str, CALLERS):
        bare = figures[callers]["no database"]
        for name, one in figures[callers].items():
            share, slower = one.per_second / bare.per_second, one.p99_ms / bare.p99_ms
            rows.append([callers, name, f"{share:.2f}", f"{slower:.1f}", f"{one.per_second:.0f} /s",
                         f"{one.p50_ms:.1f} ms", f"{one.p99_ms:.1f} ms"])  # fmt: skip
    return _section(
        "Taking reports in",
        f"`POST /api/v1/reports` under gunicorn with {WORKERS} workers as `make serve` starts it, by callers on this"
        " machine with connections kept alive and a new key in every report, beside the same server with nothing behind"
        " the door: HTTP, Flask and the check of the body, an answer of the same length. Each stored report is placed,"
        " routed, numbered, compared with earlier ones and written to disk with its history before it is answered. It"
        " asks the database many times in turn, and each time waits longer where others are busy: this ratio suffers"
        " most from a busy machine.\n\n"
        "That no acknowledged report is lost and none doubled when workers are killed in the middle of it is a test:"
        " `tests/webmap/test_intake_survives.py`.",
        ["callers", "", "rate ÷ bare", "p99 ÷ bare", "rate", "p50", "p99"], rows, moment,
    )  # fmt: skip


def pages(figures: dict[str, Weight], moment: Moment) -> str:
    """First screens."""
    plain = figures["plain Folium"]
    rows = [
        [path, f"{one.interactive_ms / plain.interactive_ms:.2f}", f"{one.wire_kb / plain.wire_kb:.3f}",
         f"{one.interactive_ms / 1000:.2f} s", f"{one.wire_kb:.0f} kB", str(one.requests)]
        for path, one in figures.items()
    ]  # fmt: skip
    return _section(
        "First screens",
        "Headless Chromium that has seen nothing before, signed in as the demonstration's leader, county dispatcher and"
        " grid worker (a phone's 390 × 844; else 1366 × 768). Interactive: loaded, every layer switched on drawn,"
        " nothing more being fetched, and two frames painted since. Bytes are compressed, headers included. **No"
        " request left the machine and no console error occurred**, or there would be no figures.\n\n"
        "Plain Folium draws the same 874 grids and 10,000 of the reports (FastMarkerCluster), all in the page itself,"
        f" with local files. Its page was rendered and compressed beforehand ({plain.rendered_s:.1f} s, not counted);"
        " ours are made while the browser waits.",
        ["page", "time ÷ Folium", "bytes ÷ Folium", "interactive", "over the wire", "requests"], rows, moment,
    )  # fmt: skip


def _section(title: str, text: str, heads: list[str], rows: list[list[str]], moment: Moment) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"## {title}\n{text}\n\n{table}\n\n{moment}\n"
