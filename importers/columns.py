"""Which heading of a file is which field of ours.

Offices head the same column 网格编码, WGBM, 编码 or code; a .dbf cuts the heading at 10 bytes. The person's
own `--columns` mapping always wins; after it headings are compared exactly, then without what is put in
brackets, then as a cut-off beginning. Two headings that fit a field equally well are never chosen between.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from geo.sentences import Sentence, join, listed, say
from importers.report import Problem

DBF_NAME_BYTES = 10

Closeness = Callable[[str, str], bool]
"""Whether a heading of the file (first) is an alias of a field (second)."""


class ColumnsOptionError(ValueError):
    """The --columns option is not written as field=HEADING,field=HEADING."""


@dataclass(frozen=True)
class Wanted:
    """A field of ours and the headings it goes by, the most telling first; `name` itself is one of them."""

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = False

    def headings(self) -> tuple[str, ...]:
        """Return every heading the field goes by."""
        return (self.name, *self.aliases)


@dataclass(frozen=True)
class Matched:
    """The outcome: `mapping` goes from our fields to the file's headings, in the order the fields were wanted."""

    mapping: dict[str, str]
    missing: tuple[str, ...] = ()
    ambiguous: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    unknown: Mapping[str, Sentence] = field(default_factory=dict)
    """Fields or headings that --columns names and that do not exist, each with a sentence."""

    def problems(self) -> list[Problem]:
        """Return what forbids reading the rows; optional fields that are ambiguous forbid it too."""
        missing = say(
            "no such column; the file has: {headings}", headings=listed((*self.mapping.values(), *self.ignored))
        )
        return [
            *(Problem(None, name, "unknown-column", said) for name, said in self.unknown.items()),
            *(Problem(None, name, "ambiguous-column", _doubt(name, found)) for name, found in self.ambiguous.items()),
            *(Problem(None, name, "missing-column", missing) for name in self.missing),
        ]

    def pick(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return a row of the file under our field names; fields without a column are absent."""
        return {name: row.get(heading, "") for name, heading in self.mapping.items()}


def _doubt(name: str, headings: Sequence[str]) -> Sentence:
    found = join("{one} and {other}", headings)
    return say("{headings} could each be it; say --columns {name}=…", headings=found, name=name)


def parse_columns_option(text: str | None) -> dict[str, str]:
    """Read `code=WGBM,name=WGMC` into a mapping; a heading with a comma in it is written "name=A,B" in quotes.

    Raises ColumnsOptionError with a sentence for whoever typed it.
    """
    mapping: dict[str, str] = {}
    for part in next(csv.reader([text or ""], skipinitialspace=True), []):
        name, equals, heading = (piece.strip() for piece in part.partition("="))
        if not (name and equals and heading):
            raise ColumnsOptionError(f"“{part}” in --columns is not of the form field=HEADING")
        if name in mapping:
            raise ColumnsOptionError(f"--columns names {name} twice")
        mapping[name] = heading
    return mapping


def match_columns(headings: Sequence[str], wanted: Sequence[Wanted], given: Mapping[str, str] | None = None) -> Matched:
    """Find the heading of each wanted field. `given` (from --columns) wins over everything found."""
    chosen, unknown = _given_columns(headings, wanted, given or {})
    taken = set(chosen.values())
    ambiguous: dict[str, tuple[str, ...]] = {}
    for closeness in (_same, _same_without_brackets, _cut_off):
        for field_wanted in wanted:
            if field_wanted.name in chosen or field_wanted.name in ambiguous or field_wanted.name in unknown:
                continue
            found = _best(closeness, field_wanted, [heading for heading in headings if heading not in taken])
            if len(found) == 1:
                chosen[field_wanted.name] = found[0]
                taken.add(found[0])
            elif found:
                ambiguous[field_wanted.name] = found
    return Matched(
        mapping={each.name: chosen[each.name] for each in wanted if each.name in chosen},
        missing=tuple(
            each.name
            for each in wanted
            if each.required and each.name not in chosen.keys() | ambiguous.keys() | unknown.keys()
        ),
        ambiguous=ambiguous,
        ignored=tuple(heading for heading in headings if heading not in taken),
        unknown=unknown,
    )


def known_headings(wanted: Sequence[Wanted]) -> frozenset[str]:
    """Return every heading the fields go by, simplified: what tells a heading row from a title above it."""
    return frozenset(simplified(heading) for each in wanted for heading in each.headings())


def count_known(cells: Sequence[str], known: frozenset[str]) -> int:
    """Count the cells that are headings in `known` (see `known_headings`)."""
    return sum(1 for cell in cells if {simplified(cell), simplified(_outside_brackets(cell))} & known)


def simplified(heading: str) -> str:
    """Return a heading without what people vary: case, width, spaces, punctuation, the star of a required field."""
    return re.sub(r"[\s_\-*:.·'\"“”]+", "", unicodedata.normalize("NFKC", heading).casefold())


def _outside_brackets(heading: str) -> str:
    """经度（WGS84） → 经度; a heading that is all brackets stays as it is."""
    return re.sub(r"[(\[【].*?[)\]】]", "", unicodedata.normalize("NFKC", heading)).strip() or heading


def _same(heading: str, alias: str) -> bool:
    return simplified(heading) == simplified(alias)


def _same_without_brackets(heading: str, alias: str) -> bool:
    return simplified(_outside_brackets(heading)) == simplified(alias)


def _cut_off(heading: str, alias: str) -> bool:
    """Whether `heading` is what a .dbf leaves of `alias`: its first 10 bytes, in GBK or in UTF-8.

    A character cut in half is dropped or becomes a replacement mark, so up to its other bytes may be lacking.
    """
    start = heading.rstrip("\ufffd")
    if len(start) == len(alias) or not alias.casefold().startswith(start.casefold()) or len(start) < 3:
        return False
    in_gbk, in_utf8 = len(start.encode("gb18030")), len(start.encode())
    return DBF_NAME_BYTES - 1 <= in_gbk <= DBF_NAME_BYTES or DBF_NAME_BYTES - 2 <= in_utf8 <= DBF_NAME_BYTES


def _best(closeness: Closeness, wanted: Wanted, headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings that fit the field's first alias that fits any: more than one is an ambiguity."""
    for alias in wanted.headings():
        found = tuple(heading for heading in headings if closeness(heading, alias))
        if found:
            return found
    return ()


def _given_columns(
    headings: Sequence[str], wanted: Sequence[Wanted], given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Sentence]]:
    """Look up what --columns says: the columns that exist, and a sentence for each name that does not."""
    fields = {each.name for each in wanted}
    chosen: dict[str, str] = {}
    unknown: dict[str, Sentence] = {}
    for name, heading in given.items():
        alike = [one for one in headings if one == heading] or [one for one in headings if _same(one, heading)]
        if name not in fields:
            known = listed(each.name for each in wanted)
            unknown[name] = say("there is no such field; the fields are: {fields}", fields=known)
        elif len(alike) != 1:
            there_are = join("{one}, {other}", headings)
            unknown[name] = say(
                "the file has no column “{heading}”; it has: {headings}", heading=heading, headings=there_are
            )
        else:
            chosen[name] = alike[0]
    return chosen, unknown
