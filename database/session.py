"""Engines, and sessions that see only what their scope allows.

Row-level security is the second fence behind the permission checks: a scoped session acts as the
role `wangge_app`, to which the policies apply, and tells them on every transaction whose eyes it
reads with. An unscoped session acts as the owner of the tables; only commands, jobs and the intake
of reports use one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.orm import Session, SessionTransaction

APP_ROLE = "wangge_app"


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
    if scope is not None:
        connection.execute(_SET_SCOPE, scope.settings())


def make_engine(url: str, **options: Any) -> Engine:
    """An engine for `url`. Times travel in UTC; connections are checked before use, since offices restart servers."""
    options.setdefault("pool_pre_ping", True)
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    connect_args = {"options": "-c timezone=UTC", "application_name": "wangge"}
    return create_engine(url, connect_args=connect_args, **options)


def open_session(engine: Engine, scope: Scope | None = None) -> Session:
    """A session with the given scope; without one it is unrestricted. The caller closes it and commits."""
    return ScopedSession(engine, info={"scope": scope}, expire_on_commit=False)


@contextmanager
def session_for(engine: Engine, scope: Scope | None = None) -> Iterator[Session]:
    """A session closed at the end; it never commits on its own."""
    with open_session(engine, scope) as db:
        yield db
