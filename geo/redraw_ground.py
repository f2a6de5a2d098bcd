"""What a redraw stands on: the areas in force at its moment, those it replaces, and those it must fill."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import cast

import shapely
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import AreaKind, levels_above
from geo.coverage import Outline, as_simple
from geo.loading import StoredVersion, versions_during
from geo.locate import LocatableArea
from geo.models import Redraw
from geo.redraw_models import DraftArea
from geo.redraws.mends import DraftGrid
from geo.redraws.shared_ground import areas_m2, gathered
from geo.redraws.sizes import DUST_M2


@dataclass(frozen=True)
class Ground:
    """The map at a moment, seen from a redraw of one kind of area.

    `inside` are the areas that it replaces, `outside` the others of the kind. `scope_ids` empty: it replaces all.
    `domains` are those whose grids it replaces; None: all of them.
    """

    at: datetime
    kind: AreaKind
    areas: Sequence[LocatableArea]
    inside: Sequence[StoredVersion]
    outside: Sequence[StoredVersion]
    scope_ids: frozenset[int]
    domains: frozenset[str | None] | None = None

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
        """A digest of the versions that it replaces, fills or must leave room for: the same while none has changed."""
        filled = {area.version_id for area in self.fill.values()}
        ids = sorted({one.id for one in (*self.inside, *self._over_border())} | filled)
        return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:32]

    def _over_border(self) -> list[StoredVersion]:
        """Areas outside that have ground of what the redraw fills: who draws one anew there changes what is wrong.

        Neighbours that only touch it may be redrawn meanwhile. Specialised grids lie over each other as they like.
        """
        if self.kind is AreaKind.SPECIALISED or not self.outside or not self.fill:
            return []
        filled = gathered([cast(Outline, area.outline) for area in self.fill.values()])
        beside = gathered([one.outline for one in self.outside])
        which, near = shapely.STRtree(beside).query(filled, predicate="intersects")
        shared_m2 = areas_m2(shapely.intersection(filled[which], beside[near]))
        return [self.outside[at] for at in sorted(set(near[shared_m2 > DUST_M2].tolist()))]

    def replaces(self, one: StoredVersion) -> bool:
        """Whether a version of the kind ends, or goes on, with the redraw: the others are none of its business."""
        return self.in_scope(one.area_id) and (self.domains is None or one.domain in self.domains)

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


def ground_under(db: Session, redraw: Redraw, at: datetime) -> Ground:
    """Read the map that a redraw stands on, as its rows are now, at `at`, aware."""
    return ground_of(db, redraw.kind, redraw.scope_ids, at, domains=domains_of(db, redraw))


def domains_of(db: Session, redraw: Redraw) -> frozenset[str | None] | None:
    """The domains that its rows have, of specialised grids; None for the other kinds, which have none.

    A file of schools says nothing of the markets: only grids of these domains are replaced. Without rows it is none.
    """
    if redraw.kind is not AreaKind.SPECIALISED:
        return None
    return frozenset(db.scalars(select(DraftArea.domain).where(DraftArea.redraw_id == redraw.id).distinct()))


def ground_of(
    db: Session, kind: AreaKind, scope_ids: Collection[int], at: datetime, *,
    domains: frozenset[str | None] | None = None,
) -> Ground:  # fmt: skip
    """Read the map as it stands at `at`, aware, for what replaces a kind in a scope, of these domains only."""
    versions = versions_during(db, Range(at, at, bounds="[]"), [kind])
    return parted(Ground(at, kind, areas_valid_at(db, at), versions, (), frozenset(scope_ids), domains))


def parted(ground: Ground) -> Ground:
    """The same ground with each version put inside or outside, by the scope and the domains that it has."""
    versions = sorted([*ground.inside, *ground.outside], key=lambda one: one.code)
    inside = [one for one in versions if ground.replaces(one)]
    outside = [one for one in versions if not ground.replaces(one)]
    return replace(ground, inside=inside, outside=outside)


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
