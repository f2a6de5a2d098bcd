"""The explanation of a case in words that a dispatcher can read out on the telephone.

`incidents.explaining` keeps facts, which do not age and have no language; here they become sentences.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from staffing.answering import AnswerRule
from staffing.words import DutyRole
from webmap.words import when, word

NEAR_M = 15.0
"""A point nearer to a border than this deserves a second look: telephones are no more accurate."""


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
    if lead := details.get("lead"):
        return _("to %(unit)s", unit=lead["name"])
    if grid := details.get("grid"):
        return _("in %(grid)s", grid=grid["name"])
    return ""


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
