"""`flask indicators`: closing rate and on-time rate of areas, each with both its numbers."""

from datetime import datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from database.session import session_for
from geo.codes import AreaKind
from incidents import figures, finding
from incidents.finding import IncidentFilter
from incidents.indicators import Indicators, Share
from webmap.figures_options import filter_of, meaning_incidents, print_json, print_table
from webmap.installation import installation, utcnow

LEVELS = {
    "county": AreaKind.COUNTY, "township": AreaKind.TOWNSHIP, "village": AreaKind.VILLAGE,
    "grid": AreaKind.COMPREHENSIVE,
}  # fmt: skip
Line = tuple[str | None, str | None, Indicators]


@click.command("indicators", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--by", type=click.Choice(list(LEVELS)), default="township", show_default=True, help="What is compared.")
@meaning_incidents
@with_appcontext
def commands(by: str, as_json: bool, **options: Any) -> None:
    """Filed, due and closed cases of each area, with closing rate (closed / due) and on-time rate (on time / due).

    What lies in no area is the last line but the sum; a rate of nothing is a dash.

    Example: flask indicators --by village --township 329901001 --since 2026-03-01 --until 2026-04-01
    """
    wanted, now = filter_of(options), utcnow()
    with session_for(installation().engine) as db:
        lines = _lines(db, wanted, LEVELS[by], now)
    total = figures.together(found for *_name, found in lines)
    if as_json:
        areas = [{"code": code, "name": name, **_as_json(found)} for code, name, found in lines]
        print_json({"now": now.isoformat(), "total": _as_json(total), "areas": areas})
        return
    rows = [_row(code or "", name or f"(in no {by})", found) for code, name, found in lines]
    headings = ("code", "name", "filed", "due", "closed", "closing", "on time", "on-time")
    print_table(headings, [*rows, _row("", "together", total)])


def _lines(db: Session, wanted: IncidentFilter, level: AreaKind, now: datetime) -> list[Line]:
    """Code, name and indicators of each area in code order, and last of what lies in none."""
    by_area = figures.by_area(db, wanted, by=level, now=now)
    labels = finding.area_labels(db, [area_id for area_id in by_area if area_id is not None], now)
    lines: list[Line] = [(*labels[area_id], found) for area_id, found in by_area.items() if area_id is not None]
    lines.sort(key=lambda line: line[0] or "")
    return [*lines, (None, None, by_area[None])] if None in by_area else lines


def _row(code: str, name: str, found: Indicators) -> tuple[str, ...]:
    closing, on_time = found.closing, found.on_time
    numbers = (found.filed, closing.denominator, closing.numerator)
    return (code, name, *map(str, numbers), str(closing), str(on_time.numerator), str(on_time))


def _as_json(found: Indicators) -> dict[str, Any]:
    return {"filed": found.filed, "closing": _share(found.closing), "on_time": _share(found.on_time)}


def _share(share: Share) -> dict[str, Any]:
    return {"numerator": share.numerator, "denominator": share.denominator, "percent": share.percent}
