"""The county, the files of new grids, and the worker that reads and checks them, for tests of the redraw pages."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import shapely
from flask import Flask
from shapely.geometry import box
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from database.session import session_for
from database.settings import ROOT
from geo.areas import areas_valid_at
from geo.codes import AreaKind
from geo.models import Area, Redraw
from geo.redraw_models import RedrawFinding
from importers.areas import import_areas
from shapefiles import layers
from shapefiles.county import County
from shapefiles.generate import UNTIL
from tests.factories import make_duty, make_incident, make_ladder, make_staff, make_unit
from tests.webmap.conftest import Visitor
from webmap.installation import Installation, utcnow

Row = tuple[str, str, Any, int | None]


A, B = "329901001001001", "329901001001002"
"""The grids of the first township."""


def settle(app: Flask) -> dict[str, Area]:
    """Two townships side by side, each of two grids with a worker; an open case in what the redraws move."""
    with Session(app.extensions["wangge"].engine, expire_on_commit=False) as db:
        ladder = make_ladder(db)
        other = make_ladder(db, west=119.1, township="329901002")
        desk = make_unit(db, "T1", area=ladder["township"])
        for place in ("a", "b"):
            make_duty(db, make_staff(db, f"W{place}", desk), ladder[place])
        make_duty(db, make_staff(db, "Wother", desk), other["a"])
        make_incident(db, ladder=ladder, point="SRID=4326;POINT(119.009 33.005)", text="moves")
        make_incident(
            db, point="SRID=4326;POINT(119.109 33.005)", placement="located", grid_id=other["a"].id,
            village_id=other["village"].id, township_id=other["township"].id, number="SECRET-B",
        )  # fmt: skip
        db.commit()
        return dict(ladder) | {"other": other["township"]}


def layer(*rows: Row) -> bytes:
    """A GeoJSON of grids: code, name, outline and households."""
    features = [
        {
            "type": "Feature",
            "properties": {"网格编码": code, "网格名称": name, "户数": households},
            "geometry": json.loads(shapely.to_geojson(outline)),
        }
        for code, name, outline, households in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def faulty(township: str = "329901001", west: float = 119.0) -> bytes:
    """Three grids instead of the two of `make_ladder`: with an overlap, a gap, and a code that two of them bear."""
    village, hole = f"{township}001", box(west + 0.014, 33.004, west + 0.0145, 33.006)
    return layer(
        (f"{village}001", "一新", box(west, 33, west + 0.008, 33.01), 400),
        (f"{village}002", "二新", box(west + 0.0079, 33, west + 0.014, 33.01), 400),
        (f"{village}002", "三新", box(west + 0.014, 33, west + 0.02, 33.01) - hole, 200),
    )


def faultless(township: str = "329901001", west: float = 119.0) -> bytes:
    """The two grids of `make_ladder` with their common border moved by 0.002° to the west."""
    village = f"{township}001"
    return layer(
        (f"{village}001", "一新", box(west, 33, west + 0.008, 33.01), 400),
        (f"{village}002", "二新", box(west + 0.008, 33, west + 0.02, 33.01), 400),
    )


def load_areas(here: Installation, folder: Path, county: County) -> None:
    """The areas of the demonstration county, as their files bring them."""
    layers.write_county(folder / "county.geojson", county)
    layers.write_townships(folder / "townships.gpkg", county, UNTIL)
    layers.write_villages(folder / "villages.gpkg", county, UNTIL)
    layers.write_grids(folder / "grids.zip", county, UNTIL)
    files = {"county.geojson": "county", "townships.gpkg": "township", "villages.gpkg": "village",
             "grids.zip": "comprehensive"}  # fmt: skip
    with session_for(here.engine) as db:
        for name, kind in files.items():
            report = import_areas(db, folder / name, kind=AreaKind(kind), by="test")
            assert not report.blocks, list(report.lines())
        db.commit()


def work(app: Flask) -> None:
    """Do all that waits as the worker does, but in this process, which saves it the start of two others."""
    with app.extensions["wangge"].engine.begin() as connection:
        waiting = connection.execute(
            text("DELETE FROM procrastinate_jobs WHERE queue_name = 'redraws' RETURNING task_name, args")
        )
        jobs = [(name.removesuffix("-redraw"), str(arguments["redraw_id"])) for name, arguments in waiting]
    for step, redraw_id in jobs:
        done = app.test_cli_runner().invoke(args=["redraw", step, redraw_id])
        assert done.exit_code in (0, 1), done.output  # 1: findings block


def have_the_worker_work(app: Flask) -> None:
    """Run the real worker, as it runs beside the server, until nothing is left to do."""
    settings = app.extensions["wangge"].settings
    chosen = {
        "WANGGE_DATA": str(settings.data), "DATABASE_URL": settings.database_url or "",
        "SECRET_KEY": "a secret for tests only", "FLASK_APP": "wsgi",
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "flask", "worker", "--until-done"], cwd=ROOT, env=os.environ | chosen, check=True,
        timeout=400, capture_output=True,
    )  # fmt: skip


def send(planner: Visitor, content: bytes, file: str = "新网格.geojson", **form: str) -> Any:
    """The answer to the form of a new redraw."""
    return planner.post(
        "/plans/redraws",
        data={"file": (io.BytesIO(content), file), "kind": "comprehensive", **form},
        content_type="multipart/form-data",
    )


def begun(planner: Visitor, content: bytes, **form: str) -> str:
    """The address of a redraw whose file waits to be read."""
    answer = send(planner, content, **form)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def drafted(app: Flask, planner: Visitor, content: bytes, **form: str) -> str:
    """The address of a redraw that was read and checked."""
    address = begun(planner, content, **form)
    work(app)
    return address


def in_force(store: Session) -> dict[str, str]:
    """Code → name of the comprehensive grids of the first township now."""
    store.expire_all()
    found = areas_valid_at(store, utcnow(), kinds=[AreaKind.COMPREHENSIVE])
    return {area.code: area.name for area in found if area.code.startswith("329901001")}


def findings(store: Session, address: str, *, decided: bool = False) -> dict[str, list[int]]:
    """Open findings by kind."""
    query = select(RedrawFinding.code, RedrawFinding.id).where(RedrawFinding.redraw_id == number(address))
    query = query.where(RedrawFinding.decision.is_not(None) if decided else RedrawFinding.decision.is_(None))
    found: dict[str, list[int]] = {}
    for code, finding_id in store.execute(query):
        found.setdefault(code, []).append(finding_id)
    return found


def number(address: str) -> int:
    return int(address.rsplit("/", 1)[1])


def redraw_of(store: Session, address: str) -> Redraw:
    store.expire_all()
    return store.get_one(Redraw, number(address))
