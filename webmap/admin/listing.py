"""Reading accounts and the audit trail, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from geo.areas import names_of
from webmap.accounts import Account, AuditLine

PER_PAGE = 50
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a long list; `number` and `pages` count from 1."""

    rows: Sequence[Row]
    number: int
    pages: int
    total: int


def accounts(db: Session, *, search: str = "", role: str = "", page: int = 1) -> Page[Account]:
    """Accounts by name, active ones first."""
    query = select(Account).options(joinedload(Account.area), joinedload(Account.unit), joinedload(Account.staff))
    if search:
        pattern = f"%{search.replace('%', '').replace('_', '')}%"
        query = query.where(or_(Account.name.ilike(pattern), Account.display_name.ilike(pattern)))
    if role:
        query = query.where(Account.role == role)
    return _page(db, query.order_by(Account.deactivated_at.is_not(None), Account.name), page)


def audit_lines(db: Session, *, action: str = "", page: int = 1) -> Page[AuditLine]:
    """The audit trail, newest first."""
    query = select(AuditLine)
    if action:
        query = query.where(AuditLine.action == action)
    return _page(db, query.order_by(AuditLine.id.desc()), page)


def jurisdiction_names(db: Session, shown: Sequence[Account], *, now: datetime) -> dict[int, str]:
    """Area id → its name today, for the accounts shown."""
    ids = sorted({account.area_id for account in shown if account.area_id})
    return names_of(db, ids, now) if ids else {}


def _page(db: Session, query: Select[Any], page: int) -> Page[Any]:
    total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    pages = max(-(-total // PER_PAGE), 1)
    number = min(max(page, 1), pages)
    rows = db.scalars(query.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all()
    return Page(rows, number, pages, total)
