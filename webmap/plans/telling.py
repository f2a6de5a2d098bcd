"""What a check found, in the reader's language: kinds of trouble with what to do about them, and sentences.

Reports are written once, in English, for files and the command line. Here their facts become sentences again; what
has no sentence of ours is shown as it was written.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from geo.codes import AreaKind
from importers.errors import ReadError
from webmap.words import NOTHING, number

_LOOK = _l("Look at the map: do the areas lie where they should?")

TITLES: dict[str, tuple[LazyString, LazyString]] = {
    "overlap": (
        _l("Grids that share ground"),
        _l("Correct the common border, or accept it: on shared ground the grid with the smallest code answers."),
    ),
    "outside-parent": (
        _l("Areas that stick out of the one above"),
        _l("Cut them at the border of their village or township, or correct that border first."),
    ),
    "geometry-invalid": (
        _l("Outlines that are broken"),
        _l("Mend them in the drawing program: look where the line crosses itself."),
    ),
    "geometry-null": (_l("Rows without an outline"), _l("Draw the outline, or leave the row out.")),
    "geometry-empty": (_l("Rows with an empty outline"), _l("Draw the outline, or leave the row out.")),
    "outline-unreadable": (_l("Outlines that cannot be read"), _l("Draw them anew; they have too few corners.")),
    "ring-not-closed": (_l("Outlines that were closed"), _l("Nothing needs doing: they ended beside their beginning.")),
    "code-missing": (_l("Rows without a code"), _l("Give every area a code of its own.")),
    "code-malformed": (
        _l("Codes that follow no rule"),
        _l("Correct them, or choose the code profile “free” if your office has codes of its own."),
    ),
    "code-repeated": (_l("Codes that occur twice"), _l("Give every area a code of its own.")),
    "code-taken": (
        _l("Areas that are in force already, and differ"),
        _l("An import only adds areas. To change one is a redraw."),
    ),
    "name-empty": (_l("Rows without a name"), _l("Give them a name, or accept: they are called by their code.")),
    "parent-unknown": (
        _l("Areas above that are not there"),
        _l("Load villages and townships first, or correct the code."),
    ),
    "parent-mismatch": (_l("Codes that contradict the area above"), _l("Correct the code or the area above.")),
    "domain-missing": (_l("Specialised grids without a domain"), _l("Choose the domain in the form, or add a column.")),
    "not-a-count": (_l("Numbers of households that cannot be"), _l("They are left unknown.")),
    "missing-column": (_l("A column is missing"), _l("Say in the form which column it is.")),
    "ambiguous-column": (_l("Several columns could be meant"), _l("Say in the form which column it is.")),
    "unknown-column": (_l("A column that was named is not there"), _l("Compare with the headings of the file.")),
    "crs-assumed": (
        _l("The coordinate system was assumed"),
        _l("Look at the map: do the areas lie where they should?"),
    ),
    "crs-guessed": (
        _l("The coordinate system was worked out"),
        _l("Look at the map: do the areas lie where they should?"),
    ),
    "datum-imprecise": (_l("The datum is not exact"), _l("Ask for the file in CGCS2000.")),
    "prj-unreadable": (_l("The .prj cannot be read"), _LOOK),
}
"""Code → what it is, and what to do. A code that is not here is shown under the first sentence of its kind."""


def N_(sentence: str) -> str:  # noqa: N802  the usual name of a mark for the catalogue
    """Mark a sentence for the catalogue; it is looked up when it is said."""
    return sentence


PARTS = (
    N_("empty"),
    N_("“{code}” is the code of row {row} too"),
    N_(
        "The code “{code}” of a {kind} must have {digits} digits, not {found}: it is padded with zeros, write {better}."
    ),
    N_("The code “{code}” of a {kind} must have {digits} digits, not {found}."),
    N_("there is no {levels} with the code “{code}”"),
    N_("its code names the {level} “{code}”, and there is none of that code"),
    N_("“{code}” is in force with another {what}"),
    N_("to change it is a redraw, not an import"),
    N_("crosses itself near {where}"),
    N_("touches itself near {where}"),
    N_("the mended copy differs by {share} % ({size} m²)"),
    N_("the mended copy differs by {share} %"),
    N_("the mended copy is used"),
    N_("only used when accepted"),
    N_("there is no outline"),
    N_("the outline is empty"),
    N_("it is not a polygon"),
    N_("the outline encloses no ground"),
    N_("a ring was not closed"),
    N_("a ring did not end where it began"),
    N_("it was closed"),
    N_("left unknown"),
    N_("no such column"),
    N_("the file has: {headings}"),
)
"""What reports are put together from, with a semicolon between the parts."""


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
            title, advice = TITLES.get(item["code"], (_("The file as a whole"), ""))
            groups[key] = Group(*key, str(title), str(advice))
        groups[key].items.append(item)
    return sorted(groups.values(), key=lambda group: (group.severity != "block", -len(group.items)))


def _items(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for problem in report["problems"]:
        yield problem | {"said": _problem_said(problem), "finding": None, "rows": [problem["row"] or 0]}
    for at, finding in enumerate(report["findings"]):
        yield finding | {"said": finding_said(finding), "finding": at, "row": None, "field": None}


def finding_said(finding: Mapping[str, Any]) -> str:
    """What is wrong on the ground, as a sentence."""
    one, *others = finding["codes"]
    size = _size(finding["size_m2"])
    match finding["code"]:
        case "overlap" if others:
            return _("%(one)s and %(other)s share %(size)s.", one=one, other=others[0], size=size)
        case "outside-parent" if others:
            return _("%(one)s sticks out of %(above)s by %(size)s.", one=one, above=others[0], size=size)
        case _:
            return str(finding["message"])


def _problem_said(problem: Mapping[str, Any]) -> str:
    """A sentence that a file's error class has is said again in the language of the page."""
    message = str(problem["message"])
    for error in _all_below(ReadError):
        if error.code == problem["code"] and (facts := _facts(error.sentence(), message)) is not None:
            return _(error.sentence()).format(**facts)
    return _("; ").join(_part_said(part) for part in message.split("; "))


def _part_said(part: str) -> str:
    for sentence in PARTS:
        if (facts := _facts(sentence, part)) is not None:
            return _(sentence).format(**facts)
    return part


def _facts(sentence: str, said: str) -> dict[str, str] | None:
    """The facts that were put into a sentence."""
    pattern, seen = "", set()
    for part in re.split(r"(\{\w+\})", sentence):
        name = part[1:-1]
        if not re.fullmatch(r"\{\w+\}", part):
            pattern += re.escape(part)
        elif name in seen:
            pattern += f"(?P={name})"
        else:
            pattern += f"(?P<{name}>.*)"
            seen.add(name)
    found = re.fullmatch(pattern, said, re.DOTALL)
    return found.groupdict() if found else None


def _all_below(error: type[ReadError]) -> Iterator[type[ReadError]]:
    for below in error.__subclasses__():
        yield below
        yield from _all_below(below)


def _size(size_m2: float) -> str:
    if size_m2 >= 1e6:
        return f"{size_m2 / 1e6:,.2f} km²"
    return f"{number(round(size_m2))} m²" if size_m2 >= 10 else f"{size_m2:.2g} m²"


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
