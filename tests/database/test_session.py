"""Sessions over a pool of connections, some of which may have died while they lay in it."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text

from database import session
from database.session import Scope, make_engine, session_for, without_transactions

BACKEND = text("SELECT pg_backend_pid()")


@pytest.fixture
def pool(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


def backend(engine: Engine) -> int:
    with session_for(engine) as db:
        return int(db.scalar(BACKEND) or 0)


def kill(url: str, backend: int) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_a_connection_is_used_again(pool: Engine):
    assert backend(pool) == backend(pool)


def test_a_connection_that_the_server_closed_is_replaced_unnoticed(pool: Engine, database_url: str):
    first = backend(pool)
    kill(database_url, first)
    assert backend(pool) != first


def test_a_connection_that_rested_is_asked_and_replaced(
    pool: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    """As where a whole machine vanished: nothing came to tell that the server is gone."""
    monkeypatch.setattr(session, "_readable", lambda _descriptor: False)
    monkeypatch.setattr(session, "UNASKED_S", -1)
    first = backend(pool)
    assert backend(pool) == first
    kill(database_url, first)
    assert backend(pool) != first


def test_what_is_read_without_transactions_leaves_none_behind_and_no_other_settings(pool: Engine):
    started = text("SELECT now() = statement_timestamp() AND current_user <> 'wangge_app'")
    with session_for(without_transactions(pool)) as db:
        db.execute(text("SELECT pg_sleep(0.01)"))
        assert db.scalar(started), "every statement is a transaction of its own"
    with session_for(pool, Scope()) as db:
        assert db.scalar(text("SELECT current_user")) == "wangge_app"
        db.execute(text("SELECT pg_sleep(0.01)"))
        assert not db.scalar(text("SELECT now() = statement_timestamp()"))


def test_a_scope_that_nothing_would_enforce_is_refused(pool: Engine):
    with session_for(without_transactions(pool), Scope()) as db, pytest.raises(ValueError, match="scope"):
        db.execute(BACKEND)
