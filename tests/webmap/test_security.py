"""Headers, cookies, forged requests, and how every failure is answered."""

import gzip
import importlib
import logging
import pkgutil
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, g, request
from playwright.sync_api import Page, expect
from sqlalchemy import text
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.routing import AnyConverter, Rule

from database.errors import DatabaseUnreachable
from database.settings import Settings
from importers.errors import MissingColumn
from tests.webmap.conftest import PASSWORD, Visitor
from webmap import problems
from webmap.accounts import Account
from webmap.app import create_app
from webmap.compression import compress
from webmap.permissions import Role, public
from webmap.security import basemap_origin, content_security_policy, safe_next

OURS = ("database", "geo", "staffing", "incidents", "importers", "webmap")


def own_errors() -> Iterator[type[Exception]]:
    """Every exception class that our packages define."""
    for package in OURS:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == module.__name__:
                    yield value


def test_every_error_of_ours_has_a_status_and_a_sentence(app: Flask) -> None:
    assert app  # the API adds its own to the table when it is loaded
    without = {error for error in own_errors() if not any(cls in problems.ANSWERS for cls in error.__mro__)}
    assert {f"{error.__module__}.{error.__name__}" for error in without} == set()


def test_every_answer_is_a_refusal_with_two_sentences() -> None:
    for answer in (*problems.ANSWERS.values(), *problems.HTTP_ANSWERS.values(), problems.FORM_TOO_OLD):
        assert answer.status >= HTTPStatus.BAD_REQUEST
        assert str(answer.title).endswith(".")
        assert str(answer.advice).endswith((".", "make setup"))


# --- headers and cookies ----------------------------------------------------------------------------------------


def test_a_page_carries_its_security_headers(client: Visitor) -> None:
    headers = client.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=(self), camera=(self), microphone=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_scripts_and_styles_run_from_our_origin_or_with_this_answers_nonce_only(client: Visitor) -> None:
    first, second = (client.get("/").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second
    assert "default-src 'self'" in first
    for unsafe in ("unsafe-inline", "unsafe-eval", "http:", "https:", "*", "strict-dynamic"):
        assert unsafe not in first


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (None, None),
        ("/tiles/{z}/{x}/{y}.png", None),
        ("https://tiles.example.cn/{z}/{x}/{y}.png", "https://tiles.example.cn"),
        ("https://t{s}.tianditu.gov.cn/vec_w/wmts?x={x}", "https://*.tianditu.gov.cn"),
        ("http://127.0.0.1:8080/{z}/{x}/{y}.png", "http://127.0.0.1:8080"),
    ],
)
def test_the_policy_opens_images_to_the_configured_base_map_alone(url: str | None, origin: str | None) -> None:
    assert basemap_origin(url) == origin
    policy = content_security_policy("n", origin)
    assert f"img-src 'self' data: blob:{' ' + origin if origin else ''};" in policy


def test_the_session_cookie_is_closed_to_scripts_and_sent_over_https_alone(app: Flask, make_account: Any) -> None:
    name = make_account().name
    over = {
        "http://127.0.0.1:8000": False,
        "http://localhost": False,
        "http://10.1.2.3": True,
        "https://wangge.example": True,
    }
    for base, secure in over.items():
        visitor = app.test_client()
        assert isinstance(visitor, Visitor)
        cookie = visitor.get("/", base_url=base).headers["Set-Cookie"]
        assert name not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is secure


def test_over_plain_http_to_another_machine_the_form_says_that_it_cannot_work(client: Visitor) -> None:
    assert "https" in client.get("/", base_url="http://10.1.2.3").text
    assert "https 打开" not in client.get("/", base_url="http://127.0.0.1").text


@pytest.mark.parametrize("target", ["/desk", "/desk?state=filed&page=2", "/a//b"])
def test_a_path_of_ours_is_a_safe_next(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        None,
        "desk",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "/\n/x",
    ],
)
def test_anything_that_could_leave_the_site_is_not(target: str | None) -> None:
    assert safe_next(target) is None


# --- forged requests --------------------------------------------------------------------------------------------


def test_a_form_without_the_token_is_refused_with_what_to_do(client: Visitor, make_account: Any) -> None:
    refused = client.post("/", csrf=False, data={"name": make_account().name, "password": PASSWORD})
    assert refused.status_code == 400
    assert "表单已失效" in refused.text


def test_no_route_that_changes_something_answers_without_the_token(
    app: Flask, signed_in: Callable[..., Visitor]
) -> None:
    visitor, changing = signed_in(Role.ADMINISTRATOR), {"POST", "PUT", "PATCH", "DELETE"}
    addressed = [(method, rule) for rule in app.url_map.iter_rules() for method in changing & (rule.methods or set())]
    answered = [
        f"{method} {rule.rule}"
        for method, rule in addressed
        if visitor.open(_address(rule), method=method).status_code not in (400, 403, 404)
    ]
    assert len(addressed) > 10
    assert answered == []


def _address(rule: Rule) -> str:
    """Some address of the rule, whatever its parts are called."""
    url = rule.rule
    for name, converter in rule._converters.items():
        value = min(converter.items) if isinstance(converter, AnyConverter) else "1"
        url = re.sub(rf"<([^<>]*:)?{name}>", value, url)
    return url


# --- answers to failures ----------------------------------------------------------------------------------------


@pytest.fixture
def failing(database_url: str, tmp_path: Path) -> Iterator[Visitor]:
    """A client of an application with views that fail in every way; not in testing mode, as in production."""
    app = create_app(Settings(data=tmp_path, database_url=database_url, secret_key="a secret for tests only"))
    app.test_client_class = Visitor
    raised: dict[str, Exception] = {
        "unknown": RuntimeError("SELECT * FROM secret; 13812345678"),
        "database": DatabaseUnreachable("at /var/secret", "nobody there"),
        "input": problems.InputProblem(["第3行：编号重复", "<b>第4行</b>"]),
        "file": MissingColumn("staff.csv", missing=("name",), headings=("工号", "电话"), example="name"),
        "waiting": problems.TooManyAttempts(7),
        "closing": ServiceUnavailable(retry_after=5),
    }
    for name, error in raised.items():
        for prefix in ("", "/api/v1"):
            app.add_url_rule(f"{prefix}/fail/{name}", f"{prefix}{name}", public(_raising(error)))
    app.add_url_rule("/fail-query", view_func=public(_bad_query))
    yield app.test_client()  # type: ignore[misc]
    app.extensions["wangge"].close()


def _bad_query() -> str:
    typed = "1381234" + "5678"
    g.db.execute(text(f"SELECT '{typed}' FROM no_such_table"))
    return ""


def _raising(error: Exception) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


def test_an_unknown_failure_tells_a_number_and_never_its_text(
    failing: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = failing.get("/api/v1/fail/unknown")
    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    document = response.get_json()
    assert document["instance"] in caplog.text
    assert "SELECT" not in response.text
    assert "SELECT" not in failing.get("/fail/unknown").text


def test_a_failed_query_is_logged_without_the_values_people_typed(
    failing: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert failing.get("/fail-query").status_code == 500
    assert "UndefinedTable [42P01]" in caplog.text
    assert "_bad_query" in caplog.text
    assert "13812345678" not in caplog.text


def test_a_database_that_does_not_answer_is_503_without_saying_where_it_is(failing: Visitor) -> None:
    response = failing.get("/api/v1/fail/database")
    assert response.status_code == 503
    assert "/var/secret" not in response.text


def test_malformed_input_comes_back_with_every_problem_at_once(failing: Visitor) -> None:
    assert failing.get("/api/v1/fail/input").get_json()["problems"] == ["第3行：编号重复", "<b>第4行</b>"]
    page = failing.get("/fail/input")
    assert page.status_code == 422
    assert "第3行：编号重复" in page.text
    assert "&lt;b&gt;第4行&lt;/b&gt;" in page.text


def test_a_file_that_cannot_be_read_is_explained(failing: Visitor) -> None:
    assert failing.get("/fail/file").status_code == 422
    assert "工号、电话" in failing.get("/fail/file").text


def test_a_wait_is_told_in_words_and_in_the_header(failing: Visitor) -> None:
    response = failing.get("/fail/waiting")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "420"
    assert "7 分钟" in response.text
    assert failing.get("/fail/closing").headers["Retry-After"] == "5"


def test_under_the_api_a_problem_is_a_problem_document_and_elsewhere_a_page(client: Visitor) -> None:
    document = client.get("/api/v1/nothing-here")
    assert document.mimetype == "application/problem+json"
    assert document.get_json() | {"detail": ""} == {
        "type": "about:blank", "title": "这里没有内容。", "status": 404, "detail": "",
    }  # fmt: skip
    page = client.get("/nothing-here")
    assert (page.status_code, page.mimetype) == (404, "text/html")


def test_a_method_that_is_not_allowed_says_which_are(client: Visitor) -> None:
    response = client.put("/account")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_a_body_beyond_the_limit_is_refused_with_the_limit(
    client: Visitor, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    token = client.csrf_token()
    response = client.post("/", csrf=False, data={"name": "x" * 2000}, headers={"X-CSRFToken": token})
    assert response.status_code == 413
    assert "32 MB" in response.text


# --- compression ------------------------------------------------------------------------------------------------


def test_large_answers_are_compressed_where_the_client_takes_it(client: Visitor) -> None:
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    small = client.get("/", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in small.headers["Vary"]
    assert len(small.data) < len(plain.data) / 2
    assert 'name="csrf-token"' in gzip.decompress(small.data).decode()


def test_a_compressed_answer_can_still_be_asked_for_again_by_its_tag(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Encoding": "gzip"}):
        response = compress(Response("网格" * 2000, mimetype="application/geo+json", headers={"ETag": '"one"'}))
        assert response.headers["ETag"] == 'W/"one"'  # the same content in other bytes
    with app.test_request_context("/", headers={"If-None-Match": 'W/"one"'}):
        again = Response("网格" * 2000, headers={"ETag": '"one"'})
        again.make_conditional(request)
        assert again.status_code == 304


def test_what_is_small_or_a_picture_is_left_as_it_is(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Encoding": "gzip"}):
        assert compress(Response("x" * 100)).content_encoding is None
        assert compress(Response(b"x" * 9000, mimetype="image/jpeg")).content_encoding is None


# --- health -----------------------------------------------------------------------------------------------------


def test_health_tells_alive_and_ready_apart(client: Visitor, tmp_path: Path) -> None:
    assert client.get("/healthz").get_json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["checks"]) == (200, {"database": True, "areas": True})
    lost = Settings(data=tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none", secret_key="x" * 20)
    without = create_app(lost).test_client()
    assert without.get("/healthz").status_code == 200
    answer = without.get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]) == (503, {"database": False, "areas": False})


def test_a_page_says_so_when_the_database_is_away(tmp_path: Path) -> None:
    lost = Settings(data=tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none", secret_key="x" * 20)
    app = create_app(lost)
    app.test_client_class = Visitor
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    answer = visitor.sign_in("somebody")
    assert answer.status_code == 503
    assert "数据库没有响应" in answer.text


# --- in the browser ---------------------------------------------------------------------------------------------


def test_an_inline_script_that_slipped_into_a_page_does_not_run(page: Page, troubles: list[str]) -> None:
    page.goto("/")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.slipped = true";
            document.body.append(script);
        }"""
    )
    assert page.evaluate("() => window.slipped") is None
    assert len(troubles) == 1
    assert "Content Security Policy" in troubles.pop()


def test_forms_say_busy_and_are_sent_once(page: Page, make_account: Callable[..., Account]) -> None:
    account = make_account()
    page.goto("/")
    page.fill("#name", account.name)
    page.fill("#password", "wrong-password")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    page.evaluate("() => { const f = document.querySelector('.sign-in form'); f.requestSubmit(); f.requestSubmit(); }")
    expect(page.get_by_role("alert")).to_contain_text("登录名或密码不正确")
    assert sent == ["POST"]
