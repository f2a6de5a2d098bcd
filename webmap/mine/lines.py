"""A case as the person in the street needs it: what, how long still, whose it is, and what can be done now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import format_timedelta
from flask_babel import gettext as _

from incidents import presenting
from incidents.actors import Actor
from incidents.models import Incident
from incidents.workflow import Move
from incidents.worklist import Worklist

ON_THE_SPOT = (Move.FIX, Move.HANDLE, Move.FILE)
"""The steps that are taken from this page, in the order they are offered."""


@dataclass(frozen=True)
class Line:
    """One case of the list. `ours` is False where it lies in nobody's grid of ours: then `whose` says whose it is."""

    incident: Incident
    summary: dict[str, Any]
    ours: bool
    whose: str
    moves: tuple[Move, ...]
    deadline: str
    again: int


@dataclass(frozen=True)
class Lines:
    """The list in the order it is worked through."""

    to_do: list[Line]
    with_others: list[Line]
    elsewhere: list[Line]
    closed_today: list[Line]

    def __iter__(self) -> Any:
        return iter([*self.to_do, *self.with_others, *self.elsewhere, *self.closed_today])


def lines_of(found: Worklist, *, own: Collection[int], by: Actor, now: datetime) -> Lines:
    """Sort the cases by what they ask of `by`; `own` are the ids of the grids that are theirs."""
    still_open = [_line(incident, found.reported_again, own, by, now) for incident in found.open]
    here = [line for line in still_open if line.ours]
    return Lines(
        to_do=[line for line in here if line.moves],
        with_others=[line for line in here if not line.moves],
        elsewhere=[line for line in still_open if not line.ours],
        closed_today=[_line(incident, found.reported_again, own, by, now) for incident in found.closed_today],
    )


def deadline_words(due_at: datetime | None, now: datetime) -> str:
    """How long still, or how late; empty without a deadline."""
    if due_at is None:
        return ""
    span = format_timedelta(abs(due_at - now), threshold=1.2)
    return _("%(span)s late", span=span) if due_at < now else _("%(span)s left", span=span)


def _line(incident: Incident, again: Mapping[int, int], own: Collection[int], by: Actor, now: datetime) -> Line:
    allowed = {move["move"] for move in presenting.allowed_moves(incident, by)}
    return Line(
        incident=incident,
        summary=presenting.summary(incident, now=now),
        ours=incident.grid_id is None or bool({incident.grid_id, *incident.specialised_ids} & set(own)),
        whose=_whose(incident),
        moves=tuple(move for move in ON_THE_SPOT if move in allowed),
        deadline=deadline_words(incident.due_at, now) if incident.closed_at is None else "",
        again=again.get(incident.id, 0),
    )


def _whose(incident: Incident) -> str:
    """The unit it was dispatched to, else the person or desk that answers for it."""
    if incident.lead_unit is not None:
        return incident.lead_unit.name
    if incident.staff is not None:
        return incident.staff.name
    return incident.unit.name if incident.unit is not None else ""
