"""Asking every address of the application, whatever it is, with values that lead to what one should not see.

A new route is walked without anybody thinking of it. One that takes an argument of a new name stops the walk until
the test that walks says what to put there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import parse_qs

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from webmap.api.operations import operation_of
from webmap.identity import WITHOUT_DATABASE

Values = Mapping[tuple[str, ...], Sequence[tuple[Any, ...]]]
"""What to put into arguments, by their names; several names are given values together."""


class UnknownArgument(LookupError):
    """A route takes an argument for which the walk has no values: give it some in the test that walks."""


@dataclass(frozen=True)
class Step:
    """One request of the walk."""

    endpoint: str
    method: str
    url: str
    body: dict[str, Any] | None = None

    def take(self, client: FlaskClient) -> TestResponse:
        """Ask. What the API takes goes as JSON, what pages take as a form."""
        if self.body is None:
            return client.open(self.url, method=self.method)
        if self.url.startswith("/api/"):
            return client.open(self.url, method=self.method, json=self.body)
        return client.open(self.url, method=self.method, data=self.body)


def steps(app: Flask, values: Values, queries: Iterable[str], bodies: Iterable[dict[str, Any]]) -> Iterator[Step]:
    """Every route with every value of its arguments: read with each query, written to with each body."""
    for rule in app.url_map.iter_rules():
        understood = [query for query in queries if _understands(app, rule, query)]
        for arguments in _arguments(rule, values):
            built = rule.build(arguments, append_unknown=False)
            assert built is not None, f"{rule.rule} cannot be built with {arguments}"
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                if method == "GET":
                    yield from (Step(rule.endpoint, method, f"{built[1]}?{query}") for query in understood)
                else:
                    yield from (Step(rule.endpoint, method, built[1], body) for body in bodies)


def _understands(app: Flask, rule: Rule, query: str) -> bool:
    """Whether a route would look at the query: the API refuses unknown parameters, and files ask nothing."""
    if rule.endpoint in WITHOUT_DATABASE:
        return query == ""
    declared = operation_of(app.view_functions[rule.endpoint])
    if declared is None or query == "":
        return True
    fields = declared.query.model_fields if declared.query else {}
    known = {of.alias or name for name, of in fields.items()}
    return set(parse_qs(query)) <= known


def _arguments(rule: Rule, values: Values) -> Iterator[dict[str, Any]]:
    """Every combination of values for the arguments of a route; those given together stay together."""
    left, choices = set(rule.arguments), []
    for names, rows in values.items():
        if left.issuperset(names):
            left -= set(names)
            choices.append([dict(zip(names, row, strict=True)) for row in rows])
    for name in sorted(left):
        converter = rule._converters[name]
        if not isinstance(converter, AnyConverter):
            raise UnknownArgument(f"{name} in {rule.rule}")
        choices.append([{name: word} for word in sorted(converter.items)])
    for chosen in product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}
