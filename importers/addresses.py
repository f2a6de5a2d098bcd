"""The office's address list, or any list of places: good rows in, bad rows back with the reason.

Rows do not depend on each other, as those of reports: a bad one does not keep the good ones out. A file of any
length takes the same memory: its rows go to the database by the chunk and are compared with the list there.
Reading the same file again adds nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from geo.address_loading import ROWS_AT_ONCE, NewAddress, Repeated, Staging
from geo.address_models import AddressImport
from geo.areas import listed
from geo.codes import AreaKind
from geo.crs import parse_datum
from geo.sentences import Sentence, say
from importers.address_rows import FIELDS, AddressReader, Rejected
from importers.checked_rows import NO_ROWS, open_table, take_turn
from importers.columns import Matched
from importers.encodings import AUTO
from importers.errors import ReadError
from importers.rejects import Rejects
from importers.report import Detected, ImportReport, Problem, Severity
from importers.tables import Row, Table

TOLD_PER_KIND = 1_000
"""How many rows of one kind of problem the report names; the rejects file holds every rejected one."""

Progress = Callable[[int], None]
"""Called now and then with how many rows have been read."""


def import_addresses(
    db: Session,
    path: Path,
    *,
    datum: str = "wgs84",
    columns: Mapping[str, str] | None = None,
    by: str,
    now: datetime,
    replace_list: bool = False,
    rejects: Path | None = None,
    sheet: str | None = None,
    encoding: str = AUTO,
    progress: Progress | None = None,
) -> ImportReport:
    """Add the good rows of a file to the list; write the bad ones to `rejects` with the reason.

    Coordinates are in `datum` (DatumError where that is none) unless a column names another. A row that the list
    has already is not loaded again; one that says something else of the same place stands in for it. With
    `replace_list` the addresses that the file lacks end. What a bad row lacks is a warning, unless no row at all is
    good: then the report blocks. Nothing is committed: a dry run is the same, rolled back.
    """
    known_datum = parse_datum(datum)
    try:
        table, matched, report = open_table(
            path, FIELDS, columns, encoding=encoding, sheet=sheet, datum=known_datum.name
        )
        if not report.blocks:
            take_turn(db, "addresses")
            reader = AddressReader(matched, datum=known_datum, decimal=table.decimal)
            with ExitStack() as files:
                outlet = Rejects(rejects, table.columns, files)
                importing = _Import(db, table, matched, report, outlet, by, now)
                importing.read(reader, progress)
                importing.load(replace_list=replace_list)
    except ReadError as error:
        return ImportReport.refused(path, error)
    return report


@dataclass
class _Import:
    """One file on its way in."""

    db: Session
    table: Table
    matched: Matched
    report: ImportReport
    rejects: Rejects
    by: str
    now: datetime
    tally: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    townships: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of each township named: the first row that does, and how many do."""

    def read(self, reader: AddressReader, progress: Progress | None) -> None:
        """Go through the file: good rows wait in the database, bad ones go to the rejects."""
        self.staging = Staging(self.db, shown=TOLD_PER_KIND)
        rows = iter(self.table)
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            self.tally["rows"] += len(chunk)
            self.staging.add(self._good(reader, chunk))
            if progress is not None:
                progress(self.tally["rows"])

    def load(self, *, replace_list: bool) -> None:
        """Compare with the list, write what is new, and say what became of everything."""
        self._check_townships()
        if self._nothing_good():
            return
        self._tell_repeated(self.staging.drop_repeated())
        if replace_list:
            self.tally["retired"] = self.staging.retire_missing(self.now)
        self.tally["known"] = self.staging.drop_known().count
        record = AddressImport(file_name=self.report.file, loaded_by=self.by, detected=self.report.detected.to_json())
        self.db.add(record)
        self.db.flush()
        self.tally["new"], self.tally["changed"] = self.staging.load(record.id, self.now)
        self._count()

    def _good(self, reader: AddressReader, chunk: list[Row]) -> Iterator[NewAddress]:
        for read in reader.read(chunk):
            if isinstance(read, Rejected):
                self._reject(read)
                continue
            if read.place.township:
                first, times = self.townships.get(read.place.township, (read.row, 0))
                self.townships[read.place.township] = first, times + 1
            yield read

    def _reject(self, rejected: Rejected) -> None:
        self.tally["rejected"] += 1
        headings = self.matched.mapping
        said = [(headings.get(name, name) if name else None, code, message) for name, code, message in rejected.faults]
        for heading, code, message in said:
            self._warn(rejected.row.number, heading, code, message)
        sentences = (f"{heading}: {message}" if heading else message for heading, _code, message in said)
        self.rejects.write(rejected.row, "; ".join(sentences))

    def _tell_repeated(self, repeated: Repeated) -> None:
        self.tally["repeated"] = repeated.count
        for row, first in repeated.rows:
            said = say("says the same as row {row}; not loaded again", row=first or 0)  # a row of this file always did
            self._warn(row, None, "repeated", said)
        self.told["repeated"] = repeated.count

    def _check_townships(self) -> None:
        """Warn once of each township that no area bears: the rows are loaded, and found by their other pieces."""
        heading = self.matched.mapping.get("township")
        areas = [name for _code, name in listed(self.db, AreaKind.TOWNSHIP, self.now)]
        if self.townships and not areas:
            said = say("there are no townships to compare with; import areas first")
            self._say(None, heading, "no-townships", said)
            return
        bare = {_bare(name) for name in areas}
        for name, (row, times) in self.townships.items():
            if not any(_bare(name).endswith(known) for known in bare):
                said = say("no area is called “{name}”; rows that say so: {count}", name=name, count=times)
                self._warn(row, heading, "unknown-township", said)

    def _nothing_good(self) -> bool:
        if not self.tally["rows"]:
            self._say(None, None, "no-rows", NO_ROWS, "block")
        elif self.tally["rejected"] == self.tally["rows"]:
            self._say(None, None, "nothing-loadable", say("not one row could be read as an address"), "block")
        if self.report.blocks:
            self._count()
        return self.report.blocks

    def _count(self) -> None:
        self.report.rows = self.tally["rows"]
        self.report.loaded = self.tally["new"] + self.tally["changed"]
        always = ("new", "changed", "known", "repeated", "rejected")
        self.report.counts = {name: self.tally[name] for name in always}
        if "retired" in self.tally:
            self.report.counts["retired"] = self.tally["retired"]
        for code, times in self.told.items():
            if times > TOLD_PER_KIND:
                more = say("and {count} more rows of which the same is true", count=times - TOLD_PER_KIND)
                self._say(None, None, code, more)
        self.report.problems += [problem for problem in self.table.problems if problem.row is None]
        self.report.problems.sort(key=lambda problem: (problem.row is None, problem.row or 0))
        self._note(self.report.detected)

    def _note(self, detected: Detected) -> None:
        if "datum" in self.matched.mapping:
            note = say(
                "{heading}: the datum of each row; {datum} where it is blank",
                heading=self.matched.mapping["datum"], datum=detected.datum or "",
            )  # fmt: skip
            self.report.detected = replace(detected, notes=(*detected.notes, note))

    def _warn(self, row: int, heading: str | None, code: str, message: Sentence) -> None:
        self.told[code] += 1
        if self.told[code] <= TOLD_PER_KIND:
            self.report.problems.append(Problem(row, heading, code, message, "warn"))

    def _say(
        self, row: int | None, heading: str | None, code: str, message: Sentence, severity: Severity = "warn"
    ) -> None:
        self.report.problems.append(Problem(row, heading, code, message, severity))


def _bare(township: str) -> str:
    """A township's name without what kind it is: lists say 安宜镇, 安宜 or 宝应县安宜镇."""
    return re.sub(r"(街道办事处|街道|民族乡|镇|乡)$", "", "".join(township.split())) or township
