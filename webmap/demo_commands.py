"""`flask demo …`: the fictional county of 874 grids with staff and a year of reports."""

import time

import click
from flask.cli import with_appcontext

from database.session import session_for
from webmap import demo_loading
from webmap.installation import installation, utcnow

ROLES = (
    ("county", "dispatcher of the county 县指挥中心", "/desk"),
    ("town", "dispatcher of a township 镇街指挥室", "/desk"),
    ("worker", "grid worker 网格员", "/map"),
    ("village", "village station 村社区", "/map"),
    ("department", "department 县级部门", "/desk"),
    ("planner", "planner 规划员", "/plans"),
    ("leader", "leader 领导", "/overview"),
    ("admin", "administrator 管理员", "/admin"),
)


@click.group("demo", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """The demonstration county.

    Example: flask demo load
    """


@commands.command("load")
@with_appcontext
def load() -> None:
    """Load the demonstration county, or go on where an earlier load stopped. Data of one's own is never touched.

    Example: flask demo load
    """
    here = installation()
    progress = demo_loading.progress_of(here.settings.data)
    if progress is not None and progress.finished:
        click.echo("The demonstration county is loaded.")
        return
    if progress is None:
        with session_for(here.engine) as db:
            if demo_loading.holds_areas(db):
                click.echo("This database holds areas of its own: the demonstration county is left out.")
                return
        progress = demo_loading.begin(here.settings.data, utcnow())
    click.echo("Drawing the county …")
    files = demo_loading.write_files(here.settings.data, progress)
    for name, load_file in demo_loading.steps(files, here, utcnow()):
        if name not in progress.done:
            _take(name, load_file)
            progress.done.append(name)
            progress.keep()
    with session_for(here.engine) as db:
        demo_loading.open_accounts(db, progress)
        demo_loading.finish(db)
    progress.done.append("accounts")
    progress.keep()


@commands.command("names")
@with_appcontext
def names() -> None:
    """The names that one can sign in with, and the password they share.

    Example: flask demo names
    """
    progress = demo_loading.progress_of(installation().settings.data)
    if progress is None or not progress.finished:
        click.echo("The demonstration county is not loaded; accounts: flask users list")
        return
    click.echo("\nSign in with one of these names:\n")
    for name, role, page in ROLES:
        click.echo(f"  {name:<11} {page:<10} {role}")
    click.echo(f"\nTheir password: {progress.password}\n")


def _take(name: str, load_file: demo_loading.Loading) -> None:
    """Load one file in a transaction of its own, and say how long it took."""
    began = time.monotonic()
    with session_for(installation().engine) as db:
        report = load_file(db)
        if report.blocks:
            for line in report.lines():
                click.echo(line, err=True)
            raise click.ClickException(f"{name} could not be loaded.")
        db.commit()
    click.echo(f"  {name:<22} {report.loaded:>7} of {report.rows} rows  {time.monotonic() - began:5.1f} s")
