"""What was acknowledged is kept, once: whatever dies, and however often a client must ask again."""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.serving import Server, served
from incidents.models import Incident, IncidentEvent
from incidents.words import EventKind
from tests.webmap.neighbours import settle

CLIENTS = 8
KILLS = 4
BETWEEN_KILLS = 40
"""Reports acknowledged before a worker is killed."""


@pytest.fixture
def server(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Server]:
    settle(app)
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": "a secret for tests only", "WANGGE_DATA": str(tmp_path)}
    with served(workers=2, **settings) as server:
        yield server


class Desk:
    """A hotline desk that sends one report after the other, and each again under its key until it is answered."""

    def __init__(self, port: int) -> None:
        self.acknowledged: dict[UUID, str] = {}
        self.troubles: Counter[str] = Counter()
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def stop(self) -> None:
        """Finish the report in hand, then end."""
        self._stop.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), "a report was never answered"

    def _work(self) -> None:
        while not self._stop.is_set():
            key = uuid4()
            told = None
            while told is None:
                told = self._send(key)
            self.acknowledged[key] = told
        self._connection.close()

    def _send(self, key: UUID) -> str | None:
        """The number of the report, or None where the answer never came."""
        body = {"channel": "hotline", "text": f"井盖坏了 {key}", "lon": 119.005, "lat": 33.005}
        headers = {
            "Authorization": "Bearer desk-a", "Content-Type": "application/json", "Idempotency-Key": str(key),
        }  # fmt: skip
        try:
            self._connection.request("POST", "/api/v1/reports", json.dumps(body), headers)
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, HTTPException):
            self._connection.close()  # and connects anew
            self.troubles["broken"] += 1
            return None
        if response.status not in (200, 201):
            self.troubles[f"{response.status} {answer[:200]!r}"] += 1
            self._stop.set()
            return "refused"
        return str(json.loads(answer)["number"])


def kill_workers(server: Server, desks: list[Desk]) -> list[int]:
    """Kill the worker that has served longest, and so holds connections, every so many reports."""
    killed = []
    for kill in range(1, KILLS + 1):
        _wait_for(desks, kill * BETWEEN_KILLS)
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)
    _wait_for(desks, (KILLS + 1) * BETWEEN_KILLS)
    return killed


def _wait_for(desks: list[Desk], reports: int) -> None:
    give_up = time.monotonic() + 60
    while sum(len(desk.acknowledged) for desk in desks) < reports:
        assert time.monotonic() < give_up, [desk.troubles for desk in desks]
        time.sleep(0.01)


def test_killing_workers_under_load_loses_no_acknowledged_report_and_doubles_none(server: Server, store: Session):
    desks = [Desk(server.port) for _ in range(CLIENTS)]
    try:
        killed = kill_workers(server, desks)
    finally:
        for desk in desks:
            desk.stop()
    troubles = sum((desk.troubles for desk in desks), Counter())
    assert troubles.keys() == {"broken"}, "kills must break calls, and nothing else may go wrong"
    assert len(set(killed)) == KILLS and not set(killed) & set(server.workers())

    acknowledged = {key: number for desk in desks for key, number in desk.acknowledged.items()}
    stored = store.execute(select(Incident.key, Incident.number)).all()
    assert Counter(key for key, _number in stored) == Counter(acknowledged.keys())
    assert dict(stored) == acknowledged
    received = select(IncidentEvent.incident_id, func.count()).where(IncidentEvent.kind == EventKind.RECEIVED)
    histories = store.execute(received.group_by(IncidentEvent.incident_id)).all()
    assert [count for _incident, count in histories] == [1] * len(acknowledged)
