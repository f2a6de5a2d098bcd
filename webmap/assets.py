"""The scripts, styles and pictures that pages need, all served from here: nothing comes from another machine.

`/assets/<package>/<digest>/<file>` are the front-end packages that npm installed, by an allow-list of exact
files; `/static/<digest>/<file>` are our own. The digest is of the content, so that browsers keep a file for
ever and still see a new one at once; it stands before the file's name so that relative addresses inside
styles and modules stay within the same version.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from functools import cache, cached_property, lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request, url_for
from werkzeug.exceptions import NotFound

from database.settings import ROOT
from webmap.permissions import public

STATIC = Path(__file__).parent / "static"
PACKAGES = ROOT / "node_modules"

ALLOWED: dict[str, tuple[str, ...]] = {
    "leaflet": (
        "dist/leaflet.js",
        "dist/leaflet.css",
        "dist/images/layers.png",
        "dist/images/layers-2x.png",
        "dist/images/marker-icon.png",
        "dist/images/marker-icon-2x.png",
        "dist/images/marker-shadow.png",
    ),
    "leaflet.markercluster": ("dist/leaflet.markercluster.js", "dist/MarkerCluster.css"),
    "leaflet.heat": ("dist/leaflet-heat.js",),
}
"""Package → the files of it that pages may ask for. Nothing else of node_modules is reachable."""

FOR_EVER = "public, max-age=31536000, immutable"
_COMPRESSIBLE = ("text/", "application/json", "image/svg", "application/javascript", "application/manifest")


class AssetsMissing(Exception):
    """The front-end packages are not installed. `folder` is where they should be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.name
        super().__init__(f"{folder} is missing. Install the front-end packages with: make setup")


class Shelf:
    """Some files of one folder, read once, held in memory with their compressed twins."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.folder, self.names = folder, frozenset(names)

    @cached_property
    def digest(self) -> str:
        """A digest of every file on the shelf."""
        whole = hashlib.sha256()
        for name in sorted(self.names):
            whole.update(name.encode() + b"\0" + self._path(name).read_bytes())
        return whole.hexdigest()[:12]

    def answer(self, name: str, digest: str) -> Response:
        """The file, compressed where the browser takes it; kept for ever when asked for under today's digest."""
        if name not in self.names:
            raise NotFound
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        body, response = self._read(name), current_app.response_class(mimetype=kind)
        if kind.startswith(_COMPRESSIBLE):
            response.vary.add("Accept-Encoding")
            if request.accept_encodings["gzip"] > 0:
                body = self._read_compressed(name)
                response.content_encoding = "gzip"
        response.set_data(body)
        response.set_etag(f"{self.digest}-{hashlib.sha256(name.encode()).hexdigest()[:8]}", weak=True)
        response.headers["Cache-Control"] = FOR_EVER if digest == self.digest else "no-cache"
        response.make_conditional(request)
        return response

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise AssetsMissing(self.folder)
        return path

    @cache  # noqa: B019  a shelf lives as long as its process
    def _read(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    @cache  # noqa: B019
    def _read_compressed(self, name: str) -> bytes:
        return gzip.compress(self._read(name), 9, mtime=0)


@cache
def _package(package: str) -> Shelf:
    if package not in ALLOWED:
        raise NotFound
    return Shelf(PACKAGES / package, ALLOWED[package])


@lru_cache(maxsize=1)
def _own_once() -> Shelf:
    return Shelf(STATIC, (path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()))


def _own() -> Shelf:
    """Our own files; read anew for each page while debugging, so that an edit shows at once."""
    if current_app.debug:
        _own_once.cache_clear()
    return _own_once()


def asset_url(package: str, file: str) -> str:
    """The address of one file of a front-end package."""
    return url_for("assets.file", package=package, digest=_package(package).digest, name=file)


def static_url(file: str) -> str:
    """The address of one of our own files, e.g. `static_url('css/base.css')`."""
    return url_for("statics.static", digest=_own().digest, name=file)


packages = Blueprint("assets", __name__, url_prefix="/assets")
own = Blueprint("statics", __name__, url_prefix="/static")


@packages.get("/<package>/<digest>/<path:name>")
@public
def file(package: str, digest: str, name: str) -> Response:
    """One file of a front-end package."""
    return _package(package).answer(name, digest)


@own.get("/<digest>/<path:name>")
@public
def static(digest: str, name: str) -> Response:
    """One of our own files."""
    return _own_once().answer(name, digest)


def set_up(app: Flask) -> None:
    """Serve both, and let templates name them."""
    app.register_blueprint(packages)
    app.register_blueprint(own)
    app.jinja_env.globals.update(asset_url=asset_url, static_url=static_url)
