"""Laying uploaded nets over the grids, in a process of its own: `python -m webmap.plans.net_checking FOLDER`.

The folder holds the files and `order.json`; the process adds `report.json` and the outlines by verdict for the map.
Where it holds `accepted.json` that has not been done yet, the process makes the grids named there specialised ones,
all or none, and adds what came of it to `loads.json`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from database import cluster
from database.session import Scope, make_engine, session_for
from database.settings import load_settings
from geo.areas import listed
from geo.codes import AreaKind
from geo.redraws.mends import DraftGrid
from geo.redraws.nets import Crosswalk, Verdict
from importers.nets import import_net, lay_net, read_net, rows_within, years_reports
from importers.report import ImportReport
from importers.values import parse_time
from incidents.clock import LOCAL
from webmap.accounts import Account
from webmap.audit import Action, record
from webmap.crosswalks import told
from webmap.identity import scope_of
from webmap.plans.checking import begin_alone, kept, write
from webmap.plans.net_orders import Accepted, NetOrder
from webmap.plans.net_running import earlier_loads, net_file

DRAWN_PX = 1000
"""An outline is drawn for a map on which it alone is this wide."""


def main(folder: Path) -> None:
    """Do what the folder asks for; leave the result."""
    begin_alone(folder)
    order, engine = NetOrder.kept(folder), make_engine(cluster.url(load_settings()))
    if (folder / "report.json").exists():
        load(engine, order, folder)
    else:
        write(folder / "report.json", orjson.dumps(lay(engine, order, folder)))
    engine.dispose()


# --- laying ---------------------------------------------------------------------------------------------------------


def lay(engine: Engine, order: NetOrder, folder: Path) -> dict[str, Any]:
    """The report on every net, and the outlines for the map."""
    now = datetime.now(UTC)
    scope = _scope(engine, order.account_id, now)
    with session_for(engine, scope) as db:
        points = years_reports(db, now)
    with session_for(engine) as db:
        names = dict(listed(db, AreaKind.COMPREHENSIVE, now))
        nets, found = [], []
        for at, net in enumerate(order.nets):
            _say(folder, "reading")
            grids, report = read_net(db, net_file(folder, order, at), domain=net.domain, reading=order.reading())
            _say(folder, "laying")
            crosswalk = lay_net(db, grids, at=now, points=points, tolerance_m=order.tolerance_m)
            laid = told(crosswalk, names)
            own = None if scope.everywhere else rows_within(db, grids, scope.area_ids, at=now)
            laid["grids"] = [grid | {"own": own is None or grid["row"] in own} for grid in laid["grids"]]
            nets.append({"file": net.file, "domain": net.domain, "report": kept(report), **laid})
            found.append(crosswalk)
    bounds = _draw(folder, order, found)
    return {"nets": nets, "bounds": bounds, "reports": len(points[0]), "grids": len(names), "at": now.isoformat()}


def _scope(engine: Engine, account_id: int, now: datetime) -> Scope:
    """What whoever sent the nets may see of the reports, and where they may decide."""
    with session_for(engine) as db:
        return scope_of(db, db.get(Account, account_id), now=now)


def _draw(folder: Path, order: NetOrder, found: list[Crosswalk]) -> list[float] | None:
    """Write the outlines of each verdict as GeoJSON. Returns the box that the map opens on: without what lies outside,
    where there is anything else, since one grid a hundred kilometres away would leave the others a speck.
    """
    drawn = [(at, one) for at, crosswalk in enumerate(found) for one in crosswalk.grids]
    for verdict in Verdict:
        features = [_feature(at, order.nets[at].domain, one.grid) for at, one in drawn if one.verdict is verdict]
        write(folder / f"{verdict}.geojson", orjson.dumps({"type": "FeatureCollection", "features": features}))
    near = [one for _at, one in drawn if one.verdict is not Verdict.OUTSIDE] or [one for _at, one in drawn]
    bounds: list[float] | None = shapely.total_bounds([one.grid.outline for one in near]).tolist() if near else None
    return bounds


def _feature(net: int, domain: str, grid: DraftGrid) -> dict[str, Any]:
    west, south, east, north = grid.outline.bounds
    shape = shapely.simplify(grid.outline, max(east - west, north - south) / DRAWN_PX)
    geometry = shapely.to_geojson(shapely.transform(shape, lambda xy: np.round(xy, 7)))
    return {
        "type": "Feature",
        "id": f"{net}-{grid.row}",
        "properties": {"code": grid.code, "name": grid.name, "domain": domain},
        "geometry": orjson.Fragment(geometry),
    }


# --- loading --------------------------------------------------------------------------------------------------------


def load(engine: Engine, order: NetOrder, folder: Path) -> None:
    """Make what was accepted specialised grids, of all nets or of none."""
    _say(folder, "loading")
    accepted = Accepted.kept(folder)
    with session_for(engine) as db:
        account = db.get_one(Account, accepted.account_id)
        reports = _load(db, order, folder, accepted, account)
        loaded = all(not report.blocks for report in reports.values())
        if loaded:
            db.commit()
        else:
            db.rollback()
    outcome = {
        "at": accepted.asked_at,
        "loaded": loaded,
        "nets": [
            {"net": at, "codes": accepted.codes[at], "report": kept(report)} for at, report in reports.items()
        ],
    }  # fmt: skip
    write(folder / "loads.json", orjson.dumps([*earlier_loads(folder), outcome]))
    write(folder / accepted.loaded_mark, b"")


def _load(db: Session, order: NetOrder, folder: Path, accepted: Accepted, account: Account) -> dict[int, ImportReport]:
    """Flush the accepted grids of each net, with a line in the audit trail; the reports by net."""
    reports, now = {}, datetime.now(UTC)
    scope = scope_of(db, account, now=now)
    for at, codes in enumerate(accepted.codes):
        if not codes:
            continue
        net = order.nets[at]
        reports[at] = import_net(
            db, net_file(folder, order, at), domain=net.domain, only=codes, by=account.display_name,
            reading=order.reading(), valid_from=parse_time(accepted.valid_from, LOCAL), accept=accepted.accept,
            within=None if scope.everywhere else scope.area_ids, now=now,
        )  # fmt: skip
        record(
            db, Action.NETS_IMPORTED, f"file:{net.file}", by=account, address=accepted.address or None,
            domain=net.domain, codes=list(codes), valid_from=accepted.valid_from,
        )  # fmt: skip
    return reports


def _say(folder: Path, stage: str) -> None:
    (folder / "stage").write_text(stage)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
