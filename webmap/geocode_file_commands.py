"""`flask geocode-file IN.csv OUT.csv`: a table of texts in, the same table with where each may be out."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from database import cluster
from database.errors import DatabaseError
from importers.errors import ReadError
from importers.geocode_file import geocode_file
from importers.locate_file import about_how_many
from webmap.installation import installation, utcnow
from webmap.progress import counting


@click.command("geocode-file", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source", metavar="IN.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", metavar="OUT.csv", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--text", required=True, metavar="COLUMN", help="Heading of the addresses or texts.")
@click.option("--encoding", default="auto", show_default=True, help="Of IN.csv.")
@with_appcontext
def commands(source: Path, out: Path, text: str, encoding: str) -> None:
    """Write IN.csv, row by row as it is, with where each text may be.

    Adds lon, lat, accuracy, confidence, matched, grid, township and status: placed, candidates (a person must
    choose; what is added speaks of the likeliest) or unplaced. OUT.csv is UTF-8, in WGS-84.

    Example: flask geocode-file calls.csv placed.csv --text 事发地址
    """
    here = installation()
    if out.resolve() == source.resolve():
        raise click.UsageError("OUT.csv must be another file than IN.csv")
    try:
        cluster.check(here.settings)
        geocoder, locator = here.addresses.geocoder(), here.area_index().at(utcnow())
        with counting(about_how_many(source)) as progress:
            statuses = geocode_file(geocoder, locator, source, out, text=text, encoding=encoding, progress=progress)
    except (DatabaseError, ReadError, OSError) as error:
        raise click.ClickException(str(error)) from error
    rows = statuses.total()
    click.echo(f"{out}: {rows} rows" + "".join(f", {count} {status}" for status, count in sorted(statuses.items())))
