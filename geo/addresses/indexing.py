"""Turns what was gathered into the sorted columns of a gazetteer."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geo.addresses.areas import AreaName, township_names, village_names
from geo.addresses.clusters import cluster, group_starts, most_common
from geo.addresses.gathering import SLOT, Gathering
from geo.addresses.ground import PER_LAT, metres_to, per_lon
from geo.addresses.names import Names
from geo.addresses.pieces import Head
from geo.addresses.writing import plain

if TYPE_CHECKING:
    from geo.addresses.gazetteer import Words

CELL_M = {Head.ROAD: 1500.0, Head.COMPOUND: 500.0, Head.LANDMARK: 400.0, Head.VILLAGE: 1500.0}
"""How near rows of one name lie that are one place; see clusters.cluster."""
NEXT = 4
"""A number so little larger is the next door or the one after it."""
GROUND_CELL = 0.004
"""Degrees of a cell in which neighbours on the ground are looked for, some 400 m."""

Columns = dict[str, NDArray[Any]]


def index(gathering: Gathering, townships: Sequence[AreaName], villages: Sequence[AreaName],
          ) -> tuple[Columns, Names, "Words", NDArray[np.uint8]]:  # fmt: skip
    """Return columns, names, words and the blob of row names. Empties the gathering."""
    from geo.addresses.gazetteer import Words

    rows: Columns = _rows(gathering)
    townships = [*townships, *_townships_of_rows(gathering, rows, townships)]
    areas, borne, words = _areas(gathering, townships, villages)
    names = Names.build({*gathering.heads, *borne})
    slots: Columns = {name: np.array(gathering.slots.pop(name), np.int32) for name in SLOT}
    number_of = np.array([names.number(name) for name in gathering.heads], np.int64)
    slots["head"] = number_of[slots["head"]] if len(number_of) else slots["head"].astype(np.int64)
    if len(number_of):
        villages_said = rows["row_village"]
        rows["row_village"] = np.where(villages_said >= 0, number_of[villages_said], -1).astype(np.int32)
    blob = np.frombuffer(bytes(gathering.names), np.uint8)
    columns = {**rows, **areas, **_places(slots, rows, len(names)), **_area_links(borne, names), **_ground(rows)}
    return columns, names, Words(**words), blob


def _rows(gathering: Gathering) -> Columns:
    return {"row_id": np.array(gathering.row_id, np.int64), "row_lon": np.array(gathering.lon, float),
            "row_lat": np.array(gathering.lat, float), "row_name": np.array(gathering.name_ends, np.int64),
            "row_township": np.array(gathering.row_township, np.int32),
            "row_village": np.array(gathering.row_village, np.int32)}  # fmt: skip


def _places(slots: Columns, rows: Columns, names: int) -> Columns:
    """Sort the slots into places."""
    lon, lat = rows["row_lon"][slots["row"]], rows["row_lat"][slots["row"]]
    kind = _one_kind(slots["head"], slots["kind"], names)
    cells = np.array([CELL_M.get(each, 500.0) for each in Head])[kind]
    label = cluster(slots["head"].astype(np.int64), lon, lat, cells)
    keys = [slots[name] for name in ("row", "how", "unit", "building", "inner", "sub", "lane", "number")]
    order = np.lexsort([*keys, label, slots["head"]])
    head, label = slots["head"][order], label[order]
    first = group_starts(head, label)
    columns = {f"slot_{name}": slots[name][order] for name in SLOT if name not in ("head", "kind")}
    columns["place_first"] = first
    columns["density"] = np.array([_density(columns["slot_number"], first)])
    return columns | _of_places(first, head, kind[order], lon[order], lat[order], rows, columns["slot_row"], names)


def _density(number: NDArray[Any], first: NDArray[np.int64]) -> float:
    """Return the share of known numbers whose next known one is near: 1 for a list that has every door, 0 for none.

    Of a list with gaps, what resembles a listed name may well be another that is not listed.
    """
    step = np.diff(number)
    within = np.ones(len(number), bool)
    within[first[:-1]] = False
    known = within[1:] & (number[:-1] > 0) & (step > 0)
    return float((step[known] <= NEXT).mean()) if known.any() else 0.0


def _one_kind(head: NDArray[Any], kind: NDArray[Any], names: int) -> NDArray[np.int64]:
    """Give each name one kind, the commonest: a compound that is also a landmark is one place."""
    counts = np.zeros((names, len(Head)), np.int64)
    np.add.at(counts, (head, kind), 1)
    result: NDArray[np.int64] = counts.argmax(axis=1)[head]
    return result


def _of_places(first: NDArray[np.int64], head: NDArray[Any], kind: NDArray[np.int64], lon: NDArray[np.float64],
               lat: NDArray[np.float64], rows: Columns, row: NDArray[Any], names: int) -> Columns:  # fmt: skip
    """Return what is known of each place as a whole."""
    start = first[:-1]
    if not len(start):
        empty: Columns = {f"place_{name}": np.empty(0, np.int32) for name in ("name", "kind", "township", "village")}
        floats = {f"place_{name}": np.empty(0, np.float64) for name in ("lon", "lat", "radius")}
        return {**empty, **floats, "name_place": np.zeros(names + 1, np.int64)}
    count = np.diff(first)
    middle_lon, middle_lat = np.add.reduceat(lon, start) / count, np.add.reduceat(lat, start) / count
    east = (lon - np.repeat(middle_lon, count)) * per_lon(float(np.median(lat)))
    away = np.hypot(east, (lat - np.repeat(middle_lat, count)) * PER_LAT)
    return {"place_name": head[start].astype(np.int32), "place_kind": kind[start].astype(np.int8),
            "place_lon": middle_lon, "place_lat": middle_lat, "place_radius": np.maximum.reduceat(away, start),
            "place_township": most_common(rows["row_township"][row], first).astype(np.int32),
            "place_village": most_common(rows["row_village"][row], first).astype(np.int32),
            "name_place": np.searchsorted(head[start], np.arange(names + 1)).astype(np.int64)}  # fmt: skip


def _areas(gathering: Gathering, townships: Sequence[AreaName], villages: Sequence[AreaName],
           ) -> tuple[Columns, dict[str, list[int]], dict[str, tuple[str, ...]]]:  # fmt: skip
    """Return the areas' columns, which area numbers each name stands for, and the words."""
    areas = [*townships, *villages]
    borne: dict[str, list[int]] = defaultdict(list)
    for place, area in enumerate(areas):
        for name in village_names(area) if place >= len(townships) else township_names(area):
            borne[name].append(place)
    counties = {name: place for place, name in enumerate(dict.fromkeys(area.county for area in areas if area.county))}
    for place, name in enumerate(counties):
        borne[plain(name)].append(-1 - place)
    labels = dict(gathering.townships)
    for area in townships:
        labels.setdefault(area.name, len(labels))
    by_name = {(area.county, plain(area.name)): place for place, area in enumerate(townships)}
    spoken = {plain(area.name): place for place, area in enumerate(townships)}
    columns = {
        "area_kind": np.array([Head.TOWNSHIP] * len(townships) + [Head.VILLAGE] * len(villages), np.int8),
        "area_lon": np.array([area.lon for area in areas], float),
        "area_lat": np.array([area.lat for area in areas], float),
        "area_radius": np.array([area.radius_m for area in areas], float),
        "area_township": np.array([by_name.get((area.county, plain(area.township)), -1) if area.township else place
                                   for place, area in enumerate(areas)], np.int32),
        "area_county": np.array([counties.get(area.county, -1) for area in areas], np.int32),
        "township_area": np.array([spoken.get(plain(name), -1) for name in labels], np.int32),
    }  # fmt: skip
    words = {"townships": tuple(labels), "areas": tuple(area.name for area in areas), "counties": tuple(counties),
             "area_codes": tuple(area.code for area in areas)}  # fmt: skip
    return columns, borne, words


def _townships_of_rows(gathering: Gathering, rows: Columns, known: Sequence[AreaName]) -> list[AreaName]:
    """Return the townships that rows name and no area bears, with the extent of their rows."""
    borne = {plain(area.name) for area in known}
    found = []
    order = np.argsort(rows["row_township"], kind="stable")
    bounds = np.searchsorted(rows["row_township"][order], np.arange(len(gathering.townships) + 1))
    for name, place in gathering.townships.items():
        if plain(name) not in borne:
            inside = order[bounds[place] : bounds[place + 1]]
            lon, lat = rows["row_lon"][inside], rows["row_lat"][inside]
            middle = float(np.median(lon)), float(np.median(lat))
            away = np.quantile(metres_to(*middle, lon, lat), 0.98)  # a few rows are always labelled wrongly
            found.append(AreaName("", name, *middle, float(away)))
    return found


def _area_links(borne: dict[str, list[int]], names: Names) -> Columns:
    """Return where each name's areas begin, and the areas; counties count down from -1."""
    by_number = sorted((number, place) for name, places in borne.items() for place in places
                       if (number := names.number(name)) is not None)  # fmt: skip
    numbers = np.array([number for number, _ in by_number], np.int64)
    return {"name_area_first": np.searchsorted(numbers, np.arange(len(names) + 1)).astype(np.int64),
            "name_area": np.array([place for _, place in by_number], np.int32)}  # fmt: skip


def _ground(rows: Columns) -> Columns:
    """Return the rows by cells of the ground."""
    key = ground_key(rows["row_lon"], rows["row_lat"])
    order = np.argsort(key, kind="stable")
    first = group_starts(key[order])
    return {"ground_key": key[order][first[:-1]], "ground_first": first, "ground_row": order.astype(np.int32)}


def ground_key(lon: Any, lat: Any) -> Any:
    """Return the cell of the ground in which points lie."""
    return (np.floor(lon / GROUND_CELL).astype(np.int64) << 32) + np.floor(lat / GROUND_CELL).astype(np.int64)
