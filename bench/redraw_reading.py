"""One file of grids read into a draft, in a process of its own: `python -m bench.redraw_reading GRIDS.shp TOOK.json`.

Its memory can be told then. What the reading itself took is written down: the worker that reads files runs already.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from database import cluster
from database.session import make_engine, session_for
from database.settings import load_settings
from geo.codes import AreaKind
from geo.redraw_drafts import Planner, begin
from importers.areas import Reading
from importers.redraws import put_file, read_file


def main(shp: str, took: str) -> None:
    """Read a file and keep its rows as a draft in the database that the environment names."""
    now, planner = datetime.now(UTC), Planner("bench")
    engine = make_engine(cluster.url(load_settings()))
    with session_for(engine) as db:
        redraw = begin(db, "bench", AreaKind.COMPREHENSIVE, by=planner, now=now)
        start = time.perf_counter()
        file = read_file(db, Path(shp), Reading(AreaKind.COMPREHENSIVE), now=now)
        read_s = time.perf_counter() - start
        put_file(db, redraw, file, by=planner, now=now)
        db.commit()
        seconds = time.perf_counter() - start
    engine.dispose()
    problems = [problem.line() for problem in file.report.problems]
    Path(took).write_text(json.dumps({"seconds": seconds, "read_s": read_s, "problems": problems}))


if __name__ == "__main__":
    main(*sys.argv[1:])
