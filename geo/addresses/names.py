"""Finds names in a text: as they are, as they sound, and with one character wrong, missing or too many."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import ne
from pathlib import Path
from typing import Any, NamedTuple

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from geo.addresses.sounds import spell

Ints = NDArray[np.int64]
SHORTEST_SOUND, SHORTEST_NEAR, LONGEST_NEAR = 3, 3, 14
"""Characters of the names that are looked for by sound, or with a slip in them: in shorter ones too much is alike."""
KEPT = 10_000
"""Names that are kept as text once they were asked for: those of one question are asked for many times."""


class Hit(NamedTuple):
    """A name found in the text between start and end; slips counts the wrong characters."""

    start: int
    end: int
    name: int
    how: str
    slips: int = 0


class Names:
    """Every distinct name of a gazetteer, by number."""

    def __init__(self, exact: marisa_trie.Trie, sound: marisa_trie.Trie, near: marisa_trie.Trie,
                 links: dict[str, NDArray[Any]]) -> None:  # fmt: skip
        self.exact, self.sound, self.near = exact, sound, near
        self.links = links
        self._links = {name: column.data for name, column in links.items()}
        self._pairs = {name: number for name, number in exact.iteritems() if len(name) == 2}
        self._sounding = {name[:SHORTEST_SOUND] for name in sound.iterkeys()}
        self._restored = lru_cache(KEPT)(exact.restore_key)

    @classmethod
    def build(cls, names: Iterable[str]) -> "Names":
        """Index the names. Their numbers are those of the exact trie."""
        exact = marisa_trie.Trie(names)
        by_sound, by_slip = defaultdict(list), defaultdict(list)
        for name, number in exact.iteritems():
            if len(name) >= SHORTEST_SOUND:
                by_sound[spell(name)].append(number)
            if SHORTEST_NEAR <= len(name) <= LONGEST_NEAR:
                for variant in _shortened(name):
                    by_slip[variant].append(number)
        sound, sound_first, sound_names = _linked(by_sound)
        near, near_first, near_names = _linked(by_slip)
        return cls(exact, sound, near, {"sound_first": sound_first, "sound_names": sound_names,
                                        "near_first": near_first, "near_names": near_names})  # fmt: skip

    def __len__(self) -> int:
        return len(self.exact)

    def number(self, name: str) -> int | None:
        """Return the number of a name in the one way of writing, None where there is none."""
        number: int | None = self.exact.get(name)
        return number

    def name(self, number: int) -> str:
        """Return the name of a number."""
        name: str = self._restored(number)
        return name

    def find(self, text: str) -> tuple[list[Hit], list[Hit]]:
        """Return the names of two characters or more that stand in the text, also those within others, and the names
        that sound like what stands there but are written otherwise.

        All but the shortest are looked for by their sound: so one search finds both.
        """
        spelled, homophones = spell(text), []
        exact = [Hit(start, start + 2, number, "exact") for start in range(len(text) - 1)
                 if (number := self._pairs.get(text[start : start + 2])) is not None]  # fmt: skip
        for start in range(len(text) - SHORTEST_SOUND + 1):
            if spelled[start : start + SHORTEST_SOUND] not in self._sounding:
                continue
            for key, number in self.sound.iter_prefixes_with_ids(spelled[start:]):
                end = start + len(key)
                for name in self._linked("sound", number):
                    if slips := sum(map(ne, self.name(name), text[start:end])):
                        homophones.append(Hit(start, end, name, "homophone", slips))
                    else:
                        exact.append(Hit(start, end, name, "exact"))
        return exact, homophones

    def find_near(self, text: str, starts: Iterable[int]) -> list[Hit]:
        """Return the names that one character wrong, missing or too many turns into what stands at the starts."""
        hits: dict[Hit, None] = {}
        for start in starts:
            for name, number in self.near.iter_prefixes_with_ids(text[start : start + LONGEST_NEAR]):
                hits.update(dict.fromkeys(self._slips(start, start + len(name), number)))
            for gap in range(start, min(start + LONGEST_NEAR, len(text) - 1)):
                if not self._goes_on(text[start:gap]):
                    break
                rest = text[start:gap] + text[gap + 1 : start + LONGEST_NEAR + 1]
                for name, number in self.near.iter_prefixes_with_ids(rest):
                    if len(name) > gap - start and (length := len(name)) and start + length < len(text):
                        hits.update(dict.fromkeys(self._wrong(text, start, start + length + 1, number)))
                for name, number in self.exact.iter_prefixes_with_ids(rest):
                    if len(name) > max(gap - start, SHORTEST_NEAR - 1):
                        hits[Hit(start, start + len(name) + 1, number, "typo", 1)] = None
        return list(hits)

    def _goes_on(self, beginning: str) -> bool:
        """Tell whether a name, or one with a character left out, begins so."""
        return (next(self.near.iterkeys(beginning), None) or next(self.exact.iterkeys(beginning), None)) is not None

    def _linked(self, trie: str, number: int) -> list[int]:
        """Return the names that a key of the trie of sounds or of the near ones stands for."""
        first = self._links[f"{trie}_first"]
        names: list[int] = self._links[f"{trie}_names"][first[number] : first[number + 1]].tolist()
        return names

    def _slips(self, start: int, end: int, number: int) -> Iterable[Hit]:
        for name in self._linked("near", number):
            yield Hit(start, end, name, "typo", 1)

    def _wrong(self, text: str, start: int, end: int, number: int) -> Iterable[Hit]:
        """Keep those of the same length that differ from the text in one place only."""
        for hit in self._slips(start, end, number):
            name = self.name(hit.name)
            if len(name) == end - start and sum(map(ne, name, text[start:end])) == 1:
                yield hit

    def save(self, folder: Path) -> None:
        """Write the tries; the links are kept with the other columns."""
        for name in ("exact", "sound", "near"):
            getattr(self, name).save(str(folder / f"{name}.trie"))

    @classmethod
    def open(cls, folder: Path, links: dict[str, NDArray[Any]]) -> "Names":
        """Open what `save` wrote, mapped into memory."""
        exact, sound, near = (
            marisa_trie.Trie().mmap(str(folder / f"{name}.trie")) for name in ("exact", "sound", "near")
        )
        return cls(exact, sound, near, links)


def _shortened(name: str) -> set[str]:
    """Return the name without each one of its characters; the first two of three are not enough to go by."""
    last = len(name) if len(name) > SHORTEST_NEAR else len(name) - 1
    return {name[:place] + name[place + 1 :] for place in range(last)}


def _linked(numbers: dict[str, list[int]]) -> tuple[marisa_trie.Trie, Ints, NDArray[np.int32]]:
    """Return a trie of the keys, where each key's numbers begin, and the numbers."""
    trie = marisa_trie.Trie(numbers)
    order: Sequence[str] = sorted(numbers, key=trie.__getitem__)
    first = np.zeros(len(order) + 1, np.int64)
    np.cumsum([len(numbers[key]) for key in order], out=first[1:]) if order else None
    return trie, first, np.array([number for key in order for number in numbers[key]], np.int32)
