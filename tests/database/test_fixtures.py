"""What the fixtures promise to every other test."""

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from database.settings import ROOT


def test_work_in_the_session_can_be_committed(db: Session) -> None:
    db.execute(text("CREATE TABLE left_behind (id int)"))
    db.commit()
    assert db.scalar(text("SELECT count(*) FROM left_behind")) == 0


def test_committed_work_is_undone_after_the_test(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('left_behind')")) is None


def test_a_module_has_a_database_of_its_own_with_postgis(database_url: str, engine: Engine) -> None:
    own = create_engine(database_url)
    with own.connect() as connection:
        assert connection.scalar(text("SELECT ST_AsText(ST_Point(1, 2))")) == "POINT(1 2)"
        assert connection.scalar(text("SELECT current_database()")) != engine.url.database
    own.dispose()


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_the_run_in_ci_only(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, status: int
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest("from tests.conftest import pytest_configure, pytest_unconfigure")
    pytester.makepyfile("import pytest\n\ndef test_left_out():\n    pytest.skip('not today')\n")
    assert pytester.runpytest_subprocess().ret == status
