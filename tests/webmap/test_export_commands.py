"""`flask export areas` as a person runs it."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyogrio
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range

from database.session import session_for
from database.settings import Settings
from geo.codes import AreaKind
from tests.factories import NOW, make_area, make_ladder
from webmap.export_commands import commands, counted
from webmap.import_commands import commands as import_commands
from webmap.installation import Installation

A, B = "329901001001001", "329901001001002"
TURN = NOW - timedelta(days=100)


@pytest.fixture(scope="module")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A township with a village of two grids, and a market that is no more."""
    app = Flask("exports")
    data = tmp_path_factory.mktemp("data")
    here = Installation(Settings(data=data, database_url=database_url, secret_key="a-secret-for-tests-only"))
    app.extensions["wangge"] = here
    with session_for(here.engine) as db:
        make_ladder(db)
        make_area(db, "S1", AreaKind.SPECIALISED, box(119.012, 33.002, 119.014, 33.004), domain="market",
                  valid=Range(None, TURN))  # fmt: skip
        db.commit()
    yield app
    here.engine.dispose()


def run(app: Flask, *arguments: object, group=commands) -> Result:
    said = [str(argument) for argument in arguments]
    return CliRunner().invoke(group, said, obj=ScriptInfo(create_app=lambda: app))


def test_it_says_what_was_written_and_for_which_moment(app: Flask, tmp_path: Path):
    out = tmp_path / "areas.gpkg"
    result = run(app, "areas", out, "--at", "2026-03-16 10:00")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (f"{out}: 1 township, 1 village, 2 comprehensive, in force at 2026-03-16 10:00:00+08:00\n")
    assert [name for name, kind in pyogrio.list_layers(out) if kind] == ["township", "village", "comprehensive"]


def test_without_a_moment_it_is_now(app: Flask, tmp_path: Path):
    assert run(app, "areas", tmp_path / "out.geojson", "--kind", "comprehensive").exit_code == 0
    told = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))
    assert [feature["properties"]["code"] for feature in told["features"]] == [A, B]
    assert told["in_force_at"] > "2026"


def test_what_was_in_force_then_is_written(app: Flask, tmp_path: Path):
    out = tmp_path / "out.geojson"
    assert run(app, "areas", out, "--kind", "specialised", "--at", "2025-11-01").exit_code == 0
    assert json.loads(out.read_bytes())["features"][0]["properties"]["domain"] == "market"


def test_where_nothing_was_in_force_it_says_so_and_writes_nothing(app: Flask, tmp_path: Path):
    result = run(app, "areas", tmp_path / "out.gpkg", "--kind", "specialised", "--at", "2026-03-16 10:00")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No specialised grid was in force at 2026-03-16 10:00." in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_file_can_be_imported_again(app: Flask, tmp_path: Path, encoding: str):
    out = tmp_path / "grids.zip"
    assert run(app, "areas", out, "--kind", "comprehensive", "--encoding", encoding).exit_code == 0
    again = run(app, "areas", out, "--kind", "comprehensive", group=import_commands)
    assert again.exit_code == 0
    assert "new: 0" in again.output and "unchanged: 2" in again.output
    assert f"encoding: {encoding.upper()}" in again.output


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("out.kml",), "“out.kml” must end in .gpkg, .geojson, .zip."),
    (("out.geojson",), "A GeoJSON holds areas of one kind"),
    (("out.gpkg", "--encoding", "gb18030"), "A .gpkg file is always UTF-8"),
    (("out.zip", "--encoding", "latin-1"), "'latin-1' is not one of"),
    (("out.zip", "--kind", "street"), "'street' is not one of"),
    (("out.zip", "--at", "tomorrow"), "“tomorrow” is not a date or time"),
    (("nowhere/out.zip",), "nowhere/out.zip cannot be written"),
    ((".",), ". cannot be written"),
    ((), "Missing argument 'OUT'"),
])  # fmt: skip
def test_wrong_usage_is_told_in_a_sentence_and_nothing_is_written(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
):
    monkeypatch.chdir(tmp_path)
    result = run(app, "areas", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_wrong_usage(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    result = run(app, "areas", tmp_path / "out.gpkg")
    assert (result.exit_code, "cannot be written" in result.stderr) == (2, True)


def test_a_disk_that_fails_is_told_and_what_was_there_stays(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "out.gpkg"
    out.write_bytes(b"the map of last year")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run(app, "areas", out)
    assert (result.exit_code, "No space left on device" in result.stderr) == (1, True)
    assert out.read_bytes() == b"the map of last year"
    assert list(tmp_path.iterdir()) == [out]


def test_without_a_database_it_says_so(tmp_path: Path):
    app = Flask("nowhere")
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
    app.extensions["wangge"] = Installation(Settings(data=tmp_path, database_url=nowhere, secret_key="x" * 20))
    result = run(app, "areas", tmp_path / "out.gpkg")
    assert (result.exit_code, "cannot be reached" in result.stderr) == (1, True)
    assert not (tmp_path / "out.gpkg").exists()


def test_whoever_waits_is_told_how_many_are_done(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("webmap.export_commands.AT_ONCE", 3)
    told: list[int] = []
    assert list(counted(iter("abcdefgh"), told.append)) == list("abcdefgh")
    assert told == [3, 6]
