"""Where incidents pile up, grid by grid, without the positions that are somebody's default."""

from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.areas import find_area
from geo.codes import AreaKind
from geo.hotspots import gi_star, intensity
from geo.sheets import DrawnArea, Sheet
from incidents import hotspots
from incidents.finding import IncidentFilter, count_by_grid
from incidents.hotspots import DefaultPoint, MainMatter
from incidents.models import Matter
from incidents.words import Channel, Level, Procedure, QueueReason
from tests.factories import make_incident, make_ladder

EVERYTHING = IncidentFilter()


def sheet_of(*households: int | None) -> Sheet:
    """Grids in a row, each with so many households."""
    areas = tuple(DrawnArea(i, f"G{i}", f"grid {i}", None, some, b"{}", b"{}") for i, some in enumerate(households))
    outlines = np.array([box(i, 0, i + 1, 1) for i in range(len(households))], dtype=object)
    assert shapely.is_valid(outlines).all()
    return Sheet(areas, outlines, "tag")


def make_matter(db: Session, code: str, field: str = "市政") -> Matter:
    matter = Matter(
        code=code, valid=Range(None, None), field=field, name=f"matter {code}", level=Level.TOWNSHIP,
        procedure=Procedure.SIMPLE, officers=0,
    )  # fmt: skip
    db.add(matter)
    db.flush()
    return matter


def test_grids_are_compared_as_the_formulas_say():
    sheet, counts = sheet_of(400, 300, None, 500), {0: 9, 1: 1, 3: 2}
    found = hotspots.compare_grids(sheet, range(4), counts)
    times = intensity(np.array([9, 1, 0, 2]), exposure=np.array([400, 300, np.nan, 500]))
    assert [grid.times for grid in found] == [
        None if np.isnan(each) else pytest.approx(each) for each in times.tolist()
    ]
    z = gi_star(np.array([9.0, 1, 0, 2]), [[1], [0, 2], [1, 3], [2]])
    assert [grid.z for grid in found] == pytest.approx(z.tolist())


def test_grids_outside_the_jurisdiction_are_no_neighbours():
    sheet, counts = sheet_of(400, 300, 350, 500), {0: 9, 1: 100, 2: 1, 3: 2}
    found = hotspots.compare_grids(sheet, [0, 2, 3], counts)
    assert [grid.area.code for grid in found] == ["G0", "G2", "G3"]
    assert [grid.z for grid in found] == pytest.approx(gi_star(np.array([9.0, 1, 2]), [[], [2], [1]]).tolist())


def test_the_busiest_are_ordered_by_number_or_against_households():
    found = hotspots.compare_grids(sheet_of(900, 100, 0, 800), range(4), {0: 9, 1: 8, 2: 30})
    assert [grid.area.code for grid in hotspots.busiest(found)] == ["G2", "G0", "G1"]
    assert [grid.area.code for grid in hotspots.busiest(found, against_households=True)] == ["G1", "G0"]


def test_the_main_matter_of_a_grid_is_the_commonest_and_of_equals_the_first_by_name(db: Session):
    ladder = make_ladder(db)
    drains, lamps = make_matter(db, "M1"), make_matter(db, "M2")
    for matter in (lamps, lamps, drains, None):
        make_incident(db, ladder=ladder, matter_id=matter.id if matter else None)
    assert hotspots.main_matters(db, EVERYTHING) == {ladder["a"].id: MainMatter("matter M2", 2)}
    make_incident(db, ladder=ladder, matter_id=drains.id)
    assert hotspots.main_matters(db, EVERYTHING) == {ladder["a"].id: MainMatter("matter M1", 2)}


def test_incidents_are_filtered_by_the_field_of_their_matter(db: Session):
    ladder = make_ladder(db)
    make_incident(db, ladder=ladder, matter_id=make_matter(db, "M1", "市政").id)
    make_incident(db, ladder=ladder, matter_id=make_matter(db, "M2", "环保").id)
    make_incident(db, ladder=ladder)
    grid = find_area(db, AreaKind.COMPREHENSIVE, "329901001001001")
    assert grid is not None
    assert count_by_grid(db, IncidentFilter(field="环保")) == {grid.id: 1}


def test_a_default_point_is_told_with_how_many_share_it_and_how_many_are_left_out(db: Session):
    ladder = make_ladder(db)
    pair: dict[str, Any] = {"ladder": ladder, "raw_x": 119.005, "raw_y": 33.005, "raw_datum": "wgs84"}
    make_incident(db, **pair)
    for _ in range(3):
        make_incident(db, **pair, queue_reason=QueueReason.PLACEHOLDER_POINT)
    make_incident(db, **(pair | {"raw_x": 119.006}))
    make_incident(db, **pair, channel=Channel.PATROL)
    assert hotspots.default_points(db, EVERYTHING) == [DefaultPoint(Channel.HOTLINE, 119.005, 33.005, 4, 3)]
    assert hotspots.default_points(db, IncidentFilter(channel=(Channel.PATROL,))) == []
    assert count_by_grid(db, EVERYTHING) == {ladder["a"].id: 3}
