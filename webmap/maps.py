"""Map pages, built with Folium. The only module that imports it.

Folium writes the page's map script; we keep its model (a map, layers on it, a layer control) and give it layers
of our own. Every script and style comes from `/assets` and `/static`, the inline script carries the request's
nonce, and no data is ever written into the page: a layer carries the address it fetches from. No text that
people typed may reach a template here. Names and labels are ours, and go through JSON.

A view builds a map and hands it to its template, which says where it goes:

    board = new_map(bounds_of(g.db, utcnow(), g.scope.area_ids or None))
    board.add(AreaLayer("townships", url_for("api.areas", kind="township"), _("Townships"), look="township"))
    board.add(IncidentLayer("incidents", url_for("api.incidents"), _("Cases")))
    return render_template("desk/index.html", map=board)

    {{ map_block(map) }}

What the page's own script can do with it is told at the top of static/js/map/index.js.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from branca.element import Figure
from flask import Flask, g, render_template
from flask_babel import gettext as _
from folium.folium import Map as FoliumMap
from folium.map import Layer, LayerControl
from folium.raster_layers import TileLayer
from folium.template import Template
from markupsafe import Markup, escape

from geo.crs import Bounds
from webmap.assets import asset_url, static_url
from webmap.basemaps import offset_lattice
from webmap.installation import installation
from webmap.security import basemap_origin, nonce
from webmap.words import listed

CHINA: Bounds = (73.5, 18.0, 135.0, 53.6)
"""What a map without any area shows."""

SCRIPTS = (
    ("leaflet", "dist/leaflet.js"),
    ("leaflet.markercluster", "dist/leaflet.markercluster.js"),
    ("leaflet.heat", "dist/leaflet-heat.js"),
)
STYLES = (("leaflet", "dist/leaflet.css"), ("leaflet.markercluster", "dist/MarkerCluster.css"))
MODULES = (
    "index", "board", "controls", "fetching", "labels", "looks", "popups", "areas", "incidents", "heat", "pin",
    "findings", "basemap",
)  # fmt: skip

Look = Literal["county", "township", "village", "grid", "specialised", "mine", "neighbour", "coloured"]


class Board(FoliumMap):
    """One map of a page. `bounds` is what it opens on and what "zoom to my area" returns to."""

    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []
    _template = Template("""
        {% macro html(this, kwargs) %}
            <div id={{ this.get_name()|tojson }} class="map-canvas"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = Wangge.open({{ this.get_name()|tojson }}, {{ this.settings }});
        {% endmacro %}
    """)

    def __init__(self, bounds: Bounds | None = None, *, label: str = "", height: str = "") -> None:
        west, south, east, north = bounds or CHINA
        super().__init__(location=[(south + north) / 2, (west + east) / 2], tiles=None, zoom_control=False)
        self.label = label or _("Map")
        self.size = height
        self.settings = as_json(
            {
                "bounds": [[south, west], [north, east]],
                "words": _words(),
                "label": self.label,
            }
        )
        _add_basemap(self, (west, south, east, north))
        self._finished: str | None = None

    def add(self, layer: "OwnLayer") -> "Board":
        """Put a layer on the map; those added later lie above. Returns the map, so that calls chain."""
        layer.add_to(self)
        return self

    def head(self) -> Markup:
        """The links of every map, once per page however many maps it has."""
        if g.get("map_head_sent"):
            return Markup()
        g.map_head_sent = True
        return Markup(  # noqa: S704  a template of ours
            render_template(
                "map/head.html",
                styles=[asset_url(*style) for style in STYLES] + [static_url("css/map.css")],
                scripts=[asset_url(*script) for script in SCRIPTS],
                modules=[static_url(f"js/map/{module}.js") for module in MODULES],
            )
        )

    def block(self) -> Markup:
        """The map itself and the inline script that fills it, under this request's nonce."""
        figure = self._rendered()
        return Markup(  # noqa: S704  a template of ours
            render_template(
                "map/block.html",
                map=self,
                canvas=Markup(figure.html.render()),  # noqa: S704  holds ids and addresses only
                script=Markup(figure.script.render()),  # noqa: S704  options went through as_json
                name=self.get_name(),
                nonce=nonce(),
            )
        )

    def _rendered(self) -> Figure:
        """Render each element into the figure's parts; the layer control comes last, once every layer is known."""
        if self._finished is None:
            if any(isinstance(child, Layer) and child.control for child in self._children.values()):
                LayerControl(position="topright", collapsed=True).add_to(self)
            self._finished = self.get_name()
        figure = self.get_root()
        if not isinstance(figure, Figure):
            raise TypeError("a map that was put into something else cannot be a map of a page")
        for child in list(figure._children.values()):
            child.render()
        return figure


def new_map(bounds: Bounds | None = None, *, label: str = "", height: str = "") -> Board:
    """An empty map over the basemap, if there is one. `label` is what a screen reader says it is.

    `height` is the name of a size in map.css: "" (fills its box), "short", "tall".
    """
    return Board(bounds, label=label, height=height)


class OwnLayer(Layer):
    """A layer made by one of our scripts. `key` is what page scripts call it by: `Wangge.map.layer(key)`."""

    maker: ClassVar[str]
    _template = Template("""
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = Wangge.layers.{{ this.maker }}({{ this.own_options }});
        {% endmacro %}
    """)

    def __init__(self, key: str, name: str, *, show: bool = True, control: bool = True, **options: Any) -> None:
        super().__init__(name=str(escape(name)), overlay=True, control=control, show=show)
        self._name = type(self).__name__
        self.own_options = as_json(
            {"key": key, "name": name} | {_camel(k): v for k, v in options.items() if v is not None}
        )


@dataclass(frozen=True)
class Field:
    """One line of a popup: the property of the feature, and what it is called."""

    key: str
    label: str

    def as_option(self) -> dict[str, str]:
        """What the script reads."""
        return {"key": self.key, "label": str(self.label)}


class AreaLayer(OwnLayer):
    """Outlines of areas, fetched from `url` for the part in view (`bbox=w,s,e,n&zoom=z` are added).

    The answer is GeoJSON whose features have `id` and the properties `code`, `name`, `kind` and what `fields`
    and `colour_by` name; `label_at` ([lon, lat]) may say where its name goes. `colour_by` is the property (a
    number) that colours the areas, `palette` "counts" (more is darker), "rates" (less is worse, 0 to 1) or "times"
    (times the average: below it cool, above it warm).
    `whole` fetches once, without a box: for the few townships. `link` is where "open" leads, with `{id}` or
    `{code}` in it.
    """

    maker = "areas"

    def __init__(
        self,
        key: str,
        url: str,
        name: str,
        *,
        look: Look = "grid",
        labels: bool = False,
        labels_from_zoom: int = 0,
        min_zoom: int = 0,
        whole: bool = False,
        colour_by: str | None = None,
        palette: Literal["counts", "rates", "times"] = "counts",
        legend: str | None = None,
        fields: Sequence[Field] = (),
        link: str | None = None,
        selectable: bool = True,
        show: bool = True,
        control: bool = True,
    ) -> None:
        super().__init__(
            key, name, show=show, control=control, url=url, look=look, labels=labels,
            labels_from_zoom=labels_from_zoom, min_zoom=min_zoom, whole=whole, colour_by=colour_by, palette=palette,
            legend=legend, fields=[field.as_option() for field in fields], link=link, selectable=selectable,
        )  # fmt: skip


class IncidentLayer(OwnLayer):
    """Incidents as points, clustered where they crowd, coloured by state.

    The answer is GeoJSON points with `id` and the properties `number`, `state`, `text` and what `fields` name. A
    feature with a property `count` above 1 is a bin made by the server and is drawn as one. `words` translate
    the values of `state`. `whole` fetches once; else the box in view is sent along.
    """

    maker = "incidents"

    def __init__(
        self,
        key: str,
        url: str,
        name: str,
        *,
        cluster: bool = True,
        whole: bool = True,
        words: Mapping[str, str] | None = None,
        fields: Sequence[Field] = (),
        link: str | None = None,
        min_zoom: int = 0,
        show: bool = True,
        control: bool = True,
    ) -> None:
        super().__init__(
            key, name, show=show, control=control, url=url, cluster=cluster, whole=whole, min_zoom=min_zoom,
            words={str(key): str(value) for key, value in (words or {}).items()},
            fields=[field.as_option() for field in fields], link=link,
        )  # fmt: skip


class HeatLayer(OwnLayer):
    """Density of points as heat. The answer is `{"points": [[lon, lat, weight], …], "max": w}` or GeoJSON points."""

    maker = "heat"

    def __init__(
        self,
        key: str,
        url: str,
        name: str,
        *,
        radius_px: int = 22,
        whole: bool = True,
        show: bool = True,
        control: bool = True,
    ) -> None:
        super().__init__(key, name, show=show, control=control, url=url, radius_px=radius_px, whole=whole)


class FindingsLayer(OwnLayer):
    """What is wrong in a file of areas, drawn where it is. Blocking findings stand out from warnings.

    Give `url`, or `element`: the id of a `<script type="application/json">` of the page with the findings as
    GeoJSON, each with `severity` ("block" or "warn"), `code` and `message`.
    """

    maker = "findings"

    def __init__(
        self, key: str, name: str, *, url: str | None = None, element: str | None = None, control: bool = True
    ) -> None:
        super().__init__(key, name, control=control, url=url, element=element)


class PinPicker(OwnLayer):
    """A pin that a person puts where it happened: by tapping, dragging, arrow keys or the device's position.

    `lon`, `lat` and `accuracy` are the ids of the form's inputs that it writes into, and reads its beginning from.
    `locate` asks the device for the position as soon as the page opens.
    """

    maker = "pin"

    def __init__(
        self,
        key: str = "pin",
        *,
        lon: str = "lon",
        lat: str = "lat",
        accuracy: str | None = None,
        locate: bool = False,
        zoom: int = 17,
    ) -> None:
        super().__init__(
            key, _("Position"), control=False, lon=lon, lat=lat, accuracy=accuracy, locate=locate, zoom=zoom
        )


class ShiftedTiles(TileLayer):
    """Tiles, moved back where they are drawn in a shifted datum, so that WGS-84 data lies where it belongs on them.

    `{0-7}` in the address stands for the numbers of the provider's servers, as in https://t{0-7}.tianditu.gov.cn/….
    """

    _template = Template("""
        {% macro script(this, kwargs) %}
            const {{ this.get_name() }} = Wangge.layers.tiles({{ this.tiles|tojson }}, {{ this.own_options }});
        {% endmacro %}
    """)

    def __init__(self, url: str, *, attribution: str, lattice: dict[str, Any] | None) -> None:
        servers = re.search(r"\{(\d)-(\d)\}", url)
        if servers:
            url = url.replace(servers[0], "{s}")
        super().__init__(tiles=url, attr=attribution, name=str(escape(_("Base map"))), overlay=True)
        self.own_options = as_json(
            {
                "attribution": attribution,
                "lattice": lattice,
                "maxZoom": 19,
                "maxNativeZoom": 18,
                "subdomains": "".join(map(str, range(int(servers[1]), int(servers[2]) + 1))) if servers else "abc",
            }
        )


def set_up(app: Flask) -> None:
    """Let templates write `{{ map_block(map) }}`."""
    app.jinja_env.globals["map_block"] = Board.block


def as_json(value: Any) -> str:
    """JSON that is safe inside a script element, whatever it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plain(value: Any) -> Any:
    """numpy's numbers as Python's, lazy words as text."""
    return value.item() if isinstance(value, np.generic) else str(value)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _add_basemap(board: Board, bounds: Bounds) -> None:
    """The configured tiles, if any. Without them the grids themselves are the map."""
    settings = installation().settings
    if not settings.basemap_url:
        return
    origin = basemap_origin(settings.basemap_url)
    attribution = "© " + origin.partition("://")[2].removeprefix("*.") if origin else _("Base map")
    lattice = offset_lattice(bounds, settings.basemap_datum)
    ShiftedTiles(settings.basemap_url, attribution=attribution, lattice=lattice).add_to(board)


def _words() -> dict[str, str]:
    """What the map's own controls say."""
    return {
        "zoomIn": _("Zoom in"),
        "zoomOut": _("Zoom out"),
        "home": _("Zoom to my area"),
        "legend": _("Legend"),
        "layers": _("Layers"),
        "failed": _("The map's data could not be loaded."),
        "retry": _("Try again"),
        "open": _("Open"),
        "close": _("Close"),
        "cases": _("cases"),
        "noValue": _("No value"),
        "comma": listed(("", "")),
        "position": _("My position"),
        "positionFailed": _("The position is not available. Tap the map where it happened."),
        "positionDenied": _("The browser may not read the position. Tap the map where it happened."),
        "pin": _("Where it happened. Move it with the arrow keys or by dragging."),
        "accuracy": _("accurate to about %(metres)s m", metres="{metres}"),
        "block": _("Blocks"),
        "warn": _("Warning"),
        "accepted": _("accepted"),
        "mended": _("mended"),
        "less": _("less"),
        "more": _("more"),
    }


__all__ = [
    "AreaLayer", "Board", "Field", "FindingsLayer", "HeatLayer", "IncidentLayer", "PinPicker", "new_map",
]  # fmt: skip
