"""The door for reports with nothing behind it: reads and checks the body as the service does, stores nothing.

Served by the same gunicorn, it is what HTTP, Flask and the check cost by themselves: a bound on how fast the
service could take reports in.
"""

from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from incidents.drafts import ReportDraft
from webmap.api.operations import answer
from webmap.api.parsing import read_body
from webmap.problems import InputProblem

_PLACE = {"code": "329901001001001", "name": "白杨社区第一网格"}
_ANSWER: dict[str, Any] = {
    "created": True, "id": 1, "number": "20260316-000001", "state": "filed", "queue_reason": None,
    "due_at": "2026-03-16T10:00:00+00:00",
    "location": {
        "status": "located", "on_border": False, "snapped": False, "township": _PLACE, "village": _PLACE,
        "grid": _PLACE, "specialised": [],
    },
    "answerer": {
        "rule": "worker", "unit": _PLACE, "why": None, "person": _PLACE | {"phone": "19900000000"}, "role": "worker",
    },
}  # fmt: skip
"""An answer of the usual length."""

app = Flask(__name__)


@app.get("/healthz")
def alive() -> Response:
    """Say that the server answers."""
    return answer({"status": "alive"})


@app.post("/api/v1/reports")
def report() -> ResponseReturnValue:
    """Check the body and answer as if it had been stored."""
    read_body(ReportDraft, request)
    return answer(_ANSWER, 201)


@app.errorhandler(InputProblem)
def malformed(problem: InputProblem) -> ResponseReturnValue:
    """Refuse what the service would refuse."""
    return answer({"errors": problem.problems}, 422)
