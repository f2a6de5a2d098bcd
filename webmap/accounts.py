"""Accounts, their tokens, failed sign-ins and the audit trail: the tables of the web.

Passwords are kept as argon2 hashes, tokens as SHA-256 of a long random word. Neither is ever logged.
"""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database.base import Base, CreatedAt, Id, word
from geo.models import Area
from staffing.models import Staff, Unit
from webmap.permissions import PERMISSIONS, Permission, Role


class Account(UserMixin, Base):
    """Somebody who may sign in: a role, and the area, unit or person that bounds what he sees."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("name = lower(name) AND name <> ''", name="name_lower"),
        CheckConstraint("role <> 'worker' OR staff_id IS NOT NULL", name="worker_is_staff"),
        CheckConstraint("role <> 'department' OR unit_id IS NOT NULL", name="department_has_unit"),
        CheckConstraint(
            "role NOT IN ('village', 'township-dispatcher') OR area_id IS NOT NULL", name="jurisdiction_named"
        ),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(64), unique=True, comment="what one signs in with, in lower case")
    display_name: Mapped[str] = mapped_column(String(64))
    role: Mapped[Role] = mapped_column(word(Role))
    area_id: Mapped[int | None] = mapped_column(
        ForeignKey("area.id"), comment="jurisdiction; null: everywhere, or none"
    )
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="the unit it acts for")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="the person it belongs to")
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(server_default=text("false"))
    generation: Mapped[int] = mapped_column(
        server_default=text("1"), comment="raised with every new password or deactivation: ends every older session"
    )
    language: Mapped[str | None] = mapped_column(String(8), comment="zh or en; null: as the browser asks")
    deactivated_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

    area: Mapped[Area | None] = relationship()
    unit: Mapped[Unit | None] = relationship()
    staff: Mapped[Staff | None] = relationship()

    @property
    def is_active(self) -> bool:
        """Whether it may still be used (asked by Flask-Login)."""
        return self.deactivated_at is None

    def get_id(self) -> str:
        """What the session keeps: the number and the generation it was opened under."""
        return f"{self.id}.{self.generation}"

    def may(self, permission: Permission | str) -> bool:
        """Whether the role allows `permission`; templates may name it by its word."""
        return permission in PERMISSIONS[self.role]


class ApiToken(Base):
    """A word by which a program acts as an account. Shown once, when it is made."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(120), comment="which program uses it, in its maker's words")
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, comment="SHA-256 of the token")
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

    account: Mapped[Account] = relationship()


class SignInAttempt(Base):
    """One failed attempt to sign in. Kept in the database so that all workers count together."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "name", "at"), Index(None, "address", "at"))

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    name: Mapped[str] = mapped_column(String(64), comment="as typed, in lower case; it may be nobody's")
    address: Mapped[str] = mapped_column(INET)


class AuditLine(Base):
    """Who did what that must be answered for: accounts changed, a reporter revealed. Only ever added to."""

    __tablename__ = "audit_line"
    __table_args__ = (Index(None, "at"), Index(None, "subject"))

    id: Mapped[Id]
    at: Mapped[CreatedAt]
    account_id: Mapped[int | None] = mapped_column(BigInteger, comment="who; null for the command line")
    by_name: Mapped[str] = mapped_column(comment="the name as it stood then; survives the account")
    action: Mapped[str] = mapped_column(String(64), comment="a word of webmap.audit.Action")
    subject: Mapped[str] = mapped_column(String(128), comment="what it was done to: incident:17, account:3")
    details: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'"), comment="facts, never personal data of a reporter"
    )
    address: Mapped[str | None] = mapped_column(INET)
