"""What the overview looks at, as it stands in the address: an area, a level below it, a month, an order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from flask import g
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from geo.codes import LADDER, AreaKind
from geo.locate import LocatableArea
from incidents.clock import LOCAL
from incidents.finding import IncidentFilter
from webmap.installation import installation
from webmap.problems import NotFound

MONTHS = 12

NAMED = {"grid": AreaKind.COMPREHENSIVE, "village": AreaKind.VILLAGE, "township": AreaKind.TOWNSHIP}
"""The parameter that names an area of a kind, from the smallest up: the smallest one given is looked at."""

PARAMETER = {kind: name for name, kind in NAMED.items()}


class Show(StrEnum):
    """What colours the map."""

    FILED = "filed"
    CLOSING = "closing"
    ON_TIME = "on-time"


SHOWN: dict[Show, LazyString] = {
    Show.FILED: _l("Cases"),
    Show.CLOSING: _l("Closing rate"),
    Show.ON_TIME: _l("On-time rate"),
}

COLUMNS: dict[str, LazyString] = {
    "code": _l("Area"),
    "filed": _l("Filed"),
    "due": _l("Cases due"),
    "closed": _l("Cases closed"),
    "late": _l("Late"),
    "closing": _l("Closing rate"),
    "on-time": _l("On-time rate"),
}
"""What the table shows and can be ordered by."""


@dataclass(frozen=True)
class Look:
    """One view of the overview. `root` None: everything that whoever asks may see. `month` None: the whole year.

    `at_home`: it is the widest view that whoever asks has.
    """

    root: LocatableArea | None
    at_home: bool
    above: Sequence[LocatableArea]
    level: AreaKind
    levels: Sequence[AreaKind]
    areas: Sequence[LocatableArea]
    months: Sequence[date]
    month: date | None
    show: Show
    order: str
    descending: bool
    heat: bool
    screen: bool

    def address(self, **changes: Any) -> dict[str, Any]:
        """The parameters of this view with some changed; None leaves one out."""
        params: dict[str, Any] = naming(self.root) | {
            "level": self.level if self.level is not self.levels[0] else None,
            "month": f"{self.month:%Y-%m}" if self.month else "all",
            "show": self.show if self.show is not Show.FILED else None,
            "order": self.order if self.order != "code" else None,
            "descending": "1" if self.descending else None,
            "heat": "1" if self.heat else None,
            "screen": "1" if self.screen else None,
        }
        return {name: str(value) for name, value in (params | changes).items() if value is not None}

    def ordered_by(self, column: str) -> dict[str, Any]:
        """The parameters of this view ordered by a column: numbers from the largest, and turned the next time."""
        first = None if column == "code" else "1"
        again = self.order == column
        turned = None if self.descending else "1"
        return self.address(order=column if column != "code" else None, descending=turned if again else first)

    def leads_into(self, area: LocatableArea) -> bool:
        """Whether there is a level below the area to look at."""
        return area.kind in (AreaKind.TOWNSHIP, AreaKind.VILLAGE)

    def days(self) -> dict[str, str]:
        """The period as the desk's filter names it: its first and its last day."""
        since, until = self.period
        return {"since": f"{since:%Y-%m-%d}", "until": f"{until - timedelta(days=1):%Y-%m-%d}"}

    def into(self, area: LocatableArea | None, **changes: Any) -> dict[str, Any]:
        """The parameters of the same view of another area."""
        return self.address(**(dict.fromkeys(NAMED) | {"level": None} | naming(area) | changes))

    @property
    def incidents(self) -> IncidentFilter:
        """The incidents of the area, of whatever month."""
        return IncidentFilter(**naming(self.root))

    @property
    def period(self) -> tuple[datetime, datetime]:
        """From the first moment shown until just before the end."""
        first, last = (self.month, self.month) if self.month else (self.months[0], self.months[-1])
        return midnight(first), midnight(next_month(last))

    @property
    def earliest(self) -> datetime:
        """From when on incidents are needed: the first of the months, and the one before the month shown."""
        return midnight(min(self.months[0], self.before or self.months[0]))

    @property
    def running(self) -> bool:
        """Whether the month shown is not over: its counts are then not compared."""
        return self.month == self.months[-1]

    @property
    def before(self) -> date | None:
        """The month to compare with."""
        return previous_month(self.month) if self.month else None


def read_look(args: MultiDict[str, str], first: date | None, now: datetime) -> Look:
    """The view in a query string; what makes no sense is taken as not said. Raises NotFound for a foreign area."""
    known = _Known(now)
    root = known.named(args) or known.own_root()
    levels = known.levels_below(root)
    level = next((each for each in levels if args.get("level") == each), levels[0])
    months = _months(first, now)
    return Look(
        root=root,
        at_home=root == known.own_root(),
        above=known.above(root),
        level=level,
        levels=levels,
        areas=known.inside(root, level),
        months=months,
        month=_month(args.get("month"), months),
        show=Show(args["show"]) if args.get("show") in set(Show) else Show.FILED,
        order=args["order"] if args.get("order") in COLUMNS else "code",
        descending=args.get("descending") == "1",
        heat=args.get("heat") == "1",
        screen=args.get("screen") == "1",
    )


class _Known:
    """The areas of now, as far as whoever asks may look into them."""

    def __init__(self, now: datetime) -> None:
        locator = installation().areas.at(now)
        self.all, self.by_id = locator.areas, locator.by_area_id
        self.own = frozenset(g.scope.area_ids)

    def named(self, args: MultiDict[str, str]) -> LocatableArea | None:
        for name, kind in NAMED.items():
            if code := args.get(name, "").strip():
                found = next((area for area in self.all if area.kind is kind and area.code == code), None)
                if found is None or not self._may_see(found):
                    raise NotFound
                return found
        return None

    def own_root(self) -> LocatableArea | None:
        """The area of the account; None for who sees everything."""
        return next((self.by_id[one] for one in sorted(self.own) if one in self.by_id), None)

    def levels_below(self, root: LocatableArea | None) -> list[AreaKind]:
        """The two highest levels that have areas in `root`. A grid is looked at as itself."""
        down = LADDER[::-1]
        below = down[down.index(root.kind) + 1 :] if root else down[1:]
        held = {area.kind for area in self.all if self._lies_in(area, root)}
        return [kind for kind in below if kind in held][:2] or [root.kind if root else AreaKind.TOWNSHIP]

    def inside(self, root: LocatableArea | None, level: AreaKind) -> list[LocatableArea]:
        return sorted(
            (area for area in self.all if area.kind is level and self._lies_in(area, root)), key=lambda area: area.code
        )

    def above(self, root: LocatableArea | None) -> list[LocatableArea]:
        """The areas that `root` lies in and that may be looked into, the largest first; those above lead up."""
        line = self._line(root)[1:] if root else []
        return [area for area in reversed(line) if area.kind in PARAMETER and self._may_see(area)]

    def _may_see(self, area: LocatableArea) -> bool:
        return bool(g.scope.everywhere) or self._among(area, self.own)

    def _lies_in(self, area: LocatableArea, root: LocatableArea | None) -> bool:
        return self._may_see(area) if root is None else self._among(area, {root.area_id})

    def _among(self, area: LocatableArea, ids: Collection[int]) -> bool:
        return any(one.area_id in ids for one in self._line(area))

    def _line(self, area: LocatableArea) -> list[LocatableArea]:
        """The area, the one above it, and so on up; a circle of parents is walked once."""
        line = [area]
        while (above := self.by_id.get(line[-1].parent_id or 0)) and above not in line:
            line.append(above)
        return line


def naming(area: LocatableArea | None) -> dict[str, Any]:
    """The parameter that names an area; none for a county, which is the whole of what one sees."""
    return {PARAMETER[area.kind]: area.code} if area is not None and area.kind in PARAMETER else {}


def previous_month(month: date) -> date:
    """The first day of the month before."""
    return month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return month.replace(year=month.year + 1, month=1) if month.month == 12 else month.replace(month=month.month + 1)


def _months(first: date | None, now: datetime) -> list[date]:
    """Up to a year of months that ends with the present one; none before the first report."""
    found = [now.astimezone(LOCAL).date().replace(day=1)]
    while len(found) < MONTHS and first is not None and found[0] > first:
        found.insert(0, previous_month(found[0]))
    return found


def _month(asked: str | None, months: Sequence[date]) -> date | None:
    if asked == "all":
        return None
    return next((month for month in months if f"{month:%Y-%m}" == asked), months[-1])


def midnight(day: date) -> datetime:
    """When a day begins in the county."""
    return datetime.combine(day, time(), LOCAL)
