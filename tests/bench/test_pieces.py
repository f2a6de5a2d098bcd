"""The benchmarks run, on tiny sizes, and refuse what would make their figures mean nothing. Nothing here is timed."""

import asyncio
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import geopandas
import pytest
from shapely.geometry import box

from bench import document, load, locate_file, measuring, plain_folium, spatial_join
from bench.county import County
from bench.intake import Figures
from bench.locate_file import OURS, THEIRS, Agreement, Cost, Differs
from bench.pages import Weight
from bench.serving import served

OURS_HEAD = "id,lon,lat,grid,on_border,snapped,status\n"
MOMENT = document.Moment(at=0, load=1)


def test_contenders_take_turns():
    turns: list[str] = []
    measuring.alternate({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, rounds=2)
    assert turns == ["a", "b", "a", "b"]


def test_a_process_is_charged_for_its_own_memory_and_not_for_its_callers():
    held = bytearray(300_000_000)
    small = measuring.run([sys.executable, "-S", "-c", "pass"])
    large = measuring.run([sys.executable, "-S", "-c", "bytearray(200_000_000)"])
    assert held and small.peak_mb < 100 < 190 < large.peak_mb < 290
    assert small.seconds > 0


def test_a_command_that_fails_gives_no_figures():
    with pytest.raises(measuring.RunFailed, match="status 3"):
        measuring.run([sys.executable, "-S", "-c", "raise SystemExit(3)"])


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    """What the join answers for a point in each of two grids, one on their border, one outside."""
    points, grids, out = tmp_path / "points.csv", tmp_path / "grids.gpkg", tmp_path / "joined.csv"
    points.write_text("id,lon,lat\n0,0.5,0.5\n1,1.5,0.5\n2,1,0.5\n3,9,9\n")
    outlines = {"code": ["02", "01"], "geometry": [box(0, 0, 1, 1), box(1, 0, 2, 1)]}
    geopandas.GeoDataFrame(outlines, crs="EPSG:4326").to_file(grids)
    spatial_join.join(str(points), str(grids), str(out))
    return out


def test_the_join_gives_each_point_one_grid(joined: Path):
    assert joined.read_text().splitlines()[1:] == ["0,0.5,0.5,02", "1,1.5,0.5,01", "2,1.0,0.5,01", "3,9.0,9.0,"]


def test_the_same_answers_agree(joined: Path, tmp_path: Path):
    ours = tmp_path / "ours.csv"
    ours.write_text(
        OURS_HEAD + "0,0,0,02,false,false,located\n1,0,0,01,false,false,located\n"
        "2,0,0,01,true,false,located\n3,0,0,01,false,true,snapped\n"
    )
    assert locate_file.compare(ours, joined) == Agreement(2, 1, 1, 1)


@pytest.mark.parametrize(
    "wrong",
    ["0,0,0,01,false,false,located", "0,0,0,,false,false,unlocated", "0,0,0,01,false,true,snapped"],
)
def test_another_answer_away_from_borders_ends_the_run(joined: Path, tmp_path: Path, wrong: str):
    ours = tmp_path / "ours.csv"
    rest = "1,0,0,01,false,false,located\n2,0,0,01,true,false,located\n3,0,0,,false,false,unlocated\n"
    ours.write_text(f"{OURS_HEAD}{wrong}\n{rest}")
    with pytest.raises(Differs, match="1 rows differ"):
        locate_file.compare(ours, joined)


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own: Playwright's browser keeps this one's event loop busy."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def test_callers_are_answered_by_the_door_without_a_database(tmp_path: Path):
    body = '{"channel": "hotline", "text": "井盖坏了", "lon": 119.5, "lat": 33.2}'
    requests = [load.request_of(body, "nobody's")]
    with served("bench.no_database:app", workers=1, **County(tmp_path).environment) as server:
        assert len(server.workers()) == 1
        measured = apart(load.call(server.port, requests * 2, callers=2, seconds=0.1))
        with pytest.raises(SystemExit, match="422"):
            apart(load.call(server.port, [load.request_of("{}", "nobody's")], callers=1, seconds=0.1))
    assert measured["waits_s"] and measured["seconds"] >= 0.1


def test_plain_folium_asks_for_nothing_but_the_files_it_is_given():
    page = plain_folium.render([("01", box(119, 33, 120, 34))], [(119.5, 33.5)])
    assert "33.5" in page and "://" not in page.replace("http://www.w3.org", "")
    assert all(f'"/{name}"' in page for name in plain_folium.FILES if name.endswith((".js", ".css")))


def test_the_document_shows_ratios_before_figures():
    cost = {OURS: Cost(1, 100), THEIRS: Cost(2, 100)}
    both = {"service": Figures(50, 2, 4), "no database": Figures(100, 1, 2)}
    sections = [
        document.loading({"schema": 2.0, "county": 40.0}, MOMENT),
        document.locating(1000, Agreement(990, 0, 0, 10), cost, MOMENT),
        document.intake({"1": both, "16": both}, MOMENT),
        document.pages({"/map": Weight(500, 100, 9), "plain Folium": Weight(1000, 1000, 6, 3.0)}, MOMENT),
    ]
    told = "\n".join(sections)
    assert "| **all** | **42 s** |" in told
    assert "| `flask locate-file` | 0.50 | 1.00 | 1.0 s | 100 MB |" in told
    assert "| 16 | service | 0.50 | 2.0 | 50 /s | 2.0 ms | 4.0 ms |" in told
    assert "| /map | 0.50 | 0.100 | 0.50 s | 100 kB | 9 |" in told
