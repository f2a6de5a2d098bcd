"""How a route of the API is declared: what it takes, what it answers, and that both are checked and documented.

`@operation` reads the query string and the body by the models it names and hands them to the view as `query`
and `body`; webmap.api.documents writes the OpenAPI document from the same declaration. What is documented
is therefore what is enforced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from webmap.api.parsing import read_body, read_query
from webmap.problems import ANSWERS, InputProblem

bp = Blueprint("api", __name__, url_prefix="/api/v1")

JSON = "application/json"
GEOJSON = "application/geo+json"
TILE = "application/vnd.mapbox-vector-tile"
_OPERATION = "__wangge_operation__"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Answered:
    """One documented answer: when it is given, as which media type, in which shape."""

    when: str
    model: type[BaseModel] | None = None
    media_type: str | None = JSON


NOT_MODIFIED = Answered("what the client already has is still right", media_type=None)


@dataclass(frozen=True)
class Operation:
    """What one route takes and answers."""

    summary: str
    answers: Mapping[int, Answered]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    problems: tuple[int, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    malformed: int = 422


def operation(
    summary: str,
    *,
    answers: Mapping[int, Answered],
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    problems: tuple[int, ...] = (),
    headers: Mapping[str, str] | None = None,
    malformed: int = 422,
) -> Callable[[View], View]:
    """Declare a view: `query` and `body` arrive as keyword arguments of those names. Put it nearest to the function.

    `problems` are the statuses, beside those that every route may give, that answer with a problem document;
    `malformed` is what the blueprint answers to a wrong query.
    """
    declared = Operation(summary, answers, query, body, problems, headers or {}, malformed)

    def mark(view: View) -> View:
        @wraps(view)
        def checked(**arguments: Any) -> ResponseReturnValue:
            if query is not None:
                arguments["query"] = read_query(query, request.args)
            if body is not None:
                arguments["body"] = read_body(body, request)
            answer: ResponseReturnValue = view(**arguments)
            return answer

        setattr(checked, _OPERATION, declared)
        return checked  # type: ignore[return-value]

    return mark


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What `view` declared; None where it declared nothing."""
    declared: Operation | None = getattr(view, _OPERATION, None)
    return declared


@bp.errorhandler(InputProblem)
def _malformed(problem: InputProblem) -> ResponseReturnValue:
    """Every problem at once, each with its field, under `errors`."""
    entry = ANSWERS[InputProblem]
    body = {
        "type": "about:blank",
        "title": str(entry.title),
        "status": int(entry.status),
        "detail": str(entry.advice),
        "errors": problem.problems,
    }
    return answer(body, entry.status, media_type="application/problem+json")


def answer(data: Any, status: int = 200, *, media_type: str = JSON) -> Response:
    """`data` as JSON. Bytes are taken for finished JSON."""
    return Response(data if isinstance(data, bytes) else orjson.dumps(data), status, mimetype=media_type)


def revalidated(response: Response, tag: str) -> Response:
    """Let the client keep the answer, but ask each time whether it is still right: 304 while `tag` is the same."""
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Cookie", "Authorization"))
    return response.make_conditional(request)  # type: ignore[return-value]
