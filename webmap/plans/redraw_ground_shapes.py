"""`/plans/redraws/…/ground.geojson`: the ground that changes hands, as shapes for the maps of what a redraw changes.

No shape is kept. They are cut anew for the part of the map in view, or for one difference of the list, out of the
outlines of its areas and of those that the last check names as exchanging ground with them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import shapely
from flask import Response, g, request
from flask_babel import gettext as _
from geoalchemy2.functions import ST_AsBinary
from sqlalchemy import Integer, Text, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from geo.coverage import as_simple, spoken_m2
from geo.crs import Bounds
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_comparisons import is_compared
from geo.redraw_drafts import rows_of
from geo.redraw_models import DraftArea
from geo.redraws.comparing import SLIVER_M2
from geo.redraws.handed_ground import Handing, Piece, handed_ground
from geo.redraws.mends import DraftGrid
from geo.sheets import WHOLE
from webmap.api.operations import GEOJSON, answer
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.redraw_access import visible
from webmap.plans.redraw_maps import box_in_view, degrees_seen, drawn, moment_before, simpler
from webmap.problems import NotFound

MOST_DIFFERENCES = 200
"""Of more in view at once those are drawn that move most ground: the others are too small to be seen from so far."""

Told = Mapping[str, Any]
"""A difference as the last check kept it."""


@bp.get("/plans/redraws/<int:redraw_id>/ground.geojson")
@requires(Permission.REDRAW)
def redraw_ground(redraw_id: int) -> Response:
    """The pieces of ground that change hands in view, or those of the difference that has a `code` or a `row`.

    In view each piece is told once, as gained; of one difference all are, the largest first. Raises NotFound before the
    first check.
    """
    redraw = visible(redraw_id)
    if not is_compared(g.db, redraw):
        raise NotFound
    if "code" in request.args or "row" in request.args:
        pieces, left_out = _of_difference(redraw, request.args.get("code"), request.args.get("row", type=int)), 0
    else:
        pieces, left_out = _in_view(redraw, box_in_view())
    tolerance = degrees_seen(request.args.get("zoom", WHOLE, type=int))
    features = [_feature(piece, tolerance) for piece in pieces]
    return answer({"type": "FeatureCollection", "features": features, "left_out": left_out}, media_type=GEOJSON)


def _of_difference(redraw: Redraw, code: str | None, row: int | None) -> list[Piece]:
    found = g.db.scalars(_ONE, {"id": redraw.id, "code": code, "row": row}).all()
    return _pieces(redraw, found, _exchanged)


def _in_view(redraw: Redraw, box: Bounds | None) -> tuple[list[Piece], int]:
    """The pieces in a box (None: everywhere), and how many differences there were too many to be drawn."""
    seen = {"codes": None, "rows": None} if box is None else {"codes": _codes(redraw, box), "rows": _rows(redraw, box)}
    found = g.db.execute(_LARGEST, {"id": redraw.id, "most": MOST_DIFFERENCES, **seen}).all()
    pieces = _pieces(redraw, [row.told for row in found], _exchanged_once)
    pieces = [piece for piece in pieces if piece.handing is not Handing.LOST or piece.after is None]
    if box is not None and pieces:
        shown = shapely.intersects(shapely.box(*box), [piece.shape for piece in pieces]).tolist()
        pieces = [piece for piece, in_view in zip(pieces, shown, strict=True) if in_view]
    return pieces, found[0].total - len(found) if found else 0


# --- differences ------------------------------------------------------------------------------------------------------

_ONE = text("""
    SELECT each.told FROM redraw, jsonb_array_elements(comparison->'differences') AS each(told)
    WHERE redraw.id = :id AND (
        each.told->'codes_before' @> to_jsonb(CAST(:code AS text)) OR each.told->'rows' @> to_jsonb(CAST(:row AS int)))
    LIMIT 1""")
"""The difference that a code before or a row after belongs to. Every code and every row belongs to one."""

_LARGEST = text("""
    WITH each AS (
        SELECT told FROM redraw, jsonb_array_elements(comparison->'differences') AS each(told)
        WHERE redraw.id = :id AND told->>'kind' NOT IN ('attributes', 'unchanged')),
    seen AS (
        SELECT told FROM each
        WHERE CAST(:codes AS text[]) IS NULL
            OR EXISTS (SELECT FROM jsonb_array_elements_text(told->'codes_before') AS code WHERE code = ANY (:codes))
            OR EXISTS (SELECT FROM jsonb_array_elements_text(told->'rows') AS row WHERE row::int = ANY (:rows)))
    SELECT told, count(*) OVER () AS total FROM seen
    ORDER BY (told->>'gained_m2')::float + (told->>'lost_m2')::float + coalesce((
        SELECT sum((pair->>'shared_m2')::float) FROM jsonb_array_elements(told->'shared') AS pair
        WHERE pair->>'before' <> pair->>'after'), 0) DESC
    LIMIT :most""").bindparams(bindparam("codes", type_=ARRAY(Text)), bindparam("rows", type_=ARRAY(Integer)))
"""Those that move most ground, from and to others and within, among those that have one of the codes or rows."""


def _codes(redraw: Redraw, box: Bounds) -> list[str]:
    """The codes of the areas that a box touched before."""
    found = (
        select(Area.code)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.kind == redraw.kind, AreaVersion.valid.contains(moment_before(redraw)))
        .where(AreaVersion.outline.intersects(func.ST_MakeEnvelope(*box, 4326)))
    )
    return list(g.db.scalars(found))


def _rows(redraw: Redraw, box: Bounds) -> list[int]:
    """The rows of the draft that a box touches."""
    found = select(DraftArea.row).where(DraftArea.redraw_id == redraw.id)
    return list(g.db.scalars(found.where(DraftArea.outline.intersects(func.ST_MakeEnvelope(*box, 4326)))))


def _exchanged(difference: Told) -> frozenset[Handing]:
    """What there is to be cut of a difference: an outline that only lost ground gained none."""
    gained, lost = difference["gained_m2"] > SLIVER_M2, difference["lost_m2"] > SLIVER_M2
    return frozenset([Handing.WITHIN] + [Handing.GAINED] * gained + [Handing.LOST] * lost)


def _exchanged_once(difference: Told) -> frozenset[Handing]:
    """The same, where all differences are drawn: what one loses to another is told as gained by that one."""
    given_m2 = sum(trade["lost_m2"] for trade in difference["traded_with"])
    to_nobody = difference["lost_m2"] - given_m2 > SLIVER_M2
    return _exchanged(difference) - (frozenset() if to_nobody else {Handing.LOST})


# --- cutting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Areas:
    """Outlines of the areas that some differences are about: before by code, after by row."""

    before: Mapping[str, DraftGrid]
    after: Mapping[int, DraftGrid]

    @classmethod
    def of(cls, redraw: Redraw, differences: Sequence[Told]) -> "_Areas":
        traded = set(chain.from_iterable(map(_traded, differences)))
        codes = set(chain.from_iterable(each["codes_before"] for each in differences))
        rows = set(chain.from_iterable(each["rows"] for each in differences))
        before, after = _areas_before(redraw, codes | traded), _rows_after(redraw, rows, traded)
        return cls({grid.code: grid for grid in before}, {grid.row: grid for grid in after})

    @cached_property
    def of_code(self) -> Mapping[str, Sequence[DraftGrid]]:
        """The rows after that bear a code: several in a draft that is not mended yet."""
        found: dict[str, list[DraftGrid]] = {}
        for grid in self.after.values():
            found.setdefault(grid.code, []).append(grid)
        return found


def _pieces(redraw: Redraw, differences: Sequence[Told], wanted: Callable[[Told], frozenset[Handing]]) -> list[Piece]:
    areas = _Areas.of(redraw, differences)
    return [piece for each in differences for piece in _pieces_of(each, areas, wanted(each))]


def _pieces_of(difference: Told, areas: _Areas, wanted: frozenset[Handing]) -> list[Piece]:
    codes, rows, traded = difference["codes_before"], difference["rows"], _traded(difference)
    return handed_ground(
        [areas.before[code] for code in codes if code in areas.before],
        [areas.after[row] for row in rows if row in areas.after],
        others_before=[areas.before[code] for code in traded if code in areas.before and code not in codes],
        others_after=[grid for code in traded for grid in areas.of_code.get(code, ()) if grid.row not in rows],
        handings=wanted, ignore_below_m2=SLIVER_M2,
    )  # fmt: skip


def _traded(difference: Told) -> list[str]:
    return [trade["code"] for trade in difference["traded_with"]]


# --- reading ----------------------------------------------------------------------------------------------------------


def _areas_before(redraw: Redraw, codes: Collection[str]) -> list[DraftGrid]:
    """The areas of these codes as they stood before the redraw."""
    rows = g.db.execute(
        select(Area.code, AreaVersion.name, ST_AsBinary(AreaVersion.outline), Area.domain)
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.kind == redraw.kind, Area.code.in_(codes), AreaVersion.valid.contains(moment_before(redraw)))
    ).all()
    outlines = shapely.from_wkb([bytes(row[2]) for row in rows])
    return [
        DraftGrid(0, row[0], row[1], as_simple(outline), domain=row[3])
        for row, outline in zip(rows, outlines, strict=True)
    ]


def _rows_after(redraw: Redraw, rows: Collection[int], codes: Collection[str]) -> list[DraftGrid]:
    """These rows of the draft, and every one that bears one of these codes."""
    wanted = or_(DraftArea.row.in_(rows), DraftArea.code.in_(codes))
    numbers = g.db.scalars(select(DraftArea.row).where(DraftArea.redraw_id == redraw.id, wanted))
    return rows_of(g.db, redraw, list(numbers))


# --- features ---------------------------------------------------------------------------------------------------------


def _feature(piece: Piece, tolerance: float) -> dict[str, Any]:
    before, after = piece.before, piece.after
    return {
        "type": "Feature",
        "id": f"{before.code if before else ''}>{after.row if after else ''}",
        "geometry": drawn(simpler(piece.shape, tolerance)),
        "properties": {
            "name": _said(piece), "size": spoken_m2(piece.size_m2), "size_m2": round(piece.size_m2, 3),
            "handing": piece.handing, "before": before and before.code, "after": after and after.code,
            "from": _called(before) or _("no grid"), "to": _called(after) or _("no grid"),
        },
    }  # fmt: skip


def _said(piece: Piece) -> str:
    """The piece in a few words."""
    size, before, after = spoken_m2(piece.size_m2), piece.before, piece.after
    if before is None:
        return _("%(size)s that were in no grid, to %(after)s", size=size, after=_code(after))
    if after is None:
        return _("%(size)s from %(before)s, then in no grid", size=size, before=_code(before))
    return _("%(size)s from %(before)s to %(after)s", size=size, before=_code(before), after=_code(after))


def _code(grid: DraftGrid | None) -> str:
    """What a grid is called in a sentence: its code, or its name where the draft has no code yet."""
    return "" if grid is None else grid.code or grid.name


def _called(grid: DraftGrid | None) -> str:
    return "" if grid is None else f"{grid.code} {grid.name}".strip()
