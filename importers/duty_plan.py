"""What a roster does to the recorded duties: which it repeats, which it ends or prolongs, which it begins."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.sentences import Sentence, say
from importers.periods import Period, overlap, period_of, said
from staffing.models import Duty
from staffing.words import DutyRole


class DutyKey(NamedTuple):
    """Whose duty, where, as what. Of one key no two periods may overlap."""

    staff_id: int
    area_id: int
    role: DutyRole


@dataclass
class HeldPeriod:
    """One period of a duty: as recorded (`id`), as a row of the file wants it (`row`), or both."""

    id: int | None
    since: datetime | None
    until: datetime | None
    row: int | None = None
    shorter: bool = False
    """Whether the row ended it earlier than it was recorded."""

    @property
    def period(self) -> Period:
        """From when until when, as wanted."""
        return self.since, self.until


@dataclass
class DutyPlan:
    """The recorded duties of some people, and what rows have changed of them so far."""

    periods: dict[DutyKey, list[HeldPeriod]]
    begun: list[tuple[DutyKey, HeldPeriod]] = field(default_factory=list)
    adjusted: list[HeldPeriod] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def spoken_of(self, key: DutyKey, since: datetime | None, until: datetime | None) -> HeldPeriod | None:
        """The period with the same beginning; for a row without beginning, the only one of its time."""
        held = self.periods.get(key, [])
        same = next((one for one in held if one.since == since), None)
        if same is not None or since is not None:
            return same
        then = [one for one in held if overlap(one.period, (since, until))]
        return then[0] if len(then) == 1 else None

    def begin(self, key: DutyKey, held: HeldPeriod) -> None:
        """Add a duty that is not recorded yet."""
        self.periods.setdefault(key, []).append(held)
        self.begun.append((key, held))
        self.counts["new"] += 1

    def adjust(self, held: HeldPeriod, until: datetime | None, row: int) -> None:
        """Let a recorded duty end when the row says; the same end changes nothing."""
        held.row = row
        if until == held.until:
            self.counts["unchanged"] += 1
            return
        held.shorter = until is not None and (held.until is None or until < held.until)
        held.until = until
        self.adjusted.append(held)
        self.counts["ended" if held.shorter else "changed"] += 1

    def collisions(self) -> Iterator[tuple[int, Sentence]]:
        """Yield each row whose period overlaps another one of the same duty, with a sentence."""
        for held in self.periods.values():
            for one in held:
                other = next((each for each in held if each is not one and overlap(each.period, one.period)), None)
                if one.row is not None and other is not None:
                    where = say("in row {row}", row=other.row) if other.row else say("in the records")
                    sentence = say(
                        "the same person has the same duty {period} already ({where}); repeat that beginning to"
                        " change its end, or begin after it",
                        period=said(other.period), where=where,
                    )  # fmt: skip
                    yield one.row, sentence


def recorded_duties(db: Session, staff_ids: Collection[int]) -> dict[DutyKey, list[HeldPeriod]]:
    """Every duty of these people that was ever recorded, in the order of their beginning."""
    found: dict[DutyKey, list[HeldPeriod]] = defaultdict(list)
    columns = (Duty.id, Duty.staff_id, Duty.area_id, Duty.role, Duty.held)
    for id_, staff_id, area_id, role, held in db.execute(
        select(*columns).where(Duty.staff_id.in_(staff_ids)).order_by(Duty.held)
    ):
        found[DutyKey(staff_id, area_id, role)].append(HeldPeriod(id_, *period_of(held)))
    return dict(found)
