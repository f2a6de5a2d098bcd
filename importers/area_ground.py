"""What a file of areas does to the ground: who sticks out of their parent, who claims what another has.

The tolerances are slivers that a surveyor would not argue about. Files are drawn to the millimetre at best, and two
files with the same border cut at different corners differ by half a millimetre along it: a border of 2 km then
makes 1 m², the whole border of a large village some m².
"""

from collections.abc import Iterator, Mapping, Sequence

import shapely

from geo.codes import AreaKind
from geo.coverage import AreaOutline, Finding, find_outside_parent, find_overlaps
from geo.loading import StoredVersion
from geo.locate import LocatableArea
from importers.area_rows import AreaRow

OVERLAP_SLIVER_M2 = 1.0
"""Ground shared by two comprehensive grids up to which nobody is told."""

OUTSIDE_SLIVER_M2 = 10.0
"""Ground outside the parent up to which nobody is told: larger, since parent and child come in different files."""

OVERLAY_OUTSIDE = 0.5
"""A specialised grid may reach over its parent's border; with more than this share outside it is in the wrong place."""


def outside_parents(rows: Sequence[AreaRow], parents: Mapping[int, LocatableArea], kind: AreaKind) -> Iterator[Finding]:
    """Yield each row that sticks out of its parent by more than a sliver; for overlays as warnings."""
    above = {
        str(area.area_id): AreaOutline(area.code, area.outline)  # type: ignore[arg-type]
        for area in parents.values()
    }
    children = [
        AreaOutline(row.code, row.outline, row.number, str(parents[row.number].area_id))
        for row in rows
        if row.number in parents
    ]
    ground = {row.code: shapely.area(row.outline) for row in rows}
    for finding in find_outside_parent(children, above, ignore_below_m2=OUTSIDE_SLIVER_M2):
        share = shapely.area(finding.shape) / ground[finding.codes[0]]
        overlay = kind is AreaKind.SPECIALISED and share <= OVERLAY_OUTSIDE
        yield finding.accepted() if overlay else finding


def overlaps(fresh: Sequence[AreaRow], others: Sequence[StoredVersion]) -> Iterator[Finding]:
    """Yield each pair of comprehensive grids that share ground and of which at least one is new, largest first."""
    if not fresh:
        return
    new = [AreaOutline(row.code, row.outline, row.number) for row in fresh]
    west, south, east, north = shapely.total_bounds([row.outline for row in fresh])
    near = shapely.box(west, south, east, north)
    standing = [AreaOutline(one.code, one.outline) for one in others if one.outline.intersects(near)]
    codes = {row.code for row in fresh}
    for finding in find_overlaps([*new, *standing], ignore_below_m2=OVERLAP_SLIVER_M2):
        if codes & set(finding.codes):
            yield finding
