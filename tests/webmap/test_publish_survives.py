"""A publish that dies, or whose database dies, at any moment leaves the old map or the new one, whole."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, select, text

from database import cluster, schema
from database.session import make_engine, session_for
from database.settings import ROOT, Settings
from geo.models import Redraw
from geo.redraws.words import RedrawState
from incidents.models import Incident
from incidents.workflow import State
from tests.databases import temporary_folder
from tests.factories import make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.geo.drafting import A, B, checked, drafted, grid_at, moved_border
from webmap.installation import utcnow

BETWEEN = 119.011
"""In B on the old map, in A on the new one."""

GATES = ("redraw", "area_version", "area", "incident", "incident_event", "redraw_event")
"""The tables that a publish writes to, or locks rows of, one after the other: held by somebody else, it waits there."""

HELD = "LOCK TABLE {table} IN SHARE MODE"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A cluster of the module's own that writes to disk as an office's does, for it will be killed."""
    root = temporary_folder()
    settings = Settings(data=root / "data")
    cluster.up(settings)
    schema.migrate(cluster.url(settings))
    yield settings
    cluster.down(settings)


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(cluster.url(settings))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def redraw_id(engine: Engine) -> int:
    """A redraw that can be published; an open case lies where its border moves."""
    with session_for(engine) as db:
        ladder = make_ladder(db)
        desk = make_unit(db, "T1", area=ladder["township"])
        for name, grid in (("WA", "a"), ("WB", "b")):
            make_duty(db, make_staff(db, name, desk), ladder[grid])
        make_incident(db, ladder=ladder, grid_id=ladder["b"].id, point=f"SRID=4326;POINT({BETWEEN} 33.005)")
        redraw = drafted(db, ladder, moved_border())
        checked(db, redraw, utcnow())
        db.commit()
        return redraw.id


def begin_publish(settings: Settings, redraw_id: int) -> "subprocess.Popen[bytes]":
    env = os.environ | {"WANGGE_DATA": str(settings.data), "DATABASE_URL": "", "SECRET_KEY": "s" * 32}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "redraw", "publish", str(redraw_id)]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@contextmanager
def held(settings: Settings, table: str) -> Iterator[None]:
    """Somebody else's transaction that keeps a table from being written to."""
    address = cluster.url(settings).replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        connection.execute(HELD.format(table=table))
        yield
        connection.rollback()


def until_it_waits(settings: Settings, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + 60
    with psycopg.connect(cluster.url(settings).replace("+psycopg", ""), autocommit=True) as watching:
        while not watching.execute(WAITS).fetchone()[0]:  # type: ignore[index]  # count(*) is never without a row
            assert process.poll() is None, process.stdout.read().decode() if process.stdout else ""
            assert time.monotonic() < give_up, "it never came to that table"
            time.sleep(0.05)


def state_of(engine: Engine, redraw_id: int) -> dict[str, Any]:
    """What a reader finds: the redraw's state, the grid of the point, where the open case lies, how many versions."""
    with session_for(engine) as db:
        incident = db.scalars(select(Incident).where(Incident.state == State.FILED)).one()
        return {
            "redraw": db.get_one(Redraw, redraw_id).state,
            "grid": grid_at(db, BETWEEN, utcnow()),
            "case": incident.grid.code if incident.grid else None,
            "versions": db.scalar(text("SELECT count(*) FROM area_version")),
            "lines": db.scalar(text("SELECT count(*) FROM incident_event WHERE kind = 'redrawn'")),
        }


OLD = {"redraw": RedrawState.CHECKED, "grid": B, "case": B, "versions": 4, "lines": 0}
NEW = {"redraw": RedrawState.PUBLISHED, "grid": A, "case": A, "versions": 6, "lines": 1}


@pytest.mark.parametrize("table", GATES)
def test_a_killed_process_leaves_the_old_map(settings: Settings, engine: Engine, redraw_id: int, table: str):
    with held(settings, table):
        process = begin_publish(settings, redraw_id)
        until_it_waits(settings, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    _settled(engine)
    assert state_of(engine, redraw_id) == OLD


@pytest.mark.parametrize("table", ["area_version", "area", "redraw_event"])
def test_a_killed_database_leaves_the_old_map(settings: Settings, engine: Engine, redraw_id: int, table: str):
    holding = psycopg.connect(cluster.url(settings).replace("+psycopg", ""))
    holding.execute(HELD.format(table=table))
    process = begin_publish(settings, redraw_id)
    until_it_waits(settings, process)
    _kill_database(settings)
    holding.close()
    process.communicate(timeout=60)
    assert process.returncode != 0, "nobody was told that it was done"
    engine.dispose()
    cluster.up(settings)
    assert state_of(engine, redraw_id) == OLD


def test_what_was_said_to_be_done_survives_the_database(settings: Settings, engine: Engine, redraw_id: int):
    """Runs last: the redraw is published now, and the server killed as soon as that was said."""
    process = begin_publish(settings, redraw_id)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output.decode()
    _kill_database(settings)
    engine.dispose()
    cluster.up(settings)
    assert state_of(engine, redraw_id) == NEW


def _kill_database(settings: Settings) -> None:
    pid = int((settings.data / "postgres").resolve().joinpath("data", "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGKILL)


def _settled(engine: Engine) -> None:
    """Wait until the server has noticed that its client is gone."""
    give_up = time.monotonic() + 30
    busy = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    while True:
        with session_for(engine) as db:
            if not db.scalar(busy):
                return
        assert time.monotonic() < give_up, "the lock of a process that is gone was never given back"
        time.sleep(0.1)
