"""Vector tiles: /tiles/{layer}/{z}/{x}/{y}.mvt.

Areas look the same to everyone and are kept in memory until they change. Incidents are asked anew each time, under
the jurisdiction of whoever asks, and are never kept between two people.
"""

import hashlib
from collections import OrderedDict
from typing import Any

from flask import Response, current_app, g
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from geo.codes import AreaKind
from incidents.finding import IncidentFilter, Moment
from webmap.api import tiling
from webmap.api.operations import NOT_MODIFIED, TILE, Answered, bp, operation, revalidated
from webmap.api.places import sheets
from webmap.installation import utcnow
from webmap.permissions import Permission, requires
from webmap.problems import NotFound

FINEST = 22
TILE_PATH = f"<int(max={FINEST}):z>/<int:x>/<int:y>.mvt"
AREA_LAYERS = (AreaKind.TOWNSHIP, AreaKind.VILLAGE, AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED)
KEPT_TILES = 1024
"""Area tiles kept per process, of some 10 KB on average."""

ANSWERS = {
    200: Answered("the tile", media_type=TILE),
    204: Answered("nothing lies in this tile", media_type=None),
    304: NOT_MODIFIED,
}


class AreaTileWanted(BaseModel):
    """Of which moment."""

    model_config = ConfigDict(extra="forbid")

    at: Moment | None = Field(default=None, description="default: now")


@bp.get(f"/tiles/<any({', '.join(AREA_LAYERS)}):layer>/{TILE_PATH}")
@requires(Permission.SEE_AREAS)
@operation(
    "One layer of areas: version, code, name, domain and households", query=AreaTileWanted, answers=ANSWERS,
    problems=(404,),
)  # fmt: skip
def area_tile(layer: str, z: int, x: int, y: int, query: AreaTileWanted) -> ResponseReturnValue:
    """The areas of one kind."""
    _must_exist(z, x, y)
    at = query.at or utcnow()
    key = (*sheets().period(at), layer, z, x, y)
    kept = _kept_tiles()
    if key not in kept:
        kept[key] = tiling.areas(g.db, AreaKind(layer), at, (z, x, y))
        while len(kept) > KEPT_TILES:
            kept.popitem(last=False)
    return _answer(kept[key])


@bp.get(f"/tiles/incidents/{TILE_PATH}")
@requires(Permission.SEE_INCIDENTS)
@operation(
    "The incidents of one's jurisdiction as points: number, state, why queued, when due",
    query=IncidentFilter,
    answers=ANSWERS,
    problems=(404,),
)
def incident_tile(z: int, x: int, y: int, query: IncidentFilter) -> ResponseReturnValue:
    """The incidents meant."""
    _must_exist(z, x, y)
    return _answer(tiling.incidents(g.db, query, (z, x, y)))


def _must_exist(z: int, x: int, y: int) -> None:
    if max(x, y) >= 2**z:
        raise NotFound


def _kept_tiles() -> "OrderedDict[tuple[Any, ...], bytes]":
    kept: OrderedDict[tuple[Any, ...], bytes] = current_app.extensions.setdefault("wangge.tiles", OrderedDict())
    return kept


def _answer(tile: bytes) -> Response:
    response = Response(tile, mimetype=TILE) if tile else Response(status=204)
    return revalidated(response, hashlib.blake2b(tile, digest_size=12).hexdigest())
