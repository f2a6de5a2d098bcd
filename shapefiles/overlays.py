"""The 53 specialised grids (专属网格): schools, hospitals, markets, parks, building sites and scenic areas.

They lie on top of the comprehensive grids. Some cross several of those, three lie on another specialised
grid; none crosses a township's border, so each has a parent: the village that holds it, or else the township.
Codes are the parent's digits, filled with zeros to twelve, and a number from 901.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from shapefiles.chance import Rng, stream
from shapefiles.county import Area, County
from shapefiles.landscape import SEAT_TOWNS
from shapefiles.mesh import Points

DOMAINS = ("school", "hospital", "market", "park", "building-site", "scenic")
CLEARANCE_M = 2.0
"""How far inside its parent's border a specialised grid stays, at least."""


@dataclass(frozen=True)
class SpecialisedGrid(Area):
    """One specialised grid; `parent` is a village or a township."""

    domain: str
    """One of DOMAINS."""


@dataclass(frozen=True)
class _Plan:
    domain: str
    name: str
    town: int
    """Number of the town near which it lies."""
    size_m: tuple[float, float]
    strays_m: float
    host: str = ""
    """Name of the specialised grid on whose ground it lies, if any."""


Placed = dict[str, tuple[_Plan, Polygon, Area]]
"""By name: what was planned, where it came to lie, and its parent."""


def _plans(towns: Sequence[str]) -> Iterator[_Plan]:
    """Yield the 53 in the order in which they are placed."""
    country = range(SEAT_TOWNS, len(towns))
    for town, name in enumerate(("云湖县第一中学", "云湖县实验小学", "云湖县职业技术学校", "云湖县第二中学")):
        yield _Plan("school", name, town % SEAT_TOWNS, (230, 170), 1_100)
    for town in country[:10]:
        yield _Plan("school", f"{_short(towns[town])}中心学校", town, (180, 130), 420)
    yield _Plan("hospital", "云湖县人民医院", 0, (260, 190), 900)
    yield _Plan("hospital", "云湖县中医院", 1, (190, 150), 900)
    for town in country[:5]:
        yield _Plan("hospital", f"{_short(towns[town])}中心卫生院", town, (110, 90), 380)
    for town, name in enumerate(("望湖农贸市场", "城北农贸市场", "城南水产批发市场")):
        yield _Plan("market", name, town, (190, 140), 700)
    for town in country[4:]:
        yield _Plan("market", f"{_short(towns[town])}农贸市场", town, (120, 90), 260)
    yield _Plan("park", "云湖经济开发区东区", 0, (1_700, 1_200), 2_400)
    yield _Plan("park", "云湖经济开发区西区", 1, (1_400, 1_100), 2_400)
    for town in (3, 5, 7, 9, 12):
        yield _Plan("park", f"{_short(towns[town])}工业集中区", town, (900, 650), 1_500)
    sites = ("映湖雅苑二期工地", "云湖大剧院工地", "春和府工地", "城东安置房工地", "听澜小区三期工地")
    for town, name in enumerate(sites):
        yield _Plan("building-site", name, town % SEAT_TOWNS, (190, 150), 1_500)
    for town in (4, 8):
        yield _Plan("building-site", f"{_short(towns[town])}安置小区工地", town, (170, 130), 500)
    yield _Plan("building-site", "开发区标准厂房三期工地", 0, (260, 200), 0, host="云湖经济开发区东区")
    yield _Plan("building-site", "人民医院住院楼工地", 0, (110, 80), 0, host="云湖县人民医院")
    yield _Plan("building-site", "西区污水处理厂扩建工地", 1, (240, 180), 0, host="云湖经济开发区西区")
    yield _Plan("scenic", "云湖湿地公园", 0, (3_600, 2_300), 0)
    for town, name in ((4, "苇荡观鸟园"), (7, "石帆古渡景区"), (10, "棠浦花海"), (12, "金穗农耕园")):
        yield _Plan("scenic", name, town, (1_500, 900), 2_300)


def found_specialised(county: County, seed: int) -> tuple[SpecialisedGrid, ...]:
    """Return the specialised grids in the order of their codes."""
    rng = stream(seed, "specialised")
    placed: Placed = {}
    for plan in _plans([township.name for township in county.townships]):
        placed[plan.name] = (plan, *_place(plan, county, placed, rng))
    numbers: Counter[str] = Counter()
    grids = []
    for plan, shape, parent in placed.values():
        numbers[parent.code] += 1
        code = f"{parent.code:0<12}{900 + numbers[parent.code]}"
        grids.append(SpecialisedGrid(code, plan.name, parent.code, shape, plan.domain))
    return tuple(sorted(grids, key=lambda grid: grid.code))


def _place(plan: _Plan, county: County, placed: Placed, rng: Rng) -> tuple[Polygon, Area]:
    """Try places near the town until the ground is free and inside one township; return the shape and its parent."""
    taken = [shape for _, shape, _ in placed.values()]
    for attempt in range(2_000):
        middle = _anchor(plan, county, placed) + rng.normal(0, plan.strays_m * (1 + attempt / 100) + attempt * 3, 2)
        shape = _shape(plan, middle, rng)
        if not plan.host and shapely.intersects(shape, taken).any():
            continue
        for township in county.townships:
            if township.outline.contains(shape.buffer(CLEARANCE_M)):
                return shape, _parent(shape, township, county)
    raise RuntimeError(f"no free ground for {plan.name}")


def _anchor(plan: _Plan, county: County, placed: Placed) -> Points:
    if plan.host:
        middle = placed[plan.host][1].centroid
        return np.array([middle.x, middle.y])
    if plan.name == "云湖湿地公园":
        return np.array(county.land.lake[:2])
    return np.asarray(county.land.towns[plan.town])


def _parent(shape: Polygon, township: Area, county: County) -> Area:
    ground = shape.buffer(CLEARANCE_M)
    own = (village for village in county.villages if village.parent == township.code)
    return next((village for village in own if village.outline.contains(ground)), township)


def _shape(plan: _Plan, middle: Points, rng: Rng) -> Polygon:
    """Return an outline with vertices to the centimetre: a walled compound, or for scenery a wavy shore."""
    width, height = np.asarray(plan.size_m) * rng.uniform(0.85, 1.15, 2)
    outline = _shore(width, height, rng) if plan.domain == "scenic" else _compound(width, height, rng)
    turn = rng.uniform(-0.5, 0.5)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return Polygon(np.round(outline @ rotation + middle, 2))


def _compound(width: float, height: float, rng: Rng) -> Points:
    """Return a rectangle of which one corner is notched and the others are a little askew."""
    x, y = width / 2, height / 2
    notch_x, notch_y = width * rng.uniform(0.15, 0.4), height * rng.uniform(0.15, 0.4)
    corners = [(-x, -y), (x, -y), (x, y - notch_y), (x - notch_x, y - notch_y), (x - notch_x, y), (-x, y)]
    turned = np.array(corners) * rng.choice([-1, 1], 2)
    return np.asarray(turned + rng.uniform(-0.03, 0.03, (6, 2)) * (width, height))


def _shore(width: float, height: float, rng: Rng) -> Points:
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    waves = [rng.normal(0, 0.16 / order) * np.cos(order * angle + rng.uniform(0, 6)) for order in range(2, 14)]
    reach = 1 + np.sum(waves, axis=0)
    return np.stack([width / 2 * reach * np.cos(angle), height / 2 * reach * np.sin(angle)], axis=1)


def _short(township: str) -> str:
    return township.removesuffix("街道").removesuffix("镇")
