"""What a check found, in the reader's language: kinds of trouble with what to do about them, and sentences.

A check keeps what its sentences were made of (`geo.sentences`); here they are said again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from geo.codes import AreaKind
from geo.sentences import Told, retold
from webmap.plans.titles import TITLES
from webmap.words import NOTHING


@dataclass
class Group:
    """All troubles of one kind and weight."""

    code: str
    severity: str
    title: str
    advice: str
    items: list[dict[str, Any]] = field(default_factory=list)


def grouped(report: Mapping[str, Any]) -> list[Group]:
    """Problems and findings of a report by kind, what blocks first and then what there is most of."""
    groups: dict[tuple[str, str], Group] = {}
    for item in _items(report):
        key = (item["code"], item["severity"])
        if key not in groups:
            title, advice = TITLES.get(item["code"], (_("The file as a whole"), ""))  # of an earlier release's check
            groups[key] = Group(*key, str(title), str(advice))
        groups[key].items.append(item)
    return sorted(groups.values(), key=lambda group: (group.severity != "block", -len(group.items)))


def _items(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for problem in report["problems"]:
        heading = problem["field"] and again(problem["field"])
        shown = {"said": again(problem["message"]), "field": FIELDS.get(heading, heading)}
        yield problem | shown | {"finding": None, "rows": [problem["row"] or 0]}
    for at, finding in enumerate(report["findings"]):
        yield finding | {"said": again(finding["message"]), "finding": at, "row": None, "field": None}


def again(told: Told) -> str:
    """Say what a check has told in the language of the page."""
    return retold(told, _)


def kind_names() -> dict[AreaKind, str]:
    """The kinds in the plural, as layers are called."""
    return {
        AreaKind.COMPREHENSIVE: _("Comprehensive grids"),
        AreaKind.SPECIALISED: _("Specialised grids"),
        AreaKind.VILLAGE: _("Villages"),
        AreaKind.TOWNSHIP: _("Townships"),
        AreaKind.COUNTY: _("Counties"),
    }


DOMAINS: dict[str, LazyString] = {
    "school": _l("School"),
    "hospital": _l("Hospital"),
    "market": _l("Market"),
    "park": _l("Industrial park"),
    "building-site": _l("Building site"),
    "scenic": _l("Scenic area"),
}


def domain_name(domain: str | None) -> str:
    """What a specialised grid is for; a department's own word as it is."""
    return str(DOMAINS.get(domain or "", domain or NOTHING))


FIELDS: dict[str, LazyString] = {
    "code": _l("Code"),
    "name": _l("Area name"),
    "parent": _l("Lies in"),
    "households": _l("Households"),
    "domain": _l("Domain"),
    "outline": _l("Outline"),
}
"""Our fields, as the page calls them."""
