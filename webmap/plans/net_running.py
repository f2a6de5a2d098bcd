"""Beginning to lay nets over the grids, and to load what was accepted, each in a process of its own.

Everything lies in a folder under `uploads/nets` of the data folder, a net's file in a folder of its own inside. The
files stay for the week that the result stays: what is accepted is read from them once more.
"""

import json
import re
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

from database.settings import Settings
from webmap.plans.net_orders import Accepted, NetOrder
from webmap.plans.running import AT_ONCE, KEPT_S, LONGEST_S, SILENT_S, age_s, spawn

_ID = re.compile(r"[\w-]{16,32}")


@dataclass(frozen=True)
class LaidNets:
    """Nets that were laid, and `state`: running, done, failed (it ended without a report) or lost; the same of what
    is being loaded of them: `loading` is running while that goes on, failed or lost where it ended badly, else done.
    """

    id: str
    folder: Path
    order: NetOrder
    state: str
    loading: str

    @property
    def begun_at(self) -> datetime:
        """When they were sent."""
        return datetime.fromisoformat(self.order.begun_at)

    @property
    def busy(self) -> bool:
        """Whether a process works on them."""
        return "running" in (self.state, self.loading)

    @property
    def stage(self) -> str:
        """What the process is doing: starting, reading, laying or loading."""
        try:
            return (self.folder / "stage").read_text()
        except OSError:
            return "starting"

    def report(self) -> dict[str, Any]:
        """What was found; only where it is done."""
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_bytes())
        return found

    def loads(self) -> list[dict[str, Any]]:
        """What has been loaded of them so far, or was refused, the latest last."""
        return earlier_loads(self.folder)


def net_file(folder: Path, order: NetOrder, net: int) -> Path:
    """Where the file of a net is kept."""
    return folder / str(net) / order.nets[net].file


def earlier_loads(folder: Path) -> list[dict[str, Any]]:
    """What was loaded or refused, the latest last."""
    try:
        found: list[dict[str, Any]] = json.loads((folder / "loads.json").read_bytes())
    except OSError:
        return []
    return found


def begin(settings: Settings, order: NetOrder, uploads: Sequence[FileStorage]) -> str | None:
    """Keep the uploads and start to lay them; the id, or None while too many are at work."""
    home = _home(settings)
    _sweep(home)
    if sum(1 for laid in _all(home) if laid.busy) >= AT_ONCE:
        return None
    laid_id = secrets.token_urlsafe(18)
    folder = home / laid_id
    for net, upload in enumerate(uploads):
        path = net_file(folder, order, net)
        path.parent.mkdir(mode=0o700, parents=True)
        upload.save(path)
    folder.chmod(0o700)
    order.keep(folder)
    _start(settings, folder, "report.json", "failed")
    return laid_id


def load(settings: Settings, laid: LaidNets, accepted: Accepted) -> None:
    """Start to load what was accepted of nets that no process works on."""
    accepted.keep(laid.folder)
    _start(settings, laid.folder, accepted.loaded_mark, accepted.failed_mark)


def find(settings: Settings, laid_id: str) -> LaidNets | None:
    """The nets of this id, if there are any."""
    return _read(_home(settings) / laid_id) if _ID.fullmatch(laid_id) else None


def of_account(settings: Settings, account_id: int) -> list[LaidNets]:
    """The nets somebody sent, the latest first."""
    own = [laid for laid in _all(_home(settings)) if laid.order.account_id == account_id]
    return sorted(own, key=lambda laid: laid.order.begun_at, reverse=True)


def _home(settings: Settings) -> Path:
    return settings.data / "uploads" / "nets"


def _all(home: Path) -> Iterator[LaidNets]:
    for folder in home.iterdir() if home.is_dir() else ():
        if (laid := _read(folder)) is not None:
            yield laid


def _read(folder: Path) -> LaidNets | None:
    try:
        order = NetOrder.kept(folder)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    laying = _state(folder, "order.json", "report.json", "failed")
    return LaidNets(folder.name, folder, order, laying, _loading(folder))


def _loading(folder: Path) -> str:
    try:
        accepted = Accepted.kept(folder)
    except OSError:
        return "done"
    return _state(folder, "accepted.json", accepted.loaded_mark, accepted.failed_mark)


def _state(folder: Path, asked: str, done: str, failed: str) -> str:
    if _exists(folder, done):
        return "done"
    if _exists(folder, failed):
        return "failed"
    return "running" if min(age_s(folder / name) for name in ("alive", asked)) < SILENT_S else "lost"


def _exists(folder: Path, name: str) -> bool:
    return (folder / name).exists()


def _start(settings: Settings, folder: Path, done: str, failed: str) -> None:
    process = spawn(settings, "webmap.plans.net_checking", folder)
    threading.Thread(target=_watch, args=(process, folder, done, failed), daemon=True).start()


def _watch(process: "subprocess.Popen[bytes]", folder: Path, done: str, failed: str) -> None:
    """Wait for the end, and leave a mark where it came without a result."""
    try:
        process.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if not _exists(folder, done):
        with suppress(OSError):
            (folder / failed).touch()


def _sweep(home: Path) -> None:
    """Remove what is old."""
    for laid in list(_all(home)):
        if age_s(laid.folder / "order.json") > KEPT_S:
            shutil.rmtree(laid.folder, ignore_errors=True)
