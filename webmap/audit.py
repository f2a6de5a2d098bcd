"""The audit trail: who did what that must be answered for."""
# ruff: noqa: S105  words about passwords are not passwords

from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from webmap.accounts import Account, AuditLine


class Action(StrEnum):
    """What is recorded."""

    SIGNED_IN = "signed-in"
    LOCKED_OUT = "locked-out"
    PASSWORD_CHANGED = "password-changed"
    PASSWORD_RESET = "password-reset"
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_DEACTIVATED = "account-deactivated"
    ACCOUNT_REACTIVATED = "account-reactivated"
    TOKEN_ISSUED = "token-issued"
    TOKEN_REVOKED = "token-revoked"
    REPORTER_REVEALED = "reporter-revealed"
    AREAS_CHECKED = "areas-checked"
    NETS_IMPORTED = "nets-imported"
    REDRAW_BEGUN = "redraw-begun"
    REDRAW_PUBLISHED = "redraw-published"
    REDRAW_REVERTED = "redraw-reverted"


COMMAND_LINE = "command line"


def record(
    db: Session,
    action: Action,
    subject: str,
    *,
    by: Account | None,
    address: str | None = None,
    **details: Any,
) -> AuditLine:
    """Add one line; the caller commits it together with what it tells of.

    `subject` names the thing as `kind:id`. `by` is None on the command line. `details` are facts,
    never a reporter's personal data.
    """
    line = AuditLine(
        account_id=by.id if by else None,
        by_name=by.display_name if by else COMMAND_LINE,
        action=action,
        subject=subject,
        address=address,
        details=details,
    )
    db.add(line)
    return line
