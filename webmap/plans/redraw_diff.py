"""`/plans/redraws/…/diff`: what a redraw changes, on two maps side by side and as lists, as JSON and as a workbook."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from flask import Response, g, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from geo.crs import Bounds
from geo.models import Area, AreaVersion, Redraw
from geo.redraw_comparisons import concerned, differences_as_json, is_compared, some_differences, summed_up
from geo.redraws.differences import DifferenceKind
from incidents.handover import Choice
from incidents.models import Incident
from incidents.workflow import State
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.diff_telling import ORDER, workbook_of
from webmap.plans.diff_workbook import FIELD_NAMES
from webmap.plans.redraw_access import in_jurisdiction, visible
from webmap.plans.redraw_maps import MOST_DRAWN, diff_boards, moment_before, row_bounds
from webmap.plans.redraw_telling import scope_of
from webmap.problems import NotFound

PAGE = 50
SHOWN_CASES = 200
SHOWN_POSTS = 200
SHOWN_OVERLAYS = 200
SHOWN_FLOWS = 30
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/plans/redraws/<int:redraw_id>/diff")
@requires(Permission.REDRAW)
def redraw_diff(redraw_id: int) -> ResponseReturnValue:
    """Both maps, the differences, and whom they concern."""
    redraw = visible(redraw_id)
    comparison = summed_up(g.db, redraw)
    if comparison is None:
        return render_template("plans/redraw_diff.html", redraw=redraw, comparison=None)
    effects, counts = _effects(redraw), {each.value: comparison["counts"][each] for each in ORDER}
    kind = request.args.get("kind", "")
    kind = kind if counts.get(kind) else ""
    pages = max(-(-(counts[kind] if kind else sum(counts.values())) // PAGE), 1)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    differences = some_differences(g.db, redraw, kind=kind, start=(page - 1) * PAGE, count=PAGE)
    left, right = diff_boards(redraw)

    def url(page: int | None = None, **changes: Any) -> str:
        return url_for("plans.redraw_diff", **({"redraw_id": redraw.id, "kind": kind or None, "page": page} | changes))

    return render_template(
        "plans/redraw_diff.html",
        redraw=redraw, comparison=comparison, effects=effects, kind=kind, most_drawn=MOST_DRAWN,
        kinds=[(each, counts[each]) for each in ORDER if counts[each]], total=sum(counts.values()),
        unchanged=comparison["counts"][DifferenceKind.UNCHANGED], differences=_listed(redraw, differences),
        page=page, pages=pages, url=url, field_names=FIELD_NAMES,
        cases=effects["cases"][:SHOWN_CASES], posts=effects["posts"][:SHOWN_POSTS],
        flows=effects["flows"][:SHOWN_FLOWS], overlays=effects["overlays"][:SHOWN_OVERLAYS],
        linked=_linked(effects["cases"][:SHOWN_CASES]), state_of=State, choice_of=Choice, kind_of=DifferenceKind,
        scope=scope_of(g.db, redraw, moment_before(redraw)), left=left, right=right, map=left,
    )  # fmt: skip


@bp.get("/plans/redraws/<int:redraw_id>/diff.json")
@requires(Permission.REDRAW)
def redraw_diff_json(redraw_id: int) -> Response:
    """The whole comparison. Raises NotFound before the first check."""
    redraw = _compared(redraw_id)
    head = {"redraw": redraw.id, "name": redraw.name} | (summed_up(g.db, redraw) or {}) | {"effects": _effects(redraw)}
    lines = stream_with_context(_as_json(head, differences_as_json(g.db, redraw)))
    return _download(lines, f"redraw-{redraw.id}.json", "application/json")


def _as_json(head: Mapping[str, Any], differences: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """One object, a difference a line, sent while it is read: of a hundred thousand it is tens of megabytes."""
    yield orjson.dumps(head)[:-1] + b',"differences":['
    between = b"\n"
    for part in differences:
        yield between + ",\n".join(part).encode()
        between = b",\n"
    yield b"]}\n"


@bp.get("/plans/redraws/<int:redraw_id>/diff.xlsx")
@requires(Permission.REDRAW)
def redraw_diff_xlsx(redraw_id: int) -> Response:
    """The workbook for signatures. Raises NotFound before the first check."""
    redraw = _compared(redraw_id)
    return _download(workbook_of(g.db, redraw, effects=_effects(redraw)), f"redraw-{redraw.id}.xlsx", XLSX)


def _compared(redraw_id: int) -> Redraw:
    redraw = visible(redraw_id)
    if not is_compared(g.db, redraw):
        raise NotFound
    return redraw


def _effects(redraw: Redraw) -> dict[str, Any]:
    """Whom it concerns, as far as whoever asks may know: `hidden` counts the open cases that they may not.

    Whoever drafts areas outside their jurisdiction learns nothing from it of who works there; and of cases nobody
    learns that lie beyond their own, wherever the draft reaches.
    """
    effects = concerned(g.db, redraw)
    cases: Sequence[Mapping[str, Any]] = effects["cases"]
    seen = set(g.db.scalars(select(Incident.id).where(Incident.id == func.any([case["id"] for case in cases]))))
    effects["cases"] = [case for case in cases if case["id"] in seen]
    effects["hidden"] = len(cases) - len(effects["cases"])
    if not in_jurisdiction(redraw):
        effects |= {"posts": [], "overlays": [], "flows": []}
    return effects


def _linked(cases: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the numbers of cases lead to the cases."""
    return bool(cases) and bool(g.account.may(Permission.SEE_INCIDENTS))


def _listed(redraw: Redraw, differences: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The differences with the box that holds both what was and what is to be, for the maps."""
    after = row_bounds(g.db, redraw, {row for each in differences for row in each["rows"]})
    before = _code_bounds(redraw, {code for each in differences for code in each["codes_before"]})
    listed = []
    for each in differences:
        boxes = [after[row] for row in each["rows"] if row in after]
        boxes += [before[code] for code in each["codes_before"] if code in before]
        listed.append(dict(each) | {"bounds": _around(boxes)})
    return listed


def _code_bounds(redraw: Redraw, codes: set[str]) -> dict[str, Bounds]:
    """The box around each of the areas as they stood before."""
    outline = AreaVersion.outline
    rows = g.db.execute(
        select(Area.code, func.ST_XMin(outline), func.ST_YMin(outline), func.ST_XMax(outline), func.ST_YMax(outline))
        .join(AreaVersion, AreaVersion.area_id == Area.id)
        .where(Area.kind == redraw.kind, Area.code.in_(codes), AreaVersion.valid.contains(moment_before(redraw)))
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def _around(boxes: Sequence[Bounds]) -> Bounds | None:
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _download(content: bytes | Iterator[bytes], name: str, kind: str) -> Response:
    return Response(content, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
