"""The maps of redraws: the draft over what is in force with what was found, and the map before beside the map after.

Draft areas are shown nowhere else: what these addresses answer is for planners, who see only their own redraws.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson
import shapely
from flask import Response, g, request, url_for
from flask_babel import gettext as _
from geoalchemy2.functions import ST_AsBinary
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, object_session

from geo.areas import bounds_of
from geo.codes import AreaKind
from geo.crs import Bounds
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_comparisons import becomes, moment_compared
from geo.redraw_models import DraftArea, RedrawFinding
from geo.redraws.differences import DifferenceKind
from geo.sheets import WHOLE, pixel_degrees
from webmap.api.operations import GEOJSON, answer
from webmap.api.places import sheets
from webmap.installation import utcnow
from webmap.maps import AreaLayer, Board, Field, FindingsLayer, new_map
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.listing import LABELS_FROM
from webmap.plans.redraw_access import visible
from webmap.plans.telling import again

DRAWN_PX = 4000
"""Without a zoom the outlines are drawn for a map on which all of them together are this wide."""

MOST_DRAWN = 5000
"""More areas are not told apart on a screen; the largest are drawn."""

MOST_IN_A_SHEET = 20_000

MOST_FINDINGS = 5000

ABOUT_AREAS = frozenset({"households-unusual", "grid-without-staff", "staff-without-grid", "repeated-vertices"})
"""Findings whose shape is the whole area: drawn pale, so that the map can still be read."""


@bp.get("/plans/redraws/<int:redraw_id>/draft.geojson")
@requires(Permission.REDRAW)
def redraw_draft(redraw_id: int) -> Response:
    """The rows of a redraw as it wants them, each with what becomes of it."""
    redraw = visible(redraw_id)
    kinds = _kinds(redraw, "rows")
    features = _draft_features(g.db, redraw, box_in_view(), request.args.get("zoom", type=int))
    for feature in features:
        feature["properties"]["becomes"] = kinds.get(feature["id"], DifferenceKind.UNCHANGED)
    return answer({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


@bp.get("/plans/redraws/<int:redraw_id>/before.geojson")
@requires(Permission.REDRAW)
def redraw_before(redraw_id: int) -> Response:
    """The areas as they stood before a redraw, each with what becomes of it."""
    redraw = visible(redraw_id)
    kinds = _kinds(redraw, "codes_before")
    zoom = min(max(request.args.get("zoom", WHOLE, type=int), 0), WHOLE)
    moment = moment_before(redraw)
    if _too_many_for_a_sheet(g.db, redraw.kind, moment):
        features = _before_features(g.db, redraw.kind, moment, box_in_view(), zoom)
    else:
        features = orjson.loads(sheets().sheet(redraw.kind, moment, zoom).within(box_in_view()))["features"]
    for feature in features:
        feature["id"] = feature["properties"]["code"]
        feature["properties"]["becomes"] = kinds.get(feature["id"], DifferenceKind.UNCHANGED)
    return answer({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


@bp.get("/plans/redraws/<int:redraw_id>/findings.geojson")
@requires(Permission.REDRAW)
def redraw_findings(redraw_id: int) -> Response:
    """What is wrong on the ground. What comes last is drawn on top: what blocks and nobody has decided about."""
    redraw = visible(redraw_id)
    rows = g.db.execute(
        select(RedrawFinding.id, RedrawFinding.severity, RedrawFinding.code, RedrawFinding.decision,
               RedrawFinding.message, ST_AsBinary(RedrawFinding.shape).label("shape"))
        .where(RedrawFinding.redraw_id == redraw.id, RedrawFinding.shape.is_not(None))
        .order_by(RedrawFinding.decision.is_not(None), RedrawFinding.severity, RedrawFinding.id)
        .limit(MOST_FINDINGS)
    ).all()  # fmt: skip
    features = [
        {
            "type": "Feature",
            "id": row.id,
            "geometry": drawn(shapely.from_wkb(bytes(row.shape)), 8),
            "properties": {
                "severity": row.decision or row.severity, "code": row.code, "message": again(row.message),
                "pale": row.code in ABOUT_AREAS,
            },
        }
        for row in reversed(rows)
    ]  # fmt: skip
    return answer({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


def moment_before(redraw: Redraw) -> datetime:
    """A moment at which the map stood as the redraw found it."""
    db = object_session(redraw)
    compared = moment_compared(db, redraw) if db is not None else None
    moments = [datetime.fromisoformat(compared)] if compared else [utcnow()]
    if redraw.comes_at is not None:
        moments.append(redraw.comes_at - timedelta(microseconds=1))
    return min(moments)


# --- boards ---------------------------------------------------------------------------------------------------------


def draft_board(redraw: Redraw, rows: int, *, findings: bool) -> Board:
    """The draft, over it the borders as they stand, and what was found on top."""
    board = new_map(draft_bounds(g.db, redraw), label=_("Map of the draft and what was found"))
    _add_townships(board, moment_before(redraw))
    if rows:
        board.add(_draft_layer(redraw, "layer", _("The draft")))
    board.add(
        AreaLayer("today", url_for("plans.redraw_before", redraw_id=redraw.id),
                  _("Borders in force") if redraw.comes_at is None else _("Borders before"), look="village",
                  selectable=False)
    )  # fmt: skip
    if findings:
        url = url_for("plans.redraw_findings", redraw_id=redraw.id)
        board.add(FindingsLayer("findings", _("Findings"), url=url))
    return board


def diff_boards(redraw: Redraw) -> tuple[Board, Board]:
    """The map before and the map after, to be moved together."""
    bounds, moment = draft_bounds(g.db, redraw), moment_before(redraw)
    left, right = new_map(bounds, label=_("Map before")), new_map(bounds, label=_("Map after"))
    fields = [Field("code", _("Code")), Field("households", _("Households"))]
    for board in (left, right):
        _add_townships(board, moment)
    left.add(
        AreaLayer("before", url_for("plans.redraw_before", redraw_id=redraw.id), _("Before"), look="grid", labels=True,
                  labels_from_zoom=LABELS_FROM.get(redraw.kind, 0), fields=fields)
    )  # fmt: skip
    right.add(_draft_layer(redraw, "after", _("After")))
    right.add(
        AreaLayer("old", url_for("plans.redraw_before", redraw_id=redraw.id), _("Borders before"), look="village",
                  selectable=False, show=False)
    )  # fmt: skip
    left.add(_ground_layer(""))
    right.add(_ground_layer(url_for("plans.redraw_ground", redraw_id=redraw.id)))
    return left, right


def _draft_layer(redraw: Redraw, key: str, name: str) -> AreaLayer:
    fields = [Field("row", _("Row")), Field("code", _("Code")), Field("households", _("Households"))]
    url = url_for("plans.redraw_draft", redraw_id=redraw.id)
    return AreaLayer(
        key, url, name, look="grid", labels=True, labels_from_zoom=LABELS_FROM.get(redraw.kind, 0), fields=fields,
    )  # fmt: skip


def _ground_layer(url: str) -> AreaLayer:
    """What changes hands. The page's script hatches it, and gives one map what the other has fetched."""
    fields = [Field("from", _("From grid")), Field("to", _("To grid"))]
    return AreaLayer("ground", url, _("Ground that changes hands"), look="specialised", fields=fields)


def _add_townships(board: Board, moment: datetime) -> None:
    url = url_for("api.areas", kind=AreaKind.TOWNSHIP.value, zoom=13, at=moment.isoformat())
    board.add(AreaLayer("townships", url, _("Townships"), look="township", whole=True, selectable=False, labels=True))


def draft_bounds(db: Session, redraw: Redraw) -> Bounds | None:
    """The box around the rows of a draft; around everything where there is none."""
    box = _extent(db, DraftArea.redraw_id == redraw.id)
    return box or bounds_of(db, utcnow(), redraw.scope_ids or None)


def row_bounds(db: Session, redraw: Redraw, rows: Iterable[int]) -> dict[int, Bounds]:
    """The box around each of the rows."""
    outline = DraftArea.outline
    found = db.execute(
        select(DraftArea.row, func.ST_XMin(outline), func.ST_YMin(outline), func.ST_XMax(outline),
               func.ST_YMax(outline))
        .where(DraftArea.redraw_id == redraw.id, DraftArea.row.in_(list(rows)))
    )  # fmt: skip
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in found}


def _extent(db: Session, *conditions: Any) -> Bounds | None:
    """The box around outlines, each of which is looked at once."""
    box = select(func.ST_Extent(DraftArea.outline).label("box")).where(*conditions).subquery().c.box
    row = db.execute(select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box))).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


# --- features -------------------------------------------------------------------------------------------------------


def _draft_features(db: Session, redraw: Redraw, box: Bounds | None, zoom: int | None) -> list[dict[str, Any]]:
    wanted = select(
        DraftArea.row, DraftArea.code, DraftArea.name, Area.code.label("parent"), DraftArea.households,
        ST_AsBinary(DraftArea.outline).label("outline"),
    ).outerjoin(Area, Area.id == DraftArea.parent_id).where(DraftArea.redraw_id == redraw.id)  # fmt: skip
    if box is not None:
        wanted = wanted.where(DraftArea.outline.intersects(func.ST_MakeEnvelope(*box, 4326)))
    rows = db.execute(wanted.order_by(func.ST_Area(DraftArea.outline).desc()).limit(MOST_DRAWN)).all()
    outlines = shapely.from_wkb([bytes(row.outline) for row in rows])
    tolerance = _tolerance(outlines, zoom)
    return [
        {
            "type": "Feature", "id": row.row, "geometry": drawn(simpler(outline, tolerance)),
            "properties": {
                "row": row.row, "code": row.code, "name": row.name, "parent": row.parent, "households": row.households,
            },
        }
        for row, outline in zip(rows, outlines, strict=True)
    ]  # fmt: skip


def _too_many_for_a_sheet(db: Session, kind: AreaKind, moment: datetime) -> bool:
    """Sheets of all areas are kept for every zoom: of a hundred thousand, each takes 400 MB and half a minute."""
    some = _in_force(kind, moment).with_only_columns(Area.id).limit(MOST_IN_A_SHEET + 1).subquery()
    return (db.scalar(select(func.count()).select_from(some)) or 0) > MOST_IN_A_SHEET


def _in_force(kind: AreaKind, moment: datetime) -> Select[Any]:
    return (
        select(Area.code, AreaVersion.name, AreaVersion.households, ST_AsBinary(AreaVersion.outline).label("outline"))
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.kind == kind, AreaVersion.valid.contains(moment))
    )


def _before_features(
    db: Session, kind: AreaKind, moment: datetime, box: Bounds | None, zoom: int
) -> list[dict[str, Any]]:
    """The largest areas in view, each simplified by itself, whose size is known without looking at its outline."""
    wanted = _in_force(kind, moment)
    if box is not None:
        wanted = wanted.where(AreaVersion.outline.intersects(func.ST_MakeEnvelope(*box, 4326)))
    rows = db.execute(wanted.order_by(AreaVersion.area_m2.desc()).limit(MOST_DRAWN)).all()
    outlines = shapely.from_wkb([bytes(row.outline) for row in rows])
    return [
        {
            "type": "Feature", "geometry": drawn(simpler(outline, degrees_seen(zoom))),
            "properties": {"code": row.code, "name": row.name, "households": row.households},
        }
        for row, outline in zip(rows, outlines, strict=True)
    ]  # fmt: skip


def _tolerance(outlines: Any, zoom: int | None) -> float:
    """In degrees. From zoom WHOLE on outlines are shown as they are."""
    if not len(outlines):
        return 0.0
    west, south, east, north = shapely.total_bounds(outlines).tolist()
    if zoom is None:
        return float(max(east - west, north - south) / DRAWN_PX)
    return degrees_seen(zoom)


def degrees_seen(zoom: int) -> float:
    """How far a line may stray, in degrees, before anybody sees it; from zoom WHOLE on it may not at all."""
    return 0.0 if zoom >= WHOLE else pixel_degrees(max(zoom, 0)) / 2


def simpler(outline: Any, tolerance: float) -> Any:
    """An outline without corners that the tolerance hides; as it is where nothing would be left of it."""
    simpler = shapely.simplify(outline, tolerance) if tolerance else outline
    return outline if simpler.is_empty else simpler


def drawn(shape: Any, decimals: int = 7) -> Any:
    """A shape as the geometry of a feature; 7 decimals are a centimetre."""
    rounded = shapely.transform(shape, lambda xy: xy.round(decimals))
    return orjson.Fragment(shapely.to_geojson(rounded))


def _kinds(redraw: Redraw, by: str) -> dict[Any, str]:
    """What becomes of each area, by its row or by its code before."""
    return dict(becomes(g.db, redraw, by))


def box_in_view() -> Bounds | None:
    """The part in view, where the map says it."""
    try:
        west, south, east, north = (float(part) for part in request.args.get("bbox", "").split(","))
    except ValueError:
        return None
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    return (west, south, east, north) if inside else None
