"""An online service besides the list: when it is asked, what its answers count for, and what its silence costs."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from database.errors import SettingUnusable
from geo.address_online import CONFIDENCE, OnlineService, WithOnline
from geo.addresses.answers import Accuracy, Answer, Candidate
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.crs import from_wgs84
from geo.sentences import say


@dataclass
class Service:
    """A service on this machine that speaks as Nominatim does: one place it knows, and what it was asked."""

    address: str = ""
    lon: float = 119.31
    lat: float = 33.24
    asked: list[str] = field(default_factory=list)
    broken: bool = False


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            [text] = parse_qs(urlsplit(self.path).query)["q"]
            told.asked.append(text)
            place = {"lon": str(told.lon), "lat": str(told.lat), "display_name": f"{text}（网上）"}
            self.send_response(503 if told.broken else 200)
            self.end_headers()
            self.wfile.write(json.dumps([place] if "医院" in text else []).encode())

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.address = f"127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def online(service: Service, more: str = "") -> OnlineService:
    return OnlineService(f"nominatim?domain={service.address}&scheme=http&user_agent=wangge-test{more}")


def empty() -> Geocoder:
    return Geocoder(Gazetteer.build(()))


def test_what_the_list_does_not_know_is_asked_of_the_service_and_left_to_a_person(service: Service):
    answer = WithOnline(empty(), online(service)).geocode("人民医院")
    assert answer.best is not None
    assert (answer.best.lon, answer.best.lat) == (119.31, 33.24)
    assert (answer.best.matched, answer.best.confidence) == ("人民医院（网上）", CONFIDENCE)
    assert "online service" in answer.why


def test_a_place_that_the_list_is_sure_of_is_not_told_to_anybody(service: Service):
    @dataclass
    class Sure:
        def geocode(self, text: str) -> Answer:
            known = Candidate(119.4, 33.3, Accuracy.DOOR, 0.95, "known", 1, 60)
            return Answer(text, (known,), None, say("known"))

    answer = WithOnline(Sure(), online(service)).geocode("人民医院")
    assert [each.matched for each in answer.candidates] == ["known"]
    assert service.asked == []


def test_a_text_is_asked_once(service: Service):
    both = online(service)
    for _ in range(3):
        WithOnline(empty(), both).geocode("人民医院")
    assert service.asked == ["人民医院"]


def test_a_service_that_knows_nothing_changes_nothing(service: Service):
    assert WithOnline(empty(), online(service)).geocode("噪音扰民").best is None


def test_a_service_that_is_out_of_order_costs_no_answer(service: Service, caplog: pytest.LogCaptureFixture):
    service.broken = True
    assert WithOnline(empty(), online(service)).geocode("人民医院").best is None
    assert "did not answer" in caplog.text


def test_coordinates_of_the_service_are_changed_to_ours(service: Service):
    service.lon, service.lat = from_wgs84(119.31, 33.24, "bd09")
    answer = WithOnline(empty(), online(service, "&datum=bd09")).geocode("人民医院")
    assert answer.best is not None
    assert (answer.best.lon, answer.best.lat) == pytest.approx((119.31, 33.24), abs=1e-6)


@pytest.mark.parametrize("setting", ["nobody?x=1", "nominatim?colour=red", "nominatim?user_agent=a&datum=moon"])
def test_a_setting_that_describes_no_service_is_refused(setting: str):
    with pytest.raises(SettingUnusable, match="ONLINE_GEOCODER"):
        OnlineService(setting)
