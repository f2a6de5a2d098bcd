"""How every failure is answered: one table from error class to status and sentence.

Under `/api/` the answer is an RFC 9457 problem document, elsewhere a page that says what happened and what to
do now. An error class that is not in the table is ours to mend: it is logged and answered with 500, without
its text. A test walks the error trees so that no class of the domain lacks an entry.
"""

import logging
import secrets
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from database.errors import DatabaseError
from database.sealing import SealBroken
from geo.addresses.files import DamagedGazetteer
from geo.codes import ProfileError
from geo.crs import DatumError
from geo.exports.errors import ExportError
from geo.locate import NotFiniteError
from geo.sentences import retold
from importers.columns import ColumnsOptionError
from importers.errors import ReadError
from importers.values import BadValue
from incidents.cursors import BadCursor
from incidents.errors import (
    CandidateGone,
    CandidateTooWide,
    HandlerMayNotConfirm,
    IncidentError,
    LeadMissing,
    MoveNotAllowed,
    NoteMissing,
    NothingToRemember,
    NotYours,
    PointUnusable,
    UnknownIncident,
    WordsMissing,
)
from webmap.assets import AssetsMissing
from webmap.security import largest_body

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
    WebProblem: Answer(
        HTTPStatus.BAD_REQUEST,
        _l("The request could not be understood."),
        _l("Go back, reload the page and try again."),
    ),
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
    ExportError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("The file cannot be written like that."),
        _l("Choose another kind, day or encoding."),
    ),
    DamagedGazetteer: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        _l("The index of addresses is damaged."),
        _l("It is being built anew. Please try again in a few minutes."),
    ),
    SealBroken: Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _l("The personal data cannot be opened."),
        _l("It was sealed with another secret key. Your administrator must restore the earlier SECRET_KEY."),
    ),
    IncidentError: Answer(
        HTTPStatus.CONFLICT,
        _l("That cannot be done with this case."),
        _l("Reload the page to see how far it has come."),
    ),
    UnknownIncident: Answer(
        HTTPStatus.NOT_FOUND,
        _l("There is no such case in your area."),
        _l("It may belong to another area, or the address was mistyped."),
    ),
    MoveNotAllowed: Answer(
        HTTPStatus.CONFLICT,
        _l("The case is no longer where this step starts from."),
        _l("Look at its history: somebody may have been quicker."),
    ),
    NotYours: Answer(
        HTTPStatus.FORBIDDEN,
        _l("You are not entitled to take this step with this case."),
        _l("It belongs to whoever answers for it, or to another desk."),
    ),
    HandlerMayNotConfirm: Answer(
        HTTPStatus.FORBIDDEN,
        _l("Whoever handled a case may not also confirm it."),
        _l("Ask a colleague to look at it."),
    ),
    NoteMissing: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("This step needs a reason in words."),
        _l("Write the reason and send it again."),
    ),
    LeadMissing: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("Say to which unit the case is dispatched."),
        _l("Choose the unit and send it again."),
    ),
    CandidateGone: Answer(
        HTTPStatus.CONFLICT,
        _l("The places to choose from are no longer those that were shown."),
        _l("Look at them again, then choose."),
    ),
    CandidateTooWide: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("That is an area with parts of several grids."),
        _l("Choose the point inside it on the map."),
    ),
    NothingToRemember: Answer(
        HTTPStatus.CONFLICT,
        _l("Nobody has chosen a place for this case."),
        _l("Place it first; then the place can be kept for its words."),
    ),
    WordsMissing: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("Say which words mean this place."),
        _l("At least two characters, at most sixty."),
    ),
    PointUnusable: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("That position lies outside every comprehensive grid."),
        _l("Choose a point inside one."),
    ),
    ReadError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("The file could not be read."),
        _l("Nothing was changed. Correct the file and send it again."),
    ),
    BadValue: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("What was sent cannot be used as it is."),
        _l("Nothing was changed. Correct what is listed and send it again."),
    ),
    ProfileError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("There is no code profile of that name."),
        _l("Use gb for the national codes, or free."),
    ),
    ColumnsOptionError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("The columns are not named in a way that can be read."),
        _l("Write field=HEADING, separated by commas."),
    ),
    DatumError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("That datum is not known here."),
        _l("Use wgs84, gcj02, bd09, cgcs2000 or an EPSG code such as EPSG:4549."),
    ),
    NotFiniteError: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("A coordinate is not a number."),
        _l("Send longitude and latitude as decimal numbers."),
    ),
    BadCursor: Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _l("This mark of a place in a list is not one of ours."),
        _l("Begin again at the first page."),
    ),
    AssetsMissing: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        _l("Parts of the pages are not installed."),
        _l("Your administrator can install them with: make setup"),
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
        _l("Send at most %(most)s MB at once: a smaller photo, or a file in parts."),
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


def said(error: ReadError) -> str:
    """Why a file could not be read, in the user's language. Its sentence is the docstring of the error's class."""
    return retold(error.said().told(), _)


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
    problems = [said(error)] if isinstance(error, ReadError) else facts.get("problems", ())
    response = _render(answer, facts, problems=problems)
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
    response = _render(answer, {"most": largest_body(request.endpoint) // 1024**2})
    response.status_code = code
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    """Log where it happened under a number, and tell only the number."""
    if current_app.testing or current_app.debug:
        raise error
    number = secrets.token_hex(4)
    log.error("problem %s at %s: %s", number, request.endpoint, traced(error))
    return _render(HTTP_ANSWERS[500], {}, number=number)


def traced(error: BaseException) -> str:
    """The error and what caused it: classes and places in the code, without their messages.

    A message may quote what people typed ("Key (phone)=(138…) already exists"), and logs are read by many.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    cause = error.__cause__ or error.__context__
    state = getattr(error, "sqlstate", None)
    told = f"{type(error).__module__}.{type(error).__qualname__}" + (f" [{state}]" if state else "") + "\n" + frames
    return told + ("caused by " + traced(cause) if cause else "")


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
