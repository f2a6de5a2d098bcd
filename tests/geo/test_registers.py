"""The register of areas of a date: sums by kind, and a list to search."""

from datetime import timedelta

from shapely.geometry import box
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo import registers
from geo.codes import AreaKind
from geo.registers import KindSum
from tests.factories import NOW, make_area, make_ladder

GRIDS = AreaKind.COMPREHENSIVE


def test_areas_are_summed_by_kind_and_unknown_households_are_not_counted(db: Session):
    village = make_ladder(db)["village"]
    make_area(db, "329901001001003", GRIDS, box(119.02, 33, 119.03, 33.01), parent=village, households=400)
    found = registers.sums(db, NOW)
    assert set(found) == {AreaKind.TOWNSHIP, AreaKind.VILLAGE, GRIDS}
    assert found[GRIDS].areas == 3
    assert (found[GRIDS].households, found[GRIDS].counted) == (400, 1)
    assert found[AreaKind.VILLAGE] == KindSum(1, 0, 0, found[AreaKind.TOWNSHIP].area_m2)


def test_only_what_was_in_force_on_the_day_is_there(db: Session):
    outline, later = box(119, 33, 119.01, 33.01), NOW + timedelta(days=10)
    make_area(db, "329901001001001", GRIDS, outline, valid=Range(None, later))
    make_area(db, "329901001001002", GRIDS, outline, valid=Range(later, None))
    codes = [[entry.code for entry in registers.search(db, GRIDS, at, limit=9)] for at in (NOW, later)]
    assert codes == [["329901001001001"], ["329901001001002"]]
    assert registers.search(db, GRIDS, later, limit=9)[0].since == later


def test_areas_are_found_by_a_part_of_their_code_or_name_in_code_order(db: Session):
    ladder = make_ladder(db)
    [entry] = registers.search(db, GRIDS, NOW, "1002", limit=9)
    assert (entry.code, entry.parent_code, entry.parent_name) == (
        "329901001001002",
        "329901001001",
        "area 329901001001",
    )
    assert entry.bounds == (119.01, 33.0, 119.02, 33.01)
    assert entry.area_id == ladder["b"].id
    assert [each.code[-1] for each in registers.search(db, GRIDS, NOW, "AREA", limit=9)] == ["1", "2"]
    assert [each.code[-1] for each in registers.search(db, GRIDS, NOW, limit=1, offset=1)] == ["2"]
    assert registers.count(db, GRIDS, NOW, "100%") == 0
    assert registers.count(db, GRIDS, NOW) == 2
