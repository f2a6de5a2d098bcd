"""How Alembic meets our models and our database.

Only comparing needs the models: an upgrade runs without importing the application it upgrades.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from database import cluster
from database.base import Base
from database.settings import load_settings

MODELS = (
    "geo.models",
    "geo.address_models",
    "geo.redraw_models",
    "staffing.models",
    "incidents.models",
    "webmap.accounts",
    "webmap.api.limits",
)

if context.config.attributes.get("comparing", True):
    for name in MODELS:
        if find_spec(name):
            import_module(name)


def ours(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Whether a table is one of ours, or of PostGIS and the jobs' package, which bring their own."""
    if kind == "table" and (name or "").startswith("procrastinate_"):
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compared))  # type: ignore[no-untyped-call]


def run(connection: Connection) -> None:
    """Run the migrations that were asked for, each in a transaction of its own."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=ours,
        render_item=alembic_helpers.render_item,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(cluster.url(load_settings()), poolclass=NullPool).connect() as connection:
        run(connection)
