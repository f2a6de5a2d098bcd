"""How far a long command is, for whoever waits at a terminal. Where nobody looks, nothing is written."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

EVERY_S = 0.2


@contextmanager
def counting(total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Yield what is told how many rows are done; with a `total`, which may be a little wrong, a bar shows the share."""
    if not sys.stderr.isatty():
        yield lambda _rows: None
        return
    line = _Line(total)
    try:
        yield line.show
    finally:
        line.clear()


class _Line:
    """One line at the bottom of the terminal, written over and over."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._began = time.monotonic()
        self._shown_at = float("-inf")

    def show(self, rows: int) -> None:
        now = time.monotonic()
        if now - self._shown_at < EVERY_S:
            return
        self._shown_at = now
        said = f"{rows:,} rows, {rows / max(now - self._began, 0.001):,.0f} a second"
        click.echo(f"\r\033[K{self._bar(rows)}{said}", err=True, nl=False)

    def clear(self) -> None:
        click.echo("\r\033[K", err=True, nl=False)

    def _bar(self, rows: int) -> str:
        if not self._total:
            return ""
        share = min(rows / self._total, 1.0)
        return f"[{'#' * round(30 * share):<30}] {share:4.0%}  "
