"""Which redraws whoever is asking may see and change, and how refusals come back to the page they were pressed on.

Redraws are read through `g.db`, to which the database shows only those of the jurisdiction and one's own. They are
written in an unrestricted session, and only after they were seen.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from database.session import session_for
from geo.locate import LocatableArea
from geo.models import AreaVersion, Redraw
from geo.redraw_drafts import OPEN, Planner
from geo.redraw_models import DraftArea, RedrawFinding
from geo.redraw_moments import standpoint
from geo.redraws.errors import OutsideJurisdiction, RedrawError, UnknownRedraw
from geo.redraws.words import Decision
from webmap.audit import Action, record
from webmap.installation import installation, utcnow
from webmap.problems import WebProblem, answer_for

View = TypeVar("View", bound=Callable[..., Any])

LARGEST_ID = 2**63 - 1
"""What a column of ids holds; a larger number in an address is nobody's."""


def visible(redraw_id: int) -> Redraw:
    """The redraw, as far as whoever asks may see it. Raises UnknownRedraw."""
    redraw: Redraw | None = g.db.get(Redraw, redraw_id) if redraw_id <= LARGEST_ID else None
    if redraw is None:
        raise UnknownRedraw
    return redraw


def in_jurisdiction(redraw: Redraw) -> bool:
    """Whether all that the redraw replaces and draws lies where whoever asks may decide, who may be its author.

    What it replaces is not enough: a row may be drawn over a neighbour's ground, or put under a neighbour's village,
    and what is found of that be accepted.
    """
    if g.scope.everywhere:
        return True
    own = frozenset(g.scope.area_ids)
    return not own.isdisjoint(redraw.within_ids) and (redraw.state not in OPEN or not _reaches_out(redraw, own))


def _reaches_out(redraw: Redraw, own: frozenset[int]) -> bool:
    """Whether a draft has ground outside all areas to fill, a row whose middle is elsewhere, or a parent elsewhere."""
    beyond = exists().where(
        RedrawFinding.redraw_id == redraw.id, RedrawFinding.code == "outside-scope",
        RedrawFinding.decision == Decision.ACCEPTED,
    )  # fmt: skip
    ours = exists().where(
        AreaVersion.area_id == func.any(list(own)), func.upper_inf(AreaVersion.valid),
        func.ST_Covers(AreaVersion.outline, func.ST_PointOnSurface(DraftArea.outline)),
    )  # fmt: skip
    elsewhere = exists().where(DraftArea.redraw_id == redraw.id, ~ours.correlate(DraftArea))
    if g.db.scalar(select(beyond | elsewhere)):
        return True
    parents = select(DraftArea.parent_id).where(DraftArea.redraw_id == redraw.id, DraftArea.parent_id.is_not(None))
    known = installation().areas.at(standpoint(redraw, utcnow())).by_area_id
    return any(own.isdisjoint(_upwards(parent_id, known)) for parent_id in g.db.scalars(parents.distinct()))


def _upwards(area_id: int | None, known: Mapping[int, LocatableArea]) -> list[int]:
    """The area and those above it; a circle of parents is walked once."""
    line: list[int] = []
    while area_id is not None and area_id not in line:
        line.append(area_id)
        area_id = known[area_id].parent_id if area_id in known else None
    return line


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
