"""Links between the answers: absolute, for a client may keep an answer without the address it came from."""

from typing import Any

from flask import request, url_for
from werkzeug.urls import iri_to_uri

from webmap.api.operations import GEOJSON, JSON

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
INCIDENTS = "incidents"


def link(rel: str, endpoint: str, type_: str = JSON, *, title: str | None = None, **values: Any) -> dict[str, str]:
    """One link to a route of this package."""
    told = {"href": url_for(f"features.{endpoint}", _external=True, **values), "rel": rel, "type": type_}
    return told | ({"title": title} if title else {})


def this(type_: str = JSON) -> dict[str, str]:
    """The link of an answer to itself, as it was asked."""
    return {"href": iri_to_uri(request.url), "rel": "self", "type": type_}


def collection(rel: str, layer: str) -> dict[str, str]:
    """The link to a layer's description."""
    return link(rel, "incident_layer") if layer == INCIDENTS else link(rel, "area_layer", layer=layer)


def items(rel: str, layer: str, **query: Any) -> dict[str, str]:
    """The link to a layer's features."""
    if layer == INCIDENTS:
        return link(rel, "incident_items", GEOJSON, **query)
    return link(rel, "area_items", GEOJSON, layer=layer, **query)


def root() -> str:
    """The address that everything else is below, without a slash at its end: what people enter in QGIS."""
    return url_for("features.landing", _external=True).rstrip("/")
