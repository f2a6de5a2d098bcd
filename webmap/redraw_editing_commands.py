"""`flask redraw split` and `move`: what a planner tries by hand, from the command line. Each ends with a check.

Exit status: 0 done, and nothing open blocks; 1 findings block, or the step cannot be taken; 2 wrong usage.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from flask.cli import with_appcontext
from shapely.geometry import LineString
from sqlalchemy.orm import Session

from database.errors import DatabaseError
from database.session import session_for
from geo.redraw_drafts import Planner
from geo.redraw_editing import move_grid, split_grid
from geo.redraws.errors import RedrawError
from geo.redraws.numbering import NumberingFails
from webmap.drawn_lines import LineUnreadable, read_line
from webmap.import_running import check_database, whoever
from webmap.installation import installation, utcnow
from webmap.redraw_commands import ID, check, commands

__all__ = ["commands"]

GRID = click.option(
    "--grid", "code", required=True, metavar="CODE", help="In the draft, or in force: then its village is taken in."
)


def line_option(_context: click.Context, _parameter: click.Parameter, value: str) -> LineString:
    """A line in WGS-84 degrees."""
    try:
        return read_line(value)
    except LineUnreadable as error:
        raise click.BadParameter("write it as “lon lat, lon lat”, two points or more, in degrees") from error


@commands.command("split")
@ID
@GRID
@click.option("--line", callback=line_option, required=True, metavar="LINE", help="Right through it: lon lat, lon lat.")
@click.option("--code", "new_code", metavar="CODE", help="Of the new grid; the next free one where not said.")
@with_appcontext
def split(redraw_id: int, code: str, line: LineString, new_code: str | None) -> None:
    """Cut a grid of a draft in two along a line, then check.

    The larger piece keeps code and name. Households are shared by area, which is an estimate.

    Example: flask redraw split 3 --grid 329901001001001 --line "119.101 33.2, 119.102 33.3"
    """

    def change(db: Session) -> str:
        by, now = Planner(whoever()), utcnow()
        kept, new = split_grid(db, redraw_id, code, line, by=by, now=now, new_code=new_code)
        counted = f"; households by area: {kept.households} and {new.households}" if new.households is not None else ""
        return f"{kept.code} goes on, {new.code} ({new.name}) is new{counted}"

    _change_and_check(redraw_id, change)


@commands.command("move")
@ID
@GRID
@click.option("--to", "village", required=True, metavar="VILLAGE", help="One beside it, of the same township.")
@click.option("--borders", metavar="NAME", help="Redraw the villages' border, too: in a draft of this name.")
@with_appcontext
def move(redraw_id: int, code: str, village: str, borders: str | None) -> None:
    """Put a grid of a draft under another village, then check.

    The grid gets the next code of that village. Its ground then lies outside the village until the border between the
    two is redrawn: with --borders a draft of the villages is made. Publish that one first, and check this one for the
    same moment.

    Example: flask redraw move 3 --grid 329901001001001 --to 329901001002 --borders 村界
    """

    def change(db: Session) -> str:
        moved = move_grid(db, redraw_id, code, village, by=Planner(whoever()), now=utcnow(), borders=borders)
        beside = f"; the border is redrawn in redraw {moved.borders.id}, publish that first" if moved.borders else ""
        return f"{code} becomes {moved.grid.code}{beside}"

    _change_and_check(redraw_id, change)


def _change_and_check(redraw_id: int, change: Callable[[Session], str]) -> None:
    with _refusals(), session_for(installation().engine) as db:
        said = change(db)
        db.commit()
    click.echo(said)
    click.get_current_context().invoke(check, redraw_id=redraw_id, at=None, report_to=None, quiet=False)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in a sentence why a step cannot be taken, and end with status 1."""
    try:
        check_database()
        yield
    except (DatabaseError, RedrawError, NumberingFails) as error:
        raise click.ClickException(str(error)) from error
