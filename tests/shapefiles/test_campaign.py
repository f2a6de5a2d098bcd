"""A redraw of the demonstration county: what it changes, and that each fault is where its truth says."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import shape as from_geojson

from database.settings import ROOT
from importers.layers import Layer, read_layer
from shapefiles.campaign import Campaign, CampaignFiles, found_campaign, write_campaign
from shapefiles.county import County, Grid, found_county
from shapefiles.generate import SEED
from shapefiles.layers import in_degrees, outlines
from shapefiles.redrawn_borders import between, bulged, cut_in_two, find_borders, rerouted, stretch_of
from tests.shapefiles.conftest import Layers


@pytest.fixture(scope="module")
def county() -> County:
    return found_county(SEED)


@pytest.fixture(scope="module")
def campaign(county: County) -> Campaign:
    return found_campaign(county, SEED)


@pytest.fixture(scope="module")
def sent(campaign: Campaign, tmp_path_factory: pytest.TempPathFactory) -> CampaignFiles:
    return write_campaign(tmp_path_factory.mktemp("campaign"), campaign)


@pytest.fixture(scope="module")
def truth(sent: CampaignFiles) -> dict[str, Any]:
    return json.loads(sent.truth.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def read(sent: CampaignFiles, county: County) -> Layer:
    west, south, east, north = shapely.total_bounds(in_degrees(outlines([county.county])))
    return read_layer(sent.grids, county_box=(west - 0.02, south - 0.02, east + 0.02, north + 0.02))


def of_village(grids: Sequence[Grid], village: str) -> np.ndarray:
    return np.array([grid.outline for grid in grids if grid.parent == village], dtype=object)


def sides(shape: shapely.Polygon) -> set[frozenset[tuple[float, float]]]:
    corners = [tuple(corner) for corner in shape.exterior.coords]
    return {frozenset(side) for side in pairwise(corners)}


def test_three_grids_in_ten_change_and_each_in_one_way(campaign: Campaign):
    touched = Counter(code for change in campaign.changes for code in change.before)
    assert set(touched.values()) == {1}
    assert 0.28 < len(touched) / len(campaign.county.grids) < 0.32
    assert Counter(change.kind for change in campaign.changes) == {
        "split": 60, "merged": 45, "moved": 40, "recoded": 2, "renamed": 14, "counted": 16,
    }  # fmt: skip


def test_changes_are_what_they_are_called(campaign: Campaign):
    before = {grid.code: grid for grid in campaign.county.grids}
    after = {grid.code: grid for grid in campaign.clean}
    for change in campaign.changes:
        old, new = [before[code] for code in change.before], [after[code] for code in change.after]
        assert len({grid.parent for grid in (*old, *new)}) == 1
        together = shapely.coverage_union_all([grid.outline for grid in old])
        assert shapely.equals(together, shapely.coverage_union_all([grid.outline for grid in new]))
        same_count = sum(grid.households for grid in old) == sum(grid.households for grid in new)
        assert same_count != (change.kind == "counted")
        if change.kind == "split":
            assert new[0].code == old[0].code
            assert new[0].outline.area > new[1].outline.area > 0.25 * old[0].outline.area
            assert new[1].code not in before
        elif change.kind == "merged":
            assert new[0].code == min(change.before)
        elif change.kind == "moved":
            assert change.before == change.after
            assert all(one.outline != other.outline for one, other in zip(old, new, strict=True))
        else:
            assert old[0].outline == new[0].outline
            assert (change.kind == "recoded") == (new[0].code not in before)
            assert (change.kind != "counted") == (old[0].name != new[0].name)


def test_new_codes_were_never_used_and_count_on_in_their_village(campaign: Campaign):
    ever = {grid.code for grid in campaign.county.grids}
    fresh = {grid.code for grid in campaign.clean} - ever
    assert len(fresh) == 62
    for code in fresh:
        assert f"{int(code) - 1}" in ever | fresh
    assert len({grid.name for grid in campaign.clean}) == len(campaign.clean)


def test_without_faults_grids_fill_every_village_exactly(campaign: Campaign):
    """Vertex for vertex: each side is another grid's too, or the village's own; brute force finds no shared ground."""
    for village in campaign.county.villages:
        own = of_village(campaign.clean, village.code)
        assert shapely.is_valid(own).all()
        assert shapely.equals(shapely.union_all(own), village.outline)
        assert float(shapely.area(own).sum()) == pytest.approx(village.outline.area, abs=1e-3)
        pairs = [(one, other) for at, one in enumerate(own) for other in own[:at]]
        assert not any(shapely.relate_pattern(one, other, "T********") for one, other in pairs)
        counted = Counter(side for shape in own for side in sides(shape))
        assert {side for side, count in counted.items() if count == 1} == sides(village.outline)
    assert shapely.coverage_is_valid(outlines(campaign.clean))
    assert shapely.coverage_is_valid(in_degrees(outlines(campaign.clean)))


def test_the_faults_are_as_many_as_promised_and_apart(campaign: Campaign, truth: dict[str, Any]):
    assert Counter(fault["kind"] for fault in truth["faults"]) == {
        "gap": 10, "overlap": 10, "duplicate-code": 3, "sliver": 2, "wrong-village": 1,
    }  # fmt: skip
    for kind in ("gap", "overlap"):
        sizes = sorted(fault["size_m2"] for fault in truth["faults"] if fault["kind"] == kind)
        assert (sizes[0], sizes[-1]) == (pytest.approx(20, rel=0.01), pytest.approx(20_000, rel=0.01))
    assert Counter(fault.form for fault in campaign.faults if fault.kind == "gap") == {
        "enclosed": 6, "village-border": 4,
    }  # fmt: skip
    shapes = [fault.shape for fault in campaign.faults]
    assert min(one.distance(other) for at, one in enumerate(shapes) for other in shapes[:at]) >= 150
    villages = [campaign.clean[fault.rows[0] - 1].parent for fault in campaign.faults]
    assert len(set(villages)) == len(villages)


def test_gaps_and_overlaps_are_in_the_file_where_the_truth_says_and_nowhere_else(
    campaign: Campaign, sent: CampaignFiles, truth: dict[str, Any]
):
    """Brute force: each village less all its grids, and every two grids of the county."""
    frame = pyogrio.read_dataframe(sent.grids, encoding="GBK")
    shapes, codes = frame.geometry.to_numpy(), frame["网格编码"].tolist()
    assert shapely.is_valid(shapes).all()
    uncovered = shapely.difference(campaign.county.county.outline, shapely.union_all(shapes))
    gaps = [part for part in shapely.get_parts(uncovered) if part.area > 1e-3]
    one, other = shapely.STRtree(shapes).query(shapes)
    shared = {(i, j): shapely.intersection(shapes[i], shapes[j]) for i, j in zip(one, other, strict=True) if i < j}
    overlaps = {pair: shape for pair, shape in shared.items() if shape.area > 1e-3}
    told_gaps = [fault for fault in truth["faults"] if "gap" in (fault["kind"], fault["form"])]
    told_overlaps = [fault for fault in truth["faults"] if "overlap" in (fault["kind"], fault["form"])]
    assert len(gaps) == len(told_gaps) == 11
    for fault in told_gaps:
        shape = from_geojson(fault["geometry_m"])
        assert sum(shapely.symmetric_difference(gap, shape).area < 1e-3 for gap in gaps) == 1
        assert shape.area == pytest.approx(fault["size_m2"], abs=1e-3)
        around = {campaign.spoilt[at].code for at, ground in enumerate(shapes) if touches_along(ground, shape)}
        parents = {campaign.clean[row - 1].parent for row in fault["rows"]}
        assert {code for code in around if code[:12] in parents} == set(fault["codes"])
        assert (fault["form"] == "village-border") == (len(fault["codes"]) == 1)
    assert len(overlaps) == len(told_overlaps) == 11
    for fault in told_overlaps:
        pair = tuple(sorted(row - 1 for row in fault["rows"]))
        shape = from_geojson(fault["geometry_m"])
        assert {codes[row] for row in pair} == set(fault["codes"])
        assert shapely.symmetric_difference(overlaps[pair], shape).area < 1e-3
        assert shape.area == pytest.approx(fault["size_m2"], abs=1e-3)


def touches_along(ground: shapely.Polygon, shape: shapely.Polygon) -> bool:
    return ground.distance(shape) == 0 and ground.intersection(shape.boundary).length > 0.01


def test_slivers_are_long_and_nowhere_a_metre_wide(campaign: Campaign):
    slivers = [fault for fault in campaign.faults if fault.kind == "sliver"]
    assert {fault.form for fault in slivers} == {"gap", "overlap"}
    for fault in slivers:
        assert fault.shape.buffer(-0.5).is_empty
        assert fault.size_m2 > 1
        assert fault.shape.minimum_rotated_rectangle.length / 2 > 20


def test_duplicate_codes_are_the_ones_remembered(sent: CampaignFiles, truth: dict[str, Any], campaign: Campaign):
    frame = pyogrio.read_dataframe(sent.grids, encoding="GBK")
    repeated = frame[frame["网格编码"].duplicated(keep=False)]
    told = [fault for fault in truth["faults"] if fault["kind"] == "duplicate-code"]
    assert {(code, row + 1) for row, code in repeated["网格编码"].items()} == {
        (fault["codes"][0], row) for fault in told for row in fault["rows"]
    }
    for fault in told:
        wrong = fault["rows"][0] - 1
        assert campaign.clean[wrong].code == fault["codes"][1] != fault["codes"][0]
        assert shapely.equals(frame.geometry[wrong], from_geojson(fault["geometry_m"]))
    kept = {change.after[1]: change.before[0] for change in campaign.changes if change.kind == "split"}
    assert kept[told[0]["codes"][1]] == told[0]["codes"][0], "the new part of a split kept the old code"


def test_one_grid_names_a_village_that_it_does_not_lie_in(campaign: Campaign):
    villages = {village.code: village.outline for village in campaign.county.villages}
    strays = [
        (row, grid) for row, grid in enumerate(campaign.spoilt, 1)
        if shapely.intersection(villages[grid.parent], grid.outline).area < 0.5 * grid.outline.area
    ]  # fmt: skip
    (fault,) = [fault for fault in campaign.faults if fault.kind == "wrong-village"]
    assert [(row, grid.code) for row, grid in strays] == [(fault.rows[0], fault.codes[0])]
    assert strays[0][1].code.startswith(strays[0][1].parent)
    assert fault.codes[0] not in {grid.code for grid in (*campaign.clean, *campaign.county.grids)}
    assert villages[campaign.clean[fault.rows[0] - 1].parent].covers(fault.shape)


def test_whatever_is_neither_changed_nor_spoilt_is_as_in_the_countys_own_file(
    layers: Layers, sent: CampaignFiles, campaign: Campaign
):
    frame = pyogrio.read_dataframe(sent.grids, encoding="GBK")
    changed = {code for change in campaign.changes for code in (*change.before, *change.after)}
    spoilt = {fault.rows[0] - 1 for fault in campaign.faults}
    assert {campaign.clean[row].code for row in spoilt} <= changed
    ours = {row["网格编码"]: row for _, row in frame.iterrows() if row["网格编码"] not in changed}
    theirs = {row["网格编码"]: row for _, row in layers.grids.iterrows() if row["网格编码"] not in changed}
    by_fault = {fault.codes[0] for fault in campaign.faults if fault.kind == "wrong-village"}
    assert set(ours) - by_fault == set(theirs)
    assert len(theirs) == 612
    for code, row in theirs.items():
        assert ours[code].geometry.wkb == row.geometry.wkb
        assert ours[code].drop("geometry").to_dict() == row.drop("geometry").to_dict()


def test_the_file_says_neither_encoding_nor_coordinates_and_both_are_worked_out(sent: CampaignFiles, read: Layer):
    with zipfile.ZipFile(sent.grids) as archive:
        assert {Path(name).suffix for name in archive.namelist()} == {".shp", ".shx", ".dbf"}
    assert read.detected.encoding == "GB18030"
    assert read.detected.crs == "EPSG:4549"
    assert [problem.code for problem in read.problems] == ["crs-guessed"]
    assert list(sent.columns.values()) == list(read.columns)


def test_faults_lie_in_degrees_where_the_importer_puts_them(read: Layer, truth: dict[str, Any]):
    for fault in truth["faults"]:
        if fault["kind"] == "overlap":
            one, other = (read.outlines[row - 1] for row in fault["rows"])
            shared = shapely.intersection(one, other)
            shape = from_geojson(fault["geometry"])
            assert shapely.symmetric_difference(shared, shape).area < 1e-4 * shape.area


def test_a_campaign_can_be_written_without_its_faults(campaign: Campaign, tmp_path: Path):
    files = write_campaign(tmp_path, campaign, faults=False)
    frame = pyogrio.read_dataframe(files.grids, encoding="GBK")
    assert [*frame["网格编码"]] == [grid.code for grid in campaign.clean]
    assert shapely.equals(frame.geometry.to_numpy(), outlines(campaign.clean)).all()
    told = json.loads(files.truth.read_text(encoding="utf-8"))
    assert told["faults"] == []
    assert len(told["changes"]) == len(campaign.changes)


def test_the_same_seed_gives_the_same_campaign(sent: CampaignFiles, tmp_path: Path):
    """In another process with other hashes of strings: no order may come from a set."""
    command = [sys.executable, "-m", "shapefiles.campaign", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "7"}, check=True, capture_output=True)
    for path in (sent.grids, sent.truth):
        again = tmp_path / path.name
        assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_another_seed_gives_another_campaign(campaign: Campaign):
    other = found_campaign(campaign.county, 7)
    assert other.changes != campaign.changes
    assert len(other.faults) == len(campaign.faults)
    assert shapely.coverage_is_valid(outlines(other.clean))


def test_a_border_is_found_from_both_sides_and_the_outside_too():
    west, east = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    found = {(border.left, border.right): border.line.tolist() for border in find_borders([west, east])}
    assert set(found) == {(0, 1), (1, 0), (0, -1), (1, -1)}
    assert found[0, 1] == [[1, 0], [1, 1]]
    assert found[1, 0] == [[1, 1], [1, 0]]
    assert len(found[0, -1]) == 4


def test_a_bulge_has_the_size_asked_for_on_the_side_asked_for():
    south = np.column_stack([np.arange(0.0, 101.0, 10.0), np.zeros(11)])
    block = shapely.Polygon([*south, (100, 100), (0, 100)])
    stretch = stretch_of(south, 40, np.random.default_rng(1))
    assert stretch is not None
    inward = bulged(stretch, 300)
    assert between(stretch, inward).area == pytest.approx(300, abs=0.1)
    assert rerouted(block, stretch, inward).area == pytest.approx(block.area - 300, abs=0.1)
    assert rerouted(block, stretch, bulged(stretch, -300)).area == pytest.approx(block.area + 300, abs=0.1)
    with pytest.raises(ValueError, match="no part"):
        rerouted(block, stretch[::-1], inward)


def test_a_short_border_has_no_stretch_off_its_ends():
    assert stretch_of(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]), 1, np.random.default_rng(1)) is None


def test_a_grid_is_cut_from_vertex_to_vertex():
    whole = shapely.Point(0, 0).buffer(100)
    parts = cut_in_two(whole, np.random.default_rng(3))
    assert parts is not None
    assert parts[0].area >= parts[1].area >= 0.3 * whole.area
    assert sides(whole) <= sides(parts[0]) | sides(parts[1])
    assert shapely.equals(shapely.union_all(parts), whole)
