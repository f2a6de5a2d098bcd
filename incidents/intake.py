"""Receiving reports: every door (API, form, file) ends here, one report or ten thousand at a time.

A report is never refused because it cannot be placed or routed: it is stored and queued with the
reason. The same external number in a channel, or the same client-made key, is one report however
often it is sent.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

import shapely
from sqlalchemy import any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from database.base import WGS84
from database.sealing import Seal
from geo.locate import Location
from geo.placing import AreaIndex
from incidents.actors import Actor
from incidents.addressing import Geocoding
from incidents.clock import LOCAL, due
from incidents.draft_placing import Placed, place_draft
from incidents.drafts import HistoricReport, ReportDraft
from incidents.explaining import explain
from incidents.matters import MatterFinder
from incidents.models import Incident
from incidents.positions import (
    PLACEHOLDER_LEAST,
    ChannelPair,
    Position,
    count_pairs,
    placeholder_pairs,
)
from incidents.repeats import link_repeats
from incidents.routing import Responsibility, route
from incidents.storing import store
from incidents.words import Channel, EventKind, Placement, QueueReason
from incidents.workflow import Move, State
from staffing.answering import Roster
from staffing.rosters import load_roster

BATCH = 2000
"""Reports stored per statement: large enough to be fast, small enough that memory stays flat."""


Name = tuple[str, Any]
"""What makes two sendings the same report: ("key", its key), or (its channel, its external number)."""


@dataclass(frozen=True)
class Received:
    """What became of one draft: the incident it is now, whether this sending made it, and how it was placed.

    `placement` and `queue_reason` are as they stand in the database, for a report known before too.
    """

    id: int
    number: str
    created: bool
    placement: Placement
    queue_reason: QueueReason | None
    row: Mapping[str, Any] | None = None
    """The row as this sending stored it. Only `receive_one` tells: those of a whole file would fill the memory."""


@dataclass(frozen=True)
class Reception:
    """What receiving needs besides the session: the index of areas, the seal for personal data, and the roster.

    `roster` gives the duties on some areas at least, as they stand in the session's transaction. `geocoding` gives
    the geocoder; without it, words place nothing.
    """

    index: AreaIndex
    seal: Seal
    roster: Callable[[Session, Collection[int]], Roster] = load_roster
    geocoding: Geocoding | None = None


@dataclass(frozen=True)
class _Judged:
    """A draft with everything that was decided about it."""

    placed: Placed
    responsibility: Responsibility | None
    queue_reason: QueueReason | None
    explanation: dict[str, Any] = field(default_factory=dict)

    @property
    def draft(self) -> ReportDraft:
        return self.placed.draft

    @property
    def reported_at(self) -> datetime:
        return self.placed.reported_at


def receive(
    db: Session,
    drafts: Sequence[ReportDraft],
    *,
    by: Actor,
    now: datetime,
    reception: Reception,
    suspects: Collection[ChannelPair] | None = None,
) -> list[Received]:
    """Store every draft that is not yet known and say what each one is now, in the order given.

    `suspects` are the placeholder pairs, where the caller knows more of what arrives than these drafts;
    otherwise they are judged by these drafts and the earlier reports. `db` must be unrestricted: whether
    a report is known does not depend on who may see it. Flushes; the caller commits.
    """
    received: list[Received] = []
    if suspects is None:
        suspects = placeholder_pairs(db, count_pairs(drafts))
    for start in range(0, len(drafts), BATCH):
        part = drafts[start : start + BATCH]
        batch = _receive_batch(db, part, _known(db, part), suspects, by, now, reception)
        received += (replace(one, row=None) for one in batch)
    return received


def receive_one(db: Session, draft: ReportDraft, *, by: Actor, now: datetime, reception: Reception) -> Received:
    """As `receive`, for one draft, quickly: where one question finds nothing special, no other is asked."""
    asked = draft.model_dump(include={"key", "channel", "external_number", "lon", "lat"})
    special = db.execute(_SPECIAL, asked).one()
    suspects = placeholder_pairs(db, count_pairs([draft])) if special.repeated else ()
    known = _known(db, [draft]) if special.known else {}
    [received] = _receive_batch(db, [draft], known, suspects, by, now, reception)
    return received


_SPECIAL = text(f"""
    SELECT EXISTS (SELECT FROM incident WHERE key = CAST(:key AS uuid))
           OR EXISTS (
               SELECT FROM incident WHERE channel = :channel AND external_number = CAST(:external_number AS text)
           ) AS known,
           (SELECT count(*) FROM (
               SELECT FROM incident
               WHERE raw_x = CAST(:lon AS double precision) AND raw_y = CAST(:lat AS double precision)
                 AND channel = :channel LIMIT {PLACEHOLDER_LEAST}) AS there) = {PLACEHOLDER_LEAST} AS repeated,
           set_config('plan_cache_mode', 'force_generic_plan', true)
""")  # noqa: S608 - the number is our own
"""Whether it may be known, or in a place named too often.

In passing, it has the statements that follow in this transaction run by plans made beforehand: PostgreSQL plans
joins as many as those of `incidents.repeats` anew each time, which for one report takes four times as long as to
run them.
"""


def _receive_batch(
    db: Session, drafts: Sequence[ReportDraft], known: Mapping[Name, Received], suspects: Collection[ChannelPair],
    by: Actor, now: datetime, reception: Reception,
) -> list[Received]:  # fmt: skip
    fresh, stands_for = _without_repeats(drafts, known)
    judged = _judge(db, fresh, suspects, now, reception)
    matters = MatterFinder(db)
    rows = [_row(one, matters, by, now, reception.seal) for one in judged]
    stored = store(db, rows, day=f"{now.astimezone(LOCAL):%Y%m%d}")
    link_repeats(db, [id_ for id_, _number in stored.values()])
    mine = [_made(*stored[at], row) if at in stored else None for at, row in enumerate(rows)]
    if not all(mine):
        known = {**known, **_known(db, fresh)}  # somebody else stored them meanwhile
    answers: list[Received] = []
    told: set[int] = set()
    for draft, at in zip(drafts, stands_for, strict=True):
        own = mine[at] if at is not None else None
        if at is None or own is None:
            names = _names(draft) if at is None else [*_names(draft), *_names(fresh[at])]
            answers.append(next(known[name] for name in names if name in known))
        else:
            answers.append(replace(own, created=at not in told))
            told.add(at)
    return answers


def _made(id_: int, number: str, row: Mapping[str, Any]) -> Received:
    return Received(id_, number, True, row["placement"], row["queue_reason"], row)


def _names(draft: ReportDraft) -> list[Name]:
    """The names a draft bears. Without any it is only ever itself."""
    names: list[Name] = [] if draft.key is None else [("key", draft.key)]
    return names if draft.external_number is None else [*names, (draft.channel, draft.external_number)]


def _without_repeats(
    drafts: Sequence[ReportDraft], known: Mapping[Name, Received]
) -> tuple[list[ReportDraft], list[int | None]]:
    """The drafts that are new, each once; and for every draft which of those it is, None for one known already."""
    fresh: list[ReportDraft] = []
    arriving: dict[Name, int] = {}
    stands_for: list[int | None] = []
    for draft in drafts:
        names = _names(draft)
        if any(name in known for name in names):
            stands_for.append(None)
            continue
        at = next((arriving[name] for name in names if name in arriving), len(fresh))
        if at == len(fresh):
            fresh.append(draft)
        arriving |= dict.fromkeys(names, at)
        stands_for.append(at)
    return fresh, stands_for


def _known(db: Session, drafts: Sequence[ReportDraft]) -> dict[Name, Received]:
    """The reports among `drafts` that are stored already, by each name that was looked for."""
    keys = [draft.key for draft in drafts if draft.key is not None]
    numbers: dict[Channel, list[str]] = defaultdict(list)
    for draft in drafts:
        if draft.external_number is not None:
            numbers[draft.channel].append(draft.external_number)
    known: dict[Name, Received] = {}
    if keys:
        known |= {("key", row.key): _as_it_stands(row) for row in db.execute(_BY_KEY, {"keys": keys})}
    for channel, external in numbers.items():
        rows = db.execute(_BY_NUMBER, {"channel": channel, "numbers": external})
        known |= {(channel, row.external_number): _as_it_stands(row) for row in rows}
    return known


_STANDS = select(Incident.id, Incident.number, Incident.placement, Incident.queue_reason)
_BY_KEY = _STANDS.add_columns(Incident.key).where(
    Incident.key == any_(bindparam("keys", type_=ARRAY(Incident.key.type)))
)
_BY_NUMBER = _STANDS.add_columns(Incident.external_number).where(
    Incident.channel == bindparam("channel"),
    Incident.external_number == any_(bindparam("numbers", type_=ARRAY(Incident.external_number.type))),
)
"""Made once: to build them takes as long as to run them."""


def _as_it_stands(row: Any) -> Received:
    return Received(row.id, row.number, False, row.placement, row.queue_reason)


def _judge(
    db: Session, drafts: Sequence[ReportDraft], suspects: Collection[ChannelPair], now: datetime, reception: Reception
) -> list[_Judged]:
    """Place every draft and find who answers, by the areas and the roster of the time of the report."""
    doubted = [(draft.channel, (draft.lon, draft.lat)) in suspects for draft in drafts]
    geocoding = cache(reception.geocoding) if reception.geocoding else None  # to ask for it costs a round trip
    places = [
        place_draft(draft, draft.reported_at or now, reception.index, geocoding, placeholder=doubt)
        for draft, doubt in zip(drafts, doubted, strict=True)
    ]
    roster = reception.roster(db, areas_of(place.location for place in places))
    judged = []
    for place, placeholder in zip(places, doubted, strict=True):
        responsibility = route(place.location, roster, place.reported_at) if place.location else None
        reason = queue_reason(place.position, place.location, responsibility, placeholder=placeholder)
        explanation = explain(place.location, responsibility, at=place.reported_at) | place.how
        judged.append(_Judged(place, responsibility, reason, explanation))
    return judged


def areas_of(locations: Iterable[Location | None]) -> set[int]:
    """Every area whose duties matter for these places."""
    areas: set[int] = set()
    for location in locations:
        if location is not None and location.grid is not None:
            areas |= {location.grid.area_id, *(area.area_id for area in location.specialised)}
            areas |= {location.village.area_id} if location.village else set()
    return areas


def queue_reason(
    position: Position, location: Location | None, responsibility: Responsibility | None, *, placeholder: bool
) -> QueueReason | None:
    """Why a person must look before anybody acts, or None; the first that applies."""
    if position.doubt is not None:
        return position.doubt
    if placeholder:
        return QueueReason.PLACEHOLDER_POINT
    if location is None or location.grid is None:
        return QueueReason.OUTSIDE_ALL_GRIDS
    return responsibility.queue_reason if responsibility else None


def place_columns(location: Location | None, responsibility: Responsibility | None) -> dict[str, Any]:
    """The columns of an incident that say where it is and whose."""
    lead = responsibility.lead if responsibility else None
    if location is None:
        return {"placement": Placement.UNLOCATED, "specialised_ids": []}
    return {
        "placement": Placement(location.status),
        "grid_id": location.grid.area_id if location.grid else None,
        "grid_version_id": location.grid.version_id if location.grid else None,
        "village_id": location.village.area_id if location.village else None,
        "township_id": location.township.area_id if location.township else None,
        "county_id": location.county.area_id if location.county else None,
        "specialised_ids": [area.area_id for area in location.specialised],
        "staff_id": lead.person.id if lead and lead.person else None,
        "unit_id": lead.desk.id if lead and lead.desk else None,
    }


def _row(one: _Judged, matters: MatterFinder, by: Actor, now: datetime, seal: Seal) -> dict[str, Any]:
    draft, place, position = one.draft, one.placed, one.placed.position
    matter = matters.find(draft.matter, one.reported_at)
    if draft.matter and matter is None:
        one.explanation["matter_not_in_catalogue"] = draft.matter
    row = dict.fromkeys(_PLACE_COLUMNS) | place_columns(place.location, one.responsibility)
    if position.doubt is QueueReason.UNUSABLE_COORDINATES:
        row["placement"] = Placement.INVALID
    point = None if position.lon is None else f"SRID={WGS84};POINT({position.lon!r} {position.lat!r})"
    return row | {
        "key": draft.key,
        "channel": draft.channel,
        "external_number": draft.external_number,
        "text": draft.text,
        "address": draft.address,
        "reported_at": one.reported_at,
        "received_at": now,
        "raw_x": draft.lon,
        "raw_y": draft.lat,
        "raw_datum": draft.datum if draft.lon is not None else None,
        "accuracy_m": draft.accuracy_m,
        "point": point,
        **place.columns,
        "queue_reason": one.queue_reason,
        "explanation": one.explanation,
        "matter_id": matter.id if matter else None,
        "due_at": due(one.reported_at, *matter.limit).at if matter and matter.limit else None,
        "reported_by_account_id": by.account_id,
        "reporter_name_sealed": seal.seal(draft.reporter_name),
        "reporter_phone_sealed": seal.seal(draft.reporter_phone),
        **_state_columns(one),
        "history": list(_events(one, by, now)),
    }


_PLACE_COLUMNS = ("grid_id", "grid_version_id", "village_id", "township_id", "county_id", "staff_id", "unit_id")


def _state_columns(one: _Judged) -> dict[str, Any]:
    """A routed report is filed at once; a queued one stays reported; a record of the past keeps its end."""
    handled_at = closed_at = None
    state = State.REPORTED if one.queue_reason else State.FILED
    if isinstance(one.draft, HistoricReport):
        handled_at, closed_at = one.draft.handled_at, one.draft.closed_at
        state = State.CLOSED if closed_at else State.HANDLED if handled_at else state
    return {"state": state, "handled_at": handled_at, "closed_at": closed_at}


def _events(one: _Judged, by: Actor, now: datetime) -> Iterable[dict[str, Any]]:
    """The first lines of an incident's history, in order."""
    blank: dict[str, Any] = {
        "by_name": by.name, "by_account_id": by.account_id, "note": "",
        "move": None, "from_state": None, "to_state": None, "details": {},
    }  # fmt: skip
    yield blank | {"at": one.reported_at, "kind": EventKind.RECEIVED, "to_state": State.REPORTED,
                   "details": {"channel": one.draft.channel, "external_number": one.draft.external_number}}  # fmt: skip
    yield blank | {"at": now, "kind": EventKind.PLACED, "by_name": "system", "by_account_id": None,
                   "details": one.explanation | {"queue_reason": one.queue_reason}}  # fmt: skip
    moved = blank | {"kind": EventKind.MOVED, "by_name": "system", "by_account_id": None}
    if one.queue_reason is None:
        yield moved | {"at": now, "move": Move.FILE, "from_state": State.REPORTED, "to_state": State.FILED}
    if isinstance(one.draft, HistoricReport):
        before = State.REPORTED if one.queue_reason else State.FILED
        note = one.draft.result or "as recorded by the sending system"
        if one.draft.handled_at:
            yield moved | {"at": one.draft.handled_at, "from_state": before, "to_state": State.HANDLED, "note": note}
            before = State.HANDLED
        if one.draft.closed_at:
            yield moved | {"at": one.draft.closed_at, "from_state": before, "to_state": State.CLOSED, "note": note}


def point_of(incident: Incident) -> tuple[float, float] | None:
    """The WGS-84 (lon, lat) of an incident, or None."""
    if incident.point is None:
        return None
    lon, lat = shapely.get_coordinates(shapely.from_wkb(bytes(incident.point.data)))[0]
    return float(lon), float(lat)
