"""What the hotspots page is asked, as it stands in the address."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from incidents.clock import LOCAL
from incidents.drafts import faults_of
from incidents.finding import IncidentFilter
from webmap.problems import InputProblem

NARROWING = ("township", "channel", "field", "matter")
USUAL_DAYS = 90
PERIODS = (7, 30, 90, 365)


class Show(StrEnum):
    """What the map shows and the list is ordered by."""

    HEAT = "heat"
    COUNT = "count"
    INTENSITY = "intensity"


SHOWN: dict[Show, LazyString] = {
    Show.HEAT: _l("Heat"),
    Show.COUNT: _l("By grid"),
    Show.INTENSITY: _l("Against households"),
}


@dataclass(frozen=True)
class Asked:
    """One view: the incidents meant, and the days (both included) and parameters that mean them."""

    show: Show
    since: date
    until: date
    incidents: IncidentFilter
    params: dict[str, str]

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def address(self, **changes: Any) -> dict[str, Any]:
        """The parameters with some changed; None leaves one out."""
        own = {"show": self.show, "since": self.since.isoformat(), "until": self.until.isoformat(), **self.params}
        return {name: str(value) for name, value in (own | changes).items() if value not in (None, "")}

    def last_days(self, days: int, today: date) -> dict[str, Any]:
        """The parameters of the same view of the last so many days."""
        return self.address(since=today - timedelta(days=days - 1), until=today)

    def layer(self) -> dict[str, Any]:
        """The incidents meant, as parameters of the API."""
        return self.incidents.model_dump(mode="json", exclude_defaults=True)

    def of_desk(self, **more: str) -> dict[str, Any]:
        """The incidents meant, as parameters of the desk."""
        known = {name: value for name, value in self.params.items() if name != "field"}
        return {"tab": "all", "since": self.since.isoformat(), "until": self.until.isoformat(), **known, **more}


def read_asked(args: MultiDict[str, str], today: date) -> Asked:
    """The view in a query string. Raises InputProblem with every problem."""
    params = {name: args[name].strip() for name in NARROWING if args.get(name, "").strip()}
    show = Show(args["show"]) if args.get("show") in set(Show) else Show.HEAT
    problems: list[str] = []
    since, until = (_day(args.get(name, ""), name, problems) for name in ("since", "until"))
    until = until or today
    since = since or until - timedelta(days=USUAL_DAYS - 1)
    given: dict[str, Any] = params | {"since": _midnight(since), "until": _midnight(until + timedelta(days=1))}
    if "channel" in params:
        given["channel"] = (params["channel"],)
    try:
        meant = IncidentFilter.model_validate(given)
    except ValidationError as error:
        problems += [f"{fault.field}: {fault.message}" for fault in faults_of(error)]
    if problems:
        raise InputProblem(problems)
    return Asked(show, since, until, meant, params)


def _day(written: str, name: str, problems: list[str]) -> date | None:
    if not written.strip():
        return None
    try:
        day = date.fromisoformat(written.strip())
    except ValueError:
        problems.append(f"{name}: “{written[:40]}” is no day, as in 2026-03-01")
        return None
    return day if 1900 <= day.year <= 2198 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LOCAL)
