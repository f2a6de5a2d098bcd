"""The locator beside everybody else who can tell which polygon a point is in, and beside two limits.

Equality comes first: any point that brute force places elsewhere ends the run. Then contenders take turns. One that
has spent its time takes no more of them, and its figures say how many it had.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psycopg

from bench import brute_force, peers, postgis
from bench.brute_force import Indices, Proof
from bench.cells_alone import cells_alone
from bench.county import PYTHON, County
from bench.ground import GROUNDS, Ground, kept_at, on_borders
from bench.locate_file import Differs
from bench.measuring import Run, median, quantile, run
from bench.peers import Peer
from database.session import open_session
from geo.areas import areas_valid_at
from geo.locate import Locator
from geo.raster.raster import Raster
from webmap.installation import utcnow

POINTS = 1_000_000
ROUNDS = 5
SPENT_S = 40.0
"""Who has spent so long takes no more turns on this ground."""

QUICK_S = 0.2
"""What takes less is asked again and again for so long in every round."""

OURS, OURS_TWO, WHOLE = "**ours, 1 thread**", "**ours, 2 threads**", "ours, the whole answer (`locate_many`)"
DRAWN, DRAWN_AND_ASKED = "ours, drawing the index", "ours, drawing the index and placing the points"
CELLS, READ = "limit: cells alone", "limit: reading the points"

ONE_POINTS = 20_000
ONE, ONE_WHOLE, ONE_RTREE = "**ours**", "ours, the whole answer (`locate`)", "rtree, prepared polygons"
SELECT_1, PREPARED = "`select 1` over the socket", "PostGIS, prepared statement"


@dataclass(frozen=True)
class Figure:
    """What a contender took for all points."""

    seconds: float
    turns: int
    differs: int | None = None
    """Points for which it answers otherwise than brute force; None where it gives no answer."""


@dataclass(frozen=True)
class Found:
    """What was found on one ground."""

    name: str
    outlines: int
    vertices: int
    points: int
    proof: Proof
    figures: dict[str, Figure]
    index_mb: float
    ours: Run
    join: Run
    """The costs of a process that draws (or joins) and places the points once."""

    def ratio(self, one: str, other: str) -> float:
        """How many times as long one takes as another."""
        return self.figures[one].seconds / self.figures[other].seconds


@dataclass(frozen=True)
class One:
    """What one point costs, in microseconds."""

    p50_us: float
    p99_us: float


@dataclass(frozen=True)
class Measured:
    """All that this part finds."""

    grounds: dict[str, Found] = field(default_factory=dict)
    one: dict[str, One] = field(default_factory=dict)


def measure(where: County, *, count: int = POINTS, grounds: Sequence[str] = tuple(GROUNDS)) -> Measured:
    """Prove and measure on each ground. Raises Differs."""
    found = Measured()
    with postgis.database(where) as connection:
        for key in grounds:
            ground = GROUNDS[key](where, count)
            if ground is None:
                print(f"{key}: left out, its file is not there", flush=True)
                continue
            locator = _locator(where) if key == "county" else None
            raster = Raster.draw(ground.outlines)
            proof, known = brute_force.prove(ground, lambda lon, lat, raster=raster: raster.look_up(lon, lat)[0])
            _agree_with_itself(ground, raster, known, locator)
            print(f"{ground.name}: {proof}", flush=True)
            found.grounds[key] = _measure(ground, raster, proof, known, connection, locator)
            if locator:
                found.one.update(_one_by_one(ground, raster, locator, known, connection))
    return found


def _locator(where: County) -> Locator:
    engine = where.engine()
    with open_session(engine) as db:
        areas = areas_valid_at(db, utcnow())
    engine.dispose()
    return Locator(areas)


def _agree_with_itself(ground: Ground, raster: Raster, known: Indices, locator: Locator | None) -> None:
    """Hold our other ways of asking against what is proven. Raises Differs."""
    both = raster.look_up(ground.lon, ground.lat, threads=2)[0]
    if (both != known).any():
        raise Differs(f"{ground.name}: two threads answer otherwise than one")
    lon, lat = on_borders(ground.outlines, ONE_POINTS, seed=2)
    many = raster.look_up(lon, lat)[0]
    if [raster.first(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)] != many.tolist():
        raise Differs(f"{ground.name}: one point is answered otherwise than many")
    if locator:
        whole = locator.locate_many(ground.lon, ground.lat)
        if (np.where(whole.snapped, -1, whole.grid) != known).any():
            raise Differs(f"{ground.name}: the locator answers otherwise than its raster")


def _measure(
    ground: Ground,
    raster: Raster,
    proof: Proof,
    known: Indices,
    connection: psycopg.Connection,
    locator: Locator | None,
) -> Found:
    lon, lat = ground.lon, ground.lat
    contenders: dict[str, Callable[[], object]] = {
        OURS: lambda: raster.look_up(lon, lat),
        OURS_TWO: lambda: raster.look_up(lon, lat, threads=2),
        CELLS: lambda: cells_alone(raster, lon, lat),
        READ: lambda: lon.sum() + lat.sum(),
        DRAWN: lambda: Raster.draw(ground.outlines),
        DRAWN_AND_ASKED: lambda: Raster.draw(ground.outlines).look_up(lon, lat, threads=2),
    }
    if locator:
        contenders[WHOLE] = lambda: locator.locate_many(lon, lat)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        others = [
            peers.geopandas_sjoin(ground), peers.geopandas_sjoin(ground, prepared=True),
            peers.shapely_tree(ground), peers.rtree_loop(ground),
            *postgis.load(connection, ground), *stack.enter_context(peers.databases(ground, folder)),
        ]  # fmt: skip
        differs = {peer.name: _differences(peer, known) for peer in others}
        scales = {peer.name: peer.scale for peer in others}
        turns = take_turns(contenders | {peer.name: peer.ask for peer in others})
        ours, join = (_process(who, kept_at(ground, folder)) for who in ("ours", "sjoin"))
    figures = {
        name: Figure(median(seconds) * scales.get(name, 1), len(seconds), differs.get(name))
        for name, seconds in turns.items()
    }
    size = sum(array.nbytes for array in raster.arrays) / 1e6
    return Found(ground.name, len(ground.outlines), ground.vertices, len(lon), proof, figures, size, ours, join)


def _process(who: str, path: Path) -> Run:
    return run([PYTHON, "-m", "bench.locate_once", who, str(path)])


def _differences(peer: Peer, known: Indices) -> int:
    answered = peer.first()
    return int(((answered != known) & (answered != peers.NOT_ASKED)).sum())


def take_turns(
    contenders: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS, spent_s: float = SPENT_S
) -> dict[str, list[float]]:
    """Let contenders take turns and return the seconds of each; who has spent `spent_s` misses later rounds."""
    turns: dict[str, list[float]] = {name: [] for name in contenders}
    for _round in range(rounds):
        for name, ask in contenders.items():
            if sum(turns[name]) < spent_s:
                turns[name].append(_seconds(ask))
    return turns


def _seconds(ask: Callable[[], object]) -> float:
    """The time of one call: the median of many where one is over too soon to be told."""
    each, end = list[float](), time.perf_counter() + QUICK_S
    while not each or time.perf_counter() < end:
        began = time.perf_counter()
        ask()
        each.append(time.perf_counter() - began)
    return median(each)


def _one_by_one(
    ground: Ground, raster: Raster, locator: Locator, known: Indices, connection: psycopg.Connection
) -> dict[str, One]:
    """Ask for single points, the contenders taking turns by the thousand. Raises Differs."""
    ways: dict[str, Callable[[float, float], object]] = {
        ONE: raster.first,
        ONE_WHOLE: locator.locate,
        ONE_RTREE: peers.rtree_of(ground),
        **postgis.one_at_a_time(connection),
    }
    asked = list(zip(ground.lon[:ONE_POINTS].tolist(), ground.lat[:ONE_POINTS].tolist(), strict=True))
    for name in (ONE, ONE_RTREE, PREPARED):
        if [ways[name](lon, lat) for lon, lat in asked[:1000]] != known[: len(asked[:1000])].tolist():
            raise Differs(f"{name} answers otherwise than brute force")
    waits: dict[str, list[int]] = {name: [] for name in ways}
    for start in range(0, len(asked), 1000):
        for name, way in ways.items():
            waits[name] += _nanoseconds(way, asked[start : start + 1000])
    return {name: One(quantile(each, 0.5) / 1000, quantile(each, 0.99) / 1000) for name, each in waits.items()}


def _nanoseconds(way: Callable[[float, float], object], asked: Sequence[tuple[float, float]]) -> list[int]:
    clock, waits = time.perf_counter_ns, []
    for lon, lat in asked:
        began = clock()
        way(lon, lat)
        waits.append(clock() - began)
    return waits
