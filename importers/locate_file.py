"""A table of points in, the same table with where each point falls and who answers there out.

Rows are neither checked nor changed, only continued: every cell and every row of the file comes back in its order.
Work goes in chunks, so that a file of any length needs the same memory.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from geo.crs import Floats, coordinates_usable, parse_datum, to_wgs84
from geo.locate import AreaRef, LocatedMany, Location, Locator, Rule, Status
from geo.placing import AreaIndex
from geo.sentences import passed_on, say
from importers.columns import simplified
from importers.delimited import DelimitedText, open_bytes, read_delimited, shifted, sniff_delimiter
from importers.encodings import AUTO
from importers.errors import FileDamaged, MissingColumn
from importers.report_rows import day_part
from importers.values import BadValue, DayOrder, day_order, is_blank, parse_number, parse_time
from importers.whole_files import written_whole
from incidents.clock import LOCAL
from incidents.routing import route
from staffing.answering import Roster
from staffing.rosters import load_roster

CHUNK = 50_000
HEAD_BYTES = 64 * 1024
COLUMNS = ("grid", "specialised", "village", "township", "staff", "on_border", "snapped", "border_m", "status")
"""What is added to the file's own columns; a column of the file that is called so stays, too."""

_TRUE_FALSE = np.array(["false", "true"], dtype=object)

Record = list[str]


@dataclass(frozen=True)
class PointColumns:
    """Which headings hold the coordinates, in which datum, and the moment, where one does."""

    lon: str = "lon"
    lat: str = "lat"
    datum: str = "wgs84"
    at: str | None = None


def locate_file(
    db: Session,
    index: AreaIndex,
    source: Path,
    out: Path,
    columns: PointColumns,
    *,
    now: datetime,
    encoding: str = AUTO,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Counter[str]:
    """Write `out` (UTF-8, commas) and return how many rows have each status. Raises ReadError or DatumError.

    Each row is placed by the areas and the staff of its own moment, of `now` where it has none. A row whose
    coordinates or moment mean nothing has the status `invalid`. `out` appears whole or not at all. `progress` is told
    now and then how many rows are done.
    """
    datum = str(parse_datum(columns.datum))
    table = _Points(source, columns, encoding)
    people = _People(load_roster(db))
    statuses: Counter[str] = Counter()
    with written_whole(out) as writer:
        writer.writerow([*table.headings, *COLUMNS])
        for records in table.chunks():
            added = _continuations(records, table, datum, index, people, now)
            writer.writerows(_joined(records, added))
            statuses.update(added[-1])
            progress(statuses.total())
    return statuses


def about_how_many(source: Path) -> int:
    """Guess how many rows a table has by its size and its first lines; 0 where nothing can be guessed."""
    with open_bytes(source) as raw:
        head = raw.read(HEAD_BYTES)
    return round(source.stat().st_size * head.count(b"\n") / len(head)) if head else 0


def _joined(records: Sequence[Record], added: Sequence[Sequence[str]]) -> Iterator[Record]:
    for record, *cells in zip(records, *added, strict=True):
        record.extend(cells)
        yield record


class _Points:
    """The file: its headings, and its rows in chunks, as they stand."""

    def __init__(self, path: Path, columns: PointColumns, encoding: str) -> None:
        self.path = path
        plain = _plain_utf8(path) if encoding == AUTO else None
        self._text: DelimitedText = plain or read_delimited(path, encoding=encoding)
        self.headings = next((record for record in self._records() if any(record)), [])
        wanted = [name for name in (columns.lon, columns.lat, columns.at) if name is not None]
        places = {name: self._place(name) for name in wanted}
        missing = tuple(name for name, place in places.items() if place is None)
        if missing:
            raise MissingColumn(path, missing=missing, headings=tuple(self.headings), example="lon")
        self.lon, self.lat = places[columns.lon] or 0, places[columns.lat] or 0
        self.at = places[columns.at] if columns.at is not None else None
        self.order: DayOrder | None = None
        if self.at is not None:
            at = self.at
            self.order = day_order(dict.fromkeys(day_part(record[at]) for record in self._rows())).order

    def chunks(self) -> Iterator[list[Record]]:
        """The rows, some at a time, each as long as the headings."""
        rows = self._rows()
        while chunk := list(islice(rows, CHUNK)):
            yield chunk

    def _rows(self) -> Iterator[Record]:
        width, number = len(self.headings), 0
        for number, record in enumerate(islice(filter(None, self._records()), 1, None), 1):
            if len(record) != width:
                self._fit(record, number)
            yield record

    def _records(self) -> Iterator[Record]:
        """Every record as the csv module cuts it: `DelimitedText.records` numbers lines too, at twice the cost."""
        with open_bytes(self.path) as raw, io.TextIOWrapper(raw, self._text.encoding, newline="") as text:
            try:
                yield from csv.reader(islice(text, self._text.skip, None), delimiter=self._text.delimiter)
            except csv.Error as fault:
                raise FileDamaged(self.path, format=say("a table"), reason=passed_on(str(fault))) from None

    def _fit(self, record: Record, number: int) -> None:
        """Fill a short row with blanks; refuse one whose cells are shifted, since what is added would be too."""
        width = len(self.headings)
        if any(record[width:]):
            raise shifted(self.path, row=number, cells=len(record), headings=width)
        record[width:] = [""] * (width - len(record))

    def _place(self, name: str) -> int | None:
        """The column of this heading: exactly so, else but for case and spaces."""
        alike = [at for at, heading in enumerate(self.headings) if heading.strip() == name]
        alike = alike or [at for at, heading in enumerate(self.headings) if simplified(heading) == simplified(name)]
        return alike[0] if alike else None


def _plain_utf8(path: Path) -> DelimitedText | None:
    """The commonest case, told in passing: all of it is UTF-8. Weighing every line would take a third of the time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_bytes(path) as raw:
        head = raw.read(HEAD_BYTES)
        if not head or b"\0" in head or b"sep=" in head[:8].lower():
            return None
        try:
            for block in chain([head], iter(lambda: raw.read(1 << 20), b"")):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return None
    sample = head.decode("utf-8-sig", "ignore")
    return DelimitedText(path, "UTF-8-SIG", sniff_delimiter(sample.rpartition("\n")[0] or sample))


def _continuations(
    records: Sequence[Record], table: _Points, datum: str, index: AreaIndex, people: "_People", now: datetime
) -> list[Sequence[str]]:
    """The nine columns for some rows."""
    x, y = (_numbers([record[place] for record in records]) for place in (table.lon, table.lat))
    usable = coordinates_usable(x, y, datum)
    lon, lat = to_wgs84(np.where(usable, x, np.nan), np.where(usable, y, np.nan), datum)
    moments = _moments(records, table.at, table.order, now)
    if isinstance(moments, datetime):
        return _located(index.at(moments), lon, lat, people, moments)
    return _located_each(index, lon, lat, people, moments)


def _located_each(
    index: AreaIndex, lon: Floats, lat: Floats, people: "_People", moments: Sequence[datetime | None]
) -> list[Sequence[str]]:
    """The same where rows have moments of their own: those judged by the same areas are located together."""
    by_interval: dict[int, list[int]] = {}
    for at, moment in enumerate(moments):
        if moment is not None:
            by_interval.setdefault(index.interval(moment), []).append(at)
    columns = [np.full(len(moments), "", dtype=object) for _ in COLUMNS]
    for name, said in (("on_border", "false"), ("snapped", "false"), ("status", Status.INVALID.value)):
        columns[COLUMNS.index(name)][:] = said
    for rows in by_interval.values():
        own = [moment for at in rows if (moment := moments[at]) is not None]
        locator = index.at(own[0])
        for column, cells in zip(columns, _located(locator, lon[rows], lat[rows], people, own), strict=True):
            column[rows] = cells
    return [column.tolist() for column in columns]


def _located(
    locator: Locator, lon: Floats, lat: Floats, people: "_People", at: datetime | Sequence[datetime]
) -> list[Sequence[str]]:
    many = locator.locate_many(np.asarray(lon), np.asarray(lat))
    return [
        many.codes(many.grid).tolist(),
        many.specialised_codes().tolist(),
        many.codes(many.village).tolist(),
        many.codes(many.township).tolist(),
        people.answering(locator, many, at),
        _TRUE_FALSE[many.on_border.astype(np.intp)].tolist(),
        _TRUE_FALSE[many.snapped.astype(np.intp)].tolist(),
        _metres(many.border_m()),
        many.status().tolist(),
    ]


def _metres(metres: Floats) -> list[str]:
    """Metres with two decimals, blank where there is no border to measure to."""
    return ["" if each != each else f"{each:.2f}" for each in metres.tolist()]


class _People:
    """Who answers at each place: asked once per place and moment."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._kept: dict[tuple[Any, ...], str] = {}

    def answering(self, locator: Locator, many: LocatedMany, at: datetime | Sequence[datetime]) -> list[str]:
        """For each point the staff numbers of who answers, the lead first, then the landlord."""
        first = many.specialised_offsets.tolist()
        columns = (many.grid.tolist(), many.village.tolist(), many.township.tolist(), many.county.tolist())
        on_top = many.specialised_values.tolist()
        said: list[str] = []
        if len(self._kept) > CHUNK:
            self._kept.clear()
        for row, place in enumerate(zip(*columns, strict=True)):
            if place[0] < 0:
                said.append("")
                continue
            moment = at if isinstance(at, datetime) else at[row]
            key = (id(locator), moment, *place, *on_top[first[row] : first[row + 1]])
            if key not in self._kept:
                self._kept[key] = self._ask(locator, place, key[6:], moment)
            said.append(self._kept[key])
        return said

    def _ask(self, locator: Locator, place: tuple[int, ...], on_top: Iterable[int], at: datetime) -> str:
        def ref(position: int) -> AreaRef | None:
            return locator.areas[position].ref if position >= 0 else None

        location = Location(
            Status.LOCATED, Rule.COVERS, ref(place[0]), tuple(locator.areas[position].ref for position in on_top),
            ref(place[1]), ref(place[2]), ref(place[3]), on_border=False, snapped=False,
        )  # fmt: skip
        responsibility = route(location, self._roster, at)
        if responsibility is None:
            return ""
        answers = (responsibility.lead, responsibility.landlord)
        numbers = [answer.person.staff_no for answer in answers if answer is not None and answer.person is not None]
        return ";".join(dict.fromkeys(numbers))


def _numbers(cells: Sequence[str]) -> Floats:
    """The cells as numbers, NaN for what is none. All at once where all are plain, else one by one."""
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        return np.array([_number(cell) for cell in cells], dtype=np.float64)


def _number(cell: str) -> float:
    try:
        number = parse_number(cell)
    except BadValue:
        return float("nan")
    return float("nan") if number is None else number


def _moments(
    records: Sequence[Record], place: int | None, order: DayOrder | None, now: datetime
) -> datetime | list[datetime | None]:
    """The moment of each row, None for one that cannot be read; one moment for all where no column names any."""
    if place is None:
        return now
    return [now if is_blank(record[place]) else _moment(record[place], order) for record in records]


@lru_cache(maxsize=100_000)
def _moment(cell: str, order: DayOrder | None) -> datetime | None:
    try:
        return parse_time(cell, LOCAL, order=order)
    except (BadValue, OverflowError):
        return None
