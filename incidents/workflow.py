"""The closed loop as data: states, moves, and who may make which.

A move that is not in `MOVES` cannot happen. incidents.handling is the only place that makes one,
and it appends an event for each; this module only says what is allowed.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How far an incident has come."""

    REPORTED = "reported"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLED = "handled"
    CLOSED = "closed"
    VOID = "void"


class Move(StrEnum):
    """What is done to an incident. The names are those of the API: POST /api/v1/incidents/{id}/{move}."""

    FILE = "file"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    FIX = "fix"
    REWORK = "rework"
    CLOSE = "close"
    VOID = "void"


class Right(StrEnum):
    """What somebody must be entitled to in order to make a move."""

    FILE = "file"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    VERIFY = "verify"
    VOID = "void"


@dataclass(frozen=True)
class Rule:
    """The conditions of one move.

    `needs_handler`: only staff who answer for the incident, or whose unit it was dispatched to, may make it.
    `not_the_handler`: whoever handled the incident may not also confirm it.
    """

    to: State
    by: Right
    needs_note: bool = False
    needs_lead: bool = False
    needs_handler: bool = False
    not_the_handler: bool = False


MOVES: dict[tuple[State, Move], Rule] = {
    (State.REPORTED, Move.FILE): Rule(State.FILED, Right.FILE),
    (State.REPORTED, Move.VOID): Rule(State.VOID, Right.VOID, needs_note=True),
    (State.FILED, Move.DISPATCH): Rule(State.DISPATCHED, Right.DISPATCH, needs_lead=True),
    (State.FILED, Move.FIX): Rule(State.CLOSED, Right.HANDLE, needs_handler=True),
    (State.FILED, Move.VOID): Rule(State.VOID, Right.VOID, needs_note=True),
    (State.DISPATCHED, Move.HANDLE): Rule(State.HANDLED, Right.HANDLE, needs_handler=True),
    (State.DISPATCHED, Move.VOID): Rule(State.VOID, Right.VOID, needs_note=True),
    (State.HANDLED, Move.REWORK): Rule(State.DISPATCHED, Right.VERIFY, needs_note=True),
    (State.HANDLED, Move.CLOSE): Rule(State.CLOSED, Right.VERIFY, not_the_handler=True),
}
"""Self-handling (自采自处) is FILED → CLOSED by the answerer alone: the commonest case of all. What was
dispatched to somebody is confirmed by somebody else."""

FINISHED = frozenset({State.CLOSED, State.VOID})
OPEN = frozenset(State) - FINISHED


def moves_from(state: State) -> dict[Move, Rule]:
    """Every move that the table allows from `state`, in the table's order."""
    return {move: rule for (origin, move), rule in MOVES.items() if origin is state}
