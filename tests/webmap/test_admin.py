"""What administrators do: open, close and reset accounts, and read the audit trail."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.webmap.conftest import Visitor
from webmap.accounts import Account, AuditLine
from webmap.permissions import PERMISSIONS, Permission, Role

ADDRESSES = ["/admin", "/admin/new", "/admin/audit", "/styleguide", "/styleguide/grids.json"]


@pytest.fixture
def admin(signed_in: Callable[..., Visitor]) -> Visitor:
    return signed_in(Role.ADMINISTRATOR)


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_administrators_come_in(signed_in: Callable[..., Visitor], client: Visitor, address: str) -> None:
    assert client.get(address).status_code == 303
    assert signed_in(Role.LEADER).get(address).status_code == 403
    assert signed_in(Role.ADMINISTRATOR).get(address).status_code == 200


def test_an_opened_account_gets_a_password_that_is_shown_once_and_works(admin: Visitor, client: Visitor) -> None:
    form = {"name": "planner1", "display_name": "规划股", "role": "planner"}
    page = admin.post("/admin/new", data=form)
    assert page.status_code == 200
    password = page.text.split('id="password">')[1].split("<")[0]
    assert password not in admin.get("/admin").text
    assert client.sign_in("planner1", password).status_code == 303
    assert client.get("/").location is not None


def test_a_form_with_problems_comes_back_as_typed_with_all_of_them(admin: Visitor) -> None:
    page = admin.post("/admin/new", data={"name": "&", "display_name": "<b>某人</b>", "role": "worker"})
    assert page.status_code == 422
    assert "登录名须为" in page.text
    assert "网格员须填写工号" in page.text
    assert 'value="&lt;b&gt;某人&lt;/b&gt;"' in page.text


def test_an_account_is_closed_and_opened_again_with_a_trace(
    admin: Visitor, make_account: Callable[..., Account], store: Session
) -> None:
    account = make_account(Role.PLANNER)
    admin.post(f"/admin/{account.id}/deactivate")
    assert "已停用" in admin.get(f"/admin?search={account.name}").text
    admin.post(f"/admin/{account.id}/reactivate")
    assert "已停用" not in admin.get(f"/admin?search={account.name}").text
    lines = store.scalars(select(AuditLine).where(AuditLine.subject == f"account:{account.id}").order_by(AuditLine.id))
    assert [line.action for line in lines] == ["account-deactivated", "account-reactivated"]


def test_nobody_closes_the_account_he_is_using(admin: Visitor, store: Session) -> None:
    own = store.scalars(select(Account).order_by(Account.id.desc())).first()
    assert own is not None
    assert admin.post(f"/admin/{own.id}/deactivate").status_code == 422
    assert admin.get("/admin").status_code == 200


def test_an_account_that_is_not_there_is_not_found(admin: Visitor) -> None:
    assert admin.post("/admin/999999/password").status_code == 404


def test_accounts_are_found_by_any_part_of_a_name(admin: Visitor, make_account: Callable[..., Account]) -> None:
    make_account(Role.LEADER, name="needle", display_name="张三丰")
    make_account(Role.LEADER, name="hay", display_name="李四")
    found = admin.get("/admin?search=三丰").text
    assert "needle" in found
    assert "李四" not in found
    assert "没有符合条件的账号" in admin.get("/admin?search=%25_nothing").text


def test_a_long_list_has_pages(admin: Visitor, make_account: Callable[..., Account]) -> None:
    for number in range(51):
        make_account(Role.LEADER, name=f"many{number:02}")
    first, second = admin.get("/admin?search=many").text, admin.get("/admin?search=many&page=2").text
    assert "many00" in first
    assert "many50" not in first
    assert "many50" in second
    assert admin.get("/admin?search=many&page=99").status_code == 200


def test_the_trail_is_shown_newest_first_and_by_kind(admin: Visitor, make_account: Callable[..., Account]) -> None:
    account = make_account(Role.PLANNER)
    admin.post(f"/admin/{account.id}/password")
    trail = admin.get("/admin/audit?action=password-reset").text
    assert f"account:{account.id}" in trail
    assert trail.count('<td data-label="事项">重置密码') == trail.count('<td data-label="事项">')


def test_what_is_typed_shows_as_text(admin: Visitor, make_account: Callable[..., Account]) -> None:
    make_account(Role.LEADER, name="tricky", display_name="<script>alert(1)</script>`${alert(1)}`")
    page = admin.get("/admin?search=tricky").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;`${alert(1)}`" in page


def test_an_account_is_opened_in_the_browser(
    open_page: Callable[..., Page], make_account: Callable[..., Account]
) -> None:
    page = open_page(width=360, height=740, language="en", account=make_account())
    page.get_by_role("link", name="New account").click()
    page.fill("#display_name", "County leader")
    page.fill("#name", "leader.of.county")
    page.select_option("#role", "leader")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="First password for County leader")).to_be_visible()


def test_a_dialog_opens_by_keyboard_and_gives_the_focus_back(
    open_page: Callable[..., Page], make_account: Callable[..., Account]
) -> None:
    other = make_account(Role.LEADER, name="dialogue")
    page = open_page(account=make_account())
    page.goto(f"/admin?search={other.name}")
    press = page.get_by_role("button", name="管理")
    press.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(press).to_be_focused()


def test_administrators_manage_but_do_not_handle() -> None:
    held = PERMISSIONS[Role.ADMINISTRATOR]
    assert Permission.REVEAL_REPORTER not in held
    assert Permission.DISPATCH not in held
