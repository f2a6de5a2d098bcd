"""What is being done with a redraw just now: nothing, or it waits for the worker, or how far the worker is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from database.session import session_for
from geo.models import Redraw
from geo.redraw_drafts import OPEN
from geo.redraws.words import RedrawState
from webmap.installation import installation
from webmap.redraw_work import working

STAGES: dict[str, LazyString] = {
    "waiting": _l("Waits its turn …"),
    "starting": _l("The work begins …"),
    "reading": _l("Reading the file …"),
    "keeping": _l("Keeping what was read …"),
    "map": _l("Reading the map in force …"),
    "codes": _l("Looking at the codes …"),
    "shapes": _l("Looking at every outline …"),
    "children": _l("Looking what lies under them …"),
    "ground": _l("Looking for gaps and overlaps …"),
    "crossing": _l("Looking which grids are crossed …"),
    "comparing": _l("Comparing with what is in force …"),
    "effects": _l("Looking whom it concerns: cases, staff, addresses …"),
    "findings": _l("Keeping what was found …"),
    "publishing": _l("Publishing: until it is done, everybody sees the areas as they were …"),
    "reverting": _l("Reverting: until it is done, everybody sees the areas as they are …"),
}
"""Stages of webmap.redraw_work in their order, with words for each."""

CHECKING, PUBLISHING, REVERTING = "check-redraw", "publish-redraw", "revert-redraw"
STAGE_OF = {PUBLISHING: "publishing", REVERTING: "reverting"}
"""Tasks of one stage: they hold the redraw until they are done, and can say nothing meanwhile."""

ORDER = tuple(stage for stage in STAGES if stage not in STAGE_OF.values())
BEFORE_ROWS = frozenset({"waiting", "starting", "reading", "keeping"})

UNFINISHED = text("""
    SELECT DISTINCT ON (1) (args->>'redraw_id')::bigint AS redraw_id, status::text AS status, task_name AS task,
        attempts > 0 AS again,
        (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'started') AS begun
    FROM procrastinate_jobs AS job
    WHERE task_name IN ('read-redraw', 'check-redraw', 'publish-redraw', 'revert-redraw')
        AND (args->>'redraw_id')::bigint = ANY (:ids)
    ORDER BY 1, id DESC""")
"""The latest job of each redraw that is not done: what was done well is not kept."""


@dataclass(frozen=True)
class _Job:
    """A job as it is kept. `again`: a worker that is gone had begun it before."""

    status: str = ""
    task: str = ""
    again: bool = False
    begun: datetime | None = None


NO_JOB = _Job()


@dataclass(frozen=True)
class Standing:
    """`state` is idle, waiting, working or failed (the last work ended before it was finished)."""

    state: str
    stage: str = ""
    done: int = 0
    total: int = 0
    task: str = ""
    again: bool = False

    @property
    def busy(self) -> bool:
        """Whether there is something to wait for."""
        return self.state in ("waiting", "working")

    @property
    def reading(self) -> bool:
        """Whether rows are about to come from the file: until then nothing that is decided about them would last."""
        return self.busy and self.task not in (CHECKING, *STAGE_OF) and self.stage in BEFORE_ROWS

    @property
    def words(self) -> str:
        """What is being done."""
        if not self.busy:
            return ""
        stage = str(STAGES.get(self.stage, STAGES["starting"]))
        return _("%(stage)s It was cut off, and has begun again.", stage=stage) if self.again else stage

    @property
    def measured(self) -> bool:
        """Whether it can say how far it is."""
        return self.state == "working" and self.stage in ORDER

    @property
    def share(self) -> float:
        """How much of all stages is behind, from 0 to 1; a stage tells how far it is itself where it can."""
        within = min(self.done / self.total, 1.0) if self.total else 0.0
        if self.stage not in ORDER:
            return within
        return (ORDER.index(self.stage) + within) / len(ORDER)


IDLE = Standing("idle")


def standing_of(redraw: Redraw, now: datetime) -> Standing:
    """What is being done with one redraw."""
    return standings([redraw], now)[redraw.id]


def standings(redraws: Collection[Redraw], now: datetime) -> dict[int, Standing]:
    """What is being done with each of the redraws, by id."""
    jobs = _jobs([redraw.id for redraw in redraws if redraw.state is not RedrawState.DISCARDED])
    return {redraw.id: _standing(redraw, jobs.get(redraw.id, NO_JOB), now) for redraw in redraws}


def _standing(redraw: Redraw, job: _Job, now: datetime) -> Standing:
    if redraw.state not in OPEN and job.task != REVERTING:
        return IDLE
    if redraw.progress is not None and (working(redraw, now) or job.status == "doing"):  # silent while it writes much
        shown = redraw.progress
        return Standing("working", shown["stage"], shown["done"], shown["total"], job.task, job.again)
    match job.status:
        case "todo":
            return Standing("waiting", "waiting", task=job.task, again=job.again)
        case "doing" if not _checked_since(redraw, job):
            return Standing("working", STAGE_OF.get(job.task, "starting"), task=job.task, again=job.again)
        case "failed" | "aborted":
            return Standing("failed")
        case _:
            return IDLE


def _checked_since(redraw: Redraw, job: _Job) -> bool:
    """Whether all is done and only the process has not ended yet, which takes seconds where it was a large one."""
    if job.task in STAGE_OF:
        return False
    return bool(redraw.progress is None and redraw.checked_at and job.begun and redraw.checked_at > job.begun)


def _jobs(redraw_ids: Collection[int]) -> dict[int, _Job]:
    """Each redraw's latest job. Jobs are in nobody's jurisdiction: read unrestricted."""
    if not redraw_ids:
        return {}
    with session_for(installation().engine) as db:
        rows = db.execute(UNFINISHED, {"ids": list(redraw_ids)})
        return {row.redraw_id: _Job(row.status, row.task, row.again, row.begun) for row in rows}
