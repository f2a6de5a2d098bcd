"""`/plans/nets`: departments' nets are laid over the comprehensive grids, and what is accepted of them is loaded."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from geo.areas import bounds_of
from geo.codes import AreaKind
from geo.crs import Bounds
from geo.redraws.errors import OutsideJurisdiction
from geo.redraws.nets import Relation, Verdict
from importers.areas import ACCEPTABLE
from importers.values import BadValue, parse_time
from incidents.clock import LOCAL
from webmap.api.operations import GEOJSON, answer
from webmap.crosswalks import as_csv, as_xlsx, rows
from webmap.installation import installation, utcnow
from webmap.maps import AreaLayer, Board, Field, new_map
from webmap.permissions import Permission, requires
from webmap.plans.blueprint import bp
from webmap.plans.listing import LABELS_FROM
from webmap.plans.net_orders import MOST_NETS, Accepted, NetOrder, read_net_order
from webmap.plans.net_running import NETS, LaidNets, begin, load_accepted
from webmap.plans.sent import about_sending, own, own_done
from webmap.plans.telling import FIELDS, again, domain_name, grouped
from webmap.plans.titles import TITLES

PAGE = 50
ACCEPTED_HERE = tuple(kind for kind in ACCEPTABLE if kind != "overlap")  # specialised grids may share ground

VERDICTS: dict[Verdict, tuple[LazyString, LazyString]] = {
    Verdict.CUTS: (
        _l("Cuts across"),
        _l("Have one of the two redrawn, or accept it as it is: as a specialised grid over several."),
    ),
    Verdict.OUTSIDE: (
        _l("Outside"),
        _l("More than half of it lies in no comprehensive grid: look at its coordinates."),
    ),
    Verdict.WITHIN: (_l("Within one"), _l("It lies inside one comprehensive grid: make it a specialised grid.")),
    Verdict.FOLLOWS: (
        _l("Follows the borders"),
        _l("It is made of whole comprehensive grids and can be dissolved into them: their workers take it over."),
    ),
}
"""What each verdict is called, and what to do."""

RELATIONS = {Relation.WHOLE: _l("whole"), Relation.PART: _l("part"), Relation.SLIVER: _l("sliver")}

HEADINGS: dict[str, LazyString] = {
    "domain": _l("Domain"), "code": _l("Departmental grid"), "name": _l("Area name"), "verdict": _l("Verdict"),
    "area_m2": _l("Size, m²"), "beyond_m2": _l("In no grid, m²"), "reports": _l("Reports"),
    "grid": _l("Comprehensive grid"), "grid_name": _l("Its name"), "relation": _l("Has of it"),
    "shared_m2": _l("Shared, m²"), "share_of_net": _l("Of the departmental"),
    "share_of_grid": _l("Of the comprehensive"), "cut_m2": _l("Would change hands, m²"),
    "shared_reports": _l("Reports in both"), "grid_reports": _l("Reports in the comprehensive"),
}  # fmt: skip


@bp.get("/plans/nets")
@requires(Permission.CHECK_PLANS)
def new_nets() -> ResponseReturnValue:
    """The form, and the nets of the last days."""
    return _form(NetOrder(()))


@bp.post("/plans/nets")
@requires(Permission.CHECK_PLANS)
def begin_nets() -> ResponseReturnValue:
    """Take the files in and begin to lay them."""
    uploads = request.files.getlist("file")
    names = [upload.filename or "" for upload in uploads]
    order, problems = read_net_order(request.form, names, account_id=g.account.id, now=utcnow())
    if problems:
        return _form(order, problems), 422
    sent = [upload for upload in uploads if upload.filename][:MOST_NETS]
    laid_id = begin(installation().settings, order, sent)
    if laid_id is None:
        return _form(order, [_("Two files are being checked already. Send yours again in a minute.")]), 503
    return redirect(url_for("plans.nets", check_id=laid_id), code=303)


@bp.get("/plans/nets/<check_id>")
@requires(Permission.CHECK_PLANS)
def nets(check_id: str) -> ResponseReturnValue:
    """How far it has come, and in the end how each departmental grid lies."""
    laid = own(NETS, check_id)
    if laid.busy or laid.state != "done":
        return render_template("plans/nets_waiting.html", laid=laid)
    report = laid.report()
    verdict = request.args.get("verdict", "")
    chosen = [item for item in _items(report, laid) if verdict in ("", item["verdict"])]
    pages = max(-(-len(chosen) // PAGE), 1)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)

    def url(page: int | None = None, **changes: Any) -> str:
        return url_for("plans.nets", **({"check_id": laid.id, "verdict": verdict or None, "page": page} | changes))

    return render_template(
        "plans/nets_report.html",
        laid=laid,
        report=report,
        nets=[_net(net) for net in report["nets"]],
        items=chosen[(page - 1) * PAGE : page * PAGE],
        verdict=verdict,
        verdicts=[(each, *VERDICTS[each], _count(report, each)) for each in Verdict],
        verdict_names={each.value: str(name) for each, (name, _advice) in VERDICTS.items()},
        all_grids=sum(len(net["grids"]) for net in report["nets"]),
        relations={each.value: str(name) for each, name in RELATIONS.items()},
        page=page, pages=pages, url=url,
        last=_last(laid, report),
        acceptable=[(kind, str(TITLES[kind][0])) for kind in ACCEPTED_HERE],
        fields=FIELDS, domain_name=domain_name,
        may_load=g.account.may(Permission.REDRAW),
        map=_board(laid, report),
    )  # fmt: skip


@bp.get("/plans/nets/<check_id>/state")
@requires(Permission.CHECK_PLANS)
def nets_state(check_id: str) -> ResponseReturnValue:
    """For the page that waits."""
    laid = own(NETS, check_id)
    return {"state": "running" if laid.busy else laid.state, "stage": laid.stage}


@bp.get("/plans/nets/<check_id>/layer.geojson")
@requires(Permission.CHECK_PLANS)
def nets_layer(check_id: str) -> Response:
    """The departmental grids of one verdict."""
    laid, verdict = own_done(NETS, check_id), request.args.get("verdict")
    path = laid.folder / f"{verdict}.geojson"
    empty = b'{"type":"FeatureCollection","features":[]}'
    return answer(path.read_bytes() if verdict in set(Verdict) and path.exists() else empty, media_type=GEOJSON)


@bp.get("/plans/nets/<check_id>/crosswalk.csv")
@requires(Permission.CHECK_PLANS)
def nets_csv(check_id: str) -> Response:
    """The crosswalk of all nets, as other programs read it."""
    return _download(as_csv(_rows(own_done(NETS, check_id).report())), "crosswalk.csv", "text/csv; charset=utf-8")


@bp.get("/plans/nets/<check_id>/crosswalk.xlsx")
@requires(Permission.CHECK_PLANS)
def nets_xlsx(check_id: str) -> Response:
    """The crosswalk of all nets, as people read it: in their language."""
    words = {each.value: str(name) for each, name in RELATIONS.items()}
    words |= {each.value: str(name) for each, (name, _advice) in VERDICTS.items()}
    spoken = ("verdict", "relation")
    told = (
        row | {name: words[row[name]] for name in spoken if name in row} | {"domain": domain_name(row["domain"])}
        for row in _rows(own_done(NETS, check_id).report())
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _download(as_xlsx(told, {name: str(word) for name, word in HEADINGS.items()}), "crosswalk.xlsx", kind)


@bp.post("/plans/nets/<check_id>/grids")
@requires(Permission.REDRAW)
def load_nets(check_id: str) -> ResponseReturnValue:
    """Begin to make the accepted grids specialised ones. Raises OutsideJurisdiction where one lies elsewhere."""
    laid = own_done(NETS, check_id)
    accepted = _accepted(laid)
    back = redirect(url_for("plans.nets", check_id=laid.id), code=303)
    if laid.busy:
        flash(_("Grids of these nets are being loaded already."), "warning")
    elif accepted is None:
        flash(_("“%(value)s” is no day. Write it as 2026-01-01.", value=request.form["valid_from"][:30]), "error")
    elif not any(accepted.codes):
        flash(_("Tick the grids that shall become specialised grids first."), "error")
    else:
        load_accepted(installation().settings, laid, accepted)
    return back


def _accepted(laid: LaidNets) -> Accepted | None:
    """What the form accepts; None where its day is none. What is not of these nets is passed over.

    Raises OutsideJurisdiction where a grid lies where whoever asks may not decide.
    """
    valid_from = request.form.get("valid_from", "").strip()
    try:
        parse_time(valid_from, LOCAL)
    except BadValue:
        return None
    ticked = set(request.form.getlist("grid"))
    chosen = [
        [grid for grid in net["grids"] if f"{at}-{grid['row']}" in ticked]
        for at, net in enumerate(laid.report()["nets"])
    ]
    if not all(_is_ours(grid) for grids in chosen for grid in grids):
        raise OutsideJurisdiction
    codes = tuple(tuple(grid["code"] for grid in grids) for grids in chosen)
    accept = tuple(kind for kind in request.form.getlist("accept") if kind in ACCEPTED_HERE)
    asked_at, attempt = utcnow().isoformat(), secrets.token_hex(8)
    return Accepted(codes, valid_from, accept, g.account.id, request.remote_addr or "", asked_at, attempt)


def _is_ours(grid: Mapping[str, Any]) -> bool:
    """Whether a departmental grid lies, mostly, where whoever asks may decide."""
    return bool(g.scope.everywhere or grid.get("own"))


def _form(order: NetOrder, problems: list[str] | None = None) -> str:
    return render_template(
        "plans/nets.html",
        order=order,
        problems=problems or [],
        places=range(MOST_NETS),
        **about_sending(NETS),
        domain_name=domain_name,
    )


def _items(report: Mapping[str, Any], laid: LaidNets) -> list[dict[str, Any]]:
    """Every departmental grid of all nets, what needs a decision first."""
    order = [verdict.value for verdict in Verdict]
    loaded = {
        (net["net"], code) for load in laid.loads() if load["loaded"] for net in load["nets"] for code in net["codes"]
    }
    items = [
        grid
        | {
            "id": f"{at}-{grid['row']}", "domain": net["domain"], "said": again(grid["sentence"]),
            "loaded": (at, grid["code"]) in loaded, "ours": _is_ours(grid),
            "told": [each for each in grid["shared"] if each["relation"] != Relation.SLIVER],
            "slivers": [each for each in grid["shared"] if each["relation"] == Relation.SLIVER],
        }
        for at, net in enumerate(report["nets"])
        for grid in net["grids"]
    ]  # fmt: skip
    return sorted(items, key=lambda item: order.index(item["verdict"]))  # stable: each net is in order already


def _net(net: Mapping[str, Any]) -> dict[str, Any]:
    """A net with what is wrong with its file, in the reader's language."""
    report = net["report"]
    return dict(net) | {
        "groups": grouped(report),
        "notes": [again(note) for note in report["detected"].get("notes", ())],
    }


def _count(report: Mapping[str, Any], verdict: Verdict) -> int:
    return sum(net["counts"][verdict.value] for net in report["nets"])


def _last(laid: LaidNets, report: Mapping[str, Any]) -> dict[str, Any] | None:
    """What came of the last attempt to load grids."""
    if laid.loading in ("failed", "lost"):
        return {"state": "failed", "nets": []}
    if not (loads := laid.loads()):
        return None
    last = loads[-1]
    nets = [
        {
            "file": report["nets"][net["net"]]["file"],
            "loaded": net["report"]["loaded"],
            "groups": grouped(net["report"]),
        }
        for net in last["nets"]
    ]
    return {"state": "loaded" if last["loaded"] else "refused", "nets": nets}


def _rows(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for net in report["nets"]:
        yield from rows(net["domain"], net["grids"])


def _download(content: bytes, name: str, kind: str) -> Response:
    return Response(content, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _board(laid: LaidNets, report: Mapping[str, Any]) -> Board:
    """The comprehensive grids, and above them the departmental ones, a layer for each verdict."""
    bounds: Bounds | None = tuple(report["bounds"]) if report["bounds"] else bounds_of(g.db, utcnow())
    board = new_map(bounds, label=_("Map of the nets over the comprehensive grids"))
    kind = AreaKind.COMPREHENSIVE
    board.add(
        AreaLayer("grids", url_for("api.areas", kind=kind.value), _("Comprehensive grids"), look="grid", labels=True,
                  labels_from_zoom=LABELS_FROM[kind], selectable=False)
    )  # fmt: skip
    fields = [Field("code", _("Code")), Field("domain", _("Domain"))]
    for verdict in reversed(_present(report)):
        url = url_for("plans.nets_layer", check_id=laid.id, verdict=verdict.value)
        name = str(VERDICTS[verdict][0])
        board.add(AreaLayer(f"net-{verdict}", url, name, look="specialised", whole=True, fields=fields))
    return board


def _present(report: Mapping[str, Any]) -> list[Verdict]:
    found: Iterable[str] = {grid["verdict"] for net in report["nets"] for grid in net["grids"]}
    return [verdict for verdict in Verdict if verdict in found]
