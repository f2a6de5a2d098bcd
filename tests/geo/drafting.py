"""Drafting a redraw of the two grids of `make_ladder` in a few words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shapely.geometry import Polygon, box
from sqlalchemy.orm import Session

from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.locate import Locator
from geo.models import Area, Redraw
from geo.redraw_checking import Checked, examine, keep
from geo.redraw_drafts import Planner, begin, put_rows
from geo.redraw_ground import ground_under
from geo.redraws.mends import DraftGrid
from tests.factories import NOW

PLANNER = Planner("规划员", 7)
VILLAGE = "329901001001"
A, B, C = f"{VILLAGE}001", f"{VILLAGE}002", f"{VILLAGE}003"
WEST, MIDDLE, EAST = 119.0, 119.01, 119.02


def strip(code: str, west: float, east: float, row: int, **columns: Any) -> DraftGrid:
    """A grid of the ladder's village between two longitudes, from its south to its north."""
    given: dict[str, Any] = {"name": f"area {code}", "parent": VILLAGE} | columns
    return DraftGrid(row, code, given["name"], box(west, 33.0, east, 33.01), given["parent"], given.get("households"))


def moved_border(at: float = 119.012) -> list[DraftGrid]:
    """Both grids with their common border further east."""
    return [strip(A, WEST, at, 1), strip(B, at, EAST, 2)]


def drafted(db: Session, ladder: dict[str, Area], rows: Sequence[DraftGrid], name: str = "2027") -> Redraw:
    """A draft with these rows that replaces the grids of the ladder's village."""
    redraw = begin(db, name, AreaKind.COMPREHENSIVE, by=PLANNER, now=NOW)
    redraw.scope_ids, redraw.within_ids = [ladder["village"].id], [ladder["village"].id, ladder["township"].id]
    put_rows(db, redraw, rows, {VILLAGE: ladder["village"].id})
    return redraw


def checked(db: Session, redraw: Redraw, at: datetime = NOW) -> Checked:
    """Check a draft against the map of a moment."""
    ground = ground_under(db, redraw, at)
    return keep(db, redraw, examine(db, redraw, ground), ground, by=PLANNER, now=NOW)


def ready(db: Session, ladder: dict[str, Area], rows: Sequence[DraftGrid], name: str = "2027") -> Redraw:
    """A draft that can be published."""
    redraw = drafted(db, ladder, rows, name)
    assert checked(db, redraw).blocking == 0
    return redraw


def grid_at(db: Session, lon: float, at: datetime, lat: float = 33.005) -> str | None:
    """The code of the grid at a point of the ladder, at a moment."""
    found = Locator(areas_valid_at(db, at)).locate(lon, lat).grid
    return found.code if found else None


def corner(west: float, south: float, size: float = 0.001) -> Polygon:
    """A little square."""
    return box(west, south, west + size, south + size)
