"""`flask import …`: files in, from the command line. A dry run unless told to commit.

Exit status: 0 done, or nothing found that blocks; 1 something blocks; 2 wrong usage.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from importers.report import ImportReport
from incidents.words import Channel
from webmap.import_running import (
    RunOptions,
    columns_option,
    datum_option,
    day_option,
    kinds_option,
    profile_option,
    rejects_path,
    report_option,
    run,
    whoever,
)
from webmap.installation import installation, utcnow
from webmap.progress import counting
from webmap.redraw_drafting import DraftOptions, draft_redraw

Command = Callable[..., None]
FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def _common(command: Command) -> Command:
    """The file and the two options that every import has."""
    for add in (
        click.option("--commit", is_flag=True, help="Load it. Without this, only say what would happen."),
        click.option("--report", "report_to", callback=report_option, metavar="OUT.json", help="Write it as JSON too."),
        click.option(
            "--columns", callback=columns_option, metavar="OURS=THEIRS,…",
            help="Which heading of the file is which field, where it is not found by itself.",
        ),
        click.argument("file", type=FILE),
        with_appcontext,
    ):  # fmt: skip
        command = add(command)
    return command


def _of_tables(command: Command) -> Command:
    """What only tables need: CSV of any encoding, or a sheet of a workbook."""
    command = click.option("--sheet", help="Which sheet, where a workbook has several.")(command)
    return click.option("--encoding", default="auto", show_default=True, help="Of the text.")(command)


def _with_rejects(command: Command) -> Command:
    """Where what is bad goes, of files whose good rows are loaded without it."""
    return click.option(
        "--rejects", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.csv",
        help="Where bad rows go with the reason; with --commit, FILE-rejects.csv beside FILE by default.",
    )(command)  # fmt: skip


@click.group("import", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Load areas, staff, duties, the catalogue, addresses and reports from files.

    Every import is a dry run that says what was detected and what is wrong, row by row; --commit
    loads. Exit status: 0 done, or nothing that blocks; 1 something blocks; 2 wrong usage.

    Example: flask import staff 人员名册.xlsx --commit
    """


@commands.command("areas")
@_common
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in AreaKind]), help="What the areas are.")
@click.option("--domain", help="Of specialised areas, where no column says it: school, hospital, …")
@click.option("--from", "valid_from", callback=day_option, metavar="DAY", help="In force from this day's midnight on.")
@click.option("--encoding", default="auto", show_default=True, help="Of the attributes.")
@click.option("--layer", help="Which layer, where a GeoPackage has several.")
@click.option("--crs", default="auto", show_default=True, help="Coordinate system, as in EPSG:4549.")
@click.option("--datum", default="wgs84", show_default=True, callback=datum_option, help="Of longitudes and latitudes.")
@click.option(
    "--codes", "profile", default="gb", show_default=True, callback=profile_option,
    help="Code profile: gb (6/9/12/15 digits) or free.",
)  # fmt: skip
@click.option(
    "--accept", callback=kinds_option, metavar="FINDING,…",
    help="Blocking findings to take as warnings, as in overlap,outside-parent.",
)  # fmt: skip
@click.option("--redraw", metavar="NAME", help="Draft a redraw of this name instead: how the areas shall be.")
@click.option("--scope", callback=kinds_option, metavar="CODE,…", help="Of a redraw: what is replaced.")
@click.option("--sender", help="Of a redraw: whose file it is; how it is read is remembered for the next one.")
@click.option("--definition", type=FILE, metavar="FILE.json", help="Of a redraw: how the file is read, as kept before.")
def areas(
    file: Path, kind: str, domain: str | None, commit: bool, report_to: Path | None, redraw: str | None,
    scope: frozenset[str], sender: str | None, definition: Path | None, **options: Any,
) -> None:  # fmt: skip
    """Load areas of one kind from a .shp, .zip, .gpkg or .geojson, all of them or none.

    An import adds areas. What changes areas that are in force is a redraw: with --redraw the file becomes a draft,
    which `flask redraw` checks, compares, publishes for a moment and reverts.

    Example: flask import areas grids.zip --kind comprehensive --from 2026-01-01
    --columns code=WGBM,name=WGMC --accept overlap --commit
    """
    if domain is not None and kind != AreaKind.SPECIALISED:
        raise click.UsageError("--domain goes with --kind specialised only")
    if redraw is not None:
        draft = DraftOptions(redraw, scope, sender, definition, RunOptions(file, commit, report_to))
        draft_redraw(draft, kind=AreaKind(kind), domain=domain, **options)
        return
    if scope or sender or definition:
        raise click.UsageError("--scope, --sender and --definition go with --redraw only")
    from importers.areas import ACCEPTABLE, import_areas

    if unheard_of := options["accept"] - ACCEPTABLE.keys():
        raise click.UsageError(f"--accept knows {', '.join(ACCEPTABLE)}, not {', '.join(sorted(unheard_of))}")

    def load(db: Session) -> ImportReport:
        return import_areas(db, file, kind=AreaKind(kind), domain=domain, by=whoever(), now=utcnow(), **options)

    run(RunOptions(file, commit, report_to), load)


@commands.command("staff")
@_common
@_of_tables
def staff(file: Path, commit: bool, report_to: Path | None, **options: Any) -> None:
    """Load staff with their units, certificates and absences from a table, all of them or none.

    A day in a column of ends is the last one: 离岗结束 2026-03-20 is away through the 20th. Whoever is
    missing from the file stays.

    Example: flask import staff 人员名册.csv --columns staff_no=编号,name=名字 --commit
    """
    from importers.staff import import_staff

    run(RunOptions(file, commit, report_to), lambda db: import_staff(db, file, by=whoever(), now=utcnow(), **options))


@commands.command("duties")
@_common
@_of_tables
def duties(file: Path, commit: bool, report_to: Path | None, **options: Any) -> None:
    """Load who answers for which grid or village, in which role, from when until when.

    A row that repeats the beginning of a known duty sets its end (截止日期, the last day); duties that
    the file does not name stay. Import areas and staff first.

    Example: flask import duties 网格职责.csv --commit
    """
    from importers.duties import import_duties

    run(RunOptions(file, commit, report_to), lambda db: import_duties(db, file, by=whoever(), now=utcnow(), **options))


@commands.command("catalogue")
@_common
@_of_tables
@click.option("--from", "valid_from", callback=day_option, metavar="DAY", help="What changes does so on this day.")
@click.option("--replace", is_flag=True, help="End the entries that the file does not have.")
def catalogue(
    file: Path,
    commit: bool,
    report_to: Path | None,
    valid_from: datetime | None,
    **options: Any,
) -> None:
    """Load the responsibility catalogue (权责清单): a changed entry ends one version and begins the next.

    Time limits are read as written: 3个工作日, 24小时, 4工作小时; 2天 are 48 hours.

    Example: flask import catalogue 权责清单.xlsx --from 2026-07-01 --commit
    """
    from importers.catalogue import import_catalogue

    def load(db: Session) -> ImportReport:
        return import_catalogue(db, file, by=whoever(), now=utcnow(), valid_from=valid_from, **options)

    run(RunOptions(file, commit, report_to), load)


@commands.command("addresses")
@_common
@_of_tables
@click.option("--datum", default="wgs84", show_default=True, callback=datum_option, help="Where no column names it.")
@click.option("--replace", "replace_list", is_flag=True, help="End the addresses that the file does not have.")
@_with_rejects
def addresses(file: Path, rejects: Path | None, commit: bool, report_to: Path | None, **options: Any) -> None:
    """Load the standard address list (标准地址库), or any list of places with names and coordinates.

    Good rows are loaded, bad ones written to a file with the reason. An address that the list has already is not
    loaded again; what the file says otherwise of the same place counts from now on.

    Example: flask import addresses 标准地址.csv --datum cgcs2000 --commit
    """
    from importers.addresses import import_addresses

    outlet = rejects_path(file, rejects, commit=commit)
    with counting() as progress:
        run(
            RunOptions(file, commit, report_to, rejects=outlet),
            lambda db: import_addresses(
                db, file, by=whoever(), now=utcnow(), rejects=outlet, progress=progress, **options
            ),
        )
    if commit:
        installation().addresses.refresh()  # the servers then open what is built


@commands.command("reports")
@_common
@_of_tables
@click.option("--channel", required=True, type=click.Choice([channel.value for channel in Channel]), help="The source.")
@click.option("--datum", required=True, callback=datum_option, help="wgs84, gcj02, bd09, cgcs2000 or EPSG:n.")
@_with_rejects
def reports(
    file: Path,
    channel: str,
    rejects: Path | None,
    commit: bool,
    report_to: Path | None,
    **options: Any,
) -> None:
    """Load reports of one channel: good rows are loaded, bad ones written to a file with the reason.

    A report that is known already (by its number in the channel) is not loaded again.

    Example: flask import reports 热线.csv --channel hotline --datum gcj02 --commit
    """
    from importers.reports import import_reports
    from incidents.actors import Actor
    from incidents.intake import Reception

    def load(db: Session) -> ImportReport:
        here = installation()
        reception = Reception(here.area_index(), here.seal, geocoding=here.geocoder)
        return import_reports(
            db, file, channel=Channel(channel), by=Actor(whoever()), now=utcnow(), reception=reception,
            rejects=rejects_path(file, rejects, commit=commit), **options,
        )  # fmt: skip

    run(RunOptions(file, commit, report_to, rejects=rejects_path(file, rejects, commit=commit)), load)
