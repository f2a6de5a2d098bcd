"""Where the private cluster lives and as whom its server runs.

PostgreSQL refuses to run as root. For root it therefore runs as the account `postgres`, which must
be able to reach its files: where it cannot (a project under /root), the files move to
/var/lib/wangge, and `postgres` in the data folder is a link to them.
"""

import hashlib
import os
import pwd
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from database.errors import ClusterOfAnother, NoServerAccount, SocketFolderTaken
from database.settings import make_data_folder

SERVER_ACCOUNT = "postgres"
OUT_OF_REACH = Path("/var/lib/wangge")
SHORT_PLACE = Path("/tmp")  # noqa: S108 - what is made there is private, or refused
LONGEST_SOCKET_PATH = 100
"""The kernels allow 107 bytes (Linux) and 103 (macOS)."""


@dataclass(frozen=True)
class Home:
    """The folder of one cluster, and the account that owns it and runs its server."""

    folder: Path
    owner: pwd.struct_passwd

    @property
    def files(self) -> Path:
        """PostgreSQL's own data directory; there only when it is complete."""
        return self.folder / "data"

    @property
    def making(self) -> Path:
        """Where a data directory is prepared before it takes its name."""
        return self.folder / "making"

    @property
    def log(self) -> Path:
        """What the server says before its own logging has begun."""
        return self.folder / "start.log"

    @property
    def socket_folder(self) -> Path:
        """Inside the private folder, unless its path is too long for a socket."""
        inside = self.folder / "run"
        if len(os.fsencode(inside / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
            return inside
        return SHORT_PLACE / f"wangge-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"

    def write(self, path: Path, text: str) -> None:
        """Write a file as the owner: root, writing in a folder of somebody else, might be led elsewhere by a link."""
        self.run(["tee", path], given=text).check_returncode()

    def run(
        self, command: Sequence[str | Path], *, given: str = "", keep_open: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as the owner, out of sight of the caller's PostgreSQL variables."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"},
            input=given,
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            pass_fds=keep_open,
            **_as(self.owner),
        )


def find(data: Path) -> Home | None:
    """The home that an earlier `make` left, or None. Raises ClusterOfAnother where this account may not use it."""
    try:
        folder = (data / "postgres").resolve(strict=True)
        owner = pwd.getpwuid(folder.stat().st_uid)
    except FileNotFoundError:
        return None
    if os.geteuid() not in (0, owner.pw_uid):
        raise ClusterOfAnother(folder, owner.pw_name)
    return Home(folder, owner) if owner.pw_uid else None  # of root: cut off before it was given away


def make(data: Path) -> Home:
    """Find the home or make an empty one; continues where an earlier attempt was cut off."""
    found = find(data)
    if found is None:
        make_data_folder(data)
        found = _settle(data / "postgres", _server_account())
    make_private(found.socket_folder, found.owner)
    return found


def make_private(folder: Path, owner: pwd.struct_passwd) -> None:
    """Make a folder that only `owner` (and root) can enter. Raises SocketFolderTaken where somebody was there first."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() != owner.pw_uid:
        os.chown(folder, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.pw_uid or found.st_mode & 0o077:
        raise SocketFolderTaken(folder)


def _settle(place: Path, owner: pwd.struct_passwd) -> Home:
    """Take `place` where the owner can reach it, else a folder elsewhere that `place` then links to."""
    if place.is_symlink():  # to a folder that is gone
        place.unlink()
    try:
        make_private(place, owner)
        if _can_write(place, owner):
            return Home(place.resolve(), owner)
    except PermissionError:  # a file system that gives nothing away, such as a folder shared into a virtual machine
        if os.geteuid() != 0:
            raise
    place.rmdir()
    OUT_OF_REACH.mkdir(mode=0o711, exist_ok=True)
    elsewhere = Path(tempfile.mkdtemp(prefix="cluster-", dir=OUT_OF_REACH))
    make_private(elsewhere, owner)
    place.symlink_to(elsewhere)
    return Home(elsewhere, owner)


def _server_account() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        raise NoServerAccount(SERVER_ACCOUNT) from None


def _can_write(folder: Path, account: pwd.struct_passwd) -> bool:
    return subprocess.run(["test", "-w", folder], cwd="/", check=False, **_as(account)).returncode == 0


def _as(account: pwd.struct_passwd) -> dict[str, Any]:
    """What makes a subprocess run as `account`; nothing where that is who asks."""
    if account.pw_uid == os.geteuid():
        return {}
    groups = os.getgrouplist(account.pw_name, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": groups}
