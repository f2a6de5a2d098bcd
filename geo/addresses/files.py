"""A folder of columns and tries with a manifest that says what is whole."""

import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 4
"""Raised whenever what the columns hold or mean changes: an older index is then built anew."""
MANIFEST = "gazetteer.json"
_BLOCK = 1 << 20


class DamagedGazetteer(Exception):
    """The index of the addresses is missing, damaged or of another version; build it again from the list."""

    def __init__(self, folder: Path, why: str) -> None:
        self.folder, self.why = folder, why
        super().__init__(f"{folder}: {why}")


def write(folder: Path, columns: Mapping[str, NDArray[Any]], save_tries: Callable[[Path], None],
          words: Mapping[str, Any]) -> None:  # fmt: skip
    """Write columns, tries and, last, the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column)
    save_tries(folder)
    written = sorted(path for path in folder.iterdir() if path.suffix in (".npy", ".trie"))
    sizes = {path.name: [path.stat().st_size, _checksum(path)] for path in written}
    manifest = {"version": VERSION, "files": sizes, "words": words}
    whole = json.dumps(manifest, ensure_ascii=False)
    (folder / MANIFEST).write_text(
        json.dumps({"of": zlib.crc32(whole.encode()), "manifest": manifest}, ensure_ascii=False)
    )


def read(folder: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the columns, mapped into memory, and the words. Raises DamagedGazetteer."""
    try:
        told = json.loads((folder / MANIFEST).read_text())
        manifest = told["manifest"]
        if told["of"] != zlib.crc32(json.dumps(manifest, ensure_ascii=False).encode()):
            raise DamagedGazetteer(folder, "the manifest does not agree with itself")
        if manifest["version"] != VERSION:
            raise DamagedGazetteer(folder, f"written as version {manifest['version']}, read as {VERSION}")
        for name, size_and_sum in manifest["files"].items():
            path = folder / name
            if path.stat().st_size != size_and_sum[0] or _checksum(path) != size_and_sum[1]:
                raise DamagedGazetteer(folder, f"{name} is not what was written")
        columns = {
            # As plain arrays: every number taken out of a memmap would be wrapped anew.
            name[:-4]: np.asarray(np.load(folder / name, mmap_mode="r"))
            for name in manifest["files"]
            if name.endswith(".npy")
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedGazetteer(folder, str(error)) from error
    return columns, manifest["words"]


def _checksum(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            total = zlib.crc32(block, total)
    return total
