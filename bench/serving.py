"""The service under gunicorn, as `make serve` starts it, at a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from database.settings import ROOT

WAIT_S = 60
"""How long a server may take to answer: importing the geometry libraries takes seconds on a busy machine."""


@dataclass(frozen=True)
class Server:
    """A gunicorn that answers at 127.0.0.1 and `port`."""

    port: int
    process: int
    """The id of gunicorn's arbiter, which starts a new worker for each that dies."""

    def workers(self) -> list[int]:
        """The ids of the processes that answer, the longest-serving first."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text()
        return sorted(map(int, children.split()), key=_started)


@contextmanager
def served(application: str = "wsgi:app", *, workers: int = 2, **environment: str) -> Iterator[Server]:
    """Serve an application by our gunicorn.conf.py; `environment` holds the settings. Ended with the block.

    The listening socket is made here and handed over: no port is guessed, and calls wait in it from the start.
    """
    with ExitStack() as stack:
        claims = stack.enter_context(tempfile.TemporaryDirectory())
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
            port = listening.getsockname()[1]
            # Several may serve one data folder here, so none may claim the server.pid in it.
            options = ["--bind", f"fd://{listening.fileno()}", "--pid", f"{claims}/pid", "--workers", str(workers)]
            arbiter = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *options, "--log-level", "warning", application],
                cwd=ROOT, env={**os.environ, "WANGGE_WORKER": "0", **environment}, pass_fds=[listening.fileno()],
                start_new_session=True,
            )  # fmt: skip
        stack.callback(_end, arbiter)
        _wait_until_it_answers(arbiter, port)
        yield Server(port, arbiter.pid)


def _wait_until_it_answers(arbiter: subprocess.Popen[bytes], port: int) -> None:
    give_up = time.monotonic() + WAIT_S
    while status_of(port, "/healthz") != 200:
        if arbiter.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError("the server did not start; what it said stands above")
        time.sleep(0.1)


def status_of(port: int, path: str) -> int | None:
    """The status of one GET, None where nobody answers."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=WAIT_S)) as connection, suppress(OSError):
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status
    return None


def _end(arbiter: subprocess.Popen[bytes]) -> None:
    """At once, workers and all: a graceful end waits seconds for workers that are still importing."""
    with suppress(ProcessLookupError):
        os.killpg(arbiter.pid, signal.SIGKILL)
    arbiter.wait()


def _started(process: int) -> int:
    """When the process began, in the kernel's ticks; ids alone may wrap around. Last for one that is gone."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    except FileNotFoundError:
        return sys.maxsize
