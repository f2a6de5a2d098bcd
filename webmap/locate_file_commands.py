"""`flask locate-file IN.csv OUT.csv`: a table of points in, the same table with grid, people and border out."""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from database import cluster
from database.errors import DatabaseError
from database.session import session_for
from geo.crs import DatumError
from importers.errors import ReadError
from importers.locate_file import PointColumns, about_how_many, locate_file
from webmap.installation import installation, utcnow
from webmap.locate_commands import moment_option
from webmap.progress import counting


@click.command("locate-file", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", metavar="IN.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", metavar="OUT.csv", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--lon", default="lon", show_default=True, help="Heading of the longitude, or easting.")
@click.option("--lat", default="lat", show_default=True, help="Heading of the latitude, or northing.")
@click.option("--datum", default="wgs84", show_default=True, help="wgs84, gcj02, bd09, cgcs2000 or EPSG:n.")
@click.option(
    "--at", "moment", callback=moment_option, metavar="TIME", help="The moment whose areas and staff are meant; now."
)
@click.option("--at-column", "at", metavar="HEADING", help="Of the moment of each row; --at where it is blank.")
@click.option("--encoding", default="auto", show_default=True, help="Of IN.csv.")
@with_appcontext
def commands(source: Path, out: Path, moment: datetime | None, encoding: str, **columns: str) -> None:
    """Write IN.csv, row by row as it is, with where each point falls and who answers there.

    Adds grid, specialised, village, township, staff, on_border, snapped, border_m and status (located,
    snapped, unlocated, invalid); several codes are joined by “;”. OUT.csv is UTF-8.

    Example: flask locate-file calls.csv placed.csv --lon 经度 --lat 纬度 --datum gcj02 --at-column 上报时间
    """
    here = installation()
    if out.resolve() == source.resolve():
        raise click.UsageError("OUT.csv must be another file than IN.csv")
    try:
        cluster.check(here.settings)
        with session_for(here.engine) as db:
            index, options = here.area_index(), PointColumns(**columns)
            with counting(about_how_many(source)) as progress:
                statuses = locate_file(
                    db, index, source, out, options, now=moment or utcnow(), encoding=encoding, progress=progress
                )
    except DatumError as error:
        raise click.UsageError(str(error)) from error
    except (DatabaseError, ReadError, OSError) as error:
        raise click.ClickException(str(error)) from error
    rows = sum(statuses.values())
    click.echo(f"{out}: {rows} rows" + "".join(f", {count} {status}" for status, count in sorted(statuses.items())))
