"""The routes: landing page, conformance, layers, and their features."""

from typing import Any

from flask import Blueprint, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geo.codes import AreaKind
from incidents.cursors import BIGGEST_ID
from webmap.api.operations import GEOJSON, Answered, answer
from webmap.features import areas, documents, incidents, links, shapes
from webmap.features.asking import CRS84, AreasAsked, IncidentsAsked
from webmap.features.declaring import MALFORMED, description, selection
from webmap.features.layers import Extent, Page
from webmap.features.links import INCIDENTS, OPENAPI, link, this
from webmap.identity import may
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.problems import ANSWERS, InputProblem, NotFound
from webmap.words import word

bp = Blueprint("features", __name__, url_prefix="/api/v1/ogc")

AREA_LAYER = f"/collections/<any({', '.join(AreaKind)}):layer>"
INCIDENT_LAYER = f"/collections/{INCIDENTS}"
FEATURE = f"<int(max={BIGGEST_ID}):feature_id>"

CONFORMS_TO = [
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "oas30", "geojson")
]


@bp.errorhandler(InputProblem)
def _malformed(problem: InputProblem) -> ResponseReturnValue:
    """As the rest of the API answers, but with 400: the standard wants that for every parameter it does not take."""
    entry = ANSWERS[InputProblem]
    body = {"type": "about:blank", "title": str(entry.title), "status": int(MALFORMED)}
    body |= {"detail": str(entry.advice), "errors": problem.problems}
    return answer(body, MALFORMED, media_type="application/problem+json")


@bp.before_request
def _refuse_blanks() -> None:
    """Refuse a parameter without a value like any wrong value; the rest of the API takes it for one not given."""
    blanks = [name for name, value in request.args.items(multi=True) if not value.strip()]
    if blanks:
        raise InputProblem({"field": name, "code": "blank", "message": "has no value"} for name in blanks)


@bp.get("/", strict_slashes=False)
@requires(Permission.SEE_AREAS)
@description("OGC API – Features: where it begins", answers={200: Answered("links to the rest", shapes.Landing)})
def landing() -> ResponseReturnValue:
    """What leads to everything else."""
    onwards = [
        link("service-desc", "api", OPENAPI),
        link("conformance", "conformance"),
        link("data", "layers"),
    ]
    return answer({"title": "Wangge 网格", "links": [this(), *onwards]})


@bp.get("/conformance")
@requires(Permission.SEE_AREAS)
@description("Which parts of the standard are kept", answers={200: Answered("their names", shapes.Conformance)})
def conformance() -> ResponseReturnValue:
    """Part 1 of the standard, as GeoJSON."""
    return answer({"conformsTo": CONFORMS_TO})


@bp.get("/api")
@requires(Permission.SEE_AREAS)
@description(
    "These routes alone, in the OpenAPI that the standard asks for",
    answers={200: Answered("OpenAPI 3.0", media_type=OPENAPI)},
)
def api() -> ResponseReturnValue:
    """The description, without layers that whoever asks does not see."""
    shown = documents.described(current_app, links.root(), _layers_seen())
    return answer(shown, media_type=OPENAPI)


@bp.get("/collections")
@requires(Permission.SEE_AREAS)
@description("The layers that one's role sees", answers={200: Answered("layers", shapes.LayerList)})
def layers() -> ResponseReturnValue:
    """A layer for each kind of area, and the incidents where they may be seen."""
    reach: dict[str, Extent | None] = {str(kind): extent for kind, extent in areas.extents(g.db).items()}
    seen = _layers_seen()
    if INCIDENTS in seen:
        reach[INCIDENTS] = incidents.extent(g.db)
    return answer({"links": [this()], "collections": [_layer(name, reach.get(name)) for name in seen]})


@bp.get(AREA_LAYER)
@requires(Permission.SEE_AREAS)
@description("A layer of areas", answers={200: Answered("the layer", shapes.Layer)}, problems=(404,))
def area_layer(layer: str) -> ResponseReturnValue:
    """One layer of areas."""
    return answer(_layer(layer, areas.extents(g.db).get(AreaKind(layer))))


@bp.get(INCIDENT_LAYER)
@requires(Permission.SEE_INCIDENTS)
@description("The layer of incidents", answers={200: Answered("the layer", shapes.Layer)})
def incident_layer() -> ResponseReturnValue:
    """The incidents of one's jurisdiction."""
    return answer(_layer(INCIDENTS, incidents.extent(g.db)))


@bp.get(f"{AREA_LAYER}/items")
@requires(Permission.SEE_AREAS)
@selection(
    "Areas of one kind, page by page", query=AreasAsked,
    answers={200: Answered("a page of areas", shapes.AreaItems, GEOJSON)}, problems=(404,),
)  # fmt: skip
def area_items(layer: str, query: AreasAsked) -> ResponseReturnValue:
    """Areas as at now, unless another time is asked for. The link to the next page names the moment of the first."""
    moment = {}
    if query.datetime is None:
        now = utcnow()
        query, moment = query.model_copy(update={"datetime": (now, now)}), {"datetime": now.isoformat()}
    return _page(layer, areas.page(g.db, AreaKind(layer), query), **moment)


@bp.get(f"{INCIDENT_LAYER}/items")
@requires(Permission.SEE_INCIDENTS)
@selection(
    "The incidents of one's jurisdiction as points, page by page", query=IncidentsAsked,
    answers={200: Answered("a page of incidents", shapes.IncidentItems, GEOJSON)},
)  # fmt: skip
def incident_items(query: IncidentsAsked) -> ResponseReturnValue:
    """Incidents that have a position."""
    return _page(INCIDENTS, incidents.page(g.db, query))


@bp.get(f"{AREA_LAYER}/items/{FEATURE}")
@requires(Permission.SEE_AREAS)
@description(
    "One version of an area, whenever it was valid",
    answers={200: Answered("the area", shapes.AreaAlone, GEOJSON)}, problems=(404,),
)  # fmt: skip
def area_item(layer: str, feature_id: int) -> ResponseReturnValue:
    """One area."""
    return _alone(layer, areas.one(g.db, AreaKind(layer), feature_id))


@bp.get(f"{INCIDENT_LAYER}/items/{FEATURE}")
@requires(Permission.SEE_INCIDENTS)
@description(
    "One incident as a point", answers={200: Answered("the incident", shapes.IncidentAlone, GEOJSON)}, problems=(404,)
)
def incident_item(feature_id: int) -> ResponseReturnValue:
    """One incident."""
    return _alone(INCIDENTS, incidents.one(g.db, feature_id))


def _layers_seen() -> list[str]:
    return [*AreaKind, *([INCIDENTS] if may(Permission.SEE_INCIDENTS) else [])]


def _layer(name: str, extent: Extent | None) -> dict[str, Any]:
    told = {
        "id": name,
        "title": _("Cases") if name == INCIDENTS else word(AreaKind(name)),
        "links": [links.collection("self", name), links.items("items", name)],
        "itemType": "feature",
        "crs": [CRS84],
    }
    if extent is not None:
        told["extent"] = {
            "spatial": {"bbox": [extent.box], "crs": CRS84},
            "temporal": {"interval": [[extent.begins, extent.ends]]},
        }
    return told


def _page(layer: str, page: Page, **moment: str) -> ResponseReturnValue:
    onwards = [links.collection("collection", layer)]
    if page.more:
        asked = request.args.to_dict() | moment | {"after": page.features[-1]["id"]}
        onwards.insert(0, links.items("next", layer, **asked))
    told = {
        "type": "FeatureCollection",
        "links": [this(GEOJSON), *onwards],
        "timeStamp": utcnow(),
        "numberMatched": page.matched,
        "numberReturned": len(page.features),
        "features": page.features,
    }
    return answer(told, media_type=GEOJSON)


def _alone(layer: str, feature: dict[str, Any] | None) -> ResponseReturnValue:
    if feature is None:
        raise NotFound
    return answer(feature | {"links": [this(GEOJSON), links.collection("collection", layer)]}, media_type=GEOJSON)
