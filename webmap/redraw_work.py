"""The long work on a redraw: reading its file, checking it, giving cases over. Done by jobs and by commands alike.

What is long happens before anything is locked: a page shows meanwhile how far it is, and what a planner decides in
between makes the work begin again rather than be overwritten.
"""

import hashlib
import secrets
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from database.session import session_for
from database.settings import Settings
from geo.models import Redraw
from geo.redraw_checking import Checked, Progress, examine, keep, keep_read, nobody
from geo.redraw_deciding import Wanted, accept
from geo.redraw_drafts import OPEN, Planner, Source, append, begin, locked, rows_of
from geo.redraw_ground import Ground, ground_of, ground_under, within
from geo.redraw_models import RedrawEvent
from geo.redraw_moments import intend, refuse_too_far, standpoint
from geo.redraws.comparing import compare
from geo.redraws.errors import NothingDrawn, StillWorking
from geo.redraws.words import RedrawState, RedrawStep
from importers.areas import Reading
from importers.definitions import definition_of, reading_of, remember
from importers.redraws import put_file, read_file
from importers.report import ImportReport
from incidents.handover import HandedOver, hand_over
from incidents.redraw_effects import effects_of
from staffing.redrawn_posts import find_left_posts
from staffing.rosters import load_roster
from webmap.accounts import Account
from webmap.installation import Installation

ALIVE_EVERY_S = 10.0
SILENT = timedelta(seconds=60)
"""Work that has not shown life for so long is over, whatever became of it."""


class Work:
    """Work on one redraw, in the name of whoever ordered it. Shows how far it is while it is used as a context."""

    def __init__(self, here: Installation, redraw_id: int, by: Planner) -> None:
        self.here, self.redraw_id, self.by = here, redraw_id, by
        self._shown: dict[str, Any] = {"stage": "starting", "done": 0, "total": 1}
        self._over = threading.Event()
        self._life = threading.Thread(target=self._show_life, daemon=True)

    def __enter__(self) -> "Work":
        self._say(self._shown)
        self._life.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._life.join()
        self._say(None)

    def read(self, now: datetime, *, file: Path | None = None, scope: Collection[str] = ()) -> ImportReport:
        """Read the file of the redraw into rows, and keep what is wrong with single rows. Commits."""
        self.show("reading", 0, 1)
        with session_for(self.here.engine) as db:
            redraw = locked(db, self.redraw_id, *OPEN)
            reading, kept, sender = reading_of(redraw.definition), redraw.source_kept or "", redraw.sender
            moment = standpoint(redraw, now)
            scope = scope or redraw.definition.get("scope", ())
            db.commit()  # what follows is long, and nothing waits for it
            path = file or kept_sources(self.here.settings) / kept
            with called(path, redraw.source_name or path.name) as path:
                found = read_file(db, path, reading, scope=scope, now=moment)
        self.show("keeping", 0, 1)
        with session_for(self.here.engine) as db:
            redraw = locked(db, self.redraw_id, *OPEN)
            if found.rows is None:
                append(db, redraw, RedrawStep.FAILED, by=self.by, now=now, file=found.report.file)
            else:
                put_file(db, redraw, found, by=self.by, now=now)
                redraw.within_ids = within(ground_of(db, redraw.kind, redraw.scope_ids, moment))
                if sender:
                    columns = found.report.detected.columns
                    ours = jurisdiction_of(db, self.by)
                    remember(db, sender, replace(reading, columns=columns), area_id=ours, by=self.by, now=now)
            keep_read(db, redraw, found.report.problems)
            db.commit()
        found.report.loaded = len(found.rows or ())
        return found.report

    def check(self, now: datetime, *, at: datetime | None = None) -> Checked:
        """Check the redraw against the map of `at`, aware; None: of the moment that it is meant for. Commits.

        A moment to come is what it is meant for from then on. Raises MomentTooFar or NothingDrawn. Should the draft
        change meanwhile, it is checked again.
        """
        refuse_too_far(at, now)
        while True:
            with session_for(self.here.engine) as db:
                redraw = locked(db, self.redraw_id, *OPEN)
                if at is not None:
                    intend(redraw, at, now)
                db.commit()
                judged = _Judged.of(db, redraw, at or standpoint(redraw, now), self.show)
            self.show("findings", 0, 1)
            with session_for(self.here.engine) as db:
                redraw = locked(db, self.redraw_id, *OPEN)
                if _mark(db, redraw) == judged.mark:
                    counted = keep(db, redraw, judged.findings, judged.ground, by=self.by, now=now)
                    redraw.comparison = judged.comparison
                    db.commit()
                    return counted

    def hand_over(self, now: datetime) -> HandedOver:
        """Give over the open cases of a redraw that has come into force. Commits.

        One that was reverted before its moment never comes into force: nothing is done, and nothing told.
        """
        with session_for(self.here.engine) as db:
            redraw = locked(db, self.redraw_id)
            if redraw.state is not RedrawState.PUBLISHED:
                return HandedOver(0, 0)
            done = hand_over(db, redraw, now=now)
            append(db, redraw, RedrawStep.HANDED_OVER, by=self.by, now=now, moved=done.moved, stayed=done.stayed)
            db.commit()
            return done

    def show(self, stage: str, done: int, total: int) -> None:
        """Say how far it is, for pages to see at once."""
        self._shown = {"stage": stage, "done": done, "total": total}
        self._say(self._shown)

    def _show_life(self) -> None:
        while not self._over.wait(ALIVE_EVERY_S):
            self._say(self._shown)

    def _say(self, progress: dict[str, Any] | None) -> None:
        """In a transaction of its own; of work that shows nothing, because it is not used as a context, too."""
        told = None if progress is None else progress | {"at": datetime.now(UTC).isoformat()}
        with session_for(self.here.engine) as db:
            db.execute(update(Redraw).where(Redraw.id == self.redraw_id).values(progress=told))
            db.commit()


def draft_at_once(
    db: Session, name: str, file: Path, reading: Reading, *, scope: Collection[str], accepted: Collection[str],
    source: Source, by: Planner, now: datetime,
) -> tuple[Redraw, ImportReport]:  # fmt: skip
    """Draft a redraw from a file and check it, all in the caller's transaction; the report says everything found.

    `accepted` are kinds of finding that somebody takes as warnings. Raises NameTaken.
    """
    definition = definition_of(reading) | {"scope": sorted(scope)}
    redraw = begin(db, name, reading.kind, by=by, now=now, source=source, definition=definition)
    found = read_file(db, file, reading, scope=scope, now=now)
    if found.rows is None:
        return redraw, found.report
    put_file(db, redraw, found, by=by, now=now)
    keep_read(db, redraw, found.report.problems)
    if found.rows:
        judged = _Judged.of(db, redraw, now, nobody)
        redraw.within_ids = within(judged.ground)
        keep(db, redraw, judged.findings, judged.ground, by=by, now=now)
        redraw.comparison = judged.comparison
        found.report.findings = list(judged.findings)
    if accepted:
        accept(db, redraw.id, Wanted(kinds=accepted), by=by, now=now)
    if source.sender:
        remembering = replace(reading, columns=found.report.detected.columns)
        remember(db, source.sender, remembering, area_id=jurisdiction_of(db, by), by=by, now=now)
    found.report.loaded = len(found.rows)
    return redraw, found.report


@dataclass(frozen=True)
class _Judged:
    """What a check found out about a draft as it stood when it began."""

    mark: tuple[int, str]
    ground: Ground
    findings: list[Any]
    comparison: dict[str, Any]

    @classmethod
    def of(cls, db: Session, redraw: Redraw, at: datetime, progress: Progress) -> "_Judged":
        mark = _mark(db, redraw)
        rows = rows_of(db, redraw)
        if not rows:
            raise NothingDrawn
        progress("map", 0, 1)
        ground = ground_under(db, redraw, at)
        findings = examine(db, redraw, ground, progress, rows=rows)
        roster = load_roster(db)
        findings += find_left_posts(ground, rows, roster)
        progress("comparing", 0, 1)
        compared = compare(ground.before(), rows).to_json(unchanged=False)
        progress("effects", 0, 1)
        effects = effects_of(db, redraw, ground, rows, roster).to_json()
        return cls(mark, ground, findings, compared | {"effects": effects, "at": at.isoformat()})


def _mark(db: Session, redraw: Redraw) -> tuple[int, str]:
    """What changes with every change of a draft: how many lines its history has that touch its rows, and its state."""
    touching = (RedrawStep.READ, RedrawStep.MENDED, RedrawStep.EDITED)
    lines = select(func.count()).where(RedrawEvent.redraw_id == redraw.id, RedrawEvent.step.in_(touching))
    return db.scalar(lines) or 0, redraw.state


def working(redraw: Redraw, now: datetime) -> bool:
    """Whether something is being done with the redraw, as far as it has shown life."""
    if redraw.progress is None:
        return False
    return now - datetime.fromisoformat(redraw.progress["at"]) < SILENT


def refuse_while_working(redraw: Redraw, now: datetime) -> None:
    """Raise StillWorking while something is being done with the redraw."""
    if working(redraw, now):
        raise StillWorking


def jurisdiction_of(db: Session, by: Planner) -> int | None:
    """The area that whoever ordered the work answers for; None for who sees everything, as the command line does."""
    return db.scalar(select(Account.area_id).where(Account.id == by.account_id)) if by.account_id else None


def kept_sources(settings: Settings) -> Path:
    """Where the files of redraws are kept, each under a name made of its content."""
    return settings.data / "uploads" / "redraws"


@contextmanager
def called(file: Path, name: str) -> Iterator[Path]:
    """A file under the name by which its sender knows it, which is how it is told; a link that lasts meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / (PurePath(name).name or file.name)
        link.symlink_to(file.resolve())
        yield link


def keep_source(settings: Settings, file: Path) -> str:
    """Keep a copy of a file, and return the name it is kept under. The same content is kept once."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    name = digest + file.suffix.lower()
    kept = kept_sources(settings) / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = kept.with_name(f"{name}.{secrets.token_hex(4)}")
        shutil.copyfile(file, draft)
        draft.replace(kept)
    return name
