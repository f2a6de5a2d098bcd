"""The geocoder of the list as it stands, shared by every thread of a process and, as files, by all processes.

The index of a list takes seconds to minutes to build. It is built once, written under the data folder by a name made
of what went into it, and mapped into memory from there. While a changed list is being built, the earlier one
answers. What clerks correct needs no building: it counts from the next look-up on.

Whether anything changed is asked of the database at every look-up, one round trip: nobody is told that a correction
was kept and then answered without it.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from database.session import make_engine, session_for, without_transactions
from database.settings import ROOT
from geo.address_aliases import Aliases, TaughtGeocoder
from geo.address_loading import addresses, kept_aliases
from geo.addresses.areas import AreaName
from geo.addresses.files import VERSION, DamagedGazetteer
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.areas import areas_valid_at, turning_points
from geo.codes import AreaKind
from geo.file_locks import alone
from geo.locate import LocatableArea
from geo.sphere import M_PER_DEG

KEPT_FOLDERS = 2
"""The index in use and the one before it, which another process may be opening."""

RETRY_S = 30.0
"""How long the earlier list answers before a build that failed is tried again."""

log = logging.getLogger(__name__)

_EPOCHS = text("""
    SELECT (SELECT epoch FROM address_epoch WHERE part = 'list'),
           (SELECT epoch FROM address_epoch WHERE part = 'aliases'),
           (SELECT epoch FROM areas_epoch)
""")


class _Epochs(NamedTuple):
    addresses: UUID
    aliases: UUID
    areas: int


class _Stand(NamedTuple):
    """What an index is of: the list, the areas, and between which two of their turning points now lies."""

    addresses: UUID
    areas: int
    interval: int


@dataclass(frozen=True)
class _Current:
    """What answers now."""

    stand: _Stand
    name: str
    geocoder: Geocoder


class AddressIndex:
    """Gives the geocoder of the address list. Build one per process and share it between threads.

    `folder` holds the written indexes; it is made when the first is written.
    """

    def __init__(
        self, engine: Engine, folder: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._asking = without_transactions(engine)
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._current: _Current | None = None
        self._turns: tuple[int, list[datetime]] = (-1, [])
        self._aliases: tuple[UUID | None, int, Aliases] = (None, -1, Aliases())
        self._failed_at = float("-inf")

    def geocoder(self) -> TaughtGeocoder:
        """The geocoder of the list as it stands, or of the list before while the new index is being built.

        Waits only where there is no index at all yet. An empty list still knows townships and villages.
        """
        epochs, stand = self._ask()
        current = self._current
        if current is None:
            current = self._renew(stand)
        elif current.stand != stand:
            self._renew_meanwhile(stand)
            current = self._current or current
        return TaughtGeocoder(current.geocoder, self._taught(epochs))

    def refresh(self) -> None:
        """Wait until the list as it stands now answers: what an import ends with."""
        _epochs, stand = self._ask()
        current = self._current
        if current is None or current.stand != stand:
            self._renew(stand)

    def _ask(self) -> tuple[_Epochs, _Stand]:
        with session_for(self._asking) as db:
            epochs = _Epochs(*db.execute(_EPOCHS).one())
            if self._turns[0] != epochs.areas:
                self._turns = (epochs.areas, turning_points(db))
        interval = bisect_right(self._turns[1], self._clock())
        return epochs, _Stand(epochs.addresses, epochs.areas, interval)

    def _taught(self, epochs: _Epochs) -> Aliases:
        """The aliases that count, read again when any was kept or withdrawn, or when areas changed under them."""
        of, areas, aliases = self._aliases
        if (of, areas) != (epochs.aliases, epochs.areas):
            with session_for(self._asking) as db:
                aliases = Aliases(kept_aliases(db, self._clock()))
            self._aliases = (epochs.aliases, epochs.areas, aliases)
        return aliases

    def _renew_meanwhile(self, stand: _Stand) -> None:
        """Build in a thread, unless one is building already or the last attempt failed just now."""
        if time.monotonic() - self._failed_at < RETRY_S or not self._building.acquire(blocking=False):
            return
        try:
            threading.Thread(target=self._renew_quietly, args=(stand,), name="address-index", daemon=True).start()
        except RuntimeError:  # no thread to be had
            self._building.release()

    def _renew_quietly(self, stand: _Stand) -> None:
        """Have another process build: a million rows are a gigabyte, and a minute in which all else here is slow."""
        try:
            _build_aside(self._engine, self._folder)
            self._renew(stand)
        except Exception as problem:  # the earlier list goes on answering
            self._failed_at = time.monotonic()
            log.exception("the address list cannot be indexed (%s); the one before answers", type(problem).__name__)
        finally:
            self._building.release()

    def _renew(self, stand: _Stand) -> _Current:
        """Put the list as it stands in place. Of threads that need it at once one works and the others wait."""
        with self._lock:
            if self._current is None or self._current.stand != stand:
                with session_for(self._engine.execution_options(isolation_level="REPEATABLE READ")) as db:
                    self._current = self._made(db)
            return self._current

    def _made(self, db: Session) -> _Current:
        """The index of what one transaction sees, from its file where there is one."""
        epochs = _Epochs(*db.execute(_EPOCHS).one())
        now = self._clock()
        stand = _Stand(epochs.addresses, epochs.areas, bisect_right(turning_points(db), now))
        townships, villages = named_areas(db, now)
        name = _name(epochs.addresses, [*townships, *villages])
        if self._current is not None and self._current.name == name:
            return _Current(stand, name, self._current.geocoder)
        with alone(self._folder / "building.lock"):
            gazetteer = _opened(self._folder / name)
            if gazetteer is None:
                began = time.monotonic()
                gazetteer = Gazetteer.build(addresses(db), townships, villages)
                log.info("indexed %d addresses in %.1f s", len(gazetteer), time.monotonic() - began)
                gazetteer = _kept(gazetteer, self._folder, name)
        return _Current(stand, name, Geocoder(gazetteer))


def named_areas(db: Session, moment: datetime) -> tuple[list[AreaName], list[AreaName]]:
    """The townships and the villages of `moment` as texts name them, with their middle and how far they reach."""
    kinds = (AreaKind.COUNTY, AreaKind.TOWNSHIP, AreaKind.VILLAGE)
    areas = areas_valid_at(db, moment, kinds=kinds)
    above = {area.area_id: area for area in areas}

    def parent(area: LocatableArea | None, kind: AreaKind) -> LocatableArea | None:
        found = above.get(area.parent_id or 0) if area is not None else None
        return found if found is not None and found.kind is kind else None

    townships, villages = [], []
    for area in areas:
        if area.kind is AreaKind.TOWNSHIP:
            county = parent(area, AreaKind.COUNTY)
            townships.append(_named(area, county=county.name if county else ""))
        elif area.kind is AreaKind.VILLAGE:
            township = parent(area, AreaKind.TOWNSHIP)
            county = parent(township, AreaKind.COUNTY)
            villages.append(
                _named(area, township=township.name if township else "", county=county.name if county else "")
            )
    return townships, villages


def _named(area: LocatableArea, *, township: str = "", county: str = "") -> AreaName:
    """The middle is the centroid; the reach is to the farthest corner, on a plane that touches there."""
    middle = shapely.centroid(area.outline)
    corners = shapely.get_coordinates(area.outline) - (middle.x, middle.y)
    metres = np.hypot(corners[:, 0] * np.cos(np.radians(middle.y)), corners[:, 1]) * M_PER_DEG
    return AreaName(area.code, area.name, middle.x, middle.y, round(float(metres.max()), 1), township, county)


def _name(list_epoch: UUID, areas: list[AreaName]) -> str:
    """What went into an index, in 32 hexadecimal digits."""
    said = f"{VERSION} {list_epoch} {areas!r}"
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _opened(folder: Path) -> Gazetteer | None:
    """The written index; None where there is none or it is damaged."""
    if not folder.exists():
        return None
    try:
        gazetteer = Gazetteer.open(folder)
        os.utime(folder)
    except DamagedGazetteer as damage:
        log.warning("the index of the addresses is damaged and will be built again (%s)", damage)
        return None
    return gazetteer


def _kept(gazetteer: Gazetteer, folder: Path, name: str) -> Gazetteer:
    """Write the index, whole or not at all, and return it mapped into memory; itself where it cannot be written."""
    draft = folder / f".{name}.{os.getpid()}"
    try:
        gazetteer.write(draft)
        shutil.rmtree(folder / name, ignore_errors=True)
        draft.rename(folder / name)
        _prune(folder)
        return _opened(folder / name) or gazetteer
    except (OSError, RuntimeError) as problem:  # the tries say RuntimeError where a disk is full
        log.warning("the index of the addresses cannot be kept in %s (%s)", folder, problem)
        shutil.rmtree(draft, ignore_errors=True)
        return gazetteer


def _prune(folder: Path) -> None:
    """Remove indexes that nobody needs and drafts of killed processes. What is mapped stays readable."""
    written = [each for each in folder.iterdir() if each.is_dir()]
    finished = sorted(
        (each for each in written if not each.name.startswith(".")), key=lambda each: -each.stat().st_mtime
    )
    for old in (*finished[KEPT_FOLDERS:], *(each for each in written if each.name.startswith("."))):
        shutil.rmtree(old, ignore_errors=True)


def _build_aside(engine: Engine, folder: Path) -> None:
    """Write the index in a process of its own, which waits its turn for the processor and gives its memory back."""
    address = engine.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-m", __name__, folder], input=address, text=True, cwd=ROOT, check=True)


if __name__ == "__main__":
    os.nice(5)
    AddressIndex(make_engine(sys.stdin.read()), Path(sys.argv[1])).refresh()
