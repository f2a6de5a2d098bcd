"""What the page of balance looks at, as it stands in the address: an area, a draft or today, a measure, an order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import g
from flask_babel import LazyString, format_decimal
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from geo.codes import AreaKind
from geo.locate import LocatableArea
from geo.models import Redraw
from geo.redraw_drafts import OPEN
from incidents.balance_figures import Measure
from webmap.installation import installation
from webmap.permissions import Permission
from webmap.problems import NotFound
from webmap.words import NOTHING

MEASURES: dict[Measure, LazyString] = {
    Measure.HOUSEHOLDS: _l("Households"),
    Measure.KM2: _l("Area, km²"),
    Measure.REPORTS: _l("Reports in a year"),
    Measure.PER_THOUSAND: _l("Reports per 1,000 households"),
    Measure.HOURS: _l("Handling hours"),
    Measure.HOURS_EACH: _l("Hours per case"),
    Measure.OPEN: _l("Open now"),
}
"""What is compared, and how it is called."""

_WRITTEN = {
    Measure.HOUSEHOLDS: "#,##0", Measure.KM2: "#,##0.000", Measure.REPORTS: "#,##0", Measure.PER_THOUSAND: "#,##0.0",
    Measure.HOURS: "#,##0", Measure.HOURS_EACH: "#,##0.0", Measure.OPEN: "#,##0",
}  # fmt: skip
_BETWEEN = {Measure.HOUSEHOLDS: "#,##0.#", Measure.REPORTS: "#,##0.#", Measure.OPEN: "#,##0.#"}
"""Medians and deviations of what is counted have halves."""

CODE = "code"
NAMED = {"village": AreaKind.VILLAGE, "township": AreaKind.TOWNSHIP}
"""The parameter that names an area of a kind; of two given, the smaller one is looked at."""


@dataclass(frozen=True)
class Look:
    """One view. `root` None: there is nothing to look at. `below` are the areas in which the grids shown lie.

    `order` is a measure, or CODE. `draft` None: the grids in force are shown.
    """

    root: LocatableArea | None
    township: LocatableArea | None
    townships: Sequence[LocatableArea]
    villages: Sequence[LocatableArea]
    below: Sequence[LocatableArea]
    draft: Redraw | None
    drafts: Sequence[Redraw]
    measure: Measure
    order: str
    ascending: bool

    def address(self, **changes: Any) -> dict[str, Any]:
        """The parameters of this view with some changed; None leaves one out."""
        params: dict[str, Any] = self.area | {
            "draft": self.draft.id if self.draft else None,
            "by": self.measure.value if self.measure is not Measure.HOUSEHOLDS else None,
            "order": CODE if self.order == CODE else None,
            "ascending": "1" if self.ascending and self.order != CODE else None,
        }
        return {name: str(value) for name, value in (params | changes).items() if value is not None}

    def by(self, column: str) -> dict[str, Any]:
        """The parameters of this view by another column: numbers from the largest, and turned the next time."""
        if column == CODE:
            return self.address(order=CODE, ascending=None)
        turned = "1" if self.order == column and not self.ascending else None
        first = column if column != Measure.HOUSEHOLDS else None
        return self.address(by=first, order=None, ascending=turned)

    @property
    def area(self) -> dict[str, Any]:
        """The parameter that names the area."""
        return {} if self.root is None else {self.root.kind.value: self.root.code}


def read_look(args: MultiDict[str, str], now: datetime) -> Look:
    """The view that parameters describe; what makes no sense is taken as not said.

    Raises NotFound for a foreign area, and for a draft that one may not see.
    """
    draft, known = _draft(args.get("draft", "")), _Known(now)
    root = known.named(args) or known.of_draft(draft) or known.first
    township = next((area for area in known.line(root) if area.kind is AreaKind.TOWNSHIP), None)
    order = CODE if args.get("order") == CODE else None
    measure = Measure(args["by"]) if args.get("by") in set(Measure) else Measure.HOUSEHOLDS
    return Look(
        root=root,
        township=township,
        townships=known.of(AreaKind.TOWNSHIP),
        villages=[area for area in known.of(AreaKind.VILLAGE) if township is None or area in known.below(township)],
        below=known.below(root) if root else (),
        draft=draft,
        drafts=own_drafts(),
        measure=measure,
        order=order or measure.value,
        ascending=order is None and args.get("ascending") == "1",
    )


def own_drafts() -> list[Redraw]:
    """The drafts of comprehensive grids that whoever asks began and can still change, the latest first."""
    if not g.account.may(Permission.REDRAW):
        return []
    own = select(Redraw).where(Redraw.author_account_id == g.account.id, Redraw.kind == AreaKind.COMPREHENSIVE)
    return list(g.db.scalars(own.where(Redraw.state.in_(OPEN)).order_by(Redraw.id.desc())))


def written(measure: Measure, value: float | None, *, between: bool = False) -> str:
    """A figure with the digits that its measure deserves; `between`: of what may lie between two counts."""
    if value is None:
        return NOTHING
    form = _BETWEEN.get(measure, _WRITTEN[measure]) if between else _WRITTEN[measure]
    return format_decimal(value, form)


def _draft(asked: str) -> Redraw | None:
    """The draft that is shown. Raises NotFound where whoever asks may not see it."""
    if not asked.isdecimal() or len(asked) > 9:
        return None
    found: Redraw | None = g.db.get(Redraw, int(asked)) if g.account.may(Permission.REDRAW) else None
    if found is None or found.kind is not AreaKind.COMPREHENSIVE:
        raise NotFound
    return found


class _Known:
    """The areas of now, as far as whoever asks may look into them."""

    def __init__(self, now: datetime) -> None:
        locator = installation().areas.at(now)
        self.by_id: Mapping[int, LocatableArea] = locator.by_area_id
        self.areas = sorted(locator.areas, key=lambda area: area.code)
        self.own = frozenset(g.scope.area_ids)

    def named(self, args: MultiDict[str, str]) -> LocatableArea | None:
        """The area that the parameters name. Raises NotFound."""
        for name, kind in NAMED.items():
            if code := args.get(name, "").strip():
                found = next((area for area in self.of(kind) if area.code == code), None)
                if found is None:
                    raise NotFound
                return found
        return None

    def of_draft(self, draft: Redraw | None) -> LocatableArea | None:
        """The township or village in which a draft lies, the smallest that holds the whole of it."""
        ids = set(draft.within_ids) if draft else set()
        held = [area for kind in NAMED.values() for area in self.of(kind) if area.area_id in ids]
        return held[0] if held else None

    @property
    def first(self) -> LocatableArea | None:
        """The first township, or where there is none, the first village."""
        return next(iter([*self.of(AreaKind.TOWNSHIP), *self.of(AreaKind.VILLAGE)]), None)

    def of(self, kind: AreaKind) -> list[LocatableArea]:
        """The areas of a kind that may be looked into, in code order."""
        return self._seen[kind]

    @cached_property
    def _seen(self) -> dict[AreaKind, list[LocatableArea]]:
        seen = [area for area in self.areas if area.kind in NAMED.values() and self._may_see(area)]
        return {kind: [area for area in seen if area.kind is kind] for kind in NAMED.values()}

    def below(self, root: LocatableArea) -> list[LocatableArea]:
        """The area itself, and the villages in it: grids may lie right below a township, too."""
        return [root, *(area for area in self.of(AreaKind.VILLAGE) if area is not root and root in self.line(area))]

    def line(self, area: LocatableArea | None) -> list[LocatableArea]:
        """The area, the one above it, and so on up; a circle of parents is walked once."""
        line: list[LocatableArea] = []
        while area is not None and area not in line:
            line.append(area)
            area = self.by_id.get(area.parent_id or 0)
        return line

    def _may_see(self, area: LocatableArea) -> bool:
        return bool(g.scope.everywhere) or self._among(area, self.own)

    def _among(self, area: LocatableArea, ids: Collection[int]) -> bool:
        return any(one.area_id in ids for one in self.line(area))
