"""How often somebody may guess. Counted in the database, so that every worker counts the same.

An attempt is written down before the password is compared and struck out when it was right; guesses made
at the same moment therefore all count.
"""

import math
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from webmap.accounts import SignInAttempt

WINDOW = timedelta(minutes=15)
PER_NAME = 8
PER_ADDRESS = 60
"""Higher than per name: a whole office, or every phone behind a reverse proxy, may share one address."""


def locked_minutes(db: Session, name: str, address: str, *, now: datetime, own: int = 0) -> int:
    """Whole minutes until this name may be tried again from this address; 0 when it may be now.

    `own` attempts among those written down are the one that asks, and do not count against it.
    """
    by_name = _free_again(db, SignInAttempt.name == name, PER_NAME + own, now)
    by_address = _free_again(db, SignInAttempt.address == address, PER_ADDRESS + own, now)
    moments = [moment for moment in (by_name, by_address) if moment is not None]
    return max((math.ceil((moment - now).total_seconds() / 60) for moment in moments), default=0)


def note_attempt(db: Session, name: str, address: str, *, now: datetime) -> SignInAttempt:
    """Write an attempt down, and forget those of yesterday. The caller commits before it compares anything."""
    db.execute(delete(SignInAttempt).where(SignInAttempt.at < now - timedelta(days=1)))
    attempt = SignInAttempt(name=name, address=address, at=now)
    db.add(attempt)
    db.flush()
    return attempt


def forget_attempts(db: Session, name: str) -> None:
    """Start counting anew for a name whose password was right."""
    db.execute(delete(SignInAttempt).where(SignInAttempt.name == name))


def _free_again(db: Session, whose: ColumnElement[bool], limit: int, now: datetime) -> datetime | None:
    """When the `limit`-th youngest attempt leaves the window; None when there are fewer."""
    oldest_that_counts = db.scalar(
        select(SignInAttempt.at)
        .where(whose, SignInAttempt.at > now - WINDOW)
        .order_by(SignInAttempt.at.desc())
        .offset(limit - 1)
        .limit(1)
    )
    return None if oldest_that_counts is None else oldest_that_counts + WINDOW
