"""The desk's filter as it stands in the address, so that a view can be bookmarked and sent to a colleague."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from incidents.clock import LOCAL
from incidents.drafts import faults_of
from incidents.finding import IncidentFilter
from incidents.workflow import State
from webmap.problems import InputProblem


class Tab(StrEnum):
    """The heaps that a dispatcher works through."""

    OPEN = "open"
    QUEUE = "queue"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLED = "handled"
    LATE = "late"
    CLOSED = "closed"
    ALL = "all"


TABS: dict[Tab, LazyString] = {
    Tab.OPEN: _l("Open cases"),
    Tab.QUEUE: _l("Queue"),
    Tab.FILED: _l("To dispatch"),
    Tab.DISPATCHED: _l("Under way"),
    Tab.HANDLED: _l("To confirm"),
    Tab.LATE: _l("Late"),
    Tab.CLOSED: _l("Closed"),
    Tab.ALL: _l("All"),
}

KEPT = ("tab", "township", "village", "grid", "channel", "matter", "since", "until", "text")
"""The parameters that make a view, in the order they stand in the address."""


@dataclass(frozen=True)
class DeskFilter:
    """What is asked of the desk: the incidents meant, and the parameters that mean them."""

    tab: Tab
    base: IncidentFilter
    params: dict[str, str]

    def of(self, tab: Tab, now: datetime) -> IncidentFilter:
        """The incidents of one heap under this filter."""
        return self.base.model_copy(update=_of_tab(tab, now))

    @property
    def narrowed(self) -> list[str]:
        """What beside the heap and the words narrows the view."""
        return [name for name in self.params if name not in ("tab", "text")]

    def address(self, **changes: str | None) -> dict[str, Any]:
        """The parameters with some changed; None or blank leaves one out."""
        merged = self.params | {name: value or "" for name, value in changes.items()}
        return {name: value for name, value in merged.items() if value}


def read_filter(args: MultiDict[str, str]) -> DeskFilter:
    """The filter in a query string. Raises InputProblem with every problem."""
    params = {name: args[name].strip() for name in KEPT if args.get(name, "").strip()}
    tab = Tab(params["tab"]) if params.get("tab") in set(Tab) else Tab.OPEN
    given: dict[str, Any] = {
        name: params[name] for name in ("township", "village", "grid", "matter", "text") if name in params
    }
    if "channel" in params:
        given["channel"] = (params["channel"],)
    try:
        given |= _days(params)
        return DeskFilter(tab, IncidentFilter.model_validate(given), params)
    except ValidationError as error:
        faults = [f"{fault.field}: {fault.message}" for fault in faults_of(error)]
        raise InputProblem(faults) from error


def _days(params: Mapping[str, str]) -> dict[str, Any]:
    """Whole local days: `until` is the last day that counts. What is no day is left for the model to refuse."""
    days: dict[str, Any] = {}
    for name, added in (("since", 0), ("until", 1)):
        if name in params:
            try:
                day = datetime.fromisoformat(params[name]).date() + timedelta(days=added)
                days[name] = datetime.combine(day, time(), LOCAL)
            except (ValueError, OverflowError):
                days[name] = params[name]
    return days


def _of_tab(tab: Tab, now: datetime) -> dict[str, Any]:
    match tab:
        case Tab.OPEN:
            return {"open": True}
        case Tab.QUEUE:
            return {"queued": True}
        case Tab.LATE:
            return {"overdue_at": now}
        case Tab.CLOSED:
            return {"state": (State.CLOSED, State.VOID)}
        case Tab.ALL:
            return {}
        case _:
            return {"state": (State(tab.value),)}
