"""What all `flask import …` commands do alike: read their options, load, commit or undo, and say what happened."""

import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from database import cluster, schema
from database.errors import DatabaseError
from database.session import session_for
from geo.codes import ProfileError
from geo.codes import profile as find_profile
from geo.crs import DatumError, parse_datum
from importers.columns import ColumnsOptionError, parse_columns_option
from importers.errors import ReadError
from importers.report import ImportReport
from importers.values import BadValue, parse_time
from incidents.clock import LOCAL
from webmap.audit import COMMAND_LINE
from webmap.installation import installation

Parameter = click.Parameter


@dataclass(frozen=True)
class RunOptions:
    """What is done with one file: whether it is loaded, and where is written what was said."""

    file: Path
    commit: bool
    report_to: Path | None
    rejects: Path | None = None


def run(options: RunOptions, load: Callable[[Session], ImportReport]) -> None:
    """Load a file, commit where asked and nothing blocks, say what happened; exit with 1 where something blocks."""
    try:
        check_database()
        report = _load(options, load)
    except DatabaseError as error:
        raise click.ClickException(str(error)) from error
    for line in report.lines():
        click.echo(line)
    if options.rejects is not None and report.counts.get("rejected"):
        click.echo(f"{report.counts['rejected']} rows that were not loaded are in {options.rejects}")
    if options.report_to is not None:
        report.write(options.report_to)
    if report.blocks:
        raise click.exceptions.Exit(1)


def whoever() -> str:
    """Who runs the command, as history names them."""
    try:
        return f"{COMMAND_LINE} ({getpass.getuser()})"
    except (KeyError, OSError):  # an account without a name
        return COMMAND_LINE


def rejects_path(file: Path, given: Path | None, *, commit: bool) -> Path | None:
    """Where rejected rows are written: as given, else beside the file; a dry run writes nothing unasked."""
    return given or (file.with_name(f"{file.stem}-rejects.csv") if commit else None)


# Options, checked before anything is read: whatever is wrong with them is wrong usage


def report_option(_context: click.Context, _parameter: Parameter, value: str | None) -> Path | None:
    """A file that can be written."""
    if value is None:
        return None
    path = Path(value)
    target = path if path.exists() else path.absolute().parent
    if path.is_dir() or not target.exists() or not os.access(target, os.W_OK):
        raise click.BadParameter(f"{value} cannot be written")
    return path


def columns_option(_context: click.Context, _parameter: Parameter, value: str | None) -> dict[str, str] | None:
    """code=WGBM,name=WGMC."""
    try:
        return parse_columns_option(value) or None
    except ColumnsOptionError as error:
        raise click.BadParameter(str(error)) from error


def day_option(_context: click.Context, _parameter: Parameter, value: str | None) -> datetime | None:
    """A day, which means its local midnight."""
    try:
        return parse_time(value, LOCAL)
    except BadValue as error:
        raise click.BadParameter(f"{error}; write it as 2026-01-01") from error


def datum_option(_context: click.Context, _parameter: Parameter, value: str) -> str:
    """A datum that coordinates can be declared in."""
    try:
        return str(parse_datum(value))
    except DatumError as error:
        raise click.BadParameter(str(error)) from error


def profile_option(_context: click.Context, _parameter: Parameter, value: str) -> str:
    """A code profile that exists."""
    try:
        return find_profile(value).name
    except ProfileError as error:
        raise click.BadParameter(str(error)) from error


def kinds_option(_context: click.Context, _parameter: Parameter, value: str | None) -> frozenset[str]:
    """Kinds of finding separated by commas."""
    return frozenset(kind.strip() for kind in (value or "").split(",") if kind.strip())


def check_database() -> None:
    """Raise DatabaseError, or tell which command is missing, before a long file is read for nothing."""
    settings = installation().settings
    cluster.check(settings)
    has, newest = schema.current(cluster.url(settings)), schema.newest()
    if has != newest:
        raise click.ClickException(f"The database has schema {has or 'none'}, not {newest}. Run: flask db migrate")


def _load(options: RunOptions, load: Callable[[Session], ImportReport]) -> ImportReport:
    with session_for(installation().engine) as db:
        try:
            report = load(db)
        except ReadError as error:
            report = ImportReport.refused(options.file, error)
        if options.commit and not report.blocks:
            db.commit()
            report.committed = True
        else:
            db.rollback()
    return report
