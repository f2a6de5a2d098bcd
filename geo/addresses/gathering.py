"""Collects the rows of an address list into columns: what each row is, and under which names it can be found."""

from array import array
from collections.abc import Sequence

from geo.addresses.answers import AddressRow
from geo.addresses.areas import AreaName
from geo.addresses.pieces import GENERIC, NO_DOOR, Door, Head, Named, as_building, kind_of, read_door, split_name
from geo.addresses.writing import PAUSE, plain, write

WHOLE, PART, ALIAS = 0, 1, 2
"""Whether a name and door are all of a row, only where it lies, or another name of it."""


class Gathering:
    """Takes rows one by one. Keeps numbers in arrays and each distinct name once, never the rows themselves."""

    def __init__(self, townships: Sequence[AreaName]) -> None:
        self.known_townships = frozenset(plain(area.name) for area in townships)
        self.heads: dict[str, int] = {}
        self.townships: dict[str, int] = {}
        self.names = bytearray()
        self.name_ends = array("q")
        self.row_id, self.row_township, self.row_village = array("q"), array("i"), array("i")
        self.lon, self.lat = array("d"), array("d")
        self.slots = {name: array("i") for name in SLOT}

    def add(self, row: AddressRow) -> None:
        """Take one row in."""
        here = len(self.row_id)
        named = self._named(row)
        self.names += row.name.encode()
        self.name_ends.append(len(self.names))
        self.row_id.append(row.id)
        self.lon.append(row.lon)
        self.lat.append(row.lat)
        self.row_township.append(self._township(row.township or named.township))
        self.row_village.append(self._head(named.village) if named.village else -1)
        self._file(here, named, whole=not named.also)
        for alias in row.aliases:
            if name := plain(alias):
                self._slot(here, name, Head.LANDMARK, NO_DOOR, ALIAS)

    def _named(self, row: AddressRow) -> Named:
        """Return a row's pieces: its columns, and what they leave open from its name."""
        text = write(row.name).text.replace(PAUSE, "")
        columns = (plain(row.road), plain(row.compound))
        if not any(columns):
            named = split_name(
                text, self.known_townships | {plain(row.township)} if row.township else self.known_townships
            )
            village = plain(row.village) or named.village
            head, kind = (named.head, named.kind) if named.head else ("", named.kind)
            return Named(named.township, village, named.groups, head, kind, named.door, named.also, named.also_door)
        return self._from_columns(row, text, *columns)

    def _from_columns(self, row: AddressRow, text: str, road: str, compound: str) -> Named:
        """Return what the columns say; what they leave open, from the name."""
        told = split_name(text, self.known_townships | {plain(row.township)} if row.township else self.known_townships)
        on_road = told.kind is Head.ROAD and bool(told.head)
        building = as_building(read_door(plain(row.building), 0)[0]) or as_building(
            told.also_door if on_road else told.door
        )
        village = plain(row.village) or told.village
        rest = told.also if on_road else told.head
        compound = compound or ("" if rest in (road, village) else rest)
        road = road or (told.head if on_road else "")
        door = read_door(plain(row.number), 0)[0] or (told.door if told.head == road else NO_DOOR)
        if not road:
            return Named(told.township, village, (), compound, Head.COMPOUND, building or as_building(door))
        if not compound and building:
            door = _built(door, building)
        return Named(told.township, village, (), road, Head.ROAD, door, compound, building if compound else NO_DOOR)

    def _file(self, here: int, named: Named, whole: bool) -> None:
        """Put the row under each name that it bears."""
        if named.village:
            alone = not named.head and not named.groups
            self._slot(here, named.village, Head.VILLAGE, NO_DOOR, WHOLE if alone else PART)
        for group in named.groups:
            self._slot(here, group, Head.LANDMARK, NO_DOOR, PART)
        if named.head and read_door(named.head, 0)[1] < len(named.head):  # 99号 is a number on any road
            door = named.door if named.kind is Head.ROAD or named.also else as_building(named.door)
            if named.also_door and named.kind is Head.ROAD:
                door = _built(door, as_building(named.also_door))
            self._slot(here, named.head, named.kind, door, WHOLE if whole else PART)
        if len(named.also) > 1 and named.also not in GENERIC:
            self._slot(here, named.also, kind_of(named.also), as_building(named.also_door), WHOLE)

    def _slot(self, row: int, name: str, kind: Head, door: Door, how: int) -> None:
        values = (
            self._head(name),
            kind,
            door.number,
            door.lane,
            door.sub,
            door.inner,
            door.building,
            door.unit,
            how,
            row,
        )
        for column, value in zip(self.slots.values(), values, strict=True):
            column.append(int(value))

    def _head(self, name: str) -> int:
        return self.heads.setdefault(name, len(self.heads))

    def _township(self, name: str) -> int:
        return self.townships.setdefault(name, len(self.townships)) if name else -1


SLOT = ("head", "kind", "number", "lane", "sub", "inner", "building", "unit", "how", "row")
"""The columns of a slot: one row under one name. Sorted by place and door in the gazetteer."""


def _built(door: Door, building: Door) -> Door:
    """Return a door with the building that stands behind it."""
    return door._replace(building=building.building, unit=building.unit or door.unit)
