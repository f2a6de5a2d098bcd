"""A department's net: read as every file of areas, laid over the comprehensive grids, and loaded in part."""

import csv
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import openpyxl
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from shapely.geometry import Polygon, box, mapping
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.session import session_for
from database.settings import Settings
from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.models import Area
from geo.redraws.nets import Verdict
from importers.nets import import_net, lay_net, read_net, years_reports
from tests import databases
from tests.factories import NOW, make_area, make_incident, make_ladder
from tests.importers.shapefiles import square, write_shapefile, zipped
from webmap.crosswalks import as_csv, as_xlsx
from webmap.installation import Installation, utcnow
from webmap.nets_commands import commands

A, B = "329901001001001", "329901001001002"
BOW_TIE = Polygon([(119.001, 33.001), (119.009, 33.009), (119.009, 33.001), (119.001, 33.009)])

FOLLOWS = ("F1", "甲片", box(119.0, 33.0, 119.01, 33.01))
WITHIN = ("F2", "乙店", box(119.012, 33.002, 119.014, 33.004))
CUTS = ("F3", "丙片", box(119.005, 33.0, 119.015, 33.01))
OUTSIDE = ("F4", "丁片", box(119.5, 33.5, 119.51, 33.51))


def net(folder: Path, *rows: tuple[str, str, Any], **cells: Any) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"编码": code, "名称": name, **cells},
            "geometry": outline and mapping(outline),
        }
        for code, name, outline in rows
    ]
    path = folder / "食品.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def specialised(db: Session) -> dict[str, str | None]:
    return {area.code: area.domain for area in areas_valid_at(db, NOW, kinds=[AreaKind.SPECIALISED])}


# --- reading --------------------------------------------------------------------------------------------------------


def test_codes_are_the_departments_own_and_all_grids_are_of_its_domain(db: Session, tmp_path: Path):
    make_ladder(db)
    grids, report = read_net(db, net(tmp_path, FOLLOWS, WITHIN, 类型="A级"), domain="food-safety")
    assert [(grid.row, grid.code, grid.name, grid.domain) for grid in grids] == [
        (1, "F1", "甲片", "food-safety"), (2, "F2", "乙店", "food-safety"),
    ]  # fmt: skip
    assert (report.blocks, report.detected.unused) == (False, ("类型",))


def test_a_gbk_shapefile_in_metres_is_read_as_every_file_is(db: Session, tmp_path: Path):
    make_area(db, "329901", AreaKind.COUNTY, box(119.9, 32.9, 120.1, 33.1))
    x, y = 500_000, 3_653_000
    shp = write_shapefile(
        tmp_path / "net.shp", [[square(x, y, 300)]], [["F-1", "食品安全第一网格", ""]], crs=None, encoding="gbk"
    )
    grids, report = read_net(db, zipped(shp), domain="food-safety")
    assert [grid.name for grid in grids] == ["食品安全第一网格"]
    assert report.detected.encoding == "GB18030"
    assert "4549" in (report.detected.crs or "")


def test_every_problem_of_the_file_is_said_and_the_other_rows_are_laid_all_the_same(db: Session, tmp_path: Path):
    make_ladder(db)
    rows = (FOLLOWS, ("", "无码", WITHIN[2]), ("F1", "重码", WITHIN[2]), ("F5", "无形", None), ("F6", "蝴蝶", BOW_TIE))
    grids, report = read_net(db, net(tmp_path, *rows), domain="food-safety")
    assert [grid.code for grid in grids] == ["F1", "F6"]
    assert {(problem.row, problem.code) for problem in report.problems if problem.blocks} == {
        (2, "code-missing"), (3, "code-repeated"), (4, "geometry-null"), (5, "geometry-invalid"),
    }  # fmt: skip


def test_a_file_that_cannot_be_read_says_why(db: Session, tmp_path: Path):
    path = tmp_path / "net.zip"
    path.write_bytes(b"no zip")
    grids, report = read_net(db, path, domain="food-safety")
    assert (grids, report.blocks) == ([], True)


# --- laying ---------------------------------------------------------------------------------------------------------


def test_a_net_is_laid_over_the_grids_in_force_at_a_moment_with_the_reports_of_the_year_before(
    db: Session, tmp_path: Path
):
    ladder = make_ladder(db)
    make_incident(db, ladder=ladder)
    make_incident(db, ladder=ladder, reported_at=NOW - timedelta(days=400))
    make_incident(db, ladder=ladder, reported_at=NOW + timedelta(days=1))
    grids, _ = read_net(db, net(tmp_path, FOLLOWS, CUTS), domain="food-safety")
    at = NOW + timedelta(hours=1)
    found = lay_net(db, grids, at=at, points=years_reports(db, at)).grids
    assert [one.verdict for one in found] == [Verdict.FOLLOWS, Verdict.CUTS]
    assert [(one.tile, one.reports, one.tile_reports) for one in found[0].shared if one.reports] == [(A, 1, 1)]
    assert {one.tile for one in found[1].shared} == {A, B}


# --- loading --------------------------------------------------------------------------------------------------------


def take(db: Session, path: Path, *codes: str, **options: Any) -> Any:
    return import_net(db, path, domain="food-safety", only=codes, by="tester", **options)


def test_what_is_chosen_becomes_specialised_grids_of_the_domain_and_nothing_else(db: Session, tmp_path: Path):
    make_ladder(db)
    report = take(db, net(tmp_path, FOLLOWS, WITHIN, CUTS, 类型="A级"), "F2", "F3")
    assert (report.blocks, report.loaded, report.counts) == (False, 2, {"new": 2, "unchanged": 0})
    assert specialised(db) == {"F2": "food-safety", "F3": "food-safety"}
    again = take(db, net(tmp_path, FOLLOWS, WITHIN, CUTS), "F2")
    assert (again.loaded, again.counts["unchanged"]) == (0, 1)


def test_what_is_wrong_with_rows_that_were_not_chosen_stops_nobody(db: Session, tmp_path: Path):
    make_ladder(db)
    path = net(tmp_path, WITHIN, ("", "无码", WITHIN[2]), ("F6", "蝴蝶", BOW_TIE), ("F5", "无形", None))
    assert take(db, path, "F2").loaded == 1
    refused = take(db, path, "F6")
    assert [problem.code for problem in refused.problems if problem.blocks] == ["geometry-invalid"]
    assert take(db, path, "F6", accept={"geometry-invalid"}).loaded == 1


def test_a_chosen_code_that_two_rows_bear_is_not_loaded_in_silence(db: Session, tmp_path: Path):
    make_ladder(db)
    report = take(db, net(tmp_path, WITHIN, ("F2", "又一家", CUTS[2])), "F2")
    assert [(problem.row, problem.code) for problem in report.problems if problem.blocks] == [(2, "code-repeated")]
    assert specialised(db) == {}


def test_a_code_that_the_net_does_not_have_is_said_and_nothing_is_loaded(db: Session, tmp_path: Path):
    make_ladder(db)
    report = take(db, net(tmp_path, WITHIN), "F2", "F9")
    assert [(problem.field, problem.code) for problem in report.problems] == [("F9", "code-not-in-net")]
    assert (report.loaded, specialised(db)) == (0, {})


def test_a_grid_that_another_domain_has_already_is_refused(db: Session, tmp_path: Path):
    ladder = make_ladder(db)
    make_area(db, "F2", AreaKind.SPECIALISED, WITHIN[2], parent=ladder["village"], domain="school", name="乙店")
    report = take(db, net(tmp_path, WITHIN), "F2")
    assert [problem.code for problem in report.problems if problem.blocks] == ["code-taken"]


# --- tables ---------------------------------------------------------------------------------------------------------


def test_no_text_of_a_file_becomes_a_formula(tmp_path: Path):
    row = {"code": "F\x011", "name": '=HYPERLINK("http://x")', "share_of_net": 0.5}
    lines = list(csv.reader(as_csv([row]).decode("utf-8-sig").splitlines()))
    assert lines[1][2].startswith("'=")
    path = tmp_path / "crosswalk.xlsx"
    path.write_bytes(as_xlsx([row], {"name": "名称"}))
    head, first = openpyxl.load_workbook(path)["crosswalk"].iter_rows()
    assert (head[2].value, first[2].value, first[2].data_type) == ("名称", row["name"], "s")
    assert first[1].value == "F1", "a workbook cannot hold control characters"
    assert first[11].number_format == "0.0%"


# --- the command line -----------------------------------------------------------------------------------------------


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Flask]:
    """A command line on a database of its own with two comprehensive grids."""
    with databases.fresh(Path(os.environ["WANGGE_DATA"])) as url:
        app = Flask("nets")
        settings = Settings(data=tmp_path / "data", database_url=url, secret_key="a-secret-for-tests-only")
        here = app.extensions["wangge"] = Installation(settings)
        with session_for(here.engine) as db:
            make_incident(db, ladder=make_ladder(db), reported_at=utcnow() - timedelta(days=3))
            db.commit()
        yield app
        here.engine.dispose()


def run(shell: Flask, *arguments: object) -> Result:
    return CliRunner().invoke(commands, [str(each) for each in arguments], obj=ScriptInfo(create_app=lambda: shell))


def loaded(shell: Flask) -> set[str]:
    with session_for(shell.extensions["wangge"].engine) as db:
        return set(db.scalars(select(Area.code).where(Area.kind == AreaKind.SPECIALISED)))


def test_the_command_writes_the_crosswalk_as_a_table_and_as_json(shell: Flask, tmp_path: Path):
    path, out, told = net(tmp_path, FOLLOWS, WITHIN, CUTS, OUTSIDE), tmp_path / "out.csv", tmp_path / "out.json"
    result = run(shell, "crosswalk", path, "--domain", "food-safety", "--out", out, "--report", told)
    assert result.exit_code == 0, result.output
    assert "cuts: 1" in result.output
    assert "would be loaded" not in result.output
    table = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["code"], row["verdict"], row["grid"], row["relation"]) for row in table] == [
        ("F3", "cuts", A, "part"), ("F3", "cuts", B, "part"), ("F4", "outside", "", ""), ("F2", "within", B, "part"),
        ("F1", "follows", A, "whole"),
    ]  # fmt: skip
    assert (table[-1]["shared_reports"], table[-1]["grid_reports"], table[-1]["share_of_grid"]) == ("1", "1", "1.0")
    kept = json.loads(told.read_text(encoding="utf-8"))
    assert kept["crosswalk"]["counts"] == {"cuts": 1, "outside": 1, "within": 1, "follows": 1}
    assert run(shell, "crosswalk", path, "--domain", "f", "--out", tmp_path / "out.xlsx").exit_code == 0
    assert openpyxl.load_workbook(tmp_path / "out.xlsx")["crosswalk"].max_row == 6


def test_rows_that_cannot_be_used_are_told_and_the_exit_status_is_1(shell: Flask, tmp_path: Path):
    path = net(tmp_path, FOLLOWS, ("", "无码", WITHIN[2]))
    result = run(shell, "crosswalk", path, "--domain", "food-safety", "--out", tmp_path / "out.csv")
    assert (result.exit_code, "row 2, 编码: empty" in result.output) == (1, True)
    assert (tmp_path / "out.csv").exists()


def test_a_net_is_loaded_by_verdict_and_a_dry_run_loads_nothing(shell: Flask, tmp_path: Path):
    path = net(tmp_path, FOLLOWS, WITHIN, CUTS)
    asked = ("import", path, "--domain", "food-safety", "--verdict", "within,cuts", "--from", "2026-01-01")
    dry = run(shell, *asked)
    assert (dry.exit_code, "2 of 3 rows would be loaded" in dry.output) == (0, True), dry.output
    assert loaded(shell) == set()
    assert run(shell, *asked, "--commit").exit_code == 0
    assert loaded(shell) == {"F2", "F3"}


def test_a_net_is_loaded_by_codes(shell: Flask, tmp_path: Path):
    path = net(tmp_path, FOLLOWS, WITHIN, CUTS)
    assert run(shell, "import", path, "--domain", "f", "--only", "F1,F9", "--commit").exit_code == 1
    assert loaded(shell) == set()
    assert run(shell, "import", path, "--domain", "f", "--only", "F1", "--commit").exit_code == 0
    assert loaded(shell) == {"F1"}


@pytest.mark.parametrize("wrong", [
    ("crosswalk", "--domain", "f", "--out", "out.txt"), ("crosswalk", "--domain", "f"), ("import", "--domain", "f"),
    ("import", "--domain", "f", "--only", "F1", "--verdict", "cuts"), ("import", "--domain", "f", "--verdict", "maybe"),
    ("import", "--domain", "f", "--only", "F1", "--accept", "anything"), ("import", "--only", "F1"),
])  # fmt: skip
def test_wrong_usage_exits_with_2(shell: Flask, tmp_path: Path, wrong: tuple[str, ...]):
    command, *options = wrong
    assert run(shell, command, net(tmp_path, WITHIN), *options).exit_code == 2


def test_the_commands_are_found(shell: Flask):
    assert isinstance(commands, click.Group)
    assert set(commands.commands) == {"crosswalk", "import"}
