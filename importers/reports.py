"""Reports from another system's records: good rows in, bad rows back with the reason.

Unlike areas or staff, reports do not depend on each other, so a bad row does not keep the good ones out.
Reading the same file again adds nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from geo.crs import parse_datum
from geo.sentences import Sentence, passed_on, say
from importers.checked_rows import NO_ROWS, open_table, take_turn
from importers.columns import Matched
from importers.encodings import AUTO
from importers.errors import ReadError
from importers.rejects import Rejects
from importers.report import ImportReport, Problem
from importers.report_rows import FIELDS, RowReader, survey
from importers.tables import Row, Table
from incidents.actors import Actor
from incidents.drafts import Fault, HistoricReport
from incidents.intake import BATCH, Received, Reception, receive
from incidents.positions import placeholder_pairs
from incidents.storing import refresh_statistics
from incidents.words import Channel, Placement

PLACED = {
    Placement.LOCATED: "located",
    Placement.SNAPPED: "snapped",
    Placement.UNLOCATED: "unlocated",
    Placement.INVALID: "unlocated",
}
"""Under which figure a placement is counted: a position that cannot be one is no place either."""

Item = TypeVar("Item")


def import_reports(
    db: Session,
    path: Path,
    *,
    channel: Channel,
    datum: str,
    columns: Mapping[str, str] | None = None,
    reception: Reception,
    by: Actor,
    now: datetime,
    rejects: Path | None = None,
    sheet: str | None = None,
    encoding: str = AUTO,
) -> ImportReport:
    """Store every good row of a file as a report of `channel`; write the bad ones to `rejects` with the reason.

    Coordinates are in `datum` (DatumError where that is none). What a bad row lacks is a warning, unless no
    row at all is good: then the report blocks. `counts` says how many are new, known from before, rejected,
    and of the new ones how many are located, snapped, unlocated and queued, by reason. `db` must be
    unrestricted. Nothing is committed: a dry run is the same, rolled back.
    """
    datum = str(parse_datum(datum))
    try:
        table, matched, report = open_table(path, FIELDS, columns, encoding=encoding, sheet=sheet, datum=datum)
        if not report.blocks:
            take_turn(db, "reports")
            with ExitStack() as files:
                outlet = Rejects(rejects, table.columns, files)
                _Import(db, table, matched, report, outlet).run(channel, datum, by=by, now=now, reception=reception)
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
    tally: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, int] = field(default_factory=dict)
    """Under which row each external number of the file was first seen."""

    def run(self, channel: Channel, datum: str, *, by: Actor, now: datetime, reception: Reception) -> None:
        decided = survey(self.table, self.matched)
        notes = (*self.report.detected.notes, *decided.notes(self.matched))
        self.report.detected = replace(self.report.detected, notes=notes, decimal=decided.decimal)
        suspects = placeholder_pairs(self.db, decided.positions(channel))
        reader = RowReader(self.matched, decided, channel=channel, datum=datum)
        for number, rows in enumerate(_batched(self.table, BATCH), 1):
            drafts = [draft for row in rows if (draft := self._read(reader, row)) is not None]
            received = receive(self.db, drafts, by=by, now=now, reception=reception, suspects=suspects)
            self._count(received)
            if number.bit_count() == 1:  # the 1st, 2nd, 4th, 8th …
                refresh_statistics(self.db)
        self._finish()

    def _read(self, reader: RowReader, row: Row) -> HistoricReport | None:
        self.tally["rows"] += 1
        draft = reader.read(row)
        if not isinstance(draft, HistoricReport):
            self._reject(reader, row, draft)
            return None
        if draft.external_number is not None:
            first = self.numbers.setdefault(draft.external_number, row.number)
            if first != row.number:
                said = say("the same number as row {row}: taken for the same report, and not loaded again", row=first)
                self._warn(row.number, reader.heading("external_number"), "external-number-repeated", said)
        return draft

    def _reject(self, reader: RowReader, row: Row, faults: Sequence[Fault]) -> None:
        self.tally["rejected"] += 1
        said = [(reader.heading(fault.field), fault) for fault in faults]
        for heading, fault in said:
            self._warn(row.number, heading, fault.code, passed_on(fault.message))
        self.rejects.write(row, "; ".join(f"{heading}: {fault.message}" if heading else fault.message
                                          for heading, fault in said))  # fmt: skip

    def _count(self, received: Iterable[Received]) -> None:
        for one in received:
            self.tally["new" if one.created else "known"] += 1
            if one.created:
                self.tally[PLACED[one.placement]] += 1
                if one.queue_reason is not None:
                    self.tally[f"queued {one.queue_reason}"] += 1

    def _finish(self) -> None:
        tally = self.tally
        self.report.rows, self.report.loaded = tally["rows"], tally["new"]
        always = ("new", "known", "rejected", "located", "snapped", "unlocated")
        queued = sorted(name for name in tally if name.startswith("queued "))
        self.report.counts = {name: tally[name] for name in (*always, *queued)}
        columns = set(self.matched.mapping.values())
        self.report.problems += [one for one in self.table.problems if one.row is None or one.field in columns]
        if not tally["rows"]:
            self._block("no-rows", NO_ROWS)
        elif tally["rejected"] == tally["rows"]:
            self._block("nothing-loadable", say("not one row could be read as a report"))

    def _warn(self, row: int, name: str | None, code: str, message: Sentence) -> None:
        self.report.problems.append(Problem(row, name, code, message, "warn"))

    def _block(self, code: str, message: Sentence) -> None:
        self.report.problems.append(Problem(None, None, code, message))


def _batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
