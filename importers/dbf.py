"""The attribute table of a shapefile (.dbf), read byte by byte.

Reading it ourselves keeps what a general reader loses: the text as bytes, so that its encoding can be decided by all of
it; the width of each field, so that a character cut off at its end is seen as such; and every digit of a long
code kept as a number. Format: the dBASE III+ table as ESRI's shapefiles use it.
"""

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from geo.sentences import listed, say
from importers.encodings import RawText, decode
from importers.errors import FileDamaged
from importers.report import Problem

Value = str | int | float | bool | date | None

_TABLE = say("an attribute table (.dbf)")
_FIELD = struct.Struct("<11sc4xBB14x")
_DELETED = ord("*")
_MANY_DIGITS = 1e12
"""A number written as 3.2E+14 from here on has fewer digits than it needs, so it stays a text."""


@dataclass(frozen=True)
class DbfField:
    """One column: its name as bytes, its type letter, where it stands in a record."""

    raw_name: bytes
    kind: str
    start: int
    width: int


@dataclass(frozen=True)
class Dbf:
    """A whole table in memory. `declared` records were promised, `present` are really there, deleted ones included."""

    path: Path
    fields: tuple[DbfField, ...]
    language_byte: int
    declared: int
    present: int
    _header: int
    _length: int
    _content: bytes

    def texts(self) -> Iterator[RawText]:
        """Yield everything an encoding must explain: field names first, then all text cells."""
        for number, field in enumerate(self.fields, 1):
            yield RawText(field.raw_name, None, say("number {number}", number=number), full=len(field.raw_name) >= 10)
        names = [field.raw_name.decode("ascii", "replace") for field in self.fields]
        textual = [(field, name) for field, name in zip(self.fields, names, strict=True) if field.kind not in _AS_VALUE]
        kept = list(self.kept())
        for row, cells in enumerate(zip(*(self._cells(field, kept) for field, _ in textual), strict=True), 1):
            for raw, (field, name) in zip(cells, textual, strict=True):
                if not raw.isascii():
                    yield RawText(raw, row, name, full=len(raw) == field.width)

    def kept(self) -> Iterator[int]:
        """Yield the index of each record that is not marked as deleted."""
        start, length = self._header, self._length
        return (index for index in range(self.present) if self._content[start + index * length] != _DELETED)

    def columns(self, encoding: str) -> tuple[str, ...]:
        """Return the field names, each once; a name that repeats is numbered."""
        names: list[str] = []
        for number, field in enumerate(self.fields, 1):
            text = decode(RawText(field.raw_name, full=len(field.raw_name) >= 10), encoding)[0].strip()
            name = text or f"(column {number})"
            while name in names:
                name = f"{text or 'column'} ({number})"
            names.append(name)
        return tuple(names)

    def row(self, index: int, encoding: str) -> list[Value]:
        """Return one record's values, in the order of the fields."""
        return list(self.rows([index], encoding)[0])

    def rows(self, indexes: Sequence[int], encoding: str) -> list[tuple[Value, ...]]:
        """Return the values of records, in the order of the fields; a column at a time, for there may be many rows."""
        if not self.fields:
            return [() for _ in indexes]
        return list(zip(*(self._values(field, indexes, encoding) for field in self.fields), strict=True))

    def _values(self, field: DbfField, indexes: Sequence[int], encoding: str) -> list[Value]:
        cells = self._cells(field, indexes)
        if (as_value := _AS_VALUE.get(field.kind)) is not None:
            return [as_value(raw) if raw else None for raw in cells]
        return [_text(raw, field.width, encoding) if raw else None for raw in cells]

    def _cells(self, field: DbfField, indexes: Sequence[int]) -> list[bytes]:
        """Return a column's bytes without padding: spaces, and whatever follows a NUL. Binary ones have none for us."""
        if field.kind in _BINARY or not field.width:
            return [b""] * len(indexes)
        shape = (self.present, self._length)
        records = np.frombuffer(self._content, np.uint8, self.present * self._length, self._header).reshape(shape)
        column = np.ascontiguousarray(records[indexes, field.start : field.start + field.width])
        cells: list[bytes] = column.view(f"S{field.width}").ravel().tolist()
        if not column.all():  # a NUL somewhere
            cells = [cell.partition(b"\0")[0] for cell in cells]
        return [cell.strip() for cell in cells]


def read_dbf(path: Path) -> tuple[Dbf, list[Problem]]:
    """Read a .dbf and say what is odd about it. Raises FileDamaged when it is no such table."""
    content = path.read_bytes()
    if len(content) < 33:
        raise FileDamaged(path, format=_TABLE, reason=say("it is too short"))
    declared, header, length = struct.unpack_from("<IHH", content, 4)
    fields = tuple(_fields(path, content, header))
    expected = 1 + sum(field.width for field in fields)
    if header < 33 or length < expected or header > len(content):
        raise FileDamaged(path, format=_TABLE, reason=say("its header contradicts itself"))
    present = min(declared, (len(content) - header) // length)
    problems = []
    if present < declared:
        said = say(
            "the .dbf promises {declared} records and holds {present}: its end is missing",
            declared=declared, present=present,
        )  # fmt: skip
        problems.append(Problem(None, None, "dbf-cut-off", said))
    unread = [field.raw_name.decode("ascii", "replace") for field in fields if field.kind in _BINARY]
    if unread:
        said = say("columns of a type that is not read here were left empty: {columns}", columns=listed(unread))
        problems.append(Problem(None, None, "column-not-read", said, "warn"))
    return Dbf(path, fields, content[29], declared, present, header, length, content), problems


def _fields(path: Path, content: bytes, header: int) -> Iterator[DbfField]:
    """Yield the field descriptors up to the mark that ends them."""
    start, at = 1, 32
    while at + 32 <= min(header, len(content)) and content[at] != 0x0D:
        raw_name, kind, width, decimals = _FIELD.unpack_from(content, at)
        letter = kind.decode("latin-1")
        if not letter.isalnum() and letter not in "@+":
            raise FileDamaged(path, format=_TABLE, reason=say("its list of columns is broken"))
        if letter == "C":
            width += decimals << 8  # dBASE keeps the high byte of long texts here
        yield DbfField(raw_name.partition(b"\0")[0].rstrip(b" "), letter, start, width)
        start += width
        at += 32


def _text(raw: bytes, width: int, encoding: str) -> str:
    """Return a text; half a character at the end of a full field is dropped."""
    try:
        return raw.decode(encoding).strip()
    except UnicodeDecodeError:
        return decode(RawText(raw, full=len(raw) == width), encoding)[0].strip()


_WHOLE = re.compile(r"([+-]?\d+)(?:[.,]0*)?")


def _number(raw: bytes) -> Value:
    """Return an exact int where the fraction is nought, else a float; what is no number stays as it is written."""
    text = raw.decode("ascii", "replace")
    if not text.strip("*"):
        return None
    if whole := _WHOLE.fullmatch(text):
        return int(whole[1])
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return text if "e" in text.casefold() and abs(number) >= _MANY_DIGITS else number


def _day(raw: bytes) -> Value:
    text = raw.decode("ascii", "replace")
    if not text.strip("0"):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return text


def _truth(raw: bytes) -> Value:
    return {b"T": True, b"Y": True, b"F": False, b"N": False}.get(raw[:1].upper())


def _nothing(_raw: bytes) -> Value:
    return None


_BINARY = frozenset("MGPBIOT@+YQVW0")
"""Types that no shapefile should have: memos, binary numbers, timestamps."""
_AS_VALUE: dict[str, Callable[[bytes], Value]] = {
    "N": _number, "F": _number, "D": _day, "L": _truth, **dict.fromkeys(_BINARY, _nothing),
}  # fmt: skip
