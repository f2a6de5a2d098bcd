"""What a planner does by hand in a draft: another word in a row, a grid split by a line, or moved to another village.

A draft that is tried on the map as it stands has all grids of each village that it touches, and replaces those. The
villages themselves are areas of another kind, so of another draft: where a grid moves, the border between its old and
its new village must be redrawn, too. That draft is made beside the first. Published for the same moment, before the
grids, it leaves their check (for that moment) nothing to say; until then the moved grid is told as lying outside.

Functions lock the redraw and flush; the caller commits, and has the redraw checked again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypedDict

import shapely
from shapely.geometry import LineString
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from database.base import WGS84
from geo.codes import FREE, GB, AreaKind, levels_above
from geo.coverage import Outline, as_multi
from geo.locate import LocatableArea
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_drafts import OPEN, Planner, append, begin, change_row, doubt, locked, rows_of
from geo.redraw_ground import Ground, ground_of, ground_under, parted, within
from geo.redraw_models import DraftArea, RedrawEvent
from geo.redraws import splitting
from geo.redraws.errors import RedrawError, UnknownRedraw
from geo.redraws.mends import Change, DraftGrid, apply
from geo.redraws.words import RedrawStep

BESIDE = 1e-5
"""In degrees, a metre: a grid that is no farther from a village is beside it."""


class UnknownGrid(RedrawError):
    """There is no grid of that code, neither in the draft nor on the map of today."""


class UnknownVillage(RedrawError):
    """There is no such village on the map of today."""


class LiesThereAlready(RedrawError):
    """The grid belongs to that village already."""


class OtherTownship(RedrawError):
    """That village belongs to another township: which township the ground belongs to is not the grids' to say."""


class NotBeside(RedrawError):
    """The grid does not touch that village: it would lie apart from the village's other grids."""


class UnknownParent(RedrawError):
    """There is no such area above, neither on the map of today nor on one to come."""


class UnknownRow(UnknownRedraw):
    """The draft has no such row."""


class LastGrid(RedrawError):
    """It is the only grid of its village, which would be left with no ground: redraw the villages instead."""


@dataclass(frozen=True)
class Moved:
    """A grid in its new village, and the draft of the villages' borders, where one was made."""

    grid: DraftGrid
    borders: Redraw | None = None


class RowWords(TypedDict, total=False):
    """What a row says of its area beside its outline; what is not given stays. `parent` is a code."""

    code: str
    name: str
    parent: str | None
    households: int | None


def edit_row(
    db: Session, redraw_id: int, number: int, words: RowWords, *, by: Planner, now: datetime
) -> dict[str, list[Any]]:
    """Give one row other words, and return each field that changes as it was and as it is.

    The history tells them. Where nothing changes, nothing is written, and what was checked stays so. Raises
    UnknownRedraw, WrongState, UnknownRow, UnknownParent.
    """
    redraw = locked(db, redraw_id, *OPEN)
    found = rows_of(db, redraw, [number])
    if not found:
        raise UnknownRow
    before, after = found[0], replace(found[0], **words)
    changed = {
        name: [getattr(before, name), getattr(after, name)]
        for name in words
        if getattr(before, name) != getattr(after, name)
    }
    if changed:
        change_row(db, redraw, after, _parent_of(db, redraw, after, "parent" in changed, now))
        doubt(redraw)
        append(db, redraw, RedrawStep.EDITED, by=by, now=now, row=number, changed=changed)
    return changed


def _parent_of(db: Session, redraw: Redraw, row: DraftGrid, is_new: bool, now: datetime) -> dict[str, int]:
    """Code → id of the area above a row, if there is to be one. One that stays need not be in force any more."""
    if row.parent is None:
        return {}
    if is_new:
        return {row.parent: _above(db, redraw.kind, row.parent, now)}
    kept = select(DraftArea.parent_id).where(DraftArea.redraw_id == redraw.id, DraftArea.row == row.row)
    parent_id = db.scalar(kept)
    return {} if parent_id is None else {row.parent: parent_id}


def _above(db: Session, kind: AreaKind, code: str, now: datetime) -> int:
    """The area of that code that may lie above the kind, of several levels the nearest. Raises UnknownParent."""
    levels = levels_above(kind)
    rows = db.execute(
        select(Area.kind, Area.id)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.code == code, Area.kind.in_(levels), AreaVersion.valid.overlaps(Range(now, None)))
    )
    found = {row[0]: row[1] for row in rows}
    if not found:
        raise UnknownParent
    return int(found[min(found, key=levels.index)])


def cover(db: Session, redraw: Redraw, area_ids: Collection[int], *, now: datetime) -> Ground:
    """Let the draft replace what lies in these areas, too: it gets a row for each, as it stands now.

    Returns the ground of the whole draft. Areas that are in its scope already are left as they are drafted.
    """
    last = db.scalar(select(func.max(DraftArea.row)).where(DraftArea.redraw_id == redraw.id)) or 0
    scope = frozenset(redraw.scope_ids)
    # an empty draft has no domains yet: it takes in all that lies there
    known = ground_under(db, redraw, now) if last else ground_of(db, redraw.kind, scope, now)
    new = frozenset(one for one in area_ids if not (last and known.in_scope(one)))
    if not new:
        return known
    added = _scoped(known, new)
    rows = [replace(one, row=last + one.row) for one in added.before()]
    _add_rows(db, redraw, rows, added)
    if not last:
        redraw.definition = {**redraw.definition, "codes": _profile(redraw.kind, rows)}
    ground = _scoped(known, scope | new)
    redraw.scope_ids, redraw.within_ids = sorted(ground.scope_ids), within(ground)
    doubt(redraw)
    return ground


def _scoped(ground: Ground, scope_ids: frozenset[int]) -> Ground:
    """The same map seen from a redraw of another scope."""
    return parted(replace(ground, scope_ids=scope_ids))


def split_grid(
    db: Session, redraw_id: int, code: str, line: LineString, *, by: Planner, now: datetime, new_code: str | None = None
) -> tuple[DraftGrid, DraftGrid]:
    """Cut a grid in two along a line (lon, lat); a grid that the draft does not have is taken in with its village.

    The history tells the line, and that the households of both are an estimate by area. Raises UnknownRedraw,
    WrongState, UnknownGrid, and what geo.redraws.splitting.split does.
    """
    redraw = locked(db, redraw_id, *OPEN)
    ground, grid = _grid(db, redraw, code, now)
    drafted = _drafted(db, redraw)
    kept, new = splitting.split(
        grid, line, row=max(drafted) + 1, taken=_taken(db, redraw, drafted), code=new_code,
        names={name for _code, name in drafted.values()},
    )  # fmt: skip
    change_row(db, redraw, kept, _ids(ground))
    _add_rows(db, redraw, [new], ground)
    doubt(redraw)
    append(
        db, redraw, RedrawStep.EDITED, by=by, now=now, what="split", codes=[kept.code, new.code],
        rows=[kept.row, new.row], households=[kept.households, new.households], households_are="estimated by area",
        line=shapely.get_coordinates(line).tolist(),
    )  # fmt: skip
    return kept, new


def move_grid(
    db: Session, redraw_id: int, code: str, village: str, *, by: Planner, now: datetime, borders: str | None = None
) -> Moved:
    """Put a grid under another village that it touches, with a code of that village.

    `borders` is the name of the draft in which the border between the villages is redrawn, where there is none yet;
    None: the villages are left as they are. Raises UnknownRedraw, WrongState, UnknownGrid, UnknownVillage,
    LiesThereAlready, OtherTownship, NotBeside, LastGrid, and what geo.redraws.numbering.next_codes does.
    """
    redraw = locked(db, redraw_id, *OPEN)
    ground, grid = _grid(db, redraw, code, now)
    old, new = _village(ground, grid.parent), _village(ground, village)
    _refuse_move(db, redraw, grid, old, new)
    ground = cover(db, redraw, [new.area_id], now=now)
    moved = splitting.move(grid, new.code, taken=_taken(db, redraw, _drafted(db, redraw)))
    change_row(db, redraw, moved, _ids(ground))
    doubt(redraw)
    beside = None if borders is None else _redraw_border(db, redraw, borders, (grid, old, new), by=by, now=now)
    append(
        db, redraw, RedrawStep.EDITED, by=by, now=now, what="move", codes=[code, moved.code], rows=[grid.row],
        villages=[old.code, new.code], borders=beside.id if beside else None,
    )  # fmt: skip
    return Moved(moved, beside)


def _refuse_move(db: Session, redraw: Redraw, grid: DraftGrid, old: LocatableArea, new: LocatableArea) -> None:
    if old.area_id == new.area_id:
        raise LiesThereAlready
    if old.parent_id != new.parent_id:
        raise OtherTownship
    if shapely.distance(grid.outline, _outline(db, redraw, new)) > BESIDE:
        raise NotBeside
    others = select(func.count()).where(DraftArea.redraw_id == redraw.id, DraftArea.parent_id == old.area_id)
    if (db.scalar(others) or 0) < 2:
        raise LastGrid


def _outline(db: Session, redraw: Redraw, village: LocatableArea) -> Outline:
    """The ground of a village with the grids that the draft has moved there."""
    moved = select(DraftArea.row).where(DraftArea.redraw_id == redraw.id, DraftArea.parent_id == village.area_id)
    grids = [row.outline for row in rows_of(db, redraw, list(db.scalars(moved)))]
    whole: Any = shapely.union_all([village.outline, *grids])
    outline: Outline = whole
    return outline


# --- the border between two villages ----------------------------------------------------------------------------------


def _redraw_border(
    db: Session, redraw: Redraw, name: str, moving: tuple[DraftGrid, LocatableArea, LocatableArea], *, by: Planner,
    now: datetime,
) -> Redraw:  # fmt: skip
    """Give the ground of a grid from its old village to its new one, in the draft of borders that goes with it."""
    grid, old, new = moving
    borders = _borders_of(db, redraw) or begin(db, _free(db, name), old.kind, by=by, now=now, note=redraw.name)
    scope = [old.area_id, new.area_id] if old.parent_id is None else [old.parent_id]
    ground = cover(db, borders, scope, now=now)
    rows = {row.code: row for row in rows_of(db, borders)}
    less, more = rows[old.code], rows[new.code]
    change_row(db, borders, apply(less, Change(less.row, take=grid.outline)), _ids(ground))
    change_row(db, borders, apply(more, Change(more.row, add=grid.outline)), _ids(ground))
    doubt(borders)
    append(db, borders, RedrawStep.EDITED, by=by, now=now, what="border", codes=[old.code, new.code], grids=redraw.id)
    return borders


def _borders_of(db: Session, redraw: Redraw) -> Redraw | None:
    """The draft of village borders that goes with a draft of grids, while it can be changed."""
    made = RedrawEvent.details["borders"].as_integer()
    told = select(made).where(RedrawEvent.redraw_id == redraw.id, RedrawEvent.step == RedrawStep.EDITED)
    latest = db.scalar(told.where(made.is_not(None)).order_by(RedrawEvent.id.desc()).limit(1))
    if latest is None:
        return None
    return db.scalar(select(Redraw).where(Redraw.id == latest, Redraw.state.in_(OPEN)).with_for_update())


def _free(db: Session, name: str) -> str:
    """The name, or with a number where an earlier draft bears it."""
    names = set(db.scalars(select(Redraw.name)))
    return splitting.numbered(name, names) if name in names else name


# --- rows -------------------------------------------------------------------------------------------------------------


def _grid(db: Session, redraw: Redraw, code: str, now: datetime) -> tuple[Ground, DraftGrid]:
    """The row of that code with the ground of the draft, which takes the grid's village in first where it must."""
    found = _row(db, redraw, code)
    above = _parent_in_force(db, redraw.kind, code, now) if found is None else None
    if found is None and above is None:
        raise UnknownGrid
    ground = cover(db, redraw, [above] if above is not None else [], now=now)
    grid = found or _row(db, redraw, code)
    if grid is None:  # its village is in the draft, which has no such grid any more
        raise UnknownGrid
    return ground, grid


def _row(db: Session, redraw: Redraw, code: str) -> DraftGrid | None:
    """The row of a code; of several with the same one the first, which keeps it."""
    number = select(func.min(DraftArea.row)).where(DraftArea.redraw_id == redraw.id, DraftArea.code == code)
    row = db.scalar(number)
    return None if row is None else rows_of(db, redraw, [row])[0]


def _parent_in_force(db: Session, kind: AreaKind, code: str, now: datetime) -> int | None:
    return db.scalar(
        select(AreaVersion.parent_id)
        .join(Area, Area.id == AreaVersion.area_id)
        .where(Area.kind == kind, Area.code == code, AreaVersion.valid.contains(now))
    )


def _drafted(db: Session, redraw: Redraw) -> dict[int, tuple[str, str]]:
    """Row → code and name of everything in the draft."""
    rows = select(DraftArea.row, DraftArea.code, DraftArea.name).where(DraftArea.redraw_id == redraw.id)
    return {row: (code, name) for row, code, name in db.execute(rows)}


def _taken(db: Session, redraw: Redraw, drafted: dict[int, tuple[str, str]]) -> set[str]:
    """Every code that was ever given to an area of the kind, and those of the draft."""
    return {*db.scalars(select(Area.code).where(Area.kind == redraw.kind)), *(code for code, _ in drafted.values())}


def _village(ground: Ground, code: str | None) -> LocatableArea:
    found = None if code is None else ground.above.get(code)
    if found is None:
        raise UnknownVillage
    return found


def _ids(ground: Ground) -> dict[str, int]:
    return {code: area.area_id for code, area in ground.above.items()}


def _add_rows(db: Session, redraw: Redraw, rows: Iterable[DraftGrid], ground: Ground) -> None:
    ids = _ids(ground)
    for row in rows:
        outline: Any = shapely.to_wkb(shapely.set_srid(as_multi(row.outline), WGS84), hex=True, include_srid=True)
        parent_id = None if row.parent is None else ids.get(row.parent)
        draft = DraftArea(
            redraw_id=redraw.id, row=row.row, code=row.code, name=row.name, domain=row.domain, outline=outline,
            parent_id=parent_id, households=row.households,
        )  # fmt: skip
        db.add(draft)
    db.flush()


def _profile(kind: AreaKind, rows: Iterable[DraftGrid]) -> str:
    """The rules by which the codes of these areas are made."""
    return GB.name if all(GB.check(row.code, kind) is None for row in rows) else FREE.name
