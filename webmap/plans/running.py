"""Work on what somebody uploads, each piece in a process of its own, and telling how far it has come.

Everything about a piece of work lies in a folder of its own under `uploads` of the data folder, so that any process of
the server can tell, also after a restart.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from database.settings import ROOT, Settings

LONGEST_S = 15 * 60
SILENT_S = 20.0
"""A process that has not shown life for so long is gone."""

KEPT_S = 7 * 24 * 3600
AT_ONCE = 2
_ID = re.compile(r"[\w-]{16,32}")
_ORDER = "order.json"


class AnyOrder(Protocol):
    """What somebody asks for, as it is kept in the folder of the work under `order.json`."""

    @property
    def account_id(self) -> int:
        """Who asked."""

    @property
    def begun_at(self) -> str:
        """When, in ISO 8601."""


Order = TypeVar("Order", bound=AnyOrder)


@dataclass(frozen=True)
class Work(Generic[Order]):
    """One piece of work: what was asked for, and `state`: running, done, failed (it ended without a result) or lost."""

    id: str
    folder: Path
    order: Order
    state: str

    @property
    def begun_at(self) -> datetime:
        """When it was sent."""
        return datetime.fromisoformat(self.order.begun_at)

    @property
    def busy(self) -> bool:
        """Whether a process works on it."""
        return self.state == "running"

    @property
    def stage(self) -> str:
        """What the process is doing, in a word of its own; starting, before it has said any."""
        try:
            return (self.folder / "stage").read_text()
        except OSError:
            return "starting"

    def report(self) -> dict[str, Any]:
        """What was found; only where it is done."""
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_bytes())
        return found


@dataclass(frozen=True)
class Marks:
    """The files in a folder that tell what was asked for, that it is done, and that it ended without a result."""

    asked: str = _ORDER
    done: str = "report.json"
    failed: str = "failed"

    def state(self, folder: Path) -> str:
        """Running, done, failed or lost."""
        if (folder / self.done).exists():
            return "done"
        if (folder / self.failed).exists():
            return "failed"
        return "running" if min(_age_s(folder / name) for name in ("alive", self.asked)) < SILENT_S else "lost"


Piece = TypeVar("Piece", bound=Work[Any])


@dataclass(frozen=True)
class Shelf(Generic[Piece]):
    """All work of one sort: `name` is its folder under `uploads`, `read` takes a piece from a folder of its own.

    What `read` raises where a folder holds no order (OSError, ValueError, TypeError, KeyError) is taken as that.
    """

    name: str
    read: Callable[[Path], Piece]

    def find(self, settings: Settings, work_id: str) -> Piece | None:
        """The piece of this id, if there is one."""
        return self._piece(self._home(settings) / work_id) if _ID.fullmatch(work_id) else None

    def of_account(self, settings: Settings, account_id: int) -> list[Piece]:
        """What somebody sent, the latest first."""
        own = [piece for piece in self.all(settings) if piece.order.account_id == account_id]
        return sorted(own, key=lambda piece: str(piece.order.begun_at), reverse=True)

    def all(self, settings: Settings) -> list[Piece]:
        """Every piece, in no order."""
        home = self._home(settings)
        folders: Iterator[Path] = home.iterdir() if home.is_dir() else iter(())
        return [piece for folder in folders if (piece := self._piece(folder)) is not None]

    def new_folder(self, settings: Settings) -> Path | None:
        """An empty folder for another piece, whose name is its id; None while too many are at work.

        What is old is removed first.
        """
        pieces = self.all(settings)
        for piece in pieces:
            if _age_s(piece.folder / _ORDER) > KEPT_S:
                shutil.rmtree(piece.folder, ignore_errors=True)
        if sum(1 for piece in pieces if piece.busy) >= AT_ONCE:
            return None
        folder = self._home(settings) / secrets.token_urlsafe(18)
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def _home(self, settings: Settings) -> Path:
        return settings.data / "uploads" / self.name

    def _piece(self, folder: Path) -> Piece | None:
        try:
            return self.read(folder)
        except (OSError, ValueError, TypeError, KeyError):
            return None


def start(
    settings: Settings, module: str, folder: Path, marks: Marks, *, then: Callable[[], None] | None = None
) -> None:
    """Start a module on a folder in a process of its own; what it complains of is kept there. `then` ends it all."""
    with (folder / "trouble.txt").open("wb") as trouble:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            cwd=ROOT, env=_environment(settings), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=trouble,
            start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=_watch, args=(process, folder, marks, then), daemon=True).start()


def _watch(process: "subprocess.Popen[bytes]", folder: Path, marks: Marks, then: Callable[[], None] | None) -> None:
    """Wait for the end, and leave a mark where it came without a result."""
    try:
        process.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if not (folder / marks.done).exists():
        with suppress(OSError):
            (folder / marks.failed).touch()
    if then is not None:
        then()


def _age_s(path: Path) -> float:
    """Seconds since a file was touched; infinite where there is none."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")


def _environment(settings: Settings) -> dict[str, str]:
    """The settings of this installation, whatever way it got them."""
    chosen = {"WANGGE_DATA": str(settings.data), "DATABASE_URL": settings.database_url or ""}
    return {**os.environ, **chosen}
