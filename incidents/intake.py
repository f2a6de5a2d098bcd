"""Receiving reports: every door (API, form, file) ends here, one report or ten thousand at a time.

A report is never refused because it cannot be placed or routed: it is stored and queued with the
reason. The same external number in a channel, or the same client-made key, is one report however
often it is sent.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import shapely
from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from database.base import WGS84
from database.sealing import Seal
from geo.locate import Location
from geo.placing import AreaIndex
from incidents.actors import Actor
from incidents.clock import LOCAL, due
from incidents.drafts import HistoricReport, ReportDraft
from incidents.explaining import explain
from incidents.matters import MatterFinder
from incidents.models import Incident, IncidentEvent, incident_serial
from incidents.positions import ChannelPair, Position, count_pairs, placeholder_pairs, position_of
from incidents.routing import Responsibility, route
from incidents.storing import insert_rows
from incidents.words import Channel, EventKind, Placement, QueueReason
from incidents.workflow import Move, State
from staffing.rosters import load_roster

BATCH = 2000
"""Reports stored per statement: large enough to be fast, small enough that memory stays flat."""


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


@dataclass(frozen=True)
class Reception:
    """What receiving needs besides the session: the index of areas and the seal for personal data."""

    index: AreaIndex
    seal: Seal


@dataclass(frozen=True)
class _Judged:
    """A draft with everything that was decided about it."""

    draft: ReportDraft
    reported_at: datetime
    position: Position
    location: Location | None
    responsibility: Responsibility | None
    queue_reason: QueueReason | None
    explanation: dict[str, Any] = field(default_factory=dict)


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
        received += _receive_batch(db, drafts[start : start + BATCH], suspects, by, now, reception)
    return received


def _receive_batch(
    db: Session, drafts: Sequence[ReportDraft], suspects: Collection[ChannelPair], by: Actor, now: datetime,
    reception: Reception,
) -> list[Received]:  # fmt: skip
    known = _known(db, drafts)
    fresh, stands_for = _without_repeats(drafts, known)
    judged = _judge(db, fresh, suspects, now, reception.index)
    rows = _rows(db, judged, by, now, reception.seal)
    stored = set(insert_rows(db, cast(Table, Incident.__table__), rows, skip_known=True))
    made = {row["id"]: one for row, one in zip(rows, judged, strict=True) if row["id"] in stored}
    _write_history(db, made, by, now)
    link_repeats(db, list(made))
    mine = [_made(row) if row["id"] in stored else None for row in rows]
    if not all(mine):
        known |= _known(db, fresh)  # somebody else stored them meanwhile
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


def _made(row: Mapping[str, Any]) -> Received:
    return Received(row["id"], row["number"], True, row["placement"], row["queue_reason"])


Name = tuple[str, Any]
"""What makes two sendings the same report: ("key", its key), or (its channel, its external number)."""


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
    stands: Any = select(Incident.id, Incident.number, Incident.placement, Incident.queue_reason)
    known: dict[Name, Received] = {}
    if keys:
        rows = db.execute(stands.add_columns(Incident.key).where(Incident.key == func.any(keys)))
        known |= {("key", row.key): _as_it_stands(row) for row in rows}
    for channel, external in numbers.items():
        same = (Incident.channel == channel) & (Incident.external_number == func.any(external))
        rows = db.execute(stands.add_columns(Incident.external_number).where(same))
        known |= {(channel, row.external_number): _as_it_stands(row) for row in rows}
    return known


def _as_it_stands(row: Any) -> Received:
    return Received(row.id, row.number, False, row.placement, row.queue_reason)


def _judge(
    db: Session, drafts: Sequence[ReportDraft], suspects: Collection[ChannelPair], now: datetime, index: AreaIndex
) -> list[_Judged]:
    """Place every draft and find who answers, by the areas and the roster of the time of the report."""
    placed: list[tuple[ReportDraft, datetime, Position, Location | None]] = []
    for draft in drafts:
        reported_at = draft.reported_at or now
        position = position_of(draft)
        location = None
        if position.lon is not None and position.lat is not None:
            location = index.at(reported_at).locate(position.lon, position.lat)
        placed.append((draft, reported_at, position, location))
    roster = load_roster(db, areas_of(location for *_, location in placed))
    judged = []
    for draft, reported_at, position, location in placed:
        responsibility = route(location, roster, reported_at) if location else None
        suspect = (draft.channel, (draft.lon, draft.lat)) in suspects
        reason = queue_reason(position, location, responsibility, placeholder=suspect)
        explanation = explain(location, responsibility, at=reported_at)
        judged.append(_Judged(draft, reported_at, position, location, responsibility, reason, explanation))
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


def _rows(db: Session, judged: Sequence[_Judged], by: Actor, now: datetime, seal: Seal) -> list[dict[str, Any]]:
    """The incident row of every judged draft, with its serial number taken."""
    if not judged:
        return []
    serials = db.scalars(select(func.nextval(incident_serial.name)).select_from(func.generate_series(1, len(judged))))
    matters = MatterFinder(db)
    day = now.astimezone(LOCAL)
    return [
        _row(one, matters, by, now, seal) | {"id": serial, "number": f"{day:%Y%m%d}-{serial:06d}"}
        for one, serial in zip(judged, serials, strict=True)
    ]


def _row(one: _Judged, matters: MatterFinder, by: Actor, now: datetime, seal: Seal) -> dict[str, Any]:
    draft, position = one.draft, one.position
    matter = matters.find(draft.matter, one.reported_at)
    if draft.matter and matter is None:
        one.explanation["matter_not_in_catalogue"] = draft.matter
    row = dict.fromkeys(_PLACE_COLUMNS) | place_columns(one.location, one.responsibility)
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
        "queue_reason": one.queue_reason,
        "explanation": one.explanation,
        "matter_id": matter.id if matter else None,
        "due_at": due(one.reported_at, *matter.limit).at if matter and matter.limit else None,
        "reported_by_account_id": by.account_id,
        "reporter_name_sealed": seal.seal(draft.reporter_name),
        "reporter_phone_sealed": seal.seal(draft.reporter_phone),
        **_state_columns(one),
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


def _write_history(db: Session, made: dict[int, _Judged], by: Actor, now: datetime) -> None:
    events = [event for incident_id, one in made.items() for event in _events(incident_id, one, by, now)]
    insert_rows(db, cast(Table, IncidentEvent.__table__), events)


def _events(incident_id: int, one: _Judged, by: Actor, now: datetime) -> Iterable[dict[str, Any]]:
    """The first lines of an incident's history, in order."""
    blank = {
        "incident_id": incident_id, "by_name": by.name, "by_account_id": by.account_id, "note": "",
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


def link_repeats(db: Session, incident_ids: Sequence[int]) -> None:
    """Point each of these incidents at the earliest report of the same thing, where there is one.

    The same thing: in the same grid within three days, in the same words, or the same matter within
    30 m. Repeats are linked and stay open: suppressing one can hide that a problem grows.
    """
    if incident_ids:
        db.execute(_LINK_REPEATS, {"ids": list(incident_ids)})


_LINK_REPEATS = text("""
    WITH fresh AS (SELECT * FROM incident WHERE id = ANY(:ids) AND grid_id IS NOT NULL),
    alike AS (
        SELECT id, grid_id, text, reported_at, min(id) OVER (PARTITION BY grid_id, text, reported_at) AS twin
        FROM incident
        WHERE grid_id IN (SELECT grid_id FROM fresh) AND text IN (SELECT text FROM fresh)
          AND reported_at >= (SELECT min(reported_at) - interval '3 days' FROM fresh)
          AND reported_at <= (SELECT max(reported_at) FROM fresh)),
    in_the_same_words AS (
        SELECT id, first_value(twin) OVER lately AS earlier_id, first_value(reported_at) OVER lately AS earlier_at
        FROM alike WINDOW lately AS (PARTITION BY grid_id, text ORDER BY reported_at
                                     RANGE BETWEEN interval '3 days' PRECEDING AND CURRENT ROW)),
    of_the_same_matter AS (
        SELECT later.id, same.id AS earlier_id, same.reported_at AS earlier_at
        FROM fresh AS later JOIN incident AS same
          ON same.grid_id = later.grid_id AND same.matter_id = later.matter_id
         AND same.point && ST_Expand(later.point, 0.0003 / cos(radians(ST_Y(later.point))), 0.0003)
         AND same.reported_at BETWEEN later.reported_at - interval '3 days' AND later.reported_at
         AND (same.reported_at, same.id) < (later.reported_at, later.id)
         AND ST_DistanceSphere(same.point, later.point) <= 30),
    earliest AS (
        SELECT DISTINCT ON (id) id, earlier_id
        FROM (TABLE in_the_same_words UNION ALL TABLE of_the_same_matter) AS found
        WHERE id = ANY(:ids) AND earlier_id <> id
        ORDER BY id, earlier_at, earlier_id)
    UPDATE incident SET repeats_id = earliest.earlier_id FROM earliest WHERE incident.id = earliest.id
""")
"""Twins, reported at the same moment, are told apart by their ids, which a window over time alone cannot do.

Windows keep ten thousand reports in the same words (a file whose text is a category) from being compared
each with each.
"""


def point_of(incident: Incident) -> tuple[float, float] | None:
    """The WGS-84 (lon, lat) of an incident, or None."""
    if incident.point is None:
        return None
    lon, lat = shapely.get_coordinates(shapely.from_wkb(bytes(incident.point.data)))[0]
    return float(lon), float(lat)
