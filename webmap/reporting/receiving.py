"""Taking in a report from one of our own forms: with its photos, once, and within the limit for anonymous ones."""

from collections.abc import Sequence
from datetime import datetime

from flask import g, request
from sqlalchemy.orm import Session

from incidents.actors import Actor
from incidents.drafts import ReportDraft
from incidents.intake import Reception, receive
from incidents.models import Incident
from incidents.photos import Picture, add_photos
from webmap.api import limits
from webmap.installation import installation
from webmap.reporting.pictures import uploads


def take_in(
    db: Session, draft: ReportDraft, pictures: Sequence[Picture], *, by: Actor, now: datetime
) -> tuple[Incident, bool]:
    """Store the report, and say whether this sending made it. One that was known keeps the photos it came with.

    `db` must be unrestricted. Raises TooManyReports for an anonymous flood. Flushes; the caller commits.
    """
    here = installation()
    whence = limits.whence(request.remote_addr or "", here.secret) if g.account is None else None
    if whence:
        limits.check(db, whence, now=now)
    [received] = receive(db, [draft], by=by, now=now, reception=Reception(here.areas, here.seal))
    incident = db.get_one(Incident, received.id)
    if received.created:
        add_photos(db, incident, pictures, folder=uploads(), by=by, now=now)
        if whence:
            limits.note(db, whence, now=now)
    return incident, received.created
