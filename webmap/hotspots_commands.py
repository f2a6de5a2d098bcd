"""`flask hotspots`: the busiest grids, set against their households, and the positions that are defaults."""

from typing import Any

import click
from flask.cli import with_appcontext

from database.session import session_for
from geo.codes import AreaKind
from incidents import finding, hotspots
from incidents.hotspots import DefaultPoint, GridHotspot, MainMatter
from webmap.api.places import sheets
from webmap.figures_options import filter_of, meaning_incidents, print_json, print_table
from webmap.installation import installation, utcnow


@click.command("hotspots", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--top", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many grids.")
@click.option(
    "--order", type=click.Choice(["count", "times"]), default="count", show_default=True,
    help="By the number of cases, or by how many times the average per household they are.",
)  # fmt: skip
@meaning_incidents
@with_appcontext
def commands(top: int, order: str, as_json: bool, **options: Any) -> None:
    """The grids where cases pile up: their number, the households, how many times the average per household (few
    households count less), Gi* (above 1.96 a grid and its neighbours stand out), and the main matter.

    Positions that many reports share are somebody's default: they are listed, and left out of the counts.

    Example: flask hotspots --since 2026-03-01 --channel hotline --order times --top 10
    """
    wanted = filter_of(options)
    sheet = sheets().sheet(AreaKind.COMPREHENSIVE, utcnow())
    with session_for(installation().engine) as db:
        counts = finding.count_by_grid(db, wanted)
        matters, defaults = hotspots.main_matters(db, wanted), hotspots.default_points(db, wanted)
    grids = hotspots.busiest(
        hotspots.compare_grids(sheet, range(len(sheet.areas)), counts), against_households=order == "times"
    )[:top]
    if as_json:
        print_json(
            {"grids": [_as_json(grid, matters) for grid in grids], "default_points": [vars(p) for p in defaults]}
        )
        return
    print_table(
        ("grid", "name", "cases", "households", "times", "Gi*", "mostly"), [_row(grid, matters) for grid in grids]
    )
    for point in defaults:
        click.echo(_line(point))


def _row(grid: GridHotspot, matters: dict[int, MainMatter]) -> tuple[str, ...]:
    matter = matters.get(grid.area.id)
    return (
        grid.area.code,
        grid.area.name,
        str(grid.count),
        "—" if grid.area.households is None else str(grid.area.households),
        "—" if grid.times is None else f"{grid.times:.2f}",
        f"{grid.z:.2f}",
        f"{matter.name} {matter.count}" if matter else "",
    )


def _line(point: DefaultPoint) -> str:
    where = f"{point.lon:.6f} {point.lat:.6f}"
    return f"left out: {point.excluded} of {point.sharing} reports of channel {point.channel} that share {where}"


def _as_json(grid: GridHotspot, matters: dict[int, MainMatter]) -> dict[str, Any]:
    matter = matters.get(grid.area.id)
    return {
        "code": grid.area.code,
        "name": grid.area.name,
        "count": grid.count,
        "households": grid.area.households,
        "times": grid.times,
        "z": grid.z,
        "main_matter": vars(matter) if matter else None,
    }
