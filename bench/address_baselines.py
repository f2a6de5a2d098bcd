"""What offices could do without a geocoder: take the name that looks most like the text. By pg_trgm, and by rapidfuzz.

Both know every name and alias of the list and always give the most similar one; how similar tells how sure they are.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.disturbances import Query
from bench.measuring import median
from database.session import open_session
from shapefiles.addresses import Address

GOOD = 0.97
"""The share of right ones that placing automatically must reach."""

_LOAD = text("""
    CREATE TEMPORARY TABLE bench_names AS
    SELECT row, name FROM unnest(CAST(:rows AS integer[]), CAST(:names AS text[])) AS given (row, name)
""")
_INDEX = text("CREATE INDEX ON bench_names USING gist (name gist_trgm_ops (siglen = 128))")
_NEAREST = text("SELECT row, similarity(name, :asked) FROM bench_names ORDER BY name <-> :asked LIMIT 1")

Nearest = Callable[[str], tuple[int, float]]
"""The number of the most similar name's row, and how similar it is."""


@dataclass(frozen=True)
class Baseline:
    """Of `texts`: the share whose most similar name lies in the right grid; and how many could be placed by themselves

    if the least similarity were chosen, knowing the answers, so that 97 % of them are right.
    """

    texts: int
    right: float
    placed: float
    p50_ms: float
    per_second: float


def similar_by_trigrams(engine: Engine, listed: Sequence[Address], queries: Sequence[Query]) -> Baseline:
    """PostgreSQL's pg_trgm, with a GiST index of all names: the nearest by similarity."""
    rows, names = _names(listed)
    with open_session(engine) as db:
        db.execute(_LOAD, {"rows": rows, "names": names})
        db.execute(_INDEX)
        db.execute(text("ANALYZE bench_names"))
        return _measure(lambda asked: _nearest(db, asked), listed, queries)


def _nearest(db: Session, asked: str) -> tuple[int, float]:
    row, similarity = db.execute(_NEAREST, {"asked": asked}).one()
    return int(row), float(similarity)


def similar_by_rapidfuzz(listed: Sequence[Address], queries: Sequence[Query]) -> Baseline:
    """rapidfuzz.process.extractOne over all names, with its own scorer for texts of different length (WRatio)."""
    rows, names = _names(listed)

    def nearest(asked: str) -> tuple[int, float]:
        _, score, at = process.extractOne(asked, names)
        return rows[at], score

    return _measure(nearest, listed, queries)


def _names(listed: Sequence[Address]) -> tuple[list[int], list[str]]:
    pairs = [(row, name) for row, one in enumerate(listed) for name in (one.name, *one.aliases)]
    return [row for row, _ in pairs], [name for _, name in pairs]


def _measure(nearest: Nearest, listed: Sequence[Address], queries: Sequence[Query]) -> Baseline:
    found, seconds = [], []
    for query in queries:
        began = time.perf_counter()
        row, similarity = nearest(query.text)
        seconds.append(time.perf_counter() - began)
        found.append((similarity, listed[row].grid in query.grids))
    right = sum(each for _, each in found) / len(found)
    return Baseline(len(found), right, placeable(found), median(seconds) * 1000, len(found) / sum(seconds))


def placeable(found: Sequence[tuple[float, bool]]) -> float:
    """The largest share of answers, the surest first, of which 97 % are right."""
    count, good, most = 0, 0, 0
    ordered = sorted(found, reverse=True)
    for place, (similarity, right) in enumerate(ordered, start=1):
        count, good = count + 1, good + right
        alike = place < len(ordered) and ordered[place][0] == similarity
        if not alike and good >= GOOD * count:
            most = count
    return most / len(found)
