"""From the coordinates of a report to a point, or to the reason why there is none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from geo.crs import coordinates_usable, to_wgs84
from incidents.drafts import ReportDraft
from incidents.models import Incident
from incidents.words import Channel, QueueReason

PLACEHOLDER_LEAST = 50
PLACEHOLDER_SHARE = 0.02
"""One exact coordinate pair borne by at least this many reports, and this share of its channel, is a default
that somebody's system fills in. Real places repeat too (a market, a tower block), but not to this degree:
in 22,504 real lift complaints by building the most repeated point has 0.5 % of them."""


@dataclass(frozen=True)
class Position:
    """A WGS-84 point, or none, with what a person must look at."""

    lon: float | None
    lat: float | None
    doubt: QueueReason | None = None


def position_of(draft: ReportDraft) -> Position:
    """The point that the draft's coordinates mean in its datum. Impossible ones give none, with the reason."""
    if draft.lon is None or draft.lat is None:
        return Position(None, None, QueueReason.NO_COORDINATES)
    if not coordinates_usable(draft.lon, draft.lat, draft.datum):
        return Position(None, None, QueueReason.UNUSABLE_COORDINATES)
    lon, lat = to_wgs84(draft.lon, draft.lat, draft.datum)
    return Position(float(lon), float(lat))


Pair = tuple[float, float]


def placeholder_pairs(db: Session, drafts: Sequence[ReportDraft]) -> set[tuple[Channel, Pair]]:
    """The (channel, raw pair) combinations among `drafts` that are repeated beyond belief, earlier reports included."""
    arriving = Counter(
        (draft.channel, (draft.lon, draft.lat)) for draft in drafts if draft.lon is not None and draft.lat is not None
    )
    suspects: set[tuple[Channel, Pair]] = set()
    for channel in {channel for channel, _pair in arriving}:
        pairs = {pair: count for (of, pair), count in arriving.items() if of is channel}
        counts = pairs | {pair: seen + pairs[pair] for pair, seen in _seen_before(db, channel, list(pairs)).items()}
        often = {pair: count for pair, count in counts.items() if count >= PLACEHOLDER_LEAST}
        if often:
            of_channel = select(func.count()).where(Incident.channel == channel)
            total = (db.scalar(of_channel) or 0) + sum(pairs.values())
            suspects |= {(channel, pair) for pair, count in often.items() if count >= PLACEHOLDER_SHARE * total}
    return suspects


def _seen_before(db: Session, channel: Channel, pairs: Sequence[Pair]) -> dict[Pair, int]:
    raw = tuple_(Incident.raw_x, Incident.raw_y)
    rows = db.execute(
        select(Incident.raw_x, Incident.raw_y, func.count())
        .where(Incident.channel == channel, raw.in_(pairs))
        .group_by(Incident.raw_x, Incident.raw_y)
    )
    return {(x, y): count for x, y, count in rows if x is not None and y is not None}
