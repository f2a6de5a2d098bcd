"""A table's rows as models, or every problem with its row: what importing staff, duties and matters begins with."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.sentences import Sentence, listed, passed_on, say
from importers.columns import Matched, Wanted, known_headings, match_columns
from importers.errors import ReadError
from importers.report import Detected, ImportReport, Problem, Severity
from importers.tables import Row, Table, read_table
from importers.values import BadValue, ColumnOrder, day_order, plain
from incidents.drafts import faults_of

NO_ROWS = say("the file has headings and not one row under them")
NAMED_IN_A_SENTENCE = 20
"""How many codes a sentence lists before it only counts the rest."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Columns(Generic[Model]):
    """What a kind of file holds: the fields wanted, the model of a row, and which fields are codes, which days."""

    wanted: Sequence[Wanted]
    model: type[Model]
    codes: tuple[str, ...]
    days: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckedRow(Generic[Model]):
    """A row that is well formed, and the number by which a person finds it in the file."""

    number: int
    values: Model


@dataclass
class CheckedRows(Generic[Model]):
    """The well-formed rows of a file, and the report to which everything said about it is added."""

    report: ImportReport
    rows: list[CheckedRow[Model]] = field(default_factory=list)
    written: list[dict[str, str]] = field(default_factory=list)
    """Every row as it was written, malformed ones too, under our field names."""

    def codes(self, name: str) -> set[str]:
        """Return what stands in a column anywhere in the file, also in rows that are malformed elsewhere."""
        return {plain(row[name]) for row in self.written if row.get(name)}

    def block(self, row: int | None, name: str | None, code: str, message: Sentence) -> None:
        """Add a problem that forbids loading the file."""
        self._say(row, name, code, message, "block")

    def warn(self, row: int | None, name: str | None, code: str, message: Sentence) -> None:
        """Add what the clerk should know and what forbids nothing."""
        self._say(row, name, code, message, "warn")

    def finish(self, counts: Mapping[str, int] | None = None, *, loaded: int = 0) -> ImportReport:
        """Return the report: problems in the file's order, what concerns all of it last."""
        self.report.problems.sort(key=lambda problem: (problem.row is None, problem.row or 0))
        self.report.counts = dict(counts or {})
        self.report.loaded = loaded
        return self.report

    def _say(self, row: int | None, name: str | None, code: str, message: Sentence, severity: Severity) -> None:
        shown = self.report.detected.columns.get(name, name) if name else None
        self.report.problems.append(Problem(row, shown, code, message, severity))


def read_rows(
    path: Path, columns: Columns[Model], given: Mapping[str, str] | None, *, encoding: str, sheet: str | None
) -> CheckedRows[Model]:
    """Read a table and check each row by itself. A file that cannot be read has no rows and says why."""
    try:
        table, matched, report = open_table(path, columns.wanted, given, encoding=encoding, sheet=sheet)
        checked: CheckedRows[Model] = CheckedRows(report)
        if not report.blocks:
            _check(table, columns, matched, checked)
    except ReadError as error:
        return CheckedRows(ImportReport.refused(path, error))
    return checked


def open_table(
    path: Path, wanted: Sequence[Wanted], given: Mapping[str, str] | None, *, encoding: str, sheet: str | None,
    datum: str | None = None,
) -> tuple[Table, Matched, ImportReport]:  # fmt: skip
    """Open a table, find the columns wanted in it, and begin its report, which blocks where one is missing.

    `given` are columns that somebody named, `datum` the one declared. Raises ReadError.
    """
    table = read_table(path, encoding=encoding, sheet=sheet, known=known_headings(wanted))
    matched = match_columns(table.columns, wanted, given)
    detected = replace(table.detected, datum=datum, columns=matched.mapping, unused=matched.ignored)
    report = ImportReport(path.name, detected, problems=matched.problems())
    if report.blocks:  # its rows will not be read: what is known of the file by now is told at once
        report.problems += table.problems
    return table, matched, report


def take_turn(db: Session, kind: str) -> None:
    """Wait until no other import of this kind is under way; held until the transaction ends."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"wangge import {kind}", 0))))


def some_of(codes: Collection[str]) -> Sentence:
    """Return the codes as a sentence lists them: the first twenty in order, then how many more."""
    first = listed(sorted(codes)[:NAMED_IN_A_SENTENCE])
    more = len(codes) - NAMED_IN_A_SENTENCE
    return say("{listed} and {count} more", listed=first, count=more) if more > 0 else first


def _check(table: Table, columns: Columns[Model], matched: Matched, checked: CheckedRows[Model]) -> None:
    rows = list(table)
    context = {"orders": _orders(rows, columns, matched, checked)}
    for row in rows:
        written = matched.pick(row.cells)
        checked.written.append(written)
        if any(problem.blocks for problem in row.problems):
            continue
        try:
            values = columns.model.model_validate(written, context=context)
            checked.rows.append(CheckedRow(row.number, values))
        except ValidationError as error:
            for name, code, message in _faults(error):
                checked.block(row.number, name, code, message)
    checked.report.rows = len(rows)
    checked.report.problems += _that_matter(table.problems, columns, matched)
    if not rows:
        checked.block(None, None, "no-rows", NO_ROWS)


def _orders(
    rows: Sequence[Row], columns: Columns[Model], matched: Matched, checked: CheckedRows[Model]
) -> dict[str, str | None]:
    """Decide for each column of days whether the day or the month comes first, and say how it was decided."""
    fields = {each.alias or name: name for name, each in columns.model.model_fields.items()}
    orders: dict[str, str | None] = {}
    for name in columns.days:
        heading = matched.mapping.get(name)
        found = day_order(row.cells[heading] for row in rows) if heading else ColumnOrder(None)
        orders[fields[name]] = found.order
        if found.why:
            _note(checked.report, say("{heading}: {why}", heading=heading or "", why=found.why))
    return orders


def _note(report: ImportReport, sentence: Sentence) -> None:
    detected: Detected = report.detected
    report.detected = replace(detected, notes=(*detected.notes, sentence))


def _faults(error: ValidationError) -> Iterator[tuple[str | None, str, Sentence]]:
    """Yield the field, the code and the sentence of each thing that is wrong with a row."""
    for each, fault in zip(error.errors(include_url=False), faults_of(error), strict=True):
        cause = (each.get("ctx") or {}).get("error")
        if isinstance(cause, BadValue):
            yield fault.field, cause.code, cause.sentence
        else:
            yield fault.field, fault.code, passed_on(fault.message)


def _that_matter(problems: Sequence[Problem], columns: Columns[Model], matched: Matched) -> Iterator[Problem]:
    """Leave out spoilt digits in columns that are no codes, and those that block their row already."""
    codes = {matched.mapping.get(name) for name in columns.codes}
    for problem in problems:
        of_no_code = problem.code in {"digits-zeroed", "zeros-lost"} and problem.field not in codes
        if problem.code != "digits-lost" and not of_no_code:
            yield problem
