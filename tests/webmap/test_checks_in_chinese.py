"""On the Chinese page of a check every sentence is Chinese, whatever is wrong with the file."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from geo import sentences
from geo.sentences import join, retold, say, told
from importers import errors
from importers.report import ImportReport, Problem
from tests.webmap.chinese import english_in, told_in_chinese
from tests.webmap.faulty import FAULTY, Make, make_county
from webmap.plans.titles import TITLES
from webmap.translations_commands import SAID_IN, calls_to_say

ROOT = Path(errors.__file__).parents[1]
CASES = [
    pytest.param(code, make, options, id=f"{code}-{at}")
    for code, files in FAULTY.items()
    for at, (make, options) in enumerate(files, 1)
]
NO_OPTION_OF_THE_FORM = {"layer-missing"}


@pytest.fixture(scope="module", autouse=True)
def county(app: Flask) -> None:
    with Session(app.extensions["wangge"].engine) as db:
        make_county(db)
        db.commit()


@pytest.mark.parametrize(("code", "make", "options"), CASES)
def test_what_is_wrong_with_a_file_is_said_in_chinese(
    app: Flask, tmp_path: Path, code: str, make: Make, options: dict[str, Any]
) -> None:
    file = make(tmp_path)
    found = told_in_chinese(app, file, **options)
    assert code in found.codes
    english = {said: words for said in found.said if (words := english_in(said, file=file, headings=found.headings))}
    assert english == {}


# --- nothing is left out ------------------------------------------------------------------------------------------


def test_every_code_that_an_import_of_areas_can_find_has_a_title_and_a_file_above() -> None:
    codes = set(codes_of_areas())
    assert len(codes) > 50
    assert codes - TITLES.keys() == set()
    assert codes - FAULTY.keys() == NO_OPTION_OF_THE_FORM


def codes_of_areas() -> Iterator[str]:
    """Every code in the modules that an import of areas is made of."""
    yield from ("overlap", "outside-parent")  # of geo.coverage
    for module in modules_below("areas"):
        tree = ast.parse((ROOT / "importers" / f"{module}.py").read_text(encoding="utf-8"))
        yield from codes_of_problems(tree)
        if module != "errors":
            named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            yield from (error.code for error in errors_below(errors.ReadError) if error.__name__ in named)
        if module == "values":
            yield from codes_of_counts(tree)


def modules_below(name: str) -> set[str]:
    """A module of `importers`, and those it imports."""
    found, left = set(), [name]
    while left:
        found.add(module := left.pop())
        tree = ast.parse((ROOT / "importers" / f"{module}.py").read_text(encoding="utf-8"))
        imported = (node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
        names = {each.removeprefix("importers.") for each in imported if each.startswith("importers.")}
        left += names - found
    return found


def codes_of_problems(tree: ast.Module) -> Iterator[str]:
    """The third argument of `Problem` and of `AreaRows.object`, where it is written there."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("Problem") | ast.Attribute(attr="object"), args=[_, _, code, *_]):
                yield from (each.value for each in ast.walk(code) if isinstance(each, ast.Constant))
            case ast.Assign(targets=[ast.Name("_WITHOUT_OUTLINE")], value=ast.Dict(values=values)):
                yield from (each.value for each in values if isinstance(each, ast.Constant))


def codes_of_counts(tree: ast.Module) -> Iterator[str]:
    """What a number of households can be found to be."""
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        if function.name in {"parse_number", "parse_integer"}:
            for node in ast.walk(function):
                match node:
                    case ast.Call(func=ast.Name("BadValue"), args=[ast.Constant(code), *_]):
                        yield code


def errors_below(error: type[errors.ReadError]) -> Iterator[type[errors.ReadError]]:
    for below in error.__subclasses__():
        yield below
        yield from errors_below(below)


def test_a_sentence_is_written_out_where_it_is_said() -> None:
    """Or else it would not reach the catalogue. Those of a ReadError are its docstrings, which do."""
    elsewhere = {
        f"{file}: {ast.unparse(call)}"
        for package in SAID_IN
        for file, call in calls_to_say(ROOT / package)
        if not (call.args and isinstance(call.args[0], ast.Constant))
    }
    assert {each.partition(":")[0] for each in elsewhere} == {"importers/errors.py"}


# --- the files that others get ------------------------------------------------------------------------------------


def test_a_report_for_a_file_keeps_the_five_keys_and_the_english(tmp_path: Path) -> None:
    report = ImportReport("x", problems=[Problem(3, "WGBM", "code-missing", say("empty"))])
    report.write(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["problems"] == [
        {"row": 3, "field": "WGBM", "code": "code-missing", "message": "empty", "severity": "block"}
    ]


def test_an_english_page_says_what_the_command_line_says(app: Flask, tmp_path: Path) -> None:
    """With the same words: what is kept of a sentence makes it again."""
    sentence = say("{trouble} near {place}", trouble=say("crosses itself"), place="119.1 33.0")
    several = join("{one}; {other}", (sentence, "“a” {b}", 7))
    again = retold(json.loads(json.dumps(told(several))), str)
    assert again == several == "crosses itself near 119.1 33.0; “a” {b}; 7"
    assert sentences.listed(()) == "none"
