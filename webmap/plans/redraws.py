"""`/plans/redraws`: redraws and how far each is, the form that begins one, and the page on which it is worked out."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from flask import Response, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from geo.codes import PROFILES, AreaKind
from geo.models import Redraw
from geo.redraw_checking import Checked, count
from geo.redraw_comparisons import is_compared, summed_up
from geo.redraw_drafts import OPEN, Source, begin
from geo.redraw_models import DraftArea, RedrawFinding
from geo.redraw_moments import KEY as MOMENT
from geo.redraw_moments import intended
from geo.redraws.differences import DifferenceKind
from geo.redraws.words import RedrawState
from importers.area_rows import fields_of
from importers.definitions import definition_of, or_remembered, remembered
from incidents.clock import LOCAL
from incidents.handover import USUAL
from webmap import jobs
from webmap.audit import Action
from webmap.installation import installation, utcnow
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.listing import KINDS
from webmap.plans.orders import ENDINGS, Order
from webmap.plans.redraw_access import in_jurisdiction, note_down, planner, visible, writing
from webmap.plans.redraw_answers import SourceGone
from webmap.plans.redraw_maps import MOST_DRAWN, draft_board
from webmap.plans.redraw_orders import RedrawOrder, order_of, read_redraw_order, senders
from webmap.plans.redraw_standing import standing_of, standings
from webmap.plans.redraw_telling import finding_groups, history_of, refusal, related, scope_of
from webmap.plans.telling import DOMAINS, FIELDS, again
from webmap.redraw_work import keep_source, kept_sources
from webmap.security import MAX_FILE
from webmap.words import word

PAGE = 50
FIRST_NAMES = 5


@bp.get("/plans/redraws")
@requires(Permission.REDRAW)
def redraws() -> ResponseReturnValue:
    """The redraws that whoever asks may see, the latest first; those given up only where they are asked for."""
    state = request.args.get("state", "")
    counted = g.db.execute(select(Redraw.state, func.count()).group_by(Redraw.state))
    counts = {row[0]: row[1] for row in counted}
    wanted = select(Redraw).order_by(Redraw.id.desc())
    if state in set(RedrawState):
        wanted = wanted.where(Redraw.state == state)
    else:
        state = ""
        wanted = wanted.where(Redraw.state != RedrawState.DISCARDED)
    found = g.db.scalar(select(func.count()).select_from(wanted.subquery()))
    pages = max(-(-found // PAGE), 1)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    shown: Sequence[Redraw] = g.db.scalars(wanted.limit(PAGE).offset((page - 1) * PAGE)).all()
    return render_template(
        "plans/redraws.html",
        redraws=shown, standings=standings(shown, utcnow()), blocking=_blocking(shown),
        states=[(each, counts.get(each, 0)) for each in RedrawState if counts.get(each)],
        state=state, page=page, pages=pages, now=utcnow(),
        url=lambda page=None, **changes: url_for("plans.redraws", **({"state": state or None, "page": page} | changes)),
    )  # fmt: skip


@bp.get("/plans/redraws/new")
@requires(Permission.REDRAW)
def new_redraw() -> ResponseReturnValue:
    """The form."""
    return _form(RedrawOrder(Order("", request.args.get("kind", AreaKind.COMPREHENSIVE))))


@bp.post("/plans/redraws")
@requires(Permission.REDRAW)
def begin_redraw() -> ResponseReturnValue:
    """Take a file in, begin a redraw with it, and order that it is read."""
    upload = request.files.get("file")
    name, now = upload.filename or "" if upload else "", utcnow()
    with writing() as db:
        order, problems = read_redraw_order(
            request.form, name, db, today=now.astimezone(LOCAL).date(), account_id=g.account.id, now=now
        )
        if problems or upload is None:
            return _form(order, problems), 422
        reading = order.reading()
        known = remembered(db, order.sender, reading.kind, g.account.area_id)
        definition = definition_of(or_remembered(reading, known))
        source = Source(order.file.file, _kept(upload, order.file.file), order.sender or None)
        redraw = begin(
            db, order.name, reading.kind, by=planner(), now=now, note=order.note, source=source,
            definition=definition | {"scope": order.codes},
        )  # fmt: skip
        jobs.order(db, jobs.read_redraw, redraw_id=redraw.id)
        note_down(db, Action.REDRAW_BEGUN, redraw.id, kind=reading.kind.value, file=order.file.file)
        redraw_id = redraw.id
    return redirect(url_for("plans.redraw", redraw_id=redraw_id), code=303)


@bp.get("/plans/redraws/<int:redraw_id>")
@requires(Permission.REDRAW)
def redraw(redraw_id: int) -> ResponseReturnValue:
    """The conversation about one redraw: what was read, what was found, and what may be done next."""
    found, now = visible(redraw_id), utcnow()
    rows = g.db.scalar(select(func.count()).where(DraftArea.redraw_id == found.id)) or 0
    code, page = request.args.get("kind", ""), request.args.get("page", 1, type=int)
    groups, counted = finding_groups(g.db, found, code=code, page=page), count(g.db, found)
    undone, undoing = related(g.db, found)
    summary, history = summed_up(g.db, found), history_of(g.db, found)
    refused = refusal(history[0][0]) if history else ""
    standing = standing_of(found, now)
    is_open = found.state in OPEN
    return render_template(
        "plans/redraw.html",
        redraw=found, standing=standing, rows=rows, groups=groups, counted=counted, now=now,
        most_drawn=MOST_DRAWN, paged=code,
        finding_order=[item["id"] for group in groups for item in group.items if item["drawn"]],
        step=_step(found, counted, rows), may_change=is_open and not standing.reading,
        may_decide=in_jurisdiction(found), is_author=found.author_account_id == g.account.id,
        scope=scope_of(g.db, found, now), history=history, refused=refused, undone=undone, undoing=undoing,
        undone_is_compared=undone is not None and is_compared(g.db, undone),
        detected=found.detected, notes=[again(note) for note in found.detected.get("notes", ())],
        headings=_headings(found), first=_first(found), order=order_of(found.definition, found.kind.value, ""),
        scope_codes=" ".join(found.definition.get("scope") or ()),
        our_fields=[one.name for one in fields_of(found.kind)],
        fields=FIELDS, profiles=list(PROFILES), domains=[(domain, str(name)) for domain, name in DOMAINS.items()],
        source_kept=_source(found) is not None, summary=summary, cases=_open_cases(summary), usual=USUAL,
        kinds={kind.value: kind for kind in DifferenceKind}, moment=_moment(found, now),
        map=draft_board(found, rows, findings=any(group.total for group in groups)),
    )  # fmt: skip


@bp.get("/plans/redraws/<int:redraw_id>/state")
@requires(Permission.REDRAW)
def redraw_state(redraw_id: int) -> ResponseReturnValue:
    """For the page that waits."""
    standing = standing_of(visible(redraw_id), utcnow())
    share = None if standing.busy and not standing.measured else round(standing.share, 3)
    return {"busy": standing.busy, "state": standing.state, "words": standing.words, "share": share}


@bp.get("/plans/redraws/<int:redraw_id>/definition.json")
@requires(Permission.REDRAW)
def redraw_definition(redraw_id: int) -> Response:
    """How the file is read, to be replayed with `flask import areas --definition`."""
    found = visible(redraw_id)
    definition = {name: value for name, value in found.definition.items() if name != MOMENT}
    definition["columns"] = found.detected.get("columns") or definition.get("columns") or {}
    body = orjson.dumps(definition, option=orjson.OPT_INDENT_2)
    attached = {"Content-Disposition": f'attachment; filename="redraw-{found.id}-definition.json"'}
    return Response(body, mimetype="application/json", headers=attached)


@bp.get("/plans/redraws/<int:redraw_id>/source")
@requires(Permission.REDRAW)
def redraw_source(redraw_id: int) -> Response:
    """The file as it was sent. Raises SourceGone."""
    found = visible(redraw_id)
    if (path := _source(found)) is None:
        raise SourceGone
    return send_file(path, as_attachment=True, download_name=found.source_name)


def _form(order: RedrawOrder, problems: list[str] | None = None) -> str:
    return render_template(
        "plans/redraw_new.html",
        order=order,
        problems=problems or [],
        kinds=[(kind.value, word(kind)) for kind in KINDS],
        domains=[(domain, str(name)) for domain, name in DOMAINS.items()],
        senders=senders(g.db, g.account.area_id),
        endings=",".join(ENDINGS),
        most_mb=MAX_FILE // 1024**2,
    )


def _kept(upload: FileStorage, name: str) -> str:
    """Keep an upload, and return the name it is kept under."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        upload.save(path)
        return keep_source(installation().settings, path)


def _source(redraw: Redraw) -> Path | None:
    """Where the file of a redraw is, if it still is."""
    path = kept_sources(installation().settings) / (redraw.source_kept or "")
    return path if redraw.source_kept and path.is_file() else None


def _blocking(redraws: Sequence[Redraw]) -> dict[int, int]:
    """How many open findings block each of the redraws that may still be changed."""
    rows = g.db.execute(
        select(RedrawFinding.redraw_id, func.count())
        .where(
            RedrawFinding.redraw_id.in_([redraw.id for redraw in redraws if redraw.state in OPEN]),
            RedrawFinding.severity == "block", RedrawFinding.decision.is_(None),
        )
        .group_by(RedrawFinding.redraw_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


def _moment(redraw: Redraw, now: datetime) -> datetime | None:
    """The moment that a draft is meant for while that is to come, by the local clock; None: now."""
    moment = intended(redraw)
    return moment.astimezone(LOCAL) if moment is not None and moment > now else None


def _step(redraw: Redraw, counted: Checked, rows: int) -> str:
    """Which of the four steps is next."""
    if redraw.state not in OPEN:
        return "publish"
    if not rows:
        return "read"
    return "findings" if counted.blocking or redraw.state is RedrawState.DRAFT else "differences"


def _headings(redraw: Redraw) -> list[tuple[str, str]]:
    """The headings of the file, as far as they are known, to choose from."""
    detected: dict[str, Any] = redraw.detected
    return [(each, each) for each in (*(detected.get("columns") or {}).values(), *(detected.get("unused") or ()))]


def _first(redraw: Redraw) -> Sequence[Any]:
    """The first rows of the draft: whether names read well shows at once whether the encoding was right."""
    first = select(DraftArea.row, DraftArea.code, DraftArea.name).where(DraftArea.redraw_id == redraw.id)
    return g.db.execute(first.order_by(DraftArea.row).limit(FIRST_NAMES)).all()


def _open_cases(summary: Mapping[str, Any] | None) -> dict[str, int]:
    """How many open cases change hands, by their state."""
    cases = summary["cases"] if summary else {}
    return {state: cases.get(state.value, 0) for state in USUAL}
