"""`flask db …`: the database of this installation, up and down, and its schema."""

from collections.abc import Callable
from functools import wraps

import click

from database import cluster, schema
from database.errors import DatabaseError
from database.settings import Settings, load_settings


@click.group("db", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """The database of this installation.

    Without DATABASE_URL it is a private PostGIS under WANGGE_DATA that these commands make,
    start and stop; with DATABASE_URL it is the one named there, which they never stop.

    Example: flask db up && flask db migrate
    """


def _with_settings(command: Callable[[Settings], None]) -> Callable[[], None]:
    """Hand the settings to a command; say what went wrong in a sentence, not a traceback."""

    @wraps(command)
    def run() -> None:
        try:
            command(load_settings())
        except DatabaseError as error:
            raise click.ClickException(str(error)) from error

    return run


@commands.command()
@_with_settings
def up(settings: Settings) -> None:
    """Make the database where there is none, and start it where it is not running.

    Example: WANGGE_DATA=/srv/wangge flask db up
    """
    cluster.up(settings)
    click.echo(_sentence(settings))
    if (settings.data / "postgres").is_symlink():
        click.echo(f"  (not in {settings.data}, because the account that runs the server cannot reach that folder)")


@commands.command()
@_with_settings
def down(settings: Settings) -> None:
    """Stop the private database; its data stays.

    Example: flask db down
    """
    cluster.down(settings)
    click.echo(_sentence(settings))


@commands.command()
@_with_settings
def status(settings: Settings) -> None:
    """Say where the database is, whether it answers, and which schema it has.

    Exit status 1 when it does not answer or its schema is not the newest.

    Example: flask db status
    """
    click.echo(_sentence(settings))
    if not cluster.status(settings).running:
        raise click.exceptions.Exit(1)
    has, newest = schema.current(cluster.url(settings)), schema.newest()
    click.echo(f"schema: {has or 'none'}" + ("" if has == newest else f" (newest: {newest}; run: flask db migrate)"))
    if has != newest:
        raise click.exceptions.Exit(1)


@commands.command()
@_with_settings
def migrate(settings: Settings) -> None:
    """Bring the schema up to date. Safe to run twice, and from several machines at once.

    Example: flask db migrate
    """
    cluster.check(settings)
    schema.migrate(cluster.url(settings))
    click.echo(f"schema: {schema.current(cluster.url(settings)) or 'none'}")


def _sentence(settings: Settings) -> str:
    """One line on where the database is and whether it answers."""
    found = cluster.status(settings)
    return f"{found.where}: {'running' if found.running else 'not running'}"
