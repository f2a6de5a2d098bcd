"""First screens in headless Chromium: what crosses the wire, and when a person can begin to work.

A page is interactive when it has loaded, every layer of its maps that is switched on has drawn its data, and two
frames have been painted after that. Each visit is the first of a browser that has seen nothing before.
"""

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_S = 120

WATCH = """
(() => {
  const CALM_MS = 700;  // so long must nothing more be fetched: a map that moved asks again after 180 ms
  let calmSince = null;
  const drawn = () => {
    if (document.readyState !== "complete" || !performance.getEntriesByType("navigation")[0].loadEventEnd) return false;
    if (window.benchDrawn) return window.benchDrawn();
    if (!document.querySelector(".map-block")) return true;
    return Boolean(window.Wangge?.standing) && Object.values(Wangge.maps).every((board) =>
      Number(board.element.dataset.busy ?? 0) === 0);
  };
  const look = () => {
    if (!drawn()) calmSince = null;
    else calmSince ??= { drawn: performance.now() };
    if (calmSince && !calmSince.painted) {
      const since = calmSince;
      requestAnimationFrame(() => requestAnimationFrame(() => { since.painted ??= performance.now(); }));
    }
    const calm = calmSince?.painted && performance.now() - calmSince.painted > CALM_MS;
    if (calm) window.benchInteractiveMs = calmSince.painted;
    else setTimeout(look, 4);
  };
  look();
})();
"""
"""Runs in the page before its own scripts. `benchDrawn` is for pages that are not ours."""


@dataclass(frozen=True)
class Visit:
    """What one first visit cost."""

    interactive_ms: float
    wire_bytes: int
    requests: int


@dataclass
class Wire:
    """What Chromium says about the network while a page loads."""

    requests: int = 0
    bytes: int = 0
    strangers: list[str] = field(default_factory=list)

    def listen(self, session: CDPSession) -> None:
        """Begin to count, with nothing in the browser's cache."""
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": False})

    def _sent(self, event: dict[str, Any]) -> None:
        address = event["request"]["url"]
        if address.startswith(("data:", "blob:")):
            return
        self.requests += 1
        if urlsplit(address).hostname != "127.0.0.1":
            self.strangers.append(address)

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def sign_in(browser: Browser, address: str, name: str, password: str) -> Any:
    """The cookies of a signed-in person, for visits by browsers that have seen no page yet."""
    context = browser.new_context(base_url=address)
    token = re.search(r'name="csrf-token" content="([^"]+)"', context.request.get("/").text())
    assert token, "the page to sign in has no token"
    answer = context.request.post(
        "/", form={"name": name, "password": password}, headers={"X-CSRFToken": token[1]}, max_redirects=0
    )
    assert answer.status == 303, f"{name} could not sign in: {answer.status}"
    state = context.storage_state()
    context.close()
    return state


def visit(browser: Browser, address: str, *, state: Any = None, width: int = 1366, height: int = 768) -> Visit:
    """Open the page for the first time. Ends the program where it complains or calls another machine."""
    context = browser.new_context(
        storage_state=state, viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    try:
        return _visit(context, address)
    finally:
        context.close()


def _visit(context: BrowserContext, address: str) -> Visit:
    page, wire, complaints = context.new_page(), Wire(), _heard(context)
    page.add_init_script(WATCH)
    wire.listen(context.new_cdp_session(page))
    page.goto(address, wait_until="commit")
    interactive_ms = _wait(page, complaints)
    if urlsplit(page.url).path != urlsplit(address).path:
        raise SystemExit(f"{address} led to {page.url}")
    if complaints or wire.strangers:
        raise SystemExit(f"{address}: " + json.dumps(complaints + wire.strangers, ensure_ascii=False))
    return Visit(interactive_ms, wire.bytes, wire.requests)


def _wait(page: Page, complaints: Sequence[str]) -> float:
    """Ask until the page has settled or complained. (Waiting in the page itself would break its policy.)"""
    give_up = time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        settled = page.evaluate("() => window.benchInteractiveMs ?? null")
        if settled is not None or complaints:
            return float(settled or 0)
        page.wait_for_timeout(100)
    raise SystemExit(f"{page.url} was still fetching or drawing after {WAIT_S} seconds")


def _heard(context: BrowserContext) -> list[str]:
    """Every console error and script error of the context's pages, as they come."""
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return complaints
