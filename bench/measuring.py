"""The pieces of measuring: contenders take turns, the median counts, and the machine is named."""

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from database.settings import ROOT

Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Run:
    """What one process cost from its start to its end."""

    seconds: float
    peak_mb: float
    """The most memory that was resident at once."""


class RunFailed(Exception):
    """A measured command ended with an error: its figures mean nothing."""

    def __init__(self, command: Sequence[str], status: int) -> None:
        super().__init__(f"{' '.join(command)} ended with status {status}")


def alternate(contenders: Mapping[str, Callable[[], Measured]], *, rounds: int) -> dict[str, list[Measured]]:
    """Let the contenders take turns, so that what else the machine does falls on all of them alike."""
    results: dict[str, list[Measured]] = {name: [] for name in contenders}
    for _round in range(rounds):
        for name, measure in contenders.items():
            results[name].append(measure())
    return results


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command in the project's folder and say what it cost. Raises RunFailed."""
    meter = [sys.executable, str(Path(__file__).with_name("meter.py")), *command]
    done = subprocess.run(
        meter, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, check=True
    )
    cost = json.loads(done.stdout)
    if status := cost.pop("status"):
        raise RunFailed(command, status)
    return Run(**cost)


def median(values: Sequence[float]) -> float:
    """The middle value: one disturbed round does not move it."""
    return statistics.median(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> str:
    """Processor, memory and versions, in one line."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    parts = [
        f"{cores()} cores of {_processor()}",
        f"{memory_gb:.0f} GB",
        f"{platform.system()} {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
    ]
    return ", ".join(parts)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def load() -> float:
    """How many processes wanted a core in the last minute, on average."""
    return os.getloadavg()[0]


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if not facts.exists():
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in facts.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
