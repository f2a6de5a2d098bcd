"""`flask export …`: what is in the database, as files for other programs.

Exit status: 0 written; 1 there is nothing to write, or it cannot be written; 2 wrong usage.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from database import cluster
from database.errors import DatabaseError
from database.session import session_for
from geo.codes import AreaKind
from geo.exports.areas import AT_ONCE, ExportedArea, areas_for_export
from geo.exports.dbf import Encoding
from geo.exports.errors import ExportError
from geo.exports.writing import check_wanted, write_areas
from incidents.clock import LOCAL
from webmap.installation import installation, utcnow
from webmap.locate_commands import moment_option
from webmap.progress import counting


def out_argument(_context: click.Context, _parameter: click.Parameter, value: str) -> Path:
    """A file that can be written."""
    path = Path(value)
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise click.BadParameter(f"{value} cannot be written")
    return path


@click.group("export", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Write areas to files that QGIS and other offices read.

    Exit status: 0 written; 1 nothing to write, or it could not be written; 2 wrong usage.

    Example: flask export areas grids.gpkg --kind comprehensive
    """


@commands.command("areas")
@click.argument("out", callback=out_argument)
@click.option("--kind", type=click.Choice([kind.value for kind in AreaKind]), help="Only areas of this kind; all.")
@click.option("--at", callback=moment_option, metavar="TIME", help="The moment at which they are in force; now.")
@click.option(
    "--encoding", type=click.Choice(["utf-8", "gb18030"]), default="utf-8", show_default=True,
    help="Of the text in a shapefile.",
)  # fmt: skip
@with_appcontext
def areas(out: Path, kind: str | None, at: datetime | None, encoding: Encoding) -> None:
    """Write the areas in force at a moment to OUT: .gpkg with styles for QGIS, .geojson, or .zip with shapefiles.

    Without --kind a GeoPackage gets a layer and a zip a shapefile for each kind; a GeoJSON needs --kind. What is at
    OUT is replaced when the new file is complete. Imported again unchanged, the file changes nothing.

    Example: flask export areas grids.zip --kind comprehensive --at "2026-03-01 08:05" --encoding gb18030
    """
    here, kinds = installation(), [AreaKind(kind)] if kind else list(AreaKind)
    moment = (at or utcnow()).astimezone(LOCAL)
    try:
        check_wanted(out, kinds, encoding)
    except ExportError as error:
        raise click.UsageError(str(error)) from error
    try:
        cluster.check(here.settings)
        with session_for(here.engine) as db, counting() as progress:
            found = counted(areas_for_export(db, kinds, moment), progress)
            counts = write_areas(out, found, kinds=kinds, at=moment, encoding=encoding)
    except (DatabaseError, ExportError, OSError) as error:
        raise click.ClickException(str(error)) from error
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    click.echo(f"{out}: {said}, in force at {moment.isoformat(sep=' ', timespec='seconds')}")


def counted(areas: Iterable[ExportedArea], progress: Callable[[int], None]) -> Iterator[ExportedArea]:
    """Yield the areas, and tell from time to time how many they are so far."""
    for count, area in enumerate(areas, 1):
        if count % AT_ONCE == 0:
            progress(count)
        yield area
