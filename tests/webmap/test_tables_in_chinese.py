"""Whatever is wrong with a table can be said in Chinese: staff, duties, the catalogue, addresses and reports."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from database.session import session_for
from geo.sentences import Sentence
from importers import errors
from importers.report import ImportReport
from importers.staffing_rows import ROLE_WORDS, UNIT_WORDS
from tests.importers.written import write_csv
from tests.webmap.chinese import english_in
from tests.webmap.faulty_tables import FAULTY, make_records
from webmap.plans.telling import again
from webmap.translations_commands import calls_to_say

IMPORTERS = Path(errors.__file__).parent


def read(app: Flask, case: str, folder: Path) -> ImportReport:
    load, headings, rows = FAULTY[case]
    lines = [line.strip().replace("{long}", "长" * 501) for line in rows.strip().splitlines()]
    with session_for(app.extensions["wangge"].engine) as db:
        make_records(db)
        return load(db, write_csv(folder / "表.csv", headings, *lines))


def sentences_of(report: ImportReport) -> list[Sentence]:
    return [*(problem.message for problem in report.problems), *report.detected.notes]


@pytest.mark.parametrize("case", FAULTY)
def test_what_is_wrong_with_a_table_can_be_said_in_chinese(app: Flask, tmp_path: Path, case: str) -> None:
    report = read(app, case, tmp_path)
    with app.test_request_context("/", headers={"Accept-Language": "zh"}):
        said = [again(sentence.told()) for sentence in sentences_of(report)]
    headings = [*FAULTY[case][1].split(","), *report.detected.columns]
    plain = [CODES.sub("", each) for each in said]
    english = {
        each: words for each in plain if (words := english_in(each, file=tmp_path / "表.csv", headings=headings))
    }
    assert report.problems or len(said) > 1
    assert english == {}


CODES = re.compile(r"\([a-z-]+\)|--from|area \d+")
"""What stands beside a word that may be written for it, an option's name, and an area of the tests."""


def test_hardly_a_sentence_of_the_table_imports_is_left_out(app: Flask, tmp_path: Path) -> None:
    """Every template that is written in their modules was said by some table above."""
    said = {template for case in FAULTY for sentence in sentences_of(read(app, case, tmp_path)) for template in
            templates(sentence.told())}  # fmt: skip
    written = {
        call.args[0].value
        for file, call in calls_to_say(IMPORTERS)
        if Path(file).stem in MODULES and isinstance(call.args[0], ast.Constant)
    }
    words = {*UNIT_WORDS.values(), *ROLE_WORDS.values()}
    assert written - said - words == NOT_IN_A_TABLE


def templates(told: Any) -> Iterator[str]:
    """The template of a sentence, and those of the sentences in it."""
    if isinstance(told, dict):
        yield told["template"]
        for fact in [*told.get("facts", {}).values(), *told.get("parts", ())]:
            yield from templates(fact)


MODULES = {
    "address_rows", "addresses", "catalogue", "catalogue_plan", "catalogue_rows", "catalogue_units", "checked_rows",
    "duties", "duty_places", "duty_plan", "headings", "periods", "report_rows", "reports", "staff", "staffing_rows",
    "tables", "units", "vacancies",
}  # fmt: skip
NOT_IN_A_TABLE = {
    ".zip with one of them", "Open it and save it as .xlsx without a password, or as CSV",
    "Open it in a spreadsheet and save it as .xlsx", "a web page", "an old Excel file or one with a password",
    "and {count} more rows of which the same is true", "there are no townships to compare with; import areas first",
    "{listed} and {count} more", "{x}, {y} is no place in {datum}.",
}  # fmt: skip
"""What only another file than a .csv, a thousand rows or a county without townships makes an import say."""
