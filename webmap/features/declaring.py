"""How routes of this package are declared: as all of the API are, but what is wrong with a query is answered with 400.

The standard wants that of every address, also of those that take nothing: a parameter that is not described is refused.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from webmap.api.operations import View, operation
from webmap.features.asking import Carried

MALFORMED = HTTPStatus.BAD_REQUEST


def selection(summary: str, *, query: type[BaseModel], **declared: Any) -> Callable[[View], View]:
    """Declare a view that selects features, to which `query` is handed."""
    return operation(summary, query=query, malformed=MALFORMED, **declared)


def description(summary: str, **declared: Any) -> Callable[[View], View]:
    """Declare a view that takes no parameter of its own."""

    def mark(view: View) -> View:
        @wraps(view)
        def without_query(*, query: Carried, **arguments: Any) -> ResponseReturnValue:  # noqa: ARG001  read, not used
            answer: ResponseReturnValue = view(**arguments)
            return answer

        return operation(summary, query=Carried, malformed=MALFORMED, **declared)(without_query)  # type: ignore[return-value]

    return mark
