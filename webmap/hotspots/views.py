"""`/hotspots`: heat of raw counts, grids against their households, the busiest grids, and defaults taken for places."""

from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geo.areas import bounds_of, find_area, listed
from geo.codes import AreaKind
from geo.locate import LocatableArea
from geo.sheets import WHOLE
from incidents import finding, hotspots
from incidents.clock import LOCAL
from incidents.hotspots import DefaultPoint, GridHotspot
from incidents.matters import standing
from incidents.words import Channel
from webmap.api.figures import within_scope
from webmap.api.operations import GEOJSON, answer
from webmap.api.places import sheets
from webmap.hotspots.asking import PERIODS, SHOWN, Asked, Show, read_asked
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, Field, FindingsLayer, HeatLayer, new_map
from webmap.permissions import Permission, requires
from webmap.words import number, word

bp = Blueprint("hotspots", __name__, template_folder="templates")

LISTED = 25
DRAWN_AT = 14


@bp.get("/hotspots")
@requires(Permission.SEE_OVERVIEW)
def index() -> ResponseReturnValue:
    """The map and the list."""
    now = utcnow()
    today = now.astimezone(LOCAL).date()
    asked = read_asked(request.args, today)
    grids = _grids(asked, now)
    return render_template(
        "hotspots/index.html",
        asked=asked,
        today=today,
        shown=SHOWN,
        periods=PERIODS,
        busiest=hotspots.busiest(grids, against_households=asked.show is Show.INTENSITY)[:LISTED],
        total=sum(grid.count for grid in grids),
        matters=hotspots.main_matters(g.db, asked.incidents),
        townships=_townships(now),
        defaults=hotspots.default_points(g.db, asked.incidents),
        above=_above(now),
        desk=partial(_desk, asked),
        map=_board(asked, now),
        **_choices(asked, now),
    )


@bp.get("/hotspots/defaults.geojson")
@requires(Permission.SEE_OVERVIEW)
def defaults() -> ResponseReturnValue:
    """The positions that are doubted as defaults, as points for the map."""
    asked = read_asked(request.args, utcnow().astimezone(LOCAL).date())
    features = [
        {
            "type": "Feature",
            "id": at,
            "geometry": {"type": "Point", "coordinates": [point.lon, point.lat]},
            "properties": {"severity": "warn", "code": "default-point", "message": default_sentence(point)},
        }
        for at, point in enumerate(hotspots.default_points(g.db, asked.incidents))
    ]
    return answer({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


def default_sentence(point: DefaultPoint) -> str:
    """Why a position is doubted."""
    return _(
        "%(count)s reports share this very point (%(channel)s): somebody's default, not a place.",
        count=number(point.sharing), channel=word(point.channel),
    )  # fmt: skip


def _grids(asked: Asked, now: datetime) -> list[GridHotspot]:
    """The grids of the jurisdiction, and of the township asked for, compared with each other."""
    sheet = sheets().sheet(AreaKind.COMPREHENSIVE, now, WHOLE)
    ours = within_scope(sheet, now)
    if code := asked.params.get("township"):
        above = _above(now)
        ours = [at for at in ours if above.get(sheet.areas[at].id, ("", ""))[0] == code]
    return hotspots.compare_grids(sheet, ours, finding.count_by_grid(g.db, asked.incidents))


def _above(now: datetime) -> dict[int, tuple[str, str]]:
    """Code and name of the township that each area lies in."""
    locator = installation().areas.at(now)
    found: dict[int, tuple[str, str]] = {}
    for area in locator.areas:
        at: LocatableArea | None = area
        for _level in AreaKind:  # a circle of parents is left at last
            if at is not None and at.kind is AreaKind.TOWNSHIP:
                found[area.area_id] = (at.code, at.name)
            at = locator.by_area_id.get(at.parent_id or 0) if at is not None else None
    return found


def _townships(now: datetime) -> list[tuple[str, str]]:
    """The townships to choose from: all of them for who sees everything, else none."""
    return listed(g.db, AreaKind.TOWNSHIP, now) if g.scope.everywhere else []


def _choices(asked: Asked, now: datetime) -> dict[str, Any]:
    """What the filter's pickers offer."""
    entries = standing(g.db, now)
    field = asked.params.get("field")
    return {
        "channels": [(channel.value, word(channel)) for channel in Channel],
        "matter_fields": sorted({entry.field for entry in entries}),
        "catalogue": [(entry.code, entry.name, entry.field) for entry in entries if field in (None, entry.field)],
    }


def _desk(asked: Asked, grid: str) -> str | None:
    """The address of a grid's cases; None for who may not read cases."""
    if not g.account.may(Permission.SEE_INCIDENTS):
        return None
    return url_for("desk.index", **(asked.of_desk() | {"grid": grid}))


def _board(asked: Asked, now: datetime) -> Board:
    """Heat or coloured grids, with the borders and the doubted points above."""
    board = new_map(_bounds(asked, now), label=_("Map of the hotspots"))
    meant = asked.layer()
    heat = asked.show is Show.HEAT
    fields = [
        Field("count", _("Filed")),
        Field("households", _("Households")),
        Field("intensity", _("Times the average per household")),
    ]
    link = (
        url_for("desk.index", **asked.of_desk()) + "&grid={code}" if g.account.may(Permission.SEE_INCIDENTS) else None
    )
    board.add(
        AreaLayer("grids", url_for("api.hotspots", by="grid", zoom=DRAWN_AT, **meant), _("Comprehensive grids"),
                  look="grid" if heat else "coloured", whole=True, labels=True, labels_from_zoom=14, fields=fields,
                  colour_by=None if heat else asked.show, palette="times" if asked.show is Show.INTENSITY else "counts",
                  legend=_("Times the average per household") if asked.show is Show.INTENSITY else _("Cases"),
                  link=link)
    )  # fmt: skip
    board.add(
        AreaLayer("townships", url_for("api.areas", kind=AreaKind.TOWNSHIP.value, zoom=13), _("Townships"),
                  look="township", labels=True, whole=True, selectable=False)
    )  # fmt: skip
    board.add(HeatLayer("heat", url_for("api.hotspots", **meant), _("Where cases pile up"), whole=False, show=heat))
    address = url_for("hotspots.defaults", **asked.address(show=None))
    board.add(FindingsLayer("defaults", _("Default points"), url=address))
    return board


def _bounds(asked: Asked, now: datetime) -> Any:
    """The township asked for, else the jurisdiction."""
    area = find_area(g.db, AreaKind.TOWNSHIP, asked.params["township"]) if "township" in asked.params else None
    return bounds_of(g.db, now, [area.id] if area else g.scope.area_ids or None)
