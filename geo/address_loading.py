"""Writing addresses by the million, reading them all, and keeping what clerks correct.

An import puts its rows into a table of its own transaction first; which of them are new is then decided by the
database, for all at once. Functions speak SQL and never commit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import psycopg
from sqlalchemy import CursorResult, text, update
from sqlalchemy.orm import Session

from database.base import WGS84
from geo.address_aliases import Taught
from geo.address_models import AddressAlias
from geo.addresses.answers import AddressRow

ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address as a file has it: `row` is its number there, `place` its point in WGS-84, raw_x and raw_y in `datum`.

    The `id` of `place` means nothing yet.
    """

    row: int
    place: AddressRow
    raw_x: float
    raw_y: float
    datum: str

    @property
    def identity(self) -> UUID:
        """Equal for two rows that are one address: the same names at the same point, to a metre."""
        place = self.place
        said = f"{place.name}\0{place.township}\0{place.village}\0{place.lon:.5f}\0{place.lat:.5f}"
        return UUID(bytes=blake2b(said.encode(), digest_size=16).digest())


@dataclass(frozen=True)
class Repeated:
    """Rows that say what is said already. `rows` holds the first of them, with the row that said it, if one did."""

    count: int
    rows: tuple[tuple[int, int | None], ...]


class Staging:
    """The rows of one file on their way into the list. `shown`: how many repeated rows are named at most."""

    def __init__(self, db: Session, *, shown: int) -> None:
        self._db = db
        self._shown = shown
        db.execute(text("DROP TABLE IF EXISTS pg_temp.staged_address"))
        db.execute(text(_STAGED))

    def add(self, addresses: Iterable[NewAddress]) -> None:
        """Put some rows in, with one COPY."""
        with _driver(self._db).cursor() as cursor, cursor.copy("COPY staged_address FROM STDIN") as copy:
            for one in addresses:
                copy.write_row(_record(one))

    def drop_repeated(self) -> Repeated:
        """Take out the rows that repeat an earlier one of the file. Call it when all rows are in."""
        self._db.execute(text("ANALYZE staged_address"))
        return self._taken_out(_DROP_REPEATED)

    def retire_missing(self, now: datetime) -> int:
        """End the addresses of the list that the file does not have; return how many. Before `drop_known`."""
        return self._changing(_ANY_MISSING, _RETIRE_MISSING, now=now)

    def drop_known(self) -> Repeated:
        """Take out the rows that the list has already, word for word."""
        return self._taken_out(_DROP_KNOWN)

    def load(self, import_id: int, now: datetime) -> tuple[int, int]:
        """Write what is left, ending the addresses of which it says something else; return how many new and changed."""
        changed = self._changing(_ANY_CHANGED, _RETIRE_CHANGED, now=now)
        written = self._changing(_ANY_LEFT, _INSERT, import_id=import_id)
        if written:
            self._db.execute(text("ANALYZE address"))
        return written - changed, changed

    def _changing(self, anything: str, change: str, **facts: Any) -> int:
        """Look first: a statement that changes no row would still tell everybody that the list changed."""
        if not self._db.scalar(text(anything)):
            return 0
        return cast(CursorResult[Any], self._db.execute(text(change), facts)).rowcount

    def _taken_out(self, dropping: str) -> Repeated:
        rows = self._db.execute(text(dropping), {"shown": self._shown}).all()
        return Repeated(rows[0][2] if rows else 0, tuple((row, first) for row, first, _ in rows))


_STAGED = """
    CREATE TEMPORARY TABLE staged_address (
        row bigint, identity uuid, name text, aliases text[], kind text, road text, number text, compound text,
        building text, village text, township text, point geometry(Point, 4326), raw_x float8, raw_y float8, datum text
    ) ON COMMIT DROP
"""
_DROP_REPEATED = """
    WITH firsts AS (SELECT identity, min(row) AS row FROM staged_address GROUP BY identity HAVING count(*) > 1),
    gone AS (
        DELETE FROM staged_address s USING firsts
        WHERE s.identity = firsts.identity AND s.row <> firsts.row RETURNING s.row, firsts.row AS first
    )
    SELECT row, first, count(*) OVER () FROM gone ORDER BY row LIMIT :shown
"""
_DROP_KNOWN = """
    WITH gone AS (
        DELETE FROM staged_address s USING address a
        WHERE a.identity = s.identity AND a.retired_at IS NULL
            AND (a.aliases::text[], a.kind, a.road, a.number, a.compound, a.building)
                = (s.aliases, s.kind, s.road, s.number, s.compound, s.building)
        RETURNING s.row
    )
    SELECT row, NULL, count(*) OVER () FROM gone ORDER BY row LIMIT :shown
"""
_ANY_MISSING = """
    SELECT EXISTS (SELECT FROM address a LEFT JOIN staged_address s USING (identity)
                   WHERE a.retired_at IS NULL AND s.identity IS NULL)
"""
_RETIRE_MISSING = """
    UPDATE address a SET retired_at = :now
    WHERE retired_at IS NULL AND NOT EXISTS (SELECT FROM staged_address s WHERE s.identity = a.identity)
"""
_ANY_CHANGED = """
    SELECT EXISTS (SELECT FROM address JOIN staged_address USING (identity) WHERE retired_at IS NULL)
"""
_RETIRE_CHANGED = """
    UPDATE address a SET retired_at = :now FROM staged_address s
    WHERE a.identity = s.identity AND a.retired_at IS NULL
"""
_ANY_LEFT = "SELECT EXISTS (SELECT FROM staged_address)"
_INSERT = """
    INSERT INTO address (identity, name, aliases, kind, road, number, compound, building, village, township, point,
                         raw_x, raw_y, datum, import_id)
    SELECT identity, name, aliases, kind, road, number, compound, building, village, township, point,
           raw_x, raw_y, datum, :import_id
    FROM staged_address ORDER BY row
"""


def _record(one: NewAddress) -> tuple[Any, ...]:
    place = one.place
    return (
        one.row, one.identity, place.name, list(place.aliases), place.kind, place.road, place.number, place.compound,
        place.building, place.village, place.township, f"SRID={WGS84};POINT({place.lon!r} {place.lat!r})",
        one.raw_x, one.raw_y, one.datum,
    )  # fmt: skip


def addresses(db: Session) -> Iterator[AddressRow]:
    """Every address that stands in the list, in the order it came in; read as they are asked for, not all at once."""
    listed = text(
        "SELECT id, name, ST_X(point), ST_Y(point), aliases, kind, road, number, compound, building, village, township"
        " FROM address WHERE retired_at IS NULL ORDER BY id"
    )
    for row in db.execute(listed, execution_options={"yield_per": ROWS_AT_ONCE}):
        yield AddressRow(row[0], row[1], row[2], row[3], tuple(row[4]), *row[5:])


# --- what clerks keep -----------------------------------------------------------------------------------------


def withdraw_alias(db: Session, alias_id: int, *, by: str, now: datetime) -> bool:
    """Let an alias that turned out wrong no longer count; whether there was one that did."""
    which = AddressAlias.id == alias_id, AddressAlias.withdrawn_at.is_(None)
    ended = db.execute(update(AddressAlias).where(*which).values(withdrawn_at=now, withdrawn_by=by))
    return cast(CursorResult[Any], ended).rowcount > 0


def kept_aliases(db: Session, moment: datetime) -> list[Taught]:
    """Every alias that counts, with the township and the village it lies in at `moment`; the latest of a text last."""
    rows = db.execute(text(_KEPT), {"moment": moment})
    return [Taught(row[0], row[1], row[2], row[3], row[4], row[5], row[6]) for row in rows]


_KEPT = """
    SELECT text, name, ST_X(point), ST_Y(point), address_id,
        (SELECT v.name FROM area_version v JOIN area ON area.id = v.area_id WHERE area.kind = 'township'
            AND v.valid @> :moment AND ST_Covers(v.outline, point) ORDER BY area.code LIMIT 1),
        (SELECT v.name FROM area_version v JOIN area ON area.id = v.area_id WHERE area.kind = 'village'
            AND v.valid @> :moment AND ST_Covers(v.outline, point) ORDER BY area.code LIMIT 1)
    FROM address_alias WHERE withdrawn_at IS NULL ORDER BY id
"""


def _driver(db: Session) -> psycopg.Connection:
    db.flush()
    connection = db.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("addresses are loaded through psycopg")
    return connection
