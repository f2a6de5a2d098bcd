"""The codes that new areas get: the next ones inside the area above, never one that was used before.

Under the national profile three digits are added per level; a village numbers its grids from 001 to 999.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import shapely

from geo.codes import DIGITS, GB
from geo.coverage import Outline
from geo.sentences import Sentence, say

LAST = 999
_STEP = 3  # digits per level below the county

_NEXT_TO_EACH_OTHER = 5
"""Decimals of longitude, a metre: what stands one above the other on the map is as far east, however it was drawn."""


class NumberingFails(Exception):
    """No code can be proposed here."""

    sentence: Sentence


class NoCodeLeft(NumberingFails):
    """The area has used up its numbers: none of 001 to 999 is left that was never used."""

    def __init__(self, above: str, wanted: int, left: int) -> None:
        self.above, self.wanted, self.left = above, wanted, left
        self.sentence = say(
            "{above} needs {wanted} more codes, and of its 999 only {left} were never used.",
            above=above, wanted=wanted, left=left,
        )  # fmt: skip
        super().__init__(self.sentence)


class NotNumbered(NumberingFails):
    """The area above has no national code of 6, 9 or 12 digits, so nothing can be numbered below it."""

    def __init__(self, above: str) -> None:
        self.above = above
        self.sentence = say("“{above}” is no code of a village, township or county.", above=above)
        super().__init__(self.sentence)


def next_codes(village: str, taken: Collection[str], shapes: Sequence[Outline]) -> list[str]:
    """Return a code for each shape, in the order of the shapes, none of which is among `taken`.

    `taken` are all codes that were ever used, in whatever village. Numbers go on after the highest one used: a gap
    below it may be a number that was given up before records began, and is filled only when 999 is reached. They are
    given from west to east, from north to south where two lie equally far east (to the metre): by longitude of a
    point inside each shape rather than by rows. Rows would have to be cut at latitudes of somebody's choosing, and
    two grids beside a cut would change places with every redraw; the longitude of a grid depends on that grid alone.

    A township or county numbers what lies below it in the same way. Raises NoCodeLeft, NotNumbered.
    """
    if not any(GB.check(village, kind) is None for kind, digits in DIGITS.items() if digits < max(DIGITS.values())):
        raise NotNumbered(village)
    numbers = _numbers_left(village, taken)
    if len(numbers) < len(shapes):
        raise NoCodeLeft(village, len(shapes), len(numbers))
    codes = [""] * len(shapes)
    for number, at in zip(numbers, _west_to_east(shapes), strict=False):
        codes[at] = f"{village}{number:0{_STEP}}"
    return codes


def _numbers_left(above: str, taken: Collection[str]) -> list[int]:
    """Return the numbers never used, those after the highest first."""
    tails = (code[len(above) :] for code in taken if code.startswith(above))
    used = {int(tail) for tail in tails if len(tail) == _STEP and tail.isascii() and tail.isdigit()}
    highest = max(used, default=0)
    return [*range(highest + 1, LAST + 1), *(number for number in range(1, highest) if number not in used)]


def _west_to_east(shapes: Sequence[Outline]) -> list[int]:
    inside = [shapely.point_on_surface(shape) for shape in shapes]
    return sorted(range(len(shapes)), key=lambda at: (round(inside[at].x, _NEXT_TO_EACH_OTHER), -inside[at].y))
