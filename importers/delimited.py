"""Tables as text: CSV and its relatives, whatever their encoding and whatever stands between the cells.

The delimiter is the one that cuts the first records into the same number of cells, quotation marks respected; that a
Spanish or German table has commas inside its numbers therefore does no harm.
"""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from geo.sentences import Sentence, passed_on, say
from importers.archives import DEFAULT_LIMITS, human_size
from importers.columns import count_known
from importers.encodings import AUTO, RawText, choose_encoding
from importers.errors import ArchiveDamaged, ArchiveTooLarge, FileDamaged, FileEmpty, TextUndecodable, UnknownFormat
from importers.report import Problem

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_RECORDS = 200
HEADING_WITHIN = 30
"""Among so many first records the headings are looked for."""
_HEAD = 64 * 1024
_NOT_TEXT = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"SQLite format 3")
_BOMS = (
    (b"\xef\xbb\xbf", "UTF-8-SIG", "UTF-8"),
    (b"\xff\xfe", "UTF-16", "UTF-16"),
    (b"\xfe\xff", "UTF-16", "UTF-16"),
)


@dataclass
class DelimitedText:
    """One text file of records: its encoding and delimiter are known, its records are read again at every asking."""

    path: Path
    encoding: str
    delimiter: str
    skip: int = 0
    notes: tuple[Sentence, ...] = ()
    problems: tuple[Problem, ...] = ()

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the line it begins on. Raises FileDamaged where a quotation mark is never closed."""
        with open_bytes(self.path) as raw, io.TextIOWrapper(raw, self.encoding, newline="") as text:
            lines = islice(text, self.skip, None)
            reader = csv.reader((line.replace("\0", "") for line in lines), delimiter=self.delimiter)
            begins = self.skip + 1
            try:
                for record in reader:
                    yield begins, record
                    begins = self.skip + reader.line_num + 1
            except csv.Error as fault:
                reason = say(
                    "the cell that begins on line {line} never ends ({why}); is a quotation mark not closed?",
                    line=begins, why=passed_on(str(fault)),
                )  # fmt: skip
                raise FileDamaged(self.path, format=say("a table"), reason=reason) from None


def read_delimited(path: Path, *, encoding: str = AUTO, known: frozenset[str] = frozenset()) -> DelimitedText:
    """Find the encoding and the delimiter of a text table; `known` headings (see columns) help to tell delimiters."""
    head = _first_bytes(path)
    if not head:
        raise FileEmpty(path)
    codec, note, problems = _encoding(path, head, encoding)
    with open_bytes(path) as raw, io.TextIOWrapper(raw, codec, newline="") as text:
        hint = _hint(first := text.readline())
        sample = ("" if hint else first) + "".join(islice(text, SAMPLE_RECORDS))
    if "\0" in sample:
        said = say("the file holds NUL bytes; they were left out")
        problems = (*problems, Problem(None, None, "nul-bytes", said, "warn"))
    notes = (note, say("the first line names the delimiter")) if hint else (note,)
    delimiter = hint or sniff_delimiter(sample.replace("\0", ""), known)
    return DelimitedText(path, codec, delimiter, 1 if hint else 0, notes, problems)


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, a .gz unpacked on the way."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix.casefold() == ".gz" else path.open("rb")


def shifted(path: Path, *, row: int, cells: int, headings: int) -> FileDamaged:
    """Say that a row has more cells than there are headings: what would be added to it would stand elsewhere."""
    reason = say("row {row} has {cells} cells under {headings} headings", row=row, cells=cells, headings=headings)
    return FileDamaged(path, format=say("a table"), reason=reason)


def sniff_delimiter(sample: str, known: frozenset[str] = frozenset()) -> str:
    """Return the delimiter that cuts the sample's records most evenly, known headings counting first."""
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter, known))


def _evenness(sample: str, delimiter: str, known: frozenset[str]) -> tuple[int, float, int]:
    """Rank a delimiter: how many known headings it lays bare, how alike the records' lengths are, how long they are.

    Records of one cell speak for nothing; the first record counts as much as all others, since a heading row
    that is not cut while the rows are is the sign of a decimal comma.
    """
    try:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        records = [record for record in islice(reader, SAMPLE_RECORDS) if record]
    except csv.Error:
        return (0, 0.0, 0)
    lengths = Counter(len(record) for record in records if len(record) > 1)
    if not lengths:
        return (0, 0.0, 0)
    cells, alike = lengths.most_common(1)[0]
    headings = max(count_known(record, known) for record in records[:HEADING_WITHIN]) if known else 0
    return (headings, alike / len(records) + (len(records[0]) == cells), cells)


def _encoding(path: Path, head: bytes, wanted: str) -> tuple[str, Sentence, tuple[Problem, ...]]:
    """Return the codec, the sentence about it and what to warn of. A byte order mark is believed over everything."""
    for mark, codec, said in _BOMS:
        if head.startswith(mark):
            _check_whole(path, codec)
            return codec, say("encoding: {encoding} with a byte order mark", encoding=said), ()
    if wanted == AUTO and (wide := _wide_without_mark(head)):
        _check_whole(path, wide)
        return wide, say("encoding: {encoding} without a byte order mark", encoding=wide), ()
    if b"\0\0\0\0" in head or head.startswith(_NOT_TEXT):
        raise UnknownFormat(path, known=(".csv", ".txt", ".xlsx"))
    chosen = choose_encoding(_Lines(path), file=path, wanted=wanted)
    return chosen.encoding, chosen.note, chosen.warnings


def _wide_without_mark(head: bytes) -> str | None:
    """Recognise UTF-16 by the zero bytes that every ASCII character carries there."""
    even, odd = head[0::2], head[1::2]
    if odd.count(0) > 0.3 * len(odd) and not even.count(0):
        return "UTF-16-LE"
    if even.count(0) > 0.3 * len(even) and not odd.count(0):
        return "UTF-16-BE"
    return None


def _check_whole(path: Path, codec: str) -> None:
    """Decode the whole file once, so that no reader meets a fault half-way."""
    with open_bytes(path) as raw, io.TextIOWrapper(raw, codec, newline="") as text:
        read = 0
        try:
            for read, _ in enumerate(text, 1):  # noqa: B007 - how far it came is all that is asked
                pass
        except UnicodeError:
            facts = {"row": read + 1, "field": None, "place": say("line {line}", line=read + 1), "sample": "…"}
            raise TextUndecodable(path, tried=(codec,), **facts) from None


class _Lines:
    """The lines of a file as bytes, as often as they are asked for.

    No encoding but the UTF-16s and 32s uses the byte of a line's end within a character.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[RawText]:
        with open_bytes(self._path) as raw:
            for number, line in enumerate(raw, 1):
                yield RawText(line, number)


def _first_bytes(path: Path) -> bytes:
    """Return the beginning of a file, after having gone through all of a packed one: it may be damaged or a bomb."""
    try:
        with open_bytes(path) as raw:
            head = raw.read(_HEAD)
            unpacked = len(head)
            while path.suffix.casefold() == ".gz" and (chunk := raw.read(_HEAD)):
                unpacked += len(chunk)
                if unpacked > DEFAULT_LIMITS.total_bytes:
                    limit = human_size(DEFAULT_LIMITS.total_bytes)
                    raise ArchiveTooLarge(path, size=say("more than {size}", size=limit), limit=limit)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise ArchiveDamaged(path, reason=say("it is no gzip file, or its end is missing")) from None
    return head


def _hint(first_line: str) -> str | None:
    """Return the delimiter that a spreadsheet's `sep=;` line names."""
    found = re.fullmatch(r'"?sep=(.)"?', first_line.lstrip("\ufeff").strip("\r\n"), re.IGNORECASE)
    return found[1] if found else None
