"""What a redraw's page tells: findings by kind, what each would change, its scope in words, and its history."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import and_, case, func, not_, select
from sqlalchemy.orm import Session, defer

from geo.areas import names_of
from geo.codes import AreaKind
from geo.models import Area, Redraw
from geo.redraw_deciding import NEVER_ACCEPTED, OF_MOVES, moved_rows, undoes_move
from geo.redraw_drafts import rows_of
from geo.redraw_models import RedrawEvent, RedrawFinding
from geo.redraws import errors
from geo.redraws.mends import DraftGrid, changed_m2, changes_of
from geo.redraws.words import RedrawStep
from webmap.plans.telling import FIELDS, again
from webmap.plans.titles import TITLES
from webmap.problems import ANSWERS
from webmap.words import listed, number, when

SHOWN_PER_KIND = 100
SHOWN_ROWS = 6
SCOPE_NAMES = 6


@dataclass(frozen=True)
class FindingGroup:
    """The findings of one kind and weight: the first of them, and how many there are, open, and with a mend."""

    code: str
    severity: str
    items: Sequence[Mapping[str, Any]]
    total: int
    open: int
    mendable: int
    page: int = 1

    @property
    def pages(self) -> int:
        """On how many pages they are listed."""
        return max(-(-self.total // SHOWN_PER_KIND), 1)

    @property
    def first(self) -> int:
        """The place of the first that is listed, from 1."""
        return (self.page - 1) * SHOWN_PER_KIND + 1

    @property
    def title(self) -> str:
        """What it is."""
        return str(TITLES[self.code][0]) if self.code in TITLES else _("The file as a whole")

    @property
    def advice(self) -> str:
        """What to do about it."""
        return str(TITLES[self.code][1]) if self.code in TITLES else ""

    @property
    def acceptable(self) -> bool:
        """Whether it may be published as it is, should somebody say so."""
        return self.code not in NEVER_ACCEPTED


def finding_groups(db: Session, redraw: Redraw, *, code: str = "", page: int = 1) -> list[FindingGroup]:
    """The findings by kind, what blocks first and then what there is most of.

    Of each kind the first SHOWN_PER_KIND are listed; of the kind `code` those on its page `page`, from 1.
    """
    counted = _counted(db, redraw)
    most = max((counts[0] for (kind, _severity), counts in counted.items() if kind == code), default=0)
    page = min(max(page, 1), max(-(-most // SHOWN_PER_KIND), 1))
    items: dict[tuple[str, str], list[Mapping[str, Any]]] = {key: [] for key in counted}
    for item in _items(db, redraw, code, page):
        if (key := (item["code"], item["severity"])) in items:
            items[key].append(item)
    groups = [
        FindingGroup(*key, items[key], *counts, page=page if key[0] == code else 1) for key, counts in counted.items()
    ]
    return sorted(groups, key=_weight)


def _weight(group: FindingGroup) -> tuple[bool, bool, int, str]:
    return group.open == 0, group.severity != "block", -group.total, group.code


def _counted(db: Session, redraw: Redraw) -> dict[tuple[str, str], tuple[int, int, int]]:
    undecided = RedrawFinding.decision.is_(None)
    undoing = and_(RedrawFinding.code.in_(OF_MOVES), RedrawFinding.rows.overlap(sorted(moved_rows(db, redraw))))
    rows = db.execute(
        select(
            RedrawFinding.code, RedrawFinding.severity, func.count(), func.count().filter(undecided),
            func.count().filter(undecided, RedrawFinding.mend.is_not(None), not_(undoing)),
        )
        .where(RedrawFinding.redraw_id == redraw.id)
        .group_by(RedrawFinding.code, RedrawFinding.severity)
    )  # fmt: skip
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def _items(db: Session, redraw: Redraw, code: str, page: int) -> Iterator[dict[str, Any]]:
    """The findings that are listed, undecided ones before others and large ones before small ones."""
    order = (RedrawFinding.decision.is_not(None), RedrawFinding.size_m2.desc().nulls_last(), RedrawFinding.id)
    place = func.row_number().over(partition_by=(RedrawFinding.code, RedrawFinding.severity), order_by=order)
    ranked = select(RedrawFinding.id, place.label("place")).where(RedrawFinding.redraw_id == redraw.id).subquery()
    skipped = case((RedrawFinding.code == code, (page - 1) * SHOWN_PER_KIND), else_=0)
    found = db.execute(
        select(RedrawFinding, RedrawFinding.shape.is_not(None))
        .join(ranked, ranked.c.id == RedrawFinding.id)
        .where(ranked.c.place > skipped, ranked.c.place <= skipped + SHOWN_PER_KIND)
        .order_by(ranked.c.place)
        .options(defer(RedrawFinding.shape))
    ).all()
    grids = _grids_of(db, redraw, [finding for finding, _drawn in found])
    moved = moved_rows(db, redraw)
    for finding, drawn in found:
        yield _item(finding, drawn, grids) | {"moved": undoes_move(finding, moved)}


def _grids_of(db: Session, redraw: Redraw, findings: Iterable[RedrawFinding]) -> dict[int, DraftGrid]:
    """The rows that the findings name or would change."""
    wanted = {row for finding in findings for row in finding.rows[:SHOWN_ROWS]}
    for finding in findings:
        wanted |= {change["row"] for change in (finding.mend or {}).get("changes", ())}
    return {row.row: row for row in rows_of(db, redraw, sorted(wanted))} if wanted else {}


def _item(finding: RedrawFinding, drawn: bool, grids: Mapping[int, DraftGrid]) -> dict[str, Any]:
    heading = again(finding.field) if finding.field else None
    return {
        "id": finding.id, "code": finding.code, "severity": finding.severity, "said": again(finding.message),
        "field": FIELDS.get(heading or "", heading), "size_m2": finding.size_m2, "drawn": drawn,
        "rows": [grids[row] for row in finding.rows[:SHOWN_ROWS] if row in grids],
        "row": finding.rows[0] if finding.of_file and finding.rows else None,
        "mend": finding.mend and again(finding.mend["message"]),
        "changes": _changes(finding, grids) if finding.decision is None else [],
        "decision": finding.decision, "decided_by": finding.decided_by,
    }  # fmt: skip


def _changes(finding: RedrawFinding, grids: Mapping[int, DraftGrid]) -> list[tuple[str, float]]:
    """By how much the proposed mend changes the size of each row, in square metres."""
    if finding.mend is None:
        return []
    changes = [change for change in changes_of(finding.mend) if change.row in grids]
    sizes = changed_m2(grids, changes)
    return [(grids[row].code or grids[row].name, size) for row, size in sizes.items() if abs(size) >= 0.5]


# --- the scope ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """What a redraw replaces: a sentence, and the names of the areas where there are more than it names."""

    words: str
    names: Sequence[str] = ()


def scope_of(db: Session, redraw: Redraw, moment: datetime) -> Scope:
    """The scope in words."""
    if not redraw.scope_ids:
        named_codes = redraw.definition.get("scope") or ()
        if named_codes:  # and none of them is known, which is a finding that blocks
            return Scope(_("nothing yet: there is no area with the code %(codes)s", codes=listed(named_codes)))
        return Scope(_("everything of this kind"))
    kinds = list(db.scalars(select(Area.kind).where(Area.id.in_(redraw.scope_ids))))
    named = names_of(db, [*redraw.scope_ids, *redraw.within_ids], moment)
    names = [named[area_id] for area_id in redraw.scope_ids if area_id in named]
    if len(names) <= SCOPE_NAMES:
        return Scope(listed(names))
    above = [named[area_id] for area_id in _nearest_first(db, redraw.within_ids) if area_id in named]
    counted = listed(_count(kind, kinds.count(kind)) for kind in AreaKind if kind in kinds)
    return Scope(_("%(areas)s in %(name)s", areas=counted, name=above[0]) if above else counted, names)


def _nearest_first(db: Session, area_ids: Sequence[int]) -> list[int]:
    order = list(AreaKind)
    rows = db.execute(select(Area.id, Area.kind).where(Area.id.in_(area_ids))).all()
    return [row[0] for row in sorted(rows, key=lambda row: -order.index(row[1]))]


def _count(kind: AreaKind, count: int) -> str:
    match kind:
        case AreaKind.VILLAGE:
            return _("%(count)s villages", count=number(count))
        case AreaKind.TOWNSHIP:
            return _("%(count)s townships", count=number(count))
        case _:
            return _("%(count)s areas", count=number(count))


# --- the history ----------------------------------------------------------------------------------------------------


def history_of(db: Session, redraw: Redraw) -> list[tuple[RedrawEvent, str]]:
    """The lines of the history, the latest first, each with what it tells beyond its step."""
    events = db.scalars(select(RedrawEvent).where(RedrawEvent.redraw_id == redraw.id).order_by(RedrawEvent.id.desc()))
    return [(event, _told(event)) for event in events]


def _told(event: RedrawEvent) -> str:
    facts: Mapping[str, Any] = event.details
    match event.step:
        case RedrawStep.READ:
            return _("%(rows)s rows of %(file)s", rows=number(facts["rows"]), file=facts["file"])
        case RedrawStep.CHECKED:
            return _(
                "%(blocking)s block, %(warning)s warn, %(accepted)s are accepted",
                blocking=number(facts["blocking"]), warning=number(facts["warning"]),
                accepted=number(facts["accepted"]),
            )  # fmt: skip
        case RedrawStep.MENDED:
            kinds = {finding["code"] for finding in facts.get("findings", ())}
            return f"{number(facts['count'])}: {_titles(kinds)}"
        case RedrawStep.ACCEPTED:
            return f"{number(facts['count'])}: {_titles(facts.get('kinds', ()))}"
        case RedrawStep.EDITED:
            return _edited(facts)
        case RedrawStep.PUBLISHED:
            return _(
                "in force from %(at)s: %(ended)s versions end, %(begun)s begin",
                at=when(datetime.fromisoformat(facts["at"])), ended=number(facts["ended"]),
                begun=number(facts["begun"]),
            )  # fmt: skip
        case RedrawStep.HANDED_OVER:
            return _("%(moved)s moved, %(stayed)s stayed", moved=number(facts["moved"]), stayed=number(facts["stayed"]))
        case RedrawStep.FAILED:
            return refusal(event) or str(facts.get("file", ""))
        case _:
            return ""


def refusal(event: RedrawEvent) -> str:
    """Why an ordered step could not be carried out; blank for every other line."""
    error = getattr(errors, event.details.get("refused", ""), None)
    if error is None or error not in ANSWERS:
        return ""
    answer, facts = ANSWERS[error], event.details.get("facts", {})
    advice = str(answer.advice)
    return f"{answer.title} {advice % facts if '%(' in advice else advice}"


def _edited(facts: Mapping[str, Any]) -> str:
    """What was changed by hand: each field of a row before and after, or which grids and villages it was about."""
    match facts.get("what"):
        case "split":
            return _("grid %(grid)s split in two: %(new)s is new", grid=facts["codes"][0], new=facts["codes"][1])
        case "move":
            return _("grid %(grid)s moved to another village: it is %(new)s now",
                     grid=facts["codes"][0], new=facts["codes"][1])  # fmt: skip
        case "border":
            return _("border between the villages %(codes)s", codes=listed(facts["codes"]))
    if "row" not in facts:
        return _("the way the file is read")
    changes = listed(
        f"{FIELDS[name]} {_shown(before)} → {_shown(after)}"
        for name, (before, after) in facts.get("changed", {}).items()
        if name in FIELDS
    )
    return f"{_('row %(row)s', row=facts['row'])}: {changes}"


def _shown(value: Any) -> str:
    return "—" if value in (None, "") else str(value)


def _titles(codes: Iterable[str]) -> str:
    return listed(TITLES[code][0] if code in TITLES else code for code in sorted(codes))


def related(db: Session, redraw: Redraw) -> tuple[Redraw | None, Redraw | None]:
    """The redraw that this one undoes, and the one that undoes it; None where there is none, or none to be seen."""
    undone = g.db.get(Redraw, redraw.reverts_id) if redraw.reverts_id else None
    undoing = db.scalar(select(Redraw).where(Redraw.reverts_id == redraw.id))
    return undone, undoing
