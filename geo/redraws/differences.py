"""What a redraw changes, as plain values: one difference per lineage, their totals, and all of it as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import shapely

from geo.coverage import Outline
from geo.redraws.mends import DraftGrid


class DifferenceKind(StrEnum):
    """What became of a lineage; in the order in which a planner reads them, what is gravest first."""

    REARRANGED = "rearranged"
    SPLIT = "split"
    MERGED = "merged"
    NEW = "new"
    ENDED = "ended"
    MOVED = "moved"
    RENAMED = "renamed"
    ATTRIBUTES = "attributes"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Shared:
    """The ground that one area before and one after have in common, as a share of either; rows tell twins apart."""

    before: str
    after: str
    before_row: int
    after_row: int
    shared_m2: float
    of_before: float
    of_after: float

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "before": self.before, "after": self.after, "shared_m2": round(self.shared_m2, 3),
            "of_before": round(self.of_before, 6), "of_after": round(self.of_after, 6),
        }  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """Ground that came from an area of another lineage, and ground that went to it, in square metres."""

    code: str
    gained_m2: float
    lost_m2: float

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"code": self.code, "gained_m2": round(self.gained_m2, 3), "lost_m2": round(self.lost_m2, 3)}


@dataclass(frozen=True)
class Difference:
    """What became of one lineage: the areas that were, the areas that are to be, and the ground between them.

    Sizes are of the ground that the areas cover together, so that before + gained − lost = after. `shared` says how
    much of each area before is in each after; `traded_with` what was exchanged with other lineages, largest first;
    `changed` names the fields (name, parent, households, domain) that differ where one area became one.
    """

    kind: DifferenceKind
    before: tuple[DraftGrid, ...]
    after: tuple[DraftGrid, ...]
    before_m2: float
    after_m2: float
    gained_m2: float = 0.0
    lost_m2: float = 0.0
    gained: Outline | None = None
    lost: Outline | None = None
    shared: tuple[Shared, ...] = ()
    traded_with: tuple[Trade, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def codes_before(self) -> tuple[str, ...]:
        """The codes that were, in order."""
        return tuple(sorted(grid.code for grid in self.before))

    @property
    def codes_after(self) -> tuple[str, ...]:
        """The codes that are to be, in order."""
        return tuple(sorted(grid.code for grid in self.after))

    @property
    def codes_kept(self) -> tuple[str, ...]:
        """The codes that go on: of a split, that of the part which keeps it, if any does."""
        return tuple(sorted(set(self.codes_before) & set(self.codes_after)))

    @property
    def households_before(self) -> int | None:
        """The households that were, None where an area does not know its own."""
        return _households(self.before)

    @property
    def households_after(self) -> int | None:
        """The households that are to be, None where an area does not know its own."""
        return _households(self.after)

    def to_json(self, *, shapes: bool = False) -> dict[str, Any]:
        """Return it as JSON; with the ground gained and lost as GeoJSON geometries (WGS-84) when asked."""
        told = {
            "kind": self.kind.value,
            "codes_before": list(self.codes_before), "codes_after": list(self.codes_after),
            "codes_kept": list(self.codes_kept),
            "names_before": [grid.name for grid in in_code_order(self.before)],
            "names_after": [grid.name for grid in in_code_order(self.after)],
            "rows": [grid.row for grid in in_code_order(self.after)],
            "before_m2": round(self.before_m2, 3), "after_m2": round(self.after_m2, 3),
            "gained_m2": round(self.gained_m2, 3), "lost_m2": round(self.lost_m2, 3),
            "households_before": self.households_before, "households_after": self.households_after,
            "shared": [pair.to_json() for pair in self.shared],
            "traded_with": [trade.to_json() for trade in self.traded_with],
            "changed": list(self.changed),
        }  # fmt: skip
        return told | {"gained": _geojson(self.gained), "lost": _geojson(self.lost)} if shapes else told


def in_code_order(grids: Iterable[DraftGrid]) -> list[DraftGrid]:
    """Return areas as lists show them."""
    return sorted(grids, key=lambda grid: (grid.code, grid.row))


def _households(grids: Sequence[DraftGrid]) -> int | None:
    counted = [grid.households for grid in grids if grid.households is not None]
    return sum(counted) if len(counted) == len(grids) else None


def _geojson(shape: Outline | None) -> dict[str, Any] | None:
    return None if shape is None else json.loads(shapely.to_geojson(shape))


@dataclass(frozen=True)
class Totals:
    """How many areas there are, the ground and the households they have, and how many do not know theirs."""

    areas: int
    area_m2: float
    households: int
    uncounted: int

    @classmethod
    def of(cls, grids: Sequence[DraftGrid], area_m2: float) -> Totals:
        """Count areas whose ground is known."""
        counted = [grid.households for grid in grids if grid.households is not None]
        return cls(len(grids), area_m2, sum(counted), len(grids) - len(counted))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "areas": self.areas, "area_m2": round(self.area_m2, 3),
            "households": self.households, "uncounted": self.uncounted,
        }  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """All that a redraw changes, and what it leaves alone: every area before and after is in one difference."""

    differences: tuple[Difference, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing changes: as when a file is exported and imported again."""
        return all(each.kind is DifferenceKind.UNCHANGED for each in self.differences)

    @property
    def changes(self) -> tuple[Difference, ...]:
        """The differences without what stays as it is."""
        return tuple(each for each in self.differences if each.kind is not DifferenceKind.UNCHANGED)

    def counts(self) -> dict[DifferenceKind, int]:
        """Return how many differences of each kind there are, zeros too."""
        found = Counter(each.kind for each in self.differences)
        return {kind: found[kind] for kind in DifferenceKind}

    @property
    def before(self) -> Totals:
        """What there was."""
        grids = [grid for each in self.differences for grid in each.before]
        return Totals.of(grids, sum(each.before_m2 for each in self.differences))

    @property
    def after(self) -> Totals:
        """What there is to be."""
        grids = [grid for each in self.differences for grid in each.after]
        return Totals.of(grids, sum(each.after_m2 for each in self.differences))

    @property
    def gained_m2(self) -> float:
        """The ground that lineages gained, from nobody or from each other: after = before + gained − lost."""
        return sum(each.gained_m2 for each in self.differences)

    @property
    def lost_m2(self) -> float:
        """The ground that lineages lost, to nobody or to each other."""
        return sum(each.lost_m2 for each in self.differences)

    def to_json(self, *, shapes: bool = False, unchanged: bool = True) -> dict[str, Any]:
        """Return it as JSON; without the list of what stays as it is when that is not wanted (it is counted)."""
        listed = self.differences if unchanged else self.changes
        return {
            "empty": self.empty,
            "counts": {kind.value: number for kind, number in self.counts().items()},
            "totals": {
                "before": self.before.to_json(), "after": self.after.to_json(),
                "gained_m2": round(self.gained_m2, 3), "lost_m2": round(self.lost_m2, 3),
            },
            "differences": [each.to_json(shapes=shapes) for each in listed],
        }  # fmt: skip
