"""Writing thousands of rows in one statement: they travel as one JSON text, which the database takes apart.

As parameters, two thousand incidents are fifty thousand of them; taking the statement apart then costs psycopg more
than storing the rows costs PostgreSQL.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session


def store(db: Session, incidents: Sequence[Mapping[str, Any]], *, day: str) -> dict[int, tuple[int, str]]:
    """Number and insert incidents, each with the lines of its history under `history`; position → (id, number).

    All name the same columns in their order, and so do all lines. One that breaks a unique index is passed over, and
    missing from the answer: another process stored it meanwhile. `day` is the first part of the numbers.
    """
    if not incidents:
        return {}
    columns = tuple(name for name in incidents[0] if name != "history")
    statement = _storing(columns, tuple(incidents[0]["history"][0]))
    rows = db.execute(statement, {"rows": orjson.dumps(incidents, default=_as_input).decode(), "day": day})
    return {nth - 1: (id_, number) for nth, id_, number in rows}


@cache
def _storing(columns: tuple[str, ...], line_columns: tuple[str, ...]) -> TextClause:
    """The one statement that stores: made once for the columns there are."""
    named, line_named = (", ".join(f'"{name}"' for name in names) for names in (columns, line_columns))
    return text(f"""
        WITH given AS MATERIALIZED (
            SELECT nextval('incident_serial') AS serial, nth, row
            FROM json_array_elements(CAST(:rows AS json)) WITH ORDINALITY AS sent (row, nth)),
        stored AS (
            INSERT INTO incident (id, number, {named})
            SELECT serial, :day || '-' || lpad(serial::text, greatest(6, length(serial::text)), '0'), {named}
            FROM given CROSS JOIN json_populate_record(CAST(NULL AS incident), row)
            ON CONFLICT DO NOTHING RETURNING id, number),
        history AS (
            INSERT INTO incident_event (incident_id, {line_named})
            SELECT stored.id, {line_named}
            FROM given JOIN stored ON stored.id = serial
            CROSS JOIN json_populate_recordset(CAST(NULL AS incident_event), row -> 'history') WITH ORDINALITY AS line
            ORDER BY serial, line.ordinality)
        SELECT nth, id, number FROM given JOIN stored ON id = serial
    """)  # noqa: S608 - the names are those of our own columns


def refresh_statistics(db: Session) -> None:
    """Let the planner know how many incidents there are, also within the transaction that brings them.

    It believes what it last counted. In a table that was empty then, it compares thousands of rows each with each.
    """
    db.execute(text("ANALYZE incident"))


def _as_input(value: Any) -> str:
    """What JSON has no form for, as PostgreSQL reads it."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"no column takes a {type(value).__name__}")
