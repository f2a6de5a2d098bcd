"""`flask import areas … --redraw NAME`: a file becomes the draft of a redraw, checked at once."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from database.errors import DatabaseError
from database.session import session_for
from geo.codes import AreaKind
from geo.codes import profile as find_profile
from geo.redraw_deciding import NEVER_ACCEPTED
from geo.redraw_drafts import Planner, Source
from geo.redraws.errors import RedrawError
from importers.report import ImportReport
from webmap.import_running import RunOptions, check_database, whoever
from webmap.installation import installation, utcnow


@dataclass(frozen=True)
class DraftOptions:
    """What a redraw is called, what it replaces, whose file it is, and how that is read."""

    name: str
    scope: frozenset[str]
    sender: str | None
    definition: Path | None
    run: RunOptions


def draft_redraw(
    options: DraftOptions, *, kind: AreaKind, accept: frozenset[str], valid_from: datetime | None, **reading: Any
) -> None:
    """Draft, check, say everything, and keep the draft where asked; exit with 1 where something blocks.

    A draft that blocks is kept all the same: it can be mended.
    """
    if valid_from is not None:
        raise click.UsageError("a redraw comes into force when it is published: flask redraw publish ID --at DAY")
    if forbidden := accept & NEVER_ACCEPTED:
        raise click.UsageError(f"{', '.join(sorted(forbidden))} cannot be accepted")
    from importers.definitions import DefinitionUnusable

    try:
        check_database()
        report, redraw_id = _draft(options, kind, accept, reading)
    except (DatabaseError, RedrawError, DefinitionUnusable) as error:
        raise click.ClickException(str(error)) from error
    *told, _outcome = report.lines()  # which speaks of loading
    for line in told:
        click.echo(line)
    click.echo(_outcome_of(report, redraw_id))
    if options.run.report_to is not None:
        report.write(options.run.report_to)
    if report.blocks:
        raise click.exceptions.Exit(1)


def _outcome_of(report: ImportReport, redraw_id: int | None) -> str:
    """Say in one sentence what became of the file."""
    if redraw_id is None:
        return f"dry run: {report.loaded} of {report.rows} rows can be drafted; say --commit to keep the draft"
    return f"kept as redraw {redraw_id} with {report.loaded} of {report.rows} rows: flask redraw check {redraw_id}"


def _draft(
    options: DraftOptions, kind: AreaKind, accept: frozenset[str], given: dict[str, Any]
) -> tuple[ImportReport, int | None]:
    from importers.areas import Reading
    from importers.definitions import or_remembered, reading_of, remembered
    from webmap.redraw_work import draft_at_once, keep_source

    here, file, now = installation(), options.run.file, utcnow()
    reading = Reading(kind, **(given | {"profile": find_profile(given["profile"])}))
    with session_for(here.engine) as db:
        known = remembered(db, options.sender, kind)
        if options.definition is not None:
            known = reading_of(json.loads(options.definition.read_text(encoding="utf-8")))
        kept = keep_source(here.settings, file) if options.run.commit else None
        redraw, report = draft_at_once(
            db, options.name, file, or_remembered(reading, known), scope=options.scope, accepted=accept,
            source=Source(file.name, kept, options.sender), by=Planner(whoever()), now=now,
        )  # fmt: skip
        report.findings = [one.accepted() if one.code in accept else one for one in report.findings]
        if not options.run.commit:
            db.rollback()
            return report, None
        db.commit()
        report.committed = True
        return report, redraw.id
