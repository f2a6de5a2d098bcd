"""The shapes of what is answered, for whoever reads its description. Tests hold the answers to them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from geo.codes import AreaKind
from incidents.workflow import State
from webmap.api.place_answers import Shape


class Link(Shape):
    """Where something else is."""

    href: str
    rel: str
    type: str
    title: str | None = None


class Landing(Shape):
    """What leads to everything else."""

    title: str
    links: list[Link]


class Conformance(Shape):
    """What of the standard is kept."""

    conforms_to: list[str] = Field(alias="conformsTo")


class SpatialExtent(Shape):
    """Boxes of west, south, east, north: one."""

    bbox: list[list[float]]
    crs: str


class TemporalExtent(Shape):
    """Periods of begin and end: one. Null is open."""

    interval: list[list[datetime | None]]


class LayerExtent(Shape):
    """How far a layer reaches."""

    spatial: SpatialExtent
    temporal: TemporalExtent


class Layer(Shape):
    """One collection of features."""

    id: str
    title: str
    links: list[Link]
    extent: LayerExtent | None = Field(default=None, description="absent where there is nothing yet")
    item_type: Literal["feature"] = Field(alias="itemType")
    crs: list[str]


class LayerList(Shape):
    """The collections that whoever asks may see."""

    links: list[Link]
    collections: list[Layer]


class AreaProperties(Shape):
    """What is known of one version of an area."""

    code: str
    name: str
    kind: AreaKind
    parent: str | None = Field(description="code of the area above")
    domain: str | None = Field(description="of a specialised grid")
    households: int | None = Field(description="null where unknown")
    area_m2: float
    valid_from: datetime | None = Field(description="null: since ever")
    valid_until: datetime | None = Field(description="the first moment at which it is no longer valid; null: not ended")


class IncidentProperties(Shape):
    """What a symbol and a short label need."""

    number: str
    state: State
    matter: str | None
    grid: str | None = Field(description="code of the comprehensive grid")
    reported_at: datetime
    due_at: datetime | None


class Item(Shape):
    """A GeoJSON feature (RFC 7946)."""

    type: Literal["Feature"]
    id: int
    geometry: dict[str, Any]


class AreaItem(Item):
    """One version of an area."""

    properties: AreaProperties


class IncidentItem(Item):
    """One incident."""

    properties: IncidentProperties


class AreaAlone(AreaItem):
    """One version of an area, with what leads back."""

    links: list[Link]


class IncidentAlone(IncidentItem):
    """One incident, with what leads back."""

    links: list[Link]


class Items(Shape):
    """One page of a collection."""

    type: Literal["FeatureCollection"]
    links: list[Link] = Field(description="`next` leads to the next page, where there is one")
    time_stamp: datetime = Field(alias="timeStamp")
    number_matched: int = Field(alias="numberMatched", description="on all pages together")
    number_returned: int = Field(alias="numberReturned")


class AreaItems(Items):
    """Areas."""

    features: list[AreaItem]


class IncidentItems(Items):
    """Incidents."""

    features: list[IncidentItem]
