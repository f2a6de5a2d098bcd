"""How many anonymous reports one address may send: counted in the database, so that every worker counts the same.

The limit is far above what people do, since a whole village may share one address of its network; it is there
for programs. What is kept of an address is a keyed hash, and only for as long as it counts: nobody's
reports can be put together by it later.
"""

import hashlib
import hmac
import math
from datetime import datetime, timedelta

from sqlalchemy import Index, LargeBinary, Select, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from database.base import Base, Id
from webmap.api.errors import TooManyReports

WINDOW = timedelta(minutes=10)
PER_ADDRESS = 120


class AnonymousReport(Base):
    """That one anonymous report came from somewhere. Removed when its window is over."""

    __tablename__ = "anonymous_report"
    __table_args__ = (Index("ix_anonymous_report_whence_at", "whence", "at"), Index("ix_anonymous_report_at", "at"))

    id: Mapped[Id]
    whence: Mapped[bytes] = mapped_column(LargeBinary(16), comment="keyed hash of the address")
    at: Mapped[datetime]


def check(db: Session, whence: bytes, *, now: datetime) -> None:
    """Raise TooManyReports where too many came from there lately.

    Nothing is locked: reports that arrive at the same moment may together pass the limit by a few.
    """
    recent = (AnonymousReport.whence == whence, AnonymousReport.at > now - WINDOW)
    sent, oldest = db.execute(select(func.count(), func.min(AnonymousReport.at)).where(*recent)).one()
    if sent >= PER_ADDRESS:
        raise TooManyReports(max(1, math.ceil((oldest + WINDOW - now).total_seconds() / 60)))


def note(db: Session, whence: bytes, *, now: datetime) -> None:
    """Count one report, and forget those that no longer count. The caller commits, with the report."""
    db.execute(delete(AnonymousReport).where(AnonymousReport.id.in_(_over(now))))
    db.execute(insert(AnonymousReport).values(whence=whence, at=now))


def whence(address: str, secret: str) -> bytes:
    """What is kept of an address while it counts."""
    return hmac.digest(secret.encode(), f"anonymous report from {address}".encode(), hashlib.sha256)[:16]


def _over(now: datetime) -> Select[int]:
    """The rows whose window is over, but for those that somebody else is removing just now."""
    return select(AnonymousReport.id).where(AnonymousReport.at <= now - WINDOW).with_for_update(skip_locked=True)
