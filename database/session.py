"""Engines, and sessions that see only what their scope allows.

Row-level security is the second fence behind the permission checks: a scoped session acts as the
role `wangge_app`, to which the policies apply, and tells them on every transaction whose eyes it
reads with. An unscoped session acts as the owner of the tables; only commands, jobs, the intake of
reports and the look-up of who is asking use one.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

APP_ROLE = "wangge_app"

KEPT_CONNECTIONS = 8
"""One for each thread of a server's process: to connect anew takes longer than most requests.

The last one given back is the first one handed out: its statements are prepared, and few are kept busy.
"""

UNASKED_S = 5.0
"""How long a connection may lie in the pool before the server is asked whether it is still there."""


@dataclass(frozen=True)
class Scope:
    """Whose eyes a session reads with.

    `area_ids` are the areas of the jurisdiction at whatever level (a township, or a worker's
    grids); `unit_id` lets a department see what is dispatched to it; `account_id` lets anyone
    see what they reported themselves. `Scope()` sees no incident at all.
    """

    everywhere: bool = False
    area_ids: tuple[int, ...] = ()
    unit_id: int | None = None
    account_id: int | None = None

    def settings(self) -> dict[str, str]:
        """The values of the `wangge.*` settings that the row-level policies read."""
        return {
            "everywhere": "on" if self.everywhere else "off",
            "areas": "{" + ",".join(str(area_id) for area_id in self.area_ids) + "}",
            "unit": str(self.unit_id or 0),
            "account": str(self.account_id or 0),
        }


EVERYWHERE = Scope(everywhere=True)

_SET_SCOPE = text(
    f"SELECT set_config('role', '{APP_ROLE}', true),"
    " set_config('wangge.everywhere', :everywhere, true), set_config('wangge.areas', :areas, true),"
    " set_config('wangge.unit', :unit, true), set_config('wangge.account', :account, true)"
)


class ScopedSession(Session):
    """A session whose every transaction begins by naming its scope, where it has one."""


@event.listens_for(ScopedSession, "after_begin")
def _name_the_scope(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    scope: Scope | None = session.info.get("scope")
    if scope is None:
        return
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        raise ValueError("a scope lasts as long as its transaction, and here there is none")
    connection.execute(_SET_SCOPE, scope.settings())


def make_engine(url: str, **options: Any) -> Engine:
    """An engine for `url`. Times travel in UTC; connections are checked before use, since offices restart servers."""
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    connect_args = {"options": "-c timezone=UTC", "application_name": "wangge"}
    options.setdefault("pool_size", KEPT_CONNECTIONS)
    options.setdefault("pool_use_lifo", True)
    engine = create_engine(url, connect_args=connect_args, **options)
    event.listen(engine, "checkin", _note_when)
    event.listen(engine, "checkout", _check)
    return engine


def _note_when(_connection: psycopg.Connection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["unused_since"] = time.monotonic()


def _check(connection: psycopg.Connection, entry: ConnectionPoolEntry, _handed_out: object) -> None:
    """Have the pool connect anew where the server is gone.

    A server that ends closes its side, which shows here without asking it: nothing else makes the socket of a
    resting connection readable. One that vanished with its machine does not; a connection that has rested for long
    is therefore asked. `pool_pre_ping` would ask before every request.
    """
    if connection.closed or _readable(connection.fileno()):
        raise DisconnectionError
    if time.monotonic() - entry.info.get("unused_since", time.monotonic()) > UNASKED_S:
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.OperationalError as gone:
            raise DisconnectionError from gone


def _readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def open_session(engine: Engine, scope: Scope | None = None) -> Session:
    """A session with the given scope; without one it is unrestricted. The caller closes it and commits."""
    return ScopedSession(engine, info={"scope": scope}, expire_on_commit=False)


def without_transactions(engine: Engine) -> Engine:
    """The same engine and connections, but every statement stands alone: one round trip. For reading, unrestricted."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def session_for(engine: Engine, scope: Scope | None = None) -> Iterator[Session]:
    """A session closed at the end; it never commits on its own."""
    with open_session(engine, scope) as db:
        yield db
