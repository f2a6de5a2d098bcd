"""Accounts: what opening one takes, what each may see, tokens, and the command line."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask, g
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from database.session import Scope
from tests.factories import NOW, make_duty, make_ladder, make_staff, make_unit
from tests.webmap.conftest import Visitor
from webmap.accounts import Account, ApiToken, AuditLine
from webmap.admin import keeping
from webmap.admin.keeping import NewAccount
from webmap.app import create_app
from webmap.audit import Action, record
from webmap.identity import scope_of
from webmap.installation import utcnow
from webmap.passwords import hash_password, matches, needs_rehash, random_password
from webmap.permissions import JURISDICTIONS, PERMISSIONS, Jurisdiction, Permission, Role, requires
from webmap.problems import InputProblem

GOOD = "a-long-enough-one"


def new(role: Role = Role.LEADER, **columns: str) -> NewAccount:
    return NewAccount(**{"name": "somebody", "display_name": "某人", "role": role, "password": GOOD} | columns)


@pytest.fixture
def in_chinese(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


# --- the tables of permissions ----------------------------------------------------------------------------------


def test_every_role_has_permissions_and_a_jurisdiction() -> None:
    assert set(PERMISSIONS) == set(JURISDICTIONS) == set(Role)


def test_every_permission_is_somebodys() -> None:
    assert {permission for held in PERMISSIONS.values() for permission in held} == set(Permission)


def test_whoever_sees_reporters_handles_cases() -> None:
    for role, held in PERMISSIONS.items():
        if Permission.REVEAL_REPORTER in held:
            assert held & {Permission.HANDLE, Permission.DISPATCH}, role


# --- opening accounts -------------------------------------------------------------------------------------------


def test_an_account_is_opened_with_a_password_to_replace(db: Session) -> None:
    account = keeping.create_account(db, new(name=" Chief ", display_name=" 县指挥中心 "), by=None)
    assert (account.name, account.display_name, account.must_change_password) == ("chief", "县指挥中心", True)
    assert account.password_hash.startswith("$argon2id$")
    assert matches(account.password_hash, GOOD)


@pytest.mark.usefixtures("in_chinese")
def test_everything_that_is_wrong_is_told_at_once(db: Session) -> None:
    with pytest.raises(InputProblem) as refused:
        keeping.create_account(
            db,
            NewAccount(" x y ", "", "king", "short", area_code="9", unit_code="U", staff_no="S"),
            by=None,
        )
    told = "\n".join(str(problem) for problem in refused.value.problems)
    for part in (
        "登录名须为",
        "请填写姓名",
        "请选择角色",
        "至少需要 10 个字符",
        "编码为 9 的区划",
        "编码为 U 的单位",
        "工号为 S",
    ):
        assert part in told
    assert db.scalar(select(func.count()).select_from(Account)) == 0


def test_a_name_is_taken_whatever_its_letters_case(db: Session) -> None:
    keeping.create_account(db, new(), by=None)
    with pytest.raises(InputProblem, match="somebody"):
        keeping.create_account(db, new(name="SomeBody"), by=None)


@pytest.mark.parametrize("role", [Role.WORKER, Role.VILLAGE, Role.TOWNSHIP_DISPATCHER, Role.DEPARTMENT])
def test_a_role_with_bounds_is_not_opened_without_them(db: Session, role: Role) -> None:
    with pytest.raises(InputProblem) as refused:
        keeping.create_account(db, new(role), by=None)
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize("role", [Role.WORKER, Role.VILLAGE, Role.TOWNSHIP_DISPATCHER, Role.DEPARTMENT])
def test_the_database_refuses_such_an_account_too(db: Session, role: Role) -> None:
    db.add(Account(name="x", display_name="x", role=role, password_hash="-"))
    with pytest.raises(IntegrityError):
        db.flush()


def test_a_township_dispatchers_area_must_be_a_township(db: Session) -> None:
    ladder = make_ladder(db)
    with pytest.raises(InputProblem):
        keeping.create_account(db, new(Role.TOWNSHIP_DISPATCHER, area_code=ladder["village"].code), by=None)
    account = keeping.create_account(db, new(Role.TOWNSHIP_DISPATCHER, area_code=ladder["township"].code), by=None)
    assert account.area_id == ladder["township"].id


# --- what an account may see ------------------------------------------------------------------------------------


def test_nobody_sees_nothing(db: Session) -> None:
    assert scope_of(db, None, now=NOW) == Scope()


def test_a_workers_scope_is_the_grids_of_todays_duties(db: Session) -> None:
    ladder, unit = make_ladder(db), make_unit(db, "U1")
    staff = make_staff(db, "G1", unit)
    make_duty(db, staff, ladder["a"])
    make_duty(db, staff, ladder["b"], held=Range(None, NOW))  # ended just now
    account = keeping.create_account(db, new(Role.WORKER, staff_no="G1"), by=None)
    assert scope_of(db, account, now=NOW) == Scope(area_ids=(ladder["a"].id,), account_id=account.id)


def test_a_departments_scope_is_its_unit(db: Session) -> None:
    unit = make_unit(db, "D1")
    account = keeping.create_account(db, new(Role.DEPARTMENT, unit_code="D1"), by=None)
    assert scope_of(db, account, now=NOW) == Scope(unit_id=unit.id, account_id=account.id)


def test_a_leader_sees_his_township_or_with_none_named_everything(db: Session) -> None:
    ladder = make_ladder(db)
    of_township = keeping.create_account(db, new(name="one", area_code=ladder["township"].code), by=None)
    of_county = keeping.create_account(db, new(name="other"), by=None)
    assert scope_of(db, of_township, now=NOW).area_ids == (ladder["township"].id,)
    assert not scope_of(db, of_township, now=NOW).everywhere
    assert scope_of(db, of_county, now=NOW).everywhere


def test_only_roles_of_the_whole_county_can_see_everywhere(db: Session) -> None:
    for role, jurisdiction in JURISDICTIONS.items():
        account = Account(id=1, role=role, area_id=None, unit_id=None, staff_id=None)
        everywhere = scope_of(db, account, now=NOW).everywhere
        assert everywhere is (jurisdiction is Jurisdiction.AREA_OR_EVERYWHERE), role


def test_a_request_reads_with_the_scope_of_whoever_asks(
    app: Flask, store: Session, make_account: Callable[..., Account]
) -> None:
    ladder = make_ladder(store, township="329901077")
    account = make_account(Role.TOWNSHIP_DISPATCHER, area=ladder["township"])
    seen = []
    watching = create_app(app.extensions["wangge"].settings)
    watching.test_client_class = Visitor

    @watching.get("/watch")
    @requires(Permission.OWN_ACCOUNT)
    def watch() -> str:
        settings = select(func.current_setting("wangge.areas"), func.current_setting("role"))
        seen.append((g.scope, *g.db.execute(settings).one()))
        return ""

    with watching.test_client() as visitor:
        visitor.sign_in(account.name)
        visitor.get("/watch")
    watching.extensions["wangge"].close()
    area_id = ladder["township"].id
    assert seen == [(Scope(area_ids=(area_id,), account_id=account.id), f"{{{area_id}}}", "wangge_app")]


# --- tokens -----------------------------------------------------------------------------------------------------


@pytest.fixture
def api(app: Flask) -> Iterator[Flask]:
    """An application with one more route of the API, which changes something."""
    more = create_app(app.extensions["wangge"].settings)
    more.test_client_class = Visitor
    more.add_url_rule(
        "/api/v1/act", "act", requires(Permission.SEE_AUDIT)(lambda: {"by": g.account.name}), methods=["POST"]
    )
    yield more
    more.extensions["wangge"].engine.dispose()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_program_acts_with_a_token_and_needs_no_csrf_token(
    api: Flask, store: Session, make_account: Callable[..., Account]
) -> None:
    account = make_account()
    token = keeping.issue_token(store, account, "hotline", by=None)
    store.commit()
    answer = api.test_client().open("/api/v1/act", method="POST", headers=bearer(token))
    assert answer.get_json() == {"by": account.name}


def test_of_a_token_only_its_digest_is_kept(store: Session, make_account: Callable[..., Account]) -> None:
    token = keeping.issue_token(store, make_account(), "hotline", by=None)
    store.commit()
    kept = store.scalars(select(ApiToken).order_by(ApiToken.id.desc())).first()
    assert kept is not None
    assert token.encode() not in kept.digest
    assert len(kept.digest) == 32


def test_a_session_needs_the_csrf_token_at_the_api(api: Flask, make_account: Callable[..., Account]) -> None:
    visitor = api.test_client()
    assert isinstance(visitor, Visitor)
    visitor.sign_in(make_account().name)
    assert visitor.post("/api/v1/act", csrf=False).status_code == 400
    assert visitor.post("/api/v1/act").status_code == 200


def test_a_token_that_ended_or_never_was_is_refused_even_with_a_good_session(
    api: Flask, store: Session, make_account: Callable[..., Account]
) -> None:
    account, closed = make_account(), make_account()
    expired = keeping.issue_token(store, account, "old", by=None, expires_at=utcnow() - timedelta(seconds=1))
    revoked = keeping.issue_token(store, account, "lost", by=None)
    of_closed = keeping.issue_token(store, closed, "gone", by=None)
    store.flush()
    store.scalars(select(ApiToken).where(ApiToken.purpose == "lost")).one().revoked_at = utcnow()
    keeping.deactivate(store, closed, by=None, now=utcnow())
    store.commit()
    visitor = api.test_client()
    assert isinstance(visitor, Visitor)
    visitor.sign_in(account.name)
    for token in (expired, revoked, of_closed, "wg_invented", ""):
        answer = visitor.open("/api/v1/act", method="POST", headers=bearer(token))
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), token
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_may_no_more_than_its_accounts_role(
    api: Flask, store: Session, make_account: Callable[..., Account]
) -> None:
    token = keeping.issue_token(store, make_account(Role.PLANNER), "planner", by=None)
    store.commit()
    assert api.test_client().open("/api/v1/act", method="POST", headers=bearer(token)).status_code == 403


# --- passwords and audit ----------------------------------------------------------------------------------------


def test_hashes_of_one_password_differ_and_match_only_it() -> None:
    one, other = hash_password(GOOD), hash_password(GOOD)
    assert one != other
    assert matches(one, GOOD)
    assert not matches(one, GOOD + "x")
    assert not matches(None, GOOD)
    assert not matches("not a hash", GOOD)
    assert not needs_rehash(one)


def test_a_random_password_can_be_read_over_the_telephone() -> None:
    made = random_password()
    assert len(made) == 14
    assert not set(made) & set("0o1il")


def test_the_audit_trail_can_only_be_added_to(store: Session, make_account: Callable[..., Account]) -> None:
    line = record(store, Action.REPORTER_REVEALED, "incident:1", by=make_account())
    store.commit()
    for change in (lambda: setattr(line, "subject", "incident:2"), lambda: store.delete(line)):
        change()
        with pytest.raises(DBAPIError):
            store.commit()
        store.rollback()


# --- the command line -------------------------------------------------------------------------------------------


@pytest.fixture
def run(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_an_account_added_on_the_command_line_can_sign_in(run: FlaskCliRunner, client: Visitor, store: Session) -> None:
    made = run.invoke(
        args=["users", "add", "chief", "--role", "county-dispatcher", "--password", GOOD, "--keep-password"]
    )
    assert (made.exit_code, made.output) == (0, "chief: county-dispatcher\n")
    assert client.sign_in("chief", GOOD).status_code == 303
    assert store.scalars(select(AuditLine).where(AuditLine.by_name == "command line")).first() is not None


def test_a_password_left_out_is_made_and_shown_once(run: FlaskCliRunner, client: Visitor) -> None:
    said = run.invoke(args=["users", "add", "second", "--role", "leader"]).output
    password = said.rpartition(" ")[2].strip()
    client.sign_in("second", password)
    assert client.get("/").location is not None
    reset = run.invoke(args=["users", "password", "second"]).output
    assert password not in reset
    assert client.get("/account").status_code == 303  # the session ended


def test_a_bad_account_is_explained_and_nothing_is_made(run: FlaskCliRunner) -> None:
    refused = run.invoke(args=["users", "add", "worker1", "--role", "worker"])
    assert refused.exit_code == 1
    assert "staff number" in refused.output
    assert "worker1" not in run.invoke(args=["users", "list"]).output


def test_a_token_is_the_only_thing_printed(run: FlaskCliRunner, make_account: Callable[..., Account]) -> None:
    account = make_account()
    made = run.invoke(args=["users", "token", account.name, "--purpose", "hotline", "--days", "30"])
    assert made.output.strip().startswith("wg_")
    assert len(made.output.split()) == 1


def test_a_deactivated_account_is_listed_as_such(run: FlaskCliRunner, make_account: Callable[..., Account]) -> None:
    account = make_account(Role.PLANNER)
    assert run.invoke(args=["users", "deactivate", account.name]).exit_code == 0
    listed = run.invoke(args=["users", "list", "--role", "planner"]).output
    assert f"{account.name}\tplanner\teverywhere\tdeactivated" in listed


def test_an_unknown_name_is_told_with_where_to_look(run: FlaskCliRunner) -> None:
    refused = run.invoke(args=["users", "deactivate", "nobody"])
    assert refused.exit_code == 1
    assert "flask users list" in refused.output


def test_every_command_shows_an_example(run: FlaskCliRunner, app: Flask) -> None:
    group = app.cli.commands["users"]
    for name in ["", *group.commands]:  # type: ignore[attr-defined]
        said = run.invoke(args=["users", *filter(None, [name]), "--help"]).output
        assert "Example: flask users" in said, name
