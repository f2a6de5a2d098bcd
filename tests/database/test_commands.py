"""`flask db …` as an administrator sees it."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from database import cluster
from database.commands import commands
from database.settings import Settings
from tests.databases import temporary_folder

Run = Callable[..., Result]


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs a command for an installation of its own."""
    root = temporary_folder()
    environment = {"WANGGE_DATA": str(root / "data"), "DATABASE_URL": ""}
    yield lambda *arguments, **more: CliRunner().invoke(commands, arguments, env=environment | more)
    cluster.down(Settings(data=root / "data"))
    shutil.rmtree(root)


def test_up_migrate_status_and_down_tell_where_the_database_is_and_how_far(run: Run) -> None:
    assert run("up").output.endswith("postgres: running\n")
    assert "run: flask db migrate" in run("status").output
    assert run("status").exit_code == 1
    assert run("migrate").exit_code == 0
    status = run("status")
    assert status.exit_code == 0
    assert "newest" not in status.output
    assert run("down").output.endswith("postgres: not running\n")
    assert run("status").exit_code == 1


def test_what_goes_wrong_is_a_sentence_with_the_way_out(run: Run) -> None:
    failed = run("migrate")
    assert failed.exit_code == 1
    assert failed.output.startswith("Error: The database in")
    assert "flask db up" in failed.output


def test_a_setting_that_cannot_work_is_named(run: Run) -> None:
    assert "DATABASE_URL must look like postgresql://" in run("up", DATABASE_URL="oracle").output


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    assert "flask db" in CliRunner().invoke(commands, [name, "--help"]).output
