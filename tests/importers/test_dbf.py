"""A table read a column at a time is what its cells are one by one, whatever stands in them."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from importers.dbf import Dbf, DbfField, Value
from importers.encodings import RawText, decode

WIDTH = 6
FIELDS = (DbfField(b"WGMC", "C", 1, WIDTH), DbfField(b"MEMO", "M", 1 + WIDTH, WIDTH), DbfField(b"NO", "C", 13, 0),
          DbfField(b"BZ", "C", 1 + 2 * WIDTH, WIDTH))  # fmt: skip
LENGTH = 1 + 3 * WIDTH

pieces = st.sampled_from([b"\0", b" ", b"\t", b"1", b"*", b"\x1a", b"\xff", "网".encode("gbk"), "网".encode()])
cells = st.lists(pieces, max_size=WIDTH).map(lambda some: b"".join(some)[:WIDTH].ljust(WIDTH))
"""Padding of all kinds, and characters cut off anywhere."""
records = st.tuples(st.sampled_from([b" ", b"*"]), cells, cells, cells).map(b"".join)


def table(written: list[bytes]) -> Dbf:
    return Dbf(Path("odd.dbf"), FIELDS, 0, len(written), len(written), 0, LENGTH, b"".join(written))


def alone(record: bytes, field: DbfField) -> bytes:
    """The bytes of one cell: what stands before a NUL, without spaces."""
    return record[field.start : field.start + field.width].partition(b"\0")[0].strip()


def value(record: bytes, field: DbfField, encoding: str) -> Value:
    raw = alone(record, field)
    if not raw or field.kind == "M":
        return None
    return decode(RawText(raw, full=len(raw) == field.width), encoding)[0].strip()


@settings(deadline=None)
@given(st.lists(records, max_size=5), st.sampled_from(["GB18030", "UTF-8", "ISO8859-1"]))
def test_values_read_by_column_are_those_of_the_cells(written, encoding):
    def one_by_one() -> list[tuple[Value, ...]]:
        return [tuple(value(record, field, encoding) for field in FIELDS) for record in written]

    def at_once() -> list[tuple[Value, ...]]:
        return table(written).rows(range(len(written)), encoding)

    read = []
    for reading in (one_by_one, at_once):
        try:
            read.append(reading())
        except UnicodeDecodeError:
            read.append(None)
    assert read[0] == read[1]


@settings(deadline=None)
@given(st.lists(records, max_size=5))
def test_texts_beyond_ascii_come_row_by_row_without_deleted_records(written):
    kept = [record for record in written if not record.startswith(b"*")]
    expected = [
        (row, name, raw, len(raw) == WIDTH)
        for row, record in enumerate(kept, 1)
        for name, field in (("WGMC", FIELDS[0]), ("BZ", FIELDS[3]))
        if not (raw := alone(record, field)).isascii()
    ]
    told = [(text.row, text.field, text.raw, text.full) for text in table(written).texts()]
    assert told[len(FIELDS) :] == expected


def test_records_are_read_in_the_order_asked_for():
    written = [b" %-6d%-6s%-6d" % (number, b"", number) for number in range(4)]
    assert [row[0] for row in table(written).rows([3, 1], "UTF-8")] == ["3", "1"]


def test_a_table_without_fields_has_rows_all_the_same():
    bare = Dbf(Path("bare.dbf"), (), 0, 2, 2, 0, 1, b"  ")
    assert bare.rows([0, 1], "UTF-8") == [(), ()]
