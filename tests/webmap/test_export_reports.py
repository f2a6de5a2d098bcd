"""`flask export reports` as a person runs it."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask

from database.session import session_for
from database.settings import Settings
from importers import written_tables
from importers.checked_rows import open_table
from importers.report_rows import FIELDS
from incidents.exporting import COLUMNS, report_rows
from incidents.finding import IncidentFilter
from incidents.models import Matter
from incidents.words import Channel, Level, Procedure
from incidents.workflow import State
from tests.factories import ALWAYS, NOW, make_incident, make_ladder, make_staff, make_unit
from tests.webmap.test_export_commands import run
from webmap.import_commands import commands as import_commands
from webmap.installation import Installation

DAY = timedelta(days=1)
UNDERSTOOD = (
    "external_number", "reported_at", "text", "address", "lon", "lat", "matter", "handled_at", "closed_at",
)  # fmt: skip
"""The columns that an import of reports takes from an export."""


@pytest.fixture(scope="module")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Two townships with three reports, a week apart; the last lies nowhere."""
    app = Flask("reports")
    data = tmp_path_factory.mktemp("data")
    here = Installation(Settings(data=data, database_url=database_url, secret_key="a-secret-for-tests-only"))
    app.extensions["wangge"] = here
    with session_for(here.engine) as db:
        ladder, there = make_ladder(db), make_ladder(db, west=120, township="329901002")
        matter = Matter(code="M1", valid=ALWAYS, field="市政", name="井盖", level=Level.TOWNSHIP,
                        procedure=Procedure.SIMPLE, officers=0)  # fmt: skip
        db.add(matter)
        db.flush()
        make_incident(
            db, ladder=ladder, number="N1", external_number="H-00120260316000000001", text="井盖缺失，\n“危险”",
            address="望湖街12号", matter_id=matter.id, state=State.CLOSED, handled_at=NOW + DAY, closed_at=NOW + DAY,
            staff_id=make_staff(db, "W1", make_unit(db, "desk")).id,
            reporter_name_sealed=here.seal.seal("王小明"), reporter_phone_sealed=here.seal.seal("13800000001"),
        )  # fmt: skip
        make_incident(db, ladder=there, number="N2", external_number="H-2", text="=1+2", reported_at=NOW + 7 * DAY,
                      point="SRID=4326;POINT(120.005 33.005)")  # fmt: skip
        make_incident(db, number="N3", channel=Channel.PATROL, text="路灯不亮", reported_at=NOW + 14 * DAY)
        db.commit()
    yield app
    here.engine.dispose()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_it_says_what_was_written_and_writes_a_row_for_each(app: Flask, tmp_path: Path):
    out = tmp_path / "reports.csv"
    result = run(app, "reports", out)
    assert (result.exit_code, result.stderr, result.stdout) == (0, "", f"{out}: 3 reports\n")
    rows = rows_of(out)
    assert list(rows[0]) == list(COLUMNS)
    assert [row["number"] for row in rows] == ["N1", "N2", "N3"]
    first = rows[0]
    assert (first["reported_at"], first["closed_at"]) == ("2026-03-16T10:00:00+08:00", "2026-03-17T10:00:00+08:00")
    assert (first["channel"], first["state"], first["lon"], first["staff"]) == ("hotline", "closed", "119.005", "W1")
    assert rows[1]["text"] == "'=1+2"


def test_who_reported_is_in_no_file(app: Flask, tmp_path: Path):
    assert run(app, "reports", tmp_path / "out.csv").exit_code == 0
    written = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert "井盖缺失" in written and "王小明" not in written and "13800000001" not in written
    assert not any("reporter" in name for name in COLUMNS)


def test_a_workbook_holds_the_same(app: Flask, tmp_path: Path):
    assert run(app, "reports", tmp_path / "out.xlsx").exit_code == 0
    headings, *rows = openpyxl.load_workbook(tmp_path / "out.xlsx")["reports"].iter_rows(values_only=True)
    assert headings == COLUMNS
    found = [dict(zip(headings, row, strict=True)) for row in rows]
    assert [row["text"] for row in found] == ["井盖缺失，\n“危险”", "=1+2", "路灯不亮"]
    assert (found[0]["reported_at"], found[0]["lon"]) == (NOW.replace(tzinfo=None) + timedelta(hours=8), 119.005)


@pytest.mark.parametrize(("arguments", "numbers"), [
    (("--from", "2026-03-17"), ["N2", "N3"]),
    (("--since", "2026-03-17", "--until", "2026-03-24"), ["N2"]),
    (("--channel", "patrol"), ["N3"]),
    (("--township", "329901002"), ["N2"]),
    (("--township", "329901002", "--township", "329901001"), ["N1", "N2"]),
    (("--state", "closed"), ["N1"]),
    (("--state", "filed", "--channel", "hotline"), ["N2"]),
])  # fmt: skip
def test_options_narrow_down_which_are_meant(app: Flask, tmp_path: Path, arguments: tuple[str, ...], numbers: Any):
    assert run(app, "reports", tmp_path / "out.csv", *arguments).exit_code == 0
    assert [row["number"] for row in rows_of(tmp_path / "out.csv")] == numbers


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_import_knows_the_columns_by_their_headings(app: Flask, tmp_path: Path, ending: str):
    out = tmp_path / f"out.{ending}"
    assert run(app, "reports", out).exit_code == 0
    _table, matched, _report = open_table(out, FIELDS, None, encoding="auto", sheet=None)
    assert set(matched.mapping.items()) == {(name, name) for name in UNDERSTOOD}


def test_where_nothing_is_meant_it_says_so_and_writes_nothing(app: Flask, tmp_path: Path):
    result = run(app, "reports", tmp_path / "out.csv", "--until", "2020-01-01")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No report is as asked for." in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("out.gpkg",), "“out.gpkg” must end in .csv, .xlsx."),
    (("out.csv", "--from", "tomorrow"), "--since: "),
    (("out.csv", "--until", "9999-12-31"), "--until: "),
    (("out.csv", "--channel", "letter"), "'letter' is not one of"),
    (("out.csv", "--state", "lost"), "'lost' is not one of"),
    (("out.csv", "--township", "329901001", "--township", "7"), "no township has the code 7"),
    (("nowhere/out.csv",), "nowhere/out.csv cannot be written"),
    ((), "Missing argument 'OUT'"),
])  # fmt: skip
def test_wrong_usage_is_told_in_a_sentence_and_nothing_is_written(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
):
    monkeypatch.chdir(tmp_path)
    result = run(app, "reports", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_more_than_a_sheet_holds_is_refused_before_anything_is_read(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(written_tables, "MOST_ROWS", 1)
    monkeypatch.setattr("webmap.export_commands.report_rows", None)
    result = run(app, "reports", tmp_path / "out.xlsx")
    assert (result.exit_code, "write a .csv, or a shorter period" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_broken_off_it_leaves_what_was_there(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = tmp_path / "out.csv"
    out.write_bytes(b"of last month")

    def breaking(*_: Any, **__: Any) -> Iterator[tuple[str, ...]]:
        yield ("N1",)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("webmap.export_commands.report_rows", breaking)
    result = run(app, "reports", out)
    assert (result.exit_code, "No space left on device" in result.stderr) == (1, True)
    assert out.read_bytes() == b"of last month"
    assert list(tmp_path.iterdir()) == [out]


def test_without_a_database_it_says_so(tmp_path: Path):
    app = Flask("nowhere")
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
    app.extensions["wangge"] = Installation(Settings(data=tmp_path, database_url=nowhere, secret_key="x" * 20))
    result = run(app, "reports", tmp_path / "out.csv")
    assert (result.exit_code, "cannot be reached" in result.stderr) == (1, True)
    assert not (tmp_path / "out.csv").exists()


# A .csv cannot say that a text is no formula; what keeps it from being one stays in the words.
@pytest.mark.parametrize(("ending", "other", "words"), [("csv", "superior", "'=1+2"), ("xlsx", "system", "=1+2")])
def test_the_file_can_be_imported_again(app: Flask, tmp_path: Path, ending: str, other: str, words: str):
    """What is known adds nothing; as the records of another source everything is new and says the same."""
    out = tmp_path / f"out.{ending}"
    assert run(app, "reports", out, "--channel", "hotline").exit_code == 0
    said = ("reports", out, "--datum", "wgs84", "--channel")
    again = run(app, *said, "hotline", group=import_commands)
    assert (again.exit_code, "known: 2" in again.output) == (0, True), again.output
    anew = run(app, *said, other, "--commit", group=import_commands)
    assert (anew.exit_code, "new: 2" in anew.output, "located: 2" in anew.output) == (0, True, True), anew.output
    same = [*UNDERSTOOD, "matter_name", "grid", "village", "township"]
    before, after = ([[row[name] for name in same] for row in told(app, channel)] for channel in ("hotline", other))
    assert before[1][same.index("text")] == "=1+2"
    before[1][same.index("text")] = words
    assert before == after


def told(app: Flask, channel: str) -> list[dict[str, Any]]:
    """The rows of a channel as they are read from the database."""
    with session_for(app.extensions["wangge"].engine) as db:
        return [dict(zip(COLUMNS, row, strict=True)) for row in report_rows(db, IncidentFilter(channel=(channel,)))]
