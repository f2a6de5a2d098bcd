"""docs/benchmarks.md, written from what was measured: ratios first, for they hold on other machines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bench.intake import CALLERS, WORKERS, Figures
from bench.locate import DRAWN, DRAWN_AND_ASKED, ONE_POINTS, ROUNDS, SPENT_S, Found, Measured, One
from bench.locate import ONE as SINGLE
from bench.locate import OURS as OUR_LOCATOR
from bench.locate_aims import Aim, aims
from bench.locate_file import OURS, THEIRS, Agreement, Cost
from bench.measuring import cores, machine, median
from bench.pages import Weight
from bench.peers import SJOIN
from bench.redraw_check import FAULTS, PLAIN, Checked
from bench.redraw_import import Imported, middle
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
    return section(
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
    return section(
        f"Locating {count:,} points",
        "Half lie anywhere in the county's box and 2 % beyond, half around reports. Both read the same CSV and write"
        " one; the join, in its quicker direction (grids on the left), writes the grid alone. Ours adds specialised"
        " grids, village, township, staff, whether on a border and the distance to it.\n\n"
        f"First the answers: of {agreement.compared:,} points away from borders **none differs**."
        f" {agreement.snapped:,} outside every grid went to the nearest within 30 m, flagged."
        f" {agreement.on_border or 'None'} lie exactly on a border{alike}.",
        ["", "time ÷ join", "memory ÷ join", "time", "peak memory"], rows, moment,
    )  # fmt: skip


MISSED = """\
What is missed in this run or was in another, and what was tried:

- *Cells alone.* On few grids the table fits the processor's cache, and reading it alone is next to nothing: then the
  records that one point in nine needs are what counts. Fewer comparisons per edge made no difference to them: it seems
  to be the branches that nobody can foresee, how many edges a record has and whether a cell is divided. Corners kept
  once instead of both ends of each edge took a fifth off, clearing the flags apart from all else a tenth, settling the
  few doubtful points apart from the others and smaller blocks another tenth. Records that named coordinates without a
  copy of them were half as long, and placing took half as long again. More cells than four to a corner come nearer to
  the ratio, but are no faster. Corners in 16 bits would halve what is read of a record.
- *Drawing many grids.* The work is half of the join's or more. Two threads share all of it but getting the coordinates
  out of Shapely, a tenth, done beside the first look at them; of the rest, half is finding which cells borders cross
  and half packing the records. Handing no arrays on in loops, so that numba counts no references, took most off; then
  corners kept once, rows drawn and packed in bands, lists that need no sorting, and arrays made by NumPy, which asks
  for large pages. Fewer cells did not help. An index is kept in a file and is drawn once per redraw.
"""


def locator(measured: Measured, moment: Moment) -> str:
    """The locator beside its peers and its limits."""
    found = list(measured.grounds.values())
    if not found:
        return ""
    names = [ground.name for ground in found]
    contenders = list(dict.fromkeys(name for ground in found for name in ground.figures))
    ratios = [[name, *(_times(ground, name) for ground in found)] for name in contenders]
    seconds = [[name, *(_seconds(ground, name) for ground in found)] for name in contenders]
    tables = [
        _judged(measured, moment),
        *([MISSED] if any(not aim.met for aim in aims(measured)) else []),
        table(["time ÷ ours, 1 thread", *names], ratios),
        table(["time, and in how many turns", *names], seconds),
        _indexes(found),
    ]
    return "\n".join([*tables, *([_one_by_one(measured.one)] if measured.one else [])])


def _judged(measured: Measured, moment: Moment) -> str:
    """What was asked, that the answers are right, and which aims are reached."""
    found = list(measured.grounds.values())
    rows = [
        [aim.what, aim.where, f"{'≥' if aim.at_least else '≤'} {aim.wanted:.3g}", f"{aim.reached:.3g}", aim.verdict]
        for aim in aims(measured)
    ]
    return section(
        f"Which grid: {found[0].points:,} points",
        "The locator beside others who can tell which polygon a point is in, each asked the way round that is fastest"
        " for it, and beside two limits: reading the code of each point's cell from the same table, borders or no, and"
        f" only adding up the points. They take turns in one run, {ROUNDS} times; who has spent {SPENT_S:.0f} s on one"
        " ground misses later rounds, and the loop over the rtree is asked for a fiftieth of the points. Points and"
        " polygons stand ready in the form that each likes best and the join alone is timed, without choosing one of"
        " several polygons; ours chooses. An index of the points is part of the question, except for PostGIS. One join"
        " is of polygons as a file gives them, as everyone calls it: drawing ours and placing is measured by that one,"
        " placing alone by the faster one whose polygons were prepared before."
        " Threads: PostGIS one, DuckDB and SedonaDB as many as they like, the others one where nothing is said.\n\n"
        f"{_proofs(found)} {_other_answers(found)}",
        ["aim", "", "wanted", "reached", ""], rows, moment,
    )  # fmt: skip


def _indexes(found: list[Found]) -> str:
    heads = ["", "vertices", "drawing ÷ sjoin", "drawing and placing ÷ sjoin", "drawing", "index", "memory in all",
             "sjoin's"]  # fmt: skip
    rows = [
        [ground.name, f"{ground.vertices:,}", f"{ground.ratio(DRAWN, SJOIN):.2f}",
         f"{ground.ratio(DRAWN_AND_ASKED, SJOIN):.2f}", f"{ground.figures[DRAWN].seconds:.2f} s",
         f"{ground.index_mb:.0f} MB", f"{ground.ours.peak_mb:.0f} MB", f"{ground.join.peak_mb:.0f} MB"]
        for ground in found
    ]  # fmt: skip
    text = (
        "The index, drawn by two threads, which then place the points. “In all” is a process that reads polygons and"
        " points and places the points once, beside one that joins them: the most memory that was resident, Python and"
        " its libraries included."
    )
    return f"{text}\n\n{table(heads, rows)}"


def _one_by_one(one: dict[str, One]) -> str:
    ours = one[SINGLE]
    rows = [
        [name, f"{each.p50_us / ours.p50_us:.1f}", f"{each.p99_us / ours.p99_us:.1f}", f"{each.p50_us:.2f} µs",
         f"{each.p99_us:.1f} µs"]
        for name, each in one.items()
    ]  # fmt: skip
    text = (
        f"One point at a time in the county, {ONE_POINTS:,} of them, the first grid alone; the whole answer is what a"
        " report gets: grid, specialised grids, village, township, county, metres to the border, neighbour."
    )
    return f"{text}\n\n{table(['', 'p50 ÷ ours', 'p99 ÷ ours', 'p50', 'p99'], rows)}"


def _proofs(found: list[Found]) -> str:
    told = "; ".join(
        f"{ground.name}: {ground.proof.anywhere:,} anywhere and {ground.proof.on_borders:,} on borders,"
        f" {ground.proof.shared:,} of them in more than one polygon" for ground in found
    )  # fmt: skip
    return f"First the answers, held against brute force: **none differs** ({told})."


def _other_answers(found: list[Found]) -> str:
    """Whether the others place the points of each ground alike."""
    wrong = [
        f"{name} for {figure.differs:,} ({ground.name})"
        for ground in found for name, figure in ground.figures.items() if figure.differs
    ]  # fmt: skip
    return f"Others answer otherwise: {', '.join(wrong)}." if wrong else "All the others answer alike."


def _times(ground: Found, name: str) -> str:
    return f"{ground.ratio(name, OUR_LOCATOR):.2f}" if name in ground.figures else ""


def _seconds(ground: Found, name: str) -> str:
    one = ground.figures.get(name)
    return f"{one.seconds:.4g} s ({one.turns})" if one else ""


def intake(figures: dict[str, dict[str, Figures]], moment: Moment) -> str:
    """Reports per second."""
    rows = []
    for callers in map(str, CALLERS):
        bare = figures[callers]["no database"]
        for name, one in figures[callers].items():
            share, slower = one.per_second / bare.per_second, one.p99_ms / bare.p99_ms
            rows.append([callers, name, f"{share:.2f}", f"{slower:.1f}", f"{one.per_second:.0f} /s",
                         f"{one.p50_ms:.1f} ms", f"{one.p99_ms:.1f} ms"])  # fmt: skip
    return section(
        "Taking reports in",
        f"`POST /api/v1/reports` under gunicorn with {WORKERS} workers as `make serve` starts it, by callers on this"
        " machine with connections kept alive and a new key in every report, beside the same server with nothing behind"
        " the door: HTTP, Flask and the check of the body, an answer of the same length. Each stored report is placed,"
        " routed, numbered, compared with earlier ones and written to disk with its history before it is answered, with"
        " five statements in turn; each waits longer where others are busy: this ratio suffers most from that.\n\n"
        "That no acknowledged report is lost and none doubled when workers are killed in the middle of it is a test:"
        " `tests/webmap/test_intake_survives.py`.",
        ["callers", "", "rate ÷ bare", "p99 ÷ bare", "rate", "p50", "p99"], rows, moment,
    )  # fmt: skip


REDRAW_AIM = 3.0


def redraws(checked: Checked, imported: Imported, moment: Moment) -> str:
    """Checking a redraw beside one library call, and reading its file beside ogr2ogr."""
    found = [
        *(Aim(f"checking ÷ `{PLAIN}`", f"{checked.size.grids:,} grids, {ground}", REDRAW_AIM, checked.ratio(ground))
          for ground in checked.ours),
        Aim("reading a file into a draft ÷ `ogr2ogr`", f"{imported.size.grids:,} grids", REDRAW_AIM, imported.ratio),
    ]  # fmt: skip
    rows = [[aim.what, aim.where, f"≤ {aim.wanted:.3g}", f"{aim.reached:.2f}", aim.verdict] for aim in found]
    judged = section(
        "Redraws",
        f"Checking finds gaps, overlaps and what lies outside its parent, each with its shape and size; `{PLAIN}` tells"
        f" which borders do not match, and of gaps nothing. First the answers: of {FAULTS} seeded gaps and {FAULTS}"
        " seeded overlaps **each is found, with its size, and nothing else**; without a fault nothing is.\n\n"
        f"The file is a shapefile in GBK that does not say so, {imported.ours[0].kept.corners:,} corners. Ours finds"
        " out encoding and columns, judges every code, name, outline and parent and writes the draft; `ogr2ogr` is told"
        " the encoding and loads the file into PostGIS as it is (`PG_USE_COPY`). Each begins with a new database, and"
        " **as many rows and corners, the same codes and names, the same ground** stand in it afterwards.",
        ["aim", "", "wanted", "reached", ""], rows, moment,
    )  # fmt: skip
    return "\n".join([judged, table(["", "", "time"], _checking(checked)), _reading(imported)])


def _checking(checked: Checked) -> list[list[str]]:
    return [
        [name, ground, f"{median(taken[ground]):.2f} s"]
        for ground in checked.ours
        for name, taken in (("**checking**", checked.ours), (f"`{PLAIN}`", checked.plain))
    ]


def _reading(imported: Imported) -> str:
    rows = []
    for name, turns in (("**reading into a draft**", imported.ours), ("`ogr2ogr`", imported.theirs)):
        seconds, process_s, peak_mb = middle(turns)
        rows.append([name, f"{seconds:.1f} s", f"{process_s:.1f} s", f"{peak_mb:.0f} MB"])
    read_s = median([turn.read_s for turn in imported.ours])
    text = (
        f"From opening the file to the commit; {read_s:.1f} s of ours pass before anything is written. The whole"
        " process is Python's start and our modules' too, which a worker that reads files has behind it."
    )
    return f"{text}\n\n{table(['', 'time', 'whole process', 'peak memory'], rows)}"


def pages(figures: dict[str, Weight], moment: Moment) -> str:
    """First screens."""
    plain = figures["plain Folium"]
    rows = [
        [path, f"{one.interactive_ms / plain.interactive_ms:.2f}", f"{one.wire_kb / plain.wire_kb:.3f}",
         f"{one.interactive_ms / 1000:.2f} s", f"{one.wire_kb:.0f} kB", str(one.requests)]
        for path, one in figures.items()
    ]  # fmt: skip
    return section(
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


def section(title: str, text: str, heads: list[str], rows: list[list[str]], moment: Moment) -> str:
    return f"## {title}\n{text}\n\n{table(heads, rows)}\n{moment}\n"


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
