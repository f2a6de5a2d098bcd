"""Accounts, opened and closed. Used by the pages and by `flask users …` alike; callers commit.

Nothing is deleted: a deactivated account keeps its name in every history. Every change leaves an audit line
in the same transaction.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area
from staffing.models import Staff, Unit
from webmap.accounts import Account, ApiToken
from webmap.audit import Action, record
from webmap.identity import token_digest
from webmap.passwords import hash_password, password_problems
from webmap.permissions import Role
from webmap.problems import InputProblem

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
TOKEN_PREFIX = "wg_"  # noqa: S105  tells a scanner of leaked secrets what it found

_KIND_OF_JURISDICTION = {Role.VILLAGE: AreaKind.VILLAGE, Role.TOWNSHIP_DISPATCHER: AreaKind.TOWNSHIP}


@dataclass(frozen=True)
class NewAccount:
    """What opening an account takes, as typed: codes and numbers are looked up, blanks mean nothing."""

    name: str
    display_name: str
    role: str
    password: str
    area_code: str = ""
    unit_code: str = ""
    staff_no: str = ""


def create_account(db: Session, new: NewAccount, *, by: Account | None, must_change: bool = True) -> Account:
    """Open an account. Raises InputProblem with everything that is wrong at once. Flushes."""
    area, unit, staff = _area(db, new.area_code), _unit(db, new.unit_code), _staff(db, new.staff_no)
    problems = [*_problems(db, new), *_jurisdiction_problems(new, area, unit, staff)]
    if problems:
        raise InputProblem(problems)
    account = Account(
        name=new.name.strip().lower(),
        display_name=new.display_name.strip(),
        role=Role(new.role),
        area_id=area.id if area else None,
        unit_id=unit.id if unit else None,
        staff_id=staff.id if staff else None,
        password_hash=hash_password(new.password),
        must_change_password=must_change,
    )
    db.add(account)
    db.flush()
    record(db, Action.ACCOUNT_CREATED, f"account:{account.id}", by=by, role=account.role)
    return account


def find_account(db: Session, name: str) -> Account | None:
    """The account with this sign-in name, active or not."""
    return db.scalar(select(Account).where(Account.name == name.strip().lower()))


def reset_password(db: Session, account: Account, password: str, *, by: Account | None) -> None:
    """Give a new first password, to be replaced at the next sign-in; ends every session."""
    account.password_hash = hash_password(password)
    account.must_change_password = True
    account.generation += 1
    record(db, Action.PASSWORD_RESET, f"account:{account.id}", by=by)


def deactivate(db: Session, account: Account, *, by: Account | None, now: datetime) -> None:
    """Close the account; its sessions and tokens end at once. Twice does no harm."""
    if account.deactivated_at is None:
        account.deactivated_at = now
        account.generation += 1
        record(db, Action.ACCOUNT_DEACTIVATED, f"account:{account.id}", by=by)


def reactivate(db: Session, account: Account, *, by: Account | None) -> None:
    """Open a closed account again, with the password it had."""
    if account.deactivated_at is not None:
        account.deactivated_at = None
        record(db, Action.ACCOUNT_REACTIVATED, f"account:{account.id}", by=by)


def issue_token(
    db: Session, account: Account, purpose: str, *, by: Account | None, expires_at: datetime | None = None
) -> str:
    """Make a token by which a program acts as the account, and return it: only its digest is kept."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    db.add(ApiToken(account_id=account.id, purpose=purpose, digest=token_digest(token), expires_at=expires_at))
    record(db, Action.TOKEN_ISSUED, f"account:{account.id}", by=by, purpose=purpose)
    return token


def _problems(db: Session, new: NewAccount) -> list[str]:
    problems = []
    name = new.name.strip().lower()
    if not NAME.fullmatch(name):
        problems.append(_("The sign-in name needs 2 to 64 of: letters a–z, digits, dot, hyphen, underscore, @."))
    elif find_account(db, name):
        problems.append(_("There is already an account named %(name)s.", name=name))
    if not new.display_name.strip() or len(new.display_name.strip()) > 64:
        problems.append(_("Please give the person's or desk's name, at most 64 characters."))
    if new.role not in list(Role):
        problems.append(_("Please choose a role."))
    return problems + password_problems(new.password, account_name=name)


def _jurisdiction_problems(new: NewAccount, area: Area | None, unit: Unit | None, staff: Staff | None) -> list[str]:
    problems = []
    for typed, found, sentence in (
        (new.area_code, area, _("There is no area with the code %(code)s.", code=new.area_code)),
        (new.unit_code, unit, _("There is no unit with the code %(code)s.", code=new.unit_code)),
        (new.staff_no, staff, _("There is nobody with the staff number %(code)s.", code=new.staff_no)),
    ):
        if typed.strip() and found is None:
            problems.append(sentence)
    kind = _KIND_OF_JURISDICTION.get(new.role)  # type: ignore[call-overload]
    if kind and (area is None or area.kind != kind):
        problems.append(
            _("A village account needs the code of its village.")
            if kind is AreaKind.VILLAGE
            else _("A township dispatcher needs the code of the township.")
        )
    if new.role == Role.WORKER and staff is None:
        problems.append(_("A grid worker needs a staff number: the grids come from the duties."))
    if new.role == Role.DEPARTMENT and unit is None:
        problems.append(_("A department's account needs the code of its unit."))
    return problems


def _area(db: Session, code: str) -> Area | None:
    """The county, township or village with this code; the highest of them where a code repeats."""
    ladder = [AreaKind.COUNTY, AreaKind.TOWNSHIP, AreaKind.VILLAGE]
    found = db.scalars(select(Area).where(Area.code == code.strip(), Area.kind.in_(ladder))).all()
    return min(found, key=lambda area: ladder.index(area.kind), default=None)


def _unit(db: Session, code: str) -> Unit | None:
    return db.scalar(select(Unit).where(Unit.code == code.strip()))


def _staff(db: Session, number: str) -> Staff | None:
    return db.scalar(select(Staff).where(Staff.staff_no == number.strip()))
