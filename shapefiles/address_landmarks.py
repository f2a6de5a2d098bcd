"""Landmarks of the address list: what people name instead of a number."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from shapefiles.address_drafts import Draft
from shapefiles.address_names import bridge_names, shop_names, works_names
from shapefiles.address_streets import Door, Street
from shapefiles.chance import Rng
from shapefiles.county import County
from shapefiles.landscape import SEAT_TOWNS
from shapefiles.mesh import Points
from shapefiles.names import COUNTY
from shapefiles.overlays import SpecialisedGrid

SHOPS = 700
_KINDS = {
    "school": "学校",
    "hospital": "医院",
    "market": "市场",
    "park": "公园",
    "building-site": "工地",
    "scenic": "景区",
}
_SHORTER = (
    ("第一中学", "一中"), ("第二中学", "二中"), ("实验小学", "实小"), ("职业技术学校", "职校"), ("人民医院", "医院"),
    ("中心学校", "学校"), ("中心卫生院", "卫生院"), ("农贸市场", "菜场"), ("水产批发市场", "水产市场"),
    ("二期工地", "二期"), ("经济开发区", "开发区"), ("工业集中区", "工业园"), ("安置小区工地", "安置小区"),
    ("大剧院工地", "大剧院"),
)  # fmt: skip
_OFFICES = (
    ("机关", "{hall}", "{short_hall}"), ("机关", "{short}派出所", ""), ("机关", "{short}供电所", ""),
    ("机关", "{short}法庭", ""), ("机关", "{short}邮政支局", "{short}邮局"), ("学校", "{short}幼儿园", ""),
    ("车站", "{short}汽车站", "{short}车站"), ("公园", "{short}文化广场", ""),
    ("商业", "{short}农商行", "{short}信用社"), ("机关", "{short}敬老院", "{short}养老院"),
    ("商业", "{short}加油站", ""), ("机关", "{short}文化站", ""),
)  # fmt: skip


def draft_landmarks(
    county: County, specialised: Sequence[SpecialisedGrid], streets: Sequence[Street], doors: Sequence[Door], rng: Rng
) -> Iterator[Draft]:
    """Yield the specialised grids' landmarks, offices of townships and villages, bridges, works and shops."""
    yield from _of_specialised(specialised)
    yield from _offices(county, streets, doors, rng)
    yield from _village_offices(county, rng)
    yield from _bridges(county, streets, rng)
    yield from _works(specialised, rng)
    yield from _shops(streets, doors, rng)


def _of_specialised(specialised: Sequence[SpecialisedGrid]) -> Iterator[Draft]:
    for grid in specialised:
        middle = np.array(grid.outline.representative_point().coords[0])
        yield Draft(_KINDS[grid.domain], middle, landmark=grid.name.removeprefix(COUNTY), aliases=_also(grid.name))


def _also(name: str) -> tuple[str, ...]:
    """What else people call a landmark."""
    plain = name.removeprefix(COUNTY)
    others = [plain.replace(long, short) for long, short in _SHORTER if plain.endswith(long) or long in plain]
    county = [f"县{other}" for other in (plain, *others)] if plain != name else []
    return tuple(dict.fromkeys(other for other in (*others, *county) if other not in (plain, "医院")))


def _offices(county: County, streets: Sequence[Street], doors: Sequence[Door], rng: Rng) -> Iterator[Draft]:
    """Yield what every township has, at doors near the middle of its town."""
    in_town = [door for door in doors if not streets[door.street].country]
    points = np.array([door.point for door in in_town])
    for number, township in enumerate(county.townships):
        inside = np.flatnonzero(shapely.contains_xy(township.outline, points))
        near = inside[np.argsort(np.hypot(*(points[inside] - county.land.towns[number]).T), kind="stable")[:260]]
        short = township.name.removesuffix("街道").removesuffix("镇")
        for (kind, name, alias), chosen in zip(_OFFICES, rng.choice(near, len(_OFFICES), replace=False), strict=True):
            halls = ("办事处", f"{short}街道办") if number < SEAT_TOWNS else ("人民政府", f"{short}镇政府")
            words = {"hall": township.name + halls[0], "short_hall": halls[1], "short": short}
            aliases = (alias.format(**words),) if alias else ()
            yield _at(in_town[int(chosen)], streets, kind, name.format(**words), aliases)


def _village_offices(county: County, rng: Rng) -> Iterator[Draft]:
    """Yield the committee of each village or community, and in the country its clinic."""
    first = {grid.parent: grid.outline for grid in reversed(county.grids)}
    for village in county.villages:
        middle = np.array(first[village.code].representative_point().coords[0])
        committee = f"{village.name}{'居委会' if village.urban else '村委会'}".replace("村村委会", "村委会")
        yield Draft("村居", middle, landmark=committee, aliases=(f"{village.name}党群服务中心",))
        if not village.urban:
            yield Draft("医院", middle + rng.normal(0, 25, 2), landmark=f"{village.name}卫生室")


def _bridges(county: County, streets: Sequence[Street], rng: Rng) -> Iterator[Draft]:
    """Yield a bridge wherever a street crosses a water."""
    names = bridge_names(rng)
    for divide in county.land.divides:
        for street in streets:
            if divide.water and divide.line.crosses(street.line):
                for point in shapely.get_coordinates(divide.line.intersection(street.line)):
                    yield Draft("桥梁", point, landmark=next(names))


def _works(specialised: Sequence[SpecialisedGrid], rng: Rng) -> Iterator[Draft]:
    """Yield the works in each industrial zone."""
    names = works_names(rng)
    for zone in (grid for grid in specialised if "开发区" in grid.name or "工业" in grid.name):
        west, south, east, north = zone.outline.bounds
        tries = rng.uniform((west, south), (east, north), size=(24, 2))
        for point in tries[shapely.contains_xy(zone.outline.buffer(-30), tries)]:
            if (named := next(names, None)) is not None:
                yield Draft("工厂", point, landmark=named[0], aliases=named[1])


def _shops(streets: Sequence[Street], doors: Sequence[Door], rng: Rng) -> Iterator[Draft]:
    names = shop_names(rng)
    for chosen in rng.choice(len(doors), SHOPS, replace=False):
        yield _at(doors[int(chosen)], streets, "商业", next(names), ())


def _at(door: Door, streets: Sequence[Street], kind: str, name: str, aliases: tuple[str, ...]) -> Draft:
    point: Points = door.point
    road = streets[door.street].name
    return Draft(kind, point, road=road, number=f"{door.number}号", landmark=name, aliases=aliases, line=door.street)
