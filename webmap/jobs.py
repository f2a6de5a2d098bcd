"""Work that outlives a request: what there is to do, kept in the database with what caused it.

`flask worker` does it, one process beside the server. A job is put down in the caller's own transaction: what is
rolled back was never ordered, what is committed will be done, also after a crash. Heavy work runs in a process of its
own, so that a broken file takes no worker down.
"""

import logging
import os
import subprocess
import sys
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate import jobs as states
from sqlalchemy import text
from sqlalchemy.orm import Session

from database.settings import ROOT

log = logging.getLogger(__name__)

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


@app.task(name="hand-over", queue="moments")
def hand_over(redraw_id: int) -> None:
    """Give the open cases to whom a redraw makes answer for them, now that it has come into force."""
    _run("redraw", "hand-over", str(redraw_id))


@app.periodic(cron="* * * * *")
@app.task(name="retry-stalled", queue="moments", queueing_lock="retry-stalled", pass_context=True)
async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001  its name is the package's
    """Order again what a worker that is gone had begun."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        log.warning("job %s (%s) was left unfinished; it is begun again", job.id, job.task_name)
        await manager.retry_job(job)


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
    """Run a command of ours. Raises CalledProcessError or TimeoutExpired, which end the job as failed."""
    subprocess.run(
        [sys.executable, "-m", "flask", *words], cwd=ROOT, env=os.environ | {"FLASK_APP": "wsgi"}, check=True,
        timeout=LONGEST_S, stdin=subprocess.DEVNULL,
    )  # fmt: skip
