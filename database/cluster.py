"""The private PostGIS cluster: made, started and stopped by this project where DATABASE_URL is not set.

It listens on a unix socket only, in a folder that only its own account can enter. PostgreSQL asks
the kernel who is calling: the account that owns the cluster and root may come in, as `wangge` (who owns
the tables and is no superuser) or as `postgres` (who is); everybody else is refused. There is no password.

Every step can be cut off and run again: the data directory is prepared aside and takes its name when
it is complete, and one lock keeps two callers from working at the same time.
"""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from database import binaries, homes, preparing
from database.binaries import Binaries
from database.errors import ClusterNotMade, ClusterNotStarted, ClusterNotStopped, DatabaseUnreachable
from database.homes import Home
from database.settings import Settings, make_data_folder

DATABASE = "wangge"
OWNER = "wangge"
SUPERUSER = "postgres"
PORT = 5432

WAIT_S = 300
"""How long a server may take to recover from a power cut before we stop waiting."""

COMING_UP = ("the database system is", "No such file or directory", "Connection refused")
"""What a connection that is too early is told."""

HBA = "local all all peer map=wangge\n"

CONFIGURATION = """\
# Written anew at every start. Own choices: ALTER SYSTEM SET …
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {port}
max_connections = 100
# A small office machine: some hundred megabytes for the database, disks that are not spinning.
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
max_wal_size = 1GB
wal_compression = on
# Compiling a query costs more than the short queries here take.
jit = off
timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_timezone = 'Asia/Shanghai'
log_min_duration_statement = 2s
"""

FORGETFUL = """\
# For tests, whose data nobody misses after a power cut.
fsync = off
full_page_writes = off
synchronous_commit = off
"""


@dataclass(frozen=True)
class Status:
    """Where the database of an installation is, and whether it answers."""

    where: str
    running: bool


def up(settings: Settings, *, durable: bool = True) -> None:
    """Make the database where there is none and start it where it is not running; several callers may try at once.

    With DATABASE_URL set, see that it answers and has what is needed. `durable=False` is for tests:
    fast, and lost at a power cut. Raises a DatabaseError.
    """
    if settings.database_url:
        check(settings)
        preparing.add_extensions(url(settings))
        return
    with _only_one(settings.data) as lock:
        home = homes.make(settings.data)
        if not home.files.exists():
            _initialise(home, binaries.find(), lock)
        _start(home, binaries.find(_release(home)), durable=durable)
        preparing.prepare(_socket(home, SUPERUSER, "postgres"), database=DATABASE, owner=OWNER)


def down(settings: Settings) -> None:
    """Stop the private cluster where it runs; its data stays. A database in DATABASE_URL is left alone."""
    if settings.database_url or homes.find(settings.data) is None:
        return
    with _only_one(settings.data):
        home = homes.find(settings.data)
        if home is not None and _alive(home):
            pg_ctl = binaries.find(_release(home)).path("pg_ctl")
            done = home.run([pg_ctl, "stop", "-D", home.files, "-m", "fast", "-w", "-t", str(WAIT_S)])
            if done.returncode:
                raise ClusterNotStopped(home.folder, done.stdout + done.stderr)


def status(settings: Settings) -> Status:
    """Where the database is and whether it answers now; never raises for a database that does not."""
    where = _where(settings)
    try:
        check(settings)
    except DatabaseUnreachable:
        return Status(where, running=False)
    return Status(where, running=True)


def check(settings: Settings) -> None:
    """Raise DatabaseUnreachable unless the database answers."""
    try:
        preparing.connect(url(settings)).close()
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(_where(settings), str(error)) from error


def url(settings: Settings, *, superuser: bool = False) -> str:
    """What `make_engine` needs to reach the database. Raises DatabaseUnreachable where none has been made.

    With `superuser`, the private cluster's administrator, who may make databases and extensions.
    """
    if settings.database_url:
        return settings.database_url
    home = homes.find(settings.data)
    if home is None or not home.files.exists():
        raise DatabaseUnreachable(_where(settings), "it has not been made yet")
    return _socket(home, SUPERUSER if superuser else OWNER, DATABASE).render_as_string(hide_password=False)


def _where(settings: Settings) -> str:
    """The database in words, without its password."""
    if settings.database_url:
        return f"at {make_url(settings.database_url).set(drivername='postgresql').render_as_string()}"
    return f"in {(settings.data / 'postgres').resolve()}"


def _socket(home: Home, user: str, database: str) -> URL:
    """A database of the cluster. `requirepeer`: never talk to a server that somebody else put in its place."""
    query = {"host": str(home.socket_folder), "port": str(PORT), "requirepeer": home.owner.pw_name}
    return URL.create("postgresql+psycopg", username=user, database=database, query=query)


@contextmanager
def _only_one(data: Path) -> Iterator[int]:
    """Let one caller at a time work on the cluster of a data folder; gives the lock's file descriptor."""
    make_data_folder(data)
    lock = os.open(data / "postgres.lock", os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def _initialise(home: Home, programs: Binaries, lock: int) -> None:
    """Make the data directory aside, then give it its name.

    initdb holds the lock too: killed without it, we leave an initdb that goes on writing, and the next
    caller must wait for its end.
    """
    _end_servers_without_files(home)
    shutil.rmtree(home.making, ignore_errors=True)
    command = [programs.path("initdb"), "-D", str(home.making), f"--username={SUPERUSER}", "--encoding=UTF8"]
    command += ["--lc-collate=C", f"--lc-ctype={_character_types()}", "--lc-messages=C", "--auth=reject"]
    done = home.run(command, keep_open=[lock])
    if done.returncode:
        raise ClusterNotMade(home.folder, done.stdout + done.stderr)
    defaults = (home.making / "postgresql.conf").read_text()
    home.write(home.making / "postgresql.conf", f"{defaults}\ninclude 'wangge.conf'\n")
    home.making.rename(home.files)


def _end_servers_without_files(home: Home) -> None:
    """End a server whose data folder was deleted under it.

    It notices within a minute by itself, and would then remove the socket of the server that has taken its place.
    """
    for process in (int(entry.name) for entry in Path("/proc").glob("[0-9]*")):
        with suppress(ProcessLookupError, PermissionError):  # ended by itself; of another account, so not ours
            if _serves(process, home):
                os.kill(process, signal.SIGINT)
                _wait_for_the_end(process, home)


def _wait_for_the_end(process: int, home: Home) -> None:
    give_up = time.monotonic() + WAIT_S
    while _serves(process, home) and time.monotonic() < give_up:
        time.sleep(0.1)


def _character_types() -> str:
    """A locale that knows which characters of any script are letters, as searching in Chinese text needs."""
    return "C.UTF-8" if os.uname().sysname == "Linux" else "UTF-8"


def _start(home: Home, programs: Binaries, *, durable: bool) -> None:
    """Write the configuration and start the server, or leave the one that runs. Returns when it answers."""
    if not _alive(home):
        _write_configuration(home, durable=durable)
        _clear_stale_locks(home)
        done = home.run([programs.path("pg_ctl"), "start", "-D", home.files, "-l", home.log, "-w", "-t", str(WAIT_S)])
        if done.returncode:
            raise ClusterNotStarted(home.folder, _last_lines(home.log) or done.stdout + done.stderr)
    _wait_until_ready(home)


def _write_configuration(home: Home, *, durable: bool) -> None:
    """Written at every start: the folder may have been moved, and a newer release may choose better."""
    sockets = str(home.socket_folder).replace("'", "''")
    configuration = CONFIGURATION.format(sockets=sockets, port=PORT) + ("" if durable else FORGETFUL)
    callers = dict.fromkeys([home.owner.pw_name, "root"])
    idents = "".join(f'wangge "{caller}" {role}\n' for caller in callers for role in (OWNER, SUPERUSER))
    for name, text in (("wangge.conf", configuration), ("pg_hba.conf", HBA), ("pg_ident.conf", idents)):
        home.write(home.files / name, text)


def _alive(home: Home) -> bool:
    """Whether the server of this very cluster runs.

    Not merely whether the process id it left exists: after a restart of the machine the id may be anybody's.
    """
    try:
        process = int((home.files / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(process, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return False
    return _serves(process, home)


def _serves(process: int, home: Home) -> bool:
    """Whether the process is a server started for these files; yes where a system does not tell."""
    if not Path("/proc/self").exists():
        return True
    try:
        program, *arguments = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return program.endswith(b"postgres") and arguments[:2] == [b"-D", os.fsencode(home.files)]


def _clear_stale_locks(home: Home) -> None:
    """Remove the locks of a server that is gone: PostgreSQL takes them for valid when another process has the id.

    Sessions that outlive a killed server still hold its shared memory, which PostgreSQL checks itself.
    """
    (home.files / "postmaster.pid").unlink(missing_ok=True)
    (home.socket_folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _wait_until_ready(home: Home) -> None:
    """Wait for a server that another caller started and that may still be recovering."""
    give_up = time.monotonic() + WAIT_S
    while True:
        try:
            preparing.connect(_socket(home, SUPERUSER, "postgres")).close()
        except psycopg.OperationalError as error:
            coming = any(sign in str(error) for sign in COMING_UP) and _alive(home)
            if not coming or time.monotonic() > give_up:
                raise ClusterNotStarted(home.folder, f"{_last_lines(home.log)}\n{error}") from error
            time.sleep(0.2)
        else:
            return


def _release(home: Home) -> int:
    """The PostgreSQL release whose files these are."""
    return int((home.files / "PG_VERSION").read_text())


def _last_lines(log: Path, count: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) if log.exists() else ""
