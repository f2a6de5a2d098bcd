"""The attribute table of a shapefile (.dbf), written byte by byte, so that no text is cut or replaced in silence.

GDAL, told to write GBK, leaves out what GBK lacks without a word, and cuts what is longer than 254 bytes. Here every
text is written whole or refused, and columns have room to be edited. Format: the dBASE III+ table as ESRI's
shapefiles use it.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from geo.exports.columns import Cell, Column
from geo.exports.errors import TextTooLong
from geo.sentences import join, say

Encoding = Literal["utf-8", "gb18030"]

NAME_BYTES = 10
TEXT_BYTES = 254

_GBK_BYTE = 0x4D
"""What byte 29 says for code page 936; 0 leaves it to the .cpg."""


@dataclass(frozen=True)
class Table:
    """A .dbf: its bytes, and what its .cpg must say."""

    content: bytes
    cpg: str


def shortened(heading: str, encoding: Encoding) -> str:
    """Return as many whole characters of a heading as fit into ten bytes.

    >>> shortened("上级编码", "gb18030"), shortened("上级编码", "utf-8")
    ('上级编码', '上级编')
    """
    while len(heading.encode(encoding)) > NAME_BYTES:
        heading = heading[:-1]
    return heading


def make_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], encoding: Encoding, *, at: datetime) -> Table:
    """Return rows as a .dbf whose columns are as wide as their longest cell needs. Raises TextTooLong, naming areas.

    GB18030 is GBK as long as no character needs four bytes. Such a table is declared as GBK (code page 936), the
    older name that more programs know; else as GB18030, which GDAL and QGIS read too. `at` is the date in the header.
    """
    written = [[_bytes(cell, encoding) for cell in row] for row in rows]
    _refuse_long(columns, written, encoding)
    widths = [max([_ROOM[one.kind], *(len(row[place]) for row in written)]) for place, one in enumerate(columns)]
    plain = encoding == "utf-8" or _all_in_gbk(rows)
    language = _GBK_BYTE if encoding == "gb18030" and plain else 0
    size = 33 + 32 * len(columns), 1 + sum(widths)
    year = min(max(at.year, 1900), 2155) - 1900
    head = struct.pack("<BBBBIHH17xB2x", 3, year, at.month, at.day, len(rows), *size, language)
    head += b"".join(_described(*one, encoding) for one in zip(columns, widths, strict=True)) + b"\r"
    padded = [
        b" " + b"".join(_padded(cell, column, width) for cell, column, width in zip(row, columns, widths, strict=True))
        for row in written
    ]
    content = head + b"".join(padded) + b"\x1a"
    return Table(content, "UTF-8" if encoding == "utf-8" else "936" if plain else "GB18030")


def _bytes(cell: Cell, encoding: Encoding) -> bytes:
    if cell is None:
        return b""
    return (f"{cell:.{_DECIMALS}f}" if isinstance(cell, float) else str(cell)).encode(encoding)


_DECIMALS = 2

_ROOM: dict[type, int] = {str: 80, int: 10, float: 18}
"""So wide is a column at least: somebody will write more into it, and QGIS lets no one widen it."""


def _all_in_gbk(rows: Sequence[Sequence[Cell]]) -> bool:
    try:
        "".join(cell for row in rows for cell in row if isinstance(cell, str)).encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def _described(column: Column, width: int, encoding: Encoding) -> bytes:
    name = shortened(column.heading, encoding).encode(encoding)
    kind, decimals = {str: (b"C", 0), int: (b"N", 0), float: (b"N", _DECIMALS)}[column.kind]
    return struct.pack("<11sc4xBB14x", name, kind, width, decimals)


def _padded(cell: bytes, column: Column, width: int) -> bytes:
    return cell.ljust(width) if column.kind is str else cell.rjust(width)


def _refuse_long(columns: Sequence[Column], written: Sequence[Sequence[bytes]], encoding: Encoding) -> None:
    """Raise TextTooLong unless every cell fits; the first few that do not are named by the area's code."""
    long = [
        say(
            "{column} of “{code}” ({bytes} bytes)", column=column.heading, code=row[0].decode(encoding), bytes=len(cell)
        )
        for row in written
        for column, cell in zip(columns, row, strict=True)
        if len(cell) > TEXT_BYTES
    ]
    if not long:
        return
    named = [*long[:_NAMED], say("{count} more", count=len(long) - _NAMED)] if len(long) > _NAMED else long
    said = say(
        "A shapefile holds texts of {most} bytes; longer in {encoding}: {texts}. Write a GeoPackage (.gpkg) instead.",
        most=TEXT_BYTES, encoding=encoding.upper(), texts=join("{one}, {other}", named),
    )  # fmt: skip
    raise TextTooLong(said)


_NAMED = 5
