"""Posts that a redraw would leave empty, and people that it would leave without one."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from geo.codes import AreaKind
from geo.coverage import Finding, as_simple
from geo.redraw_ground import Ground
from geo.redraws.mends import DraftGrid
from geo.sentences import say
from staffing.answering import Roster
from staffing.words import DutyRole


def find_left_posts(ground: Ground, rows: Sequence[DraftGrid], roster: Roster) -> list[Finding]:
    """Warn of grids for which no worker is named, and of workers none of whose grids goes on, at the ground's moment.

    A grid that has no worker today either is no news, nor are posts where no staff were loaded at all.
    """
    if ground.kind not in (AreaKind.COMPREHENSIVE, AreaKind.SPECIALISED) or not roster.duties:
        return []
    known = {one.code for one in ground.inside}
    return [*_grids_without(rows, known), *_workers_without(ground, rows, roster)]


def _grids_without(rows: Sequence[DraftGrid], known: Collection[str]) -> Iterator[Finding]:
    for row in rows:
        if row.code not in known:
            said = say("Nobody is named as the worker of the new grid {code} yet.", code=row.code or f"“{row.name}”")
            yield Finding("grid-without-staff", (row.code,), (row.row,), 0.0, row.outline, said, "warn")


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
