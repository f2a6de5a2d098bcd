"""The moment that a draft is meant for: next year's map is drawn, checked and mended against the map of its day.

It is kept with how the file is read, for names of parents are looked up in that map too. Once the moment has passed,
the draft is meant for now, as one that names none.
"""

from datetime import datetime, timedelta

from geo.models import Redraw
from geo.redraws.errors import MomentTooFar

KEY = "moment"
"""In the definition of a redraw, in ISO 8601."""

FARTHEST = timedelta(days=3653)
"""Ten years. No map is decided on so long before; a mistyped year would block every other redraw of its areas."""


def refuse_too_far(at: datetime | None, now: datetime) -> None:
    """Raise MomentTooFar for a moment more than ten years ahead, both aware; None, which means now, is not."""
    if at is not None and at - now > FARTHEST:
        raise MomentTooFar(at)


def intended(redraw: Redraw) -> datetime | None:
    """Return the moment that was named for a draft, aware; None where it is meant for now."""
    named = redraw.definition.get(KEY)
    return None if named is None else datetime.fromisoformat(named)


def standpoint(redraw: Redraw, now: datetime) -> datetime:
    """Return the moment to whose map a draft is held: the one it is meant for while that is to come, else now."""
    return max(intended(redraw) or now, now)


def intend(redraw: Redraw, at: datetime | None, now: datetime) -> None:
    """Let a draft be meant for a moment to come; for now where it is None or has passed."""
    definition = {name: value for name, value in redraw.definition.items() if name != KEY}
    redraw.definition = definition | ({} if at is None or at <= now else {KEY: at.isoformat()})
