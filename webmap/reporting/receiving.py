"""Taking in a report from one of our own forms: with its photos, once, and within the limit for anonymous ones."""

from collections.abc import Sequence
from datetime import datetime

from flask import g, request
from sqlalchemy.orm import Session

from database.session import open_session
from incidents.actors import Actor
from incidents.drafts import ReportDraft
from incidents.intake import receive
from incidents.models import Incident
from incidents.photos import Picture, add_photos
from webmap.api import limits
from webmap.installation import installation
from webmap.reporting.pictures import uploads


def refuse_flood(now: datetime) -> None:
    """Raise TooManyReports where too many anonymous reports came from there, before any photo costs time."""
    if whence := _whence():
        with open_session(installation().engine) as db:
            limits.check(db, whence, now=now)


def take_in(
    db: Session, draft: ReportDraft, pictures: Sequence[Picture], *, by: Actor, now: datetime
) -> tuple[Incident, bool]:
    """Store the report, and say whether this sending made it. One that was known keeps the photos it came with.

    `db` must be unrestricted. Flushes; the caller commits.
    """
    here, whence = installation(), _whence()
    [received] = receive(db, [draft], by=by, now=now, reception=here.reception)
    incident = db.get_one(Incident, received.id)
    if received.created:
        add_photos(db, incident, pictures, folder=uploads(), by=by, now=now)
        if whence:
            limits.note(db, whence, now=now)
    return incident, received.created


def _whence() -> bytes | None:
    """Where an anonymous report comes from; None for the signed in, who are not counted."""
    return limits.whence(request.remote_addr or "", installation().secret) if g.account is None else None
