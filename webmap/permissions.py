"""Who may do what: roles, permissions, and the table between them.

Views declare what they need with `@requires(Permission.X)` or `@public`; `webmap.identity` enforces it
before the view runs and refuses whatever declares nothing. Views ask for a permission, never for a role.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """What somebody is in the organisation."""

    WORKER = "worker"
    VILLAGE = "village"
    TOWNSHIP_DISPATCHER = "township-dispatcher"
    COUNTY_DISPATCHER = "county-dispatcher"
    DEPARTMENT = "department"
    PLANNER = "planner"
    LEADER = "leader"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that can be allowed."""

    OWN_ACCOUNT = "own-account"  # every signed-in account: change one's password, sign out
    SEE_AREAS = "see-areas"  # outlines, names and codes of areas
    SEE_MY_MAP = "see-my-map"  # the worker's map of his own grids
    REPORT = "report"  # report something in one's own name
    SEE_INCIDENTS = "see-incidents"  # read the incidents of one's jurisdiction
    FILE = "file"  # accept a report as a case
    DISPATCH = "dispatch"  # give a case to who must handle it
    HANDLE = "handle"  # answer a dispatched case
    VERIFY = "verify"  # confirm a result and close
    VOID = "void"  # cancel with a reason
    PLACE = "place"  # put an unlocated report on the map by hand
    INTAKE = "intake"  # take in other people's reports: hotline, systems
    REVEAL_REPORTER = "reveal-reporter"  # see a reporter's name and phone, leaving an audit line
    SEE_OVERVIEW = "see-overview"  # counts, rates and heat
    SEE_PLANS = "see-plans"  # areas on a date, staff on them
    CHECK_PLANS = "check-plans"  # upload a file of areas and see what is wrong in it
    REDRAW = "redraw"  # draft, mend, publish and revert redraws
    MANAGE_ACCOUNTS = "manage-accounts"  # create, deactivate, reset
    SEE_AUDIT = "see-audit"  # read the audit trail


P = Permission
_EVERYONE = {P.OWN_ACCOUNT, P.SEE_AREAS, P.REPORT}
_DISPATCHER = {
    P.SEE_INCIDENTS, P.FILE, P.DISPATCH, P.VERIFY, P.VOID, P.PLACE, P.INTAKE, P.REVEAL_REPORTER, P.SEE_OVERVIEW,
    P.SEE_PLANS,
}  # fmt: skip

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.WORKER: frozenset(_EVERYONE | {P.SEE_MY_MAP, P.SEE_INCIDENTS, P.HANDLE, P.REVEAL_REPORTER}),
    Role.VILLAGE: frozenset(
        _EVERYONE | {P.SEE_MY_MAP, P.SEE_INCIDENTS, P.FILE, P.HANDLE, P.REVEAL_REPORTER, P.SEE_OVERVIEW}
    ),
    Role.TOWNSHIP_DISPATCHER: frozenset(_EVERYONE | _DISPATCHER | {P.HANDLE}),
    Role.COUNTY_DISPATCHER: frozenset(_EVERYONE | _DISPATCHER | {P.HANDLE}),
    Role.DEPARTMENT: frozenset(_EVERYONE | {P.SEE_INCIDENTS, P.HANDLE, P.REVEAL_REPORTER}),
    Role.PLANNER: frozenset(_EVERYONE | {P.SEE_PLANS, P.CHECK_PLANS, P.REDRAW, P.SEE_OVERVIEW}),
    Role.LEADER: frozenset(_EVERYONE | {P.SEE_INCIDENTS, P.SEE_OVERVIEW, P.SEE_PLANS}),
    Role.ADMINISTRATOR: frozenset(
        _EVERYONE | {P.SEE_OVERVIEW, P.SEE_PLANS, P.CHECK_PLANS, P.REDRAW, P.MANAGE_ACCOUNTS, P.SEE_AUDIT}
    ),
}


class Jurisdiction(StrEnum):
    """What bounds the incidents that a role may read."""

    DUTIES = "duties"  # the areas of the person's duties today
    AREA = "area"  # the account's area
    AREA_OR_EVERYWHERE = "area-or-everywhere"  # the account's area, or all where none is named
    UNIT = "unit"  # what is dispatched to the account's unit


JURISDICTIONS: dict[Role, Jurisdiction] = {
    Role.WORKER: Jurisdiction.DUTIES,
    Role.VILLAGE: Jurisdiction.AREA,
    Role.TOWNSHIP_DISPATCHER: Jurisdiction.AREA,
    Role.COUNTY_DISPATCHER: Jurisdiction.AREA_OR_EVERYWHERE,
    Role.DEPARTMENT: Jurisdiction.UNIT,
    Role.PLANNER: Jurisdiction.AREA_OR_EVERYWHERE,
    Role.LEADER: Jurisdiction.AREA_OR_EVERYWHERE,
    Role.ADMINISTRATOR: Jurisdiction.AREA_OR_EVERYWHERE,
}

PUBLIC = "public"
_ACCESS = "__wangge_access__"


def requires(permission: Permission) -> Callable[[View], View]:
    """Mark a view as open to the accounts that hold `permission`, and to nobody else."""

    def mark(view: View) -> View:
        setattr(view, _ACCESS, permission)
        return view

    return mark


def public(view: View) -> View:
    """Mark a view as open to everyone, signed in or not."""
    setattr(view, _ACCESS, PUBLIC)
    return view


def access_of(view: Callable[..., Any]) -> Permission | str | None:
    """What `view` declared: a permission, PUBLIC, or None where it declared nothing."""
    access: Permission | str | None = getattr(view, _ACCESS, None)
    return access
