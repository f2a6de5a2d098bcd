"""Checking a file as the page of planners does, and looking for English in what the page then says in Chinese."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from flask import Flask

from database.session import session_for
from webmap.plans.checking import check
from webmap.plans.orders import Order
from webmap.plans.telling import again, grouped

NAMES = re.compile(
    r"GeoJSON|JSON|GeoPackage|shapefile|MapInfo|ESRI|CAD|RAR|7-Zip|tar|zip|EPSG(?::\d+)?|ASCII|UTF-8|GB18030|Big5"
    r"|(?:CP|ISO8859-|BIG5)\w*|CGCS2000|WGS-84|wgs84|gcj02|bd09|cgcs2000|\.\w+"
)
"""What is called so in Chinese too: formats, encodings, coordinate systems, the endings of files."""


FILE = re.compile(r"[\w.()-]*[\w)]\.(?:shp|shx|dbf|prj|cpg|gpkg|geojson|json|txt|zip|xml|html?|csv)\b", re.ASCII)
"""The name of a file, as of those in a zip."""


@dataclass(frozen=True)
class Told:
    """What was found in a file, and everything that its page says of it in Chinese."""

    codes: set[str]
    headings: list[str]
    said: list[str]


def told_in_chinese(app: Flask, file: Path, **options: Any) -> Told:
    """Check a file, keep the report as the page keeps it, and say all of it in Chinese."""
    order = Order(file.name, **({"kind": "comprehensive"} | options))
    with session_for(app.extensions["wangge"].engine) as db:
        report = orjson.loads(orjson.dumps(check(db, file, order, file.parent)))
    with app.test_request_context("/", headers={"Accept-Language": "zh"}):
        groups = grouped(report)
        said = [text for group in groups for text in (group.title, group.advice)]
        said += [item["said"] for group in groups for item in group.items]
        said += [again(note) for note in report["detected"].get("notes", ())]
    return Told({group.code for group in groups}, report["headings"], said)


def english_in(said: str, *, file: Path, headings: list[str]) -> list[str]:
    """The English words of a sentence, but for what is quoted from the file and for names."""
    left = FILE.sub("", re.sub("“[^”]*”", "", said).replace(file.name, ""))
    for heading in sorted(headings, key=len, reverse=True):
        left = left.replace(heading, "") if heading.strip() else left
    return re.findall(r"[A-Za-z]{3,}", NAMES.sub("", left))
