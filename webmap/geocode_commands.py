"""`flask geocode "TEXT"`: where a text may be, how surely, and why."""

import json

import click
from flask.cli import with_appcontext

from database import cluster
from database.errors import DatabaseError
from incidents.address_looking import look_up
from webmap.installation import installation, utcnow


@click.command("geocode", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("text")
@with_appcontext
def commands(text: str) -> None:
    """Say where a text may be: up to five candidates with their grids, how surely and why, as JSON.

    Looks in the address list (flask import addresses), in what dispatchers kept, and among townships and villages.
    The first look after a changed list builds its index, which takes a while.

    Example: flask geocode "安宜镇白田中路88号阳光花园3幢楼下有人乱倒垃圾"
    """
    here = installation()
    if not text.strip():
        raise click.UsageError("TEXT is empty.")
    try:
        cluster.check(here.settings)
        looked = look_up(here.asked_geocoder(), text, here.area_index().at(utcnow()))
    except DatabaseError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(looked.told(), ensure_ascii=False, indent=1))
