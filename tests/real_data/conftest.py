"""An office for each module of tests on real data."""

from collections.abc import Iterator

import pytest
from flask import Flask

from database.settings import Settings
from tests.real_data.offices import Office
from webmap.installation import Installation


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    app = Flask("office")
    installed = Installation(Settings(data=folder, database_url=database_url, secret_key="a-secret-for-tests-only"))
    app.extensions["wangge"] = installed
    yield Office(app, installed.engine, folder)
    installed.engine.dispose()
