"""What a catalogue does to the recorded versions of matters: which stand, which end, which begin."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.sentences import Sentence, say
from importers.cells import day_of
from importers.periods import Period, holds, period_of
from incidents.models import Matter, MatterCoUnit
from incidents.words import Level, LimitUnit, Procedure


@dataclass(frozen=True)
class Entry:
    """What one version of a matter says."""

    co_unit_ids: frozenset[int]
    field: str
    name: str
    lead_unit_id: int | None
    level: Level
    limit_amount: int | None
    limit_unit: LimitUnit | None
    procedure: Procedure
    officers: int

    def columns(self) -> dict[str, Any]:
        """The columns of `matter`; the co-operating units are rows of their own."""
        return {name: value for name, value in asdict(self).items() if name != "co_unit_ids"}


@dataclass
class Version:
    """A recorded version of a matter, with the period that is wanted for it."""

    id: int
    period: Period
    entry: Entry


@dataclass(frozen=True)
class Begun:
    """A version that is not recorded yet."""

    code: str
    period: Period
    entry: Entry


@dataclass
class CataloguePlan:
    """The recorded versions by code of the matter, each list in the order of time, and what rows change of them."""

    versions: dict[str, list[Version]]
    valid_from: datetime | None
    now: datetime
    begun: list[Begun] = field(default_factory=list)
    adjusted: list[Version] = field(default_factory=list)
    problems: list[tuple[int | None, str, Sentence]] = field(default_factory=list)
    """Row, code and sentence of what forbids loading."""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def moment(self) -> datetime:
        """From when on the file speaks."""
        return self.valid_from or self.now

    def want(self, code: str, entry: Entry, row: int) -> None:
        """Let the matter say `entry` from the moment on."""
        recorded = self.versions.get(code, [])
        if not recorded:
            self._begin(code, (self.valid_from, None), entry, "new")
        elif self._is_current(code, row):
            stands = next((version for version in recorded if holds(version.period, self.moment)), None)
            if stands is None:
                self._begin(code, (self.moment, None), entry, "new")
            else:
                self._change(code, stands, entry, row)

    def end_others(self, codes: Collection[str]) -> None:
        """Let every matter that is not among `codes` end at the moment."""
        for code, recorded in self.versions.items():
            ends = recorded[-1].period[1]
            if code in codes or (ends is not None and ends <= self.moment):
                continue
            if self._is_current(code, None) and self._may_end(code, recorded[-1], None):
                self._end(recorded[-1])
                self.counts["ended"] += 1

    def _change(self, code: str, stands: Version, entry: Entry, row: int) -> None:
        if stands.entry != entry:
            if self._may_end(code, stands, row):
                self._end(stands)
                self._begin(code, (self.moment, None), entry, "changed")
        elif stands.period[1] is not None:
            stands.period = stands.period[0], None
            self.adjusted.append(stands)
            self.counts["changed"] += 1
        else:
            self.counts["unchanged"] += 1

    def _begin(self, code: str, period: Period, entry: Entry, count: str) -> None:
        self.begun.append(Begun(code, period, entry))
        self.counts[count] += 1

    def _end(self, version: Version) -> None:
        version.period = version.period[0], self.moment
        self.adjusted.append(version)

    def _is_current(self, code: str, row: int | None) -> bool:
        """Whether no version begins after the moment; one that does would be overtaken by an older file."""
        begins = self.versions[code][-1].period[0]
        if begins is None or begins <= self.moment:
            return True
        sentence = say(
            "{code} has a version from {day} on; say --from with that day or a later one",
            code=code, day=day_of(begins),
        )  # fmt: skip
        self.problems.append((row, "later-version", sentence))
        return False

    def _may_end(self, code: str, version: Version, row: int | None) -> bool:
        """Whether the version began before the moment: one that ends as it begins was never in force."""
        if version.period[0] is None or version.period[0] < self.moment:
            return True
        sentence = say(
            "{code} has a version from this very moment ({day}); say a later --from",
            code=code, day=day_of(self.moment),
        )  # fmt: skip
        self.problems.append((row, "same-moment", sentence))
        return False


def recorded_versions(db: Session) -> dict[str, list[Version]]:
    """Every version of every matter, by code and in the order of time: a county has some hundreds."""
    together: dict[int, set[int]] = defaultdict(set)
    for matter_id, unit_id in db.execute(select(MatterCoUnit.matter_id, MatterCoUnit.unit_id)):
        together[matter_id].add(unit_id)
    columns = (
        Matter.field, Matter.name, Matter.lead_unit_id, Matter.level, Matter.limit_amount, Matter.limit_unit,
        Matter.procedure, Matter.officers,
    )  # fmt: skip
    found: dict[str, list[Version]] = defaultdict(list)
    query = select(Matter.id, Matter.code, Matter.valid, *columns).order_by(Matter.valid)
    for id_, code, valid, *said in db.execute(query):
        found[code].append(Version(id_, period_of(valid), Entry(frozenset(together[id_]), *said)))
    return dict(found)
