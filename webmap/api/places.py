"""Areas and points: GET /locate and GET /areas.geojson."""

from typing import cast

from flask import current_app, g
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from geo.codes import AreaKind
from geo.sheets import WHOLE, Sheets
from incidents.finding import Box, Moment
from incidents.whereabouts import whereabouts
from webmap.api.answers import FeatureCollection, Whereabouts
from webmap.api.operations import GEOJSON, NOT_MODIFIED, Answered, answer, bp, operation, revalidated
from webmap.api.parsing import DatumName
from webmap.installation import installation, utcnow
from webmap.permissions import Permission, requires


class Point(BaseModel):
    """A position as it came, and the moment whose areas are meant."""

    model_config = ConfigDict(extra="forbid")

    lon: float = Field(allow_inf_nan=False, description="longitude in degrees, or easting in metres")
    lat: float = Field(allow_inf_nan=False, description="latitude in degrees, or northing in metres")
    datum: DatumName = "wgs84"
    at: Moment | None = Field(default=None, description="default: now")


class AreasWanted(BaseModel):
    """Which areas, of when, and how finely drawn."""

    model_config = ConfigDict(extra="forbid")

    kind: AreaKind
    bbox: Box | None = Field(default=None, description="west,south,east,north in WGS-84 degrees")
    at: Moment | None = Field(default=None, description="default: now")
    zoom: int = Field(
        default=WHOLE, ge=0, le=24, description="of the web map they are drawn on; details below a pixel are left out"
    )


@bp.get("/locate")
@requires(Permission.SEE_AREAS)
@operation(
    "Where a point falls, by which rule, and who answers there",
    query=Point,
    answers={200: Answered("the whole answer", Whereabouts)},
)
def locate(query: Point) -> ResponseReturnValue:
    """The whole answer for one point."""
    found = whereabouts(g.db, installation().areas, query.lon, query.lat, query.datum, query.at or utcnow())
    return answer(found)


@bp.get("/areas.geojson")
@requires(Permission.SEE_AREAS)
@operation(
    "The areas of one kind on a date: code, name, parent, domain and households",
    query=AreasWanted,
    answers={200: Answered("the areas that meet the box", FeatureCollection, GEOJSON), 304: NOT_MODIFIED},
)
def areas(query: AreasWanted) -> ResponseReturnValue:
    """Outlines for a map. The tag follows the content: what the client has already is not sent again."""
    sheet = sheets().sheet(query.kind, query.at or utcnow(), query.zoom)
    return revalidated(answer(sheet.within(query.bbox), media_type=GEOJSON), sheet.tag)


def sheets() -> Sheets:
    """The outlines of this process."""
    found = current_app.extensions.get("wangge.sheets")
    if found is None:
        here = installation()
        made = Sheets(here.engine, here.areas, here.settings.data / "cache" / "outlines")
        found = current_app.extensions.setdefault("wangge.sheets", made)
    return cast(Sheets, found)
