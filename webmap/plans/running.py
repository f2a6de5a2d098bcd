"""Beginning checks, each in a process of its own, and telling how far they have come.

Everything about a check lies in its folder under `uploads/checks` of the data folder, so that any process of the
server can tell, also after a restart.
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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

from database.settings import ROOT, Settings
from geo.codes import AreaKind
from webmap.plans.orders import Order

LONGEST_S = 15 * 60
SILENT_S = 20.0
"""A process that has not shown life for so long is gone."""

KEPT_S = 7 * 24 * 3600
AT_ONCE = 2
_ID = re.compile(r"[\w-]{16,32}")


@dataclass(frozen=True)
class Check:
    """One check: what was asked for, and `state`: running, done, failed (it ended without a report) or lost."""

    id: str
    folder: Path
    order: Order
    state: str

    @property
    def begun_at(self) -> datetime:
        """When it was sent."""
        return datetime.fromisoformat(self.order.begun_at)

    @property
    def kind(self) -> AreaKind:
        """What its areas are."""
        return AreaKind(self.order.kind)

    @property
    def stage(self) -> str:
        """What a running check is doing: starting, reading or checking."""
        try:
            return (self.folder / "stage").read_text()
        except OSError:
            return "starting"

    def report(self) -> dict[str, Any]:
        """What was found; only of a check that is done."""
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_bytes())
        return found


def begin(settings: Settings, order: Order, upload: FileStorage) -> str | None:
    """Keep the upload and start its check; its id, or None while too many checks are running."""
    home = _home(settings)
    _sweep(home)
    if sum(1 for check in _all(home) if check.state == "running") >= AT_ONCE:
        return None
    check_id = secrets.token_urlsafe(18)
    folder = home / check_id
    folder.mkdir(mode=0o700, parents=True)
    upload.save(folder / order.file)
    order.keep(folder)
    process = spawn(settings, "webmap.plans.checking", folder)
    threading.Thread(target=_watch, args=(process, folder, order), daemon=True).start()
    return check_id


def spawn(settings: Settings, module: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Start a module on a folder in a process of its own; what it complains of is kept there."""
    with (folder / "trouble.txt").open("wb") as trouble:
        return subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            cwd=ROOT, env=_environment(settings), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=trouble,
            start_new_session=True,
        )  # fmt: skip


def find(settings: Settings, check_id: str) -> Check | None:
    """The check of this id, if there is one."""
    folder = _home(settings) / check_id
    return _read(folder) if _ID.fullmatch(check_id) else None


def of_account(settings: Settings, account_id: int) -> list[Check]:
    """The checks somebody began, the latest first."""
    own = [check for check in _all(_home(settings)) if check.order.account_id == account_id]
    return sorted(own, key=lambda check: check.order.begun_at, reverse=True)


def _home(settings: Settings) -> Path:
    return settings.data / "uploads" / "checks"


def _all(home: Path) -> Iterator[Check]:
    for folder in home.iterdir() if home.is_dir() else ():
        if (check := _read(folder)) is not None:
            yield check


def _read(folder: Path) -> Check | None:
    try:
        order = Order.kept(folder)
    except (OSError, ValueError, TypeError):
        return None
    return Check(folder.name, folder, order, _state(folder))


def _state(folder: Path) -> str:
    if (folder / "report.json").exists():
        return "done"
    if (folder / "failed").exists():
        return "failed"
    shown = [age_s(folder / name) for name in ("alive", "order.json")]
    return "running" if min(shown) < SILENT_S else "lost"


def age_s(path: Path) -> float:
    """Seconds since a file was touched; infinite where there is none."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")


def _environment(settings: Settings) -> dict[str, str]:
    """The settings of this installation, whatever way it got them."""
    chosen = {"WANGGE_DATA": str(settings.data), "DATABASE_URL": settings.database_url or ""}
    return {**os.environ, **chosen}


def _watch(process: "subprocess.Popen[bytes]", folder: Path, order: Order) -> None:
    """Wait for the check's end, and leave a mark where it ended without a report."""
    try:
        process.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if not (folder / "report.json").exists():
        with suppress(OSError):
            (folder / "failed").touch()
    with suppress(OSError):
        (folder / order.file).unlink(missing_ok=True)


def _sweep(home: Path) -> None:
    """Remove checks that are old, and the uploads of those that were lost."""
    for check in list(_all(home)):
        if age_s(check.folder / "order.json") > KEPT_S:
            shutil.rmtree(check.folder, ignore_errors=True)
        elif check.state == "lost":
            (check.folder / check.order.file).unlink(missing_ok=True)
