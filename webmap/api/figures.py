"""Counts and rates: GET /indicators, and where incidents pile up: GET /hotspots.geojson."""

from datetime import datetime
from operator import itemgetter
from typing import Any, Literal

import orjson
from flask import g
from flask.typing import ResponseReturnValue
from pydantic import Field

from geo.codes import AreaKind
from geo.sheets import WHOLE, Sheet
from incidents import figures, finding
from incidents.finding import IncidentFilter
from incidents.hotspots import compare_grids
from incidents.indicators import Indicators, Share
from webmap.api.answers import CappedCollection, IndicatorList
from webmap.api.maps import binned
from webmap.api.operations import GEOJSON, Answered, answer, bp, operation
from webmap.api.places import sheets
from webmap.installation import installation, utcnow
from webmap.permissions import Permission, requires

LEVELS = {"township": AreaKind.TOWNSHIP, "village": AreaKind.VILLAGE, "grid": AreaKind.COMPREHENSIVE}


class IndicatorsWanted(IncidentFilter):
    """Of which incidents, and by areas of which level."""

    by: Literal["township", "village", "grid"] = Field(default="township", description="the level that is compared")


@bp.get("/indicators")
@requires(Permission.SEE_OVERVIEW)
@operation(
    "Closing rate and on-time closing rate, each with its two numbers, of one's jurisdiction and of each area in it",
    query=IndicatorsWanted,
    answers={200: Answered("the indicators now", IndicatorList)},
)
def indicator_list(query: IndicatorsWanted) -> ResponseReturnValue:
    """The indicators of the incidents meant, as they stand now."""
    now = utcnow()
    by_area = figures.by_area(g.db, query, by=LEVELS[query.by], now=now)
    labels = finding.area_labels(g.db, [area_id for area_id in by_area if area_id is not None], now)
    known = sorted(
        ((labels[area_id], found) for area_id, found in by_area.items() if area_id is not None), key=itemgetter(0)
    )
    areas = [{"code": code, "name": name, **_shown(found)} for (code, name), found in known]
    if None in by_area:
        areas.append({"code": None, "name": None, **_shown(by_area[None])})
    return answer({"now": now, "total": _shown(figures.together(by_area.values())), "areas": areas})


class HotspotsWanted(IncidentFilter):
    """Of which incidents, and by what they are counted."""

    by: Literal["cell", "grid"] = Field(
        default="cell",
        description="cell: squares with counts, for heat; grid: comprehensive grids, set against their households",
    )
    cell_m: float = Field(default=300, ge=50, le=20_000, description="side of a square in metres")
    zoom: int | None = Field(default=None, ge=0, le=24, description="of the web map; squares and outlines then suit it")


@bp.get("/hotspots.geojson")
@requires(Permission.SEE_OVERVIEW)
@operation(
    "Where incidents pile up: squares with `count`; or grids with `count`, `households`, `intensity` (times the rate of"
    " the whole) and `z` (Gi*: above 1.96 the grid and its neighbours stand out)",
    query=HotspotsWanted,
    answers={200: Answered("squares, or grids", CappedCollection, GEOJSON)},
)
def hotspots(query: HotspotsWanted) -> ResponseReturnValue:
    """Counts of the incidents meant. Points that are somebody's default are left out."""
    if query.by == "cell":
        return answer(binned(query, query.cell_m, query.zoom), media_type=GEOJSON)
    return answer(_by_grid(query), media_type=GEOJSON)


def _by_grid(wanted: HotspotsWanted) -> dict[str, Any]:
    """The comprehensive grids of one's jurisdiction, with how they compare to each other."""
    now = utcnow()
    sheet = sheets().sheet(AreaKind.COMPREHENSIVE, now, WHOLE if wanted.zoom is None else wanted.zoom)
    compared = compare_grids(sheet, within_scope(sheet, now), finding.count_by_grid(g.db, wanted))
    features = [
        {
            "type": "Feature",
            "id": grid.area.id,
            "geometry": orjson.Fragment(grid.area.geometry),
            "properties": {
                "code": grid.area.code,
                "name": grid.area.name,
                "count": grid.count,
                "households": grid.area.households,
                "intensity": None if grid.times is None else round(grid.times, 3),
                "z": round(grid.z, 2),
            },
        }
        for grid in compared
    ]
    total = sum(grid.count for grid in compared)
    return {"type": "FeatureCollection", "features": features, "total": total, "truncated": False}


def within_scope(sheet: Sheet, now: datetime) -> list[int]:
    """The positions of the areas that lie in the jurisdiction of whoever asks.

    A neighbour's grids, whose incidents he does not see, would otherwise look as if nothing ever happened there.
    """
    if g.scope.everywhere:
        return list(range(len(sheet.areas)))
    above = {area.area_id: area.parent_id for area in installation().areas.at(now).areas}
    mine = set(g.scope.area_ids)

    def lies_in_mine(area_id: int | None) -> bool:
        return area_id is not None and (area_id in mine or lies_in_mine(above.get(area_id)))

    return [at for at, area in enumerate(sheet.areas) if lies_in_mine(area.id)]


def _shown(found: Indicators) -> dict[str, Any]:
    return {"filed": found.filed, "closing": _share(found.closing), "on_time": _share(found.on_time)}


def _share(share: Share) -> dict[str, Any]:
    return {"numerator": share.numerator, "denominator": share.denominator, "percent": share.percent}
