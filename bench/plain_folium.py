"""The map that Folium makes when used as its manual says: everything written into the page.

The 874 grids with their full outlines as GeoJson and 10,000 reports as a FastMarkerCluster, served with the
same Leaflet and markercluster files as our own pages, from this machine. Folium's other default files (jQuery,
Bootstrap, Font Awesome, Awesome Markers) are left out in its favour: markers are Leaflet's own.
"""

import gzip
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from typing import Any

import folium
import shapely
from folium.plugins import FastMarkerCluster

from webmap.assets import PACKAGES

FILES = (
    "leaflet/dist/leaflet.js",
    "leaflet/dist/leaflet.css",
    "leaflet/dist/images/marker-icon.png",
    "leaflet/dist/images/marker-shadow.png",
    "leaflet.markercluster/dist/leaflet.markercluster.js",
    "leaflet.markercluster/dist/MarkerCluster.css",
)

MARKER = "function (row) { return L.marker(new L.LatLng(row[0], row[1])); }"

DRAWN = "<script>window.benchDrawn = () => document.querySelectorAll('.leaflet-marker-icon').length > 0;</script>"
"""The page draws all in its own script, before it counts as loaded; this only says so."""


class LocalMap(folium.Map):
    """Folium's map with its files from here."""

    default_js = [("leaflet", "/leaflet/dist/leaflet.js")]
    default_css = [("leaflet_css", "/leaflet/dist/leaflet.css")]


class LocalCluster(FastMarkerCluster):
    """Folium's cluster with its files from here."""

    default_js = [("markercluster", "/leaflet.markercluster/dist/leaflet.markercluster.js")]
    default_css = [("markercluster_css", "/leaflet.markercluster/dist/MarkerCluster.css")]


def render(grids: Sequence[tuple[str, shapely.Geometry]], points: Sequence[tuple[float, float]]) -> str:
    """The page: grids as (code, outline), points as (lon, lat)."""
    outlines = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": code}, "geometry": shapely.geometry.mapping(outline)}
            for code, outline in grids
        ],
    }
    west, south, east, north = shapely.total_bounds([outline for _code, outline in grids])
    page = LocalMap(tiles=None, maxZoom=18, prefer_canvas=True)
    page.fit_bounds([[south, west], [north, east]])
    folium.GeoJson(outlines, tooltip=folium.GeoJsonTooltip(["code"])).add_to(page)
    LocalCluster([[lat, lon] for lon, lat in points], callback=MARKER).add_to(page)
    text: str = page.get_root().render()
    return text.replace("<head>", "<head>" + DRAWN, 1)


@contextmanager
def served(page: str) -> Iterator[str]:
    """The address of the page, compressed beforehand: the least that its bytes can weigh."""
    files = {"/": ("text/html; charset=utf-8", gzip.compress(page.encode(), 6))}
    for name in FILES:
        kind = guess_type(name)[0] or "text/plain"
        files["/" + name] = (kind, gzip.compress((PACKAGES / name).read_bytes(), 6))
    files["/favicon.ico"] = ("image/x-icon", gzip.compress(b""))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(files))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def _answering(files: dict[str, tuple[str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in files else 404)
            for name, value in {"Content-Type": kind, "Content-Encoding": "gzip", "Content-Length": len(body)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Answering
