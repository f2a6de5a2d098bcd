"""Work that outlives a request: what there is to do, kept in the database with what caused it.

`flask worker` does it, one process beside the server. A job is put down in the caller's own transaction: what is
rolled back was never ordered, what is committed will be done, also after a crash. Heavy work runs in a process of its
own, so that a broken file takes no worker down.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate import jobs as states
from sqlalchemy import text
from sqlalchemy.orm import Session

from database.settings import ROOT

log = logging.getLogger(__name__)

WORKER = "WANGGE_JOB_OF"
"""The variable that tells a command which worker has begun it."""

LOOK_EVERY_S = 1.0
LONGEST_S = 2 * 3600
"""After this a piece of heavy work is ended: a file that takes so long is broken, or the machine is."""

app = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""Opened by the worker alone; whoever puts a job down does so over their own connection."""


@app.task(name="read-redraw", queue="redraws")
def read_redraw(redraw_id: int) -> None:
    """Read the file of a redraw, then check it."""
    _run("redraw", "read", str(redraw_id))


@app.task(name="check-redraw", queue="redraws")
def check_redraw(redraw_id: int) -> None:
    """Check a redraw, as it stands when its turn comes."""
    _run("redraw", "check", str(redraw_id), "--quiet")


@app.task(name="publish-redraw", queue="redraws")
def publish_redraw(redraw_id: int, order: dict[str, Any]) -> None:
    """Publish a redraw that is too large for a request."""
    _run("redraw", "carry-out", str(redraw_id), json.dumps(order))


@app.task(name="revert-redraw", queue="redraws")
def revert_redraw(redraw_id: int, order: dict[str, Any]) -> None:
    """Undo a redraw that is too large for a request."""
    _run("redraw", "carry-out", str(redraw_id), json.dumps(order))


@app.task(name="hand-over", queue="moments")
def hand_over(redraw_id: int) -> None:
    """Give the open cases to whom a redraw makes answer for them, now that it has come into force."""
    _run("redraw", "hand-over", str(redraw_id))


@app.periodic(cron="* * * * *")
@app.task(name="retry-stalled", queue="moments", queueing_lock="retry-stalled", pass_context=True)
async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001  the package's name
    """Order again what a worker that is gone had begun."""
    await order_again(context.app)


async def order_again(opened: procrastinate.App) -> None:
    """Put down anew every job whose worker has shown no life for half a minute."""
    for job in await opened.job_manager.get_stalled_jobs():
        log.warning("job %s (%s) was left unfinished; it is begun again", job.id, job.task_name)
        await opened.job_manager.retry_job(job)


def order(db: Session, task: Any, *, at: datetime | None = None, once: str | None = None, **arguments: Any) -> None:
    """Put a job down in the caller's transaction, to be done at once or from `at` on.

    Of several jobs with the same `once` that nobody has begun, only one is kept.
    """
    db.flush()
    try:
        with db.begin_nested():
            connection = db.connection().connection.driver_connection  # the savepoint begins where it is asked for
            task.configure(connection=connection, schedule_at=at, queueing_lock=once).defer(**arguments)
    except procrastinate.exceptions.AlreadyEnqueued:
        log.debug("%s is ordered already", once)


def pending(db: Session) -> int:
    """How many jobs wait or are being done."""
    unfinished = [states.Status.TODO.value, states.Status.DOING.value]
    query = text("SELECT count(*) FROM procrastinate_jobs WHERE status::text = ANY (:unfinished)")
    return int(db.execute(query, {"unfinished": unfinished}).scalar_one())


def _run(*words: str) -> None:
    """Run a command of ours, which ends with us. Raises CalledProcessError or TimeoutExpired: the job has failed."""
    ours = {"FLASK_APP": "wsgi", WORKER: str(os.getpid())}
    command = [sys.executable, "-m", "flask", *words]
    subprocess.run(command, cwd=ROOT, env=os.environ | ours, check=True, timeout=LONGEST_S, stdin=subprocess.DEVNULL)


def end_with_worker() -> None:
    """Of a command that a worker has begun: end when the worker does. It will be begun again by the next one."""
    if worker := os.environ.get(WORKER):
        end_with(int(worker))


def end_with(process: int) -> None:
    """From now on, end when another process has ended, however it did."""

    def watch() -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    threading.Thread(target=watch, daemon=True).start()
