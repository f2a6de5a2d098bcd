"""Outlines for maps: simplified in one piece with their neighbours, and kept only for as long as they are right."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon, box, shape
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from database.session import make_engine, session_for
from geo import sheets
from geo.codes import AreaKind
from geo.placing import AreaIndex
from geo.sheets import WHOLE, OutlineFiles, Sheet, Sheets, pixel_degrees, rounded, simplify_together
from tests.factories import NOW, make_area


def wavy(x: float, waves: int = 60, height: float = 0.002) -> list[tuple[float, float]]:
    """A border from south to north around the meridian `x`, with many small bends."""
    return [(x + height * math.sin(i) * math.cos(3 * i), 33 + i / waves / 10) for i in range(waves + 1)]


def strip(number: int) -> Polygon:
    """One of several strips side by side, which share their wavy borders vertex by vertex."""
    west, east = wavy(119 + number / 50), wavy(119 + (number + 1) / 50)
    return Polygon([*west, *reversed(east)])


@pytest.fixture
def strips() -> np.ndarray:
    return np.array([strip(number) for number in range(6)], dtype=object)


@pytest.mark.parametrize("zoom", [6, 9, 11, 13])
def test_neighbours_do_not_tear(strips: np.ndarray, zoom: int):
    simplified = rounded(simplify_together(strips, zoom), zoom)
    assert shapely.coverage_is_valid(simplified)
    assert shapely.area(simplified).sum() == pytest.approx(shapely.area(shapely.union_all(simplified)), rel=1e-9)
    assert shapely.get_num_coordinates(simplified).sum() < shapely.get_num_coordinates(strips).sum()


def test_simplified_each_alone_they_would_tear(strips: np.ndarray):
    """What the coverage is for: the trap that `simplify` is."""
    torn = shapely.simplify(strips, pixel_degrees(9))
    assert not shapely.coverage_is_valid(torn)


def test_the_finer_the_zoom_the_more_is_kept_and_from_the_last_on_everything(strips: np.ndarray):
    vertices = [int(shapely.get_num_coordinates(simplify_together(strips, zoom)).sum()) for zoom in range(6, WHOLE + 1)]
    assert vertices == sorted(vertices)
    assert vertices[-1] == shapely.get_num_coordinates(strips).sum()


def test_what_is_kept_is_exact(strips: np.ndarray):
    before = {tuple(xy) for xy in shapely.get_coordinates(strips)}
    assert {tuple(xy) for xy in shapely.get_coordinates(simplify_together(strips, 10))} <= before


@pytest.mark.parametrize("zoom", [8, 12])
def test_no_border_moves_by_more_than_some_pixels(strips: np.ndarray, zoom: int):
    drawn = rounded(simplify_together(strips, zoom), zoom)
    far = shapely.hausdorff_distance(shapely.boundary(strips), shapely.boundary(drawn))
    assert far.max() < 4 * pixel_degrees(zoom)


def test_an_unclean_coverage_is_drawn_all_the_same():
    overlapping = Polygon([*wavy(119.0), *reversed(wavy(119.0205))])  # over its neighbour by a sliver
    apart = Polygon([*wavy(119.02005), *reversed(wavy(119.04))])
    simplified = simplify_together(np.array([overlapping, apart], dtype=object), 10)
    assert shapely.is_valid(simplified).all() and not shapely.is_empty(simplified).any()
    assert shapely.area(simplified) == pytest.approx(shapely.area([overlapping, apart]), rel=0.05)


def test_the_smallest_area_does_not_vanish_on_the_coarsest_map(strips: np.ndarray):
    speck = box(120, 33, 120.000001, 33.000001)
    drawn = simplify_together(np.append(strips, speck), 5)
    assert not shapely.is_empty(drawn).any()


def test_an_empty_map_is_a_map():
    nothing = np.array([], dtype=object)
    assert len(simplify_together(nothing, 9)) == 0
    assert len(rounded(nothing, 9)) == 0


def test_decimals_follow_the_zoom(strips: np.ndarray):
    def decimals(zoom: int) -> int:
        numbers = shapely.get_coordinates(rounded(strips, zoom)).ravel()
        return max(len(repr(float(number)).partition(".")[2]) for number in numbers)

    assert [decimals(zoom) for zoom in (8, 12, WHOLE)] == [3, 5, 7]


def test_real_areas_stay_clean_and_valid(shared_data: Path):
    towns = geopandas.read_file(shared_data / "taiwan" / "taiwan_towns.gpkg").geometry.to_numpy()
    for zoom in (7, 9, 12):
        drawn = simplify_together(towns, zoom)
        assert shapely.coverage_is_valid(drawn)
        assert shapely.area(drawn).sum() == pytest.approx(shapely.area(towns).sum(), rel=0.01)


def test_real_areas_with_overlaps_and_gaps_are_drawn_whole(shared_data: Path):
    frame = geopandas.read_file(shared_data / "vancouver" / "vancouver_neighbourhoods.geojson")
    areas = frame.geometry.to_numpy()
    assert not shapely.coverage_is_valid(areas)
    drawn = simplify_together(areas, 11)
    assert shapely.is_valid(drawn).all()
    assert shapely.area(drawn) == pytest.approx(shapely.area(areas), rel=0.02)


# --- on disk --------------------------------------------------------------------------------------------------------


def test_kept_outlines_are_the_same_as_made_ones_and_are_not_made_twice(
    tmp_path: Path, strips: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    made = OutlineFiles(tmp_path / "cache").simplified(strips, 9)
    monkeypatch.setattr(sheets, "simplify_together", None)
    kept = OutlineFiles(tmp_path / "cache").simplified(strips, 9)
    assert shapely.equals_exact(made, kept).all()


def test_a_changed_vertex_or_another_zoom_is_another_file(tmp_path: Path, strips: np.ndarray):
    files = OutlineFiles(tmp_path)
    files.simplified(strips, 9)
    files.simplified(strips, 10)
    files.simplified(np.array([shapely.transform(strips[0], lambda xy: xy + 1e-12), *strips[1:]], dtype=object), 9)
    assert len(list(tmp_path.glob("*.wkb"))) == 3


def test_a_damaged_file_is_made_anew(tmp_path: Path, strips: np.ndarray):
    files = OutlineFiles(tmp_path)
    made = files.simplified(strips, 9)
    [path] = tmp_path.glob("*.wkb")
    for damage in (b"", b"not geometry", path.read_bytes()[:200]):
        path.write_bytes(damage)
        assert shapely.equals_exact(files.simplified(strips, 9), made).all()
    assert len(list(tmp_path.iterdir())) == 1  # nothing half-written stays behind


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, strips: np.ndarray):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert len(OutlineFiles(tmp_path / "cache").simplified(strips, 9)) == len(strips)


def test_only_so_many_files_are_kept(tmp_path: Path, strips: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sheets, "KEPT_FILES", 3)
    files = OutlineFiles(tmp_path)
    for number in range(1, 6):
        files.simplified(strips[:number], 9)
    assert len(list(tmp_path.glob("*.wkb"))) == 3


# --- from the database ----------------------------------------------------------------------------------------------


def test_sheets_follow_the_areas_of_each_moment(database_url: str, tmp_path: Path):
    engine = make_engine(database_url)
    index = AreaIndex(engine, check_every_s=0)
    drawn, day = Sheets(engine, index, tmp_path), timedelta(days=1)
    turn = datetime(2025, 1, 1, tzinfo=UTC)
    with session_for(engine) as db:
        village = make_area(db, "329901001001", AreaKind.VILLAGE, box(119, 33, 119.02, 33.01), name="西村")
        make_area(db, "329901001001001", AreaKind.COMPREHENSIVE, box(119, 33, 119.01, 33.01), parent=village,
                  households=321, valid=Range(None, turn))  # fmt: skip
        db.commit()
    then, now = (drawn.sheet(AreaKind.COMPREHENSIVE, at) for at in (turn - day, turn + day))
    [feature] = json.loads(then.within())["features"]
    assert feature["properties"]["parent"] == "329901001001" and feature["properties"]["households"] == 321
    assert shape(feature["geometry"]).equals(box(119, 33, 119.01, 33.01))
    assert json.loads(now.within())["features"] == []
    assert drawn.period(turn - day) == drawn.period(turn - 2 * day) != drawn.period(turn)
    assert drawn.sheet(AreaKind.COMPREHENSIVE, turn - 2 * day) is then  # nothing changed in between
    with session_for(engine) as db:
        _add_east(db)
    changed = drawn.sheet(AreaKind.COMPREHENSIVE, turn + day)
    assert [area.code for area in changed.areas] == ["329901001001002"]
    assert changed.tag != now.tag
    engine.dispose()


def _add_east(db: Session) -> None:
    make_area(db, "329901001001002", AreaKind.COMPREHENSIVE, box(119.01, 33, 119.02, 33.01))
    db.commit()


def test_a_box_chooses_by_bounds_and_neighbours_are_those_that_touch(database_url: str, tmp_path: Path):
    engine = make_engine(database_url)
    with session_for(engine) as db:
        for code, west in (("T1", 100.0), ("T2", 100.1), ("T3", 100.3)):
            make_area(db, code, AreaKind.TOWNSHIP, box(west, 30, west + 0.1, 30.1))
        db.commit()
    sheet = Sheets(engine, AreaIndex(engine), tmp_path).sheet(AreaKind.TOWNSHIP, NOW)
    found = json.loads(sheet.within((100.15, 30.05, 100.25, 30.06)))["features"]
    assert [feature["properties"]["code"] for feature in found] == ["T2"]
    assert sheet.neighbours == ((1,), (0,), ())
    assert LineString([(100.1, 30), (100.1, 30.1)]).within(sheet.outlines[0].boundary)
    engine.dispose()


def test_sheets_are_kept_up_to_a_weight_the_latest_used_the_longest(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    engine = make_engine(database_url)
    with session_for(engine) as db:
        make_area(db, "C1", AreaKind.COUNTY, box(100, 30, 101, 31))
        db.commit()
    drawn = Sheets(engine, AreaIndex(engine), tmp_path)

    def sheet(zoom: int) -> Sheet:
        return drawn.sheet(AreaKind.COUNTY, NOW, zoom)

    monkeypatch.setattr("geo.sheets.KEPT_BYTES", int(2.5 * sheet(12).size))
    twelve, thirteen = sheet(12), sheet(13)
    assert sheet(12) is twelve
    fourteen = sheet(14)  # outweighs: the one not used for longest goes
    assert sheet(12) is twelve and sheet(14) is fourteen and sheet(13) is not thirteen
    engine.dispose()
