"""Loading the demonstration county through the same importers as everybody's files, and giving it people who sign in.

What was begun is kept in `demo.json` under the data folder: the day the reports end on, so that the same files
are written again after an interruption, and the password. Every step is committed by itself, and importing a
file twice adds nothing, so an interrupted load goes on where it stopped.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo.codes import AreaKind
from geo.models import Area
from importers.addresses import import_addresses
from importers.areas import import_areas
from importers.catalogue import import_catalogue
from importers.duties import import_duties
from importers.report import ImportReport
from importers.reports import import_reports
from importers.staff import import_staff
from incidents.actors import Actor
from incidents.clock import LOCAL
from incidents.intake import Reception
from incidents.models import Incident, Matter
from incidents.words import Channel
from incidents.workflow import OPEN
from shapefiles.generate import Files, generate
from staffing.models import Staff, Unit
from staffing.words import UnitKind
from webmap.admin import keeping
from webmap.installation import Installation
from webmap.passwords import random_password
from webmap.permissions import Role

BY = "演示数据"
"""Who loaded it, in histories that people read."""
ADDRESSES = 25_000
"""Rows of the address list: enough to place a text, few enough to be loaded in seconds."""


@dataclass
class Progress:
    """What has been loaded so far, kept between runs."""

    path: Path
    until: str
    password: str
    done: list[str] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        return "accounts" in self.done

    def keep(self) -> None:
        """Write it aside and put it in place whole; only its owner may read the password."""
        draft = self.path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"until": self.until, "password": self.password, "done": self.done}, file, indent=1)
        draft.replace(self.path)


Loading = Callable[[Session], ImportReport]


def progress_of(data: Path) -> Progress | None:
    """What an earlier run began, or None."""
    path = data / "demo.json"
    return Progress(path, **json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def begin(data: Path, now: datetime) -> Progress:
    """A new load whose reports end now."""
    until = now.astimezone(LOCAL).replace(tzinfo=None, second=0, microsecond=0).isoformat()
    progress = Progress(data / "demo.json", until, random_password())
    progress.keep()
    return progress


def holds_areas(db: Session) -> bool:
    """Whether anybody's areas are in the database already."""
    return db.scalar(select(Area.id).limit(1)) is not None


def write_files(data: Path, progress: Progress) -> Files:
    """The county's files, as offices would send them, under `demo/` of the data folder."""
    return generate(data / "demo", until=datetime.fromisoformat(progress.until), address_rows=ADDRESSES)


def steps(files: Files, here: Installation, now: datetime) -> Iterator[tuple[str, Loading]]:
    """Every file with how it is loaded, in the order they build on each other."""
    for area in files.areas:
        options: dict[str, Any] = {"kind": AreaKind(area.kind), "domain": area.domain, "columns": area.columns}
        yield area.path.name, partial(import_areas, path=area.path, by=BY, **options)
    yield files.staff.name, partial(import_staff, path=files.staff, by=BY, now=now)
    yield files.duties.name, partial(import_duties, path=files.duties, by=BY, now=now)
    yield files.catalogue.name, partial(import_catalogue, path=files.catalogue, by=BY, now=now)
    if files.addresses is not None:
        listed = files.addresses
        load_list = partial(import_addresses, path=listed.path, datum=listed.datum, by=BY, now=now)
        yield listed.path.name, load_list
    reception = Reception(here.areas, here.seal, geocoding=here.geocoder)
    for report in files.reports:
        options = {"channel": Channel(report.channel), "datum": report.datum, "rejects": _rejects(report.path)}
        load = partial(import_reports, path=report.path, by=Actor(BY), now=now, reception=reception, **options)
        yield report.path.name, load


def _rejects(path: Path) -> Path:
    return path.with_name(f"{path.stem}-rejects.csv")


def finish(db: Session) -> None:
    """Let PostgreSQL count what has arrived, so that the first pages are quick. Commits."""
    db.execute(text("ANALYZE"))
    db.commit()


def open_accounts(db: Session, progress: Progress) -> None:
    """One account for each role; the worker is the one with most to do. Flushes."""
    staff_id, grid_id = _busiest(db)
    staff = db.get_one(Staff, staff_id)
    village, township = _above(db, grid_id)
    department = db.scalars(
        select(Unit.code).join(Matter, Matter.lead_unit_id == Unit.id).where(Unit.kind == UnitKind.DEPARTMENT)
        .group_by(Unit.code).order_by(func.count().desc(), Unit.code).limit(1)
    ).one()  # fmt: skip
    password = progress.password
    for new in (
        keeping.NewAccount("worker", staff.name, Role.WORKER, password, staff_no=staff.staff_no),
        keeping.NewAccount("village", "村社区联络站", Role.VILLAGE, password, area_code=village),
        keeping.NewAccount("town", "镇街指挥室", Role.TOWNSHIP_DISPATCHER, password, area_code=township),
        keeping.NewAccount("county", "县指挥中心", Role.COUNTY_DISPATCHER, password),
        keeping.NewAccount("department", "县级部门", Role.DEPARTMENT, password, unit_code=department),
        keeping.NewAccount("planner", "规划员", Role.PLANNER, password),
        keeping.NewAccount("leader", "县领导", Role.LEADER, password),
        keeping.NewAccount("admin", "系统管理员", Role.ADMINISTRATOR, password),
    ):
        if keeping.find_account(db, new.name) is None:
            keeping.create_account(db, new, by=None, must_change=False)


def _busiest(db: Session) -> tuple[int, int]:
    """The grid worker with most open cases, and the grid they lie in."""
    row = db.execute(
        select(Incident.staff_id, Incident.grid_id)
        .where(Incident.state.in_(OPEN), Incident.staff_id.is_not(None), Incident.grid_id.is_not(None))
        .group_by(Incident.staff_id, Incident.grid_id)
        .order_by(func.count().desc(), Incident.staff_id)
        .limit(1)
    ).one()
    staff_id, grid_id = row
    return int(staff_id or 0), int(grid_id or 0)


def _above(db: Session, grid_id: int) -> tuple[str, str]:
    """The codes of a grid's village and township: its own code begins with them."""
    code = db.get_one(Area, grid_id).code
    return code[:12], code[:9]
