"""The address list as the geocoder reads it: columns and tries, written to files that processes share.

Slots are rows under their names, sorted by place and door; a place is a name with the slots that lie together. Columns:

- slot_number, slot_lane, slot_sub, slot_inner, slot_building, slot_unit, slot_how, slot_row: by slot
- place_first (one more than places), place_name, place_kind, place_lon, place_lat, place_radius, place_township,
  place_village (a name's number, -1 where several or none)
- density: one number, how complete the list is (see indexing._density)
- name_place: where each name's places begin; name_area_first, name_area: the areas that bear a name
- row_id, row_lon, row_lat, row_township, row_village, row_name (where each name ends in the blob of names)
- area_kind, area_lon, area_lat, area_radius, area_township, area_county; the words in `words`
- township_area: the area of each township of `words.townships`; one that only rows name has their extent
- ground_key, ground_first, ground_row: the rows by cells of the ground, for what lies near
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from geo.addresses import files, indexing
from geo.addresses.answers import AddressRow
from geo.addresses.areas import AreaName
from geo.addresses.gathering import Gathering
from geo.addresses.names import Names

Column = NDArray[Any]


@dataclass(frozen=True)
class Words:
    """The names that answers show, as they were given: townships by number, areas by number, counties by number."""

    townships: tuple[str, ...]
    areas: tuple[str, ...]
    counties: tuple[str, ...]
    area_codes: tuple[str, ...]


class Gazetteer:
    """An address list, indexed. Never changes: a changed list is built anew. Safe to share between threads."""

    def __init__(self, columns: Mapping[str, Column], names: Names, words: Words, blob: Column) -> None:
        self.columns, self.names, self.words, self.blob = columns, names, words, blob
        self.values: Mapping[str, memoryview[Any]] = {name: column.data for name, column in columns.items()}
        """The same columns for reading single values: four times as fast as from an array, and plain numbers."""

    @classmethod
    def build(cls, rows: Iterable[AddressRow], townships: Iterable[AreaName] = (),
              villages: Iterable[AreaName] = ()) -> "Gazetteer":  # fmt: skip
        """Index the rows, read once, and the areas that are known by name."""
        townships, villages = tuple(townships), tuple(villages)
        gathering = Gathering(townships)
        for row in rows:
            gathering.add(row)
        return cls(*indexing.index(gathering, townships, villages))

    def __len__(self) -> int:
        return len(self.columns["row_id"])

    def row_name(self, row: int) -> str:
        """Return the name of a row as the list writes it."""
        ends = self.values["row_name"]
        return bytes(self.blob[ends[row - 1] if row else 0 : ends[row]]).decode()

    def township_name(self, township: int) -> str | None:
        """Return a township's name, None for none."""
        return self.words.townships[township] if township >= 0 else None

    def write(self, folder: Path) -> None:
        """Write the index into a folder, which is made; the manifest last, so that half an index is none."""
        files.write(folder, {**self.columns, **self.names.links, "blob": self.blob}, self.names.save, vars(self.words))

    @classmethod
    def open(cls, folder: Path) -> "Gazetteer":
        """Open a written index, mapped into memory. Raises files.DamagedGazetteer, after which it is built anew."""
        columns, words = files.read(folder)
        blob = columns.pop("blob")
        links = {name: columns.pop(name) for name in ("sound_first", "sound_names", "near_first", "near_names")}
        try:
            names = Names.open(folder, links)
            return cls(columns, names, Words(**{name: tuple(each) for name, each in words.items()}), blob)
        except (OSError, RuntimeError, TypeError) as error:
            raise files.DamagedGazetteer(folder, str(error)) from error
