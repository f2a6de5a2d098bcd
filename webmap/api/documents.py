"""GET /openapi.json: what this API takes and answers, written from the routes themselves and their models."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from webmap.api.answers import Problem
from webmap.api.operations import JSON, Answered, Operation, answer, bp, operation, operation_of
from webmap.permissions import PUBLIC, access_of, public

VERSION = "1.0"
PROBLEM = "application/problem+json"
COMPONENT = "#/components/schemas/{model}"

DESCRIPTION = """\
Sign in with the browser (writes then need the header X-CSRFToken), or send `Authorization: Bearer …` with a token
that an administrator issued. Everything is read within the jurisdiction of whoever asks. Times are RFC 3339; one
without a zone is local time of the county. Positions are longitude, latitude in the datum that is named.
Every failure is an RFC 9457 problem document; what is malformed is answered with all problems at once."""

_CONVERTER = re.compile(r"<(?:[^:<>]*:)?([^:<>]+)>")


@bp.get("/openapi.json")
@public
@operation("This document", answers={200: Answered("OpenAPI 3.1")})
def openapi() -> ResponseReturnValue:
    """The document, the same for everybody."""
    return answer(document(current_app))


def document(app: Flask) -> dict[str, Any]:
    """Describe every route of the API that `app` serves."""
    routes = list(_routes(app))
    schemas, names = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for rule, view, declared in routes:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path = _CONVERTER.sub(r"{\1}", rule.rule)
            paths.setdefault(path, {})[method.lower()] = _operation(rule, view, declared, method, schemas, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Wangge 网格", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas, "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "wangge"},
}

Route = tuple[Rule, Any, Operation]
Names = dict[tuple[Any, str], str]


def _routes(app: Flask) -> Iterator[Route]:
    """Every documented route below /api/; a test sees to it that there are no others."""
    for rule in app.url_map.iter_rules():
        declared = operation_of(app.view_functions[rule.endpoint])
        if declared is not None:
            yield rule, app.view_functions[rule.endpoint], declared


def _schemas(routes: list[Route]) -> tuple[dict[str, Any], Names]:
    """The schema of every model in use, and under which name each stands."""
    wanted: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
    for _rule, _view, declared in routes:
        if declared.body is not None:
            wanted[declared.body, "validation"] = None
        for given in declared.answers.values():
            if given.model is not None:
                wanted[given.model, "serialization"] = None
    references, top = models_json_schema(list(wanted), ref_template=COMPONENT)
    schemas: dict[str, Any] = dict(sorted(top["$defs"].items()))
    names: Names = {key: str(reference["$ref"]).rpartition("/")[2] for key, reference in references.items()}
    return schemas, names


def _operation(
    rule: Rule, view: Any, declared: Operation, method: str, schemas: dict[str, Any], names: Names
) -> dict[str, Any]:
    access = access_of(view)
    described: dict[str, Any] = {
        "operationId": f"{rule.endpoint.rpartition('.')[2]}_{method.lower()}",
        "summary": declared.summary,
        "parameters": [*_path_parameters(rule), *_query_parameters(declared, schemas), *_headers(declared)],
        "responses": _responses(declared, names, needs_account=access != PUBLIC),
        "security": [{}] if access == PUBLIC else [],
    }
    described["security"] += [{"token": []}, {"session": []}]
    if access != PUBLIC:
        described["description"] = f"Needs the permission `{access}`."
    if declared.body is not None:
        schema = {"$ref": COMPONENT.format(model=names[declared.body, "validation"])}
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return described


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        converter = rule._converters[name]
        schema: dict[str, Any] = {"type": "string"}
        if isinstance(converter, AnyConverter):
            schema["enum"] = sorted(converter.items)
        elif isinstance(converter, IntegerConverter):
            schema = {"type": "integer", "minimum": converter.min or 0}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(declared: Operation, schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each field of the query's model. A box is one word with commas, lists are repeated."""
    if declared.query is None:
        return
    whole = declared.query.model_json_schema(ref_template=COMPONENT)
    for name, definition in whole.pop("$defs", {}).items():
        schemas.setdefault(name, definition)
    for name, schema in whole["properties"].items():
        parameter = {"name": name, "in": "query", "required": name in whole.get("required", ()), "schema": schema}
        if "description" in schema:
            parameter["description"] = schema.pop("description")
        box = any("prefixItems" in each for each in (schema, *schema.get("anyOf", ())))
        yield parameter | {"style": "form", "explode": not box}


def _headers(declared: Operation) -> Iterator[dict[str, Any]]:
    for name, description in declared.headers.items():
        yield {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _responses(declared: Operation, names: Names, *, needs_account: bool) -> dict[str, Any]:
    responses = {str(status): _response(given, names) for status, given in declared.answers.items()}
    statuses = set(declared.problems) | ({401, 403} if needs_account else set())
    statuses |= {declared.malformed} if declared.query is not None else set()
    problem = {PROBLEM: {"schema": {"$ref": COMPONENT.format(model=names[Problem, "serialization"])}}}
    for status in sorted(statuses):
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return responses | {"default": {"description": "any other failure", "content": problem}}


def _response(given: Answered, names: Names) -> dict[str, Any]:
    described: dict[str, Any] = {"description": given.when}
    if given.media_type is not None:
        schema: dict[str, Any] = {}
        if given.model is not None:
            schema = {"schema": {"$ref": COMPONENT.format(model=names[given.model, "serialization"])}}
        described["content"] = {given.media_type: schema}
    return described
