"""What the locator is measured on and held against is right itself. Nothing here is timed."""

import time
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import box

from bench import brute_force, document, locate, peers, tessellations
from bench.brute_force import Proof
from bench.cells_alone import cells_alone
from bench.ground import Ground, kept_at, on_borders, read_back
from bench.locate import (
    CELLS,
    DRAWN,
    DRAWN_AND_ASKED,
    ONE,
    ONE_WHOLE,
    OURS,
    PREPARED,
    SELECT_1,
    Figure,
    Found,
    Measured,
    One,
)
from bench.locate_aims import Aim
from bench.locate_file import Differs
from bench.measuring import Run
from bench.peers import SJOIN, SJOIN_PREPARED
from bench.tessellations import NotACoverage, Size
from geo.raster.raster import Raster

SMALL = Size(60, 40)
PAIR = np.array([box(0, 0, 1, 1), box(1, 0, 2, 1)])


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Sixty wriggling grids and a thousand points, half of them on borders."""
    grids = tessellations.load(SMALL, tmp_path)
    west, south, east, north = shapely.total_bounds(grids)
    anywhere = np.random.default_rng(3).uniform((west, south), (east, north), size=(500, 2)).T
    lon, lat = np.concatenate([anywhere, on_borders(grids, 500)], axis=1)
    return Ground("small", grids, lon.copy(), lat.copy())


def test_generated_grids_tile_their_ground(tmp_path: Path):
    grids = tessellations.load(SMALL, tmp_path)
    assert len(grids) == 60 and shapely.is_valid(grids).all() and shapely.coverage_is_valid(grids)
    whole = shapely.coverage_union_all(grids)
    assert whole.geom_type == "Polygon" and not whole.interiors
    assert whole.area == pytest.approx(shapely.area(grids).sum(), rel=1e-12)


def test_generated_grids_have_about_the_vertices_asked_for(tmp_path: Path):
    vertices = shapely.get_num_coordinates(tessellations.load(Size(200, 90), tmp_path)) - 1
    assert 80 <= np.median(vertices) <= 100


def test_generated_grids_are_the_same_each_time_drawn_or_kept(tmp_path: Path):
    drawn = tessellations.load(SMALL, tmp_path / "one")
    assert (drawn == tessellations.load(SMALL, tmp_path / "one")).all()
    assert (drawn == tessellations.load(SMALL, tmp_path / "two")).all()
    assert not (drawn == tessellations.load(SMALL, tmp_path / "two", seed=2)).any()


def test_grids_that_overlap_are_refused():
    with pytest.raises(NotACoverage):
        tessellations.check(np.array([box(0, 0, 1.1, 1), box(1, 0, 2, 1)]))


def test_points_for_borders_lie_on_them_and_a_hair_beside(ground: Ground):
    lon, lat = on_borders(ground.outlines, 1000)
    metres = shapely.distance(shapely.points(lon, lat), shapely.union_all(shapely.boundary(ground.outlines))) * 111_195
    vertices, on_edges, beside = metres[:125], metres[125:375], metres[750:]
    assert len(lon) == 1000 and (vertices == 0).all() and (on_edges < 1e-6).all()
    assert (beside < 1e-6).all() and (beside > 0).sum() > 100


def test_brute_force_gives_a_border_to_the_smaller_position():
    first, shared = brute_force.covering(PAIR, np.array([1.0, 0.5, 1.5, 9.0]), np.array([0.5, 0.5, 1.0, 9.0]))
    assert first.tolist() == [0, 0, 1, -1] and shared == 1


def test_one_wrong_answer_ends_the_measuring(ground: Ground):
    raster = Raster.draw(ground.outlines)
    proof, known = brute_force.prove(ground, lambda lon, lat: raster.look_up(lon, lat)[0])
    assert proof.anywhere == proof.on_borders == len(known) == 1000 and proof.shared > 150

    def careless(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        answered = raster.look_up(lon, lat)[0]
        answered[17] += 1
        return answered

    with pytest.raises(Differs, match="1 of 1000 points anywhere differ"):
        brute_force.prove(ground, careless)


def test_peers_answer_what_brute_force_does(ground: Ground):
    known, _ = brute_force.covering(ground.outlines, ground.lon, ground.lat)
    assert (peers.geopandas_sjoin(ground).first() == known).all()
    assert (peers.geopandas_sjoin(ground, prepared=True).first() == known).all()
    assert (peers.shapely_tree(ground).first() == known).all()
    looped = peers.rtree_loop(ground).first()
    assert (looped[:: peers.SAMPLE] == known[:: peers.SAMPLE]).all()
    assert (looped != peers.NOT_ASKED).sum() == len(known) / peers.SAMPLE
    assert shapely.is_prepared(ground.prepared).all()
    assert not shapely.is_prepared(ground.outlines).any(), "the plain join would have the work of others done for it"


def test_the_cells_alone_are_right_wherever_they_name_a_grid(ground: Ground):
    known, _ = brute_force.covering(ground.outlines, ground.lon, ground.lat)
    codes = cells_alone(Raster.draw(ground.outlines), ground.lon, ground.lat)
    assert (codes >= 0).any() and (codes[codes >= 0] == known[codes >= 0]).all()


def test_a_ground_is_read_back_as_it_was_kept(ground: Ground, tmp_path: Path):
    for outlines in (ground.outlines, np.array([shapely.multipolygons([PAIR[0], box(5, 5, 6, 6)]), PAIR[1]])):
        back = read_back(kept_at(Ground("kept", outlines, ground.lon, ground.lat), tmp_path))
        assert shapely.equals(back.outlines, outlines).all() and (back.lon == ground.lon).all()


def test_who_has_spent_its_time_misses_later_rounds():
    turns = locate.take_turns({"slow": lambda: time.sleep(0.3), "quick": lambda: None}, rounds=3, spent_s=0.1)
    assert {name: len(seconds) for name, seconds in turns.items()} == {"slow": 1, "quick": 3}


def test_aims_are_judged_by_the_figures():
    assert Aim("", "", 40, 60, at_least=True).verdict == "met, 50 % better"
    assert Aim("", "", 40, 30, at_least=True).verdict == "**missed by 25 %**"
    assert Aim("", "", 0.5, 0.4).verdict == "met, 20 % better"
    assert Aim("", "", 2, 3).verdict == "**missed by 50 %**"


def test_the_document_judges_each_aim_and_names_peers_that_answer_otherwise():
    seconds = {OURS: 0.02, CELLS: 0.01, DRAWN: 0.2, DRAWN_AND_ASKED: 0.3, SJOIN: 1.0, SJOIN_PREPARED: 0.9}
    figures = {name: Figure(each, 5, None if name != SJOIN else 7) for name, each in seconds.items()}
    found = Found("county", 874, 600_000, 1000, Proof(1000, 1000, 9), figures, 20.0, Run(1, 300), Run(2, 200))
    one = {ONE: One(1, 5), ONE_WHOLE: One(4, 9), PREPARED: One(30, 90), SELECT_1: One(20, 50)}
    told = document.locator(Measured({"county": found}, one), document.Moment(at=0, load=1))
    assert "| sjoin, prepared before ÷ ours | county | ≥ 40 | 45 | met, 12 % better |" in told
    assert "| one point: ours ÷ PostGIS prepared, p50 | county | ≤ 0.05 | 0.0333 | met, 33 % better |" in told
    assert f"Others answer otherwise: {SJOIN} for 7 (county)." in told
    assert f"| {SJOIN} | 50.00 |" in told and f"| {SJOIN} | 1 s (5) |" in told
    assert "| drawing the index and placing ÷ sjoin | county | ≤ 0.5 | 0.3 | met, 40 % better |" in told
    assert "| county | 600,000 | 0.20 | 0.30 | 0.20 s | 20 MB | 300 MB | 200 MB |" in told
