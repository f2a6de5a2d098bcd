"""Who is asking, what he may see, and the database session of the request.

Every request passes here first, in this order: open `g.db`, which sees nothing yet; find the account, by bearer
token or by session; set the scope of `g.db` to its jurisdiction; refuse what the view's declared permission does
not allow; check the CSRF token. After it, `g.db` is a session that sees only the jurisdiction (also enforced in the
database), and `g.account` is the Account or None, by itself: what it refers to is asked of `g.db`. Edges commit;
whatever was not committed is rolled back at the end.
"""

import hashlib
import time
from datetime import datetime

from flask import Flask, current_app, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from database.session import Scope, open_session, session_for
from staffing.models import Duty
from webmap.accounts import Account, ApiToken
from webmap.installation import installation, utcnow
from webmap.permissions import JURISDICTIONS, PUBLIC, Jurisdiction, Permission, access_of
from webmap.problems import NotAllowed, PasswordChangeNeeded, SignInNeeded, TokenUnusable
from webmap.security import TAKES_FILES, largest_body, safe_next

IDLE_S = 12 * 3600
"""A desk's session ends after a working day without a request; a device told to stay signed in, after 30 days."""

WITHOUT_DATABASE = frozenset({"statics.static", "assets.file", "health.alive"})
"""Endpoints that answer without knowing who asks."""

TOKEN_AS_PASSWORD = frozenset({"features"})
"""Blueprints that take a token as the password of HTTP Basic too, whatever the name: every GIS can send that.

Only such as change nothing: a browser sends such a password again by itself, also where a foreign page asks it to.
"""

csrf = CSRFProtect()
_logins = LoginManager()


def set_up(app: Flask) -> None:
    """Hook the steps above into every request."""
    csrf.init_app(app)
    _logins.init_app(app, add_context_processor=False)
    app.before_request(_open)
    app.teardown_request(_close)


def sign_in(account: Account, *, stay: bool) -> None:
    """Open a session for the account: a new one, so that nothing planted before survives."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    session.permanent = stay
    session["seen"] = int(time.time())
    login_user(account)


def sign_out() -> None:
    """End the session; only the chosen language stays."""
    language = session.get("language")
    logout_user()
    session.clear()
    if language:
        session["language"] = language


def may(permission: Permission | str) -> bool:
    """Whether whoever is asking holds `permission`."""
    account: Account | None = g.get("account")
    return account is not None and account.may(permission)


def scope_of(db: Session, account: Account | None, *, now: datetime) -> Scope:
    """What the account may see of the incidents; nothing for nobody."""
    if account is None:
        return Scope()
    match JURISDICTIONS[account.role]:
        case Jurisdiction.DUTIES:
            on_duty = select(Duty.area_id).where(Duty.staff_id == account.staff_id, Duty.held.contains(now))
            return Scope(area_ids=tuple(db.scalars(on_duty)), account_id=account.id)
        case Jurisdiction.UNIT:
            return Scope(unit_id=account.unit_id, account_id=account.id)
        case Jurisdiction.AREA_OR_EVERYWHERE if account.area_id is None:
            return Scope(everywhere=True, account_id=account.id)
        case _:
            areas = (account.area_id,) if account.area_id else ()
            return Scope(area_ids=areas, unit_id=account.unit_id, account_id=account.id)


def token_digest(token: str) -> bytes:
    """What is kept of a token. It is long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def _open() -> ResponseReturnValue | None:
    """The steps of the module's docstring. An answer instead of None ends the request here."""
    g.account, g.by_token = None, False
    if request.endpoint in WITHOUT_DATABASE:
        return None
    g.db = open_session(installation().engine, Scope())
    with session_for(installation().look_ups) as looking:
        g.account = _account_asking(looking)
        g.db.info["scope"] = g.scope = scope_of(looking, g.account, now=utcnow())
    if request.endpoint is None:  # no such address: the page that says so still shows who is signed in
        return None
    refusal = _refusal(access_of(current_app.view_functions[request.endpoint]))
    if refusal is None:
        if request.endpoint in TAKES_FILES:
            request.max_content_length = largest_body(request.endpoint)
        _check_csrf()
    return refusal


def _account_asking(db: Session) -> Account | None:
    """The account of the token, or else of the session."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        g.by_token = True
        return _by_token(db, token.strip())
    basic = request.authorization if request.blueprint in TOKEN_AS_PASSWORD else None
    if basic is not None and basic.type == "basic":
        return _by_token(db, basic.password or "")
    return _by_session()


_BEARER = (
    select(Account)
    .join(ApiToken, ApiToken.account_id == Account.id)
    .where(
        ApiToken.digest == bindparam("digest"),
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at.is_(None) | (ApiToken.expires_at > bindparam("now")),
        Account.deactivated_at.is_(None),
    )
)
"""Asked anew by every request: what was revoked a moment ago is refused now."""


def _by_token(db: Session, token: str) -> Account:
    found = db.scalar(_BEARER, {"digest": token_digest(token), "now": utcnow()})
    if found is None:
        raise TokenUnusable
    return found


def _by_session() -> Account | None:
    """The signed-in account, whose session ends when it was idle too long."""
    if "_user_id" not in session:
        return None
    now = int(time.time())
    if not session.permanent and now - session.get("seen", 0) > IDLE_S:
        sign_out()
        return None
    if now - session.get("seen", 0) > 60:
        session["seen"] = now
    account = current_user._get_current_object()
    return account if account.is_authenticated else None


@_logins.user_loader
def _load(session_id: str) -> Account | None:
    """The account the session was opened for, unless its password changed or it was deactivated since."""
    account_id, _dot, generation = session_id.partition(".")
    if not (account_id.isdigit() and generation.isdigit()):
        return None
    with session_for(installation().look_ups) as looking:
        account = looking.get(Account, int(account_id))
    if account is None or not account.is_active or account.generation != int(generation):
        return None
    return account


def _refusal(access: Permission | str | None) -> ResponseReturnValue | None:
    """Refuse what the view's declaration does not allow. A view that declares nothing is closed to everyone."""
    if access == PUBLIC:
        return None
    if access is None:
        raise NotAllowed
    if g.account is None:
        if request.path.startswith("/api/"):
            raise SignInNeeded
        flash(_("Please sign in first."), "info")
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("signing_in.index", next=safe_next(back)), code=303)
    if not g.account.may(access):
        raise NotAllowed
    if g.account.must_change_password and access != Permission.OWN_ACCOUNT:
        if request.path.startswith("/api/"):
            raise PasswordChangeNeeded
        return redirect(url_for("signing_in.change_password"), code=303)
    return None


def _check_csrf() -> None:
    """Demand the token from browsers. A bearer token cannot be sent by a foreign page, so it needs none.

    Nor does the API for whoever is not signed in: there is no authority that a foreign page could borrow.
    """
    anonymous_call = g.account is None and request.path.startswith("/api/")
    if not (g.by_token or anonymous_call):
        csrf.protect()


def _close(_error: BaseException | None) -> None:
    """Roll back what nobody committed and give the connection back."""
    db: Session | None = g.pop("db", None)
    if db is not None:
        db.close()
