"""The rows of a draft as a table: sizes in the right order, and findings counted by row."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import affinity, box
from sqlalchemy.orm import Session

from geo.crs import area_m2
from geo.models import Area
from geo.redraw_models import RedrawFinding
from geo.redraw_rows import RowOrder, RowsAsked, count_rows, find_rows, page_of, parents_in
from geo.redraws.mends import DraftGrid
from geo.redraws.words import Decision
from tests.factories import NOW, make_ladder
from tests.geo.drafting import VILLAGE, drafted, strip


def numbers(db: Session, redraw, asked: RowsAsked) -> list[int]:
    rows = [row.row for row in find_rows(db, redraw, asked, NOW, limit=1000)]
    assert count_rows(db, redraw, asked, NOW) == len(rows)
    return rows


def test_rows_sorted_by_size_are_in_the_order_of_their_square_metres(db: Session):
    """Shapes of all sizes from the south of China to its north, where a degree is two thirds as wide."""
    rng = np.random.default_rng(7)
    circles = [shapely.Point(rng.uniform(80, 130), rng.uniform(18, 52)).buffer(0.003, quad_segs=5) for _ in range(200)]
    outlines = [
        affinity.rotate(affinity.scale(circle, size, 0.5), rng.uniform(0, 180))
        for circle, size in zip(circles, rng.permutation(np.geomspace(0.5, 3, 200)), strict=True)
    ]
    rows = [DraftGrid(n, f"{VILLAGE}{n:03}", "x", outline, VILLAGE) for n, outline in enumerate(outlines, 1)]
    redraw = drafted(db, make_ladder(db), rows)
    found = find_rows(db, redraw, RowsAsked(order=RowOrder.AREA, descending=True), NOW, limit=1000)
    sizes_m2 = [row.area_m2 for row in found]
    assert sizes_m2 == sorted(sizes_m2, reverse=True)
    assert sizes_m2[0] == area_m2(outlines[found[0].row - 1])


def test_rows_without_a_value_come_last_in_either_direction(db: Session):
    rows = [
        strip("a", 119, 119.01, 1, households=5),
        strip("b", 119, 119.01, 2),
        strip("c", 119, 119.01, 3, households=9),
    ]
    redraw = drafted(db, make_ladder(db), rows)
    assert numbers(db, redraw, RowsAsked(order=RowOrder.HOUSEHOLDS)) == [1, 3, 2]
    assert numbers(db, redraw, RowsAsked(order=RowOrder.HOUSEHOLDS, descending=True)) == [3, 1, 2]


def test_open_findings_are_counted_by_row_and_kind(db: Session):
    redraw = drafted(db, make_ladder(db), [strip(code, 119, 119.01, n) for n, code in enumerate("abcd", 1)])

    def finding(code: str, *rows: int, decision: Decision | None = None) -> RedrawFinding:
        made = RedrawFinding(
            redraw_id=redraw.id, of_file=False, code=code, severity="block", codes=[], rows=list(rows), message={},
            decision=decision,
        )  # fmt: skip
        db.add(made)
        db.flush()
        return made

    overlap = finding("overlap", 2, 4)
    finding("overlap", 4, 1)
    finding("gap", 4)
    finding("sliver", 3, decision=Decision.ACCEPTED)
    asked = RowsAsked(order=RowOrder.FINDINGS, descending=True)
    found = find_rows(db, redraw, asked, NOW, limit=10)
    assert [(row.row, dict(row.findings)) for row in found] == [
        (4, {"gap": 1, "overlap": 2}), (1, {"overlap": 1}), (2, {"overlap": 1}), (3, {}),
    ]  # fmt: skip
    assert numbers(db, redraw, RowsAsked(troubled=True)) == [1, 2, 4]
    assert numbers(db, redraw, RowsAsked(finding=overlap.id)) == [2, 4]
    assert numbers(db, redraw, RowsAsked(finding=overlap.id, text="d")) == [4]


def test_a_finding_of_another_redraw_shows_no_rows(db: Session):
    ladder = make_ladder(db)
    one, other = (drafted(db, ladder, [strip("a", 119, 119.01, 1)], name) for name in ("one", "other"))
    made = RedrawFinding(redraw_id=other.id, of_file=False, code="gap", severity="warn", codes=[], rows=[1], message={})
    db.add(made)
    db.flush()
    assert numbers(db, one, RowsAsked(finding=made.id)) == []


def test_what_rows_lie_in_has_its_code_and_name(db: Session):
    ladder: dict[str, Area] = make_ladder(db)
    rows = [strip("a", 119, 119.01, 1), DraftGrid(2, "b", "b", box(119, 33, 119.01, 33.01))]
    redraw = drafted(db, ladder, rows)
    within, alone = find_rows(db, redraw, RowsAsked(), NOW, limit=10)
    assert (within.parent, within.parent_name) == (VILLAGE, parents_in(db, redraw, NOW, most=5)[VILLAGE])
    assert (alone.parent, alone.parent_name) == (None, None)
    assert within.bounds == (119, 33, 119.01, 33.01)
    assert numbers(db, redraw, RowsAsked(text=VILLAGE)) == [1]
    assert page_of(db, redraw, 2, size=1) == 2
