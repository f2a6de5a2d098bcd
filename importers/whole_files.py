"""Tables written for people: whole or not at all, so that nobody takes half a file for the answer."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def written_whole(out: Path) -> Iterator[Any]:
    """Yield a `csv.writer` (UTF-8, commas) whose file appears as `out` once all is written, and not if that fails."""
    draft = out.with_name(f".{out.name}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            yield csv.writer(file)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
