"""Writing thousands of rows in one statement: they travel as one JSON text, which the database takes apart.

As parameters, two thousand incidents are fifty thousand of them; taking the statement apart then costs psycopg more
than storing the rows costs PostgreSQL.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Table, text
from sqlalchemy.orm import Session


def insert_rows(db: Session, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_known: bool = False) -> list[int]:
    """Insert rows that all name the same columns, in their order, and return the ids of those stored.

    With `skip_known`, a row that breaks a unique index is passed over: another process stored it meanwhile.
    """
    if not rows:
        return []
    columns = ", ".join(f'"{name}"' for name in rows[0])
    statement = (
        f'INSERT INTO "{table.name}" ({columns}) '  # noqa: S608 - the names are those of our own columns
        f'SELECT {columns} FROM json_populate_recordset(CAST(NULL AS "{table.name}"), CAST(:rows AS json)) '
        f"{'ON CONFLICT DO NOTHING ' if skip_known else ''}RETURNING id"
    )
    return list(db.scalars(text(statement), {"rows": orjson.dumps(rows, default=_as_input).decode()}))


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
