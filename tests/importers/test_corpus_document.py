"""docs/shapefile-corpus.md says of every file of the corpus what a fresh run says; and what loads, loads rightly."""

import os
import time
from functools import cache
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from bench import shapefile_corpus
from bench.corpus_reading import CRASHED, HUNG, LOADED, REFUSED, Reading, attempted, described, read_apart
from bench.shapefile_corpus import HEADS, diagnosed, failed, files, line
from importers.archives import unpacked_layer
from importers.errors import ReadError
from importers.layers import Layer, read_layer
from tests.conftest import SHARED_DATA

FILES = files() if SHARED_DATA.is_dir() else []
COUNTY_BOX = (119.3, 32.9, 119.9, 33.5)


def written() -> dict[str, list[str]]:
    """The document's table: file → its cells."""
    text = shapefile_corpus.PATH.read_text(encoding="utf-8")
    rows = [row.removeprefix("| ").removesuffix(" |").split(" | ") for row in text.splitlines() if row[:2] == "| "]
    heads, _, *lines = rows
    assert heads == HEADS
    return {cells[0].replace("\\_", "_"): cells for cells in lines}


@cache
def found(path: Path) -> Layer | ReadError:
    return attempted(path)


def sleep(path: Path) -> Reading:
    time.sleep(30)
    return Reading(LOADED, ())


def abort(path: Path) -> Reading:
    os.abort()


def devour(path: Path) -> Reading:
    bytearray(400 * 1024 * 1024)
    return Reading(LOADED, ())


def test_every_file_of_the_corpus_has_its_line_in_order(shared_data):
    assert list(written()) == [path.name for path in FILES]


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[:60])
def test_a_fresh_run_says_the_same(path: Path):
    """Otherwise write it again: python -m bench.shapefile_corpus."""
    fresh = line(path, described(found(path)), diagnosed())
    assert " | ".join(fresh).split(" | ") == written()[path.name]
    assert fresh[1] in (LOADED, REFUSED)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_loads_lies_where_gdal_and_proj_put_it(shared_data):
    """Corner by corner, where GDAL opens the file and knows its coordinate system."""
    compared = 0
    for path in FILES:
        layer = found(path)
        if isinstance(layer, ReadError):
            continue
        with unpacked_layer(path) as shp:
            try:
                frame = pyogrio.read_dataframe(shp, encoding="ISO-8859-1")
            except pyogrio.errors.DataSourceError:
                continue
        if frame.crs is None:
            continue
        theirs = shapely.get_coordinates(frame.to_crs(4326).geometry.to_numpy())
        ours = shapely.get_coordinates(layer.outlines)
        assert len(layer) == len(frame)
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < 1e-7, path.name
        compared += 1
    assert compared > 30


def test_no_file_is_taken_to_lie_in_a_county_where_it_is_not(shared_data):
    """Whatever is guessed, for metres without a .prj too: with a county known, each is refused."""
    for path in FILES:
        with pytest.raises(ReadError):
            read_layer(path, county_box=COUNTY_BOX)


def test_a_reader_that_crashes_hangs_or_takes_too_much_memory_is_told_of(tmp_path: Path):
    crashed = read_apart(tmp_path, reader=abort)
    hung = read_apart(tmp_path, reader=sleep, time_limit_s=0.3)
    greedy = read_apart(tmp_path, reader=devour, memory_limit_mb=100)
    assert (crashed.outcome, hung.outcome, greedy.outcome) == (CRASHED, HUNG, CRASHED)
    assert crashed.said == ("the process ended with status -6",)
    assert read_apart(tmp_path, reader=devour, memory_limit_mb=1_000).outcome == LOADED
    assert failed([crashed])
    assert failed([hung])
    assert not failed([Reading(REFUSED, ("why",))])


def test_a_crash_is_written_and_ends_with_status_1(shared_data, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(shapefile_corpus, "PATH", tmp_path / "corpus.md")
    monkeypatch.setattr(shapefile_corpus, "read_apart", lambda path: Reading(CRASHED, ("it ended with status -11",)))
    assert shapefile_corpus.main(FILES[:2]) == 1
    assert written()[FILES[0].name][1] == CRASHED
    assert "2 crashed or hung" in shapefile_corpus.PATH.read_text(encoding="utf-8")


def test_a_text_cannot_break_the_table():
    cells = line(Path("a_b.zip"), Reading(LOADED, ("one | two", "three\nfour <b>"), columns=("x|y",)), {})
    assert cells[0] == "a\\_b.zip"
    assert "one \\| two; three four &lt;b>" in cells
    assert "x\\|y" in cells
