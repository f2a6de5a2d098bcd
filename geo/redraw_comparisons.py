"""What a redraw changes, read in parts: where all grids change, the whole of it is tens of megabytes.

`Redraw.comparison` is loaded only where somebody asks for all of it. The database hands out what a page shows.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.models import Redraw

_SUMMED_UP = text("SELECT comparison - ARRAY['differences', 'effects'] FROM redraw WHERE id = :id")
_CASES = text("""
    SELECT told->>'state', count(*) FROM redraw, jsonb_array_elements(comparison->'effects'->'cases') AS each(told)
    WHERE redraw.id = :id GROUP BY 1""")


def is_compared(db: Session, redraw: Redraw) -> bool:
    """Whether a check has compared it, and nothing has been changed since."""
    return bool(db.scalar(select(Redraw.comparison.is_not(None)).where(Redraw.id == redraw.id)))


def summed_up(db: Session, redraw: Redraw) -> dict[str, Any] | None:
    """Counts, totals and moment of the comparison; neither its differences nor whom they concern. None before a check.

    `cases` counts the open cases that change hands, by their state.
    """
    found: dict[str, Any] | None = db.scalar(_SUMMED_UP, {"id": redraw.id})
    if found is None:
        return None
    return found | {"cases": {row[0]: row[1] for row in db.execute(_CASES, {"id": redraw.id})}}


def moment_compared(db: Session, redraw: Redraw) -> str | None:
    """The moment whose map it was compared with, in ISO 8601; None before a check."""
    at: str | None = db.scalar(select(Redraw.comparison["at"].astext).where(Redraw.id == redraw.id))
    return at


def concerned(db: Session, redraw: Redraw) -> dict[str, Any]:
    """Whom it concerns, as incidents.redraw_effects tells it; empty before a check."""
    return db.scalar(select(Redraw.comparison["effects"]).where(Redraw.id == redraw.id)) or {}


_EVERY = text("""
    SELECT each.told FROM redraw, jsonb_array_elements(comparison->'differences') WITH ORDINALITY AS each(told, place)
    WHERE redraw.id = :id AND (:kind = '' OR each.told->>'kind' = :kind)
    ORDER BY each.place LIMIT :count OFFSET :start""")
_PART = text("""
    SELECT jsonb_path_query_array(comparison, CAST(:part AS jsonpath)) FROM redraw WHERE id = :id""")


def some_differences(db: Session, redraw: Redraw, *, kind: str = "", start: int, count: int) -> list[dict[str, Any]]:
    """So many of its differences from a place on, what is gravest first; of one kind, or of all where it is blank."""
    if kind:
        return list(db.scalars(_EVERY, {"id": redraw.id, "kind": kind, "start": start, "count": count}))
    part = f"$.differences[{start:d} to {start + count - 1:d}]"
    return db.scalar(_PART, {"id": redraw.id, "part": part}) or []


_AS_TEXT = text("""
    SELECT CAST(each.told AS text) FROM redraw, jsonb_array_elements(comparison->'differences') AS each(told)
    WHERE redraw.id = :id""")


def differences_as_json(db: Session, redraw: Redraw) -> Iterator[Sequence[str]]:
    """All of its differences, each as a line of JSON; so many at a time that they take little memory."""
    at_once = {"stream_results": True, "yield_per": 2000}
    yield from db.connection().execute(_AS_TEXT, {"id": redraw.id}, execution_options=at_once).scalars().partitions()


_BECOMES = text("""
    SELECT each.told->>'kind', each.told->CAST(:by AS text)
    FROM redraw, jsonb_array_elements(comparison->'differences') AS each(told) WHERE redraw.id = :id""")


def becomes(db: Session, redraw: Redraw, by: str) -> Iterator[tuple[Any, str]]:
    """Each area that does not stay as it is, with what becomes of it: by its `rows`, or by its `codes_before`."""
    for kind, keys in db.execute(_BECOMES, {"id": redraw.id, "by": by}):
        for key in keys:
            yield key, kind
