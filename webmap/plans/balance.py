"""`/plans/balance`: how evenly work is spread over the grids of a township or village, today or with a draft.

What is tried on it (webmap.plans.balance_trying) goes into a draft, whose own balance is shown beside that of today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson
import shapely
from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geo.areas import bounds_of
from geo.codes import AreaKind
from geo.crs import Bounds
from geo.locate import LocatableArea
from geo.redraw_editing import BESIDE
from incidents.balance import Grid, drafted_in, figures_of, grids_in
from incidents.balance_figures import GridFigures, Measure, Spread, spread, together
from staffing.answering import Answer
from staffing.rosters import load_roster
from webmap.api.operations import GEOJSON, answer
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, Field, as_json, new_map
from webmap.permissions import Permission, requires
from webmap.plans.balance_looking import CODE, MEASURES, Look, read_look, written
from webmap.plans.blueprint import bp


@dataclass(frozen=True)
class Row:
    """One grid with its figures, and who answers for it."""

    grid: Grid
    figures: GridFigures
    village: LocatableArea | None
    answer: Answer | None
    beside: Sequence[str]
    """Codes of the other villages of its township that it touches: where it can be moved to."""

    def value(self, column: str) -> Any:
        """What the row is ordered by; None where there is no number."""
        return self.grid.code if column == CODE else self.figures.value(Measure(column))


@dataclass(frozen=True)
class Balance:
    """The grids of a view in the order asked for, and how far they lie apart; `today` is the spread in force."""

    rows: Sequence[Row]
    today: Mapping[Measure, Spread | None] | None = None

    @cached_property
    def spreads(self) -> dict[Measure, Spread | None]:
        """How far the grids lie apart by each measure."""
        return spreads([row.figures for row in self.rows])

    @cached_property
    def total(self) -> GridFigures:
        """All grids as one."""
        return together([row.figures for row in self.rows])

    def share(self, row: Row, measure: Measure) -> float:
        """How long the bar of a figure is, from 0 to 100: the largest is whole."""
        value, found = row.figures.value(measure), self.spreads[measure]
        return 100 * value / found.most if value and found and found.most else 0.0


def spreads(figures: Sequence[GridFigures]) -> dict[Measure, Spread | None]:
    """How far grids lie apart by each measure."""
    return {measure: spread(each.value(measure) for each in figures) for measure in Measure}


@bp.get("/plans/balance")
@requires(Permission.SEE_PLANS)
def balance() -> ResponseReturnValue:
    """The page."""
    now = utcnow()
    return balance_page(read_look(request.args, now), now)


@bp.get("/plans/balance/grids.geojson")
@requires(Permission.SEE_PLANS)
def balance_grids() -> Response:
    """The outlines of the grids shown; their figures come with the table."""
    now = utcnow()
    features = [
        {
            "type": "Feature", "id": grid.key, "geometry": orjson.Fragment(_drawn(grid)),
            "properties": {"code": grid.code, "name": grid.name, "kind": AreaKind.COMPREHENSIVE.value},
        }
        for grid in _grids(read_look(request.args, now), now)
    ]  # fmt: skip
    return answer({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


def balance_page(
    look: Look, now: datetime, *, problems: Sequence[str] = (), given: Mapping[str, str] | None = None
) -> str:
    """The page; with what was wrong with what was tried, and what was given for it."""
    found = balance_of(look, now)
    return render_template(
        "plans/balance.html",
        look=look, balance=found, measures=MEASURES, written=written, now=now, code=CODE,
        may_redraw=g.account.may(Permission.REDRAW), problems=problems, given=given or {},
        told=as_json(_told(look, found)), map=_board(look, found, now) if found.rows else None,
    )  # fmt: skip


def balance_of(look: Look, now: datetime) -> Balance:
    """The grids of a view with their figures; of a draft, the spread of today, too."""
    grids = _grids(look, now)
    figures = figures_of(g.db, grids, now=now)
    answers, beside = _answers(grids, now), _beside(look, grids)
    villages = {area.area_id: area for area in look.below}
    rows = [
        Row(grid, each, villages.get(grid.parent_id or 0), answers.get(grid.area_id or 0), beside[at])
        for at, (grid, each) in enumerate(zip(grids, figures, strict=True))
    ]
    today = None
    if look.draft is not None:
        today = spreads(figures_of(g.db, grids_in(g.db, _ids(look), now), now=now))
    return Balance(_ordered(rows, look), today)


def _ids(look: Look) -> list[int]:
    return [area.area_id for area in look.below]


def _grids(look: Look, now: datetime) -> list[Grid]:
    if look.draft is not None:
        return drafted_in(g.db, look.draft, _ids(look), now)
    return grids_in(g.db, _ids(look), now)


def _ordered(rows: list[Row], look: Look) -> list[Row]:
    """In the order asked for, numbers from the largest; rows without a number come last whichever way."""
    given = [row for row in rows if row.value(look.order) is not None]
    given.sort(key=lambda row: row.value(look.order), reverse=not look.ascending and look.order != CODE)
    return given + [row for row in rows if row.value(look.order) is None]


def _answers(grids: Sequence[Grid], now: datetime) -> dict[int, Answer]:
    """Who answers for each grid that is in force."""
    known = installation().areas.at(now).by_area_id
    ladders: dict[int, dict[AreaKind, int]] = {}
    for grid in grids:
        area = known.get(grid.area_id or 0)
        ladder: dict[AreaKind, int] = {}
        while area is not None and area.kind not in ladder:
            ladder[area.kind] = area.area_id
            area = known.get(area.parent_id or 0)
        if grid.area_id is not None and ladder:
            ladders[grid.area_id] = ladder
    roster = load_roster(g.db, {area_id for ladder in ladders.values() for area_id in ladder.values()})
    return {
        area_id: roster.who_answers(
            area_id, village_id=ladder.get(AreaKind.VILLAGE), township_id=ladder.get(AreaKind.TOWNSHIP),
            county_id=ladder.get(AreaKind.COUNTY), at=now,
        )
        for area_id, ladder in ladders.items()
    }  # fmt: skip


def _beside(look: Look, grids: Sequence[Grid]) -> list[list[str]]:
    """For each grid the codes of the other villages of the township that it touches."""
    if not g.account.may(Permission.REDRAW) or not look.villages:
        return [[] for _ in grids]
    outlines = [village.outline for village in look.villages]
    return [
        [
            village.code
            for village, touches in zip(look.villages, shapely.dwithin(outlines, grid.outline, BESIDE), strict=True)
            if touches and village.area_id != grid.parent_id
        ]
        for grid in grids
    ]


# --- the map ----------------------------------------------------------------------------------------------------------


def _drawn(grid: Grid) -> bytes:
    return shapely.to_geojson(shapely.set_precision(grid.outline, 1e-7, mode="pointwise")).encode()


def _board(look: Look, found: Balance, now: datetime) -> Board:
    """The grids coloured by the measure, as times the average, under the borders of the villages."""
    board = new_map(_bounds(look, found, now), label=_("Map of the grids compared"))
    fields = [Field("code", _("Code")), *(Field(f"said_{measure}", str(name)) for measure, name in MEASURES.items())]
    address = url_for("plans.balance_grids", **look.address(by=None, order=None, ascending=None))
    board.add(
        AreaLayer("grids", address, _("Comprehensive grids"), look="coloured", labels=True, labels_from_zoom=14,
                  whole=True, fields=fields, colour_by=look.measure, palette="times", legend=_legend(look.measure))
    )  # fmt: skip
    board.add(
        AreaLayer("villages", url_for("api.areas", kind=AreaKind.VILLAGE.value), _("Villages in force"),
                  look="village", labels=True, labels_from_zoom=12, selectable=False)
    )  # fmt: skip
    return board


def _bounds(look: Look, found: Balance, now: datetime) -> Bounds | None:
    if look.draft is None and look.root is not None:
        return bounds_of(g.db, now, [look.root.area_id])
    west, south, east, north = shapely.total_bounds([row.grid.outline for row in found.rows]).tolist()
    return west, south, east, north


def _legend(measure: Measure) -> str:
    return _("%(measure)s, times the average", measure=MEASURES[measure])


def _told(look: Look, found: Balance) -> dict[str, Any]:
    """What the page's script colours and orders by, and where each grid can be moved to."""
    return {
        "by": look.measure, "order": look.order, "ascending": look.ascending,
        "legends": {measure: _legend(measure) for measure in Measure},
        "grids": {row.grid.key: _figures(row, found) for row in found.rows},
        "values": {row.grid.key: {measure: row.figures.value(measure) for measure in Measure} for row in found.rows},
        "codes": {row.grid.key: row.grid.code for row in found.rows},
        "beside": {row.grid.code: row.beside for row in found.rows},
    }  # fmt: skip


def _figures(row: Row, found: Balance) -> dict[str, Any]:
    """Each figure as times the average, and in words for a popup."""
    times = {}
    for measure in Measure:
        value, apart = row.figures.value(measure), found.spreads[measure]
        times[measure.value] = value / apart.mean if value is not None and apart and apart.mean else None
    return times | {f"said_{measure}": written(measure, row.figures.value(measure)) for measure in Measure}
