"""One file of the corpus, read by the importer in a process of its own, which may run out of time or of memory."""

import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import shapely

from geo.coverage import AreaOutline, find_overlaps, mend_outline
from importers.errors import ReadError
from importers.layers import Layer, read_layer
from importers.report import Problem

LOADED, REFUSED, CRASHED, HUNG = "loaded", "refused", "**crashed**", "**hung**"
TIME_LIMIT_S = 30.0
MEMORY_LIMIT_MB = 2_000
ARGUED_M2 = 1.0
"""Ground that two outlines share counts as an overlap from here on."""


@dataclass(frozen=True)
class Reading:
    """What became of one file. `said` is what a clerk would read: the refusal, or how it was read and any warning."""

    outcome: str
    said: tuple[str, ...]
    rows: int = 0
    outlines: str = ""
    encoding: str = ""
    crs: str = ""
    datum: str = ""
    columns: tuple[str, ...] = ()
    seconds: float = 0.0


Reader = Callable[[Path], Reading]


def read(path: Path) -> Reading:
    """Read a file as `import areas` does before any county is known, and say what became of it."""
    return described(attempted(path))


def attempted(path: Path) -> Layer | ReadError:
    """Return the layer of a file, or why it is refused."""
    try:
        return read_layer(path)
    except ReadError as refusal:
        return refusal


def described(layer: Layer | ReadError) -> Reading:
    """Say what was read, or why not."""
    if isinstance(layer, ReadError):
        return Reading(REFUSED, (str(layer), *_each_once(layer.found)))
    found = layer.detected
    said = tuple(map(str, (*found.notes, *_each_once(layer.problems))))
    encoding, crs, datum = (fact or "" for fact in (found.encoding, found.crs, found.datum))
    return Reading(LOADED, said, len(layer), _outlines(layer), encoding, crs, datum, layer.columns)


def _each_once(problems: Iterable[Problem]) -> list[str]:
    """Say each problem once, and how often it is there."""
    counts = Counter(problem.line() for problem in problems)
    return [line if count == 1 else f"{line} ({count} times)" for line, count in counts.items()]


def _outlines(layer: Layer) -> str:
    """Say what is the matter with the outlines: how many are missing or must be mended, and which share ground."""
    mended = [mend_outline(outline) for outline in layer.outlines]
    whys = Counter(one.why for one in mended if one.why)
    usable = [AreaOutline(str(row), one.outline) for row, one in enumerate(mended) if one.outline is not None]
    overlaps = find_overlaps(usable, ignore_below_m2=ARGUED_M2)
    said = [f"{count} × {why}" for why, count in sorted(whys.items())]
    if overlaps:
        said.append(f"{len(overlaps)} {'pair' if len(overlaps) == 1 else 'pairs'} sharing ground")
    corners = int(shapely.get_num_coordinates(layer.outlines).sum())
    return ", ".join([f"{corners:,} corners", *said])


def read_apart(path: Path, *, reader: Reader = read, time_limit_s: float = TIME_LIMIT_S,
               memory_limit_mb: int = MEMORY_LIMIT_MB) -> Reading:  # fmt: skip
    """Read a file in a process of its own, so that whatever it does to its reader is seen and goes no further."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.corpus_reading"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, path, reader, memory_limit_mb), daemon=True)
    process.start()
    theirs.close()
    began = time.monotonic()
    reading = _received(ours, process, time_limit_s)
    seconds = time.monotonic() - began
    process.join()
    return reading if reading.seconds else replace(reading, seconds=seconds)


def _answer(connection: Connection, path: Path, reader: Reader, memory_limit_mb: int) -> None:
    """Read within the limit of memory, and send what was found with how long it took."""
    limit = _address_space() + memory_limit_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    began = time.perf_counter()
    reading = reader(path)
    connection.send(replace(reading, seconds=time.perf_counter() - began))


def _address_space() -> int:
    """Return how many bytes of addresses this process has already."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _received(connection: Connection, process: BaseProcess, time_limit_s: float) -> Reading:
    if not connection.poll(time_limit_s):
        process.kill()
        return Reading(HUNG, (f"no answer within {time_limit_s:.0f} s",))
    try:
        received = connection.recv()
    except EOFError:
        process.join()
        return Reading(CRASHED, (f"the process ended with status {process.exitcode}",))
    if not isinstance(received, Reading):
        raise TypeError(f"a {type(received).__name__} is no reading")
    return received
