"""The OpenAPI 3.0 document that the standard asks for, made from the 3.1 document of the whole API.

Each layer is described at an address of its own: clients look up there how large a page may be and by which
properties the server filters.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from geo.codes import AreaKind
from webmap.api.documents import document

PREFIX = "/api/v1/ogc"

DESCRIPTION = """\
Areas, each kind a collection, and the incidents of one's jurisdiction, as OGC API – Features 1.0 (OGC 17-069r4): Core,
OpenAPI 3.0 and GeoJSON. It reads only. Positions are longitude, latitude in WGS-84 degrees (CRS84) and nothing else.
Send `Authorization: Bearer …` with a token that an administrator issued; a program that only knows a name and a
password may send the token as the password."""

_SECURITY = {"basic": {"type": "http", "scheme": "basic"}}


def described(app: Flask, root: str, layers: list[str]) -> dict[str, Any]:
    """The document for whoever sees the given layers, served at `root`."""
    paths = {path: told for path, told in _whole(app)["paths"].items() if _layer_of(path) in (None, *layers)}
    return _whole(app) | {"servers": [{"url": root}], "paths": paths}


def _whole(app: Flask) -> dict[str, Any]:
    """The document with every layer; made once, for it takes as long as a page of features."""
    made: dict[str, Any] | None = app.extensions.get("wangge.ogc")
    return made or app.extensions.setdefault("wangge.ogc", _made(document(app)))


def _made(newer: dict[str, Any]) -> dict[str, Any]:
    known = newer["components"]["schemas"]
    paths = dict(_paths(newer["paths"], known))
    schemas = {name: _older(known[name]) for name in sorted(_used(paths, newer))}
    return {
        "openapi": "3.0.3",
        "info": newer["info"] | {"title": "Wangge 网格: OGC API – Features", "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": {"limit": _limit(paths)},
            "securitySchemes": newer["components"]["securitySchemes"] | _SECURITY,
        },
    }


def _limit(paths: dict[str, Any]) -> dict[str, Any]:
    """How large a page may be. QGIS looks here alone, and reads a hundred at a time where it finds nothing."""
    asked = paths[f"/collections/{AreaKind.COUNTY}/items"]["get"]["parameters"]
    limit: dict[str, Any] = next(each for each in asked if each["name"] == "limit")
    return limit


def _paths(newer: dict[str, Any], known: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The paths below `PREFIX`, those of areas once for each kind."""
    for path, methods in newer.items():
        if path.startswith(PREFIX):
            short = path.removeprefix(PREFIX)
            for layer in AreaKind if "{layer}" in short else (None,):
                yield short.replace("{layer}", str(layer)), {"get": _operation(methods["get"], layer, known)}


def _operation(told: dict[str, Any], layer: str | None, known: dict[str, Any]) -> dict[str, Any]:
    parameters = [_parameter(each, known) for each in told["parameters"] if each["name"] != "layer"]
    return _older(
        told
        | {
            "operationId": f"{told['operationId']}_{layer}" if layer else told["operationId"],
            "parameters": parameters,
            "security": [*told["security"], {"basic": []}],
        }
    )


def _parameter(told: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out, without the null that nobody can write in an address.

    Its schema is spelled out: GDAL and QGIS let the server filter by what has a type at once, not behind a reference.
    """
    schema = _older(told["schema"])
    if schema.pop("nullable", False):
        schema.pop("default", None)
    for choice in schema.pop("anyOf", ()):  # one is left of it, a reference
        schema |= _older(known[choice["$ref"].rpartition("/")[2]])
    return told | {"schema": schema, "explode": False}


def _layer_of(path: str) -> str | None:
    """The layer that a path is about."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 else None


def _used(told: Any, newer: dict[str, Any]) -> set[str]:
    """The names of the schemas that are referred to, and of those that these refer to."""
    found: set[str] = set()
    left = set(_references(told))
    while left:
        found |= left
        left = set(_references([newer["components"]["schemas"][name] for name in left])) - found
    return found


def _references(told: Any) -> Iterator[str]:
    """The names of the schemas that something refers to directly."""
    if isinstance(told, dict):
        for name, value in told.items():
            if name == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)
    elif isinstance(told, list):
        for each in told:
            yield from _references(each)


def _older(schema: Any) -> Any:
    """A schema of 3.1 in the words of 3.0, which knows neither a type null nor constants nor tuples."""
    if isinstance(schema, list):
        return [_older(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _older(value) for name, value in schema.items() if name != "prefixItems"}
    if "const" in told:
        told["enum"] = [told.pop("const")]
    choices = told.get("anyOf", [])
    if {"type": "null"} in choices:
        told["anyOf"] = [each for each in choices if each != {"type": "null"}]
        told["nullable"] = True
    if len(told.get("anyOf", [])) == 1 and "$ref" not in told["anyOf"][0]:
        told |= told.pop("anyOf")[0]
    return told
