"""How gunicorn serves the application; read by every `gunicorn` started in this folder.

HOST and PORT say where (127.0.0.1 and 8000), WEB_CONCURRENCY how many processes.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from database.errors import DatabaseError
from database.settings import load_settings, make_data_folder, secret_key

_host = os.environ.get("HOST", "127.0.0.1")
_settings = load_settings()
make_data_folder(_settings.data)

wsgi_app = "wsgi:app"
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Requests wait for the database far more than they compute: threads share one index of the areas.
worker_class = "gthread"
# Loaded once, then forked: half the memory, and a worker that died is back at once. Nothing connects before.
preload_app = True
threads = 8
timeout = 120
pidfile = str(_settings.data / "server.pid")
# Two instances on one machine would quarrel about its path.
control_socket_disable = True

_beside: list["subprocess.Popen[bytes]"] = []


def on_starting(server: Any) -> None:
    """Refuse to be reachable from other machines without a chosen SECRET_KEY, whoever starts the server and how."""
    for address in server.cfg.address:
        host = address[0] if isinstance(address, tuple) else f"unix:{Path(str(address))}"
        try:
            secret_key(_settings, host)
        except DatabaseError as error:
            sys.exit(str(error))


def when_ready(_server: Any) -> None:
    """Start what does the jobs; where another machine does them, set WANGGE_WORKER=0."""
    if os.environ.get("WANGGE_WORKER", "1") != "0":
        script = str(Path(__file__).with_name("setup") / "worker.sh")
        _beside.append(subprocess.Popen([script, str(os.getpid())], stdin=subprocess.DEVNULL))


def on_exit(_server: Any) -> None:
    """End it with the server."""
    for worker in _beside:
        with suppress(subprocess.TimeoutExpired):
            worker.terminate()
            worker.wait(10)
