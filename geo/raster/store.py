"""Rasters kept as files, so that a process finds what another has drawn and all of them share its memory.

A file is named by what its outlines are: other outlines, another name. It is read by mapping it into memory, after its
checksum was compared; what is damaged, cut off or of an earlier layout is drawn again.
"""

import hashlib
import json
import logging
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.file_locks import alone
from geo.raster.layout import LAYOUT, Frame
from geo.raster.raster import CELLS_PER_CORNER, Arrays, Raster

_KEPT = 40
"""Files. The county's have some 10 MB each; a redraw adds one or two. The least used go first."""

_HEAD = 4096  # bytes, a page: mapping begins at pages

log = logging.getLogger(__name__)


class RasterStore:
    """Finds the raster of some outlines in a folder, or draws it and keeps it there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def raster(self, outlines: Sequence[BaseGeometry], near_m: float) -> Raster:
        """Return `Raster.draw` of the outlines. One process draws, the others wait for it."""
        path = self._folder / f"{_name(outlines, near_m)}.raster"
        found = _read(path)
        if found is None:
            with alone(path.with_suffix(".lock")):
                found = _read(path)  # another may have drawn it meanwhile
                if found is None:
                    found = Raster.draw(outlines, near_m=near_m)
                    self._keep(path, found)
        return found

    def _keep(self, path: Path, raster: Raster) -> None:
        """Write the file whole or not at all. That it cannot be written is no reason not to answer."""
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            _write(draft, raster)
            draft.replace(path)
            by_use = sorted(self._folder.glob("*.raster"), key=lambda kept: kept.stat().st_mtime, reverse=True)
            for old in by_use[_KEPT:]:
                old.unlink(missing_ok=True)
                old.with_suffix(".lock").unlink(missing_ok=True)
        except OSError as error:
            log.warning("the raster of the areas could not be kept: %s", error)
            with suppress(OSError):
                draft.unlink()


def _name(outlines: Sequence[BaseGeometry], near_m: float) -> str:
    """What the outlines are, in 32 hexadecimal digits."""
    digest = hashlib.blake2b(f"{LAYOUT} {near_m!r} {CELLS_PER_CORNER} {len(outlines)}".encode(), digest_size=16)
    for wkb in shapely.to_wkb(np.array(outlines, dtype=object), output_dimension=2, byte_order=1):
        digest.update(wkb)
    return digest.hexdigest()


def _write(path: Path, raster: Raster) -> None:
    """A page that says what follows, then the arrays one after another, each from a page's beginning."""
    arrays = [np.ascontiguousarray(array) for array in raster.arrays]
    checksum = 0
    with path.open("wb") as file:
        file.write(b" " * _HEAD)
        for array in arrays:
            checksum = zlib.crc32(array.data, checksum)
            file.write(array.data)
            file.write(b"\0" * (-array.nbytes % _HEAD))
        head = {
            "layout": LAYOUT,
            "checksum": checksum,
            "frame": raster.frame,
            "count": raster.count,
            "reach": raster.reach,
            "arrays": [[array.dtype.str, array.size] for array in arrays],
        }
        file.seek(0)
        file.write(json.dumps(head).encode())


def _read(path: Path) -> Raster | None:
    """The raster of a file that is there, whole and of this layout."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.read(_HEAD))
        os.utime(path)
        arrays, at, checksum = [], _HEAD, 0
        for dtype, size in head["arrays"]:
            # Copied on write: nobody writes, and numba wants arrays that could be written.
            array = np.memmap(path, dtype, "c", at, (size,)) if size else np.empty(0, dtype)
            checksum = zlib.crc32(array.data, checksum)
            at += array.nbytes + (-array.nbytes % _HEAD)
            arrays.append(np.asarray(array))
        if head["layout"] != LAYOUT or head["checksum"] != checksum:
            raise ValueError("its checksum is another")
        return Raster(Arrays(*arrays), Frame(*head["frame"]), count=head["count"], reach=tuple(head["reach"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is damaged (%s) and will be drawn again", path.name, error)
        return None
