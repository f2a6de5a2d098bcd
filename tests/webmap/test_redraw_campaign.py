"""A planner's campaign through the command line: 30 % of a county's grids redrawn, with every kind of fault in it."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import shapely
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from shapely.geometry import shape as from_geojson
from sqlalchemy import select

from database.session import session_for
from database.settings import Settings
from geo.codes import AreaKind
from geo.models import Redraw
from geo.redraw_drafts import Planner, Source
from geo.redraw_publishing import publish
from geo.redraws.errors import NothingChanges
from importers.areas import Reading
from shapefiles import layers
from shapefiles.campaign import Campaign, CampaignFiles, found_campaign, write_campaign
from shapefiles.county import County, found_county
from shapefiles.generate import SEED
from tests.webmap.redrawing import load_areas
from webmap.app import create_app
from webmap.export_commands import commands as exporting
from webmap.import_commands import commands as importing
from webmap.installation import utcnow
from webmap.locate_commands import commands as locate
from webmap.redraw_commands import commands as redraw
from webmap.redraw_work import draft_at_once

SAMPLED = 400
FINDING_OF = {
    "gap": {"gap", "remainder"}, "overlap": {"overlap"}, "sliver": {"sliver"}, "duplicate-code": {"code-repeated"},
    "wrong-village": {"parent-mismatch"},
}  # fmt: skip
"""The finding that each kind of seeded fault is told by."""


@pytest.fixture(scope="module")
def county() -> County:
    return found_county(SEED)


@pytest.fixture(scope="module")
def app(database_url: str, county: County, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demonstration county's areas, as their files bring them."""
    data = tmp_path_factory.mktemp("data")
    app = create_app(Settings(data=data, database_url=database_url, secret_key="a-secret-for-tests-only"))
    here = app.extensions["wangge"]
    load_areas(here, data, county)
    yield app
    here.close()


@pytest.fixture(scope="module")
def campaign(county: County) -> Campaign:
    return found_campaign(county, SEED)


@pytest.fixture(scope="module")
def sent(campaign: Campaign, tmp_path_factory: pytest.TempPathFactory) -> CampaignFiles:
    return write_campaign(tmp_path_factory.mktemp("campaign"), campaign)


@pytest.fixture(scope="module")
def truth(sent: CampaignFiles) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sent.truth.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def run(app: Flask) -> Callable[..., Result]:
    def invoke(command: click.Command, *arguments: object) -> Result:
        said = [str(argument) for argument in arguments]
        return CliRunner().invoke(command, said, obj=ScriptInfo(create_app=lambda: app))

    return invoke


@pytest.fixture(scope="module")
def drafted(
    run: Callable[..., Result], sent: CampaignFiles, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the first check said, as JSON."""
    out = tmp_path_factory.mktemp("report") / "report.json"
    done = run(
        importing, "areas", sent.grids, "--kind", "comprehensive", "--redraw", "2027", "--commit", "--report", out,
        "--sender", "规划所",
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("grids.gpkg", "utf-8"), ("grids.geojson", "utf-8"), ("u.zip", "utf-8"), ("g.zip", "gb18030")],
)
def test_what_is_exported_and_sent_again_unchanged_changes_nothing(
    app: Flask, run: Callable[..., Result], tmp_path: Path, name: str, encoding: str
):
    file = tmp_path / name
    done = run(exporting, "areas", file, "--kind", "comprehensive", "--encoding", encoding)
    assert done.exit_code == 0, done.output
    here = app.extensions["wangge"]
    with session_for(here.engine) as db:
        draft, report = draft_at_once(
            db, name, file, Reading(AreaKind.COMPREHENSIVE), scope=(), accepted=(), source=Source(name),
            by=Planner("test"), now=utcnow(),
        )  # fmt: skip
        assert draft.comparison is not None and draft.comparison["empty"], draft.comparison["counts"]
        assert not report.blocks
        with pytest.raises(NothingChanges):
            publish(db, draft.id, at=None, by=Planner("test"), now=utcnow())


def test_the_file_was_read_as_it_was_meant_and_says_so(drafted: dict[str, Any]):
    detected = drafted["detected"]
    assert (detected["encoding"], detected["crs"]) == ("GB18030", "EPSG:4549")
    assert detected["columns"] == {"code": "网格编码", "name": "网格名称", "parent": "村社区编码", "households": "户数"}


def test_every_seeded_fault_is_found_at_its_place(drafted: dict[str, Any], truth: dict[str, Any]):
    found = [(each["code"], from_geojson(each["geometry"])) for each in drafted["findings"]]
    missed = [
        fault
        for fault in truth["faults"]
        if not any(
            code in FINDING_OF[fault["kind"]] and _same_ground(shape, from_geojson(fault["geometry"]))
            for code, shape in found
        )
    ]
    assert missed == []


def test_nothing_else_blocks(drafted: dict[str, Any], truth: dict[str, Any]):
    seeded = [from_geojson(fault["geometry"]) for fault in truth["faults"]]
    blocking = [each for each in drafted["findings"] if each["severity"] == "block"]
    strangers = [
        each["message"]
        for each in blocking
        if not any(_same_ground(from_geojson(each["geometry"]), fault) for fault in seeded)
    ]
    assert strangers == []
    assert [problem for problem in drafted["problems"] if problem["severity"] == "block"] == []


def _same_ground(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    shared = shapely.intersection(one, other).area
    return shared > 0.5 * min(one.area, other.area)


def test_after_mending_it_is_published_for_a_date_and_reverted(
    app: Flask, run: Callable[..., Result], drafted: dict[str, Any], campaign: Campaign, tmp_path: Path
):
    here = app.extensions["wangge"]
    with session_for(here.engine) as db:
        draft = db.scalars(select(Redraw).where(Redraw.name == "2027")).one().id
    points, clean = _points(campaign)
    now, date = utcnow(), utcnow() + timedelta(days=90)
    before = _answers(app, points, date)
    assert before == _answers(app, points, now)

    mended = run(redraw, "mend", draft, "--kinds", ",".join(sorted(set().union(*FINDING_OF.values()))))
    assert mended.exit_code == 0, mended.output
    listed = run(redraw, "list").output
    assert "2027" in listed and "checked" in listed
    changed = run(redraw, "diff", draft, "--out", tmp_path / "diff.xlsx")
    assert changed.exit_code == 0 and (tmp_path / "diff.xlsx").stat().st_size > 10_000, changed.output
    assert "split" in changed.output

    published = run(redraw, "publish", draft, "--at", date.isoformat())
    assert published.exit_code == 0, published.output
    after = _answers(app, points, date)
    assert _answers(app, points, now) == before == _answers(app, points, date - timedelta(seconds=1))
    right = np.mean([answer == wanted for answer, wanted in zip(after, clean, strict=True)])
    assert right > 0.99, "but for ground of a seeded gap or overlap, which a neighbour may have been given"
    assert after != before
    lon, lat = next(point for point, one, other in zip(points, before, after, strict=True) if one != other)
    told = [json.loads(run(locate, lon, lat, "--at", moment.isoformat()).stdout)["grid"]["code"]
            for moment in (date - timedelta(days=1), date)]  # fmt: skip
    assert told[0] != told[1]

    assert run(redraw, "publish", draft).exit_code == 1, "once is enough"
    reverted = run(redraw, "revert", draft, "--note", "不同意")
    assert reverted.exit_code == 0, reverted.output
    assert _answers(app, points, date) == before
    assert "2027" not in [line.split("  ")[1] for line in run(redraw, "list").output.splitlines()]


def _points(campaign: Campaign) -> tuple[list[tuple[float, float]], list[str]]:
    """Points inside the grids of the clean campaign, in degrees, and the codes of those grids."""
    clean = campaign.clean
    rng = np.random.default_rng(1)
    chosen = [clean[at] for at in rng.choice(len(clean), SAMPLED, replace=False)]
    inside = np.array([shapely.point_on_surface(grid.outline) for grid in chosen], dtype=object)
    return [tuple(point) for point in shapely.get_coordinates(layers.in_degrees(inside))], [
        grid.code for grid in chosen
    ]


def _answers(app: Flask, points: list[tuple[float, float]], at: Any) -> list[str]:
    locator = app.extensions["wangge"].area_index().at(at)
    lon, lat = np.array(points).T
    found = locator.locate_many(np.ascontiguousarray(lon), np.ascontiguousarray(lat))
    return list(found.codes(found.grid))
