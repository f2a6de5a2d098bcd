"""Accounts and the audit trail, for administrators."""

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webmap.accounts import Account
from webmap.admin import keeping, listing
from webmap.audit import Action
from webmap.installation import utcnow
from webmap.passwords import random_password
from webmap.permissions import Permission, Role, requires
from webmap.problems import InputProblem, NotFound

bp = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")

FIELDS = ("name", "display_name", "role", "area_code", "unit_code", "staff_no")


@bp.get("")
@requires(Permission.MANAGE_ACCOUNTS)
def accounts() -> ResponseReturnValue:
    """Every account, searchable."""
    asked = {"search": request.args.get("search", ""), "role": request.args.get("role", "")}
    page = listing.accounts(g.db, **asked, page=request.args.get("page", 1, type=int))
    names = listing.jurisdiction_names(g.db, page.rows, now=utcnow())
    return render_template("admin/accounts.html", page=page, names=names, roles=list(Role), **asked)


@bp.get("/new")
@requires(Permission.MANAGE_ACCOUNTS)
def new_account() -> ResponseReturnValue:
    """The form for one account."""
    return _form({}, [])


@bp.post("/new")
@requires(Permission.MANAGE_ACCOUNTS)
def create_account() -> ResponseReturnValue:
    """Open an account with a first password, which is shown this once."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    password = random_password()
    try:
        account = keeping.create_account(g.db, keeping.NewAccount(password=password, **typed), by=g.account)
    except InputProblem as problem:
        return _form(typed, problem.problems), 422
    g.db.commit()
    return render_template("admin/password.html", account=account, password=password)


@bp.post("/<int:account_id>/password")
@requires(Permission.MANAGE_ACCOUNTS)
def reset_password(account_id: int) -> ResponseReturnValue:
    """Give a new first password, which is shown this once."""
    account, password = _account(account_id), random_password()
    keeping.reset_password(g.db, account, password, by=g.account)
    g.db.commit()
    return render_template("admin/password.html", account=account, password=password)


@bp.post("/<int:account_id>/deactivate")
@requires(Permission.MANAGE_ACCOUNTS)
def deactivate(account_id: int) -> ResponseReturnValue:
    """Close an account, but not one's own: somebody must be able to open it again."""
    account = _account(account_id)
    if account.id == g.account.id:
        raise InputProblem([_("You cannot deactivate your own account.")])
    keeping.deactivate(g.db, account, by=g.account, now=utcnow())
    g.db.commit()
    flash(_("%(name)s can no longer sign in.", name=account.display_name), "done")
    return redirect(url_for("admin.accounts"), code=303)


@bp.post("/<int:account_id>/reactivate")
@requires(Permission.MANAGE_ACCOUNTS)
def reactivate(account_id: int) -> ResponseReturnValue:
    """Open a closed account again."""
    account = _account(account_id)
    keeping.reactivate(g.db, account, by=g.account)
    g.db.commit()
    flash(_("%(name)s can sign in again.", name=account.display_name), "done")
    return redirect(url_for("admin.accounts"), code=303)


@bp.get("/audit")
@requires(Permission.SEE_AUDIT)
def audit() -> ResponseReturnValue:
    """The audit trail, newest first."""
    action = request.args.get("action", "")
    page = listing.audit_lines(g.db, action=action, page=request.args.get("page", 1, type=int))
    return render_template("admin/audit.html", page=page, action=action, actions=list(Action))


def _account(account_id: int) -> Account:
    account: Account | None = g.db.get(Account, account_id)
    if account is None:
        raise NotFound
    return account


def _form(typed: dict[str, str], problems: Sequence[object]) -> str:
    return render_template("admin/new.html", typed=typed, problems=problems, roles=list(Role))
