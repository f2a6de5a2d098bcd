"""What every answer carries against misuse, and where a `next` may lead.

Scripts and styles run from our own origin or with this request's nonce; nothing inline otherwise. Private
pages are never stored by a browser or a proxy.
"""

import ipaddress
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from database.settings import is_loopback
from webmap.installation import Installation, installation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 32 * 1024 * 1024
"""Bytes of one request: a zipped county of grids or a photo with room to spare."""

MAX_FILE = 256 * 1024 * 1024
"""Bytes of a file of areas: a hundred thousand grids of 61 corners are 55 MB as a zipped shapefile, 150 as GeoJSON."""

TAKES_FILES = frozenset({"plans.begin_redraw"})
"""Endpoints to which such files are sent. They are not kept in memory, and only planners reach them."""

MAX_FORM_MEMORY = 2 * 1024 * 1024


def largest_body(endpoint: str | None) -> int:
    """How many bytes may be sent to an endpoint."""
    return MAX_FILE if endpoint in TAKES_FILES else MAX_BODY


def nonce() -> str:
    """The nonce of this request's inline scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    value: str = g.csp_nonce
    return value


def basemap_origin(url: str | None) -> str | None:
    """The CSP source for a tile address such as `https://t{s}.example.cn/{z}/{x}/{y}.png`, None for our own tiles.

    A host pattern can only have a whole leading label as wildcard, so `t{s}.example.cn` becomes `*.example.cn`.
    """
    if not url or "://" not in url:
        return None
    parts = urlsplit(url)
    host = parts.netloc
    if "{" in host:
        host = "*." + host[host.rindex("}") :].split(".", 1)[1]
    return f"{parts.scheme}://{host}"


def content_security_policy(nonce: str, basemap: str | None) -> str:
    """The policy of one answer."""
    images = " ".join(filter(None, ("'self'", "data:", "blob:", basemap)))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            f"img-src {images}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def add_headers(response: Response) -> Response:
    """Give the answer its security headers; private by default, unless the view said how long it may be kept."""
    basemap = basemap_origin(installation().settings.basemap_url)
    headers = response.headers
    headers["Content-Security-Policy"] = content_security_policy(nonce(), basemap)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    headers.setdefault("Cache-Control", "no-store")
    return response


def safe_next(target: str | None) -> str | None:
    """`target` when it is a path on this site, else None.

    `//host`, `/\\host`, a scheme, and control characters that browsers strip are all ways out of the site.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(letter) < 0x20 for letter in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


class SessionCookie(SecureCookieSessionInterface):
    """Flask's signed cookie, sent over https alone. On this machine itself plain http will do."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002  the signature is Flask's
        """Decide by the request: the same installation may be tried at 127.0.0.1 and used behind https."""
        return not on_plain_loopback()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send no cookie with files: they are the same for everybody, and kept by proxies."""
        if request.blueprint not in ("assets", "statics"):
            super().save_session(app, session, response)


def on_plain_loopback() -> bool:
    """Whether this request never left the machine: http to localhost, 127.x or ::1."""
    host = urlsplit(f"//{request.host}").hostname or ""
    return not request.is_secure and is_loopback(host)


class BehindOwnProxy:
    """Believes `X-Forwarded-For` from this machine alone, where a proxy of the installation's own speaks.

    Limits by address would otherwise count all the world as one. From anywhere else the header is the
    caller's invention.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Put the last address of the header, the one our proxy saw, where Flask looks for the caller."""
        last = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if last and is_loopback(environ.get("REMOTE_ADDR", "")) and _is_address(last):
            environ["REMOTE_ADDR"] = last
        return self._application(environ, start_response)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def set_up(app: Flask, installation: Installation) -> None:
    """Configure cookies, limits and headers."""
    app.config.update(
        SECRET_KEY=installation.secret,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY,
        SESSION_COOKIE_NAME="wangge",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        WTF_CSRF_CHECK_DEFAULT=False,  # webmap.identity checks, once it knows who is asking
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form may stay open over lunch
    )
    app.session_interface = SessionCookie()
    app.wsgi_app = BehindOwnProxy(app.wsgi_app)  # type: ignore[method-assign]
    app.after_request(add_headers)
    app.jinja_env.globals["csp_nonce"] = nonce
