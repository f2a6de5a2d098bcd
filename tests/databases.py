"""The PostGIS cluster that tests run on, and the databases in it.

A run has a cluster of its own that ends with it. Whoever runs tests often keeps one running by naming
a folder: WANGGE_TEST_DATA=/tmp/wangge-tests. The schema is made by the migrations, once, in a template
that every other database is copied from.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from database import cluster, preparing, schema
from database.settings import ROOT, Settings

PREFIX = "wangge-test-"
_numbers = count(1)


def choose_folder() -> Path:
    """A data folder for this run, after removing what killed runs left behind."""
    kept = os.environ.get("WANGGE_TEST_DATA")
    if kept:
        return Path(kept).resolve()
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if left.stat().st_uid == os.geteuid() and not _runs(int(left.name.split("-")[2])):
            end(left / "data")
    return temporary_folder() / "data"


def temporary_folder() -> Path:
    """A new folder that the server's account can pass through; what a killed run leaves, a later one removes."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    return folder


def end(data: Path) -> None:
    """Stop the cluster and remove its folder, unless it is one that is kept."""
    if data.parent.name.startswith(PREFIX):
        cluster.down(Settings(data=data))
        shutil.rmtree((data / "postgres").resolve(), ignore_errors=True)  # may be a link
        shutil.rmtree(data.parent)


@contextmanager
def fresh(data: Path, *, migrated: bool = True) -> Iterator[str]:
    """The address of a database with the newest schema and no rows, or with no schema at all; dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with _server(data) as server:
        template = _migrated(server, data) if migrated else cluster.DATABASE
        statement = sql.SQL("CREATE DATABASE {} OWNER wangge TEMPLATE {}")
        server.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield _url(data, name)
    finally:
        with _server(data) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _migrated(server: psycopg.Connection, data: Path) -> str:
    """The name of a database with the newest schema; made first where there is none of these migrations."""
    template = f"template_{_migrations()}"
    server.execute("SELECT pg_advisory_lock(1)")  # given back when the connection closes
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [template]).fetchone():
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(template)))
        server.execute(sql.SQL("CREATE DATABASE {} OWNER wangge").format(sql.Identifier(template)))
        preparing.add_extensions(_url(data, template, superuser=True))
        schema.migrate(_url(data, template))
        server.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(template)))
    return template


def _migrations() -> str:
    """A name that changes with any migration."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _server(data: Path) -> Iterator[psycopg.Connection]:
    """The superuser's connection to the test cluster, which is made and started where it does not run."""
    settings = Settings(data=data)
    if not cluster.status(settings).running:
        cluster.up(settings, durable=False)
    with preparing.connect(_url(data, "postgres", superuser=True)) as connection:
        yield connection


def _url(data: Path, name: str, *, superuser: bool = False) -> str:
    whole = make_url(cluster.url(Settings(data=data), superuser=superuser))
    return whole.set(database=name).render_as_string(hide_password=False)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
