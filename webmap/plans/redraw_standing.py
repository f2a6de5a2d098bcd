"""What is being done with a redraw just now: nothing, or it waits for the worker, or how far the worker is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import text
from sqlalchemy.orm import Session

from database.session import session_for
from geo.models import Redraw
from geo.redraw_drafts import OPEN
from webmap.installation import installation
from webmap.redraw_work import working

STAGES: dict[str, LazyString] = {
    "waiting": _l("Waits its turn …"),
    "starting": _l("The work begins …"),
    "reading": _l("Reading the file …"),
    "map": _l("Reading the map in force …"),
    "codes": _l("Looking at the codes …"),
    "shapes": _l("Looking at every outline …"),
    "ground": _l("Looking for gaps and overlaps …"),
    "crossing": _l("Looking which grids are crossed …"),
    "comparing": _l("Comparing with what is in force …"),
    "effects": _l("Looking whom it concerns: cases, staff, addresses …"),
}
"""Stages of webmap.redraw_work in their order, with words for each."""

ORDER = tuple(STAGES)
BEFORE_ROWS = frozenset({"waiting", "starting", "reading"})
CHECKING = "check-redraw"

UNFINISHED = text("""
    SELECT DISTINCT ON (1) (args->>'redraw_id')::bigint AS redraw_id, status::text AS status, task_name
    FROM procrastinate_jobs
    WHERE task_name IN ('read-redraw', 'check-redraw') AND (args->>'redraw_id')::bigint = ANY (:ids)
    ORDER BY 1, id DESC""")
"""The latest job of each redraw that is not done: what was done well is not kept."""


@dataclass(frozen=True)
class Standing:
    """`state` is idle, waiting, working or failed (the last work ended before it was finished)."""

    state: str
    stage: str = ""
    done: int = 0
    total: int = 0
    task: str = ""

    @property
    def busy(self) -> bool:
        """Whether there is something to wait for."""
        return self.state in ("waiting", "working")

    @property
    def reading(self) -> bool:
        """Whether rows are about to come from the file: until then nothing that is decided about them would last."""
        return self.busy and self.task != CHECKING and self.stage in BEFORE_ROWS

    @property
    def words(self) -> str:
        """What is being done."""
        return str(STAGES.get(self.stage, STAGES["starting"])) if self.busy else ""

    @property
    def share(self) -> float:
        """How much of all stages is behind, from 0 to 1; a stage tells how far it is itself where it can."""
        if self.stage not in ORDER:
            return 0.0
        within = min(self.done / self.total, 1.0) if self.total else 0.0
        return (ORDER.index(self.stage) + within) / len(ORDER)


IDLE = Standing("idle")


def standing_of(redraw: Redraw, now: datetime) -> Standing:
    """What is being done with one redraw."""
    return standings([redraw], now)[redraw.id]


def standings(redraws: Collection[Redraw], now: datetime) -> dict[int, Standing]:
    """What is being done with each of the redraws, by id."""
    jobs = _jobs([redraw.id for redraw in redraws if redraw.state in OPEN])
    return {redraw.id: _standing(redraw, *jobs.get(redraw.id, ("", "")), now) for redraw in redraws}


def _standing(redraw: Redraw, job: str, task: str, now: datetime) -> Standing:
    if redraw.progress is not None and working(redraw, now):
        shown = redraw.progress
        return Standing("working", shown["stage"], shown["done"], shown["total"], task)
    match job:
        case "todo":
            return Standing("waiting", "waiting", task=task)
        case "doing":
            return Standing("working", "starting", task=task)
        case "failed" | "aborted":
            return Standing("failed")
        case _:
            return IDLE


def _jobs(redraw_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """The state and the task of each redraw's latest job. Jobs are in nobody's jurisdiction: read unrestricted."""
    if not redraw_ids:
        return {}
    with session_for(installation().engine) as db:
        return _read(db, redraw_ids)


def _read(db: Session, redraw_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    return {row.redraw_id: (row.status, row.task_name) for row in db.execute(UNFINISHED, {"ids": list(redraw_ids)})}
