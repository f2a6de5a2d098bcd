"""The geocoder on 100,000 addresses beside two baselines, and on real addresses and texts."""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench import address_list, address_real
from bench.address_baselines import Baseline, similar_by_rapidfuzz, similar_by_trigrams
from bench.address_limits import Limits, limits
from bench.address_list import Asked
from bench.address_real import Shanghai, Taiwan
from bench.address_scores import (
    Outcome,
    Share,
    Tenth,
    ask,
    by_class,
    calibration,
    confidently_wrong,
    in_bulk,
    share,
)
from bench.county import County
from bench.disturbances import Query
from bench.measuring import median
from geo.address_index import AddressIndex
from geo.codes import AreaKind
from incidents.address_reach import Reach

TRIGRAMS, FUZZY = "pg_trgm", "rapidfuzz"
SAMPLE = {TRIGRAMS: 500, FUZZY: 200}
"""How many of the texts the baselines are asked, a seeded sample: they are slow."""


@dataclass(frozen=True)
class Figures:
    """Part (a)."""

    addresses: int
    grids: int
    all: Share
    knowable: Share
    """Of texts that a person who knows every address could place."""
    ambiguous: Share
    sure: tuple[int, int]
    """Placed at a confidence of 0.9 or more: how many in a wrong grid, and how many in all."""
    by_disturbance: dict[str, Share]
    """Of the knowable ones, as by_possible is."""
    by_possible: dict[str, Share]
    by_accuracy: dict[str, Share]
    tenths: list[Tenth]
    """How honest the confidence is."""
    p50_ms: float
    per_second: float
    import_s: float
    index_s: float
    baselines: dict[str, Baseline]


@dataclass(frozen=True)
class Measured:
    """All three parts; the real ones where their data is at hand."""

    county: Figures
    taiwan: Taiwan | None
    shanghai: Shanghai | None
    limits: Limits | None = None
    """Of Shanghai's addresses."""


def measure(county: County) -> Measured:
    """Import the list, ask ours and the baselines the same texts, then ask about real addresses."""
    figures = _on_the_county(county, address_list.draw())
    if not address_real.DATA.exists():
        return Measured(figures, None, None)
    return Measured(figures, address_real.taiwan(), address_real.shanghai(), limits())


def _on_the_county(county: County, asked: Asked) -> Figures:
    with address_list.imported(county, asked) as (engine, import_s), TemporaryDirectory() as folder:
        began = time.monotonic()
        geocoder = AddressIndex(engine, Path(folder)).geocoder()
        index_s = time.monotonic() - began
        locator = address_list.locator(engine)
        reach = Reach(locator)
        ask(geocoder.geocode, reach, asked.queries[:100])  # what is mapped is read in, what is compiled is compiled
        gc.collect()
        gc.freeze()  # the county that the texts were made from is not looked through for garbage in their time
        per_second = in_bulk(geocoder.geocode, asked.queries)
        outcomes = ask(geocoder.geocode, reach, asked.queries)
        baselines = {
            TRIGRAMS: similar_by_trigrams(engine, asked.listed, sample(asked.queries, SAMPLE[TRIGRAMS])),
            FUZZY: similar_by_rapidfuzz(asked.listed, sample(asked.queries, SAMPLE[FUZZY])),
        }
    grids = sum(area.kind is AreaKind.COMPREHENSIVE for area in locator.areas)
    return put_together(len(asked.listed), grids, outcomes, per_second, (import_s, index_s), baselines)


def sample(queries: Sequence[Query], count: int) -> list[Query]:
    """A seeded sample; the smaller ones are part of the larger."""
    order = list(queries)
    Random(1).shuffle(order)
    return order[:count]


def put_together(addresses: int, grids: int, outcomes: list[Outcome], per_second: float, took: tuple[float, float],
                 baselines: dict[str, Baseline]) -> Figures:  # fmt: skip
    """The figures of all outcomes."""
    knowable = [one for one in outcomes if not one.query.ambiguous]
    return Figures(
        addresses, grids, share(outcomes), share(knowable), share(one for one in outcomes if one.query.ambiguous),
        confidently_wrong(outcomes), by_class(knowable, lambda one: one.query.disturbances[0]),
        by_class(knowable, lambda one: one.query.accuracy), by_class(outcomes, _accuracy_given),
        calibration(outcomes), median([one.seconds for one in outcomes]) * 1000, per_second, *took, baselines,
    )  # fmt: skip


def _accuracy_given(one: Outcome) -> str:
    return str(one.answer.best.accuracy) if one.answer.best else "nothing"
