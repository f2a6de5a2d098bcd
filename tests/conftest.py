"""What every test may ask for.

| fixture | gives |
|---|---|
| `db` | a session whose work is undone after the test; commits inside it are savepoints |
| `engine` | the database that `db` works in, for tests of real locking; clean up what you commit |
| `database_url` | a fresh, migrated database for one test module, for servers and commands of their own |
| `bare_database_url` | a fresh database without a schema, for tests of the migrations |
| `shared_data` | the folder of real data beside the repository; where it is absent the test is not selected |

In CI (`CI=true`) a skipped test fails the run.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from database.session import make_engine
from database.settings import ROOT
from tests import databases
from tests.nothing_skips import NothingSkips

SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with databases.fresh(Path(os.environ["WANGGE_DATA"])) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with databases.fresh(Path(os.environ["WANGGE_DATA"])) as url:
        yield url


@pytest.fixture
def bare_database_url() -> Iterator[str]:
    with databases.fresh(Path(os.environ["WANGGE_DATA"]), migrated=False) as url:
        yield url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return SHARED_DATA


def pytest_configure(config: pytest.Config) -> None:
    """Keep tests away from the data of the person who runs them; xdist's workers inherit the choice."""
    if os.environ.get("CI") == "true":
        config.pluginmanager.register(NothingSkips())
        settings.register_profile("ci", derandomize=True)  # whoever breaks something is told, and nobody else
        settings.load_profile("ci")
    if not hasattr(config, "workerinput"):
        os.environ |= {"WANGGE_DATA": str(databases.choose_folder()), "DATABASE_URL": "", "SECRET_KEY": ""}


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        databases.end(Path(os.environ["WANGGE_DATA"]))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests on real data are not part of the run where that data is absent."""
    if SHARED_DATA.is_dir():
        return
    without = [item for item in items if "shared_data" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in without]
