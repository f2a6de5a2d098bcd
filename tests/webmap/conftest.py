"""What tests of pages may ask for. Each module has a database of its own; what it commits stays for the module.

| fixture | gives |
|---|---|
| `app` | the application over the module's database |
| `asked` | a request for a page by somebody who is not signed in, under way while the test runs |
| `store` | an unrestricted session on that database: commit what the pages shall see |
| `make_account` | `make_account(Role.PLANNER, area=…)` → an Account with the password PASSWORD, committed |
| `client` | a browser without a screen: keeps cookies, and sends the CSRF token by itself |
| `signed_in` | `signed_in(Role.PLANNER)` → such a client, signed in |
| `ladder` | the areas of `tests.webmap.redrawing.settle`, committed; many modules make their own instead |
| `planner` | a planner of that ladder, signed in, in English |
| `server` | the address of the application, served on this machine |
| `page` | a Chromium page at 1280 × 800; the test fails on any console error and on any request leaving the machine |
| `open_page` | `open_page(width=360, language="en", account=…)` → another such page, signed in when asked |
| `troubles` | what those pages complained of so far; a test that provokes some looks at them and clears the list |
"""

import re
import threading
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from database.session import open_session
from database.settings import Settings
from geo.models import Area
from staffing.models import Staff, Unit
from webmap.accounts import Account
from webmap.app import create_app
from webmap.passwords import hash_password
from webmap.permissions import Role

PASSWORD = "a-long-enough-one"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

_names = count(1)
_password_hash = hash_password(PASSWORD)


class Visitor(FlaskClient):
    """A client that behaves as a browser with our pages: it sends the CSRF token with what changes something."""

    def csrf_token(self) -> str:
        """The token of this client's session."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/nowhere").text)
        assert found, "a page without the token"
        return found[1]

    def post(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        """POST as a page would; `csrf=False` as a foreign page would."""
        if csrf:
            kwargs["headers"] = {"X-CSRFToken": self.csrf_token(), **dict(kwargs.get("headers") or {})}
        return super().post(*args, **kwargs)

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Sign in through the form."""
        return self.post("/", data={"name": name, "password": password, **fields})


@pytest.fixture(scope="module")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    data = tmp_path_factory.mktemp("data")
    app = create_app(Settings(data=data, database_url=database_url, secret_key="a secret for tests only"))
    app.testing = True
    app.test_client_class = Visitor
    yield app
    app.extensions["wangge"].close()


@pytest.fixture
def asked(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        g.account = None
        yield


@pytest.fixture
def store(app: Flask) -> Iterator[Session]:
    with open_session(app.extensions["wangge"].engine) as db:
        yield db


@pytest.fixture
def make_account(store: Session) -> Callable[..., Account]:
    def make(
        role: Role = Role.ADMINISTRATOR, *, name: str | None = None, area: Area | None = None, unit: Unit | None = None,
        staff: Staff | None = None, **columns: Any,
    ) -> Account:  # fmt: skip
        name = name or f"account{next(_names)}"
        account = Account(
            name=name, display_name=columns.pop("display_name", f"Name of {name}"), role=role,
            area_id=area.id if area else None, unit_id=unit.id if unit else None, staff_id=staff.id if staff else None,
            password_hash=_password_hash, **columns,
        )  # fmt: skip
        store.add(account)
        store.commit()
        return account

    return make


@pytest.fixture
def client(app: Flask) -> Visitor:
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    return visitor


@pytest.fixture
def signed_in(app: Flask, make_account: Callable[..., Account]) -> Callable[..., Visitor]:
    def sign_in(role: Role = Role.ADMINISTRATOR, **account: Any) -> Visitor:
        visitor = app.test_client()
        assert isinstance(visitor, Visitor)
        response = visitor.sign_in(make_account(role, **account).name)
        assert response.status_code == 303, response.text
        return visitor

    return sign_in


@pytest.fixture(scope="module")
def ladder(app: Flask) -> dict[str, Area]:
    from tests.webmap.redrawing import settle  # which needs the Visitor above

    return settle(app)


@pytest.fixture
def planner(signed_in: Callable[..., Visitor], ladder: dict[str, Area]) -> Visitor:
    return signed_in(Role.PLANNER, language="en")


@pytest.fixture(scope="module")
def server(app: Flask) -> Iterator[str]:
    serving = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join(timeout=10)
    serving.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # a machine that runs several tests at once is slow, not wrong
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def open_page(browser: Browser, server: str, troubles: list[str]) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def hear(message: ConsoleMessage) -> None:
        refused_page = (
            message.text.startswith("Failed to load resource") and message.location["url"] == message.page.url
        )
        if message.type == "error" and not refused_page:  # a page that is itself the answer to a failure is none
            troubles.append(f"console: {message.text}")

    def watch(page: Page) -> None:
        page.on("console", hear)
        page.on("pageerror", lambda error: troubles.append(f"script: {error}"))

    def stay_here(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None) and not request.url.startswith(("data:", "blob:")):
            troubles.append(f"left the machine: {request.url}")

    def open_one(
        *, width: int = 1280, height: int = 800, language: str = "zh", account: Account | None = None, **options: Any
    ) -> Page:
        context = browser.new_context(
            base_url=server, viewport={"width": width, "height": height},
            locale={"zh": "zh-CN", "en": "en-GB"}[language], timezone_id="Asia/Shanghai", **options,
        )  # fmt: skip
        context.set_default_timeout(20_000)
        context.on("request", stay_here)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        if account is not None:
            page.goto("/")
            page.fill("#name", account.name)
            page.fill("#password", PASSWORD)
            page.click("button.button-main")
            page.wait_for_url(lambda url: urlsplit(url).path != "/")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()
