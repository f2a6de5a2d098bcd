"""What a redraw changes, told: as lines for the terminal, and as the workbook that goes round for signatures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from geo.models import Redraw
from geo.redraw_comparisons import concerned, some_differences, summed_up
from geo.redraws.differences import DifferenceKind
from incidents.clock import LOCAL
from incidents.handover import Choice
from incidents.workflow import State
from webmap.plans.diff_workbook import MOST_LINES, EffectTable, write_workbook
from webmap.plans.redraw_maps import moment_before
from webmap.plans.redraw_telling import scope_of
from webmap.words import when, who, word

Effects = Mapping[str, Any]
"""As incidents.redraw_effects writes them."""

SHOWN = 20
"""How many differences and open cases the terminal shows before it counts the rest."""


def summary_lines(comparison: Mapping[str, Any]) -> Iterator[str]:
    """Say in English what a comparison with its effects holds, most important things first."""
    if comparison["empty"]:
        yield "nothing changes"
        return
    counts = {kind: number for kind, number in comparison["counts"].items() if number}
    yield "areas: " + ", ".join(f"{number} {kind}" for kind, number in counts.items())
    before, after = comparison["totals"]["before"], comparison["totals"]["after"]
    yield f"before: {before['areas']} areas, {before['households']:,} households"
    yield f"after: {after['areas']} areas, {after['households']:,} households"
    yield from _shortened(comparison["differences"], _difference_line)
    yield from _effect_lines(comparison["effects"])


def _difference_line(each: Mapping[str, Any]) -> str:
    codes = f"{_codes(each['codes_before'])} → {_codes(each['codes_after'])}"
    return f"  {each['kind']}: {codes}, +{each['gained_m2']:,.0f} −{each['lost_m2']:,.0f} m²"


def _effect_lines(effects: Effects) -> Iterator[str]:
    cases, posts, overlays = effects["cases"], effects["posts"], effects["overlays"]
    yield f"open cases that lie in another grid afterwards: {len(cases)}"
    yield from _shortened(cases, _case_line)
    yield f"workers whose ground changes: {len(posts)}"
    yield f"specialised grids with another grid under them: {len(overlays)}"
    yield f"last year's reports that would have gone elsewhere: {effects['reports_moving']} of {effects['reports']}"
    yield f"addresses that lie in another grid afterwards: {effects['addresses_moving']} of {effects['addresses']}"


def _case_line(case: Mapping[str, Any]) -> str:
    before = f"{case['grid_before'] or 'no grid'} ({case['answerer_before'] or 'nobody'})"
    after = f"{case['grid_after'] or 'no grid'} ({case['answerer_after'] or 'nobody'})"
    return f"  {case['number']} {case['state']}: {before} → {after}, {case['choice']}"


def _shortened(items: Sequence[Mapping[str, Any]], line: Callable[[Mapping[str, Any]], str]) -> Iterator[str]:
    yield from map(line, items[:SHOWN])
    if len(items) > SHOWN:
        yield f"  … and {len(items) - SHOWN} more"


def _codes(codes: Sequence[str]) -> str:
    return " + ".join(codes) or "—"


# --- the workbook ---------------------------------------------------------------------------------------------------


def workbook_of(db: Session, redraw: Redraw, *, effects: Effects | None = None) -> bytes:
    """Write what the check found as an .xlsx, as far as it can be read on paper: at most MOST_LINES of each sheet.

    `effects` are those that its reader may see, else all. The redraw has been compared.
    """
    moment = moment_before(redraw)
    shown = effects if effects is not None else concerned(db, redraw)
    told = (summed_up(db, redraw) or {}) | {"differences": some_differences(db, redraw, start=0, count=MOST_LINES)}
    return write_workbook(
        told, list(_tables(shown)) if shown else (),
        title=redraw.name, author=who(redraw.author), made_on=datetime.now(UTC).astimezone(LOCAL).date(),
        facts=list(_facts(db, redraw, moment)),
    )  # fmt: skip


def _facts(db: Session, redraw: Redraw, moment: datetime) -> Iterator[tuple[str, object]]:
    yield _("Kind of area"), word(redraw.kind)
    scope = scope_of(db, redraw, moment)
    yield _("Replaces"), scope.words
    if redraw.source_name:
        yield _("File"), redraw.source_name
    if redraw.sender:
        yield _("Sent by"), redraw.sender
    yield _("Compared with the map of"), when(moment)
    if redraw.comes_at is not None:
        yield _("In force from"), when(redraw.comes_at)
    if redraw.reviewer:
        yield _("Reviewed by"), redraw.reviewer
    if redraw.note:
        yield _("Note"), redraw.note


def _tables(effects: Effects) -> Iterator[EffectTable]:
    yield EffectTable(
        _("Open cases that change hands"),
        [_("Number"), _("State"), _("Grid before"), _("Grid after"), _("Answers before"), _("Answers after"),
         _("By the usual rule")],
        [
            [case["number"], word(State(case["state"])), case["grid_before"], case["grid_after"],
             case["answerer_before"], case["answerer_after"], word(Choice(case["choice"]))]
            for case in effects["cases"][:MOST_LINES]
        ],
        len(effects["cases"]) - MOST_LINES,
    )  # fmt: skip
    yield EffectTable(
        _("Staff"),
        [_("Staff number"), _("Name"), _("Grids before"), _("Grids after"), _("km² before"), _("km² after")],
        [
            [post["staff_no"], post["name"], "\n".join(post["grids_before"]), "\n".join(post["grids_after"]),
             post["km2_before"], post["km2_after"]]
            for post in effects["posts"][:MOST_LINES]
        ],
        len(effects["posts"]) - MOST_LINES,
    )  # fmt: skip
    yield EffectTable(
        _("Specialised grids"),
        [_("Code"), _("Area name"), _("Grid before"), _("Grid after")],
        [[one["code"], one["name"], one["grid_before"], one["grid_after"]] for one in effects["overlays"][:MOST_LINES]],
        len(effects["overlays"]) - MOST_LINES,
    )
    yield EffectTable(
        _("Last year's reports"), [_("Grid before"), _("Grid after"), _("Reports")], effects["flows"][:MOST_LINES],
        len(effects["flows"]) - MOST_LINES,
    )  # fmt: skip
    yield EffectTable(
        _("Numbers"),
        [_("What"), _("How many"), _("Of all")],
        [
            [_("Last year's reports that would have gone elsewhere"), effects["reports_moving"], effects["reports"]],
            [_("Addresses that lie in another grid"), effects["addresses_moving"], effects["addresses"]],
        ],
    )


ORDER = tuple(kind for kind in DifferenceKind if kind is not DifferenceKind.UNCHANGED)
"""The kinds that are listed, what is gravest first."""
