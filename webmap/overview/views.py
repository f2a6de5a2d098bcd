"""`/overview`: key figures, areas coloured by a figure, heat, and a table, for any month of the last year.

Without script every choice is a link. The page's script asks for the same pieces with `fragment=figures`, so that
going through the months changes figures, colours and heat in place.
"""

from datetime import date, datetime
from functools import partial
from typing import Any

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _

from geo.areas import bounds_of
from geo.codes import AreaKind
from geo.locate import LocatableArea
from geo.sheets import WHOLE
from incidents import figures
from incidents.clock import LOCAL
from webmap.api.operations import GEOJSON, answer, revalidated
from webmap.api.places import sheets
from webmap.installation import utcnow
from webmap.maps import AreaLayer, Board, Field, HeatLayer, as_json, new_map
from webmap.overview.comparing import Comparison, compare
from webmap.overview.looking import COLUMNS, PARAMETER, SHOWN, Look, Show, naming, read_look
from webmap.permissions import Permission, requires
from webmap.words import word

bp = Blueprint("overview", __name__, template_folder="templates")

DRAWN_AT = {AreaKind.TOWNSHIP: 12, AreaKind.VILLAGE: 14, AreaKind.COMPREHENSIVE: 15}
"""The zoom whose details the outlines have: they are fetched once, so that changing the month fetches none."""


@bp.get("/overview")
@requires(Permission.SEE_OVERVIEW)
def index() -> ResponseReturnValue:
    """The overview, or with `fragment=figures` only what depends on the month and the order."""
    now = utcnow()
    look = _look(now)
    page = _page(look, now)
    if request.args.get("fragment") == "figures":
        return render_template("overview/figures.html", **page)
    months = [{"value": f"{month:%Y-%m}", "name": _month_name(month)} for month in look.months]
    return render_template("overview/index.html", **page, months=months, map=_board(look, now))


@bp.get("/overview/areas.geojson")
@requires(Permission.SEE_OVERVIEW)
def areas() -> ResponseReturnValue:
    """The outlines of the areas compared; their figures come with the table."""
    now = utcnow()
    look = _look(now)
    zoom = request.args.get("zoom", WHOLE, type=int)
    sheet = sheets().sheet(look.level, now, min(max(zoom, 0), WHOLE))
    wanted = {area.area_id for area in look.areas}
    drawn = b",".join(area.feature for area in sheet.areas if area.id in wanted)
    body = b'{"type":"FeatureCollection","features":[' + drawn + b"]}"
    return revalidated(answer(body, media_type=GEOJSON), f"{sheet.tag}-{look.root.area_id if look.root else 0}")


def _look(now: datetime) -> Look:
    return read_look(request.args, figures.first_month(g.db), now)


def _page(look: Look, now: datetime) -> dict[str, Any]:
    """What the figures and the table show."""
    wanted = look.incidents.model_copy(update={"since": look.earliest})
    compared = compare(look, figures.by_month(g.db, wanted, by=look.level, now=now))
    return {
        "look": look,
        "now": now,
        "standing": figures.standing(g.db, look.incidents, now=now),
        "compared": compared,
        "columns": COLUMNS,
        "shown": SHOWN,
        "month_name": _month_name,
        "map_figures": as_json(_map_figures(look, compared)),
        "desk": partial(_desk, look),
        "today": now.astimezone(LOCAL).date().isoformat(),
    }


def _desk(look: Look, tab: str, area: LocatableArea | None = None, **more: Any) -> str | None:
    """The address of the cases behind a figure; None for who may not read cases."""
    if not g.account.may(Permission.SEE_INCIDENTS):
        return None
    place = naming(area) if area else look.incidents.model_dump(exclude_defaults=True)
    return url_for("desk.index", tab=tab, **place, **more)


def _month_name(month: date | None) -> str:
    return format_date(month, _("MMMM yyyy")) if month else _("the last 12 months")


def _map_figures(look: Look, compared: Comparison) -> dict[str, Any]:
    """What the page's script colours the areas by, and the period of the heat that belongs to it."""
    since, until = look.period
    return {
        "by": look.show,
        "palette": "counts" if look.show is Show.FILED else "rates",
        "legend": str(SHOWN[look.show]),
        "scale": compared.scale,
        "areas": {row.area.area_id: row.for_map() for row in compared.rows if row.area},
        "heat": {"since": since.isoformat(), "until": until.isoformat()},
    }


def _board(look: Look, now: datetime) -> Board:
    """Areas coloured by the figure, with heat above them."""
    roots = [look.root.area_id] if look.root else list(g.scope.area_ids) or None
    board = new_map(bounds_of(g.db, now, roots), label=_("Map of the areas compared"))
    fields = [
        Field(Show.FILED, _("Filed")),
        Field("said_closing", _("Closing rate")),
        Field("said_on_time", _("On-time closing rate")),
    ]
    address = url_for("overview.areas", zoom=DRAWN_AT[look.level], **look.address(month=None, show=None))
    board.add(
        AreaLayer("areas", address, word(look.level), look="coloured", labels=True, whole=True, fields=fields,
                  colour_by=look.show, palette="counts" if look.show is Show.FILED else "rates",
                  legend=str(SHOWN[look.show]), link=_link(look))
    )  # fmt: skip
    board.add(
        AreaLayer("townships", url_for("api.areas", kind=AreaKind.TOWNSHIP.value, zoom=12), _("Townships"),
                  look="township", whole=True, selectable=False)
    )  # fmt: skip
    since, until = (moment.isoformat() for moment in look.period)
    meant = look.incidents.model_dump(exclude_defaults=True)
    heat = url_for("api.hotspots", since=since, until=until, **meant)
    board.add(HeatLayer("heat", heat, _("Where cases pile up"), whole=False, show=look.heat))
    return board


def _link(look: Look) -> str | None:
    """Where the popup of an area leads: one level down, or to the cases of a grid."""
    if look.level in PARAMETER and look.level is not AreaKind.COMPREHENSIVE:
        return url_for("overview.index", **look.into(None, month=None)) + f"&{PARAMETER[look.level]}={{code}}"
    if g.account.may(Permission.SEE_INCIDENTS):
        return url_for("desk.index", tab="all") + "&grid={code}"
    return None
