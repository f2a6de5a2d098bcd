"""What whoever asks has sent to be worked on: checks of areas, nets of departments. Nobody sees another's."""

from typing import Any, TypeVar

from flask import current_app, g

from webmap.installation import installation
from webmap.plans.orders import ENDINGS
from webmap.plans.running import Shelf, Work
from webmap.plans.telling import DOMAINS
from webmap.problems import NotFound

SHOWN_EARLIER = 8

Piece = TypeVar("Piece", bound=Work[Any])


def own(shelf: Shelf[Piece], work_id: str) -> Piece:
    """A piece of work that whoever asks has sent. Raises NotFound for any other."""
    found = shelf.find(installation().settings, work_id)
    if found is None or found.order.account_id != g.account.id:
        raise NotFound
    return found


def own_done(shelf: Shelf[Piece], work_id: str) -> Piece:
    """One that is done. Raises NotFound for any other."""
    found = own(shelf, work_id)
    if found.state != "done":
        raise NotFound
    return found


def about_sending(shelf: Shelf[Piece]) -> dict[str, Any]:
    """What the form for sending another shows: domains, what files may be, and what was sent before."""
    return {
        "domains": [(domain, str(name)) for domain, name in DOMAINS.items()],
        "endings": ",".join(ENDINGS),
        "most_mb": (current_app.config["MAX_CONTENT_LENGTH"] or 0) // 1024**2,
        "earlier": shelf.of_account(installation().settings, g.account.id)[:SHOWN_EARLIER],
    }
