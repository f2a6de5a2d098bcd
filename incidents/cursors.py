"""Where a list of incidents goes on: the place after the last one shown, as a word for an address."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import datetime

from incidents.models import Incident

Position = tuple[datetime, int]
"""The (reported_at, id) of an incident: lists are in this order, newest first."""

BIGGEST_ID = 2**63 - 1


class BadCursor(ValueError):
    """is not a cursor that a page gave"""

    def __str__(self) -> str:
        return type(self).__doc__ or ""


def cursor_after(incident: Incident) -> str:
    """The word by which the next page is asked for."""
    word = f"{incident.reported_at.isoformat()} {incident.id}"
    return urlsafe_b64encode(word.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Position:
    """The position that a word stands for. Raises BadCursor."""
    try:
        at, number = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        moment, incident_id = datetime.fromisoformat(at), int(number)
    except (NotBase64, ValueError) as not_ours:
        raise BadCursor from not_ours
    if moment.tzinfo is None or not 0 < incident_id <= BIGGEST_ID:
        raise BadCursor
    return moment, incident_id
