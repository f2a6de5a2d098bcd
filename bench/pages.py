"""The first screens of our map pages beside plain Folium with the same county: bytes, requests, time to begin."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import shapely
from playwright.sync_api import Browser
from sqlalchemy import func, select

from bench import plain_folium
from bench.browsing import Visit, chromium, sign_in, visit
from bench.county import County
from bench.measuring import alternate, median
from bench.serving import served
from database.session import open_session
from geo.areas import areas_valid_at
from geo.codes import AreaKind
from incidents.models import Incident
from webmap.installation import utcnow

MARKERS = 10_000


@dataclass(frozen=True)
class Screen:
    """A page and who looks at it, on what."""

    path: str
    account: str
    width: int = 1366
    height: int = 768


SCREENS = (Screen("/overview", "leader"), Screen("/desk", "county"), Screen("/map", "worker", 390, 844))


@dataclass(frozen=True)
class Weight:
    """Medians of the visits of one page."""

    interactive_ms: float
    wire_kb: float
    requests: int
    rendered_s: float | None = None
    """How long making the page took, where that is not part of the visit."""


def measure(county: County, *, rounds: int = 5, screens: Sequence[Screen] = SCREENS) -> dict[str, Weight]:
    """Weights by path, and "plain Folium"."""
    with _served(county) as address, _folium(county) as (plain, rendered_s), chromium() as browser:
        visits = {screen.path: _visitor(browser, address, screen, county.password) for screen in screens}
        visits["plain Folium"] = partial(visit, browser, plain)
        for first in visits.values():  # the server's own caches are warm, the browser's never
            first()
        weights = {name: _middle(each) for name, each in alternate(visits, rounds=rounds).items()}
    bare = weights["plain Folium"]
    return weights | {"plain Folium": Weight(bare.interactive_ms, bare.wire_kb, bare.requests, rendered_s)}


@contextmanager
def _served(county: County) -> Iterator[str]:
    with served(**county.environment) as server:
        yield f"http://127.0.0.1:{server.port}"


@contextmanager
def _folium(county: County) -> Iterator[tuple[str, float]]:
    """The address of the plain page, and how many seconds rendering it took."""
    grids, points = _drawn(county)
    began = time.monotonic()
    page = plain_folium.render(grids, points)
    rendered_s = time.monotonic() - began
    with plain_folium.served(page) as address:
        yield address, rendered_s


def _drawn(county: County) -> tuple[list[tuple[str, shapely.Geometry]], list[tuple[float, float]]]:
    """Today's grids, and where the newest reports happened."""
    engine = county.engine()
    point = (func.ST_X(Incident.point), func.ST_Y(Incident.point))
    newest = select(*point).where(Incident.grid_id.is_not(None)).order_by(Incident.id.desc()).limit(MARKERS)
    with open_session(engine) as db:
        areas = areas_valid_at(db, utcnow(), kinds=[AreaKind.COMPREHENSIVE])
        points = [(lon, lat) for lon, lat in db.execute(newest)]
    engine.dispose()
    return [(area.code, area.outline) for area in areas], points


def _visitor(browser: Browser, address: str, screen: Screen, password: str) -> partial[Visit]:
    state = sign_in(browser, address, screen.account, password)
    return partial(visit, browser, address + screen.path, state=state, width=screen.width, height=screen.height)


def _middle(visits: Sequence[Visit]) -> Weight:
    return Weight(
        interactive_ms=median([each.interactive_ms for each in visits]),
        wire_kb=median([each.wire_bytes for each in visits]) / 1000,
        requests=round(median([each.requests for each in visits])),
    )
