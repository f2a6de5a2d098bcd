"""What a redraw stands on: the areas in force at its moment, those it replaces, and those it must fill."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import AreaKind, levels_above
from geo.coverage import as_simple
from geo.loading import StoredVersion, versions_during
from geo.locate import LocatableArea
from geo.redraws.mends import DraftGrid


@dataclass(frozen=True)
class Ground:
    """The map at a moment, seen from a redraw of one kind of area.

    `inside` are the areas that it replaces, `outside` the others of the kind. `scope_ids` empty: it replaces all.
    """

    at: datetime
    kind: AreaKind
    areas: Sequence[LocatableArea]
    inside: Sequence[StoredVersion]
    outside: Sequence[StoredVersion]
    scope_ids: frozenset[int]

    @cached_property
    def by_id(self) -> Mapping[int, LocatableArea]:
        """Every area in force, by its id."""
        return {area.area_id: area for area in self.areas}

    @cached_property
    def above(self) -> Mapping[str, LocatableArea]:
        """Every area that may be a parent, by its code; of equal codes the nearest level's."""
        found: dict[str, LocatableArea] = {}
        for level in reversed(levels_above(self.kind)):
            found |= {area.code: area for area in self.areas if area.kind is level}
        return found

    @cached_property
    def fill(self) -> Mapping[str, LocatableArea]:
        """The areas that the redraw must fill: those in its scope under which no other level lies, by code."""
        levels = frozenset(levels_above(self.kind))
        parents = {area.parent_id for area in self.areas if area.kind in levels}
        return {
            area.code: area
            for area in self.areas
            if area.kind in levels and area.area_id not in parents and self.in_scope(area.area_id)
        }

    @property
    def base(self) -> str:
        """A digest of the versions that the redraw replaces or fills: the same only while nobody has changed them."""
        ids = sorted({version.id for version in self.inside} | {area.version_id for area in self.fill.values()})
        return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:32]

    def in_scope(self, area_id: int | None) -> bool:
        """Whether an area is one of the scope's, or lies under one."""
        return not self.scope_ids or bool(self.scope_ids & set(self.ladder(area_id)))

    def ladder(self, area_id: int | None) -> list[int]:
        """The area and those above it, upwards; a circle of parents is walked once."""
        found: list[int] = []
        while area_id is not None and area_id not in found:
            found.append(area_id)
            area = self.by_id.get(area_id)
            area_id = area.parent_id if area else None
        return found

    def before(self) -> list[DraftGrid]:
        """The areas that are replaced, as rows are written; their row is their place in `inside`, from 1."""
        return [
            DraftGrid(row, one.code, one.name, as_simple(one.outline), one.parent_code, one.households, one.domain)
            for row, one in enumerate(self.inside, 1)
        ]


def ground_of(db: Session, kind: AreaKind, scope_ids: Collection[int], at: datetime) -> Ground:
    """Read the map as it stands at `at`, aware."""
    areas = areas_valid_at(db, at)
    versions = versions_during(db, Range(at, at, bounds="[]"), [kind])
    whole = Ground(at, kind, areas, (), (), frozenset(scope_ids))
    inside = [one for one in versions if whole.in_scope(one.area_id)]
    outside = [one for one in versions if not whole.in_scope(one.area_id)]
    return Ground(at, kind, areas, inside, outside, frozenset(scope_ids))


def above_of(db: Session, kind: AreaKind, at: datetime) -> Ground:
    """The map as it stands at `at` without the areas of the kind itself: all that naming a parent takes."""
    return Ground(at, kind, areas_valid_at(db, at, kinds=levels_above(kind)), (), (), frozenset())


def within(ground: Ground) -> list[int]:
    """Every area that the whole scope lies in, by id; none where it has no bounds."""
    ladders = [set(ground.ladder(area_id)) for area_id in ground.scope_ids]
    return sorted(set.intersection(*ladders)) if ladders else []


def after(ground: Ground, rows: Sequence[DraftGrid]) -> list[LocatableArea]:
    """The map as it would be with these rows in force: the others of the ground, and an area for each row.

    A row whose code is in force keeps that area's id; others have ids below zero, which no area has.
    """
    known = {one.code: one for one in ground.inside}
    replaced = {one.area_id for one in ground.inside}
    drawn = {
        row.code: LocatableArea(
            version_id=-row.row, area_id=known[row.code].area_id if row.code in known else -row.row, code=row.code,
            kind=ground.kind, name=row.name, outline=row.outline, domain=row.domain,
            parent_id=_parent_id(ground, row),
        )
        for row in rows
    }  # fmt: skip
    return [area for area in ground.areas if area.area_id not in replaced] + list(drawn.values())


def _parent_id(ground: Ground, row: DraftGrid) -> int | None:
    parent = None if row.parent is None else ground.above.get(row.parent)
    return None if parent is None else parent.area_id
