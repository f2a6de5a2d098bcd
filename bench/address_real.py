"""The geocoder against real addresses and real texts: parts (b) and (c) of the evaluation.

`python -m bench.address_real` prints both. (b) asks the places of 1,843 accidents in Taiwan of the towns and villages
alone; (c) asks a fifth of Shanghai's public addresses of a list made of the rest. The weights of the confidence were
fitted on other splits (bench/address_training.py); no figure here was looked at when they were.
"""

import csv
import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from geo.addresses.answers import AddressRow, Candidate
from geo.addresses.areas import AreaName
from geo.addresses.confidence import RIGHT_M
from geo.addresses.gazetteer import Gazetteer
from geo.addresses.geocoder import Geocoder
from geo.addresses.ground import metres, metres_to
from geo.addresses.writing import plain

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
REPORTED_SEEDS = tuple(range(1, 21))
"""So many that chance leaves a tenth of confidence within 5 points: of three a tenth has a hundred answers, and 9."""
PLACED_FROM = 0.7
"""What the desk calls likely counts as placed: of these the aims for township and distance hold."""
PLACING_FROM = (0.5, 0.6, 0.8, 0.9)
"""What an office may ask for that would rather place more or less."""


@dataclass(frozen=True)
class Tenth:
    """Answers of one tenth of confidence: how many, what they say on average, what share was right."""

    low: float
    count: int
    says: float
    right: float

    @property
    def by_chance(self) -> float:
        """How far apart an honest tenth is in no more than one case of twenty: two standard errors."""
        return 2 * math.sqrt(self.says * (1 - self.says) / self.count)

    @property
    def apart(self) -> float:
        """How far what it says is from what is right."""
        return abs(self.says - self.right)


@dataclass(frozen=True)
class Placed:
    """What is placed where points at least so sure are: the share of all asked, and of it as in Shanghai."""

    sure_from: float
    placed: float
    township: float
    median_m: float


@dataclass(frozen=True)
class Shanghai:
    """Figures of one or more splits. A share is of what its name says; metres to the true point.

    placed: the best is a point with a confidence of PLACED_FROM or more, of all asked; township, median_m: of the
    placed; sure_far: of those placed at 0.9 and more, farther off than 1 km. numbered_*: of the texts with a road and
    a number alone. A tenth's right: township as labelled and within RIGHT_M.
    """

    asked: int
    points: float
    placed: float
    township: float
    median_m: float
    far: float
    sure: int
    sure_far: float
    numbered: int
    numbered_placed: float
    numbered_township: float
    numbered_median_m: float
    tenths: tuple[Tenth, ...]
    otherwise: tuple[Placed, ...]
    by_accuracy: dict[str, int]
    per_second: float


@dataclass(frozen=True)
class Taiwan:
    """Figures of the accidents' texts.

    town: of all texts that name a town, the named one was found; village: of those whose register names one that
    exists, it was found as the place.
    """

    texts: int
    naming_town: int
    town: float
    naming_village: int
    village: float
    points: int
    per_second: float
    wrong: tuple[str, ...]


@cache
def rows() -> tuple[AddressRow, ...]:
    """Return Shanghai's addresses: a name, a point and the label of the township, nothing else."""
    with (DATA / "shanghai" / "addresses.csv").open(encoding="utf-8-sig", newline="") as file:
        return tuple(
            AddressRow(
                place, row["address"], float(row["wgs84_lng"]), float(row["wgs84_lat"]), township=row["street_level"]
            )
            for place, row in enumerate(csv.DictReader(file))
        )


def split(seed: int) -> tuple[list[AddressRow], list[AddressRow]]:
    """Return four fifths of the addresses as the list, and the fifth that is asked."""
    order = list(rows())
    random.Random(seed).shuffle(order)
    cut = len(order) // 5
    return order[cut:], order[:cut]


def shanghai(seeds: Sequence[int] = REPORTED_SEEDS) -> Shanghai:
    """Ask each seed's fifth of the rest, and put the seeds' answers together."""
    asked: list[tuple[AddressRow, Candidate | None]] = []
    seconds = 0.0
    for seed in seeds:
        known, questions = split(seed)
        geocoder = Geocoder(Gazetteer.build(known))
        geocoder.geocode(questions[0].name)
        began = time.perf_counter()
        answers = [geocoder.geocode(row.name).best for row in questions]
        seconds += time.perf_counter() - began
        asked += zip(questions, answers, strict=True)
    return _figures(asked, len(asked) / seconds)


def _figures(asked: list[tuple[AddressRow, Candidate | None]], per_second: float) -> Shanghai:
    points = [(row, best) for row, best in asked if best is not None and best.accuracy.is_point]
    placed = [(row, best) for row, best in points if best.confidence >= PLACED_FROM]
    off, town = _off(placed), _town(placed)
    sure = np.array([best.confidence >= 0.9 for _, best in placed], bool)
    numbered = [(row, best) for row, best in asked if _numbered(row)]
    of_them = [(row, best) for row, best in placed if _numbered(row)]
    return Shanghai(
        len(asked), len(points) / len(asked), len(placed) / len(asked), float(town.mean()), float(np.median(off)),
        float((off > 1000).mean()), int(sure.sum()), float((off[sure] > 1000).mean()) if sure.any() else 0.0,
        len(numbered), len(of_them) / len(numbered), float(_town(of_them).mean()), float(np.median(_off(of_them))),
        tenths(points), tuple(_placed(points, sure_from, len(asked)) for sure_from in PLACING_FROM),
        dict(Counter(str(best.accuracy) if best else "nothing" for _, best in asked)), per_second,
    )  # fmt: skip


def _placed(points: list[tuple[AddressRow, Candidate]], sure_from: float, asked: int) -> Placed:
    placed = [(row, best) for row, best in points if best.confidence >= sure_from]
    return Placed(sure_from, len(placed) / asked, float(_town(placed).mean()), float(np.median(_off(placed))))


def tenths(points: list[tuple[AddressRow, Candidate]]) -> tuple[Tenth, ...]:
    """Return what each tenth of confidence says and what is right of it."""
    sure = np.array([best.confidence for _, best in points])
    right = (_off(points) < RIGHT_M) & _town(points)
    bins = np.minimum((sure * 10).astype(int), 9)
    return tuple(Tenth(tenth / 10, int(here.sum()), float(sure[here].mean()), float(right[here].mean()))
                 for tenth in range(10) if (here := bins == tenth).any())  # fmt: skip


def _off(found: list[tuple[AddressRow, Candidate]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([metres(best.lon, best.lat, row.lon, row.lat) for row, best in found])


def _town(found: list[tuple[AddressRow, Candidate]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([best.township == row.township for row, best in found], bool)


def _numbered(row: AddressRow) -> bool:
    """Tell whether an address is a road with a number: what interpolation is for."""
    return any(sign.isdigit() for sign in row.name) and any(sign in row.name for sign in "路街道")


@cache
def taiwan_areas() -> tuple[tuple[AreaName, ...], tuple[AreaName, ...]]:
    """Return Taiwan's towns and villages."""
    towns = pyogrio.read_dataframe(DATA / "taiwan" / "taiwan_towns.gpkg")
    villages = pyogrio.read_dataframe(DATA / "taiwan" / "taiwan_villages.gpkg")
    return (
        tuple(AreaName(row.TOWNCODE, row.TOWNNAME, *_extent(row.geometry), county=row.COUNTYNAME)
              for row in towns.itertuples()),
        tuple(AreaName(row.VILLCODE, row.VILLNAME, *_extent(row.geometry), township=row.TOWNNAME, county=row.COUNTYNAME)
              for row in villages.itertuples() if row.VILLNAME),
    )  # fmt: skip


def _extent(outline: shapely.Geometry) -> tuple[float, float, float]:
    """Return a point in the area, and the metres to its farthest vertex."""
    middle = shapely.point_on_surface(outline)
    lon, lat = shapely.get_coordinates(outline).T
    return middle.x, middle.y, float(metres_to(middle.x, middle.y, lon, lat).max())


def taiwan() -> Taiwan:
    """Ask every accident's text of the towns and villages alone."""
    towns, villages = taiwan_areas()
    geocoder = Geocoder(Gazetteer.build((), towns, villages))
    with (DATA / "taiwan" / "accidents.csv").open(encoding="utf-8-sig", newline="") as file:
        accidents = list(csv.DictReader(file))
    exists = {(plain(each.county), plain(each.township), plain(each.name)) for each in villages}
    geocoder.geocode(accidents[0]["發生地點"])
    began = time.perf_counter()
    answers = [geocoder.geocode(row["發生地點"]) for row in accidents]
    seconds = time.perf_counter() - began
    town, village, wrong = [], [], []
    for row, answer in zip(accidents, answers, strict=True):
        county, name, within = plain(row["縣市"]), plain(row["鄉鎮市區"]), plain(row["村里文"])
        best = answer.best
        matched = plain(best.matched) if best else ""
        if row["鄉鎮市區"] in row["發生地點"]:
            town.append(matched.startswith(county + name) and plain(answer.township or "") == name)
            if not town[-1]:
                wrong.append(f"{row['發生地點']} -> {best.matched if best else None}")
        if (county, name, within) in exists:
            village.append(matched == county + name + within)
    points = sum(1 for answer in answers if answer.best and answer.best.accuracy.is_point)
    return Taiwan(len(answers), len(town), float(np.mean(town)), len(village), float(np.mean(village)), points,
                  len(answers) / seconds, tuple(wrong))  # fmt: skip


def main() -> None:
    """Print the figures of both."""
    for figures in (taiwan(), shanghai()):
        for name, value in asdict(figures).items():
            print(
                name,
                *(value if isinstance(value, tuple) else (value,)),
                sep="\n    " if isinstance(value, tuple) else " ",
            )


if __name__ == "__main__":
    main()
