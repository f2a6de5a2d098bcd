"""`flask locate` and `flask locate-file` as a person runs them."""

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range

from database.session import session_for
from database.settings import Settings
from geo.codes import AreaKind
from geo.crs import from_wgs84
from geo.locate import Locator
from geo.placing import AreaIndex
from importers import locate_file as locating
from staffing.words import UnitKind
from tests.factories import NOW, make_area, make_duty, make_ladder, make_staff, make_unit
from webmap.installation import Installation
from webmap.locate_commands import commands as locate
from webmap.locate_file_commands import commands as locate_file

ADDED = ["grid", "specialised", "village", "township", "staff", "on_border", "snapped", "border_m", "status"]
A, B, VILLAGE, TOWN = "329901001001001", "329901001001002", "329901001001", "329901001"
TURN = NOW - timedelta(days=100)


@pytest.fixture(scope="module")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Two grids with a worker each, a school in the eastern one with its own, and a market that was there before."""
    data = tmp_path_factory.mktemp("data")
    app = Flask("locating")
    here = Installation(Settings(data=data, database_url=database_url, secret_key="a-secret-for-tests-only"))
    app.extensions["wangge"] = here
    with session_for(here.engine) as db:
        places: dict[str, Any] = make_ladder(db)
        desk = make_unit(db, "T", UnitKind.TOWNSHIP, places["township"])
        school = make_area(db, "S2", AreaKind.SPECIALISED, box(119.012, 33.002, 119.014, 33.004), domain="school")
        make_area(db, "S1", AreaKind.SPECIALISED, box(119.012, 33.002, 119.014, 33.004), domain="market",
                  valid=Range(None, TURN))  # fmt: skip
        for number, area in (("WA", places["a"]), ("WB", places["b"]), ("WS", school)):
            make_duty(db, make_staff(db, number, desk), area)
        db.commit()
    yield app
    here.engine.dispose()


def run(app: Flask, command: click.Command, *arguments: object) -> Result:
    said = [str(argument) for argument in arguments]
    return CliRunner().invoke(command, said, obj=ScriptInfo(create_app=lambda: app))


def write(path: Path, *rows: list[str], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def place(app: Flask, folder: Path, *rows: list[str], options: tuple[object, ...] = ()) -> list[dict[str, str]]:
    """Locate rows that begin with lon and lat; return them as they come out."""
    source = write(folder / "in.csv", *rows)
    result = run(app, locate_file, source, folder / "out.csv", *options)
    assert result.exit_code == 0, result.output
    return read(folder / "out.csv")


# --- one point --------------------------------------------------------------------------------------------------


def test_one_point_is_answered_in_full_as_json(app: Flask):
    result = run(app, locate, 119.013, 33.003)
    said = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (said["grid"]["code"], said["village"]["code"], said["township"]["code"]) == (B, VILLAGE, TOWN)
    assert [area["code"] for area in said["specialised"]] == ["S2"]
    assert said["answerer"]["person"]["staff_no"] == "WS"
    assert said["landlord"]["person"]["staff_no"] == "WB"
    assert (said["method"], said["datum"], said["status"]) == ("coordinates", "wgs84", "located")


def test_the_datum_and_the_moment_are_respected(app: Flask):
    lon, lat = from_wgs84(119.013, 33.003, "bd09")
    said = json.loads(run(app, locate, lon, lat, "--datum", "BD-09", "--at", "2025-11-01 08:00").stdout)
    assert [area["code"] for area in said["specialised"]] == ["S1", "S2"]
    assert said["at"] == "2025-11-01T00:00:00+00:00"
    assert said["wgs84"]["lon"] == pytest.approx(119.013, abs=1e-7)


def test_a_western_longitude_is_a_number_and_no_option(app: Flask):
    assert json.loads(run(app, locate, "-123.1", "49.25").stdout)["status"] == "unlocated"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("119", "x"), "'x' is not a valid float"),
        (("33.003", "119.013"), "longitude and latitude may be exchanged"),
        (("nan", "33"), "not numbers"),
        (("0", "0"), "a placeholder, not a place"),
        (("119", "33", "--datum", "mars"), "“mars” is not a datum known here"),
        (("119", "33", "--at", "tomorrow"), "“tomorrow” is not a date or time"),
        (("119",), "Missing argument 'LAT'"),
    ],
)
def test_bad_input_is_wrong_usage_with_a_sentence(app: Flask, arguments: tuple[str, ...], sentence: str):
    result = run(app, locate, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr


def test_without_a_database_it_says_so(tmp_path: Path):
    app = Flask("nowhere")
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
    app.extensions["wangge"] = Installation(Settings(data=tmp_path, database_url=nowhere, secret_key="x" * 20))
    result = run(app, locate, 119.013, 33.003)
    assert (result.exit_code, "cannot be reached" in result.stderr) == (1, True)


# --- a table of points ------------------------------------------------------------------------------------------


def test_every_row_comes_back_in_its_order_with_the_answer(app: Flask, tmp_path: Path):
    rows = place(
        app,
        tmp_path,
        ["lon", "lat", "note"],
        ["119.005", "33.005", "in a, 说明"],
        ["119.013", "33.003", "at school"],
        ["119.01", "33.005", "on the border of both"],
        ["118.99990", "33.005", "a little outside"],
        ["118.9", "33.005", "far away"],
        ["", "", "nothing"],
        ["不详", "33.005", "no number"],
        ["0", "0", "a placeholder"],
    )
    assert list(rows[0]) == ["lon", "lat", "note", *ADDED]
    assert [row["note"] for row in rows][:2] == ["in a, 说明", "at school"]
    assert [[row[name] for name in ADDED] for row in rows] == [
        [A, "", VILLAGE, TOWN, "WA", "false", "false", "466.25", "located"],
        [B, "S2", VILLAGE, TOWN, "WS;WB", "false", "false", "279.76", "located"],
        [A, "", VILLAGE, TOWN, "WA", "true", "false", "0.00", "located"],
        [A, "", VILLAGE, TOWN, "WA", "false", "true", "9.33", "snapped"],
        ["", "", "", "", "", "false", "false", "", "unlocated"],
        ["", "", "", "", "", "false", "false", "", "invalid"],
        ["", "", "", "", "", "false", "false", "", "invalid"],
        ["", "", "", "", "", "false", "false", "", "invalid"],
    ]


def test_the_answers_are_those_of_the_locator(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locating, "CHUNK", 7)
    points = [(118.999 + 0.0005 * n, 33.0 + 0.0002 * n) for n in range(45)]
    rows = place(app, tmp_path, ["lat", "lon"], *([repr(lat), repr(lon)] for lon, lat in points))
    locator: Locator = AreaIndex(app.extensions["wangge"].engine).at(NOW)
    for row, (lon, lat) in zip(rows, points, strict=True):
        one = locator.locate(lon, lat)
        assert (row["grid"], row["status"]) == (one.grid.code if one.grid else "", one.status)
        assert (row["border_m"] or None) == (None if one.border_m is None else f"{one.border_m:.2f}")


def test_each_row_is_judged_by_its_own_moment(app: Flask, tmp_path: Path):
    rows = place(
        app,
        tmp_path,
        ["lon", "lat", "when"],
        ["119.013", "33.003", "2025-11-01 08:00"],
        ["119.013", "33.003", "2026-03-01T08:00:00Z"],
        ["119.013", "33.003", "long ago"],
        ["119.013", "33.003", "0001-01-01 00:00:00"],
        ["119.013", "33.003", ""],
        options=("--at-column", "when"),
    )
    assert [(row["specialised"], row["status"]) for row in rows] == [
        ("S1;S2", "located"), ("S2", "located"), ("", "invalid"), ("", "invalid"), ("S2", "located"),
    ]  # fmt: skip


def test_a_moment_for_all_rows_is_that_of_rows_without_their_own(app: Flask, tmp_path: Path):
    before, after = (f"{moment:%Y-%m-%d %H:%M}" for moment in (TURN - timedelta(days=2), NOW))
    rows = place(
        app, tmp_path, ["lon", "lat", "when"], ["119.013", "33.003", ""], ["119.013", "33.003", after],
        options=("--at", before, "--at-column", "when"),
    )  # fmt: skip
    assert [row["specialised"] for row in rows] == ["S1;S2", "S2"]
    (row,) = place(app, tmp_path, ["lon", "lat"], ["119.013", "33.003"], options=("--at", before))
    assert row["specialised"] == "S1;S2"


def test_whoever_waits_is_told_how_many_rows_are_done(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(locating, "CHUNK", 3)
    source = write(tmp_path / "in.csv", ["lon", "lat"], *[["119.005", "33.005"]] * 8)
    assert locating.about_how_many(source) in (8, 9)  # the headings are a line, too
    told: list[int] = []
    here = app.extensions["wangge"]
    with session_for(here.engine) as db:
        locating.locate_file(
            db, here.area_index(), source, tmp_path / "out.csv", locating.PointColumns(), now=NOW, progress=told.append
        )
    assert told == [3, 6, 8]


def test_days_before_months_are_recognised_by_the_whole_column(app: Flask, tmp_path: Path):
    rows = place(
        app, tmp_path, ["lon", "lat", "when"], ["119.013", "33.003", "03/11/2025"], ["119.013", "33.003", "25/12/2025"],
        options=("--at-column", "when"),
    )  # fmt: skip
    assert [row["specialised"] for row in rows] == ["S1;S2", "S2"]


def test_other_headings_datums_encodings_and_delimiters(app: Flask, tmp_path: Path):
    x, y = from_wgs84(119.005, 33.005, "gcj02")
    rows = [["经度", "纬度", "描述"], [f"{x:.9f}".replace(".", ","), f"{y:.9f}".replace(".", ","), "路灯不亮"]]
    source = write(tmp_path / "in.csv", *rows, encoding="gb18030", delimiter=";")
    options = ("--lon", "经度", "--lat", "纬度", "--datum", "gcj02")
    assert run(app, locate_file, source, tmp_path / "out.csv", *options).exit_code == 0
    row = read(tmp_path / "out.csv")[0]
    assert (row["grid"], row["描述"], row["经度"]) == (A, "路灯不亮", rows[1][0])


def test_a_column_that_is_called_like_one_of_ours_stays(app: Flask, tmp_path: Path):
    source = write(tmp_path / "in.csv", ["status", "lon", "lat"], ["open", "119.005", "33.005"])
    run(app, locate_file, source, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        headings, row = csv.reader(file)
    assert headings == ["status", "lon", "lat", *ADDED]
    assert (row[0], row[-1]) == ("open", "located")


def test_it_says_how_many_rows_became_what(app: Flask, tmp_path: Path):
    source = write(tmp_path / "in.csv", ["lon", "lat"], ["119.005", "33.005"], ["118.9", "33"], ["118.8", "33"])
    result = run(app, locate_file, source, tmp_path / "out.csv")
    assert result.stdout.endswith("out.csv: 3 rows, 1 located, 2 unlocated\n")


@pytest.mark.parametrize(
    ("rows", "options", "status", "sentence"),
    [
        ([["lon", "y"], ["1", "2"]], (), 1, "no column for lat"),
        ([["lon", "lat"], ["1", "2"]], ("--at-column", "when"), 1, "no column for when"),
        ([["lon", "lat"], ["119.005", "33.005", "one too many"]], (), 1, "row 1 has 3 cells under 2 headings"),
        ([["lon", "lat"], ["119.005", "33.005"]], ("--datum", "mars"), 2, "not a datum known here"),
    ],
)
def test_a_file_that_cannot_be_placed_is_refused_and_leaves_nothing(
    app: Flask, tmp_path: Path, rows: list[list[str]], options: tuple[str, ...], status: int, sentence: str
):
    source = write(tmp_path / "in.csv", *rows)
    result = run(app, locate_file, source, tmp_path / "out.csv", *options)
    assert result.exit_code == status
    assert sentence in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_the_file_is_not_written_over_itself(app: Flask, tmp_path: Path):
    source = write(tmp_path / "in.csv", ["lon", "lat"], ["119.005", "33.005"])
    before = source.read_bytes()
    assert run(app, locate_file, source, source).exit_code == 2
    assert source.read_bytes() == before
