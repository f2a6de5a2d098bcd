"""From a query string or a body to a checked model, or to every problem in it at once."""

import re
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from flask import Request
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from geo.crs import DatumError, parse_datum
from incidents.drafts import Fault, faults_of
from webmap.api.errors import BodyUnreadable
from webmap.problems import InputProblem


def _known_datum(value: str) -> str:
    try:
        return parse_datum(value).name
    except DatumError as unknown:
        raise ValueError(str(unknown)) from unknown


DatumName = Annotated[
    str, Field(max_length=40, description="wgs84, gcj02, bd09, cgcs2000 or EPSG:n"), AfterValidator(_known_datum)
]
"""The datum of a pair of numbers, under any spelling that geo.crs knows."""

LARGEST_BODY = 128 * 1024
"""Bytes of a JSON body: the longest text with every letter escaped, and everything else, twice over."""

Model = TypeVar("Model", bound=BaseModel)

# In a query string an unescaped + means a space: 2026-03-01T08:00:00+08:00 arrives without its plus.
_LOST_PLUS = re.compile(r"(\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)$")


def read_query(model: type[Model], args: MultiDict[str, str]) -> Model:
    """Check the query string. Blank values count as not given; only lists may be given more than once.

    Raises InputProblem with every problem.
    """
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    lists = _lists(model)
    for name in args:
        values = [value for value in args.getlist(name) if value.strip()]
        if name in lists:
            given[name] = values
        elif len(values) > 1:
            faults.append(Fault(name, "repeated", "is given more than once"))
        elif values:
            given[name] = _LOST_PLUS.sub(r"\1+\2", values[0])
    try:
        checked = model.model_validate(given)
    except ValidationError as error:
        faults += faults_of(error)
    if faults:
        raise InputProblem(_told(faults, "is not a parameter of this address"))
    return checked


def read_body(model: type[Model], request: Request) -> Model:
    """Check a JSON body. Raises InputProblem with every problem.

    What is no JSON at all raises BodyUnreadable, another content type UnsupportedMediaType, too
    many bytes RequestEntityTooLarge.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    request.max_content_length = LARGEST_BODY
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise BodyUnreadable(first["ctx"]["error"]) from error
        raise InputProblem(_told(faults_of(error), "is not a field here")) from error


def _told(faults: list[Fault], unknown: str) -> list[str | dict[str, Any]]:
    """The faults as JSON. What a field is not, depends on where it was given."""
    return [
        {
            "field": fault.field,
            "code": fault.code,
            "message": unknown if fault.code == "extra-forbidden" else fault.message,
        }
        for fault in faults
    ]


def _lists(model: type[BaseModel]) -> set[str]:
    """The parameters that may be given more than once."""
    fields: Mapping[str, Any] = model.model_fields
    return {of.alias or name for name, of in fields.items() if _takes_many(of.annotation)}


def _takes_many(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(_takes_many(one) for one in get_args(annotation))
    return get_origin(annotation) is tuple and get_args(annotation)[-1] is Ellipsis
