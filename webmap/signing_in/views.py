"""Sign in and out, choose the language, change one's own password."""

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geo.areas import names_of
from webmap import identity
from webmap.accounts import Account
from webmap.audit import Action, record
from webmap.installation import utcnow
from webmap.languages import LANGUAGES
from webmap.navigation import start_url
from webmap.passwords import equal, hash_password, matches, password_problems
from webmap.permissions import Permission, public, requires
from webmap.problems import TooManyAttempts
from webmap.security import on_plain_loopback, safe_next
from webmap.signing_in.authenticating import authenticate

bp = Blueprint("signing_in", __name__, template_folder="templates")


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Where everybody begins: the sign-in form, or the role's own start page."""
    if g.account is not None:
        return redirect(safe_next(request.args.get("next")) or start_url(g.account.role), code=303)
    return _sign_in_page()


@bp.post("/")
@public
def sign_in() -> ResponseReturnValue:
    """Compare name and password; one sentence for whatever was wrong."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        account = authenticate(g.db, name, password, address=request.remote_addr or "::", now=utcnow())
    except TooManyAttempts as problem:
        sentence = _(
            "Too many failed attempts. Please wait %(minutes)s minutes and try again.", minutes=problem.minutes
        )
        return _sign_in_page(name, sentence), 429, {"Retry-After": str(problem.minutes * 60)}
    if account is None:
        return _sign_in_page(name, _("Name or password is wrong.")), 401
    identity.sign_in(account, stay=bool(request.form.get("stay")))
    return redirect(safe_next(request.form.get("next")) or start_url(account.role), code=303)


@bp.post("/sign-out")
@public
def leave() -> ResponseReturnValue:
    """End the session. Public, so that signing out twice does no harm."""
    identity.sign_out()
    flash(_("You have signed out."), "done")
    return redirect(url_for("signing_in.index"), code=303)


@bp.post("/language")
@public
def choose_language() -> ResponseReturnValue:
    """Remember the language in the session, and with the account where there is one."""
    chosen = request.form.get("language")
    if chosen in LANGUAGES:
        session["language"] = chosen
        if g.account is not None:
            g.db.get_one(Account, g.account.id).language = chosen
            g.db.commit()
    return redirect(safe_next(request.form.get("next")) or url_for("signing_in.index"), code=303)


@bp.get("/account")
@requires(Permission.OWN_ACCOUNT)
def account() -> ResponseReturnValue:
    """Who I am here, and the form to change my password."""
    return _account_page([])


@bp.get("/account/password")
@requires(Permission.OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    """The same, for whoever must replace a first password."""
    return _account_page([])


@bp.post("/account/password")
@requires(Permission.OWN_ACCOUNT)
def save_password() -> ResponseReturnValue:
    """Replace the password; every other session of the account ends."""
    own = g.db.get_one(Account, g.account.id)
    problems = _new_password_problems(own)
    if problems:
        return _account_page(problems), 422
    own.password_hash = hash_password(request.form["password"])
    own.must_change_password = False
    own.generation += 1
    record(g.db, Action.PASSWORD_CHANGED, f"account:{own.id}", by=own, address=request.remote_addr)
    g.db.commit()
    identity.sign_in(own, stay=session.permanent)
    flash(_("Your password is changed. Other devices must sign in again."), "done")
    return redirect(start_url(own.role), code=303)


def _account_page(problems: list[str]) -> str:
    own = g.db.get_one(Account, g.account.id)
    names = names_of(g.db, [own.area_id], utcnow()) if own.area_id else {}
    return render_template("signing_in/account.html", problems=problems, own=own, area=names.get(own.area_id))


def _sign_in_page(name: str = "", problem: str = "") -> str:
    """The form. Over plain http a browser would drop the session's cookie, so it says that first."""
    return render_template(
        "signing_in/sign_in.html",
        name=name,
        problem=problem,
        next=safe_next(request.values.get("next")),
        needs_https=not (request.is_secure or on_plain_loopback()),
    )


def _new_password_problems(own: Account) -> list[str]:
    old, new, again = (request.form.get(part, "") for part in ("old", "password", "again"))
    problems = password_problems(new, account_name=own.name)
    if not matches(own.password_hash, old):
        problems.append(_("The present password is wrong."))
    if not equal(new, again):
        problems.append(_("The two new passwords differ."))
    return problems
