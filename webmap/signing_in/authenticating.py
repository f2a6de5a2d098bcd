"""Is this the person: name, password, and how often it was guessed."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webmap.accounts import Account
from webmap.audit import Action, record
from webmap.passwords import hash_password, matches, needs_rehash
from webmap.problems import TooManyAttempts
from webmap.signing_in.attempts import forget_attempts, locked_minutes, note_attempt


def authenticate(db: Session, name: str, password: str, *, address: str, now: datetime) -> Account | None:
    """The account with this name and password, or None; which of the two was wrong is not told.

    Commits the attempt before the password is compared (see webmap.signing_in.attempts), and what a right
    password changes. Raises TooManyAttempts once a name or an address has guessed too often.
    """
    name = name.strip().lower()[:64]
    _count(db, name, address, now)
    account = db.scalar(select(Account).where(Account.name == name, Account.deactivated_at.is_(None)))
    if not matches(account.password_hash if account else None, password) or account is None:
        _tell_of_lock(db, account, address, now)
        return None
    forget_attempts(db, name)
    account.signed_in_at = now
    if needs_rehash(account.password_hash):
        account.password_hash = hash_password(password)
    record(db, Action.SIGNED_IN, f"account:{account.id}", by=account, address=address)
    db.commit()
    return account


def _count(db: Session, name: str, address: str, now: datetime) -> None:
    """Write this attempt down, or refuse it without: a refused one does not prolong the wait.

    Of many at the same moment all may pass the first look; the second counts those written meanwhile.
    """
    for own in (0, 1):
        minutes = locked_minutes(db, name, address, now=now, own=own)
        if minutes:
            raise TooManyAttempts(minutes)
        if own == 0:
            note_attempt(db, name, address, now=now)
            db.commit()


def _tell_of_lock(db: Session, account: Account | None, address: str, now: datetime) -> None:
    """Leave an audit line when this failure is the one that locks an account's name."""
    if account is not None and locked_minutes(db, account.name, address, now=now):
        record(db, Action.LOCKED_OUT, f"account:{account.id}", by=account, address=address)
        db.commit()
