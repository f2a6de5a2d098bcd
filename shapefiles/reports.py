"""A year of reports: what happened, where and when, who said so and in which words.

Composed in good order here; `faults` spoils some on purpose afterwards and `handling` says what became of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray
from shapely import LineString

from shapefiles.chance import Rng, share, stream
from shapefiles.channels import CHANNELS, Channel
from shapefiles.matters import Matter, read_catalogue
from shapefiles.names import person_name
from shapefiles.places import Places, Point, along

DAYS = 365
LAST_DAY_REPORTS = 60
CALLERS = 5_200


@dataclass
class Report:
    """One row of a channel's file, and the truth behind it. Times are naive, in Asia/Shanghai."""

    channel: Channel
    matter: Matter
    point: Point
    """Where it really happened, in metres of EPSG:4549."""
    reported_at: datetime
    text: str
    address: str
    matter_as_given: str
    caller: str = ""
    phone: str = ""
    number: str = ""
    stated: Point | None = None
    """Where the row says that it happened, in metres; the same point unless a fault says otherwise."""
    handled_at: datetime | None = None
    closed_at: datetime | None = None
    result: str = ""
    faults: list[str] = field(default_factory=list)
    raw: dict[str, object] = field(default_factory=dict)
    """Cells that are written as they stand here, by English column name, whatever the report says."""
    cluster: str = ""
    told_again: bool = False
    """Whether another report speaks of the same problem; it stays as it is."""


@dataclass(frozen=True)
class Cluster:
    """A place with far more reports than its surroundings."""

    name: str
    share: float
    """Of all reports."""
    matters: tuple[str, ...]
    line: LineString
    spread_m: float


class Year:
    """Draws the moments of reports between the first day and the last."""

    def __init__(self, until: date, rng: Rng) -> None:
        self.last, self.rng = until, rng
        self.first = until - timedelta(days=DAYS - 1)
        self._likely: dict[tuple[str, tuple[float, ...]], NDArray[np.float64]] = {}

    def moment(self, channel: Channel, months: tuple[float, ...]) -> datetime:
        """Return a moment before the last day, by the season of the matter and the rhythm of the channel."""
        likely = self._days(channel, months)
        day = self.first + timedelta(days=int(self.rng.choice(len(likely), p=likely)))
        return datetime.combine(day, self._clock(channel))

    def moment_of_last_day(self, channel: Channel) -> datetime:
        """Return a moment of the last day: before now when `until` is a moment and not a whole day."""
        if isinstance(self.last, datetime):
            midnight = datetime.combine(self.last, time())
            passed = (self.last - midnight).total_seconds()
            return midnight + timedelta(seconds=int(passed * self.rng.random()))
        return datetime.combine(self.last, self._clock(channel))

    def _days(self, channel: Channel, months: tuple[float, ...]) -> NDArray[np.float64]:
        key = channel.name, months
        if key not in self._likely:
            days = [self.first + timedelta(days=number) for number in range(DAYS - 1)]
            weights = np.array([months[day.month - 1] * (channel.weekend if day.weekday() > 4 else 1) for day in days])
            self._likely[key] = weights / weights.sum()
        return self._likely[key]

    def _clock(self, channel: Channel) -> time:
        weights = np.array(channel.hours) / sum(channel.hours)
        return time(int(self.rng.choice(24, p=weights)), int(self.rng.integers(60)), int(self.rng.integers(60)))


def compose(places: Places, until: date, counts: Sequence[int], seed: int) -> list[Report]:
    """Return as many reports of each channel as `counts` says, in no order; 60 of them of the last day."""
    rng = stream(seed, "reports")
    year, callers, clusters = Year(until, rng), _callers(rng), _clusters(places)
    on_last_day = share(LAST_DAY_REPORTS, counts)
    reports = []
    for channel, count, today in zip(CHANNELS, counts, on_last_day, strict=True):
        for number in range(count):
            matter, point, cluster = _happening(places, clusters, rng)
            moment = year.moment_of_last_day(channel) if number < today else year.moment(channel, matter.months)
            reports.append(_report(channel, matter, point, moment, places.address(point), callers, rng))
            reports[-1].cluster = cluster
    return reports


def retell(report: Report, channel: Channel, moment: datetime, point: Point, places: Places, rng: Rng) -> Report:
    """Return the same problem as another person reports it."""
    callers = ((person_name(rng), f"199009{int(rng.integers(100_000)):05d}"),)
    return _report(channel, report.matter, point, moment, places.address(point), callers, rng)


def _happening(places: Places, clusters: Sequence[Cluster], rng: Rng) -> tuple[Matter, Point, str]:
    catalogue = read_catalogue()
    luck = rng.random()
    for cluster in clusters:
        luck -= cluster.share
        if luck < 0:
            code = cluster.matters[int(rng.integers(len(cluster.matters)))]
            x, y = along(cluster.line, cluster.spread_m, rng)
            return next(matter for matter in catalogue if matter.code == code), (float(x), float(y)), cluster.name
    matter = catalogue[int(rng.choice(len(catalogue), p=_MATTER_LIKELY))]
    return matter, places.draw(matter.where, rng), ""


_WEIGHTS = np.array([matter.weight for matter in read_catalogue()])
_MATTER_LIKELY = _WEIGHTS / _WEIGHTS.sum()


def _report(
    channel: Channel, matter: Matter, point: Point, moment: datetime, address: str,
    callers: Sequence[tuple[str, str]], rng: Rng,
) -> Report:  # fmt: skip
    caller, phone = callers[int(rng.integers(len(callers)))] if channel.names_callers else ("", "")
    if channel.names_callers and rng.random() < 0.05:
        caller = "匿名"
    choices = (channel.says, channel.tails, matter.phrases)
    says, tail, what = (options[int(rng.integers(len(options)))] for options in choices)
    spoken = address[3:] if channel.name in ("worker", "citizen") else address
    text = says.format(place=spoken, what=what, tail=tail)
    known = channel.matter_as != "sometimes" or rng.random() < 0.55
    given = matter.code if channel.matter_as == "code" else matter.name if known else ""
    return Report(channel, matter, point, moment, text, address, given, caller, phone, stated=point)


def _callers(rng: Rng) -> list[tuple[str, str]]:
    return [(person_name(rng), f"19900{10_000 + serial:06d}") for serial in range(CALLERS)]


def _clusters(places: Places) -> list[Cluster]:
    """Return the hot places: streets of the seat, a market, a building site, a reach of river, a dump, a compound."""
    street = ("SX0101", "SX0102", "SX0103", "SX0303", "SX0601", "SX0106")
    sizes = (0.014, 0.011, 0.009, 0.007, 0.006)
    clusters = [
        Cluster(f"hot street {number}", size, street, line, 14.0)
        for number, (size, line) in enumerate(zip(sizes, _hot_streets(places), strict=True), start=1)
    ]
    grounds = {grid.name: grid.outline.centroid for grid in places.specialised}

    def spot(name: str, size: float, matters: tuple[str, ...], at: str, spread_m: float) -> Cluster:
        middle = grounds[at]
        return Cluster(name, size, matters, LineString([(middle.x, middle.y), (middle.x + 1, middle.y)]), spread_m)

    river = max((divide.line for divide in places.county.land.divides if divide.water), key=lambda line: line.length)
    return [
        *clusters,
        spot("market", 0.011, ("SX0612", "SX0610", "SX0608", "SX0101"), "望湖农贸市场", 38.0),
        spot("building site", 0.010, ("SX0304", "SX0304", "SX0308", "SX0802"), "春和府工地", 70.0),
        spot("school gate", 0.006, ("SX0808", "SX0601", "SX0103"), "云湖县实验小学", 60.0),
        Cluster("river reach", 0.007, ("SX0306", "SX0708", "SX0310"), _reach(river, 0.42), 25.0),
        Cluster("dump", 0.005, ("SX0108", "SX0106"), _reach(river, 0.64), 40.0),
    ]


def _hot_streets(places: Places) -> Iterator[LineString]:
    """Yield five stretches of 500 m of streets that pass near the middle of the county seat."""
    land = places.county.land
    streets = [divide.line for divide in land.divides if divide.line.length < 7_000 and not divide.water]
    seat = LineString([land.seat, land.seat + 1.0])
    for line in sorted(streets, key=lambda line: line.distance(seat))[:10:2]:
        middle = line.project(seat.centroid) + 100
        yield LineString([line.interpolate(middle), line.interpolate(middle + 500)])


def _reach(line: LineString, part: float) -> LineString:
    return LineString([line.interpolate(part, normalized=True), line.interpolate(part + 0.004, normalized=True)])
