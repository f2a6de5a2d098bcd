"""The demonstration county that everything is measured on, in a data folder of the benchmarks' own.

It lives in `bench/` of the data folder (`var/bench`) and is loaded once, by the steps of `make demo-data` that
follow the installing of packages; how long that took is kept beside it. Later runs find it there.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, Engine, make_url

from bench.measuring import load, run
from database import cluster, preparing, schema
from database.session import make_engine
from database.settings import ROOT, Settings, load_settings

PYTHON = str(ROOT / ".venv" / "bin" / "python")
FLASK = str(ROOT / ".venv" / "bin" / "flask")

_numbers = count(1)


@dataclass(frozen=True)
class County:
    """Where the county is. `environment` makes every command and server work on it."""

    data: Path

    @property
    def timing(self) -> Path:
        """How long the county took to load; there only once it is whole."""
        return self.data / "loading.json"

    @property
    def settings(self) -> Settings:
        return Settings(data=self.data)

    @property
    def environment(self) -> dict[str, str]:
        return {"WANGGE_DATA": str(self.data), "DATABASE_URL": "", "SECRET_KEY": "", "BASEMAP_URL": ""}

    @property
    def password(self) -> str:
        """The password of the demonstration's accounts."""
        kept: str = json.loads((self.data / "demo.json").read_text())["password"]
        return kept

    def engine(self) -> Engine:
        return make_engine(cluster.url(self.settings))


def prepare() -> County:
    """The county, loaded first where it is not there; its database runs."""
    county = County(load_settings().data / "bench")
    if county.timing.exists():
        run([PYTHON, "-m", "database", "up"], county.environment)
        run([PYTHON, "-m", "database", "migrate"], county.environment)
        return county
    if county.data.exists():
        raise SystemExit(f"{county.data} was left unfinished by an earlier run. Remove it: its figures would be wrong.")
    _load(county)
    return county


def _load(county: County) -> None:
    """Do what `make demo-data` does on a machine with packages, and keep how long each step took."""
    steps = {
        "database": [PYTHON, "-m", "database", "up"],
        "schema": [PYTHON, "-m", "database", "migrate"],
        "county": [FLASK, "demo", "load"],
    }
    at, busy = time.time(), load()
    seconds = {name: run(command, county.environment).seconds for name, command in steps.items()}
    county.timing.write_text(json.dumps({"seconds": seconds, "at": at, "load": busy}, indent=1))


def end(county: County) -> None:
    """Stop the county's database."""
    run([PYTHON, "-m", "database", "down"], county.environment)


@contextmanager
def copy_of(county: County, original: str = cluster.DATABASE) -> Iterator[str]:
    """The address of a copy of the county's database, or of another one there, for what writes; dropped afterwards."""
    with _database(county, original) as url:
        yield url.render_as_string(hide_password=False)


@contextmanager
def empty(county: County) -> Iterator[str]:
    """The address of a database with the schema and nothing in it, beside the county's; dropped afterwards."""
    with _database(county, "template1") as url:
        preparing.add_extensions(make_url(cluster.url(county.settings, superuser=True)).set(database=url.database))
        schema.migrate(url.render_as_string(hide_password=False))
        yield url.render_as_string(hide_password=False)


@contextmanager
def _database(county: County, template: str) -> Iterator[URL]:
    name = f"bench_{os.getpid()}_{next(_numbers)}"
    with _administrator(county) as server:
        server.execute(
            sql.SQL("CREATE DATABASE {} OWNER wangge TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    try:
        yield make_url(cluster.url(county.settings)).set(database=name)
    finally:
        with _administrator(county) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _administrator(county: County) -> Iterator[psycopg.Connection]:
    url = make_url(cluster.url(county.settings, superuser=True)).set(database="postgres")
    with preparing.connect(url.render_as_string(hide_password=False)) as connection:
        yield connection
