"""`flask locate LON LAT`: where one point falls, by which rule, and who answers there."""

import json
from datetime import datetime

import click
from flask.cli import with_appcontext

from database import cluster
from database.errors import DatabaseError
from database.session import session_for
from geo.crs import DatumError
from importers.values import BadValue, parse_time
from incidents.clock import LOCAL
from incidents.whereabouts import whereabouts
from webmap.installation import installation, utcnow


def moment_option(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A moment, local where no zone is written."""
    try:
        return parse_time(value, LOCAL)
    except (BadValue, OverflowError) as error:
        raise click.BadParameter(f"{error}; write it as 2026-03-01 08:05") from error


# A negative longitude must not be taken for an option.
@click.command("locate", context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True})
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--datum", default="wgs84", show_default=True, help="wgs84, gcj02, bd09, cgcs2000 or EPSG:n (metres).")
@click.option("--at", callback=moment_option, metavar="TIME", help="The moment whose areas and staff are meant; now.")
@with_appcontext
def commands(lon: float, lat: float, datum: str, at: datetime | None) -> None:
    """Say where a point falls, by which rule and versions, and who answers there, as JSON.

    LON is east and LAT is north. Exit status 2 for numbers that cannot be a place.

    Example: flask locate 119.4312 33.2876 --datum gcj02 --at "2026-03-01 08:05"
    """
    here = installation()
    try:
        cluster.check(here.settings)
        with session_for(here.engine) as db:
            said = whereabouts(db, here.area_index(), lon, lat, datum, at or utcnow())
    except DatumError as error:
        raise click.UsageError(str(error)) from error
    except DatabaseError as error:
        raise click.ClickException(str(error)) from error
    if "problem" in said:
        raise click.UsageError(said["problem"]["message"])
    click.echo(json.dumps(said, ensure_ascii=False, indent=1))
