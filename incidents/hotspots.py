"""Where incidents pile up, grid by grid: counts set against households and neighbours, and what is mostly reported.

The numbers are those of geo.hotspots. Points that are somebody's default are no places: they are counted apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.hotspots import gi_star, intensity
from geo.sheets import DrawnArea, Sheet
from incidents.finding import IncidentFilter, conditions
from incidents.models import Incident, Matter
from incidents.words import Channel, QueueReason

STANDS_OUT_Z = 1.96
"""Gi* above which chance alone would show a grid with its neighbours so busy in one of forty cases at most."""


@dataclass(frozen=True)
class GridHotspot:
    """A grid's incidents. `times` is how many times the whole's rate per household, None where none are counted;
    `z` tells whether the grid and its neighbours together stand out.
    """

    area: DrawnArea
    count: int
    times: float | None
    z: float

    @property
    def stands_out(self) -> bool:
        return self.z > STANDS_OUT_Z


@dataclass(frozen=True)
class MainMatter:
    """What is reported most often in a grid."""

    name: str
    count: int


@dataclass(frozen=True)
class DefaultPoint:
    """One exact position that many reports of a channel bear, and which is therefore doubted. WGS-84."""

    channel: Channel
    lon: float
    lat: float
    sharing: int
    excluded: int


def compare_grids(sheet: Sheet, positions: Sequence[int], by_grid: Mapping[int, int]) -> list[GridHotspot]:
    """The grids of a sheet at the positions meant, compared with each other. `by_grid` counts incidents by area id."""
    areas = [sheet.areas[at] for at in positions]
    counts = np.array([by_grid.get(area.id, 0) for area in areas], dtype=np.int64)
    households = np.array([area.households or np.nan for area in areas], dtype=np.float64)
    place = {at: i for i, at in enumerate(positions)}
    near = [[place[other] for other in sheet.neighbours[at] if other in place] for at in positions]
    times, z = intensity(counts, exposure=households), gi_star(counts.astype(np.float64), near)
    return [
        GridHotspot(area, int(count), None if np.isnan(ratio) else float(ratio), float(score))
        for area, count, ratio, score in zip(areas, counts, times, z, strict=True)
    ]


def busiest(grids: Iterable[GridHotspot], *, against_households: bool = False) -> list[GridHotspot]:
    """Those with incidents, the busiest first: by their number, or by how far they exceed the whole's own rate.

    Against households, grids in which none are counted are left out.
    """
    some = [grid for grid in grids if grid.count]
    if not against_households:
        return sorted(some, key=lambda grid: (-grid.count, grid.area.code))
    rated = [(grid.times, grid) for grid in some if grid.times is not None]
    return [grid for _times, grid in sorted(rated, key=lambda each: (-each[0], each[1].area.code))]


def main_matters(db: Session, wanted: IncidentFilter) -> dict[int, MainMatter]:
    """What the incidents meant in each comprehensive grid are mostly about; of equals, the first name."""
    rows = db.execute(
        select(Incident.grid_id, Matter.name, func.count())
        .join(Matter, Matter.id == Incident.matter_id)
        .where(
            Incident.grid_id.is_not(None),
            Incident.queue_reason.is_distinct_from(QueueReason.PLACEHOLDER_POINT),
            *conditions(wanted),
        )
        .group_by(Incident.grid_id, Matter.name)
        .order_by(func.count(), Matter.name.desc())
    )
    return {grid_id: MainMatter(name, count) for grid_id, name, count in rows if grid_id is not None}


def default_points(db: Session, wanted: IncidentFilter) -> list[DefaultPoint]:
    """The positions among the incidents meant that are doubted as defaults, the commonest first.

    `sharing` counts all that bear the position, `excluded` those that still wait for somebody to look.
    """
    doubted = func.count().filter(Incident.queue_reason == QueueReason.PLACEHOLDER_POINT)
    rows = db.execute(
        select(
            Incident.channel,
            func.min(func.ST_X(Incident.point)).filter(~Incident.placed_by_hand),
            func.min(func.ST_Y(Incident.point)).filter(~Incident.placed_by_hand),
            func.count(),
            doubted,
        )
        .where(Incident.raw_x.is_not(None), *conditions(wanted))
        .group_by(Incident.channel, Incident.raw_x, Incident.raw_y, Incident.raw_datum)
        .having(doubted > 0)
        .order_by(func.count().desc(), Incident.channel)
    )
    return [DefaultPoint(Channel(row[0]), *row[1:]) for row in rows]
