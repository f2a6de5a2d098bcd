"""An office that imports other people's files with the commands of the documentation, in a database of its own."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import Engine, text

from database.session import session_for
from webmap.import_commands import commands

PLACED = text("""
    SELECT incident.id, external_number, raw_x, raw_y, ST_X(point) AS lon, ST_Y(point) AS lat, placement, queue_reason,
           grid.code AS grid, township.code AS township
    FROM incident
    LEFT JOIN area AS grid ON grid.id = grid_id
    LEFT JOIN area AS township ON township.id = township_id
    WHERE channel = :channel
    ORDER BY incident.id
""")


@dataclass
class Office:
    """A command line on a database that one test module has to itself."""

    app: Flask
    engine: Engine
    folder: Path

    def run(self, *arguments: object) -> dict[str, Any]:
        """Run `flask import … --commit`, which must succeed; return what it said, as `--report` writes it."""
        return self._run(0, *arguments)

    def refused(self, *arguments: object) -> dict[str, Any]:
        """The same of a file that must be refused."""
        return self._run(1, *arguments)

    def _run(self, status: int, *arguments: object) -> dict[str, Any]:
        said = self.folder / "said.json"
        words = [str(one) for one in (*arguments, "--report", said, "--commit")]
        ran = CliRunner().invoke(commands, words, obj=ScriptInfo(create_app=lambda: self.app), catch_exceptions=False)
        assert ran.exit_code == status, ran.output
        report: dict[str, Any] = json.loads(said.read_text(encoding="utf-8"))
        return report

    def placed(self, channel: str) -> pandas.DataFrame:
        """Where the reports of a channel were put, in the order of the file that they came from."""
        with session_for(self.engine) as db:
            found = db.execute(PLACED, {"channel": channel})
            return pandas.DataFrame(found.all(), columns=list(found.keys()))
