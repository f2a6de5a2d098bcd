"""Settings: what is read, what is refused, and the secret that is made where nobody chose one."""

import subprocess
import sys
from pathlib import Path

import pytest

from database.errors import DataFolderUnusable, SecretKeyRequired, SecretKeyTooShort, SettingUnusable
from database.settings import ROOT, Settings, is_loopback, load_settings, secret_key


def settings_of(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    """Settings from an `.env` file with this text and these variables."""
    file = tmp_path / ".env"
    file.write_text(text)
    return load_settings(environ, file)


def test_without_any_choice_the_data_lies_beside_the_code_and_the_database_is_private(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path / "absent") == Settings(data=ROOT / "var")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    chosen = settings_of(tmp_path, "BASEMAP_URL=http://file/\nWANGGE_DATA=/srv/a", BASEMAP_URL="http://environment/")
    assert (chosen.basemap_url, chosen.data) == ("http://environment/", Path("/srv/a"))


def test_a_variable_set_to_nothing_counts_as_not_set_even_where_the_file_sets_it(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "DATABASE_URL=postgresql://a/b", DATABASE_URL="").database_url is None


def test_a_relative_data_folder_means_the_same_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of(tmp_path, WANGGE_DATA="var/second").data == ROOT / "var" / "second"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_form_of_a_database_address_is_understood(tmp_path: Path, scheme: str) -> None:
    chosen = settings_of(tmp_path, DATABASE_URL=f"{scheme}://w:p@db:5432/wangge")
    assert chosen.database_url == "postgresql+psycopg://w:p@db:5432/wangge"


@pytest.mark.parametrize("url", ["mysql://a/b", "localhost:5432/wangge"])
def test_an_address_of_something_else_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingUnusable, match="postgresql://user:password@host"):
        settings_of(tmp_path, DATABASE_URL=url)


def test_an_unknown_datum_of_the_basemap_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingUnusable, match="wgs84, cgcs2000, gcj02, bd09"):
        settings_of(tmp_path, BASEMAP_DATUM="mercator")


def test_a_secret_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretKeyTooShort):
        settings_of(tmp_path, SECRET_KEY="secret")


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "var")
    first = secret_key(settings, "127.0.0.1")
    assert len(first) >= 32
    assert secret_key(settings, "::1") == first
    assert (settings.data / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in settings.data.iterdir()] == ["secret_key"]


def test_processes_that_make_the_secret_at_once_agree_on_it(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from database.settings import Settings, secret_key;"
        f"print(secret_key(Settings(data=Path({str(tmp_path)!r})), '127.0.0.1'))"
    )
    racers = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)]
    assert len({racer.communicate()[0] for racer in racers}) == 1


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnusable, match="file/var cannot be made: Not a directory"):
        secret_key(Settings(data=tmp_path / "file" / "var"), "127.0.0.1")


def test_a_chosen_secret_is_used_everywhere(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, secret_key="chosen by the county's administrator")
    assert secret_key(settings, "0.0.0.0") == secret_key(settings, "127.0.0.1") == settings.secret_key
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "wangge.example.cn", ""])
def test_where_others_can_call_a_secret_must_have_been_chosen(tmp_path: Path, host: str) -> None:
    with pytest.raises(SecretKeyRequired, match=r"put it into \.env"):
        secret_key(Settings(data=tmp_path), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]", "unix:/run/wangge.sock"])
def test_a_loopback_address_is_known_as_one(host: str) -> None:
    assert is_loopback(host)
