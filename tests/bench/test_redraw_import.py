"""The benchmark of reading a file into a draft runs on a tiny size, and gives no figures where the answers differ."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench import redraw_check, redraw_import
from bench.county import County
from bench.document import Moment, redraws
from bench.measuring import Run
from bench.redraw_check import CLEAN, FAULTY, Checked
from bench.redraw_import import OGR2OGR, Differs, Imported, Kept, Turn, kept, measure, told
from bench.tessellations import Size

SMALL = Size(150, 20)
STANDS = Kept(150, 3000, 0.015, "digest")


@pytest.fixture
def where(database_url: str) -> County:
    """The tests' own cluster, which runs by now."""
    return County(Path(os.environ["WANGGE_DATA"]))


def test_both_load_the_same_rows_and_it_is_said_what_that_took(where, monkeypatch):
    monkeypatch.setattr(redraw_import, "PER_VILLAGE", 60)
    imported = measure(where, size=SMALL, rounds=1)
    assert imported.ratio > 0
    assert imported.ours[0].kept.rows == imported.theirs[0].kept.rows == 150
    assert imported.ours[0].process.peak_mb > imported.theirs[0].process.peak_mb > 0
    assert "150 grids" in told(imported) and OGR2OGR in told(imported)


def test_what_differs_gives_no_figures(where, monkeypatch):
    def one_short(*given: object) -> Turn:
        return Turn(1.0, Run(1.0, 1.0), replace(STANDS, rows=149))

    monkeypatch.setattr(redraw_import, "read_ours", one_short)
    monkeypatch.setattr(redraw_import, "load_theirs", lambda *given: Turn(1.0, Run(1.0, 1.0), STANDS))
    with pytest.raises(Differs, match="rows=149"):
        measure(where, size=SMALL, rounds=1)


def test_an_empty_table_gives_no_figures(database_url):
    with pytest.raises(Differs, match="nothing stands in area_version"):
        kept(database_url, "area_version", "outline", "name", "name")


def test_only_the_order_of_adding_up_is_forgiven():
    assert STANDS.alike(replace(STANDS, ground=0.015 * (1 + 1e-12)))
    for other in ({"ground": 0.01501}, {"corners": 3001}, {"names": "other"}):
        assert not STANDS.alike(replace(STANDS, **other))


def test_the_document_says_which_aims_are_met_and_which_are_missed():
    imported = Imported(SMALL, [Turn(8.0, Run(9.0, 700.0), STANDS, 5.0)], [Turn(2.0, Run(2.0, 90.0), STANDS)])
    checked = Checked(redraw_check.SIZES[0], {CLEAN: [2.0], FAULTY: [3.0]}, {CLEAN: [1.0], FAULTY: [1.0]})
    section = redraws(checked, imported, Moment(at=0, load=1))
    assert "| 10,000 grids, without a fault | ≤ 3 | 2.00 | met, 33 % better |" in section
    assert "| 150 grids | ≤ 3 | 4.00 | **missed by 33 %** |" in section
    assert "| **reading into a draft** | 8.0 s | 9.0 s | 700 MB |" in section
