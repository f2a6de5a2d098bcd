"""The person behind a request, as the rules of incidents see him."""

from flask import g

from database.session import Scope
from incidents.actors import Actor
from incidents.workflow import Right
from webmap.accounts import Account
from webmap.permissions import Permission, Role

ANONYMOUS = Actor("anonymous")

_RIGHTS = {
    Permission.FILE: Right.FILE,
    Permission.DISPATCH: Right.DISPATCH,
    Permission.HANDLE: Right.HANDLE,
    Permission.VERIFY: Right.VERIFY,
    Permission.VOID: Right.VOID,
}


def actor() -> Actor:
    """Who is asking; ANONYMOUS where nobody is signed in."""
    return ANONYMOUS if g.account is None else acting(g.account, g.scope)


def acting(account: Account, scope: Scope) -> Actor:
    """The account with its rights: grid workers answer for their duties, villages for their ground, desks as a unit."""
    on_the_ground = account.role in {Role.WORKER, Role.VILLAGE}
    return Actor(
        name=account.display_name,
        account_id=account.id,
        staff_id=account.staff_id,
        unit_id=None if on_the_ground else account.unit_id,
        area_ids=scope.area_ids if on_the_ground else (),
        rights=frozenset(right for permission, right in _RIGHTS.items() if account.may(permission)),
    )
