"""Taking reports in: `POST /api/v1/reports` beside the same door with no database behind it."""

import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.county import PYTHON, County, copy_of
from bench.measuring import alternate, median, quantile
from bench.serving import Server, served
from database.session import make_engine, open_session
from database.settings import ROOT
from incidents.models import Incident
from webmap.admin import keeping

CALLERS = (1, 16)
WORKERS = 2
BODIES = 4000
JITTER_DEG = 0.0005
"""About 50 m: no report of the benchmark is a repeat of another at the very same point."""


@dataclass(frozen=True)
class Figures:
    """What one contender reached with so many callers: medians of the rounds."""

    per_second: float
    p50_ms: float
    p99_ms: float


def measure(county: County, *, seconds: float = 5, rounds: int = 3) -> dict[str, dict[str, Figures]]:
    """Figures by number of callers and contender ("service", "no database"); both are warm."""
    bodies = county.data / "bodies.json"
    with copy_of(county) as url:
        token = _open_door(url, bodies)
        with _both(county, url) as servers:
            ask = partial(_ask, bodies=bodies, token=token)
            for server in servers.values():  # workers connect and build their index
                ask(server, callers=max(CALLERS), seconds=min(seconds, 3))
            compared = {}
            for callers in CALLERS:
                asking = {name: partial(ask, each, callers=callers, seconds=seconds) for name, each in servers.items()}
                compared[str(callers)] = {name: _middle(got) for name, got in alternate(asking, rounds=rounds).items()}
            return compared


@contextmanager
def _both(county: County, url: str) -> Iterator[dict[str, Server]]:
    environment = county.environment | {"DATABASE_URL": url}
    bare_door = served("bench.no_database:app", workers=WORKERS, **environment)
    with served(workers=WORKERS, **environment) as service, bare_door as bare:
        yield {"service": service, "no database": bare}


def _open_door(url: str, bodies: Path) -> str:
    """Write what is going to be sent, and return a token of the county's desk to send it with."""
    engine = make_engine(url)
    with open_session(engine) as db:
        desk = keeping.find_account(db, "county")
        assert desk is not None
        token = keeping.issue_token(db, desk, "benchmark", by=None)
        db.commit()
        rows = db.execute(
            select(Incident.text, Incident.address, Incident.raw_x, Incident.raw_y, Incident.raw_datum)
            .where(Incident.grid_id.is_not(None), Incident.raw_x.is_not(None))
            .order_by(Incident.id)
        ).all()
    engine.dispose()
    bodies.write_text(json.dumps(_bodies(rows)))
    return token


def _bodies(rows: Sequence[Any]) -> list[str]:
    """The year's reports in another order and a little displaced, as a hotline's system would send them today."""
    chance = random.Random(1)
    chosen = chance.choices(rows, k=BODIES)
    sent = []
    for text, address, x, y, datum in chosen:
        lon, lat = (value + chance.uniform(-JITTER_DEG, JITTER_DEG) for value in (x, y))
        body = {"channel": "hotline", "text": text, "address": address, "lon": lon, "lat": lat, "datum": datum}
        sent.append(json.dumps(body, ensure_ascii=False))
    return sent


def _ask(server: Server, *, bodies: Path, token: str, callers: int, seconds: float) -> Figures:
    """Load the server from another process."""
    asked = {"--port": server.port, "--callers": callers, "--seconds": seconds, "--bodies": bodies, "--token": token}
    command = [PYTHON, "-m", "bench.load", *(str(part) for pair in asked.items() for part in pair)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    measured = json.loads(done.stdout)
    waits = measured["waits_s"]
    return Figures(
        per_second=len(waits) / measured["seconds"],
        p50_ms=quantile(waits, 0.5) * 1000,
        p99_ms=quantile(waits, 0.99) * 1000,
    )


def _middle(rounds: Sequence[Figures]) -> Figures:
    return Figures(*(median([getattr(one, name) for one in rounds]) for name in ("per_second", "p50_ms", "p99_ms")))
