"""Every component on one page, with how it is called, for those who write pages."""

from datetime import timedelta

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from incidents.workflow import State
from webmap.installation import utcnow
from webmap.maps import AreaLayer, Field, FindingsLayer, HeatLayer, IncidentLayer, PinPicker, new_map
from webmap.permissions import Permission, requires
from webmap.styleguide import samples
from webmap.words import word

bp = Blueprint("styleguide", __name__, url_prefix="/styleguide", template_folder="templates")


@bp.get("")
@requires(Permission.MANAGE_ACCOUNTS)
def index() -> ResponseReturnValue:
    """The page itself. Its map draws a made-up county from made-up data."""
    board = new_map(samples.BOUNDS, label=_("Sample map"), height="tall")
    fields = [Field("code", _("Code")), Field("households", _("Households"))]
    board.add(AreaLayer("grids", url_for(".sample", what="grids"), _("Grids"), look="grid", labels=True, fields=fields))
    board.add(
        AreaLayer(
            "rates", url_for(".sample", what="townships"), _("On time"), look="coloured", whole=True, show=False,
            colour_by="rate", palette="rates", legend=_("Closed on time"),
        )
    )  # fmt: skip
    board.add(AreaLayer("townships", url_for(".sample", what="townships"), _("Townships"), look="township", whole=True,
                        labels=True, selectable=False))  # fmt: skip
    board.add(HeatLayer("heat", url_for(".sample", what="heat"), _("Heat"), show=False))
    board.add(
        IncidentLayer(
            "incidents", url_for(".sample", what="incidents"), _("Cases"),
            words={state: word(state) for state in State}, fields=[Field("text", _("What"))],
        )
    )  # fmt: skip
    board.add(FindingsLayer("findings", _("Findings"), element="sample-findings"))
    board.add(PinPicker(lon="sample-lon", lat="sample-lat"))
    return render_template(
        "styleguide/index.html",
        map=board,
        states=list(State),
        now=utcnow(),
        soon=utcnow() + timedelta(hours=3),
        findings=samples.findings(),
        dark=request.args.get("dark"),
    )


@bp.get("/<what>.json")
@requires(Permission.MANAGE_ACCOUNTS)
def sample(what: str) -> ResponseReturnValue:
    """Made-up data of one kind."""
    return samples.answer(what)
