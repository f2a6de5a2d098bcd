"""`flask export …`: what is in the database, as files for other programs.

Exit status: 0 written; 1 there is nothing to write, or it cannot be written; 2 wrong usage.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext

from database import cluster
from database.errors import DatabaseError
from database.session import session_for
from geo.codes import AreaKind
from geo.exports.areas import AT_ONCE, areas_for_export
from geo.exports.dbf import Encoding
from geo.exports.errors import ExportError
from geo.exports.writing import check_wanted, write_areas
from importers.written_tables import check_writable, write_table
from incidents.clock import LOCAL
from incidents.exporting import COLUMNS, count_reports, report_rows, township_ids
from incidents.words import Channel
from incidents.workflow import State
from webmap.figures_options import filter_of
from webmap.installation import installation, utcnow
from webmap.locate_commands import moment_option
from webmap.progress import counting

Row = TypeVar("Row")


def out_argument(_context: click.Context, _parameter: click.Parameter, value: str) -> Path:
    """A file that can be written."""
    path = Path(value)
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise click.BadParameter(f"{value} cannot be written")
    return path


@click.group("export", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Write areas or reports to files that QGIS, spreadsheets and other offices read.

    Exit status: 0 written; 1 nothing to write, or it could not be written; 2 wrong usage.

    \b
    Example: flask export areas grids.gpkg --kind comprehensive
             flask export reports march.xlsx --from 2026-03-01 --until 2026-04-01
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


@commands.command("reports")
@click.argument("out", callback=out_argument)
@click.option("--from", "--since", "since", metavar="TIME", help="Reported at or after, as in 2026-03-01.")
@click.option("--until", metavar="TIME", help="Reported before, as in 2026-04-01.")
@click.option("--channel", type=click.Choice([channel.value for channel in Channel]), help="Only of this source.")
@click.option("--township", "townships", metavar="CODE", multiple=True, help="Only what lies in it; may be repeated.")
@click.option(
    "--state", "states", type=click.Choice([state.value for state in State]), multiple=True,
    help="Only what has come so far; may be repeated.",
)  # fmt: skip
@with_appcontext
def reports(out: Path, townships: tuple[str, ...], states: tuple[str, ...], **options: Any) -> None:
    """Write reports to OUT, a row each, in the order in which they were reported: .csv or .xlsx.

    Who reported is not written: names and phones stay sealed. The words and addresses are written as people said them.
    What is at OUT is replaced when the new file is complete. A .csv can be given to flask import reports.

    Example: flask export reports march.xlsx --from 2026-03-01 --until 2026-04-01 --township 329901001 --state closed
    """
    here = installation()
    wanted = filter_of(options).model_copy(update={"state": tuple(State(state) for state in states)})
    try:
        check_writable(out)
    except ExportError as error:
        raise click.UsageError(str(error)) from error
    try:
        cluster.check(here.settings)
        with session_for(here.engine) as db:
            within = known_townships(townships, township_ids(db))
            total = count_reports(db, wanted, townships=within)
            if not total:
                raise click.ClickException("No report is as asked for.")
            check_writable(out, total)
            with counting(total) as progress:
                count = write_table(out, COLUMNS, counted(report_rows(db, wanted, townships=within), progress))
    except (DatabaseError, ExportError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: {count} reports")


def known_townships(codes: Collection[str], known: Mapping[str, int]) -> list[int]:
    """The ids of townships. A code that none has is wrong usage: a slip of the hand is not an empty place."""
    wrong = [code for code in codes if code not in known]
    if wrong:
        raise click.BadParameter(f"no township has the code {', '.join(wrong)}", param_hint="--township")
    return [known[code] for code in codes]


def counted(rows: Iterable[Row], progress: Callable[[int], None]) -> Iterator[Row]:
    """Yield the rows, and tell from time to time how many they are so far."""
    for count, row in enumerate(rows, 1):
        if count % AT_ONCE == 0:
            progress(count)
        yield row
