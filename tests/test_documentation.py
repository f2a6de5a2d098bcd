"""What a person may rely on is written down: settings, columns, findings, commands. What lacks words fails here."""

from dataclasses import fields
from pathlib import Path

import click
import pytest

from database.settings import ROOT, Settings
from geo.codes import AreaKind
from importers import address_rows, catalogue, duties, report_rows, staff
from importers.area_rows import fields_of
from importers.areas import ACCEPTABLE
from incidents import exporting
from webmap.app import create_app

FILES = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", list(AreaKind))
def test_every_column_of_areas_is_documented(kind: AreaKind):
    assert [wanted.name for wanted in fields_of(kind) if f"`{wanted.name}`" not in FILES] == []


@pytest.mark.parametrize("wanted", [
    staff.COLUMNS.wanted, duties.COLUMNS.wanted, catalogue.COLUMNS.wanted, report_rows.FIELDS, address_rows.FIELDS,
])  # fmt: skip
def test_every_column_of_a_table_is_documented(wanted):
    assert [each.name for each in wanted if f"`{each.name}`" not in FILES] == []


def test_every_column_of_exported_reports_is_documented():
    reports = FILES.partition("### Reports")[2]
    assert [name for name in exporting.COLUMNS if f"`{name}`" not in reports] == []


def test_every_finding_that_can_be_accepted_is_documented():
    assert [code for code in ACCEPTABLE if f"`{code}`" not in FILES] == []


def test_every_setting_is_documented():
    names = {"data": "WANGGE_DATA"}
    chosen = [field.name for field in fields(Settings) if field.name != "timezone"]  # one zone for the whole country
    settings = [names.get(name, name.upper()) for name in chosen]
    assert [name for name in settings if f"`{name}`" not in README] == []


def test_every_command_helps_with_an_example(tmp_path: Path):
    without = []

    def look(command: click.Command, path: str) -> None:
        if isinstance(command, click.Group):
            for name, below in command.commands.items():
                look(below, f"{path} {name}".strip())
        elif "Example" not in (command.help or ""):
            without.append(path)

    app = create_app(Settings(data=tmp_path))
    for name, command in app.cli.commands.items():
        look(command, name)
    assert without == []


def test_the_readme_names_only_files_that_exist():
    named = [
        word
        for word in README.split("`")[1::2]
        if "/" in word and word.endswith((".py", ".md", "/")) and "<" not in word
    ]
    named = [word for word in named if not word.startswith(("/", "var/"))]
    assert [word for word in named if not (ROOT / word).exists()] == []
