"""One rule, four voices: one point at a time, many at once, SQL, and Shapely asked without any index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.loading import NewVersion, add_areas, add_versions
from geo.locate import SNAP_M, LocatableArea, Location, Locator
from geo.models import AreaImport
from geo.queries import SqlLocation, locate_in_sql
from geo.sphere import M_PER_DEG
from tests.factories import ALWAYS, NOW, make_area
from tests.geo.tessellations import tessellation

Points = NDArray[np.float64]
"""(n, 2): lon and lat."""


@dataclass(frozen=True)
class Said:
    """An answer in the words that all four share: codes, and metres in whole millimetres."""

    status: str
    grid: str
    specialised: tuple[str, ...]
    village: str
    township: str
    on_border: bool


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_all_four_agree_on_a_tiled_county_at_random_points_vertices_and_edges(db: Session, seed: int) -> None:
    shapes = tessellation(5, 4, seed=seed)
    _load_county(db, shapes)
    _all_agree(db, _points_of_every_sort(shapes, seed=seed))


def test_all_four_agree_where_points_lie_exactly_on_shared_edges(db: Session) -> None:
    # Corners on multiples of 2^-16 degrees: halves and quarters of an edge are then exact, and exactly on it.
    shapes = [shapely.transform(each, lambda at: np.round(at * 2**16) / 2**16) for each in tessellation(4, 4, points=2)]
    assert all(shapely.is_valid(shapes))
    _load_county(db, shapes)
    points = _along_edges(shapes, (0.25, 0.5, 0.75))
    located = Locator(areas_valid_at(db, NOW)).locate_many(points[:, 0], points[:, 1])
    assert located.on_border.all()
    _all_agree(db, points)


def test_all_four_agree_where_grids_overlap_and_leave_gaps(db: Session) -> None:
    tidy = tessellation(4, 3)
    shapes = [shapely.buffer(each, (2e-4, -2e-4, 1e-4)[at % 3]) for at, each in enumerate(tidy)]
    _load_county(db, shapes)
    _all_agree(db, _points_of_every_sort(shapes, seed=7))


def test_all_four_agree_around_the_distance_to_which_a_point_is_snapped(db: Session) -> None:
    shapes = tessellation(3, 3, seed=5)
    _load_county(db, shapes)
    rim = shapely.segmentize(shapely.unary_union(shapes).boundary, 0.0003)
    away = [_beyond(rim, metres) for metres in (0.5, 15, 29.99, 30, 30.01, 45)]
    _all_agree(db, np.concatenate(away))


def test_all_four_agree_on_real_villages(db: Session, shared_data: Path) -> None:
    villages = geopandas.read_file(shared_data / "taiwan" / "taiwan_villages.gpkg")
    villages = villages[villages.is_valid & villages.COUNTYNAME.isin(["臺北市", "新北市", "基隆市"])]
    _load_grids(db, dict(zip(villages.VILLCODE, villages.geometry, strict=True)))
    _all_agree(db, _points_of_every_sort(villages.geometry.tolist(), seed=3, least=1500))


def test_sql_answers_by_the_areas_of_the_moment_asked_about(db: Session) -> None:
    turn = NOW - timedelta(days=30)
    make_area(db, "1", AreaKind.COMPREHENSIVE, box(0, 0, 1, 1), valid=Range(None, turn))
    make_area(db, "2", AreaKind.COMPREHENSIVE, box(0, 0, 1, 1), valid=Range(turn, None))
    for moment, code in ((turn - timedelta(seconds=1), "1"), (turn, "2"), (NOW, "2")):
        found = Locator(areas_valid_at(db, moment)).locate(0.5, 0.5)
        assert found.grid is not None and found.grid.code == code
        assert locate_in_sql(db, [0.5], [0.5], moment)[0].grid == found.grid.version_id


def test_sql_says_that_what_is_no_number_is_no_place(db: Session) -> None:
    make_area(db, "1", AreaKind.COMPREHENSIVE, box(0, 0, 1, 1))
    said = locate_in_sql(db, [float("nan"), 0.5, float("inf")], [0.5, 0.5, 0.5], NOW)
    assert [one.status for one in said] == ["invalid", "located", "invalid"]


# --- the four voices --------------------------------------------------------------------------------------------


def _all_agree(db: Session, points: Points) -> None:
    areas = areas_valid_at(db, NOW)
    locator = Locator(areas)
    expected = _by_force(locator, points)
    codes = {area.version_id: area.code for area in areas}
    by_one = [locator.locate(lon, lat) for lon, lat in points.tolist()]
    in_sql = locate_in_sql(db, points[:, 0].tolist(), points[:, 1].tolist(), NOW)
    for name, said in {
        "one at a time": [_of_one(one) for one in by_one],
        "many at once": _of_many(locator, points),
        "SQL": [_of_sql(one, codes) for one in in_sql],
    }.items():
        pairs = zip(points.tolist(), expected, said, strict=True)
        different = [(point, right, wrong) for point, right, wrong in pairs if right != wrong]
        assert not different, f"{name} differs at {len(different)} of {len(points)} points, first {different[0]}"
    one_m = np.array([one.border_m for one in by_one], dtype=float)
    sql_m = np.array([one.border_m for one in in_sql], dtype=float)
    many_m = locator.locate_many(points[:, 0], points[:, 1]).border_m()
    np.testing.assert_allclose(sql_m, one_m, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(many_m, one_m, rtol=3e-4, atol=1e-6)


def _of_one(one: Location) -> Said:
    assert one.snapped is (one.status == "snapped")
    levels = [area.code if area else "" for area in (one.grid, one.village, one.township)]
    return Said(one.status, levels[0], tuple(area.code for area in one.specialised), *levels[1:], one.on_border)


def _of_many(locator: Locator, points: Points) -> list[Said]:
    many = locator.locate_many(points[:, 0], points[:, 1])
    columns = zip(
        many.status(), many.codes(many.grid), many.specialised_codes(), many.codes(many.village),
        many.codes(many.township), many.on_border.tolist(), strict=True,
    )  # fmt: skip
    return [Said(str(status), grid, tuple(filter(None, on.split(";"))), *rest) for status, grid, on, *rest in columns]


def _of_sql(one: SqlLocation, codes: dict[int, str]) -> Said:
    assert one.snapped is (one.status == "snapped")
    levels = [codes[version] if version else "" for version in (one.grid, one.village, one.township)]
    return Said(one.status, levels[0], tuple(codes[version] for version in one.specialised), *levels[1:], one.on_border)


def _by_force(locator: Locator, points: Points) -> list[Said]:
    """Every outline asked about every point, unprepared and in the order of the codes."""
    by_kind = {
        kind: sorted((area for area in locator.areas if area.kind is kind), key=lambda area: area.code)
        for kind in AreaKind
    }
    grids = by_kind[AreaKind.COMPREHENSIVE]
    outlines = [shapely.from_wkb(shapely.to_wkb(area.outline)) for area in grids]
    borders = shapely.boundary(outlines)
    answers = []
    for lon, lat in points.tolist():
        point = shapely.Point(lon, lat)
        covering = np.flatnonzero(shapely.covers(outlines, point))
        on_border = bool(covering.size) and bool(shapely.intersects(borders[covering], point).any())
        status, grid = ("located", grids[covering[0]]) if covering.size else _nearest(grids, borders, lon, lat)
        over = {
            kind: [area for area in by_kind[kind] if shapely.covers(area.outline, point)]
            for kind in (AreaKind.SPECIALISED, AreaKind.VILLAGE, AreaKind.TOWNSHIP)
        }
        levels = [_level(locator, grid, kind, over[kind]) for kind in (AreaKind.VILLAGE, AreaKind.TOWNSHIP)]
        specialised = tuple(area.code for area in over[AreaKind.SPECIALISED])
        answers.append(Said(status, grid.code if grid else "", specialised, *levels, on_border))
    return answers


def _nearest(
    grids: Sequence[LocatableArea], borders: NDArray[np.object_], lon: float, lat: float
) -> tuple[str, LocatableArea | None]:
    """The nearest grid within the distance of snapping, the smaller code of two at the same millimetre."""
    stretch = np.array([M_PER_DEG * np.cos(np.radians(lat)), M_PER_DEG])
    near = np.flatnonzero(shapely.dwithin(borders, shapely.Point(lon, lat), 0.002))
    plane = shapely.transform(borders[near], lambda at: (at - (lon, lat)) * stretch)
    mm = np.rint(shapely.distance(plane, shapely.Point(0, 0)) * 1000)
    if not mm.size or mm.min() > SNAP_M * 1000:
        return "unlocated", None
    return "snapped", grids[near[mm.argmin()]]


def _level(locator: Locator, grid: LocatableArea | None, kind: AreaKind, over: Sequence[LocatableArea]) -> str:
    above = grid
    while above is not None and above.kind is not kind:
        above = locator.by_area_id.get(above.parent_id or 0)
    return above.code if above else over[0].code if over else ""


# --- counties and points ----------------------------------------------------------------------------------------


def _load_county(db: Session, shapes: Sequence[BaseGeometry]) -> None:
    """Grids with codes that are not in the order of the shapes; half of them name their village, all lie in one."""
    order = np.random.default_rng(len(shapes)).permutation(len(shapes))
    half = len(shapes) // 2
    whole = shapely.unary_union(shapes)
    township = make_area(db, "T", AreaKind.TOWNSHIP, whole)
    make_area(db, "T0", AreaKind.TOWNSHIP, shapely.buffer(whole, 0.001))
    villages = [
        make_area(db, code, AreaKind.VILLAGE, shapely.unary_union(part), parent=township)
        for code, part in (("V2", shapes[:half]), ("V1", shapes[half:]))
    ]
    for at, shape in enumerate(shapes):
        parent = (villages[at >= half], None, township)[at % 3]
        make_area(db, f"G{order[at]:03d}" if at % 2 else f"g{order[at]}", AreaKind.COMPREHENSIVE, shape, parent=parent)
    for at, shape in enumerate(shapes[::3]):
        make_area(db, f"s{at}", AreaKind.SPECIALISED, shapely.buffer(shape.representative_point(), 0.004))
    make_area(db, "S", AreaKind.SPECIALISED, shapes[1])


def _load_grids(db: Session, shapes: dict[str, BaseGeometry]) -> None:
    batch = AreaImport(file_name="test", kind=AreaKind.COMPREHENSIVE, loaded_by="test", detected={}, accepted={})
    db.add(batch)
    db.flush()
    ids = add_areas(db, AreaKind.COMPREHENSIVE, dict.fromkeys(shapes))
    versions = (
        NewVersion(ids[code], ALWAYS, code, shapely.multipolygons(shapely.get_parts(shape)), None, None, 1.0)
        for code, shape in shapes.items()
    )
    add_versions(db, versions, import_id=batch.id)


def _points_of_every_sort(shapes: Sequence[BaseGeometry], *, seed: int, least: int = 300) -> Points:
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(shapes)
    anywhere = rng.uniform((west - 0.002, south - 0.002), (east + 0.002, north + 0.002), (least, 2))
    vertices = shapely.get_coordinates(shapes)
    on_edges = _along_edges(shapes, rng.uniform(0, 1, 3))
    half_way = _along_edges(shapes, (0.5,))
    some = [each[rng.permutation(len(each))[:least]] for each in (vertices, on_edges, half_way)]
    hair = rng.choice([-1e-9, 1e-9], (len(some[1]), 2))
    return np.concatenate([anywhere, *some, some[1] + hair])


def _along_edges(shapes: Sequence[BaseGeometry], shares: Sequence[float]) -> Points:
    """Points on every edge, at the given shares of its length, as exactly as numbers allow."""
    rings = shapely.get_rings(shapely.get_parts(shapes))
    at, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = at[:-1][same], at[1:][same]
    return np.concatenate([start + share * (end - start) for share in shares])


def _beyond(rim: BaseGeometry, metres: float) -> Points:
    """Points due north, south, east and west of the rim's corners, so far away."""
    at = shapely.get_coordinates(rim)
    east = metres / M_PER_DEG / np.cos(np.radians(at[:, 1]))
    north = np.full(len(at), metres / M_PER_DEG)
    still = np.zeros(len(at))
    steps = ((east, still), (-east, still), (still, north), (still, -north))
    return np.concatenate([at + np.column_stack(step) for step in steps])
