"""Nets of departments: laid over the grids, and what was accepted of them loaded, each in a process of its own.

The file of a net lies in a folder of its own inside that of the work. The files stay for the week that the result
stays: what is accepted is read from them once more.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

from database.settings import Settings
from webmap.plans.net_orders import Accepted, NetOrder
from webmap.plans.running import Marks, Shelf, Work, start

_LAID = Marks()
_MODULE = "webmap.plans.net_checking"


@dataclass(frozen=True)
class LaidNets(Work[NetOrder]):
    """Nets that were laid. Its stages are starting, reading, laying and loading.

    `loading` is the state of what is being loaded of them: done, too, where nothing is.
    """

    loading: str

    @property
    def busy(self) -> bool:
        """Whether a process works on them."""
        return "running" in (self.state, self.loading)

    def loads(self) -> list[dict[str, Any]]:
        """What has been loaded of them so far, or was refused, the latest last."""
        return earlier_loads(self.folder)


def _read(folder: Path) -> LaidNets:
    return LaidNets(folder.name, folder, NetOrder.kept(folder), _LAID.state(folder), _loading(folder))


NETS = Shelf("nets", _read)


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
    if (folder := NETS.new_folder(settings)) is None:
        return None
    for net, upload in enumerate(uploads):
        path = net_file(folder, order, net)
        path.parent.mkdir(mode=0o700)
        upload.save(path)
    order.keep(folder)
    start(settings, _MODULE, folder, _LAID)
    return folder.name


def load_accepted(settings: Settings, laid: LaidNets, accepted: Accepted) -> None:
    """Start to load what was accepted of nets that no process works on."""
    accepted.keep(laid.folder)
    start(settings, _MODULE, laid.folder, _loaded(accepted))


def _loading(folder: Path) -> str:
    try:
        accepted = Accepted.kept(folder)
    except OSError:
        return "done"
    return _loaded(accepted).state(folder)


def _loaded(accepted: Accepted) -> Marks:
    return Marks("accepted.json", accepted.loaded_mark, accepted.failed_mark)
