"""The explanation of a case in words that a dispatcher can read out on the telephone.

`incidents.explaining` keeps facts, which do not age and have no language; here they become sentences.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from geo.addresses.answers import Accuracy
from geo.sentences import Told, retold
from incidents.address_placing import PlacingRule
from incidents.handover import Choice
from incidents.words import EventKind, PlaceMethod
from staffing.answering import AnswerRule
from staffing.words import DutyRole
from webmap.words import when, word

NEAR_M = 15.0
"""A point nearer to a border than this deserves a second look: telephones are no more accurate."""


SURE = ((0.9, _l("almost certain")), (0.7, _l("likely")), (0.4, _l("possible")), (0.0, _l("doubtful")))
"""What a confidence is called, from which share on."""


def where_sentence(explanation: dict[str, Any]) -> str:
    """By which rule the place was chosen."""
    grid = _name(explanation.get("grid"))
    match explanation.get("rule"):
        case "covers":
            return _("The point lies inside %(grid)s.", grid=grid)
        case "smallest-code-on-border":
            return _(
                "The point lies exactly on a shared border. By rule it goes to the smallest code: %(grid)s.", grid=grid
            )
        case "smallest-code-in-overlap":
            return _("Several grids overlap here. By rule the point goes to the smallest code: %(grid)s.", grid=grid)
        case "nearest-within-snap":
            return _(
                "The point lies outside every grid, %(metres)s m from %(grid)s, the nearest within 30 m.",
                grid=grid, metres=_metres(explanation.get("border_m")),
            )  # fmt: skip
        case "outside":
            return _("The point lies outside every comprehensive grid.")
        case _:
            return _("There is no usable position.")


def border_sentence(explanation: dict[str, Any]) -> str:
    """How near the next grid is; empty where there is none."""
    neighbour = explanation.get("neighbour")
    if neighbour is None or explanation.get("grid") is None:
        return ""
    return _(
        "%(border)s m to the border; next is %(neighbour)s at %(metres)s m.",
        border=_metres(explanation.get("border_m")), neighbour=_name(neighbour),
        metres=_metres(explanation.get("neighbour_m")),
    )  # fmt: skip


def near_a_border(explanation: dict[str, Any]) -> bool:
    """Whether a few metres would have sent the case to somebody else."""
    distance = explanation.get("neighbour_m")
    return explanation.get("grid") is not None and distance is not None and distance < NEAR_M


def answer_sentence(answer: dict[str, Any] | None) -> str:
    """Who answers, and why it is that person or desk."""
    if not answer:
        return _("Nobody is asked, because there is no grid.")
    person = (answer.get("person") or {}).get("name", "")
    unit = (answer.get("unit") or {}).get("name", "")
    match answer["rule"]:
        case AnswerRule.WORKER:
            return _("%(person)s, who has the duty here.", person=person)
        case AnswerRule.DEPUTY if answer.get("away"):
            return _("%(person)s as deputy: %(absence)s.", person=person, absence=_absence(answer))
        case AnswerRule.DEPUTY:
            return _("%(person)s as deputy: the worker's post is vacant.", person=person)
        case AnswerRule.LIAISON if answer.get("away"):
            return _(
                "%(person)s as the village's liaison: %(absence)s and no deputy is there.",
                person=person, absence=_absence(answer),
            )  # fmt: skip
        case AnswerRule.LIAISON:
            return _("%(person)s as the village's liaison: the worker's post is vacant.", person=person)
        case AnswerRule.TOWNSHIP_DESK:
            return _("%(unit)s: nobody present is named for the grid or its village.", unit=unit)
        case AnswerRule.COUNTY_DESK:
            return _("%(unit)s: the township has no desk and nobody present is named.", unit=unit)
        case _:
            return _("Nobody is named for this place at any level.")


def history_sentence(event: dict[str, Any]) -> str:
    """What one line of the history tells, beyond its kind and state."""
    details = event.get("details") or {}
    if redraw := details.get("redraw"):
        return _redrawn(redraw["name"], details)
    if lead := details.get("lead"):
        return _("to %(unit)s", unit=lead["name"])
    if grid := details.get("grid"):
        method = details.get("method")
        placed = _("in %(grid)s", grid=grid["name"])
        return f"{placed} · {word(PlaceMethod(method))}" if method else placed
    return _("none that is certain") if event.get("kind") == EventKind.PLACED else ""


def _redrawn(name: str, details: dict[str, Any]) -> str:
    """Who answered before and who after a redraw, and whether the case went over."""
    facts = {"before": _holder(details.get("before")), "after": _holder(details.get("after")), "redraw": name}
    if details.get("choice") == Choice.MOVE:
        return _("from %(before)s to %(after)s, because of the redraw “%(redraw)s”", **facts)
    return _("stays with %(before)s; since the redraw “%(redraw)s” its place belongs to %(after)s", **facts)


def _holder(place: dict[str, Any] | None) -> str:
    """A grid and who answers for it."""
    place = place or {}
    answerer = place.get("answerer") or {}
    who = (answerer.get("person") or answerer.get("unit") or {}).get("name")
    return f"{_name(place.get('grid'))} ({who})" if who else _name(place.get("grid"))


def how_placed(place: dict[str, Any], explanation: dict[str, Any]) -> str:
    """By what a case came to its place; empty where it has none."""
    if place["method"] is None:
        return ""
    method, words = word(PlaceMethod(place["method"])), explanation.get("address")
    if not words:
        return method
    return _(
        "%(method)s: %(name)s (%(accuracy)s, %(sure)s)", method=method, name=words["matched"],
        accuracy=word(Accuracy(words["accuracy"])), sure=sure(words["confidence"]),
    )  # fmt: skip


def accuracy_word(accuracy: str) -> str:
    """What kind of place was found."""
    return word(Accuracy(accuracy))


def is_area(accuracy: str) -> bool:
    """Whether it is a road, a village or a township, whose point is only a middle."""
    return not Accuracy(accuracy).is_point


def sure(confidence: float) -> str:
    """A confidence in words and as a share."""
    called = next(called for least, called in SURE if confidence >= least)
    return f"{called} {percents(confidence)}"


def percents(share: float) -> str:
    """A share in whole hundredths; the almost certain never shows as 100 %, nor the almost impossible as 0 %."""
    return "<1%" if 0 < share < 0.01 else f"{min(round(100 * share), 99 if share < 1 else 100)}%"


def why_not_placed(rule: str | None) -> str:
    """Why the words of a case were left to a person."""
    match rule:
        case PlacingRule.SEVERAL_PLACES:
            return _("Places in different grids are nearly as likely as each other.")
        case PlacingRule.UNCERTAIN:
            return _("No place is certain enough to be taken without a person.")
        case PlacingRule.ONLY_AN_AREA:
            return _("The words name an area with parts of several grids, and no place in it.")
        case PlacingRule.ANOTHER_TOWNSHIP:
            return _("The place that fits best lies in another township than the words name.")
        case PlacingRule.OUTSIDE_ALL_GRIDS:
            return _("The place that fits best lies outside every grid.")
        case _:
            return ""


def contradiction_sentence(found: dict[str, Any]) -> str:
    """That words and coordinates name different townships."""
    return _(
        "The words name %(named)s, but the coordinates lie in %(located)s. Nothing was moved: look which is right.",
        named=found["named"]["name"], located=found["located"]["name"],
    )  # fmt: skip


def reach_sentence(candidate: dict[str, Any]) -> str:
    """In which grid a candidate lies, or that it is in none or in several."""
    if candidate["grid"]:
        return str(candidate["grid"]["name"])
    return _("outside every grid") if not candidate["grids"] else _("in %(count)s grids", count=candidate["grids"])


def reasons(told: list[Told]) -> list[str]:
    """Why a candidate is one, in the language of the page."""
    return [retold(reason, _) for reason in told]


def spans_of(candidate: dict[str, Any], words: str) -> list[tuple[int, int]]:
    """From where to where a candidate's pieces stand in the words, in order and without overlap."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((piece["start"], piece["end"]) for piece in candidate["pieces"]):
        if 0 <= start < end <= len(words) and start >= (found[-1][1] if found else 0):
            found.append((start, end))
    return found


def marked(words: str, spans: list[tuple[int, int]]) -> Iterator[tuple[bool, str]]:
    """The words in stretches, each with whether it is one of the spans."""
    at = 0
    for start, end in spans:
        yield False, words[at:start]
        yield True, words[start:end]
        at = end
    yield False, words[at:]


def team_of(explanation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The people with a duty on the place, with their role as a word."""
    for member in explanation.get("staff") or ():
        yield {**member, "role": word(DutyRole(member["role"]))}


def _absence(answer: dict[str, Any]) -> str:
    away, until = answer["away"]["name"], answer.get("away_until")
    if until is None:
        return _("%(person)s is away, no return date is known", person=away)
    return _("%(person)s is away until %(until)s", person=away, until=when(datetime.fromisoformat(until)))


def _name(area: dict[str, Any] | None) -> str:
    return area["name"] if area else "—"


def _metres(distance_m: float | None) -> str:
    if distance_m is None:
        return "—"
    return f"{distance_m:.1f}" if distance_m < 10 else f"{distance_m:.0f}"
