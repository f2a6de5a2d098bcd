"""A hundred thousand addresses of the demonstration county in a database of their own, and the texts to ask of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from bench.county import FLASK, County, copy_of
from bench.disturbance_places import Ground
from bench.disturbances import QUERIES, Disturber, Query
from bench.measuring import run
from database.session import make_engine, open_session
from geo.areas import areas_valid_at
from geo.locate import Locator
from shapefiles.addresses import DATUM, Address, found_addresses, write_addresses
from shapefiles.county import found_county
from shapefiles.generate import SEED
from shapefiles.overlays import found_specialised
from shapefiles.places import Places
from webmap.installation import utcnow

ADDRESSES = 100_000
ASKED = 5
"""Seed of the texts. While the matcher was being built, only failures of texts of another seed were looked at."""


@dataclass(frozen=True)
class Asked:
    """The list as it was sent, and what is asked of it."""

    listed: tuple[Address, ...]
    held_out: tuple[Address, ...]
    queries: tuple[Query, ...]


def draw(addresses: int = ADDRESSES, queries: int = QUERIES, seed: int = ASKED) -> Asked:
    """The county's list without the numbers that are held out of it, and texts about both, by `seed`."""
    county = found_county(SEED)
    specialised = found_specialised(county, SEED)
    book = found_addresses(county, specialised, Places(county, specialised, SEED), SEED)
    disturber = Disturber(book, Ground(county), seed)
    held_out = disturber.hold_out()
    out = {one.name for one in held_out}
    growing = [one for one in book.addresses if one.name not in out][:addresses]
    listed = sorted(growing, key=lambda one: one.name)
    return Asked(tuple(listed), tuple(held_out), tuple(disturber.queries(listed, held_out, queries)))


@contextmanager
def imported(county: County, asked: Asked) -> Iterator[tuple[Engine, float]]:
    """A copy of the county's database whose address list is this one, and the seconds that importing it took."""
    path = county.data / "standard-addresses.csv"
    write_addresses(path, asked.listed, SEED)
    with copy_of(county) as url:
        took = _import(path, county, url)
        engine = make_engine(url)
        try:
            yield engine, took
        finally:
            engine.dispose()


def _import(path: Path, county: County, url: str) -> float:
    command = [FLASK, "import", "addresses", str(path), "--datum", DATUM, "--replace", "--commit"]
    return run(command, {**county.environment, "DATABASE_URL": url}).seconds


def locator(engine: Engine) -> Locator:
    """Today's areas of the county."""
    with open_session(engine) as db:
        return Locator(areas_valid_at(db, utcnow()))
