"""The application: settings in, Flask out. Each concern sets itself up; each page family is a blueprint."""

from importlib import import_module

from flask import Flask

from database.settings import Settings, load_settings
from webmap import (
    assets,
    compression,
    identity,
    languages,
    maps,
    navigation,
    null_characters,
    problems,
    security,
    words,
)
from webmap.installation import Installation

PAGES = (
    "webmap.health",
    "webmap.signing_in.views",
    "webmap.admin.views",
    "webmap.styleguide.views",
    "webmap.mine.views",
    "webmap.desk.views",
    "webmap.overview.views",
    "webmap.plans.views",
    "webmap.reporting.views",
    "webmap.hotspots.views",
    "webmap.api.views",
    "webmap.features.views",
)
"""Modules with a blueprint named `bp`."""

COMMANDS = (
    "database.commands",
    "webmap.users_commands",
    "webmap.import_commands",
    "webmap.redraw_commands",
    "webmap.redraw_editing_commands",
    "webmap.worker_commands",
    "webmap.export_commands",
    "webmap.nets_commands",
    "webmap.locate_commands",
    "webmap.locate_file_commands",
    "webmap.geocode_commands",
    "webmap.geocode_file_commands",
    "webmap.aliases_commands",
    "webmap.demo_commands",
    "webmap.hotspots_commands",
    "webmap.indicators_commands",
    "webmap.translations_commands",
)
"""Modules with a click command or group named `commands`."""


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application. Connects to nothing; the database is first asked by the first request."""
    installation = Installation(settings or load_settings())
    app = Flask(__name__, static_folder=None)
    app.extensions["wangge"] = installation
    security.set_up(app, installation)
    compression.set_up(app)
    languages.set_up(app, installation.settings.timezone)
    identity.set_up(app)
    problems.set_up(app)
    null_characters.set_up(app)
    assets.set_up(app)
    words.set_up(app)
    maps.set_up(app)
    for name in PAGES:
        app.register_blueprint(import_module(name).bp)
    navigation.set_up(app)
    for name in COMMANDS:
        app.cli.add_command(import_module(name).commands)
    return app
