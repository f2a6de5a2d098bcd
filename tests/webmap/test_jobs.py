"""Jobs: ordered in the transaction that causes them, done by a worker, and begun again when a worker dies."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from database.settings import ROOT
from geo.models import Redraw
from geo.redraws.words import RedrawState
from tests.factories import make_ladder
from tests.geo.drafting import PLANNER, A, checked, drafted, grid_at, moved_border
from webmap import jobs
from webmap.installation import utcnow
from webmap.redraw_publishing import publish_redraw


def worker(app: Flask, *options: str) -> "subprocess.Popen[bytes]":
    """A worker of the application's own database."""
    settings = app.extensions["wangge"].settings
    env = os.environ | {
        "WANGGE_DATA": str(settings.data), "DATABASE_URL": settings.database_url, "SECRET_KEY": "a secret for tests",
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", *options]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def work(app: Flask) -> None:
    """Do all that there is to do."""
    assert worker(app, "--until-done").wait(timeout=120) == 0


@pytest.fixture(scope="module")
def redraw_id(app: Flask) -> int:
    with Session(app.extensions["wangge"].engine) as db:
        redraw = drafted(db, make_ladder(db), moved_border())
        db.commit()
        return redraw.id


@pytest.fixture(autouse=True)
def nothing_is_left(store: Session) -> None:
    store.execute(text("DELETE FROM procrastinate_jobs"))
    store.commit()


def state(store: Session, redraw_id: int) -> RedrawState:
    store.expire_all()
    return store.get_one(Redraw, redraw_id).state


def test_what_is_rolled_back_was_never_ordered(store: Session):
    jobs.order(store, jobs.check_redraw, redraw_id=1)
    assert jobs.pending(store) == 1
    store.rollback()
    assert jobs.pending(store) == 0


def test_what_waits_already_is_not_ordered_again(store: Session):
    for _ in range(2):
        jobs.order(store, jobs.check_redraw, once="check-1", redraw_id=1)
    jobs.order(store, jobs.check_redraw, once="check-2", redraw_id=2)
    assert jobs.pending(store) == 2
    store.rollback()


def test_a_worker_does_what_was_ordered(app: Flask, store: Session, redraw_id: int):
    jobs.order(store, jobs.check_redraw, redraw_id=redraw_id)
    store.commit()
    work(app)
    assert state(store, redraw_id) is RedrawState.CHECKED
    assert jobs.pending(store) == 0


def test_a_job_whose_worker_was_killed_is_begun_again(app: Flask, store: Session, redraw_id: int):
    store.get_one(Redraw, redraw_id).state = RedrawState.DRAFT
    jobs.order(store, jobs.check_redraw, redraw_id=redraw_id)
    store.commit()
    store.execute(text("LOCK TABLE redraw_finding IN SHARE MODE"))  # the check comes as far as keeping what it found
    killed = worker(app)
    _until_something_waits(app)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    _until_ended(f"redraw check {redraw_id}")
    store.rollback()
    assert state(store, redraw_id) is RedrawState.DRAFT
    store.execute(text("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"))
    store.commit()
    work(app)
    assert state(store, redraw_id) is RedrawState.CHECKED


def test_the_cases_of_a_redraw_to_come_are_given_over_at_its_moment(app: Flask, store: Session, redraw_id: int):
    checked(store, store.get_one(Redraw, redraw_id), utcnow())
    publish_redraw(store, redraw_id, at=utcnow() + timedelta(seconds=4), cases={}, by=PLANNER, now=utcnow())
    store.commit()
    process = worker(app)
    give_up = time.monotonic() + 60
    while store.get_one(Redraw, redraw_id).handed_over_at is None:
        assert time.monotonic() < give_up, "the moment passed and nothing happened"
        time.sleep(0.2)
        store.rollback()
        store.expire_all()
    process.terminate()
    process.wait(timeout=30)
    redraw = store.get_one(Redraw, redraw_id)
    assert redraw.comes_at is not None and redraw.handed_over_at is not None
    assert redraw.handed_over_at >= redraw.comes_at
    assert grid_at(store, 119.011, utcnow()) == A


def _waiting(app: Flask) -> int:
    with Session(app.extensions["wangge"].engine) as looking:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return looking.scalar(text(query)) or 0


def _until_something_waits(app: Flask) -> None:
    give_up = time.monotonic() + 60
    while not _waiting(app):
        assert time.monotonic() < give_up, "the job was never begun"
        time.sleep(0.1)


def _until_ended(command: str) -> None:
    """The command that the killed worker had begun notices that within a second or two, and ends."""
    give_up = time.monotonic() + 30
    while any(command in _words_of(process) for process in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < give_up, "what the worker had begun went on without it"
        time.sleep(0.1)


def _words_of(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
