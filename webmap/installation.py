"""What one running installation holds: its settings, its database, its index of areas, its seal.

Everything is made on first use, so that `flask db up` works before there is any database, and nothing is
connected before a server forks its workers.
"""

import os
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Engine

from database import cluster
from database.sealing import Seal
from database.session import make_engine, without_transactions
from database.settings import Settings, secret_key
from geo.placing import AreaIndex
from geo.raster.store import RasterStore
from incidents.intake import Reception
from staffing.rosters import KeptRoster

if TYPE_CHECKING:
    from geo.address_index import AddressIndex
    from geo.address_online import OnlineService
    from incidents.addressing import Geocodes


class Installation:
    """The things shared by all requests of one process. Reach it by `installation()`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.timezone = ZoneInfo(settings.timezone)

    @cached_property
    def secret(self) -> str:
        """The key of sessions and of personal data."""
        return secret_key(self.settings, os.environ.get("HOST", "127.0.0.1"))

    @cached_property
    def engine(self) -> Engine:
        """The database. Making the engine connects to nothing yet; its errors are logged without people's data."""
        return make_engine(cluster.url(self.settings), hide_parameters=True)

    @cached_property
    def look_ups(self) -> Engine:
        """The same database, for finding out who is asking."""
        return without_transactions(self.engine)

    @cached_property
    def areas(self) -> AreaIndex:
        """The index that places points; hears of changed areas as soon as it is first used."""
        index = self.area_index()
        index.listen()
        return index

    def area_index(self) -> AreaIndex:
        """An index for a command, which ends before it would hear of anything."""
        return AreaIndex(self.engine, RasterStore(self.settings.data / "cache" / "rasters"))

    @cached_property
    def addresses(self) -> "AddressIndex":
        """The index that finds places in texts. What it needs is not imported by commands that look for none."""
        from geo.address_index import AddressIndex

        return AddressIndex(self.engine, self.settings.data / "cache" / "addresses")

    @cached_property
    def reception(self) -> Reception:
        """What taking a report in needs."""
        return Reception(self.areas, self.seal, KeptRoster(), self.geocoder)

    def geocoder(self) -> "Geocodes":
        """Finds places in texts by the list of addresses as it stands."""
        return self.addresses.geocoder()

    def asked_geocoder(self) -> "Geocodes":
        """The same for questions that a person asks by themselves, who can wait for an online service where one is set.

        Raises SettingUnusable.
        """
        service = self._online
        if service is None:
            return self.geocoder()
        from geo.address_online import WithOnline

        return WithOnline(self.geocoder(), service)

    @cached_property
    def _online(self) -> "OnlineService | None":
        if self.settings.online_geocoder is None:
            return None
        from geo.address_online import OnlineService

        return OnlineService(self.settings.online_geocoder)

    @cached_property
    def seal(self) -> Seal:
        """Seals and opens personal data."""
        return Seal(self.secret)

    def close(self) -> None:
        """Let go of the database: what was not used yet is not made for that."""
        made = vars(self)
        if "areas" in made:
            self.areas.close()
        if "engine" in made:
            self.engine.dispose()


def installation() -> Installation:
    """The installation that the current application serves."""
    found: Installation = current_app.extensions["wangge"]
    return found


def utcnow() -> datetime:
    """The present moment, aware. Domain functions take it as `now`; only the edge asks the clock."""
    return datetime.now(UTC)
