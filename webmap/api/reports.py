"""POST /reports: the door through which other systems, phones and citizens report.

A report is stored before it is answered, and storing it is all that happens first: one transaction, unrestricted,
because whether a report is already known does not depend on who may see it. The answer then tells each sender
only what is theirs to know.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from database.session import open_session
from incidents.drafts import ReportDraft
from incidents.finding import YEARS
from incidents.intake import Received, receive_one
from incidents.models import Incident
from incidents.presenting import places
from incidents.words import Channel
from webmap.api import limits
from webmap.api.acting import actor
from webmap.api.answers import ReportAnswer
from webmap.api.operations import Answered, answer, bp, operation
from webmap.identity import may
from webmap.installation import installation, utcnow
from webmap.permissions import Permission, public
from webmap.problems import InputProblem, NotAllowed

OWN_CHANNELS = frozenset({Channel.CITIZEN, Channel.WORKER, Channel.PATROL})
"""What one may report in one's own name; reports of others are taken in by whoever may INTAKE."""


_STORED = select(
    Incident.state,
    Incident.queue_reason,
    Incident.due_at,
    Incident.placement,
    Incident.explanation,
    Incident.place_method,
    Incident.address_accuracy,
    Incident.address_confidence,
).where(Incident.id == bindparam("id"))
"""Made once: to build it takes as long as to run it."""


@bp.post("/reports")
@public
@operation(
    "Report a problem. Without an account: as a citizen. Sent twice, it is still one report",
    body=ReportDraft,
    answers={
        201: Answered("stored, with where it falls and who answers for it", ReportAnswer),
        200: Answered("already known by its key, or by its channel and external number", ReportAnswer),
    },
    problems=(400, 413, 415, 422, 429),
    headers={"Idempotency-Key": "a UUID made by the client: the same as `key` in the body"},
)
def report(body: ReportDraft) -> ResponseReturnValue:
    """Take one report in."""
    draft = _with_key(body)
    _check(draft)
    now = utcnow()
    with open_session(installation().engine) as db:
        if whence := _whence():
            limits.check(db, whence, now=now)
        received = receive_one(db, draft, by=actor(), now=now, reception=installation().reception)
        if whence and received.created:
            limits.note(db, whence, now=now)
        told = _told(db, received)
        db.commit()
    response = answer(told, 201 if received.created else 200)
    if told["id"] is not None:
        response.headers["Location"] = url_for("api.incident", incident_id=received.id)
    return response


def _whence() -> bytes | None:
    """Where an anonymous report comes from; None for the signed in, who are not counted."""
    return limits.whence(request.remote_addr or "", installation().secret) if g.account is None else None


def _with_key(draft: ReportDraft) -> ReportDraft:
    """The draft with the key of its header, where it has one. Raises InputProblem for one that does not fit."""
    header = request.headers.get("Idempotency-Key", "").strip().strip('"')
    if not header:
        return draft
    try:
        key = UUID(header)
    except ValueError:
        raise _problem("Idempotency-Key", "uuid-parsing", f"“{header[:40]}” is not a UUID") from None
    if draft.key not in (None, key):
        raise _problem("key", "differs", "is another key than the header Idempotency-Key")
    return draft.model_copy(update={"key": key})


def _check(draft: ReportDraft) -> None:
    """Raise unless the time makes sense and the sender may use the channel."""
    if draft.reported_at is not None and draft.reported_at.year not in YEARS:
        raise _problem("reported_at", "implausible", "is no time at which anything could be reported")
    if may(Permission.INTAKE):
        return
    if g.account is None and draft.external_number is not None:
        # Anyone could otherwise ask for the report behind any number.
        raise _problem("external_number", "sign-in", "is for systems that sign in; send a key instead")
    if g.account is None and draft.channel is not Channel.CITIZEN:
        raise _problem("channel", "sign-in", "must be citizen for whoever is not signed in")
    if draft.channel not in OWN_CHANNELS:
        raise NotAllowed


def _problem(field: str, code: str, message: str) -> InputProblem:
    return InputProblem([{"field": field, "code": code, "message": message}])


def _told(db: Session, received: Received) -> dict[str, Any]:
    """What the sender may know. Of a report that was known before: only what his jurisdiction shows him."""
    row = received.row or _as_it_stands(db if g.account is None else g.db, received.id)
    if row is None:
        return ReportAnswer(created=False).model_dump(mode="json")
    explanation = row["explanation"]
    location = places(explanation) | {
        "status": row["placement"],
        "on_border": explanation.get("on_border"),
        "snapped": explanation.get("snapped"),
        "method": row["place_method"],
        "accuracy": row["address_accuracy"],
        "confidence": row["address_confidence"],
    }
    return {
        "created": received.created,
        "id": received.id,
        "number": received.number,
        "state": row["state"],
        "queue_reason": row["queue_reason"],
        "due_at": row["due_at"] and row["due_at"].astimezone(UTC),
        "location": location,
        "answerer": _answerer(explanation.get("answerer")),
    }


def _as_it_stands(reader: Session, id_: int) -> Mapping[str, Any] | None:
    """What is stored of a report that was known before; None where the reader may not see it."""
    found = reader.execute(_STORED, {"id": id_}).mappings().one_or_none()
    return None if found is None else dict(found)


def _answerer(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """Who answers for it. The public is told the unit: names, telephones and absences are the staff's affair."""
    if found is None:
        return None
    shown = ("rule", "unit") if g.account is None else ("rule", "unit", "why", "person", "role")
    return {name: found[name] for name in shown}
