"""A service on the internet asked besides, where an office has one and says so. Off unless it is set.

What is asked leaves the house: the setting's value names the service, and nothing but the text of the question is
sent. Its answers are never taken without a person: a service says neither how exactly nor how surely it knows.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from geopy.exc import GeopyError
from geopy.geocoders import get_geocoder_for_service

from database.errors import SettingUnusable
from geo.address_aliases import Geocodes
from geo.addresses.answers import CANDIDATES, Accuracy, Answer, Candidate
from geo.crs import Datum, DatumError, coordinates_usable, parse_datum, to_wgs84
from geo.sentences import say

SETTING = "ONLINE_GEOCODER"
SURE = 0.8
"""At this confidence a place of the list needs no second opinion."""
CONFIDENCE = 0.3
RADIUS_M = 500.0
TIMEOUT_S = 3.0
KEPT_ANSWERS = 1_000

Found = tuple[float, float, str]
"""Longitude and latitude in WGS-84, and what the service calls it."""

log = logging.getLogger(__name__)


class OnlineService:
    """A service by the setting's value, such as `nominatim?domain=osm.office.example&user_agent=wangge`.

    Before the question mark stands the name that geopy has for the service, after it the options of its class, and
    `datum` where its coordinates are not in WGS-84, as in `baiduv3?api_key=…&datum=bd09`. Raises SettingUnusable.
    """

    def __init__(self, setting: str) -> None:
        name, _mark, options = setting.partition("?")
        chosen: dict[str, Any] = dict(parse_qsl(options))
        try:
            self._datum: Datum = parse_datum(chosen.pop("datum", "wgs84"))
            service = get_geocoder_for_service(name)(timeout=TIMEOUT_S, **chosen)
        except (DatumError, GeopyError, TypeError, ValueError) as error:
            raise SettingUnusable(SETTING, f"does not describe a service: {error}") from error
        self._ask: Callable[[str], Any] = service.geocode
        self.find = lru_cache(KEPT_ANSWERS)(self._find)

    def _find(self, text: str) -> Found | None:
        """Where the service says the text is; None where it does not know. Raises GeopyError where it is silent."""
        found = self._ask(text)
        if found is None or not coordinates_usable(found.longitude, found.latitude, self._datum):
            return None
        lon, lat = to_wgs84(found.longitude, found.latitude, self._datum)
        return lon, lat, found.address


class WithOnline:
    """A geocoder, and a service that is asked where the geocoder is not sure of a place."""

    def __init__(self, geocoder: Geocodes, service: OnlineService) -> None:
        self._geocoder = geocoder
        self._service = service

    def geocode(self, text: str) -> Answer:
        """Return the places that a text may mean, the service's last. Takes some seconds where it does not answer."""
        answer = self._geocoder.geocode(text)
        if answer.best is not None and answer.best.accuracy.is_point and answer.best.confidence >= SURE:
            return answer
        try:
            found = self._service.find(text)
        except GeopyError as silence:
            log.warning("the online geocoder did not answer (%s)", type(silence).__name__)
            return answer
        return answer if found is None else _with(answer, *found)


def _with(answer: Answer, lon: float, lat: float, name: str) -> Answer:
    why = say("an online service, which does not say how exactly it knows, calls it {name}", name=name)
    candidate = Candidate(lon, lat, Accuracy.LANDMARK, CONFIDENCE, name, None, RADIUS_M, reasons=(why,))
    if answer.best is None:
        return replace(answer, candidates=(candidate,), why=why)
    return replace(answer, candidates=(*answer.candidates[: CANDIDATES - 1], candidate))
