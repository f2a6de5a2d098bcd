"""`flask import …` as a person runs it: dry runs, commits, exit statuses, reports."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import geopandas
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from shapely.geometry import box
from sqlalchemy import Engine, text

from database.session import session_for
from database.settings import Settings
from geo.codes import AreaKind
from tests import databases
from tests.factories import make_area
from tests.importers.written import write_csv
from webmap.import_commands import commands
from webmap.installation import Installation

STAFF = "工号,姓名,单位编码,单位名称,单位类型"
VILLAGE, GRID = "329901001001", "329901001001001"


@dataclass
class Shell:
    """A command line on a database of its own."""

    app: Flask
    engine: Engine

    def run(self, *arguments: object) -> Result:
        said = [str(argument) for argument in arguments]
        return CliRunner().invoke(commands, said, obj=ScriptInfo(create_app=lambda: self.app))

    def count(self, table: str) -> int:
        with session_for(self.engine) as db:
            return db.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def open_shell(url: str, data: Path) -> Shell:
    app = Flask("imports")
    app.extensions["wangge"] = Installation(Settings(data=data, database_url=url, secret_key="a-secret-for-tests-only"))
    return Shell(app, app.extensions["wangge"].engine)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """On a database that the test has to itself: commands commit, and a history cannot be emptied."""
    with databases.fresh(Path(os.environ["WANGGE_DATA"])) as url:
        opened = open_shell(url, tmp_path / "data")
        yield opened
        opened.engine.dispose()


@pytest.fixture
def shell_without_database(tmp_path: Path) -> Shell:
    return open_shell("postgresql+psycopg://nobody@127.0.0.1:9/nothing", tmp_path / "data")


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "staff.csv", STAFF, "001,张一,V1,东村,村社区", "002,李二,V1,东村,村社区")


@pytest.fixture
def grid(shell: Shell) -> None:
    with session_for(shell.engine) as db:
        whole = box(119.0, 33.0, 119.01, 33.01)
        village = make_area(db, VILLAGE, AreaKind.VILLAGE, whole)
        make_area(db, GRID, AreaKind.COMPREHENSIVE, whole, parent=village)
        db.commit()


def test_a_dry_run_says_what_would_happen_and_changes_nothing(shell: Shell, roster: Path):
    result = shell.run("staff", roster)
    assert result.exit_code == 0
    assert "staff.csv: 2 rows" in result.output
    assert "encoding: UTF-8" in result.output
    assert "columns: staff_no=工号, name=姓名" in result.output
    assert "dry run: 2 of 2 rows would be loaded; say --commit to load them" in result.output
    assert shell.count("staff") == 0


def test_commit_loads_and_a_second_time_changes_nothing(shell: Shell, roster: Path):
    assert "loaded 2 of 2 rows" in shell.run("staff", roster, "--commit").output
    assert shell.count("staff") == 2
    again = shell.run("staff", roster, "--commit")
    assert (again.exit_code, "new: 0" in again.output, "unchanged: 2" in again.output) == (0, True, True)
    assert shell.count("staff") == 2


def test_what_blocks_exits_with_1_loads_nothing_and_names_every_row(shell: Shell, tmp_path: Path):
    rows = ("001,张一,V1,东村,村社区", ",李二,V1,东村,村社区", "003,,V1,东村,亭")
    path = write_csv(tmp_path / "staff.csv", STAFF, *rows)
    result = shell.run("staff", path, "--commit")
    assert result.exit_code == 1
    for line in ("row 2, 工号: empty", "row 3, 姓名: empty", "row 3, 单位类型: “亭” is not one of"):
        assert line in result.output
    assert "nothing was loaded" in result.output
    assert shell.count("staff") == 0


def test_the_report_has_the_keys_of_the_contract(shell: Shell, tmp_path: Path):
    path = write_csv(tmp_path / "staff.csv", STAFF, "001,,V1,东村,村社区", encoding="gb18030")
    out = tmp_path / "out.json"
    assert shell.run("staff", path, "--report", out).exit_code == 1
    told = json.loads(out.read_text(encoding="utf-8"))
    assert (told["file"], told["rows"], told["loaded"], told["findings"]) == ("staff.csv", 1, 0, [])
    assert told["detected"]["encoding"] == "GB18030"
    assert told["detected"]["columns"]["staff_no"] == "工号"
    assert {"crs", "datum"} <= told["detected"].keys()
    assert told["problems"] == [
        {"row": 1, "field": "姓名", "code": "empty", "message": "empty", "severity": "block"}
    ]  # fmt: skip


def test_a_report_is_written_for_a_file_that_cannot_be_read(shell: Shell, tmp_path: Path):
    path, out = tmp_path / "staff.csv", tmp_path / "out.json"
    path.write_bytes(b"")
    result = shell.run("staff", path, "--report", out)
    assert (result.exit_code, json.loads(out.read_text())["problems"][0]["code"]) == (1, "file-empty")
    assert "staff.csv is empty" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["staff"],
        ["staff", "nowhere.csv"],
        ["staff", "FILE", "--columns", "nonsense"],
        ["staff", "FILE", "--report", "/nowhere/at/all/out.json"],
        ["staff", "FILE", "--unheard-of"],
        ["catalogue", "FILE", "--from", "soon"],
        ["reports", "FILE"],
        ["reports", "FILE", "--channel", "pigeon", "--datum", "wgs84"],
        ["reports", "FILE", "--channel", "hotline", "--datum", "mars"],
        ["areas", "FILE", "--kind", "kingdom"],
        ["areas", "FILE", "--kind", "village", "--domain", "school"],
        ["areas", "FILE", "--kind", "village", "--codes", "morse"],
        ["areas", "FILE", "--kind", "village", "--accept", "everything"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(shell_without_database: Shell, roster: Path, arguments: list[str]):
    result = shell_without_database.run(*(roster if argument == "FILE" else argument for argument in arguments))
    assert result.exit_code == 2, result.output
    assert "Error: " in result.output


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_every_command_explains_itself_with_an_example(shell_without_database: Shell, name: str):
    result = shell_without_database.run(name, "--help")
    assert (result.exit_code, "Example: flask import" in result.output) == (0, True)


def test_the_commands_of_the_contract_are_there():
    options = {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        for name, command in commands.commands.items()
    }
    shared = {"--report", "--commit"}
    assert options["areas"] >= shared | {
        "--kind", "--domain", "--from", "--columns", "--encoding", "--crs", "--datum", "--codes", "--accept",
    }  # fmt: skip
    assert options["staff"] >= shared
    assert options["duties"] >= shared
    assert options["catalogue"] >= shared | {"--from", "--replace"}
    assert options["reports"] >= shared | {"--channel", "--datum", "--columns"}


def test_every_parameter_says_what_it_is_for():
    for command in commands.commands.values():
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, parameter.name


def test_columns_that_nobody_could_guess_are_named(shell: Shell, tmp_path: Path):
    path = write_csv(tmp_path / "staff.csv", "A,B,C,D,E", "001,张一,V1,东村,村社区")
    mapping = "staff_no=A,name=B,unit_code=C,unit_name=D,unit_kind=E"
    assert shell.run("staff", path, "--columns", mapping, "--commit").exit_code == 0
    assert shell.count("staff") == 1


def test_duties_and_catalogue_are_loaded_after_staff(shell: Shell, roster: Path, grid: None, tmp_path: Path):
    duties = write_csv(tmp_path / "duties.csv", "工号,区划编码,角色", f"001,{GRID},网格员", f"002,{VILLAGE},联络员")
    headings = "事项编码,领域,事项名称,主办部门,处置层级,时限,程序"
    catalogue = write_csv(tmp_path / "catalogue.csv", headings, "M1,市政,井盖,东村,镇街,24小时,简易")
    assert shell.run("duties", duties).exit_code == 1
    assert shell.run("staff", roster, "--commit").exit_code == 0
    assert shell.run("duties", duties, "--commit").exit_code == 0
    assert shell.run("catalogue", catalogue, "--from", "2026-01-01", "--commit").exit_code == 0
    assert [shell.count(table) for table in ("staff", "duty", "matter")] == [2, 2, 1]
    with session_for(shell.engine) as db:
        since = db.scalar(text("SELECT lower(valid) AT TIME ZONE 'Asia/Shanghai' FROM matter"))
    assert since.isoformat() == "2026-01-01T00:00:00"


def test_replacing_the_catalogue_ends_what_the_file_lacks(shell: Shell, tmp_path: Path):
    headings = "事项编码,领域,事项名称,处置层级,程序"
    both = write_csv(tmp_path / "both.csv", headings, "M1,市政,井盖,镇街,简易", "M2,市政,路灯,镇街,简易")
    one = write_csv(tmp_path / "one.csv", headings, "M1,市政,井盖,镇街,简易")
    shell.run("catalogue", both, "--commit")
    assert "ended: 1" in shell.run("catalogue", one, "--replace", "--commit").output
    with session_for(shell.engine) as db:
        assert db.scalars(text("SELECT code FROM matter WHERE upper_inf(valid)")).all() == ["M1"]


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    """A village of two grids; the second one overlaps the first."""
    frame = geopandas.GeoDataFrame(
        {"WGBM": [GRID, f"{VILLAGE}002"], "WGMC": ["东网格", "西网格"]},
        geometry=[box(119.0, 33.0, 119.006, 33.01), box(119.005, 33.0, 119.01, 33.01)], crs=4326,
    )  # fmt: skip
    frame.to_file(tmp_path / "grids.geojson", driver="GeoJSON")
    return tmp_path / "grids.geojson"


def test_areas_that_overlap_block_until_they_are_accepted(shell: Shell, parcels: Path, tmp_path: Path):
    out = tmp_path / "out.json"
    usual = ("areas", parcels, "--kind", "comprehensive", "--from", "2026-01-01", "--report", out, "--commit")
    assert (shell.run(*usual).exit_code, shell.count("area")) == (1, 0)
    findings = json.loads(out.read_text())["findings"]
    assert (findings[0]["code"], findings[0]["geometry"]["type"]) == ("overlap", "Polygon")
    accepted = shell.run(*usual, "--accept", "overlap,outside-parent")
    assert (accepted.exit_code, shell.count("area_version")) == (0, 2)
    with session_for(shell.engine) as db:
        since = db.scalar(text("SELECT DISTINCT lower(valid) AT TIME ZONE 'Asia/Shanghai' FROM area_version"))
        assert since.isoformat() == "2026-01-01T00:00:00"
        assert db.scalar(text("SELECT loaded_by FROM area_import")).startswith("command line")
    assert "unchanged: 2" in shell.run(*usual, "--accept", "overlap").output


def test_columns_and_codes_of_areas_may_be_ones_own(shell: Shell, parcels: Path):
    named = ("--columns", "code=WGMC,name=WGBM", "--codes", "free", "--accept", "overlap")
    assert shell.run("areas", parcels, "--kind", "comprehensive", *named, "--commit").exit_code == 0
    with session_for(shell.engine) as db:
        assert sorted(db.scalars(text("SELECT code FROM area"))) == ["东网格", "西网格"]


def test_of_several_layers_the_one_named_is_loaded(shell: Shell, parcels: Path, tmp_path: Path):
    both = tmp_path / "both.gpkg"
    for name in ("today", "draft"):
        geopandas.read_file(parcels).iloc[:1].to_file(both, layer=name, driver="GPKG")
    usual = ("areas", both, "--kind", "comprehensive", "--commit")
    refused = shell.run(*usual)
    assert (refused.exit_code, "--layer" in refused.output) == (1, True)
    assert (shell.run(*usual, "--layer", "today").exit_code, shell.count("area")) == (0, 1)


def test_reports_load_the_good_rows_and_give_back_the_bad(shell: Shell, grid: None, tmp_path: Path):
    path = write_csv(
        tmp_path / "reports.csv", "工单编号,问题描述,经度,纬度,上报时间", "A1,井盖破损,119.005,33.005,2026-03-01 08:05",
        "A2,,119.005,33.005,2026-03-01 08:05", "A3,路灯不亮,,,2026-03-01 08:05",
    )  # fmt: skip
    rejects = tmp_path / "reports-rejects.csv"
    usual = ("reports", path, "--channel", "hotline", "--datum", "wgs84")
    assert shell.run(*usual).exit_code == 0
    assert (shell.count("incident"), rejects.exists()) == (0, False)
    result = shell.run(*usual, "--commit")
    assert (result.exit_code, shell.count("incident")) == (0, 2)
    assert f"1 rows that were not loaded are in {rejects}" in result.output
    assert "A2" in rejects.read_text(encoding="utf-8-sig")
    again = shell.run(*usual, "--commit")
    assert ("new: 0" in again.output, shell.count("incident")) == (True, 2)


def test_rejected_rows_go_where_they_are_wanted_even_in_a_dry_run(shell: Shell, grid: None, tmp_path: Path):
    path = write_csv(tmp_path / "reports.csv", "工单编号,问题描述", "A1,", "A2,路灯不亮")
    rejects = tmp_path / "bad.csv"
    shell.run("reports", path, "--channel", "hotline", "--datum", "gcj02", "--rejects", rejects)
    assert rejects.exists()


def test_who_imported_is_remembered_in_the_history(shell: Shell, grid: None, tmp_path: Path):
    path = write_csv(tmp_path / "reports.csv", "工单编号,问题描述", "A1,路灯不亮")
    shell.run("reports", path, "--channel", "hotline", "--datum", "gcj02", "--commit")
    with session_for(shell.engine) as db:
        assert (
            db.scalars(text("SELECT by_name FROM incident_event WHERE kind = 'received'"))
            .one()
            .startswith("command line")
        )


def test_a_database_that_does_not_answer_is_said_in_a_sentence(shell_without_database: Shell, roster: Path):
    result = shell_without_database.run("staff", roster)
    assert (result.exit_code, "cannot be reached" in result.output) == (1, True)
    assert "Traceback" not in result.output


def test_a_database_without_the_schema_names_the_command_that_is_missing(shell: Shell, roster: Path):
    with shell.engine.begin() as connection:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("DELETE FROM alembic_version"))
    try:
        result = shell.run("staff", roster)
    finally:
        with shell.engine.begin() as connection:
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    assert (result.exit_code, "flask db migrate" in result.output) == (1, True)
