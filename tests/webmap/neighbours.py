"""Two townships side by side, everybody who works there, and what was reported: the county that tests of the API ask.

The townships are `a` and `b`, each of one village with two grids; township a's first grid holds a school.
"""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from shapely.geometry import box
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from database.session import open_session
from geo.codes import AreaKind
from geo.models import Area
from incidents.models import Matter
from incidents.words import Level, LimitUnit, Procedure
from staffing.models import Unit
from staffing.words import UnitKind
from tests.factories import ALWAYS, make_area, make_duty, make_ladder, make_staff, make_unit
from webmap.accounts import Account, ApiToken
from webmap.identity import token_digest
from webmap.permissions import Role

TOWNSHIPS = {"a": ("329901001", 119.0), "b": ("329901002", 119.02)}
PHONE_OF_THE_WORKER = "13900001111"


@dataclass(frozen=True)
class Neighbours:
    """The ids and codes that tests speak of, and a client for each account, by its name."""

    app: Flask
    townships: dict[str, dict[str, Area]]
    school: Area
    units: dict[str, Unit]
    accounts: dict[str, Account]

    def asking(self, name: str | None = None) -> FlaskClient:
        """A client that acts as an account by its token; as nobody without a name."""
        client = FlaskClient(self.app, self.app.response_class)
        if name:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {name}"
        return client

    def report(self, name: str | None = None, **fields: Any) -> TestResponse:
        """POST one report, in grid a of township a unless said otherwise."""
        body = {"channel": "citizen", "text": "井盖坏了", "lon": 119.005, "lat": 33.005} | fields
        headers = fields.pop("headers", {})
        body.pop("headers", None)
        return self.asking(name).post(
            "/api/v1/reports", json={key: value for key, value in body.items() if value is not ...}, headers=headers
        )


def settle(app: Flask) -> Neighbours:
    """Make the county in the application's database and commit it."""
    with open_session(app.extensions["wangge"].engine) as db:
        found = _settle(app, db)
        db.commit()
        return found


def _settle(app: Flask, db: Session) -> Neighbours:
    county = make_area(db, "329901", AreaKind.COUNTY, box(119, 33, 119.04, 33.01), name="溪川县")
    townships = {key: make_ladder(db, west=west, township=code) for key, (code, west) in TOWNSHIPS.items()}
    for ladder in townships.values():
        ladder["township"].versions[0].parent_id = county.id
    school = make_area(
        db, "ZS001", AreaKind.SPECIALISED, box(119.002, 33.002, 119.004, 33.004), parent=townships["a"]["village"]
    )
    units = {
        "county": make_unit(db, "centre", UnitKind.COUNTY_CENTRE, county),
        "a": make_unit(db, "desk-a", UnitKind.TOWNSHIP, townships["a"]["township"]),
        "b": make_unit(db, "desk-b", UnitKind.TOWNSHIP, townships["b"]["township"]),
        "water": make_unit(db, "water", UnitKind.DEPARTMENT),
    }
    worker_a = make_staff(db, "WA", units["a"], phone=PHONE_OF_THE_WORKER)
    worker_b = make_staff(db, "WB", units["b"], phone="13900002222")
    make_duty(db, worker_a, townships["a"]["a"])
    make_duty(db, worker_b, townships["b"]["a"])
    db.add(
        Matter(
            code="M01", valid=ALWAYS, field="市政", name="井盖缺损", lead_unit_id=units["water"].id,
            level=Level.TOWNSHIP, limit_amount=24, limit_unit=LimitUnit.NATURAL_HOURS,
            procedure=Procedure.SIMPLE, officers=0,
        )
    )  # fmt: skip
    top = {key: ladder["township"].id for key, ladder in townships.items()}
    wanted: dict[str, dict[str, Any]] = {
        "worker-a": {"role": Role.WORKER, "staff_id": worker_a.id, "unit_id": units["a"].id},
        "worker-b": {"role": Role.WORKER, "staff_id": worker_b.id, "unit_id": units["b"].id},
        "desk-a": {"role": Role.TOWNSHIP_DISPATCHER, "area_id": top["a"], "unit_id": units["a"].id},
        "desk-b": {"role": Role.TOWNSHIP_DISPATCHER, "area_id": top["b"], "unit_id": units["b"].id},
        "county": {"role": Role.COUNTY_DISPATCHER, "unit_id": units["county"].id},
        "water": {"role": Role.DEPARTMENT, "unit_id": units["water"].id},
        "leader": {"role": Role.LEADER},
        "planner": {"role": Role.PLANNER},
    }
    accounts = {name: _account(db, name, **columns) for name, columns in wanted.items()}
    return Neighbours(app, townships, school, units, accounts)


def _account(db: Session, name: str, **columns: Any) -> Account:
    """An account that signs in with its own name as token."""
    account = Account(name=name, display_name=f"{name} 的人", password_hash="never used", **columns)
    db.add(account)
    db.flush()
    db.add(ApiToken(account_id=account.id, purpose="tests", digest=token_digest(name)))
    return account
