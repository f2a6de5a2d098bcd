"""Checks of a file of areas: begun, each in a process of its own, and found again by whoever began them."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from werkzeug.datastructures import FileStorage

from database.settings import Settings
from geo.codes import AreaKind
from webmap.plans.orders import Order
from webmap.plans.running import Marks, Shelf, Work, start

_MARKS = Marks()


@dataclass(frozen=True)
class Check(Work[Order]):
    """One check of a file. Its stages are starting, reading and checking."""

    @property
    def kind(self) -> AreaKind:
        """What its areas are."""
        return AreaKind(self.order.kind)


def _read(folder: Path) -> Check:
    return Check(folder.name, folder, Order.kept(folder), _MARKS.state(folder))


CHECKS = Shelf("checks", _read)


def begin(settings: Settings, order: Order, upload: FileStorage) -> str | None:
    """Keep the upload while its check runs, and start that; its id, or None while too many checks are running."""
    for check in CHECKS.all(settings):
        if check.state == "lost":
            _discard(check.folder, check.order)
    if (folder := CHECKS.new_folder(settings)) is None:
        return None
    upload.save(folder / order.file)
    order.keep(folder)
    start(settings, "webmap.plans.checking", folder, _MARKS, then=lambda: _discard(folder, order))
    return folder.name


def _discard(folder: Path, order: Order) -> None:
    """Remove the upload: what was found in it stays."""
    with suppress(OSError):
        (folder / order.file).unlink(missing_ok=True)
