"""`flask nets …`: a department's net laid over the comprehensive grids, and what is chosen of it loaded.

Exit status: 0 done, or nothing found that blocks; 1 something blocks; 2 wrong usage.
"""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from database import cluster
from database.errors import DatabaseError
from database.session import session_for
from geo.areas import listed
from geo.codes import AreaKind
from geo.redraws.nets import TOLERANCE_M, Verdict
from importers.areas import ACCEPTABLE
from importers.nets import NetReading, import_net, lay_net, read_net, years_reports
from importers.report import ImportReport
from webmap.crosswalks import as_csv, as_xlsx, rows, told
from webmap.import_running import (
    RunOptions,
    columns_option,
    datum_option,
    day_option,
    kinds_option,
    report_option,
    run,
    whoever,
)
from webmap.installation import installation, utcnow
from webmap.locate_commands import moment_option

Command = Callable[..., None]
FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
TABLES = (".csv", ".xlsx")


def _of_nets(command: Command) -> Command:
    """The file, how it is read, and how near to a border is on it."""
    for add in (
        click.option("--report", "report_to", callback=report_option, metavar="OUT.json", help="Write it as JSON too."),
        click.option(
            "--tolerance", "tolerance_m", type=click.FloatRange(0.0, 1000.0), default=TOLERANCE_M, show_default=True,
            help="Metres from a border that are the pen's width.",
        ),
        click.option("--datum", default="wgs84", show_default=True, callback=datum_option, help="Of degrees."),
        click.option("--crs", default="auto", show_default=True, help="Coordinate system, as in EPSG:4549."),
        click.option("--layer", help="Which layer, where a GeoPackage has several."),
        click.option("--encoding", default="auto", show_default=True, help="Of the attributes."),
        click.option(
            "--columns", callback=columns_option, metavar="OURS=THEIRS,…",
            help="Which heading of the file is which field, where it is not found by itself.",
        ),
        click.option("--domain", required=True, help="What the net is for: food-safety, party-building, …"),
        click.argument("file", type=FILE),
        with_appcontext,
    ):  # fmt: skip
        command = add(command)
    return command


def _table_option(context: click.Context, parameter: click.Parameter, value: str) -> Path | None:
    """A table that can be written."""
    if not value.lower().endswith(TABLES):
        raise click.BadParameter(f"{value} is neither a {TABLES[0]} nor an {TABLES[1]}")
    return report_option(context, parameter, value)


@click.group("nets", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Many nets into one: lay a department's grids over the comprehensive ones, and load what is chosen of them.

    Example: flask nets crosswalk 食品网格.zip --domain food-safety --out crosswalk.xlsx
    """


@commands.command("crosswalk")
@_of_nets
@click.option(
    "--at", callback=moment_option, metavar="TIME", help="The moment whose comprehensive grids are meant; now."
)
@click.option("--out", required=True, callback=_table_option, metavar="OUT.csv|OUT.xlsx", help="The table to write.")
def lay(
    file: Path, domain: str, at: datetime | None, out: Path, report_to: Path | None, tolerance_m: float, **how: Any
) -> None:
    """Say for each departmental grid which comprehensive grids it covers, with shares by area and by reports.

    A grid follows the borders of whole ones, lies within one, cuts several, or lies outside all. Reports are those
    of the year before the moment. Rows that cannot be used are told and left out; the exit status is then 1.

    Example: flask nets crosswalk 食品网格.zip --domain food-safety --tolerance 15 --out crosswalk.csv
    """
    at, here = at or utcnow(), installation()
    try:
        cluster.check(here.settings)
        with session_for(here.engine) as db:
            grids, report = read_net(db, file, domain=domain, reading=NetReading(**how))
            found = lay_net(db, grids, at=at, points=years_reports(db, at), tolerance_m=tolerance_m)
            names = dict(listed(db, AreaKind.COMPREHENSIVE, at))
    except DatabaseError as error:
        raise click.ClickException(str(error)) from error
    kept = told(found, names)
    *lines, _outcome = report.lines()
    for line in (*lines, *(f"{verdict}: {count}" for verdict, count in kept["counts"].items())):
        click.echo(line)
    if grids:
        table = list(rows(domain, kept["grids"]))
        out.write_bytes(as_csv(table) if out.suffix.lower() == ".csv" else as_xlsx(table))
        click.echo(f"{len(table)} rows in {out}")
    if report_to is not None:
        whole = report.to_json() | {"crosswalk": kept}
        report_to.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if report.blocks:
        raise click.exceptions.Exit(1)


def _verdicts_option(context: click.Context, parameter: click.Parameter, value: str | None) -> frozenset[str]:
    """Verdicts separated by commas."""
    found = kinds_option(context, parameter, value)
    if unheard_of := found - set(Verdict):
        raise click.BadParameter(f"there is no {', '.join(sorted(unheard_of))}; there are {', '.join(Verdict)}")
    return found


@commands.command("import")
@_of_nets
@click.option("--only", callback=kinds_option, metavar="CODE,…", help="The grids that are accepted, by their codes.")
@click.option("--verdict", "verdicts", callback=_verdicts_option, metavar="VERDICT,…", help="Or by their verdicts.")
@click.option("--from", "valid_from", callback=day_option, metavar="DAY", help="In force from this day's midnight on.")
@click.option("--accept", callback=kinds_option, metavar="FINDING,…", help="Blocking findings to take as warnings.")
@click.option("--commit", is_flag=True, help="Load them. Without this, only say what would happen.")
def load(
    file: Path, domain: str, only: frozenset[str], verdicts: frozenset[str], valid_from: datetime | None,
    accept: frozenset[str], commit: bool, report_to: Path | None, tolerance_m: float, **how: Any,
) -> None:  # fmt: skip
    """Make the accepted grids of a department's net specialised grids of its domain, all of them or none.

    Say which with --only, or with --verdict, which is judged by the comprehensive grids of the day they come into
    force.

    Example: flask nets import 食品网格.zip --domain food-safety --verdict within,cuts --from 2027-01-01 --commit
    """
    if bool(only) == bool(verdicts):
        raise click.UsageError("Say which grids are accepted: either with --only or with --verdict")
    if unheard_of := accept - ACCEPTABLE.keys():
        raise click.UsageError(f"--accept knows {', '.join(ACCEPTABLE)}, not {', '.join(sorted(unheard_of))}")
    reading = NetReading(**how)

    def take(db: Session) -> ImportReport:
        chosen = only or _judged(db, file, domain, reading, verdicts, valid_from or utcnow(), tolerance_m)
        return import_net(
            db, file, domain=domain, only=chosen, by=whoever(), reading=reading, valid_from=valid_from, accept=accept,
            now=utcnow(),
        )  # fmt: skip

    run(RunOptions(file, commit, report_to), take)


def _judged(
    db: Session,
    file: Path,
    domain: str,
    reading: NetReading,
    verdicts: frozenset[str],
    at: datetime,
    tolerance_m: float,
) -> set[str]:
    """The codes of the grids with these verdicts."""
    grids, _report = read_net(db, file, domain=domain, reading=reading)
    found = lay_net(db, grids, at=at, points=None, tolerance_m=tolerance_m)
    return {one.grid.code for one in found.grids if one.verdict in verdicts}
