"""The options that `flask indicators` and `flask hotspots` share: which incidents are meant, and how they are shown."""

import json
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import click
from pydantic import ValidationError

from incidents.drafts import faults_of
from incidents.finding import IncidentFilter
from incidents.words import Channel

Command = Callable[..., None]
FILTERING = ("since", "until", "township", "channel", "field", "matter")


def meaning_incidents(command: Command) -> Command:
    """Add the options that narrow down which incidents are meant, and --json."""
    for add in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table."),
        click.option("--matter", help="Code of an entry of the catalogue."),
        click.option("--field", help="Field of the catalogue."),
        click.option("--channel", type=click.Choice([channel.value for channel in Channel]), help="The source."),
        click.option("--township", help="Code of a township."),
        click.option("--until", metavar="TIME", help="Reported before, as in 2026-04-01."),
        click.option("--since", metavar="TIME", help="Reported at or after, as in 2026-03-01."),
    ):
        command = add(command)
    return command


def filter_of(options: dict[str, Any]) -> IncidentFilter:
    """The filter in the options. Raises click.UsageError with every problem."""
    given = {name: options[name] for name in FILTERING if options.get(name)}
    if "channel" in given:
        given["channel"] = (given["channel"],)
    try:
        return IncidentFilter.model_validate(given)
    except ValidationError as error:
        raise click.UsageError("; ".join(f"--{fault.field}: {fault.message}" for fault in faults_of(error))) from error


def print_json(value: Any) -> None:
    """Print for another program; Chinese stays readable."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print for a person: numbers to the right, words to the left, Chinese letters as wide as they are."""
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(_width(cell) for cell in column) for column in columns]
    right = [all(not cell or cell[0].isdigit() or cell in ("—", "") for cell in column[1:]) for column in columns]
    for row in (headings, *rows):
        cells = [_padded(cell, width, right=at) for cell, width, at in zip(row, widths, right, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _padded(cell: str, width: int, *, right: bool) -> str:
    gap = " " * (width - _width(cell))
    return gap + cell if right else cell + gap


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in cell)
