"""`flask aliases …`: which words dispatchers have kept for which places, and an end to those that are wrong."""

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from database.session import session_for
from geo.address_loading import withdraw_alias
from geo.address_models import AddressAlias
from incidents.clock import LOCAL
from webmap.import_running import whoever
from webmap.installation import installation, utcnow


@click.group("aliases", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Words that mean a place because a dispatcher said so.

    Example: flask aliases list 供销社
    """


@commands.command("list")
@click.argument("part", default="")
@with_appcontext
def list_aliases(part: str) -> None:
    """Show the aliases that count, the latest first; those whose words or place contain PART, where it is given.

    Example: flask aliases list 供销社
    """
    contains = AddressAlias.text.contains(part, autoescape=True) | AddressAlias.name.contains(part, autoescape=True)
    wanted = (
        select(AddressAlias, func.ST_X(AddressAlias.point), func.ST_Y(AddressAlias.point))
        .where(AddressAlias.withdrawn_at.is_(None), contains)
        .order_by(AddressAlias.id.desc())
    )
    with session_for(installation().engine) as db:
        for alias, lon, lat in db.execute(wanted):
            kept = f"{alias.kept_at.astimezone(LOCAL):%Y-%m-%d %H:%M} {alias.kept_by}"
            click.echo(f"{alias.id}  {alias.text}  →  {alias.name} ({lon:.6f}, {lat:.6f})  {kept}")


@commands.command("withdraw")
@click.argument("number", type=int)
@with_appcontext
def withdraw(number: int) -> None:
    """Let an alias no longer count, from the next look-up on. It stays on record.

    Example: flask aliases withdraw 12
    """
    with session_for(installation().engine) as db:
        if not withdraw_alias(db, number, by=whoever(), now=utcnow()):
            raise click.ClickException(f"There is no alias {number} that counts; see: flask aliases list")
        db.commit()
    click.echo(f"Alias {number} no longer counts.")
