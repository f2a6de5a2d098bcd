"""The benchmark of checking a redraw runs on a tiny size, and refuses answers that are not what was seeded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench import redraw_check
from bench.redraw_check import CLEAN, FAULTY, Misses, judge, measure, seeded, sound, told
from bench.tessellations import Size
from geo.redraws.ground import examine_ground
from tests.geo.tessellations import tessellation


def test_it_measures_both_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(redraw_check, "PARENTS", 3)
    checked = measure(tmp_path, size=Size(150, 20), rounds=1, faults=2)
    assert set(checked.ours) == {CLEAN, FAULTY} and checked.ratio(CLEAN) > 0
    assert "150 grids" in told(checked)


@pytest.fixture
def drawn(monkeypatch):
    monkeypatch.setattr(redraw_check, "PARENTS", 2)
    outlines = np.array(tessellation(12, 12, points=4)[1:-1], dtype=object)
    return seeded(sound(outlines), 1)


def test_what_is_found_as_seeded_passes(drawn):
    assert len(drawn.gaps) == 1 and len(drawn.overlaps) == 1
    judge(drawn, examine_ground(drawn.grids, drawn.parents))


def test_what_is_missed_or_told_besides_is_refused(drawn):
    found = examine_ground(drawn.grids, drawn.parents)
    for wrong in (found[1:], found[:-1], [*found, replace(found[0], code="sliver")]):
        with pytest.raises(Misses):
            judge(drawn, wrong)
