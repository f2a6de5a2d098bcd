"""How every failure is answered: one table from error class to status and sentence.

Under `/api/` the answer is an RFC 9457 problem document, elsewhere a page that says what happened and what to
do now. An error class that is not in the table is ours to mend: it is logged and answered with 500, without
its text. A test walks the error trees so that no class of the domain lacks an entry.
"""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from database.errors import DatabaseError
from database.sealing import SealBroken

log = logging.getLogger(__name__)


class WebProblem(Exception):
    """Something that the web layer itself refuses."""


class SignInNeeded(WebProblem):
    """Nobody is signed in and the page is not public."""


class TokenUnusable(WebProblem):
    """The bearer token is unknown, expired, revoked or of a deactivated account."""


class NotAllowed(WebProblem):
    """The account's role does not allow this."""


class NotFound(WebProblem):
    """There is no such thing in what the account may see."""


class PasswordChangeNeeded(WebProblem):
    """The first password must be replaced before anything else."""


class TooManyAttempts(WebProblem):
    """Too many failed sign-ins. `minutes` until the next try counts."""

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        super().__init__(minutes)


class InputProblem(WebProblem):
    """What was sent is malformed; `problems` are all of them, as sentences a clerk can act on."""

    def __init__(self, problems: Iterable[str | dict[str, Any]]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)


@dataclass(frozen=True)
class Answer:
    """The status, what happened, and what now. The sentences may use the error's attributes as %(name)s."""

    status: HTTPStatus
    title: LazyString
    advice: LazyString


_AGAIN = _l("Please try again in a moment. If it goes on, tell your administrator.")

ANSWERS: dict[type[Exception], Answer] = {
    SignInNeeded: Answer(
        HTTPStatus.UNAUTHORIZED,
        _l("Please sign in first."),
        _l("Send a bearer token, or sign in with the browser."),
    ),
    TokenUnusable: Answer(
        HTTPStatus.UNAUTHORIZED,
        _l("This token is not valid."),
        _l("It may have expired or been revoked. Ask your administrator for a new one."),
    ),
    NotAllowed: Answer(
        HTTPStatus.FORBIDDEN,
        _l("Your role does not allow this."),
        _l("If you need it for your work, ask your administrator."),
    ),
    NotFound: Answer(
        HTTPStatus.NOT_FOUND,
        _l("There is nothing here."),
        _l("It may belong to another area, or the address was mistyped."),
    ),
    PasswordChangeNeeded: Answer(
        HTTPStatus.FORBIDDEN,
        _l("Please replace your first password."),
        _l("Sign in with the browser and choose a password of your own."),
    ),
    TooManyAttempts: Answer(
        HTTPStatus.TOO_MANY_REQUESTS,
        _l("Too many failed attempts to sign in."),
        _l("Please wait %(minutes)s minutes and try again. If you forgot the password, ask your administrator."),
    ),
    InputProblem: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("What was sent cannot be used as it is."),
        _l("Nothing was changed. Correct what is listed and send it again."),
    ),
    SealBroken: Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _l("The personal data cannot be opened."),
        _l("It was sealed with another secret key. Your administrator must restore the earlier SECRET_KEY."),
    ),
    DatabaseError: Answer(HTTPStatus.SERVICE_UNAVAILABLE, _l("The database does not answer."), _AGAIN),
    OperationalError: Answer(HTTPStatus.SERVICE_UNAVAILABLE, _l("The database does not answer."), _AGAIN),
}
"""Nearest class first: an error is answered by the entry of its class or of the closest class above it."""

HTTP_ANSWERS: dict[int, Answer] = {
    400: Answer(
        HTTPStatus.BAD_REQUEST,
        _l("The request could not be understood."),
        _l("Go back, reload the page and try again."),
    ),
    403: ANSWERS[NotAllowed],
    404: ANSWERS[NotFound],
    405: Answer(
        HTTPStatus.METHOD_NOT_ALLOWED,
        _l("This address cannot be used in this way."),
        _l("Go back to the page you came from and try again."),
    ),
    413: Answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        _l("What you sent is too large."),
        _l("Send at most 32 MB at once: a smaller photo, or a file in parts."),
    ),
    415: Answer(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        _l("This kind of content is not understood here."),
        _l("Send JSON with the header Content-Type: application/json."),
    ),
    422: ANSWERS[InputProblem],
    429: Answer(HTTPStatus.TOO_MANY_REQUESTS, _l("Too many requests."), _AGAIN),
    500: Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _l("Something went wrong on our side."),
        _l("Nothing was changed. Please try again; if it goes on, give your administrator the number below."),
    ),
    503: Answer(HTTPStatus.SERVICE_UNAVAILABLE, _l("The service is not ready."), _AGAIN),
}

FORM_TOO_OLD = Answer(
    HTTPStatus.BAD_REQUEST,
    _l("This form is no longer valid."),
    _l("You may have signed in again meanwhile. Go back, reload the page and send it once more."),
)


def answer_for(error: Exception) -> Answer | None:
    """The entry for the error's class or the nearest class above it; None when it is not in the table."""
    return next((ANSWERS[cls] for cls in type(error).__mro__ if cls in ANSWERS), None)


def set_up(app: Flask) -> None:
    """Answer every error through the table."""
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _problem)


def _problem(error: Exception) -> Response:
    answer = answer_for(error)
    if answer is None:
        return _unexpected(error)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s at %s", type(error).__name__, request.endpoint)
    facts = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    response = _render(answer, facts, problems=facts.get("problems", ()))
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.minutes * 60)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_problem(error: HTTPException) -> Response:
    if isinstance(error, CSRFError):
        return _render(FORM_TOO_OLD, {})
    code = error.code or 500
    if code < 400:  # a redirect raised by routing
        return current_app.make_response(error.get_response())
    answer = HTTP_ANSWERS.get(code) or HTTP_ANSWERS[500 if code >= 500 else 400]
    response = _render(answer, {})
    response.status_code = code
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    """Log the error under a number, and tell only the number: its text may hold anything."""
    if current_app.testing or current_app.debug:
        raise error
    number = secrets.token_hex(4)
    log.error("problem %s at %s", number, request.endpoint, exc_info=error)
    return _render(HTTP_ANSWERS[500], {}, number=number)


def _render(
    answer: Answer, facts: dict[str, Any], *, problems: Iterable[Any] = (), number: str | None = None
) -> Response:
    title, advice = str(answer.title), _fill(answer.advice, facts)
    if request.path.startswith("/api/"):
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": int(answer.status), "detail": advice}
        body |= {"instance": number} if number else {}
        body |= {"problems": list(problems)} if problems else {}
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        page = render_template(
            "problem.html", status=int(answer.status), title=title, advice=advice, problems=problems, number=number
        )
        response = current_app.make_response(page)
    response.status_code = answer.status
    return response


def _fill(sentence: LazyString, facts: dict[str, Any]) -> str:
    """Put the facts into a sentence that asks for them."""
    text = str(sentence)
    return text % facts if "%(" in text else text
