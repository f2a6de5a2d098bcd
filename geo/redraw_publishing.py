"""Publishing a redraw, and undoing one: versions end and begin at one moment, in one transaction, under one lock.

Readers see the areas before or after it, never a half: they read in one snapshot, and the epoch tells them of it.
Whatever happens to the process or the database before the commit, nothing has happened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, or_, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, Range
from sqlalchemy.orm import InstrumentedAttribute, Session

from geo.coverage import as_multi
from geo.crs import area_m2
from geo.loading import NewVersion, StoredVersion, add_areas, add_versions, lock_areas
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_checking import codes_of_others, count
from geo.redraw_drafts import Planner, append, locked, rows_of
from geo.redraw_ground import Ground, ground_under
from geo.redraws.errors import (
    CodesGiven,
    LaterRedraw,
    MapHasChanged,
    MomentPassed,
    NothingChanges,
    NothingDrawn,
    StillBlocked,
)
from geo.redraws.mends import DraftGrid
from geo.redraws.shared_ground import gathered, same_outlines
from geo.redraws.words import RedrawState, RedrawStep


@dataclass(frozen=True)
class Published:
    """How many versions ended and began, at which moment."""

    redraw_id: int
    at: datetime
    ended: int
    begun: int


@dataclass(frozen=True)
class _Plan:
    """Which versions end, and which rows begin."""

    ending: Sequence[StoredVersion]
    beginning: Sequence[DraftGrid]


def publish(
    db: Session, redraw_id: int, *, at: datetime | None, by: Planner, now: datetime, note: str = ""
) -> Published:
    """Let a checked redraw be in force from `at` on (None: from now on).

    Raises UnknownRedraw, WrongState, MomentPassed, NothingDrawn, StillBlocked, LaterRedraw, MapHasChanged,
    CodesGiven or NothingChanges. Flushes; the caller commits.
    """
    lock_areas(db)
    redraw = locked(db, redraw_id, RedrawState.CHECKED)
    if at is not None and at < now:
        raise MomentPassed(at)
    at = at or now
    rows = rows_of(db, redraw)
    if not rows:
        raise NothingDrawn
    if blocking := count(db, redraw).blocking:
        raise StillBlocked(blocking)
    ground = ground_under(db, redraw, at)
    _refuse_later(db, redraw, ground)
    if ground.base != redraw.base:
        raise MapHasChanged
    if given := codes_of_others(db, rows, ground):  # by another draft that had the same ideas, and was quicker
        raise CodesGiven(given)
    plan = _plan(ground, rows)
    if not plan.ending and not plan.beginning:
        raise NothingChanges
    _change(db, redraw, ground, plan)
    redraw.state, redraw.comes_at, redraw.published_at, redraw.published_by = RedrawState.PUBLISHED, at, now, by.name
    done = Published(redraw.id, at, len(plan.ending), len(plan.beginning))
    facts = {"at": at.isoformat(), "ended": done.ended, "begun": done.begun}
    append(db, redraw, RedrawStep.PUBLISHED, by=by, now=now, note=note, **facts)
    return done


def _plan(ground: Ground, rows: Sequence[DraftGrid]) -> _Plan:
    """What is alike goes on as it is; everything else ends, or begins."""
    standing = {one.code: one for one in ground.inside}
    pairs = [(row, standing[row.code]) for row in rows if row.code in standing]
    drawn, stood = [as_multi(row.outline) for row, _ in pairs], [one.outline for _, one in pairs]
    same = same_outlines(gathered(drawn), gathered(stood))
    kept = {row.code for (row, one), alike in zip(pairs, same.tolist(), strict=True) if alike and _same_words(row, one)}
    ending = [one for one in ground.inside if one.code not in kept]
    return _Plan(ending, [row for row in rows if row.code not in kept])


def _same_words(row: DraftGrid, one: StoredVersion) -> bool:
    words = (one.name, one.parent_code, one.households, one.domain)
    return (row.name, row.parent, row.households, row.domain) == words


def _change(db: Session, redraw: Redraw, ground: Ground, plan: _Plan) -> None:
    """End and begin the versions of a plan at the moment of its ground."""
    end_versions(db, [one.id for one in plan.ending], ground.at, redraw.id)
    if not plan.beginning:
        return
    ids = add_areas(db, redraw.kind, {row.code: row.domain for row in plan.beginning})
    sizes = area_m2(np.array([as_multi(row.outline) for row in plan.beginning], dtype=object))
    parents = {code: area.area_id for code, area in ground.above.items()}
    period = Range(ground.at, None)
    add_versions(
        db,
        (
            NewVersion(
                ids[row.code], period, row.name, as_multi(row.outline),
                parents[row.parent] if row.parent is not None else None, row.households, float(size),
            )
            for row, size in zip(plan.beginning, sizes, strict=True)
        ),
        begun_by_id=redraw.id,
    )  # fmt: skip


def end_versions(db: Session, version_ids: Sequence[int], at: datetime, redraw_id: int) -> None:
    """Let versions be valid until `at` and no longer."""
    if version_ids:
        db.execute(
            update(AreaVersion)
            .where(_one_of(AreaVersion.id, version_ids))
            .values(valid=func.tstzrange(func.lower(AreaVersion.valid), at), ended_by_id=redraw_id)
        )


def _one_of(column: InstrumentedAttribute[Any], values: Sequence[int]) -> ColumnElement[bool]:
    """Whether a column holds one of the values, which are sent as one array: a statement takes 65,535 parameters."""
    return column == func.any(cast(list(values), ARRAY(BigInteger)))


def _refuse_later(db: Session, redraw: Redraw, ground: Ground) -> None:
    """A redraw whose areas another one changes at the same moment or later would tear that one's map."""
    ids = [one.area_id for one in ground.inside]
    filled = [area.area_id for area in ground.fill.values()]
    of_scope = or_(_one_of(AreaVersion.area_id, ids), _one_of(AreaVersion.parent_id, filled))
    of_domains = true() if ground.domains is None else Area.domain.in_(ground.domains)
    later = (
        select(Redraw.name)
        .join(AreaVersion, or_(AreaVersion.begun_by_id == Redraw.id, AreaVersion.ended_by_id == Redraw.id))
        .join(Area, Area.id == AreaVersion.area_id)
        .where(
            Area.kind == redraw.kind, Redraw.comes_at >= ground.at, Redraw.state == RedrawState.PUBLISHED, of_scope,
            of_domains,
        )
        .limit(1)
    )  # fmt: skip
    if (name := db.scalar(later)) is not None:
        raise LaterRedraw(name)


# --- undoing --------------------------------------------------------------------------------------------------------


def revert(db: Session, redraw_id: int, *, by: Planner, now: datetime, note: str = "") -> Redraw:
    """Restore what a published redraw changed; returns the change set that does so, published at once.

    One that is in force ends now, and what it ended begins again in new versions. One that is still to come has
    never been: what it would have ended goes on, and what it would have begun is kept as withdrawn, valid at no
    moment. Raises UnknownRedraw, WrongState or LaterRedraw. Flushes; the caller commits.
    """
    lock_areas(db)
    original = locked(db, redraw_id, RedrawState.PUBLISHED)
    begun = _versions(db, AreaVersion.begun_by_id == original.id, AreaVersion.withdrawn_by_id.is_(None))
    ended = _versions(db, AreaVersion.ended_by_id == original.id)
    _refuse_changed_since(db, original, [version.area_id for version in (*begun, *ended)])
    _refuse_orphans(db, original)
    restoring = _restoring(db, original, by=by, now=now, note=note)
    if original.comes_at is not None and original.comes_at >= now:
        _withdraw(db, begun, ended, restoring)
    else:
        end_versions(db, [version.id for version in begun], now, restoring.id)
        _begin_again(db, ended, now, restoring)
    original.state = RedrawState.REVERTED
    append(db, original, RedrawStep.REVERTED, by=by, now=now, note=note, by_redraw=restoring.id)
    facts = {"at": now.isoformat(), "ended": len(begun), "begun": len(ended), "reverts": original.id}
    append(db, restoring, RedrawStep.PUBLISHED, by=by, now=now, note=note, **facts)
    return restoring


def _versions(db: Session, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """The id and the area_id of versions."""
    return db.execute(select(AreaVersion.id, AreaVersion.area_id).where(*conditions).order_by(AreaVersion.id)).all()


def _refuse_changed_since(db: Session, original: Redraw, area_ids: Iterable[int]) -> None:
    """What another redraw has changed since cannot be restored over its head, nor what its areas lie under.

    Of two that change the map at the same moment the one that was published last is the later one, and goes first.
    """
    ids = list(set(area_ids))
    theirs = or_(AreaVersion.begun_by_id == Redraw.id, AreaVersion.ended_by_id == Redraw.id)
    since = tuple_(Redraw.comes_at, Redraw.published_at, Redraw.id)
    later = (
        select(Redraw.name)
        .join(AreaVersion, theirs)
        .where(
            or_(_one_of(AreaVersion.area_id, ids), _one_of(AreaVersion.parent_id, ids)),
            since > tuple_(literal(original.comes_at), literal(original.published_at), literal(original.id)),
            Redraw.state == RedrawState.PUBLISHED, AreaVersion.withdrawn_by_id.is_(None),
        )
        .limit(1)
    )  # fmt: skip
    if (name := db.scalar(later)) is not None:
        raise LaterRedraw(name)


def _refuse_orphans(db: Session, original: Redraw) -> None:
    """What lay under an area that another redraw has ended since cannot be restored before that area is."""
    parents = select(AreaVersion.parent_id).where(AreaVersion.ended_by_id == original.id)
    going_on = select(AreaVersion.area_id).where(func.upper_inf(AreaVersion.valid))
    ending = (
        select(Redraw.name)
        .join(AreaVersion, AreaVersion.ended_by_id == Redraw.id)
        .where(AreaVersion.area_id.in_(parents), AreaVersion.area_id.not_in(going_on))
        .order_by(func.upper(AreaVersion.valid).desc())
        .limit(1)
    )
    if (name := db.scalar(ending)) is not None:
        raise LaterRedraw(name)


def _restoring(db: Session, original: Redraw, *, by: Planner, now: datetime, note: str) -> Redraw:
    """The change set that restores; its name says what it undoes."""
    restoring = Redraw(
        name=_free_name(db, original.name), kind=original.kind, state=RedrawState.PUBLISHED, author=by.name,
        author_account_id=by.account_id, note=note, definition={}, scope_ids=original.scope_ids,
        within_ids=original.within_ids, reverts_id=original.id, comes_at=now, published_at=now, published_by=by.name,
        handover=original.handover, created_at=now,
    )  # fmt: skip
    db.add(restoring)
    db.flush()
    return restoring


def _free_name(db: Session, name: str) -> str:
    wanted = f"{name} ↩"
    taken = set(db.scalars(select(Redraw.name).where(Redraw.name.startswith(wanted, autoescape=True))))
    return wanted if wanted not in taken else f"{wanted}{len(taken) + 1}"


def _withdraw(db: Session, begun: Sequence[Any], ended: Sequence[Any], restoring: Redraw) -> None:
    """Undo what has not come into force: the new versions first, for both cannot be valid at once."""
    db.execute(
        update(AreaVersion)
        .where(_one_of(AreaVersion.id, [version.id for version in begun]))
        .values(valid=text("'empty'::tstzrange"), withdrawn_by_id=restoring.id)
    )
    db.execute(
        update(AreaVersion)
        .where(_one_of(AreaVersion.id, [version.id for version in ended]))
        .values(valid=func.tstzrange(func.lower(AreaVersion.valid), None), ended_by_id=None)
    )


def _begin_again(db: Session, ended: Sequence[Any], now: datetime, restoring: Redraw) -> None:
    """New versions alike those that were ended, valid from now on."""
    if ended:
        columns = "area_id, name, outline, parent_id, households, area_m2"
        db.execute(
            text(
                f"INSERT INTO area_version ({columns}, valid, begun_by_id)"  # noqa: S608  column names of ours
                f" SELECT {columns}, tstzrange(:now, NULL), :redraw FROM area_version WHERE id = ANY (:ids)"
            ),
            {"now": now, "redraw": restoring.id, "ids": [version.id for version in ended]},
        )
