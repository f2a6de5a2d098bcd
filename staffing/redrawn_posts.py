"""Posts that a redraw would leave empty, and people that it would leave without one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import shapely

from geo.codes import AreaKind
from geo.coverage import Finding, as_simple
from geo.loading import StoredVersion
from geo.redraw_ground import Ground
from geo.redraws.mends import DraftGrid
from geo.sentences import say
from staffing.answering import Person, Roster
from staffing.words import DutyRole


def find_left_posts(ground: Ground, rows: Sequence[DraftGrid], roster: Roster) -> list[Finding]:
    """Warn of grids for which no worker is named, and of workers none of whose grids goes on, at the ground's moment.

    A grid that has no worker today either is no news, nor are posts where no staff were loaded at all.
    """
    if ground.kind not in (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED) or not roster.duties:
        return []
    return [*_grids_without(ground, rows, roster), *_workers_without(ground, rows, roster)]


SAME_GROUND = 0.9
"""So much of two grids in common, of what either has, is the same grid under another code."""


def _grids_without(ground: Ground, rows: Sequence[DraftGrid], roster: Roster) -> Iterator[Finding]:
    kept, known = {row.code for row in rows}, {one.code for one in ground.inside}
    ending = [one for one in ground.inside if one.code not in kept]
    tree = shapely.STRtree([one.outline for one in ending])
    for row in rows:
        if row.code not in known:
            code = row.code or f"“{row.name}”"
            said = say("Nobody is named as the worker of the new grid {code} yet.", code=code)
            for at in tree.query(row.outline, predicate="intersects").tolist():
                if _same_ground(ending[at], row) and (worker := _worker_of(ending[at], ground, roster)) is not None:
                    said = say(
                        "Nobody is named as the worker of the new grid {code} yet. It is {old} under another code,"
                        " whose worker is {name} ({staff_no}): duties stay with the old code.",
                        code=code, old=ending[at].code, name=worker.name, staff_no=worker.staff_no,
                    )  # fmt: skip
            yield Finding("grid-without-staff", (row.code,), (row.row,), 0.0, row.outline, said, "warn")


def _same_ground(one: StoredVersion, row: DraftGrid) -> bool:
    common = shapely.intersection(one.outline, row.outline).area
    return bool(common >= SAME_GROUND * max(one.outline.area, row.outline.area))


def _worker_of(one: StoredVersion, ground: Ground, roster: Roster) -> Person | None:
    duties = roster.duties.get(one.area_id, ())
    held = (duty.person for duty in duties if duty.role is DutyRole.WORKER and duty.held_at(ground.at))
    return next(held, None)


def _workers_without(ground: Ground, rows: Sequence[DraftGrid], roster: Roster) -> Iterator[Finding]:
    kept = {row.code for row in rows}
    ending = {one.area_id: one for one in ground.inside if one.code not in kept}
    posts = _posts(ground, roster)
    for area_id, one in sorted(ending.items(), key=lambda item: item[1].code):
        for duty in roster.duties.get(area_id, ()):
            if duty.role is DutyRole.WORKER and duty.held_at(ground.at) and posts[duty.person.id] <= ending.keys():
                said = say(
                    "{name} ({staff_no}) is left without a grid: {code} ends.",
                    name=duty.person.name, staff_no=duty.person.staff_no, code=one.code,
                )  # fmt: skip
                yield Finding("staff-without-grid", (one.code,), (), 0.0, as_simple(one.outline), said, "warn")


def _posts(ground: Ground, roster: Roster) -> dict[int, set[int]]:
    """The areas that each person has a duty on at the ground's moment."""
    posts: dict[int, set[int]] = defaultdict(set)
    for area in ground.areas:
        for duty in roster.duties.get(area.area_id, ()):
            if duty.held_at(ground.at):
                posts[duty.person.id].add(area.area_id)
    return posts
