"""Where this machine keeps PostgreSQL, and whether PostGIS is there with it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from database.errors import BinariesMissing

OLDEST_RELEASE = 15

# Debian and Ubuntu; PGDG's packages for Red Hat; Homebrew on Apple silicon and on Intel.
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL release that has PostGIS."""

    folder: Path
    release: int

    def path(self, program: str) -> str:
        """The program's whole path."""
        return str(self.folder / program)


def find(release: int | None = None) -> Binaries:
    """The newest release with PostGIS, or exactly `release`: files of one release cannot be opened by another.

    Raises BinariesMissing.
    """
    fitting = [found for found in _installed() if release in (None, found.release)]
    if not fitting:
        raise BinariesMissing(release)
    return max(fitting, key=lambda found: found.release)


def _installed() -> Iterator[Binaries]:
    """Every usable release of this machine."""
    for folder in _folders():
        release = _release(folder / "initdb")
        if release is not None and release >= OLDEST_RELEASE and _has_postgis(folder):
            yield Binaries(folder, release)


def _folders() -> list[Path]:
    """Where an `initdb` lies, each real folder once."""
    known = [folder for place in PLACES for folder in Path("/").glob(place.lstrip("/"))]
    on_path = shutil.which("initdb")
    if on_path:
        known.append(Path(on_path).resolve().parent)
    return list(dict.fromkeys(folder.resolve() for folder in known if (folder / "initdb").exists()))


def _release(initdb: Path) -> int | None:
    said = subprocess.run([initdb, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\) (\d+)", said)
    return int(number.group(1)) if number else None


def _has_postgis(folder: Path) -> bool:
    """Whether the release's shared files include PostGIS, asked of the release itself."""
    said = subprocess.run(
        [folder / "pg_config", "--sharedir"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    return (Path(said.stdout.strip()) / "extension" / "postgis.control").exists()
