"""The responsibility catalogue, and the words in which people report each matter.

Both are hand-written files beside this module: catalogue.csv holds what the office sends, phrases.csv how often,
when, where and in which words a matter is reported.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

HOURS = {"小时": 1, "工作小时": 3, "个工作日": 24}
"""How long a unit of a limit takes on average in natural hours; working hours come 8 to a day."""
SEASONS = {
    "flat": (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    "spring": (0.7, 0.9, 1.5, 1.7, 1.5, 1, 0.8, 0.7, 0.8, 0.9, 0.8, 0.7),
    "summer": (0.4, 0.4, 0.7, 1, 1.4, 1.8, 2.1, 2, 1.4, 0.9, 0.5, 0.4),
    "flood": (0.5, 0.5, 0.7, 0.8, 1, 2.2, 2.6, 1.9, 1, 0.6, 0.5, 0.5),
    "straw": (0.1, 0.1, 0.2, 0.3, 1.6, 3.5, 0.5, 0.3, 0.8, 2.8, 1.9, 0.3),
    "winter": (2, 1.7, 1, 0.7, 0.5, 0.5, 0.5, 0.5, 0.6, 0.9, 1.5, 2),
    "festival": (3, 2.6, 0.8, 0.5, 0.5, 0.5, 0.5, 0.5, 0.7, 0.7, 0.7, 1.6),
    "term": (0.8, 0.6, 1.4, 1.3, 1.3, 1.2, 0.3, 0.3, 1.7, 1.3, 1.2, 1.1),
}
"""Weight of each month from January."""


@dataclass(frozen=True)
class Matter:
    """An entry of the catalogue with the way it is reported."""

    code: str
    field: str
    name: str
    lead: str
    co_operating: str
    level: str
    limit: str
    procedure: str
    officers: int
    weight: float
    months: tuple[float, ...]
    where: str
    """street, home, rural, water, site, market, school or any."""
    phrases: tuple[str, ...]

    @property
    def limit_hours(self) -> float:
        """About how many natural hours the limit leaves."""
        digits = self.limit.rstrip("个工作日小时")
        return int(digits) * HOURS[self.limit[len(digits) :]]

    @property
    def roughly(self) -> timedelta:
        """The same as a time span."""
        return timedelta(hours=self.limit_hours)


@cache
def read_catalogue() -> tuple[Matter, ...]:
    """Return every matter, in the order of the codes."""
    words = {row["code"]: row for row in _rows("phrases.csv")}
    return tuple(_matter(row, words[row["code"]]) for row in _rows("catalogue.csv"))


def _matter(row: dict[str, str], words: dict[str, str]) -> Matter:
    stated = {key: row[key] for key in ("code", "field", "name", "lead", "co_operating", "level", "limit", "procedure")}
    return Matter(
        **stated,
        officers=int(row["officers"]),
        weight=float(words["weight"]),
        months=SEASONS[words["season"]],
        where=words["where"],
        phrases=tuple(words["phrases"].split("|")),
    )


def departments() -> list[str]:
    """Return the name of every department, in the order in which the catalogue first names them; then some more."""
    named: dict[str, None] = {}
    for matter in read_catalogue():
        named.update(dict.fromkeys([matter.lead, *filter(None, matter.co_operating.split(";"))]))
    return [*named, *(name for name in ("云湖县退役军人事务局", "云湖县数据局") if name not in named)]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with files("shapefiles").joinpath(name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)
