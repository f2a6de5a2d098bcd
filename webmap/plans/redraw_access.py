"""Which redraws whoever is asking may see and change, and how refusals come back to the page they were pressed on.

Redraws are read through `g.db`, to which the database shows only those of the jurisdiction and one's own. They are
written in an unrestricted session, and only after they were seen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from database.session import session_for
from geo.models import Redraw
from geo.redraw_drafts import Planner
from geo.redraws.errors import OutsideJurisdiction, RedrawError, UnknownRedraw
from webmap.audit import Action, record
from webmap.installation import installation
from webmap.problems import WebProblem, answer_for

View = TypeVar("View", bound=Callable[..., Any])


def visible(redraw_id: int) -> Redraw:
    """The redraw, as far as whoever asks may see it. Raises UnknownRedraw."""
    redraw: Redraw | None = g.db.get(Redraw, redraw_id)
    if redraw is None:
        raise UnknownRedraw
    return redraw


def in_jurisdiction(redraw: Redraw) -> bool:
    """Whether all that the redraw replaces lies where whoever asks may decide; its author may come from outside."""
    return g.scope.everywhere or bool(set(g.scope.area_ids) & set(redraw.within_ids))


def refuse_outside(redraw: Redraw) -> None:
    """Raise OutsideJurisdiction where whoever asks may not decide about these areas."""
    if not in_jurisdiction(redraw):
        raise OutsideJurisdiction


def planner() -> Planner:
    """Whoever asks, as history names them."""
    return Planner(g.account.display_name, g.account.id)


@contextmanager
def writing() -> Iterator[Session]:
    """An unrestricted session that commits at the end, unless something was raised."""
    with session_for(installation().engine) as db:
        yield db
        db.commit()


def note_down(db: Session, action: Action, redraw_id: int, **details: Any) -> None:
    """Add what is done to the audit trail, in the same transaction."""
    record(db, action, f"redraw:{redraw_id}", by=g.account, address=request.remote_addr, **details)


def back_to(redraw_id: int, anchor: str | None = None) -> ResponseReturnValue:
    """Lead back to the page of a redraw."""
    return redirect(url_for("plans.redraw", redraw_id=redraw_id, _anchor=anchor), code=303)


def told_on_its_page(view: View) -> View:
    """Say on the redraw's page why a step could not be taken; what one may not see or decide stays refused."""

    @wraps(view)
    def told(redraw_id: int, **arguments: Any) -> ResponseReturnValue:
        try:
            answer: ResponseReturnValue = view(redraw_id=redraw_id, **arguments)
        except (UnknownRedraw, OutsideJurisdiction):
            raise
        except (RedrawError, WebProblem) as error:
            if (found := answer_for(error)) is None:
                raise
            advice = str(found.advice)
            flash(f"{found.title} {advice % vars(error) if '%(' in advice else advice}", "error")
            return back_to(redraw_id)
        return answer

    return told  # type: ignore[return-value]
