"""One way of writing for what is written in many ways; every character keeps its place in the original.

Full width becomes half width, traditional simplified, Chinese and circled numbers digits, a word typed twice is
read once, filler words are passed over. List and question go through the same function, so that whatever it does to
a name it does to both.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import opencc

from geo.addresses import numerals

PAUSE = ","
"""What every punctuation mark becomes: two pieces that it divides are not one."""

_VARIANTS = {"臺": "台", "衖": "弄", "衕": "弄", "栋": "幢", "棟": "幢", "鄰": "邻", "#": "号", "﹟": "号", "＃": "号",
             "○": "〇", "瞭": "了", "乾": "干", "坂": "坂"}  # fmt: skip
_DASHES = frozenset("-‐‑‒–—―－~～至")
_FILLER = re.compile("那个什么|就是说|那个|这个|就是|就在|呃|嗯|哦|额|唔|请问一下|请问|您好|你好")
_OF = re.compile(r"(?<=\d)之(?=\d)")
_TWICE = re.compile(r"(.{2,8}?)\1+")

Bounds = tuple[list[int], list[int]]
"""Where each character of a text began and where it ended in the original."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the one way of writing. starts[i] and ends[i] bound what character i was in `original`."""

    original: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the characters start … end - 1 were in the original."""
        return self.starts[start], self.ends[end - 1]


@cache
def simplified() -> dict[str, str]:
    """Return the map of single characters, traditional to simplified, and of variants."""
    convert = opencc.OpenCC("t2s").convert
    signs = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    plain = convert("\n".join(signs)).split("\n")
    changed = {sign: new for sign, new in zip(signs, plain, strict=True) if sign != new and len(new) == 1}
    return {**changed, **_VARIANTS}


@cache
def _sign(sign: str) -> str:
    """Return what one character becomes: nothing, one sign or the digits of a circled number."""
    if sign in _DASHES:
        return "-"
    if (number := numerals.circled(sign)) is not None:
        return number
    plain = unicodedata.normalize("NFKC", sign) if sign >= "\uf900" or sign < "\u3400" else sign
    if len(plain) != 1:
        return plain if plain.isdigit() else PAUSE
    plain = simplified().get(plain, plain).upper()
    if plain.isspace():
        return ""
    return plain if plain.isalnum() or plain in "-." else PAUSE


def write(original: str) -> Written:
    """Return the text in the one way of writing.

    >>> write("中山路八十八號　２棟").text, write("白田中路白田中路②号").text
    ('中山路88号2幢', '白田中路2号')
    """
    signs = list(map(_sign, original))
    starts = [place for place, sign in enumerate(signs) for _ in sign]
    text, bounds = "".join(signs), (starts, [place + 1 for place in starts])
    for step in (_without_filler, _once, _numbered):
        text = step(text, bounds)
    return Written(original, _OF.sub("-", text) if "之" in text else text, tuple(bounds[0]), tuple(bounds[1]))


@lru_cache(maxsize=200_000)
def plain(name: str) -> str:
    """Return a short name, such as of a road or township, in the one way of writing. Kept for the next time."""
    return write(name).text.replace(PAUSE, "")


def _without_filler(text: str, bounds: Bounds) -> str:
    """Leave out words that say nothing."""
    for match in reversed(list(_FILLER.finditer(text))):
        text = _replaced(text, bounds, match.start(), match.end())
    return text


def _once(text: str, bounds: Bounds) -> str:
    """Keep one of words typed twice in a row. Digits alone may repeat: 1212号 is a number."""
    if len(set(pairwise(text))) == len(text) - 1:
        return text  # no two signs stand together twice
    for match in reversed(list(_TWICE.finditer(text))):
        word, before = match[1], match.string[match.start() - 1 : match.start()]
        if word.isdigit() or (word[0].isdigit() and before.isdigit()) or "," in word:
            continue
        text = _replaced(text, bounds, match.start() + len(word), match.end())
    return text


def _numbered(text: str, bounds: Bounds) -> str:
    """Write Chinese numbers in digits; each digit stands for the whole numeral."""
    for start, end, digits in reversed(numerals.find_numbers(text)):
        text = _replaced(text, bounds, start, end, digits)
    return text


def _replaced(text: str, bounds: Bounds, start: int, end: int, new: str = "") -> str:
    """Put new signs, each of which stands for the whole, in the place of those from start to end, bounds as well."""
    starts, ends = bounds
    starts[start:end], ends[start:end] = [starts[start]] * len(new), [ends[end - 1]] * len(new)
    return text[:start] + new + text[end:]
