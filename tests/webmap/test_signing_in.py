"""Signing in, staying signed in, guessing, and who may go where."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tests.webmap.conftest import PASSWORD, Visitor
from webmap.accounts import Account, AuditLine, SignInAttempt
from webmap.app import create_app
from webmap.audit import Action
from webmap.identity import IDLE_S
from webmap.installation import utcnow
from webmap.permissions import PUBLIC, Permission, Role, access_of
from webmap.signing_in.attempts import PER_ADDRESS, PER_NAME, WINDOW

Accounts = Callable[..., Account]
NEW_PASSWORD = "another-long-one"


@pytest.fixture(autouse=True)
def nobody_has_guessed(store: Session) -> None:
    store.execute(delete(SignInAttempt))
    store.commit()


def test_every_route_declares_who_may_use_it(app: Flask) -> None:
    views = {rule.rule: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    assert [rule for rule, view in views.items() if access_of(view) is None] == []


def test_only_files_health_and_signing_in_are_public_besides_the_intake(app: Flask) -> None:
    public = {
        rule.endpoint for rule in app.url_map.iter_rules() if access_of(app.view_functions[rule.endpoint]) == PUBLIC
    }
    shell = {"assets.file", "statics.static", "health.alive", "health.ready"}
    shell |= {f"signing_in.{name}" for name in ("index", "sign_in", "leave", "choose_language")}
    assert shell <= public
    assert {endpoint.partition(".")[0] for endpoint in public - shell} <= {"api", "reporting"}


def test_a_view_that_declares_nothing_is_closed_even_to_administrators(app: Flask, make_account: Accounts) -> None:
    careless = create_app(app.extensions["wangge"].settings)
    careless.add_url_rule("/careless", "careless", lambda: "secret")
    careless.test_client_class = Visitor
    with careless.test_client() as visitor:
        visitor.sign_in(make_account(Role.ADMINISTRATOR).name)
        assert visitor.get("/admin").status_code == 200
        assert visitor.get("/careless").status_code == 403
    careless.extensions["wangge"].engine.dispose()


def test_the_right_password_opens_the_roles_own_start_page(client: Visitor, make_account: Accounts) -> None:
    account = make_account(Role.ADMINISTRATOR)
    response = client.sign_in(account.name)
    assert (response.status_code, response.location) == (303, "/admin")
    assert client.get("/").location == "/admin"


def test_a_name_may_be_typed_in_capitals_and_with_blanks(client: Visitor, make_account: Accounts) -> None:
    account = make_account()
    assert client.sign_in(f" {account.name.upper()} ").status_code == 303


def test_a_wrong_password_and_an_unknown_name_get_the_same_sentence(client: Visitor, make_account: Accounts) -> None:
    wrong, unknown = client.sign_in(make_account().name, "not-the-password"), client.sign_in("nobody-of-that-name")
    assert wrong.status_code == unknown.status_code == 401
    assert "登录名或密码不正确" in wrong.text
    assert "登录名或密码不正确" in unknown.text


def test_a_deactivated_account_cannot_sign_in(client: Visitor, make_account: Accounts) -> None:
    account = make_account(deactivated_at=utcnow())
    assert client.sign_in(account.name).status_code == 401


def test_guessing_a_name_locks_it_for_everyone_with_a_clear_sentence(
    client: Visitor, app: Flask, make_account: Accounts
) -> None:
    account = make_account()
    for _ in range(PER_NAME):
        assert client.sign_in(account.name, "wrong-password").status_code == 401
    locked = client.sign_in(account.name)
    assert locked.status_code == 429
    assert "失败次数过多，请等待 15 分钟后再试" in locked.text
    assert locked.headers["Retry-After"] == "900"
    elsewhere = app.test_client()
    assert isinstance(elsewhere, Visitor)
    assert elsewhere.sign_in(account.name).status_code == 429


def test_guesses_made_at_the_same_moment_all_count(app: Flask, make_account: Accounts) -> None:
    account = make_account()

    def guess(_number: int) -> int:
        visitor = app.test_client()
        assert isinstance(visitor, Visitor)
        return visitor.sign_in(account.name, "wrong-password").status_code

    with ThreadPoolExecutor(3 * PER_NAME) as crowd:
        answers = Counter(crowd.map(guess, range(3 * PER_NAME)))
    assert 1 <= answers[401] <= PER_NAME
    assert answers[401] + answers[429] == 3 * PER_NAME


def test_a_lock_leaves_one_audit_line(client: Visitor, make_account: Accounts, store: Session) -> None:
    account = make_account()
    for _ in range(PER_NAME + 2):
        client.sign_in(account.name, "wrong-password")
    lines = store.scalars(select(AuditLine).where(AuditLine.subject == f"account:{account.id}")).all()
    assert [line.action for line in lines] == [Action.LOCKED_OUT]


def test_behind_a_proxy_on_this_machine_each_caller_counts_for_himself(
    client: Visitor, make_account: Accounts, store: Session
) -> None:
    client.post("/", data={"name": "nobody", "password": "x"}, headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.7"})
    assert [str(address) for address in store.scalars(select(SignInAttempt.address))] == ["10.0.0.7"]


def test_a_caller_from_elsewhere_cannot_choose_his_address(client: Visitor, store: Session) -> None:
    client.post(
        "/", data={"name": "nobody", "password": "x"}, headers={"X-Forwarded-For": "10.0.0.7"},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )  # fmt: skip
    assert [str(address) for address in store.scalars(select(SignInAttempt.address))] == ["203.0.113.9"]


def test_a_refused_attempt_does_not_prolong_the_wait(client: Visitor, make_account: Accounts, store: Session) -> None:
    account = make_account()
    for _ in range(PER_NAME + 3):
        client.sign_in(account.name, "wrong-password")
    assert store.scalar(select(func.count()).select_from(SignInAttempt)) == PER_NAME


def test_the_lock_opens_when_the_guesses_are_old_enough(
    client: Visitor, make_account: Accounts, store: Session
) -> None:
    account = make_account()
    long_ago = utcnow() - WINDOW - timedelta(seconds=1)
    store.add_all(SignInAttempt(name=account.name, address="127.0.0.1", at=long_ago) for _ in range(PER_NAME))
    store.commit()
    assert client.sign_in(account.name).status_code == 303


def test_an_address_that_guesses_many_names_is_locked_too(
    client: Visitor, make_account: Accounts, store: Session
) -> None:
    store.add_all(
        SignInAttempt(name=f"somebody{n}", address="127.0.0.1", at=utcnow() - timedelta(minutes=5))
        for n in range(PER_ADDRESS)
    )
    store.commit()
    locked = client.sign_in(make_account().name)
    assert locked.status_code == 429
    assert locked.headers["Retry-After"] == "600"


def test_the_right_password_forgets_earlier_slips(client: Visitor, make_account: Accounts, store: Session) -> None:
    account = make_account()
    client.sign_in(account.name, "a-slip-of-the-finger")
    client.sign_in(account.name)
    assert store.scalar(select(func.count()).where(SignInAttempt.name == account.name)) == 0


def test_signing_in_leaves_an_audit_line(client: Visitor, make_account: Accounts, store: Session) -> None:
    account = make_account()
    client.sign_in(account.name)
    line = store.scalars(select(AuditLine).where(AuditLine.subject == f"account:{account.id}")).one()
    assert (line.action, line.by_name, str(line.address)) == (Action.SIGNED_IN, account.display_name, "127.0.0.1")


def test_a_session_planted_before_signing_in_does_not_survive_it(client: Visitor, make_account: Accounts) -> None:
    with client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
    client.sign_in(make_account().name)
    with client.session_transaction() as after:
        assert "planted" not in after


def test_a_page_asked_for_signed_out_is_shown_after_signing_in(client: Visitor, make_account: Accounts) -> None:
    account = make_account()
    sent_away = client.get("/admin/audit?page=2")
    assert sent_away.location == "/?next=/admin/audit?page%3D2"
    assert 'name="next" value="/admin/audit?page=2"' in client.get(sent_away.location).text
    assert client.sign_in(account.name, next="/admin/audit?page=2").location == "/admin/audit?page=2"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_off_the_site(client: Visitor, make_account: Accounts, target: str) -> None:
    assert client.sign_in(make_account().name, next=target).location == "/admin"


def test_a_session_ends_after_a_day_without_a_request_unless_it_shall_stay(
    client: Visitor, make_account: Accounts
) -> None:
    account = make_account()
    for fields, kept in (({}, False), ({"stay": "1"}, True)):
        client.sign_in(account.name, **fields)
        with client.session_transaction() as session:
            session["seen"] = int(time.time()) - IDLE_S - 1
        assert (client.get("/admin").status_code == 200) is kept


def test_staying_signed_in_is_a_cookie_with_an_end_and_else_one_of_the_browsers_session(
    client: Visitor, make_account: Accounts
) -> None:
    account = make_account()
    assert "Expires=" not in client.sign_in(account.name).headers["Set-Cookie"]
    assert "Expires=" in client.sign_in(account.name, stay="1").headers["Set-Cookie"]


def test_a_new_password_ends_every_other_session(app: Flask, client: Visitor, make_account: Accounts) -> None:
    account = make_account()
    other = app.test_client()
    assert isinstance(other, Visitor)
    client.sign_in(account.name)
    other.sign_in(account.name)
    form = {"old": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert client.post("/account/password", data=form).status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert other.sign_in(account.name, NEW_PASSWORD).status_code == 303


def test_deactivating_an_account_ends_its_sessions_at_once(
    signed_in: Callable[..., Visitor], make_account: Accounts, store: Session
) -> None:
    visitor = signed_in(Role.PLANNER, name="leaving")
    store.scalars(select(Account).where(Account.name == "leaving")).one().deactivated_at = utcnow()
    store.commit()
    assert visitor.get("/account").status_code == 303


def test_a_password_is_refused_with_every_reason_at_once(signed_in: Callable[..., Visitor]) -> None:
    visitor = signed_in()
    refused = visitor.post("/account/password", data={"old": "wrong", "password": "1111", "again": "2222"})
    assert refused.status_code == 422
    for sentence in ("至少需要 10 个字符", "太容易被猜到", "当前密码不正确", "两次输入的新密码不一致"):
        assert sentence in refused.text


def test_a_first_password_must_be_replaced_before_anything_else(client: Visitor, make_account: Accounts) -> None:
    client.sign_in(make_account(must_change_password=True).name)
    assert client.get("/admin").location == "/account/password"
    form = {"old": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    client.post("/account/password", data=form)
    assert client.get("/admin").status_code == 200


def test_signing_out_ends_the_session_and_keeps_the_language(client: Visitor, make_account: Accounts) -> None:
    client.post("/language", data={"language": "en"})
    client.sign_in(make_account().name)
    assert client.post("/sign-out").status_code == 303
    assert client.get("/account").status_code == 303
    assert "Sign-in name" in client.get("/").text


def test_the_language_follows_the_account_then_the_browser_then_is_chinese(
    client: Visitor, make_account: Accounts
) -> None:
    assert 'lang="zh-CN"' in client.get("/").text
    assert 'lang="en"' in client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert 'lang="zh-CN"' in client.get("/", headers={"Accept-Language": "fr,de;q=0.8"}).text
    assert 'lang="zh-CN"' in client.get("/", headers={"Accept-Language": "zh-TW,en;q=0.5"}).text
    client.sign_in(make_account(language="en").name)
    assert 'lang="en"' in client.get("/account").text


def test_every_role_may_only_what_its_table_says(signed_in: Callable[..., Visitor]) -> None:
    assert signed_in(Role.PLANNER).get("/admin").status_code == 403
    assert signed_in(Role.LEADER).get("/admin/audit").status_code == 403
    assert signed_in(Role.ADMINISTRATOR).get("/admin/audit").status_code == 200


def test_no_role_that_may_not_read_incidents_may_change_them() -> None:
    from webmap.permissions import PERMISSIONS

    changing = {Permission.FILE, Permission.DISPATCH, Permission.HANDLE, Permission.VERIFY, Permission.VOID}
    for role, permissions in PERMISSIONS.items():
        assert Permission.SEE_INCIDENTS in permissions or not changing & permissions, role


def test_signing_in_works_by_keyboard_alone(page: Page, make_account: Accounts) -> None:
    account = make_account(Role.ADMINISTRATOR)
    page.goto("/")
    page.keyboard.type(account.name)  # the name has the focus
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="账号")).to_be_visible()


def test_the_language_switch_translates_the_page_and_stays_on_it(
    open_page: Callable[..., Page], make_account: Accounts
) -> None:
    page = open_page(account=make_account(Role.ADMINISTRATOR))
    page.goto("/admin/audit")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    assert page.url.endswith("/admin/audit")
