"""The private cluster: made, kept, found again after every kind of sudden end, and closed to others."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from database import binaries, cluster, homes
from database.errors import BinariesMissing, ClusterNotStarted, DatabaseUnreachable, SocketFolderTaken
from database.settings import ROOT, Settings
from tests.databases import temporary_folder

UP = """
from pathlib import Path
from database import cluster
from database.settings import Settings
cluster.up(Settings(data=Path({data!r})), durable=False)
"""


@pytest.fixture(scope="module")
def places() -> Iterator[Callable[[str], Settings]]:
    """Data folders that are no more after the tests, the clusters in them neither."""
    root = temporary_folder()
    given: list[Settings] = []

    def place(name: str) -> Settings:
        given.append(Settings(data=root / name))
        return given[-1]

    yield place
    for settings in given:
        cluster.down(settings)
        if settings.data.exists():
            shutil.rmtree((settings.data / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def running(places: Callable[[str], Settings]) -> Settings:
    settings = places("running")
    cluster.up(settings, durable=False)
    return settings


def ask(settings: Settings, query: str, *, superuser: bool = False) -> object:
    """The single answer to a query in the cluster's database."""
    engine = create_engine(cluster.url(settings, superuser=superuser), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(query))
        return result.scalar() if result.returns_rows else None


def started_elsewhere(settings: Settings) -> subprocess.Popen[bytes]:
    """Another process that brings the cluster up, at the head of its own process group."""
    code = UP.format(data=str(settings.data))
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE)


def server_process(settings: Settings) -> int:
    return int((settings.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def command_line(process: int) -> str:
    """What a process was started with; nothing when it has ended, even where nobody has taken note of it yet."""
    return subprocess.run(["ps", "-o", "args=", "-p", str(process)], capture_output=True, text=True, check=False).stdout


def test_a_new_cluster_has_postgis_and_what_the_schema_needs(running: Settings) -> None:
    assert str(ask(running, "SELECT postgis_lib_version()")) >= "3.3"
    assert ask(running, "SELECT count(*) FROM pg_extension WHERE extname IN ('btree_gist', 'pg_trgm')") == 2
    assert ask(running, "SHOW server_encoding") == "UTF8"


def test_words_of_any_script_can_be_searched_by_their_parts(running: Settings) -> None:
    assert float(str(ask(running, "SELECT similarity('解放路15号', '解放路')"))) > 0


def test_codes_sort_by_their_characters_whatever_the_language(running: Settings) -> None:
    assert ask(running, "SELECT string_agg(c, '' ORDER BY c) FROM unnest(ARRAY['a','B','A','b']) c") == "ABab"


def test_the_service_is_no_superuser_but_owns_its_database(running: Settings) -> None:
    assert ask(running, "SELECT current_user || ' ' || rolsuper FROM pg_roles WHERE rolname = current_user") == (
        "wangge false"
    )
    ask(running, "CREATE TABLE own (id int)")
    ask(running, "DROP TABLE own")


def test_requests_act_as_a_role_that_cannot_sign_in(running: Settings) -> None:
    assert ask(running, "SELECT pg_has_role('wangge', 'wangge_app', 'MEMBER')") is True
    assert ask(running, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'wangge_app'") is False


def test_nobody_else_on_the_machine_or_the_network_comes_in(running: Settings) -> None:
    sockets = Path(str(make_url(cluster.url(running)).query["host"]))
    assert ask(running, "SHOW listen_addresses") == ""
    assert sockets.stat().st_mode & 0o077 == 0
    assert ask(running, "SELECT string_agg(auth_method, ',') FROM pg_hba_file_rules", superuser=True) == "peer"
    with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
        psycopg.connect(host=str(sockets), user="wangge_app", dbname="wangge")


def test_coming_up_again_keeps_every_row(running: Settings) -> None:
    ask(running, "CREATE TABLE kept AS SELECT 17 AS number")
    cluster.up(running, durable=False)
    cluster.down(running)
    assert not cluster.status(running).running
    cluster.up(running, durable=False)
    assert ask(running, "SELECT number FROM kept") == 17


def test_what_a_cut_off_set_up_left_out_is_added(running: Settings) -> None:
    ask(running, "DROP EXTENSION pg_trgm", superuser=True)
    cluster.up(running, durable=False)
    assert ask(running, "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == 1


def test_a_server_that_was_killed_comes_up_with_every_row(places: Callable[[str], Settings]) -> None:
    settings = places("killed")
    cluster.up(settings)
    ask(settings, "CREATE TABLE survivor AS SELECT 1 AS one")
    os.kill(server_process(settings), signal.SIGKILL)
    cluster.up(settings)
    assert ask(settings, "SELECT one FROM survivor") == 1


def test_a_process_id_that_now_belongs_to_another_program_is_not_taken_for_the_server(running: Settings) -> None:
    folder = running.data / "postgres"
    cluster.down(running)
    for lock in (folder / "data" / "postmaster.pid", folder / "run" / ".s.PGSQL.5432.lock"):
        lock.write_text(f"{os.getpid()}\n{folder / 'data'}\n1\n5432\n\n")
    assert not cluster.status(running).running
    cluster.up(running, durable=False)
    assert server_process(running) != os.getpid()


def test_a_server_whose_folder_was_deleted_does_not_disturb_its_successor(places: Callable[[str], Settings]) -> None:
    settings = places("deleted")
    cluster.up(settings, durable=False)
    orphan = server_process(settings)
    shutil.rmtree(settings.data)
    cluster.up(settings, durable=False)
    assert str(settings.data) not in command_line(orphan)
    assert ask(settings, "SELECT 1") == 1


def test_two_data_folders_are_two_clusters(running: Settings, places: Callable[[str], Settings]) -> None:
    second = places("second")
    cluster.up(second, durable=False)
    ask(second, "CREATE TABLE only_here (id int)")
    assert ask(running, "SELECT to_regclass('only_here')") is None
    cluster.down(second)
    assert cluster.status(running).running


def test_callers_at_once_bring_up_one_cluster(places: Callable[[str], Settings]) -> None:
    settings = places("raced for")
    callers = [started_elsewhere(settings) for _ in range(3)]
    assert [caller.communicate()[1] for caller in callers] == [b"", b"", b""]
    assert ask(settings, "SELECT 1") == 1


@pytest.mark.parametrize("reached", ["making/PG_VERSION", "making/global/pg_control", "data/postmaster.pid"])
def test_a_set_up_killed_half_way_is_continued(places: Callable[[str], Settings], reached: str) -> None:
    settings = places(f"killed at {reached.replace('/', ' ')}")
    victim = started_elsewhere(settings)
    while not (settings.data / "postgres" / reached).exists():
        time.sleep(0.01)
    victim.kill()  # what it started goes on without it
    victim.communicate()
    cluster.up(settings, durable=False)
    assert ask(settings, "SELECT postgis_lib_version() IS NOT NULL") is True


def test_a_data_folder_that_the_server_cannot_reach_works_all_the_same(places: Callable[[str], Settings]) -> None:
    settings = places("closed/inner")
    settings.data.parent.mkdir(mode=0o700)
    cluster.up(settings, durable=False)
    assert ask(settings, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_works_all_the_same(places: Callable[[str], Settings]) -> None:
    settings = places("/".join(["a county with a very long name"] * 4))
    cluster.up(settings, durable=False)
    sockets = Path(str(make_url(cluster.url(settings)).query["host"]))
    assert sockets.parent == Path("/tmp")
    assert sockets.stat().st_mode & 0o077 == 0
    cluster.down(settings)
    shutil.rmtree(sockets)


def test_a_folder_for_the_socket_that_others_can_enter_is_refused(places: Callable[[str], Settings]) -> None:
    settings = places("/".join(["another county with a very long name"] * 4))
    sockets = homes.make(settings.data).socket_folder
    sockets.chmod(0o777)
    with pytest.raises(SocketFolderTaken, match="shorter WANGGE_DATA"):
        cluster.up(settings, durable=False)
    shutil.rmtree(sockets)


def test_a_server_that_cannot_start_says_why(places: Callable[[str], Settings]) -> None:
    settings = places("broken")
    cluster.up(settings, durable=False)
    cluster.down(settings)
    (settings.data / "postgres" / "data" / "postgresql.auto.conf").write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(ClusterNotStarted, match="plenty"):
        cluster.up(settings, durable=False)


def test_before_it_is_made_the_database_is_not_running_and_the_way_to_make_it_is_told(
    places: Callable[[str], Settings],
) -> None:
    settings = places("never made")
    assert not cluster.status(settings).running
    with pytest.raises(DatabaseUnreachable, match="flask db up"):
        cluster.url(settings)
    cluster.down(settings)
    assert not settings.data.exists()


def test_a_release_that_is_not_installed_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(BinariesMissing, match="apt-get install postgresql-99-postgis-3"):
        binaries.find(99)


def test_a_database_named_by_the_administrator_is_used_and_given_what_it_lacks(running: Settings) -> None:
    ask(running, "DROP EXTENSION btree_gist", superuser=True)
    elsewhere = Settings(data=Path("/nowhere"), database_url=cluster.url(running, superuser=True))
    cluster.up(elsewhere)
    cluster.down(elsewhere)
    assert cluster.status(elsewhere).running
    assert ask(running, "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'") == 1


def test_a_named_database_that_does_not_answer_is_told_without_its_password() -> None:
    elsewhere = Settings(data=Path("/nowhere"), database_url="postgresql+psycopg://w:hush@127.0.0.1:1/wangge")
    with pytest.raises(DatabaseUnreachable) as failure:
        cluster.up(elsewhere)
    assert "127.0.0.1:1/wangge" in str(failure.value)
    assert "hush" not in str(failure.value)
