"""Whether a person who knows every address could say where a text means: the judge of what is ambiguous.

It knows the whole county, held-out numbers included, and compares names letter by letter; nothing is the matcher's.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from shapefiles.address_drafts import DOOR, HAMLET, HOUSE
from shapefiles.addresses import Address

FIELDS = ("township", "village", "road", "number", "compound", "building", "landmark")


@dataclass(frozen=True)
class Said:
    """The pieces of an address that a text says; "" for what it leaves out."""

    township: str = ""
    village: str = ""
    road: str = ""
    number: str = ""
    compound: str = ""
    building: str = ""
    landmark: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """Which pieces are said."""
        return tuple(field for field in FIELDS if getattr(self, field))


class County:
    """All addresses, and in which grids the places lie that some pieces of a name may mean."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self.rows = [(each, one.grid) for one in addresses for each in _ways_to_say(one)]
        self._indexes: dict[tuple[str, ...], dict[tuple[str, ...], set[str]]] = {}
        self._roads = _road_ranges(addresses)
        self._names = {field: {getattr(said, field) for said, _ in self.rows} - {""} for field in FIELDS}

    def grids(self, said: Said) -> set[str]:
        """The grids of all places that have every piece said, and no compound, building or landmark besides."""
        return self._index(said.named).get(tuple(getattr(said, field) for field in said.named), set())

    def places(self, said: Said, grid: str) -> set[str]:
        """The grids that may be meant, with those where only the road goes past the number."""
        found = set(self.grids(said)) | {grid}
        if said.road and said.number and not (said.compound or said.landmark):
            lies = self._roads_past(said)
            if len(lies) > 1:
                found |= {f"another {road}" for road in lies[1:]}
        return found

    def _roads_past(self, said: Said) -> list[str]:
        number = int((re.search(r"\d+", said.number) or [0])[0])
        past = (
            f"{said.road} {key}" for key, township, village, low, high in self._roads.get(said.road, ())
            if said.township in ("", township) and said.village in ("", village) and low <= number <= high
        )  # fmt: skip
        return list(dict.fromkeys(past))

    def _index(self, named: tuple[str, ...]) -> dict[tuple[str, ...], set[str]]:
        if named not in self._indexes:
            index: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
            for said, grid in self.rows:
                bare = ("compound", "building", "landmark")
                if not any(getattr(said, field) and field not in named for field in bare):
                    index[tuple(getattr(said, field) for field in named)].add(grid)
            self._indexes[named] = dict(index)
        return self._indexes[named]

    def is_name(self, field: str, text: str) -> bool:
        """Whether something is called exactly so."""
        return text in self._names[field]

    def rivals(self, field: str, written: str, meant: str) -> list[str]:
        """Names that are as near to what was written as the one that was meant."""
        return [name for name in self._near(field, written) if name != meant]

    @lru_cache(maxsize=20_000)  # noqa: B019  (one county lives as long as the benchmark)
    def _near(self, field: str, written: str) -> tuple[str, ...]:
        return tuple(name for name in sorted(self._names[field])
                     if Levenshtein.distance(name, written, score_cutoff=1) <= 1)  # fmt: skip

    def is_ambiguous(self, said: Said, grid: str, rivals: dict[str, list[str]]) -> bool:
        """Whether places in several grids may be meant, by the pieces said or by a rival of a misspelt one."""
        if len(self.places(said, grid)) > 1:
            return True
        others = (replace(said, **{field: name}) for field, names in rivals.items() for name in names)
        return any(self.grids(other) - {grid} or self._passes(other) for other in others)

    def _passes(self, said: Said) -> bool:
        return bool(said.road and said.number and not (said.compound or said.landmark) and self._roads_past(said))


def _ways_to_say(one: Address) -> Iterable[Said]:
    said = Said(one.township, one.village, one.road, one.number, one.compound, one.building, one.landmark)
    yield said
    for alias in one.aliases:
        if one.landmark and alias != one.landmark:
            yield replace(said, landmark=alias)
        elif one.compound and not one.building:
            yield replace(said, compound=alias.removeprefix(one.village) if one.kind in (HAMLET, HOUSE) else alias)


def _road_ranges(addresses: Iterable[Address]) -> dict[str, list[tuple[str, str, str, int, int]]]:
    """Of each road name: which road, township, village, lowest and highest number there."""
    ends: dict[tuple[str, str, str, str], list[int]] = {}
    for one in addresses:
        if one.kind == DOOR and one.road:
            own = str(one.line) if one.line >= 0 else one.village
            village = "" if one.line >= 0 else one.village
            number = int((re.search(r"\d+", one.number) or [0])[0])
            ends.setdefault((one.road, own, one.township, village), []).append(number)
    found: defaultdict[str, list[tuple[str, str, str, int, int]]] = defaultdict(list)
    for (road, own, township, village), numbers in ends.items():
        found[road].append((own, township, village, min(numbers), max(numbers)))
    return dict(found)
