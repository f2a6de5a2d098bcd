"""The reporter's name and phone: shown masked, opened only for whoever handles the case, never without a trace."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from database.sealing import Seal
from incidents.actors import Actor
from incidents.errors import NotYours
from incidents.handling import answers_for, append_event, locked
from incidents.models import Incident
from incidents.words import EventKind
from incidents.workflow import Right

DESK = frozenset({Right.DISPATCH, Right.VERIFY})
"""The rights of a desk, which rings reporters back: to ask where it is, and whether it is really mended."""


@dataclass(frozen=True)
class Reporter:
    """Who reported an incident. Either may be unknown."""

    name: str | None
    phone: str | None


def mask_name(name: str | None) -> str | None:
    """The first character and two stars, so that not even the length is told.

    >>> mask_name("张三"), mask_name("欧阳娜娜"), mask_name(" "), mask_name(None)
    ('张**', '欧**', None, None)
    """
    shown = (name or "").strip()[:1]
    return f"{shown}**" if shown else None


def mask_phone(phone: str | None) -> str | None:
    """The first three and last four digits of a full number; two and two of a local one; nothing of less.

    >>> mask_phone("13812341234"), mask_phone("0515-8888 1234"), mask_phone("8888 1234"), mask_phone("120")
    ('138****1234', '051****1234', '88****34', '****')
    """
    digits = "".join(letter for letter in phone or "" if letter.isdigit())
    if len(digits) >= 11:
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) >= 7:
        return f"{digits[:2]}****{digits[-2:]}"
    return "****" if (phone or "").strip() else None


def reporter_of(incident: Incident, seal: Seal) -> Reporter:
    """The reporter in clear. Only for masking and for `reveal`. Raises SealBroken."""
    return Reporter(seal.open(incident.reporter_name_sealed), seal.open(incident.reporter_phone_sealed))


def masked(reporter: Reporter) -> Reporter:
    """The same reporter as anybody who may read the incident sees them."""
    return Reporter(mask_name(reporter.name), mask_phone(reporter.phone))


def may_reveal(incident: Incident, by: Actor) -> bool:
    """Whether this person handles the case: answers for it, or works at the desk it passes through."""
    return answers_for(incident, by) or bool(DESK & by.rights)


def reveal(db: Session, incident_id: int, *, by: Actor, now: datetime, seal: Seal) -> Reporter:
    """Open the reporter's data for whoever handles the case, and write into the history that it was opened.

    The jurisdiction is the session's. Raises UnknownIncident, NotYours or SealBroken. Flushes; the caller
    adds the line of the audit trail and commits, before the answer leaves.
    """
    incident = locked(db, incident_id)
    if not may_reveal(incident, by):
        raise NotYours
    reporter = reporter_of(incident, seal)
    append_event(db, incident, EventKind.REVEALED, by=by, now=now)
    return reporter
