"""The locator of any moment, shared by every thread of a process and replaced whole when areas change."""

import logging
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from sqlalchemy import Engine

from database.session import session_for, without_transactions
from geo.areas import areas_epoch, areas_valid_at, turning_points
from geo.locate import Locator
from geo.raster.store import RasterStore

CHANNEL = "areas_changed"
KEPT_MOMENTS = 6
"""Locators kept per process. A year of reports after two redraws needs three; each takes some tens of megabytes."""

RETRY_S = 2.0
LOOK_UP_S = 1.0
"""How long the ear waits before it looks for a lost connection again, and whether it was closed."""

log = logging.getLogger(__name__)


@dataclass
class _Generation:
    """What was built from one epoch: when areas turn, and the locators of the intervals asked for so far."""

    epoch: int
    turns: list[datetime]
    locators: OrderedDict[int, Locator] = field(default_factory=OrderedDict)


class AreaIndex:
    """Answers with the areas valid at a moment. Build one per process and share it between threads.

    A changed area reaches the index by NOTIFY; should the message be missed, the epoch in the
    database is compared at least every `check_every_s` seconds. Whoever asked first keeps the
    locator it was given: an answer is always of one moment, never half of each.
    """

    def __init__(self, engine: Engine, store: RasterStore | None = None, *, check_every_s: float = 1.0) -> None:
        """Rasters are shared with other processes through the store; without one, each process draws its own."""
        self._engine = engine
        self._snapshots = engine.execution_options(isolation_level="REPEATABLE READ")
        self._draw = None if store is None else store.raster
        self._asking = without_transactions(engine)
        self._check_every_s = check_every_s
        self._lock = threading.RLock()
        self._generation: _Generation | None = None
        self._checked_at = float("-inf")
        self._ear: _Ear | None = None

    def at(self, moment: datetime) -> Locator:
        """The locator of the areas valid at `moment`, which must be aware."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a time zone says nothing about which areas were valid")
        with self._lock:
            while True:
                generation = self._current()
                interval = bisect_right(generation.turns, moment)
                if interval in generation.locators or self._add(generation, interval, moment):
                    generation.locators.move_to_end(interval)
                    return generation.locators[interval]
                self.doubt()

    def interval(self, moment: datetime) -> int:
        """Tell moments apart by the areas valid then: those of one number have the same locator, until areas change."""
        with self._lock:
            return bisect_right(self._current().turns, moment)

    def listen(self) -> None:
        """Start hearing of changes as they happen. Call once per process, after any fork; asking works without it."""
        with self._lock:
            if self._ear is None:
                self._ear = _Ear(self._engine, on_change=self.doubt)
                self._ear.start()

    def close(self) -> None:
        """Stop hearing of changes."""
        with self._lock:
            if self._ear is not None:
                self._ear.close()
                self._ear = None

    @property
    def epoch(self) -> int:
        """The epoch the present answers are from."""
        with self._lock:
            return self._current().epoch

    def doubt(self) -> None:
        """Compare with the database before the next answer, whatever was heard."""
        self._checked_at = float("-inf")

    def _add(self, generation: _Generation, interval: int, moment: datetime) -> bool:
        """Build the locator of an interval; False where areas have changed since the generation began.

        The areas and their epoch are read in one snapshot: the areas of a later epoch, kept for an interval
        of an earlier one, would answer for moments on both sides of a redraw that came between.
        """
        with session_for(self._snapshots) as db:
            if areas_epoch(db) != generation.epoch:
                return False
            areas = areas_valid_at(db, moment)
        generation.locators[interval] = Locator(areas, draw=self._draw)
        while len(generation.locators) > KEPT_MOMENTS:
            generation.locators.popitem(last=False)
        return True

    def _current(self) -> _Generation:
        now = time.monotonic()
        if self._generation is None or now - self._checked_at >= self._check_every_s:
            self._checked_at = now  # before looking: a message that comes meanwhile must not be forgotten
            with session_for(self._asking) as db:
                epoch = areas_epoch(db)
                if self._generation is None or self._generation.epoch != epoch:
                    self._generation = _Generation(epoch, turning_points(db))
        return self._generation


class _Ear(threading.Thread):
    """Listens on one connection of its own until it is closed, and reconnects when that is lost."""

    def __init__(self, engine: Engine, *, on_change: Callable[[], None]) -> None:
        super().__init__(name="areas-changed", daemon=True)
        self._dsn = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._on_change = on_change
        self._closed = threading.Event()

    def run(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen()
            except psycopg.OperationalError as lost:
                log.warning("lost the connection that tells of changed areas (%s); trying again", type(lost).__name__)
                self._closed.wait(RETRY_S)

    def close(self) -> None:
        """Stop listening; takes up to a second."""
        self._closed.set()
        self.join()

    def _listen(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._on_change()
            while not self._closed.is_set():
                for _notice in connection.notifies(timeout=LOOK_UP_S):
                    self._on_change()
