"""Rasters kept as files: found by what their outlines are, drawn again when anything is wrong with them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from pytest import LogCaptureFixture, MonkeyPatch

from geo.raster.raster import Raster
from geo.raster.store import RasterStore
from tests.geo.tessellations import tessellation

SHAPES = tessellation(5, 4, seed=1)


@pytest.fixture
def drawn(monkeypatch: MonkeyPatch) -> list[int]:
    """How many outlines each raster had that was drawn, not found."""
    counts: list[int] = []
    draw = Raster.draw

    def counted(outlines: object, **more: float) -> Raster:
        counts.append(len(outlines))  # type: ignore[arg-type]
        return draw(outlines, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Raster, "draw", counted)
    return counts


def asked(raster: Raster) -> list[object]:
    chance = np.random.default_rng(3)
    lon, lat = chance.uniform(118.99, 119.07, 2000), chance.uniform(32.99, 33.06, 2000)
    owner, flags = raster.look_up(lon, lat)
    metres = raster.border_m(lon, lat, owner)
    return [owner.tolist(), flags.tolist(), np.nan_to_num(metres).tolist(), raster.covering(119.02, 33.02)]


def test_what_one_has_drawn_another_finds_and_it_answers_alike(tmp_path: Path, drawn: list[int]) -> None:
    first = RasterStore(tmp_path).raster(SHAPES, 30.0)
    found = RasterStore(tmp_path).raster(SHAPES, 30.0)
    assert drawn == [len(SHAPES)]
    assert asked(found) == asked(first) == asked(Raster.draw(SHAPES, near_m=30.0))


def test_other_outlines_and_another_reach_are_another_raster(tmp_path: Path, drawn: list[int]) -> None:
    store = RasterStore(tmp_path)
    store.raster(SHAPES, 30.0)
    store.raster(SHAPES[::-1], 30.0)
    store.raster(SHAPES, 0.0)
    store.raster(SHAPES[:-1], 30.0)
    assert len(drawn) == 4


@pytest.mark.parametrize("at", [10, 4100, 9000])
def test_a_damaged_file_is_drawn_again_and_mended(
    tmp_path: Path, drawn: list[int], caplog: LogCaptureFixture, at: int
) -> None:
    expected = asked(RasterStore(tmp_path).raster(SHAPES, 30.0))
    (path,) = tmp_path.glob("*.raster")
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert asked(RasterStore(tmp_path).raster(SHAPES, 30.0)) == expected
    assert "damaged" in caplog.text and len(drawn) == 2
    RasterStore(tmp_path).raster(SHAPES, 30.0)
    assert len(drawn) == 2


@pytest.mark.parametrize("length", [0, 100, 4096, 20_000])
def test_a_file_that_was_cut_off_is_drawn_again(tmp_path: Path, drawn: list[int], length: int) -> None:
    expected = asked(RasterStore(tmp_path).raster(SHAPES, 30.0))
    (path,) = tmp_path.glob("*.raster")
    path.write_bytes(path.read_bytes()[:length])
    assert asked(RasterStore(tmp_path).raster(SHAPES, 30.0)) == expected
    assert len(drawn) == 2


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert asked(RasterStore(tmp_path / "file" / "rasters").raster(SHAPES, 30.0)) == asked(
        Raster.draw(SHAPES, near_m=30)
    )


def test_nothing_at_all_is_kept_too(tmp_path: Path, drawn: list[int]) -> None:
    for _ in range(2):
        assert RasterStore(tmp_path).raster([], 30.0).first(119.0, 33.0) == -1
    assert drawn == [0]


def test_the_least_used_files_go_first(tmp_path: Path, monkeypatch: MonkeyPatch, drawn: list[int]) -> None:
    monkeypatch.setattr("geo.raster.store._KEPT", 2)
    store = RasterStore(tmp_path)
    for count in (1, 2, 3):
        store.raster(SHAPES[:count], 0.0)
    store.raster(SHAPES[:3], 0.0)
    store.raster(SHAPES[:2], 0.0)
    assert drawn == [1, 2, 3]
    store.raster(SHAPES[:1], 0.0)
    assert drawn == [1, 2, 3, 1]
