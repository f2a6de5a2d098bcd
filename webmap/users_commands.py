"""`flask users …`: accounts from the command line, for the first administrator and for scripts."""

from datetime import timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from database.session import session_for
from webmap.accounts import Account
from webmap.admin import keeping
from webmap.admin.listing import accounts
from webmap.installation import installation, utcnow
from webmap.passwords import random_password
from webmap.permissions import Role
from webmap.problems import InputProblem


@click.group("users", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Accounts: who may sign in, and as what.

    Example: flask users add chief --role county-dispatcher --display-name 县指挥中心
    """


@commands.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--display-name", help="The person or desk, as shown; the name itself when left out.")
@click.option("--area", "area_code", default="", help="Code of the township or village; blank: the whole county.")
@click.option("--unit", "unit_code", default="", help="Code of the unit, for a department.")
@click.option("--staff", "staff_no", default="", help="Staff number, for a grid worker.")
@click.option("--password", help="The first password. Made and shown when left out.")
@click.option("--keep-password", is_flag=True, help="Do not ask for a new password at the first sign-in.")
@with_appcontext
def add(
    name: str,
    role: str,
    display_name: str | None,
    area_code: str,
    unit_code: str,
    staff_no: str,
    password: str | None,
    keep_password: bool,
) -> None:
    """Open an account.

    Example: flask users add wang01 --role worker --staff G0101 --display-name 王某
    """
    first = password or random_password()
    new = keeping.NewAccount(name, display_name or name, role, first, area_code, unit_code, staff_no)
    with session_for(installation().engine) as db:
        try:
            account = keeping.create_account(db, new, by=None, must_change=not keep_password)
        except InputProblem as problem:
            raise click.ClickException("\n".join(str(sentence) for sentence in problem.problems)) from problem
        db.commit()
        click.echo(f"{account.name}: {account.role}" + ("" if password else f", first password {first}"))


@commands.command("list")
@click.option("--role", default="", help="Only this role.")
@with_appcontext
def list_accounts(role: str) -> None:
    """Every account: name, role, jurisdiction, last sign-in.

    Example: flask users list --role worker
    """
    with session_for(installation().engine) as db:
        number = 1
        while True:
            page = accounts(db, role=role, page=number)
            for account in page.rows:
                bound = account.staff or account.area or account.unit
                where = getattr(bound, "staff_no", None) or getattr(bound, "code", None) or "everywhere"
                state = "deactivated" if account.deactivated_at else "active"
                click.echo(f"{account.name}\t{account.role}\t{where}\t{state}\t{account.display_name}")
            if number >= page.pages:
                return
            number += 1


@commands.command("password")
@click.argument("name")
@click.option("--password", help="The new password. Made and shown when left out.")
@with_appcontext
def password(name: str, password: str | None) -> None:
    """Give an account a new first password; it must be replaced at the next sign-in.

    Example: flask users password chief
    """
    first = password or random_password()
    with session_for(installation().engine) as db:
        keeping.reset_password(db, _found(db, name), first, by=None)
        db.commit()
    click.echo(f"{name}: " + ("password set" if password else f"first password {first}"))


@commands.command("token")
@click.argument("name")
@click.option("--purpose", required=True, help="Which program will use it.")
@click.option("--days", type=click.IntRange(1), help="How long it is valid; without end when left out.")
@with_appcontext
def token(name: str, purpose: str, days: int | None) -> None:
    """Make a token by which a program acts as the account. It is shown only now.

    Example: flask users token hotline --purpose "12345 hotline" --days 365
    """
    with session_for(installation().engine) as db:
        expires = utcnow() + timedelta(days=days) if days else None
        made = keeping.issue_token(db, _found(db, name), purpose, by=None, expires_at=expires)
        db.commit()
    click.echo(made)


@commands.command("deactivate")
@click.argument("name")
@with_appcontext
def deactivate(name: str) -> None:
    """Close an account; its sessions and tokens end at once.

    Example: flask users deactivate wang01
    """
    with session_for(installation().engine) as db:
        keeping.deactivate(db, _found(db, name), by=None, now=utcnow())
        db.commit()
    click.echo(f"{name}: deactivated")


def _found(db: Session, name: str) -> Account:
    account = keeping.find_account(db, name)
    if account is None:
        raise click.ClickException(f"There is no account named {name}. See: flask users list")
    return account
