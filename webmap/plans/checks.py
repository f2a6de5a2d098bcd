"""`/plans/checks`: a file of areas is checked as a dry run, and its report is read beside the map."""

from typing import Any

from flask import Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from geo.areas import bounds_of
from geo.codes import PROFILES, AreaKind
from importers.areas import ACCEPTABLE
from webmap.api.operations import GEOJSON, answer
from webmap.audit import Action, record
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, Field, FindingsLayer, new_map
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.check_running import CHECKS, Check, begin
from webmap.plans.listing import KINDS, LABELS_FROM
from webmap.plans.orders import Order, read_order
from webmap.plans.sent import about_sending, own, own_done
from webmap.plans.telling import FIELDS, again, grouped, kind_names
from webmap.plans.titles import TITLES
from webmap.words import word


@bp.get("/plans/checks")
@requires(Permission.CHECK_PLANS)
def new_check() -> ResponseReturnValue:
    """The form, and the checks of the last days."""
    return _form(Order("", request.args.get("kind", AreaKind.COMPREHENSIVE)))


@bp.post("/plans/checks")
@requires(Permission.CHECK_PLANS)
def begin_check() -> ResponseReturnValue:
    """Take a file in and begin its check."""
    upload = request.files.get("file")
    name = upload.filename or "" if upload else ""
    order, problems = read_order(request.form, name, account_id=g.account.id, now=utcnow())
    if problems or upload is None:
        return _form(order, problems), 422
    check_id = begin(installation().settings, order, upload)
    if check_id is None:
        return _form(order, [_("Two files are being checked already. Send yours again in a minute.")]), 503
    record(g.db, Action.AREAS_CHECKED, f"file:{order.file}", by=g.account, address=request.remote_addr, kind=order.kind)
    g.db.commit()
    return redirect(url_for("plans.check", check_id=check_id), code=303)


@bp.get("/plans/checks/<check_id>")
@requires(Permission.CHECK_PLANS)
def check(check_id: str) -> ResponseReturnValue:
    """How far a check has come, and in the end what it found."""
    found = own(CHECKS, check_id)
    if found.state != "done":
        return render_template("plans/waiting.html", check=found)
    report = found.report()
    groups = grouped(report)
    return render_template(
        "plans/report.html",
        check=found,
        order=found.order,
        report=report,
        groups=groups,
        notes=[again(note) for note in report["detected"].get("notes", ())],
        finding_order=[item["finding"] for group in groups for item in group.items if item["finding"] is not None],
        fields=FIELDS,
        kind_name=kind_names()[AreaKind(found.order.kind)],
        map=_board(found, report),
    )


@bp.get("/plans/checks/<check_id>/state")
@requires(Permission.CHECK_PLANS)
def check_state(check_id: str) -> ResponseReturnValue:
    """For the page that waits."""
    found = own(CHECKS, check_id)
    return {"state": found.state, "stage": found.stage}


@bp.get("/plans/checks/<check_id>/findings.geojson")
@requires(Permission.CHECK_PLANS)
def check_findings(check_id: str) -> Response:
    """What is wrong on the ground."""
    features = [
        {
            "type": "Feature",
            "id": at,
            "geometry": finding["geometry"],
            "properties": {name: finding[name] for name in ("severity", "code")}
            | {"message": again(finding["message"])},
        }
        for at, finding in enumerate(own_done(CHECKS, check_id).report()["findings"])
    ]
    return answer({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


@bp.get("/plans/checks/<check_id>/layer.geojson")
@requires(Permission.CHECK_PLANS)
def check_layer(check_id: str) -> Response:
    """The outlines of the file; none of one that could not be read."""
    path = own_done(CHECKS, check_id).folder / "layer.geojson"
    empty = b'{"type":"FeatureCollection","features":[]}'
    return answer(path.read_bytes() if path.exists() else empty, media_type=GEOJSON)


def _form(order: Order, problems: list[str] | None = None) -> str:
    return render_template(
        "plans/new.html",
        order=order,
        problems=problems or [],
        kinds=[(kind.value, word(kind)) for kind in KINDS],
        profiles=list(PROFILES),
        acceptable=[(kind, str(TITLES[kind][0])) for kind in ACCEPTABLE],
        **about_sending(CHECKS),
    )


def _board(found: Check, report: dict[str, Any]) -> Board:
    """What is in force, the file above it, and what is wrong on top."""
    kind, now = AreaKind(found.order.kind), utcnow()
    bounds = tuple(report["bounds"]) if report.get("bounds") else bounds_of(g.db, now)
    board = new_map(bounds, label=_("Map of the file and what was found"))
    board.add(
        AreaLayer("townships", url_for("api.areas", kind=AreaKind.TOWNSHIP.value, zoom=13), _("Townships in force"),
                  look="township", whole=True, selectable=False)
    )  # fmt: skip
    fields = [Field("row", _("Row")), Field("code", _("Code"))]
    board.add(
        AreaLayer("layer", url_for("plans.check_layer", check_id=found.id), _("The file"), look="grid", labels=True,
                  labels_from_zoom=LABELS_FROM.get(kind, 0), whole=True, fields=fields)
    )  # fmt: skip
    if report["findings"]:
        url = url_for("plans.check_findings", check_id=found.id)
        board.add(FindingsLayer("findings", _("Findings"), url=url))
    return board
