"""What goes wrong in real files, done on purpose and remembered, so that a test can ask for every case.

The names of the faults are the words in `Report.faults` and in the truth; COUNTS says how many rows have each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import count

import numpy as np
import shapely

from shapefiles.chance import Rng, stream
from shapefiles.channels import CHANNELS, Channel, channel
from shapefiles.places import Places, Point
from shapefiles.reports import Report, retell

COUNTS = {
    "missing-coordinates": sum(one.lacks_place for one in CHANNELS),
    "malformed-time": 5,  # refused
    "malformed-coordinates": 4,  # refused
    "empty-text": 3,  # refused
    "zero-coordinates": 9,
    "swapped-coordinates": 6,
    "default-point": 420,
    "on-border": 40,
    "just-outside": 14,
    "far-outside": 11,
    "markup-in-text": 6,
    "several-lines": 8,
    "resent": 48,
    "resent-changed": 16,
    "reported-twice": 420,
}
REFUSED = ("malformed-time", "malformed-coordinates", "empty-text")
"""Faults of rows that no importer may accept: 12 of the 13,327."""
REPEATED_NUMBER = ("resent", "resent-changed")
"""Faults of rows whose external number an earlier row of the file has already: 64 of the 13,327."""
RESENT_ROWS = {"hotline": 50, "citizen": 14}
TWICE_ROWS = {"hotline": 260, "citizen": 140, "superior": 20}

_TIMES = ("昨天下午三点左右", "2026-02-30 09:15:00", "2026-13-07 10:20:00", "不详", "上周")
_PLACES = ("见附图", "不详", "119.58.21", "地图上已标注")
_MARKUP = (
    "<script>alert(1)</script>", "`${alert(1)}`", '"><img src=x onerror=alert(1)>', "<b>急</b>", "{{7*7}}", "=1+1",
)  # fmt: skip


def composed_counts() -> list[int]:
    """Return how many reports of each channel to compose, so that with the repeats every file has its rows."""
    return [one.rows - RESENT_ROWS.get(one.name, 0) - TWICE_ROWS.get(one.name, 0) for one in CHANNELS]


def repeat_problems(reports: list[Report], places: Places, until: date, seed: int) -> None:
    """Add reports of problems that somebody has reported already, within three days and 25 metres."""
    rng = stream(seed, "repeats")
    end = until if isinstance(until, datetime) else datetime.combine(until, time())
    old = [report for report in reports if report.reported_at < end - timedelta(days=5)]
    for name, rows in TWICE_ROWS.items():
        for index in rng.choice(len(old), rows, replace=False):
            first = old[int(index)]
            first.told_again = True
            later = _later(first.reported_at, channel(name), rng)
            again = retell(first, channel(name), later, places.beside(first.point, 9.0, rng), places, rng)
            again.faults.append("reported-twice")
            reports.append(again)


def _later(moment: datetime, by: Channel, rng: Rng) -> datetime:
    """Return a moment within the next three days at which this channel is likely to bring a report."""
    while True:
        later = moment + timedelta(seconds=int(rng.uniform(0.2, 72) * 3600))
        if rng.random() * max(by.hours) < by.hours[later.hour] * (by.weekend if later.weekday() > 4 else 1):
            return later


def spoil(reports: Sequence[Report], places: Places, seed: int) -> None:
    """Commit every fault that changes rows in place; each row gets one of these at most."""
    rng = stream(seed, "faults")
    _forget_places(reports, rng)
    _stand_on_border(_some(reports, "on-border", rng, "worker"), places, rng)
    _stray(reports, places, rng)
    office = _office(places)
    for report in _some(reports, "default-point", rng, "hotline"):
        report.stated = office
    for report in _some(reports, "zero-coordinates", rng, "patrol"):
        report.raw |= {"lon": "0", "lat": "0"}
    for report in _some(reports, "swapped-coordinates", rng, "patrol"):
        report.raw["swapped"] = True
    _spoil_text(reports, rng)


def resend(reports: list[Report], seed: int) -> None:
    """Add rows that the hotline and the citizens' app sent again under the same number, some with a plea added."""
    rng = stream(seed, "resent")
    changed = iter(_changed(sum(RESENT_ROWS.values()), rng))
    newest = _newest(reports)
    for name, rows in RESENT_ROWS.items():
        sound = [one for one in reports if one.channel.name == name and not one.faults and one.reported_at < newest]
        for index in rng.choice(len(sound), rows, replace=False):
            first, fault = sound[int(index)], "resent-changed" if next(changed) else "resent"
            plea = "（催办：诉求人再次来电，情况仍未改善）" if fault == "resent-changed" else ""
            reports.append(replace(first, text=first.text + plea, faults=[fault], raw={}))


def in_order(reports: Sequence[Report]) -> list[Report]:
    """Return the reports as they came in; what was sent again came in most of a day later."""

    def arrival(report: Report) -> tuple[datetime, str]:
        late = bool(set(REPEATED_NUMBER) & set(report.faults))
        return report.reported_at + timedelta(hours=20 * late), report.text

    return sorted(reports, key=arrival)


def give_numbers(reports: Sequence[Report]) -> None:
    """Give external numbers, counted by channel and day, in order of time."""
    serial: dict[tuple[str, date], Iterator[int]] = {}
    for report in in_order(reports):
        day = report.reported_at.date()
        numbers = serial.setdefault((report.channel.prefix, day), count(1))
        report.number = f"{report.channel.prefix}{day:%Y%m%d}-{next(numbers):04d}"


def _some(reports: Sequence[Report], fault: str, rng: Rng, name: str) -> list[Report]:
    """Choose sound reports of a channel, older than the last days, for a fault, and mark them."""
    newest = _newest(reports)
    sound = [one for one in reports if one.channel.name == name and one.reported_at < newest
             and not (one.faults or one.cluster or one.told_again)]  # fmt: skip
    chosen = [sound[int(index)] for index in rng.choice(len(sound), COUNTS[fault], replace=False)]
    for report in chosen:
        report.faults.append(fault)
    return chosen


def _newest(reports: Sequence[Report]) -> datetime:
    """Return since when reports are too new for a fault."""
    return max(report.reported_at for report in reports) - timedelta(days=4)


def _forget_places(reports: Sequence[Report], rng: Rng) -> None:
    """Leave out the coordinates of as many reports as each channel lacks, clusters and repeats included."""
    for one in CHANNELS:
        own = [report for report in reports if report.channel == one]
        for index in rng.choice(len(own), one.lacks_place, replace=False):
            own[int(index)].stated = None
            own[int(index)].faults.append("missing-coordinates")


def _stand_on_border(chosen: Sequence[Report], places: Places, rng: Rng) -> None:
    """Move workers onto vertices that two grids share, or three: as on a phone, with all digits of the position."""
    grids = places.county.grids
    for report in chosen:
        ring = grids[int(rng.integers(len(grids)))].outline.exterior.coords
        x, y = ring[int(rng.integers(len(ring) - 1))]
        report.point = report.stated = (x, y)
        report.address = places.address((x, y))


def _stray(reports: Sequence[Report], places: Places, rng: Rng) -> None:
    """Move some out of the county: by less than the 30 m within which a report is snapped, or by far more."""
    for fault, least, most in (("just-outside", 4.0, 22.0), ("far-outside", 80.0, 6_000.0)):
        for report in _some(reports, fault, rng, "citizen"):
            report.stated = _outside(places, rng.uniform(least, most), rng)


def _outside(places: Places, by_m: float, rng: Rng) -> Point:
    """Return a point that lies `by_m` (up to a tenth less) outside the county."""
    outline = places.county.county.outline
    while True:
        ring = outline.exterior
        at = rng.random() * ring.length
        here, ahead = (np.array(ring.interpolate(way).coords[0]) for way in (at, at + 1.0))
        x, y = here + by_m * np.array([here[1] - ahead[1], ahead[0] - here[0]]) * rng.choice([-1.0, 1.0])
        away = shapely.Point(x, y).distance(outline)
        if 0.9 * by_m <= away <= by_m:
            return float(x), float(y)


def _office(places: Places) -> Point:
    """Return the county office, where the hotline's form puts its pin unless somebody moves it."""
    seat = shapely.Point(places.county.land.seat)
    block = min((grid.outline for grid in places.county.grids), key=lambda outline: outline.distance(seat))
    middle = block.representative_point()
    return middle.x, middle.y


def _spoil_text(reports: Sequence[Report], rng: Rng) -> None:
    for report, words in zip(_some(reports, "malformed-time", rng, "hotline"), _TIMES, strict=True):
        report.raw["reported_at"] = words
    for report, words in zip(_some(reports, "malformed-coordinates", rng, "citizen"), _PLACES, strict=True):
        report.raw |= {"lon": words, "lat": ""}
    for report in _some(reports, "empty-text", rng, "patrol"):
        report.text = ""
    for report, words in zip(_some(reports, "markup-in-text", rng, "citizen"), _MARKUP, strict=True):
        report.text = f"{words}{report.text}"
    for report in _some(reports, "several-lines", rng, "citizen"):
        report.text = f"{report.text}\n补充：“还在继续”，请尽快😡"


def _changed(rows: int, rng: Rng) -> list[bool]:
    """Return which of the resent rows come with another text."""
    flags = np.zeros(rows, dtype=bool)
    flags[rng.choice(rows, COUNTS["resent-changed"], replace=False)] = True
    return [bool(flag) for flag in flags]
