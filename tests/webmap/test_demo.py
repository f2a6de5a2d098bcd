"""The demonstration county arrives whole through everybody's importers, also when its load was cut off."""

import csv
from collections import Counter
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from database.session import session_for
from geo.address_models import Address
from geo.codes import AreaKind
from geo.models import Area
from incidents.models import Incident
from incidents.workflow import OPEN
from shapefiles.generate import generate
from webmap import demo_loading
from webmap.accounts import Account
from webmap.installation import utcnow
from webmap.permissions import Role


@pytest.fixture(scope="module")
def loaded(app: Flask) -> str:
    """The county, loaded by two runs: the first is cut off after the roster. Returns what the second printed."""
    here = app.extensions["wangge"]
    progress = demo_loading.begin(here.settings.data, utcnow())
    files = demo_loading.write_files(here.settings.data, progress)
    for name, load_file in demo_loading.steps(files, here, utcnow()):
        with session_for(here.engine) as db:
            load_file(db)
            db.commit()
        if name == files.staff.name:
            break
        progress.done.append(name)
        progress.keep()
    result = app.test_cli_runner().invoke(args=["demo", "load"])
    assert result.exit_code == 0, result.output
    return result.output


def test_an_interrupted_load_goes_on_where_it_stopped(loaded: str):
    assert "grids.zip" not in loaded
    assert "staff.csv" in loaded  # cut off between its commit and the note of it: loaded again, to no effect
    assert "hotline.csv" in loaded


def test_the_county_has_its_grids(loaded: str, store: Session):
    kinds = Counter(store.scalars(select(Area.kind)))
    assert kinds[AreaKind.COMPREHENSIVE] == 874
    assert kinds[AreaKind.SPECIALISED] == 53
    assert kinds[AreaKind.TOWNSHIP] == 14
    assert kinds[AreaKind.VILLAGE] == 250


@pytest.fixture(scope="module")
def truth(loaded: str, app: Flask) -> list[dict[str, str]]:
    """What is really so, of every row that is to become a case."""
    here = app.extensions["wangge"]
    progress = demo_loading.progress_of(here.settings.data)
    assert progress is not None
    files = generate(here.settings.data / "truth", until=datetime.fromisoformat(progress.until), truth=True)
    with files.truth[0].open(encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if row["expect"] != "refused"]


def test_every_report_lies_in_the_grid_that_its_coordinates_name(truth: list[dict[str, str]], store: Session):
    stated = {row["external_number"]: row["stated_grid"] for row in truth}
    stored = store.execute(select(Incident.external_number, Area.code).join(Area, Area.id == Incident.grid_id)).all()
    wrong = [number for number, code in stored if stated[number] not in (code, "")]
    assert len(stored) > 12_000
    assert len(wrong) <= 2, wrong  # six decimals in the files: a point within 5 cm of a border may cross it


def test_reports_without_coordinates_are_placed_by_their_address_or_wait(truth: list[dict[str, str]], store: Session):
    """Lots of a community road are deep: where a border runs through one, its number alone cannot tell the grid."""
    lacking = {row["external_number"]: row["grid"] for row in truth if "missing-coordinates" in row["faults"]}
    stored = store.execute(
        select(Incident.external_number, Area.code, Incident.queue_reason)
        .outerjoin(Area, Area.id == Incident.grid_id)
        .where(Incident.external_number.in_(lacking))
    ).all()
    placed = [lacking[number] == code for number, code, _ in stored if code]
    assert len(stored) == 532
    assert len(placed) > 150
    assert sum(placed) > 0.8 * len(placed)
    assert all(reason is not None for _, code, reason in stored if code is None)


def test_the_address_list_is_there(loaded: str, store: Session):
    assert store.scalar(select(func.count()).select_from(Address)) == demo_loading.ADDRESSES


def test_some_of_everything_is_there_to_be_worked_on(loaded: str, store: Session):
    counted = store.execute(select(Incident.queue_reason, func.count()).group_by(Incident.queue_reason))
    reasons = {row[0]: row[1] for row in counted}
    assert all(count > 0 for count in reasons.values())
    assert len(reasons) >= 4
    assert store.scalar(select(func.count()).where(Incident.state.in_(OPEN))) > 60
    assert store.scalar(select(func.count()).where(Incident.repeats_id.is_not(None))) > 20


def test_each_role_has_somebody_who_can_sign_in(loaded: str, app: Flask, store: Session):
    assert {account.role for account in store.scalars(select(Account))} == set(Role)
    said = app.test_cli_runner().invoke(args=["demo", "names"]).output
    password = said.split("password: ")[1].strip()
    assert app.test_client().post("/", data={"name": "county", "password": password}).status_code in {302, 303, 400}


def test_a_second_load_changes_nothing(loaded: str, app: Flask, store: Session):
    before = store.scalar(select(func.count()).select_from(Incident))
    assert "is loaded" in app.test_cli_runner().invoke(args=["demo", "load"]).output
    assert store.scalar(select(func.count()).select_from(Incident)) == before
