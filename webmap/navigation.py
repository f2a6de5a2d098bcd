"""The pages a person can go to, and the one each role starts on."""

from dataclasses import dataclass

from flask import Flask, current_app, g, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from webmap.permissions import PUBLIC, Permission, Role, access_of


@dataclass(frozen=True)
class Page:
    """One entry of the main navigation. `icon` names a symbol of templates/icons.html."""

    endpoint: str
    label: LazyString
    icon: str
    permission: Permission


PAGES = (
    Page("mine.index", _l("My map"), "map", Permission.SEE_MY_MAP),
    Page("desk.index", _l("Desk"), "inbox", Permission.DISPATCH),
    Page("desk.index", _l("Cases"), "inbox", Permission.SEE_INCIDENTS),
    Page("overview.index", _l("Overview"), "chart", Permission.SEE_OVERVIEW),
    Page("hotspots.index", _l("Hotspots"), "flame", Permission.SEE_OVERVIEW),
    Page("plans.index", _l("Plans"), "layers", Permission.SEE_PLANS),
    Page("reporting.index", _l("Report"), "plus", Permission.REPORT),
    Page("admin.accounts", _l("Accounts"), "people", Permission.MANAGE_ACCOUNTS),
    Page("admin.audit", _l("Audit"), "list", Permission.SEE_AUDIT),
)
"""In the order of the navigation. Of two entries with one endpoint the first allowed one is shown."""

START: dict[Role, str] = {
    Role.WORKER: "mine.index",
    Role.VILLAGE: "mine.index",
    Role.TOWNSHIP_DISPATCHER: "desk.index",
    Role.COUNTY_DISPATCHER: "desk.index",
    Role.DEPARTMENT: "desk.index",
    Role.PLANNER: "plans.index",
    Role.LEADER: "overview.index",
    Role.ADMINISTRATOR: "admin.accounts",
}


def pages() -> list[Page]:
    """The pages open to whoever is asking."""
    account = g.get("account")
    shown: dict[str, Page] = {}
    for page in PAGES:
        if account and account.may(page.permission) and page.endpoint in current_app.view_functions:
            shown.setdefault(page.endpoint, page)
    return list(shown.values())


def start_url(role: Role) -> str:
    """Where the role's day begins."""
    endpoint = START[role]
    return url_for(endpoint if endpoint in current_app.view_functions else "signing_in.account")


def _is_here(page: Page) -> bool:
    """Whether the present page belongs to the entry; the two pages of admin are entries of their own."""
    family, _dot, name = (request.endpoint or "").partition(".")
    of_family, _dot, of_name = page.endpoint.partition(".")
    return family == of_family and (family != "admin" or name == of_name)


def open_to_all() -> set[str]:
    """The endpoints that nobody needs to sign in for."""
    return {name for name, view in current_app.view_functions.items() if access_of(view) == PUBLIC}


def set_up(app: Flask) -> None:
    """Let templates draw the navigation."""
    app.jinja_env.globals.update(navigation=pages, is_here=_is_here, open_to_all=open_to_all)
