"""Found and fixed in passing: one report and its end in one transaction.

Whether it may be closed at once is judged by the same rules as every step: what turns out to lie in somebody
else's grid stays open and is theirs.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from incidents import handling
from incidents.actors import Actor
from incidents.drafts import ReportDraft
from incidents.errors import MoveNotAllowed, NotYours
from incidents.photos import Picture
from incidents.workflow import Move, State
from webmap.reporting.receiving import take_in


@dataclass(frozen=True)
class Fixed:
    """What became of it. `grid` is the name of the grid it lies in, None outside every grid."""

    number: str
    state: State
    grid: str | None


def fix_at_once(
    db: Session, draft: ReportDraft, pictures: Sequence[Picture], *, by: Actor, now: datetime, note: str = ""
) -> Fixed:
    """Store the report and close it where it is `by`'s to close. The same key sent twice is one report, closed once.

    `by` may close what lies in `by.area_ids` or is theirs by name; being of the same unit as the neighbour is not
    enough here. `db` must be unrestricted. Flushes; the caller commits.
    """
    incident, _created = take_in(db, draft, pictures, by=by, now=now)
    with suppress(
        NotYours, MoveNotAllowed
    ):  # somebody else's, queued, or closed by an earlier sending: told by its state
        handling.make_move(db, incident.id, Move.FIX, by=by, now=now, note=note)
    place: dict[str, Any] | None = incident.explanation.get("grid")
    return Fixed(incident.number, incident.state, place["name"] if place else None)
