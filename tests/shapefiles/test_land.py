"""The land of the demonstration county, as its files have it."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import STRtree

from database.settings import ROOT
from shapefiles.borders import find_touching
from shapefiles.chance import share
from shapefiles.faults import composed_counts
from shapefiles.generate import Files, generate
from shapefiles.overlays import DOMAINS
from tests.shapefiles.conftest import Layers, read_gb18030

Edge = tuple[tuple[float, float], tuple[float, float]]


def directed_edges(shapes: np.ndarray) -> Counter[Edge]:
    """Every side of every outline, in the direction in which the outline runs."""
    edges: Counter[Edge] = Counter()
    for shape in shapely.orient_polygons(shapes):
        for ring in (shape.exterior, *shape.interiors):
            corners = [tuple(corner) for corner in ring.coords]
            edges.update(pairwise(corners))
    return edges


def outer_edges(shapes: np.ndarray) -> set[Edge]:
    """The sides that have no neighbour's side running the other way, number for number."""
    edges = directed_edges(shapes)
    return {(start, end) for start, end in edges if (end, start) not in edges}


def test_every_kind_of_area_has_its_number(layers: Layers) -> None:
    counts = [
        len(layer) for layer in (layers.county, layers.townships, layers.villages, layers.grids, layers.specialised)
    ]
    assert counts == [1, 14, 250, 874, 53]


def test_the_county_lies_where_its_meridian_is_120_degrees_east(layers: Layers) -> None:
    west, south, east, north = layers.county.total_bounds
    assert 119.3 < west < east < 119.9
    assert 33.0 < south < north < 33.5


def test_codes_are_6_3_3_3_and_begin_with_their_parents(layers: Layers) -> None:
    assert set(layers.county["县区编码"]) == {"329901"}
    for layer, code, parent, digits in (
        (layers.townships, "镇街编码", "县区编码", 9),
        (layers.villages, "村社区编码", "镇街编码", 12),
        (layers.grids, "网格编码", "村社区编码", 15),
    ):
        assert layer[code].is_unique
        assert layer[code].str.fullmatch(rf"\d{{{digits}}}").all()
        assert (layer[code].str[:-3] == layer[parent]).all()
    assert set(layers.villages["镇街编码"]) == set(layers.townships["镇街编码"])
    assert set(layers.grids["村社区编码"]) == set(layers.villages["村社区编码"])


def test_no_name_is_given_twice_and_each_says_what_it_names(layers: Layers) -> None:
    for layer, name, ending in (
        (layers.townships, "镇街名称", "镇|街道"),
        (layers.villages, "村社区名称", "村|社区"),
        (layers.grids, "网格名称", "网格"),
        (layers.specialised, "网格名称", ""),
    ):
        assert layer[name].is_unique
        assert layer[name].str.contains(f"(?:{ending})$").all()


def test_no_grid_overlaps_another(layers: Layers) -> None:
    shapes = layers.grids.geometry.to_numpy()
    one, two = STRtree(shapes).query(shapes, predicate="intersects")
    one, two = one[one < two], two[one < two]
    assert len(one) > 2_000  # neighbours do touch
    assert shapely.area(shapely.intersection(shapes[one], shapes[two])).max() == 0.0


def test_there_is_no_gap_between_grids(layers: Layers) -> None:
    shapes = layers.grids.geometry.to_numpy()
    union = shapely.union_all(shapes)
    assert union.geom_type == "Polygon"
    assert len(union.interiors) == 0
    assert union.area == pytest.approx(shapely.area(shapes).sum(), rel=1e-12)


@pytest.mark.parametrize("unit", ["metres", "degrees"])
def test_neighbours_share_every_vertex_to_the_last_bit(layers: Layers, unit: str) -> None:
    shapes = layers.grids.geometry.to_numpy() if unit == "metres" else layers.grids_in_degrees
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert max(directed_edges(shapes).values()) == 1
    outside = dict(outer_edges(shapes))
    start = corner = next(iter(outside))
    steps = 0
    while steps == 0 or corner != start:
        corner, steps = outside[corner], steps + 1
    assert steps == len(outside) > 5_000, "the sides without a neighbour are one ring: the county's border"


def test_grids_fill_their_village_villages_their_township_and_townships_the_county(layers: Layers) -> None:
    degrees = layers.grids_in_degrees
    for code, village in zip(layers.villages["村社区编码"], layers.villages.geometry, strict=True):
        own = degrees[(layers.grids["村社区编码"] == code).to_numpy()]
        assert outer_edges(own) == set(directed_edges(np.array([village])))
    villages = layers.villages.geometry.to_numpy()
    for code, township in zip(layers.townships["镇街编码"], layers.townships.geometry, strict=True):
        own = villages[(layers.villages["镇街编码"] == code).to_numpy()]
        assert outer_edges(own) == set(directed_edges(np.array([township])))
    united = shapely.coverage_union_all(layers.townships.geometry.to_numpy())
    assert shapely.hausdorff_distance(united, layers.county.geometry.iloc[0]) < 1e-8  # the county's file has 9 decimals


def test_borders_look_natural(layers: Layers) -> None:
    shapes = layers.grids.geometry.to_numpy()
    vertices = shapely.get_num_coordinates(shapes) - 1
    assert vertices.min() >= 100
    assert 200 <= np.median(vertices) <= 700
    round_ones = 4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2  # 1: a circle, 0.79: a square
    assert np.median(round_ones) < 0.7
    straight = shapely.get_num_coordinates(shapely.simplify(shapes, 1.0)) - 1
    assert np.median(straight) > 40, "a border within a metre of it needs many corners"


def test_grids_are_small_in_town_and_large_in_the_country(layers: Layers) -> None:
    hectares = shapely.area(layers.grids.geometry.to_numpy()) / 1e4
    in_town = layers.grids["网格名称"].str.contains("社区").to_numpy()
    assert np.median(hectares[~in_town]) > 5 * np.median(hectares[in_town])
    assert hectares.max() > 100 * hectares.min()


def test_households_lie_between_150_and_900_and_mostly_between_300_and_500(layers: Layers) -> None:
    households = layers.grids["户数"]
    assert households.between(150, 900).all()
    assert households.between(300, 500).mean() > 0.7
    assert (households < 300).any()
    assert (households > 500).any()


def test_the_shapefile_is_gbk_and_nothing_in_it_says_so(files: Files) -> None:
    path = next(area.path for area in files.areas if area.kind == "comprehensive")
    with zipfile.ZipFile(path) as archive:
        parts = {Path(name).suffix: archive.read(name) for name in archive.namelist()}
    assert set(parts) == {".shp", ".shx", ".dbf", ".prj"}
    table = parts[".dbf"]
    assert table[29] == 0, "the language byte tells nothing"
    headings = [table[at : at + 11].rstrip(b"\0").decode("gbk") for at in range(32, 32 + 4 * 32, 32)]
    assert headings == ["网格编码", "网格名称", "村社区编码", "户数"]
    assert "社区第一网格".encode("gbk") in table
    with pytest.raises(UnicodeDecodeError):
        table[32:].decode("utf-8")
    assert b"CGCS2000_3_Degree_GK_CM_120E" in parts[".prj"]


def test_area_files_say_which_column_is_which(files: Files, layers: Layers) -> None:
    assert [area.kind for area in files.areas[:5]] == ["county", "township", "village", "comprehensive", "specialised"]
    read = (layers.county, layers.townships, layers.villages, layers.grids, layers.specialised)
    for area, layer in zip(files.areas[:5], read, strict=True):
        assert set(area.columns.values()) == set(layer.columns) - {"geometry", "domain"}
    assert layers.townships.crs == "EPSG:4490"
    assert layers.villages.crs == layers.specialised.crs == layers.county.crs == "EPSG:4326"
    assert layers.grids.crs == "EPSG:4549"


def test_specialised_grids_lie_in_their_parent_and_across_the_tiles(layers: Layers) -> None:
    assert Counter(layers.specialised["domain"]) == dict(zip(DOMAINS, (14, 7, 10, 7, 10, 5), strict=True))
    parents = {**dict(zip(layers.townships["镇街编码"], layers.townships.geometry, strict=True)),
               **dict(zip(layers.villages["村社区编码"], layers.villages.geometry, strict=True))}  # fmt: skip
    shapes = layers.specialised.geometry.to_numpy()
    for code, parent, shape in zip(layers.specialised["网格编码"], layers.specialised["上级编码"], shapes, strict=True):
        assert parents[parent].contains(shape)
        assert code == f"{parent:0<12}{code[12:]}"
    tiles = np.bincount(STRtree(layers.grids_in_degrees).query(shapes, predicate="intersects")[0])
    assert (tiles > 1).sum() >= 20
    assert (tiles == 1).sum() >= 5
    one, two = STRtree(shapes).query(shapes, predicate="intersects")
    assert (one < two).sum() == 3


def test_the_same_seed_gives_the_same_bytes(files: Files, tmp_path: Path) -> None:
    """In another process with other hashes of strings: no order may come from a set. The address list adds a file."""
    command = [sys.executable, "-m", "shapefiles.generate", str(tmp_path), "--truth", "--addresses", "5000"]
    said = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "7"}, check=True, capture_output=True)
    first = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.staff.parent.iterdir()}
    second = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    assert len(first) == 20
    assert set(said.stdout.decode().replace(":", "").split()) >= set(second)
    assert second.pop("addresses.csv")
    assert first == second


def test_another_seed_gives_another_county_as_sound(files: Files, layers: Layers, tmp_path: Path) -> None:
    now = datetime.fromisoformat("2026-03-05T09:30")
    other = generate(tmp_path, seed=7, until=now)
    grids = pyogrio.read_dataframe(
        next(area.path for area in other.areas if area.kind == "comprehensive"), encoding="GBK"
    )
    shapes = grids.geometry.to_numpy()
    assert len(shapes) == 874
    assert not shapely.equals(shapely.union_all(shapes), shapely.union_all(layers.grids.geometry.to_numpy()))
    assert shapely.coverage_is_valid(shapes)
    assert shapely.get_num_coordinates(shapes).min() > 100
    assert shapely.get_num_interior_rings(shapes).sum() == 0
    hotline = read_gb18030(other.reports[0].path)
    malformed = {"2026-02-30 09:15:00", "2026-13-07 10:20:00"}
    moments = [row["上报时间"] for row in hotline if row["上报时间"].startswith("202")]
    assert max(set(moments) - malformed) <= "2026-03-05 09:30:00"
    assert max(row["办结时间"] for row in hotline) <= "2026-03-05 09:30:00"
    assert sum(moment.startswith("2026-03-05") for moment in moments) == share(60, composed_counts())[0], "its share"


def test_lines_that_cross_or_touch_are_found_and_lines_that_meet_at_ends_are_not() -> None:
    along, across = np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[1.0, -1.0], [1.0, 1.0]])
    onward, touching = np.array([[2.0, 0.0], [3.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 5.0]])
    loop = np.array([[9.0, 9.0], [11.0, 11.0], [11.0, 9.0], [9.0, 11.0]])
    assert find_touching([along, onward]) == []
    assert find_touching([along, across, onward]) == [0, 1]
    assert find_touching([along, touching]) == [0, 1]
    assert find_touching([along, loop]) == [1]


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=30), st.integers(0, 3), st.integers(0, 500))
def test_shares_add_up_and_keep_the_least(weights: list[float], least: int, spare: int) -> None:
    total = least * len(weights) + spare
    parts = share(total, weights, least=least)
    assert sum(parts) == total
    assert min(parts) >= least
    exact = [weight * spare / sum(weights) for weight in weights]
    assert all(abs(part - least - wish) < 1 + 1e-9 for part, wish in zip(parts, exact, strict=True))
