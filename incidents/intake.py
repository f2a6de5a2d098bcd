"""Receiving reports: every door (API, form, file) ends here, one report or ten thousand at a time.

A report is never refused because it cannot be placed or routed: it is stored and queued with the
reason. The same external number in a channel, or the same client-made key, is one report however
often it is sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely
from geo.locate import Location
from sqlalchemy import func, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.orm import Session

from database.base import WGS84
from database.sealing import Seal
from geo.placing import AreaIndex
from incidents.actors import Actor
from incidents.clock import LOCAL, due
from incidents.drafts import HistoricReport, ReportDraft
from incidents.explaining import explain
from incidents.matters import MatterFinder
from incidents.models import Incident, IncidentEvent, incident_serial
from incidents.positions import Position, placeholder_pairs, position_of
from incidents.routing import Responsibility, route
from incidents.words import EventKind, Placement, QueueReason
from incidents.workflow import Move, State
from staffing.rosters import load_roster

BATCH = 2000
"""Reports stored per statement: large enough to be fast, small enough that memory stays flat."""


@dataclass(frozen=True)
class Received:
    """What became of one draft: the incident it is now, and whether this sending made it."""

    id: int
    number: str
    created: bool


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
    db: Session, drafts: Sequence[ReportDraft], *, by: Actor, now: datetime, reception: Reception
) -> list[Received]:
    """Store every draft that is not yet known and say what each one is now, in the order given.

    `db` must be unrestricted: whether a report is known does not depend on who may see it.
    Flushes; the caller commits.
    """
    received: list[Received] = []
    suspects = placeholder_pairs(db, drafts)
    for start in range(0, len(drafts), BATCH):
        received += _receive_batch(db, drafts[start : start + BATCH], suspects, by, now, reception)
    return received


def _receive_batch(
    db: Session, drafts: Sequence[ReportDraft], suspects: set[Any], by: Actor, now: datetime, reception: Reception
) -> list[Received]:
    known = _known(db, drafts)
    fresh = list({_identity(draft, at): draft for at, draft in enumerate(drafts)
                  if _identity(draft, at) not in known}.values())  # fmt: skip
    judged = _judge(db, fresh, suspects, now, reception.index)
    rows = _rows(db, judged, by, now, reception.seal)
    stored = _store(db, rows)
    made = {row["id"]: one for row, one in zip(rows, judged, strict=True) if row["id"] in stored}
    _write_history(db, made, by, now)
    link_repeats(db, list(made))
    known |= _known(db, drafts)
    unnamed = {id(one.draft): incident_id for incident_id, one in made.items()}
    answers = []
    for at, draft in enumerate(drafts):
        incident_id, number = known.get(_identity(draft, at)) or (unnamed[id(draft)], stored[unnamed[id(draft)]])
        answers.append(Received(incident_id, number, created=unnamed.get(id(draft)) == incident_id))
    return answers


def _identity(draft: ReportDraft, position_in_batch: int) -> tuple[str, Any]:
    """What makes two sendings the same report. A draft with neither number nor key is only ever itself."""
    if draft.key is not None:
        return ("key", draft.key)
    if draft.external_number is not None:
        return (draft.channel, draft.external_number)
    return ("position", position_in_batch)


def _known(db: Session, drafts: Sequence[ReportDraft]) -> dict[tuple[str, Any], tuple[int, str]]:
    """The reports among `drafts` that are stored already: identity → (id, number)."""
    keys = [draft.key for draft in drafts if draft.key is not None]
    numbers = [(draft.channel, draft.external_number) for draft in drafts if draft.key is None and draft.external_number]
    known: dict[tuple[str, Any], tuple[int, str]] = {}
    if keys:
        found = db.execute(select(Incident.key, Incident.id, Incident.number).where(Incident.key.in_(keys)))
        known |= {("key", key): (id_, number) for key, id_, number in found}
    if numbers:
        pair = tuple_(Incident.channel, Incident.external_number)
        rows = db.execute(
            select(Incident.channel, Incident.external_number, Incident.id, Incident.number).where(pair.in_(numbers))
        )
        known |= {(channel, external): (id_, number) for channel, external, id_, number in rows}
    return known


def _judge(
    db: Session, drafts: Sequence[ReportDraft], suspects: set[Any], now: datetime, index: AreaIndex
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
    roster = load_roster(db, _areas_of(location for *_, location in placed))
    judged = []
    for draft, reported_at, position, location in placed:
        responsibility = route(location, roster, reported_at) if location else None
        suspect = (draft.channel, (draft.lon, draft.lat)) in suspects
        reason = queue_reason(position, location, responsibility, placeholder=suspect)
        explanation = explain(location, responsibility, at=reported_at)
        judged.append(_Judged(draft, reported_at, position, location, responsibility, reason, explanation))
    return judged


def _areas_of(locations: Iterable[Location | None]) -> set[int]:
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


def _store(db: Session, rows: Sequence[dict[str, Any]]) -> dict[int, str]:
    """Insert the rows; one that another process stored meanwhile is passed over. Returns id → number of those stored."""
    if not rows:
        return {}
    statement = insert_or_skip(Incident).on_conflict_do_nothing().returning(Incident.id, Incident.number)
    return {id_: number for id_, number in db.execute(statement, list(rows))}


def _write_history(db: Session, made: dict[int, _Judged], by: Actor, now: datetime) -> None:
    events = [event for incident_id, one in made.items() for event in _events(incident_id, one, by, now)]
    if events:
        db.execute(insert(IncidentEvent), events)


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
    UPDATE incident AS later SET repeats_id = earlier.id
    FROM incident AS later_again CROSS JOIN LATERAL (
        SELECT same.id FROM incident AS same
        WHERE same.grid_id = later_again.grid_id AND same.id <> later_again.id
          AND same.reported_at BETWEEN later_again.reported_at - interval '3 days' AND later_again.reported_at
          AND (same.reported_at, same.id) < (later_again.reported_at, later_again.id)
          AND (same.text = later_again.text
               OR same.matter_id = later_again.matter_id
                  AND ST_DistanceSphere(same.point, later_again.point) <= 30)
        ORDER BY same.reported_at, same.id LIMIT 1) AS earlier
    WHERE later.id = later_again.id AND later_again.id = ANY(:ids)
""")


def point_of(incident: Incident) -> tuple[float, float] | None:
    """The WGS-84 (lon, lat) of an incident, or None."""
    if incident.point is None:
        return None
    point = shapely.from_wkb(bytes(incident.point.data))
    return float(point.x), float(point.y)
