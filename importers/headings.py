"""Where a table's headings are, and what its columns are called.

Spreadsheets begin with a title, a line about who filled them in and sometimes headings on two levels (坐标 above 经度
and 纬度). The heading row is the one with the most known headings, or else the first that is about as full as
the rows under it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from geo.sentences import say
from importers.columns import count_known, simplified
from importers.report import Problem


@dataclass(frozen=True)
class Headings:
    """The columns' names, each once; `first` is the index of their record and `last` of the last one they take up."""

    columns: tuple[str, ...]
    first: int
    last: int
    problems: tuple[Problem, ...] = ()


def find_headings(records: Sequence[Sequence[str]], known: frozenset[str] = frozenset()) -> Headings | None:
    """Find the headings among a table's first records; None when every record is blank."""
    at = _heading_row(records, known)
    if at is None:
        return None
    top = [cell.strip() for cell in records[at]]
    below = [cell.strip() for cell in records[at + 1]] if at + 1 < len(records) else []
    top += [""] * (len(below) - len(top))
    if _continues(top, below):
        return _named(_joined(top, below, known), at, at + 1)
    return _named(top, at, at)


def _heading_row(records: Sequence[Sequence[str]], known: frozenset[str]) -> int | None:
    """Return the index of the record with most known headings, or of the first that is full enough."""
    if known:
        counts = [count_known(record, known) for record in records]
        if sum(counts) == 1 or max(counts, default=0) > 1:
            return counts.index(max(counts))
    filled = [sum(bool(cell.strip()) for cell in record) for record in records]
    times = Counter(count for count in filled if count)
    if not times:
        return None
    usual = max(times, key=lambda count: (times[count], count))
    return next(at for at, count in enumerate(filled) if 2 * count > usual)


def _continues(top: Sequence[str], below: Sequence[str]) -> bool:
    """Whether `below` is a second level of headings: words, and only under blanks or at the start of a group.

    A blank in `top` belongs to the heading on its left, which is spread over both columns.
    """
    filled = {at for at, cell in enumerate(below) if cell}
    blanks = {at for at, cell in enumerate(top) if not cell and at > 0}
    if not filled or not blanks & filled or any(re.search(r"\d", below[at]) for at in filled):
        return False
    starts = {at - 1 for at in blanks if at - 1 not in blanks}
    return filled <= blanks | starts


def _joined(top: Sequence[str], below: Sequence[str], known: frozenset[str]) -> list[str]:
    """Name each column after its lower heading, with the upper one before it where the lower alone says too little."""
    upper, lower = list(top), [*below, *[""] * (len(top) - len(below))]
    for at in range(1, len(top)):
        if lower[at] and not upper[at]:
            upper[at] = upper[at - 1]
    times = Counter(lower)
    names = []
    for over, under in zip(upper, lower, strict=True):
        better_joined = simplified(under) not in known and simplified(over + under) in known
        names.append(under if under and times[under] == 1 and not better_joined else over + under)
    return names


def _named(cells: Sequence[str], first: int, last: int) -> Headings:
    """Give every column a name of its own: repeated headings are numbered, so that none is picked by chance."""
    width = max((at + 1 for at, cell in enumerate(cells) if cell), default=0)
    tidy = [re.sub(r"\s+", " ", cell.replace("\ufeff", "")) for cell in cells[:width]]
    repeated = {name: times for name, times in Counter(tidy).items() if times > 1 and name}
    so_far: Counter[str] = Counter()
    names = []
    for at, name in enumerate(tidy, 1):
        so_far[name] += 1
        names.append(f"{name} ({so_far[name]})" if name in repeated else name or f"(column {at})")
    problems = (
        Problem(
            None,
            name,
            "heading-repeated",
            say(
                "{count} columns are called so; they are told apart as “{name} (1)”, “{name} (2)” …",
                count=times,
                name=name,
            ),
            "warn",
        )
        for name, times in repeated.items()
    )
    return Headings(tuple(names), first, last, tuple(problems))
