"""From the coordinates of a report to a point, or to the reason why there is none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Select, bindparam, column, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.types import Double

from geo.crs import coordinates_usable, to_wgs84
from incidents.drafts import ReportDraft
from incidents.models import Incident
from incidents.words import Channel, QueueReason

PLACEHOLDER_LEAST = 50
PLACEHOLDER_SHARE = 0.02
"""One exact coordinate pair borne by at least this many reports, and this share of its channel, is a default
that somebody's system fills in. Real places repeat too (a market, a tower block), but not to this degree:
in 22,504 real lift complaints by building the most repeated position has 0.5 %."""

Pair = tuple[float, float]
ChannelPair = tuple[Channel, Pair]


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


def count_pairs(drafts: Iterable[ReportDraft]) -> Counter[ChannelPair]:
    """How many of the drafts bear each coordinate pair, by channel."""
    return Counter(
        (draft.channel, (draft.lon, draft.lat)) for draft in drafts if draft.lon is not None and draft.lat is not None
    )


def placeholder_pairs(db: Session, arriving: Mapping[ChannelPair, int]) -> set[ChannelPair]:
    """The pairs among those arriving (with how many reports bear each) that are repeated beyond belief.

    What arrives is judged by itself and by what came earlier, never by both added up: a file often holds
    again what was received before.
    """
    by_channel: dict[Channel, dict[Pair, int]] = defaultdict(dict)
    for (channel, pair), count in arriving.items():
        by_channel[channel][pair] = count
    suspects: set[ChannelPair] = set()
    for channel, pairs in by_channel.items():
        here = _beyond_belief(pairs, sum(pairs.values()))
        earlier = _beyond_belief(_seen_before(db, channel, list(pairs)), None)
        if earlier:
            of_channel = select(func.count()).where(Incident.channel == channel)
            earlier = _beyond_belief(earlier, db.scalar(of_channel) or 0)
        suspects |= {(channel, pair) for pair in here.keys() | earlier.keys()}
    return suspects


def _beyond_belief(counts: Mapping[Pair, int], total: int | None) -> dict[Pair, int]:
    """The pairs that are repeated too often, and by too large a share of `total` where that is known."""
    least = max(PLACEHOLDER_LEAST, PLACEHOLDER_SHARE * (total or 0))
    return {pair: count for pair, count in counts.items() if count >= least}


def _seen_before(db: Session, channel: Channel, pairs: list[Pair]) -> dict[Pair, int]:
    """How many stored reports of the channel bear each of the pairs."""
    rows = db.execute(_SEEN, {"xs": [x for x, _y in pairs], "ys": [y for _x, y in pairs], "channel": channel})
    return {(x, y): count for x, y, count in rows if count}


def _seen() -> Select[float, float, int]:
    """Asked pair by pair through the index on them: a nested loop that no estimate can turn into reading it all."""
    x: Any = column("x", Double())
    y: Any = column("y", Double())
    given: list[Any] = [bindparam(name, type_=ARRAY(Double())) for name in ("xs", "ys")]
    pair: Any = func.unnest(*given, type_=Double()).table_valued(x, y, name="pair").render_derived()
    same = (Incident.raw_x == pair.c.x, Incident.raw_y == pair.c.y, Incident.channel == bindparam("channel"))
    counted = select(func.count().label("n")).where(*same).correlate(pair).lateral("counted")
    return select(pair.c.x, pair.c.y, counted.c.n).select_from(pair).join(counted, true())


_SEEN = _seen()
"""Made once: to build it takes longer than to run it."""
