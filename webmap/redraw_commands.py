"""`flask redraw …`: what a planner does with a redraw, from the command line.

A redraw begins with `flask import areas FILE --redraw NAME --commit`. Exit status: 0 done, or nothing open that
blocks; 1 findings block, or the step cannot be taken; 2 wrong usage.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.errors import DatabaseError
from database.session import session_for
from geo.models import Redraw
from geo.redraw_checking import Checked
from geo.redraw_deciding import Wanted, accept, mend
from geo.redraw_drafts import OPEN, Planner, append, locked
from geo.redraw_ground import ground_of
from geo.redraw_models import RedrawFinding
from geo.redraw_moments import standpoint
from geo.redraws.errors import RedrawError
from geo.redraws.words import RedrawState, RedrawStep
from geo.sentences import retold
from importers.report import SHOWN_PER_KIND
from importers.values import BadValue, parse_time
from incidents.clock import LOCAL
from incidents.handover import Choice
from incidents.workflow import State
from webmap.import_running import check_database, kinds_option, whoever
from webmap.installation import installation, utcnow
from webmap.jobs import WORKER, end_with_worker
from webmap.redraw_publishing import publish_redraw, revert_redraw
from webmap.redraw_work import Work

ID = click.argument("redraw_id", metavar="ID", type=int)


@click.group("redraw", context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """List, check, mend, compare, publish and revert redraws.

    A redraw is drafted from a file with `flask import areas FILE --kind KIND --redraw NAME --commit`.

    Example: flask redraw publish 3 --at 2027-01-01
    """
    end_with_worker()


def moment_option(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A moment; a day means its local midnight, `now` means now."""
    if value is None or value == "now":
        return None
    try:
        return parse_time(value, LOCAL)
    except BadValue as error:
        raise click.BadParameter(f"{error}; write it as 2027-01-01 or 2027-01-01T08:00") from error


def policy_option(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dict[str, str]:
    """filed=move,dispatched=stay."""
    found: dict[str, str] = {}
    for part in filter(None, (value or "").split(",")):
        state, _equals, choice = (piece.strip() for piece in part.partition("="))
        if state not in set(State) or choice not in set(Choice):
            raise click.BadParameter(f"“{part}” is not of the form filed=move; states are those of open cases")
        found[state] = choice
    return found


def outlet_option(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Path | None:
    """A file of JSON or a workbook."""
    if value is not None and not value.lower().endswith((".json", ".xlsx")):
        raise click.BadParameter(f"{value}: only .json and .xlsx are written")
    return None if value is None else Path(value)


@commands.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were discarded or reverted.")
@with_appcontext
def list_redraws(everything: bool) -> None:
    """List redraws, the latest first, with what blocks them.

    Example: flask redraw list
    """
    hidden = () if everything else (RedrawState.DISCARDED, RedrawState.REVERTED)
    with _session() as db:
        found = db.scalars(select(Redraw).where(Redraw.state.not_in(hidden)).order_by(Redraw.id.desc())).all()
        for redraw in found:
            click.echo(_line(redraw))
    if not found:
        click.echo("There is no redraw. Begin one: flask import areas FILE --kind comprehensive --redraw NAME --commit")


@commands.command("check")
@ID
@click.option(
    "--at",
    callback=moment_option,
    metavar="TIME",
    help="Against the map of this moment, `now` or one to come, which is remembered. [default: what was said last]",
)
@click.option("--report", "report_to", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.json")
@click.option("--quiet", is_flag=True, help="Say nothing of what was found: pages show it.")
@with_appcontext
def check(redraw_id: int, at: datetime | None, report_to: Path | None, quiet: bool) -> None:
    """Check a redraw and say everything that is wrong with it, with ids to mend or accept.

    Example: flask redraw check 3 --report findings.json
    """
    now = utcnow()
    if at is None and click.get_current_context().get_parameter_source("at") is ParameterSource.COMMANDLINE:
        at = now
    by = _author(redraw_id) if WORKER in os.environ else Planner(whoever())  # a page has ordered it
    with _refusals(), Work(installation(), redraw_id, by) as work:
        counted = work.check(now, at=at)
    with _session() as db:
        if not quiet:
            _tell_findings(db, redraw_id, counted)
        if report_to is not None:
            told = {"redraw": redraw_id, "findings": [_finding_json(each) for each in _findings(db, redraw_id)]}
            report_to.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if counted.blocking and not quiet:
        raise click.exceptions.Exit(1)


@commands.command("mend")
@ID
@click.option("--kinds", callback=kinds_option, metavar="FINDING,…", help="Of these kinds, as in gap,overlap.")
@click.option("--only", "ids", type=int, multiple=True, metavar="FINDING", help="This finding; may be said again.")
@with_appcontext
def mend_findings(redraw_id: int, kinds: frozenset[str], ids: tuple[int, ...]) -> None:
    """Make the changes that findings propose, then check again.

    Example: flask redraw mend 3 --kinds gap,overlap,sliver
    """
    _decide_what(kinds, ids)

    def change(db: Session, by: Planner) -> int:
        redraw = locked(db, redraw_id, *OPEN)
        ground = ground_of(db, redraw.kind, redraw.scope_ids, standpoint(redraw, utcnow()))
        return mend(db, redraw_id, Wanted(ids, kinds), ground, by=by, now=utcnow())

    click.echo(f"{_in_transaction(change)} mended")
    with _refusals(), Work(installation(), redraw_id, Planner(whoever())) as work:
        counted = work.check(utcnow())
    with _session() as db:
        _tell_findings(db, redraw_id, counted)
    if counted.blocking:
        raise click.exceptions.Exit(1)


@commands.command("accept")
@ID
@click.option("--kinds", callback=kinds_option, metavar="FINDING,…", help="Of these kinds.")
@click.option("--only", "ids", type=int, multiple=True, metavar="FINDING", help="This finding; may be said again.")
@click.option("--note", default="", help="Why.")
@with_appcontext
def accept_findings(redraw_id: int, kinds: frozenset[str], ids: tuple[int, ...], note: str) -> None:
    """Take findings as they are: they no longer block.

    Example: flask redraw accept 3 --kinds multi-part --note "an island"
    """
    _decide_what(kinds, ids)
    now = utcnow()
    done = _in_transaction(lambda db, by: accept(db, redraw_id, Wanted(ids, kinds), by=by, now=now, note=note))
    click.echo(f"{done} accepted")


@commands.command("diff")
@ID
@click.option("--out", callback=outlet_option, metavar="OUT.json|.xlsx", help="Write it whole.")
@with_appcontext
def diff(redraw_id: int, out: Path | None) -> None:
    """Say what a checked redraw changes: areas, open cases, staff, addresses and last year's reports.

    Example: flask redraw diff 3 --out 调整对比.xlsx
    """
    from webmap.plans.diff_telling import summary_lines, workbook_of

    with _session() as db:
        redraw = _found(db, redraw_id)
        if redraw.comparison is None:
            raise click.ClickException("It has not been checked yet. Run: flask redraw check")
        for line in summary_lines(redraw.comparison):
            click.echo(line)
        if out is not None and out.suffix.lower() == ".xlsx":
            out.write_bytes(workbook_of(db, redraw))
        elif out is not None:
            out.write_text(json.dumps(redraw.comparison, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@commands.command("publish")
@ID
@click.option("--at", callback=moment_option, metavar="TIME", help="In force from then on; from now on where not said.")
@click.option("--cases", callback=policy_option, metavar="STATE=stay|move,…", help="What becomes of open cases.")
@click.option("--note", default="", help="Why.")
@with_appcontext
def publish(redraw_id: int, at: datetime | None, cases: dict[str, str], note: str) -> None:
    """Let a checked redraw come into force.

    Open cases that nobody has begun go to who answers then (reported, filed: move), those under way are finished by
    who has them (dispatched, handled: stay), unless --cases says otherwise.

    Example: flask redraw publish 3 --at 2027-01-01 --cases dispatched=move
    """
    done = _in_transaction(
        lambda db, by: publish_redraw(db, redraw_id, at=at, cases=cases, by=by, now=utcnow(), note=note)
    )
    click.echo(
        f"in force from {done.at.astimezone(LOCAL):%Y-%m-%d %H:%M}: {done.ended} versions end, {done.begun} begin"
    )


@commands.command("revert")
@ID
@click.option("--note", default="", help="Why.")
@with_appcontext
def revert(redraw_id: int, note: str) -> None:
    """Restore what a published redraw changed; the undoing is a redraw of its own.

    Example: flask redraw revert 3 --note "the town council said no"
    """
    done = _in_transaction(lambda db, by: revert_redraw(db, redraw_id, by=by, now=utcnow(), note=note).id)
    click.echo(f"reverted by redraw {done}")


@commands.command("discard")
@ID
@click.option("--note", default="", help="Why.")
@with_appcontext
def discard(redraw_id: int, note: str) -> None:
    """Give a draft up. It stays on record, out of the list.

    Example: flask redraw discard 3
    """

    def give_up(db: Session, by: Planner) -> None:
        redraw = locked(db, redraw_id, *OPEN)
        redraw.state = RedrawState.DISCARDED
        append(db, redraw, RedrawStep.DISCARDED, by=by, now=utcnow(), note=note)

    _in_transaction(give_up)
    click.echo("discarded")


@commands.command("read", hidden=True)
@ID
@with_appcontext
def read(redraw_id: int) -> None:
    """Read the file of a redraw, and check it: what the job does that an upload orders.

    Example: flask redraw read 3
    """
    with _refusals(), Work(installation(), redraw_id, _author(redraw_id)) as work:
        report = work.read(utcnow())
        if report.loaded:
            work.check(utcnow())


@commands.command("hand-over", hidden=True)
@ID
@with_appcontext
def hand_over(redraw_id: int) -> None:
    """Give over the open cases of a redraw that has come into force: what the job of its moment does.

    Example: flask redraw hand-over 3
    """
    with _refusals():
        done = Work(installation(), redraw_id, _author(redraw_id)).hand_over(utcnow())
    click.echo(f"{done.moved} cases moved, {done.stayed} stayed")


@commands.command("carry-out", hidden=True)
@ID
@click.argument("order", metavar="JSON")
@with_appcontext
def carry_out(redraw_id: int, order: str) -> None:
    """Publish or revert a large redraw: what the job does that its page orders.

    Example: flask redraw carry-out 3 '{"what": "revert", "by": {"name": "Li"}}'
    """
    from webmap.redraw_carrying_out import Order
    from webmap.redraw_carrying_out import carry_out as carry_out_order

    with _refusals():
        carry_out_order(installation(), redraw_id, Order.of_json(json.loads(order)), utcnow())


# --- telling --------------------------------------------------------------------------------------------------------


def _line(redraw: Redraw) -> str:
    blocking = redraw.summary.get("blocking")
    when = f", from {redraw.comes_at.astimezone(LOCAL):%Y-%m-%d %H:%M}" if redraw.comes_at else ""
    open_findings = f", {blocking} findings block" if redraw.state in OPEN and blocking else ""
    return f"{redraw.id}  {redraw.name}  ({redraw.kind}, {redraw.state}{when}{open_findings}) by {redraw.author}"


def _tell_findings(db: Session, redraw_id: int, counted: Checked) -> None:
    shown: dict[str, int] = {}
    for finding in _findings(db, redraw_id):
        shown[finding.code] = shown.get(finding.code, 0) + 1
        if finding.decision is None and shown[finding.code] <= SHOWN_PER_KIND:
            click.echo(_finding_line(finding))
    for code, count in shown.items():
        if count > SHOWN_PER_KIND:
            click.echo(f"… and {count - SHOWN_PER_KIND} more of “{code}”")
    click.echo(f"{counted.blocking} findings block, {counted.warning} warn, {counted.accepted} are accepted")


def _finding_line(finding: RedrawFinding) -> str:
    rows = f"row{'s' if len(finding.rows) > 1 else ''} {', '.join(map(str, finding.rows))}: " if finding.rows else ""
    proposal = f" Proposed: {retold(finding.mend['message'], str)}" if finding.mend else ""
    weight = "" if finding.severity == "block" else "warning: "
    return f"#{finding.id} {weight}{finding.code}, {rows}{retold(finding.message, str)}{proposal}"


def _finding_json(finding: RedrawFinding) -> dict[str, Any]:
    import shapely

    shape = None if finding.shape is None else shapely.from_wkb(bytes(finding.shape.data))
    return {
        "id": finding.id, "code": finding.code, "severity": finding.severity, "codes": finding.codes,
        "rows": finding.rows, "size_m2": finding.size_m2, "message": retold(finding.message, str),
        "mend": retold(finding.mend["message"], str) if finding.mend else None, "decision": finding.decision,
        "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
    }  # fmt: skip


def _findings(db: Session, redraw_id: int) -> list[RedrawFinding]:
    query = select(RedrawFinding).where(RedrawFinding.redraw_id == redraw_id)
    return list(db.scalars(query.order_by(RedrawFinding.severity, RedrawFinding.code, RedrawFinding.id)))


# --- doing ----------------------------------------------------------------------------------------------------------


def _decide_what(kinds: frozenset[str], ids: tuple[int, ...]) -> None:
    if not kinds and not ids:
        raise click.UsageError("say which findings: --kinds gap,overlap or --only ID")


def _found(db: Session, redraw_id: int) -> Redraw:
    redraw = db.get(Redraw, redraw_id)
    if redraw is None:
        raise click.ClickException(f"There is no redraw {redraw_id}. See: flask redraw list")
    return redraw


def _author(redraw_id: int) -> Planner:
    """Who ordered the work that a job does."""
    with _session() as db:
        redraw = _found(db, redraw_id)
        return Planner(redraw.author, redraw.author_account_id)


def _session() -> Any:
    return session_for(installation().engine)


def _in_transaction(change: Callable[[Session, Planner], Any]) -> Any:
    with _refusals(), _session() as db:
        done = change(db, Planner(whoever()))
        db.commit()
        return done


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in a sentence why a step cannot be taken, and end with status 1."""
    try:
        check_database()
        yield
    except (DatabaseError, RedrawError) as error:
        raise click.ClickException(str(error)) from error
