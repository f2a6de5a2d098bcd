"""Townships that a question names with a slip: there are few of them, so that each can be compared."""

import re

from rapidfuzz.distance import Levenshtein

from geo.addresses.gazetteer import Gazetteer
from geo.addresses.names import Hit
from geo.addresses.pieces import Head
from geo.addresses.writing import plain

_ENDS = re.compile(r"镇|乡|街道")


class Townships:
    """The townships' names of one gazetteer."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        kinds = gazetteer.columns["area_kind"].tolist()
        areas = zip(gazetteer.words.areas, kinds, strict=True)
        names = dict.fromkeys(plain(name) for name, kind in areas if kind == Head.TOWNSHIP)
        self.numbers = {name: number for name in names if (number := gazetteer.names.number(name)) is not None}

    def slips(self, text: str) -> list[Hit]:
        """Return the townships whose names have one character wrong, missing or too many in the text."""
        found = []
        for match in _ENDS.finditer(text):
            for name, number in self.numbers.items():
                if name.endswith(match[0]) and len(name) > 2 and (length := _slip(text, match.end(), name)):
                    found.append(Hit(match.end() - length, match.end(), number, "typo", 1))
        return found


def _slip(text: str, end: int, name: str) -> int:
    """Return how many characters before `end` are the name with one slip, 0 where none are."""
    for length in (len(name), len(name) - 1, len(name) + 1):
        if 2 <= length <= end and Levenshtein.distance(text[end - length : end], name, score_cutoff=1) <= 1:
            return length
    return 0
