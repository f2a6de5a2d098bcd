"""Two questions for whoever watches the service: is it alive, and is it ready."""

import logging

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from database.session import session_for
from webmap.installation import installation, utcnow
from webmap.permissions import public

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """The process answers. Asks nothing of the database: a restart would not mend that."""
    return jsonify(status="alive")


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """The database answers and the areas of today are indexed. 503 with what is missing otherwise."""
    checks = {"database": _database_ready(), "areas": _areas_ready()}
    good = all(checks.values())
    return jsonify(status="ready" if good else "not ready", checks=checks), 200 if good else 503


def _database_ready() -> bool:
    try:
        with session_for(installation().engine) as db:
            return db.execute(text("SELECT 1")).scalar_one() == 1
    except Exception as problem:  # noqa: BLE001  whatever it is, the answer is "not ready"
        log.warning("not ready: the database does not answer (%s)", type(problem).__name__)
        return False


def _areas_ready() -> bool:
    try:
        installation().areas.at(utcnow())
        return True
    except Exception as problem:  # noqa: BLE001  as above
        log.warning("not ready: the areas cannot be indexed (%s)", type(problem).__name__)
        return False
